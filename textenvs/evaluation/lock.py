"""One process at a time may write into a run folder; whichever way it ends, the folder is free again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from textenvs.core.errors import MissingExtraError, TextenvsError

try:
    from filelock import FileLock, Timeout
except ImportError as error:
    raise MissingExtraError("a run folder", "evaluation") from error

LOCK = ".lock"


class BusyRunError(TextenvsError, RuntimeError):
    """Another process is writing into the run folder."""


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Keep other processes from writing into `folder`, which is made if need be.

    Raises:
        BusyRunError: if another one is writing there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise BusyRunError(
            f"{folder}: another process is writing here; wait for it, or choose another folder"
        ) from error
    try:
        yield
    finally:
        lock.release()
