from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

import pytest

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.cells import members
from textenvs.games.hot_cold import HotCold, HotColdState
from textenvs.planning.forward import evaluate_strategy
from textenvs.planning.reference import reference_values

EASY = HotCold(**HotCold.levels["easy"])

# A second implementation: places are (column, row) pairs, distances are counted by walking.

Place = tuple[int, int]


def name(place: Place) -> str:
    return f"{'ABCDEFGHIJKLMNOPQRST'[place[0]]}{place[1] + 1}"


@cache
def steps(width: int, height: int, start: Place) -> dict[Place, int]:
    """Return how many steps lead from `start` to each place."""
    far, frontier = {start: 0}, [start]
    for x, y in frontier:
        for near in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)):
            if 0 <= near[0] < width and 0 <= near[1] < height and near not in far:
                far[near] = far[x, y] + 1
                frontier.append(near)
    return far


def compared(game: HotCold, treasure: Place, before: Place, dig: Place) -> str:
    far = steps(game.width, game.height, treasure)
    return "warmer than" if far[dig] < far[before] else "colder than" if far[dig] > far[before] else "as warm as"


def told(game: HotCold, treasures: Sequence[Place], digs: Sequence[Place]) -> Iterator[tuple[bool, str]]:
    """Yield whether each dig finds a treasure, and what is said of it."""
    before, found = (0, 0), 0
    for number, dig in enumerate(digs[: game.digs], start=1):
        hit = dig == treasures[found]
        if hit:
            news = f"{name(dig)}: you found {'the' if game.treasures == 1 else 'a'} treasure!"
        else:
            news = f"{name(dig)}: {compared(game, treasures[found], before, dig)} {name(before)}."
        found += hit
        left = game.digs - number
        if found == game.treasures:
            ending = "You win." if found == 1 else f"All {found} treasures are found. You win."
        elif left:
            which = f" Treasure {found + 1} of {game.treasures} is to be found." if game.treasures > 1 else ""
            ending = f"{left} dig{'s' * (left > 1)} left.{which}"
        else:
            ending = f"No digs left. The treasure was at {name(treasures[found])}."
        yield hit, f"{news} {ending}"
        if found == game.treasures:
            return
        before = dig


def placed(game: HotCold, cell: int) -> Place:
    return cell % game.width, cell // game.width


def play_both(game: HotCold, state: HotColdState, cells: Sequence[int]) -> None:
    treasures = [placed(game, cell) for cell in state.treasures]
    digs = [placed(game, cell) for cell in cells]
    for cell, (hit, said) in zip(cells, told(game, treasures, digs), strict=False):
        assert game.to_move(state) == (0,)
        assert cell in game.legal(state, 0)
        after = game.apply(state, cell)
        assert game.rewards(state, cell, after) == pytest.approx((hit / game.treasures,))
        assert game.view(after, 0) == said
        state = after
    assert game.is_over(state) == ("You win" in said or "No digs" in said)


def dealt(game: HotCold, seed: int) -> HotColdState:
    return game.deal(Stream(seed, Purpose.DEAL))


@pytest.mark.parametrize("game", [EASY, HotCold(2, 2, 2, 4), HotCold(2, 3, 1, 3)], ids=repr)
def test_all_plays_equal_the_second_implementation(game: HotCold) -> None:
    for state, _ in game.deals() or ():
        for cells in product(range(game.width * game.height), repeat=2):
            play_both(game, state, [*cells, cells[0]])


@pytest.mark.parametrize("game", [HotCold(), HotCold(20, 3, 2, 90), HotCold(3, 4, 5, 60)], ids=repr)
def test_random_plays_equal_the_second_implementation(game: HotCold) -> None:
    for seed in range(20):
        state, random = dealt(game, seed), Stream(seed, Purpose.POLICY)
        digs = [random.below(game.width * game.height) for _ in range(game.digs)]
        for place, treasure in enumerate(state.treasures[: seed % 5]):
            digs.insert(3 * place, treasure)
        play_both(game, state, digs[: game.digs])


# Instances


def test_deals_are_all_rows_of_treasures_that_are_not_where_the_player_is() -> None:
    game = HotCold(3, 2, 3, 9)
    deals = game.deals()
    assert deals is not None
    rows = {row for row in product(range(6), repeat=3) if row[0] != 0 and row[1] != row[0] and row[2] != row[1]}
    assert {game.content(state) for state, _ in deals} == rows
    assert [p for _, p in deals] == [Fraction(1, 125)] * 125


def test_drawn_treasures_have_the_frequencies_of_the_listed_ones() -> None:
    game, draws = HotCold(3, 2, 2, 5), 5000
    counted = Counter(dealt(game, seed) for seed in range(draws))
    assert set(counted) == {state for state, _ in game.deals() or ()}
    chi_squared = sum((n - draws / 25) ** 2 / (draws / 25) for n in counted.values())
    assert 24 - 4 * 48**0.5 < chi_squared < 24 + 4 * 48**0.5
    assert HotCold().deals() is None


def test_the_possible_cells_are_those_that_would_have_given_the_same_answers() -> None:
    game = HotCold(6, 5, 2, 30)
    for seed in range(20):
        state, random = dealt(game, seed), Stream(seed, Purpose.POLICY)
        history: list[tuple[Place, Place, str]] = []
        for _ in range(4):
            dig = random.below(30)
            found = state.found
            after = game.apply(state, dig)
            if after.found > found:
                break
            before = placed(game, state.here)
            treasure = placed(game, state.treasures[found])
            history.append((before, placed(game, dig), compared(game, treasure, before, placed(game, dig))))
            state = after
        possible = {placed(game, cell) for cell in members(state.possible)}
        places = set(product(range(6), range(5))) - {(0, 0)} - {dig for _, dig, _ in history}
        assert possible == {
            p for p in places if all(compared(game, p, before, dig) == answer for before, dig, answer in history)
        }


# Rulers

Choose = Callable[[list[tuple[Fraction, Fraction]]], Fraction]


def naive_value(game: HotCold, choose: Choose) -> Fraction:
    """The expected number of treasures of a policy that sees what each dig is worth now and in all."""
    places = list(product(range(game.width), range(game.height)))

    @cache
    def value(possible: frozenset[Place], here: Place, left: int, more: int) -> Fraction:
        """The expected number found, if one of the possible places has a treasure and `more` come after it."""
        if not left:
            return Fraction(0)
        worths = []
        for dig in places:
            now = total = Fraction(0)
            parts: dict[str, set[Place]] = {}
            for place in possible - {dig}:
                parts.setdefault(compared(game, place, here, dig), set()).add(place)
            for part in parts.values():
                total += Fraction(len(part), len(possible)) * value(frozenset(part), dig, left - 1, more)
            if dig in possible:
                now = Fraction(1, len(possible))
                total += now * (1 + (value(frozenset(places) - {dig}, dig, left - 1, more - 1) if more else 0))
            worths.append((now, total))
        return choose(worths)

    return value(frozenset(places) - {(0, 0)}, (0, 0), game.digs, game.treasures - 1)


def best(worths: list[tuple[Fraction, Fraction]]) -> Fraction:
    return max(total for _, total in worths)


def any_dig(worths: list[tuple[Fraction, Fraction]]) -> Fraction:
    return sum((total for _, total in worths), Fraction(0)) / len(worths)


def greedy(worths: list[tuple[Fraction, Fraction]]) -> Fraction:
    most = max(now for now, _ in worths)
    tied = [total for now, total in worths if now == most]
    return sum(tied, Fraction(0)) / len(tied)


@pytest.mark.parametrize("game", [EASY, HotCold(3, 3, 1, 2), HotCold(3, 2, 2, 4)], ids=repr)
def test_the_rulers_equal_a_naive_computation(game: HotCold) -> None:
    values = reference_values(game)
    assert values.cell() == "both"
    for ruler, choose in ((values.optimal, best), (values.myopic, greedy), (values.random, any_dig)):
        assert ruler.value == pytest.approx(float(naive_value(game, choose)) / game.treasures)
    if game.treasures == 1:
        cells = game.width * game.height
        assert values.plan.value == pytest.approx(game.digs / (cells - 1))
        assert values.random.value == pytest.approx(1 - (1 - 1 / cells) ** game.digs)


def test_the_known_values_of_the_page() -> None:
    values = reference_values(EASY)
    assert values.optimal.value == pytest.approx(10 / 11)
    assert values.plan.value == pytest.approx(3 / 11)
    assert [round(v.value, 4) for v in (values.myopic, values.random)] == [0.6831, 0.2297]
    assert evaluate_strategy(EASY, expert_strategy) == pytest.approx(10 / 11)


def test_the_expert_is_close_to_optimal_with_two_treasures() -> None:
    game = HotCold(3, 3, 2, 4)
    assert float(naive_value(game, best)) / 2 == pytest.approx(0.6875)
    assert round(evaluate_strategy(game, expert_strategy), 4) == 0.6797


def expert_digs(game: HotCold, seed: int) -> HotColdState:
    state = dealt(game, seed)
    while game.to_move(state):
        state = game.apply(state, game.expert(state, 0)[0][0])
    return state


def test_the_expert_finds_all_treasures_of_the_default_game() -> None:
    ends = [expert_digs(HotCold(digs=100), seed) for seed in range(60)]
    assert all(end.found == 4 for end in ends)
    assert 20 <= sum(end.used for end in ends) / 60 <= 21
    assert max(end.used for end in ends) <= 25


def test_the_expert_uses_its_last_dig_on_a_possible_cell() -> None:
    game = HotCold(6, 6, 1, 4)
    for state, _ in game.deals() or ():
        while state.used < 3 and game.to_move(state):
            state = game.apply(state, game.expert(state, 0)[0][0])
        if game.to_move(state):
            assert state.possible >> game.expert(state, 0)[0][0] & 1


def test_with_fewer_digs_than_treasures_not_all_can_be_found() -> None:
    game = HotCold(3, 3, 4, 3)
    state = dealt(game, 0)
    for treasure in state.treasures[:3]:
        state = game.apply(state, treasure)
    assert game.is_over(state)
    assert state.found / 4 == game.return_range[1] == 0.75


def test_progress_rises_from_nothing_to_all_treasures() -> None:
    game = HotCold()
    state = dealt(game, 0)
    assert game.progress(state) == 0.0
    seen = []
    while game.to_move(state):
        state = game.apply(state, game.expert(state, 0)[0][0])
        seen.append(game.progress(state))
    assert seen == sorted(seen)
    assert seen[-1] == 4.0


# Words


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("dig C2", 12), ("C2", 12), ("dig in c2!", 12), ("I would like to dig in C2.", 12), ("search C2", 12),
        ("guess C2", 12), ("B2 was warmer, so C2", 12), ("dig at column C, row 2", 12), ("**Dig C2**", 12),
        ("I am digging in C2, as D2 was colder.", 12), ("", None), ("dig", None), ("I have 3 digs left", None),
        ("warmer", None),
    ],
)  # fmt: skip
def test_replies(text: str, cell: int | None) -> None:
    game = HotCold()
    read = game.read(dealt(game, 0), 0, text)
    assert isinstance(read, Refusal) and read.kind == "malformed" if cell is None else read == cell


def test_instructions() -> None:
    rules = (
        "in a grid of 4 x 3 cells. Columns have letters, rows have numbers. You start at A1. Each turn you dig in one "
        "cell; you have 3 digs. If the treasure is not there, I tell you whether that cell is warmer (nearer to the "
        "treasure) or colder (farther from it) than the cell where you were before, or as warm. Distance is counted "
        "in steps up, down, left and right."
    )
    example = "Reply with the cell to dig in, for example: dig C2"
    one = "The treasure is not at A1. You earn 1 point for finding it."
    assert EASY.instructions(0) == f"A treasure is hidden {rules} {one}\n{example}"
    two = (
        "A treasure is never hidden where you are. When you find one, the next one is hidden. Each treasure pays 1/2 "
        "of a point."
    )
    several = f"2 treasures are hidden, one after the other, {rules} {two}\n{example}"
    assert HotCold(4, 3, 2, 3).instructions(0) == several


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"width": 1}, "width must be"), ({"height": 21}, "height must be"), ({"treasures": 0}, "treasures must be"),
        ({"digs": 0}, "digs must be"), ({"digs": 2.5}, "digs must be"),
    ],
)  # fmt: skip
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        HotCold(**arguments)
