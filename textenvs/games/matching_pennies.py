"""Matching pennies, repeated: show heads or tails, round after round."""

from __future__ import annotations

from dataclasses import dataclass

from textenvs.core.game import Distribution, uniform
from textenvs.games.repeated_matrix import Action, RepeatedMatrix, RepeatedMatrixState, pools_of, scripts_of

_ACTIONS = (
    Action("heads", "show heads", "shows heads", "showed heads", ("head", "showing heads")),
    Action("tails", "show tails", "shows tails", "showed tails", ("tail", "showing tails")),
)


@dataclass(frozen=True)
class MatchingPennies(RepeatedMatrix):
    """Round after round two players show heads or tails at once; player 0 wins if they are alike, player 1 if not.

    Source:
        Folklore; J. von Neumann and O. Morgenstern, Theory of Games and Economic Behavior (1944), section 14.7.
    Players and turns:
        Two players, who move simultaneously in every round.
    What the player sees:
        What both showed in the last round and what it paid them, and the number of the round.
    Replies:
        `heads` or `tails`. In a longer reply the last of these words counts; "not tails" is heads, "not heads" is
        tails.
    Rewards:
        After each round: 1 for the winner, -1 for the other one. Zero-sum; return in -rounds … rounds.
    End:
        All rounds are played.
    Parameters:
        rounds: rounds in an episode; both players know it.
    Size:
        One instance; 4 x rounds - 3 states for players; `rounds` turns.
    Known values:
        Between perfect players the game is worth 0, and the only equilibrium is to show either with chance 1/2 in every
        round, as the expert does. The default opponent is drawn from the pool `test`: it copies, or it keeps what won
        and changes what lost. Either one begins with heads and is then foreseen, once it is known which: optimal is 3
        of 4 at the easy level.
    Versions:
        v0: first release.
    """

    actions = _ACTIONS
    scripts = scripts_of(_ACTIONS)
    pools = pools_of(_ACTIONS)
    default_opponent = "pool:test"

    def points(self, own: str, other: str, player: int) -> float:
        alike = own == other
        return 1.0 if alike == (player == 0) else -1.0

    def expert(self, state: RepeatedMatrixState, player: int) -> Distribution[str]:
        """The equilibrium: nobody can gain against it, and it gains from nobody."""
        return uniform(("heads", "tails"))
