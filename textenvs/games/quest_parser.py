"""The grammar of Quest: from what a player wrote to a command, before asking what the player can see."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from textenvs.games.quest_world import CONTAINERS, METALS, ROOMS, TREASURE, TRINKETS, WAYS, WOODEN

Verb = Literal["go", "open", "unlock", "take", "drop", "examine", "look", "inventory"]


class Command(NamedTuple):
    """A command as written.

    Attributes:
        verb: what to do.
        noun: the words that name what it is done to, `IT` for the only thing it can be done to.
        key: the words that name the key to unlock with, `IT` if none is named.
    """

    verb: Verb
    noun: str = ""
    key: str = ""


IT = "it"


def parse(text: str) -> Command | None:
    """Return the last well-formed command in `text`, or None.

    Of commands that end at the same word the longest counts. If there is none, a known verb at the
    start of a sentence and the strange word after it are a command; if there is none either, the
    last direction by itself means to go there.
    """
    words = _normal(text)
    return _SHORT.get(words.strip(" .")) or _last(_GRAMMAR, words) or _last(_STRANGE, words) or _last(_BARE, words)


def _normal(text: str) -> str:
    """The words in lower case without articles, apart by single spaces; every end of a sentence is a full stop."""
    tokens = _TOKEN.findall(text.lower().replace("’", "'"))
    return _ARTICLE.sub("", " ".join("." if token in _STOPS else token for token in tokens))


def _last(patterns: Sequence[tuple[Verb, re.Pattern[str]]], words: str) -> Command | None:
    found = [
        (match.end(), -match.start(), verb, match) for verb, pattern in patterns for match in pattern.finditer(words)
    ]
    if not found:
        return None
    _, _, verb, match = max(found, key=lambda each: each[:2])
    named = match.groupdict()
    return Command(verb, _name(named.get("noun")), _name(named.get("key")))


def _name(words: str | None) -> str:
    """The words that tell a thing from another: "north door" for "locked lock to north"."""
    name = _NOT_TELLING.sub("", words or IT).replace("lock", "door")
    return _WAY_OF.get(name, name)


def _any(*words: str) -> str:
    return f"(?:{'|'.join(words)})"


def _pattern(expression: str) -> re.Pattern[str]:
    """Match whole words only, and not behind a negation, as in "I cannot go north"."""
    return re.compile(rf"(?<!\S)(?<!not )(?<!n't )(?<!never )(?:{expression})(?!\S)")


_STOPS = ".!?;:\n"
_TOKEN = re.compile(rf"[^\W\d_]+(?:['-][^\W\d_]+)*|[{_STOPS}]")
_ARTICLE = re.compile(r"(?<!\S)(?:the|an?|my|your|this|that) (?:(?:opened|open|closed|unlocked|locked) )?")
_NOT_TELLING = re.compile(r"(?<!\S)(?:closed|locked|to|on|in|at) ")

_WAY_OF = {way[0]: way for way in WAYS}
_SHORT = {
    **{letter: Command("go", way) for letter, way in _WAY_OF.items()},
    "i": Command("inventory"),
    "l": Command("look"),
}

_WAY = _any(*WAYS)
_DOOR_IS = _any(*WAYS, *METALS, WOODEN, "closed", "locked")
_DOOR = rf"(?:{_DOOR_IS} ){{0,3}}(?:door|lock)(?: (?:(?:to|on|in|at) )?{_WAY})?|{IT}"
_CONTAINER = _any(*CONTAINERS)
_KEY = rf"(?:{_any(*METALS)} )?key"
_THING = _any(_KEY, TREASURE, *TRINKETS, IT)

_GO = _any(
    "go", "going", "walk", "walking", "move", "moving", "head", "heading", "run", "travel", "proceed", "step",
    "enter", "exit", "leave", "continue", "return",
)  # fmt: skip
_TOWARDS = _any("back", "to", "towards?", "through", "into", "via", "out")
_OPEN = _any("open", "opening")
_UNLOCK = _any("unlock", "unlocking")
_TRY = _any("use", "using", "try", "insert", "put", "turn")
_AT = _any("on", "in", "into", "at", "with", "to unlock", "to open")
_TAKE = _any(
    "take", "taking", "get", "getting", "grab", "grabbing", "collect", "fetch", "pick up", "picking up", "pick"
)
_DROP = _any("drop", "dropping", "discard", "leave", "put down", "lay down", "throw away")
_EXAMINE = _any("examine", "inspect", "check", "search", "study", "x", "look (?:at|in|into|inside)")

_GRAMMAR: tuple[tuple[Verb, re.Pattern[str]], ...] = (
    ("go", _pattern(rf"{_GO}(?: {_TOWARDS}){{0,2}} (?P<noun>{_DOOR}|{_WAY}|[nesw]|{_any(*ROOMS)})")),
    ("open", _pattern(rf"{_OPEN}(?: up)? (?P<noun>{_CONTAINER}|{_DOOR})")),
    ("unlock", _pattern(rf"{_UNLOCK} (?P<noun>{_DOOR})")),
    ("unlock", _pattern(rf"(?:{_UNLOCK}|{_OPEN}) (?P<noun>{_DOOR}) (?:by )?(?:with|using) (?P<key>{_KEY})")),
    ("unlock", _pattern(rf"{_TRY} (?P<key>{_KEY})(?: {_AT} (?P<noun>{_DOOR}))?")),
    ("take", _pattern(rf"{_TAKE} (?P<noun>{_THING})(?: up)?(?: (?:from|out of|from inside|in) {_CONTAINER})?")),
    ("drop", _pattern(rf"{_DROP} (?P<noun>{_THING})")),
    ("drop", _pattern(rf"put (?P<noun>{_THING}) down")),
    ("examine", _pattern(rf"{_EXAMINE} (?P<noun>{_CONTAINER}|{_DOOR}|{_THING})")),
    ("look", _pattern(r"look around(?: room)?|(?:take )?look(?= \.|$)|(?:examine|inspect|search|describe) room")),
    ("inventory", _pattern(r"(?:(?:check|show|list|open) )?inv(?:entory)?(?= \.|$)|what am i carrying")),
)

_VERBS: tuple[tuple[Verb, str], ...] = (
    ("go", _GO), ("open", _OPEN), ("unlock", _UNLOCK), ("take", _TAKE), ("drop", _DROP), ("examine", _EXAMINE),
)  # fmt: skip
_STRANGE = tuple(
    (verb, re.compile(rf"(?:^|\. )(?:i |i'll |i will )?{verbs} (?P<noun>[^\s.]+)")) for verb, verbs in _VERBS
)

_BARE: tuple[tuple[Verb, re.Pattern[str]], ...] = (("go", _pattern(rf"(?<!go )(?P<noun>{_WAY})")),)
