"""`python -m benchmarks.self_play`: train against oneself and draw how exploitable that leaves a model."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from benchmarks.self_play.analysis import draw, write_table
from benchmarks.self_play.run import results, run
from benchmarks.self_play.sweep import PRESETS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the experiment, continuing what is there, and return 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.self_play", description=__doc__)
    parser.add_argument("--preset", choices=PRESETS, default="quick")
    parser.add_argument("--out", type=Path, help="run folder; runs/self_play-PRESET if left out")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes; one per core by default")
    options = parser.parse_args(arguments)
    settings, folder = PRESETS[options.preset], options.out or Path("runs") / f"self_play-{options.preset}"
    total = sum(setting.seeds for setting in settings)
    for number, name in enumerate(run(settings, folder, options.workers), start=1):
        print(f"{number} of at most {total}: {name}", flush=True)
    found = results(settings, folder)
    draw(settings, found, folder / "self_play.png")
    write_table(settings, found, folder / "self_play.csv")
    print(f"Picture: {(folder / 'self_play.png').resolve()}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
