"""Combine numbers two at a time until one of them is the target."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import combinations
from math import comb
from typing import ClassVar, NamedTuple

from textenvs.core.errors import check_range
from textenvs.core.game import Distribution, Game, Levels, Random
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.countdown_search import CountdownMove, Numbers, Steps, choices, combined, fewest_steps, result
from textenvs.games.countdown_words import HELP, Command, parse
from textenvs.games.phrasing import count, listed

LARGE = (25, 50, 75, 100)
STOP, UNDO = CountdownMove("stop"), CountdownMove("undo")

_HIGHEST = 999


class CountdownState(NamedTuple):
    """The numbers and what has been made of them.

    Attributes:
        start: the numbers at first, in descending order.
        target: the number to make.
        made: the combinations that stand.
        left: turns left.
        stopped: whether the player stopped.
    """

    start: Numbers
    target: int
    made: Steps
    left: int
    stopped: bool = False


@dataclass(frozen=True)
class Countdown(Game[CountdownState, CountdownMove]):
    """Make a target from given numbers by adding, subtracting, multiplying and dividing two at a time.

    Source:
        The numbers round of the television game (Armand Jammot 1972, Des chiffres et des lettres; Channel 4,
        Countdown, since 1982), with its tiles and points. There the answer is one calculation within
        30 seconds; here it is made step by step, and steps can be taken back, as in the searches of
        Gandhi et al. 2024 (Stream of Search, arXiv:2404.03683). There targets are drawn from 101 … 999
        and may be out of reach; here they can always be made.
    Players and turns:
        One player, one step a turn.
    What the player sees:
        Everything: the target, the numbers, the combinations made of them, and the turns left.
    Replies:
        `75 + 6`, `75 - 6`, `75 * 6`, `75 / 5`, `add 6 and 75`, `divide 75 by 5`; numbers may be called largest and
        smallest; `undo`; `stop`. In a longer reply the last such step counts.
    Rules:
        A combination replaces two numbers by their sum, difference, product or quotient, which must
        be a positive whole number. Each number can be used once; not all need be used. `undo` takes back the last
        combination that stands. Other steps are refused and use no turn.
    Rewards:
        1 when a number is the target, which ends the game. If it ends otherwise, 0.7 if the number nearest to
        the target is at most near / 2 away, 0.5 if at most near, else 0. Return in 0 … 1.
    End:
        A number is the target, the player stops, or the turns are used up.
    Parameters:
        numbers: how many numbers there are.
        large: how many of them are drawn from 25, 50, 75 and 100, without replacement.
        small: the others are drawn from 1 … small, where each is there twice.
        near: how far from the target a number still earns points.
        slack: turns beyond the `numbers` - 1 that it takes to combine all numbers.
    Size:
        The target is what comes of combining the numbers at random until one is left, each possible combination
        equally likely; numbers and target are drawn anew until the target is at most 999 and larger than every
        number by more than `near`. This gives 156 instances at level "easy" and 1,058,422 by default. At
        most `numbers` - 1 + slack turns; at most 4 x C(numbers, 2) + 2 steps to choose from.
    Known values:
        Optimal and plan are 1, since every target can be made, and the expert reaches it.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"numbers": 3, "large": 0, "small": 5, "near": 4, "slack": 2},
        "medium": {},
        "hard": {"numbers": 6, "large": 2, "slack": 10},
        "extreme": {"numbers": 7, "large": 3, "slack": 24},
    }

    numbers: int = 5
    large: int = 1
    small: int = 10
    near: int = 10
    slack: int = 4

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("numbers", self.numbers, 3, 7)
        check_range("large", self.large, 0, min(self.numbers, len(LARGE)))
        check_range("small", self.small, 5, 10)
        check_range("near", self.near, 0, 10)
        check_range("slack", self.slack, 0, 10_000)

    @property
    def max_turns(self) -> int:
        return self.numbers - 1 + self.slack

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def deals(self) -> Distribution[CountdownState] | None:
        if comb(2 * self.small, self.numbers - self.large) > _LISTED:
            return None
        chances = {
            self._opening(start, target): ways * chance
            for start, ways in Counter(self._ways_to_start()).items()
            for target, chance in _random_results(start).items()
            if self._is_wanted(start, target)
        }
        total = sum(chances.values())
        return tuple((state, chance / total) for state, chance in chances.items())

    def _ways_to_start(self) -> Iterator[Numbers]:
        """Yield the numbers that can be drawn, equally often for equal chances."""
        for large in combinations(LARGE, self.large):
            for small in combinations(self._small_tiles(), self.numbers - self.large):
                yield _descending(large + small)

    def _small_tiles(self) -> Numbers:
        return tuple(range(1, self.small + 1)) * 2

    def deal(self, random: Random) -> CountdownState:
        while True:
            large = random.shuffled(LARGE)[: self.large]
            small = random.shuffled(self._small_tiles())[: self.numbers - self.large]
            start = _descending(large + small)
            target = _random_result(start, random)
            if self._is_wanted(start, target):
                return self._opening(start, target)

    def _is_wanted(self, start: Numbers, target: int) -> bool:
        return max(start) + self.near < target <= _HIGHEST

    def _opening(self, start: Numbers, target: int) -> CountdownState:
        return CountdownState(start, target, (), self.max_turns)

    def content(self, state: CountdownState) -> tuple[Numbers, int]:
        return (state.start, state.target)

    def to_move(self, state: CountdownState) -> tuple[int, ...]:
        over = state.stopped or state.left == 0 or state.target in _numbers(state)
        return () if over else (0,)

    def legal(self, state: CountdownState, player: int) -> tuple[CountdownMove, ...]:
        return (*choices(_numbers(state)), *((UNDO,) if state.made else ()), STOP)

    def apply(self, state: CountdownState, move: CountdownMove) -> CountdownState:
        left = state.left - 1
        if move == STOP:
            return state._replace(left=left, stopped=True)
        made = state.made[:-1] if move == UNDO else (*state.made, move)
        return state._replace(made=made, left=left)

    def rewards(self, state: CountdownState, move: CountdownMove, after: CountdownState) -> tuple[float, ...]:
        return (0.0 if self.to_move(after) else self._points(after),)

    def _points(self, state: CountdownState) -> float:
        """Return what the game pays if it ends here."""
        _, off = _nearest(state)
        return next((points for points, most in self._tiers() if off <= most), 0.0)

    def instructions(self, player: int) -> str:
        tiers = [f"{points:g} points if it is at most {off} off" for points, off in self._tiers() if off]
        nearest = (
            f"your number nearest to the target earns {', '.join(tiers)}, else nothing" if tiers else "you earn nothing"
        )
        return (
            f"You have {self.numbers} numbers and a target. Each turn, combine two of your numbers with +, -, * or /: "
            "the result, which must be a positive whole number, takes their place. You need not use all numbers. You "
            "can also reply undo, which takes back your last combination, or stop, which ends the game. There are "
            f"{count(self.max_turns, 'turn')}; undo uses one too. When one of your numbers is the target, you earn 1 "
            f"point and the game ends. If it ends otherwise, {nearest}.\n"
            "Reply with one step, such as 25 * 4. You may call numbers largest and smallest, for example: "
            "largest + smallest"
        )

    def _tiers(self) -> tuple[tuple[float, int], ...]:
        """Return what a number earns that is so far off, best first."""
        return ((1.0, 0), (0.7, self.near // 2), (0.5, self.near))

    def view(self, state: CountdownState, player: int) -> str:
        numbers = ", ".join(map(str, _numbers(state)))
        made = "; ".join(f"{_told(move)} = {result(move)}" for move in state.made)
        lines = (f"Target: {state.target}. Numbers: {numbers}.", f"Made: {made}." if made else "", self._outcome(state))
        return "\n".join(filter(None, lines))

    def _outcome(self, state: CountdownState) -> str:
        """Return how many turns are left, or how the game ended."""
        if state.target in _numbers(state):
            return "You made the target. You win."
        if not state.stopped and state.left:
            return f"{count(state.left, 'turn')} left."
        ending = "You stopped." if state.stopped else "No turns left."
        number, off = _nearest(state)
        return f"{ending} Your nearest number, {number}, is {off} off: {self._points(state):g} points."

    def say(self, state: CountdownState, move: CountdownMove) -> str:
        return _told(move)

    def read(self, state: CountdownState, player: int, text: str) -> CountdownMove | Refusal:
        said = parse(text)
        if said is None:
            return Refusal(HELP)
        if said.verb == "stop":
            return STOP
        if said.verb == "undo":
            return UNDO if state.made else illegal("There is nothing to take back.")
        return _meant(_numbers(state), said)

    def progress(self, state: CountdownState) -> float:
        """What the numbers would earn if the game ended here."""
        return self._points(state)

    def expert(self, state: CountdownState, player: int) -> Distribution[CountdownMove]:
        """Makes the target in the fewest turns, undoing what has to be: optimal while that can be done in time.

        That is so at the opening. Otherwise it comes as near to the target as one step can.
        """
        return ((_way_to_target(state) or self._nearest_step(state), Fraction(1)),)

    def _nearest_step(self, state: CountdownState) -> CountdownMove:
        steps = (STOP, *self.legal(state, 0))
        return max(steps, key=lambda move: self._points(self.apply(state, move)))


_LISTED = 200
"""More choices of small numbers than these are drawn, not listed."""


def _descending(numbers: Iterable[int]) -> Numbers:
    return tuple(sorted(numbers, reverse=True))


def _numbers(state: CountdownState) -> Numbers:
    """Return the numbers that the player has now."""
    return reduce(combined, state.made, state.start)


def _nearest(state: CountdownState) -> tuple[int, int]:
    """Return the number nearest to the target, and how far it is off."""
    number = min(_numbers(state), key=lambda each: abs(each - state.target))
    return number, abs(number - state.target)


def _random_result(start: Numbers, random: Random) -> int:
    """Combine numbers at random until one is left."""
    numbers = start
    while len(numbers) > 1:
        numbers = combined(numbers, random.choice(choices(numbers)))
    return numbers[0]


def _random_results(start: Numbers) -> dict[int, Fraction]:
    """Return the distribution of `_random_result`."""
    chances = {start: Fraction(1)}
    for _ in start[1:]:
        after: dict[Numbers, Fraction] = defaultdict(Fraction)
        for numbers, chance in chances.items():
            steps = choices(numbers)
            for move in steps:
                after[combined(numbers, move)] += chance / len(steps)
        chances = after
    return {number: chance for (number,), chance in chances.items()}


def _way_to_target(state: CountdownState) -> CountdownMove | None:
    """Return the first step of the fastest way to the target, None if it takes more than the turns left."""
    ways = []
    for undone in range(len(state.made) + 1):
        kept = state.made[: len(state.made) - undone]
        steps = fewest_steps(reduce(combined, kept, state.start), state.target)
        if steps is not None:
            ways.append((undone + len(steps), UNDO if undone else steps[0]))
    turns, first = min(ways, key=lambda way: way[0], default=(state.left + 1, STOP))
    return first if turns <= state.left else None


def _told(move: CountdownMove) -> str:
    return move.verb if move in (STOP, UNDO) else f"{move.a} {move.verb} {move.b}"


def _meant(numbers: Numbers, said: Command) -> CountdownMove | Refusal:
    """Return the combination that was asked for, or why it cannot be made."""
    extremes = {"largest": numbers[0], "smallest": numbers[-1]}
    a, b = (extremes.get(name) or int(name) for name in (said.x, said.y))
    for number in (a, b):
        if number not in numbers:
            return illegal(f"You have no {number}; your numbers are {listed(tuple(map(str, numbers)))}.")
    if a == b and numbers.count(a) < 2:
        return illegal(f"You have only one {a}.")
    if said.verb in "+*":
        return CountdownMove(said.verb, max(a, b), min(a, b))
    if said.verb == "-":
        return CountdownMove("-", a, b) if a > b else illegal(f"{a} - {b} is not positive.")
    return illegal(f"{a} / {b} is not a whole number.") if a % b else CountdownMove("/", a, b)
