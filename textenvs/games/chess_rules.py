"""The rules of chess, through the optional package `chess`; positions are FEN strings and moves UCI strings.

Nothing else knows of that package, and nothing here needs it to be imported: only a call does.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from textenvs.core.errors import MissingExtraError

try:
    import chess
except ImportError:
    chess = None  # type: ignore[assignment]

WORTH = {"p": 1, "n": 3, "b": 3, "r": 5, "q": 9}


class Facts(NamedTuple):
    """What the rules say of a position.

    Attributes:
        legal: the legal moves in UCI, in alphabetical order.
        is_check: whether the side to move is in check.
        is_dead: whether neither side has enough material to mate.
    """

    legal: tuple[str, ...]
    is_check: bool
    is_dead: bool


class Named(NamedTuple):
    """A move as words name it: what is not told is empty.

    Attributes:
        piece: letter of the piece in upper case, P for a pawn, or K with target O-O or O-O-O for castling.
        source: square it leaves, or its file or rank alone.
        target: square it goes to.
        promotion: letter of the piece that a pawn becomes.
        straight: whether it stays on its file, as a pawn does whose notation tells the target alone.
    """

    piece: str
    source: str
    target: str
    promotion: str = ""
    straight: bool = False


def check_installed() -> None:
    """Raise `MissingExtraError` if the package is not there."""
    if chess is None:
        raise MissingExtraError("Chess", "chess")


def standard_position() -> str:
    """Return the usual opening position."""
    return chess.STARTING_FEN


@lru_cache(maxsize=960)
def shuffled_position(number: int) -> str:
    """Return a Chess960 opening position by its number, 0 … 959."""
    return chess.Board.from_chess960_pos(number).fen()


@lru_cache(maxsize=20_000)
def _board(fen: str) -> chess.Board:
    """Return the board of a position, not to be changed; with castling as in Chess960, which includes the usual one."""
    return chess.Board(fen, chess960=True)


@lru_cache(maxsize=20_000)
def facts(fen: str) -> Facts:
    """Return what the rules say of a position."""
    board = _board(fen)
    legal = tuple(sorted(move.uci() for move in board.legal_moves))
    return Facts(legal, board.is_check(), board.is_insufficient_material())


@lru_cache(maxsize=20_000)
def after(fen: str, move: str) -> str:
    """Return the position after a legal move."""
    board = _board(fen).copy(stack=False)
    board.push(chess.Move.from_uci(move))
    return board.fen()


@lru_cache(maxsize=100_000)
def san(fen: str, move: str) -> str:
    """Return a legal move in standard algebraic notation."""
    return _board(fen).san(chess.Move.from_uci(move))


def same(fen: str) -> str:
    """Return the part of a position that counts for repetition."""
    return fen.rsplit(" ", 2)[0]


def is_valid(fen: str) -> bool:
    """Return whether a position is possible; the side that is not to move must not be in check, for instance."""
    return _board(fen).is_valid()


def meant(fen: str, named: Named) -> list[str]:
    """Return the legal moves that words may mean; a promotion that is not told is to a queen."""
    fitting = [move for move in facts(fen).legal if _fits(fen, move, named)]
    steps = [move for move in fitting if not _castles(fen, move)]
    return fitting if len(fitting) <= 1 or not steps else steps


@lru_cache(maxsize=100_000)
def _castles(fen: str, move: str) -> str:
    """Return O-O or O-O-O if a move is that, else nothing."""
    board, parsed = _board(fen), chess.Move.from_uci(move)
    if not board.is_castling(parsed):
        return ""
    return "O-O" if board.is_kingside_castling(parsed) else "O-O-O"


@lru_cache(maxsize=100_000)
def _piece(fen: str, move: str) -> str:
    piece = _board(fen).piece_at(chess.parse_square(move[:2]))
    return piece.symbol().upper() if piece else ""


def _fits(fen: str, move: str, named: Named) -> bool:
    if named.piece not in ("", _piece(fen, move)) or named.source not in move[:2]:
        return False
    if named.straight and move[0] != move[2]:
        return False
    if castles := _castles(fen, move):
        king_ends = ("g" if castles == "O-O" else "c") + move[1]
        return named.target == castles or (len(named.source) == 2 and named.target in (king_ends, move[2:4]))
    return named.target == move[2:4] and (named.promotion or "Q" * (len(move) == 5)) == move[4:].upper()


# Scripted play -------------------------------------------------------------------------------------


def material(fen: str) -> int:
    """Return what White's pieces are worth more than Black's, in pawns."""
    placed = fen.partition(" ")[0]
    return sum(worth * (placed.count(piece.upper()) - placed.count(piece)) for piece, worth in WORTH.items())


def men(fen: str) -> int:
    """Return how many pieces and pawns are on the board."""
    return sum(sign.isalpha() for sign in fen.partition(" ")[0])


@lru_cache(maxsize=20_000)
def pressure(fen: str) -> float:
    """Return how far White drives a lone black king, negative the other way round, 0 if no king is alone.

    The king near the edge, few squares for it and the other king near count, from 0 to about 1.
    """
    board = _board(fen)
    for weak in chess.COLORS:
        if chess.popcount(board.occupied_co[weak]) == 1 and chess.popcount(board.occupied) > 2:
            driven = _driven(board, weak)
            return driven if weak == chess.BLACK else -driven
    return 0.0


def _driven(board: chess.Board, weak: bool) -> float:
    king, other = board.king(weak), board.king(not weak)
    if king is None or other is None:
        return 0.0
    rank, file = divmod(king, 8)
    edge = max(3 - rank, rank - 4) + max(3 - file, file - 4)
    free = sum(not board.is_attacked_by(not weak, square) for square in board.attacks(king))
    return (2 * edge + (7 - chess.square_distance(king, other)) + (8 - free)) / 27


@lru_cache(maxsize=5_000)
def mating(fen: str, moves: int) -> tuple[str, ...]:
    """Return the moves after which the side to move mates in at most so many moves, whatever the other side does."""
    legal = facts(fen).legal
    if moves == 1:
        board = _board(fen)
        legal = tuple(move for move in legal if board.gives_check(chess.Move.from_uci(move)))
    return tuple(move for move in legal if _mates(after(fen, move), moves))


def _mates(fen: str, moves: int) -> bool:
    known = facts(fen)
    if not known.legal:
        return known.is_check
    return moves > 1 and all(mating(after(fen, reply), moves - 1) for reply in known.legal)


@lru_cache(maxsize=5_000)
def promising(fen: str) -> tuple[str, ...]:
    """Return the moves that win most material and leave least where it can be taken, of these the most central ones."""
    board = _board(fen).copy(stack=False)
    scores = {move: _score(board, chess.Move.from_uci(move)) for move in facts(fen).legal}
    best = max(scores.values())
    return tuple(move for move, score in scores.items() if score >= best - _EQUAL)


_EQUAL = 1e-9


def _score(board: chess.Board, move: chess.Move) -> float:
    """Return how good a move looks to the side to move; the board is as before afterwards."""
    side, taken = board.turn, _taken(board, move)
    pawn = board.piece_type_at(move.from_square) == chess.PAWN
    board.push(move)
    ours = chess.popcount(board.occupied_co[side]) > 1 and chess.popcount(board.occupied_co[not side]) == 1
    stale = ours and board.is_stalemate()
    score = taken - _loss(board, side) + 0.1 * pawn + (2 * _driven(board, not side) if ours else _centre(board, side))
    board.pop()
    return score - 100 * stale


def _taken(board: chess.Board, move: chess.Move) -> float:
    if board.is_castling(move):
        return 0.3
    taken = board.piece_type_at(move.to_square) or (chess.PAWN if board.is_en_passant(move) else None)
    gain = _worth(taken) if taken else 0
    return gain + (_worth(move.promotion) - 1 if move.promotion else 0)


def _worth(piece: int) -> int:
    return WORTH.get(chess.piece_symbol(piece), 100)


def _loss(board: chess.Board, side: bool) -> float:
    """Return the most that the other side, which is to move, seems to win by taking one piece of `side`."""
    most = 0.0
    for square in chess.SquareSet(board.occupied_co[side]):
        attackers = board.attackers(not side, square)
        if attackers:
            worth = _worth(board.piece_type_at(square) or chess.PAWN)
            cheapest = min(_worth(board.piece_type_at(each) or chess.PAWN) for each in attackers)
            price = cheapest if board.is_attacked_by(side, square) else 0
            most = max(most, float(worth - price))
    return most


def _centre(board: chess.Board, side: bool) -> float:
    """Return a small reward for knights, bishops and pawns that reach far or stand in the centre."""
    active = board.occupied_co[side] & (board.knights | board.bishops)
    reach = sum(chess.popcount(board.attacks_mask(square)) for square in chess.scan_forward(active))
    return 0.02 * reach + 0.1 * chess.popcount(board.occupied_co[side] & board.pawns & chess.BB_CENTER)
