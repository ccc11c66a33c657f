"""What all repeated games of two players and two actions share; each is a module of its own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, NamedTuple

from textenvs.core.errors import check_range
from textenvs.core.game import Distribution, Game, Levels
from textenvs.core.reading import last_phrase
from textenvs.core.refusal import Refusal

PAYOFF_LIMIT = 1e6


class RepeatedMatrixState(NamedTuple):
    """How far the game is.

    Attributes:
        played: rounds played so far.
        last: the action of each player in the last of them, None before the first.
    """

    played: int = 0
    last: tuple[str, str] | None = None


class Action(NamedTuple):
    """How one of the two actions is worded.

    Attributes:
        reply: the word to reply with, which is also the move.
        present: as in "you both cooperate".
        third: as in "the other cooperates".
        past: as in "you cooperated".
        synonyms: other words that mean it.
    """

    reply: str
    present: str
    third: str
    past: str
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True)
class RepeatedMatrix(Game[RepeatedMatrixState, str]):
    """Two players choose one of two actions at once, round after round; both know the number of rounds.

    Scripted players of all these games: `always_ACTION` for both actions; `tit_for_tat`, which begins with the first
    action and then does what the other did last; `win_stay_lose_shift` (Nowak & Sigmund 1993, doi:10.1038/364056a0),
    which begins with the first action, keeps it after one of the two better payoffs and changes it after the others.
    """

    players = 2
    actions: ClassVar[tuple[Action, Action]]
    levels: ClassVar[Levels] = {
        "easy": {"rounds": 4},
        "medium": {},
        "hard": {"rounds": 50},
        "extreme": {"rounds": 200},
    }

    rounds: int = 10

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("rounds", self.rounds, 1, 10_000)
        for name in self.arguments.keys() - {"rounds"}:
            check_range(name, getattr(self, name), -PAYOFF_LIMIT, PAYOFF_LIMIT)

    @abstractmethod
    def points(self, own: str, other: str, player: int) -> float:
        """Return what `player` gets in a round for its own action and the other's."""

    @property
    def max_turns(self) -> int:
        return self.rounds

    @property
    def return_range(self) -> tuple[float, float]:
        points = [self.points(own, other, player) for own, other in self._pairs() for player in (0, 1)]
        return (self.rounds * min(points), self.rounds * max(points))

    def _pairs(self) -> list[tuple[str, str]]:
        """Return both actions alike, then different ones, the second action of the player first."""
        first, second = self._moves
        return [(first, first), (second, second), (second, first), (first, second)]

    @property
    def _moves(self) -> tuple[str, str]:
        return (self.actions[0].reply, self.actions[1].reply)

    def _action(self, move: str) -> Action:
        return self.actions[self._moves.index(move)]

    def deals(self) -> Distribution[RepeatedMatrixState]:
        return ((RepeatedMatrixState(), Fraction(1)),)

    def to_move(self, state: RepeatedMatrixState) -> tuple[int, ...]:
        return () if state.played == self.rounds else (0, 1)

    def legal(self, state: RepeatedMatrixState, player: int) -> tuple[str, ...]:
        return self._moves

    def apply(self, state: RepeatedMatrixState, move: tuple[str, str]) -> RepeatedMatrixState:
        return RepeatedMatrixState(state.played + 1, move)

    def rewards(
        self, state: RepeatedMatrixState, move: tuple[str, str], after: RepeatedMatrixState
    ) -> tuple[float, ...]:
        first, second = move
        return (self.points(first, second, 0), self.points(second, first, 1))

    def instructions(self, player: int) -> str:
        rounds = "1 round" if self.rounds == 1 else f"{self.rounds} rounds"
        choice = " or ".join(action.present for action in self.actions)
        payoffs = "\n".join(self._payoff(own, other, player) for own, other in self._pairs())
        return (
            f"You and another player play {rounds}. In each round you both choose at the same time: {choice}. "
            f"A round pays:\n{payoffs}\n"
            f"Your score is the sum of your points. Reply with one word, for example: {self._moves[0]}"
        )

    def _payoff(self, own: str, other: str, player: int) -> str:
        mine, theirs = self.points(own, other, player), self.points(other, own, 1 - player)
        if own != other:
            who = f"You {self._action(own).present}, the other {self._action(other).third}"
        else:
            who = f"You both {self._action(own).present}"
        if mine == theirs:
            return f"{who}: {worth(mine)} for each."
        return f"{who}: {worth(mine)} for you, {theirs:g} for the other."

    def view(self, state: RepeatedMatrixState, player: int) -> str:
        over = state.played == self.rounds
        now = "The game is over." if over else f"Round {state.played + 1} of {self.rounds}."
        if state.last is None:
            return now
        own, other = state.last[player], state.last[1 - player]
        mine, theirs = self.points(own, other, player), self.points(other, own, 1 - player)
        points = f"{worth(mine)} for you, {theirs:g} for the other"
        return f"You {self._action(own).past}, the other player {self._action(other).past}: {points}. {now}"

    def say(self, state: RepeatedMatrixState, move: str) -> str:
        return move

    def read(self, state: RepeatedMatrixState, player: int, text: str) -> str | Refusal:
        first, second = self._moves
        move = last_phrase(text, self.words())
        return move or Refusal(f"I read no move in that. Reply with one word: {first} or {second}.")

    def words(self) -> Mapping[str, str]:
        """Return what phrases mean; a negated action is the other one."""
        first, second = self.actions
        meanings: dict[str, str] = {}
        for action, opposite in ((first, second), (second, first)):
            for word in (action.reply, action.present, action.third, *action.synonyms):
                meanings[word] = action.reply
                meanings.update({f"{no} {word}": opposite.reply for no in _NOT})
        return meanings

    def script(self, name: str, state: RepeatedMatrixState, player: int) -> Distribution[str]:
        first, second = self._moves
        if name.startswith("always_"):
            return ((name.removeprefix("always_"), Fraction(1)),)
        if state.last is None:
            return ((first, Fraction(1)),)
        own, other = state.last[player], state.last[1 - player]
        if name == "tit_for_tat":
            return ((other, Fraction(1)),)
        changed = second if own == first else first
        return ((own if self._won(own, other, player) else changed, Fraction(1)),)

    def _won(self, own: str, other: str, player: int) -> bool:
        """Return whether a round paid one of the two better payoffs; equal ones count by the order of `_pairs`."""
        ranked = sorted(self._pairs(), key=lambda pair: -self.points(pair[0], pair[1], player))
        return (own, other) in ranked[:2]


def scripts_of(actions: tuple[Action, Action]) -> tuple[str, ...]:
    """Return the names of the scripted players of a game with these actions."""
    return (*(f"always_{action.reply}" for action in actions), "tit_for_tat", "win_stay_lose_shift")


def pools_of(actions: tuple[Action, Action]) -> dict[str, tuple[str, ...]]:
    """Return the pools of a game with these actions: those who react are held out."""
    first, second, *reacting = (f"script:{name}" for name in scripts_of(actions))
    return {"train": ("random", first, second), "test": tuple(reacting)}


def worth(points: float) -> str:
    """Return points as told."""
    return f"{points:g} {'point' if points == 1 else 'points'}"


_NOT = ("not", "don't", "don’t", "won't", "won’t", "never")
