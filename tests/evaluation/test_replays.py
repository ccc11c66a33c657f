from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from textenvs.envs.policy import Policy
from textenvs.envs.settings import Settings
from textenvs.envs.solo import solo_game
from textenvs.evaluation.records import EpisodeRow, episode_row
from textenvs.evaluation.replays import Replay, Replayer
from textenvs.evaluation.rollout import rollout
from textenvs.planning.enumeration import build_graph
from textenvs.planning.values import optimal
from textenvs.policies.rulers import GraphPolicy
from textenvs.policies.scripted import ScriptPolicy, StrategyPolicy
from textenvs.registry import make_game

GUESS = {"high": 7, "guesses": 3}
GAMES = [
    ("GuessNumber", GUESS),
    ("Assembly", {"slip": 0.3}),
    ("Orchard", {"weather": 0.3}),
    ("KuhnPoker", {"opponent": "random"}),
    ("PrisonersDilemma", {"rounds": 3, "opponent": "expert"}),
]


def rows(game: Any, policy: Policy, episodes: int = 1, split: str = "all", **dials: Any) -> list[EpisodeRow]:
    played = rollout(game, policy, range(episodes), settings=Settings(**dials), split=split)
    return [episode_row(each, policy.name) for each in played]


def replay(game: Any, replies: tuple[str, ...], **dials: Any) -> Replay:
    (row,) = rows(game, ScriptPolicy(replies), **dials)
    return Replayer(100_000).replay(row)


def lost(replay: Replay) -> float:
    return sum(turn.worth.lost for turn in replay.turns if turn.worth)


@pytest.mark.parametrize(("name", "arguments"), GAMES, ids=[name for name, _ in GAMES])
def test_optimal_play_gives_nothing_away(name: str, arguments: dict[str, Any]) -> None:
    game = solo_game(name, **arguments)
    graph = build_graph(game)
    best = optimal(graph)
    replayer = Replayer(1_000_000)
    replays = [replayer.replay(row) for row in rows(game, GraphPolicy(graph, best.policy, "optimal"), 30)]
    assert max(map(lost, replays)) < 1e-9
    assert all(each.unknown is None and each.problem is None for each in replays)


@pytest.mark.parametrize(("name", "arguments"), GAMES, ids=[name for name, _ in GAMES])
def test_scores_are_the_optimum_less_what_was_given_away_on_average(name: str, arguments: dict[str, Any]) -> None:
    # luck is a martingale, so score + lost has the optimal value as its mean, whoever plays
    game = solo_game(name, **arguments)
    replayer = Replayer(1_000_000)
    replays = [replayer.replay(row) for row in rows(game, StrategyPolicy("random"), 400)]
    assert max(map(lost, replays)) > 0
    totals = [each.turns[-1].scores[0] + lost(each) for each in replays]
    error = float(np.std(totals)) / len(totals) ** 0.5
    assert abs(np.mean(totals) - optimal(build_graph(game)).start) <= 4.5 * error + 1e-9


def test_where_nothing_is_left_to_luck_each_turn_adds_up() -> None:
    game = make_game("Arithmetic", level="easy")
    for row in rows(game, StrategyPolicy("random"), 10):
        turns = Replayer(100_000).replay(row).turns
        earned = [turn.scores[0] for turn in turns]
        for turn, total, before, after in zip(turns, earned, [0.0, *earned], [*turns[1:], None], strict=False):
            still = after.worth.before if after and after.worth else 0.0
            assert turn.worth
            assert turn.worth.before - turn.worth.lost == pytest.approx(total - before + still)


def test_a_refused_reply_costs_its_price_and_shows_why() -> None:
    turns = replay(make_game("GuessNumber", **GUESS), ("I do not know", "guess 4", "guess 2", "guess 1")).turns
    assert turns[0].refusal
    assert turns[0].worth is not None
    assert turns[0].worth.lost == pytest.approx(0.1)
    assert turns[1].worth is not None
    assert turns[1].worth.before == turns[0].worth.before
    assert turns[0].refusal in turns[1].view
    assert turns[1].situation == turns[0].situation


def test_a_forfeit_gives_everything_away() -> None:
    found = replay(make_game("GuessNumber", **GUESS), ("no",))
    assert [turn.worth.lost for turn in found.turns if turn.worth] == pytest.approx([0.1, 0.1, 1.0 + 0.1])
    assert "lost" in found.end[0]


def test_chatty_replies_are_followed_as_the_episode_reads_them() -> None:
    found = replay(make_game("GuessNumber", **GUESS), ("<think>guess 1?</think>I would say: **guess 4**",))
    assert found.unknown is None
    assert found.turns[0].worth is not None
    assert found.turns[0].worth.lost == 0


def test_a_plan_is_shown_whole_and_then_move_by_move() -> None:
    found = replay(make_game("GuessNumber", **GUESS), ("guess 1\nguess 9\nguess 1",), form="plan")
    whole, *moves = found.turns
    assert (whole.kind, whole.reply, whole.worth) == ("whole", "guess 1\nguess 9\nguess 1", None)
    assert {turn.kind for turn in moves} == {"move"}
    assert [turn.reply for turn in moves] == ["guess 1", "", "guess 1", "", "", ""]
    assert [turn.refusal is not None for turn in moves] == [False, True, False, True, True, True]
    assert "higher" in moves[1].view
    assert moves[0].worth is not None
    assert moves[0].worth.before == pytest.approx(1.0)


def test_moves_of_a_plan_earn_what_turns_do() -> None:
    game = make_game("Assembly", slip=0.3)
    for turns, plan in zip(
        rows(game, ScriptPolicy(("advance",) * game.max_turns), 20),
        rows(game, ScriptPolicy(("\n".join(["advance"] * game.max_turns),)), 20, form="plan"),
        strict=True,
    ):
        one, other = (Replayer(100_000).replay(row) for row in (turns, plan))
        assert [turn.worth for turn in one.turns] == [turn.worth for turn in other.turns[1:]]
        assert [turn.scores for turn in one.turns] == [turn.scores for turn in other.turns[1:]]


@pytest.mark.parametrize(
    ("game", "dials", "work", "reason"),
    [
        (make_game("KuhnPoker"), {}, 100_000, "several players"),
        (make_game("GuessNumber", **GUESS), {"form": "reply"}, 100_000, "judge"),
        (make_game("GuessNumber", **GUESS), {"feedback": "none"}, 100_000, "feedback=none"),
        (make_game("GuessNumber", **GUESS), {}, 1, "too many situations"),
    ],
    ids=["players", "reply", "feedback", "size"],
)
def test_what_is_not_known_exactly_is_left_out_with_a_reason(
    game: Any, dials: dict[str, Any], work: int, reason: str
) -> None:
    (row,) = rows(game, StrategyPolicy("random"), **dials)
    found = Replayer(work).replay(row)
    assert found.unknown is not None
    assert reason in found.unknown
    assert [turn.worth for turn in found.turns] == [None] * len(found.turns)


def test_a_move_that_the_graph_does_not_list_ends_what_is_known() -> None:
    game = make_game("Shell", level="easy")
    found = replay(game, ("echo hello",))
    assert found.unknown is not None
    assert found.unknown.startswith("from turn 1 on")
    assert found.turns[0].worth is None


def test_a_row_that_does_not_verify_is_not_replayed() -> None:
    (row,) = rows(make_game("GuessNumber", **GUESS), StrategyPolicy("random"))
    found = Replayer(100_000).replay({**row, "scores": (99.0,)})
    assert found.problem is not None
    assert "scores" in found.problem
    assert found.turns == ()
