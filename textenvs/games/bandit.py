"""Find out which of several slot machines wins most often, while playing them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import ClassVar, Literal, NamedTuple

from textenvs.core.errors import ArgumentError, check_flag, check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.reading import last_phrase
from textenvs.core.refusal import Refusal

Outcome = Literal["win", "loss"]
Move = int | Outcome  # the machine pulled, by number; or what chance makes of it

MACHINES = ("red", "blue", "green", "yellow", "white", "black", "orange", "purple", "brown", "pink")
SAFE = "silver"


class BanditState(NamedTuple):
    """The machines' chances and how often each one won and lost.

    Attributes:
        chances: for each machine the number k of its chance (2k - 1) / (2 grid), from 1 to grid.
        wins: the pulls of each machine that won.
        losses: the pulls of each machine that did not.
        pulled: the machine whose pull chance decides next, else None.
        last: the machine pulled last and whether it won, for the view.
    """

    chances: tuple[int, ...]
    wins: tuple[int, ...]
    losses: tuple[int, ...]
    pulled: int | None = None
    last: tuple[int, bool] | None = None


@dataclass(frozen=True)
class Bandit(Game[BanditState, Move]):
    """Pull one of several slot machines again and again, whose chances of winning must be learned or are told.

    Source:
        The multi-armed bandit (Robbins 1952, doi:10.1090/S0002-9904-1952-09620-8) with Bernoulli
        rewards, a finite horizon and a known prior, as by Bradt, Johnson & Karlin (1956,
        doi:10.1214/aoms/1177728073).
    Players and turns:
        One player, one pull a turn.
    What the player sees:
        Whether the last pull won, how many pulls of each machine were made and won, and the pulls
        left; with `known` True also the machines' chances. The newest view holds all that matters.
    Replies:
        `pull red`, or just the colour; `play`, `choose`, `try`, `use` and the like are understood. In a
        longer reply the last colour after such a word counts, else the last colour.
    Rules:
        Each machine has a chance of winning that never changes. That of the machine called silver is
        told: `safe`. Those of the others, called red, blue and so on, are drawn uniformly and
        independently from the `grid` numbers 1 / (2 grid), 3 / (2 grid) … 1 - 1 / (2 grid). What one
        pull does has no influence on another.
    Rewards:
        1 / pulls for each pull that wins: the return is the share of pulls that win. Return in 0 … 1.
    End:
        `pulls` pulls are made.
    Parameters:
        arms: the number of machines whose chances are drawn.
        pulls: the number of pulls.
        grid: how many chances a machine may have; at 5 they are 0.1, 0.3, 0.5, 0.7 and 0.9.
        safe: the chance of a further machine, which is always told; at 0 there is none.
        known: whether all chances are told. Nothing is left to learn then: the game is a control.
    Size:
        grid^arms instances, 10^6 by default, 25 at easy; `pulls` turns.
    Known values:
        Plan is max(safe, 1/2) and random the mean of safe and as many 1/2 as `arms`; myopic is safe if
        that exceeds 1/2, since the safe machine then always seems best. At easy (arms=2, pulls=5,
        grid=5, safe=0.55) optimal is 0.6050; with known=True optimal, plan and myopic are the mean of
        the best chance, there 0.718. As `grid` grows the prior becomes uniform on 0 … 1, with which two
        machines and safe=0 make 2 pulls worth 13/12 wins, 3 pulls 5/3 and 10 pulls 6.0218. The expert
        is optimal in all settings small enough to tell.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"arms": 2, "pulls": 5, "grid": 5},
        "medium": {},
        "hard": {"arms": 8, "pulls": 80},
        "extreme": {"arms": 10, "pulls": 300},
    }

    arms: int = 6
    pulls: int = 30
    grid: int = 10
    safe: float = 0.55
    known: bool = False

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("arms", self.arms, 1, len(MACHINES))
        check_range("pulls", self.pulls, 1, 1_000)
        check_range("grid", self.grid, 2, 100)
        check_range("safe", self.safe, 0.0, 1.0)
        if self.arms == 1 and not self.safe:
            raise ArgumentError("with arms=1 there is no choice; give safe more than 0, or more arms")
        check_flag("known", self.known)

    @property
    def max_turns(self) -> int:
        return self.pulls

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def deals(self) -> Distribution[BanditState] | None:
        if self.grid**self.arms > _LISTED:
            return None
        return uniform([self._opening(chances) for chances in product(range(1, self.grid + 1), repeat=self.arms)])

    def deal(self, random: Random) -> BanditState:
        return self._opening(tuple(1 + random.below(self.grid) for _ in range(self.arms)))

    def _opening(self, chances: tuple[int, ...]) -> BanditState:
        none = (0,) * len(self._machines)
        return BanditState(chances, none, none)

    def content(self, state: BanditState) -> tuple[Fraction, ...]:
        return tuple(self._chance(number) for number in state.chances)

    @property
    def _machines(self) -> tuple[str, ...]:
        return MACHINES[: self.arms] + ((SAFE,) if self.safe else ())

    def _chance(self, number: int) -> Fraction:
        return Fraction(2 * number - 1, 2 * self.grid)

    def _chance_of(self, state: BanditState, machine: int) -> Fraction:
        if machine == self.arms:
            return Fraction(self.safe).limit_denominator(1_000_000)
        return self._chance(state.chances[machine])

    def to_move(self, state: BanditState) -> tuple[int, ...]:
        return () if state.pulled is not None or self._made(state) == self.pulls else (0,)

    def _made(self, state: BanditState) -> int:
        return sum(state.wins) + sum(state.losses)

    def chance(self, state: BanditState) -> Distribution[Move]:
        if state.pulled is None:
            return ()
        wins = self._chance_of(state, state.pulled)
        outcomes: Distribution[Move] = (("win", wins), ("loss", 1 - wins))
        return tuple((outcome, p) for outcome, p in outcomes if p)

    def legal(self, state: BanditState, player: int) -> tuple[Move, ...]:
        return tuple(range(len(self._machines)))

    def apply(self, state: BanditState, move: Move) -> BanditState:
        if isinstance(move, int):
            return state._replace(pulled=move, last=None)
        machine = state.pulled or 0
        won = move == "win"
        wins, losses = list(state.wins), list(state.losses)
        (wins if won else losses)[machine] += 1
        return BanditState(state.chances, tuple(wins), tuple(losses), None, (machine, won))

    def rewards(self, state: BanditState, move: Move, after: BanditState) -> tuple[float, ...]:
        return (1.0 / self.pulls if move == "win" else 0.0,)

    # The words

    def instructions(self, player: int) -> str:
        *names, last = self._machines
        return (
            f"There are {len(self._machines)} slot machines: {', '.join(names)} and {last}. Each turn you pull one of "
            "them, and the pull wins or it does not. Each machine has a chance of winning that never changes. "
            f"{self._origin()} You have {_count(self.pulls, 'pull')}. Each win pays {self._pay()}.\n"
            f"For example, reply: pull {MACHINES[0]}"
        )

    def _origin(self) -> str:
        """Return where the chances come from and whether they are told."""
        others = "all of the machines" if not self.safe else "the others" if self.arms > 1 else "the other"
        drawn = f"or {others} it is one of {self._numbers()}, each equally likely"
        apart = ", separately for each machine" if self.arms > 1 else ""
        told = "I tell you which" if self.known else "you are not told which"
        start = f"For {SAFE} it is {self.safe:g}; f" if self.safe else "F"
        return f"{start}{drawn}{apart}; {told}."

    def _numbers(self) -> str:
        """Return the chances that a machine may have."""
        numbers = [f"{float(self._chance(number)):g}" for number in range(1, self.grid + 1)]
        if self.grid > 10:
            return f"{', '.join(numbers[:3])} and so on up to {numbers[-1]}"
        return f"{', '.join(numbers[:-1])} or {numbers[-1]}"

    def _pay(self) -> str:
        return "1 point" if self.pulls == 1 else f"1/{self.pulls} of a point"

    def view(self, state: BanditState, player: int) -> str:
        left = self.pulls - self._made(state)
        standing = (
            f"{_count(left, 'pull')} left." if left else f"No pulls left. You won {sum(state.wins)} of {self.pulls}."
        )
        return "\n".join([f"{self._news(state)}{standing}", *self._notes(state)])

    def _news(self, state: BanditState) -> str:
        if state.last is None:
            return ""
        machine, won = state.last
        return f"{self._machines[machine].capitalize()}: {'win' if won else 'no win'}. "

    def _notes(self, state: BanditState) -> Iterator[str]:
        """Yield what is known of the machines."""
        if self.known:
            chances = (f"{name} {float(self._chance_of(state, n)):g}" for n, name in enumerate(self._machines))
            yield f"Chances: {', '.join(chances)}."
        pulled = zip(self._machines, state.wins, state.losses, strict=True)
        yield f"Wins: {', '.join(f'{name} {wins} of {wins + losses}' for name, wins, losses in pulled)}."

    def say(self, state: BanditState, move: Move) -> str:
        return f"pull {self._machines[move]}" if isinstance(move, int) else move

    def read(self, state: BanditState, player: int, text: str) -> Move | Refusal:
        plain = _RULED_OUT.sub(" ", text)
        asked = last_phrase(plain, _pulls(self._machines))
        machine = last_phrase(plain, _names(self._machines)) if asked is None else asked
        if machine is None:
            return Refusal(f"I read no machine in that. Reply with 'pull' and one of: {', '.join(self._machines)}.")
        return machine

    def expert(self, state: BanditState, player: int) -> Distribution[Move]:
        """The best machine where the chances are known, else the one with the highest `_index`; the first of equals.

        That is the finite-horizon Gittins rule (Kaufmann 2018, doi:10.1214/17-AOS1569) looking at most 15 pulls ahead:
        optimal against a single alternative of known chance, and close to it against several unknown ones.
        """
        worths = [self._worth(state, machine) for machine in range(len(self._machines))]
        return ((worths.index(max(worths)), Fraction(1)),)

    def _worth(self, state: BanditState, machine: int) -> float:
        """Return what the expert goes by: the chance of a machine where it is told, else the index."""
        if self.known or machine == self.arms:
            return float(self._chance_of(state, machine))
        horizon = min(self.pulls - self._made(state), _LOOKAHEAD)
        return _index(self.grid, state.wins[machine], state.losses[machine], horizon)


_LISTED = 20_000
"""More instances than these are drawn, not listed."""

_LOOKAHEAD = 15

_RULED_OUT = re.compile(
    r"(?:\bnot|n['’]t|\bnever|\binstead of|\brather than) (?:(?:pull|pulling|play|try) )?(?:the )?"
    rf"(?:{'|'.join((*MACHINES, SAFE))})\b",
    re.IGNORECASE,
)

_VERBS = ("pull", "pulling", "play", "choose", "pick", "try", "use", "select", "go for", "go with", "take")


def _count(n: int, one: str) -> str:
    return f"{n} {one}{'s' * (n != 1)}"


@lru_cache(maxsize=16)
def _names(machines: tuple[str, ...]) -> dict[str, int]:
    return {name: machine for machine, name in enumerate(machines)}


@lru_cache(maxsize=16)
def _pulls(machines: tuple[str, ...]) -> dict[str, int]:
    """Return the phrases that ask for a machine."""
    leads = [f"{verb} {lead}" for verb in _VERBS for lead in ("", "the ", "machine ", "the machine ")]
    return {f"{lead}{name}": machine for lead in leads for machine, name in enumerate(machines)}


# What a machine is worth by what was seen of it


@lru_cache(maxsize=1 << 17)
def _mean(grid: int, wins: int, losses: int) -> float:
    """Return the expected chance of a machine after so many wins and losses."""
    odds = range(1, 2 * grid, 2)
    weights = [k**wins * (2 * grid - k) ** losses for k in odds]
    return float(Fraction(sum(k * weight for k, weight in zip(odds, weights, strict=True)), 2 * grid * sum(weights)))


@lru_cache(maxsize=1 << 17)
def _index(grid: int, wins: int, losses: int, horizon: int) -> float:
    """Return the sure pay per pull that one would just give up for pulling the machine, free to take it later."""
    low, high = _mean(grid, wins, losses), 1.0
    for _ in range(20):
        sure = (low + high) / 2
        if _best_of_both(grid, wins, losses, horizon, sure) > horizon * sure:
            low = sure
        else:
            high = sure
    return low


def _best_of_both(grid: int, wins: int, losses: int, horizon: int, sure: float) -> float:
    """Return the most that `horizon` pulls are worth if each is either of the machine or pays `sure`."""
    values = [0.0] * (horizon + 1)  # by how many more of the pulls so far won
    for pulled in reversed(range(horizon)):
        means = [_mean(grid, wins + more, losses + pulled - more) for more in range(pulled + 1)]
        values = [
            max((horizon - pulled) * sure, mean * (1.0 + values[more + 1]) + (1.0 - mean) * values[more])
            for more, mean in enumerate(means)
        ]
    return values[0]
