from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from textenvs import catalogue
from textenvs.catalogue import Facts, all_facts, facts, from_json, rulers, rulers_from_json, survey, to_json
from textenvs.core.errors import UnknownNameError
from textenvs.core.game import LEVELS
from textenvs.envs.solo import solo_game
from textenvs.planning.bounds import Value, between, exact
from textenvs.planning.reference import ReferenceValues, reference_values
from textenvs.registry import ENTRIES, Entry, entry

by_entry = pytest.mark.parametrize("each", ENTRIES, ids=lambda each: each.name)


def made_up(optimal: Value, plan: Value, random: Value) -> Facts:
    values = ReferenceValues(optimal, plan, myopic=plan, random=random, behaviour=random, one_step=plan)
    return Facts("GuessNumber", 0, "easy", {"high": 7, "guesses": 3}, 3, values)


@by_entry
@pytest.mark.parametrize("level", LEVELS)
def test_every_level_of_every_game_is_known(each: Entry, level: str) -> None:
    known = facts(each.name, level)
    assert (known.game, known.version, known.level) == (each.name, each.version, level)
    assert known.arguments == solo_game(each.name, level=level).arguments, "run `make docs`"


@by_entry
def test_the_easy_level_is_exact(each: Entry) -> None:
    assert facts(each.name).is_exact, f"{each.name}: choose an easy level that can be enumerated"


@by_entry
def test_random_play_leaves_something_to_learn(each: Entry) -> None:
    values = facts(each.name).values
    assert values.random.high < values.optimal.low


@by_entry
def test_no_ruler_exceeds_the_optimum(each: Entry) -> None:
    values = facts(each.name).values
    for value in (values.plan, values.myopic, values.random, values.one_step, values.expert):
        assert value is None or value.low <= values.optimal.high + 1e-9


@pytest.mark.slow
@by_entry
def test_the_easy_level_is_current(each: Entry) -> None:
    stored, computed = facts(each.name).values, survey(each.name, "easy").values
    for name in ("optimal", "plan", "myopic", "random", "one_step", "expert"):
        one, other = getattr(stored, name), getattr(computed, name)
        assert (one is None) == (other is None), f"run `make docs GAMES={each.name}`"
        assert one is None or one.value == pytest.approx(other.value), f"run `make docs GAMES={each.name}`"


def test_facts_survive_json() -> None:
    known = facts("GuessNumber", "medium")
    assert from_json(json.loads(json.dumps(to_json(known)))) == known


def test_facts_are_computed_like_those_stored() -> None:
    assert survey("GuessNumber", "easy") == facts("guess_number")


def test_gaps_are_shares_of_the_way_from_random_to_optimal() -> None:
    known = made_up(exact(6.0), exact(4.0), exact(2.0))
    assert known.share(known.values.feedback_gap) == pytest.approx(0.5)
    assert known.is_exact


def test_only_what_is_sure_of_a_gap_counts() -> None:
    known = made_up(between(5.0, 6.0, n=100), between(1.0, 4.0), exact(2.0))
    assert known.share(known.values.feedback_gap) == pytest.approx(1 / 4)
    assert not known.is_exact


def test_a_task_without_anything_to_gain_has_no_gap() -> None:
    known = made_up(exact(1.0), exact(1.0), exact(1.0))
    assert known.share(known.values.feedback_gap) == 0


def test_games_come_in_the_order_of_their_names() -> None:
    assert [known.game for known in all_facts("hard")] == [each.name for each in ENTRIES]


def test_an_unknown_game_is_named() -> None:
    with pytest.raises(UnknownNameError, match="GuessNumbr"):
        facts("GuessNumbr")


def test_the_rulers_of_a_level_are_those_that_are_stored() -> None:
    for level in ("easy", "extreme"):
        assert rulers(solo_game("Sokoban", level=level)) is facts("Sokoban", level).values


def test_other_rulers_are_computed() -> None:
    game = solo_game("GuessNumber", high=7, guesses=2)
    assert rulers(game) == reference_values(game)
    easy = solo_game("GuessNumber", level="easy")
    assert rulers(easy, "test") == reference_values(easy, "test") != facts("GuessNumber").values


def test_rulers_of_another_version_are_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    newer = replace(entry("GuessNumber"), version=1)
    monkeypatch.setattr(catalogue, "entry", lambda _: newer)
    game = solo_game("GuessNumber", level="easy")
    assert rulers(game) is not facts("GuessNumber").values


def test_json_keeps_rulers() -> None:
    for values in (facts("Maze", "extreme").values, facts("Maze").values):
        assert rulers_from_json(json.loads(json.dumps(asdict(values)))) == values
