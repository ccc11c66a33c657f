from __future__ import annotations

from collections.abc import Callable

import pytest

from textenvs.envs.episode import Episode
from textenvs.envs.forms import new_episode
from textenvs.envs.settings import Settings
from textenvs.games.guess_number import GuessNumber
from textenvs.terminal import COMMANDS, play_in_terminal

RULE = "A reply that is no legal move costs 0.1 points; 3 in a row lose the game."

Play = Callable[..., tuple[Episode, str]]
GAME = GuessNumber(high=7, guesses=3)
SECRET_IS_5 = 4


@pytest.fixture
def play(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Play:
    """Return a function that plays with what a person types, then the end of input."""

    def played(*typed: str, form: str = "turns", game: GuessNumber = GAME) -> tuple[Episode, str]:
        lines = iter(typed)

        def read_line(_prompt: str = "") -> str:
            line = next(lines, None)
            if line is None:
                raise EOFError
            return line

        monkeypatch.setattr("builtins.input", read_line)
        episode = new_episode(game, Settings(form=form), seed=0, instance=SECRET_IS_5)  # type: ignore[arg-type]
        last = play_in_terminal(episode)
        assert next(lines, None) is None, "not everything typed was read"
        return last, capsys.readouterr().out

    return played


def test_a_whole_game(play: Play) -> None:
    episode, out = play("guess 2", "what", "5")
    assert episode.over
    assert out == (
        f"{COMMANDS}\n\n{GAME.instructions(0)}\n{RULE}\n\n3 guesses left.\n"
        "2 is wrong: the secret is higher. 2 guesses left.\n"
        "I read no guess in that. Reply with a whole number from 1 to 7. That costs 0.1 points; "
        "the game is as before:\n"
        "2 is wrong: the secret is higher. 2 guesses left.  [-0.1]\n"
        "5 is right. You win.  [+1]\n\nScore: 0.9\n"
    )


def test_legal_and_hint(play: Play) -> None:
    episode, out = play("/legal", "/hint", "4", "/hint")
    assert len(episode.replies) == 1, "commands are no replies"
    assert "guess 1, guess 2, guess 3, guess 4, guess 5, guess 6, guess 7\nguess 4\n" in out
    assert "2 guesses left.\nguess 6\n" in out


def test_a_game_without_an_expert(play: Play) -> None:
    class NoExpert(GuessNumber):
        def expert(self, state: object, player: int) -> None:  # type: ignore[override]
            return None

    assert "This game has no scripted expert.\n" in play("/hint", game=NoExpert(high=7))[1]


def test_undo_takes_back_replies_and_their_prices(play: Play) -> None:
    episode, out = play("/undo", "1", "what", "/undo", "/undo", "/undo", "5")
    assert "There is nothing to take back.\n1 is wrong" in out
    assert out.count("There is nothing to take back.") == 2
    assert episode.replies == ((0, "5"),)
    assert episode.scores == (1.0,)
    assert "3 guesses left.\nThere is nothing to take back.\n5 is right. You win.  [+1]\n\nScore: 1\n" in out


@pytest.mark.parametrize("typed", [("/quit",), ()])
def test_stopping(play: Play, typed: tuple[str, ...]) -> None:
    episode, out = play("1", *typed)
    assert not episode.over
    assert len(episode.replies) == 1
    assert out.endswith("2 guesses left.\nStopped.\n")


def test_an_unknown_command_shows_the_commands(play: Play) -> None:
    episode, out = play("/help", "/LEGAL")
    assert out.count(COMMANDS) == 3
    assert episode.replies == ()


def test_an_empty_line_is_an_empty_reply(play: Play) -> None:
    episode, out = play("", "5")
    assert episode.replies == ((0, ""), (0, "5"))
    assert "Your reply is empty." in out


def test_a_plan_is_several_lines(play: Play) -> None:
    episode, out = play("guess 1", "guess 5", "", form="plan")
    assert episode.replies == ((0, "guess 1\nguess 5"),)
    assert out.endswith("5 is right. You win.  [+1]\n\nScore: 1\n")


def test_the_end_of_input_ends_a_plan(play: Play) -> None:
    assert play("guess 1", "guess 5", form="plan")[0].scores == (1.0,)
    assert not play(form="plan")[0].over


def test_a_reply_form_shows_the_play_before_it(play: Play) -> None:
    episode, out = play("5", form="reply")
    assert episode.over
    assert GAME.instructions(0) in out
    assert out.count("\n\n> guess ") == len(episode.dialogues[0]) // 2 - 2
    assert out.endswith("5 is right. You win.  [+1]\n\nScore: 1\n")


def test_the_history_is_the_whole_dialogue(play: Play) -> None:
    episode, out = play("guess 2", "/history")
    assert f"{RULE}\n\n3 guesses left.\n\n> guess 2\n\n2 is wrong: the secret is higher. 2 guesses left.\n" in out
    assert len(episode.replies) == 1


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_terminals_get_colours(
    play: Play, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], coloured: bool
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.setenv(name, variables.get(name, ""))
    out = play("what", "5")[1]
    assert ("\x1b[32m  [+1]\x1b[0m" in out) == coloured
    assert ("\x1b[" in out) == coloured
