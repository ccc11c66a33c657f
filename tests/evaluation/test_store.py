from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest

from tests.evaluation.runs import rows_of
from tests.fresh import fresh_python
from textenvs.core.errors import CorruptRunError
from textenvs.evaluation.records import EpisodeRow, EvaluationRow
from textenvs.evaluation.store import (
    _EVALUATION_KINDS,
    _KINDS,
    append_episodes,
    differing,
    drop_torn_lines,
    read_episodes,
    read_evaluation,
    read_json,
    write_atomically,
    write_episodes,
    write_json,
)
from textenvs.games.guess_number import GuessNumber

ROWS = rows_of(GuessNumber(high=7, guesses=3))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# Writing ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", ["text é\n", b"bytes \xff", ""])
def test_a_file_is_written_with_its_folders(tmp_path: Path, content: str | bytes) -> None:
    file = tmp_path / "a" / "b" / "file"
    for _ in range(2):
        write_atomically(file, content)
        assert file.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert list(file.parent.iterdir()) == [file]


def test_others_may_read_what_they_may_always_read(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("x")
    write_atomically(tmp_path / "atomic", "x")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_on_the_way_leaves_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def failing(*_: Any) -> None:
        raise OSError("disk full")

    write_atomically(tmp_path / "file", "old")
    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), failing)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(tmp_path / "file", "new")
    assert contents(tmp_path) == {"file": b"old"}


KILLED_BEFORE_THE_RENAME = """
import os, sys
from pathlib import Path
from textenvs.evaluation.store import write_episodes
Path.replace = lambda self, target: os._exit(0)
write_episodes(Path(sys.argv[1]), "games", [])
"""


def test_a_kill_before_the_rename_leaves_the_old_episodes(tmp_path: Path) -> None:
    write_episodes(tmp_path, "games", ROWS)
    before = list(read_episodes(tmp_path))
    fresh_python(KILLED_BEFORE_THE_RENAME, str(tmp_path))
    assert len(contents(tmp_path)) == 2, "the killed process left its temporary file"
    assert list(read_episodes(tmp_path)) == before
    write_episodes(tmp_path, "games", ROWS[:1])
    assert len(list(read_episodes(tmp_path))) == 1


def test_a_failure_while_rows_are_made_writes_nothing(tmp_path: Path) -> None:
    def rows() -> Any:
        yield ROWS[0]
        raise RuntimeError("the policy broke")

    with pytest.raises(RuntimeError, match="the policy broke"):
        write_episodes(tmp_path, "games", rows())
    assert contents(tmp_path) == {}


# Reading back ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value", [0.1 + 0.2, math.nextafter(1, 2), 1e-320, -0.0, {"a": {}, "b": [1, None, True, "é\ud800\u2028"]}, []]
)
def test_json_keeps_every_bit(tmp_path: Path, value: Any) -> None:
    write_json(tmp_path / "value.json", value)
    assert repr(read_json(tmp_path / "value.json")) == repr(value)
    assert (tmp_path / "value.json").read_bytes().isascii()


def test_json_has_its_keys_in_order(tmp_path: Path) -> None:
    write_json(tmp_path / "value.json", {"b": 1, "a": 2})
    assert list(read_json(tmp_path / "value.json")) == ["a", "b"]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000, b"1" * 5_000])
def test_what_is_not_json(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "value.json"
    file.write_bytes(content)
    with pytest.raises(CorruptRunError, match=r"value\.json: "):
        read_json(file)
    assert file.read_bytes() == content
    with pytest.raises(CorruptRunError, match=r"missing\.json"):
        read_json(tmp_path / "missing.json")


def test_episodes_come_back_in_order_with_their_places(tmp_path: Path) -> None:
    write_episodes(tmp_path, "b", ROWS[:2])
    write_episodes(tmp_path, "a", ROWS[2:])
    (tmp_path / "episodes" / "notes.txt").write_text("not an episode")
    places, rows = zip(*read_episodes(tmp_path), strict=True)
    assert places == ("a.jsonl:1", "a.jsonl:2", "b.jsonl:1", "b.jsonl:2")
    assert list(rows) == json.loads(json.dumps([*ROWS[2:], *ROWS[:2]]))


def test_the_kinds_are_those_of_a_row() -> None:
    assert _KINDS.keys() == EpisodeRow.__annotations__.keys()
    assert _KINDS.keys() | _EVALUATION_KINDS.keys() == EvaluationRow.__annotations__.keys()


# Appending -------------------------------------------------------------------------------------------


def test_appended_rows_come_back_in_order(tmp_path: Path) -> None:
    append_episodes(tmp_path, "games", ROWS[:1])
    append_episodes(tmp_path, "games", ROWS[1:3])
    assert [row for _, row in read_episodes(tmp_path)] == json.loads(json.dumps(ROWS[:3]))


def test_rows_are_on_the_disk_when_appending_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: sizes.append(os.fstat(descriptor).st_size))
    append_episodes(tmp_path, "games", ROWS[:2])
    assert sizes == [(tmp_path / "episodes" / "games.jsonl").stat().st_size]


@pytest.mark.parametrize("cut", [1, 40, len(json.dumps(ROWS[1]))])
def test_a_torn_last_line_is_cut_off(tmp_path: Path, cut: int) -> None:
    append_episodes(tmp_path, "games", ROWS[:2])
    append_episodes(tmp_path, "torn", ROWS[:1])
    for name in ("games", "torn"):
        file = tmp_path / "episodes" / f"{name}.jsonl"
        os.truncate(file, file.stat().st_size - cut)
    drop_torn_lines(tmp_path)
    assert [row for _, row in read_episodes(tmp_path)] == json.loads(json.dumps(ROWS[:1]))
    assert not (tmp_path / "episodes" / "torn.jsonl").exists()


def test_whole_lines_are_left_alone(tmp_path: Path) -> None:
    drop_torn_lines(tmp_path)
    append_episodes(tmp_path, "games", ROWS)
    before = contents(tmp_path)
    drop_torn_lines(tmp_path)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("one", "other", "places"),
    [
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}, []),
        ({"a": [1, {"b": 2}], "c": 1}, {"a": [1, {"b": 3}]}, ["a[1].b", "c"]),
        ({"a": [1]}, {"a": [1, 2]}, ["a"]),
        ({"a": {}}, {"a": None}, ["a"]),
        (1, 2, [""]),
    ],
)
def test_where_two_values_differ(one: Any, other: Any, places: list[str]) -> None:
    assert [each.place for each in differing(one, other)] == places


# Corrupt folders -------------------------------------------------------------------------------------


def run_with(folder: Path, content: bytes) -> Path:
    write_episodes(folder, "games", ROWS)
    (folder / "episodes" / "games.jsonl").write_bytes(content)
    return folder


GOOD = json.dumps(ROWS[0])


def changed(**values: Any) -> bytes:
    return json.dumps({**ROWS[0], **values}).encode()


COSTS: dict[str, Any] = {"thoughts": [], "usage": [], "seconds": 0.5, "normalised": None}


def without(key: str) -> bytes:
    return json.dumps({name: value for name, value in ROWS[0].items() if name != key}).encode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "games.jsonl: no episodes in it"),
        (f"{GOOD}\n{GOOD[:100]}".encode(), r"games\.jsonl:2: Unterminated|games\.jsonl:2: Expecting"),
        (f"{GOOD}\n\n{GOOD}\n".encode(), r"games\.jsonl:2: Expecting value"),
        (b"not json", r"games\.jsonl:1: Expecting value"),
        (b"\xff\xfe", r"games\.jsonl: .* codec can't decode"),
        (b"[" * 100_000, r"games\.jsonl:1: "),
        (b"3", r"games\.jsonl:1: an episode row is a JSON object, not 3"),
        (b"[]", r"games\.jsonl:1: an episode row is a JSON object"),
        (
            b"{}",
            "lacks arguments, choice, dials, forfeited, game, instance, policy, refusals, replies, rewards, scores",
        ),
        (without("replies"), "games.jsonl:1: an episode row lacks replies"),
        (changed(game=5), "games.jsonl:1: game cannot be 5"),
        (changed(arguments=[]), r"arguments cannot be \[\]"),
        (changed(dials=None), "dials cannot be None"),
        (changed(seed="7"), "seed cannot be '7'"),
        (changed(seed=7.0), r"seed cannot be 7\.0"),
        (changed(choice=[0]), r"choice cannot be \[0\]"),
        (changed(replies="guess 3"), "replies cannot be 'guess 3'"),
        (changed(rewards={}), r"rewards cannot be \{\}"),
        (changed(scores=1.0), r"scores cannot be 1\.0"),
        (changed(forfeited="0"), "forfeited cannot be '0'"),
        (changed(index=0), "an episode row lacks normalised, seconds, thoughts, usage"),
        (changed(**COSTS, index="0"), "index cannot be '0'"),
        (changed(**{**COSTS, "usage": {}}, index=0), r"usage cannot be \{\}"),
        (changed(**{**COSTS, "seconds": "1"}, index=0), "seconds cannot be '1'"),
        (changed(**{**COSTS, "normalised": "1"}, index=0), "normalised cannot be '1'"),
    ],
)
def test_what_is_no_run(tmp_path: Path, content: bytes, message: str) -> None:
    run = run_with(tmp_path, content)
    before = contents(tmp_path)
    with pytest.raises(CorruptRunError, match=message):
        list(read_episodes(run))
    assert contents(tmp_path) == before


def test_folders_without_episodes(tmp_path: Path) -> None:
    (tmp_path / "episodes").mkdir()
    (tmp_path / "file").write_text("x")
    for run in (tmp_path, tmp_path / "missing", tmp_path / "file"):
        with pytest.raises(CorruptRunError, match=r"no episodes/\*\.jsonl found; is this a run folder\?"):
            list(read_episodes(run))


def test_rows_before_a_corrupt_one_are_given(tmp_path: Path) -> None:
    rows = read_episodes(run_with(tmp_path, f"{GOOD}\nx".encode()))
    assert next(rows)[0] == "games.jsonl:1"
    with pytest.raises(CorruptRunError, match=r"games\.jsonl:2"):
        next(rows)


def test_rows_of_evaluations_are_told_from_others(tmp_path: Path) -> None:
    ((_, row),) = read_evaluation(run_with(tmp_path, changed(**COSTS, index=0)))
    assert row["index"] == 0
    with pytest.raises(CorruptRunError, match=r"games\.jsonl:1: a row of an evaluation lacks index, normalised"):
        list(read_evaluation(run_with(tmp_path, GOOD.encode())))
