"""Enumerating a solo game into an `InformationGraph`."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from math import gcd, lcm
from typing import Any

import numpy as np

from textenvs.core.game import Game
from textenvs.planning.errors import BrokenGameError, TooLargeError, UnequalMovesError
from textenvs.planning.graph import InformationGraph, IntArray, starts
from textenvs.planning.states import OVER, TRANSITIONS, Belief, StateTable, Weight

_BELIEF_DIGITS = 12


def build_graph(
    game: Game[Any, Any],
    split: str = "all",
    *,
    observed: bool = False,
    limit: int = 200_000,
    work: int = 1_000_000,
    table: StateTable | None = None,
) -> InformationGraph:
    """Return the graph of everything that can happen to the player of a solo game.

    Beliefs are compared exactly where the rules state rational probabilities (int, Fraction), and to
    12 digits where they state floats.

    Args:
        game: the rules; one player, deals that can be listed.
        split: the instances an episode is drawn from, one of `textenvs.core.instances.SPLITS`.
        observed: show the player the state itself instead of its view; nodes are then single states
            and the optimal value is an upper bound of what any player can reach.
        limit: the most nodes allowed.
        work: the most (state, move) pairs to examine over all beliefs; roughly 15 µs each.
        table: the states of `game` met so far, so that several searches ask the rules only once.

    Raises:
        TooLargeError: if a limit is exceeded or the deals cannot be listed.
        UnequalMovesError: if states that look the same to the player have different legal moves.
        BrokenGameError: if the game pays or ends before the first move, or outlasts its `max_turns`.
    """
    enumeration = _Enumeration(table or StateTable(game, most=TRANSITIONS * work), observed, limit, work)
    openings = enumeration.open(split)
    enumeration.run()
    return enumeration.graph(openings)


class _Enumeration:
    """Breadth-first search over beliefs; `outcomes` and the starts grow in the order of discovery."""

    def __init__(self, table: StateTable, observed: bool, limit: int, work: int) -> None:
        self.table = table
        self.observed = observed
        self.limit = limit
        self.work = work
        self.worked = 0
        self.beliefs: list[Belief] = []
        self.found_at: list[int] = []
        self.numbers: dict[Hashable, int] = {}
        self.moves: list[tuple[Any, ...]] = []
        self.outcomes: list[tuple[int, float, int, float]] = []  # pair, probability, next node, reward

    def open(self, split: str) -> list[tuple[int, float]]:
        """Return the opening nodes with their probabilities."""
        weights = self.table.openings(split)
        groups: dict[Hashable, dict[int, Weight]] = {}
        for number, weight in weights.items():
            groups.setdefault(self.seen(number), {})[number] = weight
        total = sum(weights.values())
        return [(self.node(group, 0), float(sum(group.values()) / total)) for group in groups.values()]

    def run(self) -> None:
        """Expand every node, those found meanwhile included."""
        node = pair = 0
        while node < len(self.beliefs):
            belief = self.beliefs[node]
            moves = self.common_moves(belief)
            self.count(len(belief) * len(moves))
            self.moves.append(moves)
            for move in moves:
                self.expand(pair, belief, move, self.found_at[node] + 1)
                pair += 1
            node += 1

    def expand(self, pair: int, belief: Belief, move: Any, depth: int) -> None:
        """Record the outcomes of one move in one belief."""
        groups: dict[Hashable, dict[int, Weight]] = {OVER: {}}
        paid: dict[tuple[Hashable, float], Weight] = {}
        for number, weight in belief:
            for chance, reward, after in self.table.step(number, move):
                seen = self.seen(after)
                mass = weight * chance
                paid[seen, reward] = paid.get((seen, reward), 0) + mass
                group = groups.setdefault(seen, {})
                group[after] = group.get(after, 0) + mass
        del groups[OVER]
        nodes = {seen: self.node(group, depth) for seen, group in groups.items()}
        total = sum(weight for _, weight in belief)
        for (seen, reward), mass in paid.items():
            self.outcomes.append((pair, float(mass / total), nodes.get(seen, OVER), reward))

    def seen(self, number: int) -> Hashable:
        """Return what tells a state from others: its view, or that the episode is over."""
        return number if self.observed or number == OVER else self.table.view(number)

    def common_moves(self, belief: Belief) -> tuple[Any, ...]:
        """Return the legal moves of a belief, checking that all of its states agree."""
        first = self.table.moves(belief[0][0])
        for number, _ in belief:
            moves = self.table.moves(number)
            if moves != first and set(moves) != set(first):
                raise UnequalMovesError(self._unequal(belief[0][0], number))
        return first

    def node(self, weights: dict[int, Weight], depth: int) -> int:
        """Return the node of a belief, a new one if it was not met before."""
        belief = _scaled(weights)
        key = tuple((state, round(w, _BELIEF_DIGITS) if isinstance(w, float) else w) for state, w in belief)
        node = self.numbers.setdefault(key, len(self.beliefs))
        if node == len(self.beliefs):
            if node == self.limit:
                raise TooLargeError(f"{self.table.game!r} has more than {self.limit} information states")
            self.beliefs.append(belief)
            self.found_at.append(depth)
        return node

    def count(self, pairs: int) -> None:
        """Count (state, move) pairs about to be examined; raises `TooLargeError` beyond `work`."""
        self.worked += pairs
        if self.worked > self.work:
            raise TooLargeError(
                f"{self.table.game!r} has more than {self.work} (state, move) pairs over all beliefs; "
                f"{len(self.beliefs)} information states were found so far"
            )

    def graph(self, openings: list[tuple[int, float]]) -> InformationGraph:
        """Return the arrays, with nodes renumbered by depth."""
        pair_of, probability, after, reward = np.array(self.outcomes).T
        pair_of, after = pair_of.astype(np.int64), after.astype(np.int64)
        n_moves = np.array([len(moves) for moves in self.moves])
        node_of = np.repeat(np.arange(len(n_moves)), n_moves)
        depth = self._depths(node_of[pair_of], after)
        nodes, node_rank = _order(depth)
        pairs, pair_rank = _order(node_rank[node_of])
        outcomes, _ = _order(pair_rank[pair_of])
        opening, opening_probability = zip(*openings, strict=True)
        return InformationGraph(
            game=self.table.game,
            pair_start=starts(n_moves[nodes]),
            outcome_start=starts(np.bincount(pair_of)[pairs]),
            outcome_probability=probability[outcomes],
            outcome_node=np.append(node_rank, OVER)[after[outcomes]],
            outcome_reward=reward[outcomes],
            opening_node=node_rank[np.array(opening)],
            opening_probability=np.array(opening_probability),
            depth_start=starts(np.bincount(depth)),
            moves=tuple(self.moves[node] for node in nodes),
            states=tuple(self.table.states),
            beliefs=tuple(self.beliefs[node] for node in nodes),
        )

    def _depths(self, source: IntArray, target: IntArray) -> IntArray:
        """Return the length of the longest path to each node, improving on the shortest ones found."""
        goes_on = target != OVER
        source, target = source[goes_on], target[goes_on]
        depth = np.array(self.found_at)
        for _ in range(self.table.game.max_turns + 1):
            longer = depth.copy()
            np.maximum.at(longer, target, depth[source] + 1)
            if np.array_equal(longer, depth):
                return depth
            depth = longer
        raise BrokenGameError(f"{self.table.game!r} outlasts its max_turns, {self.table.game.max_turns}")

    def _unequal(self, one: int, other: int) -> str:
        shown = "\n".join(f"  {self.table.states[n]!r} allows {self.table.moves(n)!r}" for n in (one, other))
        return f"{self.table.game!r} has states that look the same to the player, with different moves:\n{shown}"


def _scaled(weights: dict[int, Weight]) -> Belief:
    """Return a belief as coprime integers where its weights are rational, else as floats summing to 1."""
    items = sorted(weights.items())
    if len(items) == 1:
        return ((items[0][0], 1),)
    if any(isinstance(weight, float) for _, weight in items):
        total = float(sum(weights.values()))
        return tuple((state, float(weight) / total) for state, weight in items)
    denominator = lcm(*(weight.as_integer_ratio()[1] for _, weight in items))
    whole = [int(weight * denominator) for _, weight in items]
    divisor = gcd(*whole)
    return tuple((state, weight // divisor) for (state, _), weight in zip(items, whole, strict=True))


def _order(keys: Sequence[int] | IntArray) -> tuple[IntArray, IntArray]:
    """Return the stable sorting order of `keys`, and the rank of each key in it."""
    order = np.argsort(keys, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return order, rank
