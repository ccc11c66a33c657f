"""The whole comparison on its smallest preset: run, stop, continue, verify, report."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from benchmarks.compare.__main__ import main
from textenvs.evaluation.store import read_json
from textenvs.evaluation.verify import verify_run

BAD = "not json at all"


def compare(folder: Path, *options: str) -> int:
    return main(["--preset", "smoke", "--workers", "2", "--out", str(folder), *options])


def results(folder: Path) -> dict[str, object]:
    """Return what every job found, without how long it took."""
    found = {}
    for file in sorted((folder / "jobs").glob("*.json")):
        result = read_json(file)
        if "ledger" in result:
            result["ledger"] = {k: v for k, v in result["ledger"].items() if k not in ("seconds", "peak_memory")}
        found[file.name] = result
    return found


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compare") / "run"
    assert compare(folder) == 0
    return folder


def test_the_page_stands_alone(run: Path) -> None:
    page = (run / "report.html").read_text()
    assert not re.findall(r'(?:src|href)="https?:', page)
    assert not re.findall(r"<script[^>]+src=", page)
    assert page.count("data:image/png;base64,") >= 4
    for anchor in ("answer", "nulls", "limits", "cost"):
        assert f'id="{anchor}"' in page, anchor


def test_every_figure_comes_with_its_data(run: Path) -> None:
    figures = {file.stem for file in (run / "figures").glob("*.png")}
    assert figures == {file.stem for file in (run / "figures").glob("*.csv")}
    assert {"gaps", "horizon", "rulers", "learning"} <= figures


def test_stored_episodes_replay_to_the_bit(run: Path) -> None:
    findings = list(verify_run(run))
    assert len(findings) > 50
    assert [each for each in findings if each.problem] == []


def test_budgets_are_kept(run: Path) -> None:
    preset = read_json(run / "configuration.json")["preset"]
    for name, result in results(run).items():
        if name.startswith("tabular") and ".A0." not in name:
            assert result["ledger"]["environment_steps"] <= preset["tabular"]["budget"], name  # type: ignore[index]


def test_a_stopped_run_continues_to_the_same_results(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    before = results(folder)
    lost = sorted(name for name in before if name.startswith("tabular"))[:5]
    for name in lost:
        (folder / "jobs" / name).unlink()
    broken = folder / "jobs" / next(name for name in before if ".B2." in name and name not in lost)
    broken.write_text(BAD)
    assert compare(folder) == 0
    assert results(folder) == before
    assert broken.with_name(f"{broken.name}.corrupt").read_text() == BAD, "nothing is thrown away"


def test_the_report_is_rebuilt_from_the_folder_alone(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    (folder / "report.html").unlink()
    assert compare(folder, "--report-only") == 0
    assert (folder / "report.html").exists()


def test_a_folder_of_another_run_is_refused(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--preset", "quick", "--out", str(run)]) == 2
    assert "holds another run" in capsys.readouterr().err


def test_an_unknown_preset_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--preset", "quik", "--out", str(tmp_path)]) == 2
    assert "did you mean 'quick'" in capsys.readouterr().err
