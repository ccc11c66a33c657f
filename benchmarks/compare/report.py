"""The report: one self-contained page, made from the run folder alone."""

from __future__ import annotations

import csv
import io
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from benchmarks.compare.analysis import Findings, analyse
from benchmarks.compare.answer import answer, interval, number
from benchmarks.compare.figures import CORNERS, Drawing, draw_all, headline_cells
from benchmarks.compare.folder import RunFolder
from benchmarks.compare.jobs import Job, jobs_of
from benchmarks.compare.sweep import ARM, MARGIN, RL, Preset, restored
from textenvs.core.errors import CorruptRunError
from textenvs.evaluation.records import EpisodeRow, reopen
from textenvs.evaluation.store import read_episodes, read_json, write_atomically

REPORT = "report.html"
FIGURES = "figures"
SIDES = ("A1", RL.id)
"""Whose transcripts stand side by side."""


def write_report(path: Path) -> Path:
    """Analyse a finished run and write its page, pictures and tables into the run folder.

    Args:
        path: the run folder; nothing else is read.

    Returns:
        The page.

    Raises:
        CorruptRunError: if something in the folder cannot be read.
        UnfinishedRunError: if results are missing.
    """
    folder = RunFolder(path)
    configuration = read_json(folder.configuration_path)
    preset = _preset(folder, configuration)
    findings = analyse(*folder.results(jobs_of(preset)), np.random.default_rng(0))
    drawings = draw_all(preset, findings, np.random.default_rng(1))
    for drawing in drawings:
        drawing.save(path / FIGURES)
    for name, rows in tables(preset, findings).items():
        write_atomically(path / FIGURES / f"{name}.csv", as_csv(rows))
    page = render(configuration, preset, findings, drawings, transcripts(folder, preset, findings))
    write_atomically(path / REPORT, page)
    return path / REPORT


def _preset(folder: RunFolder, configuration: Mapping[str, Any]) -> Preset:
    try:
        return restored(configuration["preset"])
    except (KeyError, TypeError) as error:
        raise CorruptRunError(f"{folder.configuration_path}: not the configuration of a comparison: {error}") from error


def render(
    configuration: Mapping[str, Any],
    preset: Preset,
    findings: Findings,
    drawings: Sequence[Drawing],
    sides: Sequence[Side],
) -> str:
    """Return the page."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(interval=interval, number=number, amount=amount)
    return environment.get_template("report.html.j2").render(
        answer=answer(findings),
        pictures={drawing.name: _data_uri(drawing) for drawing in drawings},
        arms=ARM.values(),
        preset=preset,
        findings=findings,
        corners=CORNERS,
        margin=MARGIN,
        sides=sides,
        costs=cost_rows(findings),
        limits=limits(preset, findings),
        configuration=configuration,
        headline=dict(headline_cells(preset, findings)),
    )


def _data_uri(drawing: Drawing) -> str:
    return f"data:image/png;base64,{b64encode(drawing.png()).decode()}"
