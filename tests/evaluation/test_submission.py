"""Every fact that `verify` checks of a run, with a run in which it is broken."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.policies.chats import WrittenChat
from textenvs.cli import main
from textenvs.core.errors import CorruptRunError
from textenvs.evaluation import submission
from textenvs.evaluation.run import run_evaluation
from textenvs.evaluation.seeds import commitment, episode_seed
from textenvs.evaluation.store import read_json, write_json
from textenvs.evaluation.submission import verify_submission
from textenvs.evaluation.summary import summarise
from textenvs.evaluation.verify import Finding, verify_run
from textenvs.policies.agent import Agent
from textenvs.suites import Task

TASKS = (Task("GuessNumber", {"high": 7, "guesses": 3}), Task("Alchemy", {"level": "easy"}))
CHECKS = ["version", "salt", "tasks", "membership", "seeds", "numbers", "completeness", "summary"]
TURNS = "GuessNumber.turns"

Rows = list[dict[str, Any]]


def answer(call: Any) -> str:
    return "\n".join(f"guess {1 + turn}" for turn in range(call.lines))


def play(out: Path, salt: str = "s") -> None:
    policy, quiet = Agent(WrittenChat(answer)), Console(file=io.StringIO())
    run_evaluation(policy, TASKS, out, episodes=3, salt=salt, in_flight=1, console=quiet)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sound") / "run"
    play(out)
    return out


@pytest.fixture
def run(sound: Path, tmp_path: Path) -> Path:
    """A copy of a sound run, to be broken."""
    return Path(shutil.copytree(sound, tmp_path / "run"))


def change_rows(run: Path, change: Callable[[Rows], Any], name: str = TURNS) -> None:
    file = run / "episodes" / f"{name}.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    change(rows)
    file.write_text("".join(json.dumps(row, sort_keys=True) + "\n" for row in rows))


def lost(rows: Rows) -> dict[str, Any]:
    return next(row for row in rows if row["scores"] == [0.0])


def change_run(run: Path, **values: Any) -> None:
    write_json(run / "run.json", {**read_json(run / "run.json"), **values})


def summarise_again(run: Path) -> None:
    """Do what a cheat would do: make the summary fit the rows."""
    write_json(run / "summary.json", summarise(run).to_json())


def problems(run: Path) -> list[str]:
    """Return everything that is found, of episodes and of the run, as `textenvs verify` prints it."""
    findings = [*verify_run(run), *verify_submission(run)]
    return [f"{finding.place}: {finding.problem}" for finding in findings if finding.problem]


def assert_only(found: list[str], *expected: str) -> None:
    """Each problem is one of the expected, and each of these is found."""
    assert all(any(text in problem for text in expected) for problem in found), found
    assert all(any(text in problem for problem in found) for text in expected), found


def test_a_sound_run_has_no_problem(sound: Path) -> None:
    assert problems(sound) == []
    assert [*verify_submission(sound)] == [Finding(check, None) for check in CHECKS]


def test_the_command_line_says_so(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(run)]) == 0
    assert capsys.readouterr().out == "12 episodes replayed, 0 differ\n8 facts of the run checked, 0 problems\n"
    change_run(run, salt="t")
    assert main(["verify", str(run)]) == 1
    out = capsys.readouterr().out
    assert "run.json: the commitment to the salt 't' would be" in out
    assert out.splitlines()[0] == "12 episodes replayed, 0 differ"
    assert out.splitlines()[-1].endswith(" problems")


# Episodes --------------------------------------------------------------------------------------------


def test_a_changed_reply(run: Path) -> None:
    change_rows(run, lambda rows: rows[0]["replies"][0].__setitem__(1, "guess 7"))
    assert_only(problems(run), "GuessNumber.turns.jsonl:1: ")


def test_a_changed_score(run: Path) -> None:
    change_rows(run, lambda rows: lost(rows).update(scores=[1.0]))
    assert_only(problems(run), "scores are [0.0], recorded [1.0]", "normalised is 1.0, recorded", "summary.json: ")


def test_a_changed_score_is_found_even_if_everything_else_is_made_to_fit(run: Path) -> None:
    change_rows(run, lambda rows: lost(rows).update(scores=[1.0], normalised=1.0))
    summarise_again(run)
    (found,) = problems(run)
    assert found.endswith(": scores are [0.0], recorded [1.0]")


def test_a_changed_place_on_the_ruler(run: Path) -> None:
    change_rows(run, lambda rows: rows[1].update(normalised=rows[1]["normalised"] + 1e-12))
    assert_only(problems(run), "jsonl:2: normalised is ")


def test_a_missing_episode(run: Path) -> None:
    change_rows(run, lambda rows: rows.pop(1))
    summarise_again(run)
    assert problems(run) == ["run.json: GuessNumber high=7 guesses=3 in form 'turns' lacks 1 episodes, the first is 1"]


def test_all_episodes_of_a_cell_missing(run: Path) -> None:
    (run / "episodes" / f"{TURNS}.jsonl").unlink()
    summarise_again(run)
    assert problems(run) == ["run.json: GuessNumber high=7 guesses=3 in form 'turns' lacks 3 episodes, the first is 0"]


def test_an_episode_played_on_another_seed(run: Path, tmp_path: Path) -> None:
    """A bad episode is replaced by a true one on an instance that suits the policy."""
    play(tmp_path / "other", salt="t")
    better = (tmp_path / "other" / "episodes" / f"{TURNS}.jsonl").read_text().splitlines()[2]
    change_rows(run, lambda rows: rows.__setitem__(2, json.loads(better)))
    summarise_again(run)
    (found,) = problems(run)
    game = TASKS[0].rules
    expected, recorded = (episode_seed(salt, game, 2) for salt in "st")
    assert found == f"GuessNumber.turns.jsonl:3: seed of index 2 is {expected}, recorded {recorded}"


def test_an_instance_that_was_chosen(run: Path) -> None:
    change_rows(run, lambda rows: rows[0].update(choice=3))
    found = problems(run)
    assert "GuessNumber.turns.jsonl:1: instance 3 was chosen from split 'all', not drawn by the seed" in found


def test_an_instance_of_another_split(run: Path) -> None:
    change_rows(run, lambda rows: rows[0].update(split="train"), "Alchemy.turns")
    assert_only(problems(run), "instance ", "from split 'train'")


def test_an_episode_twice(run: Path) -> None:
    change_rows(run, lambda rows: rows.append(rows[0]))
    summarise_again(run)
    assert problems(run) == [f"GuessNumber.turns.jsonl:{line}: index 0 occurs 2 times" for line in (1, 4)]


def test_an_episode_in_place_of_another(run: Path) -> None:
    change_rows(run, lambda rows: rows.__setitem__(1, rows[0]))
    summarise_again(run)
    assert_only(problems(run), "index 0 occurs 2 times", "lacks 1 episodes, the first is 1")


@pytest.mark.parametrize("index", [3, -1])
def test_an_episode_too_many(run: Path, index: int) -> None:
    change_rows(run, lambda rows: rows.append({**rows[0], "index": index}))
    summarise_again(run)
    found = problems(run)
    assert f"GuessNumber.turns.jsonl:4: index is {index}, of 3 episodes" in found


def test_an_episode_of_a_task_that_is_not_in_the_run(run: Path) -> None:
    change_run(run, tasks=read_json(run / "run.json")["tasks"][:1])
    assert any("the run has no cell of textenvs/Alchemy-v0" in problem for problem in problems(run))


def test_an_episode_in_the_wrong_file(run: Path) -> None:
    episodes = run / "episodes"
    (episodes / f"{TURNS}.jsonl").rename(episodes / "GuessNumber.extra.jsonl")
    assert set(problems(run)) == {
        f"GuessNumber.extra.jsonl:{line}: belongs into GuessNumber.turns.jsonl" for line in (1, 2, 3)
    }


def test_an_episode_of_another_policy(run: Path) -> None:
    change_rows(run, lambda rows: rows[0].update(policy="human"))
    assert problems(run) == ["GuessNumber.turns.jsonl:1: played by 'human', the run is of 'written'"]


def test_easier_dials(run: Path) -> None:
    change_rows(run, lambda rows: rows[0]["dials"].update(max_refusals=30))
    assert "GuessNumber.turns.jsonl:1: played with other dials than those of an evaluation" in problems(run)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"usage": []}, "not as many thoughts and usages as replies"),
        ({"thoughts": ["", ""]}, "not as many thoughts and usages as replies"),
        ({"thoughts": [1]}, "thoughts or seconds that cannot be"),
        ({"seconds": -1.0}, "thoughts or seconds that cannot be"),
        ({"seconds": float("inf")}, "thoughts or seconds that cannot be"),
    ],
)
def test_costs_that_cannot_be(run: Path, change: Any, problem: str) -> None:
    change_rows(run, lambda rows: rows[0].update(change), "GuessNumber.plan")
    assert any(problem in found for found in problems(run))


@pytest.mark.parametrize(
    "change", [{"prompt": -1}, {"prompt": 1.5}, {"cached": 10_000}, {"thought": 10_000}, {"price": 1}, {"calls": True}]
)
def test_a_usage_that_cannot_be(run: Path, change: dict[str, Any]) -> None:
    change_rows(run, lambda rows: rows[0]["usage"][0].update(change))
    assert any("a usage that cannot be" in found for found in problems(run))


def test_a_usage_that_is_smaller_does_not_fit_the_summary(run: Path) -> None:
    change_rows(run, lambda rows: rows[0]["usage"][0].update(prompt=0))
    assert_only(
        problems(run), "summary.json: cells[0].tokens", "summary.json: cells[0].usage.prompt", "summary.json: usage"
    )


# The run ---------------------------------------------------------------------------------------------


def test_an_edited_summary(run: Path) -> None:
    summary = read_json(run / "summary.json")
    summary["forms"][0]["iqm"]["value"] += 0.01
    write_json(run / "summary.json", summary)
    (found,) = problems(run)
    assert found.startswith("summary.json: forms[0].iqm.value is ")


def test_no_summary(run: Path) -> None:
    (run / "summary.json").unlink()
    assert_only(problems(run), "run.json: summary cannot be checked: CorruptRunError")


def test_a_last_bit_of_the_summary_may_differ_between_machines(run: Path) -> None:
    summary = read_json(run / "summary.json")
    summary["forms"][0]["iqm"]["value"] *= 1 + 1e-15
    write_json(run / "summary.json", summary)
    assert problems(run) == []


def test_a_wrong_salt(run: Path) -> None:
    change_run(run, salt="t")
    assert_only(problems(run), "run.json: the commitment to the salt 't' would be", "seed of index")


def test_a_salt_and_commitment_that_were_made_up_afterwards(run: Path) -> None:
    change_run(run, salt="t", commitment=commitment("t"))
    found = problems(run)
    assert len(found) == 12
    assert_only(found, "seed of index")


def test_a_salt_that_is_not_revealed(run: Path) -> None:
    change_run(run, salt=None, finished=None)
    assert_only(
        problems(run),
        "run.json: the salt is not revealed: the run is not complete",
        "run.json: without the salt no seed can be checked",
        "summary.json: complete is False, recorded True",
    )


def test_another_version_of_the_package(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submission, "__version__", "9.9")
    (found,) = problems(run)
    assert found.startswith("run.json: played with textenvs ")
    assert found.endswith(", installed is 9.9; verify it with " + read_json(run / "run.json")["textenvs"])


def test_one_episode_of_another_version_of_the_package(run: Path) -> None:
    change_rows(run, lambda rows: rows[0].update(textenvs="0.0.9"))
    (found,) = problems(run)
    assert found.startswith("run.json: played with textenvs 0.0.9, installed is ")


def test_another_version_of_a_game(run: Path) -> None:
    tasks = read_json(run / "run.json")["tasks"]
    tasks[0]["game"] = "textenvs/GuessNumber-v7"
    change_run(run, tasks=tasks)
    for form in ("turns", "plan"):
        change_rows(run, lambda rows: [row.update(game=tasks[0]["game"]) for row in rows], f"GuessNumber.{form}")
    found = problems(run)
    assert any("unknown game" in problem for problem in found)


def test_a_game_of_an_older_version_is_reported_as_such(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    newer = submission.entry("GuessNumber")
    newer = type(newer)(**{**vars(newer), "version": 1})
    monkeypatch.setattr(submission, "entry", lambda _: newer)
    findings = [finding.problem for finding in verify_submission(run) if finding.problem]
    assert (
        "GuessNumber high=7 guesses=3: played with textenvs/GuessNumber-v0, installed is textenvs/GuessNumber-v1"
        in findings
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("family", "world"),
        ("split", "test"),
        ("rulers", {"kind": "exact", "low": 0.5, "high": 0.5, "n": None}),
    ],
)
def test_what_is_said_of_a_task_is_computed_again(run: Path, key: str, value: Any) -> None:
    tasks = read_json(run / "run.json")["tasks"]
    tasks[0][key] = {**tasks[0]["rulers"], "optimal": value} if key == "rulers" else value
    change_run(run, tasks=tasks)
    found = problems(run)
    assert any(problem.startswith(f"run.json: GuessNumber high=7 guesses=3: {key}") for problem in found), found


def test_a_suite_with_other_tasks(run: Path) -> None:
    change_run(run, suite="core")
    found = problems(run)
    assert any(problem.startswith("run.json: the tasks of suite core are ['Alchemy level=easy', ") for problem in found)


def test_skipped_cells_are_named(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who leaves out what goes badly has to say so."""
    change_run(run, skipped=[{"title": TASKS[0].title, "form": "turns", "reason": "too hard"}])
    (run / "episodes" / f"{TURNS}.jsonl").unlink()
    summarise_again(run)
    assert problems(run) == []
    assert main(["verify", str(run)]) == 0
    assert f"not played: {TASKS[0].title} in form 'turns': too hard\n" in capsys.readouterr().out


def test_rows_of_another_kind_are_no_evaluation(run: Path) -> None:
    def forget(rows: Rows) -> None:
        for key in ("index", "thoughts", "usage", "seconds", "normalised"):
            del rows[0][key]

    change_rows(run, forget)
    with pytest.raises(CorruptRunError, match=r"GuessNumber\.turns\.jsonl:1: a row of an evaluation lacks index"):
        [*verify_submission(run)]


def test_no_run_file(run: Path) -> None:
    (run / "run.json").unlink()
    with pytest.raises(CorruptRunError, match=r"run\.json"):
        [*verify_submission(run)]
    assert main(["verify", str(run)]) == 0, "the episodes alone can still be replayed"
