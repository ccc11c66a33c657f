"""Do tasks among files with the commands of a small Unix shell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import ClassVar, NamedTuple

from textenvs.core.errors import ArgumentError, check_choice, check_range
from textenvs.core.game import Distribution, Game, Levels, Random
from textenvs.core.refusal import Refusal
from textenvs.games.listing import all_draws
from textenvs.games.shell_commands import COMMANDS, Disk, run
from textenvs.games.shell_tasks import (
    ACTS,
    DIRECTORIES,
    FILES,
    KINDS,
    WORDS,
    House,
    Task,
    act,
    files,
    goal,
    search,
    told,
)
from textenvs.games.shell_text import parent, parse

DONE = "done"


class ShellState(NamedTuple):
    """The disk, the tasks, and how far they are done.

    Attributes:
        disk: all directories and files.
        tasks: all tasks of the episode.
        directory: the current directory.
        number: tasks that are over.
        used: commands used for the current task.
        goal: the files that make the current task right, None if nothing can.
        command: the last command, "" before the first.
        output: what it printed.
        right: tasks that ended right.
        was_right: whether the task that the last command ended did, None if it ended none.
    """

    disk: Disk
    tasks: tuple[Task, ...]
    goal: Disk | None
    directory: str = "/"
    number: int = 0
    used: int = 0
    command: str = ""
    output: str = ""
    right: int = 0
    was_right: bool | None = None


@dataclass(frozen=True)
class Shell(Game[ShellState, str]):
    """Find, move, count and delete files in a virtual file system, by typing the commands of a Unix shell.

    Source:
        Written for textenvs, after InterCode (Yang et al. 2023, arXiv:2306.14898), which has models work in
        a real Bash. Here the shell is a pure function: nothing outside of the game's state is touched.
    Players and turns:
        One player, one command a turn.
    What the player sees:
        What the last command printed, whether a task ended right, the current task and directory, and
        the commands left. What earlier commands printed is not repeated.
    Replies:
        A command line such as `ls -l docs`, `grep -r falcon /` or `echo 3 > /answer.txt`; `done` ends the task
        (`exit` and `quit` do too). In a longer reply the last line of a fenced block that is a command
        counts, else the last such line, else the last such text between backticks or behind "run",
        "use", "type" or "command:". A line is a command if its first word is one; what is wrong with the
        rest is told by the shell and uses up the turn, as do all mistakes that a real shell would notice.
        The legal moves that are listed, for blind play and for planning, are `done`, a search for what the
        task is about, and ways to do it: for "move", while there are at most 2 files and 2 directories,
        with every path that may be; else with each of the first 5 paths in the last output.
    Rules:
        The commands are ls, cd, pwd, cat, head, wc, find, grep, mv, cp, mkdir, rm and echo with their most
        common options; | and, at the end of a line, > and >>. There are no wildcards but those of find -name,
        and patterns of grep are plain text. Only files count: a task is right if the paths and contents of
        all files are exactly as they were when it began, but for what it asks. What was destroyed stays
        so: a task about it cannot be done any more, and at most 500 files and directories with 50,000
        characters fit on the disk. Every task can be done if those before it were.
    Rewards:
        1 / tasks for each task that ends right. Return in 0 … 1.
    End:
        After the last task. A task also ends after `commands` commands, as the files are then.
    Parameters:
        tasks: the number of tasks.
        kind: "move", "count", "delete" or "first" for all tasks, or "any": each drawn by itself.
        files: the number of files at first, more than tasks.
        directories: the number of directories, each in one of those before it or at the top.
        lines: the lines of each file at first.
        commands: the commands for each task, `done` included.
    Size:
        By the places of the files alone directories^files instances, 5^12 = 2 x 10^8 at the defaults; 64
        with tasks=1, kind="move", files=2, directories=2, lines=1. At most tasks x commands turns.
    Known values:
        The expert does every task with two commands and `done`. With the 64 instances and commands=4:
        optimal 1, plan 1/2 (it moves one of the files, wherever that may be), myopic 0.57, random 0.27.
    Versions:
        v0: first release.
    """

    open_ended: ClassVar[bool] = True
    levels: ClassVar[Levels] = {
        "easy": {"tasks": 1, "kind": "move", "files": 2, "directories": 2, "lines": 1, "commands": 4},
        "medium": {},
        "hard": {"tasks": 10, "files": 24, "directories": 8, "lines": 6},
        "extreme": {"tasks": 30, "files": 40, "directories": 14, "lines": 8},
    }

    tasks: int = 4
    kind: str = "any"
    files: int = 12
    directories: int = 5
    lines: int = 3
    commands: int = 8

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("tasks", self.tasks, 1, len(WORDS))
        check_choice("kind", self.kind, ("any", *KINDS))
        check_range("files", self.files, 2, len(FILES))
        check_range("directories", self.directories, 2, len(DIRECTORIES))
        check_range("lines", self.lines, 1, 50)
        check_range("commands", self.commands, 1, 1_000)
        if self.files <= self.tasks:
            raise ArgumentError(f"files must be more than tasks, {self.tasks}, not {self.files}")

    @property
    def max_turns(self) -> int:
        return self.tasks * self.commands

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def deals(self) -> Distribution[ShellState] | None:
        return _deals(self)

    def deal(self, random: Random) -> ShellState:
        house = House(random, self.kind, self.tasks, self.files, self.directories, self.lines)
        tasks = tuple(house.task(self.tasks - number) for number in range(self.tasks))
        disk = house.disk()
        return ShellState(disk, tasks, goal(disk, tasks[0]))

    def content(self, state: ShellState) -> tuple[Disk, tuple[Task, ...]]:
        return state.disk, state.tasks

    def to_move(self, state: ShellState) -> tuple[int, ...]:
        return () if state.number == self.tasks else (0,)

    def legal(self, state: ShellState, player: int) -> tuple[str, ...]:
        task = state.tasks[state.number]
        if self.files == self.directories == 2:
            paths = _all_paths(FILES[:2], DIRECTORIES[:2])
        else:
            paths = tuple(line for line in state.output.split("\n") if line.startswith("/"))[:5]
        return tuple(dict.fromkeys((search(task), *_ways(task, paths, state.output), "ls", DONE)))

    def apply(self, state: ShellState, move: str) -> ShellState:
        if move == DONE:
            after = state._replace(output="")
        else:
            disk, directory, output = run(state.disk, state.directory, move)
            after = state._replace(disk=disk, directory=directory, output=output)
        after = after._replace(command=move, used=state.used + 1, was_right=None)
        return self._next_task(after) if move == DONE or after.used == self.commands else after

    def _next_task(self, state: ShellState) -> ShellState:
        """Judge the current task and go on to the next."""
        was_right = files(state.disk) == state.goal
        number = state.number + 1
        next_goal = goal(state.disk, state.tasks[number]) if number < self.tasks else None
        return state._replace(number=number, used=0, goal=next_goal, right=state.right + was_right, was_right=was_right)

    def rewards(self, state: ShellState, move: str, after: ShellState) -> tuple[float, ...]:
        return (1 / self.tasks if after.was_right else 0.0,)

    def instructions(self, player: int) -> str:
        if self.tasks == 1:
            tasks, one, each, every = "1 task. It", "it", "it", "A"
        else:
            tasks, one, each, every = f"{self.tasks} tasks, one after the other. A task", "a task", "each task", "Each"
        return (
            f"You work in a Unix shell. The commands are {', '.join(COMMANDS)}, with their usual options; | and > and "
            ">> work too. There are no wildcards (but for find -name), and patterns of grep are plain text.\n"
            f"You have {tasks} is right if afterwards all files are as they should be and no other file was changed, "
            f"moved or deleted. When you have finished {one}, reply: {DONE}. You have "
            f"{_count(self.commands, 'command')} for {each}, {DONE} included; then it ends as it is. {every} right "
            f"task earns {_points(1 / self.tasks)}.\n"
            "Reply with one command, for example: ls"
        )

    def view(self, state: ShellState, player: int) -> str:
        news = self._news(state)
        if state.number == self.tasks:
            return f"{news}\n{state.right} of {_count(self.tasks, 'task')} right."
        left = _count(self.commands - state.used, "command")
        task = f"Task {state.number + 1} of {self.tasks}: {told(state.tasks[state.number])}."
        return f"{news}\n{task} You are in {state.directory}. {left} left.".strip()

    def _news(self, state: ShellState) -> str:
        """What the last command printed, and how a task ended."""
        if not state.command:
            return ""
        printed = state.output or "(no output)"
        if state.was_right is None:
            return printed
        ending = f"Task {state.number} is {'right' if state.was_right else 'wrong'}."
        return ending if state.command == DONE else f"{printed}\n{ending}".lstrip()

    def say(self, state: ShellState, move: str) -> str:
        return move

    def read(self, state: ShellState, player: int, text: str) -> str | Refusal:
        error = ""
        for line in _candidates(text):
            if _ENDING.fullmatch(line):
                return DONE
            parsed = parse(line)
            if not isinstance(parsed, str):
                return line
            error = error or parsed
        if error:
            return Refusal(f"bash: {error}. Reply with one command; | and > work, but not ; or & or <.")
        return Refusal(f"I read no command in that. Reply with one of: {', '.join(COMMANDS)}, or: {DONE}.")

    def vocabulary(self) -> tuple[str, ...]:
        return (*FILES[: self.files], *DIRECTORIES[: self.directories], *WORDS)

    def expert(self, state: ShellState, player: int) -> Distribution[str]:
        """Searches, acts on what the search printed, and is done; it takes the last command for its own."""
        task = state.tasks[state.number]
        if state.used and state.command == search(task):
            lines = state.output.split("\n")
            is_there = task.kind == "move" and parent(lines[0]) == task.place
            return ((DONE if is_there else act(task, lines) or DONE, Fraction(1)),)
        acted = state.used and state.command.startswith(ACTS[task.kind]) and not state.output
        return ((DONE if acted else search(task), Fraction(1)),)


_LISTED = 20_000
"""More deals than these are drawn, not listed."""


def _count(n: int, one: str) -> str:
    return f"{n} {one}{'s' * (n != 1)}"


def _points(value: float) -> str:
    return f"{value:.3g} point{'s' * (value != 1)}"


# The opening -----------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def _deals(game: Shell) -> Distribution[ShellState] | None:
    return all_draws(game.deal, _LISTED)


def _ways(task: Task, paths: tuple[str, ...], output: str) -> Iterator[str]:
    """Yield commands that may do a task, if the file is one of `paths` or the last output is what it takes."""
    if task.kind == "count":
        paths = (output,) if output.isdecimal() else ()
    yield from (act(task, [path]) for path in paths)
    if task.kind == "delete" and len(paths) > 1:
        yield act(task, list(paths))


def _all_paths(names: tuple[str, ...], directories: tuple[str, ...]) -> tuple[str, ...]:
    """Return all paths that two directories may give to files."""
    one, other = directories
    return tuple(f"{directory}/{name}" for name in names for directory in (f"/{one}", f"/{other}", f"/{one}/{other}"))


# Replies ---------------------------------------------------------------------------------------------

_ENDING = re.compile(r"(?:i am |i'm |all |it is |it's )?(?:done|exit|quit|logout|finished)[.!]*", re.IGNORECASE)
_SAID_DONE = re.compile(r"\b(?:i am|i'm|all|task is|it is) (?:done|finished)\b", re.IGNORECASE)
_BEFORE = re.compile(r"(?:[$#>*-]+|\d+[.)])\s+")
_BEHIND = (
    r"\b(?:run|use|type|execute|enter|command|reply|answer)\b(?: is| the command| with)?:?\s+([^\n]{1,500})",
    r"\b(?:i'll|i will|i would like to|i'd like to|let me|let us|let's)\s+([^\n]{1,500})",
    r"^[^:：\n]{1,40}[:：]\s*([^\n]{1,500})",
    r"\\boxed\{([^\n]{1,500})\}",
)
_LONGEST, _MOST_LINES = 1_000, 1_000


def _candidates(text: str) -> Iterator[str]:
    """Yield what may be the command of a reply, the likeliest first."""
    printable = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
    parts = printable.split("```")
    lines = [line for part in (*parts[0::2], *parts[1::2]) for line in part.split("\n")][-_MOST_LINES:]
    quoted = re.findall(r"`([^`\n]{1,1000})`", printable)
    found = [re.findall(pattern, printable, re.IGNORECASE | re.MULTILINE) for pattern in reversed(_BEHIND)]
    behind = [line.rstrip(".") for lines in found for line in lines]
    for any_case in (False, True):
        for group in (lines, quoted, behind):
            yield from filter(None, (_command(line, any_case) for line in reversed(group)))
    if _SAID_DONE.search(text):
        yield DONE


def _command(line: str, any_case: bool) -> str:
    """Return a line without what is around its command, "" if it holds none."""
    line = line.strip()
    if len(line) > _LONGEST:
        return ""
    line = _BEFORE.sub("", line, count=1) if _BEFORE.match(line) else line
    if line[:1] in ("`", "*") or (line[:1] + line[-1:]) in ('""', "''", "“”"):
        line = line.strip(line[:1] + line[-1:])
    if _ENDING.fullmatch(line):
        return line
    word, space, rest = line.partition(" ")
    word = word.lower() if any_case else word
    return word + space + rest if word in COMMANDS else ""
