from __future__ import annotations

import random
import re
from collections import Counter
from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.calendar import Calendar, CalendarMove, CalendarState
from textenvs.games.calendar_meetings import Meeting
from textenvs.planning.forward import evaluate_strategy
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game

# A second implementation on words: diaries with an entry for every hour, "busy" or the name of a meeting.

PEOPLE = "Ada Ben Cleo Dan Eva Finn Gus Hana Ivan June Kai Lena Milo Nora Omar Pia".split()
DAYS = "Mon Tue Wed Thu Fri".split()


class Office:
    def __init__(self, game: Calendar, state: CalendarState) -> None:
        self.hours = [(day, hour) for day in DAYS[: game.days] for hour in range(9, 9 + game.hours)]
        self.diaries: dict[str, dict[tuple[str, int], str]] = {}
        for name, busy in zip(PEOPLE, state.busy, strict=False):
            self.diaries[name] = dict.fromkeys((self.hours[slot] for slot in busy), "busy")
        self.meetings = {
            f"M{n}": [PEOPLE[person] for person in each.people] for n, each in enumerate(state.meetings, 1)
        }
        self.wishes = {
            f"M{n}": (each.wish, f"M{each.other + 1}") for n, each in enumerate(state.meetings, 1) if each.wish
        }
        self.left = game.max_turns
        self.over = False

    def when(self, meeting: str) -> tuple[str, int] | None:
        diary = self.diaries[self.meetings[meeting][0]]
        return next((hour for hour, entry in diary.items() if entry == meeting), None)

    def call(self, line: str) -> str:
        verb, *words = line.split()
        self.left -= 1
        self.over = verb == "done" or self.left == 0
        if verb == "done":
            return ""
        if verb == "free":
            return self.free(words[0])
        booked = self.when(words[0])
        if verb == "cancel":
            if not booked:
                return f"Error: {words[0]} is not booked."
            for person in self.meetings[words[0]]:
                del self.diaries[person][booked]
            return f"{words[0]} is cancelled."
        if booked:
            return f"Error: {words[0]} is already booked. Cancel it first."
        hour = (words[1], int(words[2]))
        for person in self.meetings[words[0]]:
            if hour in self.diaries[person]:
                return f"Error: {person} is not free on {words[1]} {words[2]}."
        for person in self.meetings[words[0]]:
            self.diaries[person][hour] = words[0]
        return f"{words[0]} is booked for {words[1]} {words[2]}."

    def free(self, name: str) -> str:
        days: dict[str, list[str]] = {}
        for day, hour in self.hours:
            if (day, hour) not in self.diaries[name]:
                days.setdefault(day, []).append(str(hour))
        told = ", ".join(f"{day} {' '.join(hours)}" for day, hours in days.items())
        return f"{name} is free: {told or 'never'}."

    def wrong(self) -> str:
        for meeting in self.meetings:
            here = self.when(meeting)
            if here is None:
                return f"{meeting} is not booked"
            wish, other = self.wishes.get(meeting, ("", ""))
            there = self.when(other) if other else None
            if there is None:
                continue
            one, two = self.hours.index(here), self.hours.index(there)
            met = {"after": one > two, "before": one < two, "on the same day as": here[0] == there[0]}
            if not met.get(wish, here[0] != there[0]):
                return f"{meeting} is not {wish} {other}"
        return ""

    def shown(self, told: str) -> str:
        if self.over:
            wrong = self.wrong()
            return (
                f"{told}\n{f'Not right: {wrong}.' if wrong else 'All meetings are booked as they should be. You win.'}"
            )
        lines = [told]
        for meeting, people in self.meetings.items():
            wish = ", {} {}".format(*self.wishes[meeting]) if meeting in self.wishes else ""
            when = self.when(meeting)
            lines.append(f"{meeting} ({', '.join(people)}){wish}: {f'{when[0]} {when[1]}' if when else 'not booked'}")
        return "\n".join([*lines, f"{self.left} call{'s' * (self.left > 1)} left."])


@pytest.mark.parametrize(
    "arguments", [{}, {"level": "easy"}, {"level": "hard"}, {"meetings": 1}, {"size": 4, "busy": 0}]
)
def test_plays_are_those_of_the_second_implementation(arguments: dict[str, Any]) -> None:
    game = make_game("Calendar", **arguments)
    draw = random.Random(7)
    for seed in range(25):
        state = game.deal(Stream(seed, Purpose.DEAL))
        office, told = Office(game, state), ""  # type: ignore[arg-type]
        while not game.is_over(state):
            assert game.view(state, 0) == office.shown(told).strip()
            move = game.expert(state, 0)[0][0] if draw.random() < 0.6 else draw.choice(game.legal(state, 0))  # type: ignore[index]
            after = game.apply(state, move)
            told = office.call(game.say(state, move))
            paid = 1.0 if office.over and not office.wrong() else 0.0
            assert game.rewards(state, move, after) == (paid,)
            state = after
        assert office.over
        assert game.view(state, 0) == office.shown(told).strip()


# Drawing


@pytest.mark.parametrize("level", ["easy", "medium", "hard", "extreme"])
def test_the_expert_always_succeeds_so_every_instance_can_be_solved(level: str) -> None:
    game = make_game("Calendar", level=level)
    for seed in range(15 if level == "extreme" else 60):
        state, paid = game.deal(Stream(seed, Purpose.DEAL)), 0.0
        while not game.is_over(state):
            move = game.expert(state, 0)[0][0]  # type: ignore[index]
            after = game.apply(state, move)
            paid += game.rewards(state, move, after)[0]
            state = after
        assert paid == 1


def test_the_expert_recovers_from_bad_bookings() -> None:
    game = Calendar(calls=60)
    draw = random.Random(1)
    for seed in range(20):
        state, paid = game.deal(Stream(seed, Purpose.DEAL)), 0.0
        for _ in range(30):
            move = draw.choice([move for move in game.legal(state, 0) if move.verb != "done"])
            state = game.apply(state, move)
        while not game.is_over(state):
            move = game.expert(state, 0)[0][0]
            after = game.apply(state, move)
            paid += game.rewards(state, move, after)[0]
            state = after
        assert paid == 1


def test_draws_keep_to_the_rules() -> None:
    game = Calendar()
    wishes, people = Counter[Any](), Counter[Any]()
    for seed in range(300):
        state = game.deal(Stream(seed, Purpose.DEAL))
        assert [len(busy) for busy in state.busy] == [5] * 4
        assert all(list(busy) == sorted({*busy}) and busy[-1] < 12 for busy in state.busy)
        assert state.meetings[0].wish is None
        for number, meeting in enumerate(state.meetings):
            assert len({*meeting.people}) == 2
            people[meeting.people] += 1
            wishes[meeting.wish] += 1
            assert meeting.wish is None or meeting.other < number
    assert len(people) == 6
    assert max(people.values()) < 1.4 * min(people.values())
    assert set(wishes) == {None, "after", "before", "on the same day as", "on another day than"}


def test_deals_and_draws_are_the_same() -> None:
    game = make_game("Calendar", level="easy")
    listed = game.deals() or ()
    assert len(listed) == 20
    assert sum(p for _, p in listed) == 1
    assert {game.deal(Stream(seed, Purpose.DEAL)) for seed in range(400)} == {state for state, _ in listed}
    assert Calendar().deals() is None


# Known values


def solutions_of_easy() -> list[tuple[int, int]]:
    return [(one, two) for one in range(5) for two in range(5) if one != two]


def bookings(solution: tuple[int, int], calls: list[Any], booked: tuple[Any, ...] = ()) -> dict[int, int]:
    """Both people are free in the two hours of the solution only."""
    now: dict[int, int] = dict(booked)
    for call in calls:
        if call == "done":
            break
        if isinstance(call, tuple):
            which, hour = call
            if which not in now and hour in solution and hour not in now.values():
                now[which] = hour
        elif call in ("cancel 0", "cancel 1"):
            now.pop(int(call[-1]), None)
    return now


def is_right(solution: tuple[int, int], booked: dict[int, int]) -> bool:
    return len(booked) == 2 and (booked[0] < booked[1]) == (solution[0] < solution[1])


BOOK = list(product((0, 1), range(5)))
CALLS = [*BOOK, "free 0", "free 1", "cancel 0", "cancel 1", "done"]


@cache
def random_value(solution: tuple[int, int], booked: tuple[Any, ...], left: int) -> float:
    def value(call: Any) -> float:
        now = bookings(solution, [call], booked)
        if call == "done" or left == 1:
            return is_right(solution, now)
        return random_value(solution, tuple(sorted(now.items())), left - 1)

    return sum(map(value, CALLS)) / len(CALLS)


def test_the_rulers_of_the_easy_level_by_brute_force() -> None:
    values = reference_values(make_game("Calendar", level="easy"))
    after = [solution for solution in solutions_of_easy() if solution[0] < solution[1]]  # "before" is its mirror image
    wins = (sum(is_right(each, bookings(each, [*calls])) for each in after) for calls in product(BOOK, repeat=4))
    assert values.plan.value == pytest.approx(max(wins) / len(after)) == pytest.approx(2 / 5)
    total = sum(random_value(solution, (), 4) for solution in after) / len(after)
    assert values.random.value == pytest.approx(total)
    assert values.optimal.value == pytest.approx(1)
    assert values.cell() == "both"
    assert evaluate_strategy(make_game("Calendar", level="easy"), expert_strategy) == pytest.approx(1)


# Play by hand

STATE = CalendarState(
    busy=((0, 1, 2), (2, 3)),
    meetings=(Meeting((0, 1)), Meeting((0,), "after", 0), Meeting((1,), "on the same day as", 1)),
    booked=(None, None, None),
)
GAME = Calendar(meetings=3, people=2, size=1, days=2, hours=3, busy=2, calls=9)


def test_a_play_by_hand() -> None:
    state = STATE
    for line, told in [
        ("free Ada", "Ada is free: Tue 9 10 11."),
        ("book M1 Tue 9", "Error: Ben is not free on Tue 9."),
        ("book M1 Tue 10", "M1 is booked for Tue 10."),
        ("book M2 Tue 10", "Error: Ada is not free on Tue 10."),
        ("book M2 Tue 11", "M2 is booked for Tue 11."),
        ("book M2 Tue 9", "Error: M2 is already booked. Cancel it first."),
        ("cancel M3", "Error: M3 is not booked."),
        ("book M3 Mon 9", "M3 is booked for Mon 9."),
    ]:
        move = GAME.read(state, 0, line)
        assert isinstance(move, CalendarMove)
        after = GAME.apply(state, move)
        assert after.told == told
        assert GAME.rewards(state, move, after) == (0.0,)
        state = after
    assert GAME.view(state, 0) == (
        "M3 is booked for Mon 9.\nM1 (Ada, Ben): Tue 10\nM2 (Ada), after M1: Tue 11\n"
        "M3 (Ben), on the same day as M2: Mon 9\n1 call left."
    )
    wrong = GAME.apply(state, CalendarMove("done"))
    assert GAME.view(wrong, 0) == "Not right: M3 is not on the same day as M2."
    assert GAME.rewards(state, CalendarMove("done"), wrong) == (0.0,)
    right = state._replace(booked=(4, 5, 5))
    assert GAME.rewards(right, CalendarMove("done"), GAME.apply(right, CalendarMove("done"))) == (1.0,)


# Replies


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("free Ada", "free Ada"), ("Check Ben", "free Ben"), ("When is Ada free?", "free Ada"), ("Ada's calendar",
        "free Ada"),
        ("show me the free slots of Ben", "free Ben"), ("I would like to see Ben's availability", "free Ben"),
        ("**free Ada**", "free Ada"), ("```\nfree Ada\n```", "free Ada"), ("FREE ADA", "free Ada"),
        ("book M1 Mon 9", "book M1 Mon 9"), ("Book meeting M1 on Monday at 9:00.", "book M1 Mon 9"),
        ("schedule M2 for Tue 11", "book M2 Tue 11"), ("book M1 at 10 on Tuesday", "book M1 Tue 10"),
        ("`book m3 tue 9`", "book M3 Tue 9"), ("book M1: Mon 10", "book M1 Mon 10"), ("Booking M1 (Mon 9)",
        "book M1 Mon 9"),
        ("cancel M1", "cancel M1"), ("Remove the booking of M2", "cancel M2"), ("please unbook M3!", "cancel M3"),
        ("done", "done"), ("Done.", "done"), ("I am done", "done"), ("finish", "done"), ("All is booked.\n**done**",
        "done"),
        ("Ada is free: Mon 9, so book M1 Mon 9", "book M1 Mon 9"), ("free Ada, then free Ben", "free Ben"),
        ("don't cancel M1, book M2 Tue 9", "book M2 Tue 9"), ("book M1 Mon 9 and then I am done", "book M1 Mon 9"),
        ("book M2 Tue 9, don't cancel M1", "book M2 Tue 9"), ("not done yet: cancel M1", "cancel M1"),
        ("book M4 Mon 9", None), ("book M1 Wed 9", None), ("book M1 Mon 12", None), ("book M1 Mon 8", None),
        ("free Zoe", None),
        ("free Cleo", None), ("book M1", None), ("", None), ("hello", None), ("book M1 Mon 9:30", None), ("M1", None),
        ("cancel M0", None), ("book M1 Monday", None), ("ſree Ada", None), ("I have not finished", None),
    ],
)  # fmt: skip
def test_replies(text: str, call: str | None) -> None:
    read = GAME.read(STATE, 0, text)
    if call is None:
        assert isinstance(read, Refusal)
    else:
        assert not isinstance(read, Refusal), read
        assert GAME.say(STATE, read) == call


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("free Cleo", "illegal", "There is no Cleo here. The people are Ada, Ben."),
        ("book M9 Mon 9", "illegal", "There is no meeting M9. The meetings are M1 to M3."),
        ("book M1 Sunday 9", "illegal", "There is no such slot. Slots are from Mon 9 to Tue 11, 3 hours a day."),
        ("what?", "malformed", "I read no call in that. Reply with one: free Ada, book M1 Mon 9, cancel M1, or: done."),
    ],
)  # fmt: skip
def test_refusals_say_why(text: str, kind: str, told: str) -> None:
    assert GAME.read(STATE, 0, text) == Refusal(told, kind)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text", ["free " * 200_000, "book M1 " * 120_000, "book M1 Mon 9 " * 70_000, "done " * 200_000, "Ada's " * 160_000]
)
def test_long_replies_are_read_fast(text: str) -> None:
    GAME.read(STATE, 0, text)


@given(
    st.lists(
        st.sampled_from("free book cancel done M1 M2 M7 Mon Tue 9 10 99 Ada Cleo not , on at".split()), max_size=10
    ).map(" ".join)
)
def test_what_is_read_is_legal(text: str) -> None:
    read = GAME.read(STATE, 0, text)
    assert isinstance(read, Refusal) or read in GAME.legal(STATE, 0)


def test_all_people_and_days_can_be_named() -> None:
    game = make_game("Calendar", level="extreme")
    state = game.deal(Stream(0, Purpose.DEAL))
    for move in game.legal(state, 0):
        assert game.read(state, 0, game.say(state, move)) == move
    assert re.findall(r"M(\d+) \(", game.view(state, 0)) == [str(n) for n in range(1, 25)]


@pytest.mark.parametrize(
    "arguments",
    [{"meetings": 0}, {"meetings": 51}, {"people": 17}, {"size": 5}, {"size": 0}, {"days": 6}, {"hours": 13},
    {"hours": 0},
     {"busy": -1}, {"busy": 9}, {"calls": -1}, {"days": 1.5}],
)  # fmt: skip
def test_arguments_out_of_range_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(arguments))):
        Calendar(**arguments)


def test_too_few_slots_are_refused() -> None:
    with pytest.raises(ArgumentError, match="busy must be at most -1"):
        Calendar(meetings=4, days=1, hours=3, busy=0)
