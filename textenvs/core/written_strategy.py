"""Strategies that players write down: rules from what is seen to a move."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

_BULLET = r"^\s*(?:\d+[.):]\s+|[-*•]\s+)?"
_RULE = re.compile(
    _BULLET + r"(?:if|when|whenever)\s+(?P<words>(?>\"[^\"]*\"|.)+?)\s*"
    r"(?:,?\s+then\s*:?|=>|->|→|:)\s*(?P<move>\S.*)$",
    re.IGNORECASE,
)
_OTHERWISE = re.compile(_BULLET + r"(?:otherwise|else|always|default)\s*[:,]?\s*(?P<move>\S.*)$", re.IGNORECASE)
_PART = re.compile(r"(?P<and>\s+and\s+|\s*[,&]\s*)|\"[^\"]*\"|.", re.IGNORECASE)
_NOT = re.compile(r"not\s+", re.IGNORECASE)


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
        """Return whether the rule fits a view, of which `as_rules_see` is all that counts; words count whole."""
        seen = as_rules_see(view)
        return all(_occurs(word, seen) for word in self.words) and not any(_occurs(word, seen) for word in self.absent)


def as_rules_see(view: str) -> str:
    """Return what rules can tell of a view: its text without case, double quotes, and more than single spaces.

    Marks of quotation and emphasis at both ends are lost, too. What is left can be written as one phrase in double
    quotes, so rules can tell any two views apart for which this differs.
    """
    return " ".join(view.lower().replace('"', " ").split()).strip(" '“”‘’`*")


def whole_strategy(moves: Mapping[str, str]) -> str:
    """Return the rules that make the given move in each of the given views, keyed as rules see them.

    A view may occur within a longer one, whose rule therefore comes first.
    """
    views = sorted(moves, key=len, reverse=True)
    return "\n".join(f'if "{view}": {moves[view]}' for view in views)


def strategy_rules(text: str) -> list[Rule]:
    """Return the rules written in a reply, one a line, in order.

    `if A and B: MOVE` wants both A and B seen, `if not A: MOVE` wants A not seen; `otherwise: MOVE` always applies,
    and so does a line that is no rule but, unless nothing else is written, such lines are prose and left out. A
    phrase in double quotes may hold commas, colons and other signs that would end it.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    rules = [rule for line in lines if (rule := _rule(line))]
    return rules or [Rule((), (), line.strip()) for line in lines[-1:]]


def _rule(line: str) -> Rule | None:
    if found := _OTHERWISE.match(line):
        return Rule((), (), found["move"].strip())
    if not (found := _RULE.match(line)):
        return None
    phrases = _phrases(found["words"])
    wanted = (as_rules_see(phrase) for phrase in phrases if not _NOT.match(phrase))
    absent = (as_rules_see(_NOT.sub("", phrase, count=1)) for phrase in phrases if _NOT.match(phrase))
    return Rule(tuple(filter(None, wanted)), tuple(filter(None, absent)), found["move"].strip())


def _phrases(words: str) -> list[str]:
    """Return the parts of a condition between `and`, commas and ampersands, of which those within quotes are none."""
    phrases = [""]
    for part in _PART.finditer(words):
        if part["and"]:
            phrases.append("")
        else:
            phrases[-1] += part.group()
    return phrases


def _occurs(phrase: str, seen: str) -> bool:
    """Return whether a phrase occurs in a normalised view, not inside of longer words."""
    place = seen.find(phrase)
    while place >= 0:
        before, after = seen[:place][-1:], seen[place + len(phrase) :][:1]
        if not (before.isalnum() and phrase[:1].isalnum()) and not (after.isalnum() and phrase[-1:].isalnum()):
            return True
        place = seen.find(phrase, place + 1)
    return False
