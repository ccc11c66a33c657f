"""Summaries as tables in the terminal: one run, or several side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textenvs.core.errors import MissingExtraError
from textenvs.evaluation.statistics import Estimate
from textenvs.evaluation.summary import CellSummary, Summary

try:
    from rich.console import Console as Console
    from rich.table import Table
except ImportError as error:
    raise MissingExtraError("tables of summaries", "evaluation") from error

NONE = "–"

_WIDE = 500  # columns where the output is no terminal, so that nothing is cut off


def print_summaries(summaries: Mapping[str, Summary]) -> None:
    """Print summaries to the standard output.

    Args:
        summaries: by the name to print; where there are several, their tasks stand side by side.
    """
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDE)
    console.print(_runs(summaries))
    if len(summaries) == 1:
        (summary,) = summaries.values()
        console.print(_cells(summary))
    else:
        console.print(_side_by_side(summaries))


def _table(title: str, *columns: str, texts: int = 1) -> Table:
    """Return an empty table whose first columns, as many as `texts`, hold text and the others numbers."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number < texts else "right", no_wrap=True)
    return table


def _runs(summaries: Mapping[str, Summary]) -> Table:
    """Return a table with a row for each run and form: what all tasks with exact rulers say together."""
    columns = ("policy", "form", "tasks", "mean", "IQM", "turns - plan", "refused", "tokens", "seconds", "episodes")
    table = _table("Normalised scores: 0 random play, 1 optimal play; 95 % intervals", *columns, texts=2)
    for name, summary in summaries.items():
        for form in summary.forms:
            cells = [cell for cell in summary.cells if cell.form == form.form]
            table.add_row(
                name,
                form.form,
                str(form.tasks),
                _number(form.mean),
                _number(form.iqm),
                _number(summary.difference) if form.form == "turns" else "",
                _share(cells),
                f"{sum(cell.tokens * cell.episodes for cell in cells):,.0f}",
                f"{sum(cell.seconds * cell.episodes for cell in cells):,.1f}",
                _played(summary, cells),
            )
    return table


def _cells(summary: Summary) -> Table:
    """Return a table with a row for each task and form."""
    columns = ("task", "form", "split", "score", "normalised", "interaction gain", "turns - plan")
    costs = ("refused", "replies", "tokens", "seconds")
    table = _table("Each task; costs are those of an episode", *columns, *costs, texts=3)
    gains = {gain.title: gain.score for gain in summary.differences}
    for cell in summary.cells:
        table.add_row(
            cell.title,
            cell.form,
            cell.split,
            str(cell.score),
            _number(cell.normalised),
            _number(cell.interaction_gain),
            _number(gains.get(cell.title)) if cell.form == "turns" else "",
            f"{cell.invalid:.1%}",
            f"{cell.replies:.1f}",
            f"{cell.tokens:,.0f}",
            f"{cell.seconds:.3g}",
        )
    return table


def _side_by_side(summaries: Mapping[str, Summary]) -> Table:
    """Return a table with a column of scores for each run."""
    table = _table("Scores of each task", "task", "form", *summaries, texts=2)
    scores = {
        (name, cell.title, cell.form): cell.score for name, summary in summaries.items() for cell in summary.cells
    }
    for title, form in dict.fromkeys((title, form) for _, title, form in scores):
        table.add_row(title, form, *(_number(scores.get((name, title, form))) for name in summaries))
    return table


def _number(estimate: Estimate | None) -> str:
    return NONE if estimate is None else str(estimate)


def _share(cells: Sequence[CellSummary]) -> str:
    """Return the share of all replies that were refused."""
    replies = sum(cell.replies * cell.episodes for cell in cells)
    refused = sum(cell.invalid * cell.replies * cell.episodes for cell in cells)
    return f"{refused / replies:.1%}" if replies else NONE


def _played(summary: Summary, cells: Sequence[CellSummary]) -> str:
    """Return how many episodes were played, and that some are missing."""
    return f"{sum(cell.episodes for cell in cells):,}" + ("" if summary.complete else " so far")
