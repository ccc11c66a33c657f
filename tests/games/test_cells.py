from __future__ import annotations

import pytest

from textenvs.core.refusal import Refusal
from textenvs.games.cells import bits, cell_name, drawing, members, neighbours, read_cell

VERBS = ("open", "opening", "reveal")


def named(text: str, width: int = 6, height: int = 6) -> str | Refusal:
    cell = read_cell(text, width, height, VERBS)
    return cell if isinstance(cell, Refusal) else cell_name(cell, width)


@pytest.mark.parametrize(
    "text",
    [
        "open B3", "B3", "b3", "B 3", "B, 3", "(B, 3)", "b-3", "**B3**", "Open: B3.", "open the cell B3", "reveal B3",
        "I will open B 3!", "open in B3, as C4 is far", "I am opening B3, because C4 has a mine.",
        "Open cell at B3\nthanks", "`open B3`",
        "column B, row 3", "row 3, column B", "Row 3, column 2", "column 2 and row 3", "row: 3, column: b",
        "```\nopen B3\n```", "My move: B3", "My answer is B3.", "I choose square B3, not C3", "let's go with B3",
        "A1 shows 1, so C2 is a mine and I open B3.", "open A1? No: open B3", "A1 or B3", "B3\n\n",
        "I open B3 since A2 and C4 look bad", "C4 has 2 neighbours.\nB3\nThat is safe, unlike C2.", "open B03",
        "Do not open C4, open B3", "I won't open C4 but B3", "Rather than C4, I try B3", "Open A1 is bad. Open B3.",
        "The open cell A1 shows 1, so B3", "I'd like B3", "Opening C4 would be risky, so B3", "Avoid C4! B3",
    ],
)  # fmt: skip
def test_texts_that_name_b3(text: str) -> None:
    assert named(text) == "B3"


@pytest.mark.parametrize(
    "text", ["", "open", "B", "3", "33", "BB3", "B3x", "B333", "a mine", "in 3 turns", "B3's", "x-b3", "I3v",
             "not B3", "(2, 3)", "\x00\ud800"],
)  # fmt: skip
def test_texts_that_name_no_cell(text: str) -> None:
    read = named(text)
    assert read == Refusal("I read no cell in that. Reply with 'open' and a cell from A1 to F6.")


@pytest.mark.parametrize("text", ["open G1", "A7", "A0", "Z99", "column 99, row 1", "open G1, not A1"])
def test_cells_outside_of_the_grid_are_illegal(text: str) -> None:
    read = named(text)
    assert isinstance(read, Refusal)
    assert read.kind == "illegal"
    assert read.text.endswith("is not on the board: its columns are A to F, its rows 1 to 6.")


def test_every_cell_is_read_back() -> None:
    for cell in range(26 * 16):
        assert read_cell(f"open {cell_name(cell, 26)}", 26, 16, VERBS) == cell
        assert read_cell(cell_name(cell, 26).lower(), 26, 16, VERBS) == cell


@pytest.mark.parametrize("text", ["open ", "\n", "B", "not ", "row 3 ", "at ", "-", "open at the ", "B3 ", " 3"])
def test_long_texts_are_read_fast(text: str) -> None:
    named(text * (300_000 // len(text)))


def test_a_drawing_has_letters_above_and_numbers_before() -> None:
    assert drawing("?1*2", 2) == "  A B\n1 ? 1\n2 * 2"
    assert drawing("abcdefghij", 1).splitlines()[::9] == ["   A", " 9 i"]


def test_neighbours_are_the_cells_around() -> None:
    around = [[cell_name(cell, 3) for cell in members(cells)] for cells in neighbours(3, 2)]
    assert around == [
        ["B1", "A2", "B2"], ["A1", "C1", "A2", "B2", "C2"], ["B1", "B2", "C2"],
        ["A1", "B1", "B2"], ["A1", "B1", "C1", "A2", "C2"], ["B1", "C1", "B2"],
    ]  # fmt: skip


def test_sets_of_cells() -> None:
    assert bits([3, 0, 3]) == 0b1001
    assert members(0b1001) == [0, 3]
    assert members(0) == []
