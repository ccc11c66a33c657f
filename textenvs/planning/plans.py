"""The plan value: what the best fixed sequence of moves earns, chosen after the opening view alone."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import chain
from math import inf
from typing import Any, NamedTuple

from textenvs.core.errors import check_range
from textenvs.core.game import Game
from textenvs.planning.bounds import Value, between, exact
from textenvs.planning.enumeration import build_graph
from textenvs.planning.errors import TooLargeError
from textenvs.planning.graph import InformationGraph
from textenvs.planning.states import OVER, StateTable
from textenvs.planning.values import optimal

_DIGITS = 12
_SLACK = 1e-12
_LONGEST = 400


class RefusalRule(NamedTuple):
    """What refused replies cost.

    Attributes:
        price: paid for each refused reply.
        most: as many consecutive refusals forfeit the episode: its return is then the lowest of the
            game's `return_range`, in addition to the prices paid.
    """

    price: float = 0.1
    most: int = 3


DEFAULT_RULE = RefusalRule()


class Plan(NamedTuple):
    """The best plan found for one opening view.

    Attributes:
        view: the opening view.
        probability: how often an episode opens with it.
        moves: the moves in order; None stands for a reply that is refused whatever the state.
        value: the value of the best plan there is; `value.low` is that of `moves`.
    """

    view: str
    probability: float
    moves: tuple[Any, ...]
    value: Value


def plan_value(
    game: Game[Any, Any],
    split: str = "all",
    *,
    rule: RefusalRule = DEFAULT_RULE,
    limit: int = 200_000,
    work: int = 1_000_000,
) -> Value:
    """Return the value of the best plans for a solo game; see `best_plans`.

    Args:
        game: the rules; one player, deals that can be listed.
        split: the instances an episode is drawn from.
        rule: what refused replies cost.
        limit: the most states allowed.
        work: the most (state, move) pairs to examine, once to enumerate the game and once to plan.

    Raises:
        TooLargeError: if the game is too large to enumerate.
    """
    table = StateTable(game)
    observed = build_graph(game, split, observed=True, limit=limit, work=work, table=table)
    return combined(best_plans(table, split, observed=observed, rule=rule, work=work))


def combined(plans: Sequence[Plan]) -> Value:
    """Return the value of planning, averaged over the openings."""
    low = sum(plan.probability * plan.value.low for plan in plans)
    high = sum(plan.probability * plan.value.high for plan in plans)
    return exact(low) if all(plan.value.kind == "exact" for plan in plans) else between(low, high)


def best_plans(
    table: StateTable,
    split: str = "all",
    *,
    observed: InformationGraph | None = None,
    rule: RefusalRule = DEFAULT_RULE,
    work: int = 1_000_000,
) -> tuple[Plan, ...]:
    """Return the best plan for each opening view.

    A plan is played against the real state, whatever happens meanwhile. A planned move that is not
    legal in the state reached is refused: the state stays, and `rule` says what it costs. After the
    last planned move every further reply is refused.

    Args:
        table: the states of the game.
        split: the instances an episode is drawn from.
        observed: the graph of the game in which the player sees the state, built on `table`. Its
            optimal values bound those of plans; without it the plans are found greedily.
        rule: what refused replies cost.
        work: the most (state, move) pairs to examine; the values of plans beyond it are bounds.

    Raises:
        TooLargeError: if the deals cannot be listed.
        ArgumentError: for an impossible `rule`.
    """
    check_range("price", rule.price, 0.0, inf)
    check_range("most", rule.most, 1, 1_000_000)
    search = _Search(table, _ceiling(observed) if observed else {}, rule, work if observed else 0)
    return tuple(search.plan(view, *group) for view, group in _openings(table, split).items())


Mixture = dict[tuple[int, int], tuple[float, float]]
"""From (state, consecutive refusals) to its probability and the expected earnings so far, times it."""


class _UnequalMoves(Exception):  # noqa: N818
    """A plan may stand in states with different legal moves, so that replies may be refused."""


class _Option(NamedTuple):
    """A next move: what it pays, what follows, and what no plan that starts with it can exceed."""

    bound: float
    paid: float
    move: Any
    after: Mixture


class _Search:
    """Depth-first search over plans, most promising move first; each mixture is solved once.

    As long as all states in which a plan may stand have the same legal moves, a refusal never pays: a
    forfeit leaves less than the worst legal play, and to be refused in some states only is not
    possible. What was earned so far is then of no consequence. The search starts on that assumption
    and is repeated with `refusals` where it fails.
    """

    def __init__(self, table: StateTable, ceiling: Mapping[int, float], rule: RefusalRule, work: int) -> None:
        self.table = table
        self.ceiling = ceiling
        self.rule = rule
        self.work = work
        self.lowest, self.highest = table.game.return_range
        self.refusals = False
        self.solved: dict[Hashable, tuple[float, _Option | None]] = {}

    def plan(self, view: str, probability: float, start: Mixture) -> Plan:
        """Return the best plan for an opening view, or a good one if that is too much work."""
        try:
            value = self.solve(start)
            return Plan(view, probability, self.solution(start), exact(value))
        except TooLargeError:
            low, high, moves = self.greedy(start)
            return Plan(view, probability, moves, between(low, high))

    def solve(self, start: Mixture) -> float:
        """Return the value of the best plan from `start`."""
        self.solved.clear()
        self.refusals = False
        try:
            return self.best(start, 0)
        except _UnequalMoves:
            self.solved.clear()
            self.refusals = True
            return self.best(start, 0)

    def solution(self, mixture: Mixture) -> tuple[Any, ...]:
        """Return the moves of the best plan from a mixture that is solved."""
        moves = []
        while mixture and (option := self.solved[self.key(mixture)][1]):
            moves.append(option.move)
            mixture = option.after
        return tuple(moves)

    def greedy(self, mixture: Mixture) -> tuple[float, float, tuple[Any, ...]]:
        """Return the value of the most promising moves, what no plan exceeds, and those moves."""
        self.refusals = True
        value, high = 0.0, self.highest
        moves: list[Any] = []
        while mixture:
            option = self.options(mixture)[0]
            high = high if moves else min(high, option.bound)
            value += option.paid
            moves.append(option.move)
            mixture = option.after
        return value, high, tuple(moves)

    def best(self, mixture: Mixture, length: int) -> float:
        """Return what the best plan earns from `mixture` on, with `length` moves already planned."""
        if not mixture:
            return 0.0
        key = self.key(mixture)
        if key not in self.solved:
            if length == _LONGEST:
                raise TooLargeError(f"plans of more than {_LONGEST} moves are not searched")
            self.solved[key] = self.best_option(mixture, length)
        return self.solved[key][0]

    def best_option(self, mixture: Mixture, length: int) -> tuple[float, _Option | None]:
        """Return the best value and the move that reaches it, None for ending the plan."""
        best: tuple[float, _Option | None] = (self.stop(mixture) if self.refusals else -inf, None)
        options = self.options(mixture)
        self.work -= len(mixture) * len(options)
        if self.work < 0:
            raise TooLargeError(f"there are too many plans to compare in {self.table.game!r}")
        for option in options:
            if option.bound <= best[0] + _SLACK:
                break
            value = option.paid + self.best(option.after, length + 1)
            if value > best[0]:
                best = (value, option)
        return best

    def options(self, mixture: Mixture) -> list[_Option]:
        """Return the ways to go on, the most promising first."""
        options = [self.option(mixture, move) for move in self.moves(mixture)]
        return sorted(options, key=lambda option: option[:2], reverse=True)

    def moves(self, mixture: Mixture) -> list[Any]:
        """Return the moves legal in some state, and None where a refusal may cut hopeless branches short."""
        legal = [self.table.moves(number) for number, _ in mixture]
        if not self.refusals and any(moves != legal[0] and set(moves) != set(legal[0]) for moves in legal):
            raise _UnequalMoves
        counters = {refused for _, refused in mixture}
        return [*dict.fromkeys(chain.from_iterable(legal)), *([None] if len(counters) > 1 else [])]

    def option(self, mixture: Mixture, move: Any) -> _Option:
        """Return what comes of a planned move."""
        paid = 0.0
        after: Mixture = {}
        for (number, refused), (mass, earned) in mixture.items():
            if move in self.table.moves(number):
                for chance, reward, state in self.table.step(number, move):
                    share = float(chance)
                    paid += share * mass * reward
                    if state != OVER:
                        _add(after, (state, 0), share * mass, share * (earned + mass * reward))
            elif refused + 1 < self.rule.most:
                paid -= self.rule.price * mass
                _add(after, (number, refused + 1), mass, earned)
            else:
                paid += (self.lowest - self.rule.price) * mass - earned
        return _Option(paid + self.promise(after), paid, move, after)

    def promise(self, mixture: Mixture) -> float:
        """Return a bound of what is still to be earned from `mixture` on."""
        if not self.ceiling:
            return sum(self.highest * mass - earned for mass, earned in mixture.values())
        return sum(mass * self.ceiling[number] for (number, _), (mass, _) in mixture.items())

    def stop(self, mixture: Mixture) -> float:
        """Return what is earned when the plan ends: replies are refused until the episode is forfeited."""
        return sum(
            (self.lowest - self.rule.price * (self.rule.most - refused)) * mass - earned
            for (_, refused), (mass, earned) in mixture.items()
        )

    def key(self, mixture: Mixture) -> Hashable:
        """Return what the value of a mixture depends on, to 12 digits."""
        return tuple(
            (place, round(mass, _DIGITS), round(earned, _DIGITS) if self.refusals else 0.0)
            for place, (mass, earned) in sorted(mixture.items())
        )


def _add(mixture: Mixture, place: tuple[int, int], mass: float, earned: float) -> None:
    before = mixture.get(place, (0.0, 0.0))
    mixture[place] = (before[0] + mass, before[1] + earned)


def _openings(table: StateTable, split: str) -> dict[str, tuple[float, Mixture]]:
    """Return the probability of each opening view and where episodes stand that open with it."""
    groups: dict[str, dict[int, float]] = {}
    weights = table.openings(split)
    for number, weight in weights.items():
        groups.setdefault(table.view(number), {})[number] = float(weight)
    everything = float(sum(weights.values()))
    openings: dict[str, tuple[float, Mixture]] = {}
    for view, group in groups.items():
        total = sum(group.values())
        start: Mixture = {(number, 0): (weight / total, 0.0) for number, weight in group.items()}
        openings[view] = (total / everything, start)
    return openings


def _ceiling(observed: InformationGraph) -> dict[int, float]:
    """Return the optimal value from each state on, by number of the state."""
    values = optimal(observed).values.tolist()
    return {belief[0][0]: value for belief, value in zip(observed.beliefs, values, strict=True)}
