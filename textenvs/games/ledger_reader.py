"""Reading SQL statements and answers out of what a player of Ledger wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

ANSWER = "answer "

_WRITES = (
    "INSERT UPDATE DELETE DROP CREATE ALTER REPLACE ATTACH DETACH VACUUM REINDEX ANALYZE EXPLAIN BEGIN COMMIT WITH"
)
_WORDS = (
    "FROM WHERE JOIN LEFT INNER OUTER CROSS NATURAL ON USING AND OR NOT GROUP ORDER HAVING LIMIT OFFSET UNION EXCEPT "
    "INTERSECT SELECT CASE WHEN THEN ELSE END AS IN SET INTO VALUES"
)
_MOST_LINES, _MOST_CHARACTERS = 1_000, 2_000
_LONGEST = 600

# Where a statement begins: at the start of a line, also behind a mark or a colon; behind a backtick; or in the middle
# of a line if it is a whole SELECT in capital letters.
_BEGINNING = re.compile(
    rf"^\s*(?:sqlite>|[->*]|\d{{1,3}}[.)]|(?!(?i:select)\b)[^:`]{{1,60}}:)?\s*"
    rf"((?:SELECT|select|Select(?=.*\bfrom\b)|Select(?=.*\bFROM\b)|PRAGMA|pragma|VALUES|{_WRITES.replace(' ', '|')})\b)"
    rf"|`\s*((?i:SELECT|PRAGMA|VALUES|{_WRITES.replace(' ', '|')})\b)"
    rf"|\b(SELECT\b(?=.*\bFROM\b))"
)
_GOES_ON = re.compile(rf"\s*(?:(?:{_WORDS}|{_WORDS.lower()})\b|[(),*]|--|\w+\s*[,(=<>])".replace(" ", "|"))
_AROUND = re.compile(r"[\s.!”}]*(?:\*\*|[^\x00-\x7f])?[\s.!”}]*$|(?<=[\w)'\"])\*$")
_COMMENT = re.compile(r"--[^']*$")
_NUMBER = r"(?:-|minus )?\d{1,3}(?:,\d{3})+(?!,?\d)|(?:-|minus )?\d{1,15}(?:\.0{1,6})?"


@lru_cache(maxsize=8)
def _values(names: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return patterns for a value that can be an answer, and for "answer" with one."""
    value = rf"{_NUMBER}|(?a:{'|'.join(names)})"
    answered = rf"\banswer(?: is| was| would be)?[\s:=\"'`*]{{1,5}}({value})(?!\w|[.,]\d)"
    return re.compile(value, re.IGNORECASE), re.compile(answered, re.IGNORECASE)


def is_value(text: str, names: tuple[str, ...]) -> bool:
    """Return whether a text is a whole number or one of `names`."""
    return _values(names)[0].fullmatch(text) is not None


def last_move(text: str, names: tuple[str, ...]) -> str | None:
    """Return the last statement or answer in a text, in its standard wording; None if there is none.

    Args:
        text: a reply.
        names: what can be an answer besides whole numbers.
    """
    plain = text.strip(" \t\r\n.!\"'`*")
    if is_value(plain, names):
        return _answer(plain, names)
    printable = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
    return max(enumerate(_moves(printable, names)), default=(0, None))[1]


def _moves(text: str, names: tuple[str, ...]) -> Iterator[str]:
    """Yield all statements and answers in a text, in order."""
    statement: list[str] = []
    for line in text.split("\n")[-_MOST_LINES:]:
        rest = line[-_MOST_CHARACTERS:]
        if statement and not _GOES_ON.match(rest):
            yield _query(statement)
            statement = []
        while rest:
            found = None if statement else _BEGINNING.search(rest)
            if not statement:
                yield from _answers(rest[: found.start()] if found else rest, names)
            if not statement and not found:
                break
            part, end, rest = _until_end(rest[found.start(found.lastindex or 0) :] if found else rest)
            statement.append(part)
            if end:
                yield _query(statement)
                statement = []
    if statement:
        yield _query(statement)


def _until_end(text: str) -> tuple[str, str, str]:
    """Return a line up to the end of its statement, the mark of that end, if any, and what follows."""
    found = re.search(r"[;`]", text)
    return (text[: found.start()], found.group(), text[found.end() :]) if found else (text, "", "")


def _query(lines: Sequence[str]) -> str:
    """Return a statement on one line; its first word in capital letters."""
    words = _bare(" ".join(_COMMENT.sub("", line) for line in lines)).split()
    return " ".join([words[0].upper(), *words[1:]])[:_LONGEST].rstrip()


def _bare(statement: str) -> str:
    """Return a statement without the marks behind it that belong to the sentence or the markup around it."""
    statement = _AROUND.sub("", statement)
    return (
        statement[:-1].rstrip(".!")
        if statement[-1:] in ("'", '"') and statement.count(statement[-1]) % 2
        else statement
    )


def _answers(text: str, names: tuple[str, ...]) -> Iterator[str]:
    for found in _values(names)[1].finditer(text):
        yield _answer(found.group(1), names)


def _answer(value: str, names: tuple[str, ...]) -> str:
    """Return the standard wording of an answer."""
    for name in names:
        if value.lower() == name.lower():
            return ANSWER + name
    return ANSWER + str(int(value.lower().replace("minus ", "-").replace(",", "").partition(".")[0]))
