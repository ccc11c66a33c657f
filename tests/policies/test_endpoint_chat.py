from __future__ import annotations

import json
import logging
import pickle
import traceback
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

pytest.importorskip("openai")

from tests.policies.servers import Said, completion, problem, serving
from textenvs.cli import main
from textenvs.core.dialogue import Message
from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.envs.episode import Episode
from textenvs.envs.policy import Usage
from textenvs.envs.streams import Purpose, Stream
from textenvs.evaluation.rollout import flow
from textenvs.games.guess_number import GuessNumber
from textenvs.policies.agent import Agent
from textenvs.policies.chat import Answer, Call
from textenvs.policies.endpoint_chat import EndpointChat
from textenvs.policies.errors import EndpointError, EndpointRefusedError, EndpointUnavailableError

GAME = GuessNumber(high=7, guesses=3)
TALK = (Message("system", "Be brief."), Message("user", "Hello"))
KEY = "sk-planted-0123456789abcdef"


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def call(**keywords: Any) -> Call:
    return Call((0, None), TALK, Stream(5, Purpose.POLICY), **keywords)


def asked(said: Any, settings: dict[str, Any] | None = None, **keywords: Any) -> tuple[Answer, list[dict[str, Any]]]:
    """Return the answer to one call, and what the server was sent."""
    answer = said if callable(said) else lambda *_: said
    with serving(answer) as server:
        chat = EndpointChat("fake", url=server.url, **(settings or {}))
        chat.submit(call(**keywords))
        ((_, found),) = chat.advance()
        assert chat.advance() == []
        return found, server.bodies


def test_a_request_says_everything_once() -> None:
    answer, (body,) = asked(completion("hi"), {"top_p": 0.9, "max_thought_tokens": 100}, max_tokens=7)
    assert answer == Answer("hi", usage=Usage(calls=1))
    assert body["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
    assert body == {
        "model": "fake", "messages": body["messages"], "temperature": 1.0, "top_p": 0.9, "max_tokens": 107,
        "seed": Stream(5, Purpose.POLICY).below(2**31),
    }  # fmt: skip


def test_what_is_left_to_the_server_is_not_sent() -> None:
    _, (body,) = asked(completion("hi"), {"temperature": "server", "seeded": False, "system": "merge"})
    assert body == {"model": "fake", "messages": [{"role": "user", "content": "Be brief.\n\nHello"}], "max_tokens": 256}


def test_usage_and_limits_are_read() -> None:
    told = {
        "prompt_tokens": 50, "completion_tokens": 20, "total_tokens": 70,
        "prompt_tokens_details": {"cached_tokens": 30}, "completion_tokens_details": {"reasoning_tokens": 9},
    }  # fmt: skip
    answer, _ = asked(completion("hi", "length", told))
    assert answer == Answer("hi", usage=Usage(50, 30, 20, 9, 1), stop="length")
    null = {"prompt_tokens": 5, "completion_tokens": None, "total_tokens": 5, "prompt_tokens_details": None}
    assert asked(completion("hi", usage=null))[0].usage == Usage(prompt=5, calls=1)


@pytest.mark.parametrize(
    ("said", "text", "thought"),
    [
        (completion("guess 4", reasoning_content="the middle"), "guess 4", "the middle"),
        (completion("guess 4", reasoning="the middle"), "guess 4", "the middle"),
        (completion("<think>\nthe middle\n</think>\n\nguess 4"), "guess 4", "the middle"),
        (completion("the middle</think>guess 4"), "guess 4", "the middle"),
        (completion("<think>the mid"), "", "the mid"),
        (completion(None, reasoning_content="the middle"), "", "the middle"),
        (completion("guess <4>"), "guess <4>", ""),
    ],
)
def test_thoughts_are_kept_apart(said: Said, text: str, thought: str) -> None:
    answer, _ = asked(said)
    assert (answer.text, answer.thought) == (text, thought)


def test_models_that_call_the_limit_otherwise_are_asked_again_and_remembered() -> None:
    def answer(body: dict[str, Any], _: int) -> Said:
        if "max_tokens" in body:
            return problem(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
        return completion("hi")

    with serving(answer) as server:
        chat = EndpointChat("fake", url=server.url)
        for _ in range(2):
            chat.submit(call(max_tokens=9))
            chat.advance()
        assert [body.get("max_completion_tokens") for body in server.bodies] == [None, 9, 9]


def test_failures_that_pass_are_tried_again_after_the_pause_the_server_asks_for() -> None:
    def answer(_: dict[str, Any], number: int) -> Said:
        return [problem(429, "slow down", {"Retry-After": "1"}), problem(500, "oh"), completion("hi")][number]

    begun = monotonic()
    found, bodies = asked(answer)
    assert found.text == "hi"
    assert len(bodies) == 3
    assert len({body["seed"] for body in bodies}) == 1
    assert monotonic() - begun >= 1.0 + 0.5 * 0.75


@pytest.mark.parametrize("said", [problem(429, "slow down"), problem(503, "overloaded")])
def test_failures_that_stay_are_named(said: Said) -> None:
    with pytest.raises(EndpointUnavailableError, match=r"127.0.0.1.*'fake'.*(slow down|overloaded)"):
        asked(said, {"max_retries": 1})


def test_a_server_that_is_silent_or_absent_is_named() -> None:
    def answer(_: dict[str, Any], _number: int) -> Said:
        sleep(0.5)
        return completion("late")

    with pytest.raises(EndpointUnavailableError, match=r"does not answer.*timed out"):
        asked(answer, {"timeout": 0.1, "max_retries": 0})
    chat = EndpointChat("fake", url="http://127.0.0.1:9/v1", max_retries=0)
    chat.submit(call())
    with pytest.raises(EndpointUnavailableError, match="does not answer"):
        chat.advance()


@pytest.mark.parametrize("status", [401, 403, 404, 422])
def test_what_is_refused_for_good_is_not_tried_again(status: int) -> None:
    with serving(lambda *_: problem(status, "no such thing")) as server:
        chat = EndpointChat("fake", url=server.url)
        chat.submit(call())
        with pytest.raises(EndpointRefusedError, match="no such thing"):
            chat.advance()
        assert len(server.bodies) == 1


@pytest.mark.parametrize(
    "said",
    [
        problem(400, "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens"),
        problem(400, "request (4390 tokens) exceeds the available context size (4096 tokens)"),
        problem(400, "too much", code="context_length_exceeded"),
    ],
)
def test_a_context_that_is_too_small_is_no_error(said: Said) -> None:
    answer, _ = asked(said)
    assert answer == Answer("", usage=Usage(calls=1), stop="overflow")


def test_a_response_without_answer_is_named() -> None:
    with pytest.raises(EndpointError, match="holds no answer"):
        asked(Said(200, {"id": "1", "object": "chat.completion", "choices": []}))


@pytest.mark.parametrize(
    ("constrain", "extra"),
    [
        ("none", {}),
        ("guided_choice", {"guided_choice": ["a.", "b"]}),
        ("structured_outputs", {"structured_outputs": {"choice": ["a.", "b"]}}),
    ],
)
def test_choices_are_told_and_constrained(constrain: str, extra: dict[str, Any]) -> None:
    answer, (body,) = asked(completion(" a.\n"), {"constrain": constrain}, choices=("a.", "b"))
    assert answer.text == "a."
    assert body["messages"][-1]["content"].endswith("exactly one of these lines and nothing else:\na.\nb")
    assert {key: body[key] for key in extra} == extra
    left_to_the_game, _ = asked(completion(" A "), {"constrain": constrain}, choices=("a.", "b"))
    assert left_to_the_game.text.strip() == "A"


def test_several_lines_of_choices() -> None:
    keywords = {"choices": ("a.", "b"), "lines": 2}
    answer, (body,) = asked(completion("b\na."), {"constrain": "guided_choice"}, **keywords)
    assert answer.text == "b\na."
    assert body["guided_regex"] == "(?:a\\.|b)\n(?:a\\.|b)"
    answer, (body,) = asked(completion('{"moves": ["b", "a."]}'), {"constrain": "json_schema"}, **keywords)
    assert answer.text == "b\na."
    moves = body["response_format"]["json_schema"]["schema"]["properties"]["moves"]
    assert (moves["items"]["enum"], moves["minItems"], moves["maxItems"]) == (["a.", "b"], 2, 2)
    for other in ("b\na.\nb", "b", "b or a.", '{"moves": "b"}', '["b"]'):
        for constrain in ("none", "json_schema"):
            answer, _ = asked(completion(other), {"constrain": constrain}, **keywords)
            assert answer.text == other


def test_requests_run_side_by_side_but_no_more_than_allowed() -> None:
    now, most = 0, 0

    def answer(_: dict[str, Any], _number: int) -> Said:
        nonlocal now, most
        with server.lock:
            now += 1
            most = max(most, now)
        sleep(0.1)
        with server.lock:
            now -= 1
        return completion("guess 4")

    with serving(answer) as server:
        agent = Agent(EndpointChat("fake", url=server.url, concurrency=3))
        played = list(flow((Episode(GAME, seed=seed) for seed in range(6)), agent))
    assert len(played) == 6
    assert most == 3


def test_requests_and_tokens_keep_to_their_pace() -> None:
    usage = {"prompt_tokens": 4, "completion_tokens": 1, "total_tokens": 5}
    for limit in ({"requests_per_minute": 600.0}, {"tokens_per_minute": 3000.0, "concurrency": 1}):
        with serving(lambda *_: completion("hi", usage=usage)) as server:
            chat = EndpointChat("fake", url=server.url, **limit)
            begun = monotonic()
            for _ in range(4):
                chat.submit(call())
            found: list[Any] = []
            while len(found) < 4:
                found += chat.advance()
            assert 0.3 <= monotonic() - begun < 3


def test_what_was_forgotten_is_not_answered() -> None:
    with serving(lambda _, number: completion(str(number))) as server:
        chat = EndpointChat("fake", url=server.url)
        chat.submit(call())
        chat.start()
        assert chat.advance() == []
        chat.submit(call())
        assert len(chat.advance()) == 1


def test_a_key_is_sent_and_never_shown(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    from textenvs.policies.named import named_policy

    monkeypatch.setenv("MY_KEY", KEY)
    caplog.set_level(logging.DEBUG)

    def answer(_: dict[str, Any], number: int) -> Said:
        return completion("hi") if number == 0 else problem(401, f"Incorrect API key provided: {KEY}")

    with serving(answer) as server:
        chat = EndpointChat("fake", url=server.url, key_variable="MY_KEY")
        chat.submit(call())
        shown = [repr(chat.advance())]
        chat.submit(call())
        with pytest.raises(EndpointRefusedError, match="Incorrect API key") as caught:
            chat.advance()
        assert [headers["authorization"] for headers in server.headers] == [f"Bearer {KEY}"] * 2
        error: BaseException | None = caught.value
        shown += ["".join(traceback.format_exception(caught.value)), repr(pickle.dumps(caught.value))]
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None, f"{error!r} leads to the request"
        named = named_policy("endpoint:fake", {"url": server.url, "key_variable": "MY_KEY"})
        shown += [repr(chat), repr(vars(chat)), caplog.text, repr(pickle.dumps(named)), json.dumps(named.describe())]
    assert not [text for text in shown if KEY in text]
    assert "Incorrect" in shown[1]


@pytest.mark.parametrize(
    "settings",
    [
        {"url": f"http://me:{KEY}@host/v1"},
        {"url": f"http://host/v1?key={KEY}"},
        {"url": KEY},
        {"key_variable": KEY},
    ],
)
def test_secrets_in_settings_are_refused_and_not_repeated(settings: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError) as caught:
        EndpointChat("fake", **settings)
    assert KEY not in str(caught.value)


def test_openai_needs_a_key() -> None:
    chat = EndpointChat("fake")
    chat.submit(call())
    with pytest.raises(EndpointRefusedError, match="OPENAI_API_KEY"):
        chat.advance()


@pytest.mark.parametrize("settings", [{"temperature": -1.0}, {"top_p": 2.0}, {"concurrency": 0}, {"timeout": 0.0}])
def test_numbers_out_of_range_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(settings))):
        EndpointChat("fake", **settings)


def test_unknown_ways_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'guided_choice'"):
        EndpointChat("fake", constrain="guided_choices")  # type: ignore[arg-type]


def test_no_key_gets_into_a_run_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)

    def answer(_: dict[str, Any], number: int) -> Said:
        return completion("guess 4") if number < 30 else problem(401, f"Incorrect API key provided: {KEY}")

    with serving(answer) as server:
        settings = [f"url={server.url}", "key_variable=MY_KEY", "harness=react"]
        task = ["--game", "GuessNumber", "level=easy", "--episodes", "20", "--out", str(tmp_path)]
        assert main(["evaluate", "--policy", "endpoint:fake", *settings, *task]) == 2
        assert {headers["authorization"] for headers in server.headers} == {f"Bearer {KEY}"}
    written = [file.read_text() for file in tmp_path.rglob("*") if file.is_file()]
    assert any('"guess 4"' in text for text in written), "episodes played before the refusal are kept"
    out, err = capsys.readouterr()
    assert "Incorrect API key" in err
    assert not [text for text in (*written, out, err) if KEY in text]
