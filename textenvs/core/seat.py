"""One seat of a game with several players, as a game for one: the others become chance."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple

from textenvs.core.errors import check_choice, check_range
from textenvs.core.game import Distribution, Game, Random, uniform
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import strategy


class SeatState(NamedTuple):
    """A state of the game as a seat meets it.

    Attributes:
        state: of the whole game.
        opponent: name of the strategy that plays the other seats in this episode.
        own: this seat's move while the others answer it simultaneously, else None.
        made: moves of the first of these others, while the rest of them are to move.
    """

    state: Any
    opponent: str
    own: Hashable | None = None
    made: tuple[Any, ...] = ()


class OtherMove(NamedTuple):
    """The chance outcome in which the next of the other players of `to_move` makes this move.

    Players who move simultaneously are drawn one after the other, since their combinations can be very many.
    """

    move: Any


@dataclass(frozen=True)
class Seat(Game[SeatState, Any]):
    """The game `game` as seat number `seat` meets it while `opponent` plays every other seat.

    `opponent` is the name of a strategy, or `pool:NAME`, which draws one of a pool of the game for each episode;
    the player does not learn which. Since strategies are distributions, everything made for one player (values,
    plans, forms) holds here too: the opponents are part of nature.

    Raises:
        ArgumentError: for a seat the game does not have.
        UnknownNameError: for an opponent that does not exist.
    """

    game: Game[Any, Any]
    seat: int = 0
    opponent: str = "random"

    def __post_init__(self) -> None:
        """Check the arguments."""
        check_range("seat", self.seat, 0, self.game.players - 1)
        for name in self.opponents:
            kind, _, script = name.partition(":")
            if kind == "script":
                check_choice(f"scripted player of {self.game.name}", script, self.game.scripts)
            strategy(name)

    @property
    def opponents(self) -> tuple[str, ...]:
        """The strategies that may play the other seats, each equally likely."""
        kind, _, pool = str(self.opponent).partition(":")
        if kind != "pool":
            return (self.opponent,)
        check_choice(f"pool of {self.game.name}", pool, self.game.pools)
        return self.game.pools[pool]

    @property
    def name(self) -> str:
        return self.game.name

    @property
    def arguments(self) -> dict[str, Any]:
        return {**self.game.arguments, "seat": self.seat, "opponent": self.opponent}

    @property
    def talk(self) -> int:  # type: ignore[override] # a constant of each game, but not of this class
        return self.game.talk

    @property
    def max_turns(self) -> int:
        return self.game.max_turns

    @property
    def return_range(self) -> tuple[float, float]:
        return self.game.return_range

    def deals(self) -> Distribution[SeatState] | None:
        outcomes = self.game.deals()
        if outcomes is None:
            return None
        members = uniform(self.opponents)
        return tuple((SeatState(state, member), p * share) for state, p in outcomes for member, share in members)

    def deal(self, random: Random) -> SeatState:
        state = self.game.deal(random)
        return SeatState(state, self.opponents[0] if len(self.opponents) == 1 else random.choice(self.opponents))

    def content(self, state: SeatState) -> Hashable:
        return self.game.content(state.state)

    def to_move(self, state: SeatState) -> tuple[int, ...]:
        waiting = state.own is None and self.seat in self.game.to_move(state.state)
        return (0,) if waiting else ()

    def legal(self, state: SeatState, player: int) -> tuple[Any, ...]:
        return self.game.legal(state.state, self.seat)

    def chance(self, state: SeatState) -> Distribution[Any]:
        if self.to_move(state):
            return ()
        others = self._others(state)
        if not others:
            return self.game.chance(state.state)
        mixed = strategy(state.opponent)(self.game, state.state, others[len(state.made)])
        return tuple((OtherMove(move), p) for move, p in mixed if p > 0)

    def apply(self, state: SeatState, move: Any) -> SeatState:
        if self.to_move(state) and self._others(state):
            return state._replace(own=move)
        if isinstance(move, OtherMove) and len(state.made) + 1 < len(self._others(state)):
            return state._replace(made=(*state.made, move.move))
        return SeatState(self.game.apply(state.state, self._whole_move(state, move)), state.opponent)

    def rewards(self, state: SeatState, move: Any, after: SeatState) -> tuple[float, ...]:
        if after.own is not None or after.made:
            return (0.0,)
        return (self.game.rewards(state.state, self._whole_move(state, move), after.state)[self.seat],)

    def instructions(self, player: int) -> str:
        return self.game.instructions(self.seat)

    def view(self, state: SeatState, player: int) -> str:
        return self.game.view(state.state, self.seat)

    def say(self, state: SeatState, move: Any) -> str:
        return self.game.say(state.state, move)

    def read(self, state: SeatState, player: int, text: str) -> Any | Refusal:
        return self.game.read(state.state, self.seat, text)

    def vocabulary(self) -> tuple[str, ...]:
        return self.game.vocabulary()

    def expert(self, state: SeatState, player: int) -> Distribution[Any] | None:
        return self.game.expert(state.state, self.seat)

    def _others(self, state: SeatState) -> tuple[int, ...]:
        return tuple(player for player in self.game.to_move(state.state) if player != self.seat)

    def _whole_move(self, state: SeatState, move: Any) -> Any:
        """Return what the whole game's `apply` expects for this seat's `move` or a chance outcome."""
        if not isinstance(move, OtherMove):
            return move
        moves = [*state.made, move.move]
        if state.own is not None:
            moves.insert(self.game.to_move(state.state).index(self.seat), state.own)
        return moves[0] if len(moves) == 1 else tuple(moves)
