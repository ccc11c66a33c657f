"""Book meetings for people whose calendars have to be asked for, so that all wishes are met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import ClassVar, NamedTuple

from textenvs.core.draws import every_outcome
from textenvs.core.errors import ArgumentError, check_range
from textenvs.core.game import Distribution, Game, Levels, Random
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.calendar_meetings import WISHES, Meeting, Wish, holds, solution
from textenvs.games.calendar_reader import DAYS, PEOPLE, WEEK, Verb, last_call


class CalendarMove(NamedTuple):
    """A call: what to do with which person or meeting, and at which slot."""

    verb: Verb
    which: int = 0
    slot: int = 0


class CalendarState(NamedTuple):
    """The calendars, the meetings, and the bookings. Slots are whole numbers, in the order of time.

    Attributes:
        busy: for each person the slots taken from the start, ascending.
        meetings: all meetings.
        booked: for each meeting its slot, None while it has none.
        used: calls made.
        asked: the people whose calendars were asked for, ascending.
        told: what the last call returned.
        is_done: whether the player is done.
    """

    busy: tuple[tuple[int, ...], ...]
    meetings: tuple[Meeting, ...]
    booked: tuple[int | None, ...]
    used: int = 0
    asked: tuple[int, ...] = ()
    told: str = ""
    is_done: bool = False


@dataclass(frozen=True)
class Calendar(Game[CalendarState, CalendarMove]):
    """Book meetings of several people through an interface that tells their free slots and refuses what cannot be.

    Source:
        Written for textenvs, after the meeting and calendar tasks of Natural Plan (Zheng et al. 2024,
        arXiv:2406.04520), where all calendars are given at once; here they have to be asked for.
    Players and turns:
        One player, one call a turn.
    What the player sees:
        What the last call returned; all meetings with who takes part, how they should lie to each other, and
        when they are booked; the calls left. Free slots that were told earlier are not repeated.
    Replies:
        `free Ada`, `book M1 Mon 9`, `cancel M1`, `done`; other verbs (`check`, `schedule`, `remove`, `finish` …),
        full names of days, `9:00` and "at 9 on Monday" are understood. In a longer reply the last call counts.
    Rules:
        A slot is an hour of a day, and each meeting takes one. A person is free in a slot that was not taken
        from the start and in which no meeting of theirs is booked. Booking fails with an error, which names one
        person who is not free, or if the meeting is booked already. Wishes are not checked then: a meeting
        may have to be after or before an earlier one of the list, or on the same day or another one.
        Calendars and wishes are drawn around a hidden solution, so that there is at least one: each
        meeting has random people and a random slot in which they have no other; then its wish is a
        random one of those that hold, about a random earlier meeting; then `busy` more slots are taken
        from each person, at random.
    Rewards:
        1 at the end if every meeting is booked and every wish is met, otherwise 0. Return in 0 … 1.
    End:
        The player is done or the calls are used up.
    Parameters:
        meetings: the number of meetings.
        people: the number of people.
        size: how many people take part in each meeting.
        days: the number of days.
        hours: the number of hours a day.
        busy: the slots taken from each person at the start.
        calls: the calls in an episode, `done` included; 0 stands for people + 2 x meetings + 1.
    Size:
        About 10^9 calendars at the defaults around each hidden solution; 20 instances with meetings=2,
        people=2, size=2, days=1, hours=5, busy=3. `calls` turns at most.
    Known values:
        The expert always succeeds, and nobody without asking can be sure to: with these 20 instances and
        calls=4 optimal is 1, plan 2/5 (two tries for each meeting), myopic 0.17, random 0.03.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"meetings": 2, "people": 2, "size": 2, "days": 1, "hours": 5, "busy": 3, "calls": 4},
        "medium": {},
        "hard": {"meetings": 8, "people": 8, "size": 3, "days": 4, "hours": 6, "busy": 14},
        "extreme": {"meetings": 24, "people": 16, "size": 3, "days": 5, "hours": 8, "busy": 16, "calls": 120},
    }

    meetings: int = 4
    people: int = 4
    size: int = 2
    days: int = 3
    hours: int = 4
    busy: int = 5
    calls: int = 0

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("meetings", self.meetings, 1, 50)
        check_range("people", self.people, 1, len(PEOPLE))
        check_range("size", self.size, 1, self.people)
        check_range("days", self.days, 1, len(DAYS))
        check_range("hours", self.hours, 1, 12)
        check_range("busy", self.busy, 0, self.days * self.hours)
        check_range("calls", self.calls, 0, 10_000)
        if self.busy + self.meetings > self.days * self.hours:
            most = self.days * self.hours - self.meetings
            raise ArgumentError(f"busy must be at most {most}, the slots less the meetings, not {self.busy}")

    @property
    def max_turns(self) -> int:
        return self.calls or self.people + 2 * self.meetings + 1

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    @property
    def _slots(self) -> range:
        return range(self.days * self.hours)

    # The opening ---------------------------------------------------------------------------------

    def deals(self) -> Distribution[CalendarState] | None:
        return _deals(self)

    def deal(self, random: Random) -> CalendarState:
        meetings: list[Meeting] = []
        placed: list[int] = []
        for _ in range(self.meetings):
            people = tuple(sorted(_some(range(self.people), self.size, random)))
            taken = {slot for meeting, slot in zip(meetings, placed, strict=True) if {*meeting.people} & {*people}}
            placed.append(random.choice([slot for slot in self._slots if slot not in taken]))
            meetings.append(Meeting(people, *self._draw_wish(placed, random)))
        calendars = []
        for person in range(self.people):
            own = {slot for meeting, slot in zip(meetings, placed, strict=True) if person in meeting.people}
            others = [slot for slot in self._slots if slot not in own]
            calendars.append(tuple(sorted(_some(others, self.busy, random))))
        return CalendarState(tuple(calendars), tuple(meetings), (None,) * self.meetings)

    def _draw_wish(self, placed: list[int], random: Random) -> tuple[Wish | None, int]:
        """Draw what holds between the last meeting and an earlier one, nothing if there is nothing to say."""
        if len(placed) == 1:
            return None, 0
        other = random.below(len(placed) - 1)
        holding = [wish for wish in WISHES if holds(wish, placed[-1], placed[other], self.hours)]
        if self.days == 1:
            holding = [wish for wish in holding if wish in ("after", "before")]
        return (random.choice(holding), other) if holding else (None, 0)

    # The rules -----------------------------------------------------------------------------------

    def to_move(self, state: CalendarState) -> tuple[int, ...]:
        return () if state.is_done or state.used == self.max_turns else (0,)

    def legal(self, state: CalendarState, player: int) -> tuple[CalendarMove, ...]:
        return _calls(self.people, self.meetings, self.days * self.hours)

    def apply(self, state: CalendarState, move: CalendarMove) -> CalendarState:
        after = state._replace(used=state.used + 1)
        match move.verb:
            case "free":
                asked = tuple(sorted({*state.asked, move.which}))
                return after._replace(asked=asked, told=self._free(state, move.which))
            case "book":
                error = self._error(state, move)
                if error:
                    return after._replace(told=f"Error: {error}")
                told = f"M{move.which + 1} is booked for {self._slot(move.slot)}."
                return after._replace(booked=_with(state.booked, move.which, move.slot), told=told)
            case "cancel":
                if state.booked[move.which] is None:
                    return after._replace(told=f"Error: M{move.which + 1} is not booked.")
                booked = _with(state.booked, move.which, None)
                return after._replace(booked=booked, told=f"M{move.which + 1} is cancelled.")
            case "done":
                return after._replace(is_done=True, told="")

    def _error(self, state: CalendarState, move: CalendarMove) -> str:
        """Return why a meeting cannot be booked, "" if it can."""
        if state.booked[move.which] is not None:
            return f"M{move.which + 1} is already booked. Cancel it first."
        for person in state.meetings[move.which].people:
            if move.slot in taken(state, person):
                return f"{PEOPLE[person]} is not free on {self._slot(move.slot)}."
        return ""

    def _free(self, state: CalendarState, person: int) -> str:
        """Return the free slots of a person, day by day."""
        free = [slot for slot in self._slots if slot not in taken(state, person)]
        days = []
        for day in range(self.days):
            hours = [str(_FIRST_HOUR + slot % self.hours) for slot in free if slot // self.hours == day]
            if hours:
                days.append(f"{DAYS[day][:3]} {' '.join(hours)}")
        return f"{PEOPLE[person]} is free: {', '.join(days) or 'never'}."

    def rewards(self, state: CalendarState, move: CalendarMove, after: CalendarState) -> tuple[float, ...]:
        return (1.0 if not self.to_move(after) and not self._wrong(after) else 0.0,)

    def _wrong(self, state: CalendarState) -> str:
        """Return what is not as it should be, "" if nothing is."""
        for number, (meeting, slot) in enumerate(zip(state.meetings, state.booked, strict=True), 1):
            if slot is None:
                return f"M{number} is not booked"
            other = state.booked[meeting.other]
            if other is not None and not holds(meeting.wish, slot, other, self.hours):
                return f"M{number} is not {meeting.wish} M{meeting.other + 1}"
        return ""

    # The words -----------------------------------------------------------------------------------

    def instructions(self, player: int) -> str:
        people = ", ".join(PEOPLE[: self.people])
        days = DAYS[0] if self.days == 1 else f"{DAYS[0]} to {DAYS[self.days - 1]}"
        hours = ", ".join(str(_FIRST_HOUR + hour) for hour in range(self.hours))
        meetings = {1: "1 meeting, M1", 2: "2 meetings, M1 and M2"}
        some = meetings.get(self.meetings, f"{self.meetings} meetings, M1 to M{self.meetings}")
        return (
            f"Book {some}, for these people: {people}. Each meeting takes one hour and needs all its people free "
            f"then. Days: {days}. Hours: {hours}.{self._wishes_told()}\n"
            "These are your calls:\n"
            f"free {PEOPLE[0]} - tells when {PEOPLE[0]} is free.\n"
            f"book M1 {DAYS[0][:3]} {_FIRST_HOUR} - books a meeting, or tells an error.\n"
            "cancel M1 - takes a booking back.\n"
            "done - ends your work.\n"
            f"You have {_count(self.max_turns, 'call')}, done included; errors count too. If then all meetings are "
            "booked as they should be, you earn 1 point, otherwise nothing.\n"
            f"Reply with one call, for example: free {PEOPLE[0]}"
        )

    def _wishes_told(self) -> str:
        if self.meetings == 1:
            return ""
        days = ", or on the same day or another day" if self.days > 1 else ""
        return f" A meeting may have to be after or before another one{days}; booking does not check that."

    def view(self, state: CalendarState, player: int) -> str:
        if not self.to_move(state):
            wrong = self._wrong(state)
            ending = f"Not right: {wrong}." if wrong else "All meetings are booked as they should be. You win."
            return f"{state.told}\n{ending}".strip()
        meetings = "\n".join(self._meeting(state, number) for number in range(self.meetings))
        return f"{state.told}\n{meetings}\n{_count(self.max_turns - state.used, 'call')} left.".strip()

    def _meeting(self, state: CalendarState, number: int) -> str:
        people, wish, other = state.meetings[number]
        slot = state.booked[number]
        wished = f", {wish} M{other + 1}" if wish else ""
        when = "not booked" if slot is None else self._slot(slot)
        return f"M{number + 1} ({', '.join(PEOPLE[person] for person in people)}){wished}: {when}"

    def _slot(self, slot: int) -> str:
        day, hour = divmod(slot, self.hours)
        return f"{DAYS[day][:3]} {_FIRST_HOUR + hour}"

    def say(self, state: CalendarState, move: CalendarMove) -> str:
        if move.verb == "free":
            return f"free {PEOPLE[move.which]}"
        if move.verb == "done":
            return "done"
        return f"{move.verb} M{move.which + 1}" + (f" {self._slot(move.slot)}" if move.verb == "book" else "")

    def read(self, state: CalendarState, player: int, text: str) -> CalendarMove | Refusal:
        call = last_call(text)
        if call is None:
            example = f"book M1 {self._slot(0)}"
            return Refusal(f"I read no call in that. Reply with one: free {PEOPLE[0]}, {example}, cancel M1, or: done.")
        verb, named = call
        if verb == "done":
            return CalendarMove("done")
        return self._read_free(named["who"]) if verb == "free" else self._read_meeting(verb, named)

    def _read_free(self, who: str) -> CalendarMove | Refusal:
        person = PEOPLE.index(who.capitalize())
        if person >= self.people:
            return illegal(f"There is no {PEOPLE[person]} here. The people are {', '.join(PEOPLE[: self.people])}.")
        return CalendarMove("free", person)

    def _read_meeting(self, verb: Verb, named: dict[str, str]) -> CalendarMove | Refusal:
        which = int(named["which"]) - 1
        if not 0 <= which < self.meetings:
            return illegal(f"There is no meeting M{which + 1}. The meetings are M1 to M{self.meetings}.")
        if verb == "cancel":
            return CalendarMove("cancel", which)
        day = [each[:3] for each in WEEK].index((named["day"] or named["day2"])[:3].capitalize())
        hour = int(named["hour"] or named["hour2"]) - _FIRST_HOUR
        if day >= self.days or not 0 <= hour < self.hours:
            first, last = self._slot(0), self._slot(self._slots[-1])
            return illegal(
                f"There is no such slot. Slots are from {first} to {last}, {_count(self.hours, 'hour')} a day."
            )
        return CalendarMove("book", which, day * self.hours + hour)

    def expert(self, state: CalendarState, player: int) -> Distribution[CalendarMove]:
        """Asks for all calendars that matter, then books what a search finds.

        It succeeds unless there are fewer calls than people and meetings together.
        """
        needed = sorted({person for meeting in state.meetings for person in meeting.people} - {*state.asked})
        move = CalendarMove("free", needed[0]) if needed else self._towards(state)
        return ((move, Fraction(1)),)

    def _towards(self, state: CalendarState) -> CalendarMove:
        """Return the next call of one who knows all calendars."""
        right = solution(state.busy, state.meetings, len(self._slots), self.hours)
        for number, slot in enumerate(state.booked):
            if slot not in (None, right[number]):
                return CalendarMove("cancel", number)
        missing = [number for number, slot in enumerate(state.booked) if slot is None]
        return CalendarMove("book", missing[0], right[missing[0]]) if missing else CalendarMove("done")


_FIRST_HOUR = 9
_LISTED = 20_000
"""More deals than these are drawn, not listed."""


def _count(n: int, one: str) -> str:
    return f"{n} {one}{'s' * (n != 1)}"


def _with(booked: tuple[int | None, ...], meeting: int, slot: int | None) -> tuple[int | None, ...]:
    return (*booked[:meeting], slot, *booked[meeting + 1 :])


def taken(state: CalendarState, person: int) -> set[int | None]:
    """Return the slots in which a person is not free; None is of no consequence."""
    own = (slot for meeting, slot in zip(state.meetings, state.booked, strict=True) if person in meeting.people)
    return {*state.busy[person], *own}


@lru_cache(maxsize=64)
def _deals(game: Calendar) -> Distribution[CalendarState] | None:
    return every_outcome(game.deal, _LISTED)


def _some(items: Sequence[int], number: int, random: Random) -> list[int]:
    """Draw different items."""
    left = list(items)
    return [left.pop(random.below(len(left))) for _ in range(number)]


@lru_cache(maxsize=64)
def _calls(people: int, meetings: int, slots: int) -> tuple[CalendarMove, ...]:
    """Return all calls."""
    return (
        *(CalendarMove("free", person) for person in range(people)),
        *(CalendarMove("book", *each) for each in product(range(meetings), range(slots))),
        *(CalendarMove("cancel", meeting) for meeting in range(meetings)),
        CalendarMove("done"),
    )
