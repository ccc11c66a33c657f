"""The strategies of the Axelrod library as opponents in repeated games of two moves.

Source:
    The Axelrod project developers, https://github.com/Axelrod-Python/Axelrod (MIT licence), with its more than 200
    strategies for the repeated prisoner's dilemma.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from textenvs.core.errors import ArgumentError, MissingExtraError, UnknownNameError
from textenvs.core.refusal import Refusal
from textenvs.envs.episode import Episode
from textenvs.envs.policy import Reply, Request

try:
    import axelrod
except ImportError as error:
    raise MissingExtraError("opponents of the Axelrod library", "axelrod") from error

_SEEDS = 2**31


class _Seat(NamedTuple):
    """One of its players in one episode, and what stands for the other."""

    player: Any
    other: Any


class AxelrodPolicy:
    """Plays a strategy of the Axelrod library; the first legal move is its C, the second its D.

    It works in any game for two in which both players choose at once, again and again, between the same two moves.
    What is random in a strategy follows the seed of the episode. Strategies that look into their opponent's code are
    refused, since a policy has none.
    """

    def __init__(self, strategy: str) -> None:
        """Take the name of a class of the library, such as `TitForTat` or `WinStayLoseShift`.

        Raises:
            UnknownNameError: for a name that the library does not have.
            ArgumentError: for a strategy that inspects or changes its opponent.
        """
        classes = {each.__name__: each for each in axelrod.all_strategies}
        if strategy not in classes:
            raise UnknownNameError("Axelrod strategy", strategy, classes)
        self.name = strategy
        self._class = classes[strategy]
        classifier = self._class.classifier
        if classifier.get("inspects_source") or classifier.get("manipulates_source"):
            raise ArgumentError(f"{strategy} looks into its opponent's code, which a policy does not have")
        self._seats: dict[int, _Seat] = {}

    def start(self, slots: int) -> None:
        """Forget all episodes."""
        self._seats = {}

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        """Return one reply for each request; raises `ArgumentError` for a game of another kind."""
        return [self._reply(request) for request in requests]

    def _reply(self, request: Request) -> Reply:
        wordings, game = request.legal, request.episode.game
        if game.to_move(request.episode.state) != (0, 1) or len(wordings) != 2:
            raise ArgumentError(f"{game.name} is no repeated game of two moves for two players")
        seat = self._seat(request)
        for own, others in rounds(request.episode, request.player)[len(seat.player.history) :]:
            seat.player.update_history(_ACTIONS[own], _ACTIONS[others])
            seat.other.update_history(_ACTIONS[others], _ACTIONS[own])
        action = seat.player.strategy(seat.other)
        return Reply(wordings[_ACTIONS.index(action)])

    def _seat(self, request: Request) -> _Seat:
        if request.slot not in self._seats:
            player = self._class()
            player.set_seed(int(request.random.below(_SEEDS)))
            player.set_match_attributes(length=request.episode.game.max_turns, noise=0)
            self._seats[request.slot] = _Seat(player, axelrod.MockPlayer())
        return self._seats[request.slot]


_ACTIONS = (axelrod.Action.C, axelrod.Action.D)


def rounds(episode: Episode, player: int) -> list[tuple[int, int]]:
    """Return the rounds played so far, each as the numbers of the move of `player` and of the other one."""
    legal = episode.game.legal(episode.state, player)
    made: dict[int, list[int]] = {0: [], 1: []}
    for who, text in episode.replies:
        move = episode.game.read(episode.state, who, text)
        if not isinstance(move, Refusal):
            made[who].append(legal.index(move))
    return list(zip(made[player], made[1 - player], strict=False))
