"""`python -m benchmarks.leaderboard`: train the tiny models, let all entries play, and build the page."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path

from benchmarks.leaderboard.sweep import ENTRIES, IN_FLIGHT, MODELS, SALT, SUITE, WEIGHTS, Entry
from benchmarks.leaderboard.table import table
from benchmarks.leaderboard.train import TRAINERS, Training, model_folder, train_model
from textenvs.core.errors import ArgumentError, check_choice
from textenvs.evaluation.leaderboard import write_leaderboard
from textenvs.evaluation.run import run_evaluation
from textenvs.evaluation.store import write_atomically
from textenvs.evaluation.summary import summarise
from textenvs.policies.language_model import SETTINGS_FILE
from textenvs.policies.named import named_policy
from textenvs.suites import suite


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is not done yet and return 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.leaderboard", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/leaderboard"), help="continued if it exists")
    parser.add_argument("--weights", type=Path, help=f"where {WEIGHTS} is; without it real models are left out")
    parser.add_argument("--only", action="append", help="name of an entry; give several")
    options = parser.parse_args(arguments)
    entries = chosen(options.only, options.weights)
    options.out.mkdir(parents=True, exist_ok=True)
    if options.weights and not (options.out / WEIGHTS).exists():
        (options.out / WEIGHTS).symlink_to(options.weights.resolve(strict=True))
    with chdir(options.out):  # so that no result holds a path of this machine
        for entry in entries:
            play(entry)
        runs = [Path("runs") / entry.name for entry in entries]
        write_leaderboard(runs, Path("site"))
        write_atomically(Path("table.md"), table([summarise(run) for run in runs]) + "\n")
    print(f"Leaderboard: {(options.out / 'site' / 'index.html').resolve()}")
    return 0


def chosen(names: Sequence[str] | None, weights: Path | None) -> list[Entry]:
    """Return the entries of these names, or all that can play.

    Raises:
        UnknownNameError: for an entry that does not exist.
        ArgumentError: for an entry that needs weights which are not given.
    """
    by_name = {entry.name: entry for entry in ENTRIES}
    for name in names or ():
        check_choice("entry", name, by_name)
    real = {entry.name for entry in ENTRIES if WEIGHTS in entry.spec}
    if names and not weights and real & set(names):
        raise ArgumentError(f"{', '.join(sorted(real & set(names)))} needs --weights")
    return [by_name[name] for name in names or by_name if weights or name not in real]


def play(entry: Entry) -> None:
    """Evaluate an entry, training it first if need be."""
    print(entry.name, flush=True)
    if MODELS in entry.spec:
        train_all(Path(MODELS), Training())
    run_evaluation(
        named_policy(entry.spec, entry.settings),
        suite(SUITE),
        Path("runs") / entry.name,
        forms=entry.forms,
        episodes=entry.episodes,
        salt=SALT,
        in_flight=IN_FLIGHT,
    )


def train_all(models: Path, training: Training) -> None:
    """Train a model for each game and form that has none."""
    for task in suite(SUITE).tasks:
        for form in TRAINERS:
            folder = model_folder(models, task.rules, form)
            if not (folder / SETTINGS_FILE).exists():
                print(f"training {folder.name}", flush=True)
                train_model(task.rules, form, training).policy.save(folder)


if __name__ == "__main__":
    raise SystemExit(main())
