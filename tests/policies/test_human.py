from __future__ import annotations

from collections.abc import Iterator

import pytest

from textenvs.envs.settings import Settings
from textenvs.evaluation.rollout import rollout
from textenvs.games.guess_number import GuessNumber
from textenvs.policies.human import HumanPolicy

GAME = GuessNumber(high=7, guesses=3)


def types(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    rest: Iterator[str] = iter(lines)

    def asked(_: str) -> str:
        try:
            return next(rest)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr("builtins.input", asked)


def test_a_person_sees_each_text_once_and_replies_with_a_line(monkeypatch, capsys) -> None:
    types(monkeypatch, "guess 2", "guess 6")
    (played,) = rollout(GAME, HumanPolicy(), [0], instances=[5])
    assert [turn.reply.text for turn in played.turns] == ["guess 2", "guess 6"]
    shown = capsys.readouterr().out
    for message in played.episode.dialogues[0][:-1]:
        assert shown.count(message.text) == (message.role != "assistant")


def test_a_plan_ends_with_an_empty_line(monkeypatch) -> None:
    types(monkeypatch, "guess 2", "guess 6", "", "guess 1")
    (played,) = rollout(GAME, HumanPolicy(), [0], settings=Settings(form="plan"), instances=[5])
    assert played.turns[0].reply.text == "guess 2\nguess 6"
    assert played.score == 1.0


def test_the_end_of_the_input_ends_the_game(monkeypatch) -> None:
    types(monkeypatch, "guess 2")
    (played,) = rollout(GAME, HumanPolicy(), [0], instances=[5])
    assert [turn.reply.text for turn in played.turns] == ["guess 2", "", "", ""]
    assert played.episode.over
