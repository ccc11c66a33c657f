from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textenvs.core.search import distances, shortest_path

Place = tuple[int, int]
WAYS = {"n": (0, -1), "e": (1, 0), "s": (0, 1), "w": (-1, 0)}


def grid(walls: frozenset[Place], size: int = 5) -> dict[Place, list[tuple[str, Place]]]:
    free = set(product(range(size), repeat=2)) - walls
    return {
        (x, y): [(way, (x + dx, y + dy)) for way, (dx, dy) in WAYS.items() if (x + dx, y + dy) in free]
        for x, y in free
    }  # fmt: skip


def brute_force(steps: dict[Place, list[tuple[str, Place]]], start: Place) -> dict[Place, int]:
    """Relax every edge until nothing changes (Bellman 1958)."""
    far = dict.fromkeys(steps, 10**6)
    far[start] = 0
    for _ in steps:
        for place, moves in steps.items():
            for _, after in moves:
                far[after] = min(far[after], far[place] + 1)
    return {place: d for place, d in far.items() if d < 10**6}


walls = st.frozensets(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12).map(lambda w: w - {(0, 0), (4, 4)})


@given(walls=walls)
def test_paths_are_as_short_as_brute_force_finds(walls: frozenset[Place]) -> None:
    steps = grid(walls)
    far = brute_force(steps, (0, 0))
    assert distances([(0, 0)], steps.__getitem__) == far
    for estimate in (None, lambda place: 8 - place[0] - place[1]):
        path = shortest_path((0, 0), steps.__getitem__, (4, 4).__eq__, estimate)
        assert (len(path) if path is not None else None) == far.get((4, 4))
        if path is not None:
            assert walk((0, 0), path) == (4, 4)


def walk(place: Place, path: tuple[str, ...]) -> Place:
    for way in path:
        place = (place[0] + WAYS[way][0], place[1] + WAYS[way][1])
    return place


def endless(number: int) -> Iterator[tuple[str, int]]:
    yield "add", number + 1
    yield "double", number * 2


def test_the_limit_ends_endless_searches() -> None:
    assert shortest_path(1, endless, lambda number: number < 0, limit=100) is None
    assert len(distances([1], endless, limit=100)) < 300


def test_a_solved_puzzle_takes_no_moves() -> None:
    assert shortest_path(7, endless, lambda number: number == 7) == ()


def test_ties_go_to_the_move_named_first() -> None:
    assert shortest_path(1, endless, lambda number: number == 2) == ("add",)


@pytest.mark.parametrize(("goal", "moves"), [(10, 4), (31, 8), (64, 6)])
def test_known_lengths(goal: int, moves: int) -> None:
    path = shortest_path(1, endless, lambda number: number == goal)
    assert path is not None
    assert len(path) == moves
