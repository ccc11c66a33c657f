from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.evaluation.runs import rows_of
from tests.evaluation.test_store import contents
from tests.fresh import fresh_python
from textenvs.catalogue import Facts, all_facts
from textenvs.cli import main
from textenvs.core.seat import Seat
from textenvs.evaluation.store import write_episodes
from textenvs.games.guess_number import GuessNumber
from textenvs.games.kuhn_poker import KuhnPoker
from textenvs.registry import ENTRIES
from textenvs.suites import suite

SMALL = ("high=7", "guesses=3")


class Terminal:
    """Runs commands with what a person types, and returns status, output and complaint."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.capsys = capsys
        self.monkeypatch = monkeypatch

    def __call__(self, *arguments: str, typed: tuple[str, ...] = ()) -> tuple[int, str, str]:
        lines = iter(typed)

        def read_line(_prompt: str = "") -> str:
            try:
                return next(lines)
            except StopIteration:
                raise EOFError from None

        self.monkeypatch.setattr("builtins.input", read_line)
        try:
            status = main(arguments)
        except SystemExit as stop:
            status = int(stop.code or 0)
        captured = self.capsys.readouterr()
        return status, captured.out, captured.err


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return Terminal(capsys, monkeypatch)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    write_episodes(tmp_path, "guess", rows_of(GuessNumber(high=7, guesses=3)))
    write_episodes(tmp_path, "kuhn", rows_of(Seat(KuhnPoker(), 1)))
    return tmp_path


# list ------------------------------------------------------------------------------------------------


def listed(terminal: Terminal, *options: str) -> list[list[str]]:
    status, out, err = terminal("list", *options)
    assert (status, err) == (0, "")
    return [line.split() for line in out.splitlines()]


def test_list_shows_every_game_with_its_rulers(terminal: Terminal) -> None:
    header, *lines = listed(terminal)
    assert header == ["id", "family", "players", "turns", "cell", "optimal", "plan", "myopic", "random"]
    assert [line[0] for line in lines] == [each.id for each in ENTRIES]
    (guess_number,) = [line for line in lines if "GuessNumber" in line[0]]
    assert guess_number[1:] == ["information", "1", "3", "both", "1", "0.4286", "0.6776", "0.3703"]


@pytest.mark.parametrize(
    ("options", "holds"),
    [
        (("--family", "delay"), lambda known: known.entry.family == "delay"),
        (("--players", "2"), lambda known: known.entry.players == 2),
        (("--cell", "foresight"), lambda known: known.values.cell() == "foresight"),
        (("--horizon", "10"), lambda known: known.max_turns >= 10),
        (("--feedback-gap", "0.3"), lambda known: known.share(known.values.feedback_gap) >= 0.3),
        (("--foresight-gap", "0.3"), lambda known: known.share(known.values.foresight_gap) >= 0.3),
        (("--exact", "--level", "medium"), lambda known: known.is_exact),
        (("--suite", "core"), lambda known: known.game in {task.game for task in suite("core").tasks}),
        (("--suite", "core", "--cell", "both"), lambda known: known.values.cell() == "both"),
    ],
)
def test_list_filters_by_property(terminal: Terminal, options: tuple[str, ...], holds: Callable[[Facts], bool]) -> None:
    ids = [line[0] for line in listed(terminal, *options)[1:]]
    level = options[options.index("--level") + 1] if "--level" in options else "easy"
    chosen = [known.entry.id for known in all_facts(level) if holds(known)]
    assert 0 < len(ids) < len(ENTRIES)
    assert set(ids) <= set(chosen)
    assert len(options) > 3 or ids == chosen


@pytest.mark.parametrize(("option", "given"), [("--family", "delays"), ("--suite", "cores")])
def test_list_names_the_nearest_choice(terminal: Terminal, option: str, given: str) -> None:
    status, _, err = terminal("list", option, given)
    assert status == 2
    assert f"did you mean '{given[:-1]}'" in err


# values ----------------------------------------------------------------------------------------------


def test_values_prints_the_reference_values(terminal: Terminal) -> None:
    status, out, err = terminal("values", "guess_number", *SMALL)
    assert (status, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["textenvs/GuessNumber-v0", *SMALL]
    table = {line[0]: line[1:] for line in lines}
    assert table["optimal"] == ["1", "exact"]
    assert float(table["plan"][0]) == pytest.approx(3 / 7, abs=1e-4)
    assert float(table["random"][0]) == pytest.approx(1 - (6 / 7) ** 3, abs=1e-4)


def test_values_of_a_split(terminal: Terminal) -> None:
    _, out, _ = terminal("values", "GuessNumber", "high=9", "guesses=1", "--split", "test")
    assert [line.split()[1] for line in out.splitlines() if line.startswith("optimal")] == ["0.3333"]


# show ------------------------------------------------------------------------------------------------


def test_show_lists_episodes(terminal: Terminal, run: Path) -> None:
    status, out, err = terminal("show", str(run))
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [
        f"{name}.jsonl:{n}" for name in ("guess", "kuhn") for n in range(1, 5)
    ]


def test_show_filters(terminal: Terminal, run: Path) -> None:
    _, out, _ = terminal("show", str(run), "--policy", "script", "--game", "kuhnpoker")
    assert [line.split()[0] for line in out.splitlines()[1:]] == ["kuhn.jsonl:3", "kuhn.jsonl:4"]
    assert terminal("show", str(run), "--policy", "nobody")[1].count("\n") == 1


def test_show_prints_a_transcript(terminal: Terminal, run: Path) -> None:
    status, out, _ = terminal("show", str(run), "--episode", "guess.jsonl:3")
    assert status == 0
    assert out.startswith("I have chosen a secret whole number from 1 to 7.")
    assert "\n\n> ��é�\n\nI read no guess in that." in out
    assert "Your reply is empty. That costs 0.1 points; the game is as before:\n3 guesses left." in out


# verify ----------------------------------------------------------------------------------------------


def test_verify_a_sound_run(terminal: Terminal, run: Path) -> None:
    before = contents(run)
    assert terminal("verify", str(run)) == (0, "8 episodes replayed, 0 differ\n", "")
    assert contents(run) == before


def test_verify_finds_a_changed_score(terminal: Terminal, run: Path) -> None:
    file = run / "episodes" / "guess.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    rows[1]["scores"][0] += 1e-9
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    before = contents(run)
    status, out, err = terminal("verify", str(run))
    assert (status, err) == (1, "")
    assert out.startswith("guess.jsonl:2: scores are ")
    assert out.endswith("\n8 episodes replayed, 1 differ\n")
    assert contents(run) == before


# Mistakes --------------------------------------------------------------------------------------------

MISTAKES: list[tuple[tuple[str, ...], str]] = [
    (("play", "GesNumber"), "unknown game 'GesNumber'; did you mean 'GuessNumber'?"),
    (("play", "GuessNumber", "hihg=7"), "unknown argument of GuessNumber 'hihg'; did you mean 'high'?"),
    (("play", "GuessNumber", "high"), "arguments are written KEY=VALUE, not 'high'"),
    (("play", "GuessNumber", "high=seven"), "high must be a whole number from 2 to "),
    (("play", "GuessNumber", "high=7.5"), "high must be a whole number from 2 to "),
    (("play", "GuessNumber", "reward=finl"), "unknown reward 'finl'; did you mean 'final'?"),
    (("play", "GuessNumber", "--seed", "-1"), "seed must be a whole number from 0"),
    (("play", "GuessNumber", "seat=0"), "unknown argument of GuessNumber 'seat'"),
    (("play", "KuhnPoker", "opponent=expret"), "unknown strategy 'expret'; did you mean 'expert'?"),
    (("values", "GuessNumber", "--split", "tset"), "unknown split 'tset'; did you mean 'test'?"),
    (("show", "nowhere"), "nowhere: no episodes/*.jsonl found; is this a run folder?"),
    (("verify", "nowhere"), "nowhere: no episodes/*.jsonl found; is this a run folder?"),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES, ids=[" ".join(arguments) for arguments, _ in MISTAKES])
def test_a_mistake_is_one_line_and_status_2(terminal: Terminal, arguments: tuple[str, ...], message: str) -> None:
    status, _, err = terminal(*arguments)
    assert status == 2
    assert err.startswith(f"textenvs: {message}")
    assert err.count("\n") == 1


@pytest.mark.parametrize("arguments", [(), ("lst",), ("play",), ("play", "GuessNumber", "--form", "x"), ("verify",)])
def test_a_call_that_cannot_be_parsed(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    status, out, err = terminal(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("usage: textenvs")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--game", "Gess"), "unknown game 'Gess'"),
        (("--episode", "guess.jsonl:9"), "no episode 'guess.jsonl:9' here; `textenvs show "),
    ],
)
def test_a_mistake_about_a_run(terminal: Terminal, run: Path, arguments: tuple[str, ...], message: str) -> None:
    status, out, err = terminal("show", str(run), *arguments)
    assert (status, out) == (2, "")
    assert err.startswith(f"textenvs: {message}")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "change", [{"dials": []}, {"scores": ["x"]}, {"scores": [None]}, {"seed": "x"}, {"replies": 3}], ids=str
)
@pytest.mark.parametrize("command", ["show", "verify"])
def test_a_corrupt_run_is_named(terminal: Terminal, run: Path, command: str, change: dict[str, Any]) -> None:
    file = run / "episodes" / "guess.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    file.write_text("".join(json.dumps({**row, **change}) + "\n" for row in rows))
    before = contents(run)
    status, out, err = terminal(command, str(run))
    assert status == (1 if out else 2)
    assert "guess.jsonl:1: " in (out or err)
    assert contents(run) == before


@pytest.mark.parametrize("change", [{"dials": {"colour": 1}}, {"replies": [3]}, {"arguments": {"high": None}}], ids=str)
def test_a_corrupt_episode_is_not_shown(terminal: Terminal, run: Path, change: dict[str, Any]) -> None:
    file = run / "episodes" / "guess.jsonl"
    row = json.loads(file.read_text().splitlines()[0])
    file.write_text(json.dumps({**row, **change}) + "\n")
    status, out, err = terminal("show", str(run), "--episode", "guess.jsonl:1")
    assert (status, out) == (2, "")
    assert err.count("\n") == 1


# The command itself ------------------------------------------------------------------------------------


def test_the_installed_command_plays_from_a_pipe() -> None:
    code = "import sys; from textenvs.cli import main; sys.exit(main(['play', 'Assembly', 'slip=0', '--seed', '0']))"
    out = fresh_python(code, given="advance\n" * 4)
    assert out.rstrip().endswith("Score: 1")


def test_an_interrupt_is_no_traceback(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_options: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("textenvs.cli._list", interrupted)
    assert terminal("list") == (130, "", "")


# tournament ------------------------------------------------------------------------------------------


def test_tournament_prints_ratings_and_goes_on_where_it_stopped(terminal: Terminal, tmp_path: Path) -> None:
    call = ("tournament", "KuhnPoker", "--policy", "random", "--policy", "mixed:0.5", "--episodes", "20", "--out")
    status, out, err = terminal(*call, str(tmp_path))
    assert (status, err) == (0, "")
    assert "8: mixed:0.5 in seat 1 against mixed:0.5" in out
    assert out.splitlines()[-3].split() == ["policy", "rating", "vs", "random", "vs", "mixed:0.5"]
    assert (tmp_path / "cross_play.png").exists()
    status, again, _ = terminal(*call, str(tmp_path))
    assert again.splitlines() == out.splitlines()[-3:]
    assert terminal("verify", str(tmp_path))[1] == "160 episodes replayed, 0 differ\n"


def test_tournament_refuses_a_game_for_one(terminal: Terminal, tmp_path: Path) -> None:
    status, _, err = terminal("tournament", "GuessNumber", "--policy", "random", "--out", str(tmp_path))
    assert status == 2
    assert "GuessNumber is for one player" in err


# evaluate --------------------------------------------------------------------------------------------


def test_evaluate_prints_tables_and_says_what_it_did_not_play(terminal: Terminal, tmp_path: Path) -> None:
    games = ("--game", "GuessNumber", *SMALL, "--game", "Orchard", "level=easy")
    call = ("evaluate", "--policy", "expert", *games, "--episodes", "3", "--salt", "s", "--out", str(tmp_path))
    status, out, err = terminal(*call)
    assert (status, err) == (0, "")
    assert "GuessNumber high=7 guesses=3 │ turns │ all" in out
    assert out.splitlines()[-1].startswith("not played: Orchard level=easy in form 'plan': ")
    assert terminal(*call)[:2] == (0, out), "a finished run is printed again"
    assert terminal("verify", str(tmp_path))[0] == 0
    assert terminal("show", str(tmp_path))[1].count("expert") == 6


def test_summary_compares_runs(terminal: Terminal, tmp_path: Path) -> None:
    for policy, name in (("random", "a"), ("random", "b"), ("expert", "c")):
        call = ("evaluate", "--policy", policy, "--game", "GuessNumber", *SMALL, "--form", "turns")
        terminal(*call, "--episodes", "2", "--out", str(tmp_path / name))
    status, out, err = terminal("summary", *(str(tmp_path / name) for name in "abc"))
    assert (status, err) == (0, "")
    assert f"random ({tmp_path / 'a'})" in out
    assert f"random ({tmp_path / 'b'})" in out
    assert "│ expert " in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--policy", "expertt", "--game", "GuessNumber"), "did you mean 'expert'"),
        (("--policy", "random", "heat=1", "--game", "GuessNumber"), "unknown setting of policy random 'heat'"),
        (("--policy", "random", "--suite", "cor"), "unknown suite 'cor'; did you mean 'core'"),
        (("--policy", "random", "--game", "GuesNumber"), "did you mean 'GuessNumber'"),
        (("--policy", "random", "--game", "GuessNumber", "hgh=7"), "did you mean 'high'"),
        (("--policy", "random", "--game", "GuessNumber", "high"), "arguments are written KEY=VALUE, not 'high'"),
        (("--policy", "random", "--game", "GuessNumber", "--form", "turn"), "did you mean 'turns'"),
        (("--policy", "random"), "one of the arguments --suite --game is required"),
        (("--policy", "random", "--suite", "core", "--game", "GuessNumber"), "not allowed with argument"),
    ],
)
def test_mistaken_evaluations(terminal: Terminal, tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    status, out, err = terminal("evaluate", *options, "--out", str(tmp_path))
    assert (status, out) == (2, "")
    assert message in err
    assert contents(tmp_path) == {}


def test_summary_of_what_is_no_evaluation(terminal: Terminal, run: Path) -> None:
    status, _, err = terminal("summary", str(run))
    assert status == 2
    assert "run.json" in err
