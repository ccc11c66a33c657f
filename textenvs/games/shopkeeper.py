"""Order goods today for customers who come after they are delivered, and of whom nobody knows how many they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import ClassVar, NamedTuple

from textenvs.core.errors import ArgumentError, check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.amounts import following, read_amount
from textenvs.games.phrasing import count

Orders = tuple[int, ...]


class ShopkeeperState(NamedTuple):
    """The week and the goods.

    Attributes:
        busy: the most customers that each day of a week can bring, the first day's first.
        stock: items in the shop.
        due: items to be delivered on the following mornings, the next morning's first.
        day: the current day, from 1.
        trading: whether the customers of the day are now to come.
        news: how many customers came yesterday and how many items were sold, None on the first day.
    """

    busy: tuple[int, ...]
    stock: int
    due: Orders
    day: int = 1
    trading: bool = False
    news: tuple[int, int] | None = None


@dataclass(frozen=True)
class Shopkeeper(Game[ShopkeeperState, int]):
    """Keep a shop: items ordered now are paid now, delivered days later, and sold only if customers come.

    Source:
        The inventory problem with lost sales and a delivery lag (Arrow, Harris & Marschak 1951, doi:10.2307/1906813;
        Karlin & Scarf 1958), with a demand that changes with the day of the week, and limits to orders and shelf. On a
        single day it is the newsvendor's problem.
    Players and turns:
        One player, one order a day.
    What the player sees:
        Everything: the day, the stock, what is due on the following mornings, the most customers of this and the
        following days, and how many customers came yesterday and what they bought.
    Replies:
        `order 3`, or just the number; `wait`, `skip` and `order nothing` stand for 0. In a longer reply the last number
        behind "order" (or `buy`, `purchase` …) counts, else the last number.
    Rules:
        From 0 to `most` items can be ordered a day. They arrive on the morning `delay` days later, at once if that is
        0; what exceeds `shelf` then is thrown away, and what would come after the last day never arrives. After the
        order the customers come: on a day that can bring n, any number from 0 to n is equally likely. Each buys one
        item if there is one, else leaves. The n of the days repeat after `cycle` days.
    Rewards:
        `price` coins for each item sold, minus `cost` for each item ordered, `fee` for each order and `holding` for
        each item in the shop at night, all divided by the coins that serving every customer would earn on average:
        days x (price - cost) x (crowd + 1) / 4, rounded. Items left at the end are worth nothing. The lowest return is
        to order the most every day and sell nothing, the highest to have `crowd` customers every day and know it.
    End:
        After the last day.
    Parameters:
        days: days in an episode.
        delay: days from an order to its delivery.
        most: the most items in an order.
        shelf: the most items in the shop, at least `crowd`.
        crowd: the most customers of a day are one of 1 … crowd, each equally likely; the stock at the start is one of
            0 … crowd.
        cycle: days in a week.
        price: coins for an item sold.
        cost: coins for an item ordered, less than `price`.
        holding: coins for an item in the shop at night.
        fee: coins for an order of one item or more.
    Size:
        crowd^cycle x (crowd + 1) instances, by default 1,959,552; `days` turns.
    Known values:
        days=1, delay=0, fee=0: optimal is to order up to the smallest S with P(customers <= S) >= (price - cost) /
        (price + holding), as far as the limits allow. Without delay, and where the limits do not bind, optimal orders
        are of type (s, S): up to S whenever the stock is below s (Scarf 1960, there with customers who wait). At the
        easy level optimal is 0.753, plan 0.699, myopic 0.357 and random 0.083. The expert is optimal in games of up to
        28 days.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"days": 6, "delay": 1, "most": 3, "shelf": 4, "crowd": 3, "cycle": 2},
        "medium": {},
        "hard": {"days": 60, "delay": 3, "fee": 5},
        "extreme": {"days": 1_000, "delay": 3, "most": 6, "shelf": 14, "crowd": 8, "fee": 5},
    }

    days: int = 20
    delay: int = 2
    most: int = 5
    shelf: int = 10
    crowd: int = 6
    cycle: int = 7
    price: int = 10
    cost: int = 4
    holding: int = 1
    fee: int = 0

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("days", self.days, 1, 1_000)
        check_range("delay", self.delay, 0, 20)
        check_range("most", self.most, 1, 50)
        check_range("crowd", self.crowd, 1, 50)
        check_range("shelf", self.shelf, self.crowd, 1_000)
        check_range("cycle", self.cycle, 1, 14)
        for name in ("price", "cost", "holding", "fee"):
            check_range(name, getattr(self, name), 0, 1_000)
        if self.cost >= self.price:
            raise ArgumentError(f"cost must be less than price, {self.price}, not {self.cost}")

    @property
    def max_turns(self) -> int:
        return self.days

    @property
    def return_range(self) -> tuple[float, float]:
        return (_lowest(self) / self.scale, _highest(self) / self.scale)

    @property
    def scale(self) -> int:
        """The coins that make a score of 1."""
        return max(1, round(self.days * (self.price - self.cost) * (self.crowd + 1) / 4))

    def deals(self) -> Distribution[ShopkeeperState] | None:
        if self.crowd**self.cycle * (self.crowd + 1) > _LISTED:
            return None
        weeks = product(range(1, self.crowd + 1), repeat=self.cycle)
        return uniform([self._opening(week, stock) for week in weeks for stock in range(self.crowd + 1)])

    def deal(self, random: Random) -> ShopkeeperState:
        week = tuple([1 + random.below(self.crowd) for _ in range(self.cycle)])
        return self._opening(week, random.below(self.crowd + 1))

    def _opening(self, week: tuple[int, ...], stock: int) -> ShopkeeperState:
        return ShopkeeperState(week, stock, (0,) * (self.delay - 1))

    def content(self, state: ShopkeeperState) -> tuple[tuple[int, ...], int]:
        return (state.busy, state.stock)

    def to_move(self, state: ShopkeeperState) -> tuple[int, ...]:
        return () if state.trading or state.day > self.days else (0,)

    def legal(self, state: ShopkeeperState, player: int) -> tuple[int, ...]:
        return tuple(range(self.most + 1))

    def chance(self, state: ShopkeeperState) -> Distribution[int]:
        return uniform(range(state.busy[(state.day - 1) % self.cycle] + 1)) if state.trading else ()

    def apply(self, state: ShopkeeperState, move: int) -> ShopkeeperState:
        if not state.trading:
            stock, due = self.ordered(state.stock, state.due, move)
            return state._replace(stock=stock, due=due, trading=True)
        sold = min(state.stock, move)
        left = state.stock - sold
        stock, due = self.next_morning(left, state.due) if state.day < self.days else (left, ())
        return ShopkeeperState(state.busy, stock, due, state.day + 1, news=(move, sold))

    def ordered(self, stock: int, due: Orders, order: int) -> tuple[int, Orders]:
        """Return stock and deliveries after an order."""
        return (stock, (*due, order)) if self.delay else (min(self.shelf, stock + order), due)

    def next_morning(self, left: int, due: Orders) -> tuple[int, Orders]:
        """Return stock and deliveries on the morning after a night with `left` items in the shop."""
        return (min(self.shelf, left + due[0]), due[1:]) if due else (left, due)

    def rewards(self, state: ShopkeeperState, move: int, after: ShopkeeperState) -> tuple[float, ...]:
        coins = self.earned(state.stock, move) if state.trading else -self.spent(move)
        return (coins / self.scale,)

    def earned(self, stock: int, customers: int) -> int:
        """Return the coins of a day in the shop."""
        sold = min(stock, customers)
        return self.price * sold - self.holding * (stock - sold)

    def spent(self, order: int) -> int:
        """Return the coins that an order takes."""
        return self.cost * order + self.fee * (order > 0)

    def instructions(self, player: int) -> str:
        fee = f", and each order of one item or more costs {count(self.fee, 'coin')} besides" if self.fee else ""
        late = f" What would arrive after day {self.days} is lost." if self.delay else ""
        which = following(self.cycle, "day") if self.cycle > 1 else "every day"
        return (
            f"You keep a shop for {count(self.days, 'day')}. Each day you order from 0 to {count(self.most, 'item')}. "
            f"An item costs {count(self.cost, 'coin')}, paid with the order{fee}. The items arrive {self._arrival}. "
            f"The shop holds at most {count(self.shelf, 'item')}; what does not fit is thrown away.{late}\n"
            "After your order the customers of the day come. "
            f"Each buys 1 item for {count(self.price, 'coin')} if there is one left. "
            f"I tell you the most customers that can come, for {which}. "
            "Every number of customers from 0 to that is equally likely.\n"
            f"Each item left in the shop at night costs {count(self.holding, 'coin')}. "
            "Items left after the last day are worth nothing. "
            f"Your score is your profit in coins divided by {self.scale}; a loss counts below 0.\n"
            "Reply with the number of items you order, for example: order 1"
        )

    @property
    def _arrival(self) -> str:
        if self.delay < 2:
            return "the next morning" if self.delay else "at once"
        return f"{self.delay} days later, in the morning"

    def view(self, state: ShopkeeperState, player: int) -> str:
        stock = f"{count(state.stock, 'item')} in the shop."
        if state.day > self.days:
            return f"{_told('Today', state.news)}The last day is over. {stock}"
        place = (state.day - 1) % self.cycle
        busy = _row(state.busy[place:] + state.busy[:place])
        due = f" Arriving tomorrow{' and after' * (len(state.due) > 1)}: {_row(state.due)}." if state.due else ""
        after = " and after" * (self.cycle > 1)
        told = _told("Yesterday", state.news)
        return f"{told}Day {state.day} of {self.days}. {stock}{due} Most customers today{after}: {busy}."

    def say(self, state: ShopkeeperState, move: int) -> str:
        return f"order {move}"

    def read(self, state: ShopkeeperState, player: int, text: str) -> int | Refusal:
        items = read_amount(text, _VERBS, _NOTHING)
        if items is None:
            return Refusal(f"I read no whole number in that. Reply with the items you order, from 0 to {self.most}.")
        if not 0 <= items <= self.most:
            return illegal(f"You can order from 0 to {count(self.most, 'item')} a day, not {items}.")
        return items

    def progress(self, state: ShopkeeperState) -> float:
        """What the goods in the shop and on the way have cost."""
        return self.cost * (state.stock + sum(state.due)) / self.scale

    def expert(self, state: ShopkeeperState, player: int) -> Distribution[int] | None:
        """The best order by backward induction, as if the game ended in four weeks or so if it ends later.

        None where there are too many combinations of stock and deliveries.
        """
        if self.combinations > _MOST_COMBINATIONS:
            return None
        later = _values(self, state.busy)[_ahead(self, self.days - state.day + 1) - 1]
        customers = state.busy[(state.day - 1) % self.cycle]
        worth = [_worth(self, customers, state.due, order, later)[state.stock] for order in range(self.most + 1)]
        return ((worth.index(max(worth)), Fraction(1)),)

    @property
    def combinations(self) -> int:
        """How many combinations of stock and deliveries there are in the morning."""
        deliveries: int = (self.most + 1) ** max(0, self.delay - 1)
        return (self.shelf + 1) * deliveries


_LISTED = 10_000
"""More deals than these are drawn, not listed."""

_AHEAD = 28
"""Days that the expert looks ahead, rounded up to whole weeks before the end."""

_MOST_COMBINATIONS = 2_000

_VERBS = ("order", "ordering", "reorder", "buy", "buying", "purchase", "purchasing", "restock", "stock up")
_NOTHING = ("wait", "skip", "nothing", "order nothing", "pass")


def _told(day: str, news: tuple[int, int] | None) -> str:
    return f"{day} {count(news[0], 'customer')} came and bought {news[1]}. " if news else ""


def _row(numbers: Sequence[int]) -> str:
    return " ".join(map(str, numbers))


_Values = Mapping[Orders, Sequence[float]]
"""Expected coins still to come, by the deliveries due and the stock of a morning."""


def _ahead(game: Shopkeeper, left: int) -> int:
    """Return how many days to look ahead with `left` to go: all, or some that end on the same day of the week."""
    return left if left <= _AHEAD else _AHEAD + (left - _AHEAD) % game.cycle


@lru_cache(maxsize=32)
def _values(game: Shopkeeper, busy: tuple[int, ...]) -> tuple[_Values, ...]:
    """Return the values of the last mornings, by days left from 0 on."""
    orders = range(game.most + 1)
    dues = list(product(orders, repeat=max(0, game.delay - 1)))
    values: list[_Values] = [dict.fromkeys(dues, (0.0,) * (game.shelf + 1))]
    for left in range(1, min(game.days, _AHEAD + game.cycle)):
        customers = busy[(game.days - left) % game.cycle]
        worth = {due: [_worth(game, customers, due, order, values[-1]) for order in orders] for due in dues}
        values.append({due: tuple(map(max, zip(*by_order, strict=True))) for due, by_order in worth.items()})
    return tuple(values)


def _worth(game: Shopkeeper, customers: int, due: Orders, order: int, later: _Values) -> list[float]:
    """Return the expected coins of an order and all that follows, by the stock of the morning."""
    arriving, *rest = (*due, order) if game.delay else (0,)
    morning = later[tuple(rest)]
    night = [morning[min(game.shelf, left + arriving)] - game.holding * left for left in range(game.shelf + 1)]
    shop = [_trading(game, customers, stock, night) for stock in range(game.shelf + 1)]
    at_once = 0 if game.delay else order
    return [shop[min(game.shelf, stock + at_once)] - game.spent(order) for stock in range(game.shelf + 1)]


def _trading(game: Shopkeeper, customers: int, stock: int, night: Sequence[float]) -> float:
    """Return the expected coins of a day in the shop, with those of all that follows by the items left in `night`."""
    fewest = max(0, stock - customers)
    sold = sum(range(stock - fewest + 1)) + stock * (customers - stock + fewest)
    total = sum(night[fewest : stock + 1]) + night[0] * (customers - stock + fewest) + game.price * sold
    return total / (customers + 1)


def _lowest(game: Shopkeeper) -> int:
    """Return the fewest coins possible: to order the most every day and have no customers."""
    stock, due, coins = game.crowd, (0,) * (game.delay - 1), 0
    for _ in range(game.days):
        stock, due = game.ordered(stock, due, game.most)
        coins += game.earned(stock, 0) - game.spent(game.most)
        stock, due = game.next_morning(stock, due)
    return coins


@lru_cache(maxsize=32)
def _highest(game: Shopkeeper) -> int:
    """Return the most coins possible: every day brings `crowd` customers, and the orders were made knowing that."""
    later = [0] * (game.shelf + 1)
    for _ in range(game.days - game.delay):
        later = [max(_sure(game, stock, order, later) for order in range(game.most + 1)) for stock in range(len(later))]
    return game.price * game.crowd + later[0] if game.delay else later[game.crowd]


def _sure(game: Shopkeeper, stock: int, delivered: int, later: list[int]) -> int:
    """Return the coins from a day on that begins with a delivery and brings `crowd` customers."""
    stock = min(game.shelf, stock + delivered)
    return game.earned(stock, game.crowd) - game.spent(delivered) + later[max(0, stock - game.crowd)]
