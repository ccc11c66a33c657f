"""Why a reply is no legal move. Refusals are part of the game and never raise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RefusalKind = Literal["empty", "too_long", "malformed", "illegal"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer to a reply that is not a legal move.

    Attributes:
        text: one or two sentences to the player: what was wrong and what is accepted.
        kind: `malformed` when no action could be read from the reply, `illegal` when an action was
            read that the rules forbid now; `empty` and `too_long` are decided before the game reads.
    """

    text: str
    kind: RefusalKind = "malformed"


def illegal(text: str) -> Refusal:
    """Return the refusal of a well-formed action that the rules forbid now."""
    return Refusal(text, "illegal")
