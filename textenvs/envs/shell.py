"""What the environments of all interfaces share: the arguments, the episode, its info and its snapshots."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, ClassVar, NamedTuple, TypeVar

import numpy as np

from textenvs.core.errors import ArgumentError, EpisodeOverError, UnknownNameError, check_choice
from textenvs.core.game import Game
from textenvs.core.instances import SPLITS
from textenvs.core.refusal import Refusal
from textenvs.envs.episode import Episode
from textenvs.envs.forms import new_episode
from textenvs.envs.settings import Settings
from textenvs.envs.streams import Purpose, Stream
from textenvs.registry import argument_names, entry

DIALS = tuple(field.name for field in fields(Settings))
RENDER_MODES = ("ansi",)
RESET_OPTIONS = ("split", "instance")
ENVIRONMENT_ARGUMENTS = ("render_mode", "legal_in_info", "split")

_SAMPLED_TURNS = 50
_SAMPLED_MOVES = 100

ShellType = TypeVar("ShellType", bound="Shell")


class EnvState(NamedTuple):
    """Everything that decides what an environment does next; plain picklable values.

    Attributes:
        episode: the episode in progress, None before the first reset.
        generator: state of the generator that names the seeds of unseeded episodes.
        books: what the interface itself keeps between steps, by attribute name.
    """

    episode: Episode | None
    generator: Mapping[str, Any]
    books: Mapping[str, Any]


def split_keywords(
    game: str | Game[Any, Any], keywords: Mapping[str, Any], more: tuple[str, ...] = ()
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the dials and the other arguments among the keywords of an environment.

    Args:
        game: name of a game, which brings its arguments, or its rules, which bring none.
        keywords: what was given, by name.
        more: names accepted besides.

    Raises:
        UnknownNameError: for a keyword that is not accepted.
    """
    name, own = (
        (entry(game).name, ("level", *ENVIRONMENT_ARGUMENTS, *argument_names(game)))
        if isinstance(game, str)
        else (game.name, ())
    )
    for keyword in keywords:
        if keyword not in (accepted := (*own, *more, *DIALS)):
            raise UnknownNameError(f"argument of {name}", keyword, accepted)
    dials = {key: value for key, value in keywords.items() if key in DIALS}
    return dials, {key: value for key, value in keywords.items() if key not in DIALS}


def sampled_play(episode: Episode) -> Iterator[tuple[int, str, tuple[str, ...], str]]:
    """Play an episode by random legal replies and yield what its turns show.

    Yields:
        Who is to move, the observation, some of the legal replies (of many, some over the whole range), and the
        reply that will be given when the next turn is asked for.
    """
    random = Stream(episode.seed, Purpose.POLICY)
    for _ in range(_SAMPLED_TURNS):
        if episode.over:
            return
        player = episode.to_move()[0]
        moves = episode.game.legal(episode.state, player)
        some = moves[:: -(-len(moves) // _SAMPLED_MOVES)]
        replies = tuple(episode.game.say(episode.state, move) for move in some)
        reply = random.choice(replies)
        yield player, episode.observation(player), replies, reply
        episode.reply(player, reply)


class Shell(ABC):
    """An environment around an `Episode`; the base of all interfaces.

    Attributes:
        game: the rules.
        settings: the dials.
        split: where instances come from unless `reset` says otherwise.
        render_mode: None or `ansi`.
        legal_in_info: whether `info` lists the legal replies.
    """

    _books: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, game: Game[Any, Any], settings: Settings, *, render_mode: str | None, legal_in_info: bool, split: str
    ) -> None:
        check_choice("split", split, SPLITS)
        if render_mode is not None:
            check_choice("render_mode", render_mode, RENDER_MODES)
        self.game = game
        self.settings = settings
        self.split = split
        self.render_mode = render_mode
        self.legal_in_info = legal_in_info
        self._episode: Episode | None = None

    @property
    def episode(self) -> Episode:
        """The episode in progress or just ended; raises `EpisodeOverError` before the first reset."""
        if self._episode is None:
            raise EpisodeOverError("there is no episode yet; call reset() first")
        return self._episode

    def get_state(self) -> EnvState:
        """Return a snapshot that `set_state` of any environment made with the same arguments restores."""
        episode = None if self._episode is None else self._episode.copy()
        books = {name: copy.deepcopy(getattr(self, name)) for name in self._books}
        return EnvState(episode, self._generator().bit_generator.state, books)

    def set_state(self, state: EnvState) -> None:
        """Continue exactly from a snapshot.

        Raises:
            ArgumentError: for what is no snapshot, or one of another game, other arguments or other dials.
        """
        if not isinstance(state, EnvState):
            raise ArgumentError(f"a snapshot comes from get_state(), not {state!r:.80}")
        if state.episode is not None:
            mine, theirs = (self.game, self.settings), (state.episode.game, state.episode.settings)
            if mine != theirs:
                raise ArgumentError(f"the snapshot is of {theirs}, this environment is {mine}")
        self._episode = None if state.episode is None else state.episode.copy()
        self._generator().bit_generator.state = state.generator
        for name, value in state.books.items():
            setattr(self, name, copy.deepcopy(value))

    def clone(self: ShellType) -> ShellType:
        """Return an independent environment in exactly the same situation."""
        shared = (self.game, self.settings)  # immutable, and a judge among the settings may be a large model
        return copy.deepcopy(self, {id(each): each for each in shared})

    @abstractmethod
    def _generator(self) -> np.random.Generator:
        """Return the generator that names the seeds of unseeded episodes."""

    def _begin(self, seed: int | None, options: Mapping[str, Any]) -> None:
        """Begin an episode, which `seed` names entirely."""
        if seed is None:
            seed = int(self._generator().integers(2**63))
        self._episode = self._new_episode(seed, options.get("split", self.split), options.get("instance"))

    def _new_episode(self, seed: int, split: str, instance: int | str | None) -> Episode:
        return new_episode(self.game, self.settings, seed=seed, split=split, instance=instance)

    def _info(self, player: int, refusal: Refusal | None) -> dict[str, Any]:
        """Return what `info` tells about a player whose last reply had this `refusal`."""
        episode = self.episode
        info: dict[str, Any] = {
            "refusal": refusal.text if refusal else None,
            "turn": episode.turns[player],
            "score": episode.scores[player],
            "instance": episode.instance,
        }
        if self.legal_in_info:
            info["legal"] = list(episode.legal_replies(player))
        return info
