"""How models write: what every game must read as the move it is, and what none may read as a move."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from textenvs.core.game import draw
from textenvs.core.refusal import Refusal
from textenvs.envs.episode import Episode
from textenvs.envs.streams import Purpose, Stream
from textenvs.registry import ENTRIES, make_game

MANNERS = {
    "plain": "{move}",
    "spaces": "   {move}   \n\n",
    "full stop": "{move}.",
    "exclamation": "{move}!",
    "capitals": "{MOVE}",
    "bold": "**{move}**",
    "italic": "*{move}*",
    "backticks": "`{move}`",
    "quotes": '"{move}"',
    "curly quotes": "“{move}”",
    "fence": "```\n{move}\n```",
    "fence with language": "```text\n{move}\n```",
    "wish": "I would like to {move}.",
    "promise": "I'll {move}.",
    "eager": "Sure! Here is my move:\n\n**{move}**",
    "label": "Action: {move}",
    "bold label": "**Action:** {move}",
    "my move": "My move: {move}",
    "final": "Final answer: {move}",
    "list": "1. {move}",
    "bullet": "- {move}",
    "quoted line": "> {move}",
    "boxed": "\\boxed{{{move}}}",
    "tag": "<action>{move}</action>",
    "end mark": "{move}<|im_end|>",
    "sentence end": "{move}</s>",
    "json": '{{"action": "{move}"}}',
    "fenced json": '```json\n{{"action": "{move}"}}\n```',
    "thought": "<think>What is best here? Let me see.</think>\n\n{move}",
    "other thought": "<think>\nFirst I thought of this: {other}.\n</think>\n\n{move}",
    "step by step": "Let me think about it step by step.\n\n{move}",
    "chat": "{move}\n\nLet me know how it goes!",
    "emoji": "{move} 🎲",
    "German": "Ich wähle: {move}",
    "Chinese": "我选择：{move}",
    "Russian": "Мой ход: {move}",
    "changed mind": "{other}\n\nNo, wait. On second thoughts:\n\n{move}",
}

NO_MOVES = (
    "",
    "Sure!",
    "I am ready to play. What would you like to know?",
    "You are correct, I am correct!",
    "As an AI language model, I cannot play games.",
    "Can you repeat the rules, please?",
    "Hello! How can I help you today?",
    "Das weiß ich leider nicht.",
    "我不知道该怎么办。",
    "…",
    "```\n```",
    '{"action": null}',
    "Thank you for the explanation!",
    "</s>",
    "<|im_end|>",
    "<think>",
    "<think>{move}</think>",
    "<think>Perhaps {move}, or",
)

STRICT = {
    ("Shell", "full stop"): "a full stop is a file name",
    ("Shell", "exclamation"): "so is any mark",
    ("Shell", "capitals"): "file names have a case",
    ("Shell", "emoji"): "an argument like any other",
    ("Ledger", "capitals"): "names in a query have a case",
}
"""Manners that a game takes at their word, and why."""

REAL = [json.loads(line) for line in (Path(__file__).parent / "replies.jsonl").read_text("utf-8").splitlines()]
"""What SmolLM2-135M-Instruct wrote in an evaluation, with the move that a person found in it, None for none.

Replies to the same game and position can be told apart by what was written `before`.
"""


def positions(name: str) -> Iterator[tuple[Any, Any, int]]:
    """Yield the game, states that random play meets, and who is to move there."""
    game = make_game(name, level="easy")
    for seed in range(2):
        random, state = Stream(seed, Purpose.POLICY), game.deal(Stream(seed, Purpose.DEAL))
        for _ in range(10):
            if game.is_over(state):
                break
            players = game.to_move(state)
            yield from ((game, state, player) for player in players)
            moves = tuple(random.choice(game.legal(state, player)) for player in players)
            state = game.apply(state, moves[0] if len(moves) == 1 else moves or draw(game.chance(state), random))


def understood(game: Any, state: Any, player: int, reply: str) -> Any:
    """Return what an episode in this state takes a reply for."""
    episode = Episode(game, seed=0)
    episode.state, episode._awaited = state, game.to_move(state)
    return episode.move_in(player, reply)


@pytest.mark.parametrize("name", [entry.name for entry in ENTRIES])
def test_manners_are_not_punished(name: str) -> None:
    for game, state, player in positions(name):
        legal = game.legal(state, player)
        for move, other in {(legal[0], legal[-1]), (legal[-1], legal[0]), (legal[len(legal) // 2], legal[0])}:
            said, instead = game.say(state, move), game.say(state, other)
            for manner, text in MANNERS.items():
                reply = text.format(move=said, MOVE=said.upper(), other=instead)
                if (name, manner) not in STRICT:
                    assert understood(game, state, player, reply) == move, (manner, reply)


@pytest.mark.parametrize(("name", "manner"), STRICT)
def test_what_is_called_strict_is(name: str, manner: str) -> None:
    readings = [
        understood(game, state, player, MANNERS[manner].format(move=said, MOVE=said.upper(), other="")) == move
        for game, state, player in positions(name)
        for move in game.legal(state, player)
        for said in [game.say(state, move)]
    ]
    assert not all(readings)


@pytest.mark.parametrize("name", [entry.name for entry in ENTRIES])
def test_small_talk_is_no_move(name: str) -> None:
    for game, state, player in positions(name):
        said = game.say(state, game.legal(state, player)[0])
        for text in NO_MOVES:
            reply = text.replace("{move}", said)
            assert isinstance(understood(game, state, player, reply), Refusal), reply


@pytest.mark.parametrize("row", REAL, ids=lambda row: f"{row['game']}-{row['reply'][:30]}")
def test_real_replies_are_read_as_a_fair_reader_would(row: dict[str, Any]) -> None:
    game = make_game(row["game"], level=row["level"])
    episode = Episode(game, seed=row["seed"], split=row["split"])
    for reply in row["before"]:
        episode.reply(0, reply)
    move = episode.move_in(0, row["reply"])
    assert (None if isinstance(move, Refusal) else game.say(episode.state, move)) == row["move"]
