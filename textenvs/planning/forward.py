"""What strategies earn, found by following episodes forward, without tracking what the player knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from textenvs.core.game import Game, Random, Strategy, draw
from textenvs.core.instances import deal_in
from textenvs.planning.bounds import Value, sampled
from textenvs.planning.errors import BrokenGameError, TooLargeError
from textenvs.planning.states import OVER, StateTable

T = TypeVar("T")


def evaluate_strategy(
    game: Game[Any, Any],
    strategy: Strategy,
    split: str = "all",
    *,
    work: int = 1_000_000,
    table: StateTable | None = None,
) -> float:
    """Return the exact value of a strategy, following the distribution over game states forward.

    It needs no beliefs and visits only what the strategy can reach, but cannot check that the
    strategy uses only what the player knows; `values.state_policy` does.

    Args:
        game: the rules; one player, deals that can be listed.
        strategy: the policy.
        split: the instances an episode is drawn from.
        work: the most outcomes of moves to follow.
        table: the states of `game` met so far, so that several searches ask the rules only once.

    Raises:
        TooLargeError: if `work` is exceeded or the deals cannot be listed.
    """
    table = table or StateTable(game)
    weights = {state: float(weight) for state, weight in table.openings(split).items()}
    value = 0.0
    for _ in range(game.max_turns):
        following: dict[int, float] = {}
        for mass, reward, after in _outcomes(table, strategy, weights):
            work -= 1
            if work < 0:
                raise TooLargeError(f"the strategy meets too much to follow in {game!r}")
            value += mass * reward
            if after != OVER:
                following[after] = following.get(after, 0.0) + mass
        weights = following
    if weights:
        raise BrokenGameError(f"{game!r} outlasts its max_turns, {game.max_turns}")
    return value


def sample_strategy(
    game: Game[Any, Any], strategy: Strategy, split: str = "all", *, episodes: int = 2_000, seed: int = 0
) -> Value:
    """Return the value of a strategy estimated from `episodes` episodes, with its 95 % interval."""
    random = NumpyRandom(np.random.default_rng(seed))
    low, high = game.return_range
    returns = [_episode(game, strategy, deal_in(game, split, random), random) for _ in range(episodes)]
    return sampled(returns, high - low)


class NumpyRandom:
    """The `Random` protocol of games over a NumPy generator."""

    def __init__(self, generator: np.random.Generator) -> None:
        self._generator = generator

    def random(self) -> float:
        return float(self._generator.random())

    def below(self, n: int) -> int:
        return int(self._generator.integers(n))

    def choice(self, items: Sequence[T]) -> T:
        return items[self.below(len(items))]

    def shuffled(self, items: Sequence[T]) -> tuple[T, ...]:
        return tuple(items[index] for index in self._generator.permutation(len(items)))


def _outcomes(
    table: StateTable, strategy: Strategy, weights: Mapping[int, float]
) -> Iterator[tuple[float, float, int]]:
    """Yield the probability, the reward and the next state of all that one turn can bring."""
    for number, weight in weights.items():
        for move, probability in strategy(table.game, table.states[number], 0):
            for chance, reward, after in table.step(number, move):
                yield weight * float(probability) * float(chance), reward, after


def _episode(game: Game[Any, Any], strategy: Strategy, state: Any, random: Random) -> float:
    """Return the return of one episode from an opening state."""
    total = 0.0
    while not game.is_over(state):
        move = draw(strategy(game, state, 0) if game.to_move(state) else game.chance(state), random)
        after = game.apply(state, move)
        total += game.rewards(state, move, after)[0]
        state = after
    return total
