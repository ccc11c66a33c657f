"""Strategies that players write down: rules from what is seen to a move."""

from __future__ import annotations

import re
from typing import NamedTuple

_BULLET = r"^\s*(?:\d+[.):]\s+|[-*•]\s+)?"
_RULE = re.compile(
    _BULLET + r"(?:if|when|whenever)\s+(?P<words>.+?)\s*(?:,?\s+then\s*:?|=>|->|→|:)\s*(?P<move>\S.*)$", re.IGNORECASE
)
_OTHERWISE = re.compile(_BULLET + r"(?:otherwise|else|always|default)\s*[:,]?\s*(?P<move>\S.*)$", re.IGNORECASE)
_AND = re.compile(r"\s+and\s+|\s*,\s*|\s*&\s*", re.IGNORECASE)


class Rule(NamedTuple):
    """What to do where certain words are seen.

    Attributes:
        words: phrases that must all be seen, in lower case with single spaces; none for a rule that always applies.
        absent: phrases that must not be seen, likewise.
        move: the reply to give.
    """

    words: tuple[str, ...]
    absent: tuple[str, ...]
    move: str

    def applies(self, view: str) -> bool:
        """Return whether the rule fits a view; case and white space do not count, words count whole."""
        seen = _normal(view)
        return all(_occurs(word, seen) for word in self.words) and not any(_occurs(word, seen) for word in self.absent)


def strategy_rules(text: str) -> list[Rule]:
    """Return the rules written in a reply, one a line, in order.

    `if A and B: MOVE` wants both A and B seen, `if not A: MOVE` wants A not seen; `otherwise: MOVE` always applies,
    and so does a line that is no rule but, unless nothing else is written, such lines are prose and left out.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    rules = [rule for line in lines if (rule := _rule(line))]
    return rules or [Rule((), (), line.strip()) for line in lines[-1:]]


def _rule(line: str) -> Rule | None:
    if found := _OTHERWISE.match(line):
        return Rule((), (), found["move"].strip())
    if not (found := _RULE.match(line)):
        return None
    phrases = [_normal(phrase) for phrase in _AND.split(found["words"])]
    wanted = tuple(phrase for phrase in phrases if phrase and not phrase.startswith("not "))
    absent = tuple(phrase.removeprefix("not ") for phrase in phrases if phrase.startswith("not "))
    return Rule(wanted, absent, found["move"].strip())


def _normal(text: str) -> str:
    return " ".join(text.lower().split()).strip("\"'“”‘’`*")


def _occurs(phrase: str, seen: str) -> bool:
    """Return whether a phrase occurs in a normalised view, not inside of longer words."""
    place = seen.find(phrase)
    while place >= 0:
        before, after = seen[:place][-1:], seen[place + len(phrase) :][:1]
        if not (before.isalnum() and phrase[:1].isalnum()) and not (after.isalnum() and phrase[-1:].isalnum()):
            return True
        place = seen.find(phrase, place + 1)
    return False
