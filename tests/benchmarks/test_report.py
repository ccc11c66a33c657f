"""The page and its pictures, made from a run that never ran."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks.compare.figures import Drawing, apart, draw_all
from benchmarks.compare.folder import RunFolder, UnfinishedRunError, configuration
from benchmarks.compare.jobs import Job, jobs_of
from benchmarks.compare.report import amount, write_report
from benchmarks.compare.sweep import RL
from benchmarks.compare.tables import all_tables, as_csv
from tests.benchmarks import synthetic
from tests.benchmarks.synthetic import PRESET, Score, as_predicted
from textenvs.core.errors import CorruptRunError
from textenvs.evaluation.records import episode_row
from textenvs.evaluation.rollout import rollout
from textenvs.evaluation.store import write_episodes, write_json
from textenvs.policies.scripted import ScriptPolicy

pytestmark = pytest.mark.usefixtures("quick_coverage")

HOSTILE = '<script>alert("reply")</script> advance & "more"'


def written(path: Path, score: Score = as_predicted) -> RunFolder:
    """Return a finished synthetic run; the episodes of A1 and B2 differ, and B2 replies with markup."""
    folder = RunFolder(path / "run")
    folder.open(configuration(PRESET))
    rows = {(row["part"], row["cell"], row["arm"], row["seed"]): row for row in synthetic.results(score)}
    for job in jobs_of(PRESET):
        folder.write(job, rows[job.part, job.cell, job.arm, job.seed] if job.arm else synthetic.reference(job.cell))
    for arm, reply in (("A1", "sell"), (RL.id, HOSTILE)):
        game = PRESET.cells["two"].rules
        played = rollout(game, ScriptPolicy([reply] * 2), range(3))
        write_episodes(folder.path, Job("language", "two", arm).id, [episode_row(each, arm) for each in played])
    return folder


@pytest.fixture(scope="module")
def drawings() -> dict[str, Drawing]:
    found = draw_all(PRESET, synthetic.findings(), np.random.default_rng(0))
    return {drawing.name: drawing for drawing in found}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_report(written(tmp_path_factory.mktemp("report")).path).read_text()


def records(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_page_needs_nothing_but_itself(page: str):
    assert not re.findall(r'(?:src|href)="(?!#|data:image/png;base64,)', page)
    assert "<script" not in page
    assert "@import" not in page
    assert "url(" not in page


def test_replies_are_escaped(page: str):
    assert "&lt;script&gt;alert(&#34;reply&#34;)&lt;/script&gt; advance &amp; &#34;more&#34;" in page


def test_the_answer_stands_above_everything_else(page: str):
    assert page.index('class="answer') < page.index("<figure>") < page.index("<table>")


def test_a_contradiction_stands_where_the_answer_stands(tmp_path: Path):
    def contradicting(cell: str, arm: str) -> float:
        return 1.0 if cell == "one" else 0.2 if arm == "B2" else 0.7

    page = write_report(written(tmp_path, contradicting).path).read_text()
    (headline,) = re.findall(r'<p class="answer no">(.*?)</p>', page)
    assert headline.startswith("No, this run contradicts the claim")
    assert "What speaks against the claim" in page


def test_the_same_folder_gives_the_same_bytes(tmp_path: Path):
    folder = written(tmp_path).path
    first = {file: file.read_bytes() for file in sorted(write_report(folder).parent.rglob("*")) if file.is_file()}
    write_report(folder)
    assert {file: file.read_bytes() for file in first} == first


def test_the_transcripts_are_of_one_instance_and_differ(page: str):
    assert page.count('<section class="side">') == 2
    assert "A part is sold." in page


def test_limits_say_what_three_seeds_mean(page: str):
    assert "3 seeds. Of 2,000 simulated samples of 3 normal" in page
    assert "Student&#39;s t" in page


def test_a_missing_result_is_named(tmp_path: Path):
    folder = written(tmp_path)
    folder.result_path(jobs_of(PRESET)[0]).unlink()
    with pytest.raises(UnfinishedRunError, match="are missing"):
        write_report(folder.path)


def test_missing_episodes_are_named(tmp_path: Path):
    folder = written(tmp_path)
    next((folder.path / "episodes").glob("*.A1.*")).unlink()
    with pytest.raises(CorruptRunError, match=r"no episodes in language\.two\.A1\.0\.jsonl"):
        write_report(folder.path)


@pytest.mark.parametrize("content", [{}, {"preset": {}}, {"preset": {"name": "x", "tabular": 1, "language": 2}}, []])
def test_a_foreign_configuration_is_refused(tmp_path: Path, content: object):
    folder = written(tmp_path)
    write_json(folder.configuration_path, content)
    with pytest.raises(CorruptRunError, match=r"configuration\.json"):
        write_report(folder.path)


def test_a_folder_without_a_run_is_refused(tmp_path: Path):
    with pytest.raises(CorruptRunError, match=r"configuration\.json"):
        write_report(tmp_path)


def test_every_picture_is_a_png_with_the_numbers_it_shows(drawings: dict[str, Drawing]):
    assert set(drawings) == {"contrasts", "gaps", "horizon", "rulers", "learning"}
    for drawing in drawings.values():
        assert drawing.png.startswith(b"\x89PNG")
        assert records(as_csv(drawing.rows))


def test_the_gap_figure_shows_every_prediction(drawings: dict[str, Drawing]):
    shown = {(row["part"], row["cell"], row["other"]): row for row in drawings["gaps"].rows}
    assert shown["tabular", "two", "A3"]["predicted"] == pytest.approx(0.2 / 0.7)
    assert len(shown) == 5 + 3 + 3 + 5 + 3


def test_the_horizon_figure_has_arms_and_predictions_in_order(drawings: dict[str, Drawing]):
    rows = [row for row in drawings["horizon"].rows if row["arm"] == "B2"]
    assert [row["horizon"] for row in rows] == [1, 2, 4]
    assert all(row["value"] == pytest.approx(1.0, abs=0.02) for row in rows)


def test_tables_as_csv_hold_every_number():
    tables = all_tables(PRESET, synthetic.findings())
    scores = records(as_csv(tables["scores"]))
    assert len(scores) == 3 * 7 + 2 * 7
    assert {row["evaluation"] for row in scores} == {"exact", "64 episodes a seed"}
    assert {row["verdict"] for row in records(as_csv(tables["nulls"]))} <= {"equivalent", "undecided", "different"}
    costs = {(row["part"], row["cell"], row["arm"]): row for row in records(as_csv(tables["costs"]))}
    assert float(costs["language", "two", "B2"]["environment_steps"]) == 1_000
    assert "labels" not in costs["language", "two", "B2"], "nobody spent any"


def test_names_beside_lines_are_moved_apart_and_no_further():
    assert apart([0.0, 1.0, 2.0], 0.5) == [0.0, 1.0, 2.0]
    assert apart([0.0, 0.1], 0.5) == pytest.approx([-0.2, 0.3])
    moved = apart([0.0, 0.0, 0.0, 0.9], 0.5)
    assert np.diff(moved).min() >= 0.5 - 1e-9
    assert apart([], 0.5) == []


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (12, "12"), (999.4, "999"), (3_400, "3.4 k"), (1.2e8, "120 M"), (5.61e12, "5.61 T")]
)
def test_amounts_are_short(value: float, text: str):
    assert amount(value) == text
