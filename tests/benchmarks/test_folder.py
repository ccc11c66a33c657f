from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.compare.folder import RunFolder, UnfinishedRunError, configuration
from benchmarks.compare.jobs import Job, jobs_of
from tests.benchmarks import synthetic
from textenvs.core.errors import CorruptRunError, DifferentRunError


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "run")


def fill(folder: RunFolder) -> tuple[Job, ...]:
    """Store a result for every job of the synthetic preset."""
    rows = {(row["part"], row["cell"], row["arm"], row["seed"]): row for row in synthetic.results()}
    jobs = jobs_of(synthetic.PRESET)
    for job in jobs:
        reference = synthetic.reference(job.cell)
        folder.write(job, rows[job.part, job.cell, job.arm, job.seed] if job.arm else reference)
    return jobs


def test_a_folder_is_opened_again_with_the_same_configuration(folder: RunFolder):
    folder.open(configuration(synthetic.PRESET))
    folder.open(configuration(synthetic.PRESET))


def test_another_configuration_is_refused_and_the_difference_named(folder: RunFolder):
    folder.open(configuration(synthetic.PRESET))
    other = replace(synthetic.PRESET, tabular=replace(synthetic.PRESET.tabular, seeds=4))
    with pytest.raises(DifferentRunError, match=r"preset\.tabular\.seeds: the folder has 10, asked for is 4"):
        folder.open(configuration(other))


def test_other_code_is_refused(folder: RunFolder):
    wanted = configuration(synthetic.PRESET)
    folder.open({**wanted, "code": "0123456789abcdef"})
    with pytest.raises(DifferentRunError, match="code: the folder has '0123456789abcdef'"):
        folder.open(wanted)


def test_results_come_back_to_the_bit(folder: RunFolder):
    jobs = fill(folder)
    references, results = folder.results(jobs)
    assert sorted(references, key=lambda row: row["cell"]) == sorted(
        synthetic.references(), key=lambda row: row["cell"]
    )
    assert {json.dumps(row, sort_keys=True) for row in results} == {
        json.dumps(row, sort_keys=True) for row in synthetic.results()
    }


def test_missing_results_are_counted_and_named(folder: RunFolder):
    jobs = fill(folder)
    folder.result_path(jobs[3]).unlink()
    assert folder.unfinished(jobs) == [jobs[3]]
    with pytest.raises(UnfinishedRunError, match=rf"1 of {len(jobs)} results are missing.*{jobs[3].id}"):
        folder.results(jobs)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"value": 1}', "\x00\x01", '"text"'])
def test_corrupt_results_are_kept_aside_and_made_again(folder: RunFolder, content: str):
    jobs = fill(folder)
    path = folder.result_path(jobs[0])
    path.write_text(content)
    with pytest.raises(CorruptRunError, match=path.name):
        folder.results(jobs)
    (aside,) = folder.set_corrupt_aside(jobs)
    assert aside.read_text() == content
    assert aside.name == f"{path.name}.corrupt"
    assert folder.unfinished(jobs) == [jobs[0]]


def test_a_second_corrupt_file_does_not_overwrite_the_first(folder: RunFolder):
    jobs = fill(folder)
    for content in ("first", "second"):
        folder.result_path(jobs[0]).write_text(content)
        folder.set_corrupt_aside(jobs)
    kept = sorted(path.read_text() for path in folder.path.rglob("*.corrupt*"))
    assert kept == ["first", "second"]


def test_a_result_in_the_wrong_place_is_corrupt(folder: RunFolder):
    jobs = fill(folder)
    training = [job for job in jobs if job.arm]
    folder.result_path(training[0]).write_text(folder.result_path(training[1]).read_text())
    assert len(folder.set_corrupt_aside(jobs)) == 1
