from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.choices import Choice, any_of, best
from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.research import Project, Research, ResearchState, Tree
from textenvs.planning.forward import evaluate_strategy, sample_strategy
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game

NAMES = ("algebra", "bronze", "cement", "dyeing", "electricity", "farming", "glass", "hydraulics")
TINY = [
    Research(turns=3, projects=2, depth=2, effort=2, gain=2, income=1),
    Research(turns=5, projects=2, depth=1, effort=1, gain=3, income=2),
    Research(turns=4, projects=3, depth=3, effort=1, gain=1, income=1),
    Research(turns=1, projects=1, depth=1, effort=1, gain=2, income=3),
]


class NaiveLife:
    """The rules again, with a dictionary of open and closed projects; results are 1 for success, 0 for failure."""

    def __init__(self, tree: Tree, income: int, turns: int) -> None:
        self.studied = dict.fromkeys(NAMES[: len(tree)], 0)
        self.tree = dict(zip(self.studied, tree, strict=True))
        self.methods = [income]
        self.turns = turns
        self.coins = 0

    def finished(self, name: str) -> bool:
        return self.studied[name] == self.tree[name].turns

    def moves(self) -> list[str]:
        needs = {name: project.needs for name, project in self.tree.items()}
        free = [name for name in self.tree if needs[name] is None or self.finished(NAMES[needs[name] or 0])]
        return ["work", *[name for name in free if not self.finished(name)]]

    def move(self, move: str, success: bool) -> bool:
        """Make a move, and return whether its result was needed."""
        self.turns -= 1
        if move == "work":
            self.coins += max(self.methods)
            return False
        self.studied[move] += 1
        if self.finished(move) and success:
            self.methods.append(self.tree[move].worth)
        return self.finished(move)


def lives(game: Research, opening: ResearchState) -> list[int]:
    """Play all moves and results in step with the naive implementation; return the coins of each life."""
    coins = []

    def follow(state: ResearchState, past: tuple[tuple[str, bool], ...], paid: float) -> None:
        naive = NaiveLife(opening.tree, game.income, game.turns)
        for move, success in past:
            naive.move(move, success)
        assert state.income == max(naive.methods)
        assert paid == pytest.approx(naive.coins / game.scale)
        assert game.is_over(state) == (naive.turns == 0)
        if naive.turns == 0:
            coins.append(naive.coins)
            return
        assert list(game.legal(state, 0)) == naive.moves()
        for move in naive.moves():
            for success, after, reward in outcomes(game, state, move):
                follow(after, (*past, (move, success)), paid + reward)

    follow(opening, (), 0.0)
    return coins


def outcomes(game: Research, state: ResearchState, move: str) -> list[tuple[bool, ResearchState, float]]:
    """What a move may lead to."""
    after = game.apply(state, move)
    reward = game.rewards(state, move, after)[0]
    if not game.chance(after):
        return [(False, after, reward)]
    assert dict(game.chance(after)) == {"succeeds": Fraction(1, 2), "fails": Fraction(1, 2)}
    return [(result == "succeeds", game.apply(after, result), reward) for result, _ in game.chance(after)]


@pytest.mark.parametrize("game", TINY, ids=repr)
def test_every_play_agrees_with_a_second_implementation(game: Research) -> None:
    coins = [each for opening, _ in game.deals() or () for each in lives(game, opening)]
    assert game.return_range == pytest.approx((min(coins) / game.scale, max(coins) / game.scale))
    assert max(coins) == game.scale


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_random_plays_of_the_default_game_agree(data: st.DataObject) -> None:
    game = Research()
    opening = state = game.deal(Stream(data.draw(st.integers(0, 10**6)), Purpose.DEAL))
    naive = NaiveLife(opening.tree, game.income, game.turns)
    paid = 0.0
    while game.to_move(state):
        assert list(game.legal(state, 0)) == naive.moves()
        move = data.draw(st.sampled_from(naive.moves()))
        success, state_after, reward = data.draw(st.sampled_from(outcomes(game, state, move)))
        naive.move(move, success)
        state, paid = state_after, paid + reward
    assert paid == pytest.approx(naive.coins / game.scale)
    assert state.income == max(naive.methods)


def naive_value(game: Research, tree: Tree, choose: Choice) -> Fraction:
    """The expected coins if `choose` makes one of the pairs (pays now, pays in all) of the moves, turn by turn."""

    @cache
    def value(left: tuple[int, ...], income: int, turns: int) -> Fraction:
        if turns == 0:
            return Fraction(0)
        moves = [(Fraction(income), income + value(left, income, turns - 1))]
        for number, project in enumerate(tree):
            if left[number] and (project.needs is None or left[project.needs] == 0):
                after = tuple(turns - (each == number) for each, turns in enumerate(left))
                more = max(income, project.worth) if after[number] == 0 else income
                later = (value(after, income, turns - 1) + value(after, more, turns - 1)) / 2
                moves.append((Fraction(0), later))
        return choose(moves)

    return value(tuple(project.turns for project in tree), game.income, game.turns)


def mean_value(game: Research, choose: Choice) -> float:
    deals = game.deals() or ()
    return float(sum(naive_value(game, state.tree, choose) * Fraction(p) for state, p in deals)) / game.scale


def study_first_value(game: Research, tree: Tree) -> float:
    """The best expected coins of those who never study after they have worked."""

    @cache
    def value(done: frozenset[int], income: int, turns: int) -> float:
        values = [float(turns * income)]
        for number, project in enumerate(tree):
            free = project.needs is None or project.needs in done
            if number not in done and free and project.turns < turns:
                after = (done | {number}, turns - project.turns)
                ends = [value(after[0], known, after[1]) for known in (income, max(income, project.worth))]
                values.append(sum(ends) / 2)
        return max(values)

    return value(frozenset(), game.income, game.turns)


def test_the_rulers_of_the_easy_level() -> None:
    game = make_game("Research", level="easy")
    values = reference_values(game)
    assert values.optimal.value == pytest.approx(mean_value(game, best))
    assert values.random.value == pytest.approx(mean_value(game, any_of))
    assert values.myopic.value == pytest.approx(game.turns * game.income / game.scale)
    rulers = (values.optimal, values.plan, values.myopic, values.random)
    assert [round(ruler.value, 3) for ruler in rulers] == [0.504, 0.479, 0.25, 0.292]
    assert values.cell() == "both"


@pytest.mark.parametrize("game", TINY, ids=repr)
def test_to_study_first_is_optimal(game: Research) -> None:
    for state, _ in game.deals() or ():
        assert study_first_value(game, state.tree) == pytest.approx(float(naive_value(game, state.tree, best)))


def one_instance(game: Research, tree: Tree) -> Research:
    """The same rules with one deal only."""

    class Fixed(Research):
        def deals(self) -> Any:
            return ((self._opening(tree), Fraction(1)),)

    return Fixed(**game.arguments)


def test_the_expert_is_near_to_optimal() -> None:
    game = Research()
    trees = [game.deal(Stream(seed, Purpose.DEAL)).tree for seed in range(12)]
    reached = [evaluate_strategy(one_instance(game, tree), expert_strategy) for tree in trees]
    possible = [study_first_value(game, tree) / game.scale for tree in trees]
    assert all(value < ceiling + 1e-9 for value, ceiling in zip(reached, possible, strict=True))
    assert sum(reached) > 0.99 * sum(possible)
    easy = make_game("Research", level="easy")
    assert evaluate_strategy(easy, expert_strategy) > 0.995 * mean_value(easy, best)


def test_the_lure_of_work() -> None:
    game = Research()
    assert sample_strategy(game, expert_strategy, episodes=40).value > 0.3
    always = sample_strategy(game, lambda *_: (("work", 1),), episodes=2).value
    assert always == pytest.approx(40 * 2 / game.scale)


def test_deals_are_listed_as_they_are_drawn() -> None:
    easy = make_game("Research", level="easy")
    listed = {state.tree: p for state, p in easy.deals()}
    assert len(listed) == 5 * 3**3  # the third project may need any of the others, but not one of depth 2
    assert sum(listed.values()) == 1
    drawn = [easy.deal(Stream(seed, Purpose.DEAL)).tree for seed in range(3_000)]
    assert set(drawn) == set(listed)
    behind = [tree for tree in drawn if tree[1].needs == 0 and tree[2].needs == 0]
    expected = float(sum(p for tree, p in listed.items() if tree[1].needs == 0 and tree[2].needs == 0))
    assert expected == pytest.approx(1 / 4)
    assert len(behind) / len(drawn) == pytest.approx(expected, abs=0.04)


def test_every_tree_keeps_what_the_page_promises() -> None:
    game = Research(projects=25, depth=3)
    for seed in range(50):
        depths: list[int] = []
        for project in game.deal(Stream(seed, Purpose.DEAL)).tree:
            depths.append(1 if project.needs is None else depths[project.needs] + 1)
            assert 1 <= project.turns <= game.effort
            assert project.worth in [depths[-1] * factor for factor in range(1, game.gain + 1)]
        assert max(depths) <= game.depth


TREE = (Project(None, 2, 4), Project(0, 1, 9), Project(None, 3, 1))
OPENING = ResearchState(TREE, (2, 1, 3), 2)
GAME = Research(turns=9, projects=3, depth=2)


def after(*moves: str) -> ResearchState:
    state = OPENING
    for move in moves:
        state = GAME.apply(state, move)
    return state


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("work", "work"), ("Let me work.", "work"), ("I keep **working**", "work"), ("earn coins", "work"),
        ("study algebra", "algebra"), ("I research the algebra.", "algebra"), ("ALGEBRA!", "algebra"),
        ("work on algebra", "algebra"), ("Let's explore algebra", "algebra"), ("study cement? No: algebra", "cement"),
        ("study cement? No, study algebra", "algebra"), ("not cement but algebra", "algebra"),
        ("study algebra, so that later work earns more", "algebra"), ("I could work, but I study algebra", "algebra"),
        ("Rather than study algebra, I work", "work"), ("I don't want to work, I study algebra", "algebra"),
        ("study algebra instead of cement", "algebra"), ("I do not study yet; work", "work"),
        ("I am not going to work, study algebra", "algebra"), ("I'm not going to work now: algebra", "algebra"),
    ],
)  # fmt: skip
def test_replies(text: str, move: str) -> None:
    assert GAME.read(OPENING, 0, text) == move


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("study bronze", "illegal", "Bronze cannot be studied yet: it needs algebra."),
        ("study zinc", "illegal", "There is no project called zinc here."),
        ("study", "malformed", "Reply with: work, or: study and the name"), ("", "malformed", "I read no move"),
        ("network", "malformed", "I read no move"), ("ſtudy ſteel", "malformed", "I read no move"),
        ("alchemy", "malformed", "I read no move"),
    ],
)  # fmt: skip
def test_refusals(text: str, kind: str, told: str) -> None:
    refused = GAME.read(OPENING, 0, text)
    assert isinstance(refused, Refusal)
    assert refused.kind == kind
    assert told in refused.text


def test_a_finished_project_cannot_be_studied() -> None:
    refused = GAME.read(after("algebra", "algebra", "fails"), 0, "study algebra")
    assert isinstance(refused, Refusal)
    assert (refused.kind, refused.text) == ("illegal", "Algebra is finished.")


def test_views() -> None:
    assert GAME.view(OPENING, 0) == (
        "Turn 1 of 9. Your income is 2 coins. Projects:\nalgebra: 2 turns, 4 coins\n"
        "bronze: 1 turn, 9 coins, needs algebra\ncement: 3 turns, 1 coin"
    )
    assert GAME.view(after("algebra", "work", "algebra", "succeeds"), 0) == (
        "Algebra succeeded. Turn 4 of 9. Your income is 4 coins. Projects:\n"
        "bronze: 1 turn, 9 coins\ncement: 3 turns, 1 coin"
    )
    failed = after("algebra", "algebra", "fails", *["cement"] * 3, "succeeds")
    assert GAME.view(failed, 0) == (
        "Cement succeeded. Turn 6 of 9. Your income is 2 coins. Projects:\nbronze: 1 turn, 9 coins"
    )
    end = GAME.apply(GAME.apply(failed, "bronze"), "fails")
    assert GAME.view(end, 0) == "Bronze failed. Turn 7 of 9. Your income is 2 coins. All projects are finished."
    for _ in range(3):
        end = GAME.apply(end, "work")
    assert GAME.view(end, 0) == "The last turn is over. Your income is 2 coins."
    assert GAME.is_over(end)


def test_instructions() -> None:
    assert "You have 40 turns." in Research().instructions(0)
    assert "divided by 864." in Research().instructions(0)
    assert "You have 1 turn." in Research(turns=1).instructions(0)


def test_with_progress_a_better_method_is_paid_at_once() -> None:
    ready = after("algebra", "algebra")
    gain = GAME.progress(GAME.apply(ready, "succeeds")) - GAME.progress(GAME.apply(ready, "fails"))
    assert gain == pytest.approx(7 * (4 - 2) / GAME.scale)


@pytest.mark.parametrize(
    ("name", "bad"),
    [("turns", 0), ("turns", 2_001), ("projects", 0), ("projects", 26), ("depth", 0), ("depth", 9), ("effort", 0),
     ("gain", 0), ("income", 0), ("income", 1.5), ("effort", True)],
)  # fmt: skip
def test_a_bad_argument_is_named(name: str, bad: Any) -> None:
    with pytest.raises(ArgumentError, match=name):
        Research(**{name: bad})


def test_names_are_apart() -> None:
    game = Research(projects=25, depth=1)
    state = game.deal(Stream(0, Purpose.DEAL))
    assert game.legal(state, 0)[1:9] == NAMES
    assert [game.read(state, 0, game.say(state, move)) for move in game.legal(state, 0)] == list(game.legal(state, 0))
