"""A person as a policy: asked in the terminal, one reply at a time."""

from __future__ import annotations

from collections.abc import Sequence

from textenvs.envs.policy import Reply, Request


class HumanPolicy:
    """Prints what is new in a dialogue and takes what a person types.

    One-shot replies have several lines and end with an empty one. At the end of the input all further replies are
    empty, so that the game comes to its end.
    """

    name = "human"

    def __init__(self) -> None:
        """Nothing has been shown yet."""
        self._shown: dict[int, int] = {}

    def start(self, slots: int) -> None:
        self._shown.clear()

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        return [self._asked(request) for request in requests]

    def _asked(self, request: Request) -> Reply:
        dialogue = request.dialogue
        for message in dialogue[self._shown.get(request.slot, 0) :]:
            if message.role != "assistant":
                print(f"\n{message.text}")
        self._shown[request.slot] = len(dialogue)
        return Reply(typed(several_lines=request.episode.settings.form in ("plan", "strategy")))


def typed(*, several_lines: bool) -> str:
    """Return a line that a person types, or all lines up to an empty one."""
    lines: list[str] = []
    try:
        while line := input("> "):
            lines.append(line)
            if not several_lines:
                break
    except EOFError:
        pass
    return "\n".join(lines)
