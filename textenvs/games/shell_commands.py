"""A small Unix shell on an immutable virtual disk: commands with their usual output and error texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile

from textenvs.games.shell_text import (
    Found,
    Lines,
    Pipeline,
    ShellError,
    above,
    base,
    counts,
    depth,
    find_tests,
    joined,
    matches,
    options,
    parent,
    parse,
    shown,
    shown_below,
)

Disk = tuple[tuple[str, Lines | None], ...]
"""All absolute paths in ascending order, each with the lines of the file, or None for a directory; "/" is one."""

MOST_ENTRIES = 500
MOST_CHARACTERS = 50_000


def run(disk: Disk, directory: str, line: str) -> tuple[Disk, str, str]:
    """Return the disk and the current directory after a line of commands, and what it printed."""
    pipeline = parse(line)
    if isinstance(pipeline, str):
        return disk, directory, f"bash: {pipeline}"
    session = _Session(dict(disk), directory)
    out = session.run(pipeline)
    errors = [] if pipeline.is_quiet else session.errors
    return tuple(sorted(session.disk.items())), session.directory, shown([*errors, *out])


class _Session:
    """A line of commands at work on its own copy of the disk."""

    def __init__(self, disk: dict[str, Lines | None], directory: str) -> None:
        self.disk = disk
        self.directory = directory
        self.errors: list[str] = []
        self.target: str | None = None  # the path of the file that the output goes to

    def run(self, pipeline: Pipeline) -> Lines:
        """Run all commands and return what the last one prints on the terminal."""
        if pipeline.target is not None:
            self.target = self.opened(pipeline.target, pipeline.appends)
            if self.target is None:
                return ()
        out: Lines = ()
        for name, *arguments in pipeline.stages:
            out = self.output(name, arguments, out)
        if self.target is None:
            return out
        if self.target in self.disk:  # what is written to a file that the commands removed goes with it
            self.attempt("bash", self.put, self.target, (*(self.disk[self.target] or ()), *out))
        return ()

    def opened(self, name: str, appends: bool) -> str | None:
        """Return the path of a file to write to, created or emptied; None if that failed."""
        path = self.path(name)
        if self.is_directory(path) or name.endswith("/"):
            self.errors.append(f"bash: {name}: Is a directory")
        elif not self.is_directory(parent(path)):
            self.errors.append(f"bash: {name}: {self.missing(name)}")
        elif self.attempt("bash", self.put, path, (self.disk.get(path) or ()) if appends else ()):
            return path
        return None

    def output(self, name: str, arguments: list[str], given: Lines) -> Lines:
        """Return what one command prints when it is `given` the output of the one before."""
        command = COMMANDS.get(name)
        if command is None:
            self.errors.append(f"bash: {name}: command not found")
            return ()
        try:
            return tuple(command(self, arguments, given))
        except ShellError as error:
            self.errors.append(f"{'bash: ' if name == 'cd' else ''}{name}: {error}")
            return ()

    def attempt(self, name: str, action: Callable[..., None], *arguments: object) -> bool:
        """Return whether an action of the command `name` succeeds; if not, its error is kept."""
        try:
            action(*arguments)
        except ShellError as error:
            self.errors.append(f"{name}: {error}")
            return False
        return True

    # The disk ------------------------------------------------------------------------------------

    def path(self, name: str) -> str:
        """Return the absolute path of a name."""
        parts: list[str] = []
        for part in (name if name.startswith("/") else f"{self.directory}/{name}").split("/"):
            if part == "..":
                parts = parts[:-1]
            elif part not in ("", "."):
                parts.append(part)
        return "/" + "/".join(parts)

    def is_directory(self, path: str) -> bool:
        return path in self.disk and self.disk[path] is None

    def entry(self, name: str) -> str | None:
        """Return the path of what exists under a name, None if nothing does; a file has no slash at its end."""
        path = self.path(name)
        exists = path in self.disk and (self.is_directory(path) or not name.endswith("/"))
        return path if exists else None

    def missing(self, name: str) -> str:
        """Return why nothing exists under a name."""
        path = self.path(name)
        is_in_file = any(self.disk.get(each) is not None for each in (path, *above(path)))
        return "Not a directory" if is_in_file else "No such file or directory"

    def below(self, path: str) -> list[str]:
        """Return a path and all that is below it, each directory before what it holds."""
        inside = path.rstrip("/") + "/"
        found = [each for each in self.disk if each == path or each.startswith(inside)]
        return sorted(found, key=lambda each: each.split("/"))

    def put(self, path: str, content: Lines | None) -> None:
        """Create or replace a file, or create a directory."""
        self.put_all({path: content})

    def put_all(self, entries: dict[str, Lines | None]) -> None:
        disk = self.disk | entries
        characters = sum(len(line) + 1 for lines in disk.values() for line in lines or ())
        if len(disk) > MOST_ENTRIES or characters > MOST_CHARACTERS:
            raise ShellError("No space left on device")
        self.disk = disk

    def lines_of(self, command: str, name: str, opening: str = "", reading: str = "") -> Lines | None:
        """Return the lines of a file, None if there are none to read; the words of the errors are given."""
        path = self.entry(name)
        if path is None:
            self.errors.append(f"{command}: {opening or name}: {self.missing(name)}")
            return None
        lines = self.disk[path]
        if lines is None:
            self.errors.append(f"{command}: {reading or name}: Is a directory")
        return lines

    # Looking -------------------------------------------------------------------------------------

    def pwd(self, arguments: list[str], given: Lines) -> Iterable[str]:
        return (self.directory,)

    def cd(self, arguments: list[str], given: Lines) -> Iterable[str]:
        if len(arguments) > 1:
            raise ShellError("too many arguments")
        name = arguments[0] if arguments else "/"
        path = self.entry(name)
        if path is None:
            raise ShellError(f"{name}: {self.missing(name)}")
        if not self.is_directory(path):
            raise ShellError(f"{name}: Not a directory")
        self.directory = path
        return ()

    def ls(self, arguments: list[str], given: Lines) -> Iterable[str]:
        flags, _, names = options(arguments, "alhRF1pd")
        found = [(name, self.entry(name)) for name in sorted(names) or ["."]]
        for name, path in found:
            if path is None:
                self.errors.append(f"ls: cannot access '{name}': {self.missing(name)}")
        paths = [(name, path) for name, path in found if path is not None]
        alone = [(name, path) for name, path in paths if not self.is_directory(path) or "d" in flags]
        sections = [[self.listed(name, path, flags) for name, path in alone]] if alone else []
        for name, start in (each for each in paths if each not in alone):
            for path in filter(self.is_directory, self.below(start)) if "R" in flags else [start]:
                head = [f"{shown_below(name, start, path)}:"] if "R" in flags or len(found) > 1 else []
                sections.append([*head, *self.contents(path, flags)])
        return joined(sections)

    def contents(self, path: str, flags: set[str]) -> Iterator[str]:
        """Yield the listing of a directory."""
        if "a" in flags:
            yield from (self.listed(name, path, flags) for name in (".", ".."))
        for each in sorted(each for each in self.disk if parent(each) == path and each != "/"):
            if "a" in flags or not base(each).startswith("."):
                yield self.listed(base(each), each, flags)

    def listed(self, name: str, path: str, flags: set[str]) -> str:
        lines = self.disk[path]
        name += "/" if lines is None and flags & {"F", "p"} else ""
        if "l" not in flags:
            return name
        size = sum(len(line) + 1 for line in lines or ())
        return f"{'drwxr-xr-x' if lines is None else '-rw-r--r--'} 1 user user {size:>5} {name}"

    def cat(self, arguments: list[str], given: Lines) -> Iterable[str]:
        flags, _, names = options(arguments, "n")
        lines: list[str] = []
        for name in names or ["-"]:
            more = given if name == "-" else self.lines_of("cat", name) or ()
            if name != "-" and self.path(name) == self.target and (lines or more):
                self.errors.append(f"cat: {name}: input file is output file")
            else:
                lines += more
        return (f"{number:>6}  {line}" for number, line in enumerate(lines, 1)) if "n" in flags else lines

    def head(self, arguments: list[str], given: Lines) -> Iterable[str]:
        short = [("-n" + each[1:]) if each[:1] == "-" and each[1:].isdecimal() else each for each in arguments]
        _, values, names = options(short, "q", values="n")
        number = values.get("n", "10")
        if not number.isdecimal() or len(number) > 9:
            raise ShellError(f"invalid number of lines: '{number}'")
        if not names:
            return given[: int(number)]
        sections = []
        for name in names:
            lines = self.lines_of("head", name, f"cannot open '{name}' for reading", f"error reading '{name}'")
            if self.entry(name):
                sections.append([*([f"==> {name} <=="] if len(names) > 1 else []), *(lines or ())[: int(number)]])
        return joined(sections)

    def wc(self, arguments: list[str], given: Lines) -> Iterable[str]:
        flags, _, names = options(arguments, "lwc")
        counted = [(name, self.lines_of("wc", name)) for name in names] or [("", given)]
        rows = [(name, counts(lines or ())) for name, lines in counted if not name or self.entry(name)]
        if len(names) > 1:
            rows.append(("total", [sum(column) for column in zip(*(row for _, row in rows), strict=True)] or [0, 0, 0]))
        places = [place for place, flag in enumerate("lwc") if not flags or flag in flags]
        return (" ".join([*(str(row[place]) for place in places), name]).rstrip() for name, row in rows)

    # Searching -----------------------------------------------------------------------------------

    def find(self, arguments: list[str], given: Lines) -> Iterable[str]:
        starts = list(takewhile(lambda argument: not argument.startswith("-"), arguments))
        tests = find_tests(arguments[len(starts) :])
        out = []
        for name in starts or ["."]:
            start = self.entry(name)
            if start is None:
                self.errors.append(f"find: '{name}': {self.missing(name)}")
                continue
            for path in self.below(start):
                called = shown_below(name, start, path)
                found = Found(base(called.rstrip("/")), self.is_directory(path), depth(start, path))
                out += [called] if all(test(found) for test in tests) else []
        return out

    def grep(self, arguments: list[str], given: Lines) -> Iterable[str]:
        flags, values, names = options(arguments, "rRlcnivwhHFEGs", values="e")
        if not names and "e" not in values:
            raise ShellError("no pattern given; usage: grep [OPTION]... PATTERN [FILE]...")
        pattern = values["e"] if "e" in values else names.pop(0)
        is_recursive = bool(flags & {"r", "R"})
        if not names and not is_recursive:
            return matches(pattern, "(standard input)", given, flags, with_name="H" in flags)
        is_tree = is_recursive and (not names or self.is_directory(self.path(names[0])))
        with_name = "h" not in flags and (is_tree or len(names) > 1 or "H" in flags)
        sources = self.searched(names, is_recursive)
        return [line for name, lines in sources for line in matches(pattern, name, lines, flags, with_name)]

    def searched(self, names: list[str], is_recursive: bool) -> Iterator[tuple[str, Lines]]:
        """Yield the files that grep looks into, by the names it gives them."""
        for name in names or ["."]:
            start = self.entry(name)
            if start is None or not (is_recursive and self.is_directory(start)):
                lines = self.lines_of("grep", name)
                if lines is not None:
                    yield name, lines
                continue
            for path in self.below(start):
                lines = self.disk[path]
                if lines is not None:
                    called = shown_below(name, start, path)
                    yield called if names else called.removeprefix("./"), lines

    # Changing ------------------------------------------------------------------------------------

    def echo(self, arguments: list[str], given: Lines) -> Iterable[str]:
        words = arguments[1:] if arguments[:1] in (["-n"], ["-e"]) else arguments
        return " ".join(words).split("\n")

    def mkdir(self, arguments: list[str], given: Lines) -> Iterable[str]:
        flags, _, names = options(arguments, "p")
        if not names:
            raise ShellError("missing operand")
        for name in names:
            self.attempt("mkdir", self.make, name, "p" in flags)
        return ()

    def make(self, name: str, with_parents: bool) -> None:
        path = self.path(name)
        if path in self.disk and not (with_parents and self.is_directory(path)):
            raise ShellError(f"cannot create directory '{name}': File exists")
        if self.missing(name) == "Not a directory" or not (with_parents or self.is_directory(parent(path))):
            raise ShellError(f"cannot create directory '{name}': {self.missing(name)}")
        self.put_all(dict.fromkeys((path, *above(path))))

    def rm(self, arguments: list[str], given: Lines) -> Iterable[str]:
        flags, _, names = options(arguments, "rRf")
        if not names and "f" not in flags:
            raise ShellError("missing operand")
        for name in names:
            self.attempt("rm", self.remove, name, bool(flags & {"r", "R"}), "f" in flags)
        return ()

    def remove(self, name: str, is_recursive: bool, is_forced: bool) -> None:
        path = self.entry(name)
        if path is None:
            if is_forced:
                return
            raise ShellError(f"cannot remove '{name}': {self.missing(name)}")
        if self.is_directory(path) and not is_recursive:
            raise ShellError(f"cannot remove '{name}': Is a directory")
        if base(name.rstrip("/")) in (".", ".."):
            raise ShellError(f"refusing to remove '.' or '..' directory: skipping '{name}'")
        if path == "/":
            raise ShellError("it is dangerous to operate recursively on '/'")
        gone = set(self.below(path))
        self.disk = {each: content for each, content in self.disk.items() if each not in gone}

    def mv(self, arguments: list[str], given: Lines) -> Iterable[str]:
        return self.transfer("mv", arguments, "f")

    def cp(self, arguments: list[str], given: Lines) -> Iterable[str]:
        return self.transfer("cp", arguments, "rRaf")

    def transfer(self, command: str, arguments: list[str], accepted: str) -> Iterable[str]:
        flags, _, names = options(arguments, accepted)
        if not names:
            raise ShellError("missing file operand")
        *sources, target = names
        if not sources:
            raise ShellError(f"missing destination file operand after '{target}'")
        if len(sources) > 1 and not self.is_directory(self.path(target)):
            raise ShellError(f"target '{target}': {self.missing(target)}")
        for source in sources:
            self.attempt(command, self.transfer_one, command, source, target, bool(flags & {"r", "R", "a"}))
        return ()

    def transfer_one(self, command: str, source: str, target: str, is_recursive: bool) -> None:
        """Move or copy a file, or a directory with all that is in it."""
        path, new = self.entry(source), target
        if path is None:
            raise ShellError(f"cannot stat '{source}': {self.missing(source)}")
        if command == "cp" and self.is_directory(path) and not is_recursive:
            raise ShellError(f"-r not specified; omitting directory '{source}'")
        if self.is_directory(self.path(target)):
            new = f"{target.rstrip('/')}/{base(source.rstrip('/'))}"
        to = self.path(new)
        self.check_transfer(command, source, path, new, to)
        tree = self.below(path)
        copies = {to + each[len(path) :]: self.disk[each] for each in tree}
        if command == "mv":
            self.disk = {each: content for each, content in self.disk.items() if each not in tree}
        self.put_all(copies)

    def check_transfer(self, command: str, source: str, path: str, new: str, to: str) -> None:
        """Raise the error that keeps `source` from becoming `new`; `path` and `to` are their paths."""
        is_directory, moves = self.is_directory(path), command == "mv"
        kind = "directory" if is_directory else "regular file"
        going = f"cannot move '{source}' to '{new}'" if moves else f"cannot create {kind} '{new}'"
        if self.entry(new) is None and self.missing(new) == "Not a directory":
            raise ShellError(f"cannot stat '{new}': Not a directory")
        if to == path:
            raise ShellError(f"'{source}' and '{new}' are the same file")
        if not self.is_directory(parent(to)):
            raise ShellError(f"{going}: No such file or directory")
        if new.endswith("/") and not is_directory:
            raise ShellError(f"{going}: Not a directory")
        self.check_overwriting(source, is_directory, new, to)
        if moves and base(source.rstrip("/")) in (".", ".."):
            raise ShellError(f"{going}: Device or resource busy")
        if is_directory and to.startswith(path.rstrip("/") + "/"):
            doing = (
                f"move '{source}' to a subdirectory of itself"
                if moves
                else f"copy a directory, '{source}', into itself"
            )
            raise ShellError(f"cannot {doing}, '{new}'")
        if moves and self.is_directory(to) and len(self.below(to)) > 1:
            raise ShellError(f"{going}: Directory not empty")

    def check_overwriting(self, source: str, is_directory: bool, new: str, to: str) -> None:
        """Raise the error that keeps a file from becoming a directory, or the other way round."""
        if to not in self.disk or self.is_directory(to) == is_directory:
            return
        if is_directory:
            raise ShellError(f"cannot overwrite non-directory '{new}' with directory '{source}'")
        raise ShellError(f"cannot overwrite directory '{new}' with non-directory '{source}'")


COMMANDS: dict[str, Callable[[_Session, list[str], Lines], Iterable[str]]] = {
    "ls": _Session.ls, "cd": _Session.cd, "pwd": _Session.pwd, "cat": _Session.cat, "head": _Session.head,
    "wc": _Session.wc, "find": _Session.find, "grep": _Session.grep, "mv": _Session.mv, "cp": _Session.cp,
    "mkdir": _Session.mkdir, "rm": _Session.rm, "echo": _Session.echo,
}  # fmt: skip
