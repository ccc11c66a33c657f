"""Leduc hold'em: a small poker with two rounds of betting and a card on the table."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Literal, NamedTuple

from textenvs.core.game import Distribution, Game
from textenvs.core.reading import last_phrase
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.phrasing import count, listed

Move = Literal["check", "bet", "call", "raise", "fold"]

CARDS = ("jack", "queen", "king")
COPIES = 2
BETS = (2, 4)
"""What a bet or a raise adds in each round."""


class LeducPokerState(NamedTuple):
    """The cards and the betting.

    Attributes:
        cards: the card of each player, as an index of `CARDS`.
        table: the card on the table, None before it is dealt.
        rounds: the moves of each round of betting so far; player 0 begins each.
    """

    cards: tuple[int, int]
    table: int | None = None
    rounds: tuple[tuple[Move, ...], ...] = ((),)


@dataclass(frozen=True)
class LeducPoker(Game[LeducPokerState, Move | int]):
    """Win chips over two rounds of betting with a pair, the higher card, or a bluff.

    Source:
        F. Southey, M. Bowling, B. Larson, C. Piccione, N. Burch, D. Billings and C. Rayner, Bayes' Bluff: Opponent
        Modelling in Poker, UAI 2005, arXiv:1207.1411.
    Players and turns:
        Two players take turns, player 0 first in both rounds.
    What the player sees:
        Its own card, the card on the table once it is dealt, all betting, and the chips in the pot. Only a showdown
        shows the other's card.
    Replies:
        `check` or `bet`; against a bet or raise `call`, `fold` or, once a round, `raise`. In a longer reply the last of
        these words counts.
    Rules:
        The deck has two jacks, two queens and two kings. Each player puts a chip in the pot and gets a card. After a
        round of betting a card is laid on the table; after a second round there is a showdown. A bet or raise adds 2
        chips in the first round and 4 in the second; each round has at most a bet and a raise. Two checks or a call end
        a round, a fold ends the game. At the showdown a pair with the card on the table wins, else the higher card;
        equal cards share the pot.
    Rewards:
        At the end, the chips won or lost. Zero-sum; return in -13 … 13.
    End:
        A fold, or the end of the second round.
    Parameters:
        None.
    Size:
        9 deals of ranks; 144 information states for each player; at most 4 moves of a player.
    Known values:
        Between perfect players the first one gets -0.085606424. The exploitability of random play is 2.373611 (half of
        the NashConv of 4.747222 that OpenSpiel documents), that of always betting 2.366667, of never betting 1, and of
        the expert 1.165625.
    Versions:
        v0: first release.
    """

    players = 2
    default_opponent = "random"
    scripts = ("bold", "meek")
    pools = {"train": ("random", "script:bold"), "test": ("expert", "script:meek")}  # noqa: RUF012 - read only

    @property
    def max_turns(self) -> int:
        return 4

    @property
    def return_range(self) -> tuple[float, float]:
        return (-13.0, 13.0)

    def deals(self) -> Distribution[LeducPokerState]:
        left = COPIES * len(CARDS)
        return tuple(
            (LeducPokerState((one, other)), Fraction(COPIES * (COPIES - (one == other)), left * (left - 1)))
            for one, other in product(range(len(CARDS)), repeat=2)
        )

    def to_move(self, state: LeducPokerState) -> tuple[int, ...]:
        return () if _is_closed(state) else (len(state.rounds[-1]) % 2,)

    def legal(self, state: LeducPokerState, player: int) -> tuple[Move, ...]:
        betting = state.rounds[-1]
        if betting[-1:] not in (("bet",), ("raise",)):
            return ("check", "bet")
        return ("call", "fold") if "raise" in betting else ("call", "raise", "fold")

    def chance(self, state: LeducPokerState) -> Distribution[int]:
        if state.table is not None or not _is_closed(state) or state.rounds[-1][-1] == "fold":
            return ()
        left = [COPIES - state.cards.count(card) for card in range(len(CARDS))]
        return tuple((card, Fraction(n, sum(left))) for card, n in enumerate(left) if n)

    def apply(self, state: LeducPokerState, move: Move | int) -> LeducPokerState:
        if isinstance(move, int):
            return LeducPokerState(state.cards, move, (*state.rounds, ()))
        return state._replace(rounds=(*state.rounds[:-1], (*state.rounds[-1], move)))

    def rewards(self, state: LeducPokerState, move: Move | int, after: LeducPokerState) -> tuple[float, ...]:
        if self.to_move(after) or self.chance(after) or isinstance(move, int):
            return (0.0, 0.0)
        winner = _winner(after)
        won = 0.0 if winner is None else float(_paid(after)[1 - winner])
        return (won, -won) if winner == 0 else (-won, won)

    def instructions(self, player: int) -> str:
        return (
            "You play Leduc poker against one opponent. The deck has two jacks, two queens and two kings; the king is "
            "the highest card, the jack the lowest. Each of you puts 1 chip in the pot and gets one card, hidden from "
            "the other. After a round of betting a card is laid on the table for both; after a second round the cards "
            "are shown. A pair with the card on the table wins the pot, else the higher card does; equal cards share "
            f"it. {('You move', 'Your opponent moves')[player]} first in both rounds. Reply with one word:\n"
            "check - put in nothing, while nobody has bet in this round. Two checks end the round.\n"
            f"bet - put in {BETS[0]} chips in the first round, {BETS[1]} in the second.\n"
            "call - match a bet or raise, which ends the round.\n"
            "raise - match a bet and put in as much again; once in a round.\n"
            "fold - give up the pot instead of matching a bet or raise.\n"
            f"Your points are the chips you win or lose. For example, reply: {('check', 'call')[player]}"
        )

    def view(self, state: LeducPokerState, player: int) -> str:
        table = "" if state.table is None else f" On the table: a {CARDS[state.table]}."
        betting = f"{self._betting(state, player)} Pot: {sum(_paid(state))} chips."
        return f"You hold a {CARDS[state.cards[player]]}.{table}{betting} {self._next(state, player)}"

    def _betting(self, state: LeducPokerState, player: int) -> str:
        told = ""
        for number, betting in enumerate(state.rounds, 1):
            moves = [
                f"{'you' if turn % 2 == player else 'opponent'} {_PAST[move]}" for turn, move in enumerate(betting)
            ]
            told += f" Round {number}: {', '.join(moves) if moves else 'no move yet'}."
        return told

    def _next(self, state: LeducPokerState, player: int) -> str:
        """Return what `player` is asked or told in the end."""
        movers = self.to_move(state)
        if movers == (player,):
            return f"{listed(self.legal(state, player), last='or').capitalize()}?"
        if movers or self.chance(state):
            return "Your opponent is to move."
        winner = _winner(state)
        shown = "" if state.rounds[-1][-1] == "fold" else f"Your opponent holds a {CARDS[state.cards[1 - player]]}. "
        if winner is None:
            return f"{shown}You share the pot."
        chips = count(_paid(state)[1 - winner], "chip")
        return f"{shown}You {'win' if winner == player else 'lose'} {chips}."

    def say(self, state: LeducPokerState, move: Move | int) -> str:
        return str(move)

    def read(self, state: LeducPokerState, player: int, text: str) -> Move | Refusal:
        move = last_phrase(text, _WORDS)
        legal = self.legal(state, player)
        if move is None:
            return Refusal(f"I read no move in that. Reply with one word: {listed(legal, last='or')}.")
        if move not in legal:
            return illegal(f"You cannot {move} now. Reply {listed(legal, last='or')}.")
        return move

    def expert(self, state: LeducPokerState, player: int) -> Distribution[Move]:
        """Sound play by simple rules: bet or raise a pair or a king, call with a queen or better, fold the rest."""
        strength = _strength(state, player)
        legal = self.legal(state, player)
        bold: Move = "bet" if "bet" in legal else "raise" if "raise" in legal else "call"
        if strength >= _KING:
            return ((bold, Fraction(1)),)
        if "check" in legal:
            bluff = Fraction(1, 4) if strength == 0 else Fraction(0)
            return tuple((move, p) for move, p in (("check", 1 - bluff), ("bet", bluff)) if p)  # type: ignore[misc]
        return (("call" if strength == 1 else "fold", Fraction(1)),)

    def script(self, name: str, state: LeducPokerState, player: int) -> Distribution[Move]:
        """`bold` always bets, raises or calls; `meek` checks and folds."""
        legal = self.legal(state, player)
        order: tuple[Move, ...] = ("raise", "bet", "call") if name == "bold" else ("check", "fold")
        return ((next(move for move in order if move in legal), Fraction(1)),)


_KING = 2


def _is_closed(state: LeducPokerState) -> bool:
    """Return whether nobody can bet in the current round any more."""
    betting = state.rounds[-1]
    return betting[-1:] in (("call",), ("fold",)) or betting == ("check", "check")


def _paid(state: LeducPokerState) -> tuple[int, int]:
    """Return how many chips each player has put in the pot."""
    chips = [1, 1]
    for bet, betting in zip(BETS, state.rounds, strict=False):
        for turn, move in enumerate(betting):
            player = turn % 2
            if move in ("call", "raise"):
                chips[player] = chips[1 - player]
            if move in ("bet", "raise"):
                chips[player] += bet
    return (chips[0], chips[1])


def _strength(state: LeducPokerState, player: int) -> int:
    """Return the rank of a hand: 0 to 2 for its card, 3 for a pair."""
    card = state.cards[player]
    return len(CARDS) if card == state.table else card


def _winner(state: LeducPokerState) -> int | None:
    """Return who wins the pot of a game that is over, None if it is shared."""
    betting = state.rounds[-1]
    if betting[-1] == "fold":
        return len(betting) % 2
    one, other = _strength(state, 0), _strength(state, 1)
    return None if one == other else 0 if one > other else 1


_PAST: dict[Move, str] = {"check": "checked", "bet": "bet", "call": "called", "raise": "raised", "fold": "folded"}

_BET = ("the bet", "a bet", "your bet", "this bet", "that bet", "their bet", "the raise", "your raise")
_WORDS: dict[str, Move] = {
    "check": "check", "checks": "check", "checking": "check",
    "bet": "bet", "bets": "bet", "betting": "bet",
    "call": "call", "calls": "call", "calling": "call", "match": "call", "see": "call",
    "raise": "raise", "raises": "raise", "raising": "raise", "reraise": "raise",
    "fold": "fold", "folds": "fold", "folding": "fold", "give up": "fold",
    **{f"{verb} {bet}": "call" for verb in ("call", "calling", "match", "matching", "see") for bet in _BET},
    **{f"{verb} {bet}": "raise" for verb in ("raise", "raising") for bet in _BET},
    **{f"{verb} to {bet}": "fold" for verb in ("fold", "folding") for bet in _BET},
}  # fmt: skip
