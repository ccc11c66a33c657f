"""Who is evaluated: what makes the policy of each cell of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from textenvs.core.game import Game
from textenvs.envs.policy import Policy
from textenvs.envs.settings import Settings


class Source(Protocol):
    """Makes who plays each game, as `textenvs.policies.named.NamedPolicy` does.

    It can be pickled where several processes are to play.
    """

    @property
    def name(self) -> str:
        """What results call it."""

    @property
    def spec(self) -> str | None:
        """What names it on the command line; None for a policy that was given as an object."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """What it was made with; never a secret, since it is stored with the results."""

    def policy_for(self, game: Game[Any, Any], settings: Settings, split: str = "all") -> Policy:
        """Return who plays a game: one object for all games, or one for each.

        Args:
            game: a game for one player, or one seat of another.
            settings: how it is offered.
            split: where instances come from.

        Raises:
            UnplayableError: if nobody can; the cell is skipped then.
        """


class Given:
    """The source of a policy that was given as an object: it plays everything."""

    spec = None

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.name = policy.name
        self.settings: Mapping[str, Any] = {}

    def policy_for(self, game: Game[Any, Any], settings: Settings, split: str = "all") -> Policy:
        return self.policy
