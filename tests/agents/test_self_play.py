from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from agents import self_play
from agents.self_play import as_seen_by
from agents.turn_ppo import Config as TurnPPO
from textenvs.core.errors import ArgumentError
from textenvs.envs.episode import Episode
from textenvs.envs.policy import Reply
from textenvs.evaluation.rollout import Played, Turn, play
from textenvs.games.guess_number import GuessNumber
from textenvs.games.kuhn_poker import KuhnPoker
from textenvs.games.prisoners_dilemma import PrisonersDilemma
from textenvs.planning.equilibrium import exploitability, sequence_form
from textenvs.policies.behaviour import language_behaviour
from textenvs.policies.language_model import LanguageModelPolicy
from textenvs.policies.models import tiny_llama
from textenvs.policies.scripted import ScriptPolicy
from textenvs.policies.tokenizer import WordTokenizer

GAME = KuhnPoker()
TOKENIZER = WordTokenizer.from_games([GAME])
SMALL = self_play.Config(ppo=TurnPPO(episodes=16))


@pytest.fixture(scope="module")
def start():
    return tiny_llama(len(TOKENIZER), "0.15M", seed=0)


def turn(player: int, *rewards: float) -> Turn:
    return Turn(player, Reply(str(player)), rewards, None)


def test_a_seat_earns_what_comes_between_its_turns() -> None:
    episode = Episode(GAME, seed=0)
    played = Played(episode, [turn(0, 1, 10), turn(1, 2, 20), turn(0, 3, 30), turn(1, 4, 40)])
    assert [(each.player, each.rewards) for each in as_seen_by(played, 0).turns] == [(0, (3.0,)), (0, (7.0,))]
    assert [(each.player, each.rewards) for each in as_seen_by(played, 1).turns] == [(1, (60.0,)), (1, (40.0,))]


def test_nothing_that_a_seat_earned_is_lost() -> None:
    game = PrisonersDilemma(rounds=4)
    (played,) = play([Episode(game, seed=0)], ScriptPolicy(["cooperate", "defect", "what?", "defect", "cooperate"]))
    for player in (0, 1):
        own = as_seen_by(played, player)
        assert sum(each.rewards[0] for each in own.turns) == pytest.approx(played.episode.scores[player])
        assert all(each.player == player for each in own.turns)


def test_behaviour_is_what_the_model_samples_with(start) -> None:
    form = sequence_form(GAME)
    known = [language_behaviour(form, player, start, TOKENIZER) for player in (0, 1)]
    for each in play([Episode(GAME, seed=seed) for seed in range(30)], LanguageModelPolicy(start, TOKENIZER)):
        pasts: dict[int, tuple] = {0: (), 1: ()}
        views = {player: [m.text for m in each.episode.dialogues[player] if m.role == "user"] for player in (0, 1)}
        for reply in each.turns:
            information = (*pasts[reply.player], views[reply.player].pop(0))
            probability = known[reply.player][information][reply.reply.text]
            assert sum(reply.reply.trace.log_probs) == pytest.approx(torch.tensor(probability).log().item(), abs=1e-4)
            pasts[reply.player] = (*information, reply.reply.text)


def test_behaviours_are_distributions_over_every_situation(start) -> None:
    form = sequence_form(GAME)
    for player in (0, 1):
        behaviour = language_behaviour(form, player, start, TOKENIZER)
        assert behaviour.keys() == form.moves[player].keys()
        assert all(sum(moves.values()) == pytest.approx(1, abs=1e-12) for moves in behaviour.values())


@pytest.mark.parametrize("memoryless", [True, False])
@pytest.mark.parametrize("shared", [True, False])
def test_self_play_trains_all_seats_within_its_budget(start, shared: bool, memoryless: bool) -> None:
    before = {name: weight.clone() for name, weight in start.state_dict().items()}
    config = replace(SMALL, shared=shared, memoryless=memoryless)
    found = self_play.train(GAME, start, TOKENIZER, seed=1, budget=150, config=config)
    assert 0 < found.ledger.environment_steps <= 150
    assert (found.models[0] is found.models[1]) == shared
    for model in found.models:
        assert any(not torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
    assert all(torch.equal(weight, before[name]) for name, weight in start.state_dict().items())
    batches = [row for row in found.curve if "evaluation" not in row]
    assert batches
    assert all(row["first_ratio_error"] < 1e-4 for row in batches)


def test_a_seed_names_the_run(start) -> None:
    one, other = (self_play.train(GAME, start, TOKENIZER, seed=3, budget=100, config=SMALL) for _ in range(2))
    assert one.curve == other.curve


def test_self_play_needs_several_players(start) -> None:
    with pytest.raises(ArgumentError, match="GuessNumber is for one player"):
        self_play.train(GuessNumber(), start, TOKENIZER, seed=0, budget=10)


@pytest.mark.slow
def test_exploitability_falls(start) -> None:
    form = sequence_form(GAME)

    def exploited(models) -> float:
        return float(exploitability(GAME, tuple(language_behaviour(form, p, models[p], TOKENIZER) for p in (0, 1))))

    config = self_play.Config(ppo=TurnPPO(episodes=128, rate=1e-3, critic_rate=1e-3))
    found = self_play.train(GAME, start, TOKENIZER, seed=1, budget=8_000, config=config, evaluate=exploited)
    curve = [row["evaluation"] for row in found.curve if "evaluation" in row]
    assert curve[-1] < 0.75 * curve[0]
