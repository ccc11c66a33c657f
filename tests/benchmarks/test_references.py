from __future__ import annotations

import numpy as np
import pytest

from benchmarks.compare.references import behaviour_policy, cell_graph, greedy_like, limits, reference
from benchmarks.compare.sweep import Cell

GUESS = Cell("guess", "GuessNumber", {"high": 7, "guesses": 3}, "random")
NO_LURE = Cell("jam", "Assembly", {"length": 2, "horizon": 3, "slip": 0.0, "lure": 0.0}, "mixed:0.5")


def test_known_values():
    found = reference(GUESS)
    assert found["values"]["optimal"]["low"] == pytest.approx(1.0)
    assert found["limits"]["plan"] == pytest.approx(3 / 7)
    assert found["corner"] == "both"
    assert found["horizon"] == 3


def test_ties_go_as_the_behaviour_goes_and_not_at_random():
    graph = cell_graph(NO_LURE)
    found = limits(graph, behaviour_policy(NO_LURE))
    assert found["optimal"] == 1.0
    # Nothing pays before the last stage, so a myopic learner moves like the start (advance: 1/2 + 1/6) until stage 1,
    # where advancing pays at once. It finishes unless it wastes the first two turns.
    assert found["myopic"] == pytest.approx(1 - (1 / 3) ** 2)
    assert reference(NO_LURE)["values"]["myopic"]["low"] == pytest.approx(1 - (2 / 3) ** 2)


def test_with_random_behaviour_the_limits_are_the_rulers():
    found = reference(GUESS)
    assert found["limits"]["myopic"] == pytest.approx(found["values"]["myopic"]["low"])
    assert found["limits"]["one_step"] == pytest.approx(found["values"]["one_step"]["low"])


def test_greedy_like_is_a_policy_on_the_best_moves_only():
    graph = cell_graph(NO_LURE)
    scores = np.random.default_rng(0).integers(0, 2, graph.n_pairs).astype(np.float64)
    policy = greedy_like(graph, scores, behaviour_policy(NO_LURE))
    assert np.add.reduceat(policy, graph.pair_start[:-1]) == pytest.approx(np.ones(graph.n_nodes))
    best = np.maximum.reduceat(scores, graph.pair_start[:-1])[graph.pair_node]
    assert not policy[scores < best].any()
