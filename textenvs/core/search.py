"""Shortest solutions of deterministic puzzles, for the experts of games and for deals that must be solvable."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from heapq import heappop, heappush
from itertools import count
from typing import TypeVar

S = TypeVar("S", bound=Hashable)
M = TypeVar("M")

Neighbours = Callable[[S], Iterable[tuple[M, S]]]
"""From a position to its moves, each with the position it leads to, in an order that is always the same."""


def shortest_path(
    start: S,
    neighbours: Neighbours[S, M],
    is_goal: Callable[[S], bool],
    estimate: Callable[[S], int] | None = None,
    *,
    limit: int = 100_000,
) -> tuple[M, ...] | None:
    """Return the moves of a shortest solution, or None if there is none or it was not found.

    A* (Hart, Nilsson & Raphael 1968, doi:10.1109/TSSC.1968.300136); breadth-first without an `estimate`. Ties are
    broken by the order of `neighbours` alone, so the same position always has the same solution.

    Args:
        start: where to begin.
        neighbours: what can be done in a position; every move costs 1.
        is_goal: whether a position solves the puzzle.
        estimate: moves still needed, never too many, falling by at most 1 a move.
        limit: the most positions to look at before giving up.
    """
    heuristic = estimate or (lambda _: 0)
    newer = count()
    before: dict[S, tuple[S, M] | None] = {start: None}
    cost = {start: 0}
    queue = [(heuristic(start), next(newer), start)]
    closed: set[S] = set()
    while queue and len(closed) < limit:
        *_, position = heappop(queue)
        if position in closed:
            continue
        if is_goal(position):
            return _moves_to(position, before)
        closed.add(position)
        for move, after in neighbours(position):
            steps = cost[position] + 1
            if steps < cost.get(after, steps + 1):
                cost[after] = steps
                before[after] = (position, move)
                heappush(queue, (steps + heuristic(after), next(newer), after))
    return None


def distances(goals: Iterable[S], neighbours: Neighbours[S, M], *, limit: int = 1_000_000) -> dict[S, int]:
    """Return the fewest moves from each of `goals` to every position that can be reached from one (at most `limit`).

    Where moves can be taken back, these are also the distances to the nearest goal.
    """
    found = dict.fromkeys(goals, 0)
    frontier = list(found)
    while frontier and len(found) < limit:
        following: list[S] = []
        for position in frontier:
            for _, after in neighbours(position):
                if after not in found:
                    found[after] = found[position] + 1
                    following.append(after)
        frontier = following
    return found


def _moves_to(position: S, before: dict[S, tuple[S, M] | None]) -> tuple[M, ...]:
    moves: list[M] = []
    while step := before[position]:
        position, move = step
        moves.append(move)
    return tuple(reversed(moves))
