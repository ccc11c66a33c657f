from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError
from textenvs.core.game import LEVELS
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.recall import COLOURS, THINGS, Line, Recall, RecallState
from textenvs.planning.forward import evaluate_strategy
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game

TINY = Recall(length=6, boxes=2, things=3, changes=1, questions=1)
STATE = RecallState(
    (
        Line("box", 0, 0),
        Line("bag", 0, 1),
        Line("question", 0, 0),
        Line("box", 0, 2),
        Line("question", 0, 2),
    )
)
GAME = Recall(length=5, boxes=1, things=4, changes=1, questions=1)


class Listener:
    """The rules again, from the words alone: writes down what it is told and looks it up when asked."""

    def __init__(self) -> None:
        self.notes: dict[str, str] = {}

    def answer(self, view: str) -> str | None:
        if told := re.fullmatch(r"The (\w+) box now holds the (\w+)\.", view):
            self.notes[told[1]] = told[2]
        elif asked := re.fullmatch(r"What does the (\w+) box hold\?", view):
            return self.notes[asked[1]]
        else:
            assert re.fullmatch(r"The \w+ bag now holds the \w+\.", view)
        return None


def listen(game: Recall, state: RecallState, replies: Iterator[int]) -> None:
    """Play any replies and compare what they pay with the notes of a listener."""
    listener, right, asked = Listener(), 0, game.boxes + game.questions
    for turn in range(game.length):
        assert game.to_move(state) == (0,), turn
        answer = listener.answer(game.view(state, 0))
        assert game.legal(state, 0) == (("next",) if answer is None else THINGS[: game.things])
        moves = game.legal(state, 0)
        move = moves[next(replies) % len(moves)]
        after = game.apply(state, move)
        right += move == answer
        assert game.rewards(state, move, after)[0] == pytest.approx((move == answer) / asked)
        state = after
    assert game.is_over(state)
    assert game.view(state, 0) == f"That was all. Right answers: {right} of {asked}."


def naive_openings(game: Recall) -> Iterator[tuple[tuple[Line, ...], Fraction]]:
    """Every script with its probability, told from the page's rules."""
    kinds = ["box"] * (game.boxes + game.changes - 1) + ["question"] * game.questions
    bags = game.length - game.boxes - len(kinds) - 1
    orders = list(permutations([*kinds, *["bag"] * bags]))
    for order in orders:
        for script, share in naive_scripts(game, ("box", *order), ()):
            ends = list(permutations(range(game.boxes)))
            for end in ends:
                last = tuple(Line("question", box, held(script)[box]) for box in end)
                yield (*script, *last), share / len(orders) / len(ends)


def naive_distribution(game: Recall) -> dict[tuple[Line, ...], Fraction]:
    shares: dict[tuple[Line, ...], Fraction] = {}
    for script, share in naive_openings(game):
        shares[script] = shares.get(script, Fraction(0)) + share
    return shares


def held(script: tuple[Line, ...]) -> dict[int, int]:
    return {colour: thing for kind, colour, thing in script if kind == "box"}


def naive_scripts(
    game: Recall, kinds: tuple[str, ...], so_far: tuple[Line, ...]
) -> Iterator[tuple[tuple[Line, ...], Fraction]]:
    if not kinds:
        yield so_far, Fraction(1)
        return
    notes = held(so_far)
    pairs = [(box, thing) for box in range(game.boxes) for thing in range(game.things)]
    if kinds[0] == "question":
        lines = [Line("question", box, thing) for box, thing in notes.items()]
    elif kinds[0] == "bag":
        lines = [Line("bag", *pair) for pair in pairs]
    elif len(notes) < game.boxes:
        lines = [Line("box", *pair) for pair in pairs if pair[0] not in notes]
    else:
        lines = [Line("box", *pair) for pair in pairs if notes[pair[0]] != pair[1]]
    for line in lines:
        for script, share in naive_scripts(game, kinds[1:], (*so_far, line)):
            yield script, share / len(lines)


@pytest.mark.parametrize(
    "game", [TINY, Recall(3, 1, 2, 1, 0), Recall(5, 2, 2, 1, 0), Recall(6, 2, 2, 0, 2), Recall(2, 1, 3, 0, 0)], ids=repr
)
def test_the_deals_are_those_of_the_naive_second_implementation(game: Recall) -> None:
    shares = naive_distribution(game)
    assert {state.script: share for state, share in game.deals() or ()} == shares
    assert sum(shares.values()) == 1


def test_the_size_of_the_easy_level_and_of_the_default() -> None:
    assert len(TINY.deals() or ()) == (2 * 3 * 3) * (2 * 2) * (1 + 2 + 2) * 2 == 720
    assert Recall().deals() is None


def test_bags_are_drawn_like_the_naive_second_implementation_says() -> None:
    game = Recall(length=5, boxes=1, things=2, changes=1, questions=1)
    expected = naive_distribution(game)
    assert game.deals() is None
    drawn = Counter(game.deal(Stream(seed, Purpose.DEAL)).script for seed in range(4_800))
    assert set(drawn) == set(expected)
    for script, share in expected.items():
        assert abs(drawn[script] - 4_800 * share) < 5 * float(4_800 * share) ** 0.5


def test_plays_of_every_tiny_instance_equal_the_naive_second_implementation() -> None:
    for number, (opening, _) in enumerate(TINY.deals() or ()):
        for code in range(number % 4, 27, 4):
            asked = iter((code % 3, code // 3 % 3, code // 9))
            replies = (next(asked) if line.kind == "question" else 0 for line in opening.script)
            listen(TINY, opening, replies)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_random_plays_equal_the_naive_second_implementation(data: st.DataObject) -> None:
    boxes, changes, questions, bags = (data.draw(st.integers(low, 6)) for low in (1, 0, 0, 0))
    game = Recall(2 * boxes + changes + questions + bags, boxes, data.draw(st.integers(2, 20)), changes, questions)
    random = Stream(data.draw(st.integers(0, 10**6)), Purpose.POLICY)
    state = game.deal(random)
    kinds = Counter(line.kind for line in state.script)
    assert kinds == Counter(box=boxes + changes, bag=bags, question=boxes + questions)
    assert sorted(line.colour for line in state.script[-boxes:]) == list(range(boxes))
    assert {line.kind for line in state.script[-boxes:]} == {"question"}
    listen(game, state, (random.below(20) for _ in state.script))


def test_the_rulers_of_the_easy_level() -> None:
    values = reference_values(make_game("Recall", level="easy"))
    assert (values.optimal.value, values.myopic.value) == pytest.approx((1, 1))
    assert values.random.value == pytest.approx(1 / 3)
    assert values.plan.value == pytest.approx(0.3759, abs=1e-4)
    assert values.cell() == "feedback"


@pytest.mark.parametrize("level", LEVELS)
def test_the_expert_remembers_everything(level: str) -> None:
    game = make_game("Recall", level=level)
    state = game.deal(Stream(1, Purpose.DEAL))
    while game.to_move(state):
        ((move, _),) = game.expert(state, 0) or ()
        state = game.apply(state, move)
    assert state.right == game.arguments["boxes"] + game.arguments["questions"]


def test_the_expert_is_optimal_at_the_easy_level() -> None:
    assert evaluate_strategy(TINY, expert_strategy) == pytest.approx(1)


def lags(script: tuple[Line, ...]) -> list[int]:
    """How many turns before each question its answer was told."""
    told: dict[int, int] = {}
    found = []
    for turn, (kind, colour, _) in enumerate(script):
        if kind == "question":
            found.append(turn - told[colour])
        elif kind == "box":
            told[colour] = turn
    return found


@pytest.mark.parametrize(("level", "mean"), [("medium", 12.7), ("hard", 32.4), ("extreme", 85.6)])
def test_how_long_ago_an_answer_was_told(level: str, mean: float) -> None:
    game = make_game("Recall", level=level)
    found = [lag for seed in range(20) for lag in lags(game.deal(Stream(seed, Purpose.DEAL)).script)]
    assert round(sum(found) / len(found), 1) == mean


def test_a_higher_length_makes_memories_longer_and_nothing_else() -> None:
    short, long = Recall(length=20), Recall(length=400)
    for game in (short, long):
        kinds = Counter(line.kind for line in game.deal(Stream(3, Purpose.DEAL)).script)
        assert (kinds["box"], kinds["question"], kinds["bag"]) == (10, 10, game.length - 20)


# Words

FACT, ASKED = STATE, STATE._replace(turn=2)


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("coin", "coin"), ("the coin", "coin"), ("A coin.", "coin"), ("It holds the coin.", "coin"), ("COIN", "coin"),
        ("**coin**", "coin"), ("```\ncoin\n```", "coin"), ("The red box holds the key!", "key"), ("keys", "key"),
        ("I would like to say: coin", "coin"), ("First the key, now the ring", "ring"), ("answer: stone", "stone"),
        ("The coin, not the key", "coin"), ("It does not hold the key but the coin", "coin"), ('"coin"', "coin"),
        ("It no longer holds the key; the coin", "coin"), ("coin instead of the key", "coin"), ("next: coin", "coin"),
        ("It isn't the key, it's the coin", "coin"), ("coin, rather than a key", "coin"), ('{"a": "coin"}', "coin"),
        ("ok, the coin. next", "coin"), ("I'm not sure. Coin", "coin"), ("coin\nnot key", "coin"),
        ("button", None), ("", None), ("what?", None), ("coinage", None), ("not the coin", None), ("red box", None),
    ],
)  # fmt: skip
def test_answers(text: str, thing: str | None) -> None:
    read = GAME.read(ASKED, 0, text)
    assert read == (
        thing or Refusal("I read no thing in that. Reply with one of: coin, key, ring, stone.", "malformed")
    )


@pytest.mark.parametrize(
    "text",
    [
        "next", "Next.", "**next**", "ok", "Okay!", "continue", "go on", "Go ahead", "proceed", "Noted.", "Understood",
        "got it", "I will remember that the red box holds the coin.", "The red box holds the coin. next", "I see.",
        "I would like to go on, please", "next\nThe red box holds the coin", "```next```",
    ],
)  # fmt: skip
def test_after_a_fact_the_game_goes_on(text: str) -> None:
    assert GAME.read(FACT, 0, text) == "next"
    assert GAME.read(STATE._replace(turn=1), 0, text) == "next"


def test_refusals_say_what_was_wrong() -> None:
    assert GAME.read(ASKED, 0, "next") == Refusal(
        "I asked you a question. Reply with one of: coin, key, ring, stone.", "illegal"
    )
    assert GAME.read(FACT, 0, "coin") == Refusal(
        "I asked nothing now. Remember what I told you and reply with the word next.", "illegal"
    )
    assert GAME.read(FACT, 0, "hm") == Refusal(
        "I read no answer in that. I asked nothing now: reply with the word next."
    )


def test_views() -> None:
    told = [GAME.view(STATE._replace(turn=turn, right=1), 0) for turn in range(6)]
    assert told == [
        "The red box now holds the coin.",
        "The red bag now holds the key.",
        "What does the red box hold?",
        "The red box now holds the ring.",
        "What does the red box hold?",
        "That was all. Right answers: 1 of 2.",
    ]


def test_instructions() -> None:
    assert GAME.instructions(0) == (
        "I have 1 box: red. In each of 5 turns I tell you what a box holds now, or I ask you what it holds. A box "
        "holds one thing: what I tell you later replaces what I told you before. I tell you everything only once, so "
        "remember it. I also tell you what bags hold, but I never ask about bags.\n"
        "When I tell you something, reply: next. When I ask, reply with the thing that the box holds now. The things "
        "are: coin, key, ring, stone.\n"
        "I ask 2 questions in all; the last one comes at the end. Each right answer earns 1/2 of a point. "
        "Only at the end I tell you how many were right.\n"
        "Reply with one word, for example: next"
    )
    assert "I ask 10 questions in all; the last 4 come at the end, one about each box." in Recall().instructions(0)
    assert "I ask 2 questions at the end, one about each box. Each" in Recall(5, 2, 2, 1, 0).instructions(0)
    assert "I have 2 boxes: red and blue." in TINY.instructions(0)
    assert "bags" not in TINY.instructions(0)
    assert "I ask 1 question at the end. Each right answer earns 1 point." in Recall(2, 1, 3, 0, 0).instructions(0)


def test_no_name_is_a_part_of_another_and_none_is_also_a_colour() -> None:
    assert len({*COLOURS, *THINGS, "next", "box", "bag"}) == len(COLOURS) + len(THINGS) + 3


# Arguments


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"length": 19}, "length must be a whole number from 20 to 10000, not 19"),
        ({"length": 10_001}, "length must be"),
        ({"boxes": 0}, "boxes must be a whole number from 1 to 16"),
        ({"boxes": 17}, "boxes must be"),
        ({"things": 1}, "things must be a whole number from 2 to 20"),
        ({"changes": -1}, "changes must be"),
        ({"questions": 1.5}, "questions must be"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Recall(**arguments)
