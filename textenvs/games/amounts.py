"""Amounts in words, and reading one out of a reply: "spend 3", "I order nothing today", "4 coins, please"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from textenvs.core.reading import NOT


def following(cycle: int, one: str) -> str:
    """Return which days, or seasons, a list of `cycle` > 1 numbers that repeat tells of."""
    return f"this {one} and the next{f' {cycle - 1}' * (cycle > 2)}; then they repeat"


def read_amount(text: str, verbs: Sequence[str], nothing: Sequence[str] = ()) -> int | None:
    """Return the whole number that a reply asks for, or None if it names none.

    The last number behind one of `verbs` counts, also as a word up to twenty; without any, the last number in digits
    or phrase of `nothing`. Numbers that a reply rules out ("not 3"), that count turns ("day 3", "3 days left") or say
    what the player has ("I have 3") do not count.

    Args:
        text: a player's reply.
        verbs: words before the amount, in any of their forms.
        nothing: phrases that stand for 0, such as `skip`.
    """
    text = _RULED_OUT.sub(" ", text.lower())
    alone = text.strip(" \n\t\"'`*.!")
    if alone in _WORDS:
        return _WORDS[alone]
    said = _numbers(_behind(tuple(verbs)), text) or _numbers(_bare(tuple(nothing)), text)
    return said[-1] if said else None


_NAMES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
_WORDS = {name: number for number, name in enumerate(_NAMES)} | {"nothing": 0, "none": 0, "no": 0}

_DIGITS = r"-?\d+(?!\w|[.,:/]\d|%)"
_NUMBER = rf"(?:{_DIGITS}|(?:{'|'.join(_WORDS)})(?![\w-]))"
_FILLER = r"(?:(?:exactly|only|just|the|my|up to|another|amount|is|be|to)\s+){0,3}"
_RULED_OUT = re.compile(rf"{NOT}(?:(?!but|so|then|and)[a-z]+\s+){{0,4}}{_NUMBER}")
_COUNTED = (
    r"\b(?:season|day|week|turn|round|step|move|have|has|had|hold|holds|holding|got|of|after|next|last|past)\s+"
    rf"(?:only\s+|just\s+)?{_DIGITS}"
)
_TOLD = r"(?!\s*(?:more\s+)?(?:seasons?|days?|turns?|rounds?|steps?|left|remain\w*|in stock|customers?)\b)"


@lru_cache(maxsize=16)
def _behind(verbs: tuple[str, ...]) -> re.Pattern[str]:
    said = "|".join(map(re.escape, verbs))
    return re.compile(rf"\b(?:{said})(?:s|d|ed|ing)?[^\w\n-]{{1,3}}{_FILLER}(?P<number>{_NUMBER})")


@lru_cache(maxsize=16)
def _bare(nothing: tuple[str, ...]) -> re.Pattern[str]:
    phrases = "".join(rf"|(?:{re.escape(phrase)})(?!\w)" for phrase in nothing)
    return re.compile(rf"{_COUNTED}|(?<![\w.,/-])(?P<number>{_DIGITS}{_TOLD}{phrases})")


def _numbers(pattern: re.Pattern[str], text: str) -> list[int]:
    """Return what the groups called `number` say, in order; absurdly long digits are ignored."""
    found = (match["number"] for match in pattern.finditer(text) if match["number"])
    return [_value(number) for number in found if len(number) <= 18]


def _value(number: str) -> int:
    """Return a number given in digits, as a word, or by a phrase that stands for 0."""
    return int(number) if number.lstrip("-").isdecimal() else _WORDS.get(number, 0)
