from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from itertools import combinations, product
from math import comb
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.cells import bits, members
from textenvs.games.minesweeper import Minesweeper, MinesweeperState
from textenvs.games.minesweeper_odds import mine_counts
from textenvs.planning.forward import evaluate_strategy
from textenvs.planning.reference import reference_values

EASY = Minesweeper(width=4, height=3, mines=3)
Place = tuple[int, int]


@cache
def everywhere(width: int, height: int) -> frozenset[Place]:
    return frozenset(product(range(height), range(width)))


@cache
def near(place: Place, width: int, height: int) -> frozenset[Place]:
    around = {(place[0] + r, place[1] + c) for r in (-1, 0, 1) for c in (-1, 0, 1) if r or c}
    return everywhere(width, height) & around


class Field:
    """A second implementation: sets of (row, column), numbers counted when asked for, flooding by recursion."""

    def __init__(self, width: int, height: int, mines: set[Place], first: Place) -> None:
        self.width, self.height, self.mines = width, height, mines
        self.open: set[Place] = set()
        self.hit: Place | None = None
        self.moves = 0
        self.flood(first)
        self.hidden_at_first = len(self.safe() - self.open)

    def places(self) -> frozenset[Place]:
        return everywhere(self.width, self.height)

    def safe(self) -> frozenset[Place]:
        return self.places() - self.mines

    def around(self, place: Place) -> frozenset[Place]:
        return near(place, self.width, self.height)

    def number(self, place: Place) -> int:
        return len(self.around(place) & self.mines)

    def flood(self, place: Place) -> None:
        if place in self.open:
            return
        self.open.add(place)
        if self.number(place) == 0:
            for other in self.around(place):
                self.flood(other)

    def play(self, place: Place, credit: float) -> float:
        self.moves += 1
        if place in self.mines:
            self.hit = place
            return 0.0
        before = len(self.open)
        self.flood(place)
        bonus = 1 - credit if self.open == self.safe() else 0.0
        return credit * (len(self.open) - before) / self.hidden_at_first + bonus

    def over(self) -> bool:
        return self.hit is not None or self.open == self.safe() or self.moves == len(self.safe())

    def drawn(self) -> str:
        lines = ["  " + " ".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: self.width])]
        for row in range(self.height):
            marks = []
            for place in ((row, column) for column in range(self.width)):
                shown = str(self.number(place)) if place in self.open else "?"
                marks.append("*" if self.over() and place in self.mines else shown)
            lines.append(f"{row + 1} " + " ".join(marks))
        return "\n".join(lines)

    def key(self) -> str:
        """Return what the player sees; only while the game is not over."""
        return f"{self.drawn()}{self.moves}"


def places(cells: int, width: int) -> set[Place]:
    return {divmod(cell, width) for cell in members(cells)}


def field_of(game: Minesweeper, state: MinesweeperState) -> Field:
    """Return the second implementation's field of an opening state."""
    mines = places(state.mined, game.width)
    zeros = [p for p in places(state.open, game.width) if not Field(game.width, game.height, mines, p).number(p)]
    return Field(game.width, game.height, mines, zeros[0])


def dealt(game: Minesweeper, seed: int) -> MinesweeperState:
    return game.deal(Stream(seed, Purpose.DEAL))


def play_both(game: Minesweeper, state: MinesweeperState, moves: Sequence[int]) -> None:
    """Play `moves` in both implementations and compare all that they say."""
    field = field_of(game, state)
    for move in moves:
        assert (game.to_move(state) == ()) == field.over()
        assert game.view(state, 0).endswith(f"\n{field.drawn()}")
        if field.over():
            return
        after = game.apply(state, move)
        paid = field.play(divmod(move, game.width), game.credit)
        assert game.rewards(state, move, after) == pytest.approx((paid,))
        assert bool(after.open & after.mined) == (field.hit is not None)
        state = after
    if not field.over():
        assert game.view(state, 0).startswith(f"{len(field.safe()) - field.moves} turn")


def test_all_beginnings_of_some_easy_fields_equal_the_second_implementation() -> None:
    for state, _ in (EASY.deals() or ())[::23]:
        for moves in product(range(12), repeat=2):
            play_both(EASY, state, [*moves, moves[0]])


@pytest.mark.parametrize(
    "game",
    [EASY, Minesweeper(), Minesweeper(guessing=True, mines=12, credit=0.25), Minesweeper(7, 3, 2, credit=0.0)],
    ids=repr,
)
def test_random_and_safe_plays_equal_the_second_implementation(game: Minesweeper) -> None:
    cells = range(game.width * game.height)
    for seed in range(12):
        state = dealt(game, seed)
        random = Stream(seed, Purpose.POLICY)
        play_both(game, state, random.shuffled(cells))
        play_both(game, state, random.shuffled([cell for cell in cells if not state.mined >> cell & 1]))


def test_moves_are_used_up_by_opening_an_open_cell() -> None:
    state = dealt(EASY, 0)
    again = members(state.open)[0]
    for used in range(1, 10):
        assert EASY.to_move(state) == (0,)
        state = EASY.apply(state, again)
        assert state.used == used
    assert EASY.is_over(state)
    assert EASY.view(state, 0).startswith("No turns left. Mines are shown as *.\n")


# Counting and deduction


def placements(hidden: int, numbers: Sequence[tuple[int, int]], mines: int) -> list[int]:
    """Return every placement of mines that agrees with the numbers, by trying all."""
    return [
        mined
        for mined in map(bits, combinations(members(hidden), mines))
        if all((cells & mined).bit_count() == n for cells, n in numbers)
    ]


@settings(max_examples=120, deadline=None)
@given(
    hidden=st.integers(0, 2**12 - 1),
    mined=st.integers(0, 2**12 - 1),
    seen=st.lists(st.integers(1, 2**12 - 1), max_size=5),
)
def test_counts_are_those_of_trying_every_placement(hidden: int, mined: int, seen: list[int]) -> None:
    mined &= hidden
    numbers = tuple((cells & hidden, (cells & mined).bit_count()) for cells in seen if cells & hidden)
    total, counts = mine_counts(hidden, numbers, mined.bit_count())
    agreeing = placements(hidden, numbers, mined.bit_count())
    assert total == len(agreeing)
    assert sum(counts) == hidden, "the sets of like cells are a partition"
    for cells, count in counts.items():
        assert {sum(mined >> cell & 1 for mined in agreeing) for cell in members(cells)} == {count}


def test_numbers_that_contradict_each_other_leave_no_placement() -> None:
    total, counts = mine_counts(0b1111, ((0b0011, 0), (0b0011, 1)), 2)
    assert total == 0
    assert set(counts.values()) == {0}


@cache
def all_placements(width: int, height: int, mines: int) -> tuple[frozenset[Place], ...]:
    return tuple(frozenset(chosen) for chosen in combinations(list(product(range(height), range(width))), mines))


def certainly_safe(field: Field, mines: int) -> frozenset[Place]:
    """Return the hidden cells without a mine in every placement that gives the numbers shown, by trying all."""
    shown = {place: field.number(place) for place in field.open}
    around = {place: field.around(place) for place in field.open}
    possible = [
        chosen
        for chosen in all_placements(field.width, field.height, mines)
        if not chosen & field.open and all(len(around[place] & chosen) == n for place, n in shown.items())
    ]
    return field.places() - field.open - set().union(*possible)


def is_deducible(field: Field, mines: int) -> bool:
    while field.open != field.safe():
        safe = certainly_safe(field, mines)
        if not safe:
            return False
        for place in safe:
            field.flood(place)
    return True


def naive_deals(game: Minesweeper) -> dict[tuple[frozenset[Place], frozenset[Place]], Fraction]:
    """Return the probability of each pair of mines and open cells, from the rules as told."""
    weights: Counter[tuple[frozenset[Place], frozenset[Place]]] = Counter()
    for first in product(range(game.height), range(game.width)):
        empty = Field(game.width, game.height, set(), first)
        minable = sorted(empty.places() - empty.around(first) - {first})
        chosen = list(combinations(minable, game.mines))
        for mines in map(set, chosen):
            field = Field(game.width, game.height, mines, first)
            start = frozenset(field.open)
            if field.hidden_at_first and (game.guessing or is_deducible(field, game.mines)):
                weights[frozenset(mines), start] += Fraction(1, len(chosen))  # type: ignore[assignment]
    total = sum(weights.values())
    return {key: Fraction(weight) / total for key, weight in weights.items()}


@pytest.mark.parametrize("game", [EASY, Minesweeper(4, 3, 3, guessing=True), Minesweeper(4, 3, 2)], ids=repr)
def test_deals_are_those_of_the_rules(game: Minesweeper) -> None:
    deals = {
        (frozenset(places(state.mined, game.width)), frozenset(places(state.open, game.width))): p
        for state, p in game.deals() or ()
    }
    assert deals == naive_deals(game)


def test_drawn_fields_have_the_frequencies_of_the_listed_ones() -> None:
    draws = 4000
    counted = Counter(dealt(EASY, seed) for seed in range(draws))
    deals = EASY.deals()
    assert deals is not None
    assert len(deals) == 116
    assert set(counted) <= {state for state, _ in deals}
    chi_squared = sum((counted[state] - draws * p) ** 2 / (draws * p) for state, p in deals)
    assert 115 - 4 * 230**0.5 < chi_squared < 115 + 4 * 230**0.5


def test_large_fields_are_drawn() -> None:
    assert Minesweeper().deals() is None
    assert len({Minesweeper().content(dealt(Minesweeper(), seed)) for seed in range(200)}) == 200


@pytest.mark.parametrize(
    "game",
    [
        Minesweeper(), Minesweeper(mines=8), Minesweeper(3, 16, 6), Minesweeper(16, 3, 10), Minesweeper(9, 9, 14),
        Minesweeper(4, 4, 4), Minesweeper(3, 4, 3), Minesweeper(5, 5, 1),
    ],
    ids=repr,
)  # fmt: skip
def test_the_expert_clears_every_field_without_guessing(game: Minesweeper) -> None:
    for seed in range(15):
        state = dealt(game, seed)
        field = field_of(game, state)
        total = 0.0
        while not game.is_over(state):
            ((move, _),) = game.expert(state, 0)
            if game.width * game.height <= 16:
                assert divmod(move, game.width) in certainly_safe(field, game.mines)
                field.flood(divmod(move, game.width))
            after = game.apply(state, move)
            total += game.rewards(state, move, after)[0]
            state = after
        assert total == pytest.approx(1)


@pytest.mark.slow
def test_the_expert_clears_the_extreme_fields_and_the_largest() -> None:
    for game in (Minesweeper(**Minesweeper.levels["extreme"]), Minesweeper(26, 16, 70)):
        state = dealt(game, 0)
        while not game.is_over(state):
            state = game.apply(state, game.expert(state, 0)[0][0])
        assert not state.open & state.mined


def test_the_expert_guesses_where_the_risk_is_least() -> None:
    game = Minesweeper(4, 3, 3, guessing=True)
    for state, _ in game.deals() or ():
        field = field_of(game, state)
        possible = [
            chosen for chosen in all_placements(4, 3, 3)
            if not chosen & field.open and all(len(field.around(p) & chosen) == field.number(p) for p in field.open)
        ]  # fmt: skip
        risk = {p: sum(p in chosen for chosen in possible) for p in field.places() - field.open}
        ((move, _),) = game.expert(state, 0)
        assert risk[divmod(move, 4)] == min(risk.values())


def test_the_share_of_default_fields_and_their_number_are_as_documented() -> None:
    game, random, draws = Minesweeper(), Stream(5, Purpose.DEAL), 600
    free = Minesweeper(guessing=True)
    kept, fields = 0, 0.0
    for _ in range(draws):
        first = random.below(36)
        near = field_of_first(first)
        minable = [cell for cell in range(36) if cell not in near]
        mined = bits(random.shuffled(minable)[:6])
        state = free._opening(first, mined)
        dealt_too = state.to_open > 0 and game._is_deducible(state)
        zeros = sum(not mined & bits(list(field_of_first(cell) - {cell})) for cell in members(state.open))
        kept += dealt_too
        fields += dealt_too * 36 * comb(len(minable), 6) / zeros
    assert kept / draws == pytest.approx(0.75, abs=0.06)
    assert fields / draws == pytest.approx(2.3e6, rel=0.15)


def field_of_first(cell: int) -> set[int]:
    row, column = divmod(cell, 6)
    return {r * 6 + c for r, c in product(range(6), range(6)) if max(abs(r - row), abs(c - column)) <= 1}


# Rulers


Belief = tuple[int, ...]  # the fields that agree with the view, by number
Choose = Callable[[list[tuple[float, float]]], float]


def naive_value(game: Minesweeper, choose: Choose) -> float:
    """The value of a policy that sees, for each move, its expected reward now and in all; `choose` gives its mean."""
    deals = [(state, float(p)) for state, p in game.deals() or ()]
    mines = [places(state.mined, game.width) for state, _ in deals]
    starts = [field_of(game, state) for state, _ in deals]
    first = [field.open for field in starts]

    def reopened(number: int, opened: frozenset[Place]) -> Field:
        field = Field(game.width, game.height, mines[number], min(first[number] & zeros(number)))
        field.open = set(opened)
        return field

    def zeros(number: int) -> set[Place]:
        return {place for place in first[number] if starts[number].number(place) == 0}

    @cache
    def value(belief: Belief, opened: frozenset[Place], moves: int) -> float:
        """The sum over the fields of a belief of what is earned, weighted by their probabilities."""
        worths = []
        wasted = value(belief, opened, moves + 1) if moves + 1 < len(starts[0].safe()) else 0.0
        for move in product(range(game.height), range(game.width)):
            if move in opened:
                worths.append((0.0, wasted))
                continue
            now, parts = 0.0, {}
            for number in belief:
                field = reopened(number, opened)
                field.moves = moves
                now += deals[number][1] * field.play(move, game.credit)
                if not field.over():
                    parts.setdefault((field.key(), frozenset(field.open)), []).append(number)
            later = sum(value(tuple(part), seen, moves + 1) for (_, seen), part in parts.items())
            worths.append((now, now + later))
        return choose(worths)

    openings: dict[str, list[int]] = {}
    for number, field in enumerate(starts):
        openings.setdefault(field.key(), []).append(number)
    return sum(value(tuple(part), frozenset(first[part[0]]), 0) for part in openings.values())


def best(worths: list[tuple[float, float]]) -> float:
    return max(total for _, total in worths)


def any_move(worths: list[tuple[float, float]]) -> float:
    return sum(total for _, total in worths) / len(worths)


def greedy(worths: list[tuple[float, float]]) -> float:
    most = max(now for now, _ in worths)
    tied = [total for now, total in worths if now > most - 1e-9]
    return sum(tied) / len(tied)


SLOW = [pytest.param(game, marks=pytest.mark.slow, id=repr(game)) for game in (
    Minesweeper(4, 3, 2), Minesweeper(4, 3, 2, guessing=True, credit=0.0),
)]  # fmt: skip


@pytest.mark.parametrize("game", [Minesweeper(4, 3, 1), *SLOW], ids=repr)
def test_the_rulers_equal_a_naive_computation(game: Minesweeper) -> None:
    values = reference_values(game)
    assert values.optimal.value == pytest.approx(naive_value(game, best))
    assert values.random.value == pytest.approx(naive_value(game, any_move))
    assert values.myopic.value == pytest.approx(naive_value(game, greedy))


def test_the_known_values_of_the_page() -> None:
    values = reference_values(EASY)
    assert values.cell() == "feedback"
    assert values.optimal.value == pytest.approx(1)
    assert round(values.plan.value, 4) == 0.7798
    assert round(values.random.value, 4) == 0.1724
    assert evaluate_strategy(EASY, expert_strategy) == pytest.approx(1)


@pytest.mark.slow
def test_the_known_values_with_guessing() -> None:
    values = reference_values(Minesweeper(4, 3, 3, guessing=True))
    assert values.cell() == "both"
    assert [round(v.value, 4) for v in (values.optimal, values.myopic, values.plan)] == [0.9058, 0.9018, 0.6911]
    assert values.optimal.value == pytest.approx(naive_value(Minesweeper(4, 3, 3, guessing=True), best))


# Words


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("open C2", 8), ("C2", 8), ("reveal c2", 8), ("I would like to open C2, please.", 8), ("click on C 2", 8),
        ("A1 is a mine, so I dig at C2", 8), ("uncover the cell in column C, row 2", 8), ("**Open C2**", 8),
        ("B1 shows 2. Open C2", 8), ("", None), ("open", None), ("open 3", None), ("pass", None),
    ],
)  # fmt: skip
def test_replies(text: str, cell: int | None) -> None:
    game = Minesweeper()
    read = game.read(dealt(game, 0), 0, text)
    assert isinstance(read, Refusal) and read.kind == "malformed" if cell is None else read == cell


def test_instructions() -> None:
    assert Minesweeper(4, 3, 1).instructions(0) == (
        "Clear a field of 4 x 3 cells that hides 1 mine. Columns have letters, rows have numbers. Each turn you open "
        "one cell. An open cell shows how many of the up to 8 cells around it, diagonals included, have a mine. Around "
        "a 0, all cells open by themselves. A hidden cell is shown as ?. Some cells are open from the start. If you "
        "open a mine, the game is over. You have 11 turns to open all cells without a mine; opening a cell that is "
        "open already uses up a turn and does nothing else. Every field can be cleared by reasoning alone, without "
        "guessing. You earn 0.5 points in all, in equal shares, for the cells without a mine that you open, and 0.5 "
        "points for clearing the field.\n"
        "Reply with the cell to open, for example: open A1"
    )
    assert "guessing" not in Minesweeper(guessing=True).instructions(0)
    assert "You earn 1 point for clearing the field.\n" in Minesweeper(credit=0.0).instructions(0)
    assert "You earn 1 point in all, in equal shares, for the cells without a mine that you open.\n" in Minesweeper(
        credit=1.0
    ).instructions(0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"width": 2}, "width must be"), ({"width": 27}, "width must be"), ({"height": 2}, "height must be"),
        ({"height": 17}, "height must be"), ({"mines": 0}, "mines must be a whole number from 1 to 8, not 0"),
        ({"mines": 9}, "mines must be"), ({"mines": 28, "guessing": True}, "mines must be a whole number from 1 to 27"),
        ({"width": 3, "height": 3, "mines": 1}, "mines must be"), ({"credit": 1.5}, "credit must be"),
        ({"guessing": 1}, "guessing must be True or False, not 1"),
    ],
)  # fmt: skip
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Minesweeper(**arguments)
