from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tests.policies.chats import WrittenChat, answers_in_order
from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.envs.episode import Episode
from textenvs.envs.policy import Request
from textenvs.envs.settings import Settings
from textenvs.envs.streams import Purpose, Stream
from textenvs.evaluation.rollout import Played, rollout
from textenvs.games.guess_number import GuessNumber
from textenvs.planning.enumeration import build_graph
from textenvs.policies.agent import Agent
from textenvs.policies.chat import Call
from textenvs.policies.harnesses.best_of_n import BestOfN, ValueVerifier

GAME = GuessNumber(high=7, guesses=3)


@pytest.fixture(scope="module")
def value() -> ValueVerifier:
    return ValueVerifier(build_graph(GAME))


def random_guess(call: Call) -> str:
    return f"guess {1 + call.random.below(7)}"


def first_reply(*answers: str, **options: Any) -> tuple[WrittenChat, Played]:
    """Return what becomes of the answers in one game of a single guess."""
    model = WrittenChat(answers_in_order(*answers))
    settings = Settings(form=options.pop("form", "turns"), max_refusals=1)
    game = GuessNumber(high=7, guesses=1)
    (played,) = rollout(game, Agent(model, BestOfN(**options)), [0], settings=settings, instances=[6])
    return model, played


def mean_score(agent: Agent, episodes: int) -> float:
    return float(np.mean([each.score for each in rollout(GAME, agent, range(episodes))]))


def test_a_perfect_verifier_makes_more_of_more_samples(value: ValueVerifier) -> None:
    """A random model earns 1 - (6/7)^3 = 0.370; of four samples the best by exact value, far more; of fifty, all."""
    episodes = 400
    means = {
        n: mean_score(Agent(WrittenChat(random_guess), BestOfN(n=n, verifier=value)), episodes) for n in (1, 4, 50)
    }
    assert abs(means[1] - (1 - (6 / 7) ** 3)) < 4 * (0.37 * 0.63 / episodes) ** 0.5
    assert means[4] > means[1] + 0.2
    assert means[50] > 0.97


def test_values_are_those_of_the_best_play_to_follow(value: ValueVerifier) -> None:
    episode = Episode(GAME, seed=0, instance=4)
    request = Request(0, episode, 0, Stream(0, Purpose.POLICY))
    assert value(request, ["guess 4", "I say guess 1", "7", "what?", "guess 9"]) == pytest.approx(
        [1.0, 4 / 7, 4 / 7, -np.inf, -np.inf]
    )
    for reply in ("guess 2", "hm", "guess 6"):
        episode.reply(0, reply)
    assert value(request, ["guess 4", "guess 5", "guess 1"]) == pytest.approx([1 / 3, 1 / 3, 0.0])


def test_a_value_verifier_knows_one_game_and_single_moves(value: ValueVerifier) -> None:
    def asked(game: GuessNumber, form: Any) -> Request:
        model = WrittenChat(random_guess)
        list(rollout(game, Agent(model, BestOfN(n=2, verifier=value)), [0], settings=Settings(form=form)))
        raise AssertionError

    with pytest.raises(ArgumentError, match="turns"):
        asked(GAME, "plan")
    with pytest.raises(ArgumentError, match="does not lead"):
        asked(GuessNumber(high=7, guesses=9), "turns")


def test_the_model_is_its_own_verifier_of_distinct_candidates() -> None:
    model, played = first_reply("guess 1", "Guess 1!", "guess 2", "guess  3", "3")
    assert played.turns[0].reply.text == "guess  3"
    assert model.calls[-1].choices == ("1", "2", "3")
    assert "1. guess 1\n2. guess 2\n3. guess  3\n" in model.calls[-1].messages[-1].text
    assert played.turns[0].reply.usage.calls == 5


@pytest.mark.parametrize("verdict", ["", "none", "0", "9", "-3"])
def test_a_verdict_that_names_no_candidate_is_for_the_first(verdict: str) -> None:
    _, played = first_reply("guess 1", "guess 2", verdict, n=2)
    assert played.turns[0].reply.text == "guess 1"


def test_equal_candidates_need_no_verdict() -> None:
    model, played = first_reply("guess 2", "I think guess 2", n=2)
    assert played.turns[0].reply.text == "guess 2"
    assert len(model.calls) == 2


@pytest.mark.parametrize(
    ("answers", "winner"),
    [
        (["guess 1", "guess 2", "So: guess 2", "guess 3"], "guess 2"),
        (["guess 1", "guess 2", "guess 2", "guess 1"], "guess 1"),
        (["dunno", "guess 3", "Dunno ", "guess 5"], "dunno"),
    ],
)
def test_the_majority_wins_and_the_earlier_in_a_tie(answers: list[str], winner: str) -> None:
    _, played = first_reply(*answers, verifier="vote")
    assert played.turns[0].reply.text == winner


def test_plans_are_the_same_if_their_lines_are() -> None:
    _, played = first_reply("guess 1", "2. guess 2", "- Guess 2", verifier="vote", n=3, form="plan")
    assert played.turns[0].reply.text == "2. guess 2"


def test_a_verifier_can_be_any_function() -> None:
    def longest(request: Request, texts: Sequence[str]) -> list[int]:
        assert request.dialogue[-1].text == "1 guess left."
        return [len(text) for text in texts]

    _, played = first_reply("guess 1", "I guess 2", "or guess 3", "no: guess 4", verifier=longest)
    assert played.turns[0].reply.text == "no: guess 4"
    _, played = first_reply("guess 1", "guess 2", verifier=lambda *_: 1, n=2)
    assert played.turns[0].reply.text == "guess 2"
    assert "candidate 2 of:\n1. guess 1\n2. guess 2" in played.turns[0].reply.thought


def test_verifiers_have_names(value: ValueVerifier) -> None:
    def longest(_: Request, texts: Sequence[str]) -> int:
        return texts.index(max(texts, key=len))

    names = [BestOfN(verifier=verifier).name for verifier in ("self", "vote", value, longest)]
    assert names == ["best-of-4 self", "best-of-4 vote", "best-of-4 value", "best-of-4 longest"]


def test_mistakes_are_named() -> None:
    with pytest.raises(UnknownNameError, match="vote"):
        BestOfN(verifier="votes")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="n must be"):
        BestOfN(n=0)
    with pytest.raises(ArgumentError, match="choice of a verifier"):
        first_reply("guess 1", "guess 2", n=2, verifier=lambda *_: 2)
    with pytest.raises(ArgumentError, match="2 candidates"):
        first_reply("guess 1", "guess 2", n=2, verifier=lambda *_: [1.0])
