"""Cells of a rectangular grid by name, such as B3, for the games that are played on one.

A cell is a whole number that counts from 0 at the top left, row by row; its name is the letter of its column and the
number of its row.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from functools import lru_cache

from textenvs.core.refusal import Refusal, illegal

MOST_COLUMNS = 26


def cell_name(cell: int, width: int) -> str:
    """Return the name of a cell, such as B3."""
    row, column = divmod(cell, width)
    return f"{_letter(column)}{row + 1}"


def drawing(marks: Sequence[str], width: int) -> str:
    """Return the grid with one mark a cell, letters above the columns and numbers before the rows."""
    height = len(marks) // width
    margin = len(str(height))
    lines = [" " * margin + "".join(f" {_letter(column)}" for column in range(width))]
    lines += [
        f"{row + 1:>{margin}} {' '.join(marks[row * width : (row + 1) * width])}".rstrip() for row in range(height)
    ]
    return "\n".join(lines)


@lru_cache(maxsize=64)
def neighbours(width: int, height: int) -> tuple[int, ...]:
    """Return for each cell the set of the up to eight cells around it, as bits: bit i is the cell i."""
    cells = [divmod(cell, width) for cell in range(width * height)]
    return tuple(
        sum(1 << i for i, (r, c) in enumerate(cells) if max(abs(r - row), abs(c - column)) == 1)
        for row, column in cells
    )


def members(cells: int) -> list[int]:
    """Return the cells of a set of bits in ascending order."""
    found = []
    while cells:
        lowest = cells & -cells
        found.append(lowest.bit_length() - 1)
        cells ^= lowest
    return found


def bits(cells: Sequence[int]) -> int:
    """Return the set of the given cells."""
    return sum(1 << cell for cell in set(cells))


def read_cell(text: str, width: int, height: int, verbs: Sequence[str]) -> int | Refusal:
    """Return the cell that a reply names last, or the refusal that tells why there is none.

    A cell after one of the `verbs`, or alone on a line, counts before one that is merely mentioned, and one after a
    word such as "not" does not count. `B3`, `b-3`, `column B, row 3` and `row 3, column 2` are understood.
    """
    named = _last_cell(_with_short_names(text), tuple(verbs))
    if named is None:
        last = cell_name(width * height - 1, width)
        return Refusal(f"I read no cell in that. Reply with '{verbs[0]}' and a cell from A1 to {last}.")
    letter, number = named
    column, row = ord(letter) - ord("A"), number - 1
    if column >= width or not 0 <= row < height:
        return illegal(
            f"{letter}{number} is not on the board: its columns are A to {_letter(width - 1)}, its rows 1 to {height}."
        )
    return row * width + column


_CELL = r"([a-z])[ ,-]{0,2}(\d{1,2})(?![\w'])"
_TIGHT_CELL = r"(?<![\w.-])([a-z])(\d{1,2})(?![\w'])"
_ALONE = r"^[^\w\n]{0,6}(?=[a-z][ ,-]{0,2}\d{1,2}[^\w\n]{0,6}$)"
_BETWEEN = r"(?:(?:the|cell|square|field|at|in|on|is|to|for|with)[^\w\n]{1,3}){0,3}"
_TALKED_OF = r"(?! (?:is|was|would|could|might|may|seems|looks|has|shows)\b)"
_ANSWERS = ("answer", "move", "choose", "choice", "pick", "select", "try", "go", "going")
_ROW_FIRST = re.compile(r"\brow:? ?(\d{1,2})[ ,]{1,3}(?:and )?col(?:umn)?:? ?([a-z]|\d{1,2})\b", re.IGNORECASE)
_COLUMN_FIRST = re.compile(r"\bcol(?:umn)?:? ?([a-z]|\d{1,2})[ ,]{1,3}(?:and )?row:? ?(\d{1,2})\b", re.IGNORECASE)


def _letter(column: int) -> str:
    return chr(ord("A") + column)


def _with_short_names(text: str) -> str:
    """Return `text` with "row 3, column B" and the like replaced by B3."""
    text = _ROW_FIRST.sub(lambda found: f"{_column(found[2])}{found[1]}", text)
    return _COLUMN_FIRST.sub(lambda found: f"{_column(found[1])}{found[2]}", text)


def _column(name: str) -> str:
    """Return the letter of a column told by letter or number; Z, which few boards have, if there is no such."""
    if not name.isdecimal():
        return name
    return _letter(int(name) - 1) if 1 <= int(name) <= MOST_COLUMNS else "Z"


@lru_cache(maxsize=16)
def _patterns(verbs: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """Return what rules out a cell, what names one explicitly, and what mentions one."""
    words = "|".join((*verbs, *_ANSWERS))
    ruled_out = rf"(?:\bnot|n['’]t|\bnever|\bavoid|\binstead of|\brather than) (?:(?:{words}) )?{_BETWEEN}{_CELL}"
    asked = rf"(?<!\bthe )(?<!\ban )(?<!\bis )(?<!\balready )\b(?:{words})(?![\w-])[^\w\n]{{0,4}}{_BETWEEN}"
    explicit = rf"(?:{asked}|{_ALONE}){_CELL}{_TALKED_OF}"
    flags = re.IGNORECASE | re.MULTILINE
    return tuple(re.compile(pattern, flags) for pattern in (ruled_out, explicit, _TIGHT_CELL))


def _last_cell(text: str, verbs: tuple[str, ...]) -> tuple[str, int] | None:
    ruled_out, *namings = _patterns(verbs)
    text = ruled_out.sub(" ", text)
    for naming in namings:
        found = deque(naming.finditer(text), maxlen=1)
        if found:
            return found[0][1].upper(), int(found[0][2])
    return None
