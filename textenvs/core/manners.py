"""What language models write around a reply, taken off before any game reads it."""

from __future__ import annotations

import json
import re
from json import JSONDecodeError

_THOUGHTS = "think|thinking|thought|thoughts|reasoning|reflection|scratchpad|analysis"
_WRAPPERS = "action|answer|move|reply|response|command|output|final|final_answer|tool_call|result"

_THOUGHT = re.compile(rf"<({_THOUGHTS})>.*?(?:</\1>|\Z)", re.IGNORECASE | re.DOTALL)
_OPENED_BEFORE = re.compile(rf"\A.*</(?:{_THOUGHTS})>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(rf"</?(?:{_WRAPPERS})>|<\|\w+\|>|</?s>|\[/?INST\]", re.IGNORECASE)
_NAMED = r"(?:my |the |next |final |chosen )*(?:action|move|command)"
_LABEL = re.compile(
    rf"^[ \t>#-]*(?:(?P<bold>[*_]{{1,2}}){_NAMED}[ \t]*(?:[:：](?P=bold)|(?P=bold)[:：])|{_NAMED}[ \t]*[:：])"
    r"[ \t]*(?=\S)",
    re.IGNORECASE | re.MULTILINE,
)
_OBJECT = re.compile(r"\A\s*(?:```(?:json)?\s*)?(\{.*\})\s*(?:```)?\s*\Z", re.DOTALL | re.IGNORECASE)


def without_manners(text: str) -> str:
    """Return a reply without what only surrounds it; a plain one comes back as it is.

    Taken off are thoughts between tags such as `<think>` (one that is never closed runs to the end, one that was opened
    before the reply begins with it), tags around an action, marks that end a turn, labels such as `Action:` in front of
    a line, and a JSON object around a single text. What remains is read by the game, which has manners of its own:
    see `textenvs.core.reading`.
    """
    if "<" in text or "[" in text:
        text = _TAG.sub("\n", _OPENED_BEFORE.sub("", _THOUGHT.sub("\n", text)))
    if ":" in text or "：" in text:
        text = _LABEL.sub("", _only_text(text))
    return text


def _only_text(text: str) -> str:
    """Return the text in a JSON object that holds just one; anything else comes back as it is."""
    found = _OBJECT.match(text)
    if not found:
        return text
    try:
        values = list(json.loads(found.group(1)).values())
    except (JSONDecodeError, RecursionError):
        return text
    texts = [value for value in values if isinstance(value, str)]
    return texts[0] if len(values) == 1 and texts else text
