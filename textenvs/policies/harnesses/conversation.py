"""A conversation that a harness holds with a model beside the game's own dialogue."""

from __future__ import annotations

from collections.abc import Hashable

from textenvs.core.dialogue import Dialogue, Message, printable, transcript


class Conversation:
    """What one role has been told and has answered during an episode.

    Messages are only ever added, so a model that keeps what it has read reads every message once.

    Attributes:
        role: whose conversation of the seat this is.
        plays: whether the role's newest answer is the reply that the game gets. If not, it is told of the replies:
            they stand behind `> ` in front of the views that they brought.
        messages: the conversation so far.
    """

    def __init__(self, role: Hashable = None, *, plays: bool = True) -> None:
        """Begin with nothing heard."""
        self.role = role
        self.plays = plays
        self.messages: Dialogue = ()
        self._heard = 0

    def hear(self, dialogue: Dialogue, duty: str, question: str = "") -> None:
        """Add what the game has said since the last time.

        Args:
            dialogue: all that the game has said and was replied so far; ends with the newest view.
            duty: what the role is told below the rules of the game, the first time.
            question: what it is asked below the newest view.
        """
        new = dialogue[self._heard :]
        self._heard = len(dialogue)
        if not self.messages:
            self.messages = (Message("system", f"{new[0].text}\n\n{duty}"),)
            new = new[1:]
        elif self.plays:
            new = new[1:]  # its reply is here already, as it wrote it
        if self.plays:
            self.messages += new[:-1]
            new = new[-1:]
        self.ask("\n\n".join(filter(None, (transcript(new), question))))

    def ask(self, text: str) -> None:
        """Add a message of the user."""
        self.messages = (*self.messages, Message("user", text))

    def answer(self, text: str) -> None:
        """Add an answer of the model."""
        self.messages = (*self.messages, Message("assistant", printable(text)))
