from __future__ import annotations

import re
from fractions import Fraction
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.blocksworld import Blocksworld, BlocksworldState
from textenvs.games.blocksworld_towers import HAND, TABLE, Position
from textenvs.planning.forward import evaluate_strategy
from textenvs.planning.reference import reference_values

# The domain of the planning competition of 2000, and the words of PlanBench's Mystery variant for it.
DOMAIN = """
(define (domain blocks) (:requirements :strips)
  (:predicates (clear ?x) (ontable ?x) (handempty) (holding ?x) (on ?x ?y))
  (:action pick-up :parameters (?x)
    :precondition (and (clear ?x) (ontable ?x) (handempty))
    :effect (and (holding ?x) (not (clear ?x)) (not (ontable ?x)) (not (handempty))))
  (:action put-down :parameters (?x)
    :precondition (and (holding ?x))
    :effect (and (clear ?x) (ontable ?x) (handempty) (not (holding ?x))))
  (:action stack :parameters (?x ?y)
    :precondition (and (clear ?y) (holding ?x))
    :effect (and (handempty) (clear ?x) (on ?x ?y) (not (clear ?y)) (not (holding ?x))))
  (:action unstack :parameters (?x ?y)
    :precondition (and (on ?x ?y) (clear ?x) (handempty))
    :effect (and (holding ?x) (clear ?y) (not (on ?x ?y)) (not (clear ?x)) (not (handempty)))))
"""
PLAIN = {
    "clear": "{} clear", "ontable": "{} on table", "handempty": "hand empty", "holding": "holding {}", "on": "{} on {}",
    "pick-up": "pick up {}", "put-down": "put down {}", "stack": "stack {} on {}", "unstack": "unstack {} from {}",
}  # fmt: skip
MYSTERY = {
    "clear": "province {}", "ontable": "planet {}", "handempty": "harmony", "holding": "pain {}", "on": "{} craves {}",
    "pick-up": "attack {}", "put-down": "succumb {}", "stack": "overcome {} from {}", "unstack": "feast {} from {}",
}  # fmt: skip

Facts = frozenset[tuple[str, ...]]


def facts_of(on: Position, *, partial: bool = False) -> Facts:
    """What is true of a position, as tuples of PDDL; `partial` leaves out what follows from the rest."""
    names = "ABCDEFGHIJKLMNOPQRST"[: len(on)]
    facts: set[tuple[str, ...]] = set()
    for block, below in zip(names, on, strict=True):
        if below == HAND:
            facts.add(("holding", block))
        else:
            facts.add(("ontable", block) if below == TABLE else ("on", block, names[below]))
    if not partial:
        facts |= {("clear", x) for i, x in enumerate(names) if i not in on and on[i] != HAND}
        facts |= {("handempty",)} - {("handempty",) for below in on if below == HAND}
    return frozenset(facts)


def facts_told(view: str, label: str, words: dict[str, str]) -> Facts:
    line = next(line for line in view.splitlines() if line.startswith(f"{label}: "))
    facts = set()
    for told in line.removeprefix(f"{label}: ").removesuffix(".").split(", "):
        for kind in ("clear", "ontable", "handempty", "holding", "on"):  # "A on table" is no "A on B"
            if match := re.fullmatch(words[kind].replace("{}", "([A-Z])"), told):
                facts.add((kind, *match.groups()))
    return frozenset(facts)


def schemas() -> list[tuple[str, str, str, str]]:
    """Name, parameters, preconditions and effects of every action of DOMAIN, as texts."""
    parts = (re.split(r":parameters|:precondition|:effect", part) for part in DOMAIN.split("(:action ")[1:])
    return [(name.strip(), parameters, needs, effects) for name, parameters, needs, effects in parts]


def atoms(text: str, x: str, y: str) -> set[tuple[str, ...]]:
    found = re.findall(r"\(((?:clear|ontable|handempty|holding|on)[ ?xy]*)\)", text)
    return {tuple(atom.replace("?x", x).replace("?y", y).split()) for atom in found}


@cache
def naive_actions(facts: Facts, blocks: str) -> dict[tuple[str, ...], Facts]:
    """All actions that DOMAIN allows, with the facts after them: sets of facts, read off the text of the domain."""
    after: dict[tuple[str, ...], Facts] = {}
    for name, parameters, needs, effects in schemas():
        removed, added = re.findall(r"\(not (\(.*?\))\)", effects), re.sub(r"\(not \(.*?\)\)", "", effects)
        for x, y in product(blocks, blocks if "?y" in parameters else "-"):
            if x != y and atoms(needs, x, y) <= facts:
                action = (name, x, y) if y != "-" else (name, x)
                after[action] = facts - atoms(" ".join(removed), x, y) | atoms(added, x, y)
    return after


def test_the_naive_implementation_reads_all_of_the_domain() -> None:
    facts = facts_of((1, TABLE, TABLE))
    assert naive_actions(facts, "ABC") == {
        ("unstack", "A", "B"): facts_of((HAND, TABLE, TABLE)), ("pick-up", "C"): facts_of((1, TABLE, HAND))
    }  # fmt: skip
    held = naive_actions(facts_of((HAND, TABLE)), "AB")
    assert held == {("put-down", "A"): facts_of((TABLE, TABLE)), ("stack", "A", "B"): facts_of((1, TABLE))}


def check_turn(game: Blocksworld, state: BlocksworldState) -> None:
    """Compare one position and all its moves with the naive rules."""
    words = MYSTERY if game.mystery else PLAIN
    view = game.view(state, 0)
    now, goal = facts_told(view, "Now", words), facts_told(view, "Goal", words)
    assert now == facts_of(state.on)
    assert goal == facts_of(state.goal, partial=True)
    assert game.is_over(state) == (goal <= now or state.left == 0)
    assert ("You win." in view) == (goal <= now)
    if game.is_over(state):
        return
    expected = {
        words[action[0]].format(*action[1:]): after
        for action, after in naive_actions(now, "ABCDEFGHIJKLMNOPQRST"[: game.blocks]).items()
    }
    assert {game.say(state, move) for move in game.legal(state, 0)} == set(expected)
    for move in game.legal(state, 0):
        after = game.apply(state, move)
        assert facts_told(game.view(after, 0), "Now", words) == expected[game.say(state, move)]
        assert after.left == state.left - 1
        assert game.rewards(state, move, after) == (1.0 if goal <= expected[game.say(state, move)] else 0.0,)


@pytest.mark.parametrize(("blocks", "mystery", "seeds"), [(3, False, 8), (3, True, 8), (7, False, 1), (7, True, 1)])
def test_random_plays_equal_the_naive_second_implementation(blocks: int, mystery: bool, seeds: int) -> None:
    game = Blocksworld(blocks=blocks, mystery=mystery)
    for seed in range(seeds):
        state, random = game.deal(Stream(seed, Purpose.DEAL)), Stream(seed, Purpose.POLICY)
        while not game.is_over(state):
            check_turn(game, state)
            state = game.apply(state, random.choice(game.legal(state, 0)))
        check_turn(game, state)


def test_mystery_changes_nothing_but_the_words() -> None:
    plain, mystery = Blocksworld(), Blocksworld(mystery=True)
    state = plain.deal(Stream(0, Purpose.DEAL))
    assert state == mystery.deal(Stream(0, Purpose.DEAL))
    assert plain.content(state) == mystery.content(state)
    for name in PLAIN:
        example = PLAIN[name].format("X", "Y")
        assert example in plain.instructions(0), "every fact and action is explained"
        assert MYSTERY[name].format("X", "Y") in mystery.instructions(0)
    familiar = "block|table|hand|stack|pick|hold|clear|on [A-Z]"
    assert not re.search(familiar, mystery.instructions(0) + mystery.view(state, 0))


def test_the_instructions_tell_the_domain() -> None:
    for game, words in ((Blocksworld(), PLAIN), (Blocksworld(mystery=True), MYSTERY)):
        for action, x, y in (("pick-up", "A", ""), ("put-down", "A", ""), ("stack", "A", "B"), ("unstack", "A", "B")):
            line = re.search(rf"^{words[action].format('X', 'Y')} - .*$", game.instructions(0), re.MULTILINE)
            assert line
            told = line[0].replace("X", "A").replace("Y", "B").split(" - needs: ")[1]
            needs, makes = (facts_told(f"Now: {part}", "Now", words) for part in told.split("; makes true: "))
            after = naive_actions(needs, "AB")[(action, x, y) if y else (action, x)]
            assert after == makes, "what an action needs becomes false, and what it makes becomes true"


# Shortest solutions ----------------------------------------------------------------------------------


@cache
def naive_distances(goal: Facts, blocks: str) -> dict[Facts, int]:
    """Breadth-first search backwards from the goal; every action can be taken back by one other."""
    start = next(state for state in positions(blocks) if goal <= state)
    far, frontier = {start: 0}, [start]
    while frontier:
        found = [after for facts in frontier for after in naive_actions(facts, blocks).values() if after not in far]
        far |= dict.fromkeys(found, far[frontier[0]] + 1)
        frontier = list(dict.fromkeys(found))
    return far


@cache
def positions(blocks: str) -> list[Facts]:
    """All positions, found by playing from all blocks on the table."""
    seen = [facts_of((TABLE,) * len(blocks))]
    for facts in seen:
        seen += [after for after in naive_actions(facts, blocks).values() if after not in seen]
    return seen


@pytest.mark.parametrize("blocks", [2, 3])
def test_turns_are_those_of_breadth_first_search(blocks: int) -> None:
    game = Blocksworld(blocks=blocks, slack=0)
    deals = [state for state, _ in game.deals() or ()]
    for state in deals:
        assert state.left == naive_distances(facts_of(state.goal, partial=True), "ABC"[:blocks])[facts_of(state.on)]
    assert max(state.left for state in deals) == game.max_turns


def test_the_expert_is_optimal_from_every_position() -> None:
    game = Blocksworld(blocks=3)
    for deal in {state.goal: state for state, _ in game.deals() or ()}.values():
        far = naive_distances(facts_of(deal.goal, partial=True), "ABC")
        seen = {deal.on: deal}
        pending = [deal]
        while pending:
            state = pending.pop()
            assert game.progress(state) == -far[facts_of(state.on)]
            if state.on != state.goal:
                ((move, _),) = game.expert(state, 0)
                assert far[facts_of(game.apply(state, move).on)] == far[facts_of(state.on)] - 1
            new = {after.on: after for m in game.legal(state, 0) if (after := game.apply(state, m)).on not in seen}
            seen |= new
            pending += new.values()
        assert len(seen) == len(far) == 22


def test_turns_with_four_blocks_are_those_of_breadth_first_search() -> None:
    for state, _ in Blocksworld(blocks=4, slack=0).deals() or ():
        assert state.left == naive_distances(facts_of(state.goal, partial=True), "ABCD")[facts_of(state.on)]


@pytest.mark.parametrize("blocks", [4, 5, 6])
def test_turns_are_those_of_a_classical_planner(blocks: int, tmp_path: Path) -> None:
    planner = pytest.importorskip("pyperplan.planner")
    game = Blocksworld(blocks=blocks, slack=0)
    (tmp_path / "domain.pddl").write_text(DOMAIN)
    for seed in range(3):
        state = game.deal(Stream(seed, Purpose.DEAL))
        problem = tmp_path / f"problem{seed}.pddl"
        init, goal = (
            " ".join(f"({' '.join(fact)})" for fact in sorted(facts))
            for facts in (facts_of(state.on), facts_of(state.goal, partial=True))
        )
        problem.write_text(
            f"(define (problem p) (:domain blocks) (:objects {' '.join('ABCDEF'[:blocks])}) "
            f"(:init {init}) (:goal (and {goal})))"
        )
        plan = planner.search_plan(str(tmp_path / "domain.pddl"), str(problem), planner.SEARCHES["bfs"], None)
        assert len(plan) == state.left
        for operator in plan:
            name, *blocks_named = operator.name.strip("()").split()
            move = game.read(state, 0, PLAIN[name].format(*map(str.upper, blocks_named)))
            assert not isinstance(move, Refusal)
            state = game.apply(state, move)
        assert state.on == state.goal


@pytest.mark.parametrize("blocks", [3, 7, 20])
def test_turning_a_tower_on_its_lowest_block_takes_the_longest(blocks: int) -> None:
    tower = (*range(1, blocks), TABLE)
    turned = (blocks - 1, *range(blocks - 2), TABLE)
    game = Blocksworld(blocks=blocks)
    assert game._opening(tower, turned).left == game.max_turns == 4 * (blocks - 1) + game.slack


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), blocks=st.integers(2, 12))
def test_the_expert_reaches_the_goal_with_the_slack_unused(seed: int, blocks: int) -> None:
    game = Blocksworld(blocks=blocks)
    state = game.deal(Stream(seed, Purpose.DEAL))
    assert state.on[0] == 1
    assert 0 not in state.on
    assert state.left <= game.max_turns
    while not game.is_over(state):
        state = game.apply(state, game.expert(state, 0)[0][0])
    assert state.on == state.goal
    assert state.left == game.slack


# Values and sizes ------------------------------------------------------------------------------------


@cache
def naive_values(facts: Facts, goal: Facts, left: int) -> tuple[Fraction, Fraction]:
    """The values of myopic and random play with three blocks."""
    if goal <= facts or left == 0:
        return (Fraction(goal <= facts),) * 2
    afters = list(naive_actions(facts, "ABC").values())
    myopic, random = zip(*(naive_values(after, goal, left - 1) for after in afters), strict=True)
    at_once = any(goal <= after for after in afters)
    return Fraction(1) if at_once else sum(myopic) / len(afters), sum(random) / len(afters)


def test_the_rulers_of_the_easy_level_are_those_of_brute_force() -> None:
    game = Blocksworld(**Blocksworld.levels["easy"])
    deals = game.deals() or ()
    values = [naive_values(facts_of(state.on), facts_of(state.goal, partial=True), state.left) for state, _ in deals]
    rulers = reference_values(game)
    assert rulers.myopic.value == pytest.approx(float(sum(myopic for myopic, _ in values)) / len(deals))
    assert rulers.random.value == pytest.approx(float(sum(random for _, random in values)) / len(deals))
    assert [rulers.optimal.value, rulers.plan.value] == pytest.approx([1, 1])
    assert rulers.cell() == "foresight"
    assert evaluate_strategy(game, expert_strategy) == pytest.approx(1)


def test_sizes_are_as_documented() -> None:
    assert [len(Blocksworld(blocks=n).deals() or ()) for n in (2, 3, 4)] == [2, 24, 504]
    arrangements = [1, 1, 3, 13, 73, 501, 4051, 37633]  # OEIS A000262
    clear = sum(arrangements[5 - k] * falling(5, k) for k in range(6))  # k blocks lie below B, of C, D, E, F and G
    assert clear * (arrangements[7] - 1) == 58_179_072


def falling(n: int, k: int) -> int:
    return n * falling(n - 1, k - 1) if k else 1


@pytest.mark.parametrize("blocks", [2, 3])
def test_deals_that_are_drawn_are_spread_as_those_listed(blocks: int) -> None:
    game = Blocksworld(blocks=blocks)
    listed = dict(game.deals() or ())
    drawn = [game.deal(Stream(seed, Purpose.DEAL)) for seed in range(100 * len(listed))]
    assert set(drawn) == set(listed)
    chi_squared = sum((drawn.count(state) - 100) ** 2 / 100 for state in listed)
    freedom = len(listed) - 1
    assert chi_squared < freedom + 4 * (2 * freedom) ** 0.5


# Words -----------------------------------------------------------------------------------------------

A_ON_B = BlocksworldState((1, TABLE, TABLE), (TABLE, TABLE, 0), 9)
A_HELD = BlocksworldState((HAND, TABLE, TABLE), (TABLE, TABLE, 0), 8)


@pytest.mark.parametrize(
    ("state", "text", "said"),
    [
        (A_ON_B, "unstack A from B", "unstack A from B"), (A_ON_B, "Unstack block A from block B.", "unstack A from B"),
        (A_ON_B, "(unstack a b)", "unstack A from B"), (A_ON_B, "take A off B", "unstack A from B"),
        (A_ON_B, "Remove A from B", "unstack A from B"), (A_ON_B, "pick up A from B", "unstack A from B"),
        (A_ON_B, "unstack the block A from on top of the block B", "unstack A from B"),
        (A_ON_B, "pick up C", "pick up C"), (A_ON_B, "pick-up C", "pick up C"), (A_ON_B, "**pickup** `C`", "pick up C"),
        (A_ON_B, "I would like to pick up the block C", "pick up C"), (A_ON_B, "grab C", "pick up C"),
        (A_ON_B, "pick up C from the table", "pick up C"), (A_ON_B, "lift C up", "pick up C"),
        (A_HELD, "put down A", "put down A"), (A_HELD, "put-down a", "put down A"),
        (A_HELD, "put A down", "put down A"),
        (A_HELD, "put A on the table", "put down A"), (A_HELD, "Place A onto the table.", "put down A"),
        (A_HELD, "put it down", "put down A"), (A_HELD, "put down the block a, then see", "put down A"),
        (A_HELD, "stack A on B", "stack A on B"), (A_HELD, "stack a b", "stack A on B"),
        (A_HELD, "stack it on top of C", "stack A on C"), (A_HELD, "Put A on B!", "stack A on B"),
        (A_HELD, "put A down on B", "stack A on B"), (A_HELD, "move A onto C", "stack A on C"),
        (A_HELD, "stack the block A on top of the block B", "stack A on B"),
        (A_HELD, "I could stack A on B, but I put down A", "put down A"),
        (A_HELD, "not stack A on B but stack A on C", "stack A on C"),
        (A_HELD, "Stack A on C instead of put down A", "stack A on C"),
        (A_HELD, "I don't want to take a look. Stack A on C.", "stack A on C"),
        (A_HELD, "8 turns left, so:\n```\nput down A\n```", "put down A"),
    ],
)  # fmt: skip
def test_replies_that_are_actions(state: BlocksworldState, text: str, said: str) -> None:
    game = Blocksworld(blocks=3)
    move = game.read(state, 0, text)
    assert not isinstance(move, Refusal), move
    assert game.say(state, move) == said


@pytest.mark.parametrize(
    ("state", "text", "said"),
    [
        (A_ON_B, "feast A from B", "feast A from B"), (A_ON_B, "Feast object A from object B", "feast A from B"),
        (A_ON_B, "I feast on A from B.", "feast A from B"), (A_ON_B, "attack C", "attack C"),
        (A_ON_B, "(attack c)", "attack C"), (A_ON_B, "attack the object C", "attack C"),
        (A_HELD, "succumb A", "succumb A"), (A_HELD, "succumb to A", "succumb A"),
        (A_HELD, "Succumb object a", "succumb A"), (A_HELD, "overcome A from B", "overcome A from B"),
        (A_HELD, "overcome object A from object C", "overcome A from C"), (A_HELD, "overcome a b", "overcome A from B"),
    ],
)  # fmt: skip
def test_replies_in_the_words_of_mystery(state: BlocksworldState, text: str, said: str) -> None:
    game = Blocksworld(blocks=3, mystery=True)
    move = game.read(state, 0, text)
    assert not isinstance(move, Refusal), move
    assert game.say(state, move) == said


@pytest.mark.parametrize(
    ("mystery", "state", "text", "why"),
    [
        (False, A_ON_B, "pick up A", "You cannot pick up A now: that needs A on table."),
        (False, A_ON_B, "pick up B", "You cannot pick up B now: that needs B clear."),
        (False, A_ON_B, "stack C on A", "You cannot stack C on A now: that needs holding C."),
        (False, A_ON_B, "stack A on B", "You cannot stack A on B now: that needs holding A, B clear."),
        (False, A_HELD, "pick up B", "You cannot pick up B now: that needs hand empty."),
        (False, A_ON_B, "put it down", "You hold no block."),
        (False, A_ON_B, "pick up Z", "There is no block Z; they are A to C."),
        (False, A_HELD, "stack A on D", "There is no block D; they are A to C."),
        (False, A_HELD, "stack A on A", "You cannot stack A on A now: that needs A clear."),
        (True, A_ON_B, "attack A", "You cannot attack A now: that needs planet A."),
        (True, A_HELD, "feast A from B", "You cannot feast A from B now: that needs A craves B, province A, harmony."),
        (True, A_ON_B, "attack Z", "There is no object Z; they are A to C."),
    ],
)
def test_replies_that_are_illegal(mystery: bool, state: BlocksworldState, text: str, why: str) -> None:
    assert Blocksworld(blocks=3, mystery=mystery).read(state, 0, text) == Refusal(why, "illegal")


@pytest.mark.parametrize(
    ("mystery", "text"),
    [
        (False, ""), (False, "A"), (False, "unstack"), (False, "stack A"), (False, "unstack A"), (False, "pick up"),
        (False, "pick up a block"), (False, "take a look"), (False, "attack A"), (False, "don't pick up C"),
        (False, "A is on B and C is clear"), (False, "積む"), (False, "pick up AB"),
        (True, "pick up C"), (True, "stack A on B"), (True, "feast A"), (True, "overcome A"), (True, "attack it"),
        (True, "A craves B"), (True, "never attack C"),
    ],
)  # fmt: skip
def test_replies_that_are_no_action(mystery: bool, text: str) -> None:
    read = Blocksworld(blocks=3, mystery=mystery).read(A_ON_B, 0, text)
    assert isinstance(read, Refusal)
    assert read.kind == "malformed"
    assert ("feast A from B" if mystery else "unstack A from B") in read.text


def test_views() -> None:
    game = Blocksworld(blocks=3)
    view = "Now: A on B, B on table, C on table, A clear, C clear, hand empty.\nGoal: A on table, B on table, C on A."
    assert game.view(A_ON_B, 0) == f"{view}\n9 turns left."
    assert game.view(A_HELD, 0).splitlines()[0] == "Now: holding A, B on table, C on table, B clear, C clear."
    mystery = Blocksworld(blocks=3, mystery=True).view(A_ON_B, 0)
    assert mystery.splitlines()[0] == "Now: A craves B, planet B, planet C, province A, province C, harmony."


@pytest.mark.parametrize(
    "arguments", [{"blocks": 1}, {"blocks": 21}, {"slack": -1}, {"mystery": "yes"}, {"mystery": 1}]
)
def test_a_bad_argument_is_named(arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(arguments))):
        Blocksworld(**arguments)
