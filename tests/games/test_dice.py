from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import cache
from itertools import combinations, combinations_with_replacement, permutations, product
from typing import Any

import numpy as np
import pytest

from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.core.game import draw
from textenvs.core.instances import digest
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.dice import Dice, DiceState, Roll, Score, score
from textenvs.planning.forward import evaluate_strategy, sample_strategy
from textenvs.planning.reference import reference_values

UPPER = ("ones", "twos", "threes", "fours", "fives", "sixes")
LOWER = ("three of a kind", "four of a kind", "full house", "small straight", "large straight", "yahtzee", "chance")
Faces = tuple[int, ...]


def naive_score(category: str, dice: Faces) -> int:
    """By the rules as told."""
    if category in UPPER:
        face = UPPER.index(category) + 1
        return sum(die for die in dice if die == face)
    most = max(Counter(dice).values())
    if category == "three of a kind":
        return sum(dice) if most >= 3 else 0
    if category == "four of a kind":
        return sum(dice) if most >= 4 else 0
    if category == "full house":
        return 25 if set(Counter(dice).values()) == {2, 3} else 0
    if category == "yahtzee":
        return 10 * len(dice) if most == len(dice) else 0
    if category == "chance":
        return sum(dice)
    length = {"small straight": 4, "large straight": 5}[category]
    rows = [set(range(low, low + length)) for low in range(1, 8 - length)]
    return 10 * (length - 1) if any(row <= set(dice) for row in rows) else 0


class NaiveGame:
    """The rules on plain lists: dice are unordered, the card is a set of names."""

    def __init__(self, game: Dice, first: Faces) -> None:
        self.categories = {"mini": ("yahtzee", "chance"), "upper": UPPER, "full": UPPER + LOWER}[game.sheet]
        self.rolls, self.cards_left = game.rolls, game.cards
        self.full = game.sheet == "full"
        self.new_card()
        self.dice, self.rolled = sorted(first), 1
        self.over = False

    def new_card(self) -> None:
        self.cards_left -= 1
        self.open, self.upper, self.bonus = set(self.categories), 0, False

    def fill(self, category: str, next_roll: Faces | None) -> float:
        self.open.remove(category)
        paid = naive_score(category, tuple(self.dice))
        if self.full and category in UPPER:
            self.upper += paid
            if self.upper >= 63 and not self.bonus:
                self.bonus = True
                paid += 35
        if not self.open and self.cards_left == 0:
            self.over = True
        else:
            if not self.open:
                self.new_card()
            self.dice, self.rolled = sorted(next_roll or ()), 1
        return float(paid)


def test_scores_equal_the_naive_ones() -> None:
    for dice in combinations_with_replacement(range(1, 7), 5):
        for category in UPPER + LOWER:
            assert score(category, dice) == naive_score(category, dice), (category, dice)
    for pair in combinations_with_replacement(range(1, 7), 2):
        for category in ("sixes", "yahtzee", "chance"):
            assert score(category, pair) == naive_score(category, pair)


@pytest.mark.parametrize(
    "game", [Dice(dice=2, rolls=2, sheet="mini"), Dice(dice=3, cards=2, sheet="mini"), Dice(rolls=1), Dice(),
             Dice(sheet="full"), Dice(sheet="full", cards=2)], ids=str,
)  # fmt: skip
def test_random_plays_equal_the_naive_second_implementation(game: Dice) -> None:
    for seed in range(20):
        random = Stream(seed, Purpose.POLICY)
        state = game.deal(random)
        naive = NaiveGame(game, state.dice)
        while game.to_move(state):
            assert sorted(naive.open) == sorted(state.open)
            assert f"roll {naive.rolled} of {naive.rolls}: " in game.view(state, 0)
            assert " ".join(f"{a}={n}" for a, n in zip("ABCDE", naive.dice, strict=False)) in game.view(state, 0)
            move = random.choice(game.legal(state, 0))
            after = game.apply(state, move)
            rewards = game.rewards(state, move, after)
            if isinstance(move, Roll):
                kept = [face for place, face in enumerate(naive.dice) if place not in move.places]
                state = game.apply(after, draw(game.chance(after), random))
                assert not Counter(kept) - Counter(state.dice)
                naive.dice, naive.rolled = list(state.dice), naive.rolled + 1
                assert rewards == (0,)
            else:
                assert isinstance(move, Score)
                state = after
                assert rewards == (naive.fill(move.category, state.dice),)
                assert f"in {move.category}." in game.view(state, 0)
        assert naive.over
        assert game.is_over(state)


def test_no_category_can_be_scored_twice_and_no_die_rolled_too_often() -> None:
    game = Dice(rolls=2)
    state = DiceState(1, ("ones", "sixes"), (), (1, 1, 2, 3, 6), rolls=2)
    assert game.legal(state, 0) == (Score("ones"), Score("sixes"))
    assert len(game.legal(state._replace(rolls=1), 0)) == 31 + 2


def test_the_bonus_is_paid_once_when_it_is_reached() -> None:
    game = Dice(sheet="full")
    state = DiceState(1, ("fives", "sixes", "chance"), (), (5, 5, 5, 6, 6), upper=48)
    after = game.apply(state, Score("fives"))
    assert game.rewards(state, Score("fives"), after) == (15 + 35,)
    again = after._replace(dice=(6, 6, 6, 6, 6), kept=None, rolls=1)
    assert game.rewards(again, Score("sixes"), game.apply(again, Score("sixes"))) == (30,)
    assert game.rewards(state, Score("chance"), game.apply(state, Score("chance"))) == (27,)


@pytest.mark.parametrize("dice", [(2, 5), (1, 1, 4)])
def test_chance_is_what_dice_do(dice: Faces) -> None:
    game = Dice(dice=len(dice), sheet="mini")
    rolled = Counter(tuple(sorted(roll)) for roll in product(range(1, 7), repeat=len(dice)))
    first = {roll: Fraction(n, 6 ** len(dice)) for roll, n in rolled.items()}
    expected = {(one, other): first[one] * first[other] for one, other in product(first, repeat=2)}
    assert {(state.dice, *state.later): p for state, p in game.deals() or ()} == expected
    state = DiceState(1, game.categories, (), dice)
    for move in game.legal(state, 0):
        if isinstance(move, Roll):
            kept = [face for place, face in enumerate(dice) if place not in move.places]
            rolls = product(range(1, 7), repeat=len(move.places))
            again = Counter(tuple(sorted([*kept, *roll])) for roll in rolls)
            outcomes = dict(game.chance(game.apply(state, move)))
            assert outcomes == pytest.approx({k: n / 6 ** len(move.places) for k, n in again.items()})


def test_a_yahtzee_within_three_rolls_has_its_known_probability() -> None:
    game = Dice()

    @cache
    def most(state: DiceState) -> float:
        if state.kept is not None:
            return sum(float(p) * most(game.apply(state, roll)) for roll, p in game.chance(state))
        if state.rolls == 3:
            return float(len(set(state.dice)) == 1)
        rolling = {game.apply(state, move) for move in game.legal(state, 0) if isinstance(move, Roll)}
        return max(float(len(set(state.dice)) == 1), *map(most, rolling))

    known = Fraction(347897, 7558272)
    start = game.apply(DiceState(1, UPPER, (), (1, 2, 3, 4, 5), rolls=0), Roll((0, 1, 2, 3, 4)))
    assert most(start) == pytest.approx(float(known), rel=1e-12)
    assert round(100 * float(known), 4) == 4.6029


# Values -----------------------------------------------------------------------------------------------

PAIRS = tuple(product(range(1, 7), repeat=2))
MINI = ("yahtzee", "chance")


def rolled_again(dice: Faces, which: tuple[int, ...]) -> list[Faces]:
    """All equally likely pairs after rolling some of two dice again; the lower one is die 0."""
    low, high = sorted(dice)
    return [tuple(sorted((a if 0 in which else low, b if 1 in which else high))) for a, b in PAIRS]


def naive_values() -> dict[str, float]:
    """The rulers of two dice, two rolls, two categories."""
    subsets = ((0,), (1,), (0, 1))

    def mean(values: list[float]) -> float:
        return sum(values) / len(values)

    @cache
    def card(left: tuple[str, ...], how: str) -> float:
        return mean([first(dice, left, how) for dice in PAIRS]) if left else 0.0

    def scoring(dice: Faces, left: tuple[str, ...], how: str) -> list[float]:
        rest = {c: card(tuple(other for other in left if other != c), how) for c in left}
        return [naive_score(c, dice) + rest[c] for c in left]

    def choice(values: list[float], paid: list[int], how: str) -> float:
        """Take the best, a random one, or a random one of those that pay most at once."""
        if how == "optimal":
            return max(values)
        chosen = [v for v, now in zip(values, paid, strict=True) if how == "random" or now == max(paid)]
        return mean(chosen)

    @cache
    def first(dice: Faces, left: tuple[str, ...], how: str) -> float:
        again = [mean([second(after, left, how) for after in rolled_again(dice, which)]) for which in subsets]
        paid = [0] * 3 + [naive_score(c, dice) for c in left]
        return choice(again + scoring(dice, left, how), paid, how)

    @cache
    def second(dice: Faces, left: tuple[str, ...], how: str) -> float:
        return choice(scoring(dice, left, how), [naive_score(c, dice) for c in left], how)

    return {how: card(MINI, how) for how in ("optimal", "myopic", "random")}


def naive_plan() -> float:
    """Rounds do not touch each other; only the first roll is seen, all others are blind."""

    def mean(category: str, rolls: list[Faces]) -> float:
        return float(np.mean([naive_score(category, roll) for roll in rolls]))

    blind = {}
    for c in MINI:
        again = [[roll for dice in PAIRS for roll in rolled_again(dice, which)] for which in ((), (0,), (1,), (0, 1))]
        blind[c] = max(mean(c, rolls) for rolls in again)
    seen = [
        max(
            max(mean(c, rolled_again(dice, which)) for which in ((), (0,), (1,), (0, 1)))
            + sum(blind[other] for other in MINI if other != c)
            for c in MINI
        )
        for dice in PAIRS
    ]
    return float(np.mean(seen))


def test_the_rulers_at_easy() -> None:
    game = Dice(dice=2, rolls=2, sheet="mini")
    values = reference_values(game)
    naive = naive_values()
    assert values.optimal.value == pytest.approx(naive["optimal"])
    assert values.myopic.value == pytest.approx(naive["myopic"])
    assert values.random.value == pytest.approx(naive["random"])
    assert values.plan.value == pytest.approx(naive_plan())
    found = (values.optimal.value, values.plan.value, values.myopic.value, values.random.value)
    assert [round(value, 3) for value in found] == [18.554, 14.764, 14.847, 10.333]
    assert values.cell() == "both"
    assert evaluate_strategy(game, expert_strategy) == pytest.approx(naive["optimal"])


def optimum(categories: tuple[str, ...], bonus: bool) -> float:
    """The best mean of one card with five dice and three rolls: backward induction over all cards, in arrays."""
    rolls = list(combinations_with_replacement(range(1, 7), 5))
    kept = [dice for n in range(6) for dice in combinations_with_replacement(range(1, 7), n)]
    number = {dice: i for i, dice in enumerate(kept)}
    chance = np.zeros((len(kept), len(rolls)), np.float32)
    first = number[rolls[0]]
    for i, dice in enumerate(kept):
        for roll in combinations_with_replacement(range(1, 7), 5 - len(dice)):
            ways = len(set(permutations(roll)))
            chance[i, number[tuple(sorted(dice + roll))] - first] += ways / 6 ** len(roll)
    parts = [sorted({number[part] for n in range(6) for part in combinations(dice, n)}) for dice in rolls]
    widest = max(map(len, parts))
    choices = np.array([part + part[-1:] * (widest - len(part)) for part in parts])
    points = np.array([[naive_score(category, dice) for dice in rolls] for category in categories], np.float32)
    everything = (1 << len(categories)) - 1
    upper = np.arange(64 if bonus else 1)[:, None]
    values = {everything: np.zeros(len(upper), np.float32)}
    for filled in sorted(range(everything), key=int.bit_count, reverse=True):
        best = np.full((len(upper), len(rolls)), -np.inf, np.float32)
        for c, row in enumerate(points):
            if not filled >> c & 1:
                after = values[filled | 1 << c]
                if bonus and categories[c] in UPPER:
                    reached = np.minimum(63, upper + row.astype(int))
                    best = np.maximum(best, row + after[reached] + 35 * ((upper < 63) & (reached >= 63)))
                else:
                    best = np.maximum(best, row + after[:, None])
        for _ in range(2):
            best = (best @ chance.T)[:, choices].max(axis=2)
        values[filled] = best @ chance[number[()]]
    return float(values[0][0])


def test_the_expert_is_optimal_on_the_upper_sheet() -> None:
    game = Dice()
    start = game.apply(DiceState(1, UPPER, (), (1, 2, 3, 4, 5), rolls=0), Roll((0, 1, 2, 3, 4)))
    best = optimum(UPPER, bonus=False)
    assert best == pytest.approx(59.1632, abs=1e-3)
    promised = sum(float(p) * max(game.move_values(game.apply(start, roll)).values()) for roll, p in game.chance(start))
    assert promised == pytest.approx(best, abs=1e-3)
    assert sample_strategy(game, expert_strategy, "all", episodes=100, seed=0).low < best


@pytest.mark.slow
def test_the_optimum_of_the_full_sheet() -> None:
    assert optimum(UPPER + LOWER, bonus=True) == pytest.approx(245.8708, abs=1e-3)


@pytest.mark.slow
def test_the_expert_of_the_full_sheet_earns_what_the_page_says() -> None:
    random = Stream(0, Purpose.POLICY)
    game = Dice(sheet="full")
    returns = []
    for _ in range(100):
        state, total = game.deal(random), 0.0
        while not game.is_over(state):
            move = draw(game.expert(state, 0) if game.to_move(state) else game.chance(state), random)
            after = game.apply(state, move)
            total += game.rewards(state, move, after)[0]
            state = after
        returns.append(total)
    assert np.mean(returns) == pytest.approx(230, abs=3 * np.std(returns) / np.sqrt(len(returns)))


def test_instances_are_many_and_drawn_by_their_chances() -> None:
    assert Dice().deals() is None
    assert len({digest(Dice(), Dice().deal(Stream(seed, Purpose.DEAL))) for seed in range(1_000)}) == 1_000
    deals = [Dice(cards=20, dice=2).deal(Stream(seed, Purpose.DEAL)) for seed in range(50)]
    rolls = Counter(roll for deal in deals for roll in (deal.dice, *deal.later))
    for low, high in combinations_with_replacement(range(1, 7), 2):
        assert rolls[low, high] / 6_000 == pytest.approx((1 + (low < high)) / 36, abs=0.015)


def test_the_range_of_returns() -> None:
    assert Dice(sheet="full").return_range == (5, 375)
    assert Dice(dice=2, sheet="mini", cards=2).return_range == (4, 2 * (20 + 12))
    assert Dice().return_range == (0, 105)


# Replies ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("roll A", "roll A"), ("roll a and c", "roll A C"), ("Reroll A, C and D", "roll A C D"),
        ("roll AC", "roll A C"),
        ("re-roll the dice B, E", "roll B E"), ("throw A again", "roll A"), ("**roll B**", "roll B"),
        ("roll all", "roll A B C D E"), ("reroll everything", "roll A B C D E"), ("keep none", "roll A B C D E"),
        ("keep B C", "roll A D E"), ("hold B and C", "roll A D E"), ("keep B, C and reroll the rest", "roll A D E"),
        ("I keep B and C, and roll the others", "roll A D E"), ("roll both A and B", "roll A B"),
        ("score full house", "score full house"), ("I take the chance", "score chance"), ("sixes", "score sixes"),
        ("score 24 in chance", "score chance"), ("three-of-a-kind", "score three of a kind"),
        ("use these for 3 of a kind.", "score three of a kind"), ("Score: Full House", "score full house"),
        ("put it in aces", "score ones"), ("roll A to get a full house", "roll A"),
        ("roll A? No, score sixes", "score sixes"),
        ("do not roll A; score sixes", "score sixes"), ("I want sixes, so I roll A B C", "roll A B C"),
        ("Round 1 of 13, roll 1 of 3: A=2 B=5 C=5 D=6 E=6. I roll A", "roll A"),
        ("keep all", None), ("roll none", None), ("roll F", None), ("roll 1", None), ("roll a die", None),
        ("keep 5 5", None), ("roll again", None), ("", None), ("a", None), ("score", None), ("骰子", None),
    ],
)  # fmt: skip
def test_replies(text: str, said: str | None) -> None:
    game = Dice(sheet="full")
    state = DiceState(1, game.categories, (), (2, 5, 5, 6, 6))
    read = game.read(state, 0, text)
    assert isinstance(read, Refusal) if said is None else game.say(state, read) == said  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("roll A", "illegal", "no rolls left"), ("score sixes", "illegal", "is filled already"),
        ("score full house", "illegal", "not on the card"), ("hello", "malformed", "no action"),
    ],
)  # fmt: skip
def test_refusals_say_what_was_wrong(text: str, kind: str, told: str) -> None:
    read = Dice().read(DiceState(1, ("ones", "twos"), (), (1, 2, 3, 4, 5), rolls=3), 0, text)
    assert isinstance(read, Refusal)
    assert read.kind == kind
    assert told in read.text


@pytest.mark.parametrize(
    "arguments", [{"dice": 1}, {"dice": 6}, {"rolls": 0}, {"cards": 0}, {"sheet": "big"}, {"sheet": "full", "dice": 4}]
)
def test_arguments_out_of_range_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises((ArgumentError, UnknownNameError), match=next(iter(arguments))):
        Dice(**arguments)
