from __future__ import annotations

import pytest

from textenvs.catalogue import facts
from textenvs.core.errors import UnknownNameError
from textenvs.planning.reference import reference_values
from textenvs.registry import ENTRIES
from textenvs.suites import SUITES, Suite, Task, suite

by_suite = pytest.mark.parametrize("each", SUITES.values(), ids=lambda each: each.name)


@by_suite
def test_tasks_exist_and_are_different(each: Suite) -> None:
    assert each.tasks
    assert len({task.title for task in each.tasks}) == len(each.tasks)
    for task in each.tasks:
        assert task.rules.players == 1


@by_suite
def test_suites_go_by_their_names(each: Suite) -> None:
    assert suite(each.name) is each
    assert each.what


def test_the_core_has_eight_games_of_all_corners_with_exact_rulers() -> None:
    known = [facts(task.game, task.arguments["level"]) for task in suite("core").tasks]
    assert len({each.game for each in known}) == 8
    assert all(each.is_exact for each in known)
    assert {each.values.cell() for each in known} == {"control", "feedback", "foresight", "both"}


def test_the_full_suite_has_every_game_for_one() -> None:
    assert [task.game for task in suite("full").tasks] == [each.name for each in ENTRIES if each.players == 1]


def test_long_horizons_are_long() -> None:
    assert all(task.rules.max_turns >= 200 for task in suite("long-horizon").tasks)


@pytest.mark.parametrize("task", suite("controls").tasks, ids=lambda task: task.title)
def test_controls_are_controls(task: Task) -> None:
    assert reference_values(task.rules).cell() == "control"


def test_an_unknown_suite_is_named() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'core'"):
        suite("cores")
