from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any

import pytest
from gymnasium.envs.toy_text import blackjack as gymnasium_blackjack

from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.blackjack import BUST, NATURAL, Blackjack, BlackjackState, Opening, opened
from textenvs.planning.forward import evaluate_strategy
from textenvs.planning.reference import reference_values

RANKS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10, 10)
WEIGHTS = {card: RANKS.count(card) / 13 for card in range(1, 11)}
Hand = tuple[int, ...]
HANDS_OF_THE_DEALER = {
    BUST: (6, 10, 8), 17: (10, 7), 18: (1, 7), 19: (2, 3, 4, 10), 20: (10, 10), 21: (5, 10, 6), NATURAL: (10, 1)
}  # fmt: skip


@cache
def total(hand: Hand) -> int:
    """By the rules as told: aces count 11, or 1 where 11 would take the hand over 21."""
    return max((n for n in possible_totals(hand) if n <= 21), default=min(possible_totals(hand)))


def possible_totals(hand: Hand) -> set[int]:
    return {sum(hand) + 10 * elevens for elevens in range(hand.count(1) + 1)}


def is_natural(hand: Hand) -> bool:
    return sorted(hand) == [1, 10]


def naive_payment(rules: str, hand: Hand, dealer: Hand, stake: int) -> float:
    """What standing with `hand` pays against the dealer's final hand."""
    if total(hand) > 21:
        return -stake
    if rules != "plain" and is_natural(hand):
        return 0 if is_natural(dealer) else 1.5 if rules == "casino" else 1
    if rules == "casino" and is_natural(dealer):
        return -1
    mine, theirs = total(hand), total(dealer) if total(dealer) <= 21 else 0
    return stake * (1 if mine > theirs else -1 if mine < theirs else 0)


@cache
def naive_dealer(hand: Hand) -> dict[int, float]:
    """Probabilities of the dealer's final hands: cards are drawn one at a time until 17 or more."""
    if len(hand) > 1 and total(hand) >= 17:
        return {kind(hand): 1.0}
    outcomes: dict[int, float] = {}
    for card, p in WEIGHTS.items():
        for final, q in naive_dealer(tuple(sorted((*hand, card)))).items():
            outcomes[final] = outcomes.get(final, 0.0) + p * q
    return outcomes


def kind(dealer: Hand) -> int:
    return NATURAL if is_natural(dealer) else BUST if total(dealer) > 21 else total(dealer)


def hands(longest: int) -> Iterator[Hand]:
    """All ways to draw up to `longest` cards without going over 21 before the last one."""
    grown: list[Hand] = list(product(range(1, 11), repeat=2))
    while grown and len(grown[0]) <= longest:
        yield from grown
        grown = [(*hand, card) for hand in grown if total(hand) <= 21 for card in range(1, 11)]


def dealt(number: int, soft: bool, shown: int) -> BlackjackState:
    """A hand that opens like this."""
    return opened((Opening(number, soft, shown),))


def state_with(game: Blackjack, hand: Hand, shown: int) -> BlackjackState:
    """The state after drawing `hand` card by card, played through the rules."""
    opening = Opening(total(hand[:2]), sum(hand[:2]) != total(hand[:2]), shown)
    state = opened((opening,))
    for card in hand[2:]:
        state = game.apply(game.apply(state, "hit"), card)
    return state


@pytest.mark.parametrize("rules", ["sutton", "plain", "casino"])
def test_hands_grow_and_pay_as_in_the_naive_second_implementation(rules: str) -> None:
    game = Blackjack(hands=1, rules=rules)
    for hand in hands(3):
        state = state_with(game, hand, shown=7)
        if total(hand) > 21:
            assert state.last is not None
            assert (game.is_over(state), state.last.paid) == (True, -1)
            continue
        told = "You have a natural 21. " if is_natural(hand) and rules != "plain" else f"{total(hand)}. The dealer"
        assert told in game.view(state, 0)
        assert ("soft" in game.view(state, 0)) == (sum(hand) != total(hand)) or "natural" in told
        standing = game.apply(state, "stand")
        for outcome, dealer in HANDS_OF_THE_DEALER.items():
            after = game.apply(standing, outcome)
            assert game.rewards(standing, outcome, after) == (naive_payment(rules, hand, dealer, 1),)


@pytest.mark.parametrize("rules", ["sutton", "casino"])
def test_a_doubled_hand_gets_one_card_and_pays_twice(rules: str) -> None:
    game = Blackjack(hands=1, rules=rules, double=True)
    for hand in hands(3):
        if len(hand) == 3:
            drawing = game.apply(state_with(game, hand[:2], shown=6), "double")
            standing = game.apply(drawing, hand[2])
            if total(hand) > 21:
                assert game.rewards(drawing, hand[2], standing) == (-2,)
                continue
            for outcome, dealer in HANDS_OF_THE_DEALER.items():
                after = game.apply(standing, outcome)
                assert game.rewards(standing, outcome, after) == (naive_payment(rules, hand, dealer, 2),)


@pytest.mark.parametrize("shown", range(1, 11))
def test_what_chance_does_is_what_cards_do(shown: int) -> None:
    naive = dict(naive_dealer((shown,)))
    standing = Blackjack().apply(dealt(18, False, shown), "stand")
    assert dict(Blackjack().chance(standing)) == pytest.approx(naive)
    hitting = Blackjack().apply(dealt(18, False, shown), "hit")
    assert dict(Blackjack().chance(hitting)) == pytest.approx(WEIGHTS)
    casino = Blackjack(rules="casino")
    assert dict(casino.chance(standing)) == pytest.approx(naive), "not yet looked for a natural"
    looked = dict(casino.chance(standing._replace(drawn=5)))
    found = naive.pop(NATURAL, 0.0)
    assert looked == pytest.approx({outcome: p / (1 - found) for outcome, p in naive.items()})
    assert dict(casino.chance(hitting)).get(NATURAL, 0.0) == pytest.approx(found)
    assert sum(dict(casino.chance(hitting)).values()) == pytest.approx(1)


def test_openings_are_two_cards_and_one() -> None:
    weights: dict[Opening, float] = {}
    for first, second, shown in product(RANKS, repeat=3):
        hand = (first, second)
        opening = Opening(total(hand), sum(hand) != total(hand), shown)
        weights[opening] = weights.get(opening, 0.0) + 1 / 13**3
    deals = {state.cards: float(p) for state, p in Blackjack(hands=1).deals() or ()}
    assert deals == pytest.approx(weights)
    assert len(deals) == 270
    drawn = [Blackjack(hands=50).deal(Stream(seed, Purpose.DEAL)).openings for seed in range(100)]
    often = Counter(opening for openings in drawn for opening in openings)
    for opening, p in weights.items():
        assert often[opening] / 5_000 == pytest.approx(p, abs=4.5 * (p / 5_000) ** 0.5)


def plain_hand(number: int) -> Hand:
    """Some hand with this total that is no natural."""
    return (number - 10, 4, 6) if number > 11 else (2, number - 2)


def gymnasium_score(hand: Hand) -> int:
    score: int = gymnasium_blackjack.score(list(hand))  # type: ignore[no-untyped-call]
    return score


def test_totals_are_those_of_gymnasium() -> None:
    for hand in hands(4):
        assert gymnasium_score(hand) == (total(hand) if total(hand) <= 21 else 0)


@pytest.mark.parametrize("rules", ["sutton", pytest.param("plain", marks=pytest.mark.slow)])
def test_the_optimum_is_that_of_value_iteration_on_lists_of_cards(rules: str) -> None:
    """Sorted lists of cards as states, payments as in Gymnasium's Blackjack-v1 with sab=True and without."""

    def payment(hand: Hand, dealer: Hand) -> float:
        if rules == "sutton" and is_natural(hand) and not is_natural(dealer):
            return 1.0
        margin = gymnasium_score(hand) - gymnasium_score(dealer)
        return float((margin > 0) - (margin < 0))

    @cache
    def standing(hand: Hand, shown: int) -> float:
        return sum(p * payment(hand, HANDS_OF_THE_DEALER[kind]) for kind, p in naive_dealer((shown,)).items())

    @cache
    def value(hand: Hand, shown: int) -> float:
        if total(hand) > 21:
            return -1.0
        hit = sum(p * value(tuple(sorted((*hand, card))), shown) for card, p in WEIGHTS.items())
        return max(hit, standing(hand if is_natural(hand) else plain_hand(total(hand)), shown))

    naive = sum(value(tuple(sorted((a, b))), shown) for a, b, shown in product(RANKS, repeat=3)) / 13**3
    expected = {"sutton": -0.043113, "plain": -0.046556}
    assert naive == pytest.approx(expected[rules], abs=1e-6)
    assert evaluate_strategy(Blackjack(hands=1, rules=rules), expert_strategy) == pytest.approx(naive)


# From wizardofodds.com/games/blackjack/appendix/1: the player's return by standing and hitting, given that the dealer
# has no natural; columns are the dealer's 2 … 10 and ace.
STAND = {
    16: (-0.292784, -0.252250, -0.211063, -0.167193, -0.153699, -0.475375, -0.510518, -0.543150, -0.540430, -0.666951),
    17: (-0.152975, -0.117216, -0.080573, -0.044941, 0.011739, -0.106809, -0.381951, -0.423154, -0.419721, -0.478033),
    18: (0.121742, 0.148300, 0.175854, 0.199561, 0.283444, 0.399554, 0.105951, -0.183163, -0.178301, -0.100199),
    19: (0.386305, 0.404363, 0.423179, 0.439512, 0.495977, 0.615976, 0.593854, 0.287597, 0.063118, 0.277636),
    20: (0.639987, 0.650272, 0.661050, 0.670360, 0.703959, 0.773227, 0.791815, 0.758357, 0.554538, 0.655470),
    21: (0.882007, 0.885300, 0.888767, 0.891754, 0.902837, 0.925926, 0.930605, 0.939176, 0.962624, 0.922194),
}
HIT = {
    4: (-0.114913, -0.082613, -0.049367, -0.012380, 0.011130, -0.088279, -0.159334, -0.240666, -0.289198, -0.253077),
    5: (-0.128216, -0.095310, -0.061479, -0.023979, -0.001186, -0.119447, -0.188093, -0.266615, -0.313412, -0.278575),
    6: (-0.140759, -0.107291, -0.072917, -0.034916, -0.013006, -0.151933, -0.217242, -0.292641, -0.337749, -0.304147),
}
# From its appendix 5: the return of the best choice, doubling included.
BEST = {
    8: (-0.0218, 0.008, 0.0388, 0.0708, 0.115, 0.0822, -0.0599, -0.2102, -0.2494, -0.197),
    9: (0.0744, 0.1208, 0.1819, 0.2431, 0.3171, 0.1719, 0.0984, -0.0522, -0.153, -0.0657),
    10: (0.3589, 0.4093, 0.4609, 0.5125, 0.5756, 0.3924, 0.2866, 0.1443, 0.0253, 0.0814),
    11: (0.4706, 0.5178, 0.566, 0.6147, 0.6674, 0.4629, 0.3507, 0.2278, 0.1797, 0.143),
    12: (-0.2534, -0.2337, -0.2111, -0.1672, -0.1537, -0.2128, -0.2716, -0.34, -0.381, -0.3505),
    14: (-0.2928, -0.2523, -0.2111, -0.1672, -0.1537, -0.3213, -0.3719, -0.4309, -0.4663, -0.44),
    16: (-0.2928, -0.2523, -0.2111, -0.1672, -0.1537, -0.4148, -0.4584, -0.5093, -0.5398, -0.5171),
}
COLUMNS = (2, 3, 4, 5, 6, 7, 8, 9, 10, 1)


def published(values: tuple[float, ...], shown: int) -> float:
    """Return a value of a table, where a dealer's natural ends the hand and costs 1."""
    natural = {1: 4 / 13, 10: 1 / 13}.get(shown, 0.0)
    return (1 - natural) * values[COLUMNS.index(shown)] - natural


@pytest.mark.parametrize("shown", range(1, 11))
def test_values_of_choices_are_the_published_ones(shown: int) -> None:
    game = Blackjack(rules="casino", double=True)
    for number, row in STAND.items():
        values = game.choice_values(dealt(number, False, shown)._replace(drawn=number if number == 21 else 0))
        if number < 21:
            assert values["stand"] == pytest.approx(published(row, shown), abs=1e-6)
        else:  # the dealer has looked for a natural already
            assert values["stand"] == pytest.approx(row[COLUMNS.index(shown)], abs=1e-6)
    for number, row in HIT.items():
        values = game.choice_values(dealt(number, False, shown))
        assert values["hit"] == pytest.approx(published(row, shown), abs=1e-6)
    for number, row in BEST.items():
        values = game.choice_values(dealt(number, False, shown))
        assert max(values.values()) == pytest.approx(published(row, shown), abs=6e-5)


def test_the_published_strategy() -> None:
    """Hit or stand with an infinite deck: stand on 17, on 13 against 2-6, on 12 against 4-6; soft, on 19, 18 against
    2-8."""
    game = Blackjack()
    for number, shown in product(range(4, 22), range(1, 11)):
        least = 17 if shown in (1, 7, 8, 9, 10) else 12 if shown in (4, 5, 6) else 13
        expected = "stand" if number >= least else "hit"
        assert game.expert(dealt(number, False, shown), 0)[0][0] == expected, (number, shown)
    for number, shown in product(range(12, 22), range(1, 11)):
        expected = "stand" if number >= (18 if 2 <= shown <= 8 else 19) else "hit"
        assert game.expert(dealt(number, True, shown), 0)[0][0] == expected, (number, shown)


def test_the_rulers_at_easy() -> None:
    values = reference_values(Blackjack(hands=1))
    assert values.optimal.value == pytest.approx(-0.043113, abs=1e-6)
    assert values.plan.value == pytest.approx(best_plans(), abs=1e-9)
    assert round(values.plan.value, 4) == -0.0645
    assert round(values.myopic.value, 4) == -0.0485
    assert round(values.random.value, 4) == -0.3942
    assert values.cell() == "both"


def best_plans() -> float:
    """The best number of cards to draw blindly before standing, for each opening."""

    @cache
    def drawing(hand: Hand, shown: int, cards: int) -> float:
        if total(hand) > 21:
            return -1.0
        if cards == 0:
            return standing(hand if is_natural(hand) else plain_hand(total(hand)), shown)
        return sum(p * drawing(tuple(sorted((*hand, card))), shown, cards - 1) for card, p in WEIGHTS.items())

    @cache
    def standing(hand: Hand, shown: int) -> float:
        outcomes = naive_dealer((shown,)).items()
        return sum(p * naive_payment("sutton", hand, HANDS_OF_THE_DEALER[outcome], 1) for outcome, p in outcomes)

    return sum(
        p * q * r * max(drawing((min(a, b), max(a, b)), shown, cards) for cards in range(4))
        for (a, p), (b, q), (shown, r) in product(WEIGHTS.items(), repeat=3)
    )


def test_hands_do_not_touch_each_other() -> None:
    """So that what one hand is worth is worth n times in n hands."""
    game = Blackjack()
    openings = (Opening(12, True, 2), Opening(16, False, 10), Opening(20, False, 5))
    state = opened(openings)
    for number, opening in enumerate(openings, 1):
        assert state == opened((opening,))._replace(openings=openings, hand=number, last=state.last)
        while state.hand == number:
            move = game.legal(state, 0)[0] if game.to_move(state) else game.chance(state)[-1][0]
            state = game.apply(state, move)
    assert game.is_over(state)
    assert state.hand == 4


def test_the_dealer_and_the_card_drawn_are_told() -> None:
    game = Blackjack(hands=2)
    state = opened((Opening(12, False, 1), Opening(21, True, 8)))
    assert game.view(state, 0) == "Hand 1 of 2. You have 12. The dealer shows an ace."
    state = game.apply(game.apply(state, "hit"), 8)
    assert game.view(state, 0) == "Hand 1 of 2. You drew an 8 and have 20. The dealer shows an ace."
    state = game.apply(game.apply(state, "stand"), 21)
    told = "The dealer has 21: you lose 1 point. Hand 2 of 2. You have a natural 21. The dealer shows an 8."
    assert game.view(state, 0) == told
    state = game.apply(game.apply(state, "stand"), BUST)
    assert game.view(state, 0) == "The dealer goes over 21: you win 1 point. The game is over."


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        ({"rules": "casino", "double": True}, -0.010867),
        pytest.param({"rules": "casino"}, -0.024208, marks=pytest.mark.slow),
        pytest.param({"double": True}, -0.030582, marks=pytest.mark.slow),
    ],
)
def test_the_other_optima_of_the_page(arguments: dict[str, Any], value: float) -> None:
    assert evaluate_strategy(Blackjack(hands=1, **arguments), expert_strategy) == pytest.approx(value, abs=1e-6)


def test_twenty_turns_are_the_most_a_hand_can_take() -> None:
    game = Blackjack(hands=1)
    state = dealt(12, True, 2)
    turns = 0
    while not game.is_over(state):
        state = game.apply(state, "hit") if game.to_move(state) else game.apply(state, 1)
        turns += bool(game.to_move(state) or game.is_over(state))
    assert turns == game.max_turns == 20


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("hit", "hit"), ("Hit me!", "hit"), ("I draw another card", "hit"), ("**HIT**", "hit"), ("take a card", "hit"),
        ("stand", "stand"), ("I'll stay.", "stand"), ("stick", "stand"), ("`stand`", "stand"), ("I hold", "stand"),
        ("double", "double"), ("Double down", "double"), ("I would like to double", "double"),
        ("hit or stand? I stand", "stand"), ("hit, not stand", "hit"), ("I won't hit; stand", "stand"),
        ("do not stand: hit", "hit"), ("I shouldn't hit on 17. I stand", "stand"), ("stand instead of hit", "stand"),
        ("", None), ("16", None), ("understand", None), ("fold", None), ("不", None),
    ],
)  # fmt: skip
def test_replies(text: str, choice: str | None) -> None:
    read = Blackjack(double=True).read(dealt(12, False, 2), 0, text)
    assert isinstance(read, Refusal) if choice is None else read == choice


def test_doubling_is_refused_where_it_is_not_offered() -> None:
    state = dealt(12, False, 2)
    for game, where in ((Blackjack(), state), (Blackjack(double=True), state._replace(drawn=5))):
        refusal = game.read(where, 0, "double")
        assert isinstance(refusal, Refusal)
        assert refusal.kind == "illegal"


@pytest.mark.parametrize("arguments", [{"hands": 0}, {"hands": 1.5}, {"double": 1}, {"rules": "vegas"}])
def test_arguments_out_of_range_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises((ArgumentError, UnknownNameError), match=next(iter(arguments))):
        Blackjack(**arguments)
