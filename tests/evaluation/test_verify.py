from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from tests.evaluation.runs import rows_of, whole_run
from tests.evaluation.test_store import contents
from tests.fresh import fresh_python
from textenvs.core.errors import CorruptRunError
from textenvs.evaluation.records import episode_row
from textenvs.evaluation.rollout import rollout
from textenvs.evaluation.store import read_episodes, write_episodes
from textenvs.evaluation.verify import Finding, problem_with, verify_run
from textenvs.games.guess_number import GuessNumber
from textenvs.games.kuhn_poker import KuhnPoker
from textenvs.policies.scripted import ScriptPolicy

GAME = GuessNumber(high=7, guesses=3)


def stored(row: Any) -> Any:
    """Return a row as it comes back from disk; a copy."""
    return json.loads(json.dumps(row))


def row_of(*replies: str) -> Any:
    """Return the stored row of an episode with the secret 5."""
    (played,) = rollout(GAME, ScriptPolicy(replies), [1], instances=[4])
    return stored(episode_row(played, "script"))


WON = row_of("guess 1", "dunno", "guess 5")
MISSED = row_of("guess 1", "guess 2", "guess 3")


def test_a_whole_run_verifies_in_another_process(tmp_path: Path) -> None:
    whole_run(tmp_path)
    before = contents(tmp_path)
    total = sum(1 for _ in read_episodes(tmp_path))
    assert total > 200
    assert sum(row["refusals"] > 0 for _, row in read_episodes(tmp_path)) > 40
    assert sum(row["forfeited"] is not None for _, row in read_episodes(tmp_path)) > 20
    code = "import sys; from textenvs.cli import main; sys.exit(main(['verify', sys.argv[1]]))"
    assert fresh_python(code, str(tmp_path), hash_seed="77") == f"{total} episodes replayed, 0 differ\n"
    assert contents(tmp_path) == before


def test_findings_name_their_places(tmp_path: Path) -> None:
    write_episodes(tmp_path, "b", [WON, {**WON, "refusals": 2}])
    write_episodes(tmp_path, "a", [MISSED])
    assert list(verify_run(tmp_path)) == [
        Finding("a.jsonl:1", None),
        Finding("b.jsonl:1", None),
        Finding("b.jsonl:2", "refusals are 1, recorded 2"),
    ]


def with_reply(row: Any, place: int, text: str) -> Any:
    changed = stored(row)
    changed["replies"][place][1] = text
    return changed


def with_dial(**dials: Any) -> Any:
    return {**WON, "dials": {**WON["dials"], **dials}}


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({**WON, "scores": [math.nextafter(0.9, 1)]}, r"scores are \[0\.9\], recorded \[0\.900000000000000\d\]"),
        ({**MISSED, "scores": [5e-324]}, r"scores are \[0\.0\], recorded \[5e-324\]"),
        ({**MISSED, "scores": [-0.0]}, r"scores are \[0\.0\], recorded \[-0\.0\]"),
        ({**MISSED, "scores": [False]}, r"scores are \[0\.0\], recorded \[false\]"),
        ({**MISSED, "scores": []}, r"scores are \[0\.0\], recorded \[\]"),
        ({**WON, "rewards": [[0.0], [-0.1], [math.nextafter(1, 0)]]}, "rewards are .*, recorded .*0.99999"),
        ({**WON, "rewards": [[0.0], [-0.1]]}, "rewards are .*, recorded"),
        ({**WON, "refusals": 0}, "refusals are 1, recorded 0"),
        ({**WON, "forfeited": 0}, "forfeited are null, recorded 0"),
        (with_reply(WON, 0, "guess one"), r"rewards are \[\[-0\.1\], \[-0\.1\], \[1\.0\]\], recorded"),
        (with_reply(WON, 1, "guess 4"), r"rewards are \[\[0\.0\], \[0\.0\], \[1\.0\]\], recorded"),
        (with_reply(MISSED, 2, "guess 5"), r"rewards are \[\[0\.0\], \[0\.0\], \[1\.0\]\], recorded"),
        (with_reply(WON, 2, "guess 4"), "the episode is not over after its 3 replies"),
        (with_reply(WON, 0, "guess 5"), "recorded 3 replies, but the episode ends after 1"),
        ({**WON, "replies": WON["replies"][:-1]}, "the episode is not over after its 2 replies"),
        ({**WON, "replies": []}, "the episode is not over after its 0 replies"),
        ({**WON, "replies": [*WON["replies"], [0, "guess 1"]]}, "recorded 4 replies, but the episode ends after 3"),
        ({**WON, "replies": [[1, "guess 1"]]}, "cannot be replayed: player 1 is not to move"),
        ({**WON, "replies": [[0, 5]]}, "cannot be replayed: a reply is a str, not a int"),
        ({**WON, "replies": [5]}, "cannot be replayed: "),
        ({**WON, "replies": [[0]]}, "cannot be replayed: "),
        ({**WON, "instance": "0" * 16}, "instance is [0-9a-f]{16}, recorded 0000000000000000"),
        ({**WON, "choice": 5}, "instance is [0-9a-f]{16}, recorded"),
        ({**WON, "choice": None}, "instance is [0-9a-f]{16}, recorded"),
        ({**WON, "choice": 99}, "cannot be replayed: no instance 99 in split 'all'"),
        ({**WON, "split": "train"}, "cannot be replayed|instance is"),
        ({**WON, "split": "tain"}, "cannot be replayed: unknown split 'tain'; did you mean 'train'"),
        ({**WON, "seed": -1}, "cannot be replayed: seed must be a whole number from 0"),
        ({**WON, "seed": True}, "cannot be replayed: seed must be a whole number from 0"),
        ({**WON, "game": "textenvs/GuessNumber-v9"}, "cannot be replayed: unknown game"),
        ({**WON, "game": "GuessNumber"}, "recorded with GuessNumber, installed is textenvs/GuessNumber-v0"),
        ({**WON, "game": "textenvs/Checkers-v0"}, "cannot be replayed: unknown game 'textenvs/Checkers-v0'"),
        ({**WON, "arguments": {"hgh": 7}}, "unknown argument of GuessNumber 'hgh'; did you mean 'high'"),
        ({**WON, "arguments": {"high": "7"}}, "cannot be replayed: high must be a whole number"),
        ({**WON, "arguments": {"seat": 0}}, "cannot be replayed: unknown argument of GuessNumber 'seat'"),
        (with_dial(form="turn"), "cannot be replayed: unknown form 'turn'; did you mean 'turns'"),
        (with_dial(reward=5), "cannot be replayed: unknown reward 5"),
        (with_dial(refusal_price=0.2), "rewards are .*-0.2.*, recorded"),
        (with_dial(colour=1), "cannot be replayed: .*colour"),
        (with_dial(judge=None), "cannot be replayed: unknown judge None"),
    ],
)
def test_problems(row: Any, problem: str) -> None:
    found = problem_with(row)
    assert found is not None
    assert re.search(problem, found), found
    assert "\n" not in found


def test_sound_rows() -> None:
    assert problem_with(WON) is None
    assert problem_with(MISSED) is None


def test_another_seed_is_another_instance() -> None:
    (row,) = (stored(row) for row in rows_of(GAME, episodes=1) if row["policy"] == "random")
    assert problem_with(row) is None
    assert any(str(problem_with({**row, "seed": seed})).startswith("instance is ") for seed in range(row["seed"]))


def test_a_row_in_memory_is_as_good_as_one_on_disk() -> None:
    assert all(problem_with(row) is None for row in rows_of(KuhnPoker(), reward="final"))


def test_a_corrupt_row_stops_the_verification(tmp_path: Path) -> None:
    write_episodes(tmp_path, "games", [WON, WON])
    file = tmp_path / "episodes" / "games.jsonl"
    file.write_bytes(file.read_bytes()[:-20])
    findings = verify_run(tmp_path)
    assert next(findings).problem is None
    with pytest.raises(CorruptRunError, match=r"games\.jsonl:2"):
        next(findings)
