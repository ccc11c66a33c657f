"""Work with the best method known, or study projects of a technology tree in search of a better one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import ClassVar, Literal, NamedTuple

from textenvs.core.errors import check_range
from textenvs.core.game import Distribution, Game, Levels, Probability, Random, uniform
from textenvs.core.reading import NOT, last_match
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.phrasing import count

Move = str
"""`work`, the name of a project to study, or, by chance, whether a finished project `succeeds` or `fails`."""

Result = Literal["succeeds", "fails"]


class Project(NamedTuple):
    """What is known of a project beforehand.

    Attributes:
        needs: number of the project that must be finished before, None if there is none.
        turns: turns of study that finish it.
        worth: coins that a turn of work earns if it succeeds.
    """

    needs: int | None
    turns: int
    worth: int


Tree = tuple[Project, ...]


class ResearchState(NamedTuple):
    """The tree and how far it has been studied.

    Attributes:
        tree: the projects.
        left: turns of study that each project still takes.
        income: coins that a turn of work earns.
        turn: the current turn, from 1.
        finishing: number of the project of which chance decides next, else None.
        news: the project finished last turn and its result, None if none was.
    """

    tree: Tree
    left: tuple[int, ...]
    income: int
    turn: int = 1
    finishing: int | None = None
    news: tuple[int, Result] | None = None


@dataclass(frozen=True)
class Research(Game[ResearchState, Move]):
    """Explore or exploit: each turn either work with the best method known, or study in search of a better one.

    Source:
        Written for textenvs: the search for the best alternative, at the price of what is not earned meanwhile
        (Weitzman 1979, doi:10.2307/1910412), where projects open others, as in the technology trees of strategy games.
    Players and turns:
        One player, one move a turn.
    What the player sees:
        The turn, the income, how the last project ended, and of every unfinished project the turns it still takes, what
        its method would earn and what it needs. Whether a project succeeds shows only when it is finished.
    Replies:
        `work`, or `study bronze` with the name of a project; `earn`, `research bronze` and the name alone are
        understood too. In a longer reply the last `work`, or verb with a project, counts, else the last name.
    Rules:
        A turn of work earns the income. A turn of study brings a project one turn nearer to its end, and may be
        interrupted by other turns. A finished project succeeds with probability 1/2; the income is then its worth, if
        that is more. Succeeded or failed, it opens the projects that need it.
    Rewards:
        A turn of work pays the income divided by the most that any play of any instance could earn: the greatest
        (turns - n) x (income of n successful projects one behind the other). Return in 0 … 1; where all projects may be
        finished before the end, work cannot be avoided and the lowest return is (turns - projects x effort) x income,
        divided likewise.
    End:
        After the last turn.
    Parameters:
        turns: turns in an episode.
        projects: projects in the tree.
        depth: the most projects one behind the other.
        effort: the turns that a project takes are one of 1 … effort, each equally likely.
        gain: the worth of a project is its depth, 1 for those that need none, times one of 1 … gain, each equally
            likely.
        income: what a turn of work earns at the start.
    Size:
        What a project needs is nothing or any of those before it that are not `depth` deep, each equally likely; with
        effort x gain kinds of each project the default level has more than 10^12 instances; `turns` turns.
    Known values:
        It is optimal to study first and then work to the end, since work earns no less later: only which project comes
        next and when to stop matters. At the easy level optimal is 0.504, plan 0.479, myopic 0.25 and random 0.292. By
        default myopic, which always works, earns 80/864 = 0.093; the expert reaches 99 % of the optimum or more.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"turns": 6, "projects": 3, "depth": 2, "effort": 1, "gain": 3, "income": 1},
        "medium": {},
        "hard": {"turns": 200, "projects": 14, "depth": 6, "effort": 20},
        "extreme": {"turns": 1_000, "projects": 25, "depth": 8, "effort": 60, "gain": 8},
    }

    turns: int = 40
    projects: int = 8
    depth: int = 4
    effort: int = 6
    gain: int = 6
    income: int = 2

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("turns", self.turns, 1, 2_000)
        check_range("projects", self.projects, 1, len(_NAMES))
        check_range("depth", self.depth, 1, self.projects)
        check_range("effort", self.effort, 1, 1_000)
        check_range("gain", self.gain, 1, 1_000)
        check_range("income", self.income, 1, 1_000)

    @property
    def max_turns(self) -> int:
        return self.turns

    @property
    def return_range(self) -> tuple[float, float]:
        return (max(0, self.turns - self.projects * self.effort) * self.income / self.scale, 1.0)

    @property
    def scale(self) -> int:
        """The most coins that any play of any instance can earn."""
        deepest = range(min(self.depth, self.turns) + 1)
        return max((self.turns - studied) * max(self.income, studied * self.gain) for studied in deepest)

    def deals(self) -> Distribution[ResearchState] | None:
        kinds = self.effort * self.gain
        if (kinds * self.projects) ** self.projects > _LISTED:
            return None
        trees: list[tuple[Tree, Probability]] = [((), Fraction(1))]
        for _ in range(self.projects):
            trees = [((*tree, project), p * q) for tree, p in trees for project, q in uniform(self._next(tree))]
        return tuple([(self._opening(tree), p) for tree, p in trees])

    def _next(self, tree: Tree) -> list[Project]:
        """Return every project that may be the next of a tree."""
        turns, factors = range(1, self.effort + 1), range(1, self.gain + 1)
        return [
            Project(needs, number, factor * (1 + _depth(tree, needs)))
            for needs in self._openers(tree)
            for number in turns
            for factor in factors
        ]

    def _openers(self, tree: Tree) -> list[int | None]:
        """Return what the next project of a tree may need."""
        return [None, *[number for number in range(len(tree)) if _depth(tree, number) < self.depth]]

    def deal(self, random: Random) -> ResearchState:
        tree: Tree = ()
        for _ in range(self.projects):
            needs = random.choice(self._openers(tree))
            worth = (1 + random.below(self.gain)) * (1 + _depth(tree, needs))
            tree = (*tree, Project(needs, 1 + random.below(self.effort), worth))
        return self._opening(tree)

    def _opening(self, tree: Tree) -> ResearchState:
        return ResearchState(tree, tuple([project.turns for project in tree]), self.income)

    def content(self, state: ResearchState) -> Tree:
        return state.tree

    def to_move(self, state: ResearchState) -> tuple[int, ...]:
        return () if state.finishing is not None or state.turn > self.turns else (0,)

    def legal(self, state: ResearchState, player: int) -> tuple[Move, ...]:
        return ("work", *[_NAMES[number] for number in range(self.projects) if _is_open(state, number)])

    def chance(self, state: ResearchState) -> Distribution[Move]:
        return () if state.finishing is None else uniform(("succeeds", "fails"))

    def apply(self, state: ResearchState, move: Move) -> ResearchState:
        if state.finishing is not None:
            return self._finished(state, state.finishing, "succeeds" if move == "succeeds" else "fails")
        after = state._replace(turn=state.turn + 1, news=None)
        if move == "work":
            return after
        number = _NAMES.index(move)
        left = _with(state.left, number, state.left[number] - 1)
        return after._replace(left=left, finishing=None if left[number] else number)

    def _finished(self, state: ResearchState, number: int, result: Result) -> ResearchState:
        worth = state.tree[number].worth if result == "succeeds" else 0
        return state._replace(income=max(state.income, worth), finishing=None, news=(number, result))

    def rewards(self, state: ResearchState, move: Move, after: ResearchState) -> tuple[float, ...]:
        return (state.income / self.scale if move == "work" else 0.0,)

    def instructions(self, player: int) -> str:
        return (
            f"You have {count(self.turns, 'turn')}. Each turn you either work or study a project.\n"
            "work - earns your income: the coins of the best method you know.\n"
            "study NAME - studies that project for this turn. When it has been studied for all the turns it takes, it "
            "is finished: with probability 1/2 it succeeds and you know its method, else it fails. A project that "
            "needs another one can be studied when that one is finished, whether it succeeded or failed.\n"
            "I tell you of each project the turns of study it still takes, the coins that a turn of work with its "
            "method earns, and what it needs.\n"
            f"Only work earns coins. Your score is all the coins you earn divided by {self.scale}.\n"
            "For example, reply: work"
        )

    def view(self, state: ResearchState, player: int) -> str:
        news = f"{_NAMES[state.news[0]].capitalize()} {_RESULTS[state.news[1]]}. " if state.news else ""
        income = f"Your income is {count(state.income, 'coin')}."
        if state.turn > self.turns:
            return f"{news}The last turn is over. {income}"
        projects = [_told(state, number) for number in range(self.projects) if state.left[number]]
        listed = "\n".join(["Projects:", *projects]) if projects else "All projects are finished."
        return f"{news}Turn {state.turn} of {self.turns}. {income} {listed}"

    def say(self, state: ResearchState, move: Move) -> str:
        return "work" if move == "work" else f"study {move}"

    def read(self, state: ResearchState, player: int, text: str) -> Move | Refusal:
        asked = last_match(_NO_MOVE.sub(" ", text), _ASKED, _NAMED)
        if asked is None:
            return Refusal("I read no move in that. Reply with: work, or: study and the name of a project.")
        if asked["name"] is None:
            return "work"
        move = asked["name"].lower()
        number = _NAMES.index(move)
        if number >= self.projects:
            return illegal(f"There is no project called {move} here.")
        if not state.left[number]:
            return illegal(f"{move.capitalize()} is finished.")
        if not _is_open(state, number):
            return illegal(f"{move.capitalize()} cannot be studied yet: it needs {_needed(state, number)}.")
        return move

    def progress(self, state: ResearchState) -> float:
        """What the remaining turns would pay if all were spent working."""
        return (self.turns - state.turn + 1) * state.income / self.scale

    def expert(self, state: ResearchState, player: int) -> Distribution[Move]:
        """Digs where a single line of projects promises most, looking at it anew every turn: near to optimal."""
        turns = self.turns - state.turn + 1
        best, move = float(turns * state.income), "work"
        for number in range(self.projects):
            if line := _line(state, number):
                known = tuple([(state.left[each], state.tree[each].worth) for each in line])
                promise = _promise(known, state.income, turns)
                if promise > best + 1e-9:
                    best, move = promise, _NAMES[line[0]]
        return ((move, Fraction(1)),)


_LISTED = 10_000
"""More deals than these are drawn, not listed."""

_NAMES = (
    "algebra", "bronze", "cement", "dyeing", "electricity", "farming", "glass", "hydraulics", "irrigation", "joinery",
    "knitting", "leather", "masonry", "navigation", "optics", "paper", "quarrying", "rubber", "steel", "trade",
    "urbanism", "vaccination", "weaving", "yeast", "zinc",
)  # fmt: skip

_PROJECT = rf"(?:the\s+)?(?P<name>{'|'.join(_NAMES)})"
_ASKED = (
    r"(?a:\b(?:study|studying|research|researching|explore|develop|investigate|learn|work\s+on)\s+"
    rf"{_PROJECT}\b|\b(?:work|working|earn)\b)"
)
_NAMED = rf"(?a:\b{_PROJECT}\b)"

_RESULTS: dict[Result, str] = {"succeeds": "succeeded", "fails": "failed"}

_NO_MOVE = re.compile(
    rf"{NOT}(?:to\s+|want\s+to\s+|going\s+to\s+)?"
    r"(?:work(?:ing)?\b(?!\s+on)|\w{1,20}\s+\w+)"
    r"|\b(?:later|more|future|my)\s+work\b|\bwork\s+(?=earns|pays|brings|will|would|is|later)",
    re.IGNORECASE,
)
"""What is said of work and study without asking for it, as in "study bronze, so that later work earns more"."""


def _told(state: ResearchState, number: int) -> str:
    project = state.tree[number]
    needs = "" if _is_open(state, number) else f", needs {_needed(state, number)}"
    return f"{_NAMES[number]}: {count(state.left[number], 'turn')}, {count(project.worth, 'coin')}{needs}"


def _is_open(state: ResearchState, number: int) -> bool:
    """Return whether a project can be studied."""
    needs = state.tree[number].needs
    return state.left[number] > 0 and (needs is None or not state.left[needs])


def _needed(state: ResearchState, number: int) -> str:
    return _NAMES[state.tree[number].needs or 0]


def _depth(tree: Tree, number: int | None) -> int:
    """Return how many projects stand one behind the other up to a project; 0 for none."""
    return 0 if number is None else 1 + _depth(tree, tree[number].needs)


def _with(left: tuple[int, ...], number: int, turns: int) -> tuple[int, ...]:
    return (*left[:number], turns, *left[number + 1 :])


def _line(state: ResearchState, number: int) -> list[int]:
    """Return the unfinished projects up to a project, first to last."""
    line: list[int] = []
    needs: int | None = number
    while needs is not None and state.left[needs]:
        line.append(needs)
        needs = state.tree[needs].needs
    return line[::-1]


@lru_cache(maxsize=200_000)
def _promise(line: tuple[tuple[int, int], ...], income: int, turns: int) -> float:
    """Return the expected coins of finishing the first project of a line, and then as many as seem worth it.

    Args:
        line: turns and worth of projects one behind the other.
        income: the income before.
        turns: the turns before the end.
    """
    if not line:
        return 0.0
    (study, worth), *rest = line
    left = turns - study
    if left <= 0:
        return 0.0
    more = tuple(rest)
    failed, succeeded = (max(left * known, _promise(more, known, left)) for known in (income, max(income, worth)))
    return (failed + succeeded) / 2
