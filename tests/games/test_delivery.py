from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from statistics import mean
from typing import Any

import pytest

from tests.games.playing import after_replies, deal
from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.core.refusal import Refusal
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.delivery import Delivery
from textenvs.games.delivery_town import (
    DELIVER,
    LOOK,
    DeliveryMove,
    DeliveryState,
    Parcel,
    Town,
    best_tour,
)
from textenvs.planning.reference import reference_values

LEVELS = tuple(Delivery(**arguments) for arguments in Delivery.levels.values())
by_level = pytest.mark.parametrize("game", LEVELS, ids=list(Delivery.levels))


def random_play(game: Delivery, seed: int) -> Iterator[tuple[DeliveryState, DeliveryMove, DeliveryState]]:
    """Random commands, now and then the expert's, so that parcels are delivered."""
    random = Stream(seed, Purpose.POLICY)
    state = deal(game, seed)
    while game.to_move(state):
        move = random.choice(game.legal(state, 0)) if random.below(3) == 0 else game.expert(state, 0)[0][0]
        after = game.apply(state, move)
        yield state, move, after
        state = after


def expert_play(game: Delivery, state: DeliveryState) -> tuple[float, int]:
    """Return what the expert earns from a state on, and in how many moves."""
    earned, moves = 0.0, 0
    while game.to_move(state):
        ((move, _),) = game.expert(state, 0)
        after = game.apply(state, move)
        earned += game.rewards(state, move, after)[0]
        state, moves = after, moves + 1
    return earned, moves


# A second implementation: places by coordinates and names, parcels by their addresses.


@dataclass
class Courier:
    """A simulator that is told canonical wordings."""

    where: tuple[int, int]
    turns: int
    room: int
    map: dict[tuple[int, int], str]
    waiting: dict[str, str]
    bag: set[str] = field(default_factory=set)
    total: int = 0

    def ways(self) -> dict[str, tuple[int, int]]:
        x, y = self.where
        beside = {"north": (x, y - 1), "east": (x + 1, y), "south": (x, y + 1), "west": (x - 1, y)}
        return {way: cell for way, cell in beside.items() if cell in self.map}

    def options(self) -> set[str]:
        options = {"look", *(f"go {way}" for way in self.ways())}
        if len(self.bag) < self.room:
            here = [address for address, origin in self.waiting.items() if origin == self.map[self.where]]
            options |= {f"take the parcel for the {address}" for address in here}
        return options | ({"deliver the parcel"} if self.map[self.where] in self.bag else set())

    def hears(self, command: str) -> float:
        """Carry out a command and return its reward."""
        self.turns -= 1
        if command.startswith("go"):
            self.where = self.ways()[command.split()[1]]
        elif command.startswith("take"):
            address = command.removeprefix("take the parcel for the ")
            del self.waiting[address]
            self.bag.add(address)
        elif command.startswith("deliver"):
            self.bag.remove(self.map[self.where])
            return 1 / self.total
        return 0.0

    def over(self) -> bool:
        return self.turns == 0 or not (self.bag or self.waiting)

    def facts(self, *, with_map: bool) -> dict[str, object]:
        """What a view must tell while the game goes on."""
        rows = max(y for _, y in self.map) + 1
        names = {cell: f"[{name}]" if cell == self.where else name for cell, name in self.map.items()}
        grid = [[names[x, y] for x, row in sorted(names) if row == y] for y in range(rows)]
        return {
            "map": grid if with_map else [],
            "place": self.map[self.where],
            "streets": set() if with_map else {f"{way} to the {self.map[cell]}" for way, cell in self.ways().items()},
            "fetch": {f"from the {origin} to the {address}" for address, origin in self.waiting.items()} or {"none"},
            "carried": {f"parcel for the {address}" for address in self.bag} or {"nothing"},
            "done": self.total - len(self.bag) - len(self.waiting),
            "left": self.turns,
        }


def courier(game: Delivery, state: DeliveryState) -> Courier:
    town = state.town
    cells = {(k % game.width, k // game.width): name for k, name in enumerate(town.places)}
    names = town.places
    return Courier(
        where=next(cell for cell, name in cells.items() if name == "post office"),
        turns=town.turns,
        room=game.capacity,
        map=cells,
        waiting={names[parcel.address]: names[parcel.origin] for parcel in town.parcels},
        total=game.parcels,
    )


VIEW = re.compile(
    r"(?:You \w+ the parcel for the .*\.\n)?(?P<map>(?:.*[|\[].*\n)*)"
    r"You are at the (?P<place>.*?)\.(?: Streets: (?P<streets>.*)\.)?\nParcels to fetch: (?P<fetch>.*)\.\n"
    r"You carry: (?P<carried>.*)\.\nDelivered: (?P<done>\d+) of \d+ parcels?\. (?P<left>\d+) turns? left\."
)


def facts(view: str) -> dict[str, object]:
    told = VIEW.fullmatch(view)
    assert told, view
    parts = {name: set((told[name] or "").split(", ")) - {""} for name in ("streets", "fetch", "carried")}
    grid = [line.split(" | ") for line in told["map"].splitlines()]
    return {"map": grid, "place": told["place"], **parts, "done": int(told["done"]), "left": int(told["left"])}


@by_level
@pytest.mark.parametrize("seed", range(5))
def test_play_agrees_with_the_second_implementation(game: Delivery, seed: int) -> None:
    second = courier(game, deal(game, seed))
    for state, move, after in random_play(game, seed):
        assert not second.over()
        assert {game.say(state, each) for each in game.legal(state, 0)} == second.options()
        assert facts(game.view(state, 0)) == second.facts(with_map=game.sight == "full")
        assert game.rewards(state, move, after) == (second.hears(game.say(state, move)),)
    assert second.over()
    assert game.view(after, 0).endswith(("No turns left.", "Everything is delivered."))


# What is known exactly -------------------------------------------------------------------------------

EASY = LEVELS[0]


@pytest.mark.slow
def test_easy_has_exact_values_of_every_kind() -> None:
    values = reference_values(EASY)
    assert {values.optimal.kind, values.plan.kind, values.myopic.kind, values.random.kind} == {"exact"}
    assert values.cell() == "foresight"
    means = [round(value.value, 3) for value in (values.optimal, values.plan, values.myopic, values.random)]
    assert means == [1, 1, 0.143, 0.051]


def earned_at_random(game: Delivery, state: DeliveryState) -> Fraction:
    """What random commands earn, by a table over turns left, filled from the last turn on."""
    second = courier(game, state)
    cells = list(second.map)
    parcels = [(origin, address) for address, origin in second.waiting.items()]

    def heard(where: tuple[int, int], status: str, left: int, table: dict[Any, Fraction]) -> Fraction:
        bag = {address for (_, address), now in zip(parcels, status, strict=True) if now == "c"}
        lying = {address: origin for (origin, address), now in zip(parcels, status, strict=True) if now == "w"}
        here = Courier(where, left, second.room, second.map, lying, bag, second.total)
        outcomes = []
        for command in here.options():
            there = Courier(where, left, second.room, second.map, dict(lying), set(bag), second.total)
            paid = Fraction(there.hears(command))
            then = "".join("w" if a in there.waiting else "c" if a in there.bag else "d" for _, a in parcels)
            outcomes.append(paid + table.get((there.where, then), Fraction(0)))
        return sum(outcomes, Fraction(0)) / len(outcomes)

    statuses = [a + b for a in "wcd" for b in "wcd" if (a + b).count("c") <= second.room]
    table: dict[Any, Fraction] = {}
    for left in range(1, second.turns + 1):
        places = [(cell, status) for cell in cells for status in statuses if status != "dd"]
        table = {(cell, status): heard(cell, status, left, table) for cell, status in places}
    return table[second.where, "ww"]


def test_the_random_value_by_the_second_implementation() -> None:
    game = Delivery(parcels=2, width=3, height=1, capacity=1, slack=0, names="fixed")
    deals = game.deals() or ()
    assert reference_values(game).random.value == pytest.approx(
        float(sum(p * earned_at_random(game, state) for state, p in deals))
    )


def test_lists_agree_with_draws() -> None:
    deals = dict(EASY.deals() or ())
    drawn = Counter(deal(EASY, seed) for seed in range(3_000))
    assert sum(deals.values()) == 1
    assert len(deals) == len({EASY.content(state) for state in deals}) == 4 * 3 * 3 * 3 // 2
    assert set(drawn) == set(deals)
    assert all(abs(drawn[state] - 3_000 * p) < 5 * (3_000 * p) ** 0.5 for state, p in deals.items())


@pytest.mark.parametrize("changed", [{"names": "drawn"}, {"width": 3}, {"parcels": 3}])
def test_larger_games_are_not_listed(changed: dict[str, Any]) -> None:
    assert Delivery(**{**Delivery.levels["easy"], **changed}).deals() is None


# Tours -----------------------------------------------------------------------------------------------


def fewest_moves(game: Delivery, state: DeliveryState) -> int:
    """Breadth-first search over single commands."""
    pending = deque([(state, 0)])
    known = set()
    while pending:
        here, moves = pending.popleft()
        if set(here.status) == {2}:
            return moves
        for move in game.legal(here, 0):
            after = game.apply(here, move)._replace(turn=0, last=None, visited=frozenset())
            if (after.here, after.status) not in known:
                known.add((after.here, after.status))
                pending.append((after, moves + 1))
    raise AssertionError("a parcel cannot be delivered")


@pytest.mark.parametrize(
    ("game", "instances"),
    [
        (Delivery(), 10),
        (Delivery(capacity=4, slack=0), 4),
        (Delivery(parcels=3, width=5, height=1, capacity=1), 25),
        (EASY, 100),
        (Delivery(parcels=1, width=2, height=1, capacity=1), 10),
    ],
    ids=str,
)
def test_up_to_4_parcels_the_turns_are_those_of_a_shortest_tour_and_the_slack(game: Delivery, instances: int) -> None:
    for seed in range(instances):
        state = deal(game, seed)
        assert state.town.turns == fewest_moves(game, state) + game.slack <= game.max_turns


def most_delivered(game: Delivery, state: DeliveryState) -> int:
    """The most parcels delivered in the turns left, by exhaustive search layer by layer."""
    layer = {(state.here, state.status): state._replace(turn=0)}
    for _ in range(state.town.turns - state.turn):
        following = dict(layer)
        for here in layer.values():
            for move in game.legal(here, 0):
                after = game.apply(here, move)._replace(turn=0, last=None)
                following[after.here, after.status] = after
        layer = following
    return max(status.count(2) for _, status in layer)


@pytest.mark.parametrize("seed", range(8))
def test_the_expert_delivers_the_most_from_anywhere(seed: int) -> None:
    game = Delivery(parcels=3, width=3, height=3, capacity=2, slack=1)
    for state, _, _ in list(random_play(game, seed))[::3]:
        earned, _ = expert_play(game, state)
        assert round(3 * earned) + state.status.count(2) == most_delivered(game, state)


def test_a_tour_by_hand() -> None:
    """On a line of 5, one parcel from 4 to 0 and one from 0 to 4, with room for one: there, back and there."""
    parcels = (Parcel(4, 0), Parcel(0, 4))
    assert best_tour(5, parcels, 1, 0, (0, 0), 100) == (0, 12, (1, 1, 0, 0))
    assert best_tour(5, parcels, 1, 0, (0, 0), 10) == (1, 6, (1, 1))
    assert best_tour(5, parcels, 1, 0, (0, 0), 5) == (2, 0, ())


@by_level
def test_the_expert_with_a_map_delivers_everything(game: Delivery) -> None:
    full = Delivery(**{**game.arguments, "sight": "full"})
    for seed in range(200 // full.parcels**2):
        earned, _ = expert_play(full, deal(full, seed))
        assert earned == pytest.approx(1)


def test_the_experts_turns_of_the_page() -> None:
    plays = [expert_play(Delivery(), deal(Delivery(), seed)) for seed in range(100)]
    assert round(mean(turns for _, turns in plays), 1) == 18.6


@pytest.mark.slow
@pytest.mark.parametrize(("level", "earned"), [("hard", 0.985), ("extreme", 0.992)])
def test_what_the_expert_earns_without_a_map(level: str, earned: float) -> None:
    game = Delivery(**Delivery.levels[level])
    assert round(mean(expert_play(game, deal(game, seed))[0] for seed in range(100)), 3) == earned


# Towns -----------------------------------------------------------------------------------------------


@by_level
def test_towns_are_what_the_arguments_say(game: Delivery) -> None:
    for seed in range(30):
        town, start = game.content(deal(game, seed))
        assert len(set(town.places)) == len(town.places) == game.width * game.height
        assert town.places[start] == "post office"
        assert town.width == game.width
        assert len({parcel.address for parcel in town.parcels}) == len(town.parcels) == game.parcels
        assert all(parcel.origin != parcel.address for parcel in town.parcels)
        assert 2 * game.parcels + game.slack <= town.turns <= game.max_turns


def test_a_thousand_seeds_give_a_thousand_instances() -> None:
    game = Delivery(parcels=2)
    assert len({game.content(deal(game, seed)) for seed in range(1_000)}) == 1_000


def test_without_a_map_the_player_knows_only_what_it_has_seen() -> None:
    """The expert does the same in two towns that differ only where it has not been."""
    game = Delivery(sight="local", slack=50)
    state = deal(game, 0)
    seen = set(state.visited)
    for _ in range(6):
        ((move, _),) = game.expert(state, 0)
        beside = {k for place in seen for k in range(12) if abs(k // 4 - place // 4) + abs(k % 4 - place % 4) == 1}
        hidden = sorted(set(range(12)) - seen - beside)
        if len(hidden) >= 2:
            one, other = hidden[0], hidden[-1]
            swap = {one: other, other: one}
            names = list(state.town.places)
            names[one], names[other] = names[other], names[one]
            parcels = tuple(Parcel(swap.get(o, o), swap.get(a, a)) for o, a in state.town.parcels)
            twin = state._replace(town=state.town._replace(places=tuple(names), parcels=parcels))
            assert game.view(twin, 0) == game.view(state, 0)
            assert game.expert(twin, 0) == game.expert(state, 0)
            assert game.legal(twin, 0) == game.legal(state, 0)
        state = game.apply(state, move)
        seen.add(state.here)


# What is said ----------------------------------------------------------------------------------------

TOWN = Town(
    places=("bank", "inn", "zoo", "post office", "mill", "park"),
    width=3,
    parcels=(Parcel(4, 0), Parcel(4, 2), Parcel(2, 3)),
    turns=12,
)
GAME = Delivery(parcels=3, width=3, height=2)
START = DeliveryState(TOWN, 3, (0, 0, 0))
MILL = after_replies(GAME, START, "go east")
ONE = after_replies(GAME, MILL, "take the parcel for the bank")
TWO = after_replies(GAME, ONE, "take the parcel")
BANK = after_replies(GAME, TWO, "go west", "go north")
DONE = after_replies(GAME, BANK, "deliver the parcel")

EAST = DeliveryMove("go", "east")
TAKE_BANK = DeliveryMove("take", "bank")
TAKE_ZOO = DeliveryMove("take", "zoo")


@pytest.mark.parametrize(
    ("state", "reply", "move"),
    [
        (START, "go east", EAST),
        (START, "east", EAST),
        (START, "E.", EAST),
        (START, "walk to the east", EAST),
        (START, "I will head **east** now", EAST),
        (START, "go to the mill", EAST),
        (START, "Mill", EAST),
        (START, "go e", EAST),
        (START, "I think east is best", EAST),
        (MILL, "go back to the post office", DeliveryMove("go", "west")),
        (MILL, "take the parcel for the bank", TAKE_BANK),
        (MILL, "take the bank parcel", TAKE_BANK),
        (MILL, "pick up the parcel addressed to the bank", TAKE_BANK),
        (MILL, "pick the parcel up for the bank", TAKE_BANK),
        (MILL, "grab the package to the zoo", TAKE_ZOO),
        (MILL, "load the parcel for the zoo", TAKE_ZOO),
        (ONE, "take the parcel", TAKE_ZOO),
        (ONE, "take it", TAKE_ZOO),
        (ONE, "collect the parcel from the mill", TAKE_ZOO),
        (ONE, "take the parcel at the mill", TAKE_ZOO),
        (BANK, "deliver the parcel", DELIVER),
        (BANK, "deliver", DELIVER),
        (BANK, "Deliver it here!", DELIVER),
        (BANK, "deliver the parcel for the bank", DELIVER),
        (BANK, "deliver the parcel to the bank", DELIVER),
        (BANK, "deliver the bank package", DELIVER),
        (BANK, "hand over the parcel", DELIVER),
        (BANK, "drop the parcel", DELIVER),
        (BANK, "put down the parcel", DELIVER),
        (BANK, "I am at the bank, so I am delivering the parcel", DELIVER),
        (BANK, "deliver the parcel before going east", DELIVER),
        (START, "look", LOOK),
        (START, "l", LOOK),
        (START, "look around", LOOK),
        (START, "look at the map", LOOK),
        (START, "inventory", LOOK),
        (START, "What am I carrying?", LOOK),
        (START, "First I go north, then I go east", EAST),
        (START, "go north? No, go east", EAST),
        (START, "do not go north; go east", EAST),
        (START, '{"action": "go east"}', EAST),
    ],
)
def test_replies_that_parse(state: DeliveryState, reply: str, move: DeliveryMove) -> None:
    assert GAME.read(state, 0, reply) == move
    assert move in GAME.legal(state, 0)


BESIDE = "You cannot go there in one step. From here you can go north to the bank, east to the mill."
NONE = "There is no parcel to take here."


@pytest.mark.parametrize(
    ("state", "reply", "text"),
    [
        (START, "go south", BESIDE),
        (START, "go to the zoo", BESIDE),
        (START, "go to the moon", BESIDE),
        (START, "go to the castle", BESIDE),
        (START, "go to the post office", "You are at the post office already."),
        (START, "take the parcel", NONE),
        (START, "take the parcel for the bank", "There is no such parcel to take here."),
        (START, "take the sword", "There is no such parcel to take here."),
        (MILL, "take the parcel for the inn", "There is no such parcel to take here."),
        (MILL, "take it", "Which one do you mean: the parcel for the bank or the parcel for the zoo?"),
        (ONE, "take the parcel for the bank", "You carry the parcel for the bank already."),
        (DONE, "take the parcel for the bank", "The parcel for the bank is delivered."),
        (START, "deliver the parcel", "You do not carry a parcel for the post office."),
        (START, "deliver the parcel for the bank", "You do not carry a parcel for the bank."),
        (ONE, "deliver the parcel", "You do not carry a parcel for the mill."),
        (ONE, "deliver it to the bank", "You are at the mill; bring the parcel to the bank to deliver it."),
    ],
)
def test_commands_that_are_refused_with_a_reason(state: DeliveryState, reply: str, text: str) -> None:
    assert GAME.read(state, 0, reply) == Refusal(text, "illegal")


def test_no_more_can_be_taken_than_carried() -> None:
    single = Delivery(parcels=3, width=3, height=2, capacity=1)
    assert single.read(ONE, 0, "take the parcel") == Refusal(
        "You can carry only 1 parcel; deliver one first.", "illegal"
    )
    assert TAKE_ZOO not in single.legal(ONE, 0)


@pytest.mark.parametrize(
    "reply",
    ["", "hello", "42", "the parcel", "sing a song", "I am lost.", "do not go north", "I can't deliver the parcel",
     "northeast", "идти", "\x00", "yes", "parcel for the bank"],
)  # fmt: skip
def test_replies_without_a_command(reply: str) -> None:
    refusal = GAME.read(START, 0, reply)
    assert isinstance(refusal, Refusal)
    assert refusal.kind == "malformed"
    assert "Reply with one command" in refusal.text


# What is shown ---------------------------------------------------------------------------------------


def test_views_of_a_game_with_a_map() -> None:
    views = []
    state = START
    for reply in ("go east", "take the parcel for the bank", "go north", "go west", "deliver the parcel"):
        views.append(GAME.view(state, 0))
        state = after_replies(GAME, state, reply)
    fetch = "Parcels to fetch: from the mill to the bank, from the mill to the zoo, from the zoo to the post office."
    less = "Parcels to fetch: from the mill to the zoo, from the zoo to the post office."
    assert views == [
        f"bank | inn | zoo\n[post office] | mill | park\nYou are at the post office.\n{fetch}\n"
        "You carry: nothing.\nDelivered: 0 of 3 parcels. 12 turns left.",
        f"bank | inn | zoo\npost office | [mill] | park\nYou are at the mill.\n{fetch}\n"
        "You carry: nothing.\nDelivered: 0 of 3 parcels. 11 turns left.",
        "You take the parcel for the bank.\n"
        f"bank | inn | zoo\npost office | [mill] | park\nYou are at the mill.\n{less}\n"
        "You carry: parcel for the bank.\nDelivered: 0 of 3 parcels. 10 turns left.",
        f"bank | [inn] | zoo\npost office | mill | park\nYou are at the inn.\n{less}\n"
        "You carry: parcel for the bank.\nDelivered: 0 of 3 parcels. 9 turns left.",
        f"[bank] | inn | zoo\npost office | mill | park\nYou are at the bank.\n{less}\n"
        "You carry: parcel for the bank.\nDelivered: 0 of 3 parcels. 8 turns left.",
    ]
    assert GAME.view(state, 0) == (
        "You deliver the parcel for the bank.\n"
        f"[bank] | inn | zoo\npost office | mill | park\nYou are at the bank.\n{less}\n"
        "You carry: nothing.\nDelivered: 1 of 3 parcels. 7 turns left."
    )


def test_a_view_without_a_map() -> None:
    local = Delivery(parcels=3, width=3, height=2, sight="local")
    assert local.view(TWO, 0) == (
        "You take the parcel for the zoo.\n"
        "You are at the mill. Streets: north to the inn, east to the park, west to the post office.\n"
        "Parcels to fetch: from the zoo to the post office.\n"
        "You carry: parcel for the bank, parcel for the zoo.\nDelivered: 0 of 3 parcels. 9 turns left."
    )


def test_the_end() -> None:
    last = DONE._replace(status=(2, 2, 1), here=3)
    after = after_replies(GAME, last, "deliver")
    assert GAME.to_move(after) == ()
    assert GAME.rewards(last, DELIVER, after) == (1 / 3,)
    assert GAME.view(after, 0) == "You deliver the parcel for the post office. Everything is delivered."
    late = START._replace(turn=11)
    assert GAME.view(late, 0).endswith("1 turn left.")
    over = after_replies(GAME, late, "look")
    assert GAME.to_move(over) == ()
    assert GAME.view(over, 0).endswith("\nDelivered: 0 of 3 parcels. No turns left.")


def test_progress_counts_parcels_taken_and_delivered() -> None:
    assert [GAME.progress(state) for state in (START, ONE, TWO, DONE)] == [0, 1 / 6, 2 / 6, 3 / 6]


def test_instructions_by_their_arguments() -> None:
    assert Delivery().instructions(0) == (
        "You deliver parcels in a town of 3 rows of 4 places, joined by streets to the next places north, east, south "
        "and west. I show you a map, north at the top, with the place where you are in brackets. Fetch each parcel "
        "where it waits and deliver it to the place that it is for. You can carry 2 parcels at once. Each parcel "
        "delivered pays 1/4 point. I tell you how many turns you have; what is not delivered by then pays nothing.\n"
        "Commands: go north, take the parcel for the bank, deliver the parcel, look. Each uses a turn.\n"
        "Reply with one command, for example: look"
    )
    other = Delivery(parcels=1, capacity=1, height=1, sight="local").instructions(0)
    assert "a town of 1 row of 4 places" in other
    assert "You have no map: you see only the names of the places next to you, so remember the town." in other
    assert "You can carry 1 parcel at once. Each parcel delivered pays 1 point." in other


@pytest.mark.parametrize(
    "arguments",
    [
        {"parcels": 0}, {"parcels": 12}, {"capacity": 0}, {"capacity": 5}, {"width": 0}, {"height": 11}, {"width": 42},
        {"slack": -1}, {"width": 6, "height": 6, "parcels": 21}, {"height": 2.5},
    ],
)  # fmt: skip
def test_arguments_out_of_range(arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=f"{list(arguments)[-1]} must be a whole number"):
        Delivery(**arguments)


def test_a_town_has_two_places() -> None:
    with pytest.raises(ArgumentError, match="at least 2 places"):
        Delivery(width=1, height=1, parcels=1, capacity=1)


@pytest.mark.parametrize("arguments", [{"sight": "none"}, {"names": "odd"}])
def test_unknown_words_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(UnknownNameError, match=r"full, local|drawn, fixed"):
        Delivery(**arguments)
