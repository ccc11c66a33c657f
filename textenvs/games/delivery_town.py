"""The town of Delivery: places on a grid, parcels between them, what can be done, short tours, and how it is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from textenvs.core.draws import draw_names, draw_some
from textenvs.core.game import Random

WAYS = ("north", "east", "south", "west")
OFFICE = "post office"
PLACES = (
    "bakery", "bank", "barber", "brewery", "butcher", "cafe", "castle", "chapel", "church", "cinema", "clinic",
    "court", "dairy", "farm", "florist", "forge", "garage", "hotel", "inn", "jail", "library", "market", "mill",
    "museum", "opera", "park", "pharmacy", "pool", "pub", "quarry", "school", "stable", "stadium", "station",
    "tailor", "temple", "theater", "tower", "university", "zoo",
)  # fmt: skip

WAITING, CARRIED, DELIVERED = range(3)
"""What may be the case with a parcel."""

Status = tuple[int, ...]


class Parcel(NamedTuple):
    """A parcel, by the indices of two places.

    Attributes:
        origin: where it waits at first.
        address: where it is to be delivered; no two parcels have the same.
    """

    origin: int
    address: int


class Town(NamedTuple):
    """What never changes in an instance.

    Attributes:
        places: the names of all places row by row, from north to south and from west to east.
        width: the number of places in a row.
        parcels: all parcels, sorted.
        turns: the turns in an episode.
    """

    places: tuple[str, ...]
    width: int
    parcels: tuple[Parcel, ...]
    turns: int


class DeliveryMove(NamedTuple):
    """One command.

    Attributes:
        verb: what to do: go, take, deliver or look.
        thing: a direction to go, or the address of a parcel to take; else "".
    """

    verb: str
    thing: str = ""


DELIVER = DeliveryMove("deliver")
LOOK = DeliveryMove("look")


class DeliveryState(NamedTuple):
    """The town and what has happened in it.

    Attributes:
        town: what never changes.
        here: where the player is.
        status: what is the case with each parcel.
        visited: places the player has been at, where there is no map.
        turn: commands carried out so far.
        last: the last command if the view must tell what came of it, else None.
    """

    town: Town
    here: int
    status: Status
    visited: frozenset[int] = frozenset()
    turn: int = 0
    last: DeliveryMove | None = None


# What is the case ------------------------------------------------------------------------------------


def streets(town: Town, place: int) -> dict[str, int]:
    """Return the places next to one, by the direction."""
    row, column = divmod(place, town.width)
    there = {
        "north": place - town.width if row else -1,
        "east": place + 1 if column + 1 < town.width else -1,
        "south": place + town.width if place + town.width < len(town.places) else -1,
        "west": place - 1 if column else -1,
    }
    return {way: other for way, other in there.items() if other >= 0}


def distance(width: int, start: int, end: int) -> int:
    """Return the fewest moves between two places."""
    return abs(start // width - end // width) + abs(start % width - end % width)


def addresses(state: DeliveryState, status: int, origin: int | None = None) -> list[str]:
    """Return the addresses of the parcels with a status, sorted, of those from one place only if an origin is given."""
    parcels = zip(state.town.parcels, state.status, strict=True)
    found = (parcel.address for parcel, now in parcels if now == status and origin in (None, parcel.origin))
    return sorted(state.town.places[address] for address in found)


def here(state: DeliveryState) -> str:
    """Return the name of the place where the player is."""
    return state.town.places[state.here]


# What can be done ------------------------------------------------------------------------------------


def moves(state: DeliveryState, capacity: int) -> Iterator[DeliveryMove]:
    """Yield the commands that make sense by what the player sees."""
    carried = addresses(state, CARRIED)
    yield from (DeliveryMove("go", way) for way in streets(state.town, state.here))
    if len(carried) < capacity:
        yield from (DeliveryMove("take", address) for address in addresses(state, WAITING, origin=state.here))
    if here(state) in carried:
        yield DELIVER
    yield LOOK


def act(state: DeliveryState, move: DeliveryMove) -> DeliveryState:
    """Return `state` with what `move` changes in the town; looking changes nothing."""
    match move.verb:
        case "go":
            return state._replace(here=streets(state.town, state.here)[move.thing])
        case "take":
            return state._replace(status=_with(state, move.thing, CARRIED))
        case "deliver":
            return state._replace(status=_with(state, here(state), DELIVERED))
    return state


def _with(state: DeliveryState, address: str, status: int) -> Status:
    place = state.town.places.index(address)
    return tuple(
        status if parcel.address == place else now for parcel, now in zip(state.town.parcels, state.status, strict=True)
    )


# Tours -----------------------------------------------------------------------------------------------


class Tour(NamedTuple):
    """A way to go on.

    Attributes:
        missing: parcels that it does not deliver.
        turns: the turns that it takes.
        stops: the parcels that are taken, or delivered if they are carried, in order.
    """

    missing: int
    turns: int
    stops: tuple[int, ...]


@lru_cache(maxsize=4096)
def best_tour(width: int, parcels: tuple[Parcel, ...], capacity: int, place: int, status: Status, turns: int) -> Tour:
    """Return the shortest of the tours that deliver most within `turns`, by a beam search over stops.

    All tours of equally many stops that end at the same place with the same parcels are one; the shortest are kept,
    and up to 4 parcels these are all, so that the tour is optimal.
    """
    beam = 40_000 // len(parcels) ** 3
    layer: dict[tuple[int, Status], Tour] = {(place, status): Tour(_missing(status), 0, ())}
    best = layer[place, status]
    while layer:
        following: dict[tuple[int, Status], Tour] = {}
        for (at, now), tour in layer.items():
            for k, stop, then in _stops(parcels, capacity, now):
                taken = tour.turns + distance(width, at, stop) + 1
                if taken <= turns and taken < following.get((stop, then), _ENDLESS).turns:
                    following[stop, then] = Tour(_missing(then), taken, (*tour.stops, k))
        kept = sorted(following.items(), key=lambda item: (item[1].turns, item))
        layer = dict(kept[:beam])
        best = min([best, *layer.values()])
    return best


_ENDLESS = Tour(0, 1_000_000, ())


def _missing(status: Status) -> int:
    return len(status) - status.count(DELIVERED)


def _stops(parcels: tuple[Parcel, ...], capacity: int, status: Status) -> Iterator[tuple[int, int, Status]]:
    """Yield the parcels that can be taken or delivered, with the place to do so and what is the case then."""
    is_full = status.count(CARRIED) == capacity
    for k, now in enumerate(status):
        if now == CARRIED or (now == WAITING and not is_full):
            yield k, stop_of(parcels[k], now), (*status[:k], now + 1, *status[k + 1 :])


def stop_of(parcel: Parcel, status: int) -> int:
    """Return the place where a parcel with a status can be delivered or taken."""
    return parcel.address if status == CARRIED else parcel.origin


# How towns are drawn ---------------------------------------------------------------------------------


class Sizes(NamedTuple):
    """How much there is in a town, and how much time.

    Attributes:
        parcels: parcels.
        width: places in a row.
        height: rows.
        capacity: parcels that can be carried.
        slack: turns beyond those of the tour that is found.
    """

    parcels: int
    width: int
    height: int
    capacity: int
    slack: int


def draw_opening(random: Random, sizes: Sizes, *, named_anew: bool) -> DeliveryState:
    """Draw an opening state with time for a tour that delivers everything.

    Unless `named_anew`, names are the first of their lists, and the post office is the first place.
    """
    size = sizes.width * sizes.height
    start = random.below(size) if named_anew else 0
    names = draw_names(random, PLACES, size - 1, anew=named_anew)
    targets = draw_some(random, range(size), sizes.parcels)
    parcels = sorted(Parcel(random.choice([p for p in range(size) if p != target]), target) for target in targets)
    status = (WAITING,) * sizes.parcels
    tour = best_tour(sizes.width, tuple(parcels), sizes.capacity, start, status, _ENDLESS.turns)
    town = Town((*names[:start], OFFICE, *names[start:]), sizes.width, tuple(parcels), tour.turns + sizes.slack)
    return DeliveryState(town, start, status)
