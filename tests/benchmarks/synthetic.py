"""Results of a comparison that never ran, with known answers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.compare.analysis import Comparison, Findings, analyse
from benchmarks.compare.folder import Point, Reference, Result
from benchmarks.compare.sweep import ARM, Cell, LanguagePart, Preset, TabularPart

ONE_TURN = Cell("one", "Assembly", {"length": 1, "horizon": 1, "slip": 0.1}, "mixed:0.8", series="horizon")
SHORT = Cell("two", "Assembly", {"length": 2, "horizon": 2, "slip": 0.1}, "mixed:0.7", series="horizon")
LONG = Cell("four", "Assembly", {"length": 3, "horizon": 4, "slip": 0.1}, "mixed:0.7", series="horizon")
PRESET = Preset(
    "synthetic",
    TabularPart((ONE_TURN, SHORT, LONG), seeds=10, start_steps=100, budget=1_000),
    LanguagePart(
        (SHORT, ONE_TURN),
        seeds=3,
        start_episodes=10,
        episodes=100,
        evaluation_episodes=64,
        curve_episodes=16,
    ),
)
LIMITS = {
    "one": {"optimal": 0.9, "plan": 0.9, "myopic": 0.9, "one_step": 0.9},
    "two": {"optimal": 0.8, "plan": 0.6, "myopic": 0.1, "one_step": 0.8},
    "four": {"optimal": 0.8, "plan": 0.5, "myopic": 0.0, "one_step": 0.6},
}
RANDOM = {"one": 0.3, "two": 0.1, "four": 0.1}
HORIZONS = {"one": 1, "two": 2, "four": 4}

Score = Callable[[str, str], float]
"""From cell and arm to the mean final score."""


def reference(cell: str) -> Reference:
    known = {**LIMITS[cell], "random": RANDOM[cell], "behaviour": RANDOM[cell] + 0.1}
    values = {name: {"low": value, "high": value, "kind": "exact", "n": None} for name, value in known.items()}
    corner = "control" if cell == "one" else "both"
    return Reference(
        cell=cell, values=values, limits=LIMITS[cell], corner=corner, horizon=HORIZONS[cell], nodes=HORIZONS[cell]
    )


def as_predicted(cell: str, arm: str) -> float:
    """Every arm ends at its limit, and those without one at the optimum; the start at 0.2."""
    if arm == "A0":
        return 0.2
    limit = LIMITS[cell][ARM[arm].limit or "optimal"]
    return (limit - RANDOM[cell]) / (LIMITS[cell]["optimal"] - RANDOM[cell])


def result(part: str, cell: str, arm: str, seed: int, score: float) -> Result:
    scale = LIMITS[cell]["optimal"] - RANDOM[cell]
    value = RANDOM[cell] + score * scale
    flops = [None, None, None] if part == "tabular" else [0.0, 1e9, 2e9 if arm == "B2" else 1e9]
    curve = [
        Point(environment_steps=steps, flops=spent, value=RANDOM[cell] + share * score * scale)
        for steps, spent, share in zip((0, 500, 1_000), flops, (0.2, 0.6, 1.0), strict=True)
    ]
    episodes = None if part == "tabular" else 64
    ledger = {"environment_steps": 1_000.0, "labels": 0.0, "seconds": 1.5}
    return Result(
        part=part,
        cell=cell,
        arm=arm,
        seed=seed,
        value=value,
        episodes=episodes,
        curve=curve,
        ledger=ledger,
        diagnostics={},
    )


def results(score: Score = as_predicted, spread: float = 0.01) -> list[Result]:
    """Return a result for every job; seeds differ by noise of standard deviation `spread` that arms do not share."""
    generator = np.random.default_rng(0)
    return [
        result(name, cell.id, arm, seed, score(cell.id, arm) + spread * generator.standard_normal())
        for name, part in PRESET.parts.items()
        for cell in part.cells
        for arm in part.arms
        for seed in range(part.seeds)
    ]


def references() -> list[Reference]:
    return [reference(cell) for cell in PRESET.cells]


def comparison(score: Score = as_predicted, spread: float = 0.01) -> Comparison:
    return Comparison(references(), results(score, spread))


def findings(score: Score = as_predicted, spread: float = 0.01) -> Findings:
    return analyse(references(), results(score, spread), np.random.default_rng(0))
