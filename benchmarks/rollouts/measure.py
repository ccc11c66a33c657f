"""The speed of all ways of playing the same episodes, measured side by side."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass
from time import perf_counter, process_time
from typing import Any

from benchmarks.rollouts.ways import Limit, Subject, Written, batched, one_by_one, ours, recorded

OURS, ONE, BATCHED, LIMIT = "ours", "generate, one by one", "generate, batched", "the model alone"

AT_LEAST = {ONE: 3.0, LIMIT: 0.8}
"""How many times as fast ours must be."""


@dataclass(frozen=True)
class Speed:
    """How fast a way is, by the median of its repetitions.

    Attributes:
        way: which one.
        tokens: ids of replies per second of processor time.
        turns: replies per second of processor time.
        seconds: processor time of one repetition.
        wall: wall-clock time of one repetition, which neighbours on the machine lengthen.
        repeats: how often it was measured.
    """

    way: str
    tokens: float
    turns: float
    seconds: float
    wall: float
    repeats: int


@dataclass(frozen=True)
class Result:
    """What a run found.

    Attributes:
        speeds: of all ways, ours first.
        differing: the ways whose replies had other ids than ours in any episode.
        replies: how many there were.
        tokens: how many ids they had.
    """

    speeds: tuple[Speed, ...]
    differing: tuple[str, ...]
    replies: int
    tokens: int

    def times(self, way: str) -> float:
        """Return how many times as fast as `way` ours is."""
        found = {speed.way: speed.tokens for speed in self.speeds}
        return found[OURS] / found[way]

    @property
    def passes(self) -> bool:
        """Whether ours is as fast as `AT_LEAST` asks."""
        return all(self.times(way) >= least for way, least in AT_LEAST.items())

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON has it."""
        return {**asdict(self), "times": {way: self.times(way) for way in AT_LEAST}, "passes": self.passes}

    def table(self) -> str:
        """Return a table in Markdown."""
        rows = [
            f"| {speed.way} | {speed.tokens:,.0f} | {speed.turns:,.1f} | {self.times(speed.way):.2f} |"
            for speed in self.speeds
        ]
        return "\n".join(("| way | tokens/s | turns/s | ours is faster by |", "|---|---:|---:|---:|", *rows))


def measure(subject: Subject, repeats: int = 3, slow_repeats: int = 1) -> Result:
    """Play all ways in turn.

    Args:
        subject: what is measured.
        repeats: how often ours and the model alone are measured, alternately.
        slow_repeats: how often the straightforward ways are, in the first rounds.
    """
    limit = Limit(subject, recorded(subject))  # this also warms everything up
    found: dict[str, Written] = {}
    ways: dict[str, Callable[[], Any]] = {
        OURS: lambda: found.setdefault(OURS, ours(subject)),
        LIMIT: limit.run,
        ONE: lambda: found.setdefault(ONE, one_by_one(subject)),
        BATCHED: lambda: found.setdefault(BATCHED, batched(subject)),
    }
    clocks: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for number in range(max(repeats, slow_repeats)):
        for way, play in ways.items():
            if number < (repeats if way in (OURS, LIMIT) else slow_repeats):
                clocks[way].append(_timed(play))
    replies = [ids for episode in found[OURS].values() for ids in episode]
    tokens = sum(map(len, replies))
    speeds = tuple(_speed(way, times, tokens, len(replies)) for way, times in clocks.items())
    differing = tuple(way for way, written in found.items() if written != found[OURS])
    return Result(speeds, differing, len(replies), tokens)


def _timed(play: Callable[[], Any]) -> tuple[float, float]:
    """Return the processor time and the wall-clock time of a call."""
    processor, wall = process_time(), perf_counter()
    play()
    return process_time() - processor, perf_counter() - wall


def _speed(way: str, clocks: list[tuple[float, float]], tokens: int, replies: int) -> Speed:
    seconds = statistics.median(processor for processor, _ in clocks)
    wall = statistics.median(wall for _, wall in clocks)
    return Speed(way, tokens / seconds, replies / seconds, seconds, wall, len(clocks))
