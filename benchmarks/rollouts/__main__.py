"""`python -m benchmarks.rollouts`: how fast a model plays, against the straightforward ways and its own speed."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import torch

from benchmarks.rollouts.measure import AT_LEAST, measure
from benchmarks.rollouts.subjects import small_llama
from benchmarks.rollouts.ways import Subject
from textenvs.policies.models import PRESETS
from textenvs.policies.transformers_chat import TransformersChat


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write the results; return 0 if ours is fast enough, else 1."""
    options = _options(arguments)
    torch.set_num_threads(1)
    settings = {"greedy": True, "rows": options.rows}
    if options.model:
        chat = TransformersChat.load(options.model, **settings)
    else:
        chat = TransformersChat(*small_llama(options.preset), name=f"Llama {options.preset}", **settings)
    subject = Subject(chat, range(options.episodes), options.turns, options.tokens)
    result = measure(subject, options.repeats, options.slow_repeats)
    print(f"{chat.name}: {options.episodes} episodes of {options.turns} turns, {options.rows} at a time,")
    print(f"{result.replies} replies of at most {options.tokens} ids, {result.tokens} ids in all; one thread\n")
    print(result.table(), "\n")
    for way, least in AT_LEAST.items():
        print(f"{result.times(way):.2f} x {way}; at least {least} wanted")
    print(f"other replies than ours: {', '.join(result.differing) or 'none'}")
    options.out.mkdir(parents=True, exist_ok=True)
    report = {"model": chat.name, **vars(options), "out": None, "threads": 1, **result.as_dict()}
    Path(options.out, "rollouts.json").write_text(json.dumps(report, indent=2), encoding="utf-8")
    return 0 if result.passes else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rollouts", description=__doc__)
    parser.add_argument("--model", help="folder, .gguf file or hub name; random weights if left out")
    parser.add_argument("--preset", choices=PRESETS, default="2M", help="size of the model with random weights")
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--episodes", type=int, default=64)
    parser.add_argument("--rows", type=int, default=32, help="episodes under way at a time")
    parser.add_argument("--tokens", type=int, default=16, help="the most ids of a reply")
    parser.add_argument("--repeats", type=int, default=3, help="measurements of ours and of the model alone")
    parser.add_argument("--slow-repeats", type=int, default=1, help="measurements of the straightforward ways")
    parser.add_argument("--out", type=Path, required=True, help="folder for rollouts.json")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
