"""A person plays a game in the terminal, in any form."""

from __future__ import annotations

from textenvs.envs.episode import Episode

COMMANDS = "/legal shows the legal replies, /hint the expert's move, /undo takes a turn back, /quit ends."


def play_in_terminal(episode: Episode) -> Episode:
    """Play `episode` with what a person types, until it is over or the person stops; return it."""
    print(f"{COMMANDS}\n\n{episode.observation(0)}")
    past: list[Episode] = []
    while not episode.over:
        text = _ask(several_lines=episode.settings.form == "plan")
        if text is None or text == "/quit":
            print("Stopped.")
            return episode
        episode = _obeyed(episode, text, past) if text.startswith("/") else _replied(episode, text, past)
    print(f"\nScore: {episode.scores[0]:g}")
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
    paid = f"  [{outcome.rewards[0]:+g}]" if outcome.rewards[0] else ""
    print(f"{_newest(episode)}{paid}")
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
