"""Harnesses: ways of getting replies out of a frozen chat model, by name.

Each is one file; `docs/harnesses.md` compares them and says how to write another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from textenvs.policies.agent import Direct, Harness
from textenvs.policies.harnesses.best_of_n import BestOfN
from textenvs.policies.harnesses.plan_act_reflect import PlanActReflect
from textenvs.policies.harnesses.react import ReAct
from textenvs.policies.harnesses.reflexion import Reflexion
from textenvs.policies.harnesses.workflow import Workflow

HARNESSES: Mapping[str, Callable[..., Harness[Any]]] = {
    "direct": Direct,
    "react": ReAct,
    "plan-act-reflect": PlanActReflect,
    "reflexion": Reflexion,
    "workflow": Workflow,
    "best-of-n": BestOfN,
}
"""All of them take `mode` and `max_tokens`, as `Direct` does."""
