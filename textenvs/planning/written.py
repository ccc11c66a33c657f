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

from textenvs.core.game import Game
from textenvs.core.written_strategy import as_rules_see, whole_strategy
from textenvs.planning.bounds import Value, between
from textenvs.planning.enumeration import build_graph
from textenvs.planning.errors import UnequalMovesError
from textenvs.planning.graph import FloatArray, InformationGraph, IntArray
from textenvs.planning.values import TIE, Evaluation, action_values, evaluate, optimal, visits

_FAINT = 1e-9
_LAYER = 500  # evaluating a depth takes about as long as so many pairs


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
    game: Game[Any, Any], split: str = "all", *, limit: int = 200_000, work: int = 1_000_000, search: int = 20_000_000
) -> Value:
    """Return the value of the best written strategies for a solo game.

    Args:
        game: the rules; one player.
        split: the instances an episode is drawn from.
        limit: the most information states to enumerate.
        work: the most (state, move) pairs to examine in that, roughly 15 µs each.
        search: as for `best_strategies`.

    Raises:
        TooLargeError: if a limit is exceeded or the deals cannot be listed.
        UnequalMovesError: if there are situations that rules cannot tell apart, with different legal moves.
        BrokenGameError: if the rules break another promise that planning relies on.
    """
    return averaged(best_strategies(build_graph(game, split, limit=limit, work=work), search=search))


def averaged(strategies: Sequence[WrittenStrategy]) -> Value:
    """Return the value of writing strategies, averaged over the openings."""
    low = fsum(each.probability * each.value.low for each in strategies)
    high = fsum(each.probability * each.value.high for each in strategies)
    return between(low, high)


def best_strategies(graph: InformationGraph, *, search: int = 20_000_000) -> tuple[WrittenStrategy, ...]:
    """Return the best written strategy for each opening view.

    Rules see what `as_rules_see` leaves of a view, and reply with standard wordings of moves. They can give every view
    that they tell from others a move of its own, so the best of them are the best deterministic policy of what they
    see. None of its moves is refused: that would forfeit the episode, and no legal play earns less.

    Args:
        graph: the game; how long a reply may be is not considered.
        search: how many (information state, move) pairs to evaluate over and over before bounds have to do; roughly
            0.1 µs each. Every opening is searched once at least.

    Raises:
        UnequalMovesError: if there are situations that rules cannot tell apart, with different legal moves.
    """
    found = []
    for node, probability in zip(graph.opening_node, graph.opening_probability, strict=True):
        problem = _Search(graph.opened(int(node)), search)
        value, chosen = problem.solve()
        search = problem.left
        found.append(WrittenStrategy(graph.view(int(node)), float(probability), problem.written(chosen), value))
    return tuple(found)


class _Search:
    """Branch and bound over the policies of one opening.

    Situations that look the same to rules form a *class*, numbered from 0, and each move of a class is a *choice*. A
    policy is a choice for every class; a set of policies is given by the choices that are `fixed`. The best policy
    that may treat each situation of the other classes on its own bounds a set, and the class that loses most by
    having to choose once is where the set is split.
    """

    def __init__(self, graph: InformationGraph, left: int) -> None:
        self.graph = graph
        self.left = left
        self.seen = [as_rules_see(graph.view(node)) for node in range(graph.n_nodes)]
        numbers: dict[str, int] = {}
        self.node_class = np.array([numbers.setdefault(seen, len(numbers)) for seen in self.seen])
        self.pair_choice, self.choice_class = self._choices(len(numbers))

    def _choices(self, classes: int) -> tuple[IntArray, IntArray]:
        """Return the choice of each pair, int64[P], and the class of each choice, int64[C]."""
        numbers: dict[tuple[int, Any], int] = {}
        moves: list[tuple[Any, ...]] = [()] * classes
        choices = []
        for node, its in enumerate(self.node_class.tolist()):
            moves[its] = moves[its] or self.graph.moves[node]
            if moves[its] != self.graph.moves[node] and set(moves[its]) != set(self.graph.moves[node]):
                raise UnequalMovesError(
                    f"rules cannot tell which moves of {self.graph.game!r} are legal, seeing {self.seen[node]!r}"
                )
            choices += [numbers.setdefault((its, move), len(numbers)) for move in self.graph.moves[node]]
        return np.array(choices), np.array([its for its, _ in numbers])

    def solve(self) -> tuple[Value, IntArray]:
        """Return the value of the best policy, and the best policy found."""
        newer = count(step=-1)
        best, best_found = -inf, np.empty(0, dtype=np.int64)
        queue: list[tuple[float, int, tuple[int, ...]]] = [(-inf, 0, ())]
        while queue and -queue[0][0] > best + TIE:
            _, _, fixed = heappop(queue)
            bound, worth = self.relaxed(fixed)
            value, found = self.climbed(self.best_of(worth), best)
            if value > best:
                best, best_found = value, found
            if bound > best + TIE:
                for choice in self.split(fixed, worth):
                    heappush(queue, (-bound, next(newer), (*fixed, choice)))
            if self.left <= 0:
                break
        return between(best, max(best, -queue[0][0]) if queue else best), best_found

    def relaxed(self, fixed: tuple[int, ...]) -> tuple[float, FloatArray]:
        """Return the bound of a set of policies, and what each choice gains on it: 0 or less, float64[C]."""
        chosen = list(fixed)
        allowed = np.isin(self.choice_class, self.choice_class[chosen], invert=True)
        allowed[chosen] = True
        best = optimal(self.graph, allowed[self.pair_choice])
        return best.start, np.where(allowed, self.gains(best), -inf)

    def split(self, fixed: tuple[int, ...], worth: FloatArray) -> list[int]:
        """Return the choices of the class, not fixed yet, that loses most."""
        loss = -worth[self.best_of(worth)]
        loss[self.choice_class[list(fixed)]] = -1.0
        choices: list[int] = np.flatnonzero(self.choice_class == np.argmax(loss)).tolist()
        return choices

    def gains(self, evaluation: Evaluation) -> FloatArray:
        """Return what each choice, made wherever its class is met, gains on a policy, float64[C].

        Exact if no episode meets the class twice. What the policy never meets counts faintly.
        """
        self.left -= self.graph.n_pairs + _LAYER * self.graph.horizon
        node = self.graph.pair_node
        gain = action_values(self.graph, evaluation.values) - evaluation.values[node]
        total = np.zeros(len(self.choice_class))
        np.add.at(total, self.pair_choice, gain * (visits(self.graph, evaluation.policy) + _FAINT)[node])
        return total

    def best_of(self, worth: FloatArray) -> IntArray:
        """Return the choice of each class that is worth most, int64[classes]."""
        order = np.lexsort((-worth, self.choice_class))
        best: IntArray = order[np.flatnonzero(np.diff(self.choice_class[order], prepend=-1))]
        return best

    def climbed(self, chosen: IntArray, enough: float) -> tuple[float, IntArray]:
        """Return a policy and its value, improved choice by choice if it is already worth more than `enough`."""
        now = self.evaluated(chosen)
        while now.start > enough:
            gains = self.gains(now)
            choice = int(np.argmax(gains))
            changed = chosen.copy()
            changed[self.choice_class[choice]] = choice
            after = self.evaluated(changed)
            if after.start <= now.start + TIE:
                break
            now, chosen = after, changed
        return now.start, chosen

    def evaluated(self, chosen: IntArray) -> Evaluation:
        """Return the value of a policy."""
        return evaluate(self.graph, self._policy(chosen))

    def written(self, chosen: IntArray) -> str:
        """Return the rules of a policy, for all views that it can meet."""
        policy = self._policy(chosen)
        met = np.flatnonzero(visits(self.graph, policy) > 0)
        moves: dict[str, str] = {}
        for node in met[np.unique(self.node_class[met], return_index=True)[1]]:
            pairs = slice(self.graph.pair_start[node], self.graph.pair_start[node + 1])
            moves[self.seen[node]] = self.graph.wordings(node)[int(np.argmax(policy[pairs]))]
        return whole_strategy(moves)

    def _policy(self, chosen: IntArray) -> FloatArray:
        policy: FloatArray = (chosen[self.node_class[self.graph.pair_node]] == self.pair_choice).astype(np.float64)
        return policy
