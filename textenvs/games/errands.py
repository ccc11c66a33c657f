"""Carry things to the places where they must go, while news, told once, changes where that is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product
from math import comb
from typing import ClassVar, Literal, NamedTuple

from textenvs.core.commands import IT, TAKE, Command, Grammar, any_of, maybe, noun, strange, the_one
from textenvs.core.draws import draw_some
from textenvs.core.errors import check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.phrasing import count

PLACES = (
    "bank", "bakery", "school", "library", "museum", "hotel", "station", "harbour", "market", "theatre", "hospital",
    "pharmacy", "castle", "mill", "church", "stadium",
)  # fmt: skip
THINGS = (
    "letter", "parcel", "book", "basket", "hat", "lamp", "umbrella", "clock", "violin", "camera", "vase", "carpet",
    "guitar", "kettle", "mirror", "bottle", "blanket", "painting", "teapot", "drum", "map", "flag", "trumpet",
    "telescope", "coat", "cake", "ladder", "bucket", "broom", "hammer", "saddle", "pillow", "radio", "globe", "candle",
    "helmet", "suitcase", "wheel", "statue", "chair",
)  # fmt: skip

News = Literal["change", "loss"]


class ErrandsMove(NamedTuple):
    """What the player does, or the news.

    Attributes:
        verb: `go` to a place, `leave` or `take` a thing; or the news of a `change` of where a thing must go, or of
            the `loss` of a thing.
        thing: the thing, as an index into `THINGS`; -1 for `go`.
        place: where to go, where the thing must go, or where it lies, as an index into `PLACES`; else -1.
    """

    verb: Literal["go", "leave", "take"] | News
    thing: int = -1
    place: int = -1


class Thing(NamedTuple):
    """A thing on the list.

    Attributes:
        goals: the places where it had to go, the oldest first; the last is where it must go now.
        place: where it lies, None while it is carried.
        is_left: whether the player left it there, for good.
    """

    goals: tuple[int, ...]
    place: int | None = None
    is_left: bool = False


class ErrandsState(NamedTuple):
    """The things, the news to come, and where the player is.

    Attributes:
        things: the things on the list, in the order of `THINGS`.
        news: the news to come: after which turn, and of what kind.
        here: the place where the player is.
        turn: turns that are over.
        last: the last thing left or taken, if that was the last move.
        heard: the news after the last move, None if there was none.
    """

    things: tuple[Thing, ...]
    news: tuple[tuple[int, News], ...]
    here: int = 0
    turn: int = 0
    last: ErrandsMove | None = None
    heard: ErrandsMove | None = None


@dataclass(frozen=True)
class Errands(Game[ErrandsState, ErrandsMove]):
    """Carry things to where they must go, though some must suddenly go elsewhere, and some get lost on the way.

    Source:
        Written for textenvs, after the demand on prospective memory to keep intentions through
        interruptions and to update them (Einstein and McDaniel 1990, Normal aging and prospective
        memory; the errands of Shallice and Burgess 1991, doi:10.1093/brain/114.2.727).
    Players and turns:
        One player, one command a turn; the news is chance.
    What the player sees:
        The list, at the opening only. Then what came of the last command, the news if there is any, the
        place, the things carried and those lying there, and the turns left. Neither the list nor any
        news is ever repeated: where things must go is to be remembered.
    Replies:
        `go to the bank`, `leave the letter`, `take the letter`, and many synonyms (`deliver`, `drop off`,
        `pick up` …). In a longer reply the last command counts; to go and leave a thing is to go, and to
        leave it once there. "It" means what fits.
    Rules:
        The player starts at the bank with all things. From every place every other one is one turn away.
        What is left stays there for good. The list gives each thing a place, every place equally likely,
        and news comes after `news` different ones of the first 2 x tasks - 1 turns, every choice equally
        likely. News is a change or a loss, equally likely, of one of the things carried, each equally
        likely: a change tells another place where the thing must go now, a loss tells where it lies, which
        is not where the player is; all such places are equally likely. Without anything carried there is
        no news.
    Rewards:
        At the end 1 / tasks for each thing that was left where it must go by the latest news. `lure` /
        tasks at once for leaving a thing where it had to go before and must not go now. Return in 0 … 1.
    End:
        All things are left, or the turns are used up.
    Parameters:
        tasks: the number of things on the list.
        places: the number of places.
        news: the number of times that there is news.
        lure: the tip for leaving a thing where it had to go before, as a share of what a thing pays.
        turns: the turns in an episode; 0 stands for 2 x tasks + 3 x news. Who remembers everything and
            goes only where something can be left or taken needs no more.
    Size:
        places^tasks x C(2 x tasks - 1, news) x 2^news instances: 22,020,096 by default, 54 at level easy; the
        things and places in the news are drawn during the episode.
    Known values:
        Optimal is 1 with turns=0: the expert always earns it. Level easy: plan 0.743, myopic 0.361,
        random 0.272.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"tasks": 2, "places": 3, "news": 1},
        "medium": {},
        "hard": {"tasks": 10, "places": 10, "news": 8},
        "extreme": {"tasks": 40, "places": 16, "news": 40},
    }

    tasks: int = 5
    places: int = 8
    news: int = 3
    lure: float = 0.2
    turns: int = 0

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("tasks", self.tasks, 1, len(THINGS))
        check_range("places", self.places, 2, len(PLACES))
        check_range("news", self.news, 0, 2 * self.tasks - 1)
        check_range("lure", self.lure, 0.0, 1.0)
        check_range("turns", self.turns, 0, 10_000)

    @property
    def max_turns(self) -> int:
        return self.turns or 2 * self.tasks + 3 * self.news

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    @property
    def _last_news(self) -> int:
        """The last turn after which there can be news."""
        return 2 * self.tasks - 1

    def deals(self) -> Distribution[ErrandsState] | None:
        if self.places**self.tasks * comb(self._last_news, self.news) * 2**self.news > _LISTED:
            return None
        lists = product(range(self.places), repeat=self.tasks)
        times = combinations(range(1, self._last_news + 1), self.news)
        kinds = product(_NEWS, repeat=self.news)
        return uniform([_opening(*each) for each in product(lists, times, kinds)])

    def deal(self, random: Random) -> ErrandsState:
        goals = tuple([random.below(self.places) for _ in range(self.tasks)])
        times = tuple(sorted(draw_some(random, range(1, self._last_news + 1), self.news)))
        return _opening(goals, times, tuple([random.choice(_NEWS) for _ in times]))

    def content(self, state: ErrandsState) -> tuple[tuple[Thing, ...], tuple[tuple[int, News], ...]]:
        return state.things, state.news

    def to_move(self, state: ErrandsState) -> tuple[int, ...]:
        return () if self._is_done(state) or _has_news(state) else (0,)

    def _is_done(self, state: ErrandsState) -> bool:
        return state.turn == self.max_turns or all(thing.is_left for thing in state.things)

    def chance(self, state: ErrandsState) -> Distribution[ErrandsMove]:
        if self._is_done(state) or not _has_news(state):
            return ()
        kind = state.news[0][1]
        not_at = {each: state.things[each].goals[-1] if kind == "change" else state.here for each in _carried(state)}
        places = range(self.places)
        return uniform([ErrandsMove(kind, each, place) for each in not_at for place in places if place != not_at[each]])

    def legal(self, state: ErrandsState, player: int) -> tuple[ErrandsMove, ...]:
        goes = [ErrandsMove("go", place=place) for place in range(self.places) if place != state.here]
        leaves = [ErrandsMove("leave", each) for each in _carried(state)]
        takes = [ErrandsMove("take", each) for each in _lying(state)]
        return (*goes, *leaves, *takes)

    def apply(self, state: ErrandsState, move: ErrandsMove) -> ErrandsState:
        if move.verb in _NEWS:
            return _hear(state, move)
        after = _act(state, move)
        if _has_news(after) and not _carried(after):
            return after._replace(news=after.news[1:])
        return after

    def rewards(self, state: ErrandsState, move: ErrandsMove, after: ErrandsState) -> tuple[float, ...]:
        tip = self.lure if _is_tipped(after, move) else 0.0
        pay = _right(after) if self._is_done(after) else 0
        return ((tip + pay) / self.tasks,)

    def instructions(self, player: int) -> str:
        things = "1 thing" if self.tasks == 1 else f"{self.tasks} things"
        earns = f"1/{self.tasks} of a point" if self.tasks > 1 else "1 point"
        return (
            f"You are a messenger in a town. The places are: {', '.join(PLACES[: self.places])}. You carry {things}. "
            "At the start I tell you where each thing must go, only once, so remember it. Each turn you can go to any "
            f"place, leave a thing where you are, or take a lost thing that lies there.{self._told_news()}\n"
            "What you leave stays there for good. The game ends when you have left all things, or after "
            f"{count(self.max_turns, 'turn')}. Then each thing that you left where it must go earns {earns}."
            f"{self._told_lure()}\n"
            "Commands: go to the bank, leave the letter, take the letter.\n"
            f"Reply with one command, for example: go to the {PLACES[1]}"
        )

    def _told_news(self) -> str:
        if not self.news:
            return ""
        times = "Once" if self.news == 1 else f"Up to {self.news} times"
        return (
            f" {times} there may be news, and I tell it only once: that a thing you carry must now go to another "
            "place instead, or that you lost a thing and where it lies."
        )

    def _told_lure(self) -> str:
        if not self.news or not self.lure:
            return ""
        return (
            " If you leave a thing where it had to go before the news, and not where it must go now, you get a tip "
            f"of {self.lure / self.tasks:.3g} points at once, but the thing earns nothing at the end."
        )

    def view(self, state: ErrandsState, player: int) -> str:
        told = " ".join(self._told(state))
        if self._is_done(state):
            why = "" if all(thing.is_left for thing in state.things) else "No turns left. "
            return f"{told} {why}Things left where they must go: {_right(state)} of {self.tasks}.".lstrip()
        here = "".join(f" The {name} lies here." for name in _named(_lying(state)))
        carried = ", ".join(_named(_carried(state))) or "nothing"
        left = count(self.max_turns - state.turn, "turn")
        return f"{told} You are at the {PLACES[state.here]}.{here} You carry: {carried}. {left} left.".lstrip()

    def _told(self, state: ErrandsState) -> Iterator[str]:
        """The list at the start; then what came of the last command, and the news."""
        if state.turn == 0:
            goals = (f"the {THINGS[each]} to the {PLACES[thing.goals[0]]}" for each, thing in enumerate(state.things))
            yield f"Bring {'; '.join(goals)}."
        if state.last:
            tip = " You get a tip." if self.lure and _is_tipped(state, state.last) else ""
            yield f"You {self.say(state, state.last)}.{tip}"
        if state.heard:
            verb, thing, place = state.heard
            if verb == "change":
                yield f"News: the {THINGS[thing]} must now go to the {PLACES[place]}."
            else:
                yield f"News: you lost the {THINGS[thing]}. It lies at the {PLACES[place]}."

    def say(self, state: ErrandsState, move: ErrandsMove) -> str:
        return f"go to the {PLACES[move.place]}" if move.verb == "go" else f"{move.verb} the {THINGS[move.thing]}"

    def read(self, state: ErrandsState, player: int, text: str) -> ErrandsMove | Refusal:
        command = _GRAMMAR.parse(text)
        if command is None:
            return Refusal(
                "I read no command in that. Reply with one command, such as: go to the bank, leave the letter, "
                "take the letter."
            )
        return _read(state, command, PLACES[: self.places])

    def progress(self, state: ErrandsState) -> float:
        """The share of the things that are left where they must go."""
        return _right(state) / self.tasks

    def vocabulary(self) -> tuple[str, ...]:
        return (*PLACES, *THINGS)

    def expert(self, state: ErrandsState, player: int) -> Distribution[ErrandsMove]:
        """Leaves and takes what it can, else goes where there is most to leave and take: optimal."""
        return ((_wanted(state), Fraction(1)),)


_LISTED = 2_000
"""More deals than these are drawn, not listed."""

_NEWS: tuple[News, ...] = ("change", "loss")


def _opening(goals: tuple[int, ...], times: tuple[int, ...], kinds: tuple[News, ...]) -> ErrandsState:
    return ErrandsState(tuple(Thing((goal,)) for goal in goals), tuple(zip(times, kinds, strict=True)))


def _carried(state: ErrandsState) -> list[int]:
    return [each for each, thing in enumerate(state.things) if thing.place is None]


def _lying(state: ErrandsState) -> list[int]:
    """The lost things where the player is."""
    return [each for each, thing in enumerate(state.things) if thing.place == state.here and not thing.is_left]


def _right(state: ErrandsState) -> int:
    return sum(thing.is_left and thing.place == thing.goals[-1] for thing in state.things)


def _is_tipped(after: ErrandsState, move: ErrandsMove) -> bool:
    """Whether `move`, which led to `after`, left a thing where it had to go before and must not go now."""
    *before, now = after.things[move.thing].goals
    return move.verb == "leave" and after.here in before and after.here != now


def _has_news(state: ErrandsState) -> bool:
    """Whether the time of the next news has come."""
    return bool(state.news) and state.news[0][0] == state.turn


def _act(state: ErrandsState, move: ErrandsMove) -> ErrandsState:
    after = state._replace(turn=state.turn + 1, last=None, heard=None)
    if move.verb == "go":
        return after._replace(here=move.place)
    thing = state.things[move.thing]
    moved = thing._replace(place=state.here, is_left=True) if move.verb == "leave" else thing._replace(place=None)
    return after._replace(things=_with(state.things, move.thing, moved), last=move)


def _hear(state: ErrandsState, news: ErrandsMove) -> ErrandsState:
    thing = state.things[news.thing]
    if news.verb == "change":
        changed = thing._replace(goals=(*thing.goals, news.place))
    else:
        changed = thing._replace(place=news.place)
    return state._replace(things=_with(state.things, news.thing, changed), news=state.news[1:], heard=news)


def _with(things: tuple[Thing, ...], each: int, changed: Thing) -> tuple[Thing, ...]:
    return (*things[:each], changed, *things[each + 1 :])


def _wanted(state: ErrandsState) -> ErrandsMove:
    """The expert's move."""
    wanted = {each: _place_wanted(thing) for each, thing in enumerate(state.things) if not thing.is_left}
    for each, place in wanted.items():
        if place == state.here:
            return ErrandsMove("leave" if state.things[each].place is None else "take", each)
    places = sorted(wanted.values())
    return ErrandsMove("go", place=max(places, key=places.count))


def _place_wanted(thing: Thing) -> int:
    """Where a thing is to be left, or taken if it is lost."""
    return thing.goals[-1] if thing.place is None else thing.place


# Reading ---------------------------------------------------------------------------------------------

_GO = any_of(
    "go", "going", "walk", "walking", "move", "moving", "head", "heading", "run", "running", "travel", "proceed",
    "return", "visit", "visiting", "enter", "(?:leave|leaving) for",
)  # fmt: skip
_LEAVE = any_of(
    "leave", "leaving", "deliver", "delivering", "drop", "dropping", "drop off", "give", "hand", "hand over", "put",
    "put down", "unload", "bring", "bringing", "carry",
)  # fmt: skip
_HERE = maybe("here", "there", "down", "off", "over", "up", "back")
_TO_PLACE = f"(?: (?:back|over|to|towards?|into|in|at)){{0,3}} {noun(*PLACES, name='place')}"
_AT_PLACE = f"(?: (?:here|down|off|over|at|in|to|for|into|with|from)){{0,2}} {noun(*PLACES, name='place')}"
_THING = noun(*THINGS, IT)
_GRAMMAR = Grammar(
    (
        ("go", f"{_GO}{_TO_PLACE}"),
        ("go", rf"{_GO}{_TO_PLACE}(?: [^\s.]+){{0,5}} {_LEAVE} {_THING}{maybe('there', 'off', 'over')}"),
        ("leave", f"{_LEAVE} {_THING}{_HERE}"),
        ("leave", f"{_LEAVE} {_THING}{_AT_PLACE}"),
        ("leave", f"{TAKE} {_THING} to {noun(*PLACES, name='place')}"),
        ("take", f"{TAKE}{maybe('back')} {_THING}{_HERE}"),
        ("take", f"{TAKE}{maybe('back')} {_THING}{_AT_PLACE}"),
    ),
    strange({"go": f"{_GO}{maybe('to')}", "leave": _LEAVE, "take": TAKE}),
    short={place: Command("go", {"place": place}) for place in PLACES},
)


def _read(state: ErrandsState, command: Command, places: Sequence[str]) -> ErrandsMove | Refusal:
    """Return the move that a command stands for, or why it cannot be made."""
    place, here = command.named("place"), PLACES[state.here]
    if command.verb == "go" and not (place == here and "noun" in command.nouns):
        return _read_go(place, here, places)
    move = _read_take(state, command.named()) if command.verb == "take" else _read_leave(state, command.named())
    if place in (IT, here) or (command.verb == "leave" and isinstance(move, Refusal)):
        return move
    return illegal(f"You are at the {here}. Go to the {place} first.")


def _read_go(place: str, here: str, places: Sequence[str]) -> ErrandsMove | Refusal:
    if place not in places:
        return illegal(f"There is no such place. The places are: {', '.join(places)}.")
    return (
        illegal(f"You are at the {place} already.") if place == here else ErrandsMove("go", place=PLACES.index(place))
    )


def _read_leave(state: ErrandsState, words: str) -> ErrandsMove | Refusal:
    carried = _named(_carried(state))
    name = the_one(words, carried, unseen=f"You do not carry that. You carry: {', '.join(carried) or 'nothing'}.")
    return name if isinstance(name, Refusal) else ErrandsMove("leave", THINGS.index(name))


def _read_take(state: ErrandsState, words: str) -> ErrandsMove | Refusal:
    lying, carried = _named(_lying(state)), _named(_carried(state))
    name = the_one(words, lying, [] if words == IT else carried, unseen="No such thing lies here.")
    if name in carried:
        return illegal(f"You already carry the {name}.")
    return name if isinstance(name, Refusal) else ErrandsMove("take", THINGS.index(name))


def _named(things: list[int]) -> list[str]:
    return [THINGS[each] for each in things]
