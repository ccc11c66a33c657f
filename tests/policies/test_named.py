from __future__ import annotations

import pickle

import pytest
import torch

from tests.policies import tiny_chats
from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.envs.settings import Settings
from textenvs.envs.solo import solo_game
from textenvs.evaluation.evaluate import evaluate
from textenvs.evaluation.rollout import rollout
from textenvs.evaluation.sources import named
from textenvs.games.guess_number import GuessNumber
from textenvs.planning.reference import reference_values
from textenvs.policies.errors import UnplayableError
from textenvs.policies.language_model import LanguageModelPolicy
from textenvs.policies.models import tiny_llama
from textenvs.policies.named import named_policy
from textenvs.policies.tokenizer import WordTokenizer

GAME = GuessNumber(high=7, guesses=3)


@pytest.mark.parametrize(
    ("spec", "form"), [("optimal", "turns"), ("myopic", "turns"), ("plan", "plan"), ("random", "turns")]
)
def test_rulers_as_players_earn_what_planning_says(spec: str, form: str) -> None:
    policy = named_policy(spec).policy(GAME, form)
    found = evaluate(GAME, policy, range(1_000), settings=Settings(form=form))
    exact = getattr(reference_values(GAME), spec).low
    low, high = found.interval
    assert low - 0.02 <= exact <= high + 0.02, (found, exact)


def test_rulers_know_the_split_they_play_on() -> None:
    game = solo_game("Alchemy", level="easy")
    found = evaluate(
        game,
        named_policy("plan").policy(game, "plan", "test"),
        range(300),
        settings=Settings(form="plan"),
        split="test",
    )
    assert found.mean == pytest.approx(reference_values(game, "test").plan.low, abs=0.06)


@pytest.mark.parametrize(
    ("spec", "form", "game"),
    [
        ("optimal", "plan", GAME),
        ("plan", "turns", GAME),
        ("expert", "plan", GAME),
        ("random", "strategy", GAME),
        ("optimal", "turns", solo_game("Shopkeeper", level="extreme")),
    ],
)
def test_who_cannot_play_says_so(spec: str, form: str, game: object) -> None:
    with pytest.raises(UnplayableError, match=spec):
        named_policy(spec).policy(game, form)


@pytest.mark.parametrize(
    ("spec", "settings", "error", "match"),
    [
        ("optimall", {}, UnknownNameError, "optimal"),
        ("transformers", {}, UnknownNameError, "transformers:NAME"),
        ("random", {"temperature": 1}, UnknownNameError, "temperature"),
        ("mixed:2", {}, ArgumentError, "from 0 to 1"),
        ("transformers:x", {"harness": "reakt"}, UnknownNameError, "react"),
        ("transformers:x", {"temprature": 1}, UnknownNameError, "temperature"),
        ("transformers:x", {"mode": "chose"}, UnknownNameError, "choose"),
    ],
)
def test_mistaken_specs_are_refused_before_anything_is_loaded(spec, settings, error, match) -> None:
    with pytest.raises(error, match=match):
        named_policy(spec, settings)


def test_a_model_that_does_not_exist_is_named(tmp_path) -> None:
    with pytest.raises(ArgumentError, match="nothing-here"):
        named_policy(f"transformers:{tmp_path}/nothing-here").policy(GAME, "turns")


def test_a_folder_holds_one_policy_or_one_for_each_game_and_form(tmp_path) -> None:
    tokenizer = WordTokenizer.from_games([GAME], episodes=2)
    policy = LanguageModelPolicy(tiny_llama(len(tokenizer)), tokenizer, name="tiny")
    policy.save(tmp_path / "one")
    policy.save(tmp_path / "many" / "GuessNumber.plan")
    assert named_policy(f"saved:{tmp_path}/one").policy(GAME, "turns").name == "tiny"
    many = named_policy(f"saved:{tmp_path}/many")
    assert many.policy(GAME, "plan").name == "tiny"
    with pytest.raises(UnplayableError, match="GuessNumber in form 'turns'"):
        many.policy(GAME, "turns")


def test_a_model_in_a_folder_plays_in_any_harness(tmp_path) -> None:
    model, tokenizer = tiny_chats.model(), tiny_chats.tokenizer()
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    spec = named_policy(f"transformers:{tmp_path}", {"harness": "react", "mode": "choose", "name": "tiny", "rows": 2})
    assert spec.name == "tiny + react (choose)"
    (played,) = rollout(GAME, spec.policy(GAME, "turns"), [0])
    assert played.episode.over
    assert all(turn.refusal is None for turn in played.turns)
    assert spec.policy(GAME, "turns") is spec.policy(GAME, "plan"), "the model is loaded once"


def test_a_source_says_how_a_policy_was_made_and_travels_to_other_processes() -> None:
    source = pickle.loads(pickle.dumps(named("optimal")))
    assert source.player.spec == "optimal"
    assert source.policy(GAME, "turns", "all").name == "optimal"


def test_what_a_reply_of_a_language_model_cost() -> None:
    tokenizer = WordTokenizer.from_games([GAME], episodes=2)
    with torch.no_grad():
        policy = LanguageModelPolicy(tiny_llama(len(tokenizer)), tokenizer)
    (played,) = rollout(GAME, policy, [0])
    for before, turn in zip([None, *played.turns], played.turns, strict=False):
        known = before.reply.usage.prompt + before.reply.usage.sampled if before else 0
        trace = turn.reply.trace
        assert turn.reply.usage.cached == known
        assert turn.reply.usage.prompt == known + len(trace.context)
        assert turn.reply.usage.sampled == len(trace.tokens)
