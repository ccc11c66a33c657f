"""From results to conclusions: normalised scores, differences, contrasts and nulls. Pure functions.

A *score* is a return on the scale from random play (0) to optimal play (1). Scores of an arm over seeds are summarised
by their interquartile mean with a percentile bootstrap interval (Agarwal et al. 2021, arXiv:2108.13264). Arms share
seeds, so differences are taken seed by seed before they are resampled.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from benchmarks.compare.folder import Point, Reference, Result
from benchmarks.compare.statistics import (
    LEVEL,
    RESAMPLES,
    Equivalence,
    Estimate,
    FloatArray,
    bootstrap,
    coverage,
    equivalence,
    estimate,
    holm,
    paired_p,
)
from benchmarks.compare.sweep import ARM, CONTRASTS, MARGIN, RL
from textenvs.evaluation.statistics import interquartile_mean

Axis = Literal["environment steps", "FLOPs"]
Direction = Literal["higher", "lower", "undecided"]

CURVE_POINTS = 200
SAME = 1e-9
"""Gaps up to this size are none: exact values are correct to better than this."""


class Summary(NamedTuple):
    """What an arm reached in a cell.

    Attributes:
        part: `tabular` or `language`.
        cell: id of the cell.
        arm: id of the arm.
        seeds: number of runs.
        value: expected return of the final policies.
        score: the same on the scale from random to optimal.
        episodes: evaluation episodes behind each run's value; None if it is exact.
    """

    part: str
    cell: str
    arm: str
    seeds: int
    value: Estimate
    score: Estimate
    episodes: int | None


class Difference(NamedTuple):
    """The score of the RL arm minus that of another arm, in one cell.

    Attributes:
        part: `tabular` or `language`.
        cell: id of the cell.
        other: id of the other arm.
        predicted: what exact planning says of arms that train without end; None if it says nothing.
        by_seed: float64[seeds]; the differences at equal environment steps.
        measured: the estimate of the same.
        at_equal_flops: the estimate at equal FLOPs (`flops_apart`); None for tables.
    """

    part: str
    cell: str
    other: str
    predicted: float | None
    by_seed: FloatArray
    measured: Estimate
    at_equal_flops: Estimate | None


class Contrast(NamedTuple):
    """A pre-registered contrast over all cells in which a gap of at least `MARGIN` is predicted.

    Attributes:
        part: `tabular` or `language`.
        other: id of the arm that the RL arm is compared with.
        cells: ids of those cells.
        predicted: the mean predicted gap; None if planning says nothing.
        measured: the difference of the scores' means over cells, at equal environment steps.
        at_equal_flops: likewise at equal FLOPs; None for tables.
        p: of the paired test over seeds (`statistics.paired_p`), the larger one of both axes.
        adjusted: the same after Holm's correction over the contrasts of the part.
        direction: on which side of zero the difference lies, if it is the same one on all axes and significant.
    """

    part: str
    other: str
    cells: tuple[str, ...]
    predicted: float | None
    measured: Estimate
    at_equal_flops: Estimate | None
    p: float
    adjusted: float
    direction: Direction


class Null(NamedTuple):
    """A difference for which exact planning predicts zero, and whether it is one.

    Attributes:
        part: `tabular` or `language`.
        cell: id of the cell.
        other: id of the other arm.
        test: two one-sided tests with the margin `MARGIN`.
    """

    part: str
    cell: str
    other: str
    test: Equivalence


class Comparison:
    """The results of a run, by part, cell and arm, with the scale of each cell."""

    def __init__(self, references: Iterable[Reference], results: Iterable[Result]) -> None:
        self.references = {reference["cell"]: reference for reference in references}
        by_arm: dict[tuple[str, str, str], list[Result]] = defaultdict(list)
        for result in sorted(results, key=lambda result: result["seed"]):
            by_arm[result["part"], result["cell"], result["arm"]].append(result)
        self.results: Mapping[tuple[str, str, str], list[Result]] = dict(by_arm)

    def ruler(self, cell: str, name: str) -> float:
        """Return a reference value of a cell in units of return."""
        value = self.references[cell]["values"][name]
        return float(value["low"] + value["high"]) / 2

    def score(self, cell: str, value: float | FloatArray) -> FloatArray:
        """Return returns on the scale from random (0) to optimal (1)."""
        zero, one = self.ruler(cell, "random"), self.ruler(cell, "optimal")
        return (np.asarray(value) - zero) / (one - zero)

    def values(self, part: str, cell: str, arm: str) -> FloatArray:
        """Return the final values of an arm, float64[seeds]."""
        return np.array([result["value"] for result in self.results[part, cell, arm]])

    def limit(self, cell: str, arm: str) -> float | None:
        """Return the score that bounds an arm, None if planning does not say."""
        name = ARM[arm].limit
        return None if name is None else float(self.score(cell, self.references[cell]["limits"][name]))

    def predicted(self, cell: str, other: str) -> float | None:
        """Return the gap between optimal play and the limit of an arm, None if planning does not say.

        In a control nothing is to be gained by feedback or foresight, so that every arm is predicted to tie.
        """
        if self.references[cell]["corner"] == "control":
            return 0.0
        limit = self.limit(cell, other)
        return None if limit is None else 1.0 - limit

    def places(self, part: str) -> list[str]:
        """Return the ids of the cells of a part."""
        return list(dict.fromkeys(cell for name, cell, _ in self.results if name == part))

    def parts(self) -> list[str]:
        """Return the names of the parts that have results, tables first."""
        return sorted({part for part, _, _ in self.results}, reverse=True)


def summaries(comparison: Comparison, generator: np.random.Generator) -> list[Summary]:
    """Return what every arm reached in every cell."""
    found = []
    for (part, cell, arm), results in comparison.results.items():
        value = estimate(comparison.values(part, cell, arm), generator)
        score = Estimate(*(float(comparison.score(cell, end)) for end in value))
        found.append(Summary(part, cell, arm, len(results), value, score, results[0]["episodes"]))
    return found


def differences(comparison: Comparison, generator: np.random.Generator) -> list[Difference]:
    """Return the RL arm minus each other arm of the contrasts, in every cell that has both."""
    return [
        _difference(comparison, part, cell, other, generator)
        for part in comparison.parts()
        for cell in comparison.places(part)
        for other in CONTRASTS
        if {(part, cell, RL.id), (part, cell, other)} <= comparison.results.keys()
    ]


def _difference(comparison: Comparison, part: str, cell: str, other: str, generator: np.random.Generator) -> Difference:
    by_seed = scores_apart(comparison, part, cell, other)
    flops = flops_apart(comparison, part, cell, other)
    return Difference(
        part,
        cell,
        other,
        comparison.predicted(cell, other),
        by_seed,
        estimate(by_seed, generator),
        None if flops is None else estimate(flops, generator),
    )


def scores_apart(comparison: Comparison, part: str, cell: str, other: str) -> FloatArray:
    """Return the score of the RL arm minus that of another at equal environment steps, float64[seeds]."""
    apart: FloatArray = comparison.score(cell, comparison.values(part, cell, RL.id))
    return apart - comparison.score(cell, comparison.values(part, cell, other))


def flops_apart(comparison: Comparison, part: str, cell: str, other: str) -> FloatArray | None:
    """Return the same at equal FLOPs, float64[seeds]; None if FLOPs are not counted.

    Both arms are read where they have spent what the cheaper one spent in all. An arm with a ceiling is instead
    granted any number of FLOPs: it is taken to be at its ceiling.
    """
    pairs = zip(comparison.results[part, cell, RL.id], comparison.results[part, cell, other], strict=True)
    curves = [(ours["curve"], theirs["curve"]) for ours, theirs in pairs]
    if any(point["flops"] is None for both in curves for curve in both for point in curve):
        return None
    ceiling = comparison.limit(cell, other)
    if ARM[other].has_ceiling and ceiling is not None:
        ours: FloatArray = comparison.score(cell, comparison.values(part, cell, RL.id))
        return ours - ceiling
    apart = []
    for one, another in curves:
        spent = min(spending(one, "FLOPs")[-1], spending(another, "FLOPs")[-1])
        apart.append(value_at(one, "FLOPs", spent) - value_at(another, "FLOPs", spent))
    return np.array(apart) / (comparison.ruler(cell, "optimal") - comparison.ruler(cell, "random"))


def spending(curve: Sequence[Point], axis: Axis) -> FloatArray:
    """Return what was spent at each point of a learning curve, float64[points]."""
    return np.array([point["flops"] if axis == "FLOPs" else point["environment_steps"] for point in curve], float)


def value_at(curve: Sequence[Point], axis: Axis, spent: float) -> float:
    """Return the last value that was reached for at most `spent`: never a later one, never one in between."""
    reached = np.searchsorted(spending(curve, axis), spent, side="right") - 1
    return curve[max(int(reached), 0)]["value"]


class Curve(NamedTuple):
    """A learning curve over seeds.

    Attributes:
        spent: float64[points].
        score: float64[points]; interquartile means.
        low: float64[points]; lower ends of the intervals.
        high: float64[points]; upper ends.
    """

    spent: FloatArray
    score: FloatArray
    low: FloatArray
    high: FloatArray


def learning_curve(
    comparison: Comparison,
    part: str,
    cell: str,
    arm: str,
    axis: Axis,
    generator: np.random.Generator,
) -> Curve:
    """Return the learning curve of an arm up to what its thriftiest seed has spent."""
    curves = [result["curve"] for result in comparison.results[part, cell, arm]]
    most = min(spending(curve, axis)[-1] for curve in curves)
    spent = np.linspace(0.0, most, CURVE_POINTS)
    values = np.array([[value_at(curve, axis, at) for curve in curves] for at in spent])
    scores = comparison.score(cell, values)
    low, high = bootstrap(scores, generator)
    return Curve(spent, interquartile_mean(scores), low, high)


def contrasts(comparison: Comparison, found: Sequence[Difference], generator: np.random.Generator) -> list[Contrast]:
    """Return the pre-registered contrasts of each part, over the cells in which they are predicted."""
    rows = []
    for part in comparison.parts():
        groups = [_with_gap(comparison, found, part, other) for other in CONTRASTS]
        pooled = [_pooled(comparison, group) for group in groups if group]
        p_values = [max(paired_p(by_seed) for by_seed in by_axis) for by_axis in pooled]
        tested = zip(filter(None, groups), pooled, p_values, holm(p_values), strict=True)
        rows += [_contrast(*each, generator) for each in tested]
    return rows


def _with_gap(comparison: Comparison, found: Sequence[Difference], part: str, other: str) -> list[Difference]:
    """Return the differences to an arm in the cells where its gap, or, if it has no prediction, any gap is expected."""
    here = [each for each in found if each.part == part and each.other == other]
    return [each for each in here if _gap(comparison, each) >= MARGIN]


def _gap(comparison: Comparison, difference: Difference) -> float:
    if difference.predicted is not None:
        return difference.predicted
    gaps = (comparison.score(difference.cell, comparison.ruler(difference.cell, name)) for name in ("plan", "myopic"))
    return float(1.0 - min(gaps))


def _pooled(comparison: Comparison, group: Sequence[Difference]) -> list[FloatArray]:
    """Return the mean difference over cells for each seed, float64[seeds], at equal steps and, if known, FLOPs."""
    flops = [flops_apart(comparison, each.part, each.cell, each.other) for each in group]
    by_axis = [[each.by_seed for each in group], [apart for apart in flops if apart is not None]]
    return [np.mean(cells, axis=0) for cells in by_axis if cells]


def _contrast(
    group: Sequence[Difference],
    by_axis: Sequence[FloatArray],
    p: float,
    adjusted: float,
    generator: np.random.Generator,
) -> Contrast:
    measured, *others = (estimate(by_seed, generator) for by_seed in by_axis)
    predicted = [each.predicted for each in group if each.predicted is not None]
    return Contrast(
        part=group[0].part,
        other=group[0].other,
        cells=tuple(each.cell for each in group),
        predicted=float(np.mean(predicted)) if predicted else None,
        measured=measured,
        at_equal_flops=others[0] if others else None,
        p=p,
        adjusted=adjusted,
        direction=_direction([float(by_seed.mean()) for by_seed in by_axis], adjusted),
    )


def _direction(means: Sequence[float], p: float) -> Direction:
    if p >= LEVEL or min(means) <= 0 <= max(means):
        return "undecided"
    return "higher" if means[0] > 0 else "lower"


def nulls(found: Sequence[Difference]) -> list[Null]:
    """Return the verdicts on all differences that are predicted to be zero."""
    predicted = [each for each in found if each.predicted is not None and each.predicted <= SAME]
    return [Null(each.part, each.cell, each.other, equivalence(each.by_seed, MARGIN)) for each in predicted]


class Line(NamedTuple):
    """A straight line through measured against predicted gaps; the claim predicts slope 1 and intercept 0."""

    slope: Estimate
    intercept: Estimate


def gap_line(found: Sequence[Difference], generator: np.random.Generator) -> Line | None:
    """Return the least-squares line through all gaps of one part with a prediction, seeds resampled jointly.

    None if there are fewer than two different predictions.
    """
    known = [(each.predicted, each.by_seed) for each in found if each.predicted is not None]
    predicted = np.array([gap for gap, _ in known])
    if len(known) < 2 or np.ptp(predicted) <= SAME:
        return None
    by_seed = np.array([apart for _, apart in known])
    drawn = generator.integers(by_seed.shape[1], size=(RESAMPLES, by_seed.shape[1]))
    fits = np.polyfit(predicted, interquartile_mean(by_seed[:, drawn]), 1)
    middle = np.polyfit(predicted, interquartile_mean(by_seed), 1)
    low, high = np.percentile(fits, [2.5, 97.5], axis=1)
    return Line(*(Estimate(*map(float, ends)) for ends in zip(middle, low, high, strict=True)))


class Findings(NamedTuple):
    """Everything that the report says of a run.

    Attributes:
        comparison: the results.
        summaries: what every arm reached.
        differences: the RL arm minus every other, by cell.
        contrasts: the pre-registered contrasts.
        nulls: the differences that must be zero.
        lines: by part, measured against predicted gaps.
        coverage: by number of seeds, how often a nominal 95 % interval is right.
    """

    comparison: Comparison
    summaries: list[Summary]
    differences: list[Difference]
    contrasts: list[Contrast]
    nulls: list[Null]
    lines: dict[str, Line]
    coverage: dict[int, float]


def analyse(references: Iterable[Reference], results: Iterable[Result], generator: np.random.Generator) -> Findings:
    """Return the findings; `generator` draws the bootstrap samples and the simulation of coverage."""
    comparison = Comparison(references, results)
    found = differences(comparison, generator)
    reached = summaries(comparison, generator)
    lines = {part: gap_line([each for each in found if each.part == part], generator) for part in comparison.parts()}
    return Findings(
        comparison,
        reached,
        found,
        contrasts(comparison, found, generator),
        nulls(found),
        {part: line for part, line in lines.items() if line is not None},
        {n: coverage(n, generator) for n in sorted({each.seeds for each in reached})},
    )
