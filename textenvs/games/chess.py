"""Chess: the usual game, Chess960, and endgames."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from textenvs.core.errors import ArgumentError, check_choice, check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.reading import NOT
from textenvs.core.refusal import Refusal, illegal
from textenvs.games import chess_rules
from textenvs.games.chess_rules import Named
from textenvs.games.phrasing import count, listed

COLOURS = ("White", "Black")


class ChessState(NamedTuple):
    """A position and what the rules need of the past.

    Attributes:
        fen: the position in Forsyth-Edwards notation, with the numbers of moves.
        made: moves made so far, by both players.
        last: the last move in standard algebraic notation, empty at first.
        past: the positions since the last capture or pawn move, without the numbers of moves.
    """

    fen: str
    made: int = 0
    last: str = ""
    past: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chess(Game[ChessState, str]):
    """Mate the other king, from the usual position, from one of Chess960, or in an endgame.

    Source:
        FIDE, Laws of Chess (2023), with Chess960 as in its guideline II (R. Fischer 1996). Here draws by repetition and
        by fifty moves need not be claimed, and the number of moves is limited. Needs the extra `chess`, whose package
        of that name (N. Fiekas, GPL-3.0) knows the rules.
    Players and turns:
        Two players take turns; player 0 is White and begins.
    What the player sees:
        Its colour, the last move, whether it is in check, and the board. Which castlings are still allowed, and how
        often a position has occurred, follows from the moves before.
    Replies:
        Standard algebraic notation (`Nf3`, `exd5`, `O-O`, `e8=Q`), UCI notation (`g1f3`, `e7e8q`) and phrases such as
        "knight to f3" or "castle kingside". In a longer reply the last move named counts, one behind a word such as
        "play" or alone on a line before others. A pawn promotes to a queen unless told otherwise.
    Rewards:
        At the end, 1 for winning, -1 for losing and 0 for a draw. Zero-sum.
    End:
        Checkmate; or a draw: stalemate, too little material on both sides to mate, the same position for the third
        time, fifty moves of each player without capture or pawn move, or `moves` moves of each player.
    Parameters:
        start: "standard"; "chess960", any of its opening positions; "queen" or "rook", White's king and that piece
            against Black's king, drawn uniformly from the positions in which White, to move, can play Kd4; "mates", one
            of 8 positions of this kind, in which White can mate in two moves but not in one.
        moves: the most moves of each player.
    Size:
        One instance of "standard", as the rules allow no more, 960 of "chess960", 8 of "mates", 16,502 of "queen"
        and 19,524 of "rook". At most `moves` turns of each player.
    Known values:
        From the standard position there are 20, 400 and 8,902 plays of 1, 2 and 3 moves. "mates" is worth 1 to White
        with 2 moves or more. With enough moves "queen" and "rook" are won too, in at most 10 and 16 moves (T. Ströhlein
        1970). `perfect` works only where at most 4 men and 4 moves of both players together are left. The expert looks
        at what can be taken at once, and two moves ahead for a mate in small endgames; it is not strong.
    Versions:
        v0: first release.
    """

    players = 2
    perfect_information = True
    default_opponent = "random"
    pools = {"train": ("random", "mixed:1/2", "minimax:1"), "test": ("mixed:1/4", "expert")}  # noqa: RUF012 - read only
    levels: ClassVar[Levels] = {
        "easy": {"start": "mates", "moves": 2},
        "medium": {},
        "hard": {"start": "chess960", "moves": 80},
        "extreme": {"start": "chess960", "moves": 300},
    }

    start: str = "standard"
    moves: int = 40

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`, `UnknownNameError` or `MissingExtraError`."""
        check_choice("start", self.start, _STARTS)
        check_range("moves", self.moves, 1, 10_000)
        chess_rules.check_installed()

    @property
    def max_turns(self) -> int:
        return self.moves

    @property
    def return_range(self) -> tuple[float, float]:
        return (-1.0, 1.0)

    def deals(self) -> Distribution[ChessState] | None:
        if self.start == "standard":
            return uniform([ChessState(chess_rules.standard_position())])
        if self.start == "chess960":
            return uniform([ChessState(chess_rules.shuffled_position(number)) for number in range(960)])
        return uniform([ChessState(f"{placed} w - - 0 1") for placed in _MATES]) if self.start == "mates" else None

    def deal(self, random: Random) -> ChessState:
        if self.start == "chess960":
            return ChessState(chess_rules.shuffled_position(random.below(960)))
        if self.start in _PIECES:
            return next(self._endgames(random))
        return super().deal(random)

    def _endgames(self, random: Random) -> Iterator[ChessState]:
        """Yield positions without end."""
        while True:
            board = [""] * 64
            for man in ("K", _PIECES[self.start], "k"):
                board[random.below(64)] = man
            fen = f"{_placed(board)} w - - 0 1"
            whole = sum(map(bool, board)) == 3
            if whole and chess_rules.is_valid(fen) and chess_rules.meant(fen, Named("K", "", "d4")):
                yield ChessState(fen)

    def content(self, state: ChessState) -> str:
        return state.fen

    def to_move(self, state: ChessState) -> tuple[int, ...]:
        return () if self._ending(state) else (_mover(state),)

    def legal(self, state: ChessState, player: int) -> tuple[str, ...]:
        return chess_rules.facts(state.fen).legal

    def apply(self, state: ChessState, move: str) -> ChessState:
        fen = chess_rules.after(state.fen, move)
        irreversible = fen.split()[4] == "0"
        past = () if irreversible else (*state.past, chess_rules.same(state.fen))
        return ChessState(fen, state.made + 1, chess_rules.san(state.fen, move), past)

    def _ending(self, state: ChessState) -> str:
        """Return how the game ended, empty if it goes on."""
        facts = chess_rules.facts(state.fen)
        if not facts.legal:
            return "checkmate" if facts.is_check else "stalemate"
        drawn = {
            "neither side can mate any more": facts.is_dead,
            "the same position occurred for the third time": state.past.count(chess_rules.same(state.fen)) >= 2,
            "50 moves of each side without capture or pawn move": int(state.fen.split()[4]) >= 100,
            f"each side has made {count(self.moves, 'move')}": state.made >= 2 * self.moves,
        }
        return next((why for why, holds in drawn.items() if holds), "")

    def rewards(self, state: ChessState, move: str, after: ChessState) -> tuple[float, ...]:
        if self._ending(after) != "checkmate":
            return (0.0, 0.0)
        return (1.0, -1.0) if _mover(state) == 0 else (-1.0, 1.0)

    def instructions(self, player: int) -> str:
        game = "Chess960, chess with the pieces of the first rows shuffled," if self.start == "chess960" else "chess"
        first = "You move" if player == 0 else "Your opponent moves"
        castling = " Castling is O-O or O-O-O; king and rook end where they do in usual chess." * (
            self.start == "chess960"
        )
        example = ("e4", "e5")[player] if self.start in ("standard", "chess960") else _EXAMPLES[self.start][player]
        return (
            f"You play {game} as {COLOURS[player]} against an opponent. {first} first. On the board, White's men are K "
            "(king), Q (queen), R (rook), B (bishop), N (knight) and P (pawn), Black's are the same in small letters, "
            f"and . is an empty square.{castling} Checkmate wins 1 point, and the other player loses 1 point. A draw "
            "pays nothing. The game is a draw by stalemate, when neither side has enough pieces left to mate, when the "
            "same position occurs for the third time, after 50 moves of each side without capture or pawn move, or "
            f"when each side has made {count(self.moves, 'move')}.\n"
            f"Reply with your move in algebraic notation, for example: {example}"
        )

    def view(self, state: ChessState, player: int) -> str:
        return f"{self._standing(state, player)}\n{_diagram(state.fen)}"

    def _standing(self, state: ChessState, player: int) -> str:
        mover = _mover(state)
        last = f"{COLOURS[1 - mover]} played {state.last}. " if state.last else ""
        ending = self._ending(state)
        if ending == "checkmate":
            return f"{last}{'You lose' if player == mover else 'You win'}."
        if ending:
            return f"{last}It is a draw: {ending}."
        turn = "It is your turn" if player == mover else "Your opponent is to move"
        check = f", and {'you are' if player == mover else 'your opponent is'} in check"
        check *= chess_rules.facts(state.fen).is_check
        return f"{last}{turn}{check}; you are {COLOURS[player]}. Move {state.made // 2 + 1} of {self.moves}."

    def say(self, state: ChessState, move: str) -> str:
        return chess_rules.san(state.fen, move)

    def read(self, state: ChessState, player: int, text: str) -> str | Refusal:
        named = _read_moves(text)
        if not named:
            return Refusal("I read no move in that. Reply with a move in algebraic notation, such as Nf3, exd5 or O-O.")
        for each in named:
            moves = chess_rules.meant(state.fen, each)
            if len(moves) == 1:
                return moves[0]
            if moves:
                return illegal(
                    f"That can be {listed([self.say(state, move) for move in moves], last='or')}. Which do you mean?"
                )
        check = " You are in check." * chess_rules.facts(state.fen).is_check
        return illegal(f"{_words(named[0])} is no legal move now.{check}")

    def estimate(self, state: ChessState) -> float:
        """Compare the material, and how far a lone king is driven to the edge."""
        ahead = chess_rules.material(state.fen) + chess_rules.pressure(state.fen)
        return ahead / (20 + abs(ahead))

    def perfect(self, state: ChessState, player: int) -> None:
        """Leave it to the search where few men and moves are left.

        Raises:
            ArgumentError: everywhere else.
        """
        if chess_rules.men(state.fen) > _FEW_MEN or 2 * self.moves - state.made > _FEW_MOVES:
            raise ArgumentError(f"{self!r} is too large for perfect play; use minimax:D or 'expert'")

    def expert(self, state: ChessState, player: int) -> Distribution[str]:
        """Mate if that is seen, else take what can be taken and leave little to take."""
        far = 2 if chess_rules.men(state.fen) <= _FEW_MEN else 1
        for moves in range(1, far + 1):
            if mating := chess_rules.mating(state.fen, moves):
                return uniform(mating)
        return uniform(chess_rules.promising(state.fen))


_FEW_MEN = 4
_FEW_MOVES = 4
"""Of both players together."""

_PIECES = {"queen": "Q", "rook": "R"}
_STARTS = ("standard", "chess960", "mates", *_PIECES)
_EXAMPLES = {"queen": ("Kd4", "Kd5"), "rook": ("Kd4", "Kd5"), "mates": ("Kf6", "Kg8")}

_MATES = (
    "8/8/8/1Q3K1k/8/8/8/8", "8/8/8/6K1/8/7k/1Q6/8", "8/8/7k/1Q3K2/8/8/8/8", "3k4/1Q4K1/8/8/8/8/8/8",
    "2R5/5K1k/8/8/8/8/8/8", "8/8/6K1/8/7k/2R5/8/8", "8/8/8/5K2/7k/1R6/8/8", "5k2/8/4K2R/8/8/8/8/8",
)  # fmt: skip
"""Positions in which White, to move, mates in two moves and can play Kf6."""


def _mover(state: ChessState) -> int:
    return 0 if state.fen.split()[1] == "w" else 1


def _placed(board: list[str]) -> str:
    """Return the first part of the FEN of a board with a letter a man, from a8 to h1."""
    rows = ["".join(man or "." for man in board[row * 8 : row * 8 + 8]) for row in range(8)]
    return "/".join(re.sub(r"\.+", lambda empty: str(len(empty[0])), row) for row in rows)


def _diagram(fen: str) -> str:
    rows = re.sub(r"\d", lambda empty: "." * int(empty[0]), fen.split()[0]).split("/")
    lines = [f"{8 - number} {' '.join(row)}" for number, row in enumerate(rows)]
    return "\n".join([*lines, "  a b c d e f g h"])


# Replies -------------------------------------------------------------------------------------------


def _read_moves(text: str) -> list[Named]:
    """Return the move that a reply names last, in each way it can be understood; empty if it names none."""
    text = _RULED_OUT.sub(" ", text)
    for pattern in (_ASKED, _ALONE, _ANYWHERE):
        matches = list(pattern.finditer(text))
        if matches:
            return _understood(matches[-1])
    return []


def _understood(found: re.Match[str]) -> list[Named]:
    if found["castle"]:
        long = re.search(r"queen|long|[o0]-[o0]-[o0]", found["castle"], re.IGNORECASE)
        return [Named("K", "", "O-O-O" if long else "O-O")]
    if found["target"]:
        promotion = _letter(found["becomes"])
        return [Named(_letter(found["piece"]), (found["source"] or "").lower(), found["target"].lower(), promotion)]
    return _from_notation(found)


def _from_notation(found: re.Match[str]) -> list[Named]:
    """Return what algebraic or UCI notation may mean: in capitals, and in small letters, B and b are not one thing."""
    target, promotion = found["end"].lower(), (found["new"] or "").upper()
    if whole := found["whole"]:
        squares = Named("", whole.lower(), target, promotion)
        return [Named("B", whole[1], target, promotion), squares] if whole[0] == "B" else [squares]
    sign, source = found["sign"] or "P", (found["origin"] or "").lower()
    piece = Named(sign.upper(), source, target, promotion, straight=sign in "pP" and not source and not found["takes"])
    return [Named("P", "b", target, promotion), piece] if sign == "b" and found["takes"] and not source else [piece]


def _letter(name: str | None) -> str:
    """Return the letter of a piece told by its name, its letter, or not at all."""
    word = (name or "").lower()
    return "N" if word == "knight" else word[:1].upper()


def _words(named: Named) -> str:
    """Return a move that is none in a notation that says what was read."""
    if named.target.startswith("O"):
        return named.target
    promotion = f"={named.promotion}" if named.promotion else ""
    return f"{named.piece.replace('P', '')}{named.source}{named.target}{promotion}"


_SQUARE = "[a-h][1-8]"
_MEN = "king|queen|rook|bishop|knight|pawn"
_CASTLE = r"(?P<castle>[O0o]-[O0o](?:-[O0o])?|castl(?:e|es|ing)(?:\W{1,3}(?:on|to|the|king|queen|short|long|side)){0,4}"
_CASTLE += r"(?:\W?(?:kingside|queenside))?)"
_TO = r"\W{1,3}(?:to|takes|captures|x|->|on)\W{1,3}(?:(?:the|a|your|his|my) )?(?:(?:" + _MEN + r") )?(?:(?:on|at|to) )?"
_BECOMES = r"(?:\W{1,3}(?:=|promot\w+ to|becom\w+|and promote\w* to)? ?(?:an? )?(?P<becomes>queen|rook|bishop|knight))?"
_SPOKEN = (
    rf"(?:(?P<piece>{_MEN})(?:\W{{1,3}}(?:(?:on|from|at) )?(?P<source>{_SQUARE}))?{_TO}(?P<target>{_SQUARE}){_BECOMES})"
)
_WRITTEN = (
    rf"(?:(?P<whole>{_SQUARE})|(?P<sign>[KQRBNP])?(?P<origin>{_SQUARE}|[a-h]|[1-8])??)"
    rf"(?:(?P<takes>x| takes )|-|\W{{1,2}}to )?(?P<end>{_SQUARE})"
    r"(?:=?\(?(?P<new>[QRBN])\)?)?(?:e\.p\.)?[+#]?[!?]*"
)
_MOVE = rf"(?<![\w-])(?:{_CASTLE}|{_SPOKEN}|{_WRITTEN})(?![\w=-])"
_VERB = r"\b(?:play|move|choose|choice|pick|select|answer|reply|go|try|is)(?:s|d|ing)?(?!\w)"
_BETWEEN = r"[^\w\n]{1,4}(?:(?:my|the|with|is|be|will|to|for|now|a) ){0,3}[^\w\n]{0,3}"
_RULED_OUT = re.compile(NOT + rf"(?:{_VERB}{_BETWEEN})?{_MOVE}", re.IGNORECASE)
_ASKED = re.compile(rf"{_VERB}{_BETWEEN}(?:\d+\.+ ?)?{_MOVE}", re.IGNORECASE)
_ALONE = re.compile(rf"^[^\w\n]{{0,6}}(?:\d+\.+ ?)?{_MOVE}[^\w\n]{{0,6}}$", re.IGNORECASE | re.MULTILINE)
_ANYWHERE = re.compile(_MOVE, re.IGNORECASE)
