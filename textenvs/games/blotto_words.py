"""Reading how a reply of Blotto divides the troops: "3 2 1", "send 3, 2 and 1", "3 to field 1, 3 to field 2"."""

from __future__ import annotations

import re
from functools import lru_cache

from textenvs.core.reading import NOT


def read_troops(text: str, fields: int) -> tuple[int, ...] | None:
    """Return the numbers that a reply gives for the fields, which may be forbidden ones; None if it gives none.

    As many numbers as there are fields, one after another, count: the last ones behind a verb such as `send`, else the
    last ones. If numbers with the fields they are for come later, or alone, these count, and fields left out get 0.
    Numbers that a reply rules out ("not 2 2 2") or says of the opponent do not count.

    Args:
        text: a player's reply.
        fields: how many fields there are, at least 3.
    """
    text = _RULED_OUT.sub(" ", _ORDINAL.sub(_numbered, text.lower()))
    ordered = list(_row(fields, _VERB).finditer(text)) or list(_row(fields).finditer(text))
    named = list(_NAMED.finditer(text))
    if named and not (ordered and ordered[-1].end() > named[-1].end()):
        return _by_field(named, fields)
    return tuple(map(int, _DIGITS.findall(ordered[-1]["row"]))) if ordered else None


def _by_field(named: list[re.Match[str]], fields: int) -> tuple[int, ...] | None:
    """Return the last number for each field, None if there is no such field."""
    numbers = {int(match["to"] or match["field"]): int(match["sent"] or match["gets"]) for match in named}
    if not numbers.keys() <= set(range(1, fields + 1)):
        return None
    return tuple(numbers.get(field, 0) for field in range(1, fields + 1))


def _numbered(ordinal: re.Match[str]) -> str:
    """Return `field 2` for "second" or "second field"."""
    return f"field {1 + _ORDINALS.index(ordinal.group(1))}"


_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_ORDINAL = re.compile(rf"\b({'|'.join(_ORDINALS)})\b(?:[ \t]field\b)?")

_NUMBER = r"-?\d{1,9}(?![\w%]|\.\d)"
_DIGITS = re.compile(r"(?:(?<!\d)-)?\d+")
_GAP = r"(?:[ \t]*[,;/|+&][ \t]*(?:and[ \t]+)?|[ \t]+(?:and[ \t]+)?|-)"
_ROW = rf"(?<![\w.-]){_NUMBER}(?:{_GAP}{_NUMBER}){{2,}}"

_VERB = (
    r"\b(?:send|deploy|allocate|assign|place|put|play)(?:ing)?\b[^\w\n-]{1,3}"
    r"(?:(?:my|the|all|troops|as|follows|exactly)\b[^\w\n-]{1,3}){0,4}"
)
_OF_OPPONENT = r"\b(?:opponent|they|he|she)\b(?:(?!\bi\b|\bmy\b|\bso\b)[^.,:;\n\d]){0,30}"
_RULED_OUT = re.compile(rf"(?:{NOT}(?:send |sending )?|{_OF_OPPONENT}|\bsent[ \t]+|\bfields[ \t]+){_ROW}")

_FIELD = r"field[ \t]*(?:no\.|number)?[ \t]*#?"
_NAMED = re.compile(
    rf"(?<![\w.])(?P<sent>{_NUMBER})[ \t]+(?:troops?[ \t]+)?(?:to|into|in|on|at|for)[ \t]+(?:the[ \t]+)?"
    rf"{_FIELD}(?P<to>\d{{1,9}})\b"
    rf"|\b{_FIELD}(?P<field>\d{{1,9}})[ \t*]*(?::|=|->|gets|send|with)[ \t*]*(?P<gets>{_NUMBER})"
)


@lru_cache(maxsize=32)
def _row(fields: int, before: str = "") -> re.Pattern[str]:
    """Return a pattern for exactly as many numbers as there are fields; they are the group `row`."""
    rest = rf"(?:{_GAP}{_NUMBER}){{{fields - 1}}}"
    return re.compile(rf"{before}(?<![\w.-])(?<!\d[ ,;/|+&])(?P<row>{_NUMBER}{rest})(?!{_GAP}{_NUMBER})")
