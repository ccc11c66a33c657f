"""Every checker fails on a game or environment that is broken in just the way it looks for."""

from __future__ import annotations

import random as process_random
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import gymnasium as gym
import pytest

from textenvs import testing
from textenvs.core.game import Distribution, Game, uniform
from textenvs.core.refusal import Refusal, illegal
from textenvs.envs.solo import SoloEnv


class CoinState(NamedTuple):
    side: int
    calls: tuple[int, ...] = ()


@dataclass(frozen=True)
class Coin(Game[Any, Any]):
    """Call a hidden coin twice; sound in every respect, so that each subclass breaks one thing."""

    @property
    def max_turns(self) -> int:
        return 2

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 2.0)

    def deals(self) -> Distribution[Any]:
        return uniform([CoinState(side) for side in range(64)])

    def to_move(self, state: Any) -> tuple[int, ...]:
        return (0,) if len(state.calls) < 2 else ()

    def legal(self, state: Any, player: int) -> tuple[Any, ...]:
        return (0, 1)

    def apply(self, state: Any, move: Any) -> Any:
        return state._replace(calls=(*state.calls, move))

    def rewards(self, state: Any, move: Any, after: Any) -> tuple[float, ...]:
        return (float(move == state.side % 2),)

    def instructions(self, player: int) -> str:
        return "Call the coin twice. For example: call 1"

    def view(self, state: Any, player: int) -> str:
        return f"{len(state.calls)} calls made."

    def say(self, state: Any, move: Any) -> str:
        return f"call {move}"

    def read(self, state: Any, player: int, text: str) -> Any | Refusal:
        word = text.strip()
        if word in ("call 0", "call 1"):
            return int(word[-1])
        return illegal("0 or 1 only.") if word.startswith("call ") else Refusal("Say call 0 or call 1.")

    def expert(self, state: Any, player: int) -> Distribution[Any]:
        return ((0, Fraction(1)),)


class OutOfRange(Coin):
    def rewards(self, state: Any, move: Any, after: Any) -> tuple[float, ...]:
        return (5.0,)


class TooLong(Coin):
    @property
    def max_turns(self) -> int:
        return 1


class Impure(Coin):
    counter = [0]  # noqa: RUF012 - the fault on purpose

    def apply(self, state: Any, move: Any) -> Any:
        self.counter[0] += 1
        return state._replace(calls=(*state.calls, self.counter[0]))


class WrongChance(Coin):
    def to_move(self, state: Any) -> tuple[int, ...]:
        return (0,) if not state.calls else ()

    def chance(self, state: Any) -> Distribution[Any]:
        return ((0, 0.5), (1, 0.4)) if len(state.calls) == 1 else ()


class UnprintableView(Coin):
    def view(self, state: Any, player: int) -> str:
        return "\x1b[31mred"


class EmptyView(Coin):
    def view(self, state: Any, player: int) -> str:
        return " padded "


class Mumbling(Coin):
    def say(self, state: Any, move: Any) -> str:
        return "call 1"


class Repeating(Coin):
    def legal(self, state: Any, player: int) -> tuple[Any, ...]:
        return (0, 1, 1)


class ForgetsWords(Coin):
    """Its second turn does not know the words of its first."""

    def legal(self, state: Any, player: int) -> tuple[Any, ...]:
        return (0, 1) if not state.calls else (0,)

    def read(self, state: Any, player: int, text: str) -> Any | Refusal:
        move = super().read(state, player, text)
        return Refusal("What?") if state.calls and move == 1 else move


class Raising(Coin):
    def read(self, state: Any, player: int, text: str) -> Any | Refusal:
        return super().read(state, player, text) if text.strip() else text[0]


class ReadsIllegalMoves(Coin):
    def read(self, state: Any, player: int, text: str) -> Any | Refusal:
        return 7 if text == "?" else super().read(state, player, text)


class Speechless(Coin):
    def read(self, state: Any, player: int, text: str) -> Any | Refusal:
        move = super().read(state, player, text)
        return Refusal("") if isinstance(move, Refusal) else move


class BadExample(Coin):
    def instructions(self, player: int) -> str:
        return "Call the coin. For example: call heads"


class NoExample(Coin):
    def instructions(self, player: int) -> str:
        return "Call the coin."


class RandomDeal(Coin):
    def deals(self) -> Any:
        return None

    def deal(self, random: Any) -> Any:
        return CoinState(process_random.randrange(10**9))


class UnevenDeals(Coin):
    def deals(self) -> Distribution[Any]:
        return ((CoinState(0), 0.5), (CoinState(1), 0.6))


def test_the_sound_game_passes() -> None:
    testing.check_game(Coin())
    testing.check_no_leak(Coin())
    testing.check_neighbouring_seeds(Coin())
    testing.check_forms_agree(Coin())
    testing.check_rollouts(lambda: SoloEnv(Coin()))
    testing.check_snapshots(lambda: SoloEnv(Coin()))


@pytest.mark.parametrize(
    ("game", "message"),
    [
        (OutOfRange, "return_range"),
        (TooLong, "max_turns"),
        (Impure, "different states"),
        (WrongChance, "sum to 0.9"),
        (UnprintableView, "unprintable"),
        (EmptyView, "white space"),
        (Mumbling, "reads as"),
        (Repeating, "repeat"),
        (ForgetsWords, "reads as|malformed"),
        (Raising, "string index"),
        (ReadsIllegalMoves, "illegal move 7"),
        (Speechless, "empty|nothing"),
        (BadExample, "refused"),
        (NoExample, "must end like"),
        (RandomDeal, "different instances"),
        (UnevenDeals, "sum to 1.1"),
    ],
)
def test_a_broken_game_fails(game: type[Coin], message: str) -> None:
    with pytest.raises((AssertionError, IndexError), match=message):
        testing.check_game(game())


class LeakyMoves(Coin):
    def legal(self, state: Any, player: int) -> tuple[Any, ...]:
        return (0, 1) if state.side % 2 else (1, 0)


class CheatingExpert(Coin):
    def expert(self, state: Any, player: int) -> Distribution[Any]:
        return ((state.side % 2, Fraction(1)),)


@pytest.mark.parametrize("game", [LeakyMoves, CheatingExpert])
def test_a_leak_is_found(game: type[Coin]) -> None:
    with pytest.raises(AssertionError, match="player 0 saw"):
        testing.check_no_leak(game())


class SameDeal(Coin):
    def deals(self) -> Any:
        return None

    def deal(self, random: Any) -> Any:
        return CoinState(3)


def test_equal_neighbours_are_found() -> None:
    with pytest.raises(AssertionError, match="neighbours are equal"):
        testing.check_neighbouring_seeds(SameDeal())


class Meddling(gym.Wrapper[str, str, str, str]):
    """Passes everything on; subclasses meddle with the second step."""

    def step(self, action: str) -> Any:
        observation, reward, terminated, truncated, info = self.env.step(action)
        return self.meddle(observation), reward, terminated, truncated, info

    def meddle(self, observation: str) -> str:
        return observation

    @property
    def settings(self) -> Any:
        return self.unwrapped.settings  # type: ignore[attr-defined]


class RandomAfterTheFirstStep(Meddling):
    def meddle(self, observation: str) -> str:
        turn = self.unwrapped.episode.replies  # type: ignore[attr-defined]
        return observation if len(turn) < 2 else f"{observation}{process_random.random()}"


class RemembersEpisodes(Meddling):
    steps = 0

    def meddle(self, observation: str) -> str:
        self.steps += 1
        return f"{observation} {self.steps}"


class SharesState(Meddling):
    shared: list[str] = []  # noqa: RUF012 - the fault on purpose

    def meddle(self, observation: str) -> str:
        self.shared.append(observation)
        return f"{observation} {len(self.shared)}"


class SeedsEverything(Meddling):
    def meddle(self, observation: str) -> str:
        process_random.seed(0)
        return observation


class DrawsFromTheProcess(Meddling):
    def meddle(self, observation: str) -> str:
        process_random.random()
        return observation


@pytest.mark.parametrize(
    "broken", [RandomAfterTheFirstStep, RemembersEpisodes, SharesState, SeedsEverything, DrawsFromTheProcess]
)
def test_a_broken_environment_fails(broken: Callable[[gym.Env[str, str]], Meddling]) -> None:
    with pytest.raises(AssertionError):
        testing.check_rollouts(lambda: broken(SoloEnv(Coin())))


class ForgetsOnRestore(SoloEnv):
    def set_state(self, state: Any) -> None:
        super().set_state(state)
        self.reset(seed=1)


class HiddenCounter(SoloEnv):
    """Keeps something outside of what a snapshot holds."""

    def reset(self, **keywords: Any) -> Any:
        self.steps = 0
        return super().reset(**keywords)

    def step(self, action: str) -> Any:
        self.steps += 1
        observation, *rest = super().step(action)
        return (f"{observation} {self.steps}", *rest)


@pytest.mark.parametrize("broken", [ForgetsOnRestore, HiddenCounter])
def test_a_broken_snapshot_fails(broken: type[SoloEnv]) -> None:
    with pytest.raises(AssertionError, match="set_state"):
        testing.check_snapshots(lambda: broken(Coin()))


def test_forms_that_disagree_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    from textenvs.envs import forms

    monkeypatch.setattr(forms, "plan_lines", lambda text: text.split("\n")[:1])
    with pytest.raises(AssertionError, match="plan scores"):
        testing.check_forms_agree(Coin())
