from __future__ import annotations

import random
from fractions import Fraction
from itertools import product
from typing import Any

import pyspiel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.games.brute_force import BruteForce, Step
from textenvs.core.errors import ArgumentError
from textenvs.core.game import draw
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import strategy
from textenvs.envs.episode import Episode
from textenvs.envs.solo import solo_game
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.deal_or_no_deal import DealOrNoDeal, DealOrNoDealState, efficient_splits, nash_split
from textenvs.games.deal_words import KINDS, Propose
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game
from textenvs.testing import check_no_leak

GAME = DealOrNoDeal()
STATE = DealOrNoDealState((1, 2, 3), ((1, 3, 1), (4, 0, 2)))
OFFERED = STATE._replace(made=1, offer=(0, 2, 1))


# The rules once more ---------------------------------------------------------------------------------


def play(moves: list[Any], pool: Any, values: Any, rounds: int, total: int) -> tuple[float, float] | None:
    """What moves in turn pay, written from the rules alone; None while the game goes on."""
    wanted: dict[str, int] = {}
    asker = -1
    for number, move in enumerate(moves):
        if move == "walk away":
            return 0.0, 0.0
        if move == "accept":
            had = [0, 0]
            for kind, most, mine, yours in zip(KINDS, pool, *values, strict=True):
                prices = (mine, yours)
                had[asker] += wanted[kind] * prices[asker]
                had[1 - asker] += (most - wanted[kind]) * prices[1 - asker]
            return had[0] / total, had[1] / total
        assert number < 2 * rounds - 1
        asker, wanted = number % 2, dict(zip(KINDS, move.share, strict=True))
    return None


def random_moves(game: DealOrNoDeal, seed: int) -> None:
    dice = random.Random(seed)
    state = start = game.deal(Stream(seed, Purpose.DEAL))
    moves: list[Any] = []
    paid: tuple[float, ...] = (0.0, 0.0)
    while not game.is_over(state):
        assert play(moves, start.pool, start.values, game.rounds, game.total) is None
        assert game.to_move(state) == (len(moves) % 2,)
        move = dice.choice(game.legal(state, len(moves) % 2))
        moves.append(move)
        after = game.apply(state, move)
        paid = game.rewards(state, move, after)
        if not game.is_over(after):
            assert paid == (0, 0)
        state = after
    assert paid == play(moves, start.pool, start.values, game.rounds, game.total)
    if moves[-1] == "accept":
        for player in (0, 1):
            assert f"You have {round(paid[player] * game.total)} point" in game.view(state, player)
    else:
        assert "No deal" in game.view(state, 0)


@pytest.mark.parametrize("game", [GAME, DealOrNoDeal(1, 3, 3, 4), DealOrNoDeal(3, 7, 9, 20)], ids=str)
def test_random_plays_agree_with_a_second_implementation(game: DealOrNoDeal) -> None:
    for seed in range(150):
        random_moves(game, seed)


@pytest.mark.filterwarnings("ignore")
def test_instances_and_payments_are_those_of_open_spiel() -> None:
    """Its 1,000 instances were drawn by the rules of Lewis et al.; a proposal tells what its maker gets."""
    theirs = pyspiel.load_game("bargaining")
    ours = {state for state, _ in GAME.deals() or ()}
    dice = random.Random(0)
    for number in range(1000):
        hand = theirs.new_initial_state()
        hand.apply_action(number)
        dealt: Any = hand.instance()
        pool = tuple(dealt.pool)
        state = DealOrNoDealState(pool, (tuple(dealt.values[0]), tuple(dealt.values[1])))
        assert state in ours
        for move in range(dice.randrange(1, 5)):
            share = tuple(dice.randint(0, n) for n in pool)
            name = "Offer: " + ", ".join(f"{k}: {n}" for k, n in zip(("Book", "Hat", "Basketball"), share, strict=True))
            hand.apply_action(next(a for a in hand.legal_actions() if hand.action_to_string(move % 2, a) == name))
            state = GAME.apply(state, Propose(share))  # type: ignore[arg-type]
        hand.apply_action(hand.agree_action())
        assert GAME.rewards(state, "accept", GAME.apply(state, "accept")) == tuple(x / 10 for x in hand.returns())


def test_the_deals_are_those_of_the_rules() -> None:
    found = {state for state, _ in GAME.deals() or ()}
    assert len(found) == 5_793
    for state in list(found)[::50]:
        assert 5 <= sum(state.pool) <= 7
        for values in state.values:
            assert sum(n * value for n, value in zip(state.pool, values, strict=True)) == 10
        assert all(map(any, zip(*state.values, strict=True)))
        assert any(map(all, zip(*state.values, strict=True)))
    assert len(make_game("DealOrNoDeal", level="easy").deals() or ()) == 135


@pytest.mark.parametrize("level", ["easy", "medium", "hard", "extreme"])
def test_drawn_deals_are_within_the_rules(level: str) -> None:
    game = make_game("DealOrNoDeal", level=level)
    drawn = [game.deal(Stream(seed, Purpose.DEAL)) for seed in range(100)]
    assert len(set(drawn)) > 40
    if (listed := game.deals()) is not None:
        assert set(drawn) <= dict(listed).keys()
    for state in drawn:
        assert game.least <= sum(state.pool) <= game.most  # type: ignore[attr-defined]
        assert all(map(any, zip(*state.values, strict=True)))


def test_drawn_and_listed_deals_are_equally_likely() -> None:
    game = DealOrNoDeal(2, 3, 4, 3)
    random = Stream(0, Purpose.DEAL)
    drawn = [game.deal(random) for _ in range(20_000)]
    for state, p in (game.deals() or ())[::7]:
        assert drawn.count(state) / 20_000 == pytest.approx(float(p), abs=0.004)


# Values ----------------------------------------------------------------------------------------------


def naive_expert(pool: Any, values: Any, offer: Any, made: int, rounds: int, total: int) -> Any:
    """The expert's move, written from its description alone."""
    left = [n - wanted for n, wanted in zip(pool, offer, strict=True)] if offer else None
    offered = sum(n * value for n, value in zip(left, values, strict=True)) if left else 0
    if made == 2 * rounds - 1:
        return "accept" if offered else "walk away"
    wanted = total - total / 2 * (made // 2) / max(1, rounds - 1)
    if offered and offered >= wanted:
        return "accept"
    best: Any = None
    for share in product(*(range(n + 1) for n in pool)):
        if sum(n * value for n, value in zip(share, values, strict=True)) < wanted:
            continue
        missing = sum(max(0, a - (n - s)) for a, n, s in zip(offer or pool, pool, share, strict=True))
        key = (missing, sum(share), -sum(n * value for n, value in zip(share, values, strict=True)), share)
        best = key if best is None else min(best, key)
    return best[-1]


def test_the_expert_does_as_described() -> None:
    for seed in range(200):
        random, state = Stream(seed, Purpose.POLICY), GAME.deal(Stream(seed, Purpose.DEAL))
        while not GAME.is_over(state):
            player = state.made % 2
            ((move, _),) = GAME.expert(state, player)
            expected = naive_expert(state.pool, state.values[player], state.offer, state.made, 5, 10)
            assert (move.share if isinstance(move, Propose) else move) == expected
            state = GAME.apply(state, draw(strategy("mixed:0.5")(GAME, state, player), random))


def test_the_rulers_at_easy_agree_with_brute_force() -> None:
    """A state is the pool, both values and what was seen and done; player 1 is the naive expert."""
    game = make_game("DealOrNoDeal", level="easy")
    pool = (1, 1, 1)
    shares = list(product((0, 1), repeat=3))

    def worth(share: Any, values: Any) -> Fraction:
        return Fraction(sum(n * value for n, value in zip(share, values, strict=True)), 4)

    def steps(state: Any, move: Any) -> list[Step]:
        mine, yours, offer, made, past = state
        if move == "walk away":
            return [(Fraction(1), Fraction(0), None)]
        if move == "accept":
            return [(Fraction(1), worth([1 - n for n in offer], mine), None)]
        answer = naive_expert(pool, yours, move, made + 1, 2, 4)
        if answer == "accept":
            return [(Fraction(1), worth(move, mine), None)]
        if answer == "walk away":
            return [(Fraction(1), Fraction(0), None)]
        return [(Fraction(1), Fraction(0), (mine, yours, answer, made + 2, (*past, move, answer)))]

    brute = BruteForce(
        moves=lambda state: [*shares, *(["accept"] if state[2] else []), "walk away"],
        steps=steps,
        seen=lambda state: (state[0], *state[2:]),
    )
    openings = [(Fraction(p), (*state.values, None, 0, ())) for state, p in game.deals() or ()]
    values = reference_values(solo_game("DealOrNoDeal", level="easy"))
    assert values.optimal.low == pytest.approx(float(brute.optimal(openings)))
    assert values.random.low == pytest.approx(float(brute.random(openings)))
    known = (values.optimal.low, values.plan.low, values.myopic.low, values.random.low)
    assert known == pytest.approx((0.9111, 0.8611, 0.8019, 0.2388), abs=1e-4)
    assert values.cell() == "both"


def test_efficient_and_nash_splits_against_brute_force() -> None:
    for seed in range(60):
        state = GAME.deal(Stream(seed, Purpose.DEAL))
        points = {}
        for share in product(*(range(n + 1) for n in state.pool)):
            own = sum(n * v for n, v in zip(share, state.values[0], strict=True))
            other = sum((m - n) * v for m, n, v in zip(state.pool, share, state.values[1], strict=True))
            points[share] = (own, other)
        efficient = {
            share
            for share, (a, b) in points.items()
            if not any((c >= a and d > b) or (c > a and d >= b) for c, d in points.values())
        }
        assert set(efficient_splits(state)) == efficient
        own, other = points[nash_split(state)]
        assert own * other == max(a * b for a, b in points.values())


def result(game: DealOrNoDeal, state: DealOrNoDealState, names: tuple[str, str]) -> tuple[float, ...] | None:
    """What two scripted players get, None without a deal."""
    while True:
        player = state.made % 2
        ((move, _),) = strategy(names[player])(game, state, player)
        after = game.apply(state, move)
        if game.is_over(after):
            return game.rewards(state, move, after) if after.end == "accept" else None
        state = after


def test_what_two_experts_get_is_as_documented() -> None:
    outcomes = [(result(GAME, state, ("expert", "expert")), float(p)) for state, p in GAME.deals() or ()]
    assert sum(paid is None for paid, _ in outcomes) == 9
    means = [sum(p * paid[player] for paid, p in outcomes if paid) for player in (0, 1)]
    assert means == pytest.approx([0.6979, 0.7397], abs=1e-4)


def test_what_is_best_for_both_together_is_as_documented() -> None:
    """Each item goes to whom it is worth most."""
    total = 0.0
    for state, p in GAME.deals() or ():
        total += float(p) * sum(n * max(pair) for n, *pair in zip(state.pool, *state.values, strict=True)) / 20
    assert total == pytest.approx(0.7586, abs=1e-4)


@pytest.mark.parametrize("name", [f"script:{each}" for each in GAME.scripts])
def test_scripted_players_make_legal_moves_and_concede_as_they_should(name: str) -> None:
    deals = 0
    for seed in range(60):
        start = state = GAME.deal(Stream(seed, Purpose.DEAL))
        random = Stream(seed, Purpose.POLICY)
        while not GAME.is_over(state):
            player = state.made % 2
            move = draw(strategy(name if player == 0 else "random")(GAME, state, player), random)
            assert move in GAME.legal(state, player)
            if player == 0 and isinstance(move, Propose):
                own = sum(n * value for n, value in zip(move.share, state.values[0], strict=True))
                assert own >= (10 if name == "script:stubborn" else 5)
            state = GAME.apply(state, move)
        deals += result(GAME, start, (name, "expert")) is not None
    assert deals > (25 if name == "script:stubborn" else 40)


# What players can tell apart -------------------------------------------------------------------------


def test_views_tell_no_secrets() -> None:
    check_no_leak(DealOrNoDeal(2, 3, 3, 3))


def test_other_values_of_the_other_player_change_no_word() -> None:
    """The same moves with another hidden half look the same until the end."""
    listed = [state for state, _ in GAME.deals() or ()]
    for seed in range(100):
        random, state = Stream(seed, Purpose.POLICY), GAME.deal(Stream(seed, Purpose.DEAL))
        like = (state.pool, state.values[0])
        hidden = [other for other in listed if (other.pool, other.values[0]) == like]
        twin = random.choice(hidden)
        while not GAME.is_over(state):
            assert GAME.view(state, 0) == GAME.view(twin, 0)
            if GAME.to_move(state) == (0,):
                assert GAME.expert(state, 0) == GAME.expert(twin, 0)
            move = random.choice(GAME.legal(state, state.made % 2))
            state, twin = GAME.apply(state, move), GAME.apply(twin, move)


def test_views() -> None:
    assert GAME.view(STATE, 0) == (
        "Items: 1 book, 2 hats and 3 balls. Worth to you, each: book 1, hat 3, ball 1. You have 5 moves left."
    )
    assert GAME.view(OFFERED, 1) == (
        "Items: 1 book, 2 hats and 3 balls. Worth to you, each: book 4, hat 0, ball 2. player_0 proposed: you get "
        "1 book and 2 balls (worth 8 to you), the other the rest. You have 5 moves left."
    )
    end = GAME.apply(OFFERED, "accept")
    assert GAME.view(end, 0).endswith("player_1 accepted. You have 7 points of 10, player_1 has 8.")
    assert GAME.view(end, 1).endswith("You accepted. You have 8 points of 10, player_0 has 7.")
    assert GAME.view(GAME.apply(OFFERED, "walk away"), 0).endswith("player_1 walked away. No deal: both score 0.")
    last = OFFERED._replace(made=9)
    assert GAME.view(last, 1).endswith("This is the last move: accept or walk away.")


def test_talk_is_heard_and_no_move() -> None:
    episode = Episode(GAME, seed=0)
    episode.reply(0, "say: I accept nothing less than the hats\npropose 1, 1, 1")
    assert 'player_0 says: "I accept nothing less than the hats"' in episode.dialogues[1][-1].text
    assert episode.state.offer == (1, 1, 1)


def test_the_example_of_the_second_player_is_legal() -> None:
    for rounds, example in ((1, "accept"), (2, "propose 1, 0, 1")):
        game = DealOrNoDeal(rounds)
        assert game.instructions(1).endswith(f"for example: {example}")
        assert game.read(OFFERED, 1, example) in game.legal(OFFERED, 1)


# Replies ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("propose 1 book, 0 hats, 2 balls", (1, 0, 2)),
        ("propose 1, 0, 2", (1, 0, 2)),
        ("Propose: 1 0 2", (1, 0, 2)),
        ("**propose** `1, 2, 3`", (1, 2, 3)),
        ("I want the book and two balls", (1, 0, 2)),
        ("I would like to keep 2 hats.", (0, 2, 0)),
        ("I'll take a hat and all balls", (0, 1, 3)),
        ("Give me everything!", (1, 2, 3)),
        ("I propose that you get the hats", (1, 0, 3)),
        ("You can have the book and 1 ball", (0, 2, 2)),
        ("I get both hats and you get the rest", (0, 2, 0)),
        ("I get 1 book, you get 2 hats and 3 balls", (1, 0, 0)),
        ("I offer you 2 hats", (1, 0, 3)),
        ("No, I don't accept. I propose 1 hat and 3 balls instead", (0, 1, 3)),
        ("propose 1, 0, 2. Do you accept?", (1, 0, 2)),
        ("Propose 2 hats, or I walk away", (0, 2, 0)),
        ("You proposed that I get 1 book. I propose 2 hats", (0, 2, 0)),
        ("I don't want the book, I want 2 hats", (0, 2, 0)),
        ("2 hats and 1 ball", (0, 2, 1)),
        ("I have 4 moves left, so I propose 1, 1, 1", (1, 1, 1)),
        ("```\npropose 0 books, 2 hats, 1 ball\n```", (0, 2, 1)),
        ("I accept that balls matter to you; propose 1 book", (1, 0, 0)),
    ],
)
def test_proposals(text: str, share: tuple[int, ...]) -> None:
    assert GAME.read(OFFERED, 1, text) == Propose(share)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("accept", "accept"), ("I accept your offer.", "accept"), ("Deal!", "accept"), ("I agree", "accept"),
        ("**Accept**", "accept"), ("I could propose 2 hats, but I accept", "accept"), ("It's a deal", "accept"),
        ("I would like to accept the proposal", "accept"), ("I take the deal", "accept"),
        ("walk away", "walk away"), ("No deal.", "walk away"), ("I walk away from this.", "walk away"),
        ("I will not accept. I end the negotiation", "walk away"), ("I don't accept, I walk away", "walk away"),
        ("I won't walk away; I accept", "accept"),
    ],
)  # fmt: skip
def test_decisions(text: str, move: str) -> None:
    assert GAME.read(OFFERED, 1, text) == move


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "malformed"), ("hello", "malformed"), ("I reject this", "malformed"), ("I do not accept", "malformed"),
        ("3 moves left", "malformed"), ("Do you accept?", "malformed"), ("propose", "malformed"),
        ("propose 2, 0, 0", "illegal"), ("I want 3 hats", "illegal"), ("you get 5 balls", "illegal"),
        ("propose -1 books", "illegal"), ("propose 99999999999999999999, 0, 0", "malformed"),
    ],
)  # fmt: skip
def test_refusals(text: str, kind: str) -> None:
    read = GAME.read(OFFERED, 1, text)
    assert isinstance(read, Refusal)
    assert read.kind == kind


def test_what_is_forbidden_now_is_illegal() -> None:
    read = GAME.read(STATE, 0, "accept")
    assert isinstance(read, Refusal)
    assert (read.kind, "no proposal" in read.text) == ("illegal", True)
    read = GAME.read(OFFERED._replace(made=9), 1, "propose 1, 0, 1")
    assert isinstance(read, Refusal)
    assert (read.kind, "last move" in read.text) == ("illegal", True)
    assert GAME.legal(OFFERED._replace(made=9), 1) == ("accept", "walk away")


@settings(max_examples=60, deadline=None)
@given(st.tuples(st.integers(0, 1), st.integers(0, 2), st.integers(0, 3)))
def test_every_share_is_read_in_three_wordings(share: Any) -> None:
    left = tuple(m - n for m, n in zip(STATE.pool, share, strict=True))
    for text in (
        GAME.say(STATE, Propose(share)),
        "I want {} books, {} hats and {} balls".format(*share),
        "you get {} books, {} hats and {} balls".format(*left),
    ):
        assert GAME.read(STATE, 0, text) == Propose(share)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"rounds": 0}, "rounds"), ({"least": 2}, "least"), ({"most": 21}, "most"), ({"total": 1}, "total"),
        ({"least": 6, "most": 5}, "least must be at most"), ({"least": 12, "most": 12, "total": 5}, "worth total=5"),
    ],
)  # fmt: skip
def test_a_bad_argument_is_named(arguments: dict[str, int], match: str) -> None:
    with pytest.raises(ArgumentError, match=match):
        DealOrNoDeal(**arguments)
