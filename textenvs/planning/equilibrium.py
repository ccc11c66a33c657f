"""Two-player zero-sum games solved: best responses, exploitability and an equilibrium.

A game is brought to its sequence form (Koller, Megiddo & von Stengel 1994, doi:10.1145/195058.195451). A
player's *sequence* is what it has seen and done, its views and moves in turn up to a move; `()` at the
start. A sequence with the next view is an *information state*. Since nothing in a sequence is forgotten,
every player has perfect recall.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from textenvs.core.errors import ArgumentError, MissingExtraError, check_range
from textenvs.core.game import Game, Probability, Strategy
from textenvs.planning.errors import (
    BrokenGameError,
    PeekingPolicyError,
    TooLargeError,
    UnequalMovesError,
    check_mixed_move,
)
from textenvs.planning.positions import best_response

Sequence = tuple[Hashable, ...]
InformationState = tuple[Hashable, ...]

Behaviour = Mapping[InformationState, Mapping[Any, Probability]]
"""How one player plays: the probability of each move in each of its information states."""

Profile = Strategy | tuple[Behaviour, Behaviour]
"""How both players play: a function of the state (see `textenvs.core.strategies`), or two behaviours."""

_SLACK = 1e-9


class Equilibrium(NamedTuple):
    """A Nash equilibrium of a zero-sum game.

    Attributes:
        value: what the first player earns on average, and the second one loses.
        profile: how each player plays.
    """

    value: float
    profile: tuple[Behaviour, Behaviour]


@dataclass(frozen=True)
class SequenceForm:
    """A zero-sum game as a sparse matrix over the sequences of its two players.

    Attributes:
        game: the rules.
        payoffs: for each pair of sequences with which a play can end, what such plays pay the first
            player, times the probability of their chance outcomes.
        moves: for each player, the legal moves of its information states, earlier states first.
        states: for each player, the states of the game that its information states may stand for.
    """

    game: Game[Any, Any]
    payoffs: dict[tuple[Sequence, Sequence], Probability]
    moves: tuple[dict[InformationState, tuple[Any, ...]], ...]
    states: tuple[Mapping[InformationState, Iterable[Any]], ...]


def best_response_value(game: Game[Any, Any], strategy: Profile, player: int, *, limit: int = 200_000) -> Probability:
    """Return the most that `player` can earn on average while the other one plays `strategy`.

    Args:
        game: a zero-sum game for two players whose deals can be listed.
        strategy: how the other one plays; what it says of `player` is ignored.
        player: 0 or 1.
        limit: the most plays to enumerate; of a strategy of states with perfect information, the most positions.

    Returns:
        The value: a Fraction, exact, where the rules and the strategy state rational probabilities.

    Raises:
        ArgumentError: if the game is not zero-sum or has not two players, for another `player`, or if the
            strategy is no distribution over the legal moves of every information state.
        TooLargeError: if there are too many plays, or the deals cannot be listed.
        BrokenGameError: if the rules break a promise of `Game`.
        PeekingPolicyError: if the strategy acts differently in states its player cannot tell apart.
    """
    check_range("player", player, 0, 1)
    (value,) = _best_responses(game, strategy, (player,), limit)
    return value


def exploitability(game: Game[Any, Any], strategy: Profile, *, limit: int = 200_000) -> Probability:
    """Return what a best response earns against `strategy`, on average over both seats; 0 at an equilibrium.

    Half of the sum of both best-response values: in a zero-sum game this is NashConv / 2 (Lanctot et al.
    2017, arXiv:1711.00832). Arguments, exactness and errors as for `best_response_value`.
    """
    return sum(_best_responses(game, strategy, (0, 1), limit)) / 2


def equilibrium(game: Game[Any, Any], *, limit: int = 200_000) -> Equilibrium:
    """Return an equilibrium from the linear programs of the sequence form, exact to about 1e-9.

    In an information state that the player's own strategy never reaches, its moves are equally likely.

    Args:
        game: a zero-sum game for two players whose deals can be listed.
        limit: the most plays to enumerate.

    Raises:
        MissingExtraError: without scipy, which the extra `benchmarks` brings.
        ArgumentError: if the game is not zero-sum or has not two players.
        TooLargeError: if there are too many plays, or the deals cannot be listed.
        BrokenGameError: if the rules break a promise of `Game`.
    """
    form = sequence_form(game, limit=limit)
    value, first = _security(form, 0)
    _, second = _security(form, 1)
    return Equilibrium(value, (first, second))


def sequence_form(game: Game[Any, Any], *, limit: int = 200_000) -> SequenceForm:
    """Return the sequence form of a game; arguments and errors as for `equilibrium`."""
    if game.players != 2:
        raise ArgumentError(f"equilibria are for games of two players; {game.name} has {game.players}")
    deals = game.deals()
    if deals is None:
        raise TooLargeError(f"{game!r} has too many deals to list")
    plays = _Plays(game, limit)
    for state, chance in deals:
        plays.follow(state, chance, ((), ()), (Fraction(0), Fraction(0)))
    return SequenceForm(game, plays.payoffs, plays.moves, plays.states)


Pasts = tuple[Sequence, Sequence]
Earned = tuple[Fraction, Fraction]


class _Plays:
    """Depth-first search through all plays, which fills in a sequence form."""

    def __init__(self, game: Game[Any, Any], limit: int) -> None:
        self.game = game
        self.limit = limit
        self.ended = 0
        self.payoffs: dict[Pasts, Probability] = {}
        self.moves: tuple[dict[InformationState, tuple[Any, ...]], ...] = ({}, {})
        self.states: tuple[dict[InformationState, dict[Any, None]], ...] = ({}, {})

    def follow(self, state: Any, chance: Probability, pasts: Pasts, earned: Earned) -> None:
        """Enter everything that can happen from `state`, reached with these sequences and earnings."""
        movers = self.game.to_move(state)
        outcomes = self.game.chance(state)
        if movers:
            self.let_move(state, movers, chance, pasts, earned)
        elif not outcomes:
            self.end(chance, pasts, earned)
        for outcome, probability in outcomes:
            if probability > 0:
                self.step(state, outcome, chance * probability, pasts, earned)

    def let_move(self, state: Any, movers: tuple[int, ...], chance: Probability, pasts: Pasts, earned: Earned) -> None:
        """Let the players to move do everything they may."""
        informed = {player: (*pasts[player], self.game.view(state, player)) for player in movers}
        for player, information in informed.items():
            self.meet(state, player, information)
        for moves in product(*(self.moves[player][informed[player]] for player in movers)):
            done = {player: (*informed[player], move) for player, move in zip(movers, moves, strict=True)}
            longer = (done.get(0, pasts[0]), done.get(1, pasts[1]))
            self.step(state, moves[0] if len(moves) == 1 else moves, chance, longer, earned)

    def step(self, state: Any, move: Any, chance: Probability, pasts: Pasts, earned: Earned) -> None:
        """Go on after one transition."""
        after = self.game.apply(state, move)
        first, second = self.game.rewards(state, move, after)
        self.follow(after, chance, pasts, (earned[0] + Fraction(first), earned[1] + Fraction(second)))

    def meet(self, state: Any, player: int, information: InformationState) -> None:
        """Enter that `information` may stand for `state`."""
        legal = self.game.legal(state, player)
        known = self.moves[player].setdefault(information, legal)
        if set(known) != set(legal):
            raise UnequalMovesError(
                f"in {self.game!r} player {player} cannot tell apart states with different moves: after "
                f"{information!r}, {known!r} or {legal!r}"
            )
        if len(information) // 2 >= self.game.max_turns:
            raise BrokenGameError(f"{self.game!r} outlasts its max_turns, {self.game.max_turns}")
        self.states[player].setdefault(information, {})[state] = None

    def end(self, chance: Probability, pasts: Pasts, earned: Earned) -> None:
        """Enter the end of a play."""
        if abs(float(sum(earned))) > _SLACK:
            raise ArgumentError(f"{self.game!r} is not zero-sum: a play pays {tuple(map(float, earned))}")
        self.ended += 1
        if self.ended > self.limit:
            raise TooLargeError(f"{self.game!r} has more than {self.limit} plays")
        self.payoffs[pasts] = self.payoffs.get(pasts, Fraction(0)) + chance * earned[0]


# Best responses --------------------------------------------------------------------------------------


def _best_responses(game: Game[Any, Any], strategy: Profile, players: Iterable[int], limit: int) -> list[Probability]:
    """Return the value of the best response of each of `players`."""
    if game.perfect_information and callable(strategy):
        return [best_response(game, strategy, player, limit=limit) for player in players]
    form = sequence_form(game, limit=limit)
    return [_best_response(form, strategy, player) for player in players]


def _best_response(form: SequenceForm, strategy: Profile, player: int) -> Probability:
    """Return the value of the best response of `player`, from its last information states backwards."""
    weights = _weights(form, strategy, 1 - player)
    gains: dict[Sequence, Probability] = defaultdict(Fraction)
    for pair, payoff in form.payoffs.items():
        gain = payoff * weights[pair[1 - player]]
        gains[pair[player]] += gain if player == 0 else -gain
    for information, moves in reversed(form.moves[player].items()):
        gains[information[:-1]] += max(gains[*information, move] for move in moves)
    return gains[()]


def _weights(form: SequenceForm, strategy: Profile, player: int) -> dict[Sequence, Probability]:
    """Return the realization weight of each sequence: the chance that `player` does its part of it."""
    weights: dict[Sequence, Probability] = {(): Fraction(1)}
    for information, moves in form.moves[player].items():
        chosen = _chosen(form, strategy, player, information)
        for move in moves:
            weights[*information, move] = weights[information[:-1]] * chosen.get(move, Fraction(0))
    return weights


def _chosen(
    form: SequenceForm, strategy: Profile, player: int, information: InformationState
) -> Mapping[Any, Probability]:
    """Return what `player` does in one information state, checked."""
    if callable(strategy):
        chosen = _agreed(form, strategy, player, information)
    else:
        chosen = strategy[player].get(information, {})
    moves = form.moves[player][information]
    check_mixed_move(chosen, moves, information)
    return chosen


def _agreed(
    form: SequenceForm, strategy: Strategy, player: int, information: InformationState
) -> Mapping[Any, Probability]:
    """Return what a strategy of states does in all states of one information state."""
    first, *others = (dict(strategy(form.game, state, player)) for state in form.states[player][information])
    for other in others:
        moves = first.keys() | other.keys()
        if any(abs(float(first.get(move, 0)) - float(other.get(move, 0))) > _SLACK for move in moves):
            raise PeekingPolicyError(
                f"the strategy tells apart states of {form.game!r} that look the same to player {player}: after "
                f"{information!r}, {first!r} or {other!r}"
            )
    return first


# The linear programs ---------------------------------------------------------------------------------


def _security(form: SequenceForm, player: int) -> tuple[float, Behaviour]:
    """Return the most that `player` can secure whatever the other one does, and how.

    The program of Koller, Megiddo & von Stengel (1994). With realization weights x of `player` and y of the
    other, their constraints E x = e and F y = f, and payoffs A, the least x'Ay over y is, by duality, the
    greatest f'q with F'q <= A'x. So f'q is maximised over x >= 0 and q, one q for each row of F.
    """
    linprog, coo_array, hstack = _scipy()
    own, other = _sequences(form, player), _sequences(form, 1 - player)
    e, f = coo_array(_constraints(form, player)), coo_array(_constraints(form, 1 - player))
    a = coo_array(_payoffs(form, player))
    n, m = len(own), f.shape[0]
    result = linprog(
        np.concatenate([np.zeros(n), -_unit(m)]),
        A_ub=hstack([-a.T, f.T]),
        b_ub=np.zeros(len(other)),
        A_eq=hstack([e, coo_array((e.shape[0], m))]),
        b_eq=_unit(e.shape[0]),
        bounds=[(0, None)] * n + [(None, None)] * m,
        method="highs",
        options={"primal_feasibility_tolerance": _SLACK, "dual_feasibility_tolerance": _SLACK},
    )
    assert result.success, result.message  # a finite game has a value
    weights = dict(zip(own, result.x[:n].tolist(), strict=True))
    return float(-result.fun), _behaviour(form, player, weights)


def _scipy() -> tuple[Any, Any, Any]:
    try:
        from scipy.optimize import linprog
        from scipy.sparse import coo_array, hstack
    except ImportError as error:
        raise MissingExtraError("equilibrium()", "benchmarks") from error
    return linprog, coo_array, hstack


Entries = tuple[list[float], tuple[list[int], list[int]]]
"""A sparse matrix as `scipy.sparse.coo_array` takes it: values, (rows, columns); repeated places add up."""


def _sequences(form: SequenceForm, player: int) -> dict[Sequence, int]:
    """Return the sequences of a player with their numbers; the empty one is 0."""
    longer = ((*information, move) for information, moves in form.moves[player].items() for move in moves)
    return {sequence: number for number, sequence in enumerate(((), *longer))}


def _constraints(form: SequenceForm, player: int) -> Entries:
    """Return E: row 0 is the weight of (), row i says that in information state i no weight is lost."""
    numbers = _sequences(form, player)
    values, rows, columns = [1.0], [0], [0]
    for row, (information, moves) in enumerate(form.moves[player].items(), start=1):
        values += [-1.0, *[1.0] * len(moves)]
        rows += [row] * (1 + len(moves))
        columns += [numbers[information[:-1]], *(numbers[*information, move] for move in moves)]
    return values, (rows, columns)


def _payoffs(form: SequenceForm, player: int) -> Entries:
    """Return A, float64[own sequences, the other's sequences]: the weighted payoffs to `player`."""
    own, other = _sequences(form, player), _sequences(form, 1 - player)
    sign = 1.0 if player == 0 else -1.0
    values = [sign * float(payoff) for payoff in form.payoffs.values()]
    rows = [own[pair[player]] for pair in form.payoffs]
    return values, (rows, [other[pair[1 - player]] for pair in form.payoffs])


def _unit(n: int) -> npt.NDArray[np.float64]:
    """Return (1, 0, …, 0), float64[n]."""
    unit = np.zeros(n)
    unit[0] = 1.0
    return unit


def _behaviour(form: SequenceForm, player: int, weights: Mapping[Sequence, float]) -> Behaviour:
    """Return the behaviour with these realization weights."""
    behaviour: dict[InformationState, dict[Any, Probability]] = {}
    for information, moves in form.moves[player].items():
        shares = np.array([max(0.0, weights[*information, move]) for move in moves])
        total = shares.sum()
        shares = shares / total if total > _SLACK else np.full(len(moves), 1 / len(moves))
        behaviour[information] = dict(zip(moves, shares.tolist(), strict=True))
    return behaviour
