"""Worker processes that end with their parent, however it ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from threading import Thread


@contextmanager
def pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Open a pool of fresh processes; leaving it by an exception ends them at once, whatever they do."""
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    opened = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_worker)
    try:
        yield opened
    except BaseException:
        children = set(multiprocessing.active_children()) - others
        opened.shutdown(wait=False, cancel_futures=True)
        for child in children:
            child.terminate()
        raise
    opened.shutdown()


def _begin_worker() -> None:
    """Leave interrupts to the parent process, and end with it even if it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
