"""Rollouts: episodes of one environment played in batches by one policy or one for each seat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from textenvs.core.errors import ArgumentError
from textenvs.core.game import Game
from textenvs.core.refusal import Refusal
from textenvs.envs.episode import Episode
from textenvs.envs.forms import new_episode
from textenvs.envs.policy import ContinuousPolicy, Policy, Reply, Request
from textenvs.envs.settings import Settings
from textenvs.envs.streams import Purpose, Stream


@dataclass(frozen=True)
class Turn:
    """One reply and what it brought.

    Attributes:
        player: who replied.
        reply: the reply with the policy's trace.
        rewards: paid after it, one float per player.
        refusal: why it was no legal move, else None.
    """

    player: int
    reply: Reply
    rewards: tuple[float, ...]
    refusal: Refusal | None


@dataclass
class Played:
    """An episode with all its turns, in order."""

    episode: Episode
    turns: list[Turn] = field(default_factory=list)

    @property
    def score(self) -> float:
        """Undiscounted return of player 0."""
        return self.episode.scores[0]


def rollout(
    game: Game[Any, Any],
    policy: Policy | Mapping[int, Policy],
    seeds: Sequence[int],
    *,
    settings: Settings | None = None,
    split: str = "all",
    instances: Sequence[int | str] | None = None,
    batch: int = 64,
) -> Iterator[Played]:
    """Play one episode for each seed and yield them in order, batch after batch.

    Args:
        game: the rules.
        policy: who plays every seat, or a policy for each player.
        seeds: episode seeds, whole numbers from 0.
        settings: the dials; the defaults if None.
        split: where instances come from.
        instances: which instance of the split each episode has; drawn by the seeds if None.
        batch: episodes played side by side; no result depends on it.

    Yields:
        The finished episodes.

    Raises:
        ArgumentError: if there are not as many instances as seeds.
    """
    if instances is not None and len(instances) != len(seeds):
        raise ArgumentError(f"{len(seeds)} seeds need as many instances, not {len(instances)}")
    settings = settings or Settings()
    for first in range(0, len(seeds), batch):
        chosen = seeds[first : first + batch]
        named = [None] * len(chosen) if instances is None else instances[first : first + batch]
        episodes = [
            new_episode(game, settings, seed=seed, split=split, instance=instance)
            for seed, instance in zip(chosen, named, strict=True)
        ]
        yield from play(episodes, policy)


def play(
    episodes: Sequence[Episode], policy: Policy | Mapping[int, Policy], *, longest: int | None = None
) -> list[Played]:
    """Play `episodes` side by side.

    Args:
        episodes: of one game; changed in place.
        policy: as for `rollout`.
        longest: turns after which an episode is left as it is, not over (truncated); None plays to the end.
    """
    if not episodes:
        return []
    players = range(episodes[0].game.players)
    policies = policy if isinstance(policy, Mapping) else dict.fromkeys(players, policy)
    distinct = {id(each): each for each in policies.values()}
    for each in distinct.values():
        each.start(len(episodes) * len(players))
    played = [Played(episode) for episode in episodes]
    randoms = [[Stream(episode.seed, Purpose.POLICY, player) for player in players] for episode in episodes]
    while waiting := [index for index, each in enumerate(played) if _goes_on(each, longest)]:
        for each in distinct.values():
            requests = [
                Request(index * len(players) + player, episodes[index], player, randoms[index][player])
                for index in waiting
                for player in episodes[index].to_move()
                if policies[player] is each
            ]
            _reply_all(each, requests, played, len(players))
    return played


def flow(episodes: Iterable[Episode], policy: Policy, *, in_flight: int = 64) -> Iterator[Played]:
    """Play episodes for one player by one policy and yield each as soon as it is over, in any order.

    A `ContinuousPolicy` is kept busy: where an episode ends the next one begins, and none waits for the replies of
    others. Any other policy plays them batch after batch.

    Args:
        episodes: taken one by one, as there is room for them.
        policy: who plays.
        in_flight: the most episodes under way at a time.
    """
    waiting = iter(episodes)
    if isinstance(policy, ContinuousPolicy):
        yield from _flow(waiting, policy, in_flight)
        return
    while batch := list(islice(waiting, in_flight)):
        yield from play(batch, policy)


def _flow(waiting: Iterator[Episode], policy: ContinuousPolicy, in_flight: int) -> Iterator[Played]:
    policy.start(in_flight)
    under_way: dict[int, Played] = {}
    free = list(reversed(range(in_flight)))
    while True:
        while free and (episode := next(waiting, None)) is not None:
            if episode.over:
                yield Played(episode)
                continue
            slot = free.pop()
            under_way[slot] = Played(episode)
            policy.submit(Request(slot, episode, 0, Stream(episode.seed, Purpose.POLICY)))
        if not under_way:
            return
        for request, reply in policy.advance():
            played = under_way[request.slot]
            outcome = played.episode.reply(request.player, reply.text)
            played.turns.append(Turn(request.player, reply, outcome.rewards, outcome.refusal))
            if not played.episode.over:
                policy.submit(request)
                continue
            policy.release(request.slot)
            del under_way[request.slot]
            free.append(request.slot)
            yield played


def _goes_on(played: Played, longest: int | None) -> bool:
    return not played.episode.over and (longest is None or len(played.turns) < longest)


def _reply_all(policy: Policy, requests: list[Request], played: list[Played], seats: int) -> None:
    """Ask `policy` for all replies at once and enter each into its episode."""
    if not requests:
        return
    for request, reply in zip(requests, policy.replies(requests), strict=True):
        if request.episode.over:
            continue  # someone who was to move at the same time has just forfeited
        outcome = request.episode.reply(request.player, reply.text)
        turn = Turn(request.player, reply, outcome.rewards, outcome.refusal)
        played[request.slot // seats].turns.append(turn)
