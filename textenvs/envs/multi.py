"""The PettingZoo environments of every game for several players: one agent at a time, or all at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.utils import seeding
from pettingzoo import AECEnv, ParallelEnv

from textenvs.core.errors import ArgumentError, EpisodeOverError, UnknownNameError, check_range
from textenvs.core.game import Game
from textenvs.core.refusal import Refusal
from textenvs.envs.settings import Settings
from textenvs.envs.shell import RENDER_MODES, Shell, sampled_play, split_keywords
from textenvs.envs.spaces import TextSpace
from textenvs.registry import make_game

Observation = dict[str, str]

_SAMPLED_EPISODES = 16


class MultiShell(Shell):
    """What both PettingZoo interfaces share.

    Attributes:
        possible_agents: `player_0`, `player_1` … in the order of the game's players.
        agents: those of the episode in progress; none before the first reset and after the end.
        max_cycles: the limit that truncates an episode, or None.
    """

    metadata: dict[str, Any] = {"render_modes": list(RENDER_MODES)}  # noqa: RUF012 - PettingZoo's own convention

    def __init__(
        self,
        game: str | Game[Any, Any],
        *,
        render_mode: str | None = None,
        legal_in_info: bool = False,
        split: str = "all",
        max_cycles: int | None = None,
        **keywords: Any,
    ) -> None:
        """Build the environment.

        Args:
            game: name of a registered game, or its rules.
            render_mode: None or `ansi`: `render` returns the dialogues so far.
            legal_in_info: whether `infos` lists the legal replies.
            split: where instances come from unless `reset` says otherwise.
            max_cycles: truncate an episode after so many cycles; never if None.
            **keywords: arguments of the game (where it is named) and dials (see
                `textenvs.envs.settings.Settings`); the form is `turns`.

        Raises:
            UnknownNameError: for an unknown game, argument or name.
            ArgumentError: for a value that is not accepted.
        """
        dials, arguments = split_keywords(game, keywords)
        rules = make_game(game, **arguments) if isinstance(game, str) else game
        settings = Settings(**dials)
        super().__init__(rules, settings, render_mode=render_mode, legal_in_info=legal_in_info, split=split)
        if settings.form != "turns":
            raise ArgumentError(f"form={settings.form!r} is for one player; use a Gymnasium environment with seat=…")
        if max_cycles is not None:
            check_range("max_cycles", max_cycles, 1, 1_000_000_000)
        self.max_cycles = max_cycles
        self.metadata = {**self.metadata, "name": rules.name}
        self.possible_agents = [f"player_{player}" for player in range(rules.players)]
        self._np_random: np.random.Generator | None = None
        self._observation_spaces, self._action_spaces = self._sampled_spaces()
        self._open_books([])

    def observation_space(self, agent: str) -> spaces.Dict:
        """Return the space of an agent's observations: `{"text": …}`, any text."""
        return self._observation_spaces[self._player(agent)]

    def action_space(self, agent: str) -> TextSpace:
        """Return the space of an agent's replies: any text; it samples replies that are legal at some time."""
        return self._action_spaces[self._player(agent)]

    def observe(self, agent: str) -> Observation:
        """Return what an agent observes now, also while others move; raises `EpisodeOverError` before reset."""
        return {"text": self.episode.observation(self._player(agent))}

    def legal_replies(self, agent: str) -> tuple[str, ...]:
        """Return the wordings of the moves that are legal now; none when the agent is not to move."""
        return self.episode.legal_replies(self._player(agent))

    def render(self) -> str | None:
        """Return the dialogues of all agents so far if `render_mode` is `ansi`."""
        if self.render_mode != "ansi":
            return None
        dialogues = (f"[{agent}]\n{self.episode.transcript(self._player(agent))}" for agent in self.possible_agents)
        return "\n\n".join(dialogues)

    def close(self) -> None:
        """Do nothing: no resource is held."""

    def _start(self, seed: int | None, options: Mapping[str, Any] | None) -> None:
        """Begin an episode with all agents."""
        if seed is not None:
            self._np_random, _ = seeding.np_random(seed)
        self._begin(seed, options or {})
        self._open_books(self.possible_agents)

    def _open_books(self, agents: list[str]) -> None:
        """Enter that these agents are in the episode, and that nothing has happened yet."""
        self.agents = list(agents)

    def _generator(self) -> np.random.Generator:
        if self._np_random is None:
            self._np_random, _ = seeding.np_random()
        return self._np_random

    def _player(self, agent: str) -> int:
        if agent not in self.possible_agents:
            raise UnknownNameError("agent", agent, self.possible_agents)
        return self.possible_agents.index(agent)

    def _check_started(self) -> None:
        if not self.agents:
            raise EpisodeOverError("there is no episode in progress; call reset() first")

    def _by_agent(self, values: Iterable[Any]) -> dict[str, Any]:
        """Return, of one value for each player, those of the agents who are still in, by agent."""
        pairs = zip(self.possible_agents, values, strict=True)
        return {agent: value for agent, value in pairs if agent in self.agents}

    def _terminations(self) -> dict[str, bool]:
        """Return whether the episode is over, for all or for an agent who left it."""
        left = range(self.game.players) if self.episode.over else self.game.left(self.episode.state)
        return self._by_agent(player in left for player in range(self.game.players))

    def _all_infos(self, refusals: Mapping[int, Refusal | None]) -> dict[str, dict[str, Any]]:
        """Return the infos of the agents who are still in, given what was refused just now by player."""
        return self._by_agent(self._info(player, refusals.get(player)) for player in range(self.game.players))

    def _sampled_spaces(self) -> tuple[list[spaces.Dict], list[TextSpace]]:
        """Return each player's spaces, which sample what a few random episodes show and allow."""
        seen: set[str] = set()
        legal: list[set[str]] = [set() for _ in self.possible_agents]
        for seed in range(_SAMPLED_EPISODES):
            for player, observation, replies, _ in sampled_play(self._new_episode(seed, self.split, None)):
                seen.add(observation)
                legal[player].update(replies)
        observed = [spaces.Dict({"text": TextSpace(sorted(seen))}) for _ in self.possible_agents]
        return observed, [TextSpace(sorted(replies)) for replies in legal]


class TurnEnv(MultiShell, AECEnv[str, Observation, str]):  # type: ignore[misc] # PettingZoo is not typed
    """A text game as a PettingZoo AEC environment: the agents reply one at a time.

    Observations are `{"text": str}`, actions are `str`. A refused reply leaves the turn with the same
    agent. Where players move simultaneously, they are asked one after the other and see nothing of the
    moves already made; rewards come with the last of them.

    `infos` has for each agent the keys `refusal` (None, or why the reply it just gave was no legal move),
    `turn` (its replies so far), `score` (its undiscounted return so far, whatever the reward dial),
    `instance` (content address: for the experimenter, since it tells hidden things) and, with
    `legal_in_info=True`, `legal` (wordings of its legal moves, none while others move).

    The episode terminates for all agents together, by the rules or by one agent's too many refusals; an agent
    whom the rules put out of the game before terminates alone. It is truncated when the agent to move has replied
    `max_cycles` times. Every agent who is terminated or truncated takes PettingZoo's last step with the action None.
    """

    _books = (
        "agents", "agent_selection", "rewards", "terminations", "truncations", "infos", "_cumulative_rewards",
        "_skip_agent_selection",
    )  # fmt: skip
    terminations: dict[str, bool]
    truncations: dict[str, bool]
    _cumulative_rewards: dict[str, float]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Begin an episode; `seed` names it entirely, whatever was played before.

        Args:
            seed: names the episode; drawn if None.
            options: `split` and `instance` as for `SoloEnv.reset`; other keys are left alone, since
                PettingZoo's conformance test passes one.

        Raises:
            UnknownNameError: for an unknown split.
            ArgumentError: for an instance that does not exist.
            EmptySplitError: for a split without instances.
        """
        self._start(seed, options)
        self._hand_over({})

    def step(self, action: str | None) -> None:
        """Reply for `agent_selection`; None when its episode has ended.

        Raises:
            EpisodeOverError: before the first reset, or when all agents have taken their last step.
            ArgumentError: if the action is no `str`.
            ValueError: if an agent whose episode has ended does anything but None.
        """
        self._check_started()
        agent = self.agent_selection
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            return
        player = self._player(agent)
        outcome = self.episode.reply(player, action)  # type: ignore[arg-type] # None is refused with a named error
        self._cumulative_rewards[agent] = 0.0
        self.rewards = self._by_agent(outcome.rewards)
        self._accumulate_rewards()
        self._hand_over({player: outcome.refusal})

    def last(self, observe: bool = True) -> tuple[Observation | None, float, bool, bool, dict[str, Any]]:
        """Return observation, reward since its last step, termination, truncation and info of `agent_selection`.

        Raises:
            EpisodeOverError: before the first reset, or when all agents have taken their last step.
        """
        self._check_started()
        last: tuple[Observation | None, float, bool, bool, dict[str, Any]] = super().last(observe)
        return last

    def _open_books(self, agents: list[str]) -> None:
        super()._open_books(agents)
        self.agent_selection = self.possible_agents[0]
        self._skip_agent_selection: str | None = None
        self.rewards = dict.fromkeys(agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(agents, 0.0)
        self.terminations = dict.fromkeys(agents, False)
        self.truncations = dict.fromkeys(agents, False)
        self.infos: dict[str, dict[str, Any]] = {agent: {} for agent in agents}

    def _hand_over(self, refusals: Mapping[int, Refusal | None]) -> None:
        """Give the turn to the next agent, or end the episode for all; tell what was refused just now."""
        awaited = self.episode.to_move()
        self.agent_selection = self.possible_agents[awaited[0]] if awaited else self.agents[0]
        self.infos = self._all_infos(refusals)
        cut = bool(awaited) and self.infos[self.agent_selection]["turn"] >= (self.max_cycles or inf)
        self.terminations = self._terminations()
        self.truncations = dict.fromkeys(self.agents, cut)
        if awaited and any(self.terminations.values()):
            self._deads_step_first()


class SimultaneousEnv(MultiShell, ParallelEnv[str, Observation, str]):  # type: ignore[misc] # see TurnEnv
    """A text game as a PettingZoo parallel environment: in each step all agents reply at once.

    Observations, actions and `infos` are as in `TurnEnv`; `infos` also has the key `waiting`: True if the
    agent's next action will be ignored, because it is not its turn or because its move is already made
    and another agent, whose reply was refused, is asked again. Its observation then shows nothing new.

    All agents terminate together, by the rules or by one agent's too many refusals; in the latter case
    replies of later agents in the same step are not read. An agent whom the rules put out of the game before
    terminates alone. `max_cycles` truncates after so many steps.
    """

    _books = ("agents", "_steps")

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Observation], dict[str, dict[str, Any]]]:
        """Begin an episode and return observations and infos; arguments and errors as for `TurnEnv.reset`."""
        self._start(seed, options)
        return self._observations(), self._all_infos({})

    def step(
        self, actions: Mapping[str, str]
    ) -> tuple[dict[str, Observation], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]]:
        """Reply for all agents.

        Args:
            actions: a reply of each agent; those of waiting agents are ignored and may be missing.

        Returns:
            Observations, rewards, terminations, truncations and infos by agent.

        Raises:
            EpisodeOverError: after the end of the episode or before the first reset.
            UnknownNameError: for an agent that does not exist.
            ArgumentError: if an awaited reply is missing or no `str`. Then nothing has changed.
        """
        self._check_started()
        refusals: dict[int, Refusal | None] = {}
        paid = np.zeros(self.game.players)
        playing = list(self.agents)
        for player, text in self._awaited(actions).items():
            if self.episode.over:
                break
            outcome = self.episode.reply(player, text)
            refusals[player] = outcome.refusal
            paid += outcome.rewards
        self._steps += 1
        over = self.episode.over
        cut = not over and self._steps >= (self.max_cycles or inf)
        terminations, truncations = self._terminations(), dict.fromkeys(playing, cut)
        told = self._observations(), self._by_agent(paid.tolist()), terminations, truncations, self._all_infos(refusals)
        self.agents = [agent for agent in playing if not (terminations[agent] or cut)]
        return told

    def _awaited(self, actions: Mapping[str, str]) -> dict[int, str]:
        """Return the replies that are awaited now by player, checked before any of them is given."""
        for agent in actions:
            self._player(agent)
        replies = {}
        for player in self.episode.to_move():
            agent = self.possible_agents[player]
            reply = actions.get(agent)
            if not isinstance(reply, str):
                raise ArgumentError(f"{agent} must reply with a str, not {reply!r:.80}")
            replies[player] = reply
        return replies

    def _open_books(self, agents: list[str]) -> None:
        super()._open_books(agents)
        self._steps = 0

    def _observations(self) -> dict[str, Observation]:
        return {agent: self.observe(agent) for agent in self.agents}

    def _info(self, player: int, refusal: Refusal | None) -> dict[str, Any]:
        awaited = self.episode.to_move()
        return {**super()._info(player, refusal), "waiting": bool(awaited) and player not in awaited}
