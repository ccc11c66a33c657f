"""Progress of long work: a bar with the time left, or now and then a line where the output is no terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from textenvs.core.errors import MissingExtraError

try:
    from rich.console import Console as Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
except ImportError as error:
    raise MissingExtraError("progress", "evaluation") from error

Advance = Callable[[float, str], None]
"""Notes that one more thing is done: its share of the total, and what to say besides, such as the cost so far."""

_NOTICE = 0.05
"""Share of the work between two lines of progress where the output is no terminal."""

_PAUSE = 1.0  # seconds, the least between two lines


@contextmanager
def progress(console: Console, what: str, todo: int, *, total: float, left: float) -> Iterator[Advance]:
    """Show how far work has come.

    Args:
        console: where it is shown.
        what: what is counted, such as `jobs`.
        todo: how many of them there are to do.
        total: their cost, in any unit, with that of those done before.
        left: the cost of those to do.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    times = (TimeElapsedColumn(), TextColumn("left:"), TimeRemainingColumn(), TextColumn("{task.fields[note]}"))
    with Progress(*columns, *times, console=console, speed_estimate_period=120, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"{todo} {what}", total=total, note="")
        bar.advance(task, total - left)
        notices = _Notices(console, what, todo, left)

        def advance(cost: float, note: str = "") -> None:
            bar.update(task, advance=cost, note=note)
            if not console.is_terminal:
                notices(cost, note)

        yield advance


class _Notices:
    """Prints a line each time another share of the work is done."""

    def __init__(self, console: Console, what: str, todo: int, cost: float) -> None:
        self.console = console
        self.what = what
        self.todo = todo
        self.cost = cost
        self.finished = 0
        self.done = 0.0
        self.next = _NOTICE
        self.started = self.told = monotonic()

    def __call__(self, cost: float, note: str) -> None:
        self.finished += 1
        self.done += cost / self.cost
        now = monotonic()
        if self.done >= self.next and now - self.told >= _PAUSE:
            self.next = self.done + _NOTICE
            self.told = now
            left = (now - self.started) * (1 / self.done - 1)
            said = f", {note}" if note else ""
            line = f"{self.finished} of {self.todo} {self.what} done{said}, about {left / 60:.1f} minutes left"
            self.console.print(line, soft_wrap=True)
