"""What is compared: arms, cells and presets. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from textenvs.core.errors import UnknownNameError
from textenvs.core.game import Game
from textenvs.registry import make_game

PartName = Literal["tabular", "language"]

MARGIN = 0.05
"""Of the scale from random (0) to optimal (1): smaller differences count as none. Fixed beforehand."""


@dataclass(frozen=True)
class Arm:
    """One way to obtain a policy.

    Attributes:
        id: short name.
        label: its name for people.
        what: how it learns, in a sentence.
        module: its file, in `agents/` (language model) and `agents/tabular/` (table).
        settings: what differs from the default configuration of the module, in both parts.
        limit: the reference value that planning predicts for the arm with unlimited data; None if
            planning does not say.
    """

    id: str
    label: str
    what: str
    module: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    limit: Literal["optimal", "plan", "myopic", "one_step"] | None = None

    @property
    def has_ceiling(self) -> bool:
        """Whether no training whatever gets the arm beyond its `limit`: true of plans alone."""
        return self.limit == "plan"


START = Arm("A0", "cloning", "imitates episodes of a scripted behaviour; the start of all other arms", "cloning")
RL = Arm(
    "B2",
    "turn-level PPO",
    "plays episodes of its own; a critic and GAE give every turn an advantage of its own",
    "turn_ppo",
    limit="optimal",
)

ARMS = (
    START,
    Arm(
        "A1",
        "RLHF on myopic labels",
        "preferences between two replies to one prompt by what each earns at once, a Bradley-Terry reward model, then "
        "one-step policy optimisation with a price on the divergence from the start",
        "reply_rlhf",
        {"labels": "myopic"},
        "myopic",
    ),
    Arm(
        "A2",
        "RLHF on far-sighted scores",
        "each reply is scored by what the episode still earned after it, a regression reward model, then the same "
        "one-step optimisation",
        "reply_rlhf",
        {"labels": "farsighted"},
        "one_step",
    ),
    Arm(
        "A3",
        "one-shot plans",
        "all moves in one reply, scored by the true return; policy gradient",
        "plan_rl",
        limit="plan",
    ),
    Arm(
        "A5",
        "filtered iterative SFT",
        "plays episodes of its own and imitates those above the mean of their group, again and again",
        "filtered_sft",
    ),
    Arm(
        "B1",
        "trajectory GRPO",
        "plays episodes of its own; all turns of an episode share its return, relative to its group",
        "trajectory_grpo",
    ),
    RL,
)
ARM = {arm.id: arm for arm in ARMS}

CONTRASTS = ("A1", "A2", "A3", "A5", "B1")
"""Pre-registered: B2 minus each of these."""

CLAIMED = ("A1", "A2", "A3")
"""The one-shot arms: the claim is about these."""


@dataclass(frozen=True)
class Cell:
    """A task and the policy that gave the demonstrations.

    Attributes:
        id: short name.
        game: name of the game.
        arguments: of the game.
        behaviour: scripted player that is cloned (`textenvs.core.strategies`).
        series: the sweep it belongs to, if any.
    """

    id: str
    game: str
    arguments: Mapping[str, Any]
    behaviour: str
    series: str = ""

    @cached_property
    def rules(self) -> Game[Any, Any]:
        """The game with its arguments."""
        return make_game(self.game, **self.arguments)

    @property
    def title(self) -> str:
        """Game and arguments as one text."""
        return f"{self.game}({', '.join(f'{name}={value}' for name, value in self.arguments.items())})"


@dataclass(frozen=True)
class TabularPart:
    """Softmax tables on the exact graph of each game: values without sampling noise.

    Attributes:
        cells: the tasks.
        arms: ids.
        seeds: runs of each arm.
        start_steps: environment steps of the cloned demonstrations.
        budget: environment steps of each other arm.
        settings: by id of the arm, what differs from the default configuration of its module.
    """

    cells: tuple[Cell, ...]
    seeds: int
    start_steps: int
    budget: int
    arms: tuple[str, ...] = tuple(ARM)
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def steps(self, cell: Cell, arm: str) -> int:
        """Return how many environment steps an arm may use in a cell."""
        return self.start_steps if arm == START.id else self.budget


@dataclass(frozen=True)
class LanguagePart:
    """A small language model that reads and writes the games' texts.

    Attributes:
        cells: the tasks.
        arms: ids.
        seeds: runs of each arm.
        model: size, one of the presets of `textenvs.policies.models.tiny_llama`.
        start_episodes: demonstrations that are cloned, if each takes the most turns.
        episodes: what the budget of environment steps of each other arm pays for, likewise.
        evaluation_episodes: for the final value; the same seeds for all arms; all of them are stored.
        curve_episodes: for each point of a learning curve.
        settings: by id of the arm, what differs from the default configuration of its module.
    """

    cells: tuple[Cell, ...]
    seeds: int
    start_episodes: int
    episodes: int
    evaluation_episodes: int
    curve_episodes: int
    model: str = "0.15M"
    arms: tuple[str, ...] = tuple(ARM)
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def steps(self, cell: Cell, arm: str) -> int:
        """Return how many environment steps an arm may use in a cell."""
        return cell.rules.max_turns * (self.start_episodes if arm == START.id else self.episodes)


@dataclass(frozen=True)
class Preset:
    """Everything that a run of the comparison does."""

    name: str
    tabular: TabularPart
    language: LanguagePart

    @property
    def parts(self) -> dict[PartName, TabularPart | LanguagePart]:
        """Both parts by name."""
        return {"tabular": self.tabular, "language": self.language}

    @property
    def cells(self) -> dict[str, Cell]:
        """All cells by id; a cell of both parts is the same one."""
        return {cell.id: cell for part in self.parts.values() for cell in part.cells}


def restored(value: Mapping[str, Any]) -> Preset:
    """Return the preset that `dataclasses.asdict` made `value` of, on its way through JSON."""
    tabular, language = _restored_part(value["tabular"]), _restored_part(value["language"])
    return Preset(value["name"], TabularPart(**tabular), LanguagePart(**language))


def _restored_part(value: Mapping[str, Any]) -> dict[str, Any]:
    return {**value, "cells": tuple(Cell(**cell) for cell in value["cells"]), "arms": tuple(value["arms"])}


def preset(name: str) -> Preset:
    """Return a preset by name; raises `UnknownNameError`."""
    if name not in PRESETS:
        raise UnknownNameError("preset", name, PRESETS)
    return PRESETS[name]


def _assembly(
    horizon: int,
    length: int,
    slip: float,
    behaviour: str,
    *,
    lure: float = 0.02,
    recovery: float = 1.0,
    series: str = "",
) -> Cell:
    arguments = {"length": length, "horizon": horizon, "slip": slip, "lure": lure, "recovery": recovery}
    changed = f"-lure{lure:g}" * (lure != 0.02) + f"-recovery{recovery:g}" * (recovery != 1.0)
    return Cell(f"assembly-{horizon}-slip{slip:g}{changed}", "Assembly", arguments, behaviour, series)


# The share of random moves in each behaviour is chosen so that the start earns 5 to 40 % of the way from random to
# optimal, or is random play itself where that alone earns enough to learn from.
HORIZON = (
    _assembly(1, 1, 0.1, "mixed:0.8", series="horizon"),
    _assembly(2, 2, 0.1, "mixed:0.7", series="horizon"),
    _assembly(4, 3, 0.1, "mixed:0.75", series="horizon"),
    _assembly(6, 4, 0.1, "mixed:0.75", series="horizon"),
    _assembly(8, 5, 0.1, "mixed:0.75", series="horizon"),
    _assembly(12, 8, 0.1, "mixed:0.6", series="horizon"),
    _assembly(16, 11, 0.1, "mixed:0.5", series="horizon"),
)
ASSEMBLY = (
    _assembly(1, 1, 0.3, "mixed:0.8"),
    _assembly(4, 3, 0.0, "mixed:0.75"),
    _assembly(8, 5, 0.0, "mixed:0.75"),
    _assembly(6, 4, 0.3, "mixed:0.75"),
    _assembly(12, 8, 0.3, "mixed:0.6"),
    _assembly(6, 4, 0.1, "mixed:0.75", lure=0.1),
    _assembly(6, 4, 0.1, "mixed:0.75", recovery=0.0),
)
MORE = (
    _assembly(16, 11, 0.0, "mixed:0.6"),
    _assembly(8, 5, 0.3, "mixed:0.75"),
    _assembly(6, 4, 0.3, "mixed:0.75", recovery=0.0),
)
LANGUAGE = _assembly(5, 3, 0.3, "mixed:0.6", lure=0.05)
TUNING = _assembly(5, 3, 0.2, "mixed:0.6", lure=0.05)
GUESS = Cell("guess-7-random", "GuessNumber", {"high": 7, "guesses": 3}, "random")
ARITHMETIC = Cell("arithmetic-2", "Arithmetic", {"largest": 2}, "mixed:0.8")
OTHERS = (
    Cell("arithmetic-4", "Arithmetic", {"largest": 4}, "mixed:0.8"),
    Cell("orchard-5-delay0", "Orchard", {"seasons": 5, "delay": 0}, "mixed:0.8"),
    Cell("mastermind-2-2", "Mastermind", {"pegs": 2, "colours": 2, "guesses": 2}, "random"),
    Cell("orchard-8-delay3", "Orchard", {}, "mixed:0.8"),
    Cell("maze-full", "Maze", {"layout": "umaze", "sight": "full", "turns": 6}, "mixed:0.8"),
    Cell("maze-local", "Maze", {"layout": "umaze", "sight": "local", "turns": 6}, "random"),
    GUESS,
    Cell("guess-7", "GuessNumber", {"high": 7, "guesses": 3}, "mixed:0.8"),
)

EXACT_RLHF = {"A1": {"optimiser": "exact"}, "A2": {"optimiser": "exact"}}
"""The RLHF arms of tables solve their objective exactly instead of by PPO: the best PPO could do."""

RATES = (1e-3, 3e-3, 1e-2)
LANGUAGE_SETTINGS: dict[str, dict[str, Any]] = {
    "A0": {"rate": 3e-3, "epochs": 6},
    "A1": {"rate": 3e-3, "batches": 12},
    "A2": {"rate": 3e-3, "batches": 20},
    "A3": {"rate": 3e-3},
    "A5": {"rate": 3e-3},
    "B1": {"rate": 3e-3},
    "B2": {"rate": 3e-3},
}

SMOKE = Preset(
    "smoke",
    TabularPart((HORIZON[0], HORIZON[2]), seeds=2, start_steps=400, budget=2_000, settings=EXACT_RLHF),
    LanguagePart(
        (HORIZON[1],),
        seeds=2,
        start_episodes=16,
        episodes=64,
        evaluation_episodes=32,
        curve_episodes=16,
        settings={"A0": {"epochs": 1}, "A1": {"batches": 2}, "A2": {"batches": 2}},
    ),
)
QUICK = Preset(
    "quick",
    TabularPart((*HORIZON, *ASSEMBLY, *OTHERS), seeds=10, start_steps=2_000, budget=20_000, settings=EXACT_RLHF),
    LanguagePart(
        (LANGUAGE, HORIZON[0]),
        seeds=8,
        start_episodes=300,
        episodes=800,
        evaluation_episodes=1_024,
        curve_episodes=128,
        settings=LANGUAGE_SETTINGS,
    ),
)
STANDARD = Preset(
    "standard",
    replace(QUICK.tabular, cells=(*QUICK.tabular.cells, *MORE), seeds=20, budget=100_000),
    replace(QUICK.language, cells=(LANGUAGE, HORIZON[0], HORIZON[2], ARITHMETIC), seeds=10, episodes=2_400),
)


def _tuning(rate: float) -> Preset:
    """Return the trial of one step size for all arms of the language model, on a cell that no comparison uses."""
    rates = {arm: {**settings, "rate": rate} for arm, settings in LANGUAGE_SETTINGS.items() if arm != START.id}
    part = replace(QUICK.language, cells=(TUNING,), seeds=1, settings={**LANGUAGE_SETTINGS, **rates})
    return Preset(f"tuning-{rate:g}", SMOKE.tabular, part)


PRESETS = {preset.name: preset for preset in (SMOKE, QUICK, STANDARD, *map(_tuning, RATES))}
