from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from enum import Enum, IntEnum
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fresh import fresh_python
from textenvs.core.errors import ArgumentError, EmptySplitError, UnknownNameError
from textenvs.core.game import Distribution, Random, draw
from textenvs.core.instances import SPLITS, canonical, deal_at, deal_in, deals_in, digest, in_split, split_of
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.guess_number import GuessNumber, GuessNumberState

PARTS = ("train", "validation", "test")


class Colour(Enum):
    RED = 1
    BLUE = 2


class Level(IntEnum):
    LOW = 1


# Canonical texts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (True, "True"),
        (-3, "-3"),
        ("a'b", '"a\'b"'),
        ("é\ud800\U0001fae9", r"'\xe9\ud800\U0001fae9'"),
        (0.1, "0x1.999999999999ap-4"),
        (-0.0, "-0x0.0p+0"),
        (Fraction(2, 6), "Fraction(1, 3)"),
        (Colour.RED, "Colour.RED"),
        (Level.LOW, "Level.LOW"),
        ((), "()"),
        ((1, (2, "x")), "(1,(2,'x'))"),
        (frozenset(), "{}"),
        (frozenset({"b", "a"}), "{'a','b'}"),
        (frozenset({(2, 1), (1, 2)}), "{(1,2),(2,1)}"),
    ],
)
def test_canonical_text(value: Any, text: str) -> None:
    assert canonical(value) == text


@pytest.mark.parametrize("value", [[1], {1: 2}, {1}, b"x", object(), (1, [2]), frozenset({b"x"}), 1j])
def test_no_canonical_text_for_what_is_not_plain(value: Any) -> None:
    with pytest.raises(TypeError, match="no canonical text"):
        canonical(value)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "a", "1", "None", "a,b", "'a'", "(", "{}"])
    | st.sampled_from([0.0, -0.0, 1.0, 0.1]) | st.sampled_from([Fraction(1), Fraction(1, 3)])
    | st.sampled_from([Colour.RED, Colour.BLUE, Level.LOW]),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def typed(value: Any) -> Any:
    """Return a value that is equal exactly for equal values of equal types."""
    if isinstance(value, tuple):
        return ("tuple", tuple(map(typed, value)))
    if isinstance(value, frozenset):
        return ("frozenset", frozenset(map(typed, value)))
    return (type(value).__name__, repr(value))


@settings(max_examples=200, deadline=None)
@given(one=PLAIN, other=PLAIN)
def test_texts_are_equal_for_equal_values_only(one: Any, other: Any) -> None:
    assert (canonical(one) == canonical(other)) == (typed(one) == typed(other))


@given(items=st.lists(st.text(max_size=4) | st.integers(), unique_by=repr, max_size=8))
def test_the_order_of_insertion_does_not_matter(items: list[Any]) -> None:
    assert canonical(frozenset(items)) == canonical(frozenset(reversed(items)))


SETS_IN_A_PROCESS = """
import json
from enum import Enum
from fractions import Fraction
from textenvs.core.instances import canonical
Colour = Enum("Colour", "RED BLUE GREEN")
words = frozenset(f"word {n}" for n in range(12))
mixed = (frozenset(Colour), frozenset({None, 0.1, Fraction(1, 3), "x", ("y", frozenset({"z", "w"}))}))
print(json.dumps([canonical(words), canonical(mixed), list(words)]))
"""


def test_texts_do_not_depend_on_the_hash_seed() -> None:
    texts, orders = set(), set()
    for hash_seed in ("0", "1", "2"):
        *canonical_texts, order = json.loads(fresh_python(SETS_IN_A_PROCESS, hash_seed=hash_seed))
        texts.add(tuple(canonical_texts))
        orders.add(tuple(order))
    assert len(texts) == 1
    assert len(orders) > 1, "the hash seed changed nothing, so this test shows nothing"


# Addresses and splits --------------------------------------------------------------------------------


def test_addresses_and_splits_never_change() -> None:
    game = GuessNumber(high=9)
    assert [(digest(game, state), split_of(digest(game, state))) for state, _ in game.deals()] == [
        ("fd994d3f12c8b7f7", "test"),
        ("a78e006a08ad6ddd", "train"),
        ("f41fc1d000cadb31", "train"),
        ("3bf91e1e8012a1b8", "train"),
        ("319040a201f1d785", "test"),
        ("065da74d329bfee4", "train"),
        ("f1e7c912f52313da", "test"),
        ("a4b202eea648c55a", "train"),
        ("79e23163733fb7f1", "validation"),
    ]


def test_splits_are_seven_one_and_two_tenths() -> None:
    buckets = Counter(split_of(f"{10**15 + n:016x}") for n in range(10))
    assert buckets == {"train": 7, "validation": 1, "test": 2}


def test_shares_of_many_instances() -> None:
    game = GuessNumber(high=20_000)
    shares = Counter(split_of(digest(game, state)) for state, _ in game.deals())
    for split, share in (("train", 0.7), ("validation", 0.1), ("test", 0.2)):
        deviation = (20_000 * share * (1 - share)) ** 0.5
        assert abs(shares[split] - 20_000 * share) < 4 * deviation


def test_splits_are_disjoint_and_cover_everything() -> None:
    game = GuessNumber(high=200)
    secrets = [{state.secret for state, _ in deals_in(game, split) or ()} for split in PARTS]
    assert sum(map(len, secrets)) == 200
    assert set.union(*secrets) == set(range(1, 201))
    assert deals_in(game, "all") == game.deals()


def test_the_split_depends_on_content_alone() -> None:
    few, many = GuessNumber(high=50, guesses=3), GuessNumber(high=90, guesses=40)
    for state, _ in few.deals():
        assert [in_split(few, state, split) for split in SPLITS] == [in_split(many, state, split) for split in SPLITS]
        assert in_split(few, state._replace(used=2, last=1, low=2), "all")
        assert digest(few, state) == digest(many, state._replace(used=2, last=1, low=2))


def test_equal_content_of_another_game_is_another_instance() -> None:
    class Other(GuessNumber):
        pass

    assert digest(GuessNumber(), GuessNumber().deals()[0][0]) != digest(Other(), Other().deals()[0][0])


@pytest.mark.parametrize("call", [deals_in, lambda game, split: deal_in(game, split, Stream(0, Purpose.DEAL))])
def test_an_unknown_split_names_the_nearest(call: Any) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'train'"):
        call(GuessNumber(), "trian")


# Deals -----------------------------------------------------------------------------------------------


class SameName(GuessNumber):
    """Its instances have the addresses of `GuessNumber`."""

    @property
    def name(self) -> str:
        return "GuessNumber"


@dataclass(frozen=True)
class Uneven(SameName):
    """Deals the secret n with a probability in proportion to n."""

    high: int = 10

    def deals(self) -> Distribution[Any]:
        total = self.high * (self.high + 1) // 2
        return tuple((state, Fraction(state.secret, total)) for state, _ in super().deals())


@dataclass(frozen=True)
class Drawn(SameName):
    """Has too many instances to list."""

    high: int = 1_000

    def deals(self) -> Any:
        return None

    def deal(self, random: Random) -> Any:
        return GuessNumberState(1 + random.below(self.high), 0, None, 1, self.high)


@dataclass(frozen=True)
class Single(SameName):
    """Has one instance, which is of the test split."""

    def deals(self) -> Any:
        return GuessNumber(9).deals()[:1]


@dataclass(frozen=True)
class DrawnSingle(Drawn):
    def deal(self, random: Random) -> Any:
        random.below(2)
        return GuessNumber(9).deals()[0][0]


def test_probabilities_within_a_split_are_conditional() -> None:
    test = deals_in(Uneven(), "test")
    assert test is not None
    assert [(state.secret, p) for state, p in test] == [
        (1, Fraction(1, 13)),
        (5, Fraction(5, 13)),
        (7, Fraction(7, 13)),
    ]


def test_deals_are_drawn_with_their_probabilities() -> None:
    random = Stream(0, Purpose.DEAL)
    drawn = Counter(deal_in(Uneven(), "test", random).secret for _ in range(6_500))
    expected = {1: 500, 5: 2_500, 7: 3_500}
    assert drawn.keys() == expected.keys()
    assert sum((drawn[n] - e) ** 2 / e for n, e in expected.items()) < 13.8  # chi-square, 2 degrees, 0.1 %


@pytest.mark.parametrize("split", SPLITS)
def test_the_fast_draw_is_the_plain_one(split: str) -> None:
    game = Uneven(high=12)
    for seed in range(200):
        plain = draw(deals_in(game, split) or (), Stream(seed, Purpose.DEAL))
        assert deal_in(game, split, Stream(seed, Purpose.DEAL)) == plain


@pytest.mark.parametrize("split", PARTS)
def test_sampled_instances_belong_to_their_split(split: str) -> None:
    states = [deal_in(Drawn(), split, Stream(seed, Purpose.DEAL)) for seed in range(30)]
    assert all(in_split(Drawn(), state, split) for state in states)
    assert len(set(states)) > 20


@pytest.mark.parametrize("game", [Single(), DrawnSingle()])
def test_an_empty_split_is_named(game: Any) -> None:
    assert deal_in(game, "test", Stream(0, Purpose.DEAL)).secret == 1
    with pytest.raises(EmptySplitError, match=r"Single\(.*no instance in split 'train'; use split='all'"):
        deal_in(game, "train", Stream(0, Purpose.DEAL))


def test_an_instance_by_number_and_by_address() -> None:
    game, random = Uneven(), Stream(0, Purpose.INSTANCE)
    by_number = [deal_at(game, "test", number, random) for number in range(3)]
    assert [state.secret for state in by_number] == [1, 5, 7]
    assert [deal_at(game, "test", digest(game, state), random) for state in by_number] == by_number


def test_a_number_names_the_same_drawn_instance_whatever_was_drawn_before() -> None:
    def named(number: int) -> Any:
        return deal_at(Drawn(), "test", number, Stream(number, Purpose.INSTANCE))

    assert [named(number) for number in range(20)] == [named(number) for number in range(20)]
    assert len({named(number) for number in range(20)}) > 15
    assert all(in_split(Drawn(), named(number), "test") for number in range(20))


@pytest.mark.parametrize("index", [-1, 3, True, 1.0, None, "fd994d3f12c8b7f8", "", "1", (1,)])
def test_an_instance_that_does_not_exist(index: Any) -> None:
    with pytest.raises(ArgumentError, match=r"no instance .* in split 'test' of Uneven.* it has 3"):
        deal_at(Uneven(), "test", index, Stream(0, Purpose.INSTANCE))


def test_an_address_of_another_split_is_not_found() -> None:
    train = deal_at(Uneven(), "train", 0, Stream(0, Purpose.INSTANCE))
    with pytest.raises(ArgumentError, match="no instance"):
        deal_at(Uneven(), "test", digest(Uneven(), train), Stream(0, Purpose.INSTANCE))


@pytest.mark.parametrize("index", [-1, True, 1.0, None, "fd994d3f12c8b7f7"])
def test_drawn_instances_are_named_by_numbers_only(index: Any) -> None:
    with pytest.raises(ArgumentError, match="GuessNumber draws its instances; name one by a whole number from 0"):
        deal_at(Drawn(), "all", index, Stream(0, Purpose.INSTANCE))
