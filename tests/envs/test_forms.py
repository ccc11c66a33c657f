from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from textenvs.core.dialogue import refusal_rule
from textenvs.core.errors import EmptySplitError, EpisodeOverError
from textenvs.core.game import Game
from textenvs.envs.episode import Episode
from textenvs.envs.forms import PLAN_INSTRUCTIONS, PlanEpisode, ReplyEpisode, new_episode, plan_lines
from textenvs.envs.judges import JudgedReply, Lookahead
from textenvs.envs.settings import FORMS, Settings
from textenvs.envs.solo import solo_game
from textenvs.games.assembly import Assembly, AssemblyState
from textenvs.games.guess_number import GuessNumber
from textenvs.registry import ENTRIES, Entry

GAME = GuessNumber(high=7, guesses=3)
SECRET_IS_5 = 4
CHAIN = Assembly(length=2, horizon=4, slip=0.3, lure=0.1)
SHORT = Assembly(length=1, horizon=3, slip=0.5, lure=0.1)


@pytest.mark.parametrize("each", ENTRIES, ids=lambda each: each.name)
@pytest.mark.parametrize("split", ["all", "train"])
def test_a_seed_names_the_same_instance_in_every_form(each: Entry, split: str) -> None:
    game = solo_game(each.name)
    for seed in range(4):
        try:
            instances = {new_episode(game, Settings(form=form), seed=seed, split=split).instance for form in FORMS}  # type: ignore[arg-type]
        except EmptySplitError:
            return
        assert len(instances) == 1


# Plans -----------------------------------------------------------------------------------------------


def plan(text: str, game: Game[Any, Any] = GAME, **dials: Any) -> tuple[PlanEpisode, Any]:
    episode = PlanEpisode(game, Settings(form="plan", **dials), seed=0, instance=SECRET_IS_5 if game == GAME else None)
    return episode, episode.reply(0, text)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\nb", ["a", "b"]),
        ("a; b;c", ["a", "b", "c"]),
        ("1. a\n2) b\n3: c\n- d\n* e\n• f\n  10.   g", ["a", "b", "c", "d", "e", "f", "g"]),
        ("\n\n a \r\n\t\n b ", ["a", "b"]),
        ("-5\n1.5\n12\n1.\n- ", ["-5", "1.5", "12", "1.", "-"]),
        (" ;;\n;", []),
        ("", []),
    ],
)
def test_plan_lines(text: str, lines: list[str]) -> None:
    assert plan_lines(text) == lines


def test_the_whole_plan_is_told_to_be_written_now() -> None:
    episode = PlanEpisode(GAME, Settings(form="plan"), seed=0)
    told = PLAN_INSTRUCTIONS.format(example="guess 4")
    assert episode.observation(0) == f"{GAME.instructions(0)}\n{told}\n{refusal_rule(0.1, 3)}\n\n3 guesses left."


@pytest.mark.parametrize(
    ("text", "score", "left"),
    [
        ("guess 1\nguess 5", 1.0, 1),
        ("1. guess 2\n2. guess 5\n3. guess 7", 1.0, 1),
        ("guess 1; guess 2; guess 5", 1.0, 0),
        ("Here is my plan:\nfirst\n- 3\nand then, if need be,\n- 5", 1.0, 1),
        ("guess 1\nguess 2\nguess 3\nguess 5", 0.0, 0),
        ("5\nthis line is prose\nguess 9", 1.0, 2),
    ],
)
def test_plans_without_a_refusal(text: str, score: float, left: int) -> None:
    episode, outcome = plan(text)
    assert outcome == ((score,), None)
    assert episode.scores == (score,)
    assert episode.over
    assert episode.state.used == 3 - left
    assert episode.replies == ((0, text),)
    assert episode.turns == [1]


def test_a_refused_move_of_a_plan_is_priced_and_the_plan_goes_on() -> None:
    episode, outcome = plan("guess 9\nguess 1\nguess 8\nguess 5")
    assert outcome.rewards == pytest.approx((0.8,))
    assert outcome.refusal is not None
    assert outcome.refusal.text.startswith("9 is not")
    assert episode.forfeited is None


def test_refused_moves_in_a_row_forfeit_a_plan() -> None:
    episode, outcome = plan("guess 1\nguess 8\nguess 9\nprose between them\nguess 10\nguess 5")
    assert episode.forfeited == 0
    assert outcome.rewards == pytest.approx((-0.3,))
    assert episode.state.used == 1


@pytest.mark.parametrize("text", ["", "  \n", "no move at all", "guess 1\nguess 2"])
def test_a_plan_that_runs_out_ends_by_refusals(text: str) -> None:
    episode, outcome = plan(text, refusal_price=0.5)
    assert episode.over
    assert episode.forfeited == 0
    assert outcome.rewards == episode.scores == (-1.5,)
    assert outcome.refusal is not None
    assert outcome.refusal.kind == "empty"


def test_a_plan_that_is_too_long_is_not_read() -> None:
    episode, outcome = plan("guess 5\n" * 10, max_reply_chars=26)  # for each of three turns
    assert outcome.rewards == pytest.approx((-0.3,))
    assert outcome.refusal is not None
    assert outcome.refusal.kind == "too_long"
    assert episode.state.used == 0
    assert plan("guess 5\n" * 10, max_reply_chars=27)[1].rewards == (1.0,)


def test_a_plan_of_a_megabyte_and_a_plan_of_rubbish() -> None:
    assert plan("guess 5\n" * 125_000, max_reply_chars=10**6)[1].rewards == (1.0,)
    assert plan("\ud800\x00;\x1b[31m\n- \n1.\nугадай")[0].forfeited == 0


def test_one_plan_is_all() -> None:
    episode, _ = plan("guess 5")
    with pytest.raises(EpisodeOverError):
        episode.reply(0, "guess 5")
    assert episode.dialogues[0][-1].text == "5 is right. You win."
    assert len(episode.dialogues[0]) == 4


@pytest.mark.parametrize("reward", ["native", "final", "delayed:1"])
def test_a_plan_earns_what_its_moves_earn_one_by_one(reward: str) -> None:
    moves = ["advance", "sell", "clear", "advance", "fly", "advance", "sell"]
    for seed in range(12):
        turns = Episode(CHAIN, seed=seed)
        for move in moves:
            if not turns.over and move != "fly":  # prose in a plan, a refusal in a turn
                turns.reply(0, move)
        planned = PlanEpisode(CHAIN, Settings(form="plan", reward=reward), seed=seed)
        outcome = planned.reply(0, "\n".join(moves))
        assert planned.scores == turns.scores
        assert outcome.rewards == pytest.approx(turns.scores)
        assert planned.state == turns.state


# Single replies --------------------------------------------------------------------------------------


def reply_episode(seed: int, game: Game[Any, Any] = CHAIN, **dials: Any) -> ReplyEpisode:
    return ReplyEpisode(game, Settings(form="reply", **dials), seed=seed)


def decision_of(episode: Episode) -> int:
    return len(episode.dialogues[0]) // 2 - 1


def complete_plays(game: Game[Any, Any], state: Any, decisions: tuple[Any, ...] = ()) -> Iterator[tuple[float, Any]]:
    """Yield every play of the random behaviour: its probability, and the states in which it decided."""
    outcomes = game.chance(state)
    if game.to_move(state):
        moves = game.legal(state, 0)
        outcomes, decisions = tuple((move, 1 / len(moves)) for move in moves), (*decisions, state)
    if not outcomes:
        yield 1.0, decisions
    for move, p in outcomes:
        for q, rest in complete_plays(game, game.apply(state, move), decisions):
            yield float(p) * q, rest


def positions(game: Game[Any, Any], opening: Any) -> Counter[Any]:
    """Return the exact chance of each state to be the judged position."""
    chances: Counter[Any] = Counter()
    for p, decisions in complete_plays(game, opening):
        for state in decisions:
            chances[state] += p / len(decisions)  # type: ignore[assignment]
    return chances


@cache
def value(game: Game[Any, Any], state: Any, turns: int, move: str | None = None) -> float:
    """Return the exact expected sum of the next `turns` rewards, of which `move` earns the first, then at random."""
    if chances := game.chance(state):
        return sum(float(p) * gain(game, state, each, turns) for each, p in chances)
    if turns == 0 or not game.to_move(state):
        return 0.0
    moves = (move,) if move else game.legal(state, 0)
    return sum(gain(game, state, each, turns - 1) for each in moves) / len(moves)


def gain(game: Game[Any, Any], state: Any, move: Any, turns: int) -> float:
    after = game.apply(state, move)
    return game.rewards(state, move, after)[0] + value(game, after, turns)


def test_the_exact_computation_by_hand() -> None:
    game = Assembly(length=1, horizon=2, slip=0.5, lure=0.1)
    opening = AssemblyState()
    assert value(game, opening, 1, "advance") == 0.5
    assert value(game, opening, 1, "sell") == 0.1
    # after a jam: advance 0, clear 0, sell 0.1, each with probability 1/3
    assert value(game, opening, 2, "advance") == pytest.approx(0.5 + 0.5 * 0.1 / 3)
    # one play in six is over at once; of the others half are judged at the opening
    assert positions(game, opening)[opening] == pytest.approx(1 / 6 + 5 / 6 / 2)


def test_positions_have_their_exact_distribution() -> None:
    n = 500
    drawn = Counter(reply_episode(seed, SHORT).state for seed in range(n))
    exact = positions(SHORT, AssemblyState())
    assert drawn.keys() <= exact.keys()
    assert len(exact) == 9
    chi_square = sum((drawn[state] - n * p) ** 2 / (n * p) for state, p in exact.items())
    assert chi_square < 26.1  # 0.1 % point of 8 degrees


def test_where_every_episode_is_equally_long_so_is_every_turn_likely() -> None:
    game = Assembly(length=4, horizon=5, slip=1.0)
    turns = Counter(decision_of(reply_episode(seed, game)) for seed in range(400))
    assert sum((turns[turn] - 80) ** 2 / 80 for turn in range(5)) < 18.5  # 0.1 % point of 4 degrees
    assert turns.keys() == set(range(5))


HORIZONS = (1, 2, None)


@pytest.mark.parametrize(("game", "reply"), [(SHORT, "advance"), (SHORT, "sell"), (replace(SHORT, slip=0.0), "sell")])
def test_judges_are_unbiased(game: Assembly, reply: str) -> None:
    """Both on the whole and given the position.

    They would not be if the reply were followed by the same chance, or by the same moves of the behaviour, that
    made the logged episode short or long.
    """
    met: list[tuple[Any, list[float]]] = []

    def all_judges(judged: JudgedReply) -> float:
        copies = (replace(judged, after=judged.after.copy()) for _ in HORIZONS)
        met.append((judged.before.state, [Lookahead(h)(copy) for h, copy in zip(HORIZONS, copies, strict=True)]))
        return 0.0

    for seed in range(600):
        reply_episode(seed, game, judge=all_judges).reply(0, reply)
    exact = positions(game, AssemblyState())
    for place, horizon in enumerate(HORIZONS):
        overall = sum(p * value(game, state, horizon or 99, reply) for state, p in exact.items())
        at_first = value(game, AssemblyState(), horizon or 99, reply)
        assert standard_scores([row[place] for _, row in met], overall) < 3.5
        assert standard_scores([row[place] for state, row in met if state == AssemblyState()], at_first) < 3.5


def standard_scores(values: list[float], expected: float) -> float:
    """Return how many standard errors the mean of `values` is away from `expected`."""
    mean = sum(values) / len(values)
    deviation = (sum((v - mean) ** 2 for v in values) / len(values)) ** 0.5
    return abs(mean - expected) / max(deviation / len(values) ** 0.5, 1e-9)


@pytest.mark.parametrize(("judge", "turns"), [("immediate", 1), ("lookahead:2", 2), ("return", None)])
def test_named_judges_give_what_their_functions_give(judge: str, turns: int | None) -> None:
    for seed in range(20):
        named = reply_episode(seed, judge=judge).reply(0, "advance")
        assert named == reply_episode(seed, judge=Lookahead(turns)).reply(0, "advance")


def test_scores_hold_the_native_reward_of_the_reply_alone() -> None:
    for seed in range(30):
        episode = reply_episode(seed, judge="return")
        assert episode.scores == (0.0,)
        assert episode.replies == ()
        assert episode.turns == [0]
        state = episode.state
        episode.reply(0, "sell")
        assert episode.scores == (0.1,)
        assert state.turn + 1 == episode.state.turn


def test_one_reply_ends_it() -> None:
    episode = next(e for e in map(reply_episode, range(99)) if e.state.turn == 1)
    outcome = episode.reply(0, "clear")
    assert episode.over
    assert episode.to_move() == ()
    assert not episode.game.is_over(episode.state)
    assert outcome == ((0.0,), None)
    with pytest.raises(EpisodeOverError):
        episode.reply(0, "clear")


def test_the_observation_tells_the_whole_play_before_the_reply() -> None:
    """A newcomer has seen nothing of it, so it is shown whatever `memory` says."""
    for memory in (0, 1, "all"):
        for seed in range(10):
            episode = reply_episode(seed, memory=memory)
            parts = [f"{CHAIN.instructions(0)}\n{refusal_rule(0.1, 3)}", CHAIN.view(AssemblyState(), 0)]
            assert episode.observation(0).startswith("\n\n".join(parts))
            assert episode.observation(0).count("\n\n> ") == episode.state.turn
            assert episode.observation(0) == episode.transcript(0)
    episode.reply(0, "advance")
    episode = reply_episode(0)
    episode.reply(0, "advance")
    assert episode.observation(0) == CHAIN.view(episode.state, 0)


def test_the_behaviour_strategy_plays_before_the_reply() -> None:
    game = Assembly(length=3, horizon=9, slip=0.0)
    for seed in range(10):
        episode = reply_episode(seed, game, behaviour="expert")
        assert episode.state.stage == episode.state.turn == decision_of(episode)


def test_a_judge_of_ones_own() -> None:
    met: list[JudgedReply] = []

    def shouting(judged: JudgedReply) -> Any:
        met.append(judged)
        judged.after.play_behaviour(0)
        return True

    episode = reply_episode(3, GAME, judge=shouting)
    state, told = episode.state, episode.dialogues[0]
    outcome = episode.reply(0, "GUESS 4!")
    (judged,) = met
    assert outcome.rewards == (1.0,)
    assert type(outcome.rewards[0]) is float
    assert judged.before.state == state
    assert judged.before.dialogues[0] == told
    assert (judged.reply, judged.player, judged.refusal) == ("GUESS 4!", 0, None)
    assert judged.reward == episode.scores[0]
    assert len(episode.replies) == 1, "the judge's own play is not the player's"


@pytest.mark.parametrize("judge", ["immediate", "lookahead:3", "return"])
def test_a_refused_reply_costs_its_price_before_the_judge(judge: str) -> None:
    for seed in range(10):
        episode = reply_episode(seed, judge=judge)
        state = episode.state
        outcome = episode.reply(0, "dance")
        assert outcome.refusal is not None
        assert episode.scores == (-0.1,)
        assert episode.state == state
        assert outcome.rewards[0] >= -0.1
        if judge == "immediate":
            assert outcome.rewards == (-0.1,)


def test_a_reply_that_forfeits_loses_what_was_earned_before_it() -> None:
    rich = Assembly(length=9, horizon=12, slip=0.0, lure=0.5)
    for seed in range(20):
        episode = reply_episode(seed, rich, max_refusals=1, judge="return")
        earned = 0.5 * sum(m.text == "sell" for m in episode.dialogues[0])
        assert episode.reply(0, "dance").rewards[0] == pytest.approx(-0.1 - earned)
        assert episode.forfeited == 0


def test_a_copy_of_a_position_is_judged_alike() -> None:
    for seed in range(10):
        episode = reply_episode(seed, judge="return")
        assert episode.copy().reply(0, "advance") == episode.reply(0, "advance")


def test_a_seed_names_the_position() -> None:
    for seed in range(10):
        one, other = reply_episode(seed), reply_episode(seed)
        assert one.dialogues == other.dialogues
    assert len({reply_episode(seed).dialogues[0] for seed in range(30)}) > 10


def test_a_plan_keeps_its_moves_and_where_they_led() -> None:
    episode = new_episode(GuessNumber(high=7, guesses=3), Settings(form="plan"), seed=0)
    assert isinstance(episode, PlanEpisode)
    before = episode.copy()
    episode.reply(0, "guess 1\nguess 9\nguess 7")
    kinds = [getattr(step.move, "kind", None) for step in episode.played]
    assert kinds[:3] == [None, "illegal", None]
    assert [step.scores[0] for step in episode.played[:3]] == pytest.approx([0, -0.1, -0.1])
    assert (episode.played[-1].scores, episode.played[-1].state) == (episode.scores, episode.state)
    assert episode.steps == len(kinds)
    assert isinstance(before, PlanEpisode)
    assert before.steps == 0
