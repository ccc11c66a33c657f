"""The repeated stag hunt: hunt the stag together or a hare alone, round after round."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from textenvs.core.errors import ArgumentError
from textenvs.core.game import Distribution
from textenvs.games.repeated_matrix import Action, RepeatedMatrix, RepeatedMatrixState, pools_of, scripts_of

_ACTIONS = (
    Action("stag", "hunt the stag", "hunts the stag", "hunted the stag", ("hunt stag", "hunting the stag", "deer")),
    Action("hare", "hunt a hare", "hunts a hare", "hunted a hare", ("hunt hare", "hunting a hare", "rabbit")),
)


@dataclass(frozen=True)
class StagHunt(RepeatedMatrix):
    """Round after round two players choose at once to hunt a stag, which takes both, or a hare, which takes one.

    Source:
        J.-J. Rousseau, Discours sur l'inégalité (1755); B. Skyrms, The Stag Hunt and the Evolution of Social
        Structure (2004), whose payoffs these are.
    Players and turns:
        Two players, who move simultaneously in every round.
    What the player sees:
        What both did in the last round and what it paid them, and the number of the round.
    Replies:
        `stag` or `hare`. In a longer reply the last of these words counts; "not hare" is stag, "not stag" is hare.
    Rewards:
        After each round. Both get `stag` if both hunt it; who hunts a hare gets `hare` whatever the other does; who
        hunts the stag alone gets `alone`. Return in rounds x alone … rounds x stag.
    End:
        All rounds are played.
    Parameters:
        rounds: rounds in an episode; both players know it.
        stag: for hunting the stag together.
        hare: for hunting a hare.
        alone: for hunting the stag alone. It must hold that stag > hare > alone.
    Size:
        One instance; 4 x rounds - 3 states for players; `rounds` turns.
    Known values:
        A round has two equilibria in pure actions, both stag (4 each, the best for both) and both hare (3 each, the
        safer one: it is best if the other hunts the stag with a chance below 3/4), and a mixed one, stag with chance
        3/4. Two experts get 40 each in ten rounds. Against the expert optimal, plan and myopic are 4 a round; the
        default opponent is drawn from the pool `train`.
    Versions:
        v0: first release.
    """

    actions = _ACTIONS
    scripts = scripts_of(_ACTIONS)
    pools = pools_of(_ACTIONS)
    default_opponent = "pool:train"

    stag: float = 4.0
    hare: float = 3.0
    alone: float = 0.0

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        super().__post_init__()
        if not self.stag > self.hare > self.alone:
            raise ArgumentError(f"stag > hare > alone must hold, not {self}")

    def points(self, own: str, other: str, player: int) -> float:
        if own == "hare":
            return float(self.hare)
        return float(self.stag if other == "stag" else self.alone)

    def expert(self, state: RepeatedMatrixState, player: int) -> Distribution[str]:
        """Trust at first, then do what the other did last: with itself it hunts the stag for ever."""
        return (("stag" if state.last is None else state.last[1 - player], Fraction(1)),)
