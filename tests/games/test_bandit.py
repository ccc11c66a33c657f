from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.bandit import MACHINES, Bandit, BanditState, _index, _mean
from textenvs.planning.forward import evaluate_strategy
from textenvs.planning.reference import reference_values

EASY = Bandit(**Bandit.levels["easy"])
Pull = tuple[int, bool]


def dealt(game: Bandit, seed: int) -> BanditState:
    return game.deal(Stream(seed, Purpose.DEAL))


def chances_of(game: Bandit, state: BanditState) -> list[Fraction]:
    """Return the chance of every machine, from the numbers in the state and the page's formula."""
    chances = [Fraction(1, 2 * game.grid) + Fraction(k - 1, game.grid) for k in state.chances]
    return chances + ([Fraction(str(game.safe))] if game.safe else [])


def told(game: Bandit, chances: Sequence[Fraction], pulls: Sequence[Pull]) -> str:
    """Return what a player is shown after `pulls`, by the rules as told."""
    names = [*MACHINES[: game.arms], *(["silver"] if game.safe else [])]
    left = game.pulls - len(pulls)
    text = ""
    if pulls:
        machine, won = pulls[-1]
        text = f"{names[machine].capitalize()}: {'win' if won else 'no win'}. "
    wins = [sum(1 for m, won in pulls if m == machine and won) for machine in range(len(names))]
    total = [sum(1 for m, _ in pulls if m == machine) for machine in range(len(names))]
    ending = f"{left} pull{'s' * (left != 1)} left." if left else f"No pulls left. You won {sum(wins)} of {game.pulls}."
    known = ""
    if game.known:
        known = f"\nChances: {', '.join(f'{name} {float(c):g}' for name, c in zip(names, chances, strict=True))}."
    counts = ", ".join(f"{n} {w} of {t}" for n, w, t in zip(names, wins, total, strict=True))
    return f"{text}{ending}{known}\nWins: {counts}."


@pytest.mark.parametrize(
    "game", [Bandit(2, 3, 2), Bandit(2, 3, 3, safe=0.0), Bandit(1, 3, 4, safe=0.3, known=True)], ids=repr
)
def test_all_plays_equal_the_second_implementation(game: Bandit) -> None:
    machines = range(game.arms + bool(game.safe))
    for state, _ in game.deals() or ():
        chances = chances_of(game, state)
        for plan, results in product(product(machines, repeat=3), product((True, False), repeat=3)):
            play_both(game, state, chances, list(zip(plan, results, strict=True)))


def play_both(game: Bandit, state: BanditState, chances: Sequence[Fraction], pulls: Sequence[Pull]) -> None:
    for number, (machine, won) in enumerate(pulls):
        assert game.view(state, 0) == told(game, chances, pulls[:number])
        assert game.to_move(state) == (0,)
        assert game.legal(state, 0) == tuple(range(len(chances)))
        pulled = game.apply(state, machine)
        assert game.rewards(state, machine, pulled) == (0.0,)
        assert game.to_move(pulled) == ()
        outcomes = dict(game.chance(pulled))
        assert outcomes == {"win": chances[machine], "loss": 1 - chances[machine]}
        outcome: Any = "win" if won else "loss"
        state = game.apply(pulled, outcome)
        assert game.rewards(pulled, outcome, state) == pytest.approx((won / game.pulls,))
    assert game.view(state, 0) == told(game, chances, pulls)
    assert game.is_over(state) == (len(pulls) == game.pulls)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), pulls=st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=30))
def test_random_plays_equal_the_second_implementation(seed: int, pulls: list[Pull]) -> None:
    game = Bandit()
    state = dealt(game, seed)
    play_both(game, state, chances_of(game, state), pulls)


def test_a_machine_that_always_or_never_wins() -> None:
    game = Bandit(1, 1, 2, safe=1.0)
    assert game.chance(game.apply(dealt(game, 0), 1)) == (("win", 1),)


# Instances


def test_deals_are_all_chances_equally_often() -> None:
    deals = EASY.deals()
    assert deals is not None
    grid = [Fraction(k, 10) for k in (1, 3, 5, 7, 9)]
    assert [EASY.content(state) for state, _ in deals] == list(product(grid, repeat=2))
    assert {p for _, p in deals} == {Fraction(1, 25)}


def test_drawn_chances_are_uniform_and_independent() -> None:
    draws = 5000
    counted = Counter(dealt(EASY, seed) for seed in range(draws))
    assert len(counted) == 25
    chi_squared = sum((n - draws / 25) ** 2 / (draws / 25) for n in counted.values())
    assert 24 - 4 * 48**0.5 < chi_squared < 24 + 4 * 48**0.5
    assert Bandit().deals() is None
    assert Bandit().grid ** Bandit().arms == 10**6


# Rulers, by following the probability of every combination of chances


Weights = tuple[Fraction, ...]
Choose = Callable[[list[tuple[Fraction, Fraction]]], Fraction]


def naive_value(game: Bandit, choose: Choose) -> Fraction:
    """The expected number of wins of a policy that sees, for each machine, the chance now and what is won in all."""
    cases = [chances_of(game, state) for state, _ in game.deals() or ()]

    @cache
    def value(weights: Weights, left: int) -> Fraction:
        """The expected number of further wins, times the sum of the weights."""
        if left == 0:
            return Fraction(0)
        worths = []
        for machine in range(len(cases[0])):
            won = tuple(w * case[machine] for w, case in zip(weights, cases, strict=True))
            lost = tuple(w - x for w, x in zip(weights, won, strict=True))
            now = sum(won, Fraction(0))
            worths.append((now, now + value(won, left - 1) + value(lost, left - 1)))
        return choose(worths)

    if game.known:
        return sum((value(tuple(Fraction(i == j) for j in range(len(cases))), game.pulls) for i in range(len(cases))),
                   Fraction(0)) / len(cases)  # fmt: skip
    return value((Fraction(1, len(cases)),) * len(cases), game.pulls)


def best(worths: list[tuple[Fraction, Fraction]]) -> Fraction:
    return max(total for _, total in worths)


def any_pull(worths: list[tuple[Fraction, Fraction]]) -> Fraction:
    return sum((total for _, total in worths), Fraction(0)) / len(worths)


def greedy(worths: list[tuple[Fraction, Fraction]]) -> Fraction:
    most = max(now for now, _ in worths)
    tied = [total for now, total in worths if now == most]
    return sum(tied, Fraction(0)) / len(tied)


@pytest.mark.parametrize(
    ("game", "cell"),
    [
        (Bandit(2, 3, 3), "both"), (Bandit(2, 4, 3, safe=0.0), "both"), (Bandit(1, 5, 5, safe=0.6), "both"),
        (Bandit(2, 3, 3, known=True), "control"), (Bandit(3, 2, 2, safe=0.0, known=True), "control"),
        (Bandit(1, 5, 3, safe=0.95), "control"), (Bandit(3, 1, 3, safe=0.0), "control"),
    ],
    ids=repr,
)  # fmt: skip
def test_the_rulers_equal_a_naive_computation(game: Bandit, cell: str) -> None:
    values = reference_values(game)
    assert values.cell() == cell
    for ruler, choose in ((values.optimal, best), (values.myopic, greedy), (values.random, any_pull)):
        assert ruler.value == pytest.approx(float(naive_value(game, choose)) / game.pulls)
    plan = naive_value(game, best) / game.pulls if game.known else max(Fraction(str(game.safe)), Fraction(1, 2))
    assert values.plan.value == pytest.approx(float(plan))
    assert values.random.value == pytest.approx((game.arms / 2 + game.safe) / (game.arms + bool(game.safe)))
    assert evaluate_strategy(game, expert_strategy) == pytest.approx(values.optimal.value)


@pytest.mark.slow
def test_the_rulers_at_easy() -> None:
    values = reference_values(EASY)
    assert values.cell() == "both"
    assert values.optimal.value == pytest.approx(float(naive_value(EASY, best)) / 5)
    assert round(values.optimal.value, 4) == 0.6050
    assert [v.value for v in (values.plan, values.myopic)] == pytest.approx([0.55, 0.55])
    assert values.random.value == pytest.approx(1.55 / 3)
    assert evaluate_strategy(EASY, expert_strategy) == pytest.approx(values.optimal.value)


def test_known_chances_make_a_control() -> None:
    game = Bandit(2, 5, 5, known=True)
    best_chances = [max(chances_of(game, state)) for state, _ in game.deals() or ()]
    assert sum(best_chances) / 25 == Fraction(718, 1000)
    assert evaluate_strategy(game, expert_strategy) == pytest.approx(0.718)
    few = Bandit(2, 2, 5, known=True)
    values = reference_values(few)
    assert values.cell() == "control"
    assert [v.value for v in (values.optimal, values.plan, values.myopic)] == pytest.approx([0.718] * 3)


# Uniform priors


@cache
def two_uniform_machines(left: int, a: int, b: int, c: int, d: int) -> Fraction:
    """The most wins to expect of two machines with uniform priors after a, c wins and b, d losses."""
    if left == 0:
        return Fraction(0)
    p, q = Fraction(a + 1, a + b + 2), Fraction(c + 1, c + d + 2)
    first = p * (1 + two_uniform_machines(left - 1, a + 1, b, c, d))
    first += (1 - p) * two_uniform_machines(left - 1, a, b + 1, c, d)
    second = q * (1 + two_uniform_machines(left - 1, a, b, c + 1, d))
    return max(first, second + (1 - q) * two_uniform_machines(left - 1, a, b, c, d + 1))


def test_fine_grids_come_close_to_the_uniform_prior() -> None:
    assert two_uniform_machines(2, 0, 0, 0, 0) == Fraction(13, 12)  # 1/2, then 2/3 after a win, else 1/2
    assert two_uniform_machines(3, 0, 0, 0, 0) == UNIFORM_3
    assert round(float(two_uniform_machines(10, 0, 0, 0, 0)), 4) == 6.0218
    for grid, error in ((4, 0.03), (8, 0.01), (16, 0.002)):
        game = Bandit(2, 3, grid, safe=0.0)
        assert float(naive_value(game, best)) == pytest.approx(float(UNIFORM_3), abs=error)
    for wins, losses in product(range(6), repeat=2):
        assert _mean(100, wins, losses) == pytest.approx((wins + 1) / (wins + losses + 2), abs=1e-4)


UNIFORM_3 = Fraction(5, 3)


@cache
def one_uniform_machine(left: int, wins: int, losses: int, sure: Fraction) -> Fraction:
    """The most to expect of `left` pulls of a machine with a uniform prior or of a sure pay, whichever is better."""
    return max(left * sure, one_pull(left, wins, losses, sure)) if left else Fraction(0)


def one_pull(left: int, wins: int, losses: int, sure: Fraction) -> Fraction:
    p = Fraction(wins + 1, wins + losses + 2)
    won = 1 + one_uniform_machine(left - 1, wins + 1, losses, sure)
    return p * won + (1 - p) * one_uniform_machine(left - 1, wins, losses + 1, sure)


@pytest.mark.parametrize(("wins", "losses", "horizon"), [(0, 0, 2), (0, 0, 9), (1, 3, 5), (4, 1, 7), (0, 0, 1)])
def test_the_index_makes_one_indifferent(wins: int, losses: int, horizon: int) -> None:
    index = Fraction(_index(100, wins, losses, horizon))
    slack = Fraction(1, 1000)
    assert one_pull(horizon, wins, losses, index - slack) > horizon * (index - slack)
    assert one_pull(horizon, wins, losses, index + slack) < horizon * (index + slack)


def test_the_index_of_two_pulls_by_hand() -> None:
    # pulling pays 1/2 + 1/2 (2/3) + 1/2 s, and s twice is as good at s = 5/9
    assert _index(100, 0, 0, 2) == pytest.approx(5 / 9, abs=1e-4)
    assert _index(5, 3, 2, 1) == pytest.approx(_mean(5, 3, 2), abs=1e-5)


def test_the_expert_uses_the_counts_only_unless_chances_are_told() -> None:
    game = Bandit()
    state = BanditState((1, 10, 1, 1, 1, 1), (2, 0, 1, 0, 0, 0, 0), (0, 3, 1, 1, 2, 0, 0))
    assert game.expert(state, 0) == ((0, 1),)
    assert Bandit(known=True).expert(state, 0) == ((1, 1),)


def expert_return(game: Bandit, seed: int) -> float:
    state, random, total = dealt(game, seed), Stream(seed, Purpose.CHANCE), 0.0
    while not game.is_over(state):
        move: Any = game.expert(state, 0)[0][0]
        if game.chance(state):
            move = "win" if random.random() < game.chance(state)[0][1] else "loss"
        after = game.apply(state, move)
        total += game.rewards(state, move, after)[0]
        state = after
    return total


def test_the_expert_explores() -> None:
    returns = [expert_return(Bandit(), seed) for seed in range(60)]
    assert 0.66 < sum(returns) / len(returns) < 0.79


# Words


@pytest.mark.parametrize(
    ("text", "machine"),
    [
        ("pull blue", 1), ("blue", 1), ("Pull the blue machine.", 1), ("I would like to play blue, please", 1),
        ("**Blue**", 1), ("I choose blue since red won only 1 of 3", 1), ("red or blue? I'll try blue", 1),
        ("not red but blue", 1), ("Blue, not red.", 1), ("pull machine blue", 1), ("pull silver", 6), ("Silver!", 6),
        ("I won't pull red again, so blue", 1), ("pull red? No: pull blue", 1), ("", None), ("pull", None),
        ("pull 2", None), ("pink", None), ("I have 3 pulls left", None), ("blueish", None), ("gold", None),
    ],
)  # fmt: skip
def test_replies(text: str, machine: int | None) -> None:
    game = Bandit()
    read = game.read(dealt(game, 0), 0, text)
    refusal = Refusal(
        "I read no machine in that. Reply with 'pull' and one of: red, blue, green, yellow, white, black, silver."
    )
    assert read == (refusal if machine is None else machine)


def test_instructions() -> None:
    assert EASY.instructions(0) == (
        "There are 3 slot machines: red, blue and silver. Each turn you pull one of them, and the pull wins or it does "
        "not. Each machine has a chance of winning that never changes. For silver it is 0.55; for the others it is one "
        "of 0.1, 0.3, 0.5, 0.7 or 0.9, each equally likely, separately for each machine; you are not told which. You "
        "have 5 pulls. Each win pays 1/5 of a point.\n"
        "For example, reply: pull red"
    )
    assert (
        "never changes. For all of the machines it is one of 0.25 or 0.75, each equally likely, separately for each "
        "machine; I tell you which. You have 1 pull. Each win pays 1 point.\n"
    ) in Bandit(2, 1, 2, safe=0.0, known=True).instructions(0)
    other = "0.5; for the other it is one of 0.025, 0.075, 0.125 and so on up to 0.975, each equally likely; you"
    assert other in Bandit(1, 3, 20, safe=0.5).instructions(0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"arms": 0}, "arms must be"), ({"arms": 11}, "arms must be"), ({"pulls": 0}, "pulls must be"),
        ({"grid": 1}, "grid must be"), ({"safe": 1.1}, "safe must be"), ({"known": 1}, "known must be True or False"),
        ({"arms": 1, "safe": 0.0}, "with arms=1 there is no choice"),
    ],
)  # fmt: skip
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Bandit(**arguments)
