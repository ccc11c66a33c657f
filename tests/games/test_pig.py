from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.choices import Choice, any_of, best, greedy
from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy
from textenvs.games.pig import Pig, PigState
from textenvs.planning.forward import evaluate_strategy
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game


def naive_game(game: Pig, moves: Sequence[str], dice: Sequence[int]) -> tuple[int, int, int, bool]:
    """The rules again: score, pot, rounds gone and whether the game is over after `moves`, with a die for each."""
    score = rounds = 0
    pot: list[int] = []
    for move, number in zip(moves, dice, strict=True):
        if move == "roll":
            pot.append(number)
        if move == "hold" or number == 1:
            score += sum(pot) if move == "hold" else 0
            pot, rounds = [], rounds + 1
        if score + sum(pot) >= game.target:
            return score + sum(pot), 0, rounds, True
        if rounds == game.rounds:
            return score, 0, rounds, True
    return score, sum(pot), rounds, False


def play(game: Pig, state: PigState, move: str, number: int) -> tuple[PigState, float]:
    """The state after a move, and what it paid."""
    after = game.apply(state, move)  # type: ignore[arg-type]
    paid = game.rewards(state, move, after)[0]  # type: ignore[arg-type]
    if game.chance(after):
        assert dict(game.chance(after)) == dict.fromkeys(range(1, game.sides + 1), Fraction(1, game.sides))
        rolled = game.apply(after, number)
        return rolled, paid + game.rewards(after, number, rolled)[0]
    return after, paid


def agrees(game: Pig, moves: Sequence[str], dice: Sequence[int]) -> None:
    """Play both in step, up to the end."""
    state, paid = game.deals()[0][0], 0.0
    for number in range(len(moves)):
        score, pot, rounds, over = naive_game(game, moves[:number], dice[:number])
        assert (state.score, state.pot, game.is_over(state)) == (score, pot, over)
        worth = min(Fraction(1), Fraction(score, game.target)) if game.aim == "score" else score >= game.target
        assert paid == pytest.approx(float(worth))
        if over:
            return
        assert f"Round {rounds + 1} of {game.rounds}. Score {score} of {game.target}. Pot {pot}." in game.view(state, 0)
        state, reward = play(game, state, moves[number], dice[number])
        paid += reward


@pytest.mark.parametrize("aim", ["race", "score"])
@pytest.mark.parametrize(("target", "rounds", "sides"), [(4, 2, 2), (5, 1, 3), (6, 2, 4), (2, 1, 6)])
def test_every_play_agrees_with_a_second_implementation(target: int, rounds: int, sides: int, aim: str) -> None:
    game = Pig(target=target, rounds=rounds, sides=sides, aim=aim)
    length = min(5 if sides < 4 else 4, game.max_turns + 1)
    for moves in product(("roll", "hold"), repeat=length):
        for dice in product(range(1, sides + 1), repeat=length):
            agrees(game, moves, dice)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_random_plays_of_larger_games_agree(data: st.DataObject) -> None:
    game = data.draw(st.sampled_from([Pig(), Pig(aim="score", target=37), Pig(sides=10, rounds=9)]))
    length = data.draw(st.integers(1, 60))
    moves = data.draw(st.lists(st.sampled_from(["roll", "roll", "roll", "hold"]), min_size=length, max_size=length))
    dice = data.draw(st.lists(st.integers(1, game.sides), min_size=length, max_size=length))
    agrees(game, moves, dice)


@pytest.mark.parametrize(("target", "rounds"), [(5, 2), (6, 3), (2, 1)])
def test_the_longest_episode_is_as_long_as_promised(target: int, rounds: int) -> None:
    game = Pig(target=target, rounds=rounds, sides=3)
    longest = 0
    stack = [(PigState(), 0)]
    while stack:
        state, moves = stack.pop()
        longest = max(longest, moves)
        if game.to_move(state):
            stack += [(play(game, state, "hold", 0)[0], moves + 1)]
            stack += [(play(game, state, "roll", number)[0], moves + 1) for number in (1, 2, 3)]
    assert longest == game.max_turns


def naive_value(game: Pig, choose: Choice) -> float:
    """The expected return if `choose` makes one of the pairs (at once, in all) of to hold and to roll."""

    def worth(score: int) -> Fraction:
        if game.aim == "race":
            return Fraction(score >= game.target)
        return min(Fraction(1), Fraction(score, game.target))

    @cache
    def value(score: int, pot: int, rounds: int) -> Fraction:
        """What is still to be earned."""
        if score >= game.target or rounds == 0:
            return Fraction(0)
        held = worth(score + pot) - worth(score)
        now = Fraction(0)
        later = value(score, 0, rounds - 1)
        for number in range(2, game.sides + 1):
            if score + pot + number >= game.target:
                now += 1 - worth(score)
            else:
                later += value(score, pot + number, rounds)
        roll = (now / game.sides, (now + later) / game.sides)
        return choose([(held, held + value(score + pot, 0, rounds - 1)), roll])

    return float(value(0, 0, game.rounds))


@pytest.mark.parametrize("aim", ["race", "score"])
@pytest.mark.parametrize(("target", "rounds", "sides"), [(12, 2, 6), (15, 3, 4), (7, 3, 2), (9, 1, 12)])
def test_the_rulers_and_the_expert(target: int, rounds: int, sides: int, aim: str) -> None:
    game = Pig(target=target, rounds=rounds, sides=sides, aim=aim)
    values = reference_values(game)
    assert values.optimal.value == pytest.approx(naive_value(game, best))
    assert values.myopic.value == pytest.approx(naive_value(game, greedy))
    assert values.random.value == pytest.approx(naive_value(game, any_of))
    assert evaluate_strategy(game, expert_strategy) == pytest.approx(naive_value(game, best))


def naive_plan(game: Pig, moves: tuple[str, ...]) -> Fraction:
    """The probability that a fixed list of moves reaches the target."""
    places = {(0, 0, 0): Fraction(1)}
    reached = Fraction(0)
    for move in moves:
        after: dict[tuple[int, int, int], Fraction] = {}
        for (score, pot, rounds), p in places.items():
            for number in range(1, game.sides + 1) if move == "roll" else (0,):
                share = p / game.sides if move == "roll" else p
                place = (score, pot + number, rounds) if number > 1 else (score, 0, rounds + 1)
                place = (score + pot, 0, rounds + 1) if move == "hold" else place
                if place[0] + place[1] >= game.target:
                    reached += share
                elif place[2] < game.rounds:
                    after[place] = after.get(place, Fraction(0)) + share
        places = after
    return reached


def test_the_plan_value_is_that_of_the_best_fixed_moves() -> None:
    game = Pig(target=7, rounds=2, sides=4)
    plans = product(("roll", "hold"), repeat=game.max_turns)
    assert reference_values(game).plan.value == pytest.approx(float(max(naive_plan(game, moves) for moves in plans)))


def test_the_rulers_of_the_easy_level() -> None:
    game = make_game("Pig", level="easy")
    values = reference_values(game)
    rulers = (values.optimal, values.plan, values.myopic, values.random)
    assert [round(ruler.value, 3) for ruler in rulers] == [0.822, 0.778, 0.153, 0.089]
    assert values.optimal.value == pytest.approx(naive_value(game, best))
    assert values.cell() == "both"


@pytest.mark.slow
@pytest.mark.parametrize(("target", "rounds", "value"), [(50, 5, 0.546), (100, 10, 0.465), (100, 15, 0.832)])
def test_the_optimum_of_larger_games(target: int, rounds: int, value: float) -> None:
    assert round(naive_value(Pig(target=target, rounds=rounds), best), 3) == value


def test_the_expert_of_a_larger_game_is_optimal() -> None:
    game = Pig(target=30, rounds=4)
    assert evaluate_strategy(game, expert_strategy) == pytest.approx(naive_value(game, best))


def one_round(threshold: int, start: int = 0, target: int = 1_000) -> dict[int, float]:
    """The probability of each score after a round of the game in which the player holds a pot of `threshold`."""
    game = Pig(target=target, rounds=1)
    scores: dict[int, float] = {}
    states = {PigState(start): 1.0}
    while states:
        after: dict[PigState, float] = {}
        for state, p in states.items():
            if game.is_over(state):
                scores[state.score] = scores.get(state.score, 0.0) + p
                continue
            moves = game.chance(state) or ((("hold" if state.pot >= threshold else "roll"), 1),)
            for move, share in moves:
                then = game.apply(state, move)._replace(last=None)
                after[then] = after.get(then, 0.0) + p * float(share)
        states = after
    return scores


def mean(scores: dict[int, float]) -> float:
    return sum(score * p for score, p in scores.items())


def test_to_hold_at_20_scores_as_published() -> None:
    published = {0: 0.6245, 20: 0.0997, 21: 0.0950, 22: 0.0742, 23: 0.0542, 24: 0.0352, 25: 0.0172}
    assert {score: round(p, 4) for score, p in one_round(20).items()} == published  # Neller & Presser 2004, table 1
    assert round(mean(one_round(20)), 2) == 8.14
    assert max(mean(one_round(threshold)) for threshold in range(2, 40)) == pytest.approx(mean(one_round(20)))


def test_to_hold_at_20_reaches_100_in_12_63_rounds_on_average() -> None:
    rounds = [0.0] * 106
    for score in reversed(range(100)):
        scores = one_round(20, score, target=100)
        nothing = scores.pop(score)
        rounds[score] = (1 + sum(p * rounds[after] for after, p in scores.items())) / (1 - nothing)
    assert rounds[0] == pytest.approx(12.6349, abs=0.002)  # 12.634906 in Neller's simulation of a million games


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("roll", "roll"), ("ROLL!", "roll"), ("I roll the die.", "roll"), ("Throw it", "roll"), ("again", "roll"),
        ("keep rolling", "roll"), ("**roll**", "roll"), ("hold? No, roll", "roll"), ("Hold on. I roll", "roll"),
        ("I won't hold, I roll", "roll"), ("not hold but roll", "roll"), ("Not sure, roll", "roll"),
        ("hold", "hold"), ("I hold.", "hold"), ("Bank the pot", "hold"), ("stop here", "hold"), ("I stay", "hold"),
        ("I will not roll again; hold", "hold"), ("Rather than roll, I hold", "hold"),
        ("instead of rolling, hold", "hold"),
        ("", None), ("scroll", None), ("household", None), ("20", None), ("I don't roll", None), ("warten", None),
    ],
)  # fmt: skip
def test_replies(text: str, move: str | None) -> None:
    read = Pig().read(PigState(), 0, text)
    assert read == move if move else isinstance(read, Refusal) and read.kind == "malformed"


def test_views() -> None:
    game = Pig(target=10, rounds=2)
    state = PigState()
    assert game.view(state, 0) == "Round 1 of 2. Score 0 of 10. Pot 0."
    state, _ = play(game, state, "roll", 4)
    assert game.view(state, 0) == "You rolled 4. Round 1 of 2. Score 0 of 10. Pot 4."
    held, _ = play(game, state, "hold", 0)
    assert game.view(held, 0) == "You held. Round 2 of 2. Score 4 of 10. Pot 0."
    lost, _ = play(game, held, "roll", 1)
    assert game.view(lost, 0) == (
        "You rolled 1 and lost the pot. The last round is over. Your score is 4; you have not reached 10."
    )
    won, _ = play(game, held, "roll", 6)
    assert game.view(won, 0) == "You rolled 6. Your score is 10: you have reached 10."


def test_instructions() -> None:
    assert "for 5 rounds, with a die that shows 1 to 6, each equally likely." in Pig().instructions(0)
    assert "You earn 1 point if you reach 50, else nothing." in Pig().instructions(0)
    assert "for 1 round," in Pig(rounds=1).instructions(0)
    assert "You earn your score divided by 50, at most 1 point." in Pig(aim="score").instructions(0)


def test_progress_is_the_share_of_the_target() -> None:
    assert [Pig().progress(state) for state in (PigState(), PigState(20, 5), PigState(51))] == [0, 0.5, 1]


@pytest.mark.parametrize(
    ("name", "bad"), [("target", 1), ("target", 1_001), ("rounds", 0), ("sides", 1), ("sides", 2.5), ("rounds", True)]
)
def test_a_bad_argument_is_named(name: str, bad: Any) -> None:
    with pytest.raises(ArgumentError, match=name):
        Pig(**{name: bad})


def test_an_unknown_aim_is_named() -> None:
    with pytest.raises(UnknownNameError, match="aim"):
        Pig(aim="win")
