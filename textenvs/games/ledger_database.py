"""SQLite as a pure function from a ledger and a query to the text of the result."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from functools import lru_cache
from typing import NamedTuple

SCHEMA = (
    "CREATE TABLE accounts (id INTEGER PRIMARY KEY, owner TEXT, city TEXT)",
    "CREATE TABLE payments (id INTEGER PRIMARY KEY, payer INTEGER, payee INTEGER, amount INTEGER, day INTEGER)",
)

MOST_ROWS = 20
MOST_CHARACTERS = 500
MOST_SELECTS = 4
_MOST_STEPS, _STEPS_AT_ONCE = 300, 1_000
_CELL, _MESSAGE = 40, 150

_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 2_000,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 2_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 50,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 10,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 25_000,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 20,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 100,
}
_TABLES = frozenset(("accounts", "payments", "sqlite_master", "sqlite_schema"))
_FUNCTIONS = frozenset((
    "abs", "avg", "coalesce", "count", "dense_rank", "first_value", "glob", "group_concat", "ifnull", "iif", "instr",
    "lag", "last_value", "lead", "length", "like", "lower", "max", "min", "nullif", "rank", "replace", "round",
    "row_number", "sign", "substr", "substring", "sum", "total", "trim", "typeof", "upper",
))  # fmt: skip


class Account(NamedTuple):
    """A row of the table accounts."""

    id: int
    owner: str
    city: str


class Payment(NamedTuple):
    """A row of the table payments; payer and payee are ids of accounts."""

    id: int
    payer: int
    payee: int
    amount: int
    day: int


class Book(NamedTuple):
    """All rows of the database."""

    accounts: tuple[Account, ...]
    payments: tuple[Payment, ...]


def opened(book: Book) -> sqlite3.Connection:
    """Return a new database in memory that holds `book`."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for statement in SCHEMA:
        connection.execute(statement)
    connection.executemany("INSERT INTO accounts VALUES (?, ?, ?)", book.accounts)
    connection.executemany("INSERT INTO payments VALUES (?, ?, ?, ?, ?)", book.payments)
    return connection


@lru_cache(maxsize=1024)
def result(book: Book, query: str) -> str:
    """Return what a player's query shows: the rows as text, or the error.

    It can read the two tables and their schema, call functions whose value depends on their arguments alone, and run
    for a fixed number of SQLite's instructions. WITH is refused, and so are many SELECTs: both can make a short text
    grow beyond all bounds before its first instruction runs.
    """
    if len(query) > MOST_CHARACTERS:
        return f"Error: a query may have {MOST_CHARACTERS} characters, not {len(query)}"
    words = query.lower()
    if "with" in words:
        return "Error: WITH is not supported; use a subquery"
    if words.count("select") > MOST_SELECTS:
        return f"Error: a query may have {MOST_SELECTS} SELECTs"
    with closing(opened(book)) as connection:
        _guard(connection)
        try:
            cursor = connection.execute(query)
            names = [column[0] for column in cursor.description or ()]
            return _shown(names, cursor.fetchmany(MOST_ROWS + 1))
        except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
            told = "interrupted: the query takes too long" if str(error) == "interrupted" else str(error)
            return f"Error: {_short(told, _MESSAGE)}"
        except MemoryError:  # what SQLite says of a program with more instructions than its limit
            return "Error: the query is too large"


def _guard(connection: sqlite3.Connection) -> None:
    """Let a connection do nothing but read, and not for long."""
    for limit, value in _LIMITS.items():
        connection.setlimit(limit, value)
    connection.set_authorizer(_is_allowed)
    steps = iter(range(_MOST_STEPS))
    connection.set_progress_handler(lambda: next(steps, None) is None, _STEPS_AT_ONCE)


def _is_allowed(action: int, one: str | None, other: str | None, *_: str | None) -> int:
    allowed = (
        action == sqlite3.SQLITE_SELECT
        or (action == sqlite3.SQLITE_READ and one in _TABLES)
        or (action == sqlite3.SQLITE_FUNCTION and str(other).lower() in _FUNCTIONS)
        or (action == sqlite3.SQLITE_PRAGMA and str(one).lower() == "table_info")
    )
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _shown(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table as text, a row a line."""
    if not rows:
        return "(no rows)"
    lines = ["|".join(map(_cell, row)) for row in (names, *rows[:MOST_ROWS])]
    return "\n".join([*lines, "... (more rows)"] if len(rows) > MOST_ROWS else lines)


def _cell(value: object) -> str:
    """Return a value as text."""
    if value is None:
        return "NULL"
    return _short(f"{value:.10g}" if isinstance(value, float) else str(value), _CELL)


def _short(text: str, most: int) -> str:
    """Return the printable beginning of a text."""
    text = "".join(c if c.isprintable() else "?" for c in text[: most + 1])
    return text if len(text) <= most else f"{text[: most - 3]}..."
