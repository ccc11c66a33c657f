"""Blackjack against the dealer, with cards from an infinite deck."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import fsum
from typing import ClassVar, Literal, NamedTuple

from textenvs.core.errors import check_choice, check_flag, check_range
from textenvs.core.game import Distribution, Game, Levels, T
from textenvs.core.reading import last_wanted
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.phrasing import count, points

Choice = Literal["hit", "stand", "double"]


class Opening(NamedTuple):
    """The first cards of a hand.

    Attributes:
        total: of the player's two cards.
        soft: whether an ace in it counts 11.
        shown: the dealer's open card: 1 for an ace, 10 for tens and faces.
    """

    total: int
    soft: bool
    shown: int


class Result(NamedTuple):
    """How a hand ended.

    Attributes:
        over: whether the player went over 21.
        paid: what the player won.
    """

    over: bool
    paid: float


Move = Choice | int | Opening
"""A choice; by chance a card (1 … 10), the dealer's total (17 … 21, `BUST`, `NATURAL`) or the opening of a hand."""

BUST = 0
NATURAL = 22


class BlackjackState(NamedTuple):
    """A hand, and how the one before it ended.

    Attributes:
        hand: number of the current hand, from 1; one more than there are when the game is over.
        cards: the total, whether it is soft, and the dealer's open card; None before the hand is dealt.
        drawn: whether the player has drawn a card in this hand.
        doing: the choice whose outcome chance decides next, None if the player is to move.
        stake: 2 for a doubled hand, else 1.
        last: how the hand before ended.
    """

    hand: int = 1
    cards: Opening | None = None
    drawn: bool = False
    doing: Choice | None = None
    stake: int = 1
    last: Result | None = None


@dataclass(frozen=True)
class Blackjack(Game[BlackjackState, Move]):
    """Play hands of blackjack against the dealer: come closer to 21 than the dealer, but not over it.

    Source:
        Example 5.1 of Sutton & Barto, Reinforcement Learning (2nd edition, 2018), which is Gymnasium's
        Blackjack-v1 with sab=True; rules="plain" is Blackjack-v1 by default, and rules="casino" the
        usual game in which the dealer looks for a natural, without splitting, insurance and surrender.
    Players and turns:
        One player, one choice a turn; each choice is one turn.
    What the player sees:
        The total of the hand, whether it is soft, and the dealer's open card. After a hand, the dealer's
        total and what was won or lost.
    Replies:
        `hit` or `stand`, and `double` as the first choice of a hand if it is offered. In a longer reply
        the last of these words that is not ruled out ("do not stand") counts.
    Rules:
        Every card is drawn anew: ace to 9 with probability 1/13 each, 10 with 4/13. An ace counts 11
        unless that takes the hand over 21. The dealer stands on all totals from 17. Equal totals are a
        draw. A natural is an ace and a 10 as first two cards. With rules="sutton" a player who stands on
        a natural wins unless the dealer has one too; the dealer's counts like any 21. With
        rules="casino" it pays 1.5 then, and a dealer's natural beats everything but a natural; a dealer
        showing an ace or a 10 looks for it after the first choice, before the player gets a card, so
        that no more than 1 is lost to it. With rules="plain" a natural is like any 21.
    Rewards:
        1 for a hand won, -1 for a hand lost, twice that if doubled, when the hand ends. Return in
        -n … n, times 2 with `double`, else times 1.5 with rules="casino".
    End:
        All hands are played.
    Parameters:
        hands: hands in an episode.
        rules: "sutton", "plain" or "casino".
        double: whether the first choice of a hand may be to double the stake for just one more card.
    Size:
        The first hand opens in one of 270 ways, which are the instances; all else is chance during
        play. At most 20 turns a hand, usually one or two.
    Known values:
        Of one hand: rules="sutton" optimal -0.043113, plan -0.0645, myopic -0.0485, random -0.3942; with
        `double` optimal -0.030582. rules="plain" optimal -0.046556. rules="casino" optimal -0.024208,
        with `double` -0.010867. Optimal and random of n hands are n times that of one. With
        rules="casino" and `double`, given that the dealer has no natural, the values of choices are those
        of the Wizard of Odds' tables for an infinite deck (wizardofodds.com/games/blackjack/appendix/1
        and /5).
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"hands": 1},
        "medium": {},
        "hard": {"hands": 20, "rules": "casino", "double": True},
        "extreme": {"hands": 100, "rules": "casino", "double": True},
    }

    hands: int = 3
    rules: str = "sutton"
    double: bool = False

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError` or `UnknownNameError`."""
        check_range("hands", self.hands, 1, 1_000)
        check_choice("rules", self.rules, tuple(_ON_NATURALS))
        check_flag("double", self.double)

    @property
    def max_turns(self) -> int:
        return _MOST_TURNS * self.hands

    @property
    def return_range(self) -> tuple[float, float]:
        stake = 2.0 if self.double else 1.0
        return (-stake * self.hands, max(stake, self._natural_pays) * self.hands)

    @property
    def _natural_pays(self) -> float:
        return 1.5 if self.rules == "casino" else 1.0

    def deals(self) -> Distribution[BlackjackState]:
        return tuple((BlackjackState(cards=opening), p) for opening, p in _openings())

    def content(self, state: BlackjackState) -> Opening | None:
        return state.cards

    def to_move(self, state: BlackjackState) -> tuple[int, ...]:
        return (0,) if state.cards and not state.doing else ()

    def legal(self, state: BlackjackState, player: int) -> tuple[Move, ...]:
        return ("hit", "stand", "double") if self.double and not state.drawn else ("hit", "stand")

    def chance(self, state: BlackjackState) -> Distribution[Move]:
        if not state.cards:
            return _later_openings() if state.hand <= self.hands else ()
        if not state.doing:
            return ()
        fresh = not state.drawn
        if state.doing == "stand":
            looked = self.rules == "casino" and not fresh
            return _dealers_totals(state.cards.shown, natural=not looked)
        looks = self.rules == "casino" and fresh
        return _cards_after_look(state.cards.shown if looks else 0)

    def apply(self, state: BlackjackState, move: Move) -> BlackjackState:
        if isinstance(move, Opening):
            return state._replace(cards=move)
        if isinstance(move, str):
            return state._replace(doing=move, stake=2 if move == "double" else 1, last=None)
        assert state.cards
        if state.doing == "stand" or move == NATURAL:
            return self._ended(state, move)
        total, soft = _with_card(state.cards.total, state.cards.soft, move)
        if total > 21:
            return self._ended(state, None)
        doing: Choice | None = "stand" if state.doing == "double" else None
        return state._replace(cards=Opening(total, soft, state.cards.shown), drawn=True, doing=doing)

    def _ended(self, state: BlackjackState, dealer: int | None) -> BlackjackState:
        """Return the state after a hand."""
        return BlackjackState(state.hand + 1, last=Result(dealer is None, self._payment(state, dealer)))

    def _payment(self, state: BlackjackState, dealer: int | None) -> float:
        """Return what a hand pays when the dealer has the total `dealer`, None if the player went over 21."""
        assert state.cards
        if dealer is None:
            return -float(state.stake)
        if self._is_natural(state):
            return 0.0 if dealer == NATURAL else self._natural_pays
        if dealer == NATURAL and self.rules == "casino":
            return -1.0
        margin = state.cards.total - min(dealer, 21)
        return float(state.stake * ((margin > 0) - (margin < 0)))

    def _is_natural(self, state: BlackjackState) -> bool:
        return self.rules != "plain" and not state.drawn and state.cards is not None and state.cards.total == 21

    def rewards(self, state: BlackjackState, move: Move, after: BlackjackState) -> tuple[float, ...]:
        return (after.last.paid if after.last and after.hand > state.hand else 0.0,)

    def instructions(self, player: int) -> str:
        several = f"{count(self.hands, 'hand')} of blackjack, one after the other," if self.hands > 1 else "blackjack"
        each = "each hand" if self.hands > 1 else "the hand"
        double = (
            "double - only as the first choice of a hand: win or loss counts 2 points; you get one card, then stand.\n"
        )
        return (
            f"You play {several} against a dealer. Come closer to 21 than the dealer, but not over 21. Cards 2 to 9 "
            "count their number; 10, jack, queen and king count 10; an ace counts 11, or 1 where 11 would take the "
            "hand over 21. A total in which an ace counts 11 is called soft. Each card is drawn anew from a full "
            "deck: ace to 9 have probability 1/13 each, 10 has 4/13.\n"
            f"At the start of {each} you and the dealer have two cards; you see one card of the dealer. "
            "Each turn, reply with one word:\n"
            "hit - you get one more card; over 21 you lose at once.\n"
            "stand - you stop; the dealer draws cards until the dealer's total is 17 or more.\n"
            f"{double if self.double else ''}"
            "The higher total wins; a dealer over 21 loses. A win pays 1 point, a loss costs 1 point, and equal "
            f"totals pay nothing.{_ON_NATURALS[self.rules]}\n"
            "For example, reply: stand"
        )

    def view(self, state: BlackjackState, player: int) -> str:
        news = f"{_told(state.last)} " if state.last else ""
        if not state.cards:
            return f"{news}The game is over." if state.hand > self.hands else f"{news}The next hand is dealt."
        number = f"Hand {state.hand} of {self.hands}. " if self.hands > 1 else ""
        return f"{news}{number}You have {self._total(state)}. The dealer shows {_card(state.cards.shown)}."

    def _total(self, state: BlackjackState) -> str:
        if not state.cards or self._is_natural(state):
            return "a natural 21"
        return f"{'soft ' * state.cards.soft}{state.cards.total}"

    def say(self, state: BlackjackState, move: Move) -> str:
        return str(move)

    def read(self, state: BlackjackState, player: int, text: str) -> Move | Refusal:
        choice = last_wanted(text, _WORDS)
        if choice is None:
            accepted = "hit, stand or double" if self.double else "hit or stand"
            return Refusal(f"I read no choice in that. Reply with one word: {accepted}.")
        if choice not in self.legal(state, player):
            reason = "You can double only as the first choice of a hand" if self.double else "You cannot double here"
            return illegal(f"{reason}. Reply with one word: hit or stand.")
        return choice

    def vocabulary(self) -> tuple[str, ...]:
        return ("You have a natural 21. The dealer shows an ace. You went over 21: you lose 1 point. A draw.",)

    def expert(self, state: BlackjackState, player: int) -> Distribution[Move]:
        """The choice that wins most on average: optimal."""
        values = self.choice_values(state)
        return ((max(values, key=lambda choice: values[choice]), Fraction(1)),)

    def choice_values(self, state: BlackjackState) -> dict[Move, float]:
        """Return what the hand pays on average after each choice, if the rest of it is played best."""
        return {choice: _worth(self, self.apply(state, choice)) for choice in self.legal(state, 0)}


_MOST_TURNS = 20
"""A hand can grow to 21 aces; then one more choice ends it."""

Exact = tuple[tuple[T, Fraction], ...]

_CARDS: Exact[int] = tuple((card, Fraction(4 if card == 10 else 1, 13)) for card in range(1, 11))


def _with_card(total: int, soft: bool, card: int) -> tuple[int, bool]:
    """Return a total, and whether it is soft, after one more card."""
    total += card
    if card == 1 and total <= 11:
        return total + 10, True
    if total > 21 and soft:
        return total - 10, False
    return total, soft


@lru_cache(maxsize=1)
def _openings() -> Exact[Opening]:
    """Return the openings of a hand with their probabilities."""
    weights: dict[Opening, Fraction] = {}
    for shown, p in _CARDS:
        for first, q in _CARDS:
            for second, r in _CARDS:
                hand = _with_card(*_with_card(0, False, first), second)
                opening = Opening(*hand, shown)
                weights[opening] = weights.get(opening, Fraction(0)) + p * q * r
    return tuple(weights.items())


# What chance does during play has its exact probabilities rounded to floats: after every hand there are thousands of
# ways to go on, and planning would spend its time on fractions.


@lru_cache(maxsize=1)
def _later_openings() -> Distribution[Opening]:
    return _rounded(_openings())


def _makes_natural(shown: int) -> Fraction:
    """Return how likely the dealer's hidden card makes a natural."""
    return {1: Fraction(4, 13), 10: Fraction(1, 13)}.get(shown, Fraction(0))


@lru_cache(maxsize=32)
def _cards_after_look(shown: int) -> Distribution[int]:
    """Return the player's next card, or that a dealer who shows this card has found a natural; 0 for no look."""
    found = _makes_natural(shown)
    cards = tuple((card, p * (1 - found)) for card, p in _CARDS)
    return _rounded(((NATURAL, found), *cards) if found else cards)


@lru_cache(maxsize=32)
def _dealers_totals(shown: int, *, natural: bool) -> Distribution[int]:
    """Return the dealer's final totals; if not `natural`, given that there is no natural."""
    found = _makes_natural(shown)
    weights = dict(_drawn_to_17(*_with_card(0, False, shown)))
    weights[21] -= found
    if natural and found:
        weights[NATURAL] = found
    total = sum(weights.values())
    return _rounded(tuple((outcome, p / total) for outcome, p in sorted(weights.items())))


def _rounded(outcomes: Exact[T]) -> Distribution[T]:
    return tuple((outcome, float(p)) for outcome, p in outcomes)


@lru_cache(maxsize=512)
def _drawn_to_17(total: int, soft: bool) -> Exact[int]:
    """Return the dealer's final totals, a natural counted as 21, from some total on."""
    if total > 21:
        return ((BUST, Fraction(1)),)
    if total >= 17:
        return ((total, Fraction(1)),)
    weights: dict[int, Fraction] = {}
    for card, p in _CARDS:
        for outcome, q in _drawn_to_17(*_with_card(total, soft, card)):
            weights[outcome] = weights.get(outcome, Fraction(0)) + p * q
    return tuple(weights.items())


def _worth(game: Blackjack, state: BlackjackState) -> float:
    """Return what a hand pays on average if it is played best from `state` on."""
    if state.cards:
        return _worth_of_hand(game, state._replace(hand=1, last=None))
    return state.last.paid if state.last else 0.0


@lru_cache(maxsize=65_536)
def _worth_of_hand(game: Blackjack, state: BlackjackState) -> float:
    if not state.doing:
        return max(_worth(game, game.apply(state, choice)) for choice in game.legal(state, 0))
    return fsum(float(p) * _worth(game, game.apply(state, outcome)) for outcome, p in game.chance(state))


_ON_NATURALS = {
    "plain": "",
    "sutton": (
        " An ace and a 10 as your first two cards are a natural: if you stand on it you win, unless the dealer has a "
        "natural too, which is a draw."
    ),
    "casino": (
        " An ace and a 10 as the first two cards are a natural. If you stand on yours you win 1.5 points, unless the "
        "dealer has a natural too, which is a draw. Otherwise a dealer's natural beats you. A dealer who shows an ace "
        "or a 10 looks for a natural right after your first choice; if there is one, the hand ends there, and costs "
        "you 1 point unless you have a natural too."
    ),
}

_WORDS: dict[str, Choice] = {
    "hit": "hit", "hit me": "hit", "draw": "hit", "another card": "hit", "take a card": "hit", "one more card": "hit",
    "stand": "stand", "stay": "stand", "stick": "stand", "stop": "stand", "hold": "stand",
    "double": "double", "double down": "double", "double the stake": "double", "double my bet": "double",
}  # fmt: skip


def _card(card: int) -> str:
    return {1: "an ace", 8: "an 8"}.get(card, f"a {card}")


def _told(result: Result) -> str:
    """Return how a hand ended."""
    if result.over:
        return f"You went over 21: you lose {points(-result.paid)}."
    if result.paid:
        return f"You win {points(result.paid)}." if result.paid > 0 else f"You lose {points(-result.paid)}."
    return "A draw."
