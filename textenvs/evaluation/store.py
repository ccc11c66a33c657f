"""Run folders: what a run leaves on disk, written so that a kill at any moment loses nothing reported."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

from textenvs.core.errors import CorruptRunError
from textenvs.evaluation.records import EpisodeRow

EPISODES = "episodes"


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file so that it holds either all of `content` or what it held before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any) -> None:
    """Write `value` as JSON, atomically; floats keep every bit."""
    write_atomically(path, json.dumps(value, indent=1, sort_keys=True) + "\n")


def read_json(path: Path) -> Any:
    """Return the JSON value in a file.

    Raises:
        CorruptRunError: if the file is missing or is not JSON.
    """
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise CorruptRunError(f"{path}: {error}") from error


def write_episodes(run: Path, name: str, rows: Iterable[EpisodeRow]) -> None:
    """Write episodes as `run/episodes/name.jsonl`, one row a line, all or nothing."""
    lines = "".join(json.dumps(row, sort_keys=True) + "\n" for row in rows)
    write_atomically(run / EPISODES / f"{name}.jsonl", lines)


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


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except (OSError, ValueError) as error:
        raise CorruptRunError(f"{file}: {error}") from error


def _row(place: str, line: str) -> EpisodeRow:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise CorruptRunError(f"{place}: {error}") from error
    missing = sorted(EpisodeRow.__annotations__.keys() - row.keys()) if isinstance(row, dict) else ["everything"]
    if missing:
        raise CorruptRunError(f"{place}: an episode row lacks {', '.join(missing)}")
    return cast("EpisodeRow", row)
