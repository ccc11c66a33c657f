"""Who is evaluated: what makes the policy of each cell of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from textenvs.core.errors import UnknownNameError
from textenvs.core.game import Game
from textenvs.core.strategies import strategy
from textenvs.envs.policy import Policy
from textenvs.envs.settings import Settings
from textenvs.policies.errors import UnplayableError
from textenvs.policies.scripted import StrategyPolicy


class Source(Protocol):
    """Makes who plays each game; can be pickled where several processes are to play."""

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


@dataclass(frozen=True)
class Strategy:
    """The source of a scripted strategy, by its name."""

    spec: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.spec

    def policy_for(self, game: Game[Any, Any], settings: Settings, split: str = "all") -> Policy:
        if settings.form != "turns" and (settings.form, self.spec) != ("plan", "random"):
            raise UnplayableError(f"the strategy {self.spec} does not play in form {settings.form!r}")
        return StrategyPolicy(self.spec)


def named_policy(spec: str, settings: Mapping[str, Any] | None = None) -> Source:
    """Return the source of a policy that is named as on the command line.

    Raises:
        UnknownNameError: for a policy or a setting that does not exist.
    """
    strategy(spec)
    for setting in settings or ():
        raise UnknownNameError(f"setting of policy {spec}", setting, ())
    return Strategy(spec)
