"""Who is evaluated: what makes the policy of each cell of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from textenvs.core.game import Game
from textenvs.envs.policy import Policy
from textenvs.evaluation.run_folder import Player
from textenvs.policies.named import NamedPolicy, named_policy


class Source(Protocol):
    """Makes the policy of each cell; can be pickled where several processes are to play."""

    @property
    def player(self) -> Player:
        """Who is evaluated, as results say it."""

    def policy(self, game: Game[Any, Any], form: str, split: str) -> Policy:
        """Return who plays a game in a form on instances of a split: one object for all, or one for each.

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

    def policy(self, game: Game[Any, Any], form: str, split: str) -> Policy:
        """Return the object."""
        return self.it


@dataclass(frozen=True)
class Named:
    """The source of a policy that is named as on the command line (`textenvs.policies.named`)."""

    spec: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def it(self) -> NamedPolicy:
        """What the name stands for."""
        return named_policy(self.spec, self.settings)

    @property
    def player(self) -> Player:
        """The name that results use, and how the policy was made."""
        return Player(self.it.name, self.spec, dict(self.settings))

    def policy(self, game: Game[Any, Any], form: str, split: str) -> Policy:
        """Return who plays."""
        return self.it.policy(game, form, split)

    def __getstate__(self) -> dict[str, Any]:
        return {"spec": self.spec, "settings": dict(self.settings)}  # another process makes the policy anew


def named(spec: str, settings: Mapping[str, Any] | None = None) -> Named:
    """Return the source of a named policy; raises as `named_policy` does."""
    source = Named(spec, dict(settings or {}))
    _ = source.player
    return source
