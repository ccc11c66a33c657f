"""Golden transcripts: one readable file an episode, replayed and compared line by line.

A file begins with what to play (game, arguments, dials, seed) and holds what every player was told and
replied. To add one, write the head and the replies only and run `python -m tests.golden FILE …`; to
rewrite all after a wanted change, `make transcripts`. Read what it wrote against the rules before
committing: a transcript records what is, not what should be.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from textenvs.core.game import Game
from textenvs.envs.episode import Episode, Outcome
from textenvs.envs.forms import new_episode
from textenvs.envs.settings import Settings
from textenvs.envs.solo import solo_game
from textenvs.registry import entry, make_game

FOLDER = Path(__file__).parent / "transcripts"
REPLY = ">>> "


def transcript_files() -> list[Path]:
    """Return all golden transcripts, sorted."""
    return sorted(FOLDER.glob("*/*.txt"))


def rerecord(text: str) -> str:
    """Return the transcript that the head and the replies of `text` give now."""
    lines = text.splitlines()
    head = json.loads(lines[0])
    replies = [line.removeprefix(REPLY) for line in lines if line.startswith(REPLY)]
    return record(head, [_parsed(reply) for reply in replies])


def _parsed(reply: str) -> tuple[int, str]:
    player, _, text = reply.partition(" ")
    return int(player), json.loads(text)


def record(head: dict[str, Any], replies: list[tuple[int, str]]) -> str:
    """Play `replies` and return the transcript."""
    game = _game(head)
    settings = Settings(**head.get("dials", {}))
    episode = new_episode(
        game, settings, seed=head["seed"], split=head.get("split", "all"), instance=head.get("instance")
    )
    lines = [json.dumps(head), f"instance {episode.instance}"]
    told = [0] * game.players
    lines += _news(episode, told, with_replies=True)
    for player, text in replies:
        outcome = episode.reply(player, text)
        lines += [f"{REPLY}{player} {json.dumps(text)}", _told_outcome(outcome), *_news(episode, told)]
        if episode.over:
            break
    ending = f"forfeited by player {episode.forfeited}" if episode.forfeited is not None else "over"
    lines.append(f"=== {ending if episode.over else 'unfinished'}, scores {list(episode.scores)}")
    return "\n".join(lines) + "\n"


def _game(head: dict[str, Any]) -> Game[Any, Any]:
    arguments = head.get("arguments", {})
    alone = "seat" in arguments or entry(head["game"]).players == 1
    return (solo_game if alone else make_game)(head["game"], **arguments)


def _told_outcome(outcome: Outcome) -> str:
    refused = f" refused ({outcome.refusal.kind})" if outcome.refusal else ""
    return f"rewards {list(outcome.rewards)}{refused}"


def _news(episode: Episode, told: list[int], *, with_replies: bool = False) -> list[str]:
    """Return what players have been told since the last time, replies left out unless asked for."""
    lines = []
    for player, dialogue in enumerate(episode.dialogues):
        for role, text in dialogue[told[player] :]:
            if role != "assistant" or with_replies:
                lines += [f"--- {role} {'of' if role == 'assistant' else 'to'} player {player}", *text.split("\n")]
        told[player] = len(dialogue)
    return lines


def main(files: list[str]) -> None:
    """Rewrite the given transcripts, or all of them."""
    for file in [Path(name) for name in files] or transcript_files():
        file.write_text(rerecord(file.read_text()))
        print(f"wrote {file}")


if __name__ == "__main__":
    main(sys.argv[1:])
