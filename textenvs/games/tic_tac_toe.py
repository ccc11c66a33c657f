"""Tic-tac-toe: three marks in a row."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from textenvs.core.game import Distribution, Game
from textenvs.core.minimax import minimax_strategy
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.cells import cell_name, drawing, read_cell

SIDE = 3
MARKS = "XO"
FREE = "."


class TicTacToeState(NamedTuple):
    """The nine cells, row by row: X, O, or . where free; X moves when as many X as O are there."""

    board: str = FREE * SIDE * SIDE


@dataclass(frozen=True)
class TicTacToe(Game[TicTacToeState, int]):
    """Put three of your marks in a row, column or diagonal of a 3 x 3 board before your opponent does.

    Source:
        Folklore, of Roman age or older.
    Players and turns:
        Two players take turns; player 0 has X and begins, player 1 has O.
    What the player sees:
        The whole board and its own mark.
    Replies:
        `mark B2`, or just the cell; `place`, `put`, `take`, `play` and "row 2, column B" are understood. In a longer
        reply the last cell after such a word counts, else the last cell.
    Rewards:
        At the end, 1 for winning, -1 for losing and 0 for a draw. Zero-sum.
    End:
        Three marks in a row, or a full board.
    Parameters:
        None.
    Size:
        One instance; 5,478 positions, of which 4,520 are not over; at most 5 turns of player 0 and 4 of player 1.
    Known values:
        0 between perfect players. Of the 255,168 plays the first player wins 131,184, the second 77,904, and 46,080 are
        draws. The expert is perfect.
    Versions:
        v0: first release.
    """

    players = 2
    perfect_information = True
    default_opponent = "random"
    pools = {"train": ("random", "minimax:1"), "test": ("minimax:3", "perfect")}  # noqa: RUF012 - read only

    @property
    def max_turns(self) -> int:
        return 5

    @property
    def return_range(self) -> tuple[float, float]:
        return (-1.0, 1.0)

    def deals(self) -> Distribution[TicTacToeState]:
        return ((TicTacToeState(), Fraction(1)),)

    def to_move(self, state: TicTacToeState) -> tuple[int, ...]:
        over = _winner(state.board) is not None or FREE not in state.board
        return () if over else (_mover(state.board),)

    def legal(self, state: TicTacToeState, player: int) -> tuple[int, ...]:
        return tuple(cell for cell, mark in enumerate(state.board) if mark == FREE)

    def apply(self, state: TicTacToeState, move: int) -> TicTacToeState:
        board = state.board
        return TicTacToeState(board[:move] + MARKS[_mover(board)] + board[move + 1 :])

    def rewards(self, state: TicTacToeState, move: int, after: TicTacToeState) -> tuple[float, ...]:
        winner = _winner(after.board)
        return (0.0, 0.0) if winner is None else (1.0, -1.0) if winner == 0 else (-1.0, 1.0)

    def instructions(self, player: int) -> str:
        first = "You move first" if player == 0 else "Your opponent moves first"
        return (
            "You play tic-tac-toe on a board of 3 x 3 cells, A1 to C3. "
            f"Your marks are {MARKS[player]}, your opponent's are {MARKS[1 - player]}; free cells are shown as {FREE}. "
            f"{first}; then you take turns to mark one free cell. Who first has three marks in a row, column or "
            "diagonal wins 1 point, and the other loses 1 point. A full board without that is a draw and pays "
            "nothing.\n"
            "Reply with the cell to mark, for example: mark C3"
        )

    def view(self, state: TicTacToeState, player: int) -> str:
        return f"{self._standing(state, player)}\n{drawing(state.board, SIDE)}"

    def _standing(self, state: TicTacToeState, player: int) -> str:
        winner = _winner(state.board)
        if winner is not None:
            return "You win." if winner == player else "You lose."
        if FREE not in state.board:
            return "It is a draw."
        turn = "It is your turn" if _mover(state.board) == player else "Your opponent is to move"
        return f"{turn}; you are {MARKS[player]}."

    def say(self, state: TicTacToeState, move: int) -> str:
        return f"mark {cell_name(move, SIDE)}"

    def read(self, state: TicTacToeState, player: int, text: str) -> int | Refusal:
        cell = read_cell(text, SIDE, SIDE, _VERBS)
        if isinstance(cell, Refusal) or state.board[cell] == FREE:
            return cell
        free = ", ".join(cell_name(each, SIDE) for each in self.legal(state, player))
        return illegal(f"{cell_name(cell, SIDE)} is marked already. Free cells: {free}.")

    def estimate(self, state: TicTacToeState) -> float:
        """Lines still open to player 0 alone minus those open to player 1 alone, at most 1/10 in all."""
        return sum(_open(state.board, 0, line) - _open(state.board, 1, line) for line in _LINES) / 80

    def expert(self, state: TicTacToeState, player: int) -> Distribution[int]:
        """Perfect play, each of the best moves equally likely."""
        return minimax_strategy(None)(self, state, player)


def _mover(board: str) -> int:
    return 0 if board.count(MARKS[0]) == board.count(MARKS[1]) else 1


def _winner(board: str) -> int | None:
    """Return who has three in a row, None if nobody has."""
    for a, b, c in _LINES:
        if board[a] == board[b] == board[c] != FREE:
            return MARKS.index(board[a])
    return None


def _open(board: str, player: int, line: tuple[int, int, int]) -> bool:
    """Return whether a line holds marks of `player` and none of the other one."""
    marks = {board[cell] for cell in line} - {FREE}
    return marks == {MARKS[player]}


_LINES = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6))
_VERBS = ("mark", "place", "put", "take", "play")
