from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from textenvs.core.errors import ArgumentError
from textenvs.core.instances import digest, split_of
from textenvs.envs.episode import Episode
from textenvs.envs.policy import Policy, Reply, Request
from textenvs.envs.settings import FORMS, Settings
from textenvs.evaluation.rollout import Played, flow, play, rollout
from textenvs.games.assembly import Assembly
from textenvs.games.guess_number import GuessNumber
from textenvs.games.kuhn_poker import KuhnPoker
from textenvs.games.prisoners_dilemma import PrisonersDilemma
from textenvs.policies.scripted import ScriptPolicy, StrategyPolicy

GAME = GuessNumber(high=7, guesses=3)


def told(played: Sequence[Played]) -> list[Any]:
    return [(each.episode.seed, each.episode.dialogues, each.turns, each.episode.scores) for each in played]


def test_one_episode_for_each_seed_in_order() -> None:
    played = list(rollout(GAME, StrategyPolicy("expert"), [5, 3, 3, 8], batch=3))
    assert [each.episode.seed for each in played] == [5, 3, 3, 8]
    assert told(played[1:2]) == told(played[2:3])
    assert all(each.episode.over and each.score == 1.0 for each in played)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("game", [GAME, Assembly(slip=0.5)], ids=lambda game: game.name)
def test_no_result_depends_on_the_batch(game: Any, form: Any) -> None:
    settings = Settings(form=form)
    at_once = told(list(rollout(game, StrategyPolicy("random"), range(9), settings=settings)))
    for batch in (1, 4):
        assert told(list(rollout(game, StrategyPolicy("random"), range(9), settings=settings, batch=batch))) == at_once
    backwards = told(list(rollout(game, StrategyPolicy("random"), range(8, -1, -1), settings=settings, batch=2)))
    assert backwards == at_once[::-1]


def test_batches_are_played_when_they_are_asked_for() -> None:
    policy = Noting()
    episodes = rollout(GAME, policy, range(1_000_000), batch=2)
    next(episodes)
    next(episodes)
    assert policy.starts == [2]


def test_turns_tell_what_happened() -> None:
    script = ScriptPolicy(["guess 1", "well", "I say 5", "never asked"])
    (played,) = rollout(GAME, script, [0], instances=[4])
    assert [turn.reply.text for turn in played.turns] == ["guess 1", "well", "I say 5"]
    assert [turn.rewards for turn in played.turns] == [(0.0,), (-0.1,), (1.0,)]
    assert [turn.refusal is not None for turn in played.turns] == [False, True, False]
    assert played.score == 0.9
    assert [(turn.player, turn.reply.text) for turn in played.turns] == list(played.episode.replies)


def test_a_script_begins_anew_for_every_episode_and_ends_with_silence() -> None:
    played = list(rollout(GAME, ScriptPolicy(["guess 1"]), range(3), instances=[4, 4, 4], batch=2))
    for each in played:
        assert [turn.reply.text for turn in each.turns] == ["guess 1", "", "", ""]
        assert each.episode.forfeited == 0


def test_splits_and_instances() -> None:
    played = rollout(GuessNumber(high=50), StrategyPolicy("expert"), range(20), split="test")
    assert {split_of(each.episode.instance) for each in played} == {"test"}
    address = digest(GAME, GAME.deals()[3][0])
    named = list(rollout(GAME, StrategyPolicy("expert"), [0, 0, 1], instances=[0, address, 6], batch=2))
    assert [each.episode.state.secret for each in named] == [1, 4, 7]
    assert [each.episode.choice for each in named] == [0, address, 6]


@pytest.mark.parametrize("batch", [1, 2, 64])
@pytest.mark.parametrize("instances", [[0], [0, 1, 2]])
def test_as_many_instances_as_seeds(batch: int, instances: list[int]) -> None:
    with pytest.raises(ArgumentError, match="2 seeds need as many instances"):
        list(rollout(GAME, StrategyPolicy("expert"), [0, 1], instances=instances, batch=batch))


def test_no_episodes() -> None:
    assert list(rollout(GAME, StrategyPolicy("expert"), [])) == []
    assert play([], StrategyPolicy("expert")) == []


def test_longest_leaves_episodes_unfinished() -> None:
    episodes = [Episode(GAME, seed=seed, instance=instance) for seed, instance in ((0, 3), (1, 0))]
    played = play(episodes, StrategyPolicy("expert"), longest=1)
    assert [len(each.turns) for each in played] == [1, 1]
    assert [each.episode.over for each in played] == [True, False]


# Who is asked ----------------------------------------------------------------------------------------


class Noting:
    """Plays a move, and notes how it was asked."""

    def __init__(self, move: str = "guess 1") -> None:
        self.name = f"noting {move}"
        self.move = move
        self.starts: list[int] = []
        self.asked: list[list[Request]] = []

    def start(self, slots: int) -> None:
        self.starts.append(slots)

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        self.asked.append(list(requests))
        assert all(request.legal for request in requests)
        assert all(request.dialogue[-1].role == "user" for request in requests)
        return [Reply(self.move, trace=(request.slot, request.player)) for request in requests]


def test_a_policy_is_asked_for_the_whole_batch_at_once() -> None:
    policy = Noting()
    assert isinstance(policy, Policy)
    played = list(rollout(GAME, policy, range(3), instances=[4, 0, 5]))
    assert policy.starts == [3]
    assert [[request.slot for request in requests] for requests in policy.asked] == [[0, 1, 2], [0, 2], [0, 2]]
    assert [turn.reply.trace for turn in played[2].turns] == [(2, 0)] * 3


def test_both_seats_of_a_simultaneous_game_are_asked_at_once() -> None:
    policy = Noting("defect")
    list(rollout(PrisonersDilemma(rounds=2), policy, range(2)))
    assert policy.starts == [4]
    asked = [[(request.slot, request.player) for request in requests] for requests in policy.asked]
    assert asked == [[(0, 0), (1, 1), (2, 0), (3, 1)]] * 2


def test_a_policy_for_each_seat() -> None:
    nice, nasty = Noting("cooperate"), Noting("defect")
    for played in rollout(PrisonersDilemma(rounds=3), {0: nice, 1: nasty}, range(2)):
        assert played.episode.scores == (0.0, 15.0)
        assert [turn.player for turn in played.turns] == [0, 1] * 3
    assert {request.player for requests in nice.asked for request in requests} == {0}
    assert {request.player for requests in nasty.asked for request in requests} == {1}


def test_seats_draw_from_streams_of_their_own() -> None:
    policy = StrategyPolicy("random")
    moves = [
        [turn.reply.text for turn in each.turns if turn.player == player]
        for each in rollout(PrisonersDilemma(rounds=30), policy, [0])
        for player in (0, 1)
    ]
    assert moves[0] != moves[1]
    mixed = rollout(PrisonersDilemma(rounds=30), {0: Noting("defect"), 1: policy}, [0])
    assert [turn.reply.text for each in mixed for turn in each.turns if turn.player == 1] == moves[1]


def test_episodes_draw_from_streams_of_their_own() -> None:
    played = list(rollout(PrisonersDilemma(rounds=30), StrategyPolicy("random"), range(3)))
    assert len({tuple(turn.reply.text for turn in each.turns) for each in played}) == 3


def test_turn_by_turn_games_with_two_policies() -> None:
    for played in rollout(KuhnPoker(), {0: StrategyPolicy("random"), 1: StrategyPolicy("expert")}, range(12)):
        assert sum(played.episode.scores) == pytest.approx(0.0)
        assert [(turn.player, turn.reply.text) for turn in played.turns] == list(played.episode.replies)


def test_a_forfeit_in_a_simultaneous_move_ends_it_for_all() -> None:
    policy = Noting("no move")
    (played,) = rollout(PrisonersDilemma(), policy, [0], settings=Settings(max_refusals=2))
    assert played.episode.forfeited == 0
    assert [turn.player for turn in played.turns] == [0, 1, 0]
    assert [(turn.player, turn.reply.text) for turn in played.turns] == list(played.episode.replies)


class Short:
    """Gives one reply too few."""

    name = "short"

    def start(self, slots: int) -> None: ...

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        return [Reply("guess 1")] * (len(requests) - 1)


def test_a_reply_for_each_request() -> None:
    with pytest.raises(ValueError, match="shorter"):
        list(rollout(GAME, Short(), range(3)))


# Scripted policies -----------------------------------------------------------------------------------


def always_low(_game: Any, state: Any, _player: int) -> Any:
    return ((state.low, 1.0),)


def test_strategies_as_policies() -> None:
    assert [StrategyPolicy(name).name for name in ("random", "expert", "mixed:0.5")] == [
        "random",
        "expert",
        "mixed:0.5",
    ]
    assert StrategyPolicy(always_low).name == "always_low"
    assert StrategyPolicy("expert", name="bisection").name == "bisection"
    (played,) = rollout(GAME, StrategyPolicy(always_low), [0], instances=[2])
    assert [turn.reply.text for turn in played.turns] == ["guess 1", "guess 2", "guess 3"]


def test_plans_of_strategies() -> None:
    settings = Settings(form="plan")
    for policy in (StrategyPolicy("random"), StrategyPolicy("random", name="anyhow")):
        (played,) = rollout(GAME, policy, [0], settings=settings)
        assert len(played.turns[0].reply.text.split("\n")) == GAME.max_turns
        assert played.turns[0].refusal is None
    for policy in (StrategyPolicy("expert"), StrategyPolicy("expert", name="random")):
        with pytest.raises(ArgumentError, match="writes no plans"):
            list(rollout(GAME, policy, [0], settings=settings))


def test_flow_plays_policies_that_answer_in_batches_too() -> None:
    def opened() -> Iterator[Episode]:
        return (Episode(GAME, seed=seed) for seed in range(7))

    flown = list(flow(opened(), StrategyPolicy("random"), in_flight=3))
    assert told(flown) == told(list(rollout(GAME, StrategyPolicy("random"), range(7))))
    assert list(flow(iter(()), StrategyPolicy("random"))) == []
