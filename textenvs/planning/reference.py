"""Reference values: what is known of a task before any training."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np

from textenvs.core.game import Game, Strategy
from textenvs.core.strategies import expert_strategy, has_expert, random_strategy
from textenvs.planning.bounds import Value, between, exact, joined
from textenvs.planning.enumeration import build_graph
from textenvs.planning.errors import TooLargeError
from textenvs.planning.forward import NumpyRandom, evaluate_strategy, sample_strategy
from textenvs.planning.graph import InformationGraph
from textenvs.planning.plans import best_plans, combined
from textenvs.planning.states import TRANSITIONS, StateTable
from textenvs.planning.values import (
    evaluate,
    expert_policy,
    myopic_policy,
    one_step_policy,
    optimal,
    state_policy,
    uniform_policy,
)

Cell = Literal["control", "feedback", "foresight", "both"]
CELLS: tuple[Cell, ...] = get_args(Cell)

_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class ReferenceValues:
    """The rulers of a task: expected undiscounted returns of an episode.

    Attributes:
        optimal: the best policy that uses every view.
        plan: the best fixed sequence of moves, chosen after the opening view.
        myopic: greedy on what a move pays until the player's next one, ties at random.
        random: uniform over the legal moves.
        behaviour: a given behaviour policy.
        one_step: greedy on the action values of the behaviour policy, ties at random.
        expert: the game's scripted expert; None if it has none.
    """

    optimal: Value
    plan: Value
    myopic: Value
    random: Value
    behaviour: Value
    one_step: Value
    expert: Value | None = None

    @property
    def feedback_gap(self) -> Value:
        """What views after the first are worth: optimal - plan."""
        return gap(self.optimal, self.plan)

    @property
    def foresight_gap(self) -> Value:
        """What looking beyond the next reward is worth: optimal - myopic."""
        return gap(self.optimal, self.myopic)

    @property
    def iteration_gap(self) -> Value:
        """What more than one round of improvement is worth: optimal - one-step."""
        return gap(self.optimal, self.one_step)

    def normalised(self, score: float) -> Value | None:
        """Return (score - random) / (optimal - random), None where the two may be equal."""
        return _share(score, self.random, self.optimal)

    def interaction_gain(self, score: float) -> Value | None:
        """Return (score - plan) / (optimal - plan), None where the two may be equal.

        It is positive only if the policy truly used what it saw.
        """
        return _share(score, self.plan, self.optimal)

    def cell(self, tolerance: float = 1e-6) -> Cell | None:
        """Return what the task takes beyond a greedy plan, None if the bounds leave that open.

        Args:
            tolerance: gaps up to this size, in units of return, count as none.
        """
        feedback = _exceeds(self.feedback_gap, tolerance)
        foresight = _exceeds(self.foresight_gap, tolerance)
        if feedback is None or foresight is None:
            return None
        cells: dict[tuple[bool, bool], Cell] = {
            (False, False): "control",
            (True, False): "feedback",
            (False, True): "foresight",
            (True, True): "both",
        }
        return cells[feedback, foresight]

    def __str__(self) -> str:
        """Return one value a line."""
        known = ((field.name, getattr(self, field.name)) for field in fields(self))
        return "\n".join(f"{name:<9} {value}" for name, value in known if value is not None)


def reference_values(
    game: Game[Any, Any],
    split: str = "all",
    *,
    behaviour: Strategy | None = None,
    refusal_price: float = 0.1,
    max_refusals: int = 3,
    limit: int = 200_000,
    work: int = 1_000_000,
    episodes: int = 2_000,
    seed: int = 0,
) -> ReferenceValues:
    """Return the reference values of a solo game: exact where it can be enumerated, else what is certain.

    Args:
        game: the rules; one player.
        split: the instances an episode is drawn from.
        behaviour: the behaviour policy for `one_step`; uniform over the legal moves if not given.
        refusal_price: paid for each refused reply of a plan.
        max_refusals: as many refusals in a row forfeit a plan.
        limit: the most information states, or states, to enumerate.
        work: the most (state, move) pairs to examine in each of the searches; roughly 15 µs each.
        episodes: how many to sample for values that cannot be computed.
        seed: of the sampled episodes.

    Raises:
        BrokenGameError: if the rules break a promise that planning relies on.
        PeekingPolicyError: if `behaviour` uses what the player cannot know. It, and the expert, are
            trusted where the game is too large to check.
    """
    survey = _Survey(game, split, behaviour, refusal_price, max_refusals, limit, work, episodes, seed)
    graph = survey.graph()
    return survey.computed(graph) if graph else survey.bounded()


@dataclass
class _Survey:
    """The searches behind the reference values of one game, with the arguments of `reference_values`."""

    game: Game[Any, Any]
    split: str
    behaviour: Strategy | None
    refusal_price: float
    max_refusals: int
    limit: int
    work: int
    episodes: int
    seed: int

    @cached_property
    def table(self) -> StateTable:
        return StateTable(self.game, most=TRANSITIONS * self.work)

    @cached_property
    def observed(self) -> InformationGraph | None:
        return self.graph(observed=True)

    def graph(self, *, observed: bool = False) -> InformationGraph | None:
        """Return the graph of the game, None if it is too large."""
        try:
            return build_graph(
                self.game, self.split, observed=observed, limit=self.limit, work=self.work, table=self.table
            )
        except TooLargeError:
            return None

    def computed(self, graph: InformationGraph) -> ReferenceValues:
        """Return the values read off the graph."""
        uniform = uniform_policy(graph)
        behaviour = state_policy(graph, self.behaviour) if self.behaviour else uniform
        best = optimal(graph).start
        return ReferenceValues(
            optimal=exact(best),
            plan=self.plan(best),
            myopic=exact(evaluate(graph, myopic_policy(graph)).start),
            random=exact(evaluate(graph, uniform).start),
            behaviour=exact(evaluate(graph, behaviour).start),
            one_step=exact(evaluate(graph, one_step_policy(graph, behaviour)).start),
            expert=exact(evaluate(graph, expert_policy(graph)).start) if self.has_expert else None,
        )

    def bounded(self) -> ReferenceValues:
        """Return what is certain of a game that is too large, and estimates from sampled episodes."""
        lowest, highest = self.game.return_range
        ceiling = optimal(self.observed).start if self.observed else highest
        plan = self.plan(ceiling)
        random = self.random_value()
        behaviour = self.strategy_value(self.behaviour) if self.behaviour else random
        return ReferenceValues(
            optimal=self.optimum(plan, ceiling),
            plan=plan,
            myopic=between(lowest, ceiling),
            random=random,
            behaviour=behaviour,
            one_step=between(max(behaviour.low, lowest), ceiling, behaviour.n),
            expert=self.expert,
        )

    def optimum(self, plan: Value, ceiling: float) -> Value:
        """Return what the best known policy, expert or plan, and the `ceiling` leave for the optimum."""
        floor = exact(max(plan.low, self.game.return_range[0]))
        floor = max(floor, self.expert or floor, key=lambda value: value.low)
        return between(floor.low, ceiling, floor.n)

    def plan(self, ceiling: float) -> Value:
        """Return the plan value, at most `ceiling`."""
        try:
            plans = best_plans(
                self.table,
                self.split,
                refusal_price=self.refusal_price,
                max_refusals=self.max_refusals,
                observed=self.observed,
                work=self.work if self.observed else 0,
            )
        except TooLargeError:
            lowest = self.game.return_range[0] - self.refusal_price * self.max_refusals
            return between(lowest, ceiling)
        value = combined(plans)
        return between(value.low, min(value.high, ceiling))

    @cached_property
    def has_expert(self) -> bool:
        return has_expert(self.game, NumpyRandom(np.random.default_rng(self.seed)))

    @cached_property
    def expert(self) -> Value | None:
        """What the scripted expert earns, which nobody has checked for peeking here."""
        return self.strategy_value(expert_strategy) if self.has_expert else None

    def random_value(self) -> Value:
        """Return what uniformly random moves earn."""
        if self.observed:
            return exact(evaluate(self.observed, uniform_policy(self.observed)).start)
        return self.sampled_value(random_strategy)

    def strategy_value(self, strategy: Strategy) -> Value:
        """Return what a strategy earns, from sampled episodes if it reaches too much to follow."""
        try:
            return exact(evaluate_strategy(self.game, strategy, self.split, work=self.work, table=self.table))
        except TooLargeError:
            return self.sampled_value(strategy)

    def sampled_value(self, strategy: Strategy) -> Value:
        return sample_strategy(self.game, strategy, self.split, episodes=self.episodes, seed=self.seed)


def gap(best: Value, other: Value) -> Value:
    """Return how much `best`, which nothing exceeds, exceeds `other`; rounding errors are none."""
    found = best - other
    low, high = (end if end > _SAME else 0.0 for end in (found.low, found.high))
    return Value(low, high, found.kind, found.n)


def _exceeds(value: Value, tolerance: float) -> bool | None:
    """Return whether a value is above `tolerance`, None if its bounds leave that open."""
    if value.low > tolerance:
        return True
    return None if value.high > tolerance else False


def _share(score: float, zero: Value, one: Value) -> Value | None:
    """Return where a score lies on the ruler from `zero` to `one`, None if it may have no length."""
    if one.low - zero.high <= _SAME:
        return None
    corners = [(score - z) / (o - z) for z in (zero.low, zero.high) for o in (one.low, one.high)]
    return joined(min(corners), max(corners), zero, one)
