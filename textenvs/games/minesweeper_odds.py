"""Where mines can be, by exact counting: how many placements agree with the numbers that are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import comb
from typing import NamedTuple

from textenvs.games.cells import members

Numbers = tuple[tuple[int, int], ...]
"""What the open cells tell: a set of hidden cells, as bits, and how many of them have a mine."""


class Box(NamedTuple):
    """Hidden cells that the same numbers touch, and so are alike.

    Attributes:
        cells: the cells, as bits.
        size: how many they are.
        touching: which numbers touch them, by their places in the list of numbers.
    """

    cells: int
    size: int
    touching: tuple[int, ...]


@lru_cache(maxsize=4096)
def mine_counts(hidden: int, numbers: Numbers, mines: int) -> tuple[int, dict[int, int]]:
    """Return how many placements of mines agree with the numbers, and in how many each set of like cells has a mine.

    A generating function, ways x^mines summed, is kept as one whole number, its value at x = 2^(cells + 1): no count
    of placements can exceed 2^cells, so that sums and products of such numbers are those of the functions.

    Args:
        hidden: the cells that may have a mine, as bits.
        numbers: what is known.
        mines: how many mines there are in all.

    Returns:
        The number of placements; and for sets of cells that are alike, as bits, the number of those placements in
        which any one cell of the set has a mine.
    """
    shift = hidden.bit_count() + 1
    groups = [_Group(boxes, [value for _, value in numbers], shift) for boxes in _connected(_boxes(hidden, numbers))]
    seen = sum(box.cells for group in groups for box in group.boxes)
    rest = hidden & ~seen
    x = 1 << shift
    ways = (1 + x) ** rest.bit_count()
    for group in groups:
        ways *= group.ways
    total = _coefficient(ways, mines, shift)
    counts = {rest: _coefficient(ways // (1 + x) * x, mines, shift)} if rest else {}
    for group in groups:
        others = ways // group.ways if group.ways else 0
        counts |= {box.cells: _coefficient(others * with_mine, mines, shift) for box, with_mine in group.with_mine()}
    return total, counts


class _Group:
    """Boxes that numbers connect, and in how many ways mines can lie in them."""

    def __init__(self, boxes: Sequence[Box], values: Sequence[int], shift: int) -> None:
        self.boxes = boxes
        self.shift = shift
        self.room = _room_after(boxes, len(values))
        used = {number for box in boxes for number in box.touching}
        self.forward = [{tuple(value if i in used else 0 for i, value in enumerate(values)): 1}]
        for place, box in enumerate(boxes):
            following: dict[tuple[int, ...], int] = {}
            for missing, ways in self.forward[place].items():
                for n, after in self.options(place, missing):
                    following[after] = following.get(after, 0) + (ways * comb(box.size, n) << n * shift)
            self.forward.append(following)
        self.ways = sum(self.forward[-1].values())

    def options(self, place: int, missing: tuple[int, ...]) -> Iterable[tuple[int, tuple[int, ...]]]:
        """Yield how many mines the box at `place` may have, and how many the numbers then miss."""
        box, room = self.boxes[place], self.room[place]
        for n in range(box.size + 1):
            after = list(missing)
            for number in box.touching:
                after[number] -= n
            if all(0 <= after[number] <= room[number] for number in box.touching):
                yield n, tuple(after)

    def with_mine(self) -> Iterable[tuple[Box, int]]:
        """Yield each box with the ways in which any one of its cells has a mine."""
        backward = dict.fromkeys(self.forward[-1], 1)
        for place in reversed(range(len(self.boxes))):
            box = self.boxes[place]
            before: dict[tuple[int, ...], int] = {}
            mined = 0
            for missing, ways in self.forward[place].items():
                for n, after in self.options(place, missing):
                    later = backward.get(after, 0) << n * self.shift
                    before[missing] = before.get(missing, 0) + comb(box.size, n) * later
                    mined += ways * comb(box.size - 1, n - 1) * later if n else 0
            backward = before
            yield box, mined


def _boxes(hidden: int, numbers: Numbers) -> list[Box]:
    """Return the hidden cells that numbers touch, grouped by which."""
    touching: dict[int, tuple[int, ...]] = {}
    for place, (cells, _) in enumerate(numbers):
        for cell in members(cells & hidden):
            touching[cell] = (*touching.get(cell, ()), place)
    grouped: dict[tuple[int, ...], int] = {}
    for cell, places in touching.items():
        grouped[places] = grouped.get(places, 0) | 1 << cell
    return [Box(cells, cells.bit_count(), places) for places, cells in grouped.items()]


def _connected(boxes: Sequence[Box]) -> list[list[Box]]:
    """Return the boxes in groups that share no number, each in an order in which neighbours are close."""
    left = list(boxes)
    groups: list[list[Box]] = []
    while left:
        group, near = [left.pop(0)], 0
        while near < len(group):
            joined = [box for box in left if set(box.touching) & set(group[near].touching)]
            left = [box for box in left if box not in joined]
            group += joined
            near += 1
        groups.append(group)
    return groups


def _room_after(boxes: Sequence[Box], numbers: int) -> list[Mapping[int, int]]:
    """Return for each box how many cells each number still touches in the boxes after it."""
    room = dict.fromkeys(range(numbers), 0)
    rooms: list[Mapping[int, int]] = []
    for box in reversed(boxes):
        rooms.append(dict(room))
        for number in box.touching:
            room[number] += box.size
    return rooms[::-1]


def _coefficient(function: int, power: int, shift: int) -> int:
    return function >> power * shift & (1 << shift) - 1
