"""`python -m benchmarks.compare`: run the comparison and write its report."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from textenvs.core.errors import MissingExtraError, TextenvsError

NEEDED = {"agents": ("torch", "transformers"), "benchmarks": ("jinja2", "matplotlib", "rich", "scipy")}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0 well, 2 a mistaken call or a failure, 130 stopped."""
    options = _parser().parse_args(arguments)
    try:
        _check_extras()
        _compare(options)
    except TextenvsError as error:
        print(f"compare: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped. All finished jobs are kept; the same command continues.", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare", description="True RL against one-shot RLHF.")
    parser.add_argument("--preset", default="quick", help="quick (default), standard, or smoke: how much to do")
    parser.add_argument("--out", type=Path, help="run folder; runs/compare-PRESET if left out")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes; one per core by default")
    parser.add_argument("--report-only", action="store_true", help="rebuild the report from the run folder alone")
    return parser


def _check_extras() -> None:
    for extra, modules in NEEDED.items():
        if not all(map(find_spec, modules)):
            raise MissingExtraError("the comparison", extra)


def _compare(options: argparse.Namespace) -> None:
    from rich.console import Console

    from benchmarks.compare.report import write_report
    from benchmarks.compare.run import run
    from benchmarks.compare.sweep import preset

    folder = options.out or Path("runs") / f"compare-{options.preset}"
    console = Console()
    if not options.report_only:
        run(preset(options.preset), folder, options.workers, console)
    console.print(f"Report: {write_report(folder).resolve()}", soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
