"""Liar's dice: bid on all dice while seeing half of them, or call the other's bid a lie."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations_with_replacement, product
from math import comb, factorial, prod
from typing import ClassVar, Literal, NamedTuple

from textenvs.core.errors import ArgumentError, check_range
from textenvs.core.game import Distribution, Game, Levels, Random
from textenvs.core.reading import NOT, last_match
from textenvs.core.refusal import Refusal, illegal


class Bid(NamedTuple):
    """The claim that at least `number` of all dice show `face`. A greater tuple is a higher bid."""

    number: int
    face: int


Move = Bid | Literal["liar"]
Hand = tuple[int, ...]


class LiarsDiceState(NamedTuple):
    """The dice and the bids.

    Attributes:
        hands: the dice of each player in ascending order.
        bids: the bids so far; the players alternate, player 0 begins.
        called: whether the last bid was called a lie, which ends the game.
    """

    hands: tuple[Hand, Hand]
    bids: tuple[Bid, ...] = ()
    called: bool = False


@dataclass(frozen=True)
class LiarsDice(Game[LiarsDiceState, Move]):
    """Bid ever higher on how many of all dice show a face, seeing your own only, or call the last bid a lie.

    Source:
        A folk game, also called Dudo or Bluff; one round of it, by the rules of `liars_dice` in OpenSpiel (Lanctot et
        al. 2019, arXiv:1908.09453), which are these with `dice=1`.
    Players and turns:
        Two players take turns, player 0 first.
    What the player sees:
        Its own dice and all bids; at the end all dice.
    Replies:
        A bid such as `bid 2 fives`, `2 fives`, `two 5s` or `2x5`, or `liar` (`call`, `challenge` and `doubt` are
        understood). In a longer reply the last of these counts, and a bid after the word bid counts before others.
    Rules:
        Each player rolls its dice in secret. A bid claims that at least so many of all dice show a face. The next bid
        must name more dice, or as many of a higher face. Instead of bidding a player may call the last bid a lie: if
        at least as many dice as it says count, the caller loses, else the bidder does. With `wild` the highest face
        counts as any other face too.
    Rewards:
        At the end 1 for who was right and -1 for who was wrong. Zero-sum.
    End:
        A call. After the highest possible bid nothing else is left.
    Parameters:
        dice: number of dice of each player.
        faces: number of faces of a die, 2 to 12.
        wild: whether the highest face counts as every face.
    Size:
        C(dice + faces - 1, dice) hands for each player: 63,504 instances at the default level, 1.7 million at hard;
        at most dice * faces + 1 moves of a player.
    Known values:
        Between perfect players with one die each, wild, the first one gets 1/9 with 3 faces, 1/16 with 4, 1/125 with
        5 and -7/258 with 6. With 4 faces the exploitability of the expert is 0.75, of random play 0.655060.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"dice": 1, "faces": 4},
        "medium": {},
        "hard": {"dice": 8},
        "extreme": {"dice": 20, "faces": 12},
    }
    players = 2
    default_opponent = "expert"
    scripts = ("honest", "bluffer", "doubter")
    pools: ClassVar = {"train": ("random", "script:bluffer", "script:doubter"), "test": ("expert", "script:honest")}

    dice: int = 5
    faces: int = 6
    wild: bool = True

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("dice", self.dice, 1, 50)
        check_range("faces", self.faces, 2, len(_PLURALS))
        if not isinstance(self.wild, bool):
            raise ArgumentError(f"wild must be True or False, not {self.wild!r}")

    @property
    def total(self) -> int:
        """The number of dice of both players."""
        return 2 * self.dice

    @property
    def max_turns(self) -> int:
        return self.dice * self.faces + 1

    @property
    def return_range(self) -> tuple[float, float]:
        return (-1.0, 1.0)

    def deals(self) -> Distribution[LiarsDiceState] | None:
        if comb(self.dice + self.faces - 1, self.dice) ** 2 > _LISTED_DEALS:
            return None
        hands = _hands(self.dice, self.faces)
        return tuple((LiarsDiceState((one, other)), p * q) for (one, p), (other, q) in product(hands, repeat=2))

    def deal(self, random: Random) -> LiarsDiceState:
        one, other = (tuple(sorted(1 + random.below(self.faces) for _ in range(self.dice))) for _ in range(2))
        return LiarsDiceState((one, other))

    # The rules -----------------------------------------------------------------------------------

    def to_move(self, state: LiarsDiceState) -> tuple[int, ...]:
        return () if state.called else (len(state.bids) % 2,)

    def legal(self, state: LiarsDiceState, player: int) -> tuple[Move, ...]:
        higher = self._higher(state)
        return (*higher, "liar") if state.bids else higher

    def _higher(self, state: LiarsDiceState) -> tuple[Bid, ...]:
        """Return the bids above the last one."""
        bids = _bids(self.total, self.faces)
        return bids[bids.index(state.bids[-1]) + 1 :] if state.bids else bids

    def apply(self, state: LiarsDiceState, move: Move) -> LiarsDiceState:
        if isinstance(move, Bid):
            return state._replace(bids=(*state.bids, move))
        return state._replace(called=True)

    def rewards(self, state: LiarsDiceState, move: Move, after: LiarsDiceState) -> tuple[float, ...]:
        if not after.called:
            return (0.0, 0.0)
        return (1.0, -1.0) if self._winner(after) == 0 else (-1.0, 1.0)

    def _counting(self, dice: Hand, face: int) -> int:
        """Return how many of `dice` count for a bid on `face`."""
        wild = dice.count(self.faces) if self.wild and face != self.faces else 0
        return dice.count(face) + wild

    def _found(self, state: LiarsDiceState) -> int:
        """Return how many of all dice count for the last bid."""
        return sum(self._counting(hand, state.bids[-1].face) for hand in state.hands)

    def _winner(self, state: LiarsDiceState) -> int:
        """Return who wins a game that is over: the bidder if the bid was true, else the caller."""
        caller = len(state.bids) % 2
        return 1 - caller if self._found(state) >= state.bids[-1].number else caller

    # The words -----------------------------------------------------------------------------------

    def instructions(self, player: int) -> str:
        rolled = "1 die" if self.dice == 1 else f"{self.dice} dice"
        wild = f" Dice that show {self.faces} are wild: they count as every other face too." if self.wild else ""
        return (
            f"You play liar's dice against one opponent. Each of you rolls {rolled} with the faces 1 to {self.faces}, "
            f"hidden from the other. {('You move', 'Your opponent moves')[player]} first; then you take turns.\n"
            f"A bid such as '2 {_PLURALS[self.faces - 1]}' says: of all {self.total} dice, yours and your opponent's, "
            f"at least 2 show {self.faces}.{wild} Each bid must be higher than the last: more dice of any face, or as "
            "many dice of a higher face.\n"
            "Instead of bidding you may call the last bid a lie with the word liar. Then all dice are shown. If the "
            "bid was true, who called it a lie loses; if not, who made it loses.\n"
            "Your score is 1 if you win and -1 if you lose. Reply with a bid"
            f"{(', or after the first bid liar', ' or liar')[player]}, for example: {('bid 1 one', 'liar')[player]}"
        )

    def view(self, state: LiarsDiceState, player: int) -> str:
        bids = [f"{'you' if turn % 2 == player else 'opponent'} {told(bid)}" for turn, bid in enumerate(state.bids)]
        made = f"Bids: {', '.join(bids)}." if bids else "No bid yet."
        return f"Your dice: {_row(state.hands[player])}. {made} {self._next(state, player)}"

    def _next(self, state: LiarsDiceState, player: int) -> str:
        """Return what `player` is asked or told in the end."""
        if state.called:
            caller = "You" if len(state.bids) % 2 == player else "Your opponent"
            bid = state.bids[-1]
            return (
                f"{caller} called it a lie. Your opponent's dice: {_row(state.hands[1 - player])}. "
                f"Bid: {told(bid)}. Found: {self._found(state)}. "
                f"You {'win' if self._winner(state) == player else 'lose'}."
            )
        if self.to_move(state) != (player,):
            return "Your opponent is to move."
        if not state.bids:
            return "Your bid?"
        return "A higher bid or liar?" if self._higher(state) else "No bid is higher: reply liar."

    def say(self, state: LiarsDiceState, move: Move) -> str:
        return f"bid {told(move)}" if isinstance(move, Bid) else move

    def read(self, state: LiarsDiceState, player: int, text: str) -> Move | Refusal:
        move = read_move(text)
        if move is None:
            accepted = f"'bid 2 {_PLURALS[self.faces - 1]}'" + (" or 'liar'" if state.bids else "")
            return Refusal(f"I read no move in that. Reply like {accepted}.")
        if isinstance(move, Bid):
            return move if move in self._higher(state) else illegal(self._why_not(state, move))
        return move if state.bids else illegal("There is no bid yet to call a lie. Make a bid.")

    def _why_not(self, state: LiarsDiceState, bid: Bid) -> str:
        """Say why `bid` cannot be made."""
        if not 1 <= bid.face <= self.faces:
            return f"The dice have the faces 1 to {self.faces}."
        if not 1 <= bid.number <= self.total:
            return f"There are {self.total} dice in all: bid on 1 to {self.total} of them."
        last = state.bids[-1]
        return (
            f"A bid of {told(bid)} is not higher than {told(last)}. Bid more dice, or as many dice of a higher face, "
            "or reply liar."
        )

    # Scripted players ----------------------------------------------------------------------------

    def expert(self, state: LiarsDiceState, player: int) -> Distribution[Move]:
        """Do what is likeliest to be right if the other's dice are taken as random; of equal bids make the highest.

        A plain player: it learns nothing from the other's bids, and being the same every time it can be exploited.
        """
        hand = state.hands[player]
        best: Move = "liar"
        chance = 1 - self._likelihood(hand, state.bids[-1]) if state.bids else Fraction(-1)
        for bid in self._higher(state):
            likelihood = self._likelihood(hand, bid)
            if likelihood >= chance:
                best, chance = bid, likelihood
        return ((best, Fraction(1)),)

    def _likelihood(self, hand: Hand, bid: Bid) -> Fraction:
        """Return the chance that `bid` is true for who holds `hand` and knows nothing of the other's."""
        ways = 2 if self.wild and bid.face != self.faces else 1
        return _at_least(self.dice, Fraction(ways, self.faces), bid.number - self._counting(hand, bid.face))

    def script(self, name: str, state: LiarsDiceState, player: int) -> Distribution[Move]:
        """`honest` makes the lowest bid that its own dice prove, `bluffer` the lowest of all, `doubter` always calls.

        Where they cannot: `honest` calls a lie or opens with the lowest bid, `bluffer` calls, `doubter` opens so.
        """
        higher = self._higher(state)
        if name == "honest":
            proven = (bid for bid in higher if self._counting(state.hands[player], bid.face) >= bid.number)
            move: Move | None = next(proven, None)
        else:
            move = higher[0] if higher and (name == "bluffer" or not state.bids) else None
        return ((move or ("liar" if state.bids else higher[0]), Fraction(1)),)


_LISTED_DEALS = 2_000

_SINGULARS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_PLURALS = tuple(f"{face}{'es' if face == 'six' else 's'}" for face in _SINGULARS)


def told(bid: Bid) -> str:
    """Return a bid in words: `1 five`, `2 fives`."""
    names = _SINGULARS if bid.number == 1 else _PLURALS
    return f"{bid.number} {names[bid.face - 1]}"


def _row(hand: Hand) -> str:
    return ", ".join(map(str, hand))


@lru_cache(maxsize=16)
def _bids(total: int, faces: int) -> tuple[Bid, ...]:
    """Return all bids, the lowest first."""
    return tuple(Bid(number, face) for number in range(1, total + 1) for face in range(1, faces + 1))


@lru_cache(maxsize=16)
def _hands(dice: int, faces: int) -> tuple[tuple[Hand, Fraction], ...]:
    """Return all hands with their probabilities."""
    rolls = combinations_with_replacement(range(1, faces + 1), dice)
    return tuple((hand, Fraction(_orders(hand), faces**dice)) for hand in rolls)


def _orders(hand: Hand) -> int:
    return factorial(len(hand)) // prod(map(factorial, Counter(hand).values()))


@lru_cache(maxsize=10_000)
def _at_least(dice: int, chance: Fraction, needed: int) -> Fraction:
    """Return the probability that at least `needed` of `dice` succeed, each with `chance`."""
    numbers = range(max(0, needed), dice + 1)
    return sum((comb(dice, n) * chance**n * (1 - chance) ** (dice - n) for n in numbers), Fraction(0))


# Reading ---------------------------------------------------------------------------------------------


def read_move(text: str) -> Move | None:
    """Return the last bid or call in a reply, None if there is none; a bid may be impossible."""
    text = _RULED_OUT.sub(" ", _TOLD.sub(" ", text.lower().replace("’", "'")))
    found = last_match(text, _SAID, _CLAIM)
    if found is None:
        return None
    claim = found.groupdict()
    return "liar" if claim.get("liar") else Bid(_value(claim["number"]), _value(claim["face"]))


def _value(word: str) -> int:
    digits = word.rstrip("'s")
    return int(digits) if digits.isdecimal() else _VALUES[word]


_VALUES = {name: value for names in (_SINGULARS, _PLURALS) for value, name in enumerate(names, 1)} | {"zero": 0}

_NUMBER = rf"(?<![\w.,/-])(?P<number>\d{{1,3}}|{'|'.join(_SINGULARS)}|zero)"
_LINK = r"(?:\s*[x*×]\s*|\s+(?:(?:dice|die)\s+)?(?:(?:of|showing|show|shows|with|times)\s+)?(?:(?:a|the|face)\s+)?)"
_FACE = rf"(?P<face>\d{{1,2}}(?:'?s)?|{'|'.join((*_PLURALS, *_SINGULARS))})(?![\w-]|[.,]\d)"
_CLAIM = _NUMBER + _LINK + _FACE
_SAME = re.sub(r"\?P<\w+>", "?:", _CLAIM)
_CALL = rf"call(?:ing)?(?!\s+(?:\d|a\s+bid|(?:{'|'.join(_SINGULARS)})\s))"
_LIAR = rf"liar|lie|lies|lying|{_CALL}|challenge|challenging|doubt|(?<!a )bluff|bluffing|dudo"
_BIDDING = (
    r"\b(?:bid|bidding|raise|raising|say|claim|go|increase)\b[^\w\n]{1,3}"
    r"(?:(?:to|with|of|for|is|it|at|least|up)\s+){0,3}"
)
_SAID = rf"{_BIDDING}{_CLAIM}|\b(?P<liar>{_LIAR})\b"
_TOLD = re.compile(
    r"\b(?:(?:opponent|they|he|she|you|who)(?:'s)?\s+(?:has\s+|have\s+|just\s+)?(?:bid|bids|said|claimed|raised)"
    r"|(?:opponent's|their|his|her|your|last|previous)\s+(?:last\s+)?bid|i\s+(?:have|hold|see|rolled|got))"
    rf"(?:\s+(?:to|of|is|was))?\s+{_SAME}"
)
"""What was bid before, or what the player holds."""
_RULED_OUT = re.compile(rf"{NOT}(?:(?!but|so|then|and)[a-z]+\s+){{0,4}}?(?:{_SAME}|(?:a\s+)?(?:{_LIAR})\b)")
