"""Who is evaluated: what makes the policy of each cell of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from textenvs.core.errors import UnknownNameError
from textenvs.core.game import Game
from textenvs.core.strategies import strategy
from textenvs.envs.policy import Policy
from textenvs.evaluation.run_folder import Player
from textenvs.policies.errors import UnplayableError
from textenvs.policies.scripted import StrategyPolicy


class Source(Protocol):
    """Makes the policy of each cell; can be pickled where several processes are to play."""

    @property
    def player(self) -> Player:
        """Who is evaluated, as results say it."""

    def policy(self, game: Game[Any, Any], form: str) -> Policy:
        """Return who plays a game in a form: one object for all, or one for each.

        Raises:
            UnplayableError: if nobody can; the cell is skipped then.
        """


class Given(NamedTuple):
    """The source of a policy that was given as an object."""

    it: Policy

    @property
    def player(self) -> Player:
        """Its name; nothing tells how it was made."""
        return Player(self.it.name)

    def policy(self, game: Game[Any, Any], form: str) -> Policy:
        """Return the object."""
        return self.it


@dataclass(frozen=True)
class Strategy:
    """The source of a scripted strategy, by its name."""

    spec: str

    @property
    def player(self) -> Player:
        """The strategy."""
        return Player(self.spec, self.spec)

    def policy(self, game: Game[Any, Any], form: str) -> Policy:
        """Return the strategy; only random play writes plans."""
        if form != "turns" and (form, self.spec) != ("plan", "random"):
            raise UnplayableError(f"the strategy {self.spec} does not play in form {form!r}")
        return StrategyPolicy(self.spec)


def named(spec: str, settings: Mapping[str, Any] | None = None) -> Source:
    """Return the source of a policy that is named as on the command line.

    Raises:
        UnknownNameError: for a policy or a setting that does not exist.
    """
    strategy(spec)
    for setting in settings or ():
        raise UnknownNameError(f"setting of policy {spec}", setting, ())
    return Strategy(spec)
