from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.choices import Choice, any_of, best, greedy
from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.shopkeeper import Shopkeeper, ShopkeeperState
from textenvs.planning.forward import evaluate_strategy, sample_strategy
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game

TINY = [
    Shopkeeper(days=3, delay=delay, most=most, shelf=2, crowd=crowd, cycle=2, fee=fee, holding=holding)
    for delay, most, crowd, fee, holding in
    ((0, 2, 1, 0, 1), (0, 1, 2, 3, 2), (1, 2, 1, 0, 1), (1, 2, 2, 3, 1), (2, 2, 1, 0, 3), (3, 1, 1, 0, 1),
     (5, 1, 1, 1, 1))
]  # fmt: skip


def naive_shop(game: Shopkeeper, stock: int, orders: Sequence[int], came: Sequence[int]) -> list[tuple[int, int]]:
    """The rules again, with every item on its own: coins earned on each day, and items in the shop that night."""
    arrivals: dict[int, int] = {}
    days = []
    for day, (order, customers) in enumerate(zip(orders, came, strict=True)):
        arrivals[day + game.delay] = order
        if order and game.delay == 0:
            stock = min(stock + order, game.shelf)
        elif game.delay:
            stock = min(stock + arrivals.get(day, 0), game.shelf)
        coins = -game.cost * order - (game.fee if order else 0)
        for _ in range(customers):
            if stock:
                stock -= 1
                coins += game.price
        days.append((coins - game.holding * stock, stock))
    return days


def play(game: Shopkeeper, state: ShopkeeperState, orders: Sequence[int], came: Sequence[int]) -> list[Any]:
    """The game itself: what each day pays, and the state after it."""
    days = []
    for order, customers in zip(orders, came, strict=True):
        trading = game.apply(state, order)
        assert customers in [number for number, _ in game.chance(trading)]
        after = game.apply(trading, customers)
        days.append((game.rewards(state, order, trading)[0] + game.rewards(trading, customers, after)[0], after))
        state = after
    return days


def all_days(game: Shopkeeper, week: Sequence[int]) -> list[tuple[int, ...]]:
    """All customers that may come on the days of an episode."""
    return list(product(*(range(week[day % len(week)] + 1) for day in range(game.days))))


@pytest.mark.parametrize("game", TINY, ids=repr)
def test_every_play_agrees_with_a_second_implementation(game: Shopkeeper) -> None:
    returns = set()
    for opening, _ in game.deals() or ():
        for orders in product(range(game.most + 1), repeat=game.days):
            for came in all_days(game, opening.busy):
                naive = naive_shop(game, opening.stock, orders, came)
                days = play(game, opening, orders, came)
                assert [paid for paid, _ in days] == pytest.approx([coins / game.scale for coins, _ in naive])
                assert [state.news[0] for _, state in days] == list(came)
                assert game.is_over(days[-1][1])
                returns.add(sum(coins for coins, _ in naive))
    low, high = game.return_range
    assert (low * game.scale, high * game.scale) == pytest.approx((min(returns), max(returns)))


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_random_plays_of_larger_games_agree(data: st.DataObject) -> None:
    game = data.draw(st.sampled_from([Shopkeeper(), Shopkeeper(delay=4, shelf=7), Shopkeeper(delay=0, fee=3)]))
    opening = game.deal(Stream(data.draw(st.integers(0, 10**6)), Purpose.DEAL))
    orders = data.draw(st.lists(st.integers(0, game.most), min_size=game.days, max_size=game.days))
    came = [data.draw(st.integers(0, opening.busy[day % game.cycle])) for day in range(game.days)]
    naive = naive_shop(game, opening.stock, orders, came)
    days = play(game, opening, orders, came)
    assert [paid for paid, _ in days] == pytest.approx([coins / game.scale for coins, _ in naive])
    assert days[-1][1].stock == naive[-1][1]


def naive_value(game: Shopkeeper, week: Sequence[int], choose: Choice) -> list[Fraction]:
    """The expected coins for each stock if `choose` makes one of the pairs (pays now, pays in all) of the orders.

    The situation is the dawn of a day: the stock left last night, and the orders on their way.
    """

    @cache
    def dawn(day: int, left: int, coming: tuple[int, ...]) -> Fraction:
        if day == game.days:
            return Fraction(0)
        if game.delay:
            left, coming = min(game.shelf, left + coming[0]), coming[1:]
        moves = []
        for order in range(game.most + 1):
            stock = left if game.delay else min(game.shelf, left + order)
            now = later = Fraction(0)
            customers = range(week[day % len(week)] + 1)
            for number in customers:
                sold = min(stock, number)
                now += game.price * sold - game.holding * (stock - sold)
                later += dawn(day + 1, stock - sold, (*coming, order) if game.delay else ())
            now = now / len(customers) - game.cost * order - (game.fee if order else 0)
            moves.append((now, now + later / len(customers)))
        return choose(moves)

    return [dawn(0, stock, (0,) * game.delay) for stock in range(game.crowd + 1)]


def mean_value(game: Shopkeeper, choose: Choice) -> float:
    weeks = list(product(range(1, game.crowd + 1), repeat=game.cycle))
    values = [value for week in weeks for value in naive_value(game, week, choose)]
    return float(sum(values) / len(values) / game.scale)


@pytest.mark.parametrize("game", TINY, ids=repr)
def test_the_expert_is_optimal(game: Shopkeeper) -> None:
    assert evaluate_strategy(game, expert_strategy) == pytest.approx(mean_value(game, best))


def test_the_rulers_of_the_easy_level() -> None:
    game = make_game("Shopkeeper", level="easy")
    values = reference_values(game)
    assert values.optimal.value == pytest.approx(mean_value(game, best))
    assert values.myopic.value == pytest.approx(mean_value(game, greedy))
    assert values.random.value == pytest.approx(mean_value(game, any_of))
    rulers = (values.optimal, values.plan, values.myopic, values.random)
    assert [round(ruler.value, 3) for ruler in rulers] == [0.753, 0.699, 0.357, 0.083]
    assert values.cell() == "both"


def test_the_plan_value_is_that_of_the_best_fixed_orders() -> None:
    game = Shopkeeper(days=3, delay=1, most=2, shelf=2, crowd=2, cycle=1)
    total = Fraction(0)
    for opening, _ in game.deals() or ():
        weathers = all_days(game, opening.busy)
        earned = [
            sum(coins for came in weathers for coins, _ in naive_shop(game, opening.stock, orders, came))
            for orders in product(range(3), repeat=3)
        ]
        total += Fraction(max(earned), len(weathers))
    mean = total / len(game.deals() or ()) / game.scale
    assert reference_values(game).plan.value == pytest.approx(float(mean))


@given(
    price=st.integers(2, 30), cost=st.integers(0, 20), holding=st.integers(0, 9), most=st.integers(1, 12),
    stock=st.integers(0, 12),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_on_one_day_the_critical_fractile_is_optimal(
    price: int, cost: int, holding: int, most: int, stock: int
) -> None:
    cost = min(cost, price - 1)
    game = Shopkeeper(days=1, delay=0, most=12, shelf=12, crowd=12, cycle=1, price=price, cost=cost, holding=holding)
    fractile = Fraction(price - cost, price + holding)
    level = next(level for level in range(13) if Fraction(min(level, most) + 1, most + 1) >= fractile)
    ((order, _),) = game.expert(ShopkeeperState((most,), stock, ()), 0) or ()
    assert order == max(0, level - stock)


def orders_by_stock(game: Shopkeeper, week: tuple[int, ...], day: int) -> list[int]:
    """The expert's order for every stock."""
    states = [ShopkeeperState(week, stock, (), day) for stock in range(game.shelf + 1)]
    return [move for state in states for move, _ in game.expert(state, 0) or ()]


@pytest.mark.parametrize("fee", [0, 2, 5, 11])
@pytest.mark.parametrize("holding", [1, 2])
def test_without_delay_optimal_orders_are_of_type_s_S(fee: int, holding: int) -> None:  # noqa: N802
    game = Shopkeeper(days=10, delay=0, most=16, shelf=16, crowd=6, fee=fee, holding=holding)
    for day in range(1, 11):
        orders = orders_by_stock(game, (3, 6, 1, 5, 2, 6, 4), day)
        ordering = [stock for stock, order in enumerate(orders) if order]
        assert ordering == list(range(len(ordering)))  # order below s, and never above
        assert len({stock + orders[stock] for stock in ordering}) <= 1  # always up to S
        if fee == 0 and ordering:
            assert orders[ordering[-1]] == 1  # S = s: a base stock


@pytest.mark.slow
def test_looking_a_few_weeks_ahead_is_as_good_as_looking_to_the_end() -> None:
    game = Shopkeeper(days=70, delay=2, most=2, shelf=4, crowd=2, cycle=2, fee=2)
    assert evaluate_strategy(game, expert_strategy) == pytest.approx(mean_value(game, best), abs=1e-6)


def test_a_lure_not_to_order() -> None:
    game = Shopkeeper()
    assert sample_strategy(game, expert_strategy, episodes=25).value > 0.6
    assert sample_strategy(game, lambda *_: ((0, 1),), episodes=25).value < 0.3


def test_the_expert_gives_up_where_there_are_too_many_combinations() -> None:
    game = Shopkeeper(delay=10)
    assert game.expert(game.deal(Stream(0, Purpose.DEAL)), 0) is None


def test_instances_are_as_many_as_documented_and_drawn_alike() -> None:
    assert Shopkeeper().deals() is None
    assert Shopkeeper().crowd ** 7 * (Shopkeeper().crowd + 1) == 1_959_552
    easy = make_game("Shopkeeper", level="easy")
    listed = {state for state, _ in easy.deals()}
    assert len(listed) == 3**2 * 4
    assert {easy.deal(Stream(seed, Purpose.DEAL)) for seed in range(400)} == listed


OPENING = ShopkeeperState((6, 1, 2, 3, 4, 5, 1), 3, (2,))


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("order 2", 2), ("2", 2), ("I'd like to order 2 items.", 2), ("Buy 2", 2), ("restock two items", 2),
        ("ORDER: **2**", 2), ("order 5? No, order 2", 2), ("I have 3 items, so 2", 2), ("not 3 but 2", 2),
        ("Day 1 of 20: 2", 2), ("There may be 6 customers, so I order 2", 2), ("order zero", 0),
        ("wait", 0), ("I skip today", 0), ("order nothing", 0), ("order no items", 0), ("0", 0),
    ],
)  # fmt: skip
def test_replies(text: str, move: int) -> None:
    assert Shopkeeper().read(OPENING, 0, text) == move


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("order 6", "illegal", "from 0 to 5 items a day, not 6"), ("order -1", "illegal", "not -1"),
        ("", "malformed", "from 0 to 5"), ("order", "malformed", "from 0 to 5"), ("2.5", "malformed", "from 0 to 5"),
        ("sell it", "malformed", "from 0 to 5"), ("9" * 400, "malformed", "from 0 to 5"),
    ],
)  # fmt: skip
def test_refusals(text: str, kind: str, told: str) -> None:
    refused = Shopkeeper().read(OPENING, 0, text)
    assert isinstance(refused, Refusal)
    assert refused.kind == kind
    assert told in refused.text


def test_views() -> None:
    game = Shopkeeper(days=3)
    assert game.view(OPENING, 0) == (
        "Day 1 of 3. 3 items in the shop. Arriving tomorrow: 2. Most customers today and after: 6 1 2 3 4 5 1."
    )
    after = game.apply(game.apply(OPENING, 4), 1)
    assert game.view(after, 0) == (
        "Yesterday 1 customer came and bought 1. Day 2 of 3. 4 items in the shop. "
        "Arriving tomorrow: 4. Most customers today and after: 1 2 3 4 5 1 6."
    )
    end = game.apply(game.apply(game.apply(game.apply(after, 0), 1), 0), 2)
    assert game.view(end, 0) == "Today 2 customers came and bought 2. The last day is over. 5 items in the shop."
    assert "Arriving tomorrow and after: 0 0." in Shopkeeper(delay=3).view(OPENING._replace(due=(0, 0)), 0)
    assert Shopkeeper(days=1, delay=0, cycle=1).view(ShopkeeperState((1,), 1, ()), 0) == (
        "Day 1 of 1. 1 item in the shop. Most customers today: 1."
    )


def test_instructions() -> None:
    told = Shopkeeper(fee=5).instructions(0)
    assert (
        "An item costs 4 coins, paid with the order, and each order of one item or more costs 5 coins besides." in told
    )
    assert "The items arrive 2 days later, in the morning." in told
    assert "What would arrive after day 20 is lost." in told
    assert "for this day and the next 6; then they repeat." in told
    assert "divided by 210" in told
    assert "The items arrive at once." in Shopkeeper(delay=0).instructions(0)
    assert "The items arrive the next morning." in Shopkeeper(delay=1).instructions(0)
    assert "is lost" not in Shopkeeper(delay=0).instructions(0)


def test_with_progress_ordering_costs_nothing() -> None:
    game = Shopkeeper()
    after = game.apply(OPENING, 4)
    assert game.progress(after) - game.progress(OPENING) == pytest.approx(-game.rewards(OPENING, 4, after)[0])


@pytest.mark.parametrize(
    ("name", "bad"),
    [("days", 0), ("days", 1_001), ("delay", -1), ("delay", 21), ("most", 0), ("shelf", 5), ("crowd", 0), ("cycle", 15),
     ("price", -1), ("cost", 10), ("holding", 1.5), ("fee", True)],
)  # fmt: skip
def test_a_bad_argument_is_named(name: str, bad: Any) -> None:
    with pytest.raises(ArgumentError, match=name):
        Shopkeeper(**{name: bad})
