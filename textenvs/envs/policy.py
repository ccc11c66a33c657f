"""The protocol of everything that can act: asked for many replies at once, it answers in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from textenvs.core.dialogue import Dialogue
from textenvs.envs.episode import Episode
from textenvs.envs.streams import Stream


@dataclass(frozen=True)
class Request:
    """One reply asked of a policy.

    Attributes:
        slot: names the seat of one episode within the current batch, from 0, across its turns, so that
            a policy can keep a cache for it.
        episode: the episode. Policies that claim to play fair use `dialogue` and `legal` alone; scripted
            ones may look at the rules and the state.
        player: the seat that replies.
        random: the stream all random choices of this seat must come from, so that a result does not
            depend on which episodes share a batch.
    """

    slot: int
    episode: Episode
    player: int
    random: Stream

    @property
    def dialogue(self) -> Dialogue:
        """What was said so far, ending with the newest view."""
        return self.episode.dialogues[self.player]

    @property
    def legal(self) -> tuple[str, ...]:
        """The standard wordings of the moves that are legal now."""
        return self.episode.legal_replies(self.player)


@dataclass(frozen=True)
class Reply:
    """What a policy answers.

    Attributes:
        text: the raw reply.
        trace: what the policy wants to remember of how it came about (token ids, log-probabilities …).
    """

    text: str
    trace: Any = None


@runtime_checkable
class Policy(Protocol):
    """Whatever can act."""

    name: str

    def start(self, slots: int) -> None:
        """Forget all episodes: a batch of `slots` new seats begins."""

    def replies(self, requests: Sequence[Request]) -> Sequence[Reply]:
        """Return one reply for each request, in order; a slot occurs at most once among them."""
