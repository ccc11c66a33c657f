"""A person plays a game in the terminal, in any form."""

from __future__ import annotations

import os
import sys

from textenvs.envs.episode import Episode

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
