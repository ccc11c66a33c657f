from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden import rerecord, transcript_files
from textenvs.registry import ENTRIES, Entry

SITUATIONS = ("win", "refused", "plan")
"""Every game has at least these; single-seat files of games for several players are named alike."""


@pytest.mark.parametrize("file", transcript_files(), ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_replays_line_by_line(file: Path) -> None:
    recorded = file.read_text()
    assert rerecord(recorded).splitlines() == recorded.splitlines()


@pytest.mark.parametrize("each", ENTRIES, ids=lambda each: each.name)
def test_every_game_has_transcripts(each: Entry) -> None:
    names = {file.stem for file in transcript_files() if file.parent.name == each.module}
    missing = set(SITUATIONS) - names
    assert not missing, f"tests/transcripts/{each.module} lacks {sorted(missing)}"


def test_a_changed_transcript_fails() -> None:
    recorded = transcript_files()[0].read_text()
    assert rerecord(recorded.replace("rewards [", "rewards [9, ")) != recorded.replace("rewards [", "rewards [9, ")


def test_no_folder_without_a_game() -> None:
    modules = {each.module for each in ENTRIES}
    assert {file.parent.name for file in transcript_files()} <= modules
