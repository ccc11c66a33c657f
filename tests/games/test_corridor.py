from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations, product
from math import comb
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.core.game import LEVELS
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.corridor import Corridor, CorridorState, Move
from textenvs.planning.forward import evaluate_strategy
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game

MOVES: tuple[Move, ...] = ("forward", "left", "right")


def walk(game: Corridor, state: CorridorState, moves: Sequence[Move]) -> float:
    """Play and compare with the rules told again: the moves that count, and what is written where they lead."""
    path = ["forward"] * game.length + list(state.sign)
    allowed = game.turns or 3 * game.length + 3 * game.forks
    written = {square: f"Scribbled on the wall: {', '.join(way)}." for square, way in state.scribbles}
    written[1 if game.cue == "later" else 0] = f"A sign says: {', '.join(state.sign)}."
    done, came, lost, earned = 0, True, False, 0.0
    for turn, move in enumerate([*moves, None]):
        view = game.view(state, 0)
        over = lost or done == len(path) or turn == allowed
        assert game.is_over(state) == over
        if lost or done == len(path):
            assert ("win" in view, "dead end" in view) == (not lost, lost)
            break
        at_fork = done >= game.length
        assert ("You are in the corridor." in view) == (not at_fork)
        assert ("fork" in view) == at_fork
        assert view.startswith("You run into a wall.") == (not came)
        texts = {text for text in written.values() if text in view}
        assert texts == ({written[done]} if came and not at_fork and done in written else set())
        assert view.endswith("You have used up your turns and lose." if over else f"Turn {turn + 1} of {allowed}.")
        if over or move is None:
            break
        assert game.legal(state, 0) == MOVES
        after = game.apply(state, move)
        came = (move != "forward") if at_fork else (move == "forward")
        lost = at_fork and came and move != path[done]
        done += came and not lost
        earned += game.rewards(state, move, after)[0]
        assert earned == (done == len(path))
        state = after
    return earned


@pytest.mark.parametrize(
    "game",
    [
        Corridor(2, 1, 0, "later", 5), Corridor(2, 2, 0, "first", 5), Corridor(3, 1, 1, "later", 6),
        Corridor(3, 2, 1, "first", 6),
    ],
    ids=repr,
)  # fmt: skip
def test_all_plays_of_tiny_games_equal_the_naive_second_implementation(game: Corridor) -> None:
    won = 0.0
    for opening, _ in (game.deals() or ())[::3]:
        for moves in product(MOVES, repeat=game.turns):
            won += walk(game, opening, moves)
    assert won > 0


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_random_plays_equal_the_naive_second_implementation(data: st.DataObject) -> None:
    length, forks = data.draw(st.integers(2, 12)), data.draw(st.integers(1, 4))
    cue = data.draw(st.sampled_from(["first", "later"]))
    game = Corridor(length, forks, data.draw(st.integers(0, length - 2)), cue)
    random = Stream(data.draw(st.integers(0, 10**6)), Purpose.POLICY)
    state = game.deal(random)
    moves = [random.choice(MOVES) for _ in range(length)] + [
        random.choice(("forward", *MOVES)) for _ in range(3 * length)
    ]
    walk(game, state, moves)


def test_the_deals_are_all_ways_and_scribbles() -> None:
    game = Corridor(length=5, forks=1, distractors=2)
    deals = game.deals() or ()
    expected = {
        ((sign,), tuple((square, (way,)) for square, way in zip(squares, ways, strict=True)))
        for sign in ("left", "right")
        for squares in combinations((2, 3, 4), 2)
        for ways in product(("left", "right"), repeat=2)
    }
    assert {(state.sign, state.scribbles) for state, _ in deals} == expected
    assert {share for _, share in deals} == {Fraction(1, 24)}
    drawn = Counter(game.deal(Stream(seed, Purpose.DEAL)) for seed in range(2_400))
    assert set(drawn) == {state for state, _ in deals}
    assert all(abs(n - 100) < 50 for n in drawn.values())
    assert Corridor().deals() is None
    assert 10**17 < 8 * comb(28, 10) * 8**10 < 2 * 10**17
    assert len(make_game("Corridor", level="easy").deals() or ()) == 12


def reaches(ahead: int, turns: int, share: Fraction) -> Fraction:
    """The probability of `ahead` steps within `turns`, if each turn is one with a probability of `share`."""
    return sum((comb(turns, n) * share**n * (1 - share) ** (turns - n) for n in range(ahead, turns + 1)), Fraction(0))


def test_the_rulers_of_the_easy_level() -> None:
    values = reference_values(make_game("Corridor", level="easy"))
    assert values.optimal.value == pytest.approx(1)
    assert values.plan.value == pytest.approx(1 / 2)
    # 18 turns: random passes the fork once it is reached if it bumps less often than turns are left
    third = Fraction(1, 3)
    arrives = {t: reaches(5, t, third) - reaches(5, t - 1, third) for t in range(5, 18)}
    random = sum(share * (1 - third ** (18 - t)) / 2 for t, share in arrives.items())
    assert values.random.value == pytest.approx(float(random))
    assert values.myopic.value == pytest.approx(float(sum(arrives.values())))
    assert (round(float(random), 3), round(values.myopic.value, 3)) == (0.344, 0.719)
    assert values.cell() == "both"


@pytest.mark.parametrize(("cue", "plan"), [("later", 1 / 4), ("first", 1)])
def test_a_plan_knows_the_sign_only_if_it_is_shown_first(cue: str, plan: float) -> None:
    values = reference_values(Corridor(4, 2, 1, cue))
    assert values.plan.value == pytest.approx(plan)
    assert values.optimal.value == pytest.approx(1)
    assert values.cell() == ("both" if cue == "later" else "foresight")


@pytest.mark.parametrize("level", LEVELS)
def test_the_expert_wins_in_the_fewest_turns(level: str) -> None:
    game = make_game("Corridor", level=level)
    assert isinstance(game, Corridor)
    for seed in range(3):
        state = game.deal(Stream(seed, Purpose.DEAL))
        while game.to_move(state):
            ((move, _),) = game.expert(state, 0) or ()
            state = game.apply(state, move)
        assert (state.here, state.turn, state.is_lost) == (game.length + game.forks, game.length + game.forks, False)


def test_the_expert_is_optimal_with_just_the_turns_it_needs() -> None:
    assert evaluate_strategy(Corridor(4, 2, 1, turns=6), expert_strategy) == pytest.approx(1)
    assert evaluate_strategy(Corridor(4, 2, 1, turns=5), expert_strategy) == 0


# Words

GAME = Corridor(length=4, forks=2, distractors=1)
START = CorridorState(("left", "right"), ((2, ("right", "right")),))
FORK = START._replace(here=4, turn=4)


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("go forward", "forward"), ("Forward!", "forward"), ("**go forward**", "forward"), ("f", "forward"),
        ("straight ahead", "forward"), ("I continue.", "forward"), ("keep going", "forward"), ("walk on", "forward"),
        ("I would like to move forward", "forward"), ("take a step", "forward"), ("proceed", "forward"),
        ("go straight ahead", "forward"), ("keep walking", "forward"), ("I take one step", "forward"),
        ("go left", "left"), ("Left.", "left"), ("turn left", "left"), ("take the left", "left"), ("L", "left"),
        ("go to the left", "left"), ("```\ngo left\n```", "left"), ("I choose left", "left"), ("GO LEFT", "left"),
        ("go right", "right"), ("right", "right"), ("turn to the right", "right"), ("R.", "right"),
        ("not left but right", "right"), ("Right, not left", "right"), ("don't go left, go right", "right"),
        ("I have 3 turns left, so right", "right"), ("right; 3 turns left", "right"), ("1 turn left. right", "right"),
        ("All right, forward", "forward"), ("left is the right side", "left"), ("right now I go left", "left"),
        ("I go forward and remember: left, right", "forward"), ("go left, that's right", "left"),
        ("left or right? I go left", "left"), ("The sign said left, right. Go forward", "forward"),
        ("go forward, I have 2 turns left", "forward"), ("go right instead of left", "right"),
    ],
)  # fmt: skip
def test_replies(text: str, move: Move) -> None:
    assert GAME.read(START, 0, text) == move
    assert GAME.read(FORK, 0, text) == move


@pytest.mark.parametrize("text", ["", "what?", "up", "not left", "I have 3 turns left", "all right", "leftover", "前"])
def test_replies_that_are_no_moves(text: str) -> None:
    assert GAME.read(START, 0, text) == Refusal("I read no move in that. Reply with go forward, go left or go right.")


def test_in_the_corridor_what_is_to_be_done_at_the_end_does_not_count() -> None:
    for text in ("Forward, then left at the fork", "I will go left, then right at the end. Now forward."):
        assert GAME.read(START, 0, text) == "forward"
    assert GAME.read(FORK, 0, "I go left at the fork") == "left"
    assert isinstance(GAME.read(START, 0, "I will go left at the end"), Refusal)


def test_views() -> None:
    state, views = START, [GAME.view(START, 0)]
    for move in ("forward", "forward", "left", "forward", "forward", "forward", "left"):
        state = GAME.apply(state, move)
        views.append(GAME.view(state, 0))
    assert views == [
        "You are in the corridor. Turn 1 of 18.",
        "You are in the corridor. A sign says: left, right. Turn 2 of 18.",
        "You are in the corridor. Scribbled on the wall: right, right. Turn 3 of 18.",
        "You run into a wall. You are in the corridor. Turn 4 of 18.",
        "You are in the corridor. Turn 5 of 18.",
        "You are at fork 1 of 2. Turn 6 of 18.",
        "You run into a wall. You are at fork 1 of 2. Turn 7 of 18.",
        "You are at fork 2 of 2. Turn 8 of 18.",
    ]
    assert GAME.view(GAME.apply(state, "right"), 0) == "That was the correct side. You reach the goal and win."
    assert GAME.view(GAME.apply(state, "left"), 0) == "That was the wrong side: a dead end. You lose."
    assert "You are at the fork." in Corridor(4, 1, 1).view(FORK, 0)


def test_instructions() -> None:
    assert GAME.instructions(0) == (
        "You are in a corridor of 4 steps. At its end there are 2 forks, one after another, where you go left or "
        "right. A sign after your first step tells you the side to take at each fork. You see it only once, so "
        "remember it. What is scribbled on the walls means nothing; only the sign is true.\n"
        "In the corridor go forward, one step a turn. At a fork go left or right. Anything else runs into a wall and "
        "uses up the turn. You have 18 turns. Taking the correct side at all forks earns 1 point; a wrong side ends "
        "the game without points.\n"
        "Reply with go forward, go left or go right, for example: go forward"
    )
    one = Corridor(4, 1, 0, "first", 5).instructions(0)
    assert "At its end there is a fork, where you go left or right. A sign at the start tells you the side" in one
    assert "Taking the correct side earns 1 point" in one
    assert "scribbled" not in one


# Arguments


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"length": 1}, "length must be a whole number from 2 to 1000, not 1"),
        ({"length": 1_001}, "length must be"),
        ({"forks": 0}, "forks must be a whole number from 1 to 20"),
        ({"length": 5, "distractors": 4}, "distractors must be a whole number from 0 to 3"),
        ({"distractors": -1}, "distractors must be"),
        ({"turns": -1}, "turns must be a whole number from 0 to 10000"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Corridor(**arguments)


def test_a_cue_that_does_not_exist() -> None:
    with pytest.raises(UnknownNameError, match="cue 'late'; did you mean 'later'"):
        Corridor(cue="late")
