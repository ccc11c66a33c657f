from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from tests.envs.made_up_games import Windfall
from textenvs.core.errors import ArgumentError
from textenvs.core.game import Game
from textenvs.envs.episode import Episode
from textenvs.envs.forms import new_episode
from textenvs.envs.settings import Settings
from textenvs.envs.solo import solo_game
from textenvs.envs.streams import Purpose, Stream
from textenvs.registry import ENTRIES, Entry, make_game

Rows = list[tuple[float, ...]]
SEEDS = range(6)
LATE = ("final", "delayed:1", "delayed:3", "delayed:1000")

by_entry = pytest.mark.parametrize("each", ENTRIES, ids=lambda each: each.name)


BAD_REPLIES = ("", "blah blah", "\x1b[0m", "я", "x" * 100_001)


@cache
def native_play(game: Game[Any, Any], seed: int) -> tuple[Episode, Rows]:
    """Play at random with some refusals; every third seed gives up on the way and forfeits."""
    episode, random, paid = Episode(game, seed=seed), Stream(seed, Purpose.POLICY), []
    patience = random.below(6) if seed % 3 == 0 else 10**6
    while not episode.over:
        player = random.choice(episode.to_move())
        bad = len(paid) >= patience or random.random() < 0.15
        text = random.choice(BAD_REPLIES) if bad else random.choice(episode.legal_replies(player))
        paid.append(episode.reply(player, text).rewards)
    return episode, paid


def paid_under(native: Episode, **dials: Any) -> tuple[Episode, Rows]:
    """Give the replies of an episode again under other dials."""
    episode = Episode(native.game, Settings(**dials), seed=native.seed)
    paid = [episode.reply(player, text).rewards for player, text in native.replies]
    assert episode.over
    return episode, paid


def total(rows: Rows) -> tuple[float, ...]:
    return tuple(sum(column) for column in zip(*rows, strict=True))


def games_of(each: Entry) -> list[Game[Any, Any]]:
    """Return the game for one player, and the whole game where it has several."""
    rules = make_game(each.name, level="easy")
    return [solo_game(each.name, level="easy"), *([rules] if each.players > 1 else [])]


def expected_late(earned: Rows, delay: int) -> Rows:
    """Every row moved down by `delay`, the rest at the end; written without looking at the class."""
    last = len(earned) - 1
    paid = [[0.0] * len(earned[0]) for _ in earned]
    for turn, row in enumerate(earned):
        for player, reward in enumerate(row):
            paid[min(turn + delay, last)][player] += reward
    return [tuple(row) for row in paid]


@by_entry
@pytest.mark.parametrize("reward", LATE)
def test_late_pay_is_the_same_pay_at_the_stated_turn(each: Entry, reward: str) -> None:
    for game in games_of(each):
        for seed in SEEDS:
            native, earned = native_play(game, seed)
            late, paid = paid_under(native, reward=reward)
            delay = 10**9 if reward == "final" else int(reward.removeprefix("delayed:"))
            for got, wanted in zip(paid, expected_late(earned, delay), strict=True):
                assert got == pytest.approx(wanted, abs=1e-12)
            assert total(paid) == pytest.approx(native.scores, abs=1e-12)
            assert late.scores == native.scores, "scores do not depend on the dial"


@by_entry
def test_native_pay_is_the_score(each: Entry) -> None:
    refused = forfeited = 0
    for game in games_of(each):
        for seed in SEEDS:
            episode, paid = native_play(game, seed)
            assert total(paid) == pytest.approx(episode.scores, abs=1e-12)
            forfeited += episode.forfeited is not None
            refused += any(text in BAD_REPLIES for _, text in episode.replies)
    assert refused, "no refusal was met"
    assert forfeited, "no forfeit was met"


@by_entry
def test_shaped_pay_telescopes(each: Entry) -> None:
    game = solo_game(each.name, level="easy")
    if game.progress(Episode(game, seed=0).state) is None:
        with pytest.raises(ArgumentError, match="no progress measure"):
            Episode(game, Settings(reward="shaped"), seed=0)
        return
    changed = False
    for seed in range(100):
        if changed and seed not in SEEDS:
            break
        native, earned = native_play(game, seed)
        replay = Episode(game, seed=seed)
        potentials = [measure(replay)]
        for _, text in native.replies:
            replay.reply(0, text)
            potentials.append(potentials[0] if replay.over else measure(replay))
        _, paid = paid_under(native, reward="shaped")
        for turn, (row,) in enumerate(paid):
            assert row == pytest.approx(earned[turn][0] + potentials[turn + 1] - potentials[turn], abs=1e-12)
        assert total(paid) == pytest.approx(native.scores, abs=1e-9)
        changed = changed or paid != earned
    assert changed, "shaping changed nothing, so this test shows nothing"


def measure(episode: Episode) -> float:
    progress = episode.game.progress(episode.state)
    assert progress is not None
    return progress


@pytest.mark.parametrize("reward", ["native", "final", "delayed:1", "delayed:2", "shaped"])
@pytest.mark.parametrize("form", ["turns", "plan"])
def test_a_plan_is_paid_its_score(form: str, reward: str) -> None:
    if form == "turns":
        _, paid = paid_under(native_play(solo_game("Assembly"), 1)[0], reward=reward)
        assert len(paid) > 1
        return
    episode = new_episode(solo_game("Assembly"), Settings(form="plan", reward=reward), seed=1)
    outcome = episode.reply(0, "advance\nsell\nadvance\nclear\nadvance\nadvance\nadvance")
    assert outcome.rewards == pytest.approx(episode.scores, abs=1e-12)
    assert episode.scores[0] > 0


# What chance pays before the first move ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("reward", "paid"),
    [
        ("native", [1.5, -0.1, 1.0]),
        ("final", [0.0, 0.0, 2.4]),
        ("delayed:1", [0.0, 1.5, 0.9]),
        ("shaped", [2.5, -0.1, 0.0]),
    ],
)
def test_an_opening_reward_comes_with_the_first_move(reward: str, paid: list[float]) -> None:
    episode = Episode(Windfall(), Settings(reward=reward), seed=0)
    assert [episode.reply(0, text).rewards[0] for text in ("go", "?", "go")] == pytest.approx(paid)
    assert episode.scores == pytest.approx((2.4,))


def test_an_opening_reward_is_lost_by_forfeit() -> None:
    episode = Episode(Windfall(), seed=0)
    paid = [episode.reply(0, "?").rewards[0] for _ in range(3)]
    assert episode.scores == pytest.approx((0.25 - 0.3,))
    assert sum(paid) == pytest.approx(episode.scores[0])
