"""Policies by name, as on the command line: a spec such as `transformers:PATH`, and settings.

    random, expert, mixed:E …     a strategy of `textenvs.core.strategies`; `random` also writes plans
    optimal, myopic, plan         the rulers as players, in games that can be enumerated
    human                         a person in the terminal
    saved:FOLDER                  a trained `LanguageModelPolicy`, or one for each game and form (`Game.form`)
    transformers:NAME             a causal language model: a folder, a .gguf file or a name on the hub
    endpoint:MODEL                a model behind an OpenAI-compatible server

The last two take a `harness`, its settings, and those of `TransformersChat` or `EndpointChat`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from importlib import import_module
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, Protocol

from textenvs.core.errors import UnknownNameError, check_choice
from textenvs.core.game import Game
from textenvs.core.strategies import strategy
from textenvs.envs.policy import Policy
from textenvs.planning.enumeration import build_graph
from textenvs.planning.errors import TooLargeError
from textenvs.planning.graph import InformationGraph
from textenvs.planning.plans import best_plans
from textenvs.planning.states import TRANSITIONS, StateTable
from textenvs.planning.values import myopic_policy, optimal
from textenvs.policies.agent import Agent
from textenvs.policies.errors import UnplayableError
from textenvs.policies.human import HumanPolicy
from textenvs.policies.rulers import GraphPolicy, PlanPolicy
from textenvs.policies.scripted import StrategyPolicy

Settings = Mapping[str, Any]

WORK = 1_000_000
"""How much of a game may be examined for a ruler to play it; see `build_graph`."""


class NamedPolicy(Protocol):
    """What a spec stands for.

    Attributes:
        name: what results call it.
    """

    name: str

    def policy(self, game: Game[Any, Any], form: str, split: str = "all") -> Policy:
        """Return who plays a game for one player in a form, on instances of a split.

        Raises:
            UnplayableError: if nobody can.
        """


def named_policy(spec: str, settings: Settings | None = None) -> NamedPolicy:
    """Return what a spec and its settings stand for; models are loaded when they are first needed.

    Raises:
        UnknownNameError: for a spec or a setting that does not exist.
        ArgumentError: for a value that is not accepted.
        MissingExtraError: for a model whose packages are not installed.
    """
    settings = dict(settings or {})
    kind, _, what = spec.partition(":")
    if kind in CHATS and what:
        return NamedAgent(kind, what, settings)
    _check_settings(spec, settings, ())
    if kind == "saved" and what:
        return Saved(Path(what))
    if spec in RULERS:
        return Ruler(spec)
    if spec == "human":
        return Human()
    try:
        return NamedStrategy(spec)
    except UnknownNameError as error:
        raise UnknownNameError("policy", spec, [*error.args[2], *SPECS]) from None


class NamedStrategy:
    """A scripted strategy."""

    def __init__(self, name: str) -> None:
        """Take its name; raises as `strategy` does."""
        strategy(name)
        self.name = name

    def policy(self, game: Game[Any, Any], form: str, split: str = "all") -> Policy:
        if form not in ("turns", "plan") or (form == "plan" and self.name != "random"):
            raise UnplayableError(f"the strategy {self.name} does not play in form {form!r}")
        return StrategyPolicy(self.name)


class Human:
    """A person."""

    name = "human"

    def policy(self, game: Game[Any, Any], form: str, split: str = "all") -> Policy:
        return HumanPolicy()


class Ruler:
    """A ruler of planning as a player."""

    def __init__(self, name: str) -> None:
        """Take its name, one of `RULERS`."""
        self.name = name

    def policy(self, game: Game[Any, Any], form: str, split: str = "all") -> Policy:
        wanted = "plan" if self.name == "plan" else "turns"
        if form != wanted:
            raise UnplayableError(f"the ruler {self.name!r} plays in form {wanted!r} alone, not in {form!r}")
        try:
            return RULERS[self.name](game, split)
        except TooLargeError as error:
            raise UnplayableError(f"the ruler {self.name!r} cannot be computed for {game!r}: {error}") from error


class Saved:
    """Trained policies in a folder."""

    def __init__(self, folder: Path) -> None:
        """Take a folder that `LanguageModelPolicy.save` wrote, or one that holds such folders named `Game.form`."""
        self.folder = folder
        self.name = folder.name

    def policy(self, game: Game[Any, Any], form: str, split: str = "all") -> Policy:
        module = import_module("textenvs.policies.language_model")  # imports torch
        own = self.folder / f"{game.name}.{form}"
        folder = own if (own / module.SETTINGS_FILE).is_file() else self.folder
        if not (folder / module.SETTINGS_FILE).is_file():
            raise UnplayableError(f"{str(self.folder)!r} holds no policy for {game.name} in form {form!r}")
        found: Policy = module.LanguageModelPolicy.load(folder)
        return found


class NamedAgent:
    """A chat model in a harness; one object plays all games, so that the model is loaded once."""

    def __init__(self, kind: str, what: str, settings: Settings) -> None:
        """Take a kind of `CHATS`, the model, and settings of both model and harness; raises as `named_policy` does."""
        from textenvs.policies.harnesses import HARNESSES

        settings = dict(settings)
        harness = str(settings.pop("harness", "direct"))
        check_choice("harness", harness, HARNESSES)
        of_harness, of_model = _accepted(HARNESSES[harness]), _accepted(_chat(kind).__init__) - {"model", "tokenizer"}
        _check_settings(f"{kind}:{what} in {harness}", settings, of_harness | of_model)
        self._kind, self._what = kind, what
        self._model_settings = {key: value for key, value in settings.items() if key not in of_harness}
        self.harness = HARNESSES[harness](**{key: settings[key] for key in of_harness & set(settings)})
        title = self._model_settings.get("name", Path(what).name.removesuffix(".gguf"))
        added = [] if harness == "direct" else [harness]
        self.name = " + ".join([str(title), *added]) + f" ({settings.get('mode', 'free')})"

    @cached_property
    def agent(self) -> Agent:
        """The agent; its model is loaded now."""
        chat = _chat(self._kind)
        load = getattr(chat, "load", chat)
        return Agent(load(self._what, **self._model_settings), self.harness, name=self.name)

    def policy(self, game: Game[Any, Any], form: str, split: str = "all") -> Policy:
        return self.agent


def optimal_player(game: Game[Any, Any], split: str) -> Policy:
    """Return who plays a best policy; raises `TooLargeError` for a game that cannot be enumerated."""
    graph = _graph(game, split)
    return GraphPolicy(graph, optimal(graph).policy, "optimal")


def myopic_player(game: Game[Any, Any], split: str) -> Policy:
    """Return who is greedy on the next reward, ties at random; raises as `optimal_player` does."""
    graph = _graph(game, split)
    return GraphPolicy(graph, myopic_policy(graph), "myopic")


def plan_player(game: Game[Any, Any], split: str) -> Policy:
    """Return who writes the best plan, or a good one where the best cannot be found; raises `TooLargeError`."""
    return PlanPolicy(best_plans(StateTable(game, most=TRANSITIONS * WORK), split, work=WORK))


def _graph(game: Game[Any, Any], split: str) -> InformationGraph:
    return build_graph(game, split, work=WORK)


def _chat(kind: str) -> Any:
    """Return the class of a kind of chat model; imports its packages."""
    module, name = CHATS[kind]
    return getattr(import_module(module), name)


def _accepted(function: Callable[..., Any]) -> set[str]:
    """Return the names of the arguments of a function."""
    kinds = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    return {name for name, each in signature(function).parameters.items() if each.kind in kinds} - {"self"}


def _check_settings(spec: str, settings: Settings, accepted: set[str] | tuple[str, ...]) -> None:
    for key in settings:
        check_choice(f"setting of the policy {spec}", key, accepted)


RULERS: Mapping[str, Callable[[Game[Any, Any], str], Policy]] = {
    "optimal": optimal_player,
    "myopic": myopic_player,
    "plan": plan_player,
}
CHATS = {
    "transformers": ("textenvs.policies.transformers_chat", "TransformersChat"),
    "endpoint": ("textenvs.policies.endpoint_chat", "EndpointChat"),
}
SPECS = (*RULERS, "human", "saved:FOLDER", "transformers:NAME", "endpoint:MODEL")
