"""The tables of the report as records, for the page and for CSV files."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.compare.analysis import Findings
from benchmarks.compare.sweep import ARM, Preset

Row = dict[str, Any]

COSTS = {
    "environment_steps": "environment steps",
    "labels": "labels",
    "sampled_tokens": "tokens sampled",
    "scored_tokens": "tokens scored",
    "trained_tokens": "tokens trained",
    "forward_calls": "forward calls",
    "flops_policy": "FLOPs, policy",
    "flops_reference": "FLOPs, reference",
    "flops_reward_model": "FLOPs, reward model",
    "flops_critic": "FLOPs, critic",
    "flops": "FLOPs, all",
    "seconds": "seconds",
    "peak_memory": "peak memory, bytes",
}
"""Entries of a ledger and what they are called; tables keep fewer of them."""


def all_tables(preset: Preset, findings: Findings) -> dict[str, list[Row]]:
    """Return every table by the name of its file."""
    return {
        "cells": cells(preset, findings),
        "scores": [row for part in findings.comparison.parts() for row in scores(findings, part)],
        "differences": differences(findings),
        "nulls": nulls(findings),
        "costs": [row for part in findings.comparison.parts() for row in costs(findings, part)],
    }


def cells(preset: Preset, findings: Findings) -> list[Row]:
    """Return the reference values of each cell."""
    rows = []
    for name, cell in preset.cells.items():
        reference = findings.comparison.references[name]
        rulers = {ruler: value["low"] for ruler, value in reference["values"].items() if value["kind"] == "exact"}
        ...
    return rows
