"""The curves as a picture and a table."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from benchmarks.self_play.sweep import Setting
from textenvs.core.strategies import strategy
from textenvs.planning.equilibrium import exploitability
from textenvs.registry import make_game

FloatArray = npt.NDArray[np.float64]

STYLES = {True: ("#0b5394", "one model for both seats"), False: ("#d95f0e", "a model for each seat")}


def curve(runs: Sequence[Mapping[str, Any]]) -> tuple[FloatArray, FloatArray]:
    """Return environment steps, float64[points], and exploitability, float64[seeds, points], of equal lengths."""
    rows = [[row for row in each["curve"] if "evaluation" in row] for each in runs]
    points = min(map(len, rows))
    steps = np.array([row["environment_steps"] for row in rows[0][:points]], dtype=np.float64)
    return steps, np.array([[row["evaluation"] for row in each[:points]] for each in rows])


def draw(settings: Sequence[Setting], found: Mapping[str, Sequence[Mapping[str, Any]]], file: Path) -> None:
    """Draw a panel for each game: every run thin, the mean over seeds thick, with random and perfect play."""
    games = list(dict.fromkeys(setting.game for setting in settings))
    figure = Figure(figsize=(5 * len(games), 3.6), layout="constrained")
    for axes, game in zip(figure.subplots(1, len(games), squeeze=False)[0], games, strict=True):
        for setting in (each for each in settings if each.game == game):
            steps, values = curve(found[setting.id])
            colour, label = STYLES[setting.config.shared]
            axes.plot(steps, values.T, color=colour, alpha=0.3, linewidth=1)
            axes.plot(steps, values.mean(axis=0), color=colour, linewidth=2.2, label=f"{label}, {len(values)} seeds")
        axes.axhline(_random_play(game), color="black", linewidth=1, linestyle=":", label="random play")
        axes.axhline(0, color="black", linewidth=1, label="equilibrium")
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        axes.set_title(game)
        axes.set_ylabel("exploitability")
        axes.set_xlabel("environment steps of both seats")
        axes.legend(frameon=False)
    figure.savefig(file, dpi=150)


def _random_play(game: str) -> float:
    return float(exploitability(make_game(game), strategy("random")))


def write_table(settings: Sequence[Setting], found: Mapping[str, Sequence[Mapping[str, Any]]], file: Path) -> None:
    """Write a row for each setting: exploitability at the start and at the end, over seeds, and what a run took."""
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow(["setting", "seeds", "start", "end", "end lowest", "end highest", "steps", "flops"])
        for setting in settings:
            steps, values = curve(found[setting.id])
            ends = values[:, -1]
            flops = np.mean([each["ledger"]["flops"] for each in found[setting.id]])
            numbers = [values[:, 0].mean(), ends.mean(), ends.min(), ends.max()]
            told = [f"{number:.4f}" for number in numbers]
            writer.writerow([setting.id, len(values), *told, int(steps[-1]), f"{flops:.3g}"])
