from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cache
from itertools import combinations, permutations, product
from math import comb
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.battleship import Battleship, BattleshipState, _hit_counts
from textenvs.games.cells import bits, members
from textenvs.planning.reference import reference_values

EASY = Battleship(**Battleship.levels["easy"])

# A second implementation: ships are sets of names such as B3.

Ship = frozenset[str]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def all_ships(width: int, height: int, length: int) -> list[Ship]:
    rows = [[f"{LETTERS[column]}{row + 1}" for column in range(width)] for row in range(height)]
    lines = rows + [list(column) for column in zip(*rows, strict=True)]
    return [frozenset(line[i : i + length]) for line in lines for i in range(len(line) - length + 1)]


def all_fleets(width: int, height: int, lengths: Sequence[int]) -> set[frozenset[Ship]]:
    """Return every set of ships of these lengths of which no two share a cell."""
    fleets = set()
    for ships in product(*(all_ships(width, height, length) for length in lengths)):
        if all(not one & other for one, other in combinations(ships, 2)):
            fleets.add(frozenset(ships))
    return fleets


def told(fleet: Sequence[Ship], shots: Sequence[str], allowed: int) -> Iterator[tuple[float, str]]:
    """Yield what each shot pays and what is said of it, by the rules as told."""
    for number, shot in enumerate(shots, start=1):
        fired = set(shots[:number])
        ship = next((ship for ship in fleet if shot in ship), None)
        result = "miss"
        if ship:
            result = f"hit, and the ship of length {len(ship)} is sunk" if ship <= fired else "hit"
        afloat = sorted((len(other) for other in fleet if not other <= fired), reverse=True)
        left = allowed - number
        lengths = f"length {afloat[0]}" if len(afloat) == 1 else f"lengths {', '.join(map(str, afloat))}"
        ending = f"{left} shot{'s' * (left != 1)} left. Not sunk yet: {lengths}."
        if not left:
            ending = "No shots left. Where you did not hit a ship is shown as *."
        if not afloat:
            ending = "You have sunk the whole fleet. You win."
        yield (1 / len(fleet) if ship and ship <= fired else 0.0), f"{shot}: {result}. {ending}"
        if not afloat or not left:
            return


def seen(width: int, height: int, fleet: Sequence[Ship], fired: set[str], *, over: bool) -> str:
    def mark(cell: str) -> str:
        ship = next((ship for ship in fleet if cell in ship), None)
        if cell in fired:
            return "-" if ship is None else "S" if ship <= fired else "X"
        return "*" if ship and over else "?"

    lines = ["  " + " ".join(LETTERS[:width])]
    lines += [f"{row} " + " ".join(mark(f"{LETTERS[c]}{row}") for c in range(width)) for row in range(1, height + 1)]
    return "\n".join(lines)


def name(cell: int, width: int) -> str:
    return f"{LETTERS[cell % width]}{cell // width + 1}"


def named(ships: Sequence[int], width: int) -> list[Ship]:
    return [frozenset(name(cell, width) for cell in members(ship)) for ship in ships]


def dealt(game: Battleship, seed: int) -> BattleshipState:
    return game.deal(Stream(seed, Purpose.DEAL))


def play_both(game: Battleship, state: BattleshipState, cells: Sequence[int]) -> None:
    fleet = named(state.ships, game.width)
    shots = [name(cell, game.width) for cell in cells]
    for number, (paid, said) in enumerate(told(fleet, shots, game.shots), start=1):
        assert game.to_move(state) == (0,)
        move = cells[number - 1]
        assert move in game.legal(state, 0)
        after = game.apply(state, move)
        assert game.rewards(state, move, after) == pytest.approx((paid,))
        grid = seen(game.width, game.height, fleet, set(shots[:number]), over=game.is_over(after))
        assert game.view(after, 0) == f"{said}\n{grid}"
        state = after
    assert game.is_over(state) == ("You win" in said or "No shots" in said)


def test_all_plays_of_the_easy_game_equal_the_second_implementation() -> None:
    for number, (state, _) in enumerate(EASY.deals() or ()):
        for cells in list(permutations(range(12), 5))[number::401]:
            play_both(EASY, state, cells)


@pytest.mark.parametrize(
    "game",
    [Battleship(), Battleship(3, 3, "2", 9), Battleship(10, 9, "5 4 3 3 2", 90), Battleship(4, 9, "2 2 2 2", 30)],
    ids=repr,
)
def test_random_plays_equal_the_second_implementation(game: Battleship) -> None:
    for seed in range(8):
        cells = Stream(seed, Purpose.POLICY).shuffled(range(game.width * game.height))
        play_both(game, dealt(game, seed), cells)


@pytest.mark.parametrize(
    ("shots", "returns"),
    [(1, (0, 0)), (2, (0, 1 / 3)), (6, (0, 2 / 3)), (7, (0, 1)), (21, (0, 1)), (22, (1 / 3, 1)), (24, (1, 1))],
)
def test_the_return_range_is_that_of_the_luckiest_and_the_unluckiest(shots: int, returns: tuple[float, float]) -> None:
    game = Battleship(6, 4, "3 2 2", shots)
    assert game.return_range == pytest.approx(returns)
    state = dealt(game, 1)
    ships = sorted(state.ships, key=int.bit_count)
    first = [cell for ship in ships for cell in members(ship)]
    water = [cell for cell in range(24) if cell not in first]
    spared = [members(ship)[0] for ship in ships]
    hits = [cell for cell in first if cell not in spared]
    for order, total in ((first + water, returns[1]), (water + hits + spared, returns[0])):
        played, earned = state, 0.0
        for cell in order[:shots]:
            if game.to_move(played):
                after = game.apply(played, cell)
                earned += game.rewards(played, cell, after)[0]
                played = after
        assert game.is_over(played)
        assert earned == pytest.approx(total)


# Arrangements


@pytest.mark.parametrize(("width", "height", "fleet"), [(4, 3, "3"), (4, 4, "2 3"), (3, 5, "2 2"), (6, 3, "2 2 2")])
def test_deals_are_all_arrangements_once(width: int, height: int, fleet: str) -> None:
    game = Battleship(width, height, fleet, 3)
    deals = game.deals()
    assert deals is not None
    fleets = all_fleets(width, height, game.lengths)
    assert {frozenset(named(state.ships, width)) for state, _ in deals} == fleets
    assert [p for _, p in deals] == [Fraction(1, len(fleets))] * len(fleets)


def test_drawn_fleets_have_the_frequencies_of_the_listed_ones() -> None:
    game, draws = Battleship(4, 4, "3 2", 8), 6000
    counted = Counter(dealt(game, seed) for seed in range(draws))
    deals = game.deals()
    assert deals is not None
    assert set(counted) == {state for state, _ in deals}
    n = len(deals)
    chi_squared = sum((counted[state] - draws / n) ** 2 / (draws / n) for state, _ in deals)
    assert n - 1 - 4 * (2 * n) ** 0.5 < chi_squared < n - 1 + 4 * (2 * n) ** 0.5


def test_the_number_of_default_arrangements_is_as_documented() -> None:
    assert Battleship().deals() is None
    total = 0
    fours, threes, twos = (all_ships(7, 7, length) for length in (4, 3, 2))
    for one, other in product(fours, threes):
        if not one & other:
            free = [ship for ship in twos if not ship & (one | other)]
            touching = Counter(cell for ship in free for cell in ship)
            total += comb(len(free), 2) - sum(comb(n, 2) for n in touching.values())
    assert total == 6_078_844


@pytest.mark.parametrize("game", [Battleship(3, 3, "3", 9), Battleship(10, 3, "10", 5), Battleship(4, 6, "4 4", 9),
                                  Battleship(6, 6, "2 2 2 2 2 2", 9), Battleship(**Battleship.levels["extreme"])],
                         ids=repr)  # fmt: skip
def test_ships_fit_and_share_no_cell(game: Battleship) -> None:
    for seed in range(30):
        fleet = named(dealt(game, seed).ships, game.width)
        assert sorted(map(len, fleet), reverse=True) == list(game.lengths)
        assert len(frozenset().union(*fleet)) == sum(game.lengths)
        for ship in fleet:
            assert ship in all_ships(game.width, game.height, len(ship))


# Expert


def agreeing(game: Battleship, state: BattleshipState) -> list[list[Ship]]:
    """Return the arrangements that would have given the same view."""
    view = game.view(state, 0)
    same = [BattleshipState(other.ships, state.fired, state.last) for other, _ in game.deals() or ()]
    return [named(other.ships, game.width) for other in same if game.view(other, 0) == view]


def counts_of(game: Battleship, state: BattleshipState) -> tuple[int, ...]:
    """Return the counts that the expert chooses by."""
    fired = [ship & state.fired for ship in state.ships]
    afloat = [(ship, hit) for ship, hit in zip(state.ships, fired, strict=True) if hit != ship]
    hits = sum(hit for _, hit in afloat)
    lengths = tuple(ship.bit_count() for ship, _ in afloat)
    return _hit_counts(game.width, game.height, lengths, hits, state.fired & ~hits)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_with_one_ship_unseen_the_expert_fires_where_most_arrangements_have_one(data: st.DataObject) -> None:
    game = data.draw(st.sampled_from([Battleship(5, 4, "3", 20), Battleship(6, 3, "3 2", 18)]))
    cells = game.width * game.height
    state = data.draw(st.sampled_from([state for state, _ in game.deals() or ()]))
    for cell in data.draw(st.lists(st.integers(0, cells - 1), max_size=12, unique=True)):
        if game.to_move(state):
            state = game.apply(state, cell)
    unseen = sum(not ship & state.fired for ship in state.ships)
    if game.to_move(state) and unseen <= 1:
        covered = Counter(cell for fleet in agreeing(game, state) for ship in fleet for cell in ship)
        free = game.legal(state, 0)
        counts = counts_of(game, state)
        assert [counts[cell] for cell in free] == [covered[name(cell, game.width)] for cell in free]
        ((move, _),) = game.expert(state, 0)
        assert counts[move] == max(counts[cell] for cell in free)


@pytest.mark.parametrize("shots", [(0, 1, 2, 3), (3, 0, 2, 7), (0, 1, 2), (3, 4), (3, 4, 1), (4, 2)])
def test_ships_that_touch_are_told_apart(shots: tuple[int, ...]) -> None:
    game = Battleship(6, 3, "3 2", 18)
    state = BattleshipState((bits([0, 1, 2]), bits([3, 4])))
    for cell in shots:
        state = game.apply(state, cell)
    covered = Counter(cell for fleet in agreeing(game, state) for ship in fleet for cell in ship)
    counts = counts_of(game, state)
    assert all(counts[cell] == covered[name(cell, 6)] for cell in game.legal(state, 0))


def test_the_expert_takes_sunk_ships_for_water() -> None:
    game = Battleship(6, 3, "3 2", 18)
    for state, _ in game.deals() or ():
        for cell in members(state.ships[0]):
            state = game.apply(state, cell)
        ((move, _),) = game.expert(state, 0)
        counts = counts_of(game, state)
        assert counts[move] == max(counts[cell] for cell in game.legal(state, 0))


def test_ships_without_hits_are_counted_one_by_one() -> None:
    places = {length: all_ships(5, 4, length) for length in (2, 3)}
    covering = {length: Counter(cell for ship in places[length] for cell in ship) for length in (2, 3)}
    twos, threes = len(places[2]), len(places[3])
    cells = [name(cell, 5) for cell in range(20)]
    expected = [covering[3][c] * comb(twos, 2) + threes * covering[2][c] * (twos - 1) for c in cells]
    assert list(_hit_counts(5, 4, (3, 2, 2), 0, 0)) == expected


def expert_shots(game: Battleship, seed: int) -> tuple[int, float]:
    state, total = dealt(game, seed), 0.0
    while game.to_move(state):
        ((move, _),) = game.expert(state, 0)
        after = game.apply(state, move)
        total += game.rewards(state, move, after)[0]
        state = after
    return state.fired.bit_count(), total


def test_the_expert_is_far_better_than_chance() -> None:
    shots = [expert_shots(Battleship(shots=49), seed)[0] for seed in range(60)]
    assert 23 < sum(shots) / len(shots) < 28
    returns = [expert_shots(Battleship(), seed)[1] for seed in range(60)]
    assert sum(returns) / len(returns) > 0.8


@pytest.mark.slow
def test_the_expert_sinks_the_classic_fleet_in_about_45_shots() -> None:
    shots = [expert_shots(Battleship(10, 10, "5 4 3 3 2", 100), seed)[0] for seed in range(100)]
    assert 43 < sum(shots) / len(shots) < 48


# Rulers

Choose = Callable[[list[tuple[Fraction, Fraction]]], Fraction]


def naive_value(game: Battleship, choose: Choose) -> Fraction:
    """The value of a policy that sees the expected reward now and in all of every shot, by following beliefs."""
    fleets = sorted(map(sorted, (map(sorted, named(s.ships, game.width)) for s, _ in game.deals() or ())))  # type: ignore[type-var]
    cells = [name(cell, game.width) for cell in range(game.width * game.height)]

    @cache
    def value(belief: tuple[int, ...], fired: frozenset[str]) -> Fraction:
        """The sum over the fleets of a belief of what is earned from here on."""
        if len(fired) == game.shots:
            return Fraction(0)
        worths = []
        for shot in cells:
            if shot not in fired:
                now, parts = Fraction(0), {}
                for number in belief:
                    fleet = [frozenset(ship) for ship in fleets[number]]
                    after = fired | {shot}
                    now += Fraction(sum(shot in ship and ship <= after for ship in fleet), len(fleet))
                    if not all(ship <= after for ship in fleet):
                        view = seen(game.width, game.height, fleet, set(after), over=False)
                        parts.setdefault(view, []).append(number)
                later = sum((value(tuple(part), after) for part in parts.values()), Fraction(0))
                worths.append((now, now + later))
        return choose(worths)

    return value(tuple(range(len(fleets))), frozenset()) / len(fleets)


def best(worths: list[tuple[Fraction, Fraction]]) -> Fraction:
    return max(total for _, total in worths)


def any_shot(worths: list[tuple[Fraction, Fraction]]) -> Fraction:
    return sum((total for _, total in worths), Fraction(0)) / len(worths)


def greedy(worths: list[tuple[Fraction, Fraction]]) -> Fraction:
    most = max(now for now, _ in worths)
    tied = [total for now, total in worths if now == most]
    return sum(tied, Fraction(0)) / len(tied)


@pytest.mark.parametrize("game", [Battleship(3, 3, "2", 4), Battleship(3, 3, "3", 5)], ids=repr)
def test_the_rulers_equal_a_naive_computation(game: Battleship) -> None:
    values = reference_values(game)
    assert values.optimal.value == pytest.approx(float(naive_value(game, best)))
    assert values.myopic.value == pytest.approx(float(naive_value(game, greedy)))
    assert values.random.value == pytest.approx(float(naive_value(game, any_shot)))


@pytest.mark.slow
def test_the_rulers_at_easy_equal_a_naive_computation() -> None:
    values = reference_values(EASY)
    assert values.cell() == "both"
    assert naive_value(EASY, best) == Fraction(7, 10)
    assert values.optimal.value == pytest.approx(0.7)
    assert values.myopic.value == pytest.approx(float(naive_value(EASY, greedy)))
    assert round(values.myopic.value, 4) == 0.2279
    assert values.random.value == pytest.approx(comb(9, 2) / comb(12, 5))
    fleets = [ship for (ship,) in all_fleets(4, 3, [3])]
    cells = sorted(frozenset().union(*fleets))
    best_plan = max(sum(ship <= set(plan) for ship in fleets) for plan in combinations(cells, 5))
    assert values.plan.value == pytest.approx(best_plan / 10) == pytest.approx(0.2)


def test_the_cell_of_the_grid() -> None:
    assert reference_values(Battleship(3, 3, "3", 4)).cell() == "both"


# Words


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("fire C2", 9), ("C2", 9), ("shoot at c2!", 9), ("I would like to fire at C2.", 9), ("Target: C2", 9),
        ("I hit B2 before, so C2 is next", 9), ("fire at column C, row 2", 9), ("**Fire C2**", 9), ("attack C 2", 9),
        ("B2 was a miss. I'm firing at C2, as D2 is far.", 9), ("bomb the cell C2", 9), ("", None), ("fire", None),
        ("I have 3 shots left", None), ("surrender", None),
    ],
)  # fmt: skip
def test_replies(text: str, cell: int | None) -> None:
    game = Battleship()
    read = game.read(dealt(game, 0), 0, text)
    assert isinstance(read, Refusal) and read.kind == "malformed" if cell is None else read == cell


def test_a_cell_is_fired_at_only_once() -> None:
    game = Battleship()
    state = game.apply(dealt(game, 0), 9)
    assert game.read(state, 0, "fire C2") == Refusal(
        "You have already fired at C2. Fire at a cell that shows ?.", "illegal"
    )
    assert 9 not in game.legal(state, 0)


def test_instructions() -> None:
    assert Battleship(4, 3, "3", 1).instructions(0) == (
        "A ship of length 3 is hidden in a grid of 4 x 3 cells; columns have letters, rows have numbers. The ship lies "
        "straight in one row or one column and covers as many cells as it is long. You have 1 shot. Each turn you fire "
        "at one cell and I tell you whether you hit a ship; a ship is sunk when all of its cells are hit. In the grid, "
        "? is a cell you have not fired at, - a miss, X a hit, S a cell of a sunk ship. You earn 1 point for sinking "
        "it.\n"
        "Reply with the cell to fire at, for example: fire A1"
    )
    assert Battleship().instructions(0).startswith("A fleet of 4 ships of the lengths 4, 3, 2, 2 is hidden in a grid")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"width": 2}, "width must be"), ({"height": 27}, "height must be"), ({"shots": 0}, "shots must be"),
        ({"shots": 50}, "shots must be a whole number from 1 to 49"), ({"fleet": ""}, "fleet must be 1 to 10 lengths"),
        ({"fleet": "3 1"}, "fleet must be"), ({"fleet": "3,2"}, "fleet must be"), ({"fleet": "8"}, "ships that fit"),
        ({"fleet": "4 4 4 3 2"}, "at most a third of the 7 x 7 cells"), ({"fleet": "2 " * 11}, "1 to 10 lengths"),
    ],
)  # fmt: skip
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Battleship(**arguments)


def test_a_lone_number_is_a_fleet_of_one() -> None:
    assert Battleship(fleet=3).lengths == (3,)  # type: ignore[arg-type]
