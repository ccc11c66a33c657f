from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import strategy
from textenvs.envs.solo import solo_game
from textenvs.games.public_goods import PublicGoods, PublicGoodsState
from textenvs.planning.reference import reference_values

SMALL = PublicGoods(players=3, rounds=3, tokens=2, factor=2.0)


def naive_round(gifts: tuple[int, ...], tokens: int, factor: float) -> list[float]:
    pot = 0.0
    for gift in gifts:
        pot += gift
    return [tokens - gift + pot * factor / len(gifts) for gift in gifts]


def test_every_round_pays_what_the_rules_say() -> None:
    for gifts in product(range(3), repeat=3):
        state = PublicGoodsState()
        after = SMALL.apply(state, gifts)
        expected = [tokens / 6 for tokens in naive_round(gifts, 2, 2.0)]
        assert SMALL.rewards(state, gifts, after) == pytest.approx(expected)


def test_giving_is_dominated_and_yet_best_for_all() -> None:
    game = PublicGoods()
    for others in product((0, 5, 10), repeat=3):
        earned = [game.rewards(PublicGoodsState(), (own, *others), PublicGoodsState())[0] for own in range(11)]
        assert earned == sorted(earned, reverse=True)
        assert earned[0] > earned[10]
    everyone = [sum(game.rewards(PublicGoodsState(), (g,) * 4, PublicGoodsState())) for g in range(11)]
    assert everyone == sorted(everyone)
    assert everyone[10] == pytest.approx(1.6 * everyone[0])


def naive_best(rounds: int, others: int) -> float:
    """The most seat 0 of `SMALL` earns in `rounds` rounds when both others give `others` now, then what they saw."""
    if rounds == 0:
        return 0.0
    best = 0.0
    for own in range(3):
        following = (own + others) // 2  # each of the others saw one other and me
        best = max(best, naive_round((own, others, others), 2, 2.0)[0] + naive_best(rounds - 1, following))
    return best


def test_the_optimum_against_conditional_cooperators() -> None:
    values = reference_values(solo_game("PublicGoods", level="easy"))
    assert values.optimal.value == pytest.approx(naive_best(3, 2) / 6)
    assert values.cell() == "foresight"


def test_scripted_players() -> None:
    game, state = PublicGoods(), PublicGoodsState(1, (10, 3, 4, 0))
    moves = {
        name: strategy(name)(game, state, 3)[0][0]
        for name in ("script:free_rider", "script:altruist", "script:half", "expert")
    }
    assert moves == {"script:free_rider": 0, "script:altruist": 10, "script:half": 5, "expert": 17 // 3}


def test_the_return_range_is_reached() -> None:
    low, high = SMALL.return_range
    keeper = sum(naive_round((0, 2, 2), 2, 2.0)[0] for _ in range(3)) / 6
    fool = sum(naive_round((2, 0, 0), 2, 2.0)[0] for _ in range(3)) / 6
    assert (low, high) == pytest.approx((fool, keeper))


@pytest.mark.parametrize(
    ("text", "gift"),
    [
        ("give 3", 3), ("3", 3), ("I contribute 3 tokens.", 3), ("pay three", 3), ("**give 3**", 3), ("nothing", 0),
        ("I keep everything", 0), ("give 2? no, give 3", 3), ("donate 10", 10),
        ("give 11", None), ("give -1", None), ("give", None), ("", None),
    ],
)  # fmt: skip
def test_replies(text: str, gift: int | None) -> None:
    read = PublicGoods().read(PublicGoodsState(), 0, text)
    assert isinstance(read, Refusal) if gift is None else read == gift


@pytest.mark.parametrize("arguments", [{"players": 2}, {"rounds": 0}, {"tokens": 0}, {"factor": 4.0}, {"factor": 1.0}])
def test_arguments_out_of_range_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(arguments))):
        PublicGoods(**arguments)
