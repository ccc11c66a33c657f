"""What the questions of Ledger are about, and the queries that answer them."""

from __future__ import annotations

from typing import NamedTuple


class Topic(NamedTuple):
    """A kind of question.

    Attributes:
        text: the question, with the places of its arguments.
        query: gives the answer: it has one right answer where this gives one row.
        about: what the arguments are.
        always: whether it always has one right answer.
    """

    text: str
    query: str
    about: tuple[str, ...] = ()
    always: bool = True


class Question(NamedTuple):
    """A question with its arguments, and the right answer as text."""

    topic: int
    about: tuple[str, ...]
    answer: str


OWNERS = (
    "Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gus", "Hana", "Ivan", "June", "Kai", "Lena", "Milo", "Nora", "Omar",
    "Pia",
)  # fmt: skip
CITIES = ("Rome", "Oslo", "Lima", "Cairo", "Paris", "Quito", "Seoul", "Tunis")

_OF_PAYER = "FROM payments JOIN accounts ON accounts.id = payer"
_OF_PAYEE = "FROM payments JOIN accounts ON accounts.id = payee"
_MOST = "HAVING SUM(amount) = (SELECT MAX(total) FROM (SELECT SUM(amount) AS total"

TOPICS = (
    Topic(
        "How much did {0} pay in total?",
        f"SELECT COALESCE(SUM(amount), 0) {_OF_PAYER} WHERE owner = '{{0}}'",
        ("owner",),
    ),
    Topic(
        "How much did {0} receive in total?",
        f"SELECT COALESCE(SUM(amount), 0) {_OF_PAYEE} WHERE owner = '{{0}}'",
        ("owner",),
    ),
    Topic(
        "How many payments were of more than {0}?",
        "SELECT COUNT(*) FROM payments WHERE amount > {0}",
        ("amount",),
    ),
    Topic(
        "How much was paid on day {0} in total?",
        "SELECT COALESCE(SUM(amount), 0) FROM payments WHERE day = {0}",
        ("day",),
    ),
    Topic(
        "How much more did {0} receive than pay in total (negative if less)?",
        "SELECT COALESCE(SUM(CASE WHEN payee = accounts.id THEN amount ELSE -amount END), 0) "
        "FROM payments JOIN accounts ON accounts.id IN (payer, payee) WHERE owner = '{0}'",
        ("owner",),
    ),
    Topic(
        "How many different people did {0} pay?",
        f"SELECT COUNT(DISTINCT payee) {_OF_PAYER} WHERE owner = '{{0}}'",
        ("owner",),
    ),
    Topic(
        "How much did people in {0} pay to people in {1} in total?",
        "SELECT COALESCE(SUM(amount), 0) FROM payments JOIN accounts AS a ON a.id = payer "
        "JOIN accounts AS b ON b.id = payee WHERE a.city = '{0}' AND b.city = '{1}'",
        ("city", "city"),
    ),
    Topic(
        "Who paid the most in total?",
        f"SELECT owner {_OF_PAYER} GROUP BY owner {_MOST} FROM payments GROUP BY payer))",
        always=False,
    ),
    Topic(
        "Who received the most in total?",
        f"SELECT owner {_OF_PAYEE} GROUP BY owner {_MOST} FROM payments GROUP BY payee))",
        always=False,
    ),
    Topic(
        "On which day was the largest payment?",
        "SELECT DISTINCT day FROM payments WHERE amount = (SELECT MAX(amount) FROM payments)",
        always=False,
    ),
    Topic(
        "Who was never paid?",
        "SELECT owner FROM accounts WHERE id NOT IN (SELECT payee FROM payments)",
        always=False,
    ),
    Topic(
        "In which city do the people live who together received the most?",
        f"SELECT city {_OF_PAYEE} GROUP BY city {_MOST} {_OF_PAYEE} GROUP BY city))",
        always=False,
    ),
)


def asked(question: Question) -> str:
    """Return a question as the player is asked it."""
    return TOPICS[question.topic].text.format(*question.about)


def solution(question: Question) -> str:
    """Return a query that gives the answer to a question."""
    return TOPICS[question.topic].query.format(*question.about)
