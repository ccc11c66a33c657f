from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from tests.policies.chats import WrittenChat
from textenvs.evaluation.evaluate import Evaluation
from textenvs.evaluation.run import run_evaluation
from textenvs.evaluation.run_folder import RunFolder
from textenvs.evaluation.statistics import Estimate
from textenvs.evaluation.store import read_json
from textenvs.evaluation.summary import Summary, summarise, summary_of
from textenvs.evaluation.tables import print_summaries
from textenvs.policies.agent import Agent
from textenvs.policies.scripted import ScriptPolicy, StrategyPolicy
from textenvs.suites import Task

GUESS = Task("GuessNumber", {"high": 7, "guesses": 3})
TASKS = (GUESS, Task("Alchemy", {"level": "easy"}), Task("Bandit", {"level": "easy"}), Task("TwentyQuestions"))
N = 8


def played(out: Path, policy: Any, tasks: Any = TASKS, **options: Any) -> Summary:
    chosen = {"episodes": N, "salt": "s", "console": Console(file=io.StringIO()), **options}
    return run_evaluation(policy, tasks, out, **chosen)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    played(folder, StrategyPolicy("random"))
    return folder


def scores(out: Path, game: str, form: str, key: str = "scores") -> Any:
    """Return the scores of a cell in the order of their indices."""
    found = {
        row["index"]: row[key][0] if key == "scores" else row[key]  # type: ignore[literal-required]
        for row in RunFolder(out).rows()
        if f"/{game}-" in row["game"] and row["dials"]["form"] == form
    }
    return np.array([found[index] for index in range(N)])


def test_a_cell_is_what_its_episodes_are(out: Path) -> None:
    summary = summarise(out)
    assert [(cell.title, cell.form) for cell in summary.cells] == [
        (task.title, form) for task in TASKS for form in ("turns", "plan")
    ]
    for cell in summary.cells:
        of_cell = scores(out, cell.title.split()[0], cell.form)
        assert cell.episodes == N
        assert cell.score.value == pytest.approx(of_cell.mean())
        low, high = Evaluation(tuple(of_cell), 0).interval
        assert (cell.score.low, cell.score.high) == (low, high)


def test_scores_lie_on_the_rulers_of_the_run(out: Path) -> None:
    by_title = {task.title: task.rulers for task in RunFolder(out).read().tasks}
    for cell in summarise(out).cells:
        values = by_title[cell.title]
        if cell.title == "TwentyQuestions":
            assert (cell.normalised, cell.interaction_gain) == (None, None)
            continue
        random, plan, best = values.random.value, values.plan.value, values.optimal.value
        assert cell.normalised is not None
        assert cell.interaction_gain is not None
        for place, zero in ((cell.normalised, random), (cell.interaction_gain, plan)):
            assert place.value == pytest.approx((cell.score.value - zero) / (best - zero))
            assert place.low is not None
            assert cell.score.low is not None
            assert place.low == pytest.approx((cell.score.low - zero) / (best - zero))


def test_forms_are_summed_up_over_exact_rulers_alone(out: Path) -> None:
    for form in summarise(out).forms:
        strata = [
            scores(out, game, form.form, "normalised").astype(float) for game in ("GuessNumber", "Alchemy", "Bandit")
        ]
        assert form.tasks == 3
        assert form.iqm is not None
        assert form.mean is not None
        assert form.iqm.value == pytest.approx(np.mean([each.mean() for each in strata])), (
            "of three tasks none is left out"
        )
        assert form.mean.value == pytest.approx(np.mean([each.mean() for each in strata]))
        assert form.mean.low is not None
        assert form.mean.high is not None
        assert form.mean.low < form.mean.value < form.mean.high
        assert {name: each.value for name, each in form.families.items()} == {
            "discovery": pytest.approx(strata[1].mean()),
            "information": pytest.approx((strata[0].mean() + strata[2].mean()) / 2),
        }


def test_turns_minus_plan_is_taken_episode_by_episode(out: Path) -> None:
    summary = summarise(out)
    assert [gain.title for gain in summary.differences] == [task.title for task in TASKS]
    means = []
    for gain in summary.differences:
        game = gain.title.split()[0]
        turns, plan = scores(out, game, "turns"), scores(out, game, "plan")
        assert gain.score.value == pytest.approx((turns - plan).mean())
        assert (gain.normalised is None) == (game == "TwentyQuestions")
        if gain.normalised:
            means.append(gain.normalised.value)
    assert summary.difference is not None
    assert summary.difference.value == pytest.approx(np.mean(means))


def test_pairing_takes_the_luck_of_instances_out(tmp_path: Path) -> None:
    """A policy that plays the same moves in both forms differs by nothing, without doubt."""
    summary = played(tmp_path, ScriptPolicy(["guess 4\nguess 2\nguess 6"]), [GUESS], forms=["plan"])
    of_plan = summary.cells[0].score
    same = ScriptPolicy(["guess 4", "guess 2", "guess 6"])
    played(tmp_path / "turns", same, [GUESS], forms=["turns"])
    rows = RunFolder(tmp_path).rows() + RunFolder(tmp_path / "turns").rows()
    run = RunFolder(tmp_path).read()
    both = summary_of(type(run)(**{**vars(run), "forms": ("turns", "plan")}), rows)
    assert of_plan.low is not None
    assert of_plan.low < of_plan.value, "single scores vary"
    assert both.differences[0].score == Estimate(0.0, 0.0, 0.0)


def test_costs_and_refusals(tmp_path: Path) -> None:
    answers = {0: "what?", 1: "guess 1"}
    model = WrittenChat(lambda call: answers[len(call.messages) // 2 % 2])
    summary = played(tmp_path, Agent(model), [GUESS], forms=["turns"])
    rows = RunFolder(tmp_path).rows()
    (cell,) = summary.cells
    replies = sum(len(row["replies"]) for row in rows)
    assert replies == len(model.calls) == cell.replies * N
    assert cell.invalid == pytest.approx(sum(row["refusals"] for row in rows) / replies)
    assert 0 < cell.invalid < 1
    assert cell.forfeited == 0
    usages = [usage for row in rows for usage in row["usage"]]
    assert summary.usage["prompt"] == sum(usage["prompt"] for usage in usages)
    assert cell.tokens == pytest.approx(sum(usage["prompt"] + usage["sampled"] for usage in usages) / N)
    assert cell.seconds * N == pytest.approx(sum(row["seconds"] for row in rows)) == summary.seconds


def test_forfeits_are_counted(tmp_path: Path) -> None:
    (cell,) = played(tmp_path, ScriptPolicy([]), [GUESS], forms=["turns"]).cells
    assert (cell.forfeited, cell.invalid, cell.replies) == (1.0, 1.0, 3.0)


def test_the_optimal_player_reaches_the_end_of_the_ruler(tmp_path: Path) -> None:
    summary = played(tmp_path, StrategyPolicy("expert"), [GUESS], forms=["turns"])
    assert summary.forms[0].iqm == Estimate(1.0, 1.0, 1.0)
    assert (summary.differences, summary.difference) == ((), None)


def test_one_episode_has_no_interval(tmp_path: Path) -> None:
    summary = played(tmp_path, StrategyPolicy("random"), episodes=1)
    estimates = [cell.score for cell in summary.cells] + [gain.score for gain in summary.differences]
    assert all((each.low, each.high) == (None, None) for each in estimates)
    assert Summary.from_json(summary.to_json()) == summary


def test_equal_rows_give_equal_numbers_in_any_order(out: Path) -> None:
    run, rows = RunFolder(out).read(), RunFolder(out).rows()
    assert summary_of(run, rows[::-1]).cells == summary_of(run, rows).cells == summarise(out).cells
    assert summary_of(run, rows[::-1]).forms == summarise(out).forms


def test_json_keeps_a_summary(out: Path) -> None:
    summary = summarise(out)
    assert Summary.from_json(summary.to_json()) == summary
    assert read_json(out / "summary.json") == summary.to_json()


def test_a_run_under_way_has_a_summary_too(out: Path) -> None:
    run = RunFolder(out).read()
    unfinished = type(run)(**{**vars(run), "salt": None, "finished": None})
    few = [row for row in RunFolder(out).rows() if row["index"] < 2 and row["dials"]["form"] == "turns"]
    summary = summary_of(unfinished, few)
    assert not summary.complete
    assert [(cell.form, cell.episodes) for cell in summary.cells] == [("turns", 2)] * 4
    assert summary.difference is None
    assert summary_of(unfinished, []).cells == ()


# Tables ----------------------------------------------------------------------------------------------


def test_a_run_is_printed_by_form_and_by_task(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary = summarise(out)
    print_summaries({"random": summary})
    lines = capsys.readouterr().out.splitlines()
    runs = [line.split("│") for line in lines if line.startswith("│ random")]
    assert [[cell.strip() for cell in line[1:4]] for line in runs] == [
        ["random", "turns", "3"],
        ["random", "plan", "3"],
    ]
    assert str(summary.difference) in runs[0][6]
    tasks = [line for line in lines if line.startswith(("│ GuessNumber", "│ Alchemy", "│ Bandit", "│ TwentyQuestions"))]
    assert len(tasks) == len(summary.cells)
    for line, cell in zip(tasks, summary.cells, strict=True):
        assert f" {cell.form} " in line
        assert f" {cell.score} " in line
        assert f" {cell.invalid:.1%} " in line


def test_runs_are_printed_side_by_side(out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expert = played(tmp_path, StrategyPolicy("expert"), [GUESS], forms=["turns"])
    print_summaries({"random": summarise(out), "expert": expert})
    lines = capsys.readouterr().out.splitlines()
    (line,) = [line for line in lines if GUESS.title in line and " turns " in line]
    assert "1 [1, 1]" in line.split("│")[4]
    (line,) = [line for line in lines if GUESS.title in line and " plan " in line]
    assert line.split("│")[4].strip() == "–"
