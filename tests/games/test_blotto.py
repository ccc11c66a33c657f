from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import comb
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import strategy
from textenvs.envs.solo import solo_game
from textenvs.games.blotto import Blotto, BlottoState, Troops, balanced, best_reply, ways
from textenvs.planning.equilibrium import equilibrium, exploitability
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game
from textenvs.testing import check_no_leak

START = BlottoState()


def naive_margin(own: Troops, other: Troops) -> int:
    """Fields won less fields lost."""
    margin = 0
    for field in range(len(own)):
        if own[field] != other[field]:
            margin += 1 if own[field] > other[field] else -1
    return margin


def naive_ways(troops: int, fields: int) -> list[Troops]:
    return [numbers for numbers in product(range(troops + 1), repeat=fields) if sum(numbers) == troops]


@pytest.mark.parametrize(("troops", "fields"), [(2, 3), (6, 3), (5, 4), (4, 5)])
def test_every_round_pays_what_the_rules_say(troops: int, fields: int) -> None:
    game = Blotto(troops, fields, rounds=2)
    moves = game.legal(START, 0)
    assert list(moves) == naive_ways(troops, fields)
    assert len(moves) == comb(troops + fields - 1, fields - 1)
    low, high = game.return_range
    margins = {naive_margin(*pair) for pair in product(moves, repeat=2)}
    assert (min(margins) / fields, max(margins) / fields) == pytest.approx((low, high))
    for pair in product(moves, moves):
        after = game.apply(START, pair)
        share = naive_margin(*pair) / fields / 2
        assert game.rewards(START, pair, after) == pytest.approx((share, -share))
        assert after == BlottoState(1, pair)


def test_the_number_of_rounds() -> None:
    game = Blotto(rounds=2)
    assert game.to_move(START) == game.to_move(BlottoState(1)) == (0, 1)
    assert game.is_over(BlottoState(2))


@pytest.mark.parametrize(("troops", "fields"), [(3, 3), (5, 3), (6, 3), (4, 4)])
def test_the_value_is_zero(troops: int, fields: int) -> None:
    assert equilibrium(Blotto(troops, fields, rounds=1)).value == pytest.approx(0, abs=1e-9)


def gain_against(mixture: Any, troops: int, fields: int) -> Fraction:
    """The most fields, less those lost, that any way wins on average against a mixture."""
    gains = (sum(p * naive_margin(own, other) for other, p in mixture) for own in ways(troops, fields))
    return Fraction(max(gains))


@pytest.mark.parametrize(
    ("troops", "fields"), [(3, 3), (6, 3), (9, 3), (12, 3), (15, 3), (4, 4), (8, 4), (12, 4), (5, 5), (10, 5), (6, 6)]
)
def test_the_expert_is_an_equilibrium_where_fields_divides_troops(troops: int, fields: int) -> None:
    expert = Blotto(troops, fields).expert(START, 0)
    assert sum(p for _, p in expert) == 1
    assert len(dict(expert)) == len(expert)
    assert gain_against(expert, troops, fields) == 0
    for field in range(fields):  # each field alone gets evenly drawn numbers (Hart 2008)
        numbers: dict[int, Fraction] = {}
        for row, p in expert:
            numbers[row[field]] = numbers.get(row[field], Fraction(0)) + Fraction(p)
        assert len(set(numbers.values())) == 1
        start, end = min(numbers), max(numbers)
        assert sorted(numbers) == list(range(start, end + 1, 2))
        assert start + end == 2 * troops // fields


def test_how_near_the_expert_is_to_an_equilibrium_elsewhere() -> None:
    assert gain_against(balanced(10, 3), 10, 3) == Fraction(1, 9)
    assert exploitability(Blotto(4, 3, rounds=1), strategy("expert")) == pytest.approx(
        float(gain_against(balanced(4, 3), 4, 3)) / 3
    )


def test_exploitability_of_simple_players() -> None:
    game = Blotto(6, 3, rounds=1)
    assert exploitability(game, strategy("expert")) == 0
    assert exploitability(game, strategy("script:even")) == pytest.approx(1 / 3)
    assert gain_against([((2, 2, 2), Fraction(1))], 6, 3) == 1


@given(st.integers(3, 6), st.integers(2, 14))
def test_the_expert_sends_all_troops(fields: int, troops: int) -> None:
    mixture = balanced(troops, fields)
    assert sum(p for _, p in mixture) == 1
    assert all(sum(row) == troops and min(row) >= 0 and len(row) == fields for row, _ in mixture)


@pytest.mark.slow
def test_the_rulers_at_easy() -> None:
    game = solo_game("Blotto", level="easy")
    values = reference_values(game)
    found = (values.optimal, values.plan, values.myopic, values.random)
    assert [value.kind for value in found] == ["exact"] * 4
    assert [value.value for value in found] == pytest.approx([0.2196, 0.1812, 0.2169, 0.0009], abs=1e-4)
    assert values.expert is not None
    assert values.expert.value == pytest.approx(0.0066, abs=1e-4)
    assert values.cell() == "both"


def test_the_optimum_against_one_who_stays_the_same() -> None:
    moves = naive_ways(4, 3)
    best = [max(naive_margin(own, other) for own in moves) for other in moves]
    blind = max(sum(naive_margin(own, other) for other in moves) for own in moves)
    values = reference_values(solo_game("Blotto", level="easy", troops=4, opponent="script:stubborn"))
    assert values.optimal.value == pytest.approx((blind + 2 * sum(best)) / len(moves) / 9)
    assert values.plan.value == pytest.approx(3 * blind / len(moves) / 9)


def test_scripted_players() -> None:
    game, state = Blotto(7, 3), BlottoState(1, ((7, 0, 0), (1, 2, 4)))
    sent = {name: dict(game.script(name, state, 1)) for name in game.scripts}
    assert sent == {
        "even": {(3, 2, 2): 1},
        "focus": {(4, 3, 0): 1},
        "copy": {(7, 0, 0): 1},
        "counter": {best_reply((7, 0, 0)): 1},
        "stubborn": {(1, 2, 4): 1},
    }
    assert len(game.script("copy", START, 1)) == comb(9, 2)


@pytest.mark.parametrize("other", ways(6, 3))
def test_the_best_reply_is_the_best(other: Troops) -> None:
    assert naive_margin(best_reply(other), other) == max(naive_margin(own, other) for own in naive_ways(6, 3))


def test_nothing_leaks() -> None:
    check_no_leak(Blotto(2, 3, rounds=2))


def test_both_are_told_the_last_round_from_their_side() -> None:
    game = Blotto(6, 3, rounds=1)
    after = game.apply(START, ((3, 3, 0), (1, 1, 4)))
    assert game.view(after, 0) == (
        "Last round you sent 3 3 0, your opponent 1 1 4: you won 2 fields and lost 1. The game is over."
    )
    assert game.view(after, 1) == (
        "Last round you sent 1 1 4, your opponent 3 3 0: you won 1 field and lost 2. The game is over."
    )


@pytest.mark.parametrize(
    "text",
    [
        "3 2 5", "send 3, 2, 5", "Send 3 2 5", "send 3, 2 and 5", "I would like to send 3, 2, and 5 troops.", "3-2-5",
        "[3, 2, 5]", "(3,2,5)", "3/2/5", "**send 3 2 5**", "```\n3 2 5\n```", "deploy my troops as follows: 3, 2, 5",
        "3 to field 1, 2 to field 2 and 5 to field 3", "Send 3 troops to field 1, 2 to field 2, 5 troops to field 3.",
        "Field 1: 3, field 2: 2, field 3: 5", "- **Field 1:** 3\n- **Field 2:** 2\n- **Field 3:** 5",
        "5 to field 3, 3 to field 1, 2 to field 2",
        "3 to the first field, 2 to the second and 5 to the third", "First: 3, second: 2, third: 5",
        "First, I think. 4 4 2 is weak; second, 3 2 5", "send 4 4 2? No, send 3 2 5", "not 4 4 2 but 3 2 5",
        "send 3 2 5, not 4 4 2", "3 2 5, as the opponent sent 4 4 2", "Round 2 of 10: send 3 2 5",
        "The opponent will send 4 4 2, so send 3 2 5", "send 3 2 5 (3+2+5=10)", "I have 10 troops.\n3 2 5",
        "In round 1 I lost. Now 3 2 5", "send 3 2 5 because 1 2 7 is weak",
    ],
)  # fmt: skip
def test_replies(text: str) -> None:
    assert Blotto(10).read(START, 0, text) == (3, 2, 5)


def test_fields_left_out_get_nothing() -> None:
    assert Blotto(10).read(START, 0, "7 to field 2, 3 to field 3") == (0, 7, 3)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("send 3 2 6", "illegal"), ("3 2 4", "illegal"), ("send 12 -1 -1", "illegal"), ("send 11 -1 0", "illegal"),
        ("7 to field 2", "illegal"), ("send 3 2", "malformed"), ("send 3 2 4 1", "malformed"), ("10", "malformed"),
        ("7 to field 2, 3 to field 4", "malformed"), ("3.5 3.5 3", "malformed"), ("not 3 2 5", "malformed"),
        ("fields 1, 2 and 3 get the same", "malformed"), ("50% 30% 20%", "malformed"), ("", "malformed"),
        ("everything to the first", "malformed"),
    ],
)  # fmt: skip
def test_refused_replies(text: str, kind: str) -> None:
    read = Blotto(10).read(START, 0, text)
    assert isinstance(read, Refusal)
    assert read.kind == kind


@pytest.mark.parametrize(
    "piece", ["1 ", "1, ", "1 to field 1 ", "send ", "send my troops ", "opponent ", "field 1 ", "-1-"]
)
def test_long_replies_are_read_fast(piece: str) -> None:
    start = process_time()
    Blotto(10).read(START, 0, piece * (300_000 // len(piece)))
    assert process_time() - start < 2


@pytest.mark.parametrize("level", ["easy", "medium", "hard", "extreme"])
def test_the_example_is_legal_at_every_level(level: str) -> None:
    game = make_game("Blotto", level)
    example = game.instructions(0).rpartition(": ")[2]
    assert game.read(START, 0, example) in game.legal(START, 0)


@pytest.mark.parametrize(
    "arguments", [{"troops": 1}, {"fields": 2}, {"fields": 11}, {"rounds": 0}, {"troops": 200, "fields": 3}]
)
def test_arguments_out_of_range_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(arguments))):
        Blotto(**arguments)
