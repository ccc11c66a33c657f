"""Tiny games for the tabular arms."""

from __future__ import annotations

from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any

import numpy as np

from textenvs.core.game import Distribution, Game
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import strategy
from textenvs.games.assembly import Assembly
from textenvs.planning.enumeration import build_graph
from textenvs.planning.graph import FloatArray, InformationGraph, IntArray
from textenvs.planning.values import state_policy


@dataclass(frozen=True)
class Doors(Game[Any, Any]):
    """Two openings, rooms with different moves, and a return that can be negative. State: (opening, moves so far).

    A room has `up` and `down` after an even number of moves, `left` and `up` after an odd one. Each move
    pays by opening, turn and word; `up` in the first room of opening 1 ends the game.
    """

    turns: int = 3

    @property
    def max_turns(self) -> int:
        return self.turns

    @property
    def return_range(self) -> tuple[float, float]:
        return (-3.0, 3.0)

    def deals(self) -> Distribution[Any]:
        return (((0, ()), Fraction(1, 4)), ((1, ()), Fraction(3, 4)))

    def to_move(self, state: Any) -> tuple[int, ...]:
        opening, moves = state
        return () if len(moves) == self.turns or (opening, moves) == (1, ("up",)) else (0,)

    def legal(self, state: Any, player: int) -> tuple[str, ...]:
        return ("left", "up") if len(state[1]) % 2 else ("up", "down")

    def apply(self, state: Any, move: str) -> Any:
        return (state[0], (*state[1], move))

    def rewards(self, state: Any, move: str, after: Any) -> tuple[float, ...]:
        pays = {"up": 0.5, "down": -1.0, "left": 1.0}[move]
        return (pays * (1 + len(state[1])) / (3 - state[0]),)

    def instructions(self, player: int) -> str:
        return "Reply up, down or left, where there is such a door."

    def view(self, state: Any, player: int) -> str:
        return repr(state)

    def say(self, state: Any, move: str) -> str:
        return move

    def read(self, state: Any, player: int, text: str) -> Any:
        if text in self.legal(state, player):
            return text
        return Refusal("There is no such door here.", "illegal" if text in ("up", "down", "left") else "malformed")


def assembly(**arguments: Any) -> tuple[InformationGraph, FloatArray]:
    """The graph of an Assembly game and the policy that plays half at random, half like the expert."""
    graph = build_graph(Assembly(**arguments))
    return graph, state_policy(graph, strategy("mixed:0.5"))


class CountingGraph(InformationGraph):
    """A graph that counts the moves played in it."""

    moves_played = 0

    @classmethod
    def of(cls, graph: InformationGraph) -> CountingGraph:
        return cls(**{field.name: getattr(graph, field.name) for field in fields(graph)})

    def sample_step(
        self, nodes: IntArray, moves: IntArray, generator: np.random.Generator
    ) -> tuple[FloatArray, IntArray]:
        object.__setattr__(self, "moves_played", self.moves_played + len(nodes))
        return super().sample_step(nodes, moves, generator)


def seeded(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def probability(graph: InformationGraph, policy: FloatArray, node: int, move: Any) -> float:
    """How likely a policy makes a move."""
    return float(policy[graph.pair_start[node] + graph.moves[node].index(move)])
