"""The game as its player sees it: a graph of information states, stored as flat arrays."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from textenvs.core.game import Distribution, Game
from textenvs.planning.states import Belief

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class InformationGraph:
    """A solo game as a finite, acyclic Markov decision process over information states.

    A *node* is a belief: the distribution over game states given everything the player has seen and
    done. Histories with the same belief are one node, and a fully observed game has one state a node.
    Nodes are numbered by depth, so every successor of a node has a higher number. A *pair* is a
    (node, move); the pairs of a node are neighbours, in the order of its `moves`. An *outcome* of a
    pair is (next node, reward), and the outcomes of a pair are neighbours too. With N nodes, P pairs,
    K outcomes, O openings and H = `horizon`:

    Attributes:
        game: the rules.
        pair_start: int64[N + 1]; the pairs of node n are `pair_start[n]` … `pair_start[n + 1] - 1`,
            so the pair of its m-th move is `pair_start[n] + m`.
        outcome_start: int64[P + 1]; the outcomes of pair p, likewise.
        outcome_probability: float64[K]; positive, summing to 1 over each pair.
        outcome_node: int64[K]; the next node, or -1 where the episode ends.
        outcome_reward: float64[K]; paid from this move until the player's next one.
        opening_node: int64[O]; the nodes an episode can start in.
        opening_probability: float64[O]; their probabilities.
        depth_start: int64[H + 1]; the nodes of depth d are `depth_start[d]` … `depth_start[d + 1] - 1`.
        moves: for each node its legal moves, in the order of its pairs.
        states: the game states that `beliefs` refers to.
        beliefs: for each node its states, each as (index into `states`, probability up to a common
            factor), in ascending order.
    """

    game: Game[Any, Any]
    pair_start: IntArray
    outcome_start: IntArray
    outcome_probability: FloatArray
    outcome_node: IntArray
    outcome_reward: FloatArray
    opening_node: IntArray
    opening_probability: FloatArray
    depth_start: IntArray
    moves: tuple[tuple[Any, ...], ...]
    states: tuple[Any, ...]
    beliefs: tuple[Belief, ...]

    @property
    def n_nodes(self) -> int:
        """N, the number of information states in which the player moves."""
        return len(self.pair_start) - 1

    @property
    def n_pairs(self) -> int:
        """P, the number of (node, move) pairs; the length of a policy."""
        return len(self.outcome_start) - 1

    @property
    def horizon(self) -> int:
        """H, the most moves the player can make in an episode."""
        return len(self.depth_start) - 1

    @cached_property
    def n_moves(self) -> IntArray:
        """int64[N]: the number of legal moves of each node."""
        return np.diff(self.pair_start)

    @cached_property
    def pair_node(self) -> IntArray:
        """int64[P]: the node of each pair."""
        return np.repeat(np.arange(self.n_nodes), self.n_moves)

    @cached_property
    def outcome_pair(self) -> IntArray:
        """int64[K]: the pair of each outcome."""
        return np.repeat(np.arange(self.n_pairs), np.diff(self.outcome_start))

    @cached_property
    def depth(self) -> IntArray:
        """int64[N]: the most moves that can lead to each node; 0 for openings."""
        return np.repeat(np.arange(self.horizon), np.diff(self.depth_start))

    @cached_property
    def reward(self) -> FloatArray:
        """float64[P]: the expected reward of each pair until the player's next move."""
        expected: FloatArray = np.add.reduceat(self.outcome_probability * self.outcome_reward, self.outcome_start[:-1])
        return expected

    def belief(self, node: int) -> Distribution[Any]:
        """Return the states that are possible at `node`, with exact probabilities where the rules have them."""
        weights = sum(weight for _, weight in self.beliefs[node])
        total = Fraction(weights) if isinstance(weights, int) else weights
        return tuple((self.states[index], weight / total) for index, weight in self.beliefs[node])

    def pair(self, node: int, move: Any) -> int:
        """Return the pair of `node` and one of its moves."""
        return int(self.pair_start[node]) + self.moves[node].index(move)

    def view(self, node: int) -> str:
        """Return the text the player is shown at `node`."""
        return self.game.view(self._example(node), 0)

    def wordings(self, node: int) -> tuple[str, ...]:
        """Return the standard wording of each legal move of `node`, in the order of its pairs."""
        return tuple(self.game.say(self._example(node), move) for move in self.moves[node])

    def opened(self, node: int) -> InformationGraph:
        """Return what can happen in the episodes that open with `node`, one of `opening_node`."""
        source = self.pair_node[self.outcome_pair]
        reached = np.zeros(self.n_nodes + 1, dtype=np.bool_)  # the last one collects the ends: index -1
        reached[node] = True
        for first, last in pairwise(self.pair_start[self.depth_start]):
            outcomes = slice(self.outcome_start[first], self.outcome_start[last])
            reached[self.outcome_node[outcomes][reached[source[outcomes]]]] = True
        reached[-1] = False
        nodes, pairs, kept = map(np.flatnonzero, (reached[:-1], reached[self.pair_node], reached[source]))
        number = np.where(reached, np.cumsum(reached) - 1, -1)
        sizes = np.bincount(self.depth[nodes])
        return InformationGraph(
            game=self.game,
            pair_start=starts(self.n_moves[nodes]),
            outcome_start=starts(np.diff(self.outcome_start)[pairs]),
            outcome_probability=self.outcome_probability[kept],
            outcome_node=number[self.outcome_node[kept]],
            outcome_reward=self.outcome_reward[kept],
            opening_node=number[[node]],
            opening_probability=np.ones(1),
            depth_start=starts(sizes[sizes > 0]),
            moves=tuple(self.moves[each] for each in nodes),
            states=self.states,
            beliefs=tuple(self.beliefs[each] for each in nodes),
        )

    def sample_openings(self, n: int, generator: np.random.Generator) -> IntArray:
        """Draw the opening nodes of `n` episodes, int64[n]."""
        return generator.choice(self.opening_node, size=n, p=self.opening_probability)

    def sample_step(
        self, nodes: IntArray, moves: IntArray, generator: np.random.Generator
    ) -> tuple[FloatArray, IntArray]:
        """Play one move in each of B independent episodes.

        Args:
            nodes: int64[B]; where each episode stands (not -1).
            moves: int64[B]; the index of each move within its node, from 0 to `n_moves[node] - 1`.
            generator: draws the outcomes.

        Returns:
            The rewards, float64[B], and the next nodes, int64[B], -1 where the episode is over.
        """
        pairs = self.pair_start[nodes] + moves
        drawn = np.searchsorted(self._cumulative, pairs + generator.random(len(pairs)), side="right")
        first, last = self.outcome_start[pairs], self.outcome_start[pairs + 1] - 1
        outcomes = np.clip(drawn, first, last)  # the cumulative sums carry rounding errors across pairs
        return self.outcome_reward[outcomes], self.outcome_node[outcomes]

    def _example(self, node: int) -> Any:
        return self.states[self.beliefs[node][0][0]]

    @cached_property
    def _cumulative(self) -> FloatArray:
        """float64[K]: the number of the pair plus the cumulative probability within it; ascending."""
        total = np.cumsum(self.outcome_probability)
        before = np.concatenate([[0.0], total])[self.outcome_start[:-1]]
        cumulative: FloatArray = self.outcome_pair + (total - before[self.outcome_pair])
        return cumulative


def starts(sizes: IntArray) -> IntArray:
    """Return where each of consecutive groups of these sizes starts, and where the last one ends."""
    return np.concatenate([[0], np.cumsum(sizes)])
