"""The words of the small Unix shell: lines of commands, options, paths, patterns, and what is printed."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

Lines = tuple[str, ...]

_SHOWN_LINES = 60
_SHOWN_CHARACTERS = 2_000
_OPERATORS = frozenset("|&;<>()")


class ShellError(Exception):
    """A command stops; the text says why."""


class Pipeline(NamedTuple):
    """A line of commands.

    Attributes:
        stages: each command with its arguments; the output of one is the input of the next.
        target: the file that the last output goes to, None for the terminal.
        appends: whether it is added to that file.
        is_quiet: whether errors are thrown away (`2>/dev/null`).
    """

    stages: tuple[tuple[str, ...], ...]
    target: str | None = None
    appends: bool = False
    is_quiet: bool = False


def parse(line: str) -> Pipeline | str:
    """Return the commands of a line, or the text of a syntax error."""
    is_quiet = "2>/dev/null" in line
    line = line.replace("2>/dev/null", " ").replace("2>&1", " ")
    tokens = _tokens(line.partition(" # ")[0]) or _tokens(line)  # a comment, unless that is inside of quotes
    if not tokens:
        return "unexpected end of line while looking for a matching quote"
    target, appends = None, False
    if len(tokens) >= 3 and tokens[-2] in (">", ">>"):
        target, appends = tokens[-1], tokens[-2] == ">>"
        tokens = tokens[:-2]
    stages = _split(tokens)
    wrong = next((token for token in tokens if token and token != "|" and _OPERATORS.issuperset(token)), None)
    if wrong or not all(stages):
        return f"syntax error near unexpected token '{wrong or '|'}'"
    return Pipeline(stages, target, appends, is_quiet)


def _tokens(line: str) -> list[str] | None:
    """Return the words and operators of a line, None if a quote is not closed."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>()")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        return list(lexer)
    except ValueError:
        return None


def _split(tokens: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    stages: list[list[str]] = [[]]
    for token in tokens:
        if token == "|":
            stages.append([])
        else:
            stages[-1].append(token)
    return tuple(map(tuple, stages))


def shown(lines: Sequence[str]) -> str:
    """Return the beginning of an output, and how much was left out."""
    length, kept = 0, list[str]()
    for line in lines[:_SHOWN_LINES]:
        length += len(line) + 1
        if length > _SHOWN_CHARACTERS:
            break
        kept.append(line)
    left = len(lines) - len(kept)
    return "\n".join([*kept, f"... ({left} more line{'s' * (left > 1)})"] if left else kept)


# Paths ----------------------------------------------------------------------------------------------


def parent(path: str) -> str:
    """Return the directory that a path lies in; "/" lies in itself."""
    return path.rpartition("/")[0] or "/"


def above(path: str) -> list[str]:
    """Return all directories that a path lies in, "/" last."""
    return [] if path == "/" else [parent(path), *above(parent(path))]


def base(path: str) -> str:
    """Return the last part of a path."""
    return path.rpartition("/")[2] or path


def depth(start: str, path: str) -> int:
    """Return how many levels a path lies below `start`."""
    return path[len(start.rstrip("/")) :].count("/") if path != start else 0


def shown_below(name: str, start: str, path: str) -> str:
    """Return how a path at or below `start` is shown to one who called that `name`."""
    rest = path[len(start) :].lstrip("/")
    return f"{name.rstrip('/')}/{rest}" if rest else name


def joined(sections: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of all sections, an empty line between them."""
    lines: list[str] = []
    for section in sections:
        lines += ["", *section] if lines else section
    return lines


def options(arguments: Sequence[str], flags: str, values: str = "") -> tuple[set[str], dict[str, str], list[str]]:
    """Return the flags, the options with values, and the other arguments.

    Raises:
        ShellError: for an option that the command does not have.
    """
    found, given, others = set[str](), dict[str, str](), list[str]()
    left = list(arguments)
    while left:
        argument = left.pop(0)
        if argument == "--":
            return found, given, [*others, *left]
        if argument.startswith("--"):
            raise ShellError(f"unrecognized option '{argument}'")
        if argument == "-" or not argument.startswith("-"):
            others.append(argument)
            continue
        for place, letter in enumerate(argument[1:], 2):
            if letter in values:
                given[letter] = _value(letter, argument[place:], left)
                break
            if letter not in flags:
                raise ShellError(f"invalid option -- '{letter}'")
            found.add(letter)
    return found, given, others


def _value(letter: str, rest: str, left: list[str]) -> str:
    if rest:
        return rest
    if not left:
        raise ShellError(f"option requires an argument -- '{letter}'")
    return left.pop(0)


def counts(lines: Lines) -> list[int]:
    """Return the numbers of lines, words and characters."""
    return [len(lines), sum(len(line.split()) for line in lines), sum(len(line) + 1 for line in lines)]


class Found(NamedTuple):
    """An entry of the disk that find may show; the depth counts from where it starts."""

    name: str
    is_directory: bool
    depth: int


def find_tests(arguments: Sequence[str]) -> list[Callable[[Found], bool]]:
    """Return the tests of a find command, all of which must hold. Raises `ShellError` for those that do not exist."""
    tests: list[Callable[[Found], bool]] = []
    left = list(arguments)
    while left:
        test = left.pop(0)
        if test == "-print":
            continue
        if test not in ("-name", "-iname", "-type", "-maxdepth"):
            raise ShellError(f"unknown predicate `{test}'")
        if not left:
            raise ShellError(f"missing argument to `{test}'")
        tests.append(_find_test(test, left.pop(0)))
    return tests


def _find_test(test: str, value: str) -> Callable[[Found], bool]:
    if test == "-name":
        return lambda found: fits(value, found.name)
    if test == "-iname":
        return lambda found: fits(value.lower(), found.name.lower())
    if test == "-type" and value in ("f", "d"):
        return lambda found: found.is_directory == (value == "d")
    if test == "-maxdepth" and value.isdecimal() and len(value) < 10:
        return lambda found: found.depth <= int(value)
    raise ShellError(f"invalid argument '{value}' to '{test}'")


def fits(pattern: str, name: str) -> bool:
    """Return whether a name is one that a pattern with * (anything) and ? (any character) stands for.

    The shortest text is tried for every * in turn; only the last one has ever to be made longer.
    """
    place = here = 0
    star, after_star = -1, 0
    while here < len(name):
        if place < len(pattern) and pattern[place] == "*":
            star, after_star = place, here
            place += 1
        elif place < len(pattern) and pattern[place] in ("?", name[here]):
            place, here = place + 1, here + 1
        elif star >= 0:
            after_star += 1
            place, here = star + 1, after_star
        else:
            return False
    return not pattern[place:].strip("*")


def matches(pattern: str, name: str, lines: Lines, flags: set[str], with_name: bool) -> list[str]:
    """Return what grep prints of one file."""
    found = [(n, line) for n, line in enumerate(lines, 1) if contains(line, pattern, flags) != ("v" in flags)]
    if "l" in flags:
        return [name] if found else []
    prefix = f"{name}:" if with_name else ""
    if "c" in flags:
        return [f"{prefix}{len(found)}"]
    return [f"{prefix}{n}:{line}" if "n" in flags else f"{prefix}{line}" for n, line in found]


def contains(line: str, pattern: str, flags: set[str]) -> bool:
    """Return whether a line contains a text, as a whole word if the flag w is set, in any case if i is."""
    if "i" in flags:
        line, pattern = line.lower(), pattern.lower()
    place = line.find(pattern)
    while place >= 0 and "w" in flags and pattern:
        if not _is_word(line[place - 1 : place]) and not _is_word(line[place + len(pattern) :][:1]):
            return True
        place = line.find(pattern, place + 1)
    return place >= 0


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
