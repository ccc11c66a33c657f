"""Policies by name, as on the command line: `random`, `optimal`, `human`, `saved:FOLDER`, `endpoint:MODEL` …"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import cached_property
from inspect import signature
from pathlib import Path
from typing import Any

from textenvs.core.errors import ArgumentError, UnknownNameError, check_choice
from textenvs.core.game import Game
from textenvs.core.strategies import has_expert, strategy
from textenvs.envs.policy import Policy
from textenvs.envs.settings import Settings
from textenvs.envs.streams import Purpose, Stream
from textenvs.planning.enumeration import build_graph
from textenvs.planning.errors import TooLargeError
from textenvs.planning.plans import best_plans
from textenvs.planning.states import StateTable
from textenvs.planning.values import myopic_policy, optimal
from textenvs.policies.agent import Agent
from textenvs.policies.chat import ChatModel
from textenvs.policies.errors import UnplayableError
from textenvs.policies.rulers import GraphPolicy, PlanPolicy
from textenvs.policies.scripted import StrategyPolicy
from textenvs.terminal import Person

_NOT_BY_NAME = ("model", "tokenizer", "tags", "actor", "ledger")
"""Parameters of models and harnesses that no text can give."""


class NamedPolicy(ABC):
    """A policy as it was named: makes who plays each game.

    What it needs is loaded when it first plays, once for all games. A copy in another process, made by pickling, is
    made anew from spec and settings.

    Attributes:
        spec: the kind, and behind a colon what it is made of.
        settings: what else was said about it. They never hold a key or a password.
    """

    def __init__(self, spec: str, settings: Mapping[str, Any]) -> None:
        """Take spec and settings.

        Raises:
            UnknownNameError: for a setting that this kind does not have.
            ArgumentError: for a value that is not accepted.
        """
        self.spec = spec
        self.settings = dict(settings)
        for key in settings:
            check_choice(f"setting of {self.kind}", key, self.accepted)

    @property
    def kind(self) -> str:
        """What stands in front of the colon."""
        return self.spec.partition(":")[0]

    @property
    def what(self) -> str:
        """What stands behind the colon, empty if nothing does."""
        return self.spec.partition(":")[2]

    @property
    def name(self) -> str:
        """What results call it."""
        return self.spec

    @property
    def accepted(self) -> tuple[str, ...]:
        """The settings that it has."""
        return ()

    @abstractmethod
    def policy_for(self, game: Game[Any, Any], settings: Settings, split: str = "all") -> Policy:
        """Return who plays a game: one object for all games, or one for each.

        Args:
            game: a game for one player, or one seat of another.
            settings: how it is offered.
            split: where instances come from; what rulers know about them.

        Raises:
            UnplayableError: if nobody can by this name, in this form or with these arguments.
        """

    def describe(self) -> dict[str, Any]:
        """Return name, spec and settings for records of a run; nothing secret is among them."""
        return {"name": self.name, "spec": self.spec, "settings": dict(self.settings)}

    def __reduce__(self) -> tuple[Callable[..., NamedPolicy], tuple[str, dict[str, Any]]]:
        return named_policy, (self.spec, self.settings)


def named_policy(spec: str, settings: Mapping[str, Any] | None = None) -> NamedPolicy:
    """Return the policy of a name.

    Args:
        spec: `random`, `expert`, `mixed:E` or another of `textenvs.core.strategies`; `optimal`, `myopic` or `plan`,
            the rulers as players; `human`, a person in the terminal; `saved:FOLDER`, a saved `LanguageModelPolicy`;
            `transformers:PATH_OR_HUB_NAME`, any causal model; `endpoint:MODEL`, a model behind an OpenAI-compatible
            server.
        settings: of the kind. `saved` has some of `LanguageModelPolicy`; the last two have `harness` (one of
            `textenvs.policies.harnesses.HARNESSES`), `name`, those of the harness (`mode`, `max_tokens` …), and those
            of `TransformersChat` or `EndpointChat`.

    Raises:
        UnknownNameError: for a kind, strategy, harness or setting that does not exist.
        ArgumentError: for a value that is not accepted, or a spec that lacks what stands behind the colon.
        MissingExtraError: if what the kind needs is not installed.
    """
    kind, _, what = spec.partition(":")
    if kind in _BARE and not what:
        return _BARE[kind](spec, settings or {})
    if kind in _OF_SOMETHING:
        make, kind_of_thing = _OF_SOMETHING[kind]
        if not what:
            raise ArgumentError(f"a policy of this kind is named {kind}:{kind_of_thing}, not {spec!r}")
        return make(spec, settings or {})
    try:
        return _Scripted(spec, settings or {})
    except UnknownNameError as error:
        if error.args[0] != "strategy":
            raise
    with_things = [f"{kind}:{thing}" for kind, (_, thing) in _OF_SOMETHING.items()]
    raise UnknownNameError("policy", spec, ["random", "expert", "mixed:E", *_BARE, *with_things])


class _Scripted(NamedPolicy):
    """A strategy of `textenvs.core.strategies`."""

    def __init__(self, spec: str, settings: Mapping[str, Any]) -> None:
        strategy(spec)
        super().__init__(spec, settings)

    def policy_for(self, game: Game[Any, Any], settings: Settings, split: str = "all") -> Policy:
        _check_form(self, settings, ("turns", "plan", "reply") if self.spec == "random" else ("turns", "reply"))
        if self.kind in ("expert", "mixed") and not has_expert(game, Stream(0, Purpose.DEAL)):
            raise UnplayableError(f"{game.name} has no scripted expert, so {self.spec} cannot play it")
        return StrategyPolicy(self.spec)


class _Ruler(NamedPolicy):
    """The policy behind a reference value in the form `turns`."""

    def policy_for(self, game: Game[Any, Any], settings: Settings, split: str = "all") -> Policy:
        _check_form(self, settings, ("turns",))
        if settings.feedback != "full":
            raise UnplayableError(f"{self.spec} plays by what it sees: feedback must be 'full'")
        try:
            graph = build_graph(game, split)
        except TooLargeError as error:
            raise UnplayableError(_too_large(self, game, error)) from error
        policy = optimal(graph).policy if self.kind == "optimal" else myopic_policy(graph)
        return GraphPolicy(graph, policy, self.name)


class _Plan(NamedPolicy):
    """The best plan, in the form `plan`."""

    def policy_for(self, game: Game[Any, Any], settings: Settings, split: str = "all") -> Policy:
        _check_form(self, settings, ("plan",))
        price, most = settings.refusal_price, settings.max_refusals
        try:
            plans = best_plans(StateTable(game), split, refusal_price=price, max_refusals=most)
        except TooLargeError as error:
            raise UnplayableError(_too_large(self, game, error)) from error
        if not all(plan.value.kind == "exact" for plan in plans):
            raise UnplayableError(_too_large(self, game, "its best plans are only known within bounds"))
        return PlanPolicy(plans, self.name)


class _Human(NamedPolicy):
    """A person in the terminal."""

    @cached_property
    def _person(self) -> Person:
        return Person(self.name)

    def policy_for(self, game: Game[Any, Any], settings: Settings, split: str = "all") -> Policy:
        return self._person


class _Saved(NamedPolicy):
    """A `LanguageModelPolicy` that was saved; settings replace those it was saved with.

    The folder holds the policy, or one for each game and form in folders of its own, named like `GuessNumber.turns`.
    """

    def __init__(self, spec: str, settings: Mapping[str, Any]) -> None:
        super().__init__(spec, settings)
        self._policies: dict[Path, Policy] = {}
        folder = Path(self.what)
        if (folder / self._settings_file).is_file() or not any(folder.glob(f"*.*/{self._settings_file}")):
            self._load(folder)

    @property
    def name(self) -> str:
        return str(self.settings.get("name", Path(self.what).name))

    @property
    def accepted(self) -> tuple[str, ...]:
        return _parameters(self._class)

    @property
    def _class(self) -> Any:
        from textenvs.policies.language_model import LanguageModelPolicy  # imports torch

        return LanguageModelPolicy

    @property
    def _settings_file(self) -> str:
        from textenvs.policies.language_model import SETTINGS_FILE

        return SETTINGS_FILE

    def policy_for(self, game: Game[Any, Any], settings: Settings, split: str = "all") -> Policy:
        folder = Path(self.what)
        if folder in self._policies:
            return self._policies[folder]
        own = folder / f"{game.name}.{settings.form}"
        if not own.is_dir():
            raise UnplayableError(f"{self.spec} holds no policy for {game.name} in form {settings.form!r}")
        return self._policies.get(own) or self._load(own)

    def _load(self, folder: Path) -> Policy:
        """Return the policy in a folder, loaded once; raises `ArgumentError` if there is none."""
        self._policies[folder] = self._class.load(folder, **{**self.settings, "name": self.name})
        return self._policies[folder]


class _Chat(NamedPolicy):
    """A chat model in a harness."""

    def __init__(self, spec: str, settings: Mapping[str, Any]) -> None:
        from textenvs.policies.harnesses import HARNESSES

        harness = settings.get("harness", "direct")
        check_choice("harness", harness, HARNESSES)
        self._of_harness = _parameters(HARNESSES[harness])
        super().__init__(spec, settings)
        self._harness = HARNESSES[harness](**{key: settings[key] for key in settings if key in self._of_harness})

    @property
    def name(self) -> str:
        both = Path(self.what).name.removesuffix(".gguf"), self._harness.name
        return str(self.settings.get("name", " + ".join(filter(None, both))))

    @property
    def accepted(self) -> tuple[str, ...]:
        return ("harness", *self._of_harness, *_parameters(self._class))

    @property
    def _of_model(self) -> dict[str, Any]:
        """The settings that are neither the harness nor its own."""
        others = ("harness", "name", *self._of_harness)
        return {key: value for key, value in self.settings.items() if key not in others}

    @property
    @abstractmethod
    def _class(self) -> Any:
        """The class of chat models."""

    @abstractmethod
    def _model(self) -> ChatModel:
        """Return the chat model."""

    @cached_property
    def _agent(self) -> Policy:
        return Agent(self._model(), self._harness, name=self.name)

    def policy_for(self, game: Game[Any, Any], settings: Settings, split: str = "all") -> Policy:
        return self._agent


class _Transformers(_Chat):
    """Any causal model of transformers."""

    @property
    def _class(self) -> Any:
        from textenvs.policies.transformers_chat import TransformersChat  # imports torch

        return TransformersChat

    def _model(self) -> ChatModel:
        model: ChatModel = self._class.load(self.what, **self._of_model)
        return model


class _Endpoint(_Chat):
    """A model behind an OpenAI-compatible server."""

    def __init__(self, spec: str, settings: Mapping[str, Any]) -> None:
        super().__init__(spec, settings)
        self._endpoint: ChatModel = self._class(self.what, **self._of_model)

    @property
    def _class(self) -> Any:
        from textenvs.policies.endpoint_chat import EndpointChat  # imports openai

        return EndpointChat

    def _model(self) -> ChatModel:
        return self._endpoint


_BARE: Mapping[str, type[NamedPolicy]] = {"optimal": _Ruler, "myopic": _Ruler, "plan": _Plan, "human": _Human}
_OF_SOMETHING: Mapping[str, tuple[type[NamedPolicy], str]] = {
    "saved": (_Saved, "FOLDER"),
    "transformers": (_Transformers, "PATH_OR_HUB_NAME"),
    "endpoint": (_Endpoint, "MODEL"),
}


def _parameters(make: Callable[..., Any]) -> tuple[str, ...]:
    """Return the parameters of a class that can be given by name and value."""
    return tuple(name for name in signature(make).parameters if name not in _NOT_BY_NAME)


def _check_form(policy: NamedPolicy, settings: Settings, possible: tuple[str, ...]) -> None:
    if settings.form not in possible:
        raise UnplayableError(f"{policy.spec} plays in form {' or '.join(possible)} only, not in {settings.form!r}")


def _too_large(policy: NamedPolicy, game: Game[Any, Any], why: object) -> str:
    return f"{policy.spec} needs exact values, and {game!r} is too large for them: {why}"
