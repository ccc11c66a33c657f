from __future__ import annotations

import random
import shutil
import subprocess
from fractions import Fraction
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.core.refusal import Refusal
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.shell import Shell, ShellState
from textenvs.games.shell_commands import MOST_CHARACTERS, MOST_ENTRIES, Disk, run
from textenvs.games.shell_tasks import DIRECTORIES, FILES, WORDS, Task, told
from textenvs.games.shell_text import fits, parse
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game

DISK: Disk = (
    ("/", None),
    ("/.hidden", ("h",)),
    ("/a.txt", ("entry 1 falcon", "entry 2")),
    ("/b.txt", ()),
    ("/c.md", ("ace of falcon", "a", "aa a", "Falcon")),
    ("/docs", None),
    ("/docs/d.txt", ("entry 3", *[f"x {n}" for n in range(12)])),
    ("/docs/deep", None),
    ("/docs/deep/e.txt", ("falcon falcons",)),
    ("/mail", None),
    ("/mail/f.csv", ("1,2", "3,4 falcon")),
)


# The second implementation of the commands is the real one, where it is at hand.


def has_gnu_tools() -> bool:
    if not shutil.which("bash"):
        return False
    told = [
        subprocess.run([tool, "--version"], capture_output=True, text=True, check=False).stdout
        for tool in ("ls", "grep")
    ]
    return all("GNU" in each for each in told) and "coreutils) 9" in told[0]


NAMES = (
    "a.txt b.txt c.md docs docs/d.txt docs/deep docs/deep/e.txt mail mail/f.csv new new/x docs/new . docs/ a.txt/ "
    "./a.txt"
).split()
TEXTS = "falcon ace entry 1 3 a".split()


def some_command(draw: random.Random) -> str:
    """A command that does the same on all versions: nothing is copied into itself or given twice."""
    (one, other, third), text = draw.sample(NAMES, 3), draw.choice(TEXTS)
    forms = [
        f"ls {draw.choice(['', '-a', '-R', '-F', '-1', '-p', '-d', '-z'])} {one}", "ls", f"ls {one} {other}",
        f"cat {one}",
        f"head {draw.choice(['-n 1', '-2', '-n3', '', '-n x'])} {one}", f"head -n 1 {one} {other}",
        f"cat {one} {other}",
        f"wc {draw.choice(['-l', '-w', '-c'])} {one}", f"cat {one} | wc -l", f"grep -n {text} {one} {other}",
        f"grep {draw.choice(['', '-n', '-l', '-i', '-v', '-w', '-h', '-H', '-in'])} {text} {one}", f"mv {one} {other}",
        f"grep -r{draw.choice(['', 'l', 'n', 'c', 'h', 'w', 'i'])} {text} {draw.choice(['', one, f'{other} {third}'])}",
        f"find {one} {draw.choice(['', '-type f', '-type d', '-maxdepth 1', '-foo', '-name', '-maxdepth 1 -type f'])}",
        f"find {one} {draw.choice(['-name', '-iname'])} '{draw.choice(['*.txt', 'd*', '?.txt', 'D*', '*', '*.c*'])}'",
        "find", f"mv {one} {other} {third}", f"cp {one} {other}", f"cp {one}", "mv", f"mkdir {one}",
        f"mkdir {one} {other}",
        f"mkdir -p new/{draw.choice(['x', 'y/z'])}", f"rm {draw.choice(['', '-r', '-f', '-rf'])} {one}", "rm", "mkdir",
        f"echo {text} {text} > {one}", f"echo {text} >> {one}", f"cat {one} {other} > {third}", f"cat {one} >> {one}",
        f"grep -rl {text} . | wc -l", f"cd {one}", f"rm {one} {other}", f"foo {one}",
        f"cat {one} | grep {text} | head -n 1",
        f"cat {one} 2>/dev/null", f"cp -r {draw.choice(['docs mail', 'docs new', 'mail docs/new', 'docs/deep a.txt'])}",
    ]  # fmt: skip
    return draw.choice(forms).strip()


def build(top: Path) -> None:
    for path, lines in DISK[1:]:
        place = top / path[1:]
        if lines is None:
            place.mkdir()
        else:
            place.write_text("".join(f"{line}\n" for line in lines))


def content(top: Path) -> Disk:
    found: dict[str, tuple[str, ...] | None] = {"/": None}
    for place in top.rglob("*"):
        lines = None if place.is_dir() else tuple(place.read_text().splitlines())
        found[f"/{place.relative_to(top)}"] = lines
    return tuple(sorted(found.items()))


def really_run(top: Path, line: str) -> list[str]:
    done = subprocess.run(
        ["bash", "-c", line], cwd=top, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
        env={"LC_ALL": "C", "PATH": "/usr/local/bin:/usr/bin:/bin"},
    )  # fmt: skip
    errors = [error.replace("bash: line 1: ", "bash: ") for error in done.stderr.splitlines()]
    return [error for error in errors if not error.startswith(("Try ", "Usage"))] + done.stdout.splitlines()


@pytest.mark.skipif(not has_gnu_tools(), reason="needs bash and GNU coreutils 9")
@pytest.mark.parametrize("seed", [1, 2, pytest.param(3, marks=pytest.mark.slow)])
def test_commands_do_and_print_what_the_real_ones_do(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)
    for episode in range(10 if seed < 3 else 100):
        top = tmp_path / f"{episode}/inside/of/it"
        top.mkdir(parents=True)
        build(top)
        disk = DISK
        for _ in range(8):
            line = some_command(draw)
            disk, _, printed = run(disk, "/", line)
            real = really_run(top, line)
            if line.startswith(("ls", "find", "grep")):  # whose order depends on the real disk and language
                assert sorted(printed.splitlines()) == sorted(real), line
            else:
                assert printed.splitlines() == real, line
            assert disk == content(top), line


# What the shell does, worked by hand


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        ("ls", "a.txt\nb.txt\nc.md\ndocs\nmail"), ("ls -F docs", "d.txt\ndeep/"), ("pwd", "/"), ("cat b.txt", ""),
        ("ls -l mail", "-rw-r--r-- 1 user user    15 f.csv"), ("ls a.txt mail", "a.txt\n\nmail:\nf.csv"),
        ("ls -a", ".\n..\n.hidden\na.txt\nb.txt\nc.md\ndocs\nmail"), ("cat a.txt", "entry 1 falcon\nentry 2"),
        ("ls -R docs", "docs:\nd.txt\ndeep\n\ndocs/deep:\ne.txt"), ("cat -n a.txt",
        "     1  entry 1 falcon\n     2  entry 2"),
        ("head -n 1 a.txt", "entry 1 falcon"), ("head -1 /mail/f.csv", "1,2"), ("wc a.txt", "2 5 23 a.txt"),
        ("wc -l a.txt c.md", "2 a.txt\n4 c.md\n6 total"), ("cat a.txt | wc -l", "2"), ("cat a.txt | wc", "2 5 23"),
        ("grep falcon a.txt", "entry 1 falcon"), ("grep -c falcon c.md", "1"), ("grep -ci FALCON c.md", "2"),
        ("grep -w falcon docs/deep/e.txt", "falcon falcons"), ("grep -w alcon c.md", ""), ("grep -wn a c.md",
        "2:a\n3:aa a"),
        ("grep -rl falcon", "a.txt\nc.md\ndocs/deep/e.txt\nmail/f.csv"), ("grep -rl falcon / | wc -l", "4"),
        ("grep -rl falcon /docs", "/docs/deep/e.txt"), ("grep -rn falcon mail", "mail/f.csv:2:3,4 falcon"),
        ("grep -rh 3,4 .", "3,4 falcon"), ("grep 'of falcon' c.md", "ace of falcon"), ("grep -v entry a.txt", ""),
        ("grep -e 3, -r .", "./mail/f.csv:3,4 falcon"), ("cat a.txt | grep -H 2", "(standard input):entry 2"),
        ("find docs", "docs\ndocs/d.txt\ndocs/deep\ndocs/deep/e.txt"), ("find / -name '*.csv'", "/mail/f.csv"),
        ("find . -type d -name d*", "./docs\n./docs/deep"), ("find -maxdepth 1 -type f -name ?.txt",
        "./a.txt\n./b.txt"),
        ("echo hello   world", "hello world"), ("echo 'hello   world'", "hello   world"), ("echo \"it's\"", "it's"),
        ("cat nothing", "cat: nothing: No such file or directory"), ("cat docs", "cat: docs: Is a directory"),
        ("cat a.txt/x", "cat: a.txt/x: Not a directory"), ("cd a.txt", "bash: cd: a.txt: Not a directory"),
        ("cd nothing", "bash: cd: nothing: No such file or directory"), ("cd a b", "bash: cd: too many arguments"),
        ("mv a.txt", "mv: missing destination file operand after 'a.txt'"), ("rm docs",
        "rm: cannot remove 'docs': Is a directory"),
        ("mv x docs", "mv: cannot stat 'x': No such file or directory"), ("rm -r /",
        "rm: it is dangerous to operate recursively on '/'"),
        ("mv a.txt new/", "mv: cannot move 'a.txt' to 'new/': Not a directory"), ("cp docs new",
        "cp: -r not specified; omitting directory 'docs'"),
        ("mkdir docs", "mkdir: cannot create directory 'docs': File exists"), ("ls -y", "ls: invalid option -- 'y'"),
        ("find . -exec rm", "find: unknown predicate `-exec'"), ("grep --color a b",
        "grep: unrecognized option '--color'"),
        ("head -n", "head: option requires an argument -- 'n'"), ("ls | sort", "bash: sort: command not found"),
        ("ls # everything", "a.txt\nb.txt\nc.md\ndocs\nmail"), ("echo 'a # b'", "a # b"), ("ls nothing 2>/dev/null",
        ""),
        ("cat nothing 2>&1", "cat: nothing: No such file or directory"), ("ls ..", "a.txt\nb.txt\nc.md\ndocs\nmail"),
        ("cat 'a.txt", "bash: unexpected end of line while looking for a matching quote"), ("wc -l < a.txt",
        "bash: syntax error near unexpected token '<'"),
        ("ls && pwd", "bash: syntax error near unexpected token '&&'"), ("ls |",
        "bash: syntax error near unexpected token '|'"),
    ],
)  # fmt: skip
def test_what_commands_print(line: str, printed: str) -> None:
    disk, _, out = run(DISK, "/", line)
    assert out == printed
    assert disk == DISK


@pytest.mark.parametrize(
    ("line", "gone", "new"),
    [
        ("mv a.txt docs", ["/a.txt"], {"/docs/a.txt": ("entry 1 falcon", "entry 2")}),
        ("mv a.txt new.txt", ["/a.txt"], {"/new.txt": ("entry 1 falcon", "entry 2")}),
        ("mv a.txt mail/f.csv", ["/a.txt", "/mail/f.csv"], {"/mail/f.csv": ("entry 1 falcon", "entry 2")}),
        ("mv docs/deep mail", ["/docs/deep",
        "/docs/deep/e.txt"], {"/mail/deep": None, "/mail/deep/e.txt": ("falcon falcons",)}),
        ("cp mail/f.csv .", [], {"/f.csv": ("1,2", "3,4 falcon")}), ("mkdir -p x/y", [], {"/x": None, "/x/y": None}),
        ("rm -r docs/deep", ["/docs/deep", "/docs/deep/e.txt"], {}), ("rm a.txt b.txt", ["/a.txt", "/b.txt"], {}),
        ("echo 3 > answer.txt", [], {"/answer.txt": ("3",)}), ("echo x >> b.txt", ["/b.txt"], {"/b.txt": ("x",)}),
        ("grep entry a.txt > a.txt", ["/a.txt"], {"/a.txt": ()}), ("head -n 1 a.txt > b.txt",
        ["/b.txt"], {"/b.txt": ("entry 1 falcon",)}),
    ],
)  # fmt: skip
def test_what_commands_do(line: str, gone: list[str], new: dict[str, Any]) -> None:
    disk, _, printed = run(DISK, "/", line)
    expected = {path: lines for path, lines in DISK if path not in gone} | new
    assert dict(disk) == expected
    assert printed == ""


def test_the_current_directory() -> None:
    _, directory, _ = run(DISK, "/", "cd docs/deep")
    assert directory == "/docs/deep"
    assert run(DISK, directory, "cat e.txt ../d.txt")[2].startswith("falcon falcons\nentry 3")
    assert run(DISK, directory, "cd ../../mail/..")[1] == "/"
    assert run(DISK, directory, "cd")[1] == "/"
    gone, directory, _ = run(DISK, directory, "rm -r /docs")
    assert run(gone, directory, "ls")[2] == "ls: cannot access '.': No such file or directory"


def test_the_disk_and_what_is_shown_of_it_are_limited() -> None:
    disk: Disk = DISK
    seen = set()
    for _ in range(12):
        disk, _, printed = run(disk, "/", "cat docs/d.txt big big >> bigger")
        seen.add(printed)
        disk, _, printed = run(disk, "/", "cp bigger big")
        seen.add(printed)
        assert sum(len(line) + 1 for _, lines in disk for line in lines or ()) <= MOST_CHARACTERS
    assert {"bash: No space left on device", "cp: No space left on device"} & seen
    assert run(disk, "/", "cat big")[2].endswith(" more lines)")
    for number in range(40):
        disk, _, printed = run(disk, "/", f"mkdir {' '.join(f'd{number}x{n}' for n in range(20))}")
    assert printed.endswith("mkdir: No space left on device")
    assert len(disk) <= MOST_ENTRIES


@given(st.text(alphabet="ab*?", max_size=6), st.text(alphabet="ab", max_size=6))
def test_wildcards(pattern: str, name: str) -> None:
    def slowly(pattern: str, name: str) -> bool:
        if not pattern:
            return not name
        if pattern[0] == "*":
            return slowly(pattern[1:], name) or (bool(name) and slowly(pattern, name[1:]))
        return bool(name) and pattern[0] in ("?", name[0]) and slowly(pattern[1:], name[1:])

    assert fits(pattern, name) == slowly(pattern, name)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [*"ls cat grep -r falcon find mv cp rm mkdir echo wc head cd / . docs a.txt new '".split(), "|", ">", '"']
        ),
        max_size=8,
    )
)
def test_no_line_breaks_the_shell(words: list[str]) -> None:
    disk, directory, printed = run(DISK, "/", " ".join(words))
    assert disk == tuple(sorted(disk))
    assert disk[0] == ("/", None)
    assert directory.startswith("/")
    assert isinstance(printed, str)
    paths = {path for path, _ in disk}
    assert all(dict(disk).get(path.rpartition("/")[0] or "/", ()) is None for path in paths)


# The game


def solved(files: dict[str, Any], task: Task) -> dict[str, Any]:
    """The files as they should be after a task, in the words of the task alone."""
    having = sorted(path for path, lines in files.items() if task.about in "\n".join(lines))
    named = [path for path in files if path.endswith(f"/{task.about}")]
    after = dict(files)
    if task.kind == "move":
        (path,) = having
        after[f"{task.place}/{path.split('/')[-1]}"] = after.pop(path)
    elif task.kind == "delete":
        for path in having:
            del after[path]
    else:
        after["/answer.txt"] = (str(len(having)),) if task.kind == "count" else files[named[0]][:1]
    return after


def files_of(state: ShellState) -> dict[str, Any]:
    return {path: lines for path, lines in state.disk if lines is not None}


@pytest.mark.parametrize(
    "arguments", [{}, {"level": "easy"}, {"level": "hard"}, {"level": "extreme"}, {"kind": "delete"}]
)
def test_the_expert_does_every_task_and_all_of_them_can_be_done(arguments: dict[str, Any]) -> None:
    game = make_game("Shell", **arguments)
    for seed in range(40 if game.max_turns < 100 else 5):
        state = game.deal(Stream(seed, Purpose.DEAL))
        expected = files_of(state)
        for number, task in enumerate(state.tasks):
            assert told(task) in game.view(state, 0)
            expected = solved(expected, task)
            paid = 0.0
            while state.number == number:
                after = game.apply(state, game.expert(state, 0)[0][0])
                paid += game.rewards(state, after.command, after)[0]
                state = after
            assert paid == pytest.approx(1 / game.tasks)
            assert files_of(state) == expected
        assert game.is_over(state)


def opening(seed: int = 0, **arguments: Any) -> tuple[Shell, ShellState]:
    game = Shell(**arguments)
    return game, game.deal(Stream(seed, Purpose.DEAL))


def played(game: Shell, state: ShellState, *lines: str) -> tuple[ShellState, float]:
    paid = 0.0
    for line in lines:
        after = game.apply(state, line)
        paid += game.rewards(state, line, after)[0]
        state = after
    return state, paid


@pytest.mark.parametrize(
    "mistake", ["rm -r {dir}", "echo x > /new.txt", "mv {file} /", "echo more >> {file}", "cp {file} /x"]
)
def test_any_other_change_to_files_makes_a_task_wrong(mistake: str) -> None:
    game, state = opening(kind="count", tasks=1)
    path = next(path for path, lines in state.disk if lines)
    line = mistake.format(file=path, dir=path.rpartition("/")[0])
    search, answer = (game.expert(state, 0)[0][0], "")
    after, _ = played(game, state, search)
    answer = game.expert(after, 0)[0][0]
    assert played(game, after, answer, "done")[1] == 1
    assert played(game, after, answer, "mkdir /empty", "done")[1] == 1, "only files count"
    assert played(game, after, answer, line, "done")[1] == 0


def test_a_task_ends_as_it_is_when_the_commands_are_used_up() -> None:
    game, state = opening(kind="delete", tasks=2, commands=3)
    search = game.expert(state, 0)[0][0]
    act = game.expert(game.apply(state, search), 0)[0][0]
    after, paid = played(game, state, search, "pwd", act)
    assert (after.number, after.used, paid) == (1, 0, 0.5)
    assert game.view(after, 0).startswith("(no output)\nTask 1 is right.\nTask 2 of 2: ")
    after, paid = played(game, after, "pwd", "pwd", "pwd")
    assert paid == 0
    assert game.view(after, 0) == "/\nTask 2 is wrong.\n1 of 2 tasks right."


def test_a_task_about_what_was_destroyed_cannot_be_done() -> None:
    game, state = opening(kind="move", tasks=2)
    state, _ = played(game, state, "rm -r /docs /mail /work /music /old", "done")
    assert state.goal is None
    assert played(game, state, "done")[1] == 0


def test_views() -> None:
    game, state = opening(3, kind="count", tasks=1)
    word = state.tasks[0].about
    task = f'Task 1 of 1: count the files that contain "{word}" and write the number to /answer.txt.'
    assert game.view(state, 0) == f"{task} You are in /. 8 commands left."
    after, _ = played(game, state, "cd docs")
    assert game.view(after, 0) == f"(no output)\n{task} You are in /docs. 7 commands left."
    after, _ = played(game, after, "pwd", "x", "x", "x", "x", "pwd")
    assert game.view(after, 0) == f"/docs\n{task} You are in /docs. 1 command left."
    assert game.view(played(game, after, "done")[0], 0) == "Task 1 is wrong.\n0 of 1 task right."


def test_deals_and_draws_are_the_same() -> None:
    game = make_game("Shell", level="easy")
    listed = game.deals() or ()
    assert len(listed) == 2 * 4 * 2 * 4
    assert {p for _, p in listed} == {Fraction(1, 64)}
    assert {game.deal(Stream(seed, Purpose.DEAL)) for seed in range(800)} == {state for state, _ in listed}
    assert Shell().deals() is None


# Known values: the easy level as a game of two files in two directories


Places = tuple[str, str]


def easy_plays() -> list[tuple[Places, int, str]]:
    """Where the two files are, which one is asked for, and where it should go."""
    return [
        (places, file, next(each for each in (one, other) if each != places[file]))
        for one, other in (("/docs", "/mail"), ("/docs", "/docs/mail"))
        for places in product((one, other), repeat=2)
        for file in (0, 1)
    ]


MOVES = [*product(("/docs", "/mail", "/docs/mail"), (0, 1)), "look", "look again", "done"]


def ending(places: Places, file: int, place: str, moves: list[Any]) -> bool:
    now = list(places)
    for move in moves:
        if move == "done":
            break
        if isinstance(move, tuple) and now[move[1]] == move[0]:
            now[move[1]] = place
    return now[file] == place and now[1 - file] == places[1 - file]


@pytest.mark.slow
def test_the_rulers_of_the_easy_level_by_brute_force() -> None:
    plans = list(product(MOVES, repeat=4))
    plays = easy_plays()
    assert len(MOVES) == len(make_game("Shell", level="easy").legal(opening(**EASY)[1], 0)) == 9
    wins = [[ending(*play, list(plan)) for plan in plans] for play in plays]
    groups: dict[str, list[list[bool]]] = {}
    for (_, _, place), row in zip(plays, wins, strict=True):
        groups.setdefault(place, []).append(row)
    plan = sum(max(map(sum, zip(*rows, strict=True))) for rows in groups.values()) / len(plays)
    values = reference_values(make_game("Shell", level="easy"))
    assert values.plan.value == pytest.approx(plan) == pytest.approx(0.5)
    assert values.random.value == pytest.approx(sum(map(sum, wins)) / len(plays) / len(plans))
    assert values.optimal.value == pytest.approx(1)
    assert values.cell() == "both"


EASY = {"tasks": 1, "kind": "move", "files": 2, "directories": 2, "lines": 1, "commands": 4}


def test_no_word_is_part_of_another_or_of_what_files_hold_anyway() -> None:
    texts = [*WORDS, *FILES, *DIRECTORIES, "entry 0123456789", "answer.txt"]
    assert not [(word, text) for word, text in product(WORDS, texts) if word != text and word in text]
    assert len({*WORDS}) == len(WORDS)
    assert len({*FILES}) == len(FILES)
    assert all(one != other for one, other in pairwise(sorted(DIRECTORIES)))


# Replies


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("ls", "ls"), ("ls -l docs", "ls -l docs"), ("$ ls docs", "ls docs"), ("`ls docs`", "ls docs"), ("LS docs",
        "ls docs"),
        ("```\ncat a.txt\n```", "cat a.txt"), ("```bash\n$ cat a.txt\n```\nThis shows the file.", "cat a.txt"),
        ("I would like to run `ls -l` first.", "ls -l"), ("First look around.\n\ngrep -r falcon /", "grep -r falcon /"),
        ("ls docs\ncat docs/a.txt", "cat docs/a.txt"), ("I will use: find / -name 'a b.txt'", "find / -name 'a b.txt'"),
        ("The command is cat notes.txt.", "cat notes.txt"), ("- mv a b", "mv a b"), ("2. mv a b", "mv a b"), ("> pwd",
        "pwd"),
        ("Echo 3 > /answer.txt", "echo 3 > /answer.txt"), ("**ls**", "ls"), ("find the file", "find the file"),
        ("done", "done"), ("Done.", "done"), ("exit", "done"), ("I'm done!", "done"), ("quit", "done"), ("`done`",
        "done"),
        ("I have moved the file, so the task is done", "done"), ("ls 'a", None), ("ls; pwd", None),
        ("ls && rm -r /", None),
        ("vim a.txt", None), ("", None), ("Please move the file.", None), ("ls\x00docs", "ls docs"), ("мv a b", None),
        ("sudo rm -rf /", None), ("not done", None), ("ls | grep a > b", "ls | grep a > b"), ("cat < a", None),
    ],
)  # fmt: skip
def test_replies(text: str, line: str | None) -> None:
    game, state = opening()
    read = game.read(state, 0, text)
    assert isinstance(read, Refusal) if line is None else read == line
    assert isinstance(read, Refusal) or game.read(state, 0, game.say(state, read)) == read


def test_refusals_say_why() -> None:
    game, state = opening()
    assert game.read(state, 0, "hello") == Refusal(
        "I read no command in that. Reply with one of: ls, cd, pwd, cat, head, wc, find, grep, mv, cp, mkdir, rm, "
        "echo, or: done."
    )
    told = "bash: syntax error near unexpected token ';'. Reply with one command; | and > work, but not ; or & or <."
    assert game.read(state, 0, "ls ; pwd") == Refusal(told)


@pytest.mark.parametrize(
    "text", ["ls\n" * 300_000, "`ls" * 300_000, "run " * 250_000, "echo " + "a" * 1_000_000, "```" * 300_000]
)
def test_long_replies_are_read_fast(text: str) -> None:
    game, state = opening()
    game.read(state, 0, text)


@given(st.text(max_size=60).map(lambda text: f"echo {text}"))
def test_whatever_is_echoed_can_be_shown(text: str) -> None:
    game, state = opening()
    read = game.read(state, 0, text)
    if isinstance(read, str) and read.startswith("echo"):
        assert not isinstance(parse(read), str)
        view = game.view(game.apply(state, read), 0)
        assert view == view.strip()
        assert all(c.isprintable() or c == "\n" for c in view)


@pytest.mark.parametrize(
    "arguments",
    [{"tasks": 0}, {"files": 41}, {"files": 1}, {"directories": 1}, {"lines": 0}, {"commands": 0}, {"files": 4},
    {"tasks": 12}],
)  # fmt: skip
def test_arguments_out_of_range_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match="files" if arguments.get("tasks") else next(iter(arguments))):
        Shell(**arguments)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="kind"):
        Shell(kind="copy")
