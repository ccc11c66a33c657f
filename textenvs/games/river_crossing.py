"""Bring everything across a river in a small boat without leaving together what must not be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from itertools import combinations
from math import comb
from operator import add, sub
from typing import ClassVar, NamedTuple

from textenvs.core.errors import ArgumentError, check_choice, check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.refusal import Refusal, illegal
from textenvs.core.search import distances
from textenvs.games.phrasing import listed, outcome
from textenvs.games.river_words import NAMES, PEOPLE, passengers_said, several

Counts = tuple[int, ...]  # how many there are of each kind
Pairs = tuple[tuple[int, int], ...]
Position = tuple[Counts, bool]  # who is on the left bank, and whether the boat is


class Cast(NamedTuple):
    """Who is to cross.

    Attributes:
        kinds: their names.
        all: how many there are of each.
        conflicts: the pairs that must not be left together.
    """

    kinds: tuple[str, ...]
    all: Counts
    conflicts: Pairs


class RiverCrossingState(NamedTuple):
    """Where everyone is.

    Attributes:
        cast: who is to cross.
        here: how many of each kind are on the left bank.
        boat: whether the boat is at the left bank.
        left: turns left.
    """

    cast: Cast
    here: Counts
    boat: bool
    left: int


@dataclass(frozen=True)
class RiverCrossing(Game[RiverCrossingState, Counts]):
    """Take passengers across a river in a small boat; some must never be left together.

    Source:
        The wolf, the goat and the cabbage (Alcuin of York, Propositiones ad acuendos iuvenes, about 800),
        with any pairs that conflict (Csorba, Hurkens & Woeginger 2012, The Alcuin number of a graph and its
        connections to the vertex cover number, doi:10.1137/110848840); the missionaries and cannibals
        (Amarel 1968), with any numbers.
    Players and turns:
        One player, one crossing a turn.
    What the player sees:
        Everything: the pairs that conflict, who is on which bank, where the boat is, and the turns left.
    Replies:
        `cross with goat and wolf`, `take the goat across`, `go back with the goat`, `goat`, `cross
        alone`; with missionaries `cross with 1 missionary and 2 cannibals`. In a longer reply the last
        crossing counts.
    Rules:
        Each turn the boat crosses, with up to `capacity` passengers. The farmer rows, in addition to them;
        of the missionaries and cannibals one or more must be in the boat. The episode is lost if
        a crossing leaves a pair that conflicts on the bank without the farmer, or if then cannibals
        outnumber missionaries on a bank with missionaries. To take more than the boat holds, or what
        is on the other bank, is refused and uses no turn. An episode has as many turns as a
        shortest solution takes, and `slack` more.
    Rewards:
        1 when everyone is on the right bank, 0 otherwise. Return in 0 … 1.
    End:
        Everyone is on the right bank, the rule is broken, or the turns are used up.
    Parameters:
        puzzle: "farmer" or "missionaries".
        passengers: how many the farmer takes across, from 3 to 10; or the number of missionaries,
            of whom there are as many as cannibals.
        capacity: how many passengers the boat holds, the farmer not counted.
        conflicts: pairs that conflict; at most C(capacity, 2) + (passengers - capacity) x
            (capacity - 1) + min(passengers - capacity, 2), so that some such puzzle can be solved.
            Without effect on the missionaries.
        names: the number of names that the farmer's passengers are drawn from, the goat being always one of
            them. Without effect on the missionaries.
        slack: turns beyond those that a shortest solution takes.
    Size:
        For the farmer, `capacity` passengers are drawn, and then the conflicts from all pairs with one of
        these, until the puzzle can be solved. By default there are 11,628 choices of names and 1,566 of
        conflicts, 18,209,448 instances, whose shortest solutions take 7 or 9 crossings; at level
        "easy" 80 with 3 or 5. Missionaries have one instance. At most 2 x passengers + 1 + slack turns with
        the farmer (Csorba, Hurkens & Woeginger 2012).
    Known values:
        Optimal and plan are 1. A shortest solution takes 7 crossings for the wolf, the goat and the
        cabbage (passengers=3, capacity=1, conflicts=2), and with as many missionaries as cannibals 5 and 11
        for 2 and 3 of each with capacity=2, 9 and 11 for 4 and 5 of each with capacity=3
        (Pressman & Singmaster 1989, The Mathematical Gazette 73, 73-81).
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"passengers": 4, "conflicts": 3, "names": 5, "slack": 2},
        "medium": {},
        "hard": {"passengers": 8, "conflicts": 7},
        "extreme": {"passengers": 10, "conflicts": 8},
    }

    puzzle: str = "farmer"
    passengers: int = 6
    capacity: int = 2
    conflicts: int = 5
    names: int = 20
    slack: int = 4

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError` or `UnknownNameError`."""
        check_choice("puzzle", self.puzzle, ("farmer", "missionaries"))
        check_range("slack", self.slack, 0, 10_000)
        if self.puzzle == "farmer":
            self._check_farmer()
        else:
            self._check_missionaries()

    def _check_farmer(self) -> None:
        check_range("passengers", self.passengers, 3, 10)
        check_range("capacity", self.capacity, 1, self.passengers - 1)
        others = self.passengers - self.capacity
        most = comb(self.capacity, 2) + others * (self.capacity - 1) + min(others, 2)
        check_range("conflicts", self.conflicts, 1, most)
        check_range("names", self.names, self.passengers, len(NAMES))

    def _check_missionaries(self) -> None:
        check_range("passengers", self.passengers, 1, 50)
        check_range("capacity", self.capacity, 2, 10)
        if self._turns_needed(self._people()) is None:
            raise ArgumentError(
                f"capacity must be larger for {self.passengers} missionaries and as many cannibals: "
                f"with {self.capacity} in the boat they cannot cross"
            )

    @property
    def max_turns(self) -> int:
        if self.puzzle == "farmer":
            return 2 * self.passengers + 1 + self.slack
        return self._opening(self._people()).left

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def _people(self) -> Cast:
        return Cast(PEOPLE, (self.passengers, self.passengers), ())

    def deals(self) -> Distribution[RiverCrossingState] | None:
        if self.puzzle == "missionaries":
            return ((self._opening(self._people()), Fraction(1)),)
        pairs = list(combinations(range(self.passengers), 2))
        if comb(len(pairs), self.conflicts) * comb(self.names - 1, self.passengers - 1) > _LISTED:
            return None
        choices = [NAMES[:1] + others for others in combinations(NAMES[1 : self.names], self.passengers - 1)]
        chances = {
            Cast(kinds, (1,) * self.passengers, conflicts): self._ways_to_draw(conflicts)
            for kinds in choices
            for conflicts in combinations(pairs, self.conflicts)
        }
        solvable = {cast: ways for cast, ways in chances.items() if ways and self._turns_needed(cast) is not None}
        return tuple((self._opening(cast), Fraction(ways, sum(solvable.values()))) for cast, ways in solvable.items())

    def _ways_to_draw(self, conflicts: Pairs) -> int:
        """Return how many choices of `capacity` passengers have one of every pair that conflicts."""
        choices = combinations(range(self.passengers), self.capacity)
        return sum(all(a in chosen or b in chosen for a, b in conflicts) for chosen in choices)

    def deal(self, random: Random) -> RiverCrossingState:
        if self.puzzle == "missionaries":
            return super().deal(random)
        others = random.shuffled(range(1, self.names))[: self.passengers - 1]
        kinds = tuple(NAMES[index] for index in (0, *sorted(others)))
        cast = self._draw_conflicts(kinds, random)
        while self._turns_needed(cast) is None:
            cast = self._draw_conflicts(kinds, random)
        return self._opening(cast)

    def _draw_conflicts(self, kinds: tuple[str, ...], random: Random) -> Cast:
        chosen = random.shuffled(range(self.passengers))[: self.capacity]
        pairs = [(a, b) for a, b in combinations(range(self.passengers), 2) if a in chosen or b in chosen]
        return Cast(kinds, (1,) * self.passengers, tuple(sorted(random.shuffled(pairs)[: self.conflicts])))

    def _turns_needed(self, cast: Cast) -> int | None:
        return _distances(cast, self.capacity).get((cast.all, True))

    def _opening(self, cast: Cast) -> RiverCrossingState:
        return RiverCrossingState(cast, cast.all, True, (self._turns_needed(cast) or 0) + self.slack)

    def content(self, state: RiverCrossingState) -> Cast:
        return state.cast

    def to_move(self, state: RiverCrossingState) -> tuple[int, ...]:
        over = state.left == 0 or _is_across(state) or _trouble(state.cast, state.here, state.boat)
        return () if over else (0,)

    def legal(self, state: RiverCrossingState, player: int) -> tuple[Counts, ...]:
        loads = _loads(_at_boat(state), self.capacity)
        return loads if self.puzzle == "farmer" else loads[1:]  # the first is nobody

    def apply(self, state: RiverCrossingState, move: Counts) -> RiverCrossingState:
        here, boat = _crossed(state.here, state.boat, move)
        return state._replace(here=here, boat=boat, left=state.left - 1)

    def rewards(self, state: RiverCrossingState, move: Counts, after: RiverCrossingState) -> tuple[float, ...]:
        return (1.0 if _is_across(after) else 0.0,)

    def instructions(self, player: int) -> str:
        goal = "to the right bank before the turns run out to earn 1 point."
        if self.puzzle == "farmer":
            return (
                f"You are on the left bank of a river with {self.passengers} things and a boat. The boat holds you and "
                f"at most {self.capacity} of them. Each turn you cross the river, with some of them or alone. Some "
                "pairs must never be left together: if both are on one bank while you are on the other, you lose. "
                f"Bring everything {goal}\n"
                "Reply with what you take along, for example: cross with goat"
            )
        people = listed(tuple(several(self.passengers, name) for name in PEOPLE))
        return (
            f"On the left bank of a river {'is' if self.passengers == 1 else 'are'} {people}, with a boat. The boat "
            f"holds at most {self.capacity} people and needs at least 1 to row it. Each turn you say who crosses the "
            "river. If cannibals outnumber missionaries on a bank where there are missionaries, you lose. Bring "
            f"everyone {goal}\n"
            "Reply with who crosses, for example: cross with 1 missionary and 1 cannibal"
        )

    def view(self, state: RiverCrossingState, player: int) -> str:
        cast, left = state.cast, _bank_told(state.cast, state.here, boat=state.boat)
        right = _bank_told(cast, _minus(cast.all, state.here), boat=not state.boat)
        pairs = ", ".join(f"{cast.kinds[a]} and {cast.kinds[b]}" for a, b in cast.conflicts)
        never = f"Never leave together: {pairs}.\n" if pairs else ""
        trouble = _trouble(cast, state.here, state.boat)
        told = _trouble_told(cast.kinds, *trouble) if trouble else outcome(state.left, solved=_is_across(state))
        return f"{never}Left bank: {left}. Right bank: {right}.\n{told}"

    def say(self, state: RiverCrossingState, move: Counts) -> str:
        return f"cross with {listed(_told(state.cast, move))}" if any(move) else "cross alone"

    def read(self, state: RiverCrossingState, player: int, text: str) -> Counts | Refusal:
        said = passengers_said(text)
        if said is None:
            example = self.instructions(player).rpartition("example: ")[2]
            alone = ", or: cross alone" if self.puzzle == "farmer" else ""
            return Refusal(f"I read no crossing in that. Reply with who crosses, such as: {example}{alone}.")
        kinds = state.cast.kinds
        strange = [name for name, _ in said if name not in kinds]
        if strange:
            return illegal(f"There is no {strange[0]} here.")
        return self._checked(state, tuple(sum(n for name, n in said if name == kind) for kind in kinds))

    def _checked(self, state: RiverCrossingState, load: Counts) -> Counts | Refusal:
        for kind, wanted, present in zip(state.cast.kinds, load, _at_boat(state), strict=True):
            if wanted > present:
                told = f"only {several(present, kind)}" if present else f"no {kind}"
                return illegal(f"On the bank with the boat there {'is' if present < 2 else 'are'} {told}.")
        if sum(load) > self.capacity:
            return illegal(f"The boat holds at most {self.capacity}{' besides you' * (self.puzzle == 'farmer')}.")
        if self.puzzle == "missionaries" and not any(load):
            return illegal("The boat needs at least 1 missionary or cannibal to row it.")
        return load

    def progress(self, state: RiverCrossingState) -> float:
        """Minus the number of crossings that a shortest solution still takes, or more than that takes if it is lost."""
        far = _distances(state.cast, self.capacity)
        return -float(far.get((state.here, state.boat), 1 + max(far.values())))

    def expert(self, state: RiverCrossingState, player: int) -> Distribution[Counts]:
        """The first crossings of shortest solutions, each equally likely: optimal."""
        far = _distances(state.cast, self.capacity)
        closer = far[state.here, state.boat] - 1
        loads = self.legal(state, player)
        return uniform([load for load in loads if far.get(_crossed(state.here, state.boat, load)) == closer])


_LISTED = 1_000
"""More choices than these are drawn, not listed."""


def _minus(counts: Counts, others: Counts) -> Counts:
    return tuple(map(sub, counts, others))


def _at_boat(state: RiverCrossingState) -> Counts:
    """Return who is on the bank where the boat is."""
    return state.here if state.boat else _minus(state.cast.all, state.here)


def _is_across(state: RiverCrossingState) -> bool:
    return not any(state.here)


def _crossed(here: Counts, boat: bool, load: Counts) -> Position:
    return (_minus(here, load) if boat else tuple(map(add, here, load))), not boat


def _conflict(cast: Cast, bank: Counts) -> tuple[int, int] | None:
    """Return two kinds that must not be on a bank together in such numbers."""
    if cast.kinds == PEOPLE:
        return (0, 1) if 0 < bank[0] < bank[1] else None
    return next(((a, b) for a, b in cast.conflicts if bank[a] and bank[b]), None)


def _unwatched(cast: Cast, here: Counts, boat: bool) -> dict[str, Counts]:
    """Return the banks on which there must be no conflict: with a farmer, only where he is not."""
    banks = {"left": here, "right": _minus(cast.all, here)}
    if cast.kinds != PEOPLE:
        del banks["left" if boat else "right"]
    return banks


def _trouble(cast: Cast, here: Counts, boat: bool) -> tuple[str, tuple[int, int]] | None:
    """Return a bank where the rule is broken, and the kinds that break it; None if there is none."""
    found = ((name, _conflict(cast, bank)) for name, bank in _unwatched(cast, here, boat).items())
    return next(((name, pair) for name, pair in found if pair), None)


@lru_cache(maxsize=8192)
def _loads(bank: Counts, room: int) -> tuple[Counts, ...]:
    """Return what a boat with that much room can take from a bank, nothing first."""
    if not bank:
        return ((),)
    most = min(bank[0], room)
    return tuple((n, *others) for n in range(most + 1) for others in _loads(bank[1:], room - n))


@lru_cache(maxsize=64)
def _distances(cast: Cast, capacity: int) -> dict[Position, int]:
    """Return the fewest crossings to the goal from every position from which it can be reached."""

    @cache
    def has_conflict(bank: Counts) -> bool:
        return _conflict(cast, bank) is not None

    def crossings(position: Position) -> Iterator[tuple[Counts, Position]]:
        here, boat = position
        for load in _loads(here if boat else _minus(cast.all, here), capacity):
            after = _crossed(here, boat, load)
            if not any(map(has_conflict, _unwatched(cast, *after).values())) and (any(load) or cast.kinds != PEOPLE):
                yield load, after

    return distances([(tuple(0 for _ in cast.all), False)], crossings)


# Words -----------------------------------------------------------------------------------------------


def _told(cast: Cast, counts: Counts) -> tuple[str, ...]:
    """Return who there are: `goat`, or `2 missionaries`."""
    present = ((n, kind) for n, kind in zip(counts, cast.kinds, strict=True) if n)
    return tuple(several(n, kind) if cast.kinds == PEOPLE else kind for n, kind in present)


def _bank_told(cast: Cast, bank: Counts, *, boat: bool) -> str:
    others = ("boat" if cast.kinds == PEOPLE else "you",) if boat else ()
    return ", ".join((*_told(cast, bank), *others)) or "empty"


def _trouble_told(kinds: tuple[str, ...], bank: str, pair: tuple[int, int]) -> str:
    """Return how the puzzle was lost."""
    if kinds == PEOPLE:
        return f"On the {bank} bank cannibals outnumber missionaries. You lose."
    one, other = (kinds[index] for index in pair)
    return f"You left the {one} and the {other} together on the {bank} bank. You lose."
