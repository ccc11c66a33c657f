"""The exact value of a plan policy, by carrying the distribution over situations forward through the lines."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from agents.tabular.plans import PlanGame, PlanTable
from agents.tabular.table import BoolArray
from textenvs.planning.graph import FloatArray, IntArray


class Front(NamedTuple):
    """The situations between two lines, E of them.

    Attributes:
        rows: int64[E]; the prefix written so far, as a row of the plan table.
        nodes: int64[E]; where the episode stands.
        refused: int64[E]; refusals in a row.
        mass: float64[E]; the probability of the situation.
        earned: float64[E]; what was earned without prices, times that probability.
    """

    rows: IntArray
    nodes: IntArray
    refused: IntArray
    mass: FloatArray
    earned: FloatArray

    def at(self, index: IntArray | BoolArray) -> Front:
        """Return some of the situations."""
        return Front._make(column[index] for column in self)


def plan_value(plans: PlanTable) -> float:
    """Return the expected score of a plan policy, refusals and forfeits included, exactly.

    Prefixes without a row of their own are followed together, so the work grows with the prefixes met in training.
    """
    game, total = plans.game, 0.0
    openings, none = game.graph.opening_node, np.zeros(len(game.graph.opening_node))
    front = Front(plans.opening_row[openings], openings, none.astype(np.int64), game.graph.opening_probability, none)
    probabilities = plans.table.probabilities().reshape(-1, plans.n_words)
    for _ in range(game.graph.horizon):
        front, words = _written(plans, front, probabilities)
        moves = game.move_of[front.nodes, words]
        moved, ended = _moved(game, front.at(moves >= 0), moves[moves >= 0])
        refused, priced = _refused(game, front.at(moves < 0))
        front = _merged(game, moved, refused)
        total += ended + priced
    return total + _exhausted(game, front)


def _written(plans: PlanTable, front: Front, probabilities: FloatArray) -> tuple[Front, IntArray]:
    """Return the front after one more line is written, but not yet played, and the word in it, int64[E]."""
    share = probabilities[front.rows]
    entry, words = np.nonzero(front.mass[:, None] * share)
    share = share[entry, words]
    front = front.at(entry)
    rows = plans.after[front.rows, words]
    return front._replace(rows=rows, mass=front.mass * share, earned=front.earned * share), words


def _moved(game: PlanGame, front: Front, moves: IntArray) -> tuple[Front, float]:
    """Return where legal `moves`, int64[E], lead, and what the episodes that they end have earned."""
    graph = game.graph
    pairs = graph.pair_start[front.nodes] + moves
    first, count = graph.outcome_start[pairs], graph.outcome_start[pairs + 1] - graph.outcome_start[pairs]
    entry = np.repeat(np.arange(len(pairs)), count)
    outcome = first[entry] + np.arange(len(entry)) - (np.cumsum(count) - count)[entry]
    mass = front.mass[entry] * graph.outcome_probability[outcome]
    earned = front.earned[entry] * graph.outcome_probability[outcome] + mass * graph.outcome_reward[outcome]
    nodes = graph.outcome_node[outcome]
    after = Front(front.rows[entry], nodes, np.zeros_like(nodes), mass, earned)
    return after.at(nodes >= 0), float(earned[nodes < 0].sum())


def _refused(game: PlanGame, front: Front) -> tuple[Front, float]:
    """Return who goes on after one more refusal, and what all paid or, forfeiting, were left with."""
    front = front._replace(refused=front.refused + 1)
    forfeits = front.refused == game.settings.max_refusals
    left_with = game.lowest_return * front.mass[forfeits].sum()
    return front.at(~forfeits), float(left_with - game.settings.refusal_price * front.mass.sum())


def _exhausted(game: PlanGame, front: Front) -> float:
    """Return what those whose plan ran out pay and are left with: empty replies up to the forfeit."""
    prices = game.settings.refusal_price * (game.settings.max_refusals - front.refused)
    return float(((game.lowest_return - prices) * front.mass).sum())


def _merged(game: PlanGame, *fronts: Front) -> Front:
    """Return one front with equal situations added up."""
    front = Front._make(np.concatenate(column) for column in zip(*fronts, strict=True))
    key = (front.rows * game.graph.n_nodes + front.nodes) * game.settings.max_refusals + front.refused
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    mass, earned = (np.bincount(inverse, weight).astype(np.float64) for weight in (front.mass, front.earned))
    return front.at(first)._replace(mass=mass, earned=earned)
