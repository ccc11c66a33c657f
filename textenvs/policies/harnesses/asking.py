"""How harnesses ask that want notes as well as moves."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from textenvs.core.dialogue import Message
from textenvs.core.errors import check_choice, check_range
from textenvs.envs.policy import Request
from textenvs.policies.agent import MODES, Mode, move_call
from textenvs.policies.chat import Call


class Asking:
    """Makes the two kinds of calls: for a reply to the game, and for a note, which only the harness reads."""

    def __init__(self, mode: Mode = "free", max_tokens: int = 64, max_note_tokens: int = 128) -> None:
        """Take how to ask.

        Args:
            mode: as for `Direct`.
            max_tokens: the most ids of a move, as for `Direct`.
            max_note_tokens: the most ids of a note, from 1.

        Raises:
            UnknownNameError: for an unknown mode.
            ArgumentError: for a number out of range.
        """
        check_choice("mode", mode, MODES)
        check_range("max_tokens", max_tokens, 1, 1_000_000)
        check_range("max_note_tokens", max_note_tokens, 1, 1_000_000)
        self.mode = mode
        self.max_tokens = max_tokens
        self.max_note_tokens = max_note_tokens

    def move(self, request: Request, messages: Sequence[Message], role: Hashable = None) -> Call:
        """Return the call that asks for the reply to the game."""
        return move_call(request, messages, choose=self.mode == "choose", max_tokens=self.max_tokens, role=role)

    def note(self, request: Request, messages: Sequence[Message], role: Hashable = None) -> Call:
        """Return the call that asks for a note."""
        return Call((request.slot, role), messages, request.random, max_tokens=self.max_note_tokens)
