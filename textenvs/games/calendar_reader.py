"""Reading the calls of Calendar out of what a player wrote."""

from __future__ import annotations

import re
from typing import Literal

Verb = Literal["free", "book", "cancel", "done"]

PEOPLE = (
    "Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gus", "Hana", "Ivan", "June", "Kai", "Lena", "Milo", "Nora", "Omar",
    "Pia",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
WEEK = (*DAYS, "Saturday", "Sunday")

_GAP = r"[\s,:*`\"'()-]{1,4}"
_WHO = f"(?P<who>{'|'.join(PEOPLE)})"
_WHICH = r"(?:meeting )?m ?(?P<which>\d{1,2})"
_DAY = f"(?:{'|'.join(each[:3] for each in WEEK)})[a-z]{{0,6}}"
_NOT = r"(?<!not )(?<!n't )(?<!never )"
_LOOKING = "free|check|show|query|see|view|ask|get|availability|calendar|schedule|slots|when is"
_WORDINGS: tuple[tuple[Verb, str], ...] = (
    ("free", rf"(?:{_LOOKING})(?:{_GAP}(?:me|the|of|for|free|slots|times|calendar|is)){{0,4}}{_GAP}{_WHO}\b"),
    ("free", rf"{_WHO}['’]s (?:calendar|free|availability|schedule|slots)\b"),
    (
        "book",
        rf"(?:book|schedul|set|put|plac|reserv)[a-z]{{0,3}}{_GAP}{_WHICH}{_GAP}(?:(?:for|on|at|to|in){_GAP}){{0,2}}"
        rf"(?:(?P<day>{_DAY}){_GAP}(?:at{_GAP})?(?P<hour>\d{{1,2}})|"
        rf"(?P<hour2>\d{{1,2}})(?::00)?{_GAP}(?:on{_GAP})?(?P<day2>{_DAY}))(?::00)?(?![\w:])",
    ),
    (
        "cancel",
        rf"(?:cancel|unbook|delet|remov|drop|clear)[a-z]{{0,4}}(?: the)?(?: booking)?(?: of)?{_GAP}{_WHICH}\b",
    ),
)
_CALLS = [(verb, re.compile(rf"{_NOT}\b{wording}", re.IGNORECASE)) for verb, wording in _WORDINGS]
_DONE = re.compile(rf"{_NOT}\b(?:done|finish|finished|submit)\b", re.IGNORECASE)


def last_call(text: str) -> tuple[Verb, dict[str, str]] | None:
    """Return the last call in a text with its parts; being done counts by itself or on the last line."""
    last_line = text.strip().rpartition("\n")[2].strip(" .!*`\"'")
    calls = [(match.end(), verb, match.groupdict()) for verb, call in _CALLS for match in call.finditer(text)]
    if _DONE.search(text) and (not calls or _DONE.fullmatch(last_line)):
        return "done", {}
    return max(calls, key=lambda call: call[0])[1:] if calls else None
