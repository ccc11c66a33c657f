"""Run folders: what a run leaves on disk, written so that a kill at any moment loses nothing reported."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any, NamedTuple, cast

from textenvs.core.errors import CorruptRunError, DifferentRunError
from textenvs.evaluation.records import EpisodeRow, EvaluationRow

EPISODES = "episodes"

_KINDS = {
    "textenvs": str, "game": str, "arguments": dict, "dials": dict, "policy": str, "seed": int, "split": str,
    "choice": int | str | None, "instance": str, "replies": list, "rewards": list, "scores": list, "refusals": int,
    "forfeited": int | None, "told": str,
}  # fmt: skip
"""What an `EpisodeRow` is made of, in JSON's kinds."""

_EVALUATION_KINDS = {
    "index": int, "thoughts": list, "usage": list, "seconds": float, "normalised": float | None,
}  # fmt: skip
"""What an `EvaluationRow` has besides; a row has all of it or nothing."""


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file so that it holds either all of `content` or what it held before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{token_hex(8)}")
    try:
        with temporary.open("xb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any) -> None:
    """Write `value` as JSON, atomically; floats keep every bit."""
    write_atomically(path, json.dumps(value, indent=1, sort_keys=True) + "\n")


def plain(value: Any) -> Any:
    """Return a value as it comes back from JSON: with lists for tuples and str for keys."""
    return json.loads(json.dumps(value))


def read_json(path: Path) -> Any:
    """Return the JSON value in a file.

    Raises:
        CorruptRunError: if the file is missing or is not JSON.
    """
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CorruptRunError(f"{path}: {error}") from error


def write_episodes(run: Path, name: str, rows: Iterable[EpisodeRow]) -> None:
    """Write episodes as `run/episodes/name.jsonl`, one row a line, all or nothing."""
    lines = "".join(json.dumps(row, sort_keys=True) + "\n" for row in rows)
    write_atomically(run / EPISODES / f"{name}.jsonl", lines)


def append_episodes(run: Path, name: str, rows: Iterable[EpisodeRow]) -> None:
    """Append episodes to `run/episodes/name.jsonl`; they are on the disk when this returns.

    A process killed meanwhile may leave a torn last line, which `drop_torn_lines` removes.
    """
    file = run / EPISODES / f"{name}.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab") as end:
        end.write("".join(json.dumps(row, sort_keys=True) + "\n" for row in rows).encode())
        end.flush()
        os.fsync(end.fileno())


def drop_torn_lines(run: Path) -> None:
    """Cut off a last line without its end in each file of episodes, and remove files in which nothing is left."""
    for file in sorted((run / EPISODES).glob("*.jsonl")):
        whole = file.read_bytes().rpartition(b"\n")
        kept = len(whole[0]) + len(whole[1])
        if kept == 0:
            file.unlink()
        elif whole[2]:
            os.truncate(file, kept)


def read_episodes(run: Path) -> Iterator[tuple[str, EpisodeRow]]:
    """Yield where each stored episode stands (`file:line`) and its row, in the order of file names.

    Raises:
        CorruptRunError: if there are no episodes, or a line is not an episode row.
    """
    files = sorted((run / EPISODES).glob("*.jsonl"))
    if not files:
        raise CorruptRunError(f"{run}: no {EPISODES}/*.jsonl found; is this a run folder?")
    for file in files:
        for number, line in enumerate(_lines(file), start=1):
            place = f"{file.name}:{number}"
            yield place, _row(place, line)


def read_evaluation(run: Path) -> Iterator[tuple[str, EvaluationRow]]:
    """Yield places and rows as `read_episodes` does, of a run in which all of them are rows of an evaluation."""
    for place, row in read_episodes(run):
        if "index" not in row:
            raise CorruptRunError(f"{place}: a row of an evaluation lacks {', '.join(sorted(_EVALUATION_KINDS))}")
        yield place, cast("EvaluationRow", row)


def refuse_another_run(folder: Path, stored: Any, wanted: Any) -> None:
    """Raise `DifferentRunError`, which names what differs, unless two configurations, in JSON's kinds, are equal."""
    differences = [
        f"{each.place}: the folder has {_short(each.one)}, asked for is {_short(each.other)}"
        for each in differing(stored, wanted)
    ]
    if differences:
        shown = "\n  ".join(differences[:5])
        raise DifferentRunError(
            f"{folder} holds another run; choose another --out or delete it. What differs:\n  {shown}"
        )


class Differing(NamedTuple):
    """A place at which two JSON values differ, and what they have there; None for a missing key."""

    place: str
    one: Any
    other: Any


def differing(one: Any, other: Any, place: str = "") -> Iterator[Differing]:
    """Yield where two JSON values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            yield from differing(one.get(key), other.get(key), f"{place}.{key}" if place else key)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, pair in enumerate(zip(one, other, strict=True)):
            yield from differing(*pair, f"{place}[{index}]")
    elif one != other:
        yield Differing(place, one, other)


def _short(value: Any, most: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= most else f"{text[:most]} …"


def _lines(file: Path) -> list[str]:
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise CorruptRunError(f"{file}: {error}") from error
    if not lines:
        raise CorruptRunError(f"{file}: no episodes in it")
    return lines


def _row(place: str, line: str) -> EpisodeRow:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CorruptRunError(f"{place}: {error}") from error
    if not isinstance(row, dict):
        raise CorruptRunError(f"{place}: an episode row is a JSON object, not {line:.40}")
    kinds = _KINDS | _EVALUATION_KINDS if row.keys() & _EVALUATION_KINDS.keys() else _KINDS
    if missing := sorted(kinds.keys() - row.keys()):
        raise CorruptRunError(f"{place}: an episode row lacks {', '.join(missing)}")
    for key, kind in kinds.items():
        if not isinstance(row[key], kind):
            raise CorruptRunError(f"{place}: {key} cannot be {row[key]!r:.40}")
    return cast("EpisodeRow", row)
