"""The tasks of Shell: files in directories, what is to be done with them, and when it is right."""

from __future__ import annotations

from typing import Literal, NamedTuple, cast

from textenvs.core.game import Random
from textenvs.games.shell_commands import Disk
from textenvs.games.shell_text import base

Kind = Literal["move", "count", "delete", "first"]

KINDS: tuple[Kind, ...] = ("move", "count", "delete", "first")
ANSWER = "/answer.txt"

FILES = (
    "notes.txt", "report.txt", "todo.txt", "budget.csv", "draft.md", "letter.txt", "recipe.txt", "names.csv",
    "ideas.md", "invoice.txt", "travel.md", "poem.txt", "menu.txt", "score.csv", "diary.txt", "song.txt", "quiz.md",
    "speech.txt", "tasks.md", "prices.csv", "story.txt", "agenda.md", "summary.txt", "guests.csv", "review.txt",
    "essay.md", "orders.csv", "memo.txt", "lesson.md", "rules.txt", "stock.csv", "survey.txt", "slides.md", "terms.txt",
    "results.csv", "thanks.txt", "outline.md", "contacts.csv", "history.txt", "readme.md",
)  # fmt: skip
DIRECTORIES = (
    "docs", "mail", "work", "music", "old", "photos", "backup", "games", "lab", "shop", "club", "garden", "school",
    "home",
)  # fmt: skip
WORDS = (
    "falcon", "copper", "violet", "meadow", "thunder", "lantern", "marble", "saffron", "orchid", "glacier", "pepper",
    "walnut", "dolphin", "anchor", "velvet", "comet", "harbor", "jasmine", "pebble", "ribbon", "tiger", "canyon",
    "maple", "ginger", "island", "rocket", "silver", "amber", "castle", "cotton", "desert", "engine", "feather",
    "guitar", "helmet", "jungle", "kettle", "lemon", "mirror", "needle",
)  # fmt: skip


class Task(NamedTuple):
    """What to do: about the files that contain a word or, for "first", about the file of a name.

    Attributes:
        kind: `move` the one file to a directory; `count` the files and write the number to `ANSWER`; `delete`
            them; write the `first` line of the file to `ANSWER`.
        about: the word, or the name.
        place: the directory to move to, else "".
    """

    kind: Kind
    about: str
    place: str = ""


class House:
    """Files in directories, and tasks about them that can be done one after the other."""

    def __init__(self, random: Random, kind: str, tasks: int, files: int, directories: int, lines: int) -> None:
        """Draw the places of all files; arguments as of the game."""
        self.random = random
        self.kinds = KINDS if kind == "any" else (cast("Kind", kind),)
        self.directories: list[str] = []
        for name in DIRECTORIES[:directories]:
            self.directories.append(f"{random.choice(['', *self.directories])}/{name}")
        names = FILES[:files]
        self.at_first = {name: random.choice(self.directories) for name in names}
        self.lines = {
            name: [f"entry {number * lines + line + 1}" for line in range(lines)] for number, name in enumerate(names)
        }
        self.titles: dict[str, str] = {}
        self.place = dict(self.at_first)  # once all tasks so far are done; the deleted are not in it
        self.words = list(WORDS[: 4 * tasks])

    def task(self, left: int) -> Task:
        """Draw one more task, the first of `left` that are still to be drawn."""
        kind = self.random.choice(self.kinds)
        word = self.words.pop(self.random.below(len(self.words)))
        names = list(self.place)
        if kind == "first":
            name = self.random.choice(names)
            self.titles.setdefault(name, word)
            return Task(kind, name)
        if kind == "move":
            name = self.random.choice(names)
            self.write(word, name)
            place = self.random.choice([each for each in self.directories if each != self.place[name]])
            self.place[name] = place
            return Task(kind, word, place)
        # Deleting leaves as many files as there are tasks to come, and one.
        most = min(3, len(names) - left) if kind == "delete" else min(6, len(names))
        for name in self.random.shuffled(names)[: 1 + self.random.below(most)]:
            self.write(word, name)
            if kind == "delete":
                del self.place[name]
        return Task(kind, word)

    def write(self, word: str, name: str) -> None:
        """Add a word to a line of a file."""
        line = self.random.below(len(self.lines[name]))
        self.lines[name][line] += f" {word}"

    def disk(self) -> Disk:
        """Return the disk before the first task."""
        titles = {name: [title] for name, title in self.titles.items()}
        content = {
            f"{self.at_first[name]}/{name}": (*titles.get(name, []), *lines) for name, lines in self.lines.items()
        }
        return tuple(sorted({**dict.fromkeys(["/", *self.directories]), **content}.items()))


def files(disk: Disk) -> Disk:
    """Return the disk without its directories."""
    return tuple((path, lines) for path, lines in disk if lines is not None)


def goal(disk: Disk, task: Task) -> Disk | None:
    """Return the files that make a task right that begins with `disk`, None if it cannot be done."""
    content = {path: lines for path, lines in disk if lines is not None}
    if task.kind == "first":
        found = [path for path in content if base(path) == task.about]
    else:
        found = [path for path, lines in content.items() if any(task.about in line for line in lines)]
    if task.kind in ("first", "move") and len(found) != 1:
        return None
    if task.kind == "first":
        content[ANSWER] = content[found[0]][:1]
    elif task.kind == "count":
        content[ANSWER] = (str(len(found)),)
    else:
        taken = {path: content.pop(path) for path in found}
        if task.kind == "move":
            content[f"{task.place}/{base(found[0])}"] = taken[found[0]]
    return tuple(sorted(content.items()))


def told(task: Task) -> str:
    """Return what a player is told to do."""
    match task.kind:
        case "move":
            return f'move the file that contains "{task.about}" to the directory {task.place}'
        case "count":
            return f'count the files that contain "{task.about}" and write the number to {ANSWER}'
        case "delete":
            return f'delete all files that contain "{task.about}"'
        case "first":
            return f"write the first line of the file {task.about} to {ANSWER}"


ACTS: dict[Kind, str] = {"move": "mv ", "count": "echo ", "delete": "rm ", "first": "head "}


def search(task: Task) -> str:
    """Return a command that prints what has to be known to do a task."""
    if task.kind == "first":
        return f"find / -name {task.about}"
    return f"grep -rl {task.about} /" + (" | wc -l" if task.kind == "count" else "")


def act(task: Task, found: list[str]) -> str:
    """Return the command that does a task, by the lines that `search` printed; "" if there are none."""
    if found == [""]:
        return ""
    match task.kind:
        case "move":
            return f"mv {found[0]} {task.place}"
        case "count":
            return f"echo {found[0]} > {ANSWER}"
        case "delete":
            return f"rm {' '.join(found)}"
        case "first":
            return f"head -n 1 {found[0]} > {ANSWER}"
