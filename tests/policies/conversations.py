"""Golden conversations: all that a harness asks a model in one episode, and what it makes of the answers.

A file begins with what is played and how (JSON); the answers are given, all else is recorded. To add one, write the
head and the answers (`>>> "guess 4"`) only and run `python -m tests.policies.conversations FILE …`; without files it
rewrites all. Read the result as the model would: a file records what is asked, not what should be.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

from tests.policies.chats import WrittenChat, answers_in_order
from textenvs.core.dialogue import Message
from textenvs.envs.settings import Settings
from textenvs.evaluation.rollout import Played, rollout
from textenvs.policies.agent import Agent
from textenvs.policies.chat import Call
from textenvs.policies.harnesses import HARNESSES
from textenvs.registry import make_game

FOLDER = Path(__file__).parent / "harness_conversations"
ANSWER = ">>> "


def conversation_files() -> list[Path]:
    """Return all golden conversations, sorted."""
    return sorted(FOLDER.glob("*.txt"))


def rerecord(text: str) -> str:
    """Return the conversations that the head and the answers of `text` give now."""
    lines = text.splitlines()
    head = json.loads(lines[0])
    answers = [json.loads(line.removeprefix(ANSWER)) for line in lines if line.startswith(ANSWER)]
    return record(head, answers)


def record(head: dict[str, Any], answers: Sequence[str]) -> str:
    """Play one episode in which the model gives `answers`, and return all that was asked and replied."""
    model = WrittenChat(answers_in_order(*answers))
    game = make_game(head["game"], **head.get("arguments", {}))
    agent = Agent(model, HARNESSES[head["harness"]](**head.get("settings", {})))
    (played,) = rollout(
        game, agent, [head["seed"]], settings=Settings(**head.get("dials", {})), instances=[head["instance"]]
    )
    lines = [json.dumps(head)]
    said: dict[Hashable, Sequence[Message]] = {}
    for number, (call, answer) in enumerate(zip(model.calls, answers, strict=True), 1):
        lines += [_told_call(number, call), *_news(call, said.get(call.conversation, ()))]
        lines.append(f"{ANSWER}{json.dumps(answer)}")
        said[call.conversation] = call.messages
    return "\n".join([*lines, *_told_replies(played)]) + "\n"


def _told_call(number: int, call: Call) -> str:
    role = "".join(f" {part}" for part in call.conversation if isinstance(part, str))
    kind = "free" if call.choices is None else f"one of {', '.join(call.choices)}"
    lines = f", {call.lines} lines" if call.lines > 1 else ""
    return f"=== call {number}{role} ({kind}{lines}, at most {call.max_tokens} ids)"


def _news(call: Call, before: Sequence[Message]) -> list[str]:
    """Return the messages of a call without those that it shares with the call before it in the conversation."""
    shared = 0
    while shared < len(before) and before[shared] == call.messages[shared]:
        shared += 1
    lines = [f"--- {shared} message{'s' * (shared != 1)} as before"] if shared else []
    for role, text in call.messages[shared:]:
        lines += [f"--- {role}", *text.split("\n")]
    return lines


def _told_replies(played: Played) -> list[str]:
    lines = []
    for number, turn in enumerate(played.turns, 1):
        refused = f" refused ({turn.refusal.kind})" if turn.refusal else ""
        lines.append(f"=== reply {number}{refused}: {json.dumps(turn.reply.text)}, rewards {list(turn.rewards)}")
        usage = {name: count for name, count in vars(turn.reply.usage).items() if count}
        lines += [f"usage {json.dumps(usage)}", *turn.reply.thought.splitlines()]
    return lines


def main(files: list[str]) -> None:
    """Rewrite the given conversations, or all of them."""
    for file in [Path(name) for name in files] or conversation_files():
        file.write_text(rerecord(file.read_text()))
        print(f"wrote {file}")


if __name__ == "__main__":
    main(sys.argv[1:])
