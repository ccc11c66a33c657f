from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.planning.tables import Chaos, Coin, Fork, Ladder, Tiger, best_deterministic
from textenvs.core.game import Game
from textenvs.core.written_strategy import as_rules_see, strategy_rules
from textenvs.envs.forms import StrategyEpisode
from textenvs.envs.settings import Settings
from textenvs.envs.solo import solo_game
from textenvs.games.guess_number import GuessNumber
from textenvs.games.mastermind import Mastermind
from textenvs.games.recall import Recall
from textenvs.planning.bounds import exact
from textenvs.planning.enumeration import build_graph
from textenvs.planning.errors import TooLargeError, UnequalMovesError
from textenvs.planning.values import optimal
from textenvs.planning.written import WrittenStrategy, averaged, best_strategies, strategy_value


def best_of_all(game: Game[Any, Any]) -> float:
    """Try every policy of the opening view, which the writer knows, and of what rules see of the current one."""
    return best_deterministic(game, lambda history: (history[0], as_rules_see(history[-1])))


def earned(game: Game[Any, Any], strategies: Sequence[WrittenStrategy]) -> float:
    """Return what the rules earn, read and applied as in the form, on every deal and every event."""
    rules = {each.view: strategy_rules(each.rules) for each in strategies}

    def follow(state: Any, opening: str | None) -> float:
        moves: Any = game.chance(state)
        if game.to_move(state):
            view = game.view(state, 0)
            opening = view if opening is None else opening
            moves = [(game.read(state, 0, next(rule.move for rule in rules[opening] if rule.applies(view))), 1)]
        total = 0.0
        for move, p in moves:
            after = game.apply(state, move)
            total += float(p) * (game.rewards(state, move, after)[0] + follow(after, opening))
        return total

    return sum(float(p) * follow(state, None) for state, p in game.deals() or ())


# As good as the best of all ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Whispers(Chaos):
    """A random game; of what its views tell apart by upper and lower case rules see nothing."""

    same_moves: bool = True

    def view(self, state: Any, player: int) -> str:
        return f"Turn {state[0]}: you see {'aA'[state[2]]}"


@pytest.mark.parametrize("kind", [Chaos, Whispers])
@given(seed=st.integers(0, 10_000), turns=st.integers(1, 3), hidden=st.integers(1, 2), whole=st.booleans())
@settings(max_examples=60, deadline=None)
def test_it_is_the_best_of_all_that_rules_can_do(kind: Any, seed: int, turns: int, hidden: int, whole: bool) -> None:
    game = kind(seed=seed, turns=turns, hidden=hidden, whole=whole)
    strategies = best_strategies(build_graph(game))
    assert averaged(strategies) == exact(pytest.approx(best_of_all(game), abs=1e-9))
    assert earned(game, strategies) == pytest.approx(averaged(strategies).value, abs=1e-9)


SMALL = [
    *(Tiger(2), Tiger(3), Coin(3), Fork(), GuessNumber(3, 2), GuessNumber(4, 3), Chaos(7, turns=4)),
    *(solo_game("KuhnPoker", seat=seat, opponent=name) for seat in (0, 1) for name in ("expert", "random")),
    solo_game("PrisonersDilemma", rounds=3, opponent="script:tit_for_tat"),
    solo_game("MatchingPennies", rounds=3, opponent="pool:test"),
]


@pytest.mark.parametrize("game", SMALL, ids=repr)
def test_known_games_are_worth_the_best_of_all(game: Game[Any, Any]) -> None:
    assert strategy_value(game) == exact(pytest.approx(best_of_all(game), abs=1e-9))


def test_a_tiger_heard_only_once_is_left_alone() -> None:
    """Listening twice pays only for those who remember what they heard first."""
    assert optimal(build_graph(Tiger(3))).start > -2
    (strategy,) = best_strategies(build_graph(Tiger(3)))
    assert strategy.value == exact(-3.0)
    assert {rule.move for rule in strategy_rules(strategy.rules)} == {"listen"}


def test_who_the_opponent_is_must_be_remembered() -> None:
    """Both members of the pool react to the last round, each in its own way."""
    game = solo_game("MatchingPennies", rounds=6, opponent="pool:test")
    assert strategy_value(game) == exact(pytest.approx(4.0))
    assert optimal(build_graph(game)).start == pytest.approx(5.0)


def test_what_is_never_repeated_is_lost_to_rules() -> None:
    game = Recall(length=6, boxes=2, things=3, changes=1, questions=1)
    value = strategy_value(game)
    assert value == exact(pytest.approx(earned(game, best_strategies(build_graph(game)))))
    assert value.value < 0.6 < optimal(build_graph(game)).start == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("KuhnPoker", {"seat": 0, "opponent": "expert"}),
        ("KuhnPoker", {"seat": 1, "opponent": "random"}),
        ("PrisonersDilemma", {"rounds": 4, "opponent": "expert"}),
        ("TicTacToe", {"opponent": "random"}),
        ("Nim", {"level": "easy", "opponent": "random"}),
        ("LeducPoker", {"level": "easy", "opponent": "random"}),
    ],
)
def test_where_views_repeat_all_that_matters_rules_are_optimal(name: str, arguments: dict[str, Any]) -> None:
    game = solo_game(name, **arguments)
    graph = build_graph(game)
    strategies = best_strategies(graph)
    assert averaged(strategies) == exact(pytest.approx(optimal(graph).start))
    assert earned(game, strategies) == pytest.approx(optimal(graph).start)


@pytest.mark.parametrize(
    "game", [GuessNumber(7, 3), Mastermind(pegs=2, colours=3), solo_game("Nim", level="easy", opponent="perfect")]
)
def test_the_form_pays_what_the_rules_are_worth(game: Game[Any, Any]) -> None:
    rules = {each.view: each.rules for each in best_strategies(build_graph(game))}
    total = 0.0
    for number, (_, p) in enumerate(game.deals() or ()):
        episode = StrategyEpisode(game, Settings(form="strategy"), seed=0, instance=number)
        episode.reply(0, rules[episode.dialogues[0][1].text])
        total += float(p) * episode.scores[0]
    assert total == pytest.approx(strategy_value(game).value)


# Bounds --------------------------------------------------------------------------------------------------


def muddle(seed: int) -> Chaos:
    """A game whose views tell so little that its policies have to be searched."""
    return Chaos(seed=seed, turns=4, hidden=4, seen=2, choices=3, same_moves=True)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("search", [0, 10_000])
def test_bounds_hold_and_the_lower_one_is_what_the_rules_earn(seed: int, search: int) -> None:
    graph = build_graph(muddle(seed))
    bounded = best_strategies(graph, search=search)
    for short, long in zip(bounded, best_strategies(graph), strict=True):
        assert long.value.kind == "exact"
        assert short.value.low - 1e-9 <= long.value.value <= short.value.high + 1e-9
    assert averaged(bounded).high <= optimal(graph).start + 1e-9
    assert earned(muddle(seed), bounded) == pytest.approx(averaged(bounded).low)


def test_bounds_close_with_more_search() -> None:
    graph = build_graph(muddle(0))
    found = [averaged(best_strategies(graph, search=search)) for search in (0, 10_000, 10_000_000)]
    widths = [value.high - value.low for value in found]
    assert widths[0] > widths[1] > widths[2] == 0


# What rules cannot do ------------------------------------------------------------------------------------


def test_views_that_do_not_tell_the_legal_moves_are_an_error() -> None:
    with pytest.raises(UnequalMovesError, match="rung 2"):
        strategy_value(Ladder(4))


def test_large_games_are_an_error() -> None:
    with pytest.raises(TooLargeError):
        strategy_value(GuessNumber(100, 7), limit=50)
