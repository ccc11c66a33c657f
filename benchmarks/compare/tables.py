"""The tables of the report as records, for CSV files and for the page."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from benchmarks.compare.analysis import Findings
from benchmarks.compare.statistics import Estimate
from benchmarks.compare.sweep import Preset
from textenvs.planning.bounds import Value

Row = dict[str, Any]


def all_tables(preset: Preset, findings: Findings) -> dict[str, list[Row]]:
    """Return every table by the name of its file."""
    return {
        "cells": cells(preset, findings),
        "scores": scores(findings),
        "differences": differences(findings),
        "nulls": nulls(findings),
        "costs": costs(findings),
    }


def cells(preset: Preset, findings: Findings) -> list[Row]:
    """Return the task, the corner and the reference values of each cell, as numbers or bounds."""
    rows = []
    for name, cell in preset.cells.items():
        reference = findings.comparison.references[name]
        rulers = {ruler: Value(**value) for ruler, value in reference["values"].items()}
        row = {"cell": name, "task": cell.title, "start": cell.behaviour, "corner": reference["corner"]}
        known = sorted({ruler.kind for ruler in rulers.values()})
        rows.append({**row, **{ruler: str(value) for ruler, value in rulers.items()}, "known": ", ".join(known)})
    return rows


def scores(findings: Findings) -> list[Row]:
    """Return what each arm reached in each cell, in units of return (`value`) and on the scale (`score`)."""
    return [
        {
            "part": each.part,
            "cell": each.cell,
            "arm": each.arm,
            "seeds": each.seeds,
            **_ends("value", each.value),
            **_ends("score", each.score),
            "evaluation": "exact" if each.episodes is None else f"{each.episodes} episodes a seed",
        }
        for each in findings.summaries
    ]


def differences(findings: Findings) -> list[Row]:
    """Return the score of the RL arm minus that of each other arm in each cell."""
    return [
        {
            "part": each.part,
            "cell": each.cell,
            "other": each.other,
            "predicted": each.predicted,
            **_ends("at equal steps", each.measured),
            **(_ends("at equal FLOPs", each.at_equal_flops) if each.at_equal_flops else {}),
        }
        for each in findings.differences
    ]


def nulls(findings: Findings) -> list[Row]:
    """Return the verdicts on the differences that are predicted to be zero."""
    return [
        {"part": each.part, "cell": each.cell, "other": each.other, **each.test._asdict()} for each in findings.nulls
    ]


def costs(findings: Findings) -> list[Row]:
    """Return the mean ledger of each arm over its runs: of tables over all cells, of language models by cell.

    What no run of a part has spent is left out.
    """
    ledgers: dict[tuple[str, str, str], list[dict[str, float]]] = defaultdict(list)
    spent: dict[str, dict[str, None]] = defaultdict(dict)
    for (part, cell, arm), results in findings.comparison.results.items():
        for result in results:
            ledgers[part, "all cells" if part == "tabular" else cell, arm].append(result["ledger"])
            spent[part] |= dict.fromkeys(entry for entry, amount in result["ledger"].items() if amount)
    return [
        {"part": part, "cell": cell, "arm": arm, **{entry: fmean(run[entry] for run in runs) for entry in spent[part]}}
        for (part, cell, arm), runs in ledgers.items()
    ]


def as_csv(rows: Sequence[Row]) -> str:
    """Return records as CSV; a column that some of them lack is empty there."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def _ends(name: str, estimate: Estimate) -> Row:
    return {name: estimate.value, f"{name} low": estimate.low, f"{name} high": estimate.high}
