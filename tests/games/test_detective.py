from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from itertools import combinations, product
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.detective import (
    PLACES,
    SUSPECTS,
    TOOLS,
    TRUE,
    WITNESSES,
    Detective,
    DetectiveMove,
    DetectiveState,
)
from textenvs.games.detective_odds import owner_odds
from textenvs.planning.forward import evaluate_strategy
from textenvs.planning.reference import reference_values

EASY = Detective(**Detective.levels["easy"])

# A second implementation, on names: what is true, and what each witness can rule out.


class Case(NamedTuple):
    truth: frozenset[str]
    hands: tuple[frozenset[str], ...]


def names_of(game: Detective) -> list[tuple[str, ...]]:
    return [SUSPECTS[: game.suspects], TOOLS[: game.tools], PLACES[: game.places]]


def case_of(game: Detective, state: DetectiveState) -> Case:
    names = [name for kind in names_of(game) for name in kind]
    owned = {owner: frozenset(n for n, o in zip(names, state.owners, strict=True) if o == owner) for owner in
             (TRUE, *range(game.witnesses))}  # fmt: skip
    return Case(owned[TRUE], tuple(owned[witness] for witness in range(game.witnesses)))


def all_cases(game: Detective) -> set[Case]:
    """Return every case that the rules allow, all of them equally likely."""
    cases = set()
    everything = {name for kind in names_of(game) for name in kind}
    false = len(everything) - 3
    sizes = [false // game.witnesses + (witness < false % game.witnesses) for witness in range(game.witnesses)]

    def shared(left: frozenset[str], sizes: Sequence[int]) -> Iterator[tuple[frozenset[str], ...]]:
        if not sizes:
            yield ()
            return
        for hand in combinations(sorted(left), sizes[0]):
            for rest in shared(left - set(hand), sizes[1:]):
                yield (frozenset(hand), *rest)

    for truth in product(*names_of(game)):
        for hands in shared(frozenset(everything - set(truth)), sizes):
            cases.add(Case(frozenset(truth), hands))
    return cases


def answer(case: Case, witness: int, asked: Sequence[str]) -> str | None:
    return next((name for name in asked if name in case.hands[witness]), None)


class Notes:
    """What a careful player writes down."""

    def __init__(self, game: Detective, case: Case) -> None:
        self.game, self.case = game, case
        self.left = game.questions
        self.owner: dict[str, int] = {}
        self.denied: list[set[str]] = [set() for _ in case.hands]

    def ask(self, witness: int, asked: Sequence[str]) -> str:
        """Return the first line that the player is shown."""
        self.left -= 1
        shown = answer(self.case, witness, asked)
        before = asked if shown is None else asked[: asked.index(shown)]
        self.denied[witness] |= set(before)
        said = f"The {WITNESSES[witness]} can rule out none of the three."
        if shown is not None:
            self.owner[shown] = witness
            said = f"The {WITNESSES[witness]} rules out: {shown}."
        if not self.left:
            return f"{said} No questions left; you must accuse now."
        return f"{said} {self.left} question{'s' * (self.left > 1)} left."

    def lines(self) -> list[str]:
        order = [name for kind in names_of(self.game) for name in kind]
        ruled = [f"{name} ({WITNESSES[self.owner[name]]})" for name in order if name in self.owner]
        lines = [f"Ruled out: {', '.join(ruled)}."] if ruled else []
        for witness, denied in enumerate(self.denied):
            names = [name for name in order if name in denied and name not in self.owner]
            if names:
                lines.append(f"Not ruled out by the {WITNESSES[witness]}: {', '.join(names)}.")
        return lines


def called(game: Detective, move: DetectiveMove) -> list[str]:
    return [kind[number] for kind, number in zip(names_of(game), move.triple, strict=True)]


def dealt(game: Detective, seed: int) -> DetectiveState:
    return game.deal(Stream(seed, Purpose.DEAL))


def play_both(game: Detective, state: DetectiveState, moves: Sequence[DetectiveMove]) -> None:
    case = case_of(game, state)
    notes = Notes(game, case)
    for move in moves:
        assert game.to_move(state) == (0,)
        assert move in game.legal(state, 0)
        after = game.apply(state, move)
        asked = called(game, move)
        if move.witness is None:
            right = set(asked) == case.truth
            assert game.rewards(state, move, after) == (float(right),)
            assert game.is_over(after)
            suspect, tool, place = (next(n for n in kind if n in case.truth) for kind in names_of(game))
            told = f"it was {suspect} with the {tool} in the {place}. You {'win' if right else 'lose'}."
            assert game.view(after, 0) == f"You are {'right' if right else 'wrong'}: {told}"
            return
        assert game.rewards(state, move, after) == (0.0,)
        assert game.view(after, 0).split("\n") == [notes.ask(move.witness, asked), *notes.lines()]
        state = after
    assert not game.is_over(state)
    assert any(move.witness is not None for move in game.legal(state, 0)) == (state.used < game.questions)


def test_all_beginnings_of_the_easy_game_equal_the_second_implementation() -> None:
    for number, (state, _) in enumerate(EASY.deals() or ()):
        moves = EASY.legal(state, 0)
        for first, second in list(product(moves, repeat=2))[number % 3 :: 3]:
            play_both(EASY, state, [first, second])


@pytest.mark.parametrize(
    "game", [Detective(), Detective(2, 3, 4, 1, 9), Detective(8, 8, 8, 6, 30), Detective(4, 2, 3, 5, 12)], ids=repr
)
def test_random_plays_equal_the_second_implementation(game: Detective) -> None:
    for seed in range(12):
        state, random = dealt(game, seed), Stream(seed, Purpose.POLICY)
        moves = game.legal(state, 0)
        questions = [move for move in moves if move.witness is not None]
        asked = [random.choice(questions) for _ in range(game.questions)]
        play_both(game, state, asked)
        play_both(game, state, [*asked[: seed * 2], random.choice(moves[len(questions) :])])


# Cases


@pytest.mark.parametrize(
    "game", [EASY, Detective(3, 2, 2, 2, 2), Detective(2, 3, 2, 3, 1), Detective(2, 2, 2, 3, 1)], ids=repr
)
def test_deals_are_all_cases_once(game: Detective) -> None:
    deals = game.deals()
    assert deals is not None
    cases = all_cases(game)
    assert len(deals) == len(cases)
    assert {case_of(game, state) for state, _ in deals} == cases
    assert {p for _, p in deals} == {Fraction(1, len(cases))}


def test_drawn_cases_have_the_frequencies_of_the_listed_ones() -> None:
    game, draws = Detective(3, 2, 2, 2, 2), 6000
    counted = Counter(dealt(game, seed) for seed in range(draws))
    assert set(counted) == {state for state, _ in game.deals() or ()}
    chi_squared = sum((n - draws / 72) ** 2 / (draws / 72) for n in counted.values())
    assert 71 - 4 * 142**0.5 < chi_squared < 71 + 4 * 142**0.5


def test_large_games_are_drawn() -> None:
    assert Detective().deals() is None
    assert len({Detective().content(dealt(Detective(), seed)) for seed in range(300)}) == 300


# Counting and the expert


def agreeing(game: Detective, state: DetectiveState) -> list[Case]:
    """Return the cases that agree with the notes of a state."""
    notes = state._replace(answer=None)
    same = []
    for other, _ in game.deals() or ():
        candidate = state._replace(owners=other.owners, answer=None)
        known = [clue for clue in range(len(state.owners)) if state.ruled_out >> clue & 1]
        if all(other.owners[clue] == state.owners[clue] for clue in known):
            case = case_of(game, candidate)
            denied = [line for line in game.view(notes, 0).split("\n") if line.startswith("Not ruled out")]
            if all(
                name not in case.hands[WITNESSES.index(line.split(":")[0].rpartition(" ")[2])]
                for line in denied
                for name in line.rstrip(".").split(": ")[1].split(", ")
            ):
                same.append(case)
    return same


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_odds_are_those_of_trying_all_cases(data: st.DataObject) -> None:
    game = data.draw(st.sampled_from([Detective(3, 2, 2, 2, 9), Detective(2, 3, 3, 1, 9), Detective(3, 2, 3, 2, 9)]))
    state = data.draw(st.sampled_from([state for state, _ in game.deals() or ()]))
    questions = [move for move in game.legal(state, 0) if move.witness is not None]
    for move in data.draw(st.lists(st.sampled_from(questions), max_size=6)):
        state = game.apply(state, move)
    cases = agreeing(game, state)
    odds = owner_odds(game._kinds, game._hands, game._possible(state))
    names = [name for kind in names_of(game) for name in kind]
    for name, counts in zip(names, odds, strict=True):
        assert counts.get(TRUE, 0) == sum(name in case.truth for case in cases)
        for witness in range(game.witnesses):
            assert counts.get(witness, 0) == sum(name in case.hands[witness] for case in cases)


def test_the_expert_never_accuses_wrongly_with_enough_questions() -> None:
    game = Detective(questions=100)
    asked = []
    for seed in range(30):
        state = dealt(game, seed)
        while game.to_move(state):
            ((move, _),) = game.expert(state, 0)
            after = game.apply(state, move)
            paid = game.rewards(state, move, after)[0]
            state = after
        assert paid == 1.0
        asked.append(state.used)
    assert 9 < sum(asked) / len(asked) < 11


# Rulers


def optimal(game: Detective) -> Fraction:
    """The best chance to accuse rightly, by following which cases remain possible."""
    questions = list(product(range(game.witnesses), product(*names_of(game))))

    @cache
    def wins(cases: frozenset[Case], left: int) -> int:
        """Return for how many of the cases the best play accuses rightly."""
        best = max(Counter(case.truth for case in cases).values())
        for witness, asked in questions if left else []:
            parts: dict[str | None, set[Case]] = {}
            for case in cases:
                parts.setdefault(answer(case, witness, asked), set()).add(case)
            if len(parts) > 1:
                best = max(best, sum(wins(frozenset(part), left - 1) for part in parts.values()))
        return best

    cases = frozenset(all_cases(game))
    return Fraction(wins(cases, game.questions), len(cases))


@pytest.mark.slow
def test_the_rulers_at_easy() -> None:
    values = reference_values(EASY)
    assert values.cell() == "both"
    assert values.optimal.value == pytest.approx(1) == pytest.approx(float(optimal(EASY)))
    assert [v.value for v in (values.plan, values.myopic, values.random)] == pytest.approx([1 / 8] * 3)


@pytest.mark.parametrize(
    ("game", "value"),
    [
        (Detective(2, 2, 2, 2, 1), None), (Detective(2, 2, 2, 2, 2), Fraction(3, 4)), (EASY, Fraction(1)),
        (Detective(3, 2, 2, 2, 2), Fraction(19, 36)), (Detective(3, 2, 2, 1, 3), Fraction(11, 12)),
    ],
    ids=repr,
)  # fmt: skip
def test_the_expert_is_optimal_in_tiny_games(game: Detective, value: Fraction | None) -> None:
    best = optimal(game)
    assert value is None or best == value
    assert evaluate_strategy(game, expert_strategy) == pytest.approx(float(best))


@pytest.mark.parametrize("questions", [1, 2])
def test_optimal_equals_the_naive_computation(questions: int) -> None:
    game = Detective(2, 2, 2, 2, questions)
    values = reference_values(game)
    assert values.optimal.value == pytest.approx(float(optimal(game)))
    assert values.cell() == "both"


# Words

ASK = DetectiveMove(1, (2, 0, 3))
ACCUSE = DetectiveMove(None, (2, 0, 3))


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("ask cook: Clark, rope, cellar", ASK), ("Ask the cook about Clark with the rope in the cellar.", ASK),
        ("question the cook: rope, Clark, cellar", ASK), ("cook: clark, rope, cellar", ASK),
        ("I would like to interview the cook about Clark, the rope and the cellar, please", ASK),
        ("**ask cook: Clark, rope, cellar**", ASK), ("```\nask cook: Clark, rope, cellar\n```", ASK),
        ("I could accuse Adams, rope, attic. No: ask the cook about Clark, rope, cellar", ASK),
        ("I ask the cook about Clark, rope, cellar, since Baker did not use the ladder in the attic", ASK),
        ("ask cook: Clark, rope, cellar before I accuse anyone", ASK),
        ("I will not accuse Adams, rope, attic yet. The question: ask the cook, Clark, rope, cellar", ASK),
        ("accuse Clark, rope, cellar", ACCUSE), ("I accuse Clark of using the rope in the cellar!", ACCUSE),
        ("My accusation: Clark with the rope in the cellar", ACCUSE), ("ACCUSE: CLARK, ROPE, CELLAR", ACCUSE),
        ("I need not ask the maid: Adams, rope, attic. I accuse Clark, rope, cellar", ACCUSE),
        ("Having asked the maid, I accuse Clark (rope, cellar).", ACCUSE), ("arrest Clark: rope, cellar", ACCUSE),
        ("", None), ("ask", None), ("ask cook", None), ("ask cook: Clark, rope", None), ("accuse Clark", None),
        ("Clark, rope, cellar", None), ("ask the driver: Clark, rope, cellar", None), ("12 questions left", None),
        ("ask cook: Hayes, rope, cellar", None), ("accuse Clark, lamp, cellar", None), ("askcook Clark rope", None),
    ],
)  # fmt: skip
def test_replies(text: str, move: DetectiveMove | None) -> None:
    game = Detective()
    read = game.read(dealt(game, 0), 0, text)
    assert isinstance(read, Refusal) and read.kind == "malformed" if move is None else read == move


@pytest.mark.parametrize(
    ("text", "lack"),
    [
        ("who?", "I read no question and no accusation in that."),
        ("Adams, rope, attic", "Your question names no witness."),
        ("ask maid: Hayes, rope", "Your question names no suspect and no place."),
        ("I accuse", "I read no question and no accusation in that."),
        ("accuse Adams", "Your accusation names no tool and no place."),
    ],
)  # fmt: skip
def test_refusals_say_what_is_missing(text: str, lack: str) -> None:
    game = Detective()
    accepted = "Ask, as in: ask maid: Adams, rope, kitchen. Or accuse, as in: accuse Baker, ladder, library."
    assert game.read(dealt(game, 0), 0, text) == Refusal(f"{lack} {accepted}")


def test_every_move_is_read_back() -> None:
    game = Detective(8, 8, 8, 6, 2)
    state = dealt(game, 0)
    for move in game.legal(state, 0):
        assert game.read(state, 0, game.say(state, move)) == move


def test_after_the_last_question_only_accusing_is_legal() -> None:
    game = Detective(questions=1)
    state = game.apply(dealt(game, 0), ASK)
    assert {move.witness for move in game.legal(state, 0)} == {None}
    assert len(game.legal(state, 0)) == 125
    refusal = game.read(state, 0, "ask cook: Clark, rope, cellar")
    assert refusal == Refusal(
        "You have no questions left. You can only accuse, as in: accuse Baker, ladder, library.", "illegal"
    )


@pytest.mark.parametrize("word", ["ask ", "accuse Adams ", "ask maid Adams rope ", "maid "])
def test_long_texts_are_read_fast(word: str) -> None:
    game = Detective()
    assert isinstance(game.read(dealt(game, 0), 0, word * (300_000 // len(word))), Refusal)


def test_instructions() -> None:
    assert Detective(2, 2, 2, 2, 1).instructions(0) == (
        "A diamond was stolen. Find out who did it, with which tool, in which place.\n"
        "Suspects: Adams, Baker. Tools: rope, ladder. Places: kitchen, library.\n"
        "Witnesses: maid (2), cook (1). Every wrong suspect, tool and place can be ruled out by exactly one witness; "
        "the number after a witness says how many that witness can rule out.\n"
        "You can ask 1 question, one a turn: name a witness, a suspect, a tool and a place. The witness names the "
        "first of these three, in this order, that this witness can rule out, or says that there is none. In any turn "
        "you can accuse instead: name a suspect, a tool and a place. That ends the game and pays 1 point if all three "
        "are right, else nothing. After the last question you can only accuse, for instance: accuse Baker, ladder, "
        "library\n"
        "For example, to ask: ask maid: Adams, rope, kitchen"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"suspects": 1}, "suspects must be"), ({"tools": 9}, "tools must be"), ({"places": 0}, "places must be"),
        ({"witnesses": 7}, "witnesses must be a whole number from 1 to 6"), ({"questions": 0}, "questions must be"),
        ({"suspects": 2, "tools": 2, "places": 2, "witnesses": 4}, "witnesses must be a whole number from 1 to 3"),
    ],
)  # fmt: skip
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Detective(**arguments)
