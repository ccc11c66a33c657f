"""The exact values of a cell, known before any training, and what they predict for each arm."""

from __future__ import annotations

from dataclasses import asdict, fields
from functools import cache
from typing import Any

import numpy as np

from benchmarks.compare.folder import Reference
from benchmarks.compare.sweep import Cell
from textenvs.core.game import Game
from textenvs.core.strategies import strategy
from textenvs.planning.enumeration import build_graph
from textenvs.planning.graph import FloatArray, InformationGraph
from textenvs.planning.reference import reference_values
from textenvs.planning.values import action_values, evaluate, greedy, optimal, state_policy


def reference(cell: Cell) -> Reference:
    """Return the reference values of a cell.

    Raises:
        TooLargeError: if its game cannot be enumerated.
    """
    values = reference_values(cell.rules, behaviour=strategy(cell.behaviour))
    graph = cell_graph(cell)
    known = {ruler.name: getattr(values, ruler.name) for ruler in fields(values)}
    rulers = {name: asdict(value) for name, value in known.items() if value is not None}
    return Reference(
        cell=cell.id,
        values=rulers,
        limits={**limits(graph, behaviour_policy(cell)), "plan": values.plan.value},
        corner=values.cell() or "unknown",
        horizon=graph.horizon,
        nodes=graph.n_nodes,
    )


def limits(graph: InformationGraph, behaviour: FloatArray) -> dict[str, float]:
    """Return what planning predicts for the arms with labels of unlimited number.

    Training with a price on the divergence from the start leaves the start as it is where its labels are
    indifferent, so that ties are split as the behaviour splits them; the rulers of the same names split
    them equally.

    Args:
        graph: the game.
        behaviour: float64[P]; positive wherever a move can be best.

    Returns:
        `optimal`; `myopic`, greedy on the next reward; `one_step`, greedy on the behaviour's action values.
    """
    behaviour_values = evaluate(graph, behaviour).values
    return {
        "optimal": optimal(graph).start,
        "myopic": evaluate(graph, greedy_like(graph, graph.reward, behaviour)).start,
        "one_step": evaluate(graph, greedy_like(graph, action_values(graph, behaviour_values), behaviour)).start,
    }


def greedy_like(graph: InformationGraph, scores: FloatArray, behaviour: FloatArray) -> FloatArray:
    """Return the policy greedy on `scores` with ties split in proportion to `behaviour`; all float64[P]."""
    kept = np.where(greedy(graph, scores) > 0, behaviour, 0.0)
    policy: FloatArray = kept / np.add.reduceat(kept, graph.pair_start[:-1])[graph.pair_node]
    return policy


def behaviour_policy(cell: Cell) -> FloatArray:
    """Return the demonstrator of a cell as a policy of its graph, float64[P]; computed once in each process."""
    return _behaviour(cell.rules, cell.behaviour)


def cell_graph(cell: Cell) -> InformationGraph:
    """Return the graph of a cell's game; built once in each process."""
    return _graph(cell.rules)


@cache
def _graph(rules: Game[Any, Any]) -> InformationGraph:
    return build_graph(rules)


@cache
def _behaviour(rules: Game[Any, Any], name: str) -> FloatArray:
    return state_policy(_graph(rules), strategy(name))
