from __future__ import annotations

import copy
import json
import pickle
from collections import Counter
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from tests.fresh import fresh_python
from textenvs.core.errors import ArgumentError
from textenvs.envs.streams import Purpose, Stream

PINNED: list[tuple[int, Purpose, int, list[float], list[int], tuple[int, ...]]] = [
    (0, Purpose.DEAL, 0, [0.5651317655614634, 0.935433136976671], [975, 220, 584, 22, 583], (3, 2, 0, 1, 4)),
    (0, Purpose.CHANCE, 0, [0.9453165290142962, 0.41175942424912015], [46, 137, 268, 534, 886], (2, 4, 0, 1, 3)),
    (0, Purpose.POLICY, 1, [0.11721174817852253, 0.07036693550105888], [936, 474, 914, 542, 141], (2, 0, 3, 4, 1)),
    (1, Purpose.DEAL, 0, [0.8815491373372915, 0.894520199168083], [40, 584, 306, 219, 232], (2, 4, 3, 0, 1)),
    (
        2**63 + 5,
        Purpose.SHADOW,
        0,
        [0.7250764663237922, 0.48319410519876915],
        [196, 510, 52, 410, 786],
        (2, 0, 1, 3, 4),
    ),
    (10**40, Purpose.JUDGE, 3, [0.3990481697515196, 0.5851824409382748], [205, 131, 704, 42, 682], (2, 1, 0, 3, 4)),
]
"""Seed, purpose, seat; the first two floats, then five numbers below 1000, then an order of five."""


def draws(stream: Stream) -> tuple[list[float], list[int], tuple[int, ...]]:
    return [stream.random() for _ in range(2)], [stream.below(1000) for _ in range(5)], stream.shuffled(range(5))


@pytest.mark.parametrize(("seed", "purpose", "seat", "floats", "numbers", "order"), PINNED)
def test_draws_never_change(
    seed: int, purpose: Purpose, seat: int, floats: list[float], numbers: list[int], order: tuple[int, ...]
) -> None:
    assert draws(Stream(seed, purpose, seat)) == (floats, numbers, order)


def test_purposes_never_change() -> None:
    assert {purpose.name: purpose.value for purpose in Purpose} == {
        "DEAL": 0, "CHANCE": 1, "POLICY": 3, "SHADOW": 4, "INSTANCE": 5, "BEHAVIOUR": 6, "JUDGE": 7,
        "LATER_CHANCE": 8, "LATER_BEHAVIOUR": 9,
    }  # fmt: skip


IN_A_PROCESS = """
import json
from textenvs.envs.streams import Purpose, Stream
print(json.dumps([Stream(seed, purpose).random() for seed in range(5) for purpose in Purpose]))
"""


def test_draws_do_not_depend_on_the_process() -> None:
    here = [Stream(seed, purpose).random() for seed in range(5) for purpose in Purpose]
    assert json.loads(fresh_python(IN_A_PROCESS)) == here


# Copies ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("duplicate", [Stream.copy, copy.copy, copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
@pytest.mark.parametrize("drawn", [0, 1, 7])
def test_a_copy_continues_from_the_same_place_alone(duplicate: Any, drawn: int) -> None:
    stream = Stream(3, Purpose.POLICY, 1)
    for _ in range(drawn):
        stream.random()
    twin, other = duplicate(stream), duplicate(stream)
    assert (twin.seed, twin.purpose, twin.seat) == (3, Purpose.POLICY, 1)
    ahead = [twin.random() for _ in range(5)]
    assert [other.random() for _ in range(5)] == ahead
    assert [stream.random() for _ in range(5)] == ahead


def test_a_pickle_goes_on_in_another_process() -> None:
    stream = Stream(3, Purpose.CHANCE)
    stream.random()
    code = "import pickle, sys; print(pickle.loads(bytes.fromhex(sys.argv[1])).random())"
    assert float(fresh_python(code, pickle.dumps(stream).hex())) == stream.random()


# Fairness --------------------------------------------------------------------------------------------


def chi_square(counts: Counter[Any], cells: int) -> float:
    expected = counts.total() / cells
    return sum((count - expected) ** 2 / expected for count in counts.values()) + expected * (cells - len(counts))


@pytest.mark.parametrize(("n", "limit"), [(2, 10.8), (7, 22.5), (10, 27.9)])  # 0.1 % points of n - 1 degrees
def test_numbers_below_are_equally_likely(n: int, limit: float) -> None:
    stream = Stream(0, Purpose.DEAL)
    assert chi_square(Counter(stream.below(n) for _ in range(5_000)), n) < limit


class Raw(Stream):
    """Gives the 64-bit words it is told."""

    __slots__ = ("words",)

    def __init__(self, *words: int) -> None:
        super().__init__(0, Purpose.DEAL)
        self.words = list(words)

    def _raw(self) -> int:
        return self.words.pop(0)


def test_words_that_would_favour_small_numbers_are_rejected() -> None:
    top = 2**64 - 1  # the one word above the largest multiple of 3
    assert top % 3 == 0
    stream = Raw(top, top - 1)
    assert stream.below(3) == 2
    assert stream.words == []


def test_the_largest_bound_is_the_word_itself() -> None:
    assert Raw(2**64 - 1).below(2**64) == 2**64 - 1
    assert Raw(5).below(1) == 0


@pytest.mark.parametrize("n", [0, -1, 2**64 + 1])
def test_bounds_that_cannot_be(n: int) -> None:
    with pytest.raises(ArgumentError, match="below a whole number from 1"):
        Stream(0, Purpose.DEAL).below(n)


def test_floats_are_the_upper_53_bits() -> None:
    assert Raw(2**64 - 1).random() == 1 - 2.0**-53
    assert Raw(2**11 - 1).random() == 0.0
    assert Raw(2**63).random() == 0.5


def test_all_orders_are_equally_likely() -> None:
    stream = Stream(0, Purpose.DEAL)
    orders = Counter(stream.shuffled("abcd") for _ in range(4_800))
    assert orders.keys() == set(permutations("abcd"))
    assert chi_square(orders, 24) < 49.7  # 0.1 % point of 23 degrees


def test_every_item_is_equally_likely() -> None:
    stream = Stream(0, Purpose.DEAL)
    assert chi_square(Counter(stream.choice("abcde") for _ in range(5_000)), 5) < 18.5  # 0.1 % point of 4 degrees


def test_seeds_purposes_and_seats_are_unrelated() -> None:
    streams = [Stream(seed, purpose, seat) for seed in (0, 1, 2**64) for purpose in Purpose for seat in (0, 1)]
    table = np.array([[stream.random() for _ in range(400)] for stream in streams])
    assert len(np.unique(table)) == table.size
    correlations = np.corrcoef(table)[np.triu_indices(len(streams), 1)]
    assert abs(correlations).max() < 5 / 400**0.5
    assert abs(correlations.mean()) < 5 / (400 * len(correlations)) ** 0.5


def test_neighbouring_seeds_are_unrelated() -> None:
    first = np.array([Stream(seed, Purpose.DEAL).random() for seed in range(1_500)])
    assert abs(np.corrcoef(first[:-1], first[1:])[0, 1]) < 4 / 1_500**0.5
    assert abs(first.mean() - 0.5) < 4 / (12 * 1_500) ** 0.5
