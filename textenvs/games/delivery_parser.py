"""The language of Delivery: from what a player wrote to a command, and from that to a legal move or a refusal."""

from __future__ import annotations

from collections.abc import Callable

from textenvs.core.commands import (
    DROP,
    EXAMINE,
    GO,
    IT,
    LOOK_AROUND,
    TAKE,
    TAKE_STOCK,
    TOWARDS,
    Command,
    Grammar,
    any_of,
    maybe,
    noun,
    strange,
    the_one,
)
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.delivery_town import (
    CARRIED,
    DELIVER,
    DELIVERED,
    LOOK,
    OFFICE,
    PLACES,
    WAITING,
    WAYS,
    DeliveryMove,
    DeliveryState,
    addresses,
    here,
    streets,
)

HELP = (
    "I read no command in that. Reply with one command, such as: go north, take the parcel for the bank, "
    "deliver the parcel, look."
)


def read(state: DeliveryState, text: str, capacity: int) -> DeliveryMove | Refusal:
    """Return the legal move that `text` asks for, or why there is none, by what the player sees."""
    command = GRAMMAR.parse(text)
    if command is None:
        return Refusal(HELP)
    if command.verb == "take":
        return _read_take(state, command.named(), capacity)
    return _READERS[command.verb](state, command.named())


# The grammar -----------------------------------------------------------------------------------------

_WAY_OF = {way[0]: way for way in WAYS}
_PLACE = any_of(OFFICE, *PLACES)
_WAY = any_of(*WAYS)
_PARCEL = any_of("parcel", "parcels", "package", "packet", IT)
_FOR = any_of("for", "to", "addressed to")
_TAKE = any_of(TAKE, "load", "loading")
_DELIVER = any_of("deliver", "delivering", "hand over", "give", DROP)

GRAMMAR = Grammar(
    (
        ("go", f"{GO}(?: {TOWARDS}){{0,2}} {noun(_WAY, '[nesw]', _PLACE)}"),
        ("take", f"{_TAKE} {_PARCEL}{maybe('up')}(?: {any_of('at', 'from', 'in')} {_PLACE})?"),
        ("take", f"{_TAKE} {_PARCEL}{maybe('up')} {_FOR} {noun(_PLACE)}"),
        ("take", f"{_TAKE} {noun(_PLACE)} {_PARCEL}"),
        ("deliver", f"{_DELIVER}{maybe(_PARCEL)}{maybe('here')}"),
        ("deliver", f"{_DELIVER} {_PARCEL} {any_of(_FOR, 'at')} {noun(_PLACE)}"),
        ("deliver", f"{_DELIVER} {noun(_PLACE)} {_PARCEL}"),
        ("look", any_of(LOOK_AROUND, TAKE_STOCK, f"{any_of(EXAMINE, 'read')} {any_of('map', 'town', _PARCEL)}")),
    ),
    strange({"go": GO, "take": TAKE}),
    [("go", noun(_WAY))],
    short={
        **{letter: Command("go", {"noun": way}) for letter, way in _WAY_OF.items()},
        **{place: Command("go", {"noun": place}) for place in (OFFICE, *PLACES)},
        "i": Command("look"),
        "l": Command("look"),
    },
)


# What is meant ---------------------------------------------------------------------------------------


def _read_go(state: DeliveryState, where: str) -> DeliveryMove | Refusal:
    beside = {way: state.town.places[place] for way, place in streets(state.town, state.here).items()}
    way = _WAY_OF.get(where, where)
    way = next((each for each, place in beside.items() if place == way), way)
    if way in beside:
        return DeliveryMove("go", way)
    if where == here(state):
        return illegal(f"You are at the {where} already.")
    told = ", ".join(f"{each} to the {place}" for each, place in beside.items())
    return illegal(f"You cannot go there in one step. From here you can go {told}.")


def _read_take(state: DeliveryState, address: str, capacity: int) -> DeliveryMove | Refusal:
    waiting = {f"parcel for the {name}": name for name in addresses(state, WAITING, origin=state.here)}
    parcel = the_one(address, waiting, unseen=_why_not_here(state, address))
    if isinstance(parcel, Refusal):
        return parcel
    if len(addresses(state, CARRIED)) == capacity:
        return illegal(f"You can carry only {capacity} parcel{'s' * (capacity > 1)}; deliver one first.")
    return DeliveryMove("take", waiting[parcel])


def _why_not_here(state: DeliveryState, address: str) -> str:
    if address in addresses(state, CARRIED):
        return f"You carry the parcel for the {address} already."
    if address in addresses(state, DELIVERED):
        return f"The parcel for the {address} is delivered."
    return "There is no such parcel to take here." if address != IT else "There is no parcel to take here."


def _read_deliver(state: DeliveryState, address: str) -> DeliveryMove | Refusal:
    carried = addresses(state, CARRIED)
    wanted = here(state) if address == IT else address
    if wanted not in carried:
        return illegal(f"You do not carry a parcel for the {wanted}.")
    if wanted != here(state):
        return illegal(f"You are at the {here(state)}; bring the parcel to the {wanted} to deliver it.")
    return DELIVER


_READERS: dict[str, Callable[[DeliveryState, str], DeliveryMove | Refusal]] = {
    "go": _read_go, "deliver": _read_deliver, "look": lambda _, __: LOOK,
}  # fmt: skip
