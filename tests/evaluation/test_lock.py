from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from textenvs.evaluation.lock import BusyRunError, only_writer
from textenvs.evaluation.run import run_evaluation
from textenvs.suites import Task

HOLDER = """
import sys, time
from pathlib import Path
from textenvs.evaluation.lock import only_writer
with only_writer(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_folder_has_one_writer(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    with only_writer(folder), pytest.raises(BusyRunError, match="another process is writing here"), only_writer(folder):
        pass
    with only_writer(folder), only_writer(tmp_path / "other"):
        pass


def test_an_error_sets_the_folder_free(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), only_writer(tmp_path):
        raise ZeroDivisionError
    with only_writer(tmp_path):
        pass


def test_a_killed_process_sets_the_folder_free_and_a_living_one_does_not(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(BusyRunError):
            run_evaluation("random", [Task("GuessNumber", {"high": 3})], tmp_path, episodes=1)
        holder.kill()
    summary = run_evaluation("random", [Task("GuessNumber", {"high": 3})], tmp_path, episodes=1)
    assert summary
