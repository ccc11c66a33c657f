from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.evaluation.test_store import contents
from tests.fresh import ROOT, fresh_python
from tests.policies.chats import WrittenChat
from textenvs.core.errors import ArgumentError, CorruptRunError, DifferentRunError, EmptySplitError, UnknownNameError
from textenvs.envs.policy import Policy, Reply, Request
from textenvs.envs.settings import Settings
from textenvs.evaluation import progress as showing
from textenvs.evaluation import run as running
from textenvs.evaluation.run import FailedRunError, run_evaluation
from textenvs.evaluation.run_folder import RunFolder
from textenvs.evaluation.seeds import commitment
from textenvs.evaluation.store import read_json
from textenvs.evaluation.summary import Summary
from textenvs.policies.agent import Agent
from textenvs.policies.chat import Call
from textenvs.policies.errors import UnplayableError
from textenvs.policies.scripted import StrategyPolicy
from textenvs.suites import Suite, Task

TASKS = (Task("GuessNumber", {"high": 7, "guesses": 3}), Task("Alchemy", {"level": "easy"}))
EPISODES = 6


def evaluated(out: Path, policy: Any = None, tasks: Any = TASKS, **options: Any) -> Summary:
    chosen = {"salt": "s", "episodes": EPISODES, "console": Console(file=io.StringIO()), **options}
    return run_evaluation(policy or StrategyPolicy("random"), tasks, out, **chosen)


def rows(out: Path) -> list[dict[str, Any]]:
    """Return all rows without their times, in a fixed order."""
    found = [{key: value for key, value in row.items() if key != "seconds"} for row in RunFolder(out).rows()]
    return sorted(found, key=lambda row: (row["game"], row["dials"]["form"], row["index"]))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole")
    evaluated(out)
    return out


def first_legal(call: Call) -> str:
    """Answer with words of the last message, different ones for different views."""
    number = len(call.messages[-1].text) % 7
    return "\n".join(f"guess {1 + (number + turn) % 7}" for turn in range(call.lines))


# What is played --------------------------------------------------------------------------------------


def test_every_task_is_played_in_every_form_as_often_as_asked(whole: Path) -> None:
    found = [(row["game"], row["dials"]["form"], row["index"]) for row in rows(whole)]
    games = ("textenvs/Alchemy-v0", "textenvs/GuessNumber-v0")
    assert found == [(game, form, index) for game in games for form in ("plan", "turns") for index in range(EPISODES)]
    assert sorted(path.name for path in (whole / "episodes").iterdir()) == [
        "Alchemy.plan.jsonl",
        "Alchemy.turns.jsonl",
        "GuessNumber.plan.jsonl",
        "GuessNumber.turns.jsonl",
    ]


def test_forms_and_policies_share_seeds_and_instances(whole: Path, tmp_path: Path) -> None:
    evaluated(tmp_path, StrategyPolicy("expert"), forms=["turns"])
    met: dict[Any, set[Any]] = {}
    for row in rows(whole) + rows(tmp_path):
        met.setdefault((row["game"], row["index"]), set()).add((row["seed"], row["instance"], row["split"]))
    assert len(met) == 2 * EPISODES
    assert all(len(once) == 1 for once in met.values())
    assert len({row["seed"] for row in rows(whole)}) == 2 * EPISODES


def test_the_split_is_chosen_for_each_task(whole: Path, tmp_path: Path) -> None:
    assert {task.title.split()[0]: task.split for task in RunFolder(whole).read().tasks} == {
        "GuessNumber": "all",
        "Alchemy": "test",
    }
    evaluated(tmp_path, split="train")
    assert {row["split"] for row in rows(tmp_path)} == {"train"}


def test_the_run_says_who_played_what(whole: Path) -> None:
    run = read_json(whole / "run.json")
    assert run["policy"] == {"name": "random", "spec": None, "settings": {}}
    assert (run["suite"], run["forms"], run["episodes"], run["split"]) == (None, ["turns", "plan"], 6, "held-out")
    guess, _ = run["tasks"]
    assert (guess["game"], guess["title"], guess["family"]) == (
        "textenvs/GuessNumber-v0",
        "GuessNumber high=7 guesses=3",
        "information",
    )
    assert guess["rulers"]["plan"]["low"] == pytest.approx(3 / 7)
    assert run["machine"].keys() >= {"python", "numpy", "scipy", "system", "processors"}
    assert RunFolder(whole).read().to_json() == run


def test_scores_are_put_on_the_ruler(whole: Path) -> None:
    for task in RunFolder(whole).read().tasks:
        random, best = task.rulers.random.value, task.rulers.optimal.value
        of_task = [row for row in rows(whole) if row["game"] == task.game]
        assert len(of_task) == 2 * EPISODES
        for row in of_task:
            assert row["normalised"] == pytest.approx((row["scores"][0] - random) / (best - random))


def test_without_an_exact_ruler_nothing_is_normalised(tmp_path: Path) -> None:
    summary = evaluated(tmp_path, tasks=[Task("TwentyQuestions")], episodes=2, forms=["turns"])
    assert [row["normalised"] for row in rows(tmp_path)] == [None, None]
    assert summary.forms[0].iqm is None
    assert summary.cells[0].normalised is None


def test_a_suite_goes_by_its_name(tmp_path: Path, whole: Path) -> None:
    assert evaluated(tmp_path, tasks=Suite("pair", "two games", TASKS)).suite == "pair"
    assert rows(tmp_path) == rows(whole)


def test_a_spec_names_a_policy(tmp_path: Path, whole: Path) -> None:
    evaluated(tmp_path, "random")
    assert rows(tmp_path) == rows(whole)
    assert read_json(tmp_path / "run.json")["policy"]["spec"] == "random"


# No result depends on how it is played ---------------------------------------------------------------


def test_processes_change_nothing(tmp_path: Path, whole: Path) -> None:
    evaluated(tmp_path, "random", workers=2, in_flight=2)
    assert rows(tmp_path) == rows(whole)


@pytest.mark.parametrize("in_flight", [1, 5, 64])
def test_a_chat_model_plays_all_cells_side_by_side(tmp_path: Path, in_flight: int) -> None:
    model = WrittenChat(first_legal, at_once=3)
    evaluated(tmp_path, Agent(model), in_flight=in_flight)
    one_by_one = tmp_path / "one"
    evaluated(one_by_one, Agent(WrittenChat(first_legal)), in_flight=1)
    assert rows(tmp_path) == rows(one_by_one)
    assert model.starts == 1, "all cells are played in one flow"
    assert len(model.forgotten) == 4 * EPISODES


def test_costs_are_stored_with_the_replies_they_belong_to(tmp_path: Path) -> None:
    model = WrittenChat(first_legal)
    summary = evaluated(tmp_path, Agent(model))
    found = rows(tmp_path)
    assert all(len(row["usage"]) == len(row["replies"]) == len(row["thoughts"]) for row in found)
    assert sum(usage["calls"] for row in found for usage in row["usage"]) == len(model.calls) == summary.usage["calls"]
    assert summary.usage["prompt"] == sum(usage["prompt"] for row in found for usage in row["usage"]) > 0


class Thinking:
    """Thinks aloud before it plays at random."""

    name = "thinking"

    def start(self, slots: int) -> None: ...

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        return [Reply(request.legal[0], thought=f"of {len(request.legal)}") for request in requests]


def test_thoughts_are_stored(tmp_path: Path) -> None:
    evaluated(tmp_path, Thinking(), forms=["turns"])
    assert all(thought.startswith("of ") for row in rows(tmp_path) for thought in row["thoughts"])


def test_the_seconds_of_all_episodes_add_up_to_the_time_that_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = iter(range(10_000))
    monkeypatch.setattr(running, "perf_counter", lambda: float(next(passed)))
    evaluated(tmp_path, Agent(WrittenChat(first_legal, at_once=2)), in_flight=3, forms=["turns"])
    seconds = [row["seconds"] for row in RunFolder(tmp_path).rows()]
    assert all(share > 0 for share in seconds)
    assert sum(seconds) == pytest.approx(next(passed) - 2), "from the first beginning to the last end"


# Stopped and continued -------------------------------------------------------------------------------


class Stopping(StrategyPolicy):
    """Plays at random and breaks down after so many batches of replies."""

    def __init__(self, batches: int) -> None:
        super().__init__("random")
        self.left = batches

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        if not self.left:
            raise RuntimeError("the policy broke")
        self.left -= 1
        return super().replies(requests)


@pytest.mark.parametrize("batches", [0, 1, 3, 8, 12])
def test_a_run_that_broke_continues_and_plays_nothing_twice(tmp_path: Path, whole: Path, batches: int) -> None:
    with pytest.raises(RuntimeError, match="the policy broke"):
        evaluated(tmp_path, Stopping(batches), in_flight=2)
    before = RunFolder(tmp_path).rows()
    assert len(before) < 4 * EPISODES
    evaluated(tmp_path, in_flight=2)
    after = RunFolder(tmp_path).rows()
    assert all(row in after for row in before), "seconds included: what was played is not played again"
    assert rows(tmp_path) == rows(whole)
    assert len(after) == 4 * EPISODES


@pytest.mark.parametrize("calls", [0, 1, 9, 30])
def test_a_run_of_a_chat_model_that_broke_keeps_every_finished_episode(tmp_path: Path, calls: int) -> None:
    def answer(call: Call) -> str:
        if len(model.calls) > calls:
            raise ConnectionError("no answer")
        return first_legal(call)

    model = WrittenChat(answer)
    with pytest.raises(ConnectionError, match="no answer"):
        evaluated(tmp_path / "broken", Agent(model), in_flight=3)
    before = RunFolder(tmp_path / "broken").rows()
    assert len(before) == len(model.forgotten), "what is over is stored"
    evaluated(tmp_path / "broken", Agent(WrittenChat(first_legal)), in_flight=3)
    evaluated(tmp_path / "whole", Agent(WrittenChat(first_legal)))
    assert rows(tmp_path / "broken") == rows(tmp_path / "whole")
    assert before or calls < 9
    assert all(row in RunFolder(tmp_path / "broken").rows() for row in before)


def test_a_finished_run_is_told_again_and_left_alone(whole: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in whole.rglob("*")}
    summary = evaluated(whole, Stopping(0))
    assert {path: path.stat().st_mtime_ns for path in whole.rglob("*")} == before
    assert summary == Summary.from_json(read_json(whole / "summary.json"))
    assert summary.complete


SLOW = """
import sys, time
from textenvs.evaluation.run import run_evaluation
from textenvs.policies.scripted import StrategyPolicy
from tests.evaluation.test_run import TASKS

class Slow(StrategyPolicy):
    def replies(self, requests):
        time.sleep(0.01)
        return super().replies(requests)

run_evaluation(Slow("random"), TASKS, sys.argv[1], episodes=60, salt="s", in_flight=2)
"""


@pytest.fixture
def slow_run(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", SLOW, str(tmp_path / "run")], cwd=ROOT, stderr=subprocess.DEVNULL)
    yield process
    process.kill()
    process.wait()


def stored_lines(out: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in (out / "episodes").glob("*.jsonl"))


def test_a_killed_run_continues_and_equals_one_that_was_not(slow_run: subprocess.Popen[bytes], tmp_path: Path) -> None:
    out = tmp_path / "run"
    deadline = time.monotonic() + 60
    while stored_lines(out) < 30:
        assert slow_run.poll() is None, "ended by itself"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    slow_run.send_signal(signal.SIGKILL)
    slow_run.wait()
    assert 30 <= stored_lines(out) < 240
    assert read_json(out / "run.json")["finished"] is None
    evaluated(out, episodes=60)
    evaluated(tmp_path / "whole", episodes=60)
    assert rows(out) == rows(tmp_path / "whole")


def test_a_torn_last_line_is_played_again(tmp_path: Path, whole: Path) -> None:
    with pytest.raises(RuntimeError):
        evaluated(tmp_path, Stopping(8), in_flight=2)
    before = RunFolder(tmp_path).rows()
    for torn in (b'{"arguments": {"el', b'{"arguments": {}}'):
        with (tmp_path / "episodes" / "GuessNumber.turns.jsonl").open("ab") as file:
            file.write(torn)
        with pytest.raises(RuntimeError):
            evaluated(tmp_path, Stopping(0))
        assert RunFolder(tmp_path).rows() == before
    evaluated(tmp_path)
    assert rows(tmp_path) == rows(whole)


def test_a_dead_worker_is_reported_and_the_run_continues(
    tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_play_chunk", _die)
    with pytest.raises(FailedRunError, match=r"a worker process died.*start again to continue"):
        evaluated(tmp_path, "random", workers=2)
    evaluated(tmp_path, "random")
    assert rows(tmp_path) == rows(whole)


def _die(*_: object) -> None:
    signal.raise_signal(signal.SIGKILL)


# The salt --------------------------------------------------------------------------------------------


def test_the_salt_is_committed_to_and_told_at_the_end_only(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        evaluated(tmp_path, Stopping(3), salt=None, in_flight=2)
    salt = (tmp_path / ".salt").read_text()
    run = read_json(tmp_path / "run.json")
    assert (run["salt"], run["finished"], run["commitment"]) == (None, None, commitment(salt))
    assert not [name for name, content in contents(tmp_path).items() if salt.encode() in content and name != ".salt"]
    evaluated(tmp_path, salt=None)
    told = read_json(tmp_path / "run.json")
    assert (told["salt"], told["commitment"], told["started"]) == (salt, run["commitment"], run["started"])
    assert told["finished"] >= told["started"]
    assert not (tmp_path / ".salt").exists()


def test_drawn_salts_differ(tmp_path: Path) -> None:
    evaluated(tmp_path / "a", salt=None, episodes=1)
    evaluated(tmp_path / "b", salt=None, episodes=1)
    assert {row["seed"] for row in rows(tmp_path / "a")}.isdisjoint({row["seed"] for row in rows(tmp_path / "b")})


def test_a_lost_salt_must_be_given(tmp_path: Path, whole: Path) -> None:
    with pytest.raises(RuntimeError):
        evaluated(tmp_path, Stopping(3), in_flight=2)
    (tmp_path / ".salt").unlink()
    with pytest.raises(CorruptRunError, match=r"\.salt: not the salt that this run is committed to; give it by --salt"):
        evaluated(tmp_path, salt=None)
    with pytest.raises(DifferentRunError, match="holds a run with another salt"):
        evaluated(tmp_path, salt="t")
    evaluated(tmp_path, salt="s")
    assert rows(tmp_path) == rows(whole)


# Refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "difference"),
    [
        ({"episodes": 7}, "episodes: the folder has 6, asked for is 7"),
        ({"forms": ["turns"]}, r"forms: the folder has \['turns', 'plan'\], asked for is \['turns'\]"),
        ({"policy": StrategyPolicy("expert")}, "policy.name: the folder has 'random', asked for is 'expert'"),
        ({"tasks": TASKS[:1]}, "tasks: the folder has "),
        ({"tasks": (Task("GuessNumber", {"high": 8}), TASKS[1])}, r"tasks\[0\]\.arguments\.guesses: the folder has 3"),
        ({"split": "all"}, "split: the folder has 'held-out', asked for is 'all'"),
        ({"salt": "t"}, "holds a run with another salt"),
    ],
)
def test_a_folder_of_another_run_is_refused(whole: Path, options: Any, difference: str) -> None:
    before = contents(whole)
    with pytest.raises(DifferentRunError, match=difference):
        evaluated(whole, **options)
    assert contents(whole) == before


def test_a_folder_of_another_version_is_refused(tmp_path: Path) -> None:
    evaluated(tmp_path, episodes=1)
    file = tmp_path / "run.json"
    file.write_text(json.dumps({**read_json(file), "textenvs": "0.0.9"}))
    with pytest.raises(DifferentRunError, match=r"textenvs: the folder has '0\.0\.9', asked for is "):
        evaluated(tmp_path, episodes=1)


@pytest.mark.parametrize(
    "change",
    [{"format": 2}, {"tasks": 5}, {"policy": {"nam": "x"}}, {"surprise": 1}, {"skipped": [{}]}, {"forms": None}],
    ids=str,
)
def test_what_is_no_run_file(tmp_path: Path, change: Any) -> None:
    evaluated(tmp_path, episodes=1)
    file = tmp_path / "run.json"
    file.write_text(json.dumps({**read_json(file), **change}))
    with pytest.raises(CorruptRunError, match=r"run\.json: "):
        evaluated(tmp_path, episodes=1)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"forms": ["turn"]}, UnknownNameError, "unknown form of an evaluation 'turn'; did you mean 'turns'"),
        ({"forms": ["reply"]}, UnknownNameError, "Accepted: plan, strategy, turns"),
        ({"forms": []}, ArgumentError, r"one or more forms, each of them once, not \[\]"),
        ({"forms": ["plan", "plan"]}, ArgumentError, "one or more forms, each of them once"),
        ({"tasks": []}, ArgumentError, "one or more tasks, each of them once"),
        ({"tasks": [TASKS[0], TASKS[0]]}, ArgumentError, "one or more tasks, each of them once"),
        ({"tasks": [Task("Orchard"), Task("Orchard", {"level": "medium"})]}, ArgumentError, "the same task under"),
        ({"tasks": [Task("Maz")]}, UnknownNameError, "did you mean 'Maze'"),
        ({"split": "tests"}, UnknownNameError, "did you mean 'test'"),
        ({"split": "test", "tasks": [Task("Orchard")]}, EmptySplitError, "no instance in split 'test'"),
        ({"episodes": 0}, ArgumentError, "episodes must be a whole number from 1"),
        ({"workers": 0}, ArgumentError, "workers must be a whole number from 1"),
        ({"workers": 2}, ArgumentError, "a policy object plays in this process alone"),
        ({"in_flight": 0}, ArgumentError, "in_flight must be a whole number from 1"),
        ({"salt": ""}, ArgumentError, "a salt is a text"),
        ({"policy": "expertt"}, UnknownNameError, "did you mean 'expert'"),
    ],
)
def test_mistaken_calls(tmp_path: Path, options: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        evaluated(tmp_path, **options)
    assert contents(tmp_path) == {}


class Choosy:
    """The source of a random policy that does not play some cells."""

    def __init__(self, refuses: Callable[[str, str], bool]) -> None:
        self.refuses = refuses
        self.name, self.spec, self.settings = "random", None, dict[str, Any]()
        self.splits: set[str] = set()

    def policy_for(self, game: Any, settings: Settings, split: str = "all") -> Policy:
        self.splits.add(split)
        if self.refuses(game.name, settings.form):
            raise UnplayableError(f"no {settings.form} of {game.name}")
        return StrategyPolicy("random")


def test_cells_that_cannot_be_played_are_skipped_for_a_stated_reason(tmp_path: Path, whole: Path) -> None:
    source = Choosy(lambda game, form: (game, form) == ("Alchemy", "plan"))
    for _ in range(2):
        summary = evaluated(tmp_path, source)
        assert read_json(tmp_path / "run.json")["skipped"] == [
            {"title": "Alchemy level=easy", "form": "plan", "reason": "no plan of Alchemy"}
        ]
    assert rows(tmp_path) == [row for row in rows(whole) if (row["game"][9], row["dials"]["form"]) != ("A", "plan")]
    assert summary.complete
    assert [gain.title for gain in summary.differences] == ["GuessNumber high=7 guesses=3"]
    assert source.splits == {"all", "test"}, "who plays is told where instances come from"


def test_processes_skip_the_same_cells(tmp_path: Path) -> None:
    evaluated(tmp_path, "expert", workers=2, in_flight=2)
    skipped = RunFolder(tmp_path).read().skipped
    assert sorted((each.title, each.form) for each in skipped) == [(task.title, "plan") for task in reversed(TASKS)]
    assert len(rows(tmp_path)) == 2 * EPISODES


def test_a_policy_that_can_play_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnplayableError, match="random can play nothing of this: no turns of GuessNumber"):
        evaluated(tmp_path, Choosy(lambda *_: True))


# Progress --------------------------------------------------------------------------------------------


def test_without_a_terminal_progress_is_lines_with_the_cost_so_far(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(showing, "_PAUSE", 0.0)
    written = io.StringIO()
    evaluated(tmp_path, Agent(WrittenChat(first_legal)), console=Console(file=written))
    lines = written.getvalue().splitlines()
    assert 8 <= len(lines) <= 24
    assert all(" of 24 episodes done, " in line and line.endswith(" minutes left") for line in lines)
    costs = [int(line.split(", ")[1].removesuffix(" tokens").replace(",", "")) for line in lines]
    assert costs == sorted(costs)
    assert costs[-1] > 0


def test_a_continued_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        evaluated(tmp_path, Stopping(8), in_flight=2)
    stored = len(RunFolder(tmp_path).rows())
    written = io.StringIO()
    evaluated(tmp_path, console=Console(file=written))
    assert written.getvalue().startswith(f"Continuing: {stored} episodes are stored, {24 - stored} are left.\n")


def test_in_a_terminal_progress_is_a_bar(tmp_path: Path) -> None:
    written = io.StringIO()
    evaluated(tmp_path, Agent(WrittenChat(first_legal)), console=Console(file=written, force_terminal=True, width=150))
    assert "24 episodes" in written.getvalue()
    assert "100 %" in written.getvalue()
    assert " tokens" in written.getvalue()


def test_a_scripted_policy_is_evaluated_without_torch(tmp_path: Path) -> None:
    code = """
import sys
from textenvs.cli import main
status = main(["evaluate", "--policy", "random", "--game", "GuessNumber", "--episodes", "2", "--out", sys.argv[1]])
print(status, [name for name in ("torch", "transformers", "openai", "jinja2") if name in sys.modules])
"""
    assert fresh_python(code, str(tmp_path)).splitlines()[-1] == "0 []"
