"""The language of Countdown: which step was asked for, whatever numbers there are."""

from __future__ import annotations

from typing import Literal, NamedTuple

from textenvs.core.reading import last_said, plain

Sign = Literal["+", "-", "*", "/"]


class Command(NamedTuple):
    """A step as written; `x` and `y` are digits, `largest` or `smallest`."""

    verb: Literal["+", "-", "*", "/", "stop", "undo"]
    x: str = ""
    y: str = ""


HELP = "I read no step in that. Reply with one combination of two numbers, such as 25 * 4, or with undo or stop."


def parse(text: str) -> Command | None:
    """Return the last well-formed step in `text`, or None. A calculation with more than two numbers is none."""
    said = last_said(plain(text.replace("**", " "), stars=True), _STEP, "just")
    if said is None:
        return None
    if said["word"]:
        return Command("stop" if said["word"] in _STOPS else "undo")
    if said["less"]:
        return Command("-", _number(said["whole"]), _number(said["less"]))
    if said["verb"]:
        return Command(_VERBS[said["verb"]], _number(said["first"]), _number(said["second"]))
    return Command(_SIGNS[said["sign"].strip(" \\")], _number(said["x"]), _number(said["y"]))


def _number(name: str) -> str:
    """Return digits without leading zeros, or `largest` or `smallest`."""
    if name.isdigit():
        return str(int(name))
    return "smallest" if name in _SMALLEST else "largest"


_SIGNS: dict[str, Sign] = {
    **dict.fromkeys(("+", "plus"), "+"), **dict.fromkeys(("-", "−", "–", "minus"), "-"),
    **dict.fromkeys(("*", "×", "·", "x", "times", "multiplied by", "cdot"), "*"),
    **dict.fromkeys(("/", "÷", "divided by", "over", "div"), "/"),
}  # fmt: skip
_VERBS: dict[str, Sign] = {"add": "+", "multiply": "*", "divide": "/"}
_STOPS = ("stop", "finish", "end the game")
_LARGEST, _SMALLEST = ("largest", "biggest", "highest"), ("smallest", "lowest")

_MARK = " ?[-+*/×·÷−–x] ?"
_SIGN_WORD = r" \\?(?:plus|minus|times|multiplied by|divided by|over|cdot|div) "
_ANY_NUMBER = (
    rf"(?:\d{{1,15}}(?!\d|[.,]\d|[a-wyz])|(?:{'|'.join(_LARGEST + _SMALLEST)})(?![\w-]))"  # "75x6" is a product
)


def _term(group: str) -> str:
    return rf"(?:the )?(?P<{group}>{_ANY_NUMBER})(?: number| one)?"


_SIGN = rf"(?:{_MARK}|{_SIGN_WORD})"
_STEP = (
    r"(?<![\w.,])(?:"
    rf"{_term('x')}(?P<sign>{_SIGN}){_term('y')}(?P<void>(?:{_SIGN}(?:the )?{_ANY_NUMBER})+)?"
    rf"|(?P<verb>add|multiply|divide) {_term('first')} (?:and|to|with|by) {_term('second')}"
    rf"|subtract {_term('less')} from {_term('whole')}"
    rf"|(?P<word>{'|'.join(_STOPS)}|undo|take (?:it |that )?back|go back|revert)(?!\w)"
    r")"
)
