from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.envs.made_up_games import Circle, Doors
from tests.fresh import fresh_python
from textenvs.core.dialogue import refusal_answer, refusal_rule
from textenvs.core.errors import ArgumentError, EmptySplitError, EpisodeOverError, UnknownNameError
from textenvs.core.instances import digest, split_of
from textenvs.core.seat import Seat
from textenvs.envs.episode import NO_FEEDBACK, NO_FEEDBACK_AT_THE_END, Episode
from textenvs.envs.settings import FEEDBACK, Settings
from textenvs.games.arithmetic import Arithmetic
from textenvs.games.assembly import Assembly
from textenvs.games.guess_number import GuessNumber
from textenvs.games.kuhn_poker import KuhnPoker
from textenvs.games.prisoners_dilemma import PrisonersDilemma

GAME = GuessNumber(high=7, guesses=4)
RULES = f"{GAME.instructions(0)}\n{refusal_rule(0.1, 3)}"
SECRET_IS_5 = 4
REFUSED = "9 is not a whole number from 1 to 7."


def opened(seed: int = 0, game: Any = GAME, instance: Any = SECRET_IS_5, **dials: Any) -> Episode:
    return Episode(game, Settings(**dials), seed=seed, instance=instance)


def played(episode: Episode, *replies: str) -> Episode:
    for reply in replies:
        episode.reply(0, reply)
    return episode


# The opening -----------------------------------------------------------------------------------------


def test_an_episode_opens_with_rules_and_view() -> None:
    episode = opened()
    assert episode.observation(0) == f"{RULES}\n\n4 guesses left."
    assert episode.transcript(0) == episode.observation(0)
    assert (episode.over, episode.forfeited, episode.scores, episode.replies) == (False, None, (0.0,), ())
    assert episode.to_move() == (0,)
    assert episode.legal_replies(0) == tuple(f"guess {n}" for n in range(1, 8))
    assert episode.legal_replies(1) == ()
    assert episode.instance == digest(GAME, GAME.deals()[4][0])


def test_the_seed_draws_among_all_instances_of_the_split() -> None:
    for split in ("train", "validation", "test"):
        game = GuessNumber(high=30)
        drawn = {Episode(game, seed=seed, split=split).instance for seed in range(150)}
        wanted = {digest(game, state) for state, _ in game.deals() if split_of(digest(game, state)) == split}
        assert drawn == wanted


def test_an_instance_by_its_address() -> None:
    address = opened().instance
    assert Episode(GAME, seed=9, instance=address).state == opened().state
    assert Episode(GAME, seed=9, instance=address).choice == address


def test_a_drawn_instance_by_its_number_is_the_same_for_all_seeds() -> None:
    game = Arithmetic(largest=999)
    assert game.deals() is None
    assert {Episode(game, seed=seed, split="test", instance=3).instance for seed in range(5)} == {
        Episode(game, seed=0, split="test", instance=3).instance
    }
    assert len({Episode(game, seed=0, instance=number).instance for number in range(30)}) == 30


@pytest.mark.parametrize("seed", [-1, 1.0, True, None, "0", [1]])
def test_seeds_are_whole_numbers_from_0(seed: Any) -> None:
    for game in (GAME, Assembly()):  # the latter draws nothing to deal
        with pytest.raises(ArgumentError, match="seed must be a whole number from 0"):
            Episode(game, seed=seed)


def test_seeds_of_any_size_differ() -> None:
    states = [Episode(GuessNumber(high=1_000), seed=2**200 + n).state for n in range(9)]
    assert len(set(states)) > 6


def test_an_unknown_split_or_instance() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'test'"):
        Episode(GAME, seed=0, split="tset")
    with pytest.raises(ArgumentError, match="no instance 7 in split 'all'"):
        Episode(GAME, seed=0, instance=7)
    with pytest.raises(ArgumentError, match="name one by a whole number"):
        Episode(Arithmetic(largest=999), seed=0, instance=-3)
    with pytest.raises(EmptySplitError, match=r"Assembly\(.*use split='all'"):
        Episode(Assembly(), seed=0, split="validation")


# Refusals --------------------------------------------------------------------------------------------

BAD_REPLIES = {
    "": "empty",
    " \n\t\u3000": "empty",
    "x" * 100_001: "too_long",
    "guess 4 " * 125_000: "too_long",
    "hello": "malformed",
    "\x00\x1b[2J\r": "malformed",
    "\ud800": "malformed",
    "догадка": "malformed",
    "guess 8": "illegal",
    "guess " + "9" * 18: "illegal",
}


@pytest.mark.parametrize(("text", "kind"), BAD_REPLIES.items(), ids=[repr(text[:12]) for text in BAD_REPLIES])
def test_a_refusal_changes_nothing_and_costs_its_price(text: str, kind: str) -> None:
    episode = played(opened(refusal_price=0.25), "guess 2")
    state, view = episode.state, episode.dialogues[0][-1].text
    outcome = episode.reply(0, text)
    assert outcome.refusal is not None
    assert outcome.refusal.kind == kind
    assert outcome.rewards == (-0.25,)
    assert episode.state == state
    assert episode.scores == (-0.25,)
    assert episode.replies[-1] == (0, text)
    assert not episode.over
    told = episode.dialogues[0][-1].text
    assert told.startswith(outcome.refusal.text)
    assert told.endswith(view)
    assert episode.reply(0, "guess 5") == ((1.0,), None)
    assert episode.scores == (0.75,)


def test_a_reply_of_just_the_longest_length_is_read() -> None:
    assert opened(max_reply_chars=7).reply(0, "guess 5").refusal is None
    refusal = opened(max_reply_chars=6).reply(0, "guess 5").refusal
    assert refusal is not None
    assert refusal.text == "Your reply has 7 characters; at most 6 are read."


def test_too_many_refusals_in_a_row_forfeit() -> None:
    episode = opened(max_refusals=2, refusal_price=0.5)
    replies = ("?", "guess 1", "?", "guess 2", "?")
    assert not played(episode, *replies).over, "an accepted move begins a new count"
    outcome = episode.reply(0, "?")
    assert episode.over
    assert episode.forfeited == 0
    assert episode.to_move() == ()
    assert episode.legal_replies(0) == ()
    assert outcome.rewards == (-0.5,)
    assert episode.scores == (0.0 - 4 * 0.5,)


def test_a_forfeit_gives_the_lowest_return_whatever_was_earned() -> None:
    game = Assembly(length=2, horizon=5, slip=0.0, lure=0.5)
    episode = played(Episode(game, Settings(max_refusals=3), seed=0), "sell", "?", "sell")
    assert episode.scores == pytest.approx((0.9,))
    assert [episode.reply(0, "?").rewards[0] for _ in range(2)] == [-0.1, -0.1]
    assert episode.reply(0, "?").rewards == pytest.approx((-1.1,))
    assert episode.scores == pytest.approx((game.return_range[0] - 0.4,))


def test_a_forfeit_where_the_lowest_return_is_negative() -> None:
    episode = Episode(KuhnPoker(), Settings(max_refusals=1, refusal_price=0.25), seed=0)
    (player,) = episode.to_move()
    rewards = episode.reply(player, "?").rewards
    low = KuhnPoker().return_range[0]
    assert low < 0
    assert rewards[player] == low - 0.25
    assert rewards[1 - player] == 0.0
    assert episode.over


def test_refusals_without_a_price() -> None:
    assert opened(refusal_price=0.0).reply(0, "?").rewards == (0.0,)


def test_no_reply_after_the_end() -> None:
    episode = played(opened(), "guess 5")
    told = episode.transcript(0)
    for text in ("guess 5", "", "?"):
        with pytest.raises(EpisodeOverError, match="reset before the next reply"):
            episode.reply(0, text)
    assert (episode.transcript(0), episode.scores, len(episode.replies)) == (told, (1.0,), 1)


@pytest.mark.parametrize("text", [None, 5, b"guess 5", ["guess 5"]])
def test_a_reply_is_a_string(text: Any) -> None:
    episode = opened()
    with pytest.raises(ArgumentError, match="a reply is a str, not a "):
        episode.reply(0, text)
    assert episode.replies == ()
    assert len(episode.dialogues[0]) == 2


def test_only_who_is_to_move_replies() -> None:
    episode = opened()
    with pytest.raises(ArgumentError, match=r"player 1 is not to move; \(0,\) are"):
        episode.reply(1, "guess 5")
    assert episode.replies == ()


@settings(max_examples=80, deadline=None)
@given(texts=st.lists(st.text(st.characters(codec=None), max_size=30), max_size=6))
def test_any_text_keeps_the_books(texts: list[str]) -> None:
    episode, paid = opened(memory="all"), 0.0
    for text in texts:
        if episode.over:
            break
        before = episode.state
        outcome = episode.reply(0, text)
        paid += outcome.rewards[0]
        assert (outcome.refusal is not None) == (episode.state == before)
        episode.observation(0).encode()
    assert episode.scores == pytest.approx((paid,))
    assert all(message.text.isprintable() or "\n" in message.text or "\t" in message.text
               for message in episode.dialogues[0])  # fmt: skip


# What observations repeat ----------------------------------------------------------------------------

TOLD = [
    "4 guesses left.",
    "2 is wrong: the secret is higher. 3 guesses left.",
    "7 is wrong: the secret is lower. 2 guesses left.",
    "5 is right. You win.",
]
FIRST, SECOND, THIRD = "> guess 2", "> I think\n> guess 7", "> 5"


@pytest.mark.parametrize(
    ("memory", "observations"),
    [
        (0, [[RULES, TOLD[0]], [TOLD[1]], [TOLD[2]], [TOLD[3]]]),
        (1, [
            [RULES, TOLD[0]],
            [RULES, TOLD[0], FIRST, TOLD[1]],
            [RULES, TOLD[1], SECOND, TOLD[2]],
            [RULES, TOLD[2], THIRD, TOLD[3]],
        ]),
        (2, [
            [RULES, TOLD[0]],
            [RULES, TOLD[0], FIRST, TOLD[1]],
            [RULES, TOLD[0], FIRST, TOLD[1], SECOND, TOLD[2]],
            [RULES, TOLD[1], SECOND, TOLD[2], THIRD, TOLD[3]],
        ]),
        ("all", [
            [RULES, TOLD[0]],
            [RULES, TOLD[0], FIRST, TOLD[1]],
            [RULES, TOLD[0], FIRST, TOLD[1], SECOND, TOLD[2]],
            [RULES, TOLD[0], FIRST, TOLD[1], SECOND, TOLD[2], THIRD, TOLD[3]],
        ]),
    ],
)  # fmt: skip
def test_memory_says_how_much_is_repeated(memory: Any, observations: list[list[str]]) -> None:
    episode = opened(memory=memory)
    shown = [episode.observation(0)]
    for reply in ("guess 2", "I think\nguess 7", "5"):
        episode.reply(0, reply)
        shown.append(episode.observation(0))
    assert shown == ["\n\n".join(parts) for parts in observations]


def test_the_dialogue_does_not_depend_on_memory() -> None:
    dialogues = {tuple(played(opened(memory=k), "guess 2", "?", "5").dialogues[0]) for k in (0, 1, "all")}
    assert len(dialogues) == 1


def test_a_refused_exchange_counts_as_one() -> None:
    episode = played(opened(memory=1), "guess 2", "guess 9")
    assert episode.observation(0) == "\n\n".join([RULES, TOLD[1], "> guess 9", refusal_answer(REFUSED, 0.1, TOLD[1])])


def test_repeated_replies_are_printable_and_cut() -> None:
    episode = played(opened(memory="all", max_reply_chars=11), "\x1b[1m\ud800é\r\n2\t!", "z" * 1_000_000)
    told = episode.observation(0)
    assert "> �[1m�é�\n> 2\t!\n" in told
    assert f"> {'z' * 11}\n" in told
    assert len(told) < 1_000
    assert episode.replies[1] == (0, "z" * 1_000_000), "the record keeps the whole reply"


# Feedback --------------------------------------------------------------------------------------------


def shown_after(feedback: str, replies: tuple[str, ...], **opening: Any) -> list[str]:
    """Return what the player is shown after each of `replies` until the end."""
    episode, shown = opened(feedback=feedback, **opening), []
    for reply in replies:
        if not episode.over:
            episode.reply(0, reply)
            shown.append(episode.observation(0))
    return shown


@pytest.mark.parametrize("feedback", FEEDBACK)
def test_the_opening_view_is_true(feedback: str) -> None:
    game = Arithmetic(largest=9)
    for seed in range(5):
        episode = Episode(game, Settings(feedback=feedback), seed=seed)  # type: ignore[arg-type]
        assert episode.observation(0).endswith(game.view(episode.state, 0))


def test_without_feedback_nothing_is_told() -> None:
    assert shown_after("none", ("guess 2", "nonsense", "guess 9", "guess 1", "guess 5")) == [
        NO_FEEDBACK, NO_FEEDBACK, NO_FEEDBACK, NO_FEEDBACK, NO_FEEDBACK_AT_THE_END,
    ]  # fmt: skip


@pytest.mark.parametrize("replies", [("guess 2", "guess 6", "3", "1"), ("nonsense", "guess 9", "2", "", "x", "4", "4")])
def test_shuffled_feedback_is_the_same_whatever_the_secret(replies: tuple[str, ...]) -> None:
    told = set()
    for seed in range(12):
        shown = [shown_after("shuffled", replies, seed=seed, instance=secret) for secret in range(7)]
        longest = max(shown, key=len)
        assert all(each == longest[: len(each)] for each in shown)
        told.add(tuple(longest))
    assert len(told) > 4, "the shadow is drawn anew for each seed"


@pytest.mark.parametrize("feedback", ["none", "shuffled"])
def test_without_true_feedback_a_lock_cannot_be_felt(feedback: str) -> None:
    """In `Doors` only refusals tell the instances apart."""
    for seed in range(12):
        replies = ("0", "1", "what", "2", "2", "0", "1")
        shown = [
            shown_after(feedback, replies, seed=seed, game=Doors(), instance=door, max_refusals=9) for door in range(3)
        ]
        assert len({tuple(each) for each in shown}) == 1
    true = [shown_after("full", ("0",), game=Doors(), instance=door) for door in range(3)]
    assert true[0] != true[1] == true[2], "with true feedback it can"


@pytest.mark.parametrize("secret", range(4))
def test_shuffled_feedback_is_distributed_like_that_of_another_secret(secret: int) -> None:
    game, n = GuessNumber(high=4, guesses=3), 400
    first = Counter(
        shown_after("shuffled", ("guess 2",), game=game, instance=secret, seed=seed)[0].split(".")[0]
        for seed in range(n)
    )
    expected = {
        "2 is right": n / 4,
        "2 is wrong: the secret is lower": n / 4,
        "2 is wrong: the secret is higher": n / 2,
    }
    assert first.keys() == expected.keys()
    assert sum((first[text] - e) ** 2 / e for text, e in expected.items()) < 13.8  # 0.1 % point of 2 degrees


def test_shuffled_feedback_has_nothing_to_do_with_the_secret_that_the_seed_drew() -> None:
    game, n = GuessNumber(high=2, guesses=9), 400
    agree = 0
    for seed in range(n):
        episode = opened(seed, game, None, feedback="shuffled")
        episode.reply(0, "guess 1")
        agree += (episode.dialogues[0][-1].text == "1 is right. You win.") == (episode.state.secret == 1)
    assert abs(agree - n / 2) < 4 * (n / 4) ** 0.5


def test_shuffled_feedback_goes_on_where_a_reply_is_not_legal() -> None:
    for seed in range(9):
        shown = shown_after("shuffled", ("0", "1"), game=Doors(), instance=0, seed=seed, max_refusals=9)
        assert [text.partition(" ")[0] for text in shown] == ["1", "2"]


def test_shuffled_feedback_begins_a_new_game_after_its_end() -> None:
    game = GuessNumber(high=3, guesses=9)
    shown = [
        text for seed in range(30) for text in shown_after("shuffled", ("1",) * 9, game=game, instance=1, seed=seed)
    ]
    after_the_end = [new for old, new in pairwise(shown) if old == "1 is right. You win."]
    assert any("8 guesses left" in text for text in after_the_end)


@pytest.mark.parametrize("feedback", FEEDBACK)
def test_feedback_changes_neither_scores_nor_states(feedback: str) -> None:
    game = Assembly()
    true, other = Episode(game, seed=5), Episode(game, Settings(feedback=feedback), seed=5)  # type: ignore[arg-type]
    for reply in ("advance", "x", "advance", "clear", "advance", "advance", "advance"):
        if not true.over:
            assert true.reply(0, reply).rewards == other.reply(0, reply).rewards
            assert true.state == other.state
    assert true.over == other.over


# Several players -------------------------------------------------------------------------------------


def test_simultaneous_moves_are_paid_with_the_last_one_in_any_order() -> None:
    one, other = (Episode(PrisonersDilemma(rounds=1), seed=0) for _ in range(2))
    assert one.reply(0, "cooperate").rewards == (0.0, 0.0)
    assert one.to_move() == (1,)
    assert not one.over
    with pytest.raises(ArgumentError, match="player 0 is not to move"):
        one.reply(0, "defect")
    assert other.reply(1, "defect").rewards == (0.0, 0.0)
    assert one.reply(1, "defect").rewards == other.reply(0, "cooperate").rewards == (0.0, 5.0)
    assert one.state == other.state
    assert one.over
    assert other.over


def test_a_refusal_leaves_the_others_move_standing() -> None:
    episode = Episode(PrisonersDilemma(rounds=1), seed=0)
    episode.reply(0, "cooperate")
    assert episode.reply(1, "?").rewards == (0.0, -0.1)
    assert episode.to_move() == (1,)
    assert episode.reply(1, "cooperate").rewards == (3.0, 3.0)
    assert episode.scores == pytest.approx((3.0, 2.9))
    assert episode.turns == [1, 2]


# Copies and determinism ------------------------------------------------------------------------------


@pytest.mark.parametrize("dials", [{}, {"feedback": "shuffled", "reward": "delayed:2"}, {"reward": "shaped"}], ids=str)
def test_a_copy_is_independent(dials: dict[str, Any]) -> None:
    replies = ("advance", "x", "sell", "advance", "clear", "advance", "sell", "advance")
    episode = played(Episode(Assembly(slip=0.5), Settings(**dials), seed=3), *replies[:3])
    told, twin, third = episode.transcript(0), episode.copy(), episode.copy()
    ahead = [twin.reply(0, reply) for reply in replies[3:] if not twin.over]
    assert episode.transcript(0) == told
    assert len(episode.replies) == 3
    assert [third.reply(0, reply) for reply in replies[3:] if not third.over] == ahead
    assert [episode.reply(0, reply) for reply in replies[3:] if not episode.over] == ahead
    assert episode.transcript(0) == twin.transcript(0) != told


def test_refusals_of_a_copy_do_not_count() -> None:
    episode = opened()
    twin = episode.copy()
    for each in (twin, twin, episode):
        each.reply(0, "?")
    assert (episode.turns, twin.turns) == ([1], [2])
    episode.reply(0, "?")
    assert not episode.over
    assert played(twin, "?").over


TRACES = """
import hashlib, json, sys
from textenvs.envs.episode import Episode
from textenvs.envs.settings import Settings
from textenvs.envs.solo import solo_game
from textenvs.envs.streams import Purpose, Stream
from textenvs.registry import ENTRIES

PLAYS = [(each, seed) for each in ENTRIES for seed in (0, 1, 10**30)]

def trace(each, seed):
    episode = Episode(solo_game(each.name, level="easy"), Settings(feedback="shuffled"), seed=seed)
    random, paid = Stream(seed, Purpose.POLICY), []
    while not episode.over:
        text = random.choice(episode.legal_replies(0)) if random.random() < 0.9 else "?"
        paid.append(episode.reply(0, text).rewards)
    return hashlib.sha256(repr((episode.transcript(0), episode.state, paid)).encode()).hexdigest()
"""


def test_a_seed_names_the_same_bytes_everywhere() -> None:
    names: dict[str, Any] = {}
    exec(TRACES, names)
    plays, trace = names["PLAYS"], names["trace"]
    here = [trace(*play) for play in plays]
    assert len(set(here)) == len(plays)
    assert [trace(*play) for play in reversed(plays)] == here[::-1], "what was played before matters"
    for hash_seed in ("0", "1", "random"):
        printed = fresh_python(f"{TRACES}\nprint(json.dumps([trace(*play) for play in PLAYS]))", hash_seed=hash_seed)
        assert json.loads(printed) == here


# Talk --------------------------------------------------------------------------------------------------


def told(episode: Episode, player: int) -> str:
    return episode.dialogues[player][-1].text


def test_talk_reaches_those_who_hear_it_before_their_next_view() -> None:
    episode = Episode(Circle(), Settings(), seed=0)
    episode.reply(0, "say: out with 2\n1")
    assert told(episode, 1) == 'player_0 says: "out with 2"\nInside: (0, 1, 2).'
    episode.reply(1, "2")
    assert told(episode, 2) == "Inside: (0, 1, 2).", "player 0 whispers to player 1 alone"
    episode.reply(2, "say: no\nsay: please\n2")
    assert told(episode, 0) == 'player_2 says: "no please"\nInside: (0, 1).'
    assert episode.state.inside == (0, 1)


def test_talk_is_never_a_move() -> None:
    episode = Episode(Circle(), Settings(), seed=0)
    outcome = episode.reply(0, "say: 0 or 1 or 2?")
    assert outcome.refusal is not None
    episode.reply(0, "1\nsay: I vote 2, vote 2!")
    assert episode._pending == ()
    assert episode.state.votes == (1,)


def test_what_is_said_in_a_refused_reply_is_not_heard() -> None:
    episode = Episode(Circle(), Settings(), seed=0)
    episode.reply(0, "say: hello\nnothing")
    episode.reply(0, "1")
    assert told(episode, 1) == "Inside: (0, 1, 2)."


def test_who_only_talks_makes_the_only_move() -> None:
    episode = Episode(Circle(), Settings(), seed=0)
    for player, vote in enumerate("122"):
        episode.reply(player, vote)
    assert episode.to_move() == (0,)
    assert episode.reply(0, "say: we made it").refusal is None
    assert episode.over
    assert told(episode, 1) == 'player_0 says: "we made it"\nInside: (0, 1).'


def test_the_instructions_tell_how_to_talk() -> None:
    assert 'a line of its own that begins with "say:" (at most 30 characters)' in Episode(Circle(), seed=0).transcript(
        2
    )
    assert "say:" not in Episode(KuhnPoker(), seed=0).transcript(0)


def test_a_seat_talks_to_strategies_which_do_not_listen() -> None:
    episode = Episode(Seat(Circle(), 1), Settings(), seed=0)
    assert episode.reply(0, "say: 0\n2").refusal is None


@pytest.mark.parametrize("text", ["guess 4", "I think: **guess 4**", "guess 9", "", "x" * 200_000])
def test_what_a_reply_would_be_read_as_changes_nothing(text: str) -> None:
    episode = Episode(GuessNumber(high=7, guesses=3), seed=0)
    told, state = episode.transcript(0), episode.state
    move = episode.move_in(0, text)
    assert (episode.transcript(0), episode.state) == (told, state)
    refusal = episode.reply(0, text).refusal
    assert move == (refusal if refusal is not None else 4)
