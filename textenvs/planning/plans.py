"""The plan value: what the best fixed sequence of moves earns, chosen after the opening view alone."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from heapq import heappop, heappush
from itertools import chain, count
from math import fsum, inf
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
_SPARE_PAIRS = 200_000
_END = object()


class Plan(NamedTuple):
    """The best plan found for one opening view.

    Attributes:
        view: the opening view.
        probability: how often an episode opens with it.
        moves: the moves in order.
        wordings: the standard wording of each of them.
        value: the value of the best plan there is; `value.low` is that of `moves`.
    """

    view: str
    probability: float
    moves: tuple[Any, ...]
    wordings: tuple[str, ...]
    value: Value


def plan_value(
    game: Game[Any, Any],
    split: str = "all",
    *,
    refusal_price: float = 0.1,
    max_refusals: int = 3,
    limit: int = 200_000,
    work: int = 1_000_000,
) -> Value:
    """Return the value of the best plans for a solo game; arguments and errors as for `best_plans`."""
    plans = best_plans(
        StateTable(game), split, refusal_price=refusal_price, max_refusals=max_refusals, limit=limit, work=work
    )
    return combined(plans)


def combined(plans: Sequence[Plan]) -> Value:
    """Return the value of planning, averaged over the openings."""
    low = fsum(plan.probability * plan.value.low for plan in plans)
    high = fsum(plan.probability * plan.value.high for plan in plans)
    return between(low, high)


def best_plans(
    table: StateTable,
    split: str = "all",
    *,
    refusal_price: float = 0.1,
    max_refusals: int = 3,
    observed: InformationGraph | None = None,
    limit: int = 200_000,
    work: int = 1_000_000,
) -> tuple[Plan, ...]:
    """Return the best plan for each opening view.

    A plan is played against the real state, whatever happens meanwhile. A planned move that is not
    legal in the state reached is refused: the state stays and the price is paid. After the last
    planned move every further reply is refused. So many refusals in a row forfeit the episode: its
    return is then the lowest of the game's `return_range`, in addition to the prices paid.

    Where the game is too large to enumerate, or its plans are too many to compare, the plans are good
    ones found greedily, and their values are bounds.

    Args:
        table: the states of the game; one player, deals that can be listed.
        split: the instances an episode is drawn from.
        refusal_price: paid for each refused reply.
        max_refusals: as many refusals in a row forfeit the episode.
        observed: the graph of the game in which the player sees the state, if it was already built on
            this `table`; its optimal values bound those of plans.
        limit: the most states to enumerate.
        work: the most (state, move) pairs to examine, once to enumerate them and once for the plans.

    Raises:
        TooLargeError: if the deals cannot be listed.
        ArgumentError: for an impossible price or number of refusals.
    """
    check_range("refusal_price", refusal_price, 0.0, inf)
    check_range("max_refusals", max_refusals, 1, 1_000_000)
    openings = _openings(table, split)
    try:
        observed = observed or build_graph(table.game, split, observed=True, limit=limit, work=work, table=table)
        search = _Search(table, _ceiling(observed), refusal_price, max_refusals, work)
    except TooLargeError:
        search = _Search(table, {}, refusal_price, max_refusals, 0)
    return tuple(search.plan(view, *group) for view, group in openings.items())


_Places = dict[tuple[int, int], tuple[float, float]]
"""Where a plan may stand: from (state, consecutive refusals) to the probability, and that times what was earned."""


class _MayBeRefusedError(Exception):
    """A plan may stand in states with different legal moves, so that replies may be refused."""


class _Node(NamedTuple):
    """The beginning of a plan.

    Attributes:
        places: where episodes may stand after its last move; none if all are over.
        paid: what it has earned on average.
        move: its last move, `_END` for the end of the plan, None before the first move.
        before: the plan without its last move.
    """

    places: _Places
    paid: float = 0.0
    move: Any = None
    before: _Node | None = None


class _Search:
    """Best-first search over plans (A*: Hart, Nilsson & Raphael 1968, doi:10.1109/TSSC.1968.300136).

    Where a plan may stand in several states that all have the same legal moves, it never pays to be
    refused in all of them, for a forfeit leaves no more than the worst legal play. What was earned
    so far is then of no consequence. The search begins on the assumption that this is so everywhere,
    and begins anew with `refusals` where it is not.
    """

    def __init__(
        self, table: StateTable, ceiling: Mapping[int, float], refusal_price: float, max_refusals: int, work: int
    ) -> None:
        self.table = table
        self.ceiling = ceiling
        self.refusal_price = refusal_price
        self.max_refusals = max_refusals
        self.work = work
        self.spare = _SPARE_PAIRS
        self.lowest, self.highest = table.game.return_range
        self.bound = self.highest
        self.refusals = False

    def plan(self, view: str, probability: float, start: _Places) -> Plan:
        """Return the best plan for an opening view, or a good one if that is too much work."""
        try:
            node = self.solve(start)
            value = exact(node.paid)
        except TooLargeError:
            node = self.greedy(start)
            value = between(node.paid, min(self.highest, self.bound))
        moves, wordings = self.written(node)
        return Plan(view, probability, moves, wordings, value)

    def solve(self, start: _Places) -> _Node:
        """Return the best plan from `start`."""
        self.refusals = False
        try:
            return self.best(start)
        except _MayBeRefusedError:
            self.refusals = True
            return self.best(start)

    def best(self, start: _Places) -> _Node:
        """Return the best plan from `start`; `bound` is what no plan exceeds, as far as was searched."""
        queue: list[tuple[float, int, float, int, _Node]] = []
        newer = count(step=-1)
        reached: dict[Hashable, float] = {}
        heappush(queue, (-self.promise(start), 0, 0.0, next(newer), _Node(start)))
        while True:
            minus_bound, minus_length, _, _, node = heappop(queue)
            self.bound = -minus_bound
            if not node.places:
                return node
            key = self.key(node.places)
            if reached.get(key, -inf) >= node.paid - _SLACK:
                continue
            reached[key] = node.paid
            for child in self.children(node):
                bound = round(child.paid + self.promise(child.places), _DIGITS)
                heappush(queue, (-bound, minus_length - 1, -child.paid, next(newer), child))

    def children(self, node: _Node) -> list[_Node]:
        """Return the ways to go on with a plan."""
        moves = self.moves(node.places)
        self.work -= len(node.places) * len(moves)
        if self.work < 0:
            raise TooLargeError(f"there are too many plans to compare in {self.table.game!r}")
        children = [self.child(node, move) for move in moves]
        return [*children, self.ended(node)] if self.refusals else children

    def greedy(self, start: _Places) -> _Node:
        """Return a plan of the moves that promise most, one after the other."""
        self.refusals = True
        node = _Node(start)
        while node.places:
            children = [self.child(node, move) for move in self.shortlist(node.places)]
            node = max(children, key=lambda child: (child.paid + self.promise(child.places), child.paid))
        return node

    def shortlist(self, places: _Places) -> list[Any]:
        """Return moves to consider when time is short, where the state is certain the expert's before others."""
        first, _ = next(iter(places))
        expert = self.table.game.expert(self.table.states[first], 0) if len(places) == 1 else None
        most = max(1, min(self.spare, _SPARE_PAIRS // 10) // len(places))
        moves = [*(move for move, _ in expert or ()), *self.moves(places)][:most]
        self.spare -= len(moves) * len(places)
        return moves

    def moves(self, places: _Places) -> list[Any]:
        """Return the moves legal in some state, and one that is not where it may cut hopeless plays short."""
        legal = {id(moves): moves for moves in (self.table.moves(number) for number, _ in places)}.values()
        if not self.refusals and len({frozenset(moves) for moves in legal}) > 1:
            raise _MayBeRefusedError
        moves = dict.fromkeys(chain.from_iterable(legal))
        if len({refused for _, refused in places}) == 1:
            return list(moves)
        return [*moves, *[move for move in self.table.all_moves() if move not in moves][:1]]

    def child(self, node: _Node, move: Any) -> _Node:
        """Return a plan with one more move."""
        paid = node.paid
        after: _Places = {}
        for (number, refused), (mass, earned) in node.places.items():
            if not self.refusals or move in self.table.moves(number):
                for chance, reward, state in self.table.step(number, move):
                    share = float(chance)
                    paid += share * mass * reward
                    if state != OVER:
                        _add(after, (state, 0), share * mass, share * (earned + mass * reward))
            elif refused + 1 < self.max_refusals:
                paid -= self.refusal_price * mass
                _add(after, (number, refused + 1), mass, earned)
            else:
                paid += (self.lowest - self.refusal_price) * mass - earned
        return _Node(after, paid, move, node)

    def ended(self, node: _Node) -> _Node:
        """Return a plan that ends here: replies are refused until the episode is forfeited."""
        lost = sum(
            (self.lowest - self.refusal_price * (self.max_refusals - refused)) * mass - earned
            for (_, refused), (mass, earned) in node.places.items()
        )
        return _Node({}, node.paid + lost, _END, node)

    def promise(self, places: _Places) -> float:
        """Return a bound of what is still to be earned from `places` on."""
        if not self.ceiling:
            return sum(self.highest * mass - earned for mass, earned in places.values())
        return sum(mass * self.ceiling[number] for (number, _), (mass, _) in places.items())

    def key(self, places: _Places) -> Hashable:
        """Return what the value from `places` on depends on, to 12 digits."""
        return tuple(
            (place, round(mass, _DIGITS), round(earned, _DIGITS) if self.refusals else 0.0)
            for place, (mass, earned) in sorted(places.items())
        )

    def written(self, node: _Node) -> tuple[tuple[Any, ...], tuple[str, ...]]:
        """Return the moves of a plan and their wordings."""
        moves, wordings = [], []
        while node.before:
            if node.move is not _END:
                moves.append(node.move)
                wordings.append(self.wording(node.before.places, node.move))
            node = node.before
        return tuple(moves[::-1]), tuple(wordings[::-1])

    def wording(self, places: _Places, move: Any) -> str:
        """Return the wording of a move in a state that allows it, in `places` if there is one."""
        numbers = chain((number for number, _ in places), range(len(self.table.states)))
        state = next(number for number in numbers if move in self.table.moves(number))
        return self.table.game.say(self.table.states[state], move)


def _add(places: _Places, place: tuple[int, int], mass: float, earned: float) -> None:
    before = places.get(place, (0.0, 0.0))
    places[place] = (before[0] + mass, before[1] + earned)


def _openings(table: StateTable, split: str) -> dict[str, tuple[float, _Places]]:
    """Return the probability of each opening view and where episodes stand that open with it."""
    groups: dict[str, dict[int, float]] = {}
    weights = table.openings(split)
    for number, weight in weights.items():
        groups.setdefault(table.view(number), {})[number] = float(weight)
    everything = fsum(weights.values())
    openings: dict[str, tuple[float, _Places]] = {}
    for view, group in groups.items():
        total = fsum(group.values())
        start: _Places = {(number, 0): (weight / total, 0.0) for number, weight in group.items()}
        openings[view] = (total / everything, start)
    return openings


def _ceiling(observed: InformationGraph) -> dict[int, float]:
    """Return the optimal value from each state on, by number of the state."""
    values = optimal(observed).values.tolist()
    return {belief[0][0]: value for belief, value in zip(observed.beliefs, values, strict=True)}
