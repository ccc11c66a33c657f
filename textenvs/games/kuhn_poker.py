"""Kuhn's three-card poker: bluff, call or fold with one hidden card."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations
from typing import Literal, NamedTuple

from textenvs.core.game import Distribution, Game, uniform
from textenvs.core.reading import last_phrase
from textenvs.core.refusal import Refusal, illegal

Move = Literal["check", "bet", "call", "fold"]

CARDS = ("jack", "queen", "king")


class KuhnPokerState(NamedTuple):
    """The hands and the betting.

    Attributes:
        cards: the card of each player, as an index of `CARDS`; the higher one wins.
        moves: the betting so far; the players alternate, player 0 begins.
    """

    cards: tuple[int, int]
    moves: tuple[Move, ...] = ()


@dataclass(frozen=True)
class KuhnPoker(Game[KuhnPokerState, Move]):
    """Win chips with the higher of two hidden cards, or with a bluff.

    Source:
        H. W. Kuhn, A Simplified Two-Person Poker, in Contributions to the Theory of Games I (1950),
        97-103. Kuhn's "pass" is called check, or fold against a bet, as in other poker.
    Players and turns:
        Two players take turns, player 0 first.
    What the player sees:
        Its own card and the betting. Only a showdown shows the other's card.
    Replies:
        `check` or `bet`; against a bet `call` or `fold`. `pass` is check, or fold against a bet. In a
        longer reply the last of these words counts; "call the bet" is call.
    Rules:
        Each player puts a chip in the pot and gets one of three cards: jack, queen, king. A bet puts in
        a second chip and a call matches it. After a check the other player may check or bet. Two checks
        or a call lead to a showdown, where the higher card wins the pot; after a fold the other wins it.
    Rewards:
        At the end, the chips won or lost: 1, or 2 after a call. Zero-sum; return in -2 … 2.
    End:
        Two checks, a call or a fold.
    Parameters:
        None.
    Size:
        6 instances; 24 states for players, 6 information states for each; player 0 moves at most
        twice, player 1 once.
    Known values:
        Between perfect players the first one gets -1/18, the second 1/18 (Kuhn). Nobody gets more
        against the expert, and a uniformly random player gets -1/6 in either seat. Between two random
        players the first one gets 1/8; the exploitability of random play is 11/24, the expert's is 0,
        that of always betting and calling 1/3, of never doing so 1.
    Versions:
        v0: first release.
    """

    players = 2
    default_opponent = "expert"
    scripts = ("bold", "meek")
    pools = {"train": ("random", "script:bold"), "test": ("expert", "script:meek")}  # noqa: RUF012 - read only

    @property
    def max_turns(self) -> int:
        return 2

    @property
    def return_range(self) -> tuple[float, float]:
        return (-2.0, 2.0)

    def deals(self) -> Distribution[KuhnPokerState]:
        return uniform([KuhnPokerState(cards) for cards in permutations(range(len(CARDS)), 2)])

    def to_move(self, state: KuhnPokerState) -> tuple[int, ...]:
        over = state.moves == ("check", "check") or state.moves[-1:] in (("call",), ("fold",))
        return () if over else (len(state.moves) % 2,)

    def legal(self, state: KuhnPokerState, player: int) -> tuple[Move, ...]:
        return ("call", "fold") if _faces_bet(state) else ("check", "bet")

    def apply(self, state: KuhnPokerState, move: Move) -> KuhnPokerState:
        return state._replace(moves=(*state.moves, move))

    def rewards(self, state: KuhnPokerState, move: Move, after: KuhnPokerState) -> tuple[float, ...]:
        if self.to_move(after):
            return (0.0, 0.0)
        won = 2.0 if move == "call" else 1.0
        return (won, -won) if _winner(after) == 0 else (-won, won)

    def instructions(self, player: int) -> str:
        return (
            "You play Kuhn poker against one opponent. The deck is a jack, a queen and a king; the king is the "
            "highest card, the jack the lowest. Each of you puts 1 chip in the pot and gets one card, hidden from "
            f"the other. {('You move', 'Your opponent moves')[player]} first. Reply with one word:\n"
            "check - put in nothing. After a first check the other player may check or bet.\n"
            "bet - put in 1 more chip.\n"
            "call - answer a bet with 1 more chip.\n"
            "fold - answer a bet by giving up the pot.\n"
            "pass - check, or fold against a bet.\n"
            "After two checks or a call the higher card wins the pot. Your points are the chips you win or lose. "
            f"For example, reply: {('check', 'pass')[player]}"
        )

    def view(self, state: KuhnPokerState, player: int) -> str:
        betting = [_told(move, turn % 2 == player) for turn, move in enumerate(state.moves)]
        return " ".join([f"You hold the {CARDS[state.cards[player]]}.", *betting, self._next(state, player)])

    def _next(self, state: KuhnPokerState, player: int) -> str:
        """Return what `player` is asked or told in the end."""
        movers = self.to_move(state)
        if movers == (player,):
            first, second = self.legal(state, player)
            return f"{first.capitalize()} or {second}?"
        if movers:
            return "Your opponent is to move."
        shown = "" if state.moves[-1] == "fold" else f"Your opponent holds the {CARDS[state.cards[1 - player]]}. "
        chips = "2 chips" if state.moves[-1] == "call" else "1 chip"
        return f"{shown}You {'win' if _winner(state) == player else 'lose'} {chips}."

    def say(self, state: KuhnPokerState, move: Move) -> str:
        return move

    def read(self, state: KuhnPokerState, player: int, text: str) -> Move | Refusal:
        word = last_phrase(text, _WORDS)
        first, second = legal = self.legal(state, player)
        if word is None:
            return Refusal(f"I read no move in that. Reply with one word: {first} or {second}.")
        move: Move = word if word != "pass" else "fold" if _faces_bet(state) else "check"
        if move not in legal:
            reason = "your opponent has bet" if _faces_bet(state) else "there is no bet to answer"
            return illegal(f"You cannot {move} now: {reason}. Reply {first} or {second}.")
        return move

    def expert(self, state: KuhnPokerState, player: int) -> Distribution[Move]:
        """Kuhn's equilibrium with alpha = 1/3, the first player's chance to bet the jack.

        Without a bet to answer both bet the king always, the jack with chance 1/3 and the queen never.
        Against a bet both call with the king and fold the jack; with the queen the first player calls
        with chance alpha + 1/3 = 2/3, the second with 1/3.
        """
        faces_bet = _faces_bet(state)
        chance = (_CALLS[player] if faces_bet else _BETS)[state.cards[player]]
        bold: Move = "call" if faces_bet else "bet"
        meek: Move = "fold" if faces_bet else "check"
        return tuple((move, p) for move, p in ((bold, chance), (meek, 1 - chance)) if p > 0)

    def script(self, name: str, state: KuhnPokerState, player: int) -> Distribution[Move]:
        """`bold` always bets or calls; `meek` always checks or folds."""
        passive: tuple[Move, ...] = ("check", "fold")
        return tuple((move, Fraction(1)) for move in self.legal(state, player) if (move in passive) == (name == "meek"))


def _faces_bet(state: KuhnPokerState) -> bool:
    return state.moves[-1:] == ("bet",)


def _winner(state: KuhnPokerState) -> int:
    """Return who wins the pot of a game that is over."""
    if state.moves[-1] == "fold":
        return len(state.moves) % 2
    return 0 if state.cards[0] > state.cards[1] else 1


def _told(move: Move, own: bool) -> str:
    return f"{'You' if own else 'Your opponent'} {_PAST[move]}."


# The chance to bet, or to call, with each of `CARDS`; the calls of each player.
_BETS = (Fraction(1, 3), Fraction(0), Fraction(1))
_CALLS = ((Fraction(0), Fraction(2, 3), Fraction(1)), (Fraction(0), Fraction(1, 3), Fraction(1)))

_PAST: dict[Move, str] = {"check": "checked", "bet": "bet", "call": "called", "fold": "folded"}

_OTHERS_BET = ("the bet", "a bet", "your bet", "this bet", "that bet", "their bet", "the opponent's bet",
               "my opponent's bet")  # fmt: skip

_WORDS: dict[str, Move | Literal["pass"]] = {
    "check": "check", "checks": "check", "checking": "check",
    "bet": "bet", "bets": "bet", "betting": "bet", "raise": "bet",
    "call": "call", "calls": "call", "calling": "call", "match": "call",
    "fold": "fold", "folds": "fold", "folding": "fold", "give up": "fold",
    "pass": "pass", "passes": "pass", "passing": "pass",
    **{f"{verb} {bet}": "call" for verb in ("call", "calling", "match", "matching") for bet in _OTHERS_BET},
    **{f"{verb} to {bet}": "fold" for verb in ("fold", "folding") for bet in _OTHERS_BET},
}  # fmt: skip
