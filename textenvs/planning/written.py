"""The strategy value: what the best rules earn that are written once, from the opening view, and remember nothing.

Rules in the form `strategy` choose by the current view alone. Where earlier views tell something that the current one
does not, that costs, and finding the best such policy is NP-hard (Littman 1994, "Memoryless policies: theoretical
limitations and practical results"); so it is searched for by branch and bound, and bounded where that takes too long.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import count
from math import fsum, inf
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from textenvs.core.game import Game
from textenvs.core.written_strategy import as_rules_see, whole_strategy
from textenvs.planning.bounds import Value, between, exact
from textenvs.planning.enumeration import build_graph
from textenvs.planning.errors import TooLargeError, UnequalMovesError
from textenvs.planning.graph import FloatArray, InformationGraph, IntArray
from textenvs.planning.values import TIE, action_values, evaluate, optimal, visits

BoolArray = npt.NDArray[np.bool_]


class WrittenStrategy(NamedTuple):
    """The best rules found for one opening view.

    Attributes:
        view: the opening view.
        probability: how often an episode opens with it.
        rules: the text to reply with: a rule for every view that it can lead to.
        value: the value of the best rules there are; `value.low` is that of `rules`.
    """

    view: str
    probability: float
    rules: str
    value: Value


def strategy_value(
    game: Game[Any, Any], split: str = "all", *, limit: int = 200_000, work: int = 1_000_000, search: int = 10_000_000
) -> Value:
    """Return the value of the best written strategies for a solo game.

    Args:
        game: the rules; one player.
        split: the instances an episode is drawn from.
        limit: the most information states to enumerate; beyond, the bounds are those of the game.
        work: the most (state, move) pairs to examine in that, roughly 15 µs each.
        search: as for `best_strategies`.

    Raises:
        UnequalMovesError: if views do not tell which moves are legal.
        BrokenGameError: if the rules break another promise that planning relies on.
    """
    try:
        graph = build_graph(game, split, limit=limit, work=work)
    except TooLargeError:
        return between(*game.return_range)
    return averaged(best_strategies(graph, search=search))


def averaged(strategies: Sequence[WrittenStrategy]) -> Value:
    """Return the value of writing strategies, averaged over the openings."""
    low = fsum(each.probability * each.value.low for each in strategies)
    high = fsum(each.probability * each.value.high for each in strategies)
    return between(low, high)


def best_strategies(graph: InformationGraph, *, search: int = 10_000_000) -> tuple[WrittenStrategy, ...]:
    """Return the best written strategy for each opening view.

    Rules see what `as_rules_see` leaves of a view, and reply with standard wordings of moves. They can give every view
    that they can tell from others a move of its own, so the best of them are the best deterministic policy of what
    they see. None of its moves is refused: that would forfeit the episode, and no legal play earns less.

    Args:
        graph: the game; the length that a reply may have does not count.
        search: how many (information state, move) pairs to look at, each as often as the search comes by, before
            bounds have to do; roughly 0.1 µs each. Each opening is looked at once at least.

    Raises:
        UnequalMovesError: if there are situations that rules cannot tell apart, with different legal moves.
    """
    found = []
    for node, probability in zip(graph.opening_node, graph.opening_probability, strict=True):
        problem = _Search(graph.opened(node), search)
        value, policy = problem.solve()
        search = problem.left
        found.append(WrittenStrategy(graph.view(node), float(probability), problem.written(policy), value))
    return tuple(found)


class _Search:
    """Branch and bound over the policies of one opening.

    A *choice* is one of the moves that rules can make in all situations that look the same to them, their *class*.
    With C choices, a set of policies is given by those still `allowed`, bool[C]. The best policy that may treat
    every situation on its own bounds them; where it wants different moves in one class, the search branches.
    """

    def __init__(self, graph: InformationGraph, left: int) -> None:
        self.graph = graph
        self.left = left
        self.seen = [as_rules_see(graph.view(node)) for node in range(graph.n_nodes)]
        numbers: dict[str, int] = {}
        self.class_of = np.array([numbers.setdefault(seen, len(numbers)) for seen in self.seen])
        self.choice_of, self.choice_class = self._choices(len(numbers))
        self.choice_start = np.flatnonzero(np.diff(self.choice_class, prepend=-1))

    def _choices(self, classes: int) -> tuple[IntArray, IntArray]:
        """Return the choice of each pair, int64[P], and the class of each choice, int64[C], in ascending order."""
        graph = self.graph
        moves: list[tuple[Any, ...]] = [()] * classes
        for node, its in enumerate(self.class_of):
            moves[its] = moves[its] or graph.moves[node]
            if graph.moves[node] != moves[its] and set(graph.moves[node]) != set(moves[its]):
                raise UnequalMovesError(
                    f"rules cannot tell which moves of {graph.game!r} are legal where they see {self.seen[node]!r}"
                )
        sizes = np.array([len(each) for each in moves])
        first = np.cumsum(sizes) - sizes
        places = [{move: place for place, move in enumerate(each, start)} for each, start in zip(moves, first, strict=True)]
        choices = [places[its][move] for its, node in zip(self.class_of, graph.moves, strict=True) for move in node]
        return np.array(choices), np.repeat(np.arange(classes), sizes)

    def solve(self) -> tuple[Value, FloatArray]:
        """Return the value of the best policy, and the best policy found."""
        newer = count()
        allowed = np.ones(len(self.choice_class), dtype=np.bool_)
        queue: list[tuple[float, int, BoolArray]] = [(-inf, next(newer), allowed)]
        best, best_policy = -inf, np.empty(0)
        while True:
            minus_bound, _, allowed = heappop(queue)
            if best >= -minus_bound - TIE:
                return exact(best), best_policy
            bound, loss = self.relaxed(allowed)
            value, policy = self.improved(self.policy(loss), allowed)
            if value > best:
                best, best_policy = value, policy
            if self.left <= 0:
                return between(best, max(best, bound, -minus_bound if minus_bound > -inf else bound)), best_policy
            for child in self.branches(allowed, loss):
                heappush(queue, (-bound, next(newer), child))
