"""Towers of blocks: all positions, and the shortest ways from one to another."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from math import comb, factorial

from textenvs.core.game import Distribution, Random, draw
from textenvs.core.search import shortest_path

Position = tuple[int, ...]  # what each block is on: a block, TABLE or HAND
Carry = tuple[int, int]  # a block and what to put it on

TABLE, HAND = -1, -2


def placed(on: Position, block: int, there: int) -> Position:
    """Return the position once `block` is put `there`."""
    return (*on[:block], there, *on[block + 1 :])


def held_block(on: Position) -> int | None:
    """Return the block in the hand, None if it is empty."""
    return on.index(HAND) if HAND in on else None


def clear_blocks(on: Position) -> list[int]:
    """Return the blocks that nothing is on and that are not held."""
    return [block for block, below in enumerate(on) if block not in on and below != HAND]


@lru_cache(maxsize=8)
def arrangements(blocks: int) -> tuple[Position, ...]:
    """Return all positions with an empty hand."""
    if blocks == 0:
        return ((),)
    return tuple(on for smaller in arrangements(blocks - 1) for on in _with_one_more(smaller))


def _with_one_more(on: Position) -> Iterator[Position]:
    """Yield the positions that are `on` once the new last block is taken out of its tower."""
    new = len(on)
    yield (*on, TABLE)
    for block, below in enumerate(on):
        yield (*(new if each == block else each for each in on), block)
        if below == TABLE:
            yield (*placed(on, block, new), TABLE)


def draw_arrangement(random: Random, blocks: int) -> Position:
    """Draw a position with an empty hand, each equally likely: the number of towers, an order, and where to cut it."""
    order = random.shuffled(range(blocks))
    towers = draw(_numbers_of_towers(blocks), random)
    bottoms = {0, *random.shuffled(range(1, blocks))[: towers - 1]}
    below = {block: TABLE if place in bottoms else order[place - 1] for place, block in enumerate(order)}
    return tuple(below[block] for block in range(blocks))


@lru_cache(maxsize=32)
def _numbers_of_towers(blocks: int) -> Distribution[int]:
    """Return how many towers there are if all positions are equally likely (Lah numbers)."""
    ways = {
        towers: comb(blocks - 1, towers - 1) * factorial(blocks) // factorial(towers) for towers in range(1, blocks + 1)
    }
    return tuple((towers, Fraction(number, sum(ways.values()))) for towers, number in ways.items())


# Shortest solutions ----------------------------------------------------------------------------------


def distance(on: Position, goal: Position) -> int:
    """Return the fewest actions from `on` to `goal`."""
    held = held_block(on)
    if held is None:
        return 2 * len(solution(on, goal))
    return 1 + distance(placed(on, held, best_place(on, goal, held)), goal)


@lru_cache(maxsize=4096)
def solution(on: Position, goal: Position) -> tuple[Carry, ...]:
    """Return a shortest way from `on`, with an empty hand, to `goal`."""
    carries = shortest_path(
        on,
        lambda position: _carries(position, goal),
        lambda position: position == goal,
        lambda position: _settled(position, goal).count(False),
        limit=1_000_000,
    )
    assert carries is not None, "every arrangement can be reached"
    return carries


def _carries(on: Position, goal: Position) -> Iterator[tuple[Carry, Position]]:
    """Yield carries of which one begins a shortest solution: one block to its place, else any block to the table."""
    amiss = [block for block in clear_blocks(on) if not _settled(on, goal)[block]]
    ready = [block for block in amiss if best_place(on, goal, block) == goal[block]]
    for block in ready[:1] or amiss:
        there = goal[block] if ready else TABLE
        if on[block] != there:
            yield (block, there), placed(on, block, there)


def best_place(on: Position, goal: Position, block: int) -> int:
    """Return where to put `block`: its place at the goal if that can be built on, else the table."""
    below = goal[block]
    return below if below != TABLE and below not in on and _settled(on, goal)[below] else TABLE


@lru_cache(maxsize=4096)
def _settled(on: Position, goal: Position) -> tuple[bool, ...]:
    """Return for every block whether all is as at the goal from it down to the table."""
    settled: dict[int, bool] = {TABLE: True, HAND: False}

    def is_settled(block: int) -> bool:
        if block not in settled:
            settled[block] = on[block] == goal[block] and is_settled(on[block])
        return settled[block]

    return tuple(is_settled(block) for block in range(len(on)))
