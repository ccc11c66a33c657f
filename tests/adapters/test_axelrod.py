from __future__ import annotations

import axelrod
import pytest

from textenvs.adapters.axelrod import AxelrodPolicy
from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.envs.solo import SoloEnv
from textenvs.evaluation.rollout import rollout
from textenvs.games.kuhn_poker import KuhnPoker
from textenvs.games.prisoners_dilemma import PrisonersDilemma
from textenvs.policies.scripted import ScriptPolicy, StrategyPolicy

GAME = PrisonersDilemma(rounds=12)
DETERMINISTIC = ("Grudger", "WinStayLoseShift", "SecondByTester", "Adaptive", "SecondByGrofman")


def moves(one: object, other: object, seed: int = 0) -> list[tuple[str, str]]:
    (played,) = rollout(GAME, {0: one, 1: other}, [seed])  # type: ignore[dict-item]
    texts = {player: [turn.reply.text for turn in played.turns if turn.player == player] for player in (0, 1)}
    return list(zip(texts[0], texts[1], strict=True))


@pytest.mark.parametrize("one", DETERMINISTIC)
@pytest.mark.parametrize("other", ["TitForTat", "Prober"])
def test_matches_are_those_of_the_library(one: str, other: str) -> None:
    players = [getattr(axelrod, name)() for name in (one, other)]
    expected = axelrod.Match(players, turns=12).play()
    words = {axelrod.Action.C: "cooperate", axelrod.Action.D: "defect"}
    assert moves(AxelrodPolicy(one), AxelrodPolicy(other)) == [(words[a], words[b]) for a, b in expected]


def test_tit_for_tat_is_our_expert() -> None:
    script = ScriptPolicy(["cooperate", "defect", "defect", "cooperate"] * 3)
    assert moves(script, AxelrodPolicy("TitForTat")) == moves(script, StrategyPolicy("expert"))


def test_refused_replies_are_no_moves() -> None:
    script = ScriptPolicy(["what?", "defect", "hm", "cooperate"] + ["cooperate"] * 12)
    (played,) = rollout(GAME, {0: script, 1: AxelrodPolicy("TitForTat")}, [0])
    answers = [turn.reply.text for turn in played.turns if turn.player == 1]
    assert answers[:4] == ["cooperate", "defect", "cooperate", "cooperate"]


def test_a_seed_names_what_random_strategies_do() -> None:
    games = [moves(AxelrodPolicy("Random"), AxelrodPolicy("FirstByJoss"), seed) for seed in (0, 0, 1)]
    assert games[0] == games[1] != games[2]


def test_it_is_an_opponent_of_a_solo_environment() -> None:
    env = SoloEnv("PrisonersDilemma", rounds=3, opponent=AxelrodPolicy("Grudger"))
    env.reset(seed=0)
    assert env.step("defect")[1] == 5.0
    snapshot = env.get_state()
    assert env.step("cooperate")[1] == 0.0
    env.set_state(snapshot)
    assert env.step("cooperate")[1] == 0.0, "what happened before the snapshot is not forgotten"


def test_an_unknown_strategy_is_named() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'TitForTat'"):
        AxelrodPolicy("TitForTatt")


def test_cheaters_are_refused() -> None:
    with pytest.raises(ArgumentError, match="looks into its opponent's code"):
        AxelrodPolicy("Darwin")


def test_other_games_are_refused() -> None:
    with pytest.raises(ArgumentError, match="KuhnPoker is no repeated game"):
        list(rollout(KuhnPoker(), {0: StrategyPolicy("random"), 1: AxelrodPolicy("TitForTat")}, range(20)))
