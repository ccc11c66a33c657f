"""The protocol of everything that can act: asked for many replies at once, it answers in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Protocol, runtime_checkable

from textenvs.core.dialogue import Dialogue
from textenvs.envs.episode import Episode
from textenvs.envs.streams import Stream
from textenvs.envs.wordings import usual_wordings


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

    @property
    def choices(self) -> tuple[str, ...]:
        """The wordings that a reply can be chosen from: the legal ones.

        For a plan those also that are usual later in the game (`textenvs.envs.wordings`), or plans of games whose
        legal moves change could not be chosen.
        """
        if self.episode.settings.form != "plan":
            return self.legal
        return tuple(dict.fromkeys((*self.legal, *usual_wordings(self.episode.game))))


@dataclass(frozen=True)
class Usage:
    """What replies cost a language model; usages add up.

    Attributes:
        prompt: ids of everything the model was asked with, over all calls, `cached` included.
        cached: of those, ids that had been read before, so that no work was done for them.
        sampled: ids that were written, thoughts included.
        thought: of those, ids of thoughts.
        calls: how often a model was asked.
        practice: environment steps taken besides the episode's own, as by a policy that tries things out first.
    """

    prompt: int = 0
    cached: int = 0
    sampled: int = 0
    thought: int = 0
    calls: int = 0
    practice: int = 0

    @property
    def processed(self) -> int:
        """Ids that the model really read or wrote: what a comparison at equal cost counts."""
        return self.prompt - self.cached + self.sampled

    def __add__(self, other: Usage) -> Usage:
        return Usage(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


NO_USAGE = Usage()


@dataclass(frozen=True)
class Reply:
    """What a policy answers.

    Attributes:
        text: the raw reply, all that the game gets to read.
        trace: what the policy wants to remember of how it came about (token ids, log-probabilities …).
        thought: what was thought on the way, for those who read transcripts; the game never sees it.
        usage: what the reply cost.
    """

    text: str
    trace: Any = None
    thought: str = ""
    usage: Usage = NO_USAGE


@runtime_checkable
class Policy(Protocol):
    """Whatever can act."""

    name: str

    def start(self, slots: int) -> None:
        """Forget all episodes: a batch of `slots` new seats begins."""

    def replies(self, requests: Sequence[Request]) -> Sequence[Reply]:
        """Return one reply for each request, in order; a slot occurs at most once among them."""


@runtime_checkable
class ContinuousPolicy(Policy, Protocol):
    """A policy that answers each request as soon as it can, so that no episode waits for the slowest of a batch.

    Its slots may be any numbers, and new ones may appear at any time after `start`.
    """

    def submit(self, request: Request) -> None:
        """Take a request; a slot has at most one that is not answered."""

    def advance(self) -> Sequence[tuple[Request, Reply]]:
        """Work until at least one request is answered, and return those that are; nothing if there is none."""

    def release(self, slot: int) -> None:
        """Forget the episode of a slot, which is over."""
