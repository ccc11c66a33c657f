"""Reflexion: lessons from practice, in words, for the next attempt (Shinn et al. 2023, arXiv:2303.11366)."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from textenvs.core.dialogue import Dialogue, Message
from textenvs.core.errors import ArgumentError, EmptySplitError, check_range
from textenvs.core.instances import deals_in, digest
from textenvs.envs.episode import Episode
from textenvs.envs.forms import new_episode
from textenvs.envs.policy import Request, Usage
from textenvs.policies.agent import Direct, Harness, Mode, Thread
from textenvs.policies.chat import Answer, Call
from textenvs.policies.harnesses.workings import Workings

T = TypeVar("T")

LESSONS = "Lessons you wrote down after other games with these rules:\n{lessons}"
ASK_LESSON = (
    "This game is over. You scored {paid:g}; legal play scores from {low:g} to {high:g}. Next comes another game with "
    "the same rules; what was hidden or drawn may differ. Write one lesson for it, of one or two sentences: what "
    "should you do again, and what differently? Write nothing else."
)

DRAWS = 1_000
"""How many instances are drawn until one is not the evaluated one."""


@dataclass(frozen=True)
class Coached(Request):
    """A request that shows lessons below the rules."""

    lessons: tuple[str, ...] = ()

    @property
    def dialogue(self) -> Dialogue:
        rules, *rest = self.episode.dialogues[self.player]
        if not self.lessons:
            return (rules, *rest)
        listed = LESSONS.format(lessons="\n".join(f"- {lesson}" for lesson in self.lessons))
        return (Message(rules.role, f"{rules.text}\n\n{listed}"), *rest)


@dataclass
class Practised:
    """The memory of an episode.

    Attributes:
        actor: what the actor remembers.
        lessons: what practice has taught; None before it.
    """

    actor: Any
    lessons: tuple[str, ...] | None = None


class Reflexion:
    """Plays practice games on other instances, writes a lesson after each, then plays with the lessons.

    Shinn et al. repeat the very task that is evaluated. Here that instance is never practised, so scores can be held
    against the rulers; what can be learned is how to play the game. All practice takes place before the first reply of
    an episode, so no episode depends on another, and the first reply pays for it: environment steps are in
    `Usage.practice`, ids and calls in the other counts.

    Practice games have the same dials and form. They come from the split `train` or, if it has no other instance, from
    all. A game with a single instance keeps no secret in it and is practised with other draws of chance.

    Calls are those of the actor, in all games, and one for each lesson. Each practice game has conversations of its
    own, named `(slot, "practice K", …)`, with the actor's names at the end.
    """

    def __init__(
        self,
        mode: Mode = "free",
        max_tokens: int = 64,
        max_note_tokens: int = 128,
        trials: int = 2,
        actor: Harness[Any] | None = None,
    ) -> None:
        """Take how to ask.

        Args:
            mode: as for `Direct`.
            max_tokens: the most ids of a move, as for `Direct`.
            max_note_tokens: the most ids of a lesson, from 1.
            trials: practice games before each episode, from 1.
            actor: the harness that plays, with settings of its own; `Direct(mode, max_tokens)` if None.

        Raises:
            UnknownNameError: for an unknown mode.
            ArgumentError: for a number out of range.
        """
        check_range("max_note_tokens", max_note_tokens, 1, 1_000_000)
        check_range("trials", trials, 1, 1_000)
        direct = Direct(mode, max_tokens)
        self.actor: Harness[Any] = direct if actor is None else actor
        self.max_note_tokens = max_note_tokens
        self.trials = trials
        self.name = " + ".join(filter(None, ("reflexion", self.actor.name)))

    def begin(self) -> Practised:
        return Practised(self.actor.begin())

    def reply(self, request: Request, memory: Practised) -> Thread:
        workings = Workings()
        if memory.lessons is None:
            memory.lessons = yield from self._practise(request, workings)
        reply = yield from self.actor.reply(_coached(request, request.episode, memory.lessons), memory.actor)
        workings.usage += reply.usage
        workings.think(reply.thought)
        return replace(reply, thought=workings.thought, usage=workings.usage)

    def _practise(self, request: Request, workings: Workings) -> Generator[Call, Answer, tuple[str, ...]]:
        """Play the practice games and return the lessons."""
        lessons: tuple[str, ...] = ()
        for number in range(1, self.trials + 1):
            if episode := practice_episode(request):
                coached = _coached(request, episode, lessons)
                lesson = yield from _apart(self._lesson(coached, workings), request.slot, f"practice {number}")
                lessons = (*lessons, lesson) if lesson else lessons
        return lessons

    def _lesson(self, coached: Coached, workings: Workings) -> Generator[Call, Answer, str]:
        """Play a practice game and return the lesson from it, on one line."""
        paid = yield from self._played(coached, workings)
        answer = yield self._lesson_call(coached, paid)
        return " ".join(workings.note(answer, "lesson").split())

    def _played(self, coached: Coached, workings: Workings) -> Generator[Call, Answer, float]:
        """Play a practice game to its end and return what it paid."""
        memory, paid = self.actor.begin(), 0.0
        while not coached.episode.over:
            reply = yield from self.actor.reply(coached, memory)
            paid += coached.episode.reply(coached.player, reply.text).rewards[coached.player]
            workings.usage += reply.usage
        workings.usage += Usage(practice=coached.episode.steps)
        return paid

    def _lesson_call(self, coached: Coached, paid: float) -> Call:
        low, high = coached.episode.game.return_range
        *before, last = coached.dialogue
        question = f"{last.text}\n\n{ASK_LESSON.format(paid=paid, low=low, high=high)}"
        messages = (*before, Message("user", question))
        return Call((coached.slot, None), messages, coached.random, max_tokens=self.max_note_tokens)


def practice_episode(request: Request) -> Episode | None:
    """Return a new episode like that of `request` on another instance; None if none was found.

    Raises:
        ArgumentError: for a game of several players, since nobody would play the other seats.
    """
    real = request.episode
    if real.game.players > 1:
        raise ArgumentError(f"reflexion practises games for one player; play a seat of {real.game.name} (solo_game)")
    if not _has_others(real, "all"):
        return _drawn(request, "all")
    for split in ("train", "all"):
        for _ in range(DRAWS if _has_others(real, split) else 0):
            episode = _drawn(request, split)
            if episode is None:
                break
            if episode.instance != real.instance:
                return episode
    return None


def _has_others(real: Episode, split: str) -> bool:
    """Return whether a split can have an instance other than that of an episode."""
    try:
        deals = deals_in(real.game, split)
    except EmptySplitError:
        return False
    return deals is None or any(digest(real.game, state) != real.instance for state, _ in deals)


def _drawn(request: Request, split: str) -> Episode | None:
    """Return a new episode of a split with the rules and dials of a request; None if the split turns out empty."""
    real = request.episode
    try:
        return new_episode(real.game, real.settings, seed=request.random.below(1 << 63), split=split)
    except EmptySplitError:
        return None


def _apart(thread: Generator[Call, Answer, T], slot: int, game: str) -> Generator[Call, Answer, T]:
    """Go through a thread, with the conversations of its calls told apart from those of other games."""
    answer: Answer | None = None
    while True:
        try:
            call = next(thread) if answer is None else thread.send(answer)
        except StopIteration as end:
            found: T = end.value
            return found
        answer = yield replace(call, conversation=(slot, game, call.conversation))


def _coached(request: Request, episode: Episode, lessons: tuple[str, ...]) -> Coached:
    return Coached(request.slot, episode, request.player, request.random, lessons)
