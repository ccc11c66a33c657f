"""The dials: settings of an environment that leave the game's rules alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textenvs.core.errors import ArgumentError, check_choice, check_range
from textenvs.core.strategies import strategy
from textenvs.envs.judges import Judge, named_judge

FORMS = ("turns", "plan", "strategy", "reply")
FEEDBACK = ("full", "none", "shuffled")
REWARDS = ("native", "final", "shaped", "delayed:K")


@dataclass(frozen=True)
class Settings:
    """How a game is offered.

    Every dial but `form` leaves the optimal policy and its return unchanged, except that `feedback`
    other than `full` takes the observations away (a control).

    Attributes:
        form: `turns`: reply, see the outcome, reply again; `plan`: all moves in one reply, written from
            the opening view alone; `strategy`: rules from what is seen to a move in one reply, likewise; `reply`:
            one reply to a position reached by `behaviour`, scored by `judge`.
        reward: when rewards are paid. `native`: when earned; `final`: all at the end; `delayed:K`: each K
            replies late (those of all players count), the rest at the end; `shaped`: plus the change of the
            game's progress measure, with the opening and the end at potential 0, so that every return is
            unchanged (Ng, Harada & Russell 1999).
        feedback: `full`: true views; `none`: after the opening view only a neutral line; `shuffled`: views
            of an independent episode in which the same moves are made. With the latter two nothing seen
            after the opening view depends on the instance, so no policy beats the best plan. (In the `reply`
            form the replies of the behaviour, which sees the truth, still tell something.)
        memory: how many past exchanges an observation repeats, or `all`. What a player was not shown before,
            such as the play before the judged reply, is always shown.
        refusal_price: what each refused reply costs.
        max_refusals: refusals in a row of one player that forfeit the episode. The forfeiting player's
            return becomes the lowest that legal play can earn, minus the prices paid.
        max_reply_chars: longer replies are refused unread; the dialogue keeps this much of them; a plan
            may have as many for each turn.
        behaviour: the strategy that plays up to the judged reply in the `reply` form (see
            `textenvs.core.strategies`).
        judge: what scores the reply in the `reply` form: `immediate`, `lookahead:H`, `return`, or any
            `textenvs.envs.judges.Judge`.
    """

    form: Literal["turns", "plan", "strategy", "reply"] = "turns"
    reward: str = "native"
    feedback: Literal["full", "none", "shuffled"] = "full"
    memory: int | Literal["all"] = 0
    refusal_price: float = 0.1
    max_refusals: int = 3
    max_reply_chars: int = 100_000
    behaviour: str = "random"
    judge: str | Judge = "immediate"

    def __post_init__(self) -> None:
        """Check the values; raises `ArgumentError` or `UnknownNameError`."""
        check_choice("form", self.form, FORMS)
        check_choice("feedback", self.feedback, FEEDBACK)
        if not str(self.reward).startswith("delayed:"):
            check_choice("reward", self.reward, REWARDS)
        check_range("delay", self.delay, 0, 1_000_000)
        if isinstance(self.memory, str):
            check_choice("memory", self.memory, ("all",))
        else:
            check_range("memory", self.memory, 0, 1_000_000)
        check_range("refusal_price", self.refusal_price, 0.0, 1e9)
        check_range("max_refusals", self.max_refusals, 1, 1_000_000)
        check_range("max_reply_chars", self.max_reply_chars, 1, 100_000_000)
        strategy(self.behaviour)
        if not callable(self.judge):
            named_judge(self.judge)

    @property
    def delay(self) -> int:
        """The K of `delayed:K`, else 0; raises `ArgumentError` for a K that is no whole number."""
        kind, _, number = self.reward.partition(":")
        if kind != "delayed":
            return 0
        if not number.isdecimal():
            raise ArgumentError(f"reward='delayed:K' needs a whole number K from 0, not {number!r}")
        return int(number)
