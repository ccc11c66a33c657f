"""A server that speaks just enough of OpenAI's protocol, for tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, NamedTuple


class Said(NamedTuple):
    """What the server answers: HTTP status, body, headers."""

    status: int
    body: Any
    headers: dict[str, str] = {}  # noqa: RUF012


def completion(content: str | None, finish: str = "stop", usage: Any = None, **message: Any) -> Said:
    choice = {"index": 0, "message": {"role": "assistant", "content": content, **message}, "finish_reason": finish}
    kind = {"id": "1", "object": "chat.completion", "created": 0, "model": "fake"}
    return Said(200, {**kind, "choices": [choice], "usage": usage})


def problem(status: int, message: str, headers: dict[str, str] | None = None, **fields: Any) -> Said:
    return Said(status, {"error": {"message": message, "type": "error", **fields}}, headers or {})


class FakeServer:
    """Answers by a function of the request's body and number; keeps bodies and headers of all requests."""

    def __init__(self, answer: Callable[[dict[str, Any], int], Said]) -> None:
        self.answer = answer
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.lock = Lock()
        self.url = ""


@contextmanager
def serving(answer: Callable[[dict[str, Any], int], Said]) -> Iterator[FakeServer]:
    fake = FakeServer(answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with fake.lock:
                number = len(fake.bodies)
                fake.bodies.append(body)
                fake.headers.append({key.lower(): value for key, value in self.headers.items()})
            said = fake.answer(body, number)
            content = json.dumps(said.body).encode()
            self.send_response(said.status)
            for key, value in {**said.headers, "Content-Type": "application/json"}.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: object) -> None: ...

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *arguments: object) -> None: ...  # clients that give up are part of the tests

    server = Server(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    fake.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
