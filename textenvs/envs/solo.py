"""The Gymnasium environment of every game: one player, or one seat among scripted opponents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, NamedTuple

import gymnasium as gym

from textenvs.core.errors import ArgumentError, EpisodeOverError, UnknownNameError, check_choice
from textenvs.core.game import Game
from textenvs.core.instances import SPLITS
from textenvs.core.refusal import Refusal
from textenvs.core.seat import Seat
from textenvs.envs.episode import Episode
from textenvs.envs.forms import new_episode
from textenvs.envs.settings import Settings
from textenvs.envs.spaces import TextSpace
from textenvs.envs.streams import Purpose, Stream
from textenvs.registry import argument_names, entry, make_game

DIALS = tuple(field.name for field in fields(Settings))
SEAT_ARGUMENTS = ("seat", "opponent")
RESET_OPTIONS = ("split", "instance")

_SAMPLED_OPENINGS = 4


class EnvState(NamedTuple):
    """Everything that decides what an environment does next; plain picklable values.

    Attributes:
        episode: the episode in progress, None before the first reset.
        generator: state of the generator that names the seeds of unseeded episodes.
    """

    episode: Episode | None
    generator: Mapping[str, Any]


def solo_game(name: str | Game[Any, Any], **arguments: Any) -> Game[Any, Any]:
    """Return a game for one player: the game itself, or a `Seat` of a game for several.

    Args:
        name: name of a game, or its rules.
        **arguments: arguments of the game if it is named; for several players also `seat` (default 0)
            and `opponent` (default: the game's `default_opponent`).

    Raises:
        UnknownNameError: for an unknown game or argument.
        ArgumentError: for a value that is not accepted.
    """
    seat = {key: arguments.pop(key) for key in SEAT_ARGUMENTS if key in arguments}
    game = make_game(name, **arguments) if isinstance(name, str) else name
    if game.players > 1:
        return Seat(game, **{"opponent": game.default_opponent, **seat})
    if seat:
        raise UnknownNameError(f"argument of {game.name}", next(iter(seat)), game.arguments)
    return game


def split_arguments(name: str, keywords: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the dials and the game's arguments among the keywords of an environment.

    Raises:
        UnknownNameError: for a keyword that is neither.
    """
    seats = SEAT_ARGUMENTS if entry(name).players > 1 else ()
    accepted = (*argument_names(name), *seats, *DIALS)
    for keyword in keywords:
        if keyword not in accepted:
            raise UnknownNameError(f"argument of {entry(name).name}", keyword, accepted)
    dials = {key: value for key, value in keywords.items() if key in DIALS}
    return dials, {key: value for key, value in keywords.items() if key not in DIALS}


class SoloEnv(gym.Env[str, str]):
    """A text game as a Gymnasium environment; observations and actions are `str`.

    Rewards are floats; `terminated` is the end by the rules or by too many refusals; `truncated` is
    never set here, since every game ends by its own rules (a `TimeLimit` wrapper may set it).

    `info` has the keys `refusal` (None, or why the reply was no legal move), `turn` (replies so far),
    `score` (undiscounted return so far, whatever the reward dial), `instance` (content address) and,
    with `legal_in_info=True`, `legal` (wordings of the legal moves, a list of str).

    `reset` takes the options `split` (`all`, `train`, `validation` or `test`) and `instance` (a number
    or a content address).
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 1}  # noqa: RUF012 - gymnasium's own convention

    def __init__(
        self,
        game: str | Game[Any, Any],
        *,
        render_mode: str | None = None,
        legal_in_info: bool = False,
        split: str = "all",
        **keywords: Any,
    ) -> None:
        """Build the environment.

        Args:
            game: name of a registered game, or its rules.
            render_mode: None or `ansi`: `render` returns the dialogue so far.
            legal_in_info: whether `info` lists the legal replies.
            split: where instances come from unless `reset` says otherwise.
            **keywords: arguments of the game (where it is named), `seat` and `opponent` for a game for
                several players, and dials (see `textenvs.envs.settings.Settings`).

        Raises:
            UnknownNameError: for an unknown game, argument or name.
            ArgumentError: for a value that is not accepted.
        """
        check_choice("split", split, SPLITS)
        if render_mode is not None:
            check_choice("render_mode", render_mode, self.metadata["render_modes"])
        dials, arguments = _keywords(game, keywords)
        self.game = solo_game(game, **arguments)
        self.settings = Settings(**dials)
        self.split = split
        self.render_mode = render_mode
        self.legal_in_info = legal_in_info
        self._episode: Episode | None = None
        openings = [self._new_episode(seed, split, None) for seed in range(_SAMPLED_OPENINGS)]
        self.action_space = TextSpace(_sample_replies(openings))
        self.observation_space = TextSpace(sorted({opening.observation(0) for opening in openings}))

    @property
    def episode(self) -> Episode:
        """The episode in progress or just ended; raises `EpisodeOverError` before the first reset."""
        if self._episode is None:
            raise EpisodeOverError("there is no episode yet; call reset() first")
        return self._episode

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
        """Begin an episode; `seed` names it entirely, whatever was played before.

        Raises:
            UnknownNameError: for an unknown option or split.
            ArgumentError: for an instance that does not exist.
            EmptySplitError: for a split without instances.
        """
        super().reset(seed=seed)
        options = options or {}
        for option in options:
            check_choice("reset option", option, RESET_OPTIONS)
        episode_seed = int(self.np_random.integers(2**63)) if seed is None else seed
        self._episode = self._new_episode(episode_seed, options.get("split", self.split), options.get("instance"))
        return self.episode.observation(0), self._info(None)

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        """Reply with any text; see the class for what comes back.

        Raises:
            EpisodeOverError: after the end of the episode or before the first reset.
            ArgumentError: if the action is no `str`.
        """
        episode = self.episode
        (reward,), refusal = episode.reply(0, action)
        return episode.observation(0), reward, episode.over, False, self._info(refusal)

    def render(self) -> str | None:
        """Return the dialogue so far if `render_mode` is `ansi`."""
        return self.episode.transcript(0) if self.render_mode == "ansi" else None

    def legal_replies(self) -> tuple[str, ...]:
        """Return the wordings of the moves that are legal now; none once the episode is over."""
        return self.episode.legal_replies(0)

    def get_state(self) -> EnvState:
        """Return a snapshot that `set_state` of any environment made with the same arguments restores."""
        episode = None if self._episode is None else self._episode.copy()
        return EnvState(episode, self.np_random.bit_generator.state)

    def set_state(self, state: EnvState) -> None:
        """Continue exactly from a snapshot.

        Raises:
            ArgumentError: for a snapshot of another game, other arguments or other dials.
        """
        if state.episode is not None:
            mine, theirs = (self.game, self.settings), (state.episode.game, state.episode.settings)
            if mine != theirs:
                raise ArgumentError(f"the snapshot is of {theirs}, this environment is {mine}")
        self._episode = None if state.episode is None else state.episode.copy()
        self.np_random.bit_generator.state = state.generator

    def clone(self) -> SoloEnv:
        """Return an independent environment in exactly the same situation."""
        twin = type(self)(self.game, render_mode=self.render_mode, legal_in_info=self.legal_in_info, split=self.split)
        twin.settings = self.settings
        twin.set_state(self.get_state())
        return twin

    def _new_episode(self, seed: int, split: str, instance: int | str | None) -> Episode:
        return new_episode(self.game, self.settings, seed=seed, split=split, instance=instance)

    def _info(self, refusal: Refusal | None) -> dict[str, Any]:
        episode = self.episode
        info: dict[str, Any] = {
            "refusal": refusal.text if refusal else None,
            "turn": len(episode.replies),
            "score": episode.scores[0],
            "instance": episode.instance,
        }
        if self.legal_in_info:
            info["legal"] = list(self.legal_replies())
        return info


def _keywords(game: str | Game[Any, Any], keywords: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return dials and arguments; a game given by its rules takes no arguments but a seat's."""
    if isinstance(game, str):
        return split_arguments(game, keywords)
    dials = {key: value for key, value in keywords.items() if key in DIALS}
    rest = {key: value for key, value in keywords.items() if key not in DIALS}
    for keyword in rest:
        check_choice("argument", keyword, (*SEAT_ARGUMENTS, *DIALS))
    return dials, rest


def _sample_replies(openings: list[Episode]) -> list[str]:
    """Return replies that make sense in the openings: single moves, or whole plans of random moves."""
    samples = set()
    for episode in openings:
        legal = episode.legal_replies(0)
        if episode.settings.form == "plan":
            random = Stream(episode.seed, Purpose.POLICY)
            turns = min(episode.game.max_turns, 100)
            samples.add("\n".join(random.choice(legal) for _ in range(turns)))
        else:
            samples.update(legal)
    return sorted(samples)
