from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from itertools import combinations, permutations, product
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.games.brute_force import BruteForce
from textenvs.core.errors import ArgumentError
from textenvs.core.game import draw
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.circuit import Circuit, CircuitState, Question
from textenvs.planning.forward import evaluate_strategy
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game

# A second implementation: a setting is a string of digits, a lamp the dictionary of what it does under each.

Lamp = dict[str, bool]
JOIN: list[Callable[[bool, bool], bool]] = [lambda a, b: a and b, lambda a, b: a or b, lambda a, b: a != b]


def settings(switches: int) -> list[str]:
    return ["".join(digits) for digits in product("01", repeat=switches)]


def circuits(switches: int, gates: int) -> Counter[tuple[bool, ...]]:
    """What a lamp does under all settings, with the number of ways to wire it."""
    found: Counter[tuple[bool, ...]] = Counter()
    chains = permutations(range(switches), gates + 1)
    for chain, joins, flips in product(chains, product(JOIN, repeat=gates), product("01", repeat=gates + 1)):
        table = []
        for setting in settings(switches):
            inputs = [setting[switch] != flip for switch, flip in zip(chain, flips, strict=True)]
            value = inputs[0]
            for join, another in zip(joins, inputs[1:], strict=True):
                value = join(value, another)
            table.append(value)
        found[tuple(table)] += 1
    return found


class Room(NamedTuple):
    lamps: tuple[Lamp, ...]
    tests: int
    questions: int
    tried: tuple[str, ...] = ()
    asked: tuple[tuple[str, int], ...] = ()
    right: int = 0
    told: str = ""


def opened(game: Circuit, state: CircuitState) -> Room:
    names = settings(game.switches)
    lamps = tuple({name: bool(table >> int(name, 2) & 1) for name in names} for table in state.lamps)
    return Room(lamps, game.tests, game.questions)


def word(on: bool) -> str:
    return "on" if on else "off"


def some(n: int) -> str:
    return "1 test left." if n == 1 else f"{n} tests left."


def shown(room: Room) -> str:
    if len(room.tried) < room.tests:
        return f"{room.told} {some(room.tests - len(room.tried))}".strip()
    if len(room.asked) > room.questions:
        return f"{room.told} You answered {room.right} of {room.questions} right."
    setting, lamp = room.asked[-1]
    question = f"with switches {setting}, is lamp {'ABCDEFGH'[lamp]} on or off?"
    return f"{room.told} Question {len(room.asked)} of {room.questions}: {question}"


def moves(room: Room) -> list[str]:
    return settings(len(next(iter(room.lamps[0])))) if len(room.tried) < room.tests else ["on", "off"]


def asking(room: Room) -> list[Room]:
    """What can be asked next; a question too many stands for the end."""
    if len(room.tried) < room.tests:
        return [room]
    if len(room.asked) == room.questions:
        return [room._replace(asked=(*room.asked, ("", 0)))]
    pairs = [(setting, lamp) for setting in room.lamps[0] for lamp in range(len(room.lamps))]
    new = [pair for pair in pairs if pair[0] not in room.tried and pair not in room.asked]
    return [room._replace(asked=(*room.asked, pair)) for pair in new]


def played(room: Room, move: str) -> tuple[Fraction, Room]:
    """What a move pays, and the room before chance asks the next question."""
    if len(room.tried) < room.tests:
        told = ", ".join(f"{'ABCDEFGH'[n]} {word(lamp[move])}" for n, lamp in enumerate(room.lamps))
        return Fraction(0), room._replace(tried=(*room.tried, move), told=f"{move}: {told}.")
    setting, lamp = room.asked[-1]
    truth = word(room.lamps[lamp][setting])
    told = f"{'Right' if move == truth else 'Wrong'}: it is {truth}."
    return Fraction(int(move == truth), room.questions), room._replace(right=room.right + (move == truth), told=told)


def test_the_deals_are_all_circuits_with_their_probabilities() -> None:
    for switches, gates in [(2, 1), (3, 1), (3, 2), (4, 2)]:
        found = circuits(switches, gates)
        tests, questions = 1, 1
        deals = Circuit(switches, gates, 1, tests, questions).deals() or ()
        listed = {tuple(opened(Circuit(switches, gates, 1, 1, 1), state).lamps[0].values()): p for state, p in deals}
        assert listed == {table: Fraction(n, found.total()) for table, n in found.items()}


def test_two_lamps_are_independent() -> None:
    one = dict(Circuit(2, 1, 1, 3, 1).deals() or ())
    both = Circuit(2, 1, 2, 3, 1).deals() or ()
    assert len(both) == 100
    for state, p in both:
        assert p == one[CircuitState(state.lamps[:1])] * one[CircuitState(state.lamps[1:])]


@pytest.mark.parametrize(("switches", "gates"), [(3, 1), (4, 2), (4, 3), (6, 3), (8, 2)])
def test_drawn_circuits_are_of_the_family(switches: int, gates: int) -> None:
    game = Circuit(switches, gates, tests=1)
    family = circuits(switches, gates) if switches < 5 else None
    for seed in range(20):
        state = game.deal(Stream(seed, Purpose.DEAL))
        for lamp in opened(game, state).lamps:
            assert len(on_what_it_depends(lamp)) == gates + 1
            assert family is None or tuple(lamp.values()) in family


def on_what_it_depends(lamp: Lamp) -> set[int]:
    flipped = {"0": "1", "1": "0"}
    places = range(len(next(iter(lamp))))
    return {
        place for setting, place in product(lamp, places)
        if lamp[setting] != lamp[setting[:place] + flipped[setting[place]] + setting[place + 1 :]]
    }  # fmt: skip


def test_draws_and_deals_have_the_same_probabilities() -> None:
    """Draws of two lamps with two gates, which are too many to list, against the list for one."""
    game = Circuit(switches=3, gates=2, lamps=2, tests=3)
    assert game.deals() is None
    listed = circuits(3, 2)
    drawn = Counter(lamp for seed in range(4_000) for lamp in game.deal(Stream(seed, Purpose.DEAL)).lamps)
    for table, ways in listed.items():
        number = sum(1 << place for place, on in enumerate(table) if on)
        expected = 8_000 * ways / listed.total()
        assert abs(drawn[number] - expected) < 5 * expected**0.5


@pytest.mark.parametrize(
    "arguments", [{}, {"switches": 3, "gates": 2, "tests": 7, "questions": 3}, {"switches": 8, "lamps": 8}]
)
def test_random_plays_are_those_of_the_second_implementation(arguments: dict[str, Any]) -> None:
    game = Circuit(**arguments)
    randomly, chance = random.Random(2), Stream(2, Purpose.CHANCE)
    for seed in range(10):
        state = game.deal(Stream(seed, Purpose.DEAL))
        room = opened(game, state)
        while not game.is_over(state):
            assert game.view(state, 0) == shown(room)
            move = randomly.choice(moves(room))
            after = game.apply(state, int(move, 2) if move.isdigit() else move)
            reward, room = played(room, move)
            assert game.rewards(state, move, after)[0] == pytest.approx(float(reward))
            rooms = asking(room)
            outcomes = game.chance(after)
            if outcomes:
                assert {(f"{q.setting:0{game.switches}b}", q.lamp) for q, _ in outcomes} == {r.asked[-1] for r in rooms}
                assert {p for _, p in outcomes} == {Fraction(1, len(rooms))}
                question = draw(outcomes, chance)
                after = game.apply(after, question)
                asked = (f"{question.setting:0{game.switches}b}", question.lamp)
                rooms = [room for room in rooms if room.asked[-1] == asked]
            (room,) = rooms
            state = after
        assert game.view(state, 0) == shown(room)


# Known values


def brute_force() -> BruteForce:
    def steps(room: Room, move: str) -> list[tuple[Fraction, Fraction, Room | None]]:
        reward, after = played(room, move)
        rooms = asking(after)
        over = len(rooms[0].asked) > room.questions
        return [(Fraction(1, len(rooms)), reward, None if over else each) for each in rooms]

    return BruteForce(moves, steps, shown)


@pytest.mark.parametrize(
    ("tests", "questions", "best"), [(3, 1, Fraction(5, 6)), (2, 1, Fraction(2, 3)), (2, 2, Fraction(3, 4))]
)
def test_one_lamp_on_two_switches_by_brute_force(tests: int, questions: int, best: Fraction) -> None:
    game = Circuit(2, 1, 1, tests, questions)
    rooms = [(Fraction(p), opened(game, state)) for state, p in game.deals() or ()]
    assert brute_force().optimal(rooms) == best
    assert brute_force().random(rooms) == Fraction(1, 2)
    values = reference_values(game)
    assert values.optimal.value == pytest.approx(float(best))
    assert evaluate_strategy(game, expert_strategy) == pytest.approx(float(best))


def test_the_rulers_of_the_easy_level() -> None:
    game = make_game("Circuit", level="easy")
    values = reference_values(game)
    assert values.optimal.value == pytest.approx(5 / 6)
    assert values.plan.value == pytest.approx(1 / 2)
    assert values.myopic.value == pytest.approx(35 / 48)
    assert values.random.value == pytest.approx(1 / 2)
    assert values.cell() == "both"
    assert evaluate_strategy(game, expert_strategy) == pytest.approx(5 / 6)


def test_myopic_play_of_the_easy_level_by_hand() -> None:
    """Three tests at random are 1, 2 or 3 different ones; then the likelier answer is given."""
    value = Fraction(0)
    circuit = circuits(2, 1)
    for tests in product(range(4), repeat=3):
        for asked in {0, 1, 2, 3} - {*tests}:
            seen: dict[tuple[bool, ...], Counter[bool]] = {}
            for table, ways in circuit.items():
                seen.setdefault(tuple(table[test] for test in tests), Counter())[table[asked]] += ways
            right = sum(max(answers.values()) for answers in seen.values())
            value += Fraction(right, circuit.total() * 4**3 * (4 - len({*tests})))
    assert value == Fraction(35, 48)


def test_the_number_of_circuits_on_the_page() -> None:
    assert len(circuits(3, 1)) == 30
    on_three_of_three = len(circuits(3, 2))
    assert on_three_of_three * len([*combinations(range(6), 3)]) == 2_280


def test_the_expert_at_the_defaults() -> None:
    game, total = Circuit(), 0.0
    for seed in range(60):
        state, chance = game.deal(Stream(seed, Purpose.DEAL)), Stream(seed, Purpose.CHANCE)
        while not game.is_over(state):
            outcomes = game.chance(state) or game.expert(state, 0)
            move = draw(outcomes, chance)
            after = game.apply(state, move)
            total += game.rewards(state, move, after)[0]
            state = after
    assert 0.82 < total / 60 < 0.89


# Replies

TESTING = CircuitState(lamps=(0b11001010, 0b00010000))
ASKED = TESTING._replace(used=4, tested=(0, 1), asked=Question(5, 1))
GAME = Circuit(switches=3, lamps=2, tests=4)


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        ("set 010", 2), ("010", 2), ("Set 0 1 0", 2), ("set: 0,1,0", 2), ("I would like to test 110.", 6),
        ("**110**", 6), ("```\nset 110\n```", 6), ("switches 1-1-0", 6), ("off on off", 2), ("SET OFF, ON, ON", 3),
        ("010 showed A on, so now 011", 3), ("set 000. No: set 111", 7), ('"101"', 5), ("[1, 0, 1]", 5),
        ("with 4 tests left I try 001", 1), ("set 01", None), ("set 0101", None), ("set 012", None), ("", None),
        ("on", None), ("what?", None), ("1.010", None), ("set １００", None), ("010x", None),
    ],
)  # fmt: skip
def test_settings(text: str, setting: int | None) -> None:
    read = GAME.read(TESTING, 0, text)
    assert isinstance(read, Refusal) if setting is None else read == setting


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("answer on", "on"), ("on", "on"), ("Off.", "off"), ("Answer: **off**", "off"), ("The answer is on", "on"),
        ("lamp B is off", "off"), ("I think the lamp will be lit", "on"), ("dark", "off"), ("It is on!", "on"),
        ("not off but on", "on"), ("on, not off", "on"), ("Switch 1 is on and 2 off, so lamp B is on", "on"),
        ("Lamp B is on since switch 3 is off", "on"), ("answer off, although A was on", "off"),
        ("```\nanswer on\n```", "on"), ("yes", None), ("", None), ("set 010", None), ("010", None), ("one", None),
        ("101: on", "on"),
    ],
)  # fmt: skip
def test_answers(text: str, answer: str | None) -> None:
    read = GAME.read(ASKED, 0, text)
    assert isinstance(read, Refusal) if answer is None else read == answer


@pytest.mark.parametrize(
    ("state", "text", "kind", "told"),
    [
        (TESTING, "set 01", "malformed", "Give 3 digits, one for each switch, not 2, such as: set 001."),
        (TESTING, "off", "illegal", "There is no question yet. Test a setting of the switches, such as: set 001."),
        (TESTING, "go", "malformed", "I read no setting in that. Reply with 3 digits, 0 or 1, such as: set 001."),
        (ASKED, "set 010", "illegal", "The tests are over. Reply with: answer on, or: answer off."),
        (ASKED, "maybe", "malformed", "I read no answer in that. Reply with: answer on, or: answer off."),
    ],
)  # fmt: skip
def test_refusals_say_why(state: CircuitState, text: str, kind: str, told: str) -> None:
    assert GAME.read(state, 0, text) == Refusal(told, kind)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text", ["0 " * 500_000, "01" * 500_000, "lamp " * 200_000, "on off" * 150_000, "answer " * 100_000]
)
def test_long_replies_are_read_fast(text: str) -> None:
    GAME.read(TESTING, 0, text)
    GAME.read(ASKED, 0, text)


@given(st.text(alphabet="01 ,onf", max_size=30))
def test_what_is_read_is_legal(text: str) -> None:
    for state in (TESTING, ASKED):
        read = GAME.read(state, 0, text)
        assert isinstance(read, Refusal) or read in GAME.legal(state, 0)


@pytest.mark.parametrize(
    "arguments",
    [{"switches": 1}, {"gates": 0}, {"gates": 6}, {"lamps": 9}, {"tests": 64}, {"tests": 0}, {"questions": 0},
     {"questions": 3 * 56 + 1}, {"gates": 4, "switches": 8}],
)  # fmt: skip
def test_arguments_out_of_range_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(arguments))):
        Circuit(**arguments)
