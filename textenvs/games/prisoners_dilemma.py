"""The repeated prisoner's dilemma: cooperate or defect, round after round."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from textenvs.core.errors import ArgumentError
from textenvs.core.game import Distribution
from textenvs.games.repeated_matrix import Action, RepeatedMatrix, RepeatedMatrixState, pools_of, scripts_of

_ACTIONS = (
    Action(
        "cooperate", "cooperate", "cooperates", "cooperated",
        ("cooperating", "cooperation", "co-operate", "work together", "stay silent"),
    ),
    Action("defect", "defect", "defects", "defected", ("defecting", "defection", "betray", "confess")),
)  # fmt: skip


@dataclass(frozen=True)
class PrisonersDilemma(RepeatedMatrix):
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

    actions = _ACTIONS
    scripts = scripts_of(_ACTIONS)
    pools = pools_of(_ACTIONS)
    default_opponent = "expert"

    temptation: float = 5.0
    mutual_reward: float = 3.0
    punishment: float = 1.0
    sucker: float = 0.0

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        super().__post_init__()
        if not self.temptation > self.mutual_reward > self.punishment > self.sucker:
            raise ArgumentError(f"temptation > mutual_reward > punishment > sucker must hold, not {self}")
        if not 2 * self.mutual_reward > self.temptation + self.sucker:
            raise ArgumentError(f"2 x mutual_reward > temptation + sucker must hold, not {self}")

    def points(self, own: str, other: str, player: int) -> float:
        if own == "cooperate":
            return float(self.mutual_reward if other == "cooperate" else self.sucker)
        return float(self.temptation if other == "cooperate" else self.punishment)

    def expert(self, state: RepeatedMatrixState, player: int) -> Distribution[str]:
        """Tit for tat (A. Rapoport): cooperate at first, then do what the other did last."""
        return (("cooperate" if state.last is None else state.last[1 - player], Fraction(1)),)
