"""Roll dice, keep some, roll the others again, and fill a score card as in Yahtzee."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import chain, combinations, combinations_with_replacement
from math import factorial, prod
from typing import ClassVar, NamedTuple

from textenvs.core.errors import ArgumentError, check_choice, check_range
from textenvs.core.game import Distribution, Game, Levels
from textenvs.core.reading import last_wanted
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.phrasing import count

Faces = tuple[int, ...]
"""What dice show, in ascending order."""


class Roll(NamedTuple):
    """Roll the dice at these places, from 0, again."""

    places: tuple[int, ...]


class Score(NamedTuple):
    """Fill this category of the score card with the dice as they are."""

    category: str


class Scored(NamedTuple):
    """What a category paid.

    Attributes:
        category: the category just filled.
        points: what the dice are worth in it.
        bonus: whether it brought the bonus of the full card besides.
    """

    category: str
    points: int
    bonus: bool


Move = Roll | Score | Faces
"""A player's move; by chance the dice after a roll."""


class DiceState(NamedTuple):
    """The dice and the score card.

    Attributes:
        card: number of the score card, from 1.
        open: its open categories; none when the game is over.
        dice: what the dice show; empty while they are to be rolled, and at the end.
        kept: the dice that are not rolled, while chance is to roll the others; else None.
        rolls: rolls made in this round.
        last: what was just scored, until dice are rolled again.
        upper: of the full card, points in the categories ones to sixes, 63 where it is more.
    """

    card: int
    open: tuple[str, ...]
    dice: Faces
    kept: Faces | None = None
    rolls: int = 1
    last: Scored | None = None
    upper: int = 0


@dataclass(frozen=True)
class Dice(Game[DiceState, Move]):
    """Roll dice, keep some and roll the others again, and fill each category of a score card once.

    Source:
        Yahtzee (Edwin S. Lowe, 1956) for one player, as in Verhoeff 1999 (How to maximize your score in
        solitaire Yahtzee) and Glenn 2006 (An optimal strategy for Yahtzee); without their 100 extra
        points for further yahtzees and the joker rule. The smaller cards are for smaller games.
    Players and turns:
        One player. A turn is a look at the dice: some are rolled again, or a category is scored.
    What the player sees:
        The dice in ascending order, each with a letter, rounds and rolls, the open categories, and what
        was just scored; not the points so far.
    Replies:
        `roll A C` rolls the dice A and C again, `keep A C` all others; `score full house` fills a category.
        `roll all`, "reroll", "hold", "take" and the like are understood. In a longer reply the last such
        action counts. Dice are named by their letters only, so that the same moves are open whatever the
        dice show, and a plan is never refused because of them.
    Rules:
        A round begins with a roll of all dice, has at most `rolls` rolls, and ends with the scoring of an
        open category. ones … sixes: the sum of the dice with that face. three (four) of a kind: the sum
        of all dice if three (four) are equal. full house: 25 for three equal and two other equal dice.
        small (large) straight: 30 (40) for four (five) faces in a row. yahtzee: 10 for each die if all
        are equal. chance: the sum of all dice. What does not fit scores 0.
    Rewards:
        The points of a category when it is scored; on the full card also 35 points when ones to sixes
        together reach 63.
    End:
        All categories of all cards are filled.
    Parameters:
        dice: number of dice; the full card needs 5.
        rolls: rolls in a round; at 1 nothing can be rolled again.
        sheet: "mini" (sixes, yahtzee, chance), "upper" (ones … sixes) or "full" (all thirteen).
        cards: score cards that are filled one after the other.
    Size:
        The first roll is the instance, 252 different ones with 5 dice; all else is chance during play.
        cards x categories x rolls turns at most.
    Known values:
        Yahtzee within three rolls of five dice has probability 347897/7558272 = 4.6029 %.
        dice=2, rolls=2, sheet="mini": optimal 25.882, plan 18.219, myopic 19.744, random 12.333.
        sheet="upper": optimal 59.1632, which the expert earns. sheet="full": optimal 245.8708, by backward
        induction over all cards in the tests; the expert earns about 230. With the extra points and the
        joker rule left out here the optimum is 254.5896 (Verhoeff 1999).
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"dice": 2, "rolls": 2, "sheet": "mini"},
        "medium": {},
        "hard": {"sheet": "full"},
        "extreme": {"sheet": "full", "cards": 8},
    }

    dice: int = 5
    rolls: int = 3
    sheet: str = "upper"
    cards: int = 1

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError` or `UnknownNameError`."""
        check_range("dice", self.dice, 2, 5)
        check_range("rolls", self.rolls, 1, 10)
        check_choice("sheet", self.sheet, tuple(_SHEETS))
        check_range("cards", self.cards, 1, 100)
        if self.sheet == "full" and self.dice != _FULL:
            raise ArgumentError(f"sheet='full' needs dice={_FULL}, not {self.dice}")

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories of a score card."""
        return _SHEETS[self.sheet]

    @property
    def max_turns(self) -> int:
        return self.cards * len(self.categories) * self.rolls

    @property
    def return_range(self) -> tuple[float, float]:
        least = self.dice if "chance" in self.categories else 0
        most = sum(max(score(category, dice) for dice in _all_rolls(self.dice)) for category in self.categories)
        return (float(self.cards * least), float(self.cards * (most + (_BONUS if self.sheet == "full" else 0))))

    def deals(self) -> Distribution[DiceState]:
        return tuple((DiceState(1, self.categories, dice), p) for dice, p in _rolled(self.dice))

    def content(self, state: DiceState) -> Faces:
        return state.dice

    def to_move(self, state: DiceState) -> tuple[int, ...]:
        return (0,) if state.open and state.kept is None else ()

    def legal(self, state: DiceState, player: int) -> tuple[Move, ...]:
        scores = tuple(map(Score, state.open))
        return (*_rolls(self.dice), *scores) if state.rolls < self.rolls else scores

    def chance(self, state: DiceState) -> Distribution[Faces]:
        return () if state.kept is None or not state.open else _after(state.kept, self.dice)

    def apply(self, state: DiceState, move: Move) -> DiceState:
        if isinstance(move, Roll):
            kept = tuple(face for place, face in enumerate(state.dice) if place not in move.places)
            return state._replace(dice=(), kept=kept, last=None)
        if isinstance(move, Score):
            return self._scored(state, move.category)
        return state._replace(dice=move, kept=None, rolls=state.rolls + 1)

    def _scored(self, state: DiceState, category: str) -> DiceState:
        """Return the state after a category is filled, before the next roll if there is one."""
        left = tuple(other for other in state.open if other != category)
        upper = self._upper_after(state, category)
        last = Scored(category, score(category, state.dice), bonus=state.upper < _ENOUGH <= upper)
        if not left and state.card < self.cards:
            return DiceState(state.card + 1, self.categories, (), (), 0, last)
        return DiceState(state.card, left, (), () if left else None, 0, last, upper)

    def _upper_after(self, state: DiceState, category: str) -> int:
        counts = self.sheet == "full" and category in _FACES
        return min(_ENOUGH, state.upper + score(category, state.dice)) if counts else state.upper

    def rewards(self, state: DiceState, move: Move, after: DiceState) -> tuple[float, ...]:
        if not isinstance(move, Score) or not after.last:
            return (0.0,)
        return (float(after.last.points + _BONUS * after.last.bonus),)

    def instructions(self, player: int) -> str:
        cards = f"{self.cards} score cards, one after the other" if self.cards > 1 else "a score card"
        rules = "\n".join(f"{name} - {_RULES[name].format(all=_EACH * self.dice)}" for name in self.categories)
        bonus = f"When ones to sixes together reach {_ENOUGH}, you get {_BONUS} points more.\n"
        rounds = f"{count(len(self.categories), 'round')}{' for each card' if self.cards > 1 else ''}"
        last = self.categories[-1]
        return (
            f"You play for points with {self.dice} dice and {cards}. Each category of the card is filled once:\n"
            f"{rules}\n{bonus if self.sheet == 'full' else ''}"
            "Dice that do not fit a category score 0 in it.\n"
            f"There are {rounds}. Each round begins with a roll of all dice, shown in ascending order as "
            f"{_lettered((2, 5, 5, 6, 6)[: self.dice])}. Then reply in "
            f"{'this way' if self.rolls == 1 else 'one of these ways'}:\n{self._on_rolling()}"
            f"score {last} - fills that category with the dice as they are and ends the round.\n"
            f"For example, reply: {f'score {last}' if self.rolls == 1 else 'roll A'}"
        )

    def _on_rolling(self) -> str:
        if self.rolls == 1:
            return ""
        example = (
            "roll A - rolls die A again and keeps the other; roll A B rolls both"
            if self.dice == 2
            else "roll A C - rolls the dice A and C again and keeps the others"
        )
        most = {2: "once", 3: "twice"}.get(self.rolls, f"{self.rolls - 1} times")
        return f"{example}. In each round you can do this at most {most}.\n"

    def view(self, state: DiceState, player: int) -> str:
        news = _told(state.last) if state.last else ""
        if not state.open:
            return f"{news}{'All cards are' if self.cards > 1 else 'The card is'} full."
        if state.kept is not None:
            return f"{news}Dice are rolled."
        card = f"Card {state.card} of {self.cards}, round" if self.cards > 1 else "Round"
        rounds = len(self.categories)
        upper = f" Ones to sixes so far: {state.upper} of {_ENOUGH}." if self.sheet == "full" else ""
        return (
            f"{news}{card} {rounds - len(state.open) + 1} of {rounds}, roll {state.rolls} of {self.rolls}: "
            f"{_lettered(state.dice)}. Open: {', '.join(state.open)}.{upper}"
        )

    def say(self, state: DiceState, move: Move) -> str:
        if isinstance(move, Score):
            return f"score {move.category}"
        return f"roll {' '.join(_LETTERS[place] for place in move[0])}" if isinstance(move, Roll) else "roll all"

    def read(self, state: DiceState, player: int, text: str) -> Move | Refusal:
        action = last_action(text, self.dice)
        if action is None:
            rolling = "roll and the letters of dice, or " if self.rolls > 1 else ""
            return Refusal(f"I read no action in that. Reply with {rolling}score and a category.")
        if isinstance(action, Score):
            return self._read_score(state, action.category)
        if state.rolls == self.rolls:
            return illegal(f"There are no rolls left in this round. Score one of: {', '.join(state.open)}.")
        if not action.places:
            return illegal("That rolls no dice. To leave all dice as they are, score a category.")
        return action

    def _read_score(self, state: DiceState, category: str) -> Move | Refusal:
        if category in state.open:
            return Score(category)
        reason = "is filled already" if category in self.categories else "is not on the card"
        return illegal(f"The category {category} {reason}. Open: {', '.join(state.open)}.")

    def vocabulary(self) -> tuple[str, ...]:
        return (_told(Scored("sixes", 30, bonus=True)),)

    def expert(self, state: DiceState, player: int) -> Distribution[Move]:
        """The best move on the mini and the upper sheet.

        On the full one it is best for the round, where a category left open is worth what it would earn as the only
        one, and a point in ones to sixes as much of the bonus as it is of the points needed for that.
        """
        values = self.move_values(state)
        return ((max(values, key=lambda move: values[move]), Fraction(1)),)

    def move_values(self, state: DiceState) -> dict[Move, float]:
        """Return what the card is worth after each legal move, by the lights of the expert."""
        stages = _stages(self, state.open, state.upper)
        again = stages[self.rolls - state.rolls - 1] if state.rolls < self.rolls else {}
        values: dict[Move, float] = {}
        for move in self.legal(state, 0):
            if isinstance(move, Score):
                values[move] = self.worth(state.open, state.upper, state.dice, move.category)
            else:
                values[move] = _mean(again, self.apply(state, move).kept or (), self.dice)
        return values

    def worth(self, open_: tuple[str, ...], upper: int, dice: Faces, category: str) -> float:
        """Return what filling `category` with `dice` is worth, and the card after it, by the lights of the expert."""
        left = tuple(other for other in open_ if other != category)
        if self.sheet == "full":
            bonus = (
                _BONUS / _ENOUGH * (min(_ENOUGH, upper + score(category, dice)) - upper) if category in _FACES else 0
            )
            return score(category, dice) + bonus + sum(_card_value(self, (other,), 0) for other in left)
        return score(category, dice) + _card_value(self, left, 0)


_FULL = 5  # dice of the full card
_ENOUGH, _BONUS = 63, 35
_EACH = 10  # points of a yahtzee for each die

_FACES = {"ones": 1, "twos": 2, "threes": 3, "fours": 4, "fives": 5, "sixes": 6}

_SHEETS: dict[str, tuple[str, ...]] = {
    "mini": ("sixes", "yahtzee", "chance"),
    "upper": tuple(_FACES),
    "full": (
        *_FACES, "three of a kind", "four of a kind", "full house", "small straight", "large straight", "yahtzee",
        "chance",
    ),
}  # fmt: skip

_RULES = {
    **{name: f"the sum of the dice that show {face}" for name, face in _FACES.items()},
    "three of a kind": "the sum of all dice if three or more are equal",
    "four of a kind": "the sum of all dice if four or more are equal",
    "full house": "25 if three dice are equal and the two others are equal too, but different",
    "small straight": "30 for four faces in a row",
    "large straight": "40 for five faces in a row",
    "yahtzee": "{all} if all dice are equal",
    "chance": "the sum of all dice",
}


@lru_cache(maxsize=8_192)
def score(category: str, dice: Faces) -> int:
    """Return what a category pays for some dice, without the bonus."""
    if category in _FACES:
        return _FACES[category] * dice.count(_FACES[category])
    equal = sorted(map(dice.count, set(dice)))
    longest = max(len(row) for row in _STRAIGHTS if set(row) <= set(dice))
    fixed = {
        "full house": 25 * (equal == [2, 3]),
        "small straight": 30 * (longest >= 4),
        "large straight": 40 * (longest >= 5),
        "yahtzee": _EACH * len(dice) * (len(equal) == 1),
    }
    fits = equal[-1] >= {"three of a kind": 3, "four of a kind": 4}.get(category, 0)
    return fixed.get(category, sum(dice) * fits)


_STRAIGHTS = tuple(tuple(range(low, high)) for low in range(1, 7) for high in range(low, 8))


# Reading -----------------------------------------------------------------------------------------------


def last_action(text: str, dice: int) -> Roll | Score | None:
    """Return the last action in a reply; a category alone counts if there is no other action."""
    plain = _HYPHEN.sub(" ", text.lower().replace("’", "'"))
    found: Roll | Score | None = None
    for match in _ACTION.finditer(plain):
        if match["category"]:
            found = Score(_CATEGORIES[match["category"]])
        else:
            found = _roll(match["keep"] is not None, match["said"], dice) or found
    if found is None and (category := last_wanted(plain, _CATEGORIES)):
        return Score(category)
    return found


def _roll(keep: bool, said: str, dice: int) -> Roll | None:
    """Return the dice to roll that a phrase such as `A, C and D`, `all` or `none` names, None if it names none."""
    words = set(re.findall(r"[a-z]+", said))
    named = {_LETTERS.index(letter) for word in words if _GLUED.fullmatch(word) for letter in word.upper()}
    if not named and words & {"all", "both", "everything"}:
        named = set(range(dice))
    elif not named and not words & {"none", "nothing", "no"}:
        return None
    if not named <= set(range(dice)):
        return None
    return Roll(tuple(place for place in range(dice) if (place in named) != keep))


_HYPHEN = re.compile(r"(?<=[a-z])-(?=[a-z])")
_LETTERS = "ABCDE"
_GLUED = re.compile("a?b?c?d?e?")

_CATEGORIES = {
    **{name: name for name in _RULES},
    "aces": "ones", "3 of a kind": "three of a kind", "4 of a kind": "four of a kind", "fullhouse": "full house",
}  # fmt: skip

_GAP = r"[ \t,:;*\"'`()\[\]&+]*"
_NAMED = (
    rf"(?:{_GAP}(?:all|both|everything|none|nothing|no|the|dice|die|and|only|just|again|of|my|"
    r"a(?!\s+(?:die|few|\d))|(?=[b-e]|a[b-e])a?b?c?d?e?)\b(?!'))*+"
)
_SCORED = rf"(?:{_GAP}(?:the|an?|my|this|it|them|these|as|in|into|for|with|dice|points?|category|\d+)\b){{0,8}}"
_ACTION = re.compile(
    r"(?<!not )(?<!n't )(?<!never )(?<!cannot )\b"
    rf"(?:(?:(?P<keep>keep|hold|save)|(?:re ?)?(?:roll|throw))(?:ing|s)?\b(?P<said>{_NAMED})(?!{_GAP}(?:other|rest))"
    rf"|(?:score|scoring|take|fill|fill in|use|choose|pick|mark|enter|put|play)\b{_SCORED}"
    rf"{_GAP}(?P<category>{'|'.join(sorted(_CATEGORIES, key=len, reverse=True))})\b)"
)


def _told(last: Scored) -> str:
    return f"You scored {last.points} in {last.category}{f' and get the {_BONUS} points more' * last.bonus}. "


def _lettered(dice: Faces) -> str:
    """Return dice as they are shown: `A=2 B=5`."""
    return " ".join(f"{letter}={face}" for letter, face in zip(_LETTERS, dice, strict=False))


# Rolls -------------------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def _all_rolls(dice: int) -> tuple[Faces, ...]:
    return tuple(combinations_with_replacement(range(1, 7), dice))


@lru_cache(maxsize=8)
def _rolled(dice: int) -> tuple[tuple[Faces, Fraction], ...]:
    """Return what a roll of some dice can show, with its probability."""

    def ways(roll: Faces) -> int:
        return factorial(dice) // prod(factorial(roll.count(face)) for face in set(roll))

    return tuple((roll, Fraction(ways(roll), 6**dice)) for roll in _all_rolls(dice))


@lru_cache(maxsize=512)
def _after(kept: Faces, dice: int) -> tuple[tuple[Faces, float], ...]:
    """Return what all dice can show after those that are not kept are rolled.

    The probabilities are rounded to floats, since planning adds up millions of them.
    """
    return tuple((tuple(sorted(kept + roll)), float(p)) for roll, p in _rolled(dice - len(kept)))


@lru_cache(maxsize=8)
def _rolls(dice: int) -> tuple[Roll, ...]:
    """Return the ways to roll some of the dice again."""
    return tuple(Roll(places) for n in range(1, dice + 1) for places in combinations(range(dice), n))


# What dice are worth, for the expert -------------------------------------------------------------------

Worth = dict[Faces, float]


@lru_cache(maxsize=512)
def _stages(game: Dice, open_: tuple[str, ...], upper: int) -> tuple[Worth, ...]:
    """Return what each roll is worth if it may be followed by 0, 1 … more of them in its round."""
    rolls = _all_rolls(game.dice)
    now = {dice: max(game.worth(open_, upper, dice, category) for category in open_) for dice in rolls}
    stages = [now]
    for _ in range(game.rolls - 1):
        smaller = chain.from_iterable(map(_all_rolls, range(game.dice)))
        kept = {dice: _mean(stages[-1], dice, game.dice) for dice in smaller}
        stages.append({dice: max(now[dice], *(kept[some] for some in _parts(dice))) for dice in rolls})
    return tuple(stages)


@lru_cache(maxsize=512)
def _card_value(game: Dice, open_: tuple[str, ...], upper: int) -> float:
    """Return what the open categories earn from the beginning of a round on."""
    return _mean(_stages(game, open_, upper)[-1], (), game.dice) if open_ else 0.0


def _mean(worth: Worth, kept: Faces, dice: int) -> float:
    """Return what is to be expected when all dice but those kept are rolled."""
    return sum(p * worth[roll] for roll, p in _after(kept, dice))


@lru_cache(maxsize=512)
def _parts(dice: Faces) -> tuple[Faces, ...]:
    """Return the different ways to keep some of the dice, but not all."""
    return tuple(dict.fromkeys(chain.from_iterable(combinations(dice, n) for n in range(len(dice)))))
