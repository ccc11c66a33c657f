from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tests.planning.tables import Chaos, Coin, Fork, Ladder, Tiger, Toy
from textenvs.core.errors import ArgumentError
from textenvs.core.instances import in_split
from textenvs.games.guess_number import GuessNumber
from textenvs.planning.enumeration import build_graph
from textenvs.planning.errors import BrokenGameError, TooLargeError, UnequalMovesError
from textenvs.planning.graph import InformationGraph
from textenvs.planning.states import StateTable
from textenvs.planning.values import optimal, uniform_policy, visits

GAMES = [Coin(), Coin(heads=0.7), Tiger(), Fork(), Ladder(), *(Chaos(seed, turns=3) for seed in range(10))]


def outcomes(graph: InformationGraph, node: int, move: Any) -> list[tuple[float, int, float]]:
    pair = graph.pair_start[node] + graph.moves[node].index(move)
    where = slice(graph.outcome_start[pair], graph.outcome_start[pair + 1])
    parts = (graph.outcome_probability, graph.outcome_node, graph.outcome_reward)
    return sorted(zip(*(part[where].tolist() for part in parts), strict=True))


@pytest.mark.parametrize("game", GAMES, ids=repr)
@pytest.mark.parametrize("observed", [False, True])
def test_arrays_are_consistent(game: Any, observed: bool) -> None:
    graph = build_graph(game, observed=observed)
    n, p, k = graph.n_nodes, graph.n_pairs, len(graph.outcome_node)
    assert (graph.pair_start[0], graph.pair_start[-1]) == (0, p)
    assert (graph.outcome_start[0], graph.outcome_start[-1]) == (0, k)
    assert graph.outcome_probability.shape == graph.outcome_reward.shape == (k,)
    assert graph.n_moves.tolist() == [len(moves) for moves in graph.moves]
    assert graph.outcome_probability.min() > 0
    sums = np.add.reduceat(graph.outcome_probability, graph.outcome_start[:-1])
    np.testing.assert_allclose(sums, 1, atol=1e-12)
    assert graph.opening_probability.sum() == pytest.approx(1, abs=1e-12)
    assert len(graph.beliefs) == len(graph.depth) == n
    assert graph.horizon <= game.max_turns
    for array in (graph.pair_start, graph.outcome_start, graph.outcome_node, graph.opening_node, graph.depth_start):
        assert array.dtype == np.int64
    for array in (graph.outcome_probability, graph.outcome_reward, graph.opening_probability, graph.reward):
        assert array.dtype == np.float64


@pytest.mark.parametrize("game", GAMES, ids=repr)
def test_successors_are_deeper_and_no_two_nodes_are_alike(game: Any) -> None:
    graph = build_graph(game)
    source = graph.pair_node[np.repeat(np.arange(graph.n_pairs), np.diff(graph.outcome_start))]
    goes_on = graph.outcome_node >= 0
    assert (graph.depth[graph.outcome_node[goes_on]] > graph.depth[source[goes_on]]).all()
    assert (np.diff(graph.depth) >= 0).all()
    assert len(set(graph.beliefs)) == graph.n_nodes
    assert sum(p for _, p in graph.belief(graph.n_nodes - 1)) == pytest.approx(1)


def test_a_fully_observed_game_has_single_states() -> None:
    assert all(len(belief) == 1 for belief in build_graph(Ladder()).beliefs)


def test_a_node_is_as_deep_as_the_longest_way_to_it() -> None:
    graph = build_graph(Ladder(rungs=4))
    depth = {graph.belief(node)[0][0]: int(graph.depth[node]) for node in range(graph.n_nodes)}
    assert depth[3, False] == 3
    assert depth[3, True] == 2
    assert depth[2, True] == 1
    assert graph.horizon == 4


def test_histories_with_the_same_belief_are_one_node() -> None:
    graph = build_graph(Tiger(turns=3))
    # after two listens: heard left/left, right/right, or one each (even odds; the view tells which was last)
    listened = [node for node in range(graph.n_nodes) if graph.depth[node] == 2]
    even = [node for node in listened if {p for _, p in graph.belief(node)} == {Fraction(1, 2)}]
    assert {graph.view(node) for node in even} == {"", "heard left", "heard right"}
    assert len(even) == 3


def test_beliefs_are_exact_where_the_rules_are() -> None:
    graph = build_graph(Tiger(turns=2))
    heard = next(node for node in range(graph.n_nodes) if graph.view(node) == "heard left")
    assert {state[0]: p for state, p in graph.belief(heard)} == {"left": Fraction(17, 20), "right": Fraction(3, 20)}


def test_beliefs_of_floats_are_merged_despite_rounding() -> None:
    exact, rounded = (build_graph(Tiger(turns=6, right=right)) for right in (Fraction(3, 5), 0.6))
    assert rounded.n_nodes == exact.n_nodes
    np.testing.assert_allclose(rounded.reward, exact.reward, atol=1e-9)


def test_unseen_rewards_are_separate_outcomes_that_lead_to_the_same_node() -> None:
    graph = build_graph(Coin())
    assert outcomes(graph, 0, "heads") == [(pytest.approx(1 / 3), 1, 0.0), (pytest.approx(2 / 3), 1, 1.0)]
    assert graph.reward[0] == pytest.approx(2 / 3)


def test_chance_inside_play_is_resolved_and_ends_are_told_apart() -> None:
    graph = build_graph(Fork(left=Fraction(1, 4)))
    left, right = (next(n for n in range(3) if place in graph.view(n)) for place in ("left", "right"))
    assert outcomes(graph, 0, "go") == [(0.25, left, 0.5), (0.75, right, 0.5)]
    assert outcomes(graph, left, "left") == [(1.0, -1, 1.0)]


def test_nodes_have_views_and_wordings() -> None:
    graph = build_graph(GuessNumber(high=3, guesses=2))
    assert graph.view(0) == "2 guesses left."
    assert graph.wordings(0) == ("guess 1", "guess 2", "guess 3")


def test_a_split_has_only_its_own_deals() -> None:
    game = GuessNumber(high=20, guesses=1)
    graph = build_graph(game, "test")
    states = [state for state, _ in graph.belief(0)]
    assert states == [state for state, _ in game.deals() if in_split(game, state, "test")]


def test_sampling_follows_the_probabilities() -> None:
    graph = build_graph(Tiger())
    generator = np.random.default_rng(1)
    draws = 20_000
    pairs = np.repeat(np.arange(graph.n_pairs), draws)
    nodes = graph.pair_node[pairs]
    rewards, after = graph.sample_step(nodes, pairs - graph.pair_start[nodes], generator)
    assert (rewards.dtype, after.dtype) == (np.float64, np.int64)
    for pair in range(graph.n_pairs):
        mine = slice(pair * draws, (pair + 1) * draws)
        where = slice(graph.outcome_start[pair], graph.outcome_start[pair + 1])
        told = zip(*(part[where] for part in (graph.outcome_node, graph.outcome_reward)), strict=True)
        seen = [((after[mine] == node) & (rewards[mine] == reward)).mean() for node, reward in told]
        assert sum(seen) == pytest.approx(1), "an outcome of another pair was drawn"
        np.testing.assert_allclose(seen, graph.outcome_probability[where], atol=0.02)


def test_openings_are_sampled_with_their_probabilities() -> None:
    game = Chaos(seed=3, hidden=3, seen=3)
    graph = build_graph(game)
    assert len(graph.opening_node) > 1
    drawn = graph.sample_openings(30_000, np.random.default_rng(2))
    shares = [(drawn == node).mean() for node in graph.opening_node]
    np.testing.assert_allclose(shares, graph.opening_probability, atol=0.02)


def test_sampled_episodes_are_reproducible() -> None:
    graph = build_graph(Tiger())
    zeros = np.zeros(50, dtype=np.int64)
    first, again = (graph.sample_step(zeros, zeros, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first[1], again[1])


@pytest.mark.parametrize("game", GAMES, ids=repr)
@pytest.mark.parametrize("observed", [False, True])
def test_an_opening_alone_is_the_same_game_from_there(game: Any, observed: bool) -> None:
    graph = build_graph(game, observed=observed)
    best = optimal(graph)
    for node in graph.opening_node:
        alone = graph.opened(int(node))
        assert optimal(alone).start == pytest.approx(best.values[node])
        assert alone.beliefs[alone.opening_node[0]] == graph.beliefs[node]
        assert (visits(alone, uniform_policy(alone)) > 0).all(), "nothing is there that cannot be reached"
        for one in range(alone.n_nodes):
            other = graph.beliefs.index(alone.beliefs[one])
            assert (alone.view(one), alone.moves[one]) == (graph.view(other), graph.moves[other])


@pytest.mark.parametrize("arguments", [{"limit": 84}, {"work": 100}])
def test_too_large_games_are_refused_with_their_size(arguments: Any) -> None:
    game = GuessNumber(high=7, guesses=3)
    assert build_graph(game, limit=85).n_nodes == 85
    with pytest.raises(TooLargeError, match=str(next(iter(arguments.values())))):
        build_graph(game, **arguments)


@dataclass(frozen=True)
class Unlisted(Coin):
    def deals(self) -> None:
        return None

    def deal(self, random: Any) -> Any:
        return (random.choice(("heads", "tails")), 0)


@dataclass(frozen=True)
class Peeking(Coin):
    def legal(self, state: Any, player: int) -> tuple[str, ...]:
        return ("heads", "tails") if state[0] == "heads" else ("tails",)


@dataclass(frozen=True)
class Endless(Coin):
    def apply(self, state: Any, move: Any) -> Any:
        return (state[0], (state[1] + 1) % 2)


@dataclass(frozen=True)
class Generous(Coin):
    def to_move(self, state: Any) -> tuple[int, ...]:
        return () if state[1] < 1 else super().to_move(state)

    def chance(self, state: Any) -> Any:
        return (("gift", 1),) if state[1] < 1 else ()

    def rewards(self, state: Any, move: Any, after: Any) -> tuple[float, ...]:
        return (1.0,)


@dataclass(frozen=True)
class Crowd(Coin):
    players: int = 2


def test_games_that_cannot_be_listed_are_too_large() -> None:
    with pytest.raises(TooLargeError, match="deals"):
        build_graph(Unlisted())


def test_moves_that_differ_within_a_belief_are_an_error_that_shows_both_states() -> None:
    with pytest.raises(UnequalMovesError, match="same to the player") as error:
        build_graph(Peeking())
    assert "('heads', 0) allows ('heads', 'tails')" in str(error.value)
    assert "('tails', 0) allows ('tails',)" in str(error.value)


def test_the_same_moves_in_another_order_are_no_error() -> None:
    @dataclass(frozen=True)
    class Reordered(Coin):
        def legal(self, state: Any, player: int) -> tuple[str, ...]:
            return ("heads", "tails") if state[0] == "heads" else ("tails", "heads")

    assert build_graph(Reordered()).moves[0] == ("heads", "tails")


def test_a_game_that_outlasts_its_max_turns_is_broken() -> None:
    with pytest.raises(BrokenGameError, match="max_turns"):
        build_graph(Endless())


def test_a_game_that_pays_before_the_first_move_is_broken() -> None:
    with pytest.raises(BrokenGameError, match="before the first move"):
        build_graph(Generous())


def test_a_game_for_two_is_refused() -> None:
    with pytest.raises(ArgumentError, match="one player"):
        build_graph(Crowd())


def test_a_shared_table_asks_the_rules_once() -> None:
    calls = []

    @dataclass(frozen=True)
    class Counted(GuessNumber):
        def apply(self, state: Any, move: Any) -> Any:
            calls.append((state, move))
            return super().apply(state, move)

    table = StateTable(Counted(high=4, guesses=2))
    first = build_graph(table.game, table=table)
    build_graph(table.game, observed=True, table=table)
    assert len(calls) == len(set(calls))
    assert first.n_nodes == build_graph(replace(table.game, high=4)).n_nodes


@dataclass(frozen=True)
class Rolls(Toy):
    """One move, after which many coins are tossed in a row."""

    coins: int = 12

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, float(self.coins))

    def deals(self) -> Any:
        return ((-1, 1),)

    def to_move(self, state: Any) -> tuple[int, ...]:
        return (0,) if state == -1 else ()

    def legal(self, state: Any, player: int) -> tuple[Any, ...]:
        return ("toss",)

    def chance(self, state: Any) -> Any:
        return () if state == -1 or len(state) == self.coins else (("h", Fraction(1, 2)), ("t", Fraction(1, 2)))

    def apply(self, state: Any, move: Any) -> Any:
        return () if state == -1 else (*state, move)

    def rewards(self, state: Any, move: Any, after: Any) -> tuple[float, ...]:
        return (float(move == "h"),)

    def view(self, state: Any, player: int) -> str:
        return "."


def test_what_a_move_can_lead_to_counts_as_work() -> None:
    assert build_graph(Rolls(coins=12)).n_pairs == 1
    with pytest.raises(TooLargeError, match="moves can turn out in more than 3000 ways"):
        build_graph(Rolls(coins=12), work=100)
