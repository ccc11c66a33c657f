from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import permutations

import pytest

from textenvs.core.draws import draw_names, draw_some, every_outcome
from textenvs.core.game import Random
from textenvs.envs.streams import Purpose, Stream


def test_a_draw_that_decides_on_the_next_one() -> None:
    def draw(random: Random) -> str:
        if random.below(2):
            return random.choice("abc")
        return random.choice("ax")

    assert every_outcome(draw) == (
        ("a", Fraction(1, 4) + Fraction(1, 6)),
        ("x", Fraction(1, 4)),
        ("b", Fraction(1, 6)),
        ("c", Fraction(1, 6)),
    )


def test_nothing_to_draw() -> None:
    assert every_outcome(lambda _: "only") == (("only", 1),)


def test_every_order_is_equally_likely() -> None:
    assert dict(every_outcome(lambda random: random.shuffled("abcd"))) == dict.fromkeys(
        permutations("abcd"), Fraction(1, 24)
    )


@pytest.mark.parametrize("n", range(4))
def test_some_of_several(n: int) -> None:
    orders = list(permutations("abc", n))
    assert dict(every_outcome(lambda random: draw_some(random, "abc", n))) == dict.fromkeys(
        orders, Fraction(1, len(orders))
    )


def test_lists_agree_with_draws() -> None:
    def draw(random: Random) -> tuple[int, ...]:
        return (random.below(3), *draw_some(random, range(3), 1 + random.below(2)))

    listed = dict(every_outcome(draw))
    random = Stream(0, Purpose.DEAL)
    drawn = Counter(draw(random) for _ in range(20_000))
    assert drawn.keys() == listed.keys()
    assert all(abs(drawn[each] / 20_000 - p) < 0.02 for each, p in listed.items())


def test_a_continuum_cannot_be_listed() -> None:
    with pytest.raises(TypeError, match="continuum"):
        every_outcome(lambda random: random.random())


@pytest.mark.parametrize("n", [1, 6, 7, 10_000])
def test_more_than_the_most_are_not_listed(n: int) -> None:
    called = 0

    def draw(random: Random) -> int:
        nonlocal called
        called += 1
        return random.below(n)

    listed = every_outcome(draw, 6)
    assert listed == (None if n > 6 else tuple((number, Fraction(1, n)) for number in range(n)))
    assert called <= 6, "where there are many, few are drawn to find that out"


def test_one_rare_way_tells_of_many() -> None:
    def draw(random: Random) -> int:
        return random.below(4) if random.below(2) else 0

    assert every_outcome(draw, 8) == ((0, Fraction(5, 8)), *((number, Fraction(1, 8)) for number in (1, 2, 3)))
    assert every_outcome(draw, 7) is None


def test_names_are_drawn_or_the_first() -> None:
    assert dict(every_outcome(lambda random: draw_names(random, "abc", 2, anew=False))) == {("a", "b"): 1}
    assert len(every_outcome(lambda random: draw_names(random, "abc", 2, anew=True))) == 6
