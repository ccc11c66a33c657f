"""Fetch parcels all over a town and deliver them in time, a few at a once, on a route of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import ClassVar

from textenvs.core.draws import every_outcome
from textenvs.core.errors import ArgumentError, check_choice, check_range
from textenvs.core.game import Distribution, Game, Levels, Random
from textenvs.core.refusal import Refusal
from textenvs.games import delivery_parser
from textenvs.games.delivery_town import (
    CARRIED,
    DELIVER,
    DELIVERED,
    LOOK,
    OFFICE,
    PLACES,
    WAITING,
    DeliveryMove,
    DeliveryState,
    Sizes,
    Town,
    act,
    addresses,
    best_tour,
    distance,
    draw_opening,
    here,
    moves,
    stop_of,
    streets,
)


@dataclass(frozen=True)
class Delivery(Game[DeliveryState, DeliveryMove]):
    """Fetch and deliver parcels in a town before the turns are used up, with the map or without.

    Source:
        Written for textenvs: the pickup and delivery problem with a limited load (Savelsbergh & Sol
        1995, doi:10.1287/trsc.29.1.17) with a deadline, as a sequence of commands.
    Players and turns:
        One player, one command a turn.
    What the player sees:
        Where the player is; all parcels to fetch with their places and addresses; those carried; how
        many are delivered; the turns left. With sight "full" also a map of the town, at every turn;
        with sight "local" only the names of the places next to the player, so that the map must be
        remembered from earlier views.
    Replies:
        `go north` or `go to the bank` (if it is next to the player), `take the parcel for the bank`,
        `deliver the parcel`, `look`, and many synonyms. In a longer reply the last command counts.
    Rules:
        The places form a grid; a step leads to the next place north, east, south or west. The player
        starts at the post office, which may lie anywhere. The address of each parcel is a random place,
        different for each, and it waits at a random other place. At most `capacity` parcels can be
        carried at once. A parcel can be put down at its address only. The turns of an instance, told in
        the first view, are those of a tour that delivers everything, found when the instance is drawn,
        and `slack` more; up to 4 parcels that tour is the shortest.
    Rewards:
        1 / parcels for each parcel delivered. Return in 0 … 1.
    End:
        Everything is delivered or the turns are used up.
    Parameters:
        parcels: the number of parcels, fewer than places.
        width: the number of places in a row.
        height: the number of rows.
        capacity: the number of parcels that can be carried at once, at most parcels.
        slack: the turns beyond those of the tour.
        sight: "full" or "local".
        names: "drawn" for every town, or "fixed": the post office is in the north west and the other names
            are the first of their list. So few instances of up to 2 parcels in 4 places are left that
            they are listed, and their values exact.
    Size:
        By the names of the places alone 12 x 40! / 29! instances at the defaults, 54 at level easy. The
        turns of an instance are at most parcels x (2 x (width + height) - 2) + slack.
    Known values:
        With sight "full" and up to 4 parcels optimal and plan are 1, since everything is told and in
        time; the expert reaches them. Level easy: myopic 0.143, random 0.051. Measured on seeds 0 … 99:
        the expert needs 18.6 turns by default, and earns 0.985 at level hard and 0.992 at extreme,
        where it does what is nearest.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"parcels": 2, "width": 2, "height": 2, "capacity": 1, "slack": 0, "names": "fixed"},
        "medium": {},
        "hard": {"parcels": 6, "width": 5, "height": 4, "sight": "local", "slack": 12},
        "extreme": {"parcels": 12, "width": 6, "height": 6, "capacity": 3, "sight": "local", "slack": 30},
    }

    parcels: int = 4
    width: int = 4
    height: int = 3
    capacity: int = 2
    slack: int = 2
    sight: str = "full"
    names: str = "drawn"

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("width", self.width, 1, 1 + len(PLACES))
        check_range("height", self.height, 1, (1 + len(PLACES)) // self.width)
        if self.width * self.height < 2:
            raise ArgumentError("width x height must be at least 2 places, not 1")
        check_range("parcels", self.parcels, 1, min(20, self.width * self.height - 1))
        check_range("capacity", self.capacity, 1, self.parcels)
        check_range("slack", self.slack, 0, 10_000)
        check_choice("sight", self.sight, ("full", "local"))
        check_choice("names", self.names, ("drawn", "fixed"))

    @property
    def max_turns(self) -> int:
        return self.parcels * 2 * (self.width + self.height - 1) + self.slack

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def deals(self) -> Distribution[DeliveryState] | None:
        few = self.width * self.height <= 4 and self.parcels <= 2
        return _every_deal(self) if few and self.names == "fixed" else None

    def deal(self, random: Random) -> DeliveryState:
        sizes = Sizes(self.parcels, self.width, self.height, self.capacity, self.slack)
        opening = draw_opening(random, sizes, named_anew=self.names == "drawn")
        return opening._replace(visited=self._seen(opening))

    def _seen(self, state: DeliveryState) -> frozenset[int]:
        """The places visited with this one, where there is no map."""
        return state.visited | {state.here} if self.sight == "local" else state.visited

    def content(self, state: DeliveryState) -> tuple[Town, int]:
        return state.town, state.here

    def to_move(self, state: DeliveryState) -> tuple[int, ...]:
        return () if set(state.status) == {DELIVERED} or state.turn == state.town.turns else (0,)

    def legal(self, state: DeliveryState, player: int) -> tuple[DeliveryMove, ...]:
        return tuple(moves(state, self.capacity))

    def apply(self, state: DeliveryState, move: DeliveryMove) -> DeliveryState:
        told = move if move.verb in ("take", "deliver") else None
        after = act(state, move)
        return after._replace(turn=state.turn + 1, last=told, visited=self._seen(after))

    def rewards(self, state: DeliveryState, move: DeliveryMove, after: DeliveryState) -> tuple[float, ...]:
        return (1.0 / self.parcels if move == DELIVER else 0.0,)

    def instructions(self, player: int) -> str:
        rows = f"{_count(self.height, 'row')} of {_count(self.width, 'place')}"
        sight = (
            "I show you a map, north at the top, with the place where you are in brackets."
            if self.sight == "full"
            else "You have no map: you see only the names of the places next to you, so remember the town."
        )
        share = f"1/{self.parcels} point" if self.parcels > 1 else "1 point"
        return (
            f"You deliver parcels in a town of {rows}, joined by streets to the next places north, east, south and "
            f"west. {sight} Fetch each parcel where it waits and deliver it to the place that it is for. You can carry "
            f"{_count(self.capacity, 'parcel')} at once. Each parcel delivered pays {share}. I tell you how many turns "
            "you have; what is not delivered by then pays nothing.\n"
            "Commands: go north, take the parcel for the bank, deliver the parcel, look. Each uses a turn.\n"
            "Reply with one command, for example: look"
        )

    def view(self, state: DeliveryState, player: int) -> str:
        done = state.status.count(DELIVERED)
        told = list(_told(state))
        if done == self.parcels:
            return " ".join([*told, "Everything is delivered."])
        left = state.town.turns - state.turn
        turns = f"{_count(left, 'turn')} left." if left else "No turns left."
        delivered = f"Delivered: {done} of {_count(self.parcels, 'parcel')}. {turns}"
        seen = [_map(state)] if self.sight == "full" else []
        return "\n".join((*told, *seen, self._place(state), *_parcels(state), delivered))

    def _place(self, state: DeliveryState) -> str:
        if self.sight == "full":
            return f"You are at the {here(state)}."
        beside = streets(state.town, state.here).items()
        told = ", ".join(f"{way} to the {state.town.places[place]}" for way, place in beside)
        return f"You are at the {here(state)}. Streets: {told}."

    def say(self, state: DeliveryState, move: DeliveryMove) -> str:
        match move.verb:
            case "take":
                return f"take the parcel for the {move.thing}"
            case "deliver":
                return "deliver the parcel"
        return f"{move.verb} {move.thing}".rstrip()

    def read(self, state: DeliveryState, player: int, text: str) -> DeliveryMove | Refusal:
        return delivery_parser.read(state, text, self.capacity)

    def progress(self, state: DeliveryState) -> float:
        """The share of the work done: taking a parcel is half of it, delivering it the rest."""
        return sum(state.status) / (2 * self.parcels)

    def vocabulary(self) -> tuple[str, ...]:
        return (OFFICE, *PLACES)

    def expert(self, state: DeliveryState, player: int) -> Distribution[DeliveryMove]:
        """With the map the tour that delivers most in time, optimal up to 4 parcels; else what is nearest."""
        move = self._on_tour(state) if self.sight == "full" else self._nearest(state)
        return ((move, Fraction(1)),)

    def _on_tour(self, state: DeliveryState) -> DeliveryMove:
        town = state.town
        left = town.turns - state.turn
        stops = best_tour(town.width, town.parcels, self.capacity, state.here, state.status, left).stops
        return _handle(state, stops[0]) if stops else LOOK

    def _nearest(self, state: DeliveryState) -> DeliveryMove:
        """What is nearest of all it has seen: a parcel to take or deliver, else a place that it has not visited."""
        beside = {place for visited in state.visited for place in streets(state.town, visited).values()}
        seen = state.visited | beside
        is_full = state.status.count(CARRIED) == self.capacity
        active = [k for k, now in enumerate(state.status) if now == CARRIED or (now == WAITING and not is_full)]
        known = [k for k in active if _stop(state, k) in seen]
        if known:
            return _handle(state, min(known, key=lambda k: (_way(state, _stop(state, k)), k)))
        new = sorted(seen - state.visited, key=lambda place: (_way(state, place), place))
        return _step(state, new[0]) if new else LOOK


@lru_cache(maxsize=16)
def _every_deal(game: Delivery) -> Distribution[DeliveryState] | None:
    return every_outcome(game.deal)


# What is told ----------------------------------------------------------------------------------------


def _told(state: DeliveryState) -> Iterator[str]:
    """What came of the last command."""
    if state.last == DELIVER:
        yield f"You deliver the parcel for the {here(state)}."
    elif state.last:
        yield f"You take the parcel for the {state.last.thing}."


def _map(state: DeliveryState) -> str:
    """The names of all places, row by row, this one in brackets."""
    town = state.town
    names = [f"[{name}]" if place == state.here else name for place, name in enumerate(town.places)]
    rows = range(0, len(names), town.width)
    return "\n".join(" | ".join(names[row : row + town.width]) for row in rows)


def _parcels(state: DeliveryState) -> Iterator[str]:
    """Where which parcels wait, and which ones are carried."""
    places = state.town.places
    parcels = zip(state.town.parcels, state.status, strict=True)
    waiting = sorted((places[each.origin], places[each.address]) for each, now in parcels if now == WAITING)
    told = (f"from the {origin} to the {address}" for origin, address in waiting)
    yield f"Parcels to fetch: {', '.join(told) or 'none'}."
    carried = addresses(state, CARRIED)
    yield f"You carry: {', '.join(f'parcel for the {address}' for address in carried) or 'nothing'}."


def _count(n: int, one: str) -> str:
    return f"{n} {one}{'s' * (n != 1)}"


# What the expert does --------------------------------------------------------------------------------


def _stop(state: DeliveryState, k: int) -> int:
    return stop_of(state.town.parcels[k], state.status[k])


def _way(state: DeliveryState, place: int) -> int:
    return distance(state.town.width, state.here, place)


def _handle(state: DeliveryState, k: int) -> DeliveryMove:
    """Take or deliver a parcel, or step towards where that can be done."""
    if _stop(state, k) != state.here:
        return _step(state, _stop(state, k))
    address = state.town.places[state.town.parcels[k].address]
    return DELIVER if state.status[k] == CARRIED else DeliveryMove("take", address)


def _step(state: DeliveryState, place: int) -> DeliveryMove:
    beside = streets(state.town, state.here)
    return DeliveryMove("go", min(beside, key=lambda way: distance(state.town.width, beside[way], place)))
