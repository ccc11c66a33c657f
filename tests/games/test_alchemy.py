from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations, product
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.games.brute_force import BruteForce
from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.alchemy import Alchemy, AlchemyState
from textenvs.planning.forward import evaluate_strategy
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game

# A second implementation: substances are sets of elements, and two make what is in one of them only.

Substance = frozenset[str]


class Bench(NamedTuple):
    """What is going on, in names."""

    secret: dict[str, Substance]
    orders: list[tuple[list[str], str]]
    tries: int
    number: int = 0
    things: tuple[str, ...] = ()
    left: int = 0
    filled: int = 0
    told: str = ""


def opened(game: Alchemy, state: AlchemyState) -> Bench:
    names = game.vocabulary()
    letters = "FWAEX"
    secret = {
        name: frozenset(letter for place, letter in enumerate(letters) if vector >> place & 1)
        for name, vector in zip(names, state.vectors, strict=True)
    }
    orders = [([names[substance] for substance in stock], names[wanted]) for stock, wanted in state.orders]
    return Bench(secret, orders, game.tries, things=tuple(orders[0][0]), left=game.tries)


def moves(bench: Bench) -> list[tuple[str, str]]:
    return [
        (x, y) for x in bench.things for y in bench.things if list(bench.secret).index(x) < list(bench.secret).index(y)
    ]


def combine(bench: Bench, pair: tuple[str, str]) -> tuple[Fraction, Bench]:
    x, y = pair
    made = next(name for name, parts in bench.secret.items() if parts == bench.secret[x] ^ bench.secret[y])
    told = f"{x} and {y} make {made}."
    things = bench.things if made in bench.things else (*bench.things, made)
    bench = bench._replace(things=things, left=bench.left - 1, told=told)
    right = made == bench.orders[bench.number][1]
    if not right and bench.left:
        return Fraction(0), bench
    number = bench.number + 1
    stock = () if number == len(bench.orders) else tuple(bench.orders[number][0])
    told += f" Order {number} is {'filled' if right else 'over, not filled'}."
    bench = bench._replace(number=number, things=stock, left=bench.tries, filled=bench.filled + right, told=told)
    return Fraction(int(right), len(bench.orders)), bench


def shown(bench: Bench) -> str:
    total = len(bench.orders)
    if bench.number == total:
        return f"{bench.told} That was the last order. You filled {bench.filled} of {total}."
    order = f"Order {bench.number + 1} of {total}: make {bench.orders[bench.number][1]}."
    left = "1 combination left." if bench.left == 1 else f"{bench.left} combinations left."
    return f"{bench.told} {order} You have: {', '.join(bench.things)}. {left}".strip()


def check_same(game: Alchemy, state: AlchemyState, bench: Bench) -> None:
    assert game.view(state, 0) == shown(bench)
    assert game.is_over(state) == (bench.number == len(bench.orders))
    if not game.is_over(state):
        assert {game.say(state, move) for move in game.legal(state, 0)} == {
            f"combine {x} and {y}" for x, y in moves(bench)
        }


def check_all_plays(game: Alchemy, state: AlchemyState, bench: Bench) -> None:
    check_same(game, state, bench)
    if game.is_over(state):
        return
    names = game.vocabulary()
    for move in game.legal(state, 0):
        after = game.apply(state, move)
        reward, later = combine(bench, (names[move[0]], names[move[1]]))
        assert game.rewards(state, move, after)[0] == pytest.approx(float(reward))
        check_all_plays(game, after, later)


def test_all_plays_of_small_games_are_those_of_the_second_implementation() -> None:
    game = make_game("Alchemy", level="easy")
    for state, _ in (game.deals() or ())[::5]:
        check_all_plays(game, state, opened(game, state))  # type: ignore[arg-type]


@pytest.mark.parametrize("arguments", [{}, {"elements": 5, "orders": 3, "tries": 6}, {"elements": 3, "orders": 12}])
def test_random_plays_are_those_of_the_second_implementation(arguments: dict[str, Any]) -> None:
    game = Alchemy(**arguments)
    names = game.vocabulary()
    draw = random.Random(1)
    for seed in range(10):
        state = game.deal(Stream(seed, Purpose.DEAL))
        bench = opened(game, state)
        while not game.is_over(state):
            check_same(game, state, bench)
            move = draw.choice(game.legal(state, 0))
            after = game.apply(state, move)
            reward, bench = combine(bench, (names[move[0]], names[move[1]]))
            assert game.rewards(state, move, after)[0] == pytest.approx(float(reward))
            state = after
        check_same(game, state, bench)


# The rules as the player is told them


def opening(seed: int = 0, **arguments: Any) -> AlchemyState:
    return Alchemy(**arguments).deal(Stream(seed, Purpose.DEAL))


@given(st.integers(0, 1000), st.sampled_from([3, 4, 5]))
def test_what_the_instructions_promise_of_the_secret_rules(seed: int, elements: int) -> None:
    vectors = opening(seed, elements=elements).vectors
    made = {(x, y): vectors.index(vectors[x] ^ vectors[y]) for x in range(7) for y in range(7) if x != y}
    for (x, y), z in made.items():
        assert z not in (x, y)
        assert vectors[x] ^ vectors[z] == vectors[y]
        assert all(
            vectors[made[x, y]] ^ vectors[u] == vectors[x] ^ vectors[made[y, u]] for u in range(7) if (y, u) in made
        )


@pytest.mark.parametrize("arguments", [{}, {"elements": 3}, {"elements": 5, "tries": 4}, {"stock": "same"}])
def test_one_who_knows_the_rules_fills_every_order(arguments: dict[str, Any]) -> None:
    game = Alchemy(**arguments)
    for seed in range(30):
        state = game.deal(Stream(seed, Purpose.DEAL))
        for stock, wanted in state.orders:
            sums = [chosen for size in range(2, game.elements + 1) for chosen in combinations(stock, size)]
            assert wanted not in stock
            assert sum(total(state.vectors, chosen) == state.vectors[wanted] for chosen in sums) == 1


def total(vectors: Sequence[int], chosen: Sequence[int]) -> int:
    made = 0
    for substance in chosen:
        made ^= vectors[substance]
    return made


def test_deals_and_draws_are_the_same() -> None:
    game = Alchemy(elements=3, orders=2, tries=2)
    listed = game.deals() or ()
    assert len({state for state, _ in listed}) == len(listed) == 24 * 28 * 4
    drawn = {game.deal(Stream(seed, Purpose.DEAL)) for seed in range(300)}
    assert drawn <= {state for state, _ in listed}
    assert len(drawn) > 270
    assert Alchemy().deals() is None
    same = make_game("Alchemy", level="easy")
    drawn = {same.deal(Stream(seed, Purpose.DEAL)) for seed in range(1000)}
    assert drawn == {state for state, _ in same.deals() or ()}


# Known values


def test_the_rulers_of_the_easy_level_by_brute_force() -> None:
    game = make_game("Alchemy", level="easy")
    deals = game.deals() or ()
    benches = [(Fraction(1, len(deals)), opened(game, state)) for state, _ in deals]  # type: ignore[arg-type]

    def steps(bench: Bench, pair: tuple[str, str]) -> list[tuple[Fraction, Fraction, Bench | None]]:
        reward, after = combine(bench, pair)
        return [(Fraction(1), reward, None if after.number == len(after.orders) else after)]

    naive = BruteForce(moves, steps, shown)
    values = reference_values(game)
    assert values.optimal.value == pytest.approx(float(naive.optimal(benches))) == pytest.approx(23 / 32)
    assert values.random.value == pytest.approx(float(naive.random(benches))) == pytest.approx(3 / 8)
    assert values.plan.value == pytest.approx(best_plan_of_given_substances(benches)) == pytest.approx(1 / 2)
    assert values.myopic.value == pytest.approx(23 / 32)
    assert values.cell() == "feedback"
    assert evaluate_strategy(game, expert_strategy) == pytest.approx(23 / 32)


def best_plan_of_given_substances(benches: list[tuple[Fraction, Bench]]) -> float:
    pairs = [("ash", "brine"), ("ash", "chalk"), ("brine", "chalk")]
    return max(float(sum(p * earned(bench, plan) for p, bench in benches)) for plan in product(pairs, repeat=4))


def earned(bench: Bench, plan: Sequence[tuple[str, str]]) -> Fraction:
    paid = Fraction(0)
    for pair in plan:
        if bench.number < len(bench.orders):
            reward, bench = combine(bench, pair)
            paid += reward
    return paid


@pytest.mark.parametrize(("tries", "filled"), [(2, 1 / 2), (3, 3 / 4), (4, 1)])
def test_in_a_single_order_greedy_play_is_best(tries: int, filled: float) -> None:
    values = reference_values(Alchemy(elements=3, orders=1, tries=tries))
    assert values.optimal.value == pytest.approx(filled)
    assert values.myopic.value == pytest.approx(filled)


def mean_return(game: Alchemy, seeds: int, player: Any) -> float:
    paid = 0.0
    for seed in range(seeds):
        state = game.deal(Stream(seed, Purpose.DEAL))
        while not game.is_over(state):
            move = player(game, state)
            after = game.apply(state, move)
            paid += game.rewards(state, move, after)[0]
            state = after
    return paid / seeds


def expert(game: Alchemy, state: AlchemyState) -> Any:
    return game.expert(state, 0)[0][0]


def one_who_only_remembers(game: Alchemy, state: AlchemyState) -> Any:
    """Makes the wanted substance if it ever saw how, else tries what it never tried."""
    legal = game.legal(state, 0)
    wanted = state.orders[state.number].wanted
    seen = {tuple(family) for family in state.known}
    for family in seen:
        pair = tuple(sorted({*family} - {wanted}))
        if len(pair) == 2 and pair in legal:
            return pair
    return next((pair for pair in legal if not any({*pair} <= {*family} for family in seen)), legal[0])


def test_inference_beats_memory_of_what_was_tried() -> None:
    game = Alchemy()
    by_inference, by_memory = mean_return(game, 60, expert), mean_return(game, 60, one_who_only_remembers)
    assert 0.8 < by_inference < 0.86
    assert by_memory < by_inference - 0.1


# Replies


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("combine ash and brine", ("ash", "brine")), ("brine + ash", ("ash", "brine")),
        ("Mix the ash with the dew.", None), ("I would like to combine Chalk and Dew", None),
        ("add ash to brine", ("ash", "brine")), ("`ash, chalk`", ("ash", "chalk")),
        ("**ash** and **brine**", ("ash", "brine")), ("```\ncombine ash and brine\n```", ("ash", "brine")),
        ("COMBINE ASH AND BRINE", ("ash", "brine")), ("ash & brine", ("ash", "brine")),
        ("combine ash plus brine to see what happens", ("ash", "brine")),
        ("ash and brine make ember, so I try ash and chalk", ("ash", "chalk")),
        ("I try ash and chalk since ash + brine = ember", ("ash", "chalk")),
        ("use ash and chalk, because combining ash and brine made ember", ("ash", "chalk")),
        ("ash + brine = ember", ("ash", "brine")), ("not ash and brine but ash and chalk", ("ash", "chalk")),
        ("ash and chalk, not ash and brine", ("ash", "chalk")), ("combine 'ash' with \"brine\"", ("ash", "brine")),
        ("I don't combine ash and brine. ash and chalk!", ("ash", "chalk")),
        ("combine:\nash and brine", ("ash", "brine")),
        ("combine ash", None), ("combine ash and gold", None), ("", None), ("ashes and brine", None), ("1 and 2", None),
        ("combine ash and ash", None), ("ſalt and brine", None), ("ash brine", None),
        ("combine the ash with the brine", ("ash", "brine")),
    ],
)  # fmt: skip
def test_replies(text: str, pair: tuple[str, str] | None) -> None:
    game = Alchemy(elements=3, tries=2)
    state = opening(elements=3, tries=2)
    read = game.read(state, 0, text)
    if pair is None:
        assert isinstance(read, Refusal)
    else:
        assert not isinstance(read, Refusal), read
        assert tuple(game.vocabulary()[substance] for substance in read) == pair


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("combine ash and dew", "illegal", "You do not have dew. You have: ash, brine, chalk."),
        ("combine zinc and ash", "illegal", "You do not have zinc. You have: ash, brine, chalk."),
        ("combine ash and ash", "illegal", "Combine two different substances."),
        ("ash?", "malformed", "I read no pair of substances in that. Reply with two that you have: combine x and y."),
    ],
)  # fmt: skip
def test_refusals_say_why(text: str, kind: str, told: str) -> None:
    assert Alchemy(elements=3).read(opening(elements=3), 0, text) == Refusal(told, kind)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["the " * 250_000, "combine " * 120_000, "ash and " * 120_000, "ash, " * 200_000])
def test_long_replies_are_read_fast(text: str) -> None:
    game = Alchemy()
    game.read(opening(), 0, text)


@pytest.mark.parametrize("arguments", [{"elements": 2}, {"elements": 6}, {"orders": 0}, {"tries": 2}, {"tries": 3.5}])
def test_arguments_out_of_range_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(arguments))):
        Alchemy(**arguments)


def test_an_unknown_kind_of_stock_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="stock"):
        Alchemy(stock="old")
