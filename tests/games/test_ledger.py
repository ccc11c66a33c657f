from __future__ import annotations

import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import permutations, product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.games.brute_force import BruteForce
from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.ledger import Ledger, LedgerState
from textenvs.games.ledger_database import Account, Book, Payment, result
from textenvs.games.ledger_topics import CITIES, OWNERS, TOPICS, Question, asked, solution
from textenvs.planning.forward import evaluate_strategy
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game

BOOK = Book(
    (Account(1, "Ada", "Rome"), Account(2, "Ben", "Oslo"), Account(3, "Cleo", "Rome")),
    (Payment(1, 1, 2, 50, 1), Payment(2, 2, 3, 20, 1), Payment(3, 1, 3, 25, 2)),
)

# A second implementation: every question is answered by loops over the rows, from its English text.


class Totals:
    """What everyone paid and received, added up row by row."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.owner = {account.id: account.owner for account in book.accounts}
        self.home = {account.id: account.city for account in book.accounts}
        self.paid, self.received, self.by_city = Counter[str](), Counter[str](), Counter[str]()
        for payment in book.payments:
            self.paid[self.owner[payment.payer]] += payment.amount
            self.received[self.owner[payment.payee]] += payment.amount
            self.by_city[self.home[payment.payee]] += payment.amount

    def between(self, here: str, there: str) -> int:
        return sum(p.amount for p in self.book.payments if [self.home[p.payer], self.home[p.payee]] == [here, there])

    def partners(self, name: str) -> int:
        return len({payment.payee for payment in self.book.payments if self.owner[payment.payer] == name})

    def days_of_largest(self) -> set[int]:
        largest = max(payment.amount for payment in self.book.payments)
        return {payment.day for payment in self.book.payments if payment.amount == largest}


def most(totals: Counter[str]) -> list[str]:
    return [name for name, total in totals.items() if total == max(totals.values())]


def by_hand(book: Book, text: str) -> list[str]:
    """All answers to a question that are right; a fair question has one."""
    totals = Totals(book)
    words = text.replace("?", "").split()
    name, other = ([word for word in words if word in OWNERS or word in CITIES] + ["", ""])[:2]
    number = next((int(word) for word in words if word.isdigit()), 0)
    answers: dict[str, Callable[[], Iterable[object]]] = {
        f"How much did {name} pay in total?": lambda: [totals.paid[name]],
        f"How much did {name} receive in total?": lambda: [totals.received[name]],
        f"How many payments were of more than {number}?": lambda: [sum(p.amount > number for p in book.payments)],
        f"How much was paid on day {number} in total?": lambda: [
            sum(p.amount for p in book.payments if p.day == number)
        ],
        f"How much more did {name} receive than pay in total (negative if less)?": lambda: [
            totals.received[name] - totals.paid[name]
        ],
        f"How many different people did {name} pay?": lambda: [totals.partners(name)],
        f"How much did people in {name} pay to people in {other} in total?": lambda: [totals.between(name, other)],
        "Who paid the most in total?": lambda: most(totals.paid),
        "Who received the most in total?": lambda: most(totals.received),
        "On which day was the largest payment?": totals.days_of_largest,
        "Who was never paid?": lambda: [owner for owner in totals.owner.values() if owner not in totals.received],
        "In which city do the people live who together received the most?": lambda: most(totals.by_city),
    }
    return list(map(str, answers[text]()))


@pytest.mark.parametrize("arguments", [{}, {"topics": 12, "questions": 12, "payments": 8}, {"level": "hard"}], ids=str)
def test_every_question_has_one_right_answer_and_it_is_that_of_the_second_implementation(arguments: Any) -> None:
    game = make_game("Ledger", **arguments)
    topics = Counter[int]()
    for seed in range(60):
        state = game.deal(Stream(seed, Purpose.DEAL))
        assert len({*state.questions}) == len(state.questions) == game.questions  # type: ignore[attr-defined]
        for question in state.questions:
            assert by_hand(state.book, asked(question)) == [question.answer]
            topics[question.topic] += 1
    assert set(topics) >= {*range(game.topics)} - {10}  # type: ignore[attr-defined]
    assert 10 in topics or game.payments > 10  # type: ignore[attr-defined]


@given(
    payments=st.lists(
        st.tuples(st.permutations([1, 2, 3]), st.integers(1, 3), st.integers(1, 3)), min_size=1, max_size=6
    ),
    cities=st.tuples(*[st.sampled_from(["Rome", "Oslo"])] * 3),
)
def test_queries_give_all_right_answers_and_only_those(payments: list[Any], cities: tuple[str, str, str]) -> None:
    book = Book(
        tuple(Account(n, owner, city) for n, owner, city in zip((1, 2, 3), OWNERS, cities, strict=False)),
        tuple(Payment(n, ids[0], ids[1], amount, day) for n, (ids, amount, day) in enumerate(payments, 1)),
    )
    values = {"owner": ["Ada", "Cleo"], "city": ["Rome", "Oslo"], "day": ["1", "2"], "amount": ["1", "2"]}
    for number, topic in enumerate(TOPICS):
        for about in product(*(values[kind] for kind in topic.about)):
            if len({*about}) < len(about):
                continue
            question = Question(number, about, "")
            shown = result(book, solution(question)).split("\n")[1:]
            right = by_hand(book, asked(question))
            assert sorted(shown) == sorted(right), (asked(question), book)
            assert len(right) == 1 or not topic.always


def test_draws_keep_to_the_rules() -> None:
    game = Ledger(accounts=4, payments=40, cities=2, days=3, highest=5, topics=12, questions=4)
    pairs, amounts, days, homes = Counter[Any](), Counter[int](), Counter[int](), Counter[str]()
    for seed in range(50):
        book = game.deal(Stream(seed, Purpose.DEAL)).book
        assert [account.owner for account in book.accounts] == ["Ada", "Ben", "Cleo", "Dan"]
        pairs.update((p.payer, p.payee) for p in book.payments)
        amounts.update(p.amount for p in book.payments)
        days.update(p.day for p in book.payments)
        homes.update(account.city for account in book.accounts)
    assert set(pairs) == set(permutations(range(1, 5), 2))
    assert set(amounts) == {1, 2, 3, 4, 5}
    assert set(days) == {1, 2, 3}
    assert set(homes) == {"Rome", "Oslo"}
    assert max(pairs.values()) < 1.4 * min(pairs.values())


def test_deals_and_draws_are_the_same() -> None:
    game = make_game("Ledger", level="easy")
    listed = game.deals() or ()
    assert len(listed) == 144 * 6
    assert {p for _, p in listed} == {Fraction(1, 864)}
    drawn = [game.deal(Stream(seed, Purpose.DEAL)) for seed in range(300)]
    assert {*drawn} <= {state for state, _ in listed}
    assert Ledger().deals() is None


# What a player's query can do


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("SELECT * FROM accounts", "id|owner|city\n1|Ada|Rome\n2|Ben|Oslo\n3|Cleo|Rome"),
        ("SELECT SUM(amount) AS s, AVG(amount) FROM payments", "s|AVG(amount)\n95|31.66666667"),
        ("SELECT owner FROM accounts WHERE id > 9", "(no rows)"), ("SELECT NULL", "NULL\nNULL"),
        ("SELECT owner, SUM(amount) FROM payments JOIN accounts ON accounts.id = payer GROUP BY owner ORDER BY 2 DESC",
         "owner|SUM(amount)\nAda|75\nBen|20"),
        ("PRAGMA table_info(accounts)", "cid|name|type|notnull|dflt_value|pk\n0|id|INTEGER|0|NULL|1\n"
         "1|owner|TEXT|0|NULL|0\n2|city|TEXT|0|NULL|0"),
        ("SELECT name FROM sqlite_master", "name\naccounts\npayments"), ("VALUES (1), (2)", "column1\n1\n2"),
        ("SELECT amounts FROM payments", "Error: no such column: amounts"), ("SELECT * FROM users",
        "Error: no such table: users"),
        ("SELECT 1; SELECT 2", "Error: You can only execute one statement at a time."),
        ("SELEC 1", 'Error: near "SELEC": syntax error'),
        ("SELECT '" + "x" * 50 + "' AS long", "long\n" + "x" * 37 + "..."), ("SELECT 'a\tb' AS tab", "tab\na?b"),
    ],
)  # fmt: skip
def test_what_queries_show(query: str, shown: str) -> None:
    assert result(BOOK, query) == shown


def test_at_most_twenty_rows_are_shown() -> None:
    book = BOOK._replace(payments=tuple(Payment(n, 1, 2, n, 1) for n in range(1, 31)))
    assert result(book, "SELECT id FROM payments") == "\n".join(["id", *map(str, range(1, 21)), "... (more rows)"])
    assert result(book, "SELECT id FROM payments LIMIT 20") == "\n".join(["id", *map(str, range(1, 21))])


WRITES = (
    "INSERT INTO accounts VALUES (9, 'Zoe', 'Rome')", "DELETE FROM payments", "DROP TABLE payments", "BEGIN", "COMMIT",
    "UPDATE payments SET amount = 1", "CREATE TABLE t (x)", "CREATE TEMP TABLE t (x)", "CREATE VIEW v AS SELECT 1",
    "ALTER TABLE payments ADD COLUMN x", "PRAGMA user_version = 3", "PRAGMA writable_schema = 1", "ANALYZE",
    "SAVEPOINT s",
    "REPLACE INTO accounts VALUES (1, 'Zoe', 'Rome')", "CREATE INDEX i ON payments (day)", "VACUUM",
    "INSERT INTO accounts SELECT * FROM accounts", "CREATE TRIGGER t AFTER INSERT ON accounts BEGIN SELECT 1; END",
    "PRAGMA foreign_keys = ON", "CREATE VIRTUAL TABLE t USING fts5(x)",
)  # fmt: skip
OUTSIDE = (
    "ATTACH '{path}' AS other", "VACUUM INTO '{path}'", "SELECT load_extension('{path}')", "SELECT readfile('{path}')",
    "SELECT writefile('{path}', 'x')", "PRAGMA temp_store_directory = '{path}'", "SELECT * FROM pragma_database_list",
    "PRAGMA database_list", "SELECT fts3_tokenizer('simple')", "SELECT * FROM dbstat", "SELECT edit('x')",
)  # fmt: skip
IMPURE = (
    "random()", "randomblob(3)", "date('now')", "time()", "datetime()", "julianday('now')", "strftime('%s', 'now')",
    "CURRENT_TIMESTAMP", "current_date", "Current_Time", "sqlite_version()", "changes()", "total_changes()",
    "last_insert_rowid()", "sqlite_source_id()", "unixepoch()", "printf('%d', 1)", "hex(1)", "zeroblob(9)", "char(7)",
)  # fmt: skip


@pytest.mark.parametrize("query", WRITES)
def test_nothing_can_be_written(query: str) -> None:
    shown = result(BOOK, query)
    assert shown.startswith("Error: ")
    assert "authoriz" in shown or "WITH" in shown or "syntax" in shown, shown
    assert result(BOOK, "SELECT COUNT(*), SUM(amount) FROM payments") == "COUNT(*)|SUM(amount)\n3|95"


@pytest.mark.parametrize("query", OUTSIDE)
def test_nothing_outside_can_be_reached(query: str, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("secret")
    for place in (there, tmp_path / "new"):
        shown = result(BOOK, query.format(path=place))
        assert shown.startswith("Error: ")
        assert "secret" not in shown
    assert there.read_text() == "secret"
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


@pytest.mark.parametrize("function", IMPURE)
def test_results_depend_on_nothing_but_the_query(function: str) -> None:
    shown = result(BOOK, f"SELECT {function}")
    assert "not authorized to use function" in shown or "no such function" in shown


@pytest.mark.parametrize(
    "query",
    [
        "SELECT COUNT(*) FROM payments a, payments b, payments c, payments d, payments e",
        "SELECT " + "+".join(["x"] * 55) + " FROM (SELECT " + "+".join(["x"] * 55) + " x FROM (SELECT "
        + "+".join(["x"] * 55) + " x FROM (SELECT id x FROM payments)))",
        "SELECT 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' LIKE '" + "%a" * 45 + "b'",
        "SELECT replace(replace(replace('aaaaaaaaaaaaa', 'a', 'aaaaaaaaaaaaaaaaa'), 'a', 'aaaaaaaaaaaaa'), 'a', 'aa')",
        "SELECT group_concat(a.owner) FROM accounts a, accounts b, accounts c, accounts d, payments f, payments g",
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT COUNT(*) FROM c",
        "SELECT 1 FROM " + ", ".join(f"accounts a{n}" for n in range(35)),
        "SELECT " + "(" * 200 + "1" + ")" * 200, "SELECT (SELECT (SELECT (SELECT (SELECT 1))))",
        "SELECT '" + "x" * 600 + "'",
    ],
)  # fmt: skip
def test_nothing_takes_long(query: str) -> None:
    book = BOOK._replace(payments=tuple(Payment(n, 1, 2, n, 1) for n in range(1, 201)))
    began = time.process_time()
    assert result.__wrapped__(book, query) == result.__wrapped__(book, query)
    assert time.process_time() - began < 2


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            "SELECT FROM WHERE accounts payments owner amount * ( ) , = > 1 'Ada' JOIN ON GROUP BY SUM COUNT ORDER "
            "DESC AS a . id payer LIMIT UNION ALL NOT NULL CASE END DISTINCT \x00 é ; --".split()
        ),
        max_size=12,
    ).map(" ".join)
)  # fmt: skip
def test_no_query_raises_and_all_results_can_be_shown(query: str) -> None:
    shown = result(BOOK, f"SELECT {query}")
    assert shown == result.__wrapped__(BOOK, f"SELECT {query}")
    assert all(c.isprintable() or c == "\n" for c in shown)
    assert len(shown) < 21 * 50 * 45


def test_the_database_is_sqlite_itself() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE payments (id, payer, payee, amount, day)")
    connection.executemany("INSERT INTO payments VALUES (?, ?, ?, ?, ?)", BOOK.payments)
    query = "SELECT payee, SUM(amount), MIN(day) FROM payments GROUP BY payee HAVING SUM(amount) > 45 ORDER BY payee"
    rows = ["|".join(map(str, row)) for row in connection.execute(query)]
    assert result(BOOK, query).split("\n")[1:] == rows
    connection.close()


# The game


def opening(seed: int = 0, **arguments: Any) -> tuple[Ledger, LedgerState]:
    game = Ledger(**arguments)
    return game, game.deal(Stream(seed, Purpose.DEAL))


def test_a_play_by_hand() -> None:
    questions = (Question(0, ("Ada",), "75"), Question(7, (), "Ada"))
    game, state = Ledger(questions=2, queries=2), LedgerState(BOOK, questions)
    first = "Question 1 of 2: How much did Ada pay in total?"
    assert game.view(state, 0) == f"{first} 2 queries left."
    after = game.apply(state, "SELECT payer FROM payments")
    assert game.rewards(state, "SELECT payer FROM payments", after) == (0.0,)
    assert game.view(after, 0) == f"payer\n1\n2\n1\n{first} 1 query left."
    assert (after.used, after.number) == (1, 0)
    right = game.apply(after, "answer 75")
    assert game.rewards(after, "answer 75", right) == (0.5,)
    assert game.view(right, 0) == "Right.\nQuestion 2 of 2: Who paid the most in total? 1 query left."
    error = game.apply(right, "DELETE FROM payments")
    assert game.view(error, 0) == (
        "Error: not authorized\nQuestion 2 of 2: Who paid the most in total? 0 queries left."
    )
    wrong = game.apply(error, "answer Ben")
    assert game.rewards(error, "answer Ben", wrong) == (0.0,)
    assert game.is_over(wrong)
    assert game.view(wrong, 0) == "Wrong.\nYou answered 1 of 2 questions right."
    assert game.rewards(error, "answer Ada", game.apply(error, "answer Ada")) == (0.5,)


def test_without_queries_left_only_answers_are_legal() -> None:
    game, state = opening(queries=1)
    spent = game.apply(state, "SELECT 1")
    assert all(move.startswith("answer ") for move in game.legal(spent, 0))
    read = game.read(spent, 0, "SELECT 2")
    assert isinstance(read, Refusal)
    assert read.kind == "illegal"
    assert game.read(spent, 0, "answer 2") == "answer 2"


@pytest.mark.parametrize("level", ["medium", "hard", "extreme"])
def test_the_expert_answers_everything(level: str) -> None:
    game = make_game("Ledger", level=level)
    for seed in range(8 if level != "extreme" else 2):
        state, paid = game.deal(Stream(seed, Purpose.DEAL)), 0.0
        while not game.is_over(state):
            move = game.expert(state, 0)[0][0]  # type: ignore[index]
            assert move in game.legal(state, 0)
            after = game.apply(state, move)
            paid += game.rewards(state, move, after)[0]
            state = after
        assert paid == pytest.approx(1)


# Known values: the easy level in a few lines


class Play(NamedTuple):
    payments: tuple[tuple[int, int, int], ...]
    people: tuple[int, ...]
    asked: int = 0
    queried: bool = False
    told: Any = None

    def paid(self, person: int) -> int:
        return sum(amount for payer, _, amount in self.payments if payer == person)


def moves(play: Play) -> list[Any]:
    return [*([] if play.queried else ["accounts", "payments", "solution"]), 0, 1, 2, 3, 4]


def steps(play: Play, move: Any) -> list[tuple[Fraction, Fraction, Play | None]]:
    right = play.paid(play.people[play.asked])
    if isinstance(move, str):
        told = {"accounts": "accounts", "payments": play.payments, "solution": right}[move]
        return [(Fraction(1), Fraction(0), play._replace(queried=True, told=(move, told)))]
    after = play._replace(asked=play.asked + 1, told=move == right)
    return [(Fraction(1), Fraction(int(move == right), 2), None if after.asked == 2 else after)]


@pytest.mark.slow
def test_the_rulers_of_the_easy_level_by_brute_force() -> None:
    payment = [(payer, payee, amount) for payer, payee in permutations(range(3), 2) for amount in (1, 2)]
    books = list(product(payment, repeat=2))
    # By symmetry it is enough to look at the plays that begin with a question about the first person.
    plays = [Play(book, (0, second)) for book in books for second in (1, 2)]
    naive = BruteForce(moves, steps, lambda play: (play.people[play.asked], play.asked, play.queried, play.told))
    openings = [(Fraction(1, len(plays)), play) for play in plays]
    game = make_game("Ledger", level="easy")
    values = reference_values(game)
    assert values.optimal.value == pytest.approx(float(naive.optimal(openings))) == pytest.approx(1)
    assert values.random.value == pytest.approx(float(naive.random(openings))) == pytest.approx(1 / 5)
    best_blind = max(sum(play.paid(0) == value for play in plays) for value in range(5))
    assert values.plan.value == pytest.approx(best_blind / len(plays)) == pytest.approx(4 / 9)
    assert values.myopic.value == pytest.approx(11 / 24)
    assert values.cell() == "both"
    assert evaluate_strategy(game, expert_strategy) == pytest.approx(13 / 18)


# Replies


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("SELECT * FROM accounts", "SELECT * FROM accounts"), ("select owner from accounts;",
        "SELECT owner from accounts"),
        ("```sql\nSELECT owner\nFROM accounts\nWHERE id = 1;\n```", "SELECT owner FROM accounts WHERE id = 1"),
        ("I would like to run `SELECT 1` now.", "SELECT 1"), ("Query: select 1", "SELECT 1"), ("> SELECT 1",
        "SELECT 1"),
        ("Let me look.\n\nSELECT *\nFROM payments\n\nThat shows all.", "SELECT * FROM payments"),
        ("SELECT * FROM payments\nThis shows all payments.", "SELECT * FROM payments"),
        ("I'll use SELECT owner FROM accounts; then I know.", "SELECT owner FROM accounts"),
        ("Select owner from accounts", "SELECT owner from accounts"), ("- SELECT 1", "SELECT 1"), ("1. SELECT 1",
        "SELECT 1"),
        ("SELECT owner -- the name\nFROM accounts", "SELECT owner FROM accounts"), ("sqlite> select 1;", "SELECT 1"),
        ("SELECT SUM(amount) AS answer FROM payments", "SELECT SUM(amount) AS answer FROM payments"),
        ("SELECT 1;\nanswer 5", "answer 5"), ("SELECT 1\nanswer 5", "answer 5"), ("answer 5\nSELECT 1", "SELECT 1"),
        ("DROP TABLE accounts", "DROP TABLE accounts"), ("PRAGMA table_info(accounts)", "PRAGMA table_info(accounts)"),
        ("SELECT 1; SELECT 2", "SELECT 2"), ("`insert into accounts values (1)`", "INSERT into accounts values (1)"),
        ("answer 42", "answer 42"), ("42", "answer 42"), ("The answer is 1,234.", "answer 1234"), ("Answer: Ada",
        "answer Ada"),
        ("ANSWER ada!", "answer Ada"), ("answer -7", "answer -7"), ("the answer is minus 7", "answer -7"), ("Rome",
        "answer Rome"),
        ("**answer 42**", "answer 42"), ("answer 42.0", "answer 42"), ("answer: `007`", "answer 7"), ("answer -0",
        "answer 0"),
        ("Ada paid 30 and 12, so the answer is 42", "answer 42"), ("answer 1. No: answer 2", "answer 2"), ("'Ada'",
        "answer Ada"),
        ("answer Zoe", None), ("answer 4.5", None), ("The answer is in the table payments", None), ("", None),
        ("hello", None),
        ("I will select the rows from payments", None), ("Update: I need more time", None),
        ("With 30 payments I am lost", None),
        ("answer", None), ("answer 42nd", None), ("It is 42 or 43", None), ("answer " + "9" * 400, None),
    ],
)  # fmt: skip
def test_replies(text: str, move: str | None) -> None:
    game, state = opening()
    read = game.read(state, 0, text)
    assert isinstance(read, Refusal) if move is None else read == move
    assert isinstance(read, Refusal) or game.read(state, 0, game.say(state, read)) == read


def test_refusals_say_what_is_accepted() -> None:
    game, state = opening()
    told = "I read no query and no answer in that. Reply with a SELECT statement, or with: answer 42."
    assert game.read(state, 0, "hello") == Refusal(told)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT " * 150_000,
        "select\n" * 150_000,
        "answer " * 140_000,
        "`SELECT 1" * 100_000,
        "1," * 500_000,
        ";" * 999_999,
    ],
)
def test_long_replies_are_read_fast(text: str) -> None:
    game, state = opening()
    game.read(state, 0, text)


PIECES = ["SELECT", "select", " ", "\n", "answer", "42", "Ada", "from", ";", "`", "payments", ":"]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
@example("SELECT\nSELECT:SELECT")
def test_what_is_read_is_read_again(text: str) -> None:
    game, state = opening()
    read = game.read(state, 0, text)
    assert isinstance(read, Refusal) or game.read(state, 0, game.say(state, read)) == read


@pytest.mark.parametrize(
    "arguments",
    [{"questions": 0}, {"queries": -1}, {"topics": 13}, {"topics": 0}, {"accounts": 1}, {"accounts": 17},
     {"payments": 0}, {"cities": 9}, {"days": 0}, {"highest": 0}, {"questions": 7, "topics": 1}],
)  # fmt: skip
def test_arguments_out_of_range_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(arguments))):
        Ledger(**arguments)


def test_who_draws_is_the_seed_alone() -> None:
    game = Ledger()
    draws = [game.deal(Stream(seed, Purpose.DEAL)) for seed in range(5)]
    random.seed(9)
    assert draws == [game.deal(Stream(seed, Purpose.DEAL)) for seed in range(5)]
