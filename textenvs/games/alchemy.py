"""Fill orders for substances by combining others, under hidden rules that have to be found out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, reduce
from itertools import combinations, permutations, product
from math import comb, factorial
from operator import xor
from typing import ClassVar, NamedTuple

from textenvs.core.errors import check_choice, check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.reading import last_match
from textenvs.core.refusal import Refusal, illegal

Pair = tuple[int, int]  # two substances, ascending
Family = tuple[int, int, int]  # three substances of which any two make the third, ascending


class Order(NamedTuple):
    """What is given and what is asked for, as indices of substances.

    Attributes:
        stock: the substances given, ascending.
        wanted: the substance to make.
    """

    stock: tuple[int, ...]
    wanted: int


class AlchemyState(NamedTuple):
    """The secret rules, the orders, and how far they are filled.

    Attributes:
        vectors: for each substance its hidden vector over two elements, as the bits of a whole number
            from 1: two substances make the one whose vector is the sum (exclusive or) of theirs.
        orders: all orders of the episode.
        number: orders that are over.
        made: the products of the current order, in the order in which they were made.
        used: combinations tried for the current order.
        filled: orders filled.
        known: what the combinations so far have shown, ascending.
        last: the newest combination and its product, None before the first.
    """

    vectors: tuple[int, ...]
    orders: tuple[Order, ...]
    number: int = 0
    made: tuple[int, ...] = ()
    used: int = 0
    filled: int = 0
    known: tuple[Family, ...] = ()
    last: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class Alchemy(Game[AlchemyState, Pair]):
    """Combine substances under hidden rules, drawn anew for each episode, and make what each order asks for.

    Source:
        Written for textenvs, after Alchemy (Wang et al. 2021, arXiv:2102.02926), where a hidden chemistry
        with a fixed structure is drawn for each episode and learned over several trials. Theirs
        transforms stones by potions along the edges of a cube; here substances are combined, as in
        Little Alchemy (Jakub Koziol, 2010), and the chemistry is a labelling of a vector space.
    Players and turns:
        One player, one combination a turn.
    What the player sees:
        What the last combination made, the current order, the substances at hand and the combinations
        left. What earlier combinations made is not repeated: it has to be remembered.
    Replies:
        `combine ash and brine`, `ash + brine`, `mix ash with brine`, `add ash to brine`. In a longer reply
        the last such pair counts: first of those behind a verb, then of others, and only then of those
        that are followed by what they make.
    Rules:
        There are 2^elements - 1 substances. Each is secretly one of the vectors other than 0 over two
        elements, and two different substances make the one whose vector is the sum of theirs. So any two
        make a third; if x and y make z, then x and z make y; and grouping does not matter.
        An order gives a stock of `elements` substances, from which every other can be made, and asks for
        one. Nothing is used up by combining, and a product joins the stock until the order is over: when
        the wanted substance is made or after `tries` combinations. The rules stay the same for all orders.
        The first order always has the same names, which carry no meaning. Later each stock from which all
        can be made is equally likely, and so is each other substance to be wanted.
    Rewards:
        1 / orders for each order filled. Return in 0 … 1.
    End:
        After the last order.
    Parameters:
        elements: 3, 4 or 5; there are 7, 15 or 31 substances.
        orders: the number of orders.
        tries: combinations allowed for each order, at least elements - 1, which is always enough for one
            who knows the rules.
        stock: "new" or "same": whether later orders have stocks of their own or that of the first.
    Size:
        (2^elements - elements - 1)! sets of rules, each equally likely: 24, 4 x 10^7 and 4 x 10^26. At most
        orders x tries turns.
    Known values:
        An order under unknown rules is filled by the first combination with probability 1 / (2^elements -
        elements - 1). elements=3, stock="same", tries=2: with orders=1 everything but random play (3/8) returns
        1/2. With orders=2 optimal and myopic are (1/2 + 1/4 x 3/4 + 3/4 x 1) / 2 = 23/32: with one product known
        the second order is filled with probability 3/4, with two it always is; plan 1/2, random 3/8.
        At the defaults the expert returns 0.83 on average (200 seeds).
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"elements": 3, "orders": 2, "tries": 2, "stock": "same"},
        "medium": {},
        "hard": {"elements": 5, "orders": 20, "tries": 5},
        "extreme": {"elements": 5, "orders": 60, "tries": 4},
    }

    elements: int = 4
    orders: int = 8
    tries: int = 4
    stock: str = "new"

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("elements", self.elements, 3, 5)
        check_range("orders", self.orders, 1, 1_000)
        check_range("tries", self.tries, self.elements - 1, 1_000)
        check_choice("stock", self.stock, ("new", "same"))

    @property
    def max_turns(self) -> int:
        return self.orders * self.tries

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    @property
    def _substances(self) -> range:
        return range(2**self.elements - 1)

    @property
    def _first_stock(self) -> tuple[int, ...]:
        return tuple(range(self.elements))

    def _first(self) -> tuple[tuple[int, ...], tuple[int, ...], Order]:
        """Return the vectors of the first stock, those of the other substances in any order, and the first order."""
        units = tuple(1 << element for element in range(self.elements))
        others = tuple(vector for vector in range(1, 2**self.elements) if vector not in units)
        return units, others, Order(self._first_stock, self.elements)

    def deals(self) -> Distribution[AlchemyState] | None:
        units, others, first = self._first()
        stocks = 1 if self.stock == "same" else comb(len(self._substances), self.elements)
        if factorial(len(others)) * (stocks * len(others)) ** (self.orders - 1) > _LISTED:
            return None
        openings = []
        for vectors in (units + rest for rest in permutations(others)):
            later = product(self._later_orders(vectors), repeat=self.orders - 1)
            openings += [AlchemyState(vectors, (first, *orders)) for orders in later]
        return uniform(openings)

    def deal(self, random: Random) -> AlchemyState:
        units, others, first = self._first()
        vectors = units + random.shuffled(others)
        later = (self._draw_order(vectors, random) for _ in range(self.orders - 1))
        return AlchemyState(vectors, (first, *later))

    def _later_orders(self, vectors: Sequence[int]) -> list[Order]:
        """Return the orders that can follow the first one, each equally likely."""
        stocks = [self._first_stock] if self.stock == "same" else combinations(self._substances, self.elements)
        complete = [stock for stock in stocks if _is_complete([vectors[substance] for substance in stock])]
        return [Order(stock, wanted) for stock in complete for wanted in self._substances if wanted not in stock]

    def _draw_order(self, vectors: Sequence[int], random: Random) -> Order:
        """Draw one of `_later_orders`, of which there are many."""
        while True:
            substances = random.shuffled(self._substances)
            stock = self._first_stock if self.stock == "same" else tuple(sorted(substances[: self.elements]))
            if _is_complete([vectors[substance] for substance in stock]):
                return Order(stock, next(substance for substance in reversed(substances) if substance not in stock))

    def to_move(self, state: AlchemyState) -> tuple[int, ...]:
        return () if state.number == self.orders else (0,)

    def legal(self, state: AlchemyState, player: int) -> tuple[Pair, ...]:
        return tuple(combinations(sorted(_at_hand(state)), 2))

    def apply(self, state: AlchemyState, move: Pair) -> AlchemyState:
        made = _product(state, move)
        fresh = () if made in _at_hand(state) else (made,)
        after = state._replace(
            made=state.made + fresh,
            used=state.used + 1,
            known=tuple(sorted({*state.known, _family(*move, made)})),
            last=(*move, made),
        )
        is_filled = made == state.orders[state.number].wanted
        if not is_filled and after.used < self.tries:
            return after
        return after._replace(number=state.number + 1, made=(), used=0, filled=state.filled + is_filled)

    def rewards(self, state: AlchemyState, move: Pair, after: AlchemyState) -> tuple[float, ...]:
        return (1 / self.orders if after.filled > state.filled else 0.0,)

    def instructions(self, player: int) -> str:
        names = _NAMES[: len(self._substances)]
        orders = "one order" if self.orders == 1 else f"{self.orders} orders, one after the other"
        each = "A filled order" if self.orders == 1 else "Each filled order"
        same = ", always the same," if self.stock == "same" and self.orders > 1 else ""
        return (
            f"You are an alchemist. There are {len(names)} substances: {', '.join(names)}. Two different substances "
            "always make a third one. What they make is secret, but it stays the same for the whole game, and this is "
            "always true: if x and y make z, then x and z make y, and y and z make x; and it does not matter how "
            "things are grouped: (x and y) with z makes the same as x with (y and z).\n"
            f"You get {orders}. An order gives you a stock of {self.elements} substances{same} and asks for another "
            "one, which can be made from them. Combine any two substances you have. Nothing is used up, and what you "
            f"make is yours until the order is over. You have {self.tries} combinations for each order; filling one "
            f"takes at most {self.elements - 1} if you know what to combine. {each} earns {_points(1 / self.orders)}.\n"
            f"Reply with two substances you have, for example: combine {names[0]} and {names[1]}"
        )

    def view(self, state: AlchemyState, player: int) -> str:
        news = self._news(state)
        if state.number == self.orders:
            return f"{news} That was the last order. You filled {state.filled} of {self.orders}."
        stock = ", ".join(_NAMES[substance] for substance in _at_hand(state))
        wanted = _NAMES[state.orders[state.number].wanted]
        order = f"Order {state.number + 1} of {self.orders}: make {wanted}. You have: {stock}."
        left = self.tries - state.used
        return f"{news} {order} {left} combination{'s' * (left > 1)} left.".lstrip()

    def _news(self, state: AlchemyState) -> str:
        """What the last combination made, and what became of the order if it is over."""
        if state.last is None:
            return ""
        one, other, made = (_NAMES[substance] for substance in state.last)
        news = f"{one} and {other} make {made}."
        if state.used:
            return news
        is_filled = state.last[2] == state.orders[state.number - 1].wanted
        return f"{news} Order {state.number} is {'filled' if is_filled else 'over, not filled'}."

    def say(self, state: AlchemyState, move: Pair) -> str:
        return f"combine {_NAMES[move[0]]} and {_NAMES[move[1]]}"

    def read(self, state: AlchemyState, player: int, text: str) -> Pair | Refusal:
        found = last_match(text, *_PAIRS)
        if found is None:
            return Refusal("I read no pair of substances in that. Reply with two that you have: combine x and y.")
        one, other = sorted(_NAMES.index(name.lower()) for name in found.groups())
        at_hand = _at_hand(state)
        for substance in (one, other):
            if substance not in at_hand:
                stock = ", ".join(_NAMES[each] for each in at_hand)
                return illegal(f"You do not have {_NAMES[substance]}. You have: {stock}.")
        if one == other:
            return illegal("Combine two different substances.")
        return (one, other)

    def vocabulary(self) -> tuple[str, ...]:
        return _NAMES[: len(self._substances)]

    def expert(self, state: AlchemyState, player: int) -> Distribution[Pair]:
        """Makes the wanted substance if it knows how, else something new; what cannot be is not counted out."""
        at_hand = sorted(_at_hand(state))
        relations = _relations(state.known)
        recipe = _recipe(relations, at_hand, state.orders[state.number].wanted, self.tries - state.used + 1)
        if recipe:
            return (((recipe[0], recipe[1]), Fraction(1)),)
        known = {_reduced(1 << substance, relations) for substance in self._substances}
        pairs = list(combinations(at_hand, 2))
        new = [(x, y) for x, y in pairs if _reduced(1 << x | 1 << y, relations) not in known]
        return (((new or pairs)[0], Fraction(1)),)


_LISTED = 20_000
"""More deals than these are drawn, not listed."""

_NAMES = (
    "ash", "brine", "chalk", "dew", "ember", "flint", "garnet", "honey", "iron", "jade", "kelp", "lime", "mud",
    "nickel", "opal", "pearl", "quartz", "rust", "salt", "tar", "umber", "vinegar", "wax", "yeast", "zinc", "amber",
    "bone", "copper", "dust", "indigo", "musk",
)  # fmt: skip

_NAME = rf"(?a:\b({'|'.join(_NAMES)})\b)[\"'`*]{{0,3}}"
_VERB = r"(?<!not )(?<!n't )(?<!never )\b(?:combin|mix|join|add|try|us|mak|pour)[a-z]{0,3}[:\s]{1,3}"
_THE = r"(?:[\"'`*]|the ){0,3}"
_AND, _TO = rf"\s{{0,3}}(?:and|with|plus|[+&,])\s{{0,3}}{_THE}", rf"\s{{0,3}}(?:to|into)\s{{0,3}}{_THE}"
_TOLD = r"(?!\s{0,3}(?:=|->|makes?\b|made\b|gives?\b|gave\b))"
_PAIRS = (
    rf"{_VERB}{_THE}{_NAME}(?:{_AND}|{_TO}){_NAME}{_TOLD}",
    rf"(?<!not )(?<!not the ){_NAME}{_AND}{_NAME}{_TOLD}",
    rf"{_NAME}{_AND}{_NAME}",
)
"""What asks for a combination, the clearest first; a pair with its product is rather a memory of an earlier one."""


def _points(value: float) -> str:
    return f"{value:.3g} point{'s' * (value != 1)}"


def _family(x: int, y: int, z: int) -> Family:
    one, two, three = sorted((x, y, z))
    return one, two, three


def _at_hand(state: AlchemyState) -> tuple[int, ...]:
    return state.orders[state.number].stock + state.made


def _product(state: AlchemyState, pair: Pair) -> int:
    x, y = pair
    return state.vectors.index(state.vectors[x] ^ state.vectors[y])


# Orders ----------------------------------------------------------------------------------------------


def _is_complete(vectors: Sequence[int]) -> bool:
    """Return whether sums of different ones of `vectors` are never 0, so that as many as elements make everything."""
    sums = {0}
    for vector in vectors:
        if vector in sums:
            return False
        sums |= {vector ^ other for other in sums}
    return True


# What the expert knows. Sets of substances are bits of a whole number; a family is a set that sums to 0, and so is
# every sum of families. Two sets that differ by such a sum make the same.


@lru_cache(maxsize=4096)
def _relations(families: tuple[Family, ...]) -> tuple[int, ...]:
    """Return a basis of all sets known to sum to 0, each with another highest substance, the highest first."""
    basis: tuple[int, ...] = ()
    for family in families:
        rest = _reduced(sum(1 << substance for substance in family), basis)
        basis = tuple(sorted({*basis, rest} - {0}, reverse=True))
    return basis


def _reduced(substances: int, relations: tuple[int, ...]) -> int:
    """Return the one set among those known to make the same that has none of the basis's highest substances."""
    for relation in relations:
        substances = min(substances, substances ^ relation)
    return substances


def _recipe(relations: tuple[int, ...], at_hand: Sequence[int], wanted: int, most: int) -> tuple[int, ...]:
    """Return the fewest substances, at most `most`, that are known to make `wanted` together; () if none are."""
    target = _reduced(1 << wanted, relations)
    reduced = {substance: _reduced(1 << substance, relations) for substance in at_hand}
    for size in range(2, min(most, len(at_hand)) + 1):
        for chosen in combinations(at_hand, size):
            if reduce(xor, map(reduced.__getitem__, chosen)) == target:
                return chosen
    return ()
