"""The repeated prisoner's dilemma: cooperate or defect, round after round."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Literal, NamedTuple

from textenvs.core.errors import ArgumentError, check_range
from textenvs.core.game import Distribution, Game, Levels
from textenvs.core.reading import last_phrase
from textenvs.core.refusal import Refusal

Move = Literal["cooperate", "defect"]


class PrisonersDilemmaState(NamedTuple):
    """How far the game is.

    Attributes:
        played: rounds played so far.
        last: what each player did in the last of them, None before the first.
    """

    played: int = 0
    last: tuple[Move, Move] | None = None


@dataclass(frozen=True)
class PrisonersDilemma(Game[PrisonersDilemmaState, Move]):
    """Round after round two players choose at once whether to cooperate or to defect.

    Source:
        Flood and Dresher 1950, told by A. W. Tucker; the repeated game, its payoffs and tit for tat are
        those of R. Axelrod, The Evolution of Cooperation (1984). His tournaments had 200 rounds.
    Players and turns:
        Two players, who move simultaneously in every round.
    What the player sees:
        What both did in the last round and what it paid them, and the number of the round.
    Replies:
        `cooperate` or `defect`. In a longer reply the last of these words counts; "not defect" is
        cooperate, "not cooperate" is defect.
    Rewards:
        After each round. A player gets `mutual_reward` if both cooperate and `punishment` if both defect; who
        defects against a cooperator gets `temptation`, and the cooperator gets `sucker`. Return in
        rounds x sucker … rounds x temptation.
    End:
        All rounds are played.
    Parameters:
        rounds: rounds in an episode; both players know it.
        temptation: for defecting against a cooperator.
        mutual_reward: for mutual cooperation.
        punishment: for mutual defection.
        sucker: for cooperating with a defector. It must hold that temptation > mutual_reward > punishment
            > sucker, and 2 x mutual_reward > temptation + sucker, so that taking turns does not pay.
    Size:
        One instance; 4 x rounds - 3 states for players; `rounds` turns.
    Known values:
        With the default arguments two experts (tit for tat) get 30 each. Against the expert: optimal and
        plan 32 (cooperate nine times, then defect), myopic 14 (always defect), random 24.25. Against a
        random player: optimal, plan and myopic 30 (always defect), random 22.5. The only equilibrium
        outcome is mutual defection in every round, 10 each.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"rounds": 4},
        "medium": {},
        "hard": {"rounds": 50},
        "extreme": {"rounds": 200},
    }

    players = 2
    default_opponent = "expert"

    rounds: int = 10
    temptation: float = 5.0
    mutual_reward: float = 3.0
    punishment: float = 1.0
    sucker: float = 0.0

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("rounds", self.rounds, 1, 10_000)
        for name in ("temptation", "mutual_reward", "punishment", "sucker"):
            check_range(name, getattr(self, name), -1e6, 1e6)
        if not self.temptation > self.mutual_reward > self.punishment > self.sucker:
            raise ArgumentError(f"temptation > mutual_reward > punishment > sucker must hold, not {self}")
        if not 2 * self.mutual_reward > self.temptation + self.sucker:
            raise ArgumentError(f"2 x mutual_reward > temptation + sucker must hold, not {self}")

    @property
    def max_turns(self) -> int:
        return self.rounds

    @property
    def return_range(self) -> tuple[float, float]:
        return (self.rounds * self.sucker, self.rounds * self.temptation)

    def deals(self) -> Distribution[PrisonersDilemmaState]:
        return ((PrisonersDilemmaState(), Fraction(1)),)

    def to_move(self, state: PrisonersDilemmaState) -> tuple[int, ...]:
        return () if state.played == self.rounds else (0, 1)

    def legal(self, state: PrisonersDilemmaState, player: int) -> tuple[Move, ...]:
        return ("cooperate", "defect")

    def apply(self, state: PrisonersDilemmaState, move: tuple[Move, Move]) -> PrisonersDilemmaState:
        return PrisonersDilemmaState(state.played + 1, move)

    def rewards(
        self, state: PrisonersDilemmaState, move: tuple[Move, Move], after: PrisonersDilemmaState
    ) -> tuple[float, ...]:
        first, second = move
        return (self._points(first, second), self._points(second, first))

    def _points(self, own: Move, other: Move) -> float:
        """Return what a player gets in a round for its own move and the other's."""
        if own == "cooperate":
            return float(self.mutual_reward if other == "cooperate" else self.sucker)
        return float(self.temptation if other == "cooperate" else self.punishment)

    def instructions(self, player: int) -> str:
        rounds = "1 round" if self.rounds == 1 else f"{self.rounds} rounds"
        return (
            f"You and another player play {rounds}. In each round you both choose at the same time: cooperate or "
            "defect. A round pays:\n"
            f"You both cooperate: {_worth(self.mutual_reward)} for each.\n"
            f"You both defect: {_worth(self.punishment)} for each.\n"
            f"You defect, the other cooperates: {_worth(self.temptation)} for you, {self.sucker:g} for the other.\n"
            f"You cooperate, the other defects: {_worth(self.sucker)} for you, {self.temptation:g} for the other.\n"
            "Your score is the sum of your points. Reply with one word, for example: cooperate"
        )

    def view(self, state: PrisonersDilemmaState, player: int) -> str:
        over = state.played == self.rounds
        now = "The game is over." if over else f"Round {state.played + 1} of {self.rounds}."
        if state.last is None:
            return now
        own, other = state.last[player], state.last[1 - player]
        points = f"{_worth(self._points(own, other))} for you, {self._points(other, own):g} for the other"
        return f"You {_PAST[own]}, the other player {_PAST[other]}: {points}. {now}"

    def say(self, state: PrisonersDilemmaState, move: Move) -> str:
        return move

    def read(self, state: PrisonersDilemmaState, player: int, text: str) -> Move | Refusal:
        move = last_phrase(text, _WORDS)
        return move or Refusal("I read no move in that. Reply with one word: cooperate or defect.")

    def expert(self, state: PrisonersDilemmaState, player: int) -> Distribution[Move]:
        """Tit for tat (A. Rapoport): cooperate at first, then do what the other did last."""
        return (("cooperate" if state.last is None else state.last[1 - player], Fraction(1)),)


def _worth(points: float) -> str:
    return f"{points:g} {'point' if points == 1 else 'points'}"


_PAST: dict[Move, str] = {"cooperate": "cooperated", "defect": "defected"}

_COOPERATE = ("cooperate", "cooperates", "cooperating", "cooperation", "co-operate", "work together", "stay silent")
_DEFECT = ("defect", "defects", "defecting", "defection", "betray", "confess")
_NOT = ("not", "don't", "don’t", "won't", "won’t", "never")

_WORDS: dict[str, Move] = {
    **dict.fromkeys(_COOPERATE, "cooperate"),
    **dict.fromkeys(_DEFECT, "defect"),
    **{f"{no} {word}": "cooperate" for no in _NOT for word in _DEFECT},
    **{f"{no} {word}": "defect" for no in _NOT for word in _COOPERATE},
}
