from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textenvs.core.game import Game
from textenvs.core.seat import Seat
from textenvs.core.written_strategy import Rule, as_rules_see, strategy_rules, whole_strategy
from textenvs.envs.forms import StrategyEpisode
from textenvs.envs.settings import Settings
from textenvs.evaluation.rollout import rollout
from textenvs.games.assembly import Assembly
from textenvs.games.guess_number import GuessNumber
from textenvs.games.kuhn_poker import KuhnPoker
from textenvs.games.prisoners_dilemma import PrisonersDilemma
from textenvs.planning.enumeration import build_graph
from textenvs.planning.values import optimal
from textenvs.policies.rulers import GraphPolicy

GUESS = GuessNumber(high=7, guesses=3)
SECRET_IS_5 = 4


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("if jammed: clear", Rule(("jammed",), (), "clear")),
        ("If Machine  Jammed and 3 turns left: clear", Rule(("machine jammed", "3 turns left"), (), "clear")),
        ("1. when 'jammed' -> clear", Rule(("jammed",), (), "clear")),
        ("- if king, check or bet? => bet", Rule(("king", "check or bet?"), (), "bet")),
        ("whenever jammed then clear", Rule(("jammed",), (), "clear")),
        ("if jammed, then: clear", Rule(("jammed",), (), "clear")),
        ("if not jammed and not 1 turn left: advance", Rule((), ("jammed", "1 turn left"), "advance")),
        ("otherwise: advance", Rule((), (), "advance")),
        ("Else advance", Rule((), (), "advance")),
        ("* always: sell", Rule((), (), "sell")),
        ('if "heaps: 1, 2 and 3" and not "a -> b": take 1', Rule(("heaps: 1, 2 and 3",), ("a -> b",), "take 1")),
        ('if "not yet", then: wait', Rule(("not yet",), (), "wait")),
        ('if " \'King\' ": say "a: b"', Rule(("king",), (), 'say "a: b"')),
        ('if 5" and 6: go', Rule(("5", "6"), (), "go")),
        ('if "5: go', Rule(("5",), (), "go")),
        ("if higher: guess 6: surely", Rule(("higher",), (), "guess 6: surely")),
    ],
)
def test_rules_are_read(line: str, rule: Rule) -> None:
    assert strategy_rules(line) == [rule]
    assert strategy_rules(f"My strategy is:\n\n{line}\nThat is all.") == [rule]


def test_a_reply_without_rules_is_one_move_for_ever() -> None:
    assert strategy_rules("I think about it.\n\n guess 4 ") == [Rule((), (), "guess 4")]
    assert strategy_rules("") == strategy_rules("\n \n") == []


@pytest.mark.parametrize(
    ("words", "view", "applies"),
    [
        ("jammed", "Machine JAMMED.", True),
        ("jammed", "Machine unjammed.", False),
        ("1 turn", "11 turns left, 1 turn used", True),
        ("1 turn", "11 turns left", False),
        ("turns\tleft", "3 turns\n  left", True),
        ("?", "Check or bet?", True),
        ("not jammed", "Machine jammed.", False),
        ("not jammed", "Machine ready.", True),
        ("ready and not 1 turn", "Machine ready. 1 turn left.", False),
    ],
)
def test_words_count_whole_and_in_any_case(words: str, view: str, applies: bool) -> None:
    assert strategy_rules(f"if {words}: go")[0].applies(view) == applies


@given(st.text(), st.text())
def test_any_text_is_a_strategy(text: str, view: str) -> None:
    for rule in strategy_rules(text):
        assert rule.applies(view) in (True, False)


def test_many_quotes_are_read_in_no_time() -> None:
    assert strategy_rules("if " + '"a' * 20_000) == [Rule((), (), "if " + '"a' * 20_000)]


@pytest.mark.parametrize("shown", ["b", "a, b: c", "A,  b:\nc", "not a and b, then: c -> d", "“a” **b**", '"a" b', ""])
def test_whole_views_can_be_told_apart(shown: str) -> None:
    views = ["b", "a, b: c", "a b: c", "b: a, c", "not a and b, then: c -> d", "a” **b", "a", "c"]
    rules = strategy_rules(whole_strategy({view: f"move {number}" for number, view in enumerate(views)}))
    expected = {as_rules_see(view): f"move {number}" for number, view in enumerate(views)}
    fits = next((rule.move for rule in rules if rule.applies(shown)), None)
    assert fits == expected.get(as_rules_see(shown), "move 0" if "b" in shown else None)


@given(st.lists(st.text(st.sampled_from('ab,:&" >-'), min_size=1), min_size=1, unique_by=as_rules_see))
def test_any_views_that_rules_see_differently_can_have_moves_of_their_own(views: list[str]) -> None:
    moves = {seen: f"move {number}" for number, view in enumerate(views) if (seen := as_rules_see(view))}
    rules = strategy_rules(whole_strategy(moves))
    for view in views:
        if as_rules_see(view):
            assert next(rule.move for rule in rules if rule.applies(view)) == moves[as_rules_see(view)]


def played(game: Game[Any, Any], text: str, seed: int = 0, instance: int | None = None) -> StrategyEpisode:
    episode = StrategyEpisode(game, Settings(form="strategy"), seed=seed, instance=instance)
    episode.reply(0, text)
    return episode


def test_the_first_rule_that_fits_makes_the_move() -> None:
    episode = played(GUESS, "if 3 guesses left: guess 4\nif higher: guess 5\notherwise: guess 1", instance=SECRET_IS_5)
    assert (episode.scores, episode.steps) == ((1.0,), 2)


def test_a_situation_without_a_rule_forfeits() -> None:
    episode = played(GUESS, "if 3 guesses left: guess 4", instance=SECRET_IS_5)
    assert episode.forfeited == 0
    assert episode.steps == 4
    assert episode.scores == (pytest.approx(-0.3),)


def test_a_refused_move_is_priced_and_tried_again() -> None:
    assert played(GUESS, "guess 9").scores == (pytest.approx(-0.3),)


def test_too_long_a_strategy_is_not_read() -> None:
    game = GuessNumber(high=7, guesses=1)
    episode = StrategyEpisode(game, Settings(form="strategy", max_reply_chars=10), seed=0)
    assert episode.reply(0, "otherwise: guess 4").refusal.kind == "too_long"  # type: ignore[union-attr]
    assert episode.over


def test_without_feedback_rules_see_nothing_after_the_opening() -> None:
    dials = Settings(form="strategy", feedback="none")
    episode = StrategyEpisode(GUESS, dials, seed=0, instance=SECRET_IS_5)
    episode.reply(0, "if 3 guesses left: guess 4\nif higher: guess 5\notherwise: guess 1")
    assert episode.scores == (0.0,)


def test_tit_for_tat_and_a_last_defection() -> None:
    seat = Seat(PrisonersDilemma(rounds=4), 0, "expert")
    assert played(seat, "if round 4: defect\notherwise: cooperate").scores == (14.0,)
    against_random = played(seat, "if the other player defected: defect\notherwise: cooperate")
    assert against_random.scores == (12.0,)


@pytest.mark.parametrize(
    "game", [Assembly(), Assembly(slip=0.4, recovery=0.5), Seat(KuhnPoker(), 1, "random")], ids=str
)
def test_a_written_strategy_earns_what_it_earns_turn_by_turn(game: Game[Any, Any]) -> None:
    graph = build_graph(game)
    best = optimal(graph).policy
    lines = []
    for node in range(graph.n_nodes):
        choice = best[graph.pair_start[node] : graph.pair_start[node + 1]].argmax()
        lines.append(f"if {graph.view(node)}: {graph.wordings(node)[choice]}")
    first = best * 0
    for node in range(graph.n_nodes):
        start = graph.pair_start[node]
        first[start + best[start : graph.pair_start[node + 1]].argmax()] = 1.0
    turns = list(rollout(game, GraphPolicy(graph, first, "best"), range(40)))
    for seed, each in enumerate(turns):
        assert played(game, "\n".join(lines), seed=seed).scores == each.episode.scores
