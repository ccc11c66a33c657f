"""Answer questions about payments by querying an SQLite database."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import ClassVar, NamedTuple

from textenvs.core.draws import every_outcome
from textenvs.core.errors import ArgumentError, check_range
from textenvs.core.game import Distribution, Game, Levels, Random
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.ledger_database import MOST_CHARACTERS, MOST_ROWS, Account, Book, Payment, opened, result
from textenvs.games.ledger_reader import ANSWER, is_value, last_move
from textenvs.games.ledger_topics import CITIES, OWNERS, TOPICS, Question, Topic, asked, solution


class LedgerState(NamedTuple):
    """The database, the questions, and how far they are answered.

    Attributes:
        book: all rows of the database.
        questions: all questions of the episode.
        number: questions answered.
        used: queries made.
        query: the last query if the last move was one, else "".
        shown: its result.
        right: questions answered rightly.
        was_right: whether the last move was a right answer, None if it was no answer.
    """

    book: Book
    questions: tuple[Question, ...]
    number: int = 0
    used: int = 0
    query: str = ""
    shown: str = ""
    right: int = 0
    was_right: bool | None = None


@dataclass(frozen=True)
class Ledger(Game[LedgerState, str]):
    """Answer questions about a ledger of payments with SQL queries to a real SQLite database.

    Source:
        Written for textenvs, after InterCode (Yang et al. 2023, arXiv:2306.14898) and Spider (Yu et al. 2018,
        arXiv:1809.08887), which score SQL written for a question. Here the answer counts, not the query.
    Players and turns:
        One player, one query or answer a turn.
    What the player sees:
        The result of the last query, or whether the last answer was right; the current question and the
        queries left. Earlier results are not repeated.
    Replies:
        An SQL statement, such as `SELECT * FROM accounts`, or `answer 42`, `answer Ada`. In a longer reply what
        comes last counts: a statement in a fenced block or between backticks, one at the beginning of a line
        (up to a semicolon, a blank line or a line with the answer), or "answer" with a whole number or the
        name of a person or city. A number or name alone is an answer too. In a plan a statement stands on
        one line.
        The legal moves that are listed, for blind play and for planning, are the two tables, the query that
        answers the question, and as answers all numbers that may be right where these are at most 11, else
        the numbers and names in the last result and the names of all people.
    Rules:
        The tables are accounts (id, owner, city) and payments (id, payer, payee, amount, day); payer and
        payee are ids of different accounts. Owners are unique; cities, payers, payees, amounts and days are
        uniform. Queries can only read: errors, also of permission, are told and use up the query. A result
        shows 20 rows at most. A query has at most 500 characters and 4 SELECTs, no WITH, and is
        interrupted after 300,000 instructions of SQLite; functions that depend on more than their arguments,
        such as random, are refused. Every question has exactly one right answer. Each topic is equally
        likely, and then each question about it that was not asked yet.
    Rewards:
        1 / questions for each right answer. Return in 0 … 1.
    End:
        After the last question.
    Parameters:
        questions: the number of questions.
        queries: the number of queries, for all questions together.
        topics: from 1 to 12, the topics that questions are about, in this order: what one person paid or
            received, payments above an amount, payments of a day, the balance of a person, the number of
            people one paid, payments between cities, who paid or received most, the day of the largest
            payment, who was never paid, and the city that received most.
        accounts: the number of accounts.
        payments: the number of payments.
        cities: the number of cities that owners may live in.
        days: the number of days.
        highest: amounts are from 1 to this.
    Size:
        (accounts x (accounts - 1) x highest x days)^payments x cities^accounts databases: more than 10^140 at
        the defaults, 144 with accounts=3, payments=2, cities=1, days=1, highest=2. At most queries +
        questions turns.
    Known values:
        The expert answers all questions if there are as many queries. With the 144 databases, topics=1,
        questions=2 and queries=1 optimal is 1, by reading all payments; plan 4/9, myopic 11/24, random 1/5
        (of the 8 listed moves), and the expert, which never plans ahead, 13/18.
    Versions:
        v0: first release.
    """

    open_ended: ClassVar[bool] = True
    levels: ClassVar[Levels] = {
        "easy": {
            "questions": 2, "queries": 1, "topics": 1, "accounts": 3, "payments": 2, "cities": 1, "days": 1,
            "highest": 2,
        },
        "medium": {},
        "hard": {"questions": 10, "queries": 15, "topics": 12, "accounts": 12, "payments": 100, "cities": 5},
        "extreme": {
            "questions": 60, "queries": 90, "topics": 12, "accounts": 16, "payments": 200, "cities": 8, "days": 30,
        },
    }  # fmt: skip

    questions: int = 4
    queries: int = 8
    topics: int = 8
    accounts: int = 6
    payments: int = 30
    cities: int = 3
    days: int = 10
    highest: int = 99

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("questions", self.questions, 1, 1_000)
        check_range("queries", self.queries, 0, 1_000)
        check_range("topics", self.topics, 1, len(TOPICS))
        check_range("accounts", self.accounts, 2, len(OWNERS))
        check_range("payments", self.payments, 1, 1_000)
        check_range("cities", self.cities, 1, len(CITIES))
        check_range("days", self.days, 1, 365)
        check_range("highest", self.highest, 1, 1_000_000)
        always = sum(len(self._arguments(topic)) for topic in TOPICS[: self.topics] if topic.always)
        if self.questions > always:
            raise ArgumentError(f"questions must be at most {always} with these topics, not {self.questions}")

    @property
    def max_turns(self) -> int:
        return self.queries + self.questions

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    # The opening ---------------------------------------------------------------------------------

    def deals(self) -> Distribution[LedgerState] | None:
        return _deals(self)

    def deal(self, random: Random) -> LedgerState:
        owners = OWNERS[: self.accounts]
        book = Book(
            tuple(Account(n, owner, CITIES[random.below(self.cities)]) for n, owner in enumerate(owners, 1)),
            tuple(self._draw_payment(n, random) for n in range(1, self.payments + 1)),
        )
        with closing(opened(book)) as connection:
            return LedgerState(book, tuple(self._draw_questions(connection, random)))

    def _draw_payment(self, number: int, random: Random) -> Payment:
        payer = 1 + random.below(self.accounts)
        payee = random.choice([each for each in range(1, self.accounts + 1) if each != payer])
        return Payment(number, payer, payee, 1 + random.below(self.highest), 1 + random.below(self.days))

    def _draw_questions(self, connection: sqlite3.Connection, random: Random) -> Iterator[Question]:
        """Yield different questions that have one right answer each."""
        left = {number: self._arguments(topic) for number, topic in enumerate(TOPICS[: self.topics])}
        asked = 0
        while asked < self.questions:
            number = random.choice([number for number, arguments in left.items() if arguments])
            about = left[number].pop(random.below(len(left[number])))
            rows = connection.execute(TOPICS[number].query.format(*about)).fetchall()
            if len(rows) == 1:
                asked += 1
                yield Question(number, about, str(rows[0][0]))

    def _arguments(self, topic: Topic) -> list[tuple[str, ...]]:
        """Return all arguments that a question about a topic can have; two cities are different ones."""
        values = {
            "owner": OWNERS[: self.accounts],
            "city": CITIES[: self.cities],
            "day": [str(day) for day in range(1, self.days + 1)],
            "amount": [str(amount) for amount in sorted({self.highest * part // 4 for part in (1, 2, 3)})],
        }
        return [about for about in product(*map(values.__getitem__, topic.about)) if len({*about}) == len(about)]

    # The rules -----------------------------------------------------------------------------------

    def to_move(self, state: LedgerState) -> tuple[int, ...]:
        return () if state.number == self.questions else (0,)

    def legal(self, state: LedgerState, player: int) -> tuple[str, ...]:
        looks = (*_LOOKS, solution(state.questions[state.number])) if state.used < self.queries else ()
        return (*looks, *(f"{ANSWER}{value}" for value in self._likely_answers(state)))

    def _likely_answers(self, state: LedgerState) -> tuple[str, ...]:
        highest = self.payments * self.highest
        if self.topics == 1 and highest <= 10:
            return tuple(map(str, range(highest + 1)))
        seen = [value for value in re.split(r"[|\n]", state.shown) if is_value(value, _NAMES)][:20]
        return tuple(dict.fromkeys((*seen, *OWNERS[: self.accounts])))

    def apply(self, state: LedgerState, move: str) -> LedgerState:
        if not move.startswith(ANSWER):
            shown = result(state.book, move)
            return state._replace(used=state.used + 1, query=move, shown=shown, was_right=None)
        was_right = move.removeprefix(ANSWER) == state.questions[state.number].answer
        return state._replace(
            number=state.number + 1, query="", shown="", right=state.right + was_right, was_right=was_right
        )

    def rewards(self, state: LedgerState, move: str, after: LedgerState) -> tuple[float, ...]:
        return (1 / self.questions if after.was_right else 0.0,)

    # The words -----------------------------------------------------------------------------------

    def instructions(self, player: int) -> str:
        questions = f"1 question. You can answer it once, and the right answer earns {_points(1)}."
        if self.questions > 1:
            questions = (
                f"{self.questions} questions, one after the other. You can answer each once. Each right answer earns "
                f"{_points(1 / self.questions)}."
            )
        return (
            "You have a ledger in an SQLite database with the tables accounts (id, owner, city) and payments (id, "
            "payer, payee, amount, day). Payer and payee are ids of accounts; amounts and days are whole numbers.\n"
            f"I ask {questions} To find out, reply with an SQL query: one SELECT statement, without WITH, of at most "
            f"{MOST_CHARACTERS} characters. You have {_count(self.queries, 'query', 'queries')} in all; a query with "
            f"an error counts too. At most {MOST_ROWS} rows are shown. Answer with a whole number or a name, like "
            "this: answer 42\n"
            f"Reply with a query or an answer, for example: {_LOOKS[0] if self.queries else 'answer 42'}"
        )

    def view(self, state: LedgerState, player: int) -> str:
        news = state.shown if state.was_right is None else "Right." if state.was_right else "Wrong."
        if state.number == self.questions:
            return f"{news}\nYou answered {state.right} of {_count(self.questions, 'question')} right."
        left = _count(self.queries - state.used, "query", "queries")
        question = f"Question {state.number + 1} of {self.questions}: {asked(state.questions[state.number])}"
        return f"{news}\n{question} {left} left.".strip()

    def say(self, state: LedgerState, move: str) -> str:
        return move

    def read(self, state: LedgerState, player: int, text: str) -> str | Refusal:
        move = last_move(text, _NAMES)
        if move is None:
            return Refusal("I read no query and no answer in that. Reply with a SELECT statement, or with: answer 42.")
        if state.used == self.queries and not move.startswith(ANSWER):
            return illegal("You have no queries left. Reply with a whole number or a name, such as: answer 42.")
        return move

    def vocabulary(self) -> tuple[str, ...]:
        return (*OWNERS[: self.accounts], *CITIES[: self.cities])

    def expert(self, state: LedgerState, player: int) -> Distribution[str]:
        """Makes the query that answers the question and reads it off; guesses 0 where no query is left.

        So it is optimal only if there are as many queries as questions.
        """
        query = solution(state.questions[state.number])
        if state.query == query:
            return ((ANSWER + state.shown.split("\n")[1], Fraction(1)),)
        return ((query if state.used < self.queries else f"{ANSWER}0", Fraction(1)),)


_LISTED = 20_000
"""More deals than these are drawn, not listed."""

_NAMES = (*OWNERS, *CITIES)
_LOOKS = ("SELECT * FROM accounts", "SELECT * FROM payments")


@lru_cache(maxsize=64)
def _deals(game: Ledger) -> Distribution[LedgerState] | None:
    return every_outcome(game.deal, _LISTED)


def _count(n: int, one: str, many: str = "") -> str:
    return f"{n} {one if n == 1 else many or f'{one}s'}"


def _points(value: float) -> str:
    return f"{value:.3g} point{'s' * (value != 1)}"
