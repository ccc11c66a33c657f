"""Spend coins now, or keep them for interest and spend more later."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import ClassVar, NamedTuple

from textenvs.core.errors import check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.amounts import following, read_amount
from textenvs.games.phrasing import count, listed

Wages = tuple[int, ...]


class SaverState(NamedTuple):
    """The season and the coins at hand.

    Attributes:
        wages: what the seasons of a cycle pay, the first season's first.
        coins: coins at hand.
        season: the current season, from 1.
    """

    wages: Wages
    coins: int
    season: int = 1


@dataclass(frozen=True)
class Saver(Game[SaverState, int]):
    """Live on wages and savings: a coin spent gives joy now, a coin kept earns interest.

    Source:
        The problem of saving (Ramsey 1928, doi:10.2307/2224098) with a finite life and whole coins; the joy of a
        season is quadratic in what is spent, as in Hall (1978, doi:10.1086/260724). Nothing is left to chance.
    Players and turns:
        One player, one move a season.
    What the player sees:
        Everything: the season, the coins, and the wages of this and the following seasons of the cycle.
    Replies:
        `spend 3`, or just the number; `save`, `wait` and `spend nothing` stand for 0. In a longer reply the last number
        behind "spend" (or `use`, `pay`, `consume` …) counts, else the last number.
    Rules:
        From 0 to `most` coins can be spent in a season, and no more than there are. Of those kept, every full `per`
        coins earn one of interest; then the season's wage is paid. What exceeds `purse` is lost. The wages repeat.
    Rewards:
        Spending n coins gives n x (2 x most + 1 - n) / 2 joy: the first coin gives `most`, each one after it 1 less. A
        season pays its joy divided by the most that all seasons can give. Return in 0 … 1, where 1 is to spend `most`
        coins in every season; the highest return is that of the richest instance.
    End:
        After the last season.
    Parameters:
        seasons: seasons in an episode.
        most: the most coins that can be spent in a season.
        per: coins kept that earn one coin of interest.
        purse: the most coins that can be kept from one season to the next.
        cycle: seasons after which the wages repeat.
        wage: every wage of the cycle is one of 0 … wage, each equally likely.
        start: the coins at the start are one of 1 … start, each equally likely.
    Size:
        start x (wage + 1)^cycle instances, by default 10,485,760; `seasons` turns; purse x seasons states for players
        in an instance.
    Known values:
        Plan is optimal, since nothing is left to chance. Without wages and interest optimal is to spread the coins
        evenly: 8 coins, 4 seasons and most=4 give 4 x 7/40 = 0.7, where myopic earns 2 x 10/40 = 0.5. At the easy level
        optimal and plan are 0.630, myopic 0.365 and random 0.359. The expert is optimal.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"seasons": 6, "most": 3, "per": 2, "purse": 12, "cycle": 2, "wage": 1, "start": 4},
        "medium": {},
        "hard": {"seasons": 120, "per": 8, "purse": 50},
        "extreme": {"seasons": 1_000, "most": 6, "per": 12, "purse": 100},
    }

    seasons: int = 30
    most: int = 4
    per: int = 5
    purse: int = 30
    cycle: int = 10
    wage: int = 3
    start: int = 10

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("seasons", self.seasons, 1, 1_000)
        check_range("most", self.most, 1, 20)
        check_range("per", self.per, 1, 1_000)
        check_range("purse", self.purse, 1, 1_000)
        check_range("cycle", self.cycle, 1, 20)
        check_range("wage", self.wage, 0, 20)
        check_range("start", self.start, 1, self.purse)

    @property
    def max_turns(self) -> int:
        return self.seasons

    @property
    def return_range(self) -> tuple[float, float]:
        richest = SaverState((self.wage,) * self.cycle, self.start)
        return (0.0, self._values(richest.wages)[0][richest.coins] / self._scale)

    @property
    def _scale(self) -> int:
        """The joy of spending the most in every season."""
        return self.seasons * _joy(self.most, self.most)

    def _values(self, wages: Wages) -> tuple[tuple[int, ...], ...]:
        return _values(self.seasons, self.most, self.per, self.purse, wages)

    def deals(self) -> Distribution[SaverState] | None:
        if self.start * (self.wage + 1) ** self.cycle > _LISTED:
            return None
        cycles = product(range(self.wage + 1), repeat=self.cycle)
        return uniform([SaverState(wages, coins) for wages in cycles for coins in range(1, self.start + 1)])

    def deal(self, random: Random) -> SaverState:
        wages = tuple([random.below(self.wage + 1) for _ in range(self.cycle)])
        return SaverState(wages, 1 + random.below(self.start))

    def to_move(self, state: SaverState) -> tuple[int, ...]:
        return () if state.season > self.seasons else (0,)

    def legal(self, state: SaverState, player: int) -> tuple[int, ...]:
        return tuple(range(min(self.most, state.coins) + 1))

    def apply(self, state: SaverState, move: int) -> SaverState:
        wage = state.wages[(state.season - 1) % self.cycle]
        return SaverState(state.wages, _kept(state.coins - move, wage, self.per, self.purse), state.season + 1)

    def rewards(self, state: SaverState, move: int, after: SaverState) -> tuple[float, ...]:
        return (_joy(move, self.most) / self._scale,)

    def instructions(self, player: int) -> str:
        numbers = range(1, self.most + 1)
        coins = f"{listed(numbers, last='or')} coin{'s' * (self.most > 1)}"
        joys = listed([_joy(number, self.most) for number in numbers], "or")
        per = "every coin you have kept earns" if self.per == 1 else f"every full {self.per} coins you have kept earn"
        after = following(self.cycle, "season") if self.cycle > 1 else "every season"
        return (
            f"You live on your savings for {count(self.seasons, 'season')}. "
            f"Each season you choose how many coins to spend, from 0 to {self.most}.\n"
            f"Spending {coins} in a season gives you {joys} joy.\n"
            f"Then {per} 1 coin of interest, and you are paid the wage of the season. "
            f"You can keep at most {count(self.purse, 'coin')}; the rest is lost. "
            f"I tell you the wage{'s' * (self.cycle > 1)} of {after}.\n"
            f"Coins left at the end are worth nothing. Your score is all your joy divided by {self._scale}.\n"
            "Reply with the number of coins you spend, for example: spend 1"
        )

    def view(self, state: SaverState, player: int) -> str:
        if state.season > self.seasons:
            return f"The last season is over. You have {count(state.coins, 'coin')} left."
        place = (state.season - 1) % self.cycle
        wages = " ".join(map(str, state.wages[place:] + state.wages[:place]))
        coins = count(state.coins, "coin")
        return f"Season {state.season} of {self.seasons}. You have {coins}. Wages from now on: {wages}."

    def say(self, state: SaverState, move: int) -> str:
        return f"spend {move}"

    def read(self, state: SaverState, player: int, text: str) -> int | Refusal:
        coins = read_amount(text, _VERBS, _NOTHING)
        if coins is None:
            return Refusal(f"I read no whole number in that. Reply with the coins you spend, from 0 to {self.most}.")
        if not 0 <= coins <= self.most:
            return illegal(f"You can spend from 0 to {self.most} coins in a season, not {coins}.")
        if coins > state.coins:
            return illegal(f"You cannot spend {count(coins, 'coin')}; you have {state.coins}.")
        return coins

    def progress(self, state: SaverState) -> float:
        """What the coins would pay if they were spent `most` at a time."""
        return state.coins * _joy(self.most, self.most) / self.most / self._scale

    def expert(self, state: SaverState, player: int) -> Distribution[int]:
        """The most coins that optimal play may spend, by backward induction: optimal."""
        values = self._values(state.wages)[state.season]
        wage = state.wages[(state.season - 1) % self.cycle]

        def worth(move: int) -> tuple[int, int]:
            return _joy(move, self.most) + values[_kept(state.coins - move, wage, self.per, self.purse)], move

        return ((max(self.legal(state, player), key=worth), Fraction(1)),)


_LISTED = 10_000
"""More deals than these are drawn, not listed."""

_VERBS = ("spend", "spending", "spent", "use", "pay", "consume", "eat", "take")
_NOTHING = ("save", "saving", "wait", "skip", "nothing", "keep everything", "keep all", "keep it all")


def _joy(coins: int, most: int) -> int:
    return coins * (2 * most + 1 - coins) // 2


def _kept(coins: int, wage: int, per: int, purse: int) -> int:
    """Return what `coins` kept for a season become."""
    return min(purse, coins + coins // per + wage)


@lru_cache(maxsize=64)
def _values(seasons: int, most: int, per: int, purse: int, wages: Wages) -> tuple[tuple[int, ...], ...]:
    """Return the most joy that is still to be had, by seasons gone and coins."""
    joys = [_joy(coins, most) for coins in range(most + 1)]
    later = [0] * (purse + 1)
    values = [tuple(later)]
    for season in reversed(range(seasons)):
        kept = [later[_kept(coins, wages[season % len(wages)], per, purse)] for coins in range(purse + 1)]
        later = [max(map(int.__add__, joys, kept[coins::-1])) for coins in range(purse + 1)]
        values.append(tuple(later))
    return tuple(reversed(values))
