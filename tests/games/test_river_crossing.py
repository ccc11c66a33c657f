from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from functools import cache
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError, TextenvsError, UnknownNameError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.river_crossing import Cast, RiverCrossing, RiverCrossingState
from textenvs.games.river_words import NAMES
from textenvs.planning.forward import evaluate_strategy
from textenvs.planning.reference import reference_values

Bank = tuple[str, ...]  # the names on a bank, sorted
Position = tuple[tuple[Bank, ...], bool]  # the left and the right bank, and whether the boat is on the right
SINGULAR = {"missionaries": "missionary", "cannibals": "cannibal"}


class Naive:
    """A second implementation: lists of names on both banks and the side of the boat, read off the view."""

    def __init__(self, view: str, capacity: int, farmer: bool) -> None:
        self.capacity, self.farmer = capacity, farmer
        never = re.search(r"Never leave together: (.*)\.", view)
        self.conflicts = [tuple(pair.split(" and ")) for pair in never[1].split(", ")] if never else []
        told = re.search(r"Left bank: (.*)\. Right bank: (.*)\.\n", view)
        assert told
        banks = [self.names(part) for part in told.groups()]
        boat = "you" if farmer else "boat"
        assert (boat in banks[0]) != (boat in banks[1])
        self.boat = boat in banks[1]
        self.banks = tuple(tuple(sorted(set_aside(bank, boat))) for bank in banks)

    def names(self, part: str) -> list[str]:
        if part == "empty":
            return []
        names: list[str] = []
        for item in part.split(", "):
            number, _, name = item.rpartition(" ")
            names += [SINGULAR.get(name, name)] * int(number or 1)
        return names

    @property
    def position(self) -> Position:
        return self.banks, self.boat

    def moves(self, position: Position) -> dict[Bank, Position]:
        """All loads of the boat, each with the position after it."""
        banks, boat = position
        after: dict[Bank, Position] = {}
        for size in range(0 if self.farmer else 1, self.capacity + 1):
            for load in set(combinations(banks[boat], size)):
                here, there = set_aside(banks[boat], *load), sorted((*banks[not boat], *load))
                after[load] = ((tuple(there), tuple(here)) if boat else (tuple(here), tuple(there))), not boat
        return after

    def is_lost(self, position: Position) -> bool:
        banks, boat = position
        if self.farmer:
            return any(a in banks[not boat] and b in banks[not boat] for a, b in self.conflicts)
        numbers = [(bank.count("missionary"), bank.count("cannibal")) for bank in banks]
        return any(missionaries and cannibals > missionaries for missionaries, cannibals in numbers)

    def is_won(self, position: Position) -> bool:
        return not position[0][0]

    def crossings(self) -> int | None:
        """The fewest crossings from the position in the view, by breadth-first search."""
        seen, frontier, count = {self.position}, [self.position], 0
        while frontier:
            if any(map(self.is_won, frontier)):
                return count
            after = {a for position in frontier for a in self.moves(position).values() if not self.is_lost(a)}
            frontier, count = sorted(after - seen), count + 1
            seen |= after
        return None

    def values(self, turns: int) -> tuple[Fraction, Fraction, Fraction]:
        """The values of optimal, myopic and random play."""

        @cache
        def value(position: Position, left: int) -> tuple[Fraction, Fraction, Fraction]:
            won = self.is_won(position)
            if won or left == 0 or self.is_lost(position):
                return (Fraction(won),) * 3
            afters = list(self.moves(position).values())
            best, myopic, random = zip(*(value(after, left - 1) for after in afters), strict=True)
            at_once = any(map(self.is_won, afters))
            return max(best), Fraction(1) if at_once else sum(myopic) / len(afters), sum(random) / len(afters)

        return value(self.position, turns)


def set_aside(bank: Any, *names: str) -> list[str]:
    rest = list(bank)
    for name in names:
        if name in rest:
            rest.remove(name)
    return rest


def naive(game: RiverCrossing, state: RiverCrossingState) -> Naive:
    return Naive(game.view(state, 0), game.capacity, game.puzzle == "farmer")


def load_told(wording: str) -> Bank:
    names: list[str] = []
    for item in re.split(", | and ", wording.removeprefix("cross with ")) if wording != "cross alone" else ():
        number, _, name = item.rpartition(" ")
        names += [SINGULAR.get(name, name)] * int(number or 1)
    return tuple(sorted(names))


def check_turn(game: RiverCrossing, state: RiverCrossingState) -> None:
    """Compare a position and all its moves with the naive rules."""
    second = naive(game, state)
    won, lost = second.is_won(second.position), second.is_lost(second.position)
    view = game.view(state, 0)
    assert game.is_over(state) == (won or lost or state.left == 0)
    assert ("You win." in view, "You lose." in view) == (won, lost)
    if game.is_over(state):
        return
    assert f"\n{state.left} turn" in view
    expected = second.moves(second.position)
    assert {load_told(game.say(state, move)) for move in game.legal(state, 0)} == set(expected)
    for move in game.legal(state, 0):
        after = game.apply(state, move)
        position = expected[load_told(game.say(state, move))]
        assert naive(game, after).position == position
        assert game.rewards(state, move, after) == (1.0 if second.is_won(position) else 0.0,)
        assert ("You lose." in game.view(after, 0)) == second.is_lost(position)
        assert after.left == state.left - 1


SETTINGS: list[dict[str, Any]] = [
    {}, {"passengers": 3, "capacity": 1, "conflicts": 2}, {"passengers": 5, "capacity": 3, "conflicts": 8},
    {"puzzle": "missionaries", "passengers": 3}, {"puzzle": "missionaries", "passengers": 5, "capacity": 3},
]  # fmt: skip


@pytest.mark.parametrize("arguments", SETTINGS, ids=str)
@pytest.mark.parametrize("expert", [False, True])
def test_plays_equal_the_naive_second_implementation(arguments: dict[str, Any], expert: bool) -> None:
    game = RiverCrossing(**arguments)
    for seed in range(4):
        state, random = game.deal(Stream(seed, Purpose.DEAL)), Stream(seed, Purpose.POLICY)
        while not game.is_over(state):
            check_turn(game, state)
            moves = game.expert(state, 0) if expert and random.random() < 0.9 else None
            state = game.apply(state, random.choice([m for m, _ in moves] if moves else game.legal(state, 0)))
        check_turn(game, state)


def test_the_rulers_of_the_easy_level_are_those_of_brute_force() -> None:
    game = RiverCrossing(**RiverCrossing.levels["easy"])
    totals = [Fraction(0)] * 3
    for state, p in game.deals() or ():
        values = naive(game, state).values(state.left)
        totals = [total + Fraction(p) * value for total, value in zip(totals, values, strict=True)]
    rulers = reference_values(game)
    assert [rulers.optimal.value, rulers.myopic.value, rulers.random.value] == pytest.approx(list(map(float, totals)))
    assert rulers.plan.value == pytest.approx(1)
    assert totals[0] == 1
    assert rulers.cell() == "foresight"
    assert evaluate_strategy(game, expert_strategy) == pytest.approx(1)


# Shortest solutions ----------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [{}, {"capacity": 3, "conflicts": 7}, *SETTINGS[1:]], ids=str)
def test_turns_are_those_of_breadth_first_search(arguments: dict[str, Any]) -> None:
    game = RiverCrossing(**arguments, slack=0)
    for seed in range(5):
        state = game.deal(Stream(seed, Purpose.DEAL))
        assert state.left == naive(game, state).crossings()
        assert state.left <= game.max_turns


def test_the_wolf_the_goat_and_the_cabbage_take_seven_crossings() -> None:
    game = RiverCrossing(passengers=3, capacity=1, conflicts=2, names=3, slack=0)
    cast = Cast(("goat", "wolf", "cabbage"), (1, 1, 1), ((0, 1), (0, 2)))
    state = next(state for state, _ in game.deals() or () if state.cast == cast)
    assert state.left == game.max_turns == 7
    for move in ["goat", "alone", "wolf", "goat", "cabbage", "alone", "goat"]:
        read = game.read(state, 0, move)
        assert not isinstance(read, Refusal)
        state = game.apply(state, read)
    assert game.view(state, 0).endswith("You reached the goal. You win.")


@pytest.mark.parametrize(
    ("passengers", "capacity", "crossings"),
    [(1, 2, 1), (2, 2, 5), (3, 2, 11), (2, 3, 3), (3, 3, 5), (4, 3, 9), (5, 3, 11), (6, 4, 9)],
)
def test_missionaries_take_the_published_number_of_crossings(passengers: int, capacity: int, crossings: int) -> None:
    game = RiverCrossing(puzzle="missionaries", passengers=passengers, capacity=capacity, slack=0)
    assert game.max_turns == crossings
    ((state, _),) = game.deals() or ()
    assert state.left == naive(game, state).crossings() == crossings


@pytest.mark.parametrize(("passengers", "capacity"), [(4, 2), (6, 3)])
def test_missionaries_who_cannot_cross_are_refused(passengers: int, capacity: int) -> None:
    with pytest.raises(ArgumentError, match="capacity must be larger"):
        RiverCrossing(puzzle="missionaries", passengers=passengers, capacity=capacity)


@pytest.mark.parametrize("passengers", [3, 4])
def test_the_bounds_on_conflicts_and_turns_hold_for_every_graph(passengers: int) -> None:
    """Graphs can be solved up to the accepted number of conflicts and no further, within 2n + 1 crossings."""
    pairs = list(combinations(range(passengers), 2))
    names = NAMES[:passengers]
    for capacity in range(1, passengers):
        solved = Counter[int]()
        for conflicts in (chosen for n in range(1, len(pairs) + 1) for chosen in combinations(pairs, n)):
            told = ", ".join(f"{names[a]} and {names[b]}" for a, b in conflicts)
            view = f"Never leave together: {told}.\nLeft bank: {', '.join(names)}, you. Right bank: empty.\n"
            crossings = Naive(view, capacity, farmer=True).crossings()
            if crossings is not None:
                solved[len(conflicts)] += 1
                assert crossings <= 2 * passengers + 1
        for conflicts_wanted in range(1, len(pairs) + 1):
            arguments: dict[str, Any] = {"passengers": passengers, "capacity": capacity, "conflicts": conflicts_wanted}
            if solved[conflicts_wanted]:
                deals = RiverCrossing(**arguments, names=passengers).deals() or ()
                assert len(deals) == solved[conflicts_wanted]
            else:
                with pytest.raises(ArgumentError, match="conflicts"):
                    RiverCrossing(**arguments)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), arguments=st.sampled_from([*SETTINGS, {"passengers": 8, "conflicts": 9}]))
def test_the_expert_reaches_the_goal_with_the_slack_unused(seed: int, arguments: dict[str, Any]) -> None:
    game = RiverCrossing(**arguments)
    state = game.deal(Stream(seed, Purpose.DEAL))
    assert state.left <= game.max_turns
    while not game.is_over(state):
        moves = game.expert(state, 0)
        state = game.apply(state, moves[seed % len(moves)][0])
    assert "You win." in game.view(state, 0)
    assert state.left == game.slack


# Deals -----------------------------------------------------------------------------------------------


def test_the_easy_level_is_as_documented() -> None:
    game = RiverCrossing(**RiverCrossing.levels["easy"])
    deals = [state for state, _ in game.deals() or ()]
    assert len(deals) == 80
    assert {state.left - game.slack for state in deals} == {3, 5}


@pytest.mark.slow
def test_the_default_size_is_as_documented() -> None:
    game = RiverCrossing(names=6)
    pairs = list(combinations(range(6), 2))
    casts = [Cast(NAMES[:6], (1,) * 6, c) for c in combinations(pairs, 5) if game._ways_to_draw(c)]
    turns = Counter(game._turns_needed(cast) for cast in casts)
    assert turns == {7: 930, 9: 636}
    assert 11_628 * 1_566 == 18_209_448


def chi_squared_is_small(drawn: Counter[Any], chances: dict[Any, Any]) -> bool:
    draws, freedom = drawn.total(), len(chances) - 1
    chi_squared = sum((drawn[each] - draws * float(p)) ** 2 / (draws * float(p)) for each, p in chances.items())
    return set(drawn) == set(chances) and chi_squared < freedom + 4 * (2 * freedom) ** 0.5


def test_deals_that_are_drawn_are_spread_as_those_listed() -> None:
    game = RiverCrossing(passengers=3, capacity=1, conflicts=1, names=5)
    listed = dict(game.deals() or ())
    assert len(listed) == 18
    assert chi_squared_is_small(Counter(game.deal(Stream(seed, Purpose.DEAL)) for seed in range(2_000)), listed)


def test_conflicts_that_are_drawn_are_spread_as_those_listed() -> None:
    game = RiverCrossing(passengers=5, conflicts=3, names=5)
    listed = {state.cast: p for state, p in game.deals() or ()}
    assert len(set(listed.values())) > 1, "not all conflicts are equally likely"
    random = Stream(0, Purpose.DEAL)
    assert chi_squared_is_small(Counter(game._draw_conflicts(NAMES[:5], random) for _ in range(12_000)), listed)


def test_the_goat_is_always_there() -> None:
    for seed in range(20):
        kinds = RiverCrossing().deal(Stream(seed, Purpose.DEAL)).cast.kinds
        assert kinds[0] == "goat"
        assert len(set(kinds)) == 6


# Words -----------------------------------------------------------------------------------------------

CAST = Cast(("goat", "wolf", "cabbage"), (1, 1, 1), ((0, 1), (0, 2)))
FARMER = RiverCrossing(passengers=3, capacity=2, conflicts=2, names=3)
START = RiverCrossingState(CAST, (1, 1, 1), True, 9)
ACROSS = RiverCrossingState(CAST, (1, 0, 0), False, 8)
MISSIONARIES = RiverCrossing(puzzle="missionaries", passengers=3)
PEOPLE = RiverCrossingState(Cast(("missionary", "cannibal"), (3, 3), ()), (3, 3), True, 15)


@pytest.mark.parametrize(
    ("text", "load"),
    [
        ("cross with goat", "g"), ("take the goat across", "g"), ("Take the goat.", "g"), ("goat", "g"),
        ("**The goat**", "g"), ("I row across with the goat", "g"), ("bring the goat to the right bank", "g"),
        ("ferry the goat", "g"), ("move goat to the other side", "g"), ("with the goat", "g"), ("1 goat", "g"),
        ("cross with goat and wolf", "gw"), ("take the wolf & the goat", "gw"), ("goat, wolf", "gw"),
        ("I would like to cross the river with the wolf, and the cabbage", "wc"), ("cross alone", ""), ("alone", ""),
        ("go across alone", ""), ("cross the river by myself", ""), ("cross with nothing", ""), ("cross", ""),
        ("I cross the river.", ""), ("row across empty", ""), ("The boat stays with me: go across", ""),
        ("take the goat, leaving the wolf and the cabbage", "g"), ("take the goat so that the wolf cannot eat it", "g"),
        ("If I take the wolf, the goat eats the cabbage, so I take the goat", "g"),
        ("take the wolf, not the goat", "w"), ("Do not take the goat! Take the wolf.", "w"),
        ("not cross alone but cross with goat", "g"),
        ("take the goat but not the wolf", "g"), ("I take the goat and cross.", "g"),
        ("I have 9 turns left.\n```\ncross with goat\n```", "g"), ("Plan: goat first.\ngoat", "g"),
    ],
)  # fmt: skip
def test_replies_that_are_crossings(text: str, load: str) -> None:
    assert FARMER.read(START, 0, text) == tuple(int(kind[0] in load) for kind in CAST.kinds)


@pytest.mark.parametrize(
    ("text", "load"),
    [
        ("cross with 1 missionary and 1 cannibal", (1, 1)), ("take two cannibals across", (0, 2)),
        ("2 missionaries", (2, 0)), ("cross with a missionary and a cannibal", (1, 1)), ("one cannibal", (0, 1)),
        ("send 1 missionary", (1, 0)), ("Cross with 2 of the missionaries", (2, 0)),
        ("cross with the cannibal", (0, 1)),
        ("1 cannibal, 1 missionary", (1, 1)), ("3 missionaries are left, so I take 2 cannibals", (0, 2)),
    ],
)  # fmt: skip
def test_replies_about_people(text: str, load: tuple[int, int]) -> None:
    assert MISSIONARIES.read(PEOPLE, 0, text) == load


@pytest.mark.parametrize(("text", "load"), [("go back alone", ""), ("return", ""), ("row back with the wolf", "w"),
                                            ("bring the wolf back", "w"), ("come back", "")])  # fmt: skip
def test_replies_on_the_way_back(text: str, load: str) -> None:
    assert FARMER.read(ACROSS, 0, text) == tuple(int(kind[0] in load) for kind in CAST.kinds)


@pytest.mark.parametrize(
    ("game", "state", "text", "why"),
    [
        (FARMER, ACROSS, "take the goat", "On the bank with the boat there is no goat."),
        (FARMER, START, "take the lion", "There is no lion here."),
        (FARMER, START, "cross with 1 cannibal", "There is no cannibal here."),
        (FARMER, START, "cross with 2 goat", "On the bank with the boat there is only 1 goat."),
        (FARMER, START, "goat, wolf and cabbage", "The boat holds at most 2 besides you."),
        (MISSIONARIES, PEOPLE, "cross with 3 cannibals", "The boat holds at most 2."),
        (MISSIONARIES, PEOPLE, "take 4 cannibals", "On the bank with the boat there are only 3 cannibals."),
        (MISSIONARIES, PEOPLE, "cross alone", "The boat needs at least 1 missionary or cannibal to row it."),
        (MISSIONARIES, PEOPLE, "cross with goat", "There is no goat here."),
    ],
)
def test_replies_that_are_illegal(game: RiverCrossing, state: RiverCrossingState, text: str, why: str) -> None:
    assert game.read(state, 0, text) == Refusal(why, "illegal")


@pytest.mark.parametrize(
    "text", ["", "?", "cross with", "cross with cannibals", "the goat and the wolf are here", "don't take the goat",
             "leave the goat", "goats", "scapegoat", "山羊", "take the goatee", "never cross alone"]
)  # fmt: skip
def test_replies_that_are_no_crossing(text: str) -> None:
    read = FARMER.read(START, 0, text)
    assert isinstance(read, Refusal)
    assert read == Refusal(
        "I read no crossing in that. Reply with who crosses, such as: cross with goat, or: cross alone."
    )


def test_views() -> None:
    never = "Never leave together: goat and wolf, goat and cabbage.\n"
    assert FARMER.view(START, 0) == f"{never}Left bank: goat, wolf, cabbage, you. Right bank: empty.\n9 turns left."
    assert FARMER.view(ACROSS, 0) == f"{never}Left bank: goat. Right bank: wolf, cabbage, you.\n8 turns left."
    lost = FARMER.view(FARMER.apply(START, (0, 1, 0)), 0)
    assert lost.endswith("You left the goat and the cabbage together on the left bank. You lose.")
    assert MISSIONARIES.view(PEOPLE._replace(here=(3, 1), left=1), 0) == (
        "Left bank: 3 missionaries, 1 cannibal, boat. Right bank: 2 cannibals.\n1 turn left."
    )
    assert MISSIONARIES.view(MISSIONARIES.apply(PEOPLE, (1, 0)), 0).endswith(
        "On the left bank cannibals outnumber missionaries. You lose."
    )


def test_out_of_turns() -> None:
    state = START._replace(left=1)
    after = FARMER.apply(state, (1, 1, 0))
    assert FARMER.view(after, 0).endswith("No turns left: you did not reach the goal.")
    assert FARMER.is_over(after)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"puzzle": "wolf"}, UnknownNameError), ({"passengers": 2}, ArgumentError), ({"passengers": 11}, ArgumentError),
        ({"capacity": 0}, ArgumentError), ({"capacity": 6}, ArgumentError), ({"conflicts": 0}, ArgumentError),
        ({"conflicts": 8}, ArgumentError), ({"names": 5}, ArgumentError), ({"names": 21}, ArgumentError),
        ({"slack": -1}, ArgumentError), ({"capacity": 1, "puzzle": "missionaries"}, ArgumentError),
        ({"passengers": 51, "puzzle": "missionaries"}, ArgumentError),
    ],
)  # fmt: skip
def test_a_bad_argument_is_named(arguments: dict[str, Any], error: type[TextenvsError]) -> None:
    with pytest.raises(error, match=next(iter(arguments))):
        RiverCrossing(**arguments)
