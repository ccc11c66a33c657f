"""A model behind any OpenAI-compatible server (vLLM, llama.cpp, Ollama, hosted ones) as a chat model."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Hashable, Sequence
from dataclasses import replace
from functools import cached_property
from queue import SimpleQueue
from threading import BoundedSemaphore, Lock, Thread
from time import monotonic, sleep
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from textenvs.core.dialogue import Message, as_chat
from textenvs.core.errors import ArgumentError, MissingExtraError, check_choice, check_flag, check_range
from textenvs.envs.policy import NO_USAGE, Usage
from textenvs.policies.chat import Answer, Call, Stop
from textenvs.policies.errors import (
    EndpointError,
    EndpointRefusedError,
    EndpointUnavailableError,
)

try:
    import openai
except ImportError as error:
    raise MissingExtraError("a model behind a server", "endpoint") from error

OPENAI = "https://api.openai.com/v1"
CONSTRAINTS = ("none", "guided_choice", "structured_outputs", "json_schema")
SYSTEM = ("keep", "merge")

_SEEDS = 2**31
_TRANSIENT = (408, 409, 429)
_TOO_LONG = re.compile(r"context[ _-]?(length|size|window)|(length|size) of the context", re.IGNORECASE)
_THOUGHT = re.compile(r"\A\s*(?:<think(?:ing)?>)?(?P<thought>.*?)</think(?:ing)?>\s*(?P<text>.*)\Z", re.DOTALL)
_OPEN_THOUGHT = re.compile(r"\A\s*<think(?:ing)?>(?P<thought>.*)\Z", re.DOTALL)


class EndpointChat:
    """Answers messages by asking a server; satisfies `ChatModel`.

    Each call is one request with the whole conversation; as many as `concurrency` are open at a time. The client tries
    again after failures that may pass, with growing pauses or those that the server asks for (`Retry-After`).

    The key is read from the environment when a request is made, and is shown nowhere: in no result, error or log.

    Each request carries a seed drawn from `Call.random`; whether equal seeds bring equal answers is up to the server.

    Thoughts: what the server keeps apart (`reasoning_content`, `reasoning`), or what stands in `<think>` tags.

    Choices: the wordings of which the answer is to consist, one a line, are appended to the last message. What else is
    answered is left to the game to read or refuse. With `constrain` the server is made to keep to the wordings:
    `guided_choice` (vLLM before 0.12), `structured_outputs` (vLLM since), `json_schema` (OpenAI, llama.cpp, Ollama).
    """

    def __init__(
        self,
        model: str,
        *,
        url: str = OPENAI,
        name: str | None = None,
        key_variable: str = "OPENAI_API_KEY",
        temperature: float | Literal["server"] = 1.0,
        top_p: float | None = None,
        max_tokens: int = 256,
        max_thought_tokens: int = 0,
        seeded: bool = True,
        constrain: Literal["none", "guided_choice", "structured_outputs", "json_schema"] = "none",
        system: Literal["keep", "merge"] = "keep",
        concurrency: int = 8,
        max_retries: int = 8,
        timeout: float = 300.0,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
    ) -> None:
        """Take a model and how to ask for it.

        Args:
            model: as the server calls it.
            url: of the server, up to `/v1`; without user, password or query.
            name: what results call it; `model` if None.
            key_variable: name of the environment variable that holds the key; servers other than OpenAI's are asked
                without one if it is not set.
            temperature: from 0; `server` leaves it to the server, as some hosted models demand.
            top_p: from 0 to 1; None leaves it to the server.
            max_tokens: the most ids of an answer whose call does not say.
            max_thought_tokens: the most ids of a thought; added to the limit of each answer, since servers count
                thoughts as part of it.
            seeded: whether a seed is sent.
            constrain: how the server is made to answer with one of given wordings; see the class.
            system: `merge` puts instructions in front of the first message, for models without a system role.
            concurrency: the most requests at a time.
            max_retries: how often a request is made again.
            timeout: seconds that an answer may take.
            requests_per_minute: the most requests that are begun; None sets no limit. Retries are not counted.
            tokens_per_minute: the most ids read and written, on average; likewise.

        Raises:
            ArgumentError: for a number out of range, a URL or name of a variable that might hold a secret.
            UnknownNameError: for an unknown way to constrain or to treat instructions.
        """
        check_choice("constrain", constrain, CONSTRAINTS)
        check_choice("system", system, SYSTEM)
        check_flag("seeded", seeded)
        if temperature != "server":
            check_range("temperature", temperature, 0.0, 1e6)
        if top_p is not None:
            check_range("top_p", top_p, 0.0, 1.0)
        check_range("max_tokens", max_tokens, 1, 1_000_000)
        check_range("max_thought_tokens", max_thought_tokens, 0, 1_000_000)
        check_range("concurrency", concurrency, 1, 10_000)
        check_range("max_retries", max_retries, 0, 1000)
        check_range("timeout", timeout, 0.01, 1e6)
        for limit, value in {"requests": requests_per_minute, "tokens": tokens_per_minute}.items():
            if value is not None:
                check_range(f"{limit}_per_minute", value, 1e-3, 1e12)
        _check_harmless(url, key_variable)
        self.model = model
        self.url = url
        self.name = name or model
        self.key_variable = key_variable
        self.temperature = temperature
        self.top_p = top_p
        self.max_tokens = max_tokens
        self.max_thought_tokens = max_thought_tokens
        self.seeded = seeded
        self.constrain = constrain
        self.system = system
        self.concurrency = concurrency
        self.max_retries = max_retries
        self.timeout = timeout
        self._limit_key = "max_tokens"
        self._room = BoundedSemaphore(concurrency)
        self._pace = _Pace(requests_per_minute, tokens_per_minute)
        self.start()

    def start(self) -> None:
        self._open = 0
        self._done: SimpleQueue[tuple[Call, Answer | Exception]] = SimpleQueue()

    def submit(self, call: Call) -> None:
        seed = call.random.below(_SEEDS) if self.seeded else None  # here, so that no draw depends on other threads
        self._open += 1
        Thread(target=self._work, args=(call, seed, self._done), daemon=True).start()

    def advance(self) -> list[tuple[Call, Answer]]:
        """See `ChatModel.advance`.

        Raises:
            EndpointRefusedError: for what the server refuses for good.
            EndpointUnavailableError: for what has not passed after all retries.
        """
        answered: list[tuple[Call, Answer]] = []
        while self._open and (not answered or not self._done.empty()):
            call, outcome = self._done.get()
            self._open -= 1
            if isinstance(outcome, Exception):
                raise outcome
            answered.append((call, outcome))
        return answered

    def forget(self, conversation: Hashable) -> None:
        """Nothing is kept: each request tells the whole conversation."""

    @cached_property
    def _client(self) -> openai.OpenAI:
        return openai.OpenAI(base_url=self.url, api_key=self._key, max_retries=self.max_retries, timeout=self.timeout)

    def _key(self) -> str:
        key = os.environ.get(self.key_variable)
        if not key and self.url == OPENAI:
            raise EndpointRefusedError(
                f"{self.url} needs a key: put it into the environment variable {self.key_variable}"
            )
        return key or "none"

    def _work(self, call: Call, seed: int | None, done: SimpleQueue[tuple[Call, Answer | Exception]]) -> None:
        """Answer a call in a thread of its own, unless it was forgotten before its turn."""
        with self._room:
            if done is not self._done:
                return
            self._pace.wait()
            try:
                outcome: Answer | Exception = self._answer(call, seed)
            except Exception as error:  # raised again by `advance`
                outcome = error
            done.put((call, outcome))

    def _answer(self, call: Call, seed: int | None) -> Answer:
        response = self._response(call, seed)
        if isinstance(response, _Problem):
            # Raised outside of the handler: the client's errors hold the request with its headers.
            return self._judged(response)
        answer = read_answer(response)
        self._pace.spend(answer.usage.prompt + answer.usage.sampled)
        if call.choices is None or answer.stop == "length":
            return answer
        return replace(answer, text=self._chosen(answer.text, call.choices))

    def _response(self, call: Call, seed: int | None) -> Any:
        """Return what the server answers, or what the problem is."""
        messages: Any = as_chat(self._messages(call))
        try:
            return self._client.chat.completions.create(
                model=self.model, messages=messages, **self._options(call, seed)
            )
        except openai.APIStatusError as error:
            problem = _Problem(error.status_code, self._plain(error), error.code or "")
        except openai.APIConnectionError as error:
            problem = _Problem(None, self._plain(error), "")
        except openai.OpenAIError as error:
            problem = _Problem(0, self._plain(error), "")
        if problem.status == 400 and self._limit_key == "max_tokens" and "max_completion_tokens" in problem.message:
            self._limit_key = "max_completion_tokens"
            return self._response(call, seed)
        return problem

    def _plain(self, error: Exception) -> str:
        """Return an error's message without the key, should the server repeat it."""
        key = os.environ.get(self.key_variable)
        return str(error).replace(key, "…") if key else str(error)

    def _judged(self, problem: _Problem) -> Answer:
        """Return the answer that stands for a context that is too small, or raise what else is wrong."""
        status, message, code = problem
        if status in (400, 413, 500) and _TOO_LONG.search(f"{code} {message}"):
            return Answer("", usage=replace(NO_USAGE, calls=1), stop="overflow")
        if status is None:
            raise EndpointUnavailableError(f"{self.url} does not answer (model {self.model!r}): {message}")
        told = f"{self.url} answers for model {self.model!r}: {message}"
        raise EndpointUnavailableError(told) if status in _TRANSIENT or status >= 500 else EndpointRefusedError(told)

    def _messages(self, call: Call) -> list[Message]:
        messages = list(call.messages)
        if self.system == "merge" and messages[0].role == "system" and len(messages) > 1:
            instructions, first, *rest = messages
            messages = [Message(first.role, f"{instructions.text}\n\n{first.text}"), *rest]
        if call.choices is not None:
            last = messages.pop()
            messages.append(Message(last.role, f"{last.text}\n\n{_request_for(call, self.constrain == 'json_schema')}"))
        return messages

    def _options(self, call: Call, seed: int | None) -> dict[str, Any]:
        """Return the options of a request that differ from the server's own."""
        most = (self.max_tokens if call.max_tokens is None else call.max_tokens) + self.max_thought_tokens
        chosen = {
            self._limit_key: most,
            "temperature": None if self.temperature == "server" else self.temperature,
            "top_p": self.top_p,
            "seed": seed,
        }
        options = {key: value for key, value in chosen.items() if value is not None}
        return options if call.choices is None else {**options, **self._constraint(call.choices, call.lines)}

    def _constraint(self, choices: tuple[str, ...], lines: int) -> dict[str, Any]:
        if self.constrain == "none":
            return {}
        if self.constrain == "json_schema":
            return {"response_format": _format(choices, lines)}
        one = f"(?:{'|'.join(map(re.escape, choices))})"
        way = {"choice": list(choices)} if lines == 1 else {"regex": "\n".join([one] * lines)}
        if self.constrain == "structured_outputs":
            return {"extra_body": {"structured_outputs": way}}
        return {"extra_body": {f"guided_{key}": value for key, value in way.items()}}

    def _chosen(self, text: str, choices: tuple[str, ...]) -> str:
        """Return the wordings that an answer consists of; any other answer comes back as it is."""
        found = [
            line.strip() for line in (_moves(text) if self.constrain == "json_schema" else text.strip().split("\n"))
        ]
        return "\n".join(found) if found and set(found) <= set(choices) else text


class _Problem(NamedTuple):
    """Why there is no answer: HTTP status (None without any), the server's message and code."""

    status: int | None
    message: str
    code: str


class _Pace:
    """Spreads requests so that no more are begun, and no more ids used, in a minute than allowed."""

    def __init__(self, requests: float | None, tokens: float | None) -> None:
        self._each = 60.0 / requests if requests else 0.0
        self._token = 60.0 / tokens if tokens else 0.0
        self._next = 0.0
        self._lock = Lock()

    def wait(self) -> None:
        """Wait for the next turn."""
        with self._lock:
            mine = max(self._next, monotonic())
            self._next = mine + self._each
        sleep(max(0.0, mine - monotonic()))

    def spend(self, tokens: int) -> None:
        """Put later turns off for the ids that a request used."""
        with self._lock:
            self._next = max(self._next, monotonic()) + tokens * self._token


def read_answer(response: Any) -> Answer:
    """Return the answer in a chat completion; what the server does not tell is empty or 0.

    Raises:
        EndpointError: if there is none in it.
    """
    if not getattr(response, "choices", None):
        raise EndpointError(f"the server's response holds no answer: {str(response)[:200]}")
    choice = response.choices[0]
    shown = getattr(choice.message, "reasoning_content", None) or getattr(choice.message, "reasoning", None)
    inside, text = without_thought(choice.message.content or "")
    thought = "\n".join(filter(None, (shown if isinstance(shown, str) else "", inside)))
    stop: Stop = "length" if choice.finish_reason == "length" else "end"
    return Answer(text, thought, _usage(response.usage), stop)


def without_thought(text: str) -> tuple[str, str]:
    """Return the thought in `<think>` tags that a text begins with, and the rest.

    A thought that is never closed runs to the end; one that was opened before the text begins with it.
    """
    if found := _THOUGHT.match(text):
        return found["thought"].strip(), found["text"]
    if found := _OPEN_THOUGHT.match(text):
        return found["thought"].strip(), ""
    return "", text


def _usage(told: Any) -> Usage:
    def number(of: Any, key: str) -> int:
        return getattr(of, key, None) or 0

    return Usage(
        prompt=number(told, "prompt_tokens"),
        cached=number(getattr(told, "prompt_tokens_details", None), "cached_tokens"),
        sampled=number(told, "completion_tokens"),
        thought=number(getattr(told, "completion_tokens_details", None), "reasoning_tokens"),
        calls=1,
    )


def _request_for(call: Call, as_json: bool) -> str:
    """Return the sentence that asks for given wordings."""
    choices = "\n".join(call.choices or ())
    how = ' as JSON, {"moves": [...]}' if as_json else ""
    if call.lines == 1:
        return f"Answer{how} with exactly one of these lines and nothing else:\n{choices}"
    return f"Answer{how} with {call.lines} lines and nothing else, each exactly one of these:\n{choices}"


def _format(choices: Sequence[str], lines: int) -> dict[str, Any]:
    """Return the `response_format` of a JSON object whose `moves` are `lines` of the choices."""
    moves = {"type": "array", "items": {"type": "string", "enum": [*choices]}, "minItems": lines, "maxItems": lines}
    schema = {"type": "object", "properties": {"moves": moves}, "required": ["moves"], "additionalProperties": False}
    return {"type": "json_schema", "json_schema": {"name": "moves", "strict": True, "schema": schema}}


def _moves(text: str) -> list[str]:
    """Return the `moves` of a JSON object, none if it is something else."""
    try:
        moves = json.loads(text)["moves"]
    except (ValueError, KeyError, TypeError):
        return []
    return [str(move) for move in moves] if isinstance(moves, list) else []


def _check_harmless(url: str, key_variable: str) -> None:
    """Make sure that neither can hold a secret, since both are written into results; neither is repeated here."""
    parts = urlsplit(str(url))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ArgumentError(
            "url must begin with http:// or https:// and name a server, such as http://127.0.0.1:8000/v1"
        )
    if parts.username or parts.password or parts.query:
        raise ArgumentError("url must hold no user, password or query: results show it; keys belong in the environment")
    if not re.fullmatch(r"[A-Z_][A-Z0-9_]{0,63}", str(key_variable)):
        raise ArgumentError("key_variable is the name of an environment variable in capitals, not the key itself")
