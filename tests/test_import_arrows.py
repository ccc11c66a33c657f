"""Imports point one way: benchmarks -> agents -> textenvs, and inside textenvs as the table says."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STANDARD_FOR_RULES = set(
    "__future__ _typeshed abc bisect collections dataclasses difflib enum fractions functools hashlib heapq "
    "contextlib importlib itertools json math operator re shlex sqlite3 types typing unicodedata".split()
)
BELOW_POLICIES = {"textenvs.core", "textenvs.registry", "textenvs.envs", "textenvs.planning"}
TOP = {"textenvs.catalogue", "textenvs.suites"}

ALLOWED = {
    "textenvs.core": {"textenvs.core"},
    "textenvs.games": {"textenvs.core", "textenvs.games"},
    "textenvs.planning": {"textenvs.core", "textenvs.planning"},
    "textenvs.registry": {"textenvs.core"},
    "textenvs.envs": {"textenvs.core", "textenvs.registry", "textenvs.envs"},
    "textenvs.policies": {*BELOW_POLICIES, "textenvs.terminal", "textenvs.policies"},
    "textenvs.adapters": {"textenvs.core", "textenvs.envs", "textenvs.adapters"},
    "textenvs.testing": {"textenvs.core", "textenvs.envs"},
    "textenvs.evaluation": {*BELOW_POLICIES, *TOP, "textenvs.policies", "textenvs.evaluation", "textenvs"},
    "textenvs.terminal": {"textenvs.core", "textenvs.envs"},
    "textenvs.catalogue": BELOW_POLICIES,
    "textenvs.suites": {"textenvs.core", "textenvs.registry", "textenvs.envs"},
    "textenvs.cli": {*BELOW_POLICIES, "textenvs.policies", "textenvs.evaluation", *TOP, "textenvs.terminal"},
    "textenvs.__main__": {"textenvs.cli"},
    "textenvs": {"textenvs.registry"},
    "agents": {"agents", "textenvs"},
    "benchmarks": {"agents", "benchmarks", "textenvs"},
}
"""From a layer to the layers it may import."""

FOREIGN_FOR_RULES = {"textenvs.games.chess_rules": {"chess"}}
"""Rules too long to be right in a second version: that package is pure, and its numbers of plays are published."""

OURS = ("textenvs", "agents", "benchmarks")
WHOLE = ("agents", "benchmarks")
"""Layers above the library, which may import all of it."""


def python_files() -> list[Path]:
    return sorted(file for top in OURS for file in (ROOT / top).rglob("*.py"))


def imported(source: str) -> Iterator[str]:
    """Yield the module names that a source text imports, anywhere in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            yield node.module or ""


def layer(module: str) -> str:
    """Return the longest name in the table that `module` lies in."""
    return max((name for name in ALLOWED if f"{module}.".startswith(f"{name}.")), key=len)


def module_name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def wrong_arrows(module: str, source: str) -> list[str]:
    """Return the imports of a module that its layer does not allow."""
    own = layer(module)
    rules = own in ("textenvs.core", "textenvs.games")
    foreign = FOREIGN_FOR_RULES.get(module, set())
    return [
        name
        for name in imported(source)
        if (rules and top_of(name) not in (*OURS, *STANDARD_FOR_RULES, *foreign))
        or (top_of(name) in OURS and not {layer(name), top_of(name) if own in WHOLE else ""} & ALLOWED[own])
    ]


def top_of(name: str) -> str:
    return name.split(".")[0]


@pytest.mark.parametrize("file", python_files(), ids=module_name)
def test_imports_follow_the_arrows(file: Path) -> None:
    assert wrong_arrows(module_name(file), file.read_text()) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("textenvs.core.game", "import numpy"),
        ("textenvs.games.maze", "import random"),
        ("textenvs.games.maze", "from time import time"),
        ("textenvs.games.chess", "import chess"),
        ("textenvs.games.maze", "from textenvs.envs.episode import Episode"),
        ("textenvs.planning.graph", "from textenvs.envs.streams import Stream"),
        ("textenvs.envs.solo", "from textenvs.policies.scripted import StrategyPolicy"),
        ("textenvs.registry", "from textenvs.games.maze import Maze"),
        ("textenvs.cli", "import agents.turn_ppo"),
        ("agents.turn_ppo", "import benchmarks.compare"),
    ],
)
def test_wrong_arrows_are_found(module: str, source: str) -> None:
    assert wrong_arrows(module, source)


def test_nothing_in_the_rules_prints_or_reads() -> None:
    for file in python_files():
        if layer(module_name(file)) in ("textenvs.core", "textenvs.games"):
            calls = [n for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.Call)]
            assert not [c for c in calls if isinstance(c.func, ast.Name) and c.func.id in ("print", "open", "input")], (
                file
            )
