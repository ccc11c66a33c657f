"""The battle of the sexes, repeated: meet at the opera or at the match, round after round."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from textenvs.core.errors import ArgumentError
from textenvs.core.game import Distribution
from textenvs.games.repeated_matrix import Action, RepeatedMatrix, RepeatedMatrixState, pools_of, scripts_of

_ACTIONS = (
    Action("opera", "go to the opera", "goes to the opera", "went to the opera", ("go opera", "concert", "theatre")),
    Action("match", "go to the match", "goes to the match", "went to the match", ("go match", "football", "game")),
)


@dataclass(frozen=True)
class BattleOfSexes(RepeatedMatrix):
    """Round after round two players who want to meet, but prefer different places, choose at once where to go.

    Source:
        R. D. Luce and H. Raiffa, Games and Decisions (1957), section 5.3, whose payoffs these are but for `apart`
        (-1 there).
    Players and turns:
        Two players, who move simultaneously in every round.
    What the player sees:
        Where both went in the last round and what it paid them, and the number of the round.
    Replies:
        `opera` or `match`. In a longer reply the last of these words counts; "not opera" is match,
        "not match" is opera.
    Rewards:
        After each round. If both go to the same place, who prefers it gets `favourite` and the other one gets `second`:
        player 0 prefers the opera, player 1 the match. If they miss each other both get `apart`. Return in
        rounds x apart … rounds x favourite.
    End:
        All rounds are played.
    Parameters:
        rounds: rounds in an episode; both players know it.
        favourite: for meeting at one's favourite place.
        second: for meeting at the other place.
        apart: for missing each other. It must hold that favourite > second > apart.
    Size:
        One instance; 4 x rounds - 3 states for players; `rounds` turns.
    Known values:
        A round has two equilibria in pure actions, both at the opera (2 and 1) or both at the match (1 and 2), and a
        mixed one, one's favourite place with chance 2/3, which pays 2/3 each. Two experts take turns and get 15 each in
        ten rounds. Against the expert optimal, plan and myopic are 15, too; the default opponent is drawn from the
        pool `train`.
    Versions:
        v0: first release.
    """

    actions = _ACTIONS
    scripts = scripts_of(_ACTIONS)
    pools = pools_of(_ACTIONS)
    default_opponent = "pool:train"

    favourite: float = 2.0
    second: float = 1.0
    apart: float = 0.0

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        super().__post_init__()
        if not self.favourite > self.second > self.apart:
            raise ArgumentError(f"favourite > second > apart must hold, not {self}")

    def points(self, own: str, other: str, player: int) -> float:
        if own != other:
            return float(self.apart)
        return float(self.favourite if own == ("opera", "match")[player] else self.second)

    def expert(self, state: RepeatedMatrixState, player: int) -> Distribution[str]:
        """Take turns: the opera in the first round, the match in the second, and so on."""
        return ((("opera", "match")[state.played % 2], Fraction(1)),)
