"""Find out how hidden circuits light lamps by setting switches, then answer questions about settings never tried."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import permutations, product
from math import perm
from typing import ClassVar, Literal, NamedTuple

from textenvs.core.errors import ArgumentError, check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.reading import last_match
from textenvs.core.refusal import Refusal, illegal

Answer = Literal["on", "off"]
Gate = Literal["AND", "OR", "XOR"]

GATES: tuple[Gate, ...] = ("AND", "OR", "XOR")


class Question(NamedTuple):
    """Whether a lamp is on under a setting of the switches."""

    setting: int
    lamp: int


Move = int | Answer | Question  # a setting to test, an answer, or the question that chance asks


class Wiring(NamedTuple):
    """One lamp's circuit: the first gate joins two switches, each later one the gate before it and a switch.

    Attributes:
        switches: the switches in their order along the chain.
        gates: one fewer gates.
        inverted: for each switch whether it is inverted on its way.
    """

    switches: tuple[int, ...]
    gates: tuple[Gate, ...]
    inverted: tuple[bool, ...]


class CircuitState(NamedTuple):
    """The circuits, what was tested, and the questions. A setting is a binary number whose first digit is switch 1.

    Attributes:
        lamps: for each lamp its truth table: bit s says whether it is on under setting s.
        used: tests made.
        tested: the settings tested, ascending.
        asked: the question to be answered now, None during the tests and while chance draws the next one.
        answered: the questions answered so far, ascending.
        right: how many of the answers were right.
        last: the newest setting tested, or whether the newest answer was right and the lamp on.
    """

    lamps: tuple[int, ...]
    used: int = 0
    tested: tuple[int, ...] = ()
    asked: Question | None = None
    answered: tuple[Question, ...] = ()
    right: int = 0
    last: int | tuple[bool, bool] | None = None


@dataclass(frozen=True)
class Circuit(Game[CircuitState, Move]):
    """Test hidden circuits of gates between switches and lamps, then say how they behave where they were not tested.

    Source:
        Written for textenvs: learning a function of a known class from queries of one's own choice
        (Angluin 1988, doi:10.1007/BF00116828), judged by questions on unseen inputs.
    Players and turns:
        One player: first a setting of the switches a turn, then an answer a turn.
    What the player sees:
        Which lamps the last setting lit and how many tests are left; then a question, and after it
        whether the answer was right. Earlier tests are not repeated: they have to be remembered.
    Replies:
        In the tests `set 010110`, or just the digits, switch 1 first, 1 for on and 0 for off; they may be
        apart by spaces or commas, and `off on off` is understood too. In a longer reply the last run of as
        many digits as switches counts. Testing a setting again is legal and wasteful.
        To a question `answer on` or `answer off`; `on`, `off`, `lit` and `dark` by themselves are
        understood. In a longer reply what follows "answer" counts, else what the lamp is said to be,
        else the last of these words.
    Rules:
        Each lamp has a circuit of its own: a chain of `gates` gates on gates + 1 different switches. The
        first gate joins two switches, each later one joins the gate before it and a further switch. A
        gate is AND, OR or XOR (on if exactly one of the two is on), and each switch may be inverted on its
        way. Switches, gates and inversions are independent and uniform.
        After the tests each question is about a uniformly random pair of a lamp and a setting that was
        not tested; no question comes twice.
    Rewards:
        1 / questions for each right answer. Return in 0 … 1.
    End:
        After the last question.
    Parameters:
        switches: the number of switches.
        gates: the gates of each circuit, fewer than switches. There may be at most 100,000 circuits.
        lamps: the number of lamps.
        tests: the number of tests, fewer than 2^switches.
        questions: the number of questions.
    Size:
        Different circuits for one lamp: 30 with switches=3, gates=1; 2,280 with switches=6, gates=2, so 1.2 x
        10^10 instances with the 3 lamps of the defaults. tests + questions turns.
    Known values:
        Random play returns 1/2, and so does the best plan: each circuit is as likely as its opposite.
        switches=2, gates=1, tests=3, questions=1: three different tests leave one setting, and what most
        circuits that agree with them say of it is right with probability 5/6 (optimal); myopic, which tests
        at random, 35/48. The expert is optimal there; at the defaults it returns 0.85 on average (200 seeds).
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"switches": 2, "gates": 1, "lamps": 2, "tests": 3, "questions": 1},
        "medium": {},
        "hard": {"gates": 3, "tests": 10, "questions": 40},
        "extreme": {"switches": 8, "lamps": 8, "tests": 12, "questions": 200},
    }

    switches: int = 6
    gates: int = 2
    lamps: int = 3
    tests: int = 8
    questions: int = 8

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("switches", self.switches, 2, 10)
        check_range("gates", self.gates, 1, self.switches - 1)
        check_range("lamps", self.lamps, 1, len(_LAMPS))
        check_range("tests", self.tests, 1, 2**self.switches - 1)
        check_range("questions", self.questions, 1, self.lamps * (2**self.switches - self.tests))
        if _number_of_wirings(self.switches, self.gates) > _MOST_WIRINGS:
            raise ArgumentError(f"gates={self.gates} is too many with switches={self.switches}: use fewer of either")

    @property
    def max_turns(self) -> int:
        return self.tests + self.questions

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def deals(self) -> Distribution[CircuitState] | None:
        if _number_of_wirings(self.switches, self.gates) ** self.lamps > _LISTED:
            return None
        tables = _tables(self.switches, self.gates)
        lamps = Counter(product(tables, repeat=self.lamps))
        total = len(tables) ** self.lamps
        return tuple((CircuitState(tables), Fraction(n, total)) for tables, n in sorted(lamps.items()))

    def deal(self, random: Random) -> CircuitState:
        return CircuitState(tuple(_table(self.switches, self._draw(random)) for _ in range(self.lamps)))

    def _draw(self, random: Random) -> Wiring:
        switches = random.shuffled(range(self.switches))[: self.gates + 1]
        gates = tuple(random.choice(GATES) for _ in range(self.gates))
        return Wiring(switches, gates, tuple(random.below(2) == 1 for _ in switches))

    def content(self, state: CircuitState) -> tuple[int, ...]:
        return state.lamps

    def to_move(self, state: CircuitState) -> tuple[int, ...]:
        return (0,) if state.used < self.tests or state.asked else ()

    def chance(self, state: CircuitState) -> Distribution[Move]:
        if self.to_move(state) or len(state.answered) == self.questions:
            return ()
        tested, answered = {*state.tested}, {*state.answered}
        pairs = product(range(2**self.switches), range(self.lamps))
        questions = (Question(setting, lamp) for setting, lamp in pairs if setting not in tested)
        return uniform([question for question in questions if question not in answered])

    def legal(self, state: CircuitState, player: int) -> tuple[Move, ...]:
        return ("on", "off") if state.asked else tuple(range(2**self.switches))

    def apply(self, state: CircuitState, move: Move) -> CircuitState:
        if isinstance(move, Question):
            return state._replace(asked=move)
        if isinstance(move, int):
            tested = tuple(sorted({*state.tested, move}))
            return state._replace(used=state.used + 1, tested=tested, last=move)
        assert state.asked
        is_on = _is_on(state, state.asked)
        is_right = (move == "on") == is_on
        answered = tuple(sorted((*state.answered, state.asked)))
        return state._replace(asked=None, answered=answered, right=state.right + is_right, last=(is_right, is_on))

    def rewards(self, state: CircuitState, move: Move, after: CircuitState) -> tuple[float, ...]:
        return (1 / self.questions if after.right > state.right else 0.0,)

    def instructions(self, player: int) -> str:
        each, every = ("", "The") if self.questions == 1 else ("each ", "Each")
        return (
            f"There are {self.switches} switches, numbered from 1, and there {_NUMBER_OF_LAMPS[self.lamps]}. Each lamp "
            f"has its own secret circuit of {_count(self.gates, 'gate')} on {self.gates + 1} different switches. "
            f"{_CHAIN if self.gates > 1 else _ONE_GATE} A gate is AND (on if both are on), OR (on if at least one is "
            "on) or XOR (on if exactly one is on). A circuit may invert a switch, so that it counts as on when it is "
            "off.\n"
            f"First you make {_count(self.tests, 'test')}: you set all switches and see which lamps are on. Then I ask "
            f"you {_count(self.questions, 'question')}, {each}about one lamp and a setting that you did not test. "
            f"{every} right answer earns {_points(1 / self.questions)}. Answer like this: answer on, or: answer off.\n"
            "To make a test, reply with a digit for each switch, switch 1 first, 1 for on and 0 for off, for example: "
            f"set {_digits(1, self.switches)}"
        )

    def view(self, state: CircuitState, player: int) -> str:
        news = self._news(state)
        if state.used < self.tests:
            return f"{news} {_count(self.tests - state.used, 'test')} left.".lstrip()
        if state.asked is None:
            return f"{news} You answered {state.right} of {self.questions} right.".lstrip()
        number = f"Question {len(state.answered) + 1} of {self.questions}"
        switches = _digits(state.asked.setting, self.switches)
        return f"{news} {number}: with switches {switches}, is lamp {_LAMPS[state.asked.lamp]} on or off?"

    def _news(self, state: CircuitState) -> str:
        """What came of the last move."""
        if state.last is None:
            return ""
        if isinstance(state.last, tuple):
            is_right, is_on = state.last
            return f"{'Right' if is_right else 'Wrong'}: it is {_on(is_on)}."
        lamps = (f"{_LAMPS[lamp]} {_on(_is_on(state, Question(state.last, lamp)))}" for lamp in range(self.lamps))
        return f"{_digits(state.last, self.switches)}: {', '.join(lamps)}."

    def say(self, state: CircuitState, move: Move) -> str:
        return f"set {_digits(move, self.switches)}" if isinstance(move, int) else f"answer {move}"

    def read(self, state: CircuitState, player: int, text: str) -> Move | Refusal:
        answer, runs = _answer(text), _runs_of_digits(text)
        settings = [run for run in runs if len(run) == self.switches]
        if state.asked:
            return answer or _no_answer(any(settings))
        return int(settings[-1], 2) if settings else self._no_setting(answer, runs)

    def _no_setting(self, answer: Answer | None, runs: list[str]) -> Refusal:
        """Why a reply is no test."""
        example = f"set {_digits(1, self.switches)}"
        if runs and len(runs[-1]) > 1:
            return Refusal(
                f"Give {self.switches} digits, one for each switch, not {len(runs[-1])}, such as: {example}."
            )
        if answer:
            return illegal(f"There is no question yet. Test a setting of the switches, such as: {example}.")
        return Refusal(f"I read no setting in that. Reply with {self.switches} digits, 0 or 1, such as: {example}.")

    def expert(self, state: CircuitState, player: int) -> Distribution[Move]:
        """Tests where the lamps are most uncertain, and answers what most of the possible circuits say."""
        possible = self._possible(state)
        lit = _lit(self.switches, self.gates)
        if state.asked:
            still = possible[state.asked.lamp]
            on = (still & lit[state.asked.setting]).bit_count()
            return (("on" if 2 * on >= still.bit_count() else "off", Fraction(1)),)

        def uncertainty(setting: int) -> float:
            """The sum of the variances of the lamps."""
            shares = ((still & lit[setting]).bit_count() / still.bit_count() for still in possible)
            return sum(share * (1 - share) for share in shares)

        return ((max(range(2**self.switches), key=uncertainty), Fraction(1)),)

    def _possible(self, state: CircuitState) -> list[int]:
        """Return for each lamp the set of wirings that agree with everything seen, see `_lit`."""
        lit = _lit(self.switches, self.gates)
        possible = [(1 << len(_tables(self.switches, self.gates))) - 1] * self.lamps
        tested = (Question(setting, lamp) for setting in state.tested for lamp in range(self.lamps))
        for seen in (*tested, *state.answered):
            on = lit[seen.setting]
            possible[seen.lamp] &= on if _is_on(state, seen) else ~on
        return possible


_LISTED = 20_000
"""More deals than these are drawn, not listed."""

_MOST_WIRINGS = 100_000

_LAMPS = "ABCDEFGH"
_NUMBER_OF_LAMPS = (
    "are none",
    "is 1 lamp, A",
    "are 2 lamps, A and B",
    *(f"are {n} lamps, A to {_LAMPS[n - 1]}" for n in range(3, len(_LAMPS) + 1)),
)

_ONE_GATE = "The gate joins them, and it lights the lamp."
_CHAIN = (
    "The first gate joins two of them, each further gate joins the gate before it and another switch, and the last "
    "gate lights the lamp."
)


def _count(n: int, one: str) -> str:
    return f"{n} {one}{'s' * (n != 1)}"


def _points(value: float) -> str:
    return f"{value:.3g} point{'s' * (value != 1)}"


def _digits(setting: int, switches: int) -> str:
    return f"{setting:0{switches}b}"


def _on(is_on: bool) -> str:
    return "on" if is_on else "off"


def _is_on(state: CircuitState, question: Question) -> bool:
    return bool(state.lamps[question.lamp] >> question.setting & 1)


# Replies ---------------------------------------------------------------------------------------------

# Digits that are apart by nothing, or by the same spaces and marks throughout.
_RUN = re.compile(r"(?<![\w.])[01](?:([ ,;|/-]{0,3})[01](?:\1[01])*)?(?!\w)")
_ON_OFF = re.compile(r"\b(?:on|off)\b", re.IGNORECASE)

_STATE = r"(?<!not )\b(?a:(on|off|lit|dark))\b"
_ANSWERS = (
    rf"\banswer(?: is)?[\"'`*: ]{{0,4}}{_STATE}",
    rf"\b(?:lamp|lamp [a-h]|it)\W{{0,3}} (?:is|will be|must be|should be|would be)[\"'`* ]{{1,3}}{_STATE}",
    _STATE,
)
_MEANT: dict[str, Answer] = {"on": "on", "lit": "on", "off": "off", "dark": "off"}


def _answer(text: str) -> Answer | None:
    found = last_match(text, *_ANSWERS)
    return _MEANT[found.group(1).lower()] if found else None


def _no_answer(is_test: bool) -> Refusal:
    """Why a reply is no answer."""
    if is_test:
        return illegal("The tests are over. Reply with: answer on, or: answer off.")
    return Refusal("I read no answer in that. Reply with: answer on, or: answer off.")


def _runs_of_digits(text: str) -> list[str]:
    digits = _ON_OFF.sub(lambda word: "1" if word.group().lower() == "on" else "0", text)
    return [re.sub(r"[^01]", "", run.group()) for run in _RUN.finditer(digits)]


# Circuits --------------------------------------------------------------------------------------------


def _number_of_wirings(switches: int, gates: int) -> int:
    """Return the number of `_wirings`."""
    number: int = perm(switches, gates + 1) // 2 * len(GATES) ** gates * 2 ** (gates + 1)
    return number


def _wirings(switches: int, gates: int) -> Iterator[Wiring]:
    """Yield all wirings, each equally likely; the order of the first two switches makes no difference."""
    chains = [chain for chain in permutations(range(switches), gates + 1) if chain[0] < chain[1]]
    inversions = product((False, True), repeat=gates + 1)
    return (Wiring(*each) for each in product(chains, product(GATES, repeat=gates), inversions))


def _table(switches: int, wiring: Wiring) -> int:
    """Return the truth table of a wiring: bit s says whether the lamp is on under setting s."""
    columns = _columns(switches)
    everything = (1 << 2**switches) - 1
    first, *others = (
        everything ^ columns[switch] if inverted else columns[switch]
        for switch, inverted in zip(wiring.switches, wiring.inverted, strict=True)
    )
    for gate, column in zip(wiring.gates, others, strict=True):
        first = first & column if gate == "AND" else first | column if gate == "OR" else first ^ column
    return first


@lru_cache(maxsize=16)
def _columns(switches: int) -> tuple[int, ...]:
    """Return for each switch the truth table of being on."""
    settings = range(2**switches)
    return tuple(
        sum(1 << setting for setting in settings if setting >> (switches - 1 - switch) & 1)
        for switch in range(switches)
    )


@lru_cache(maxsize=8)
def _tables(switches: int, gates: int) -> tuple[int, ...]:
    """Return the truth tables of all wirings; some are equal."""
    return tuple(_table(switches, wiring) for wiring in _wirings(switches, gates))


@lru_cache(maxsize=8)
def _lit(switches: int, gates: int) -> tuple[int, ...]:
    """Return for each setting the set of wirings under which a lamp is on: bit i stands for the i-th of `_tables`."""
    rows = (f"{table:0{2**switches}b}" for table in reversed(_tables(switches, gates)))
    return tuple(int("".join(column), 2) for column in zip(*rows, strict=True))[::-1]
