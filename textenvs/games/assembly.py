"""Assemble a product stage by stage on a machine that may jam, or sell parts for a sure trifle."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Literal, NamedTuple

from textenvs.core.errors import check_range
from textenvs.core.game import Distribution, Game, Levels, Probability
from textenvs.core.reading import last_wanted
from textenvs.core.refusal import Refusal

Move = Literal["advance", "clear", "sell", "works", "fails"]


class AssemblyState(NamedTuple):
    """Where the product stands.

    Attributes:
        turn: moves made so far.
        stage: stages finished.
        jammed: whether the machine is jammed.
        trying: the move whose outcome chance decides next, else None.
        last: the last move and whether it worked, for the view.
    """

    turn: int = 0
    stage: int = 0
    jammed: bool = False
    trying: Move | None = None
    last: tuple[Move, bool] | None = None


@dataclass(frozen=True)
class Assembly(Game[AssemblyState, Move]):
    """Finish a product before time runs out, on a machine that jams, while parts sell for a sure trifle.

    Source:
        Written for textenvs: a chain of stages with slips, in the manner of the river-swim and
        combination-lock problems (Strehl & Littman 2008, doi:10.1016/j.jcss.2007.08.009; Kakade 2003).
    Players and turns:
        One player, one move a turn.
    What the player sees:
        Everything: the stage, whether the machine is jammed, and the turns left.
    Replies:
        `advance`, `clear` or `sell`. In a longer reply the last of these words counts.
    Rules:
        `advance` finishes a stage, or with probability `slip` jams the machine; on a jammed machine
        it achieves nothing. `clear` frees a jammed machine with probability `recovery`. `sell` sells
        a spare part; it changes nothing else.
    Rewards:
        1 for the finished product, `lure` for each part sold. Return in 0 … max(1 + lure x (horizon
        - length), lure x horizon).
    End:
        The product is finished or the turns are used up.
    Parameters:
        length: stages to finish.
        horizon: turns in an episode.
        slip: chance that advancing jams the machine.
        lure: what a spare part sells for.
        recovery: chance that clearing frees the machine; at 0 a jam is final.
    Size:
        One instance; fewer than 4 x (length + 1) x (horizon + 1) states for players; `horizon` turns.
    Known values:
        length=1, horizon=1, slip=0.3: optimal and plan 0.7. length=4, horizon=6, slip=0.1: the best
        plan clears once, blindly, and earns 0.9^4 x 1.1 = 0.72171 whatever the lure up to 0.02; without
        the lure optimal is 0.9^4 x (1 + 4 x 0.1) = 0.91854 (at most one jam, which costs two turns).
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"length": 2, "horizon": 4},
        "medium": {},
        "hard": {"length": 8, "horizon": 14, "slip": 0.2},
        "extreme": {"length": 40, "horizon": 80, "slip": 0.2, "lure": 0.005},
    }

    length: int = 4
    horizon: int = 6
    slip: float = 0.1
    lure: float = 0.02
    recovery: float = 1.0

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("length", self.length, 1, 1_000)
        check_range("horizon", self.horizon, 1, 10_000)
        check_range("slip", self.slip, 0.0, 1.0)
        check_range("lure", self.lure, 0.0, 1.0)
        check_range("recovery", self.recovery, 0.0, 1.0)

    @property
    def max_turns(self) -> int:
        return self.horizon

    @property
    def return_range(self) -> tuple[float, float]:
        spare = self.horizon - self.length
        finished = 1.0 + self.lure * spare if spare >= 0 else 0.0
        return (0.0, max(finished, self.lure * self.horizon))

    def deals(self) -> Distribution[AssemblyState]:
        return ((AssemblyState(), Fraction(1)),)

    def to_move(self, state: AssemblyState) -> tuple[int, ...]:
        over = state.stage == self.length or state.turn == self.horizon
        return () if over or state.trying else (0,)

    def legal(self, state: AssemblyState, player: int) -> tuple[Move, ...]:
        return ("advance", "clear", "sell")

    def chance(self, state: AssemblyState) -> Distribution[Move]:
        if state.trying is None:
            return ()
        works: Probability = self.recovery if state.trying == "clear" else 1.0 - self.slip
        outcomes: Distribution[Move] = (("works", works), ("fails", 1.0 - works))
        return tuple((outcome, p) for outcome, p in outcomes if p > 0)

    def apply(self, state: AssemblyState, move: Move) -> AssemblyState:
        if state.trying:
            return self._outcome(state, state.trying, move == "works")
        uncertain = (move == "advance" and not state.jammed) or (move == "clear" and state.jammed)
        if uncertain:
            return state._replace(turn=state.turn + 1, trying=move, last=None)
        return state._replace(turn=state.turn + 1, last=(move, move == "sell"))

    def _outcome(self, state: AssemblyState, trying: Move, works: bool) -> AssemblyState:
        after = state._replace(trying=None, last=(trying, works))
        if trying == "clear":
            return after._replace(jammed=not works)
        return after._replace(stage=state.stage + 1) if works else after._replace(jammed=True)

    def rewards(self, state: AssemblyState, move: Move, after: AssemblyState) -> tuple[float, ...]:
        finished = after.stage == self.length and state.stage < self.length
        return (1.0 if finished else self.lure if move == "sell" else 0.0,)

    def instructions(self, player: int) -> str:
        jam = f" With probability {self.slip:g} it jams the machine instead." if self.slip else ""
        clearing = "" if self.recovery == 1 else f" with probability {self.recovery:g}"
        return (
            f"You run a machine that builds a product in {self.length} stage{'s' * (self.length > 1)}. "
            f"You have {self.horizon} turn{'s' * (self.horizon > 1)}. Each turn, reply with one word:\n"
            f"advance - finishes the next stage.{jam} On a jammed machine it does nothing.\n"
            f"clear - frees a jammed machine{clearing}.\n"
            f"sell - sells a spare part for {self.lure:g} points; it changes nothing else.\n"
            "The finished product pays 1 point and ends the game. For example, reply: advance"
        )

    def view(self, state: AssemblyState, player: int) -> str:
        told = _TOLD[state.last] if state.last else ""
        if state.stage == self.length:
            return f"{told} The product is finished."
        machine = "jammed" if state.jammed else "ready"
        stage = f"Stage {state.stage} of {self.length} done, machine {machine}."
        left = self.horizon - state.turn
        turns = f"{left} turn{'s' * (left > 1)} left." if left else "No turns left."
        return f"{told} {stage} {turns}".lstrip()

    def say(self, state: AssemblyState, move: Move) -> str:
        return move

    def read(self, state: AssemblyState, player: int, text: str) -> Move | Refusal:
        move = last_wanted(text, _WORDS)
        return move or Refusal("I read no move in that. Reply with one word: advance, clear or sell.")

    def progress(self, state: AssemblyState) -> float:
        """The share of stages finished."""
        return state.stage / self.length

    def expert(self, state: AssemblyState, player: int) -> Distribution[Move]:
        """Builds on, clears jams, and sells once the product cannot be finished in time."""
        needed = self.length - state.stage + state.jammed
        late = needed > self.horizon - state.turn
        move: Move = "sell" if late else "clear" if state.jammed else "advance"
        return ((move, Fraction(1)),)


_WORDS: dict[str, Move] = {
    "advance": "advance", "build": "advance", "go on": "advance", "continue": "advance",
    "clear": "clear", "unjam": "clear", "free the machine": "clear", "fix": "clear",
    "sell": "sell", "sell a part": "sell", "sell part": "sell", "sell a spare part": "sell",
}  # fmt: skip

_TOLD: dict[tuple[Move, bool], str] = {
    ("advance", True): "The stage is finished.",
    ("advance", False): "The machine did not advance.",
    ("clear", True): "The jam is cleared.",
    ("clear", False): "Clearing achieved nothing.",
    ("sell", True): "A part is sold.",
}
