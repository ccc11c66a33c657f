"""Reading the moves of Hanabi: play or discard a card, hint a colour or a rank."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from textenvs.core.reading import NOT

COLOURS = ("red", "blue", "green", "yellow", "white", "purple")


class Move(NamedTuple):
    """What a player does.

    Attributes:
        verb: `play` or `discard` a card, or hint a `colour` or a `rank`.
        number: the place of the card, 0 for the oldest; or the colour, an index of `COLOURS`; or the rank, from 1.
        to: who gets the hint; None for the other moves.
    """

    verb: Literal["play", "discard", "colour", "rank"]
    number: int
    to: int | None = None


def read_move(text: str) -> Move | None:
    """Return the last move in a reply; None if there is none. `to` is None for a hint that names no player."""
    text = _OTHERS.sub(" ", _RULED_OUT.sub(" ", text.lower().replace("’", "'")))
    verbs = list(_VERB.finditer(text))
    end = len(text)
    for verb in reversed(verbs):
        phrase = text[verb.end() : min(end, verb.end() + _LONGEST)]
        end = verb.start()
        kind = _KINDS.get(verb[0].split()[0])
        move = _read_card(kind, phrase) if kind else _read_hint(phrase)
        if move:
            return move
    return None


def _read_card(kind: Literal["play", "discard"], phrase: str) -> Move | None:
    found = _PLACE.match(phrase)
    if not found:
        return None
    word = next(filter(None, found.groups()))
    return Move(kind, _PLACES[word] if word in _PLACES else int(word) - 1)


def _read_hint(phrase: str) -> Move | None:
    """Return the hint of the first sentence of `phrase`, None unless it names either one colour or one rank."""
    phrase = re.split(r"[.!?;\n]", phrase)[0]
    player = _PLAYER.search(phrase)
    to = int(player[1]) if player else None
    phrase = _CARD.sub(" ", _PLAYER.sub(" ", phrase))
    colours = {word for word in re.findall(r"[a-z]+", phrase) if word in COLOURS}
    ranks = {_RANKS.get(word) or int(word) for word in _RANK.findall(phrase)}
    if len(colours) + len(ranks) != 1:
        return None
    if colours:
        return Move("colour", COLOURS.index(colours.pop()), to)
    return Move("rank", ranks.pop(), to)


_LONGEST = 120

_KINDS: dict[str, Literal["play", "discard"]] = {
    "play": "play", "playing": "play", "discard": "discard", "discarding": "discard", "throw": "discard",
    "drop": "discard",
}  # fmt: skip
_VERB = re.compile(
    r"\b(?:play|playing|discard|discarding|throw away|throw|drop|hinting|tell|give)\b"
    r"|(?<!\ba )(?<!\bthe )\b(?:hint|clue)\b"
)

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
_NAMES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_PLACES = {word: place for words in (_ORDINALS, _NAMES) for place, word in enumerate(words)} | {"oldest": 0}
_RANKS = {f"{name}{end}": rank for rank, name in enumerate(_NAMES, 1) for end in ("", "s", "es")}

_DIGIT = r"(\d)(?:st|nd|rd|th)?(?![\w]|[.,]\d)"
_PLACE = re.compile(
    r"[\s:*`'\"]{0,4}(?:(?:my|the|your|away|a|card|number|no\.?|in|place|position|#)[\s:*`'\"]{1,3}){0,4}#?"
    rf"(?:{_DIGIT}|({'|'.join(_PLACES)})\b(?! of\b))"
)
_PLAYER = re.compile(r"\bplayer[\s_]?(\d)(?:'s)?\b")
_CARD = re.compile(r"\b(?:cards?|places?)\s+\d(?:(?:,?\s*and\s+|,\s*)\d\b)*|\bone\s+(?:card|of)\b")
"""Numbers in a hint that are no ranks."""
_RANK = re.compile(rf"\b(?:\d(?='?s?\b)|(?:{'|'.join(_RANKS)})\b)")
_RULED_OUT = re.compile(
    rf"{NOT}(?:(?!but|so|then|and)[a-z]+\s+){{0,2}}?"
    r"(?:play|discard|throw away|drop|hint|tell|clue|give)\b(?:(?!\bbut\b|\bso\b|\bthen\b|\band\b)[^.,;!?\n]){0,60}"
)
_OTHERS = re.compile(
    r"\b(?:they|he|she|them|partner|player[\s_]?\d)\s+(?:(?:can|will|should|could|may|must|would|to|then|now)\s+){0,3}"
    r"(?:play|discard)(?:s|ed)?\b[^.,;!?\n]{0,40}"
)
"""What others do: "hint player_1 red, so that they can play card 2"."""
