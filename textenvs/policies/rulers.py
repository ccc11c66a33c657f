"""Policies that play what planning computed: the reference values as players one can watch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from textenvs.core.dialogue import Dialogue
from textenvs.core.errors import ArgumentError
from textenvs.core.manners import without_manners
from textenvs.core.refusal import Refusal
from textenvs.envs.policy import Reply, Request
from textenvs.planning.graph import FloatArray, InformationGraph
from textenvs.planning.plans import Plan


class Follower:
    """Follows an episode through the graph of its game by what the player is shown and does.

    Attributes:
        graph: of the game.
    """

    def __init__(self, graph: InformationGraph) -> None:
        self.graph = graph
        self._known: dict[int, Mapping[str, int]] = {}

    def node(self, dialogue: Dialogue) -> int:
        """Return the information state that a whole dialogue of the `turns` form has reached; raises as `after`."""
        node = self.opening(dialogue[1].text)
        for reply, view in zip(dialogue[2::2], dialogue[3::2], strict=True):
            node = self.after_reply(node, reply.text, view.text)
        return node

    def opening(self, view: str) -> int:
        """Return the information state of an opening view; raises `ArgumentError` for a view of another game."""
        return self._matching(self._openings, view)

    def move(self, node: int, reply: str) -> Any | Refusal:
        """Return the move that a reply asks for in an information state, or the refusal."""
        return self.graph.game.read(self.graph.belief(node)[0][0], 0, without_manners(reply))

    def pair(self, node: int, move: Any) -> int:
        """Return the number of a move in an information state.

        Raises:
            ArgumentError: for a move that the graph does not list, as there can be in open-ended games.
        """
        if move not in self.graph.moves[node]:
            raise ArgumentError(f"the graph of {self.graph.game!r} does not list the move {move!r}")
        return self.graph.pair(node, move)

    def after(self, node: int, move: Any, view: str) -> int:
        """Return the information state in which a move led to a view; raises `ArgumentError` where none can."""
        return self._matching(self._successors(self.pair(node, move)), view)

    def after_reply(self, node: int, reply: str, view: str) -> int:
        """Return where a reply led that brought a view: nowhere if it was refused; raises as `after`."""
        move = self.move(node, reply)
        return node if isinstance(move, Refusal) else self.after(node, move, view)

    def _successors(self, pair: int) -> Mapping[str, int]:
        """Return the information states that a pair can lead to, by their views."""
        if pair not in self._known:
            nodes = self.graph.outcome_node[self.graph.outcome_start[pair] : self.graph.outcome_start[pair + 1]]
            self._known[pair] = {self.graph.view(int(node)): int(node) for node in nodes if node >= 0}
        return self._known[pair]

    @cached_property
    def _openings(self) -> dict[str, int]:
        return {self.graph.view(int(node)): int(node) for node in self.graph.opening_node}

    def _matching(self, nodes: Mapping[str, int], view: str) -> int:
        if view not in nodes:
            raise ArgumentError(f"this graph of {self.graph.game!r} does not lead to the view {view!r}")
        return nodes[view]


class GraphPolicy:
    """Plays a policy over the pairs of an `InformationGraph` in the `turns` form.

    It finds its information state from the dialogue alone: the opening view, then its own replies and
    the views they brought. So what it earns in rollouts is what `planning.values.evaluate` says.
    """

    def __init__(self, graph: InformationGraph, policy: FloatArray, name: str) -> None:
        """Take the graph of the game it will play, a policy (float64[P]) and a name for the result."""
        self.graph = graph
        self.policy = policy
        self.name = name
        self._follower = Follower(graph)
        self._nodes: dict[int, int] = {}

    def start(self, slots: int) -> None:
        self._nodes.clear()

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        return [self._reply(request) for request in requests]

    def _reply(self, request: Request) -> Reply:
        node = self._node(request)
        self._nodes[request.slot] = node
        first, after = self.graph.pair_start[node], self.graph.pair_start[node + 1]
        cumulative = np.cumsum(self.policy[first:after])
        chosen = int(np.searchsorted(cumulative, request.random.random() * cumulative[-1], side="right"))
        return Reply(self.graph.wordings(node)[min(chosen, len(cumulative) - 1)])

    def _node(self, request: Request) -> int:
        """Return the information state that the dialogue of a request has reached."""
        *_, view = request.dialogue
        previous = self._nodes.get(request.slot)
        if previous is None:
            return self._follower.opening(view.text)
        return self._follower.after_reply(previous, request.dialogue[-2].text, view.text)


class PlanPolicy:
    """Writes, in the `plan` form, the plan that planning found for the opening view."""

    def __init__(self, plans: Sequence[Plan], name: str = "plan") -> None:
        """Take the plans of the game it will play, one for each opening view."""
        self.plans = {plan.view: "\n".join(plan.wordings) for plan in plans}
        self.name = name

    def start(self, slots: int) -> None:
        """Nothing is remembered between episodes."""

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        return [self._reply(request.dialogue[-1].text) for request in requests]

    def _reply(self, view: str) -> Reply:
        if view not in self.plans:
            raise ArgumentError(f"no plan for the opening view {view!r}")
        return Reply(self.plans[view])
