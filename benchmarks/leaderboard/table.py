"""The leaderboard as a table in Markdown, for pages that show no pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textenvs.evaluation.statistics import Estimate
from textenvs.evaluation.summary import FormSummary, Summary

HEADING = (
    "| policy | form | episodes a game | mean | IQM | turns - plan | refused | tokens an episode |",
    "|---|---|---:|---:|---:|---:|---:|---:|",
)


def table(summaries: Sequence[Summary]) -> str:
    """Return a line for each evaluation and form, in the order given; scores are normalised, with 95 % intervals."""
    return "\n".join([*HEADING, *(line for summary in summaries for line in _lines(summary))])


def _lines(summary: Summary) -> Iterator[str]:
    for form in summary.forms:
        gain = summary.difference if form.form == "turns" else None
        refused, tokens = _costs(summary, form)
        estimates = " | ".join(map(_written, (form.mean, form.iqm, gain)))
        yield f"| {summary.policy} | {form.form} | {summary.episodes} | {estimates} | {refused:.1%} | {tokens:,.0f} |"


def _costs(summary: Summary, form: FormSummary) -> tuple[float, float]:
    """Return the share of refused replies and the tokens of an episode, as means over tasks."""
    cells = [cell for cell in summary.cells if cell.form == form.form]
    return sum(cell.invalid for cell in cells) / len(cells), sum(cell.tokens for cell in cells) / len(cells)


def _written(estimate: Estimate | None) -> str:
    if estimate is None:
        return ""
    interval = "" if estimate.low is None else f" [{estimate.low:.2f}, {estimate.high:.2f}]"
    return f"{estimate.value:.2f}{interval}"
