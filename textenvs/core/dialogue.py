"""Who said what: the one place where the texts of an episode become a dialogue.

Every form, policy and viewer shows a player the same words because they all come from here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

Role = Literal["system", "user", "assistant"]


class Message(NamedTuple):
    """One message of a player's dialogue.

    Attributes:
        role: `system` for the instructions, `user` for what the game shows, `assistant` for replies.
        text: the words, printable (see `printable`).
    """

    role: Role
    text: str


Dialogue = tuple[Message, ...]


def refusal_answer(refusal: str, price: float, view: str) -> str:
    """Return what a player is shown after a refused reply: why, what it cost, and the situation again."""
    cost = f" That costs {_points(price)};" if price else ""
    return f"{refusal}{cost}{' the' if cost else ' The'} game is as before:\n{view}"


def refusal_rule(price: float, most: int) -> str:
    """Return how the instructions tell what refused replies cost."""
    cost = f"costs {_points(price)}" if price else "is refused"
    return f"A reply that is no legal move {cost}; {most} in a row lose the game."


def example_reply(instructions: str) -> str | None:
    """Return the example that a game's instructions end with, as in `for example: guess 4`; None if there is none."""
    found = re.search(r"example[^:\n]*: (?P<reply>[^\n]+)$", instructions)
    return found["reply"] if found else None


def recent(dialogue: Dialogue, turns: int | None) -> Dialogue:
    """Return the instructions, the last `turns` exchanges and the newest view; None keeps all."""
    if turns is None:
        return dialogue
    return (dialogue[0], *dialogue[1:][-(2 * turns + 1) :])


def transcript(dialogue: Sequence[Message]) -> str:
    """Return a dialogue as one text: messages apart by an empty line, replies behind `> `."""
    return "\n\n".join(_quoted(text) if role == "assistant" else text for role, text in dialogue)


def as_chat(dialogue: Sequence[Message]) -> list[dict[str, str]]:
    """Return the dialogue as chat messages with the keys `role` and `content`."""
    return [{"role": role, "content": text} for role, text in dialogue]


def printable(text: str) -> str:
    """Return `text` with every unprintable character but line feed and tab replaced by U+FFFD."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text)


def _points(number: float) -> str:
    return f"{number:g} point{'s' * (number != 1)}"


def _quoted(reply: str) -> str:
    return "\n".join(f"> {line}" for line in reply.split("\n"))
