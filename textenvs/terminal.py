"""A person in the terminal, in any form: plays a game, or is a policy that others evaluate."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from textenvs.core.dialogue import transcript
from textenvs.envs.episode import Episode
from textenvs.envs.policy import Reply, Request

COMMANDS = (
    "/legal shows the legal replies, /hint the expert's move, /history the play so far, /undo takes a turn back, "
    "/quit ends."
)

_COLOURS = {"dim": 2, "red": 31, "green": 32, "blue": 34}


def play_in_terminal(episode: Episode) -> Episode:
    """Play `episode` with what a person types, until it is over or the person stops; return it."""
    print(f"{_coloured(COMMANDS, 'dim')}\n\n{episode.observation(0)}")
    past: list[Episode] = []
    while not episode.over:
        text = _ask(several_lines=episode.settings.form in ("plan", "strategy"))
        if text is None or text == "/quit":
            print("Stopped.")
            return episode
        episode = _obeyed(episode, text, past) if text.startswith("/") else _replied(episode, text, past)
    print(f"\n{_coloured(f'Score: {episode.scores[0]:g}', 'blue')}")
    return episode


class Person:
    """A person as a policy, who plays one episode after the other; satisfies `ContinuousPolicy`."""

    def __init__(self, name: str = "human") -> None:
        """Take what results call the person."""
        self.name = name
        self.start(0)

    def start(self, slots: int) -> None:
        self._waiting: list[Request] = []
        self._playing: Request | None = None

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        """See `Policy.replies`; raises `KeyboardInterrupt` if the person stops."""
        return [self._reply(request) for request in requests]

    def submit(self, request: Request) -> None:
        self._waiting.append(request)

    def advance(self) -> list[tuple[Request, Reply]]:
        """See `ContinuousPolicy.advance`; raises `KeyboardInterrupt` if the person stops."""
        if not self._waiting:
            return []
        request = self._playing if self._playing in self._waiting else self._waiting[0]
        assert request is not None
        self._waiting.remove(request)
        self._playing = request
        return [(request, self._reply(request))]

    def release(self, slot: int) -> None:
        if self._playing is not None and self._playing.slot == slot:
            episode = self._playing.episode
            print(f"{_newest(episode)}\n\n{_coloured(f'Score: {episode.scores[0]:g}', 'blue')}\n")
            self._playing = None

    def _reply(self, request: Request) -> Reply:
        is_opening = not any(message.role == "assistant" for message in request.dialogue)
        print(transcript(request.dialogue) if is_opening else request.dialogue[-1].text)
        text = _ask(several_lines=request.episode.settings.form in ("plan", "strategy"))
        if text is None or text == "/quit":
            raise KeyboardInterrupt
        return Reply(text)


def _ask(*, several_lines: bool) -> str | None:
    """Return what the person types, None at the end of input; an empty line ends several lines."""
    lines: list[str] = []
    try:
        while True:
            line = input("> ")
            if not several_lines or (line.startswith("/") and not lines):
                return line
            if not line:
                return "\n".join(lines)
            lines.append(line)
    except EOFError:
        return "\n".join(lines) if lines else None


def _replied(episode: Episode, text: str, past: list[Episode]) -> Episode:
    past.append(episode.copy())
    outcome = episode.reply(0, text)
    reward = outcome.rewards[0]
    paid = _coloured(f"  [{reward:+g}]", "green" if reward > 0 else "red") if reward else ""
    print(f"{_coloured(_newest(episode), 'red') if outcome.refusal else _newest(episode)}{paid}")
    return episode


def _obeyed(episode: Episode, command: str, past: list[Episode]) -> Episode:
    """Return the episode after a command of the person."""
    if command == "/undo" and past:
        episode = past.pop()
        print(_newest(episode))
    elif command == "/undo":
        print("There is nothing to take back.")
    elif command == "/legal":
        print(", ".join(episode.legal_replies(0)))
    elif command == "/history":
        print(_coloured(episode.transcript(0), "dim"))
    else:
        print(_hint(episode) if command == "/hint" else COMMANDS)
    return episode


def _hint(episode: Episode) -> str:
    moves = episode.game.expert(episode.state, 0)
    if moves is None:
        return "This game has no scripted expert."
    return " or ".join(episode.game.say(episode.state, move) for move, _ in moves)


def _newest(episode: Episode) -> str:
    return episode.dialogues[0][-1].text


def _coloured(text: str, colour: str) -> str:
    """Return `text` in a colour where standard output is a terminal that wants some (https://no-color.org)."""
    wanted = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if wanted else text
