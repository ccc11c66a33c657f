"""Chicken, repeated: swerve or go straight, round after round."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from textenvs.core.errors import ArgumentError
from textenvs.core.game import Distribution
from textenvs.games.repeated_matrix import Action, RepeatedMatrix, RepeatedMatrixState, pools_of, scripts_of

_ACTIONS = (
    Action("swerve", "swerve", "swerves", "swerved", ("swerving", "turn aside", "yield", "give way")),
    Action("straight", "go straight", "goes straight", "went straight", ("going straight", "drive on", "keep going")),
)


@dataclass(frozen=True)
class Chicken(RepeatedMatrix):
    """Round after round two drivers race at each other and choose at once to swerve or to go straight.

    Source:
        A. Rapoport and A. M. Chammah, The Game of Chicken, American Behavioral Scientist 10 (1966), 10-28,
        doi:10.1177/000276426601000303; as hawk and dove J. Maynard Smith and G. R. Price, Nature 246 (1973).
    Players and turns:
        Two players, who move simultaneously in every round.
    What the player sees:
        What both did in the last round and what it paid them, and the number of the round.
    Replies:
        `swerve` or `straight`. In a longer reply the last of these words counts; "not straight" is swerve, "not
        swerve" is straight.
    Rewards:
        After each round. Both get `tie` if both swerve and `crash` if neither does; who goes straight past one who
        swerves gets `win`, and that one gets `lose`. Return in rounds x crash … rounds x win.
    End:
        All rounds are played.
    Parameters:
        rounds: rounds in an episode; both players know it.
        win: for going straight while the other swerves.
        tie: for both if both swerve.
        lose: for swerving while the other goes straight.
        crash: for both if both go straight. It must hold that win > tie > lose > crash.
    Size:
        One instance; 4 x rounds - 3 states for players; `rounds` turns.
    Known values:
        A round has two equilibria in pure actions, in which one swerves and the other does not, and a mixed one:
        straight with chance (win - tie) / (win - tie + lose - crash) = 1/10, which pays -1/10. The expert plays it in
        every round, so against it every action pays -1/10 on average, whatever was done before. Against the default
        opponent (`script:tit_for_tat`) optimal and plan are 1: swerve but for the last round.
    Versions:
        v0: first release.
    """

    actions = _ACTIONS
    scripts = scripts_of(_ACTIONS)
    pools = pools_of(_ACTIONS)
    default_opponent = "script:tit_for_tat"

    win: float = 1.0
    tie: float = 0.0
    lose: float = -1.0
    crash: float = -10.0

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        super().__post_init__()
        if not self.win > self.tie > self.lose > self.crash:
            raise ArgumentError(f"win > tie > lose > crash must hold, not {self}")

    def points(self, own: str, other: str, player: int) -> float:
        if own == "swerve":
            return float(self.tie if other == "swerve" else self.lose)
        return float(self.win if other == "swerve" else self.crash)

    def expert(self, state: RepeatedMatrixState, player: int) -> Distribution[str]:
        """The mixed equilibrium of a round: nobody can gain against it."""
        bold = Fraction(self.win) - Fraction(self.tie)
        straight = bold / (bold + Fraction(self.lose) - Fraction(self.crash))
        return (("swerve", 1 - straight), ("straight", straight))
