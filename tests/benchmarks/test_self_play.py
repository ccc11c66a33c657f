from __future__ import annotations

import csv
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.self_play import run as runs
from benchmarks.self_play.__main__ import main
from benchmarks.self_play.analysis import curve, draw, write_table
from benchmarks.self_play.sweep import KUHN, PRESETS, Setting
from textenvs.core.errors import CorruptRunError, DifferentRunError
from textenvs.evaluation.lock import BusyRunError, only_writer
from textenvs.policies.models import tiny_llama
from textenvs.policies.tokenizer import WordTokenizer

SETTINGS = (
    Setting("one", "KuhnPoker", KUHN, 100, 2),
    Setting("two", "KuhnPoker", replace(KUHN, shared=False), 100, 2),
)


def result(*values: float) -> dict[str, object]:
    rows = [{"environment_steps": 10 * place, "evaluation": value} for place, value in enumerate(values)]
    return {"curve": [*rows[:1], {"environment_steps": 5, "entropy": 1.0}, *rows[1:]], "ledger": {"flops": 2.0e9}}


FOUND = {"one": [result(0.4, 0.2), result(0.6, 0.1)], "two": [result(0.4, 0.3), result(0.4, 0.3, 0.2)]}


def test_curves_are_cut_to_equal_length() -> None:
    steps, values = curve(FOUND["two"])
    assert steps.tolist() == [0, 10]
    assert values.tolist() == [[0.4, 0.3], [0.4, 0.3]]


def test_the_table_tells_start_and_end(tmp_path: Path) -> None:
    write_table(SETTINGS, FOUND, tmp_path / "table.csv")
    header, one, _ = list(csv.reader((tmp_path / "table.csv").open()))
    row = dict(zip(header, one, strict=True))
    assert (row["start"], row["end"], row["end lowest"], row["end highest"]) == ("0.5000", "0.1500", "0.1000", "0.2000")


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    draw(SETTINGS, FOUND, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > 5_000


def store(folder: Path, setting: Setting, seed: int) -> dict[str, object]:
    held = runs.plain({"setting": asdict(setting), "kept": seed})
    runs.write_json(runs._file(folder, setting, seed), held)
    return held


def test_results_are_stored_and_not_made_again(tmp_path: Path) -> None:
    held = [store(tmp_path, SETTINGS[0], seed) for seed in (0, 1)]
    with pytest.raises(CorruptRunError):
        runs.results(SETTINGS, tmp_path)
    assert list(runs.run(SETTINGS[:1], tmp_path, 1)) == []
    assert runs.results(SETTINGS[:1], tmp_path) == {"one": held}


def test_a_run_has_one_writer(tmp_path: Path) -> None:
    with only_writer(tmp_path), pytest.raises(BusyRunError):
        list(runs.run(SETTINGS, tmp_path, 1))


def test_results_of_other_settings_are_not_taken_for_these(tmp_path: Path) -> None:
    store(tmp_path, SETTINGS[0], 0)
    other = replace(SETTINGS[0], config=replace(KUHN, ppo=replace(KUHN.ppo, rate=0.5)))
    with pytest.raises(DifferentRunError, match=r"rate: the folder has 0\.001, asked for is 0\.5"):
        list(runs.run([other], tmp_path, 1))


@pytest.mark.parametrize(("setting", "random"), [(PRESETS["smoke"][0], 11 / 24), (PRESETS["smoke"][2], 0.96)])
def test_a_model_that_finds_all_replies_equal_is_as_exploitable_as_random_play(setting: Setting, random: float) -> None:
    tokenizer = WordTokenizer.from_games([setting.rules])
    model = tiny_llama(len(tokenizer), spread=1e-6)
    assert setting.exploitability(tokenizer, (model, model)) == pytest.approx(random, abs=0.005)


@pytest.mark.slow
def test_the_smallest_preset_runs_to_the_end_and_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["--preset", "smoke", "--out", str(tmp_path), "--workers", "2"]
    assert main(call) == 0
    assert (tmp_path / "self_play.png").exists()
    rows = list(csv.reader((tmp_path / "self_play.csv").open()))
    assert [row[0] for row in rows[1:]] == [setting.id for setting in PRESETS["smoke"]]
    assert all(np.isfinite(float(number)) for row in rows[1:] for number in row[2:6])
    capsys.readouterr()
    assert main(call) == 0
    assert "1 of" not in capsys.readouterr().out
