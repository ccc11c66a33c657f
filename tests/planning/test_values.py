from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.planning.tables import Chaos, Coin, Fork, Ladder, Tiger, best_deterministic, value_of
from textenvs.core.errors import ArgumentError
from textenvs.core.game import uniform
from textenvs.core.strategies import expert_strategy, mixed_strategy, random_strategy
from textenvs.games.assembly import Assembly
from textenvs.games.guess_number import GuessNumber
from textenvs.planning.enumeration import build_graph
from textenvs.planning.errors import PeekingPolicyError, TooLargeError
from textenvs.planning.forward import evaluate_strategy, sample_strategy
from textenvs.planning.graph import FloatArray, InformationGraph
from textenvs.planning.plans import plan_value
from textenvs.planning.values import (
    action_values,
    evaluate,
    expert_policy,
    greedy,
    mixture,
    myopic_policy,
    one_step_policy,
    optimal,
    state_policy,
    uniform_policy,
    visits,
)

chaos = st.builds(
    Chaos,
    seed=st.integers(0, 10_000),
    turns=st.integers(1, 3),
    hidden=st.integers(1, 3),
    seen=st.integers(1, 3),
    choices=st.integers(1, 3),
    whole=st.booleans(),
    same_moves=st.booleans(),
)


def start(graph: InformationGraph, policy: FloatArray) -> float:
    return evaluate(graph, policy).start


@cache
def myopic_guessing(numbers: int, guesses: int) -> Fraction:
    """Guess any of `numbers` candidates at random, then go on in the part that "higher" or "lower" leaves."""
    if numbers == 0 or guesses == 0:
        return Fraction(0)
    parts = [
        Fraction(1, numbers)
        + Fraction(below, numbers) * myopic_guessing(below, guesses - 1)
        + Fraction(numbers - 1 - below, numbers) * myopic_guessing(numbers - 1 - below, guesses - 1)
        for below in range(numbers)
    ]
    return sum(parts) / numbers


@cache
def assembling(length: int, turns: int, jammed: bool, slip: float, lure: float, recovery: float) -> float:
    """Return the best return with `length` stages and `turns` to go."""
    if length == 0 or turns == 0:
        return 0.0

    def later(stages: int, jam: bool) -> float:
        return assembling(stages, turns - 1, jam, slip, lure, recovery)

    sell = lure + later(length, jammed)
    if jammed:
        return max(sell, recovery * later(length, False) + (1 - recovery) * later(length, True))
    finished = 1.0 if length == 1 else 0.0
    return max(sell, (1 - slip) * (finished + later(length - 1, False)) + slip * later(length, True))


def test_guess_number_has_its_known_values() -> None:
    graph = build_graph(GuessNumber(high=7, guesses=3))
    assert optimal(graph).start == pytest.approx(1, abs=1e-12)
    assert start(graph, uniform_policy(graph)) == pytest.approx(1 - (6 / 7) ** 3, abs=1e-12)
    assert myopic_guessing(7, 3) == Fraction(166, 245)
    assert start(graph, myopic_policy(graph)) == pytest.approx(166 / 245, abs=1e-12)
    assert start(graph, expert_policy(graph)) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(("high", "guesses"), [(2, 1), (5, 2), (9, 3), (12, 3)])
def test_guess_number_in_general(high: int, guesses: int) -> None:
    graph = build_graph(GuessNumber(high=high, guesses=guesses))
    assert optimal(graph).start == pytest.approx(min(1, (2**guesses - 1) / high), abs=1e-12)
    assert start(graph, myopic_policy(graph)) == pytest.approx(float(myopic_guessing(high, guesses)), abs=1e-12)


@pytest.mark.parametrize(
    "game",
    [
        Assembly(),
        Assembly(length=1, horizon=1, slip=0.3),
        Assembly(3, 7, 0.4, 0.1, 0.5),
        Assembly(5, 4),
        Assembly(lure=0),
    ],
    ids=repr,
)
def test_assembly_is_worth_what_a_naive_recursion_says(game: Assembly) -> None:
    value = assembling(game.length, game.horizon, False, game.slip, game.lure, game.recovery)
    assert optimal(build_graph(game)).start == pytest.approx(value, abs=1e-12)


def test_assembly_without_the_lure_allows_one_jam() -> None:
    assert optimal(build_graph(Assembly(lure=0.0))).start == pytest.approx(0.9**4 * 1.4, abs=1e-12)


def test_tiger_has_the_values_of_the_pomdp_literature() -> None:
    # one or two turns: only listen; three: listen twice, then open if both sounds agree, which they do rightly with
    # probability 0.85² and wrongly with 0.15², else listen again
    three = -2 + 0.85**2 * 10 - 0.15**2 * 100 - (1 - 0.85**2 - 0.15**2)
    for turns, value in [(1, -1), (2, -2), (3, three)]:
        assert optimal(build_graph(Tiger(turns))).start == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize(
    "game", [Coin(2), Fork(), Ladder(4), GuessNumber(3, 2), *(Chaos(n) for n in range(30))], ids=repr
)
def test_optimal_is_the_best_of_all_deterministic_policies(game: Any) -> None:
    assert optimal(build_graph(game)).start == pytest.approx(best_deterministic(game), abs=1e-9)


@given(chaos)
@settings(max_examples=60, deadline=None)
def test_random_play_is_worth_what_playing_every_history_says(game: Chaos) -> None:
    graph = build_graph(game)
    value = value_of(game, lambda _history, legal: uniform(legal))
    assert start(graph, uniform_policy(graph)) == pytest.approx(value, abs=1e-9)
    assert evaluate_strategy(game, random_strategy) == pytest.approx(value, abs=1e-9)


@given(chaos, st.integers(0, 100))
@settings(max_examples=60, deadline=None)
def test_values_keep_their_order(game: Chaos, seed: int) -> None:
    graph = build_graph(game)
    best = optimal(graph)
    weights = np.random.default_rng(seed).random(graph.n_pairs)
    behaviour = weights / np.add.reduceat(weights, graph.pair_start[:-1])[graph.pair_node]
    for policy in (uniform_policy(graph), myopic_policy(graph), behaviour):
        assert start(graph, policy) <= best.start + 1e-9
    improved = evaluate(graph, one_step_policy(graph, behaviour))
    assert (improved.values >= evaluate(graph, behaviour).values - 1e-9).all()
    assert (improved.values <= best.values + 1e-9).all()
    assert start(graph, best.policy) == pytest.approx(best.start, abs=1e-9)
    assert plan_value(game).value <= best.start + 1e-9
    assert best.start <= optimal(build_graph(game, observed=True)).start + 1e-9


@given(chaos)
@settings(max_examples=30, deadline=None)
def test_improving_without_end_reaches_the_optimum(game: Chaos) -> None:
    graph = build_graph(game)
    policy = uniform_policy(graph)
    for _ in range(graph.horizon):
        policy = one_step_policy(graph, policy)
    assert start(graph, policy) == pytest.approx(optimal(graph).start, abs=1e-9)


def test_with_one_turn_greed_is_optimal() -> None:
    graph = build_graph(Tiger(turns=1))
    assert start(graph, myopic_policy(graph)) == pytest.approx(optimal(graph).start)


def test_ties_are_split_equally() -> None:
    graph = build_graph(GuessNumber(high=4, guesses=1))
    assert myopic_policy(graph).tolist() == [0.25] * 4
    assert greedy(graph, np.array([1.0, 1.0 + 1e-12, 0.5, 0.0])).tolist() == [0.5, 0.5, 0.0, 0.0]


def test_unseen_rewards_count_but_teach_nothing() -> None:
    best = optimal(build_graph(Coin(calls=3)))
    assert best.start == pytest.approx(2)
    assert best.values.tolist() == pytest.approx([2, 4 / 3, 2 / 3])


def test_action_values_look_one_move_ahead() -> None:
    graph = build_graph(Coin(calls=2))
    q = action_values(graph, optimal(graph).values)
    assert q.tolist() == pytest.approx([2 / 3 + 2 / 3, 1 / 3 + 2 / 3, 2 / 3, 1 / 3])


@given(chaos, st.integers(0, 100))
@settings(max_examples=60, deadline=None)
def test_rewards_where_a_policy_comes_by_sum_to_its_value(game: Chaos, seed: int) -> None:
    graph = build_graph(game)
    policy = greedy(graph, np.random.default_rng(seed).random(graph.n_pairs)) * 0.7 + uniform_policy(graph) * 0.3
    paid = visits(graph, policy)[graph.pair_node] * policy * graph.reward
    assert paid.sum() == pytest.approx(evaluate(graph, policy).start)


@given(chaos, st.integers(0, 100))
@settings(max_examples=60, deadline=None)
def test_the_best_of_some_moves_is_one_of_them(game: Chaos, seed: int) -> None:
    graph = build_graph(game)
    kept = greedy(graph, np.random.default_rng(seed).random(graph.n_pairs)) > 0
    only = optimal(graph, kept)
    assert only.start == pytest.approx(evaluate(graph, kept.astype(np.float64)).start)
    more = kept | (np.random.default_rng(seed + 1).random(graph.n_pairs) < 0.5)
    some = optimal(graph, more)
    assert only.start - 1e-9 <= some.start <= optimal(graph).start + 1e-9
    assert not some.policy[~more].any()
    assert some.start == pytest.approx(evaluate(graph, some.policy).start)


def test_a_mixture_follows_each_part_at_its_share() -> None:
    graph = build_graph(GuessNumber(high=7, guesses=3))
    mixed = mixture(expert_policy(graph), uniform_policy(graph), 0.25)
    assert np.allclose(mixed, state_policy(graph, mixed_strategy(Fraction(1, 4))))
    assert np.array_equal(mixture(mixed, uniform_policy(graph), 0.0), mixed)


@pytest.mark.parametrize("game", [GuessNumber(7, 3), GuessNumber(12, 3), Assembly(), Assembly(3, 9, 0.3)], ids=repr)
@pytest.mark.parametrize("strategy", [random_strategy, expert_strategy, mixed_strategy(Fraction(1, 3))])
def test_a_strategy_earns_the_same_on_the_graph_and_forward(game: Any, strategy: Any) -> None:
    graph = build_graph(game)
    assert evaluate_strategy(game, strategy) == pytest.approx(start(graph, state_policy(graph, strategy)), abs=1e-12)


def test_a_strategy_is_followed_where_the_whole_game_is_too_large() -> None:
    game = GuessNumber(high=127, guesses=7)
    with pytest.raises(TooLargeError):
        build_graph(game, work=10_000)
    assert evaluate_strategy(game, expert_strategy, work=10_000) == pytest.approx(1, abs=1e-12)


def test_a_strategy_is_judged_on_the_instances_of_its_split() -> None:
    game = GuessNumber(high=10, guesses=1)
    trained = {state.secret for state, _ in build_graph(game, "train").belief(0)}
    for secret in range(1, 11):
        hits = evaluate_strategy(game, lambda _game, _state, _player, guess=secret: ((guess, 1),), "train")
        assert hits == pytest.approx(1 / len(trained) if secret in trained else 0)


def test_too_much_to_follow_is_an_error() -> None:
    with pytest.raises(TooLargeError):
        evaluate_strategy(GuessNumber(high=20, guesses=3), random_strategy, work=1_000)


def test_sampled_values_cover_the_exact_one_and_repeat() -> None:
    game = GuessNumber(high=7, guesses=3)
    value = sample_strategy(game, random_strategy, episodes=1_000, seed=4)
    assert value.low < 1 - (6 / 7) ** 3 < value.high
    assert value == sample_strategy(game, random_strategy, episodes=1_000, seed=4)
    assert value != sample_strategy(game, random_strategy, episodes=1_000, seed=5)
    assert value.kind == "sampled"
    assert value.n == 1_000


@dataclass(frozen=True)
class Clairvoyant(Coin):
    def expert(self, state: Any, player: int) -> Any:
        return ((state[0], 1),)


def test_a_strategy_that_peeks_is_an_error_that_shows_both_states() -> None:
    with pytest.raises(PeekingPolicyError, match=r"\('heads', 0\).*\n.*\('tails', 0\)"):
        expert_policy(build_graph(Clairvoyant()))


@pytest.mark.parametrize("chosen", [(("edge", 1),), (("heads", 0.5),)])
def test_a_strategy_must_be_a_distribution_over_legal_moves(chosen: Any) -> None:
    with pytest.raises(ArgumentError, match="distribution"):
        state_policy(build_graph(Coin()), lambda *_: chosen)


@pytest.mark.parametrize("policy", [[1.0, 0.0], [0.5, 0.4, 0.5, 0.5], [1.5, -0.5, 0.5, 0.5]])
def test_a_policy_must_be_a_distribution_over_each_node(policy: list[float]) -> None:
    with pytest.raises(ArgumentError, match="4 probabilities"):
        evaluate(build_graph(Coin()), np.array(policy))
