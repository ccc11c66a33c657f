"""The Gymnasium environment of every game: one player, or one seat among scripted opponents."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import Any

import gymnasium as gym
import numpy as np

from textenvs.core.errors import ArgumentError, UnknownNameError, check_choice, check_range
from textenvs.core.game import Game
from textenvs.core.seat import Seat
from textenvs.envs.episode import Episode
from textenvs.envs.opponents import Opponents
from textenvs.envs.policy import Policy
from textenvs.envs.settings import Settings
from textenvs.envs.shell import RENDER_MODES, RESET_OPTIONS, Shell, sampled_play, split_keywords
from textenvs.envs.spaces import TextSpace
from textenvs.envs.streams import Stream
from textenvs.registry import entry, make_game

SEAT_ARGUMENTS = ("seat", "opponent")

_SAMPLED_EPISODES = 8


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


def table(game: str | Game[Any, Any], *, opponent: Policy, seat: int = 0, **arguments: Any) -> tuple[Any, Opponents]:
    """Return the rules of a game for several players, and the policy that plays all seats but `seat`.

    Raises:
        UnknownNameError: for an unknown game or argument.
        ArgumentError: for an opponent that is no policy, or a seat the game does not have.
    """
    rules = make_game(game, **arguments) if isinstance(game, str) else game
    if not isinstance(opponent, Policy):
        raise ArgumentError(f"an opponent is the name of a strategy or a policy, not {opponent!r:.80}")
    check_range("seat", seat, 0, rules.players - 1)
    return rules, Opponents(opponent, seat)


def split_arguments(game: str | Game[Any, Any], keywords: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the dials and the arguments of `solo_game` among the keywords of an environment.

    Raises:
        UnknownNameError: for a keyword that is neither.
    """
    players = (entry(game) if isinstance(game, str) else game).players
    return split_keywords(game, keywords, SEAT_ARGUMENTS if players > 1 else ())


class SoloEnv(Shell, gym.Env[str, str]):
    """A text game as a Gymnasium environment; observations and actions are `str`.

    Rewards are floats; `terminated` is the end by the rules or by too many refusals; `truncated` is
    never set here, since every game ends by its own rules (a `TimeLimit` wrapper may set it).

    `info` has the keys `refusal` (None, or why the reply was no legal move), `turn` (replies so far),
    `score` (undiscounted return so far, whatever the reward dial), `instance` (content address) and,
    with `legal_in_info=True`, `legal` (wordings of the legal moves, a list of str).

    Attributes:
        player: the seat that replies, 0 unless the opponent is a policy.
        opponents: the policy that plays the other seats, None where there is none or a named strategy.

    `reset` takes the options `split` (`all`, `train`, `validation` or `test`) and `instance` (a number
    or a content address).
    """

    _books = ("_streams",)

    metadata = {"render_modes": list(RENDER_MODES), "render_fps": 1}  # noqa: RUF012 - gymnasium's own convention

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
                several players (a name as in `textenvs.core.strategies`, `pool:NAME`, or a policy), and dials
                (see `textenvs.envs.settings.Settings`).

        Raises:
            UnknownNameError: for an unknown game, argument or name.
            ArgumentError: for a value that is not accepted.
        """
        dials, arguments = split_arguments(game, keywords)
        settings = Settings(**dials)
        self.opponents: Opponents | None = None
        if isinstance(arguments.get("opponent", ""), str):
            rules = solo_game(game, **arguments)
        else:
            rules, self.opponents = table(game, **arguments)
        self.player = self.opponents.seat if self.opponents else 0
        super().__init__(rules, settings, render_mode=render_mode, legal_in_info=legal_in_info, split=split)
        self.observation_space, self.action_space = self._sampled_spaces()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
        """Begin an episode; `seed` names it entirely, whatever was played before.

        Raises:
            UnknownNameError: for an unknown option or split.
            ArgumentError: for an instance that does not exist.
            EmptySplitError: for a split without instances.
        """
        gym.Env.reset(self, seed=seed)
        options = options or {}
        for option in options:
            check_choice("reset option", option, RESET_OPTIONS)
        self._begin(seed, options)
        if self.opponents:
            self.opponents.start(self.episode)
            self.opponents.reply(self.episode)
        return self.episode.observation(self.player), self._info(self.player, None)

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        """Reply with any text; see the class for what comes back.

        Raises:
            EpisodeOverError: after the end of the episode or before the first reset.
            ArgumentError: if the action is no `str`.
        """
        episode, player = self.episode, self.player
        rewards, refusal = episode.reply(player, action)
        reward = rewards[player]
        if self.opponents:
            reward += self.opponents.reply(episode)[player]
        return episode.observation(player), reward, episode.over, False, self._info(player, refusal)

    def render(self) -> str | None:
        """Return the dialogue so far if `render_mode` is `ansi`."""
        return self.episode.transcript(self.player) if self.render_mode == "ansi" else None

    def legal_replies(self) -> tuple[str, ...]:
        """Return the wordings of the moves that are legal now; none once the episode is over."""
        return self.episode.legal_replies(self.player)

    def _sampled_spaces(self) -> tuple[TextSpace, TextSpace]:
        """Return spaces that sample what a few random episodes show and allow; whole plans in the `plan` form."""
        seen: set[str] = set()
        replies: set[str] = set()
        for seed in range(_SAMPLED_EPISODES):
            episode = self._new_episode(seed, self.split, None)
            if self.settings.form == "plan":
                single = Episode(self.game, replace(self.settings, form="turns"), seed=seed, split=self.split)
                seen.add(episode.observation(0))
                replies.add("\n".join(reply for *_, reply in sampled_play(single)))
                continue
            turns = None if self.settings.form == "turns" else 1  # one judged reply would call the user's judge
            for player, observation, legal, _ in islice(sampled_play(episode), turns):
                if player == self.player:
                    seen.add(observation)
                    replies.update(legal)
        return TextSpace(sorted(seen)), TextSpace(sorted(replies))

    def _generator(self) -> np.random.Generator:
        return self.np_random

    @property
    def _streams(self) -> tuple[Stream, ...]:
        """The random streams of an opponent that is a policy."""
        return self.opponents.streams if self.opponents else ()

    @_streams.setter
    def _streams(self, streams: tuple[Stream, ...]) -> None:
        if self.opponents and self._episode:
            self.opponents.start(self._episode)
            self.opponents.streams = streams
