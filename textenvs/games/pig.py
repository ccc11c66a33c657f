"""Roll a die again and again for a growing pot, or hold before a 1 loses it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import ClassVar, Literal, NamedTuple

from textenvs.core.errors import check_choice, check_range
from textenvs.core.game import Distribution, Game, Levels, uniform
from textenvs.core.reading import NOT, last_phrase
from textenvs.core.refusal import Refusal
from textenvs.games.phrasing import count

Move = Literal["roll", "hold"] | int
"""A player's move, or the number that chance rolls."""


class PigState(NamedTuple):
    """The score and the round.

    Attributes:
        score: points held so far.
        pot: points rolled in this round.
        round: the current round, from 1.
        rolling: whether the die now decides.
        last: the last move: the number rolled, or `hold`; None before the first.
    """

    score: int = 0
    pot: int = 0
    round: int = 1
    rolling: bool = False
    last: Move | None = None


@dataclass(frozen=True)
class Pig(Game[PigState, Move]):
    """Roll for a pot that a 1 loses, or hold it: reach the target, or as many points as you can, in a few rounds.

    Source:
        The dice game Pig (Scarne 1945; Neller & Presser 2004, Optimal play of the dice game Pig, The UMAP Journal 25
        (1), 25-47), alone and against a number of rounds: the Pig Solitaire of Neller, Russell & Markov (2005, Solving
        the dice game Pig).
    Players and turns:
        One player, one roll or hold a turn.
    What the player sees:
        Everything: the round, the score, the pot and the last roll.
    Replies:
        `roll` or `hold`; `throw`, `again`, `bank`, `stop` and the like are understood. In a longer reply the last of
        these words counts.
    Rules:
        A roll of 1 loses the pot and ends the round; any other number is added to the pot. Holding adds the pot to the
        score and ends the round, also when the pot is empty. Once score and pot together reach the target the pot is
        held and the game is over, since holding can no longer fail.
    Rewards:
        With aim "race" 1 for reaching the target, else 0. With aim "score" every pot pays its points divided by the
        target when it is held; what exceeds the target pays nothing. Return in 0 … 1.
    End:
        The target is reached or all rounds are over.
    Parameters:
        target: the points to reach.
        rounds: rounds in an episode.
        sides: of the die.
        aim: "race" or "score".
    Size:
        One instance: all the rest is chance. A round takes at most half of `target` turns, rounded up, and rarely more
        than 8.
    Known values:
        To hold at 20 scores nothing in a round with probability 0.6245, and 8.14 points on average, the most there is
        (Neller & Presser 2004); it takes 12.63 rounds on average to reach 100 so. Optimal is 0.546 by default, 0.465
        for 100 points in 10 rounds, and 0.832 in 15. At the easy level optimal is 0.822, plan 0.778, myopic 0.153 and
        random 0.089. The expert is optimal.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"target": 24, "rounds": 4},
        "medium": {},
        "hard": {"target": 100, "rounds": 10},
        "extreme": {"target": 300, "rounds": 32},
    }

    target: int = 50
    rounds: int = 5
    sides: int = 6
    aim: str = "race"

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError` or `UnknownNameError`."""
        check_range("target", self.target, 2, 1_000)
        check_range("rounds", self.rounds, 1, 1_000)
        check_range("sides", self.sides, 2, 100)
        check_choice("aim", self.aim, ("race", "score"))

    @property
    def max_turns(self) -> int:
        return self.rounds * ((self.target + 1) // 2)

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def deals(self) -> Distribution[PigState]:
        return ((PigState(), Fraction(1)),)

    def to_move(self, state: PigState) -> tuple[int, ...]:
        over = state.score >= self.target or state.round > self.rounds
        return () if over or state.rolling else (0,)

    def legal(self, state: PigState, player: int) -> tuple[Move, ...]:
        return ("roll", "hold")

    def chance(self, state: PigState) -> Distribution[Move]:
        return uniform(range(1, self.sides + 1)) if state.rolling else ()

    def apply(self, state: PigState, move: Move) -> PigState:
        if move == "roll":
            return state._replace(rolling=True)
        if move == "hold":
            return PigState(state.score + state.pot, 0, state.round + 1, last="hold")
        pot = state.pot + int(move)
        if move == 1:
            return PigState(state.score, 0, state.round + 1, last=1)
        if state.score + pot >= self.target:
            return PigState(state.score + pot, 0, state.round, last=move)
        return PigState(state.score, pot, state.round, last=move)

    def rewards(self, state: PigState, move: Move, after: PigState) -> tuple[float, ...]:
        return (self._worth(after.score) - self._worth(state.score),)

    def _worth(self, score: int) -> float:
        """Return what a score pays in all."""
        return _worth(self.aim, self.target, score)

    def instructions(self, player: int) -> str:
        pay = (
            f"You earn 1 point if you reach {self.target}, else nothing."
            if self.aim == "race"
            else f"You earn your score divided by {self.target}, at most 1 point."
        )
        return (
            f"You play the dice game Pig for {count(self.rounds, 'round')}, with a die that shows 1 to {self.sides}, "
            "each equally likely. Each turn, reply with one word:\n"
            "roll - you roll the die. A 1 loses the pot and ends the round; any other number is added to the pot.\n"
            "hold - the pot is added to your score, and the round ends.\n"
            "Every round begins with an empty pot. The game ends after the last round, or as soon as score and pot "
            f"together reach {self.target}; the pot is then added to your score. {pay}\n"
            "For example, reply: roll"
        )

    def view(self, state: PigState, player: int) -> str:
        news = _told(state)
        if state.score >= self.target:
            return f"{news}Your score is {state.score}: you have reached {self.target}."
        if state.round > self.rounds:
            return f"{news}The last round is over. Your score is {state.score}; you have not reached {self.target}."
        return f"{news}Round {state.round} of {self.rounds}. Score {state.score} of {self.target}. Pot {state.pot}."

    def say(self, state: PigState, move: Move) -> str:
        return str(move)

    def read(self, state: PigState, player: int, text: str) -> Move | Refusal:
        move = last_phrase(_RULED_OUT.sub(" ", text), _WORDS)
        return move or Refusal("I read no move in that. Reply with one word: roll or hold.")

    def progress(self, state: PigState) -> float:
        """Score and pot as a share of the target."""
        return min(1.0, (state.score + state.pot) / self.target)

    def expert(self, state: PigState, player: int) -> Distribution[Move]:
        """Rolls where that is worth more than to hold: optimal."""
        rolls = _rolls(self.aim, self.target, self.sides, self.rounds, self.rounds - state.round, state.score)
        return (("roll" if rolls[state.pot] else "hold", Fraction(1)),)


_WORDS: dict[str, Move] = {
    "roll": "roll", "rolling": "roll", "roll again": "roll", "roll the die": "roll", "roll the dice": "roll",
    "throw": "roll", "again": "roll", "continue": "roll", "go on": "roll", "keep going": "roll",
    "hold": "hold", "holding": "hold", "bank": "hold", "stop": "hold", "stay": "hold", "pass": "hold", "keep": "hold",
    "end the round": "hold", "cash in": "hold",
}  # fmt: skip

_RULED_OUT = re.compile(
    rf"{NOT}(?:(?!so\b|but\b|then\b|and\b|i\b)\w{{1,20}}\s+){{0,2}}"
    rf"(?:{'|'.join(sorted(_WORDS, key=len, reverse=True))})\b",
    re.IGNORECASE,
)


def _told(state: PigState) -> str:
    if state.last is None:
        return ""
    if state.last == "hold":
        return "You held. "
    return f"You rolled {state.last}{' and lost the pot' * (state.last == 1)}. "


def _worth(aim: str, target: int, score: int) -> float:
    return float(score >= target) if aim == "race" else min(1.0, score / target)


@lru_cache(maxsize=8)
def _values(aim: str, target: int, sides: int, rounds: int) -> tuple[tuple[float, ...], ...]:
    """Return what a score is worth in the end under optimal play, by full rounds left from 0 on, up to the target."""
    values = [tuple([_worth(aim, target, score) for score in range(target + 1)])]
    for _ in range(rounds):
        values.append((*[_pots(sides, score, values[-1])[0] for score in range(target)], 1.0))
    return tuple(values)


@lru_cache(maxsize=4_096)
def _rolls(aim: str, target: int, sides: int, rounds: int, left: int, score: int) -> tuple[bool, ...]:
    """Return for each pot whether to roll, with `left` rounds to come after this one; an empty pot is never held."""
    later = _values(aim, target, sides, rounds)[left]
    pots = _pots(sides, score, later)
    worth = [_roll(sides, later[score], pots, pot) for pot in range(target - score)]
    return tuple([pot == 0 or roll > later[score + pot] for pot, roll in enumerate(worth)])


def _pots(sides: int, score: int, later: tuple[float, ...]) -> list[float]:
    """Return what a pot is worth in the end, by its size; the last ones reach the target.

    Args:
        sides: of the die.
        score: at the beginning of the round.
        later: what a score is worth when the round is over, up to the target.
    """
    missing = len(later) - 1 - score
    pots = [1.0] * (missing + sides)
    for pot in reversed(range(missing)):
        pots[pot] = max(later[score + pot], _roll(sides, later[score], pots, pot))
    return pots


def _roll(sides: int, lost: float, pots: list[float], pot: int) -> float:
    """Return what a roll is worth if the round is worth `lost` after a 1."""
    return (lost + sum(pots[pot + 2 : pot + sides + 1])) / sides
