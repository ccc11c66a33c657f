"""The tragedy of the commons: several fish one lake, whose stock regrows from what is left."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, NamedTuple

from textenvs.core.errors import check_range
from textenvs.core.game import Distribution, Game, Levels
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.amounts import read_amount
from textenvs.games.phrasing import count


class CommonsState(NamedTuple):
    """The lake and the last season.

    Attributes:
        stock: fish in the lake now.
        played: seasons played so far.
        caught: what each player caught in the last of them, empty before the first.
    """

    stock: int
    played: int = 0
    caught: tuple[int, ...] = ()


@dataclass(frozen=True)
class Commons(Game[CommonsState, int]):
    """Season after season some players choose at once how many fish to take from a lake; what is left doubles.

    Source:
        G. Hardin, The Tragedy of the Commons, Science 162 (1968), 1243-1248, doi:10.1126/science.162.3859.1243; as a
        dynamic game D. Levhari and L. J. Mirman, The Great Fish War, Bell Journal of Economics 11 (1980), 322-334.
    Players and turns:
        2 to 8 players, who move simultaneously in every season.
    What the player sees:
        The fish in the lake, what everyone caught last season, and the number of the season.
    Replies:
        `take 3`, or just the number; `catch`, `fish` and "nothing" are understood. In a longer reply the last such
        number counts.
    Rules:
        If the players together want more than there is, each catches an equal share, rounded down, of the whole stock
        or what it wanted if that is less, and the rest dies. Otherwise each catches what it wanted, and what is left
        doubles, up to the capacity of the lake.
    Rewards:
        After each season the fish caught, divided by the capacity of the lake.
    End:
        All seasons are played, or the lake is empty.
    Parameters:
        players: 2 to 8.
        seasons: seasons in an episode; everyone knows it.
        capacity: the most fish the lake holds, which is what it holds at first.
        most: the most fish a player can take in a season.
    Size:
        One instance; `seasons` turns.
    Known values:
        Half of a full lake grows back, so together the players can take half of the capacity in every season but the
        last, and then all: what two experts do. The greediest players empty the lake at once.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"players": 2, "seasons": 4, "capacity": 8, "most": 4},
        "medium": {},
        "hard": {"players": 5, "seasons": 30, "capacity": 100, "most": 30},
        "extreme": {"players": 8, "seasons": 200, "capacity": 160, "most": 40},
    }
    scripts = ("greedy", "timid")
    pools: ClassVar = {"train": ("random", "script:greedy", "script:timid"), "test": ("expert",)}
    default_opponent = "expert"

    players: int = 4
    seasons: int = 10
    capacity: int = 40
    most: int = 10

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("players", self.players, 2, 8)
        check_range("seasons", self.seasons, 1, 10_000)
        check_range("capacity", self.capacity, 2, 10_000)
        check_range("most", self.most, 1, self.capacity)

    @property
    def max_turns(self) -> int:
        return self.seasons

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, self.seasons * self.most / self.capacity)

    def deals(self) -> Distribution[CommonsState]:
        return ((CommonsState(self.capacity), Fraction(1)),)

    def to_move(self, state: CommonsState) -> tuple[int, ...]:
        return () if state.played == self.seasons or not state.stock else tuple(range(self.players))

    def legal(self, state: CommonsState, player: int) -> tuple[int, ...]:
        return tuple(range(self.most + 1))

    def apply(self, state: CommonsState, move: tuple[int, ...]) -> CommonsState:
        if sum(move) > state.stock:
            share = state.stock // self.players
            return CommonsState(0, state.played + 1, tuple(min(wanted, share) for wanted in move))
        return CommonsState(min(self.capacity, 2 * (state.stock - sum(move))), state.played + 1, move)

    def rewards(self, state: CommonsState, move: tuple[int, ...], after: CommonsState) -> tuple[float, ...]:
        return tuple(fish / self.capacity for fish in after.caught)

    def instructions(self, player: int) -> str:
        return (
            f"You are player_{player} of {self.players} players who fish in one lake for "
            f"{count(self.seasons, 'season')}. The lake holds at most {self.capacity} fish, and does so at first. "
            "In each season everyone chooses at the same time how many fish to take, from 0 to "
            f"{self.most}. If all together want more than there is, each gets at most 1/{self.players} of the fish, "
            "rounded down, the rest dies, and the lake stays empty. Otherwise each gets what it wanted, and the "
            "fish that are left double, up to what the lake holds. Your score is the fish you caught, divided by "
            f"{self.capacity}.\n"
            "Reply with the number of fish you take, for example: take 1"
        )

    def view(self, state: CommonsState, player: int) -> str:
        told = ""
        if state.caught:
            others = ", ".join(f"player_{other} {fish}" for other, fish in enumerate(state.caught) if other != player)
            told = f"Last season you caught {state.caught[player]}; {others}. "
        if not state.stock:
            return f"{told}The lake is empty. The game is over."
        over = state.played == self.seasons
        now = "The game is over." if over else f"Season {state.played + 1} of {self.seasons}."
        return f"{told}There are {state.stock} fish in the lake. {now}"

    def say(self, state: CommonsState, move: int) -> str:
        return f"take {move}"

    def read(self, state: CommonsState, player: int, text: str) -> int | Refusal:
        fish = read_amount(text, _VERBS, _NOTHING)
        if fish is None:
            return Refusal(f"I read no number of fish in that. Reply with 'take' and a number from 0 to {self.most}.")
        if not 0 <= fish <= self.most:
            return illegal(f"You can take from 0 to {self.most} fish, not {fish}.")
        return fish

    def expert(self, state: CommonsState, player: int) -> Distribution[int]:
        """An equal share of half of the fish, which then grow back, and of all of them in the last season."""
        last = state.played == self.seasons - 1
        share = state.stock // self.players if last else state.stock // 2 // self.players
        return ((min(share, self.most), Fraction(1)),)

    def script(self, name: str, state: CommonsState, player: int) -> Distribution[int]:
        """`greedy` takes as many as it can, `timid` takes 1."""
        return ((self.most if name == "greedy" else 1, Fraction(1)),)


_VERBS = ("take", "catch", "fish", "want", "get")
_NOTHING = ("nothing", "no fish", "none")
