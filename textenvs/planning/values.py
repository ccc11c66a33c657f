"""Exact values of policies on an `InformationGraph`, by backward induction over its depths."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from textenvs.core.errors import ArgumentError
from textenvs.core.game import Strategy
from textenvs.core.strategies import expert_strategy
from textenvs.planning.errors import PeekingPolicyError, check_mixed_move
from textenvs.planning.graph import FloatArray, InformationGraph

TIE = 1e-9
"""Scores closer than this are ties: exact values are correct to better than this."""


class Evaluation(NamedTuple):
    """What a policy earns.

    Attributes:
        policy: float64[P]; the probability of each move in each node; sums to 1 over a node.
        values: float64[N]; the expected return from each node on.
        start: the expected return of an episode.
    """

    policy: FloatArray
    values: FloatArray
    start: float


def evaluate(graph: InformationGraph, policy: FloatArray) -> Evaluation:
    """Return the exact value of a policy.

    Args:
        graph: the game.
        policy: float64[P]; not negative, summing to 1 over the pairs of each node.

    Raises:
        ArgumentError: if `policy` is not of that kind.
    """
    if policy.shape != (graph.n_pairs,) or policy.min() < 0 or np.abs(_sums(graph, policy) - 1).max() > 1e-6:
        raise ArgumentError(f"a policy has {graph.n_pairs} probabilities here that sum to 1 over each node")

    def mean(q: FloatArray, pairs: slice, starts: Any) -> FloatArray:
        return np.add.reduceat(policy[pairs] * q, starts)

    return _evaluation(graph, policy, _backward(graph, mean))


def optimal(graph: InformationGraph, allowed: npt.NDArray[np.bool_] | None = None) -> Evaluation:
    """Return the value of the best policy, and that policy (mixing equally between best moves).

    Args:
        graph: the game.
        allowed: bool[P]; the pairs that a policy may take, one of each node at least; all if None.
    """
    barred = np.zeros(graph.n_pairs) if allowed is None else np.where(allowed, 0.0, -np.inf)

    def best(q: FloatArray, pairs: slice, starts: Any) -> FloatArray:
        return np.maximum.reduceat(q + barred[pairs], starts)

    values = _backward(graph, best)
    return _evaluation(graph, greedy(graph, action_values(graph, values) + barred), values)


def visits(graph: InformationGraph, policy: FloatArray) -> FloatArray:
    """Return the probability with which an episode of a policy, float64[P], comes by each node, float64[N]."""
    coming = np.zeros(graph.n_nodes + 1)  # the last one collects the ends: index -1
    coming[graph.opening_node] = graph.opening_probability
    for first, last in pairwise(graph.pair_start[graph.depth_start]):
        outcomes = slice(graph.outcome_start[first], graph.outcome_start[last])
        pairs = graph.outcome_pair[outcomes]
        made = coming[graph.pair_node[pairs]] * policy[pairs]
        np.add.at(coming, graph.outcome_node[outcomes], made * graph.outcome_probability[outcomes])
    return coming[:-1]


def action_values(graph: InformationGraph, values: FloatArray) -> FloatArray:
    """Return the value of each pair, float64[P], when `values`, float64[N], are earned after it."""
    return _lookahead(graph, np.append(values, 0.0), slice(0, graph.n_pairs))


def greedy(graph: InformationGraph, scores: FloatArray) -> FloatArray:
    """Return the policy that takes the moves with the best score, float64[P], ties split equally."""
    best = np.maximum.reduceat(scores, graph.pair_start[:-1])
    ties = (scores >= best[graph.pair_node] - TIE).astype(np.float64)
    return ties / _sums(graph, ties)[graph.pair_node]


def uniform_policy(graph: InformationGraph) -> FloatArray:
    """Return the policy that takes each legal move equally often, float64[P]."""
    return 1.0 / graph.n_moves[graph.pair_node]


def myopic_policy(graph: InformationGraph) -> FloatArray:
    """Return the policy that is greedy on what a move pays until the player's next one, float64[P]."""
    return greedy(graph, graph.reward)


def one_step_policy(graph: InformationGraph, behaviour: FloatArray) -> FloatArray:
    """Return the policy that is greedy on the action values of the policy `behaviour`, float64[P]."""
    return greedy(graph, action_values(graph, evaluate(graph, behaviour).values))


def mixture(first: FloatArray, second: FloatArray, share: float) -> FloatArray:
    """Return the policy that at each turn follows `second` with probability `share`, else `first`."""
    return (1.0 - share) * first + share * second


def state_policy(graph: InformationGraph, strategy: Strategy) -> FloatArray:
    """Return a strategy as a policy of the graph, float64[P].

    Raises:
        PeekingPolicyError: if it acts differently in two states that the player cannot tell apart.
        ArgumentError: if it gives a move that is not legal, or probabilities that do not sum to 1.
    """
    policy = np.zeros(graph.n_pairs)
    for node, (belief, moves) in enumerate(zip(graph.beliefs, graph.moves, strict=True)):
        chosen = _agreed(graph, [index for index, _ in belief], strategy)
        check_mixed_move(chosen, moves, graph.states[belief[0][0]])
        policy[graph.pair_start[node] : graph.pair_start[node + 1]] = [chosen.get(move, 0.0) for move in moves]
    return policy


def expert_policy(graph: InformationGraph) -> FloatArray:
    """Return the game's scripted expert as a policy of the graph, float64[P]; raises like `state_policy`."""
    return state_policy(graph, expert_strategy)


def _agreed(graph: InformationGraph, states: list[int], strategy: Strategy) -> dict[Hashable, float]:
    """Return what a strategy does in each of `states`, which must be the same."""
    first, *others = ({move: float(p) for move, p in strategy(graph.game, graph.states[index], 0)} for index in states)
    for other, index in zip(others, states[1:], strict=True):
        if any(abs(first.get(move, 0.0) - other.get(move, 0.0)) > TIE for move in first.keys() | other.keys()):
            raise PeekingPolicyError(
                f"the strategy tells apart states of {graph.game!r} that look the same to the player:\n"
                f"  {graph.states[states[0]]!r}: {first!r}\n  {graph.states[index]!r}: {other!r}"
            )
    return first


def _evaluation(graph: InformationGraph, policy: FloatArray, values: FloatArray) -> Evaluation:
    return Evaluation(policy, values, float(graph.opening_probability @ values[graph.opening_node]))


def _backward(graph: InformationGraph, choose: Callable[[FloatArray, slice, Any], FloatArray]) -> FloatArray:
    """Return the values of all nodes, deepest first; `choose` joins the action values of each node."""
    values = np.zeros(graph.n_nodes + 1)  # the last one stands for the end: index -1
    for depth in reversed(range(graph.horizon)):
        first, last = graph.depth_start[depth : depth + 2]
        starts = graph.pair_start[first : last + 1]
        pairs = slice(starts[0], starts[-1])
        values[first:last] = choose(_lookahead(graph, values, pairs), pairs, starts[:-1] - starts[0])
    return values[:-1]


def _lookahead(graph: InformationGraph, values: FloatArray, pairs: slice) -> FloatArray:
    """Return the action values of consecutive `pairs`; the last of `values`, float64[N + 1], is the end's."""
    starts = graph.outcome_start[pairs.start : pairs.stop + 1]
    outcomes = slice(starts[0], starts[-1])
    returns = graph.outcome_reward[outcomes] + values[graph.outcome_node[outcomes]]
    return np.add.reduceat(graph.outcome_probability[outcomes] * returns, starts[:-1] - starts[0])


def _sums(graph: InformationGraph, per_pair: FloatArray) -> FloatArray:
    """Return the sums over the pairs of each node, float64[N]."""
    return np.add.reduceat(per_pair, graph.pair_start[:-1])
