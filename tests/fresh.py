"""Code run in a fresh interpreter, where no other test has left anything behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def fresh_python(code: str, *arguments: str, hash_seed: str = "random", given: str = "") -> str:
    """Return what `code` prints in a new process.

    Args:
        code: a Python program.
        *arguments: its `sys.argv[1:]`.
        hash_seed: value of PYTHONHASHSEED.
        given: its standard input.

    Raises:
        AssertionError: with what it wrote to standard error, if it failed.
    """
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, env=environment, input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
