"""Scheduling: order, failures, dead workers, interrupts. Training itself is replaced by next to nothing."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.compare import run as running
from benchmarks.compare.folder import RunFolder
from benchmarks.compare.jobs import jobs_of
from benchmarks.compare.run import FailedJobsError, run
from benchmarks.compare.sweep import QUICK, SMOKE
from benchmarks.compare.tabular import train
from textenvs.evaluation.lock import BusyRunError, only_writer
from textenvs.evaluation.store import read_json

TABLES_ONLY = replace(
    SMOKE, tabular=replace(SMOKE.tabular, budget=300, start_steps=100), language=replace(SMOKE.language, cells=())
)
ROOT = Path(__file__).parents[2]


def quiet() -> Console:
    return Console(file=io.StringIO())


def values(folder: Path) -> dict[str, object]:
    """Return what each job found, without how long it took."""
    found = {}
    for file in (folder / "jobs").glob("*.json"):
        result = read_json(file)
        result.get("ledger", {}).pop("seconds", None)
        result.get("ledger", {}).pop("peak_memory", None)
        found[file.name] = result
    return found


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    run(TABLES_ONLY, folder, 1, quiet())
    return folder


def test_no_result_depends_on_the_number_of_processes(finished: Path, tmp_path: Path):
    run(TABLES_ONLY, tmp_path, 3, quiet())
    assert values(tmp_path) == values(finished)
    assert len(values(finished)) == len(jobs_of(TABLES_ONLY))


def test_a_run_has_one_writer(tmp_path: Path):
    with only_writer(tmp_path), pytest.raises(BusyRunError):
        run(TABLES_ONLY, tmp_path, 1, quiet())
    assert not list(tmp_path.glob("*.json"))


def test_arms_of_a_seed_share_their_start(finished: Path):
    found = values(finished)
    for cell in TABLES_ONLY.tabular.cells:
        for seed in range(TABLES_ONLY.tabular.seeds):
            start = found[f"tabular.{cell.id}.A0.{seed}.json"]["value"]  # type: ignore[index]
            for arm in ("A1", "A2", "A5", "B1", "B2"):
                assert found[f"tabular.{cell.id}.{arm}.{seed}.json"]["curve"][0]["value"] == start  # type: ignore[index]


def test_budgets_are_kept(finished: Path):
    for name, result in values(finished).items():
        if "curve" in result:  # type: ignore[operator]
            limit = 100 if ".A0." in name else 300
            assert result["ledger"]["environment_steps"] <= limit  # type: ignore[index]


def test_a_finished_run_does_nothing_more(finished: Path):
    before = {file: file.stat().st_mtime_ns for file in finished.rglob("*") if file.is_file()}
    run(TABLES_ONLY, finished, 1, quiet())
    assert {file: file.stat().st_mtime_ns for file in before} == before


def test_a_job_gives_the_same_result_again():
    job = next(job for job in jobs_of(TABLES_ONLY) if job.arm == "B2")
    first, second = train(TABLES_ONLY, job), train(TABLES_ONLY, job)
    assert (first["value"], first["curve"]) == (second["value"], second["curve"])


def test_a_failed_job_is_named_and_all_others_are_kept(tmp_path: Path):
    unknown = replace(TABLES_ONLY.tabular, settings={"B2": {"no_such_knob": 1}})
    broken = replace(TABLES_ONLY, tabular=unknown)
    with pytest.raises(FailedJobsError, match=r"job tabular.* failed \(and 3 more\): TypeError.*no_such_knob"):
        run(broken, tmp_path, 2, quiet())
    assert len(values(tmp_path)) == len(jobs_of(broken)) - 4


def test_a_dead_worker_is_reported_and_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(running, "perform", _die)
    with pytest.raises(FailedJobsError, match="a worker process died"):
        run(TABLES_ONLY, tmp_path, 1, quiet())


def _die(*_: object) -> None:
    os._exit(1)


@pytest.fixture
def command(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A comparison in a process of its own, far from being done."""
    arguments = [sys.executable, "-m", "benchmarks.compare", "--out", str(tmp_path), "--workers", "2"]
    process = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.wait()


def wait_for_results(folder: Path, count: int) -> None:
    deadline = time.monotonic() + 90
    while len([*(folder / "jobs").glob("*.json")]) < count:
        assert time.monotonic() < deadline, "no results in time"
        time.sleep(0.1)


@pytest.mark.slow
def test_an_interrupt_stops_at_once_and_says_how_to_go_on(command: subprocess.Popen[str], tmp_path: Path):
    wait_for_results(tmp_path, 3)
    command.send_signal(signal.SIGINT)
    _, errors = command.communicate(timeout=20)
    assert command.returncode == 130
    assert "the same command continues" in errors
    assert "Traceback" not in errors


@pytest.mark.slow
def test_workers_end_with_a_killed_parent_and_leave_whole_results(command: subprocess.Popen[str], tmp_path: Path):
    wait_for_results(tmp_path, 3)
    children = Path(f"/proc/{command.pid}/task/{command.pid}/children").read_text().split()
    command.kill()
    command.wait()
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{child}").exists() for child in children):
        assert time.monotonic() < deadline, "a worker outlived its parent"
        time.sleep(0.1)
    assert RunFolder(tmp_path).set_corrupt_aside(jobs_of(QUICK)) == []
