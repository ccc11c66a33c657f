"""The other seats of a game, played by a policy instead of a named strategy."""

from __future__ import annotations

from textenvs.envs.episode import Episode
from textenvs.envs.policy import Policy, Request
from textenvs.envs.streams import Purpose, Stream


class Opponents:
    """Lets a policy play every seat but one of an episode.

    Its random choices come from the episode's seed and the seat. A policy that keeps caches serves one environment
    at a time.
    """

    def __init__(self, policy: Policy, seat: int) -> None:
        """Take the policy and the seat that it leaves to the player."""
        self.policy = policy
        self.seat = seat
        self.streams: tuple[Stream, ...] = ()

    def start(self, episode: Episode) -> None:
        """Begin with an episode, or go on with one in the middle of which nothing is remembered."""
        players = range(episode.game.players)
        self.policy.start(len(players))
        self.streams = tuple(Stream(episode.seed, Purpose.POLICY, player) for player in players)

    def reply(self, episode: Episode) -> tuple[float, ...]:
        """Reply for the other seats until the player is to move or the episode is over; return what was paid."""
        paid = [0.0] * episode.game.players
        while not episode.over and self.seat not in episode.to_move():
            player = episode.to_move()[0]
            (reply,) = self.policy.replies([Request(player, episode, player, self.streams[player])])
            outcome = episode.reply(player, reply.text)
            paid = [one + other for one, other in zip(paid, outcome.rewards, strict=True)]
        return tuple(paid)
