"""The language of RiverCrossing: who can cross, and reading who is to cross next."""

from __future__ import annotations

import re

from textenvs.core.reading import last_said, plain

NAMES = (
    "goat", "wolf", "cabbage", "fox", "hen", "corn", "dog", "cat", "mouse", "cheese", "lion", "sheep", "turnip",
    "snake", "frog", "rabbit", "carrot", "owl", "apple", "duck",
)  # fmt: skip
"""What a farmer may have to take across."""

PEOPLE = ("missionary", "cannibal")


def several(n: int, name: str) -> str:
    """Return `1 missionary`, `2 missionaries`, `3 cannibals` …"""
    return f"{n} {name if n == 1 else name.removesuffix('y') + 'ies' if name.endswith('y') else name + 's'}"


def passengers_said(text: str) -> list[tuple[str, int]] | None:
    """Return the names of the last crossing in `text`, each with how many; empty if alone, None if there is none."""
    words = plain(text)
    found = last_said(words, _CROSSING, "just") or _TERSE.search(words) or last_said(words, _BARE, "just")
    if found is None:
        return None
    named = [_passenger(*item) for item in _ITEMS.findall(found.groupdict().get("list") or "")]
    return None if None in named else [each for each in named if each]


def _passenger(number: str, name: str) -> tuple[str, int] | None:
    """Return a name in the singular and how many are meant, None if that is not said."""
    singular = name if name in NAMES else "missionary" if name.startswith("m") else "cannibal"
    if number:
        return singular, _NUMBERS[number] if number in _NUMBERS else int(number)
    return (singular, 1) if name == singular else None


_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}

_ITEM = (
    rf"(?:(?:the|my|only|just|other) ){{0,2}}(?:(\d{{1,3}}|{'|'.join(_NUMBERS)}) (?:(?:of|the|other|more) ){{0,2}})?"
    rf"({'|'.join(NAMES)}|missionar(?:y|ies)|cannibals?)(?![\w'-])"
)
_ITEMS = re.compile(_ITEM, re.ASCII)
_ANY = re.sub(r"\((?!\?)", "(?:", _ITEM)  # the same without groups
_LIST = rf"(?P<list>{_ANY}(?:(?:,? and|,? with|,| &| \+) {_ANY})*+)"
_ALONE = r"(?:alone|empty|by (?:my|your)self|nothing|nobody|no one|none)(?![\w'-])(?! with)"
_VERB = (
    "cross|crossing|go|row|sail|return|come|head|travel|take|taking|bring|bringing|carry|carrying|ferry|transport|move"
    "|send"
)
_ON_THE_WAY = (
    "across|over|back|the|river|to|left|right|other|far|bank|side|shore|with|along|in|boat|by|me|and|take|bring|also"
)
_SOMEWHERE = rf"(?:(?:{_ON_THE_WAY}) ){{0,8}}"
_CROSSING = rf"(?<![\w'-])(?:{_VERB}) {_SOMEWHERE}(?:{_LIST}|{_ALONE})"
_TERSE = re.compile(rf"(?:^|\n)(?:with )?(?:{_LIST}|{_ALONE})[.!]?$", re.ASCII)
"""Only who crosses, as the last line of a reply."""
_BARE = (
    r"(?<![\w'-])(?:cross|return|(?:go|row|sail|come|head) (?:back|across|over))(?: (?:the river|over|back))?"
    r"(?= ?(?:[.!\n]|$))"
)
"""A crossing of which nothing more is said is alone."""
