"""The pictures of the report, each with the numbers it shows."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter

from benchmarks.compare.analysis import Axis, Curve, Findings, learning_curve
from benchmarks.compare.statistics import Estimate
from benchmarks.compare.sweep import ARM, CLAIMED, CONTRASTS, MARGIN, RL, START, PartName, Preset
from benchmarks.compare.tables import Row, as_csv
from textenvs.evaluation.store import write_atomically

COLOURS = {
    "A0": "#6e6e6e",
    "A1": "#d55e00",
    "A2": "#b8860b",
    "A3": "#a8519d",
    "A5": "#009e73",
    "B1": "#3f97d3",
    "B2": "#0053a0",
}
"""After Okabe & Ito (2008), darkened so that text is legible on white; an arm has its colour and marker everywhere."""

MARKERS = {"A0": "x", "A1": "o", "A2": "s", "A3": "^", "A5": "v", "B1": "P", "B2": "D"}
DARK, QUIET = "#1a1a1a", "#8c8c8c"
PARTS = {"tabular": "tables", "language": "language model"}

STYLE: dict[Any, Any] = {
    "font.size": 9.5,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": QUIET,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.7,
    "axes.axisbelow": True,
    "figure.constrained_layout.use": True,
    "svg.fonttype": "none",
}
RESOLUTION = 180  # dots per inch: about twice what the page shows
_LINE_HEIGHT = 0.17  # inches


@dataclass(frozen=True)
class Drawing:
    """A picture and its numbers.

    Attributes:
        name: of its files.
        figure: the picture.
        rows: what it shows, one record for each mark.
    """

    name: str
    figure: Figure
    rows: list[Row]

    @cached_property
    def png(self) -> bytes:
        """The picture as PNG; the same bytes for the same numbers."""
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format="png", dpi=RESOLUTION, metadata={"Software": None})
        return buffer.getvalue()

    def save(self, folder: Path) -> None:
        """Write both into a folder."""
        write_atomically(folder / f"{self.name}.png", self.png)
        write_atomically(folder / f"{self.name}.csv", as_csv(self.rows))


def draw_all(preset: Preset, findings: Findings, generator: np.random.Generator) -> list[Drawing]:
    """Draw every figure of the report; `generator` draws the bootstrap samples of the curves."""
    with mpl.rc_context(STYLE):
        return [
            draw_contrasts(findings),
            draw_gaps(findings),
            draw_horizon(preset, findings),
            draw_rulers(preset, findings),
            draw_learning(preset, findings, generator),
        ]


# Contrasts ---------------------------------------------------------------------------------------


def draw_contrasts(findings: Findings) -> Drawing:
    """Draw the pre-registered contrasts: how far turn-level PPO ends above each other arm."""
    parts = findings.comparison.parts()
    figure = Figure(figsize=(8.6, 0.9 + 0.42 * len(CONTRASTS)))
    rows: list[Row] = []
    for part, axes in zip(parts, _panels(figure, len(parts)), strict=True):
        axes.axvline(0, color=DARK, linewidth=1)
        axes.set_title(f"{PARTS[part].capitalize()}, {_seeds(findings, part)} seeds")
        axes.set_xlabel(f"score of {RL.id} minus score of the other arm")
        tested = {each.other: each for each in findings.contrasts if each.part == part}
        for position, other in enumerate(CONTRASTS):
            if other not in tested:
                axes.text(0, -position, " no cell with a predicted gap", va="center", fontsize=8.5, color="#666666")
                continue
            estimates = {"environment steps": tested[other].measured, "FLOPs": tested[other].at_equal_flops}
            for axis, estimate, offset in _present(estimates):
                _interval(axes, estimate, offset - position, COLOURS[other], hollow=axis == "FLOPs")
                rows.append({"part": part, "other": other, "at equal": axis, **estimate._asdict()})
        axes.set_yticks([-index for index in range(len(CONTRASTS))], [f"{RL.id} − {_name(arm)}" for arm in CONTRASTS])
        axes.set_ylim(0.6 - len(CONTRASTS), 0.6)
        axes.grid(axis="y", visible=False)
    return Drawing("contrasts", figure, rows)


def _present(estimates: dict[str, Estimate | None]) -> Iterator[tuple[str, Estimate, float]]:
    """Yield the estimates there are, apart from one another if there are two."""
    known = [(axis, estimate) for axis, estimate in estimates.items() if estimate is not None]
    offsets = (0.14, -0.14) if len(known) > 1 else (0.0,)
    for (axis, estimate), offset in zip(known, offsets, strict=True):
        yield axis, estimate, offset


def _interval(axes: Axes, estimate: Estimate, y: float, colour: str, *, hollow: bool = False) -> None:
    axes.plot([estimate.low, estimate.high], [y, y], color=colour, linewidth=2, solid_capstyle="butt")
    axes.plot(estimate.value, y, "o", color=colour, markerfacecolor="white" if hollow else colour, markersize=6)


# Measured against predicted ----------------------------------------------------------------------


def draw_gaps(findings: Findings) -> Drawing:
    """Draw measured against predicted gaps of all cells, with the line on which they are equal."""
    figure = Figure(figsize=(8.6, 5.2))
    (axes,) = _panels(figure, 1)
    rows: list[Row] = []
    known = [(each, each.predicted) for each in findings.differences if each.predicted is not None]
    most = max(predicted for _, predicted in known)
    axes.plot([-0.05, most + 0.1], [-0.05, most + 0.1], color=DARK, linewidth=1, zorder=1)
    axes.annotate("measured = predicted", (most, most), (-6, 8), textcoords="offset points", ha="right", rotation=0)
    axes.axhspan(-MARGIN, MARGIN, color="#f2f2f2", zorder=0)
    for each, predicted in known:
        language = each.part == "language"
        low, high = each.measured.value - each.measured.low, each.measured.high - each.measured.value
        axes.errorbar(
            predicted,
            each.measured.value,
            [[low], [high]],
            fmt=MARKERS[each.other],
            color=COLOURS[each.other],
            markeredgecolor=DARK if language else "white",
            markeredgewidth=1.2 if language else 0.6,
            markersize=9 if language else 6.5,
            elinewidth=1.1,
            zorder=4 if language else 3,
        )
        rows.append({"part": each.part, "cell": each.cell, "other": each.other, "predicted": predicted})
        rows[-1].update(each.measured._asdict())
    axes.set_xlabel("predicted by exact planning: optimal play minus the prediction for the other arm")
    axes.set_ylabel(f"measured: score of {RL.id} minus that of the arm")
    _legend(axes, CONTRASTS, language=any(each.part == "language" for each, _ in known))
    return Drawing("gaps", figure, rows)


def _legend(axes: Axes, arms: Sequence[str], *, language: bool) -> None:
    for arm in arms:
        axes.plot([], [], MARKERS[arm], color=COLOURS[arm], label=f"{RL.id} − {_name(arm)}")
    if language:
        axes.plot([], [], "o", color="white", markeredgecolor=DARK, markersize=9, label="dark rim: language model")
    axes.legend(loc="lower right", frameon=False)


# The horizon -------------------------------------------------------------------------------------


def draw_horizon(preset: Preset, findings: Findings) -> Drawing:
    """Draw the score of each arm against the horizon, with the exact ceilings of the one-shot arms."""
    comparison = findings.comparison
    cells = [cell for cell in preset.tabular.cells if cell.series == "horizon"]
    horizons = [comparison.references[cell.id]["horizon"] for cell in cells]
    figure = Figure(figsize=(8.6, 4.8))
    (axes,) = _panels(figure, 1)
    rows: list[Row] = []
    ends = {}
    for arm in preset.tabular.arms:
        reached = {each.cell: each.score for each in findings.summaries if (each.part, each.arm) == ("tabular", arm)}
        scores = np.array([reached[cell.id] for cell in cells])
        _band(axes, horizons, scores[:, 0], scores[:, 1], scores[:, 2], arm, marker=MARKERS[arm])
        ends[arm] = scores[-1, 0]
        for cell, horizon in zip(cells, horizons, strict=True):
            rows.append({"arm": arm, "horizon": horizon, "cell": cell.id, **reached[cell.id]._asdict()})
        if arm in CLAIMED:
            ceiling = np.array([comparison.limit(cell.id, arm) for cell in cells], float)
            axes.plot(horizons, ceiling, ":", color=COLOURS[arm], linewidth=1.8)
            rows += [
                {"arm": f"limit of {arm}", "horizon": horizon, "cell": cell.id, "value": limit}
                for cell, horizon, limit in zip(cells, horizons, ceiling, strict=True)
            ]
    axes.axhline(1, color=DARK, linewidth=1)
    axes.set_xscale("log", base=2)
    axes.set_xticks(horizons, [str(horizon) for horizon in horizons])
    axes.minorticks_off()
    axes.set_xlabel("horizon: turns in an episode of Assembly")
    axes.set_ylabel("score: 0 random, 1 optimal")
    _label_ends(axes, ends)
    return Drawing("horizon", figure, rows)


def _band(axes: Axes, x: Any, middle: Any, low: Any, high: Any, arm: str, *, marker: str = "") -> None:
    """Draw a line with its interval in the colour of an arm."""
    axes.fill_between(x, low, high, color=COLOURS[arm], alpha=0.18, linewidth=0)
    axes.plot(x, middle, color=COLOURS[arm], marker=marker, markersize=5, linewidth=1.8)


def _label_ends(axes: Axes, ends: dict[str, float]) -> None:
    """Name each line at the right, the names moved apart as far as they need."""
    bottom, top = axes.get_ylim()
    height = axes.get_window_extent().height / axes.figure.dpi
    order = sorted(ends, key=ends.__getitem__)
    places = apart([ends[arm] for arm in order], (top - bottom) * _LINE_HEIGHT / height)
    for arm, y in zip(order, places, strict=True):
        axes.annotate(_name(arm), (1.015, y), xycoords=axes.get_yaxis_transform(), va="center", color=COLOURS[arm])


def apart(positions: Sequence[float], needed: float) -> list[float]:
    """Return ascending positions moved as little as possible so that neighbours are `needed` apart.

    Groups of neighbours that are too close are centred on their mean (pool adjacent violators).
    """
    groups: list[list[float]] = []
    for position in positions:
        groups.append([position, 1])
        while len(groups) > 1 and groups[-1][0] - groups[-2][0] < needed * (groups[-1][1] + groups[-2][1]) / 2:
            centre, size = groups.pop()
            before, size_before = groups[-1]
            groups[-1] = [(centre * size + before * size_before) / (size + size_before), size + size_before]
    return [centre + needed * (index - (size - 1) / 2) for centre, size in groups for index in range(int(size))]


# The rulers --------------------------------------------------------------------------------------

RULERS = {
    "behaviour": ("x", COLOURS["A0"], "start: the cloned behaviour"),
    "myopic": ("o", COLOURS["A1"], "myopic"),
    "one_step": ("s", COLOURS["A2"], "one step of improvement"),
    "plan": ("^", COLOURS["A3"], "plan"),
}
CORNERS = {
    "control": "Control: a greedy plan is optimal, nothing can be gained",
    "feedback": "Feedback only: myopic is optimal, plans are not",
    "foresight": "Foresight only: plans are optimal, myopic is not",
    "both": "Feedback and foresight",
    "unknown": "Not settled",
}


def draw_rulers(preset: Preset, findings: Findings) -> Drawing:
    """Draw the exact reference values of each cell, by what the cell takes."""
    references = findings.comparison.references
    groups = {name: [cell for cell in preset.cells if references[cell]["corner"] == name] for name in CORNERS}
    groups = {name: cells for name, cells in groups.items() if cells}
    sizes = [len(cells) for cells in groups.values()]
    figure = Figure(figsize=(8.6, 1.3 + 0.22 * sum(sizes) + 0.45 * len(groups)))
    panels = figure.subplots(len(groups), 1, sharex=True, squeeze=False, height_ratios=[n + 0.6 for n in sizes])[:, 0]
    rows: list[Row] = []
    for axes, (corner, cells) in zip(panels, groups.items(), strict=True):
        axes.set_title(CORNERS[corner], fontsize=9.5)
        for position, cell in enumerate(cells):
            rows += _draw_ruler(axes, -position, cell, findings)
        axes.set_yticks([-position for position in range(len(cells))], cells)
        axes.set_ylim(0.6 - len(cells), 0.6)
        axes.grid(axis="y", visible=False)
    panels[-1].set_xlabel("score: 0 random, 1 optimal. At the right, both in units of return")
    handles = [Line2D([], [], marker=m, color=c, linestyle="", label=label) for m, c, label in RULERS.values()]
    figure.legend(handles=handles, loc="outside upper left", ncols=len(handles), frameon=False)
    return Drawing("rulers", figure, rows)


def _draw_ruler(axes: Axes, y: float, cell: str, findings: Findings) -> list[Row]:
    comparison = findings.comparison
    returns = {name: comparison.ruler(cell, name) for name in (*RULERS, "random", "optimal")}
    scores = {name: float(comparison.score(cell, value)) for name, value in returns.items()}
    axes.plot([min(scores.values()), 1], [y, y], color="#d4d4d4", linewidth=3, zorder=1)
    axes.plot([0, 1], [y, y], "|", color=DARK, markersize=9, zorder=2)
    for name, (marker, colour, _) in RULERS.items():
        axes.plot(scores[name], y, marker, color=colour, markersize=6, zorder=3)
    text = f"{returns['random']:.3f} … {returns['optimal']:.3f}"
    axes.annotate(text, (1.02, y), xycoords=axes.get_yaxis_transform(), va="center", fontsize=8.5)
    return [{"cell": cell, "ruler": name, "score": scores[name], "return": returns[name]} for name in returns]


# Learning curves ---------------------------------------------------------------------------------


def draw_learning(preset: Preset, findings: Findings, generator: np.random.Generator) -> Drawing:
    """Draw learning curves of one cell of each part, those of the language model also against FLOPs."""
    shown = [(part, cell, axis) for part, cell in headline_cells(preset, findings) for axis in _axes_of(part)]
    figure = Figure(figsize=(8.6, 3.3 * len(shown)))
    rows: list[Row] = []
    for axes, (part, cell, axis) in zip(_panels(figure, len(shown), stacked=True), shown, strict=True):
        arms = [arm for arm in preset.parts[part].arms if arm != START.id]
        curves = {arm: learning_curve(findings.comparison, part, cell, arm, axis, generator) for arm in arms}
        most = max(curve.spent[-1] for curve in curves.values())
        for arm, curve in curves.items():
            _band(axes, curve.spent, curve.score, curve.low, curve.high, arm)
            axes.plot([curve.spent[-1], most], [curve.score[-1]] * 2, ":", color=COLOURS[arm], linewidth=1.4)
            columns = zip(*curve, strict=True)
            rows += [{"part": part, "cell": cell, "arm": arm, "axis": axis, **_point(values)} for values in columns]
        axes.axhline(1, color=DARK, linewidth=1)
        axes.set_xlim(0, most)
        axes.xaxis.set_major_formatter(EngFormatter(sep=" "))
        axes.set_title(f"{PARTS[part].capitalize()}, {cell}, against {axis}")
        axes.set_xlabel(f"{axis} spent after the shared start")
        axes.set_ylabel("score")
        _label_ends(axes, {arm: float(curve.score[-1]) for arm, curve in curves.items()})
    return Drawing("learning", figure, rows)


def headline_cells(preset: Preset, findings: Findings) -> list[tuple[PartName, str]]:
    """Return the cell of each part that is shown in detail: the first with a gap, of tables that in mid-sweep."""
    sweep = [cell.id for cell in preset.tabular.cells if cell.series == "horizon"]
    corners = {cell: reference["corner"] for cell, reference in findings.comparison.references.items()}
    language = [cell.id for cell in preset.language.cells if corners[cell.id] != "control"]
    return [("tabular", sweep[len(sweep) // 2]), *(("language", cell) for cell in language[:1])]


def _axes_of(part: PartName) -> tuple[Axis, ...]:
    return ("environment steps", "FLOPs") if part == "language" else ("environment steps",)


def _point(values: Sequence[float]) -> Row:
    return dict(zip(Curve._fields, map(float, values), strict=True))


# What figures share ------------------------------------------------------------------------------


def _panels(figure: Figure, count: int, *, stacked: bool = False) -> list[Axes]:
    shape = (count, 1) if stacked else (1, count)
    return list(figure.subplots(*shape, sharey=not stacked, squeeze=False).ravel())


def _name(arm: str) -> str:
    return f"{arm} {ARM[arm].label}"


def _seeds(findings: Findings, part: str) -> int:
    return max(each.seeds for each in findings.summaries if each.part == part)
