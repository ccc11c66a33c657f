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
        return Front(*(column[index] for column in self))


def plan_value(plans: PlanTable) -> float:
    """Return the expected score of a plan policy, refusals and forfeits included, exactly.

    Prefixes without a row of their own are followed together, so the work grows with the prefixes met in training.
    """
    game = plans.game
    openings, chances = game.graph.opening_node, game.graph.opening_probability
    rows, none = plans.opening_row[openings], np.zeros(len(openings), dtype=np.int64)
    front, total = Front(rows, openings, none, chances, np.zeros(len(openings))), 0.0
    probabilities = plans.table.probabilities().reshape(-1, plans.n_words)
    for _ in range(game.graph.horizon):
        share = probabilities[front.rows]
        entry, word = np.nonzero(front.mass[:, None] * share)
        share = share[entry, word]
        move = game.move_of[front.nodes[entry], word]
        written = front.at(entry)._replace(
            rows=plans.after[front.rows[entry], word], mass=front.mass[entry] * share, earned=front.earned[entry] * share
        )
        moved, ended = _moved(game, written.at(move >= 0), move[move >= 0])
        stayed, priced = _refused(game, written.at(move < 0))
        total += ended + priced
        front = _merged(game, Front(*(np.concatenate(both) for both in zip(moved, stayed, strict=True))))
    return total + _exhausted(game, front)


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


def _merged(game: PlanGame, front: Front) -> Front:
    """Return the front with equal situations added up."""
    key = (front.rows * game.graph.n_nodes + front.nodes) * game.settings.max_refusals + front.refused
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    mass, earned = np.bincount(inverse, front.mass), np.bincount(inverse, front.earned)
    return front.at(first)._replace(mass=mass, earned=earned)
