"""Eat the seed now, or plant it and wait for the harvest."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Literal, NamedTuple

from textenvs.core.errors import check_range
from textenvs.core.game import Distribution, Game, Levels
from textenvs.core.reading import last_wanted
from textenvs.core.refusal import Refusal

Move = Literal["eat", "plant", "fine", "storm"]


class OrchardState(NamedTuple):
    """The season, and the harvests that are still to come.

    Attributes:
        season: the current season, from 1.
        due: the seasons in which planted seeds will ripen, ascending; those too late are not in it.
        ripening: whether the weather now decides on the harvest due this season.
        weather: the weather on the harvest due last season, None if none was due.
    """

    season: int = 1
    due: tuple[int, ...] = ()
    ripening: bool = False
    weather: Move | None = None


@dataclass(frozen=True)
class Orchard(Game[OrchardState, Move]):
    """Each season brings one seed: eat it for a sure trifle, or plant it for a harvest seasons later.

    Source:
        Written for textenvs: the choice between a smaller-sooner and a larger-later reward (Ainslie
        1975, doi:10.1037/h0076860), repeated, so that the harvest paid in a season is owed to an
        earlier move and never to the one just made.
    Players and turns:
        One player, one move a season.
    What the player sees:
        Everything: the season, whether a harvest was brought in or lost, and how many harvests are
        still to come.
    Replies:
        `eat` or `plant`; `consume`, `swallow` and `sow` are understood too. In a longer reply the last
        of these words counts.
    Rules:
        A seed planted in season t ripens at the end of season t + delay. With probability `weather` a
        storm then destroys that harvest, each independently. What would ripen after the last season is
        lost.
    Rewards:
        `lure` for a seed eaten, `harvest` for a harvest brought in. With n = seasons - delay, the
        number of seeds that can ripen, the return is at most n x max(harvest, lure) + delay x lure (n
        x lure + delay x lure if every harvest is destroyed), and at least n x min(harvest, lure)
        without storms, else 0.
    End:
        After the last season.
    Parameters:
        seasons: seasons in an episode.
        delay: seasons from planting to harvest, fewer than `seasons`; at 0 the harvest is immediate
            and the game is a control without delayed reward.
        lure: what eating a seed pays.
        weather: chance that a ripe harvest is destroyed.
        harvest: what a harvest pays; 1 / (seasons - delay) makes the harvests worth 1 together.
    Size:
        One instance; `seasons` turns; fewer than 2^(delay + 2) x seasons states in which the player
        moves.
    Known values:
        With n = seasons - delay and h = (1 - weather) x harvest: optimal n x max(h, lure) + delay x
        lure, plan the same, since nothing seen changes what is best; myopic seasons x lure for delay
        > 0 and lure > 0; random (n x (h + lure) + delay x lure) / 2. By default (n = 5, h = 0.18)
        optimal and plan 1.05, myopic 0.4, random 0.65.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"seasons": 4, "delay": 1},
        "medium": {},
        "hard": {"seasons": 30, "delay": 10, "weather": 0.3},
        "extreme": {"seasons": 300, "delay": 100, "weather": 0.3, "lure": 0.01, "harvest": 0.05},
    }

    seasons: int = 8
    delay: int = 3
    lure: float = 0.05
    weather: float = 0.1
    harvest: float = 0.2

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("seasons", self.seasons, 1, 1_000)
        check_range("delay", self.delay, 0, self.seasons - 1)
        check_range("lure", self.lure, 0.0, 1.0)
        check_range("weather", self.weather, 0.0, 1.0)
        check_range("harvest", self.harvest, 0.0, 1.0)

    @property
    def max_turns(self) -> int:
        return self.seasons

    @property
    def return_range(self) -> tuple[float, float]:
        ripe = self.seasons - self.delay
        worst = min(self.harvest, self.lure) if self.weather == 0 else 0.0
        best = max(self.harvest, self.lure) if self.weather < 1 else self.lure
        return (ripe * worst, ripe * best + self.delay * self.lure)

    def deals(self) -> Distribution[OrchardState]:
        return ((OrchardState(), Fraction(1)),)

    def to_move(self, state: OrchardState) -> tuple[int, ...]:
        return () if state.ripening or state.season > self.seasons else (0,)

    def legal(self, state: OrchardState, player: int) -> tuple[Move, ...]:
        return ("eat", "plant")

    def chance(self, state: OrchardState) -> Distribution[Move]:
        if not state.ripening:
            return ()
        outcomes: Distribution[Move] = (("fine", 1.0 - self.weather), ("storm", self.weather))
        return tuple((outcome, p) for outcome, p in outcomes if p > 0)

    def apply(self, state: OrchardState, move: Move) -> OrchardState:
        if state.ripening:
            return OrchardState(state.season + 1, state.due[1:], weather=move)
        ripe_in = state.season + self.delay
        in_time = move == "plant" and ripe_in <= self.seasons
        due = (*state.due, ripe_in) if in_time else state.due
        if state.season in due:
            return OrchardState(state.season, due, ripening=True)
        return OrchardState(state.season + 1, due)

    def rewards(self, state: OrchardState, move: Move, after: OrchardState) -> tuple[float, ...]:
        return (self.lure if move == "eat" else self.harvest if move == "fine" else 0.0,)

    def instructions(self, player: int) -> str:
        storm = f", unless a storm (probability {self.weather:g}) destroys it" if self.weather else ""
        later = f"{_count(self.delay, 'season')} later" if self.delay else "at the end of this season"
        lost = f" A harvest after season {self.seasons} is lost." if self.delay else ""
        return (
            f"You keep an orchard for {_count(self.seasons, 'season')} and get one seed each season. "
            "Each season, reply with one word:\n"
            f"eat - you eat the seed, which pays {_points(self.lure)} at once.\n"
            f"plant - you plant the seed; {later} its harvest pays {_points(self.harvest)}{storm}.{lost}\n"
            "For example, reply: eat"
        )

    def view(self, state: OrchardState, player: int) -> str:
        if state.season > self.seasons:
            return f"{self._news(state)}The last season is over."
        due = f"{len(state.due)}, the next in season {state.due[0]}" if state.due else "none"
        return f"{self._news(state)}Season {state.season} of {self.seasons}. Harvests to come: {due}."

    def _news(self, state: OrchardState) -> str:
        if state.weather is None:
            return ""
        if state.weather == "storm":
            return "A storm destroyed a harvest. "
        return f"You brought in a harvest: {_points(self.harvest)}. "

    def say(self, state: OrchardState, move: Move) -> str:
        return move

    def read(self, state: OrchardState, player: int, text: str) -> Move | Refusal:
        move = last_wanted(text, _WORDS)
        return move or Refusal("I read no move in that. Reply with one word: eat or plant.")

    def progress(self, state: OrchardState) -> float:
        """The expected value of the harvests still to come: with it, planting pays at once."""
        return len(state.due) * (1.0 - self.weather) * self.harvest

    def expert(self, state: OrchardState, player: int) -> Distribution[Move]:
        """Plants what ripens in time if its harvest is worth more than the lure: optimal."""
        in_time = state.season + self.delay <= self.seasons
        worth = (1.0 - self.weather) * self.harvest > self.lure
        return (("plant" if in_time and worth else "eat", Fraction(1)),)


def _count(n: int, one: str) -> str:
    return f"{n} {one}{'s' * (n != 1)}"


def _points(value: float) -> str:
    return f"{value:g} point{'s' * (value != 1)}"


_WORDS: dict[str, Move] = {"eat": "eat", "consume": "eat", "swallow": "eat", "plant": "plant", "sow": "plant"}
