"""The report: one self-contained page, made from the run folder alone."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from benchmarks.compare.analysis import Findings, analyse
from benchmarks.compare.answer import PARTS, answer, interval, number
from benchmarks.compare.figures import COLOURS, CORNERS, Drawing, draw_all, headline_cells
from benchmarks.compare.folder import RunFolder
from benchmarks.compare.jobs import jobs_of
from benchmarks.compare.limits import limits
from benchmarks.compare.sweep import ARM, CONTRASTS, MARGIN, RL, Preset, restored
from benchmarks.compare.tables import all_tables, as_csv, cells, costs
from benchmarks.compare.transcripts import SideBySide, side_by_side
from textenvs.core.errors import CorruptRunError
from textenvs.evaluation.store import read_json, write_atomically

REPORT = "report.html"
FIGURES = "figures"
TABLES = "tables"


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
    detail = dict(headline_cells(preset, findings)).get("language")
    episodes = side_by_side(folder, detail) if detail else None
    drawings = draw_all(preset, findings, np.random.default_rng(1))
    for drawing in drawings:
        drawing.save(path / FIGURES)
    for name, rows in all_tables(preset, findings).items():
        write_atomically(path / TABLES / f"{name}.csv", as_csv(rows))
    write_atomically(path / REPORT, render(configuration, preset, findings, drawings, episodes))
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
    episodes: SideBySide | None,
) -> str:
    """Return the page.

    Args:
        configuration: what the run folder says of the run.
        preset: the same as a value.
        findings: the analysis.
        drawings: the pictures, which become part of the page.
        episodes: what to show side by side, if anything.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(interval=interval, number=number, amount=amount)
    page: str = environment.get_template("report.html.j2").render(
        answer=answer(findings),
        pictures={drawing.name: f"data:image/png;base64,{b64encode(drawing.png).decode()}" for drawing in drawings},
        arms=ARM,
        colours=COLOURS,
        parts=PARTS,
        corners=CORNERS,
        contrasts=CONTRASTS,
        rl=RL,
        margin=MARGIN,
        preset=preset,
        findings=findings,
        reached={(each.part, each.cell, each.arm): each for each in findings.summaries},
        cells=cells(preset, findings),
        costs=costs(findings),
        episodes=episodes,
        limits=limits(preset, findings),
        configuration=configuration,
    )
    return page


def amount(value: float) -> str:
    """Return a cost in at most four characters and a suffix: `0`, `12`, `3.4 k`, `120 M`, `5.6 G`."""
    for size, suffix in ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value / size:.3g}{suffix}"
    return f"{value:.3g}"
