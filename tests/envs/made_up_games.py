"""A game whose opening already pays, and one that forbids moves for hidden reasons; for tests of the interfaces."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from textenvs.core.game import Distribution, Game, uniform
from textenvs.core.refusal import Refusal, illegal


class WindfallState(NamedTuple):
    opened: bool = False
    moves: int = 0


@dataclass(frozen=True)
class Windfall(Game[WindfallState, Any]):
    """Chance pays 0.5 before the first move; each of two moves pays 1."""

    @property
    def max_turns(self) -> int:
        return 2

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.25, 2.5)

    def deals(self) -> Distribution[WindfallState]:
        return ((WindfallState(), Fraction(1)),)

    def to_move(self, state: WindfallState) -> tuple[int, ...]:
        return (0,) if state.opened and state.moves < 2 else ()

    def chance(self, state: WindfallState) -> Distribution[Any]:
        return () if state.opened else (("rain", Fraction(1)),)

    def legal(self, state: WindfallState, player: int) -> tuple[Any, ...]:
        return ("go",)

    def apply(self, state: WindfallState, move: Any) -> WindfallState:
        return state._replace(moves=state.moves + 1) if state.opened else WindfallState(opened=True)

    def rewards(self, state: WindfallState, move: Any, after: WindfallState) -> tuple[float, ...]:
        return (1.0 if state.opened else 0.5,)

    def instructions(self, player: int) -> str:
        return "Go. For example: go"

    def view(self, state: WindfallState, player: int) -> str:
        return f"{state.moves} moves."

    def say(self, state: WindfallState, move: Any) -> str:
        return "go"

    def read(self, state: WindfallState, player: int, text: str) -> Any | Refusal:
        return "go" if text == "go" else Refusal("Say go.")

    def progress(self, state: WindfallState) -> float:
        return float(state.moves)


class DoorsState(NamedTuple):
    open_door: int
    tries: int = 0
    steps: int = 0


@dataclass(frozen=True)
class Doors(Game[DoorsState, int]):
    """Two of three doors are locked, which only the refusal tells; three steps through the open one end it."""

    @property
    def max_turns(self) -> int:
        return 3

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 3.0)

    def deals(self) -> Distribution[DoorsState]:
        return uniform([DoorsState(door) for door in range(3)])

    def content(self, state: DoorsState) -> int:
        return state.open_door

    def to_move(self, state: DoorsState) -> tuple[int, ...]:
        return (0,) if state.steps < 3 else ()

    def legal(self, state: DoorsState, player: int) -> tuple[int, ...]:
        return (state.open_door,)

    def apply(self, state: DoorsState, move: int) -> DoorsState:
        return state._replace(steps=state.steps + 1)

    def rewards(self, state: DoorsState, move: int, after: DoorsState) -> tuple[float, ...]:
        return (1.0,)

    def instructions(self, player: int) -> str:
        return "Choose a door. For example: 0"

    def view(self, state: DoorsState, player: int) -> str:
        return f"{state.steps} steps made through door {state.open_door}." if state.steps else "No step made."

    def say(self, state: DoorsState, move: int) -> str:
        return str(move)

    def read(self, state: DoorsState, player: int, text: str) -> int | Refusal:
        if text not in ("0", "1", "2"):
            return Refusal("Say 0, 1 or 2.")
        return int(text) if int(text) == state.open_door else illegal("It is locked.")


class CircleState(NamedTuple):
    """The players still in, whose turn it is or whether all vote at once, and votes cast or rounds voted."""

    inside: tuple[int, ...] = (0, 1, 2)
    turn: int = 0
    votes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Circle(Game[CircleState, int]):
    """Three players vote in turn, or at once, for one to leave with nothing; the two who stay earn 1. Ties: the lowest.

    They can talk; player 0 whispers to player 1 alone.
    """

    players = 3
    talk = 30

    at_once: bool = False

    @property
    def max_turns(self) -> int:
        return 3

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def deals(self) -> Distribution[CircleState]:
        return ((CircleState(), Fraction(1)),)

    def to_move(self, state: CircleState) -> tuple[int, ...]:
        if len(state.inside) == 1 or state.turn == 2:
            return ()
        waiting = state.inside if len(state.inside) < 3 or self.at_once else state.inside[len(state.votes) :]
        return waiting if self.at_once else waiting[:1]

    def legal(self, state: CircleState, player: int) -> tuple[int, ...]:
        return state.inside if len(state.inside) == 3 else (player,)

    def apply(self, state: CircleState, move: Any) -> CircleState:
        votes = move if self.at_once else (*state.votes, move)
        if len(state.inside) < 3:
            return state._replace(turn=2)
        if len(votes) < 3:
            return state._replace(votes=votes)
        gone = max(state.inside, key=lambda player: (votes.count(player), -player))
        return CircleState(tuple(player for player in state.inside if player != gone), 1)

    def rewards(self, state: CircleState, move: Any, after: CircleState) -> tuple[float, ...]:
        return tuple(1.0 if after.turn == 2 and player in after.inside else 0.0 for player in range(3))

    def left(self, state: CircleState) -> tuple[int, ...]:
        return tuple(player for player in range(3) if player not in state.inside)

    def hears(self, state: CircleState, player: int) -> tuple[int, ...]:
        return (1,) if player == 0 else super().hears(state, player)

    def instructions(self, player: int) -> str:
        return "Vote. For example: 0"

    def view(self, state: CircleState, player: int) -> str:
        return f"Inside: {state.inside}."

    def say(self, state: CircleState, move: int) -> str:
        return str(move)

    def read(self, state: CircleState, player: int, text: str) -> int | Refusal:
        digits = [int(c) for c in text if c in "012"]
        if not digits:
            return Refusal("Say 0, 1 or 2.")
        allowed = digits[-1] in self.legal(state, player)
        return digits[-1] if allowed else illegal(f"{digits[-1]} is not to choose from.")
