from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from benchmarks.compare.jobs import jobs_of
from benchmarks.compare.references import reference
from benchmarks.compare.sweep import ARM, CLAIMED, CONTRASTS, PRESETS, RL, START, Preset, preset, restored
from textenvs.core.errors import UnknownNameError


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_survives_json(name: str):
    assert restored(json.loads(json.dumps(asdict(PRESETS[name])))) == PRESETS[name]


@pytest.mark.parametrize("chosen", PRESETS.values(), ids=PRESETS)
def test_every_job_has_a_name_and_randomness_of_its_own(chosen: Preset):
    jobs = jobs_of(chosen)
    assert len({job.id for job in jobs}) == len(jobs)
    assert len({int(job.generator().integers(2**62)) for job in jobs}) == len(jobs)


@pytest.mark.parametrize("chosen", PRESETS.values(), ids=PRESETS)
def test_what_a_job_needs_is_a_job_too(chosen: Preset):
    jobs = {job.id: job for job in jobs_of(chosen)}
    for job in jobs.values():
        assert not job.needs or jobs[job.needs].arm == START.id


@pytest.mark.parametrize("chosen", PRESETS.values(), ids=PRESETS)
def test_cells_with_one_name_are_one_cell(chosen: Preset):
    for part in chosen.parts.values():
        assert all(chosen.cells[cell.id] == cell for cell in part.cells)
        assert len({cell.id for cell in part.cells}) == len(part.cells)


def test_the_quick_grid_has_cells_in_all_four_corners_and_starts_that_can_learn():
    references = {cell.id: reference(cell) for cell in PRESETS["quick"].tabular.cells}
    assert {each["corner"] for each in references.values()} == {"control", "feedback", "foresight", "both"}
    for name, each in references.items():
        values = {ruler: value["low"] for ruler, value in each["values"].items()}
        score = (values["behaviour"] - values["random"]) / (values["optimal"] - values["random"])
        behaviour = PRESETS["quick"].cells[name].behaviour
        assert behaviour == "random" or 0.05 <= score <= 0.4, name
        assert all(value["kind"] == "exact" for value in each["values"].values()), name


def test_every_one_shot_arm_has_cells_where_it_must_lose_and_cells_where_it_must_tie():
    references = [reference(cell) for cell in PRESETS["quick"].tabular.cells]
    for arm in CLAIMED:
        gaps = [each["limits"]["optimal"] - each["limits"][ARM[arm].limit or ""] for each in references]
        assert min(gaps) == pytest.approx(0.0, abs=1e-9)
        assert max(gaps) > 0.1


def test_the_contrasts_are_between_arms_that_every_part_has():
    for chosen in PRESETS.values():
        for part in chosen.parts.values():
            assert {*CONTRASTS, RL.id, START.id} <= set(part.arms)


def test_an_unknown_preset_is_named():
    with pytest.raises(UnknownNameError, match="did you mean 'standard'"):
        preset("standart")
