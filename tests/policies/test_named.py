from __future__ import annotations

import pickle
from typing import Any

import pytest

from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.envs.episode import Episode
from textenvs.envs.settings import Settings
from textenvs.evaluation.rollout import flow, rollout
from textenvs.games.guess_number import GuessNumber
from textenvs.games.riddle import Riddle
from textenvs.policies.errors import UnplayableError
from textenvs.policies.named import named_policy
from textenvs.registry import make_game

GAME = GuessNumber(high=7, guesses=3)
TURNS, PLAN, STRATEGY = (Settings(form=form) for form in ("turns", "plan", "strategy"))


def mean(spec: str, settings: Settings) -> float:
    policy = named_policy(spec).policy_for(GAME, settings)
    scores = [each.score for each in rollout(GAME, policy, [0] * 7, settings=settings, instances=range(7))]
    return sum(scores) / len(scores)


def test_rulers_earn_their_values_on_all_instances() -> None:
    assert mean("optimal", TURNS) == 1.0
    assert mean("plan", PLAN) == pytest.approx(3 / 7)
    assert mean("expert", TURNS) == 1.0
    assert 0 <= mean("random", PLAN) < 1


def test_a_ruler_knows_the_split() -> None:
    game = GuessNumber(high=30, guesses=2)
    scores = {}
    for split in ("all", "test"):
        policy = named_policy("optimal").policy_for(game, TURNS, split)
        played = rollout(game, policy, range(60), settings=TURNS, split="test")
        scores[split] = sum(each.score for each in played)
    assert scores["test"] > scores["all"]


@pytest.mark.parametrize(
    ("spec", "settings", "match"),
    [
        ("optimal", PLAN, "optimal plays in form turns only, not in 'plan'"),
        ("myopic", STRATEGY, "myopic plays in form turns only"),
        ("plan", TURNS, "plan plays in form plan only, not in 'turns'"),
        ("expert", PLAN, "expert plays in form turns or reply only"),
        ("random", STRATEGY, "random plays in form turns or plan or reply only"),
        ("optimal", Settings(feedback="none"), "feedback must be 'full'"),
    ],
)
def test_forms_in_which_nobody_can_play_are_named(spec: str, settings: Settings, match: str) -> None:
    with pytest.raises(UnplayableError, match=match):
        named_policy(spec).policy_for(GAME, settings)


@pytest.mark.parametrize(("spec", "settings"), [("optimal", TURNS), ("myopic", TURNS), ("plan", PLAN)])
def test_games_too_large_for_rulers_are_named(spec: str, settings: Settings) -> None:
    with pytest.raises(UnplayableError, match=rf"{spec} needs exact values, and Sokoban\(.*too large"):
        named_policy(spec).policy_for(make_game("Sokoban", level="extreme"), settings)


class Unaided(GuessNumber):
    """A game without a scripted expert."""

    def expert(self, state: Any, player: int) -> None:
        return None


@pytest.mark.parametrize("spec", ["expert", "mixed:0.5"])
def test_a_game_without_expert_is_named(spec: str) -> None:
    with pytest.raises(UnplayableError, match="has no scripted expert"):
        named_policy(spec).policy_for(Unaided(high=7, guesses=3), TURNS)


@pytest.mark.parametrize(
    ("spec", "settings", "match"),
    [
        ("optimum", {}, "unknown policy 'optimum'; did you mean 'optimal'"),
        ("endpoit:gpt", {}, "unknown policy 'endpoit:gpt'; did you mean 'endpoint:MODEL'"),
        ("optimal:x", {}, "unknown policy"),
        ("random", {"temperature": 1}, "unknown setting of random 'temperature'"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest_choice(spec: str, settings: dict[str, Any], match: str) -> None:
    with pytest.raises(UnknownNameError, match=match):
        named_policy(spec, settings)


@pytest.mark.parametrize(
    ("spec", "match"),
    [("saved", "named saved:FOLDER"), ("endpoint:", "named endpoint:MODEL"), ("mixed:7", "from 0 to 1")],
)
def test_incomplete_specs_are_refused(spec: str, match: str) -> None:
    with pytest.raises(ArgumentError, match=match):
        named_policy(spec)


@pytest.mark.parametrize("spec", ["random", "mixed:0.5", "optimal", "plan", "human"])
def test_a_named_policy_travels_between_processes(spec: str) -> None:
    named = named_policy(spec)
    again = pickle.loads(pickle.dumps(named))
    assert again.describe() == named.describe() == {"name": spec, "spec": spec, "settings": {}}


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> Any:
    def typing(*lines: str) -> None:
        rest = iter(lines)
        monkeypatch.setattr("builtins.input", lambda _: next(rest))

    return typing


def test_a_person_plays_one_episode_after_the_other(types: Any, capsys: pytest.CaptureFixture[str]) -> None:
    types("guess 2", "1", "guess 6", "7")
    person = named_policy("human").policy_for(GAME, TURNS)
    episodes = [Episode(GAME, seed=0, instance=0), Episode(GAME, seed=0, instance=6)]
    played = list(flow(episodes, person, in_flight=2))
    assert [each.episode.state.secret for each in played] == [1, 7]
    assert [each.score for each in played] == [1.0, 1.0]
    out = capsys.readouterr().out
    assert out.count(GAME.instructions(0)) == 2
    assert "2 is wrong: the secret is lower. 2 guesses left.\n" in out
    assert out.count("You win.\n\nScore: 1\n") == 2


def test_a_person_writes_a_plan_line_by_line_and_may_stop(types: Any) -> None:
    person = named_policy("human").policy_for(GAME, PLAN)
    types("guess 3", "guess 4", "")
    (played,) = rollout(GAME, person, [0], settings=PLAN, instances=[3])
    assert played.score == 1.0
    types("/quit")
    with pytest.raises(KeyboardInterrupt):
        list(rollout(GAME, person, [0], settings=PLAN))


def test_a_folder_can_hold_a_policy_for_each_game_and_form(tmp_path: Any) -> None:
    pytest.importorskip("torch")
    from textenvs.policies.language_model import LanguageModelPolicy
    from textenvs.policies.models import tiny_llama
    from textenvs.policies.tokenizer import WordTokenizer

    tokenizer = WordTokenizer.from_games([GAME], episodes=2)
    LanguageModelPolicy(tiny_llama(len(tokenizer)), tokenizer).save(tmp_path / "many" / "GuessNumber.plan")
    many = named_policy(f"saved:{tmp_path / 'many'}")
    assert many.policy_for(GAME, Settings(form="plan")) is many.policy_for(GAME, Settings(form="plan"))
    assert many.policy_for(GAME, Settings(form="plan")).name == "many"
    with pytest.raises(UnplayableError, match="GuessNumber in form 'turns'"):
        many.policy_for(GAME, Settings())


def test_a_saved_policy_is_loaded_once_with_changed_settings(tmp_path: Any) -> None:
    pytest.importorskip("torch")
    from textenvs.policies.language_model import LanguageModelPolicy
    from textenvs.policies.models import tiny_llama
    from textenvs.policies.tokenizer import WordTokenizer

    tokenizer = WordTokenizer.from_games([GAME], episodes=4)
    LanguageModelPolicy(tiny_llama(len(tokenizer)), tokenizer).save(tmp_path / "cloned")
    named = named_policy(f"saved:{tmp_path / 'cloned'}", {"temperature": 0.5})
    policy = named.policy_for(GAME, TURNS)
    assert policy is named.policy_for(Riddle(), PLAN)
    assert (policy.name, policy.temperature, policy.mode) == ("cloned", 0.5, "choose")
    with pytest.raises(UnknownNameError, match="did you mean 'temperature'"):
        named_policy(f"saved:{tmp_path / 'cloned'}", {"temprature": 0.5})
    with pytest.raises(ArgumentError, match="holds no saved policy"):
        named_policy(f"saved:{tmp_path}")
