from __future__ import annotations

import pytest


@pytest.fixture
def quick_coverage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare tests that are not about it the simulation of coverage, which takes longer than they do."""
    monkeypatch.setattr("benchmarks.compare.analysis.coverage", lambda _n, _generator: 0.9)
