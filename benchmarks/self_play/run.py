"""Training runs in several processes, one result file each, so that stopped work goes on where it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from agents import self_play
from benchmarks.self_play.sweep import MODEL, Setting
from textenvs.evaluation.lock import only_writer
from textenvs.evaluation.store import plain, read_json, refuse_another_run, write_json
from textenvs.evaluation.workers import pool
from textenvs.policies.models import tiny_llama
from textenvs.policies.tokenizer import WordTokenizer


def run(settings: Sequence[Setting], folder: Path, workers: int) -> Iterator[str]:
    """Do all runs that the folder has no result of and yield the name of each when it is stored.

    Raises:
        DifferentRunError: if the folder holds a result that other settings gave.
        BusyRunError: if another process is writing into the folder.
    """
    with only_writer(folder):
        todo = [(s, seed) for s in settings for seed in range(s.seeds) if not _is_done(folder, s, seed)]
        with pool(workers) as processes:
            waiting = {processes.submit(train, setting, seed): (setting, seed) for setting, seed in todo}
            for done in as_completed(waiting):
                setting, seed = waiting[done]
                write_json(_file(folder, setting, seed), done.result())
                yield f"{setting.id}, seed {seed}"


def results(settings: Sequence[Setting], folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the stored results by setting, in the order of the seeds; raises `CorruptRunError` if one is missing."""
    return {s.id: [read_json(_file(folder, s, seed)) for seed in range(s.seeds)] for s in settings}


def _is_done(folder: Path, setting: Setting, seed: int) -> bool:
    file = _file(folder, setting, seed)
    if file.exists():
        refuse_another_run(file, read_json(file)["setting"], plain(asdict(setting)))
    return file.exists()


def train(setting: Setting, seed: int) -> dict[str, Any]:
    """Train one run from fresh weights and return its curve and what it took."""
    torch.set_num_threads(1)
    game = setting.rules
    tokenizer = WordTokenizer.from_games([game])
    found = self_play.train(
        game,
        tiny_llama(len(tokenizer), seed=seed, **MODEL),
        tokenizer,
        seed=seed,
        budget=setting.budget,
        config=setting.config,
        evaluate=lambda models: setting.exploitability(tokenizer, models),
    )
    return {"setting": asdict(setting), "seed": seed, "curve": found.curve, "ledger": found.ledger.as_dict()}


def _file(folder: Path, setting: Setting, seed: int) -> Path:
    return folder / "runs" / f"{setting.id}.{setting.budget}.{seed}.json"
