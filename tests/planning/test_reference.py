from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.planning.tables import Chaos, Coin, Fork, Ladder, Tiger, Toy
from textenvs.core.errors import ArgumentError, EmptySplitError
from textenvs.core.game import Distribution
from textenvs.core.instances import in_split
from textenvs.core.strategies import expert_strategy, mixed_strategy, random_strategy
from textenvs.games.assembly import Assembly
from textenvs.games.guess_number import GuessNumber
from textenvs.planning.bounds import Value, between, exact, joined, sampled
from textenvs.planning.errors import PeekingPolicyError
from textenvs.planning.reference import ReferenceValues, reference_values

RULERS = ("optimal", "plan", "myopic", "random", "behaviour", "one_step")


@dataclass(frozen=True)
class Delayed(Toy):
    """Fully told: `take` pays 1 at once, `wait` pays 3 a move later. State: (moves made, waited)."""

    @property
    def return_range(self) -> tuple[float, float]:
        return (1.0, 3.0)

    def deals(self) -> Distribution[Any]:
        return (((0, False), 1),)

    def to_move(self, state: Any) -> tuple[int, ...]:
        return (0,) if state[0] < 2 else ()

    def legal(self, state: Any, player: int) -> tuple[str, ...]:
        return ("take", "wait") if state[0] == 0 else ("go on",)

    def apply(self, state: Any, move: Any) -> Any:
        return (state[0] + 1, state[1] or move == "wait")

    def rewards(self, state: Any, move: Any, after: Any) -> tuple[float, ...]:
        return (1.0 if move == "take" else 3.0 if move == "go on" and state[1] else 0.0,)

    def view(self, state: Any, player: int) -> str:
        return str(state)


@dataclass(frozen=True)
class Unlisted(Coin):
    """A coin whose deals are drawn, not listed."""

    def deals(self) -> None:
        return None

    def deal(self, random: Any) -> Any:
        return (random.choice(("heads", "tails")), 0)


def test_guess_number_has_its_known_values() -> None:
    values = reference_values(GuessNumber(high=7, guesses=3))
    assert values.optimal.value == pytest.approx(1, abs=1e-9)
    assert values.plan.value == pytest.approx(3 / 7, abs=1e-9)
    assert values.myopic.value == pytest.approx(166 / 245, abs=1e-9)
    assert values.random.value == pytest.approx(1 - (6 / 7) ** 3, abs=1e-9)
    assert values.feedback_gap.value == pytest.approx(4 / 7, abs=1e-9)
    assert values.foresight_gap.value == pytest.approx(79 / 245, abs=1e-9)
    assert all(getattr(values, name).kind == "exact" for name in RULERS)


@pytest.mark.parametrize(
    ("game", "cell"),
    [
        (Coin(), "control"),
        (Assembly(length=1, horizon=1, slip=0.3), "control"),
        (Delayed(), "foresight"),
        (Assembly(slip=0.0), "foresight"),
        (Fork(), "feedback"),
        (GuessNumber(high=3, guesses=2), "both"),
        (Assembly(), "both"),
    ],
    ids=repr,
)
def test_games_fall_into_their_cells(game: Any, cell: str) -> None:
    assert reference_values(game).cell() == cell


def test_a_small_gap_counts_as_none_within_the_tolerance() -> None:
    values = reference_values(Assembly())
    assert values.cell(tolerance=0.3) == "foresight"
    assert values.cell(tolerance=1.0) == "control"


def test_one_step_depends_on_the_behaviour() -> None:
    game = Assembly()
    good, bad = (
        reference_values(game, behaviour=behaviour) for behaviour in (mixed_strategy(Fraction(1, 10)), random_strategy)
    )
    assert good.one_step.value == pytest.approx(good.optimal.value)
    assert good.iteration_gap.value == pytest.approx(0, abs=1e-9)
    assert bad.behaviour == bad.random
    assert bad.iteration_gap.value > 0.05
    assert bad.behaviour.value < bad.one_step.value < good.one_step.value
    assert reference_values(game) == bad


def test_a_behaviour_that_peeks_is_an_error() -> None:
    with pytest.raises(PeekingPolicyError):
        reference_values(Coin(), behaviour=lambda _game, state, _player: ((state[0], 1),))


def test_scores_are_put_on_the_rulers() -> None:
    values = reference_values(GuessNumber(high=7, guesses=3))
    assert values.normalised(values.optimal.value).value == pytest.approx(1)
    assert values.normalised(values.random.value).value == pytest.approx(0)
    assert values.interaction_gain(values.plan.value).value == pytest.approx(0)
    assert values.interaction_gain(0.0).value == pytest.approx(-(3 / 7) / (4 / 7))
    assert values.normalised(0.5).kind == "exact"


def test_a_ruler_without_length_measures_nothing() -> None:
    values = reference_values(Coin())
    assert values.interaction_gain(1.0) is None
    assert reference_values(Fork()).normalised(1.0) is None


@given(
    st.builds(
        Chaos, seed=st.integers(0, 10_000), turns=st.integers(1, 3), hidden=st.integers(1, 3), same_moves=st.booleans()
    )
)
@settings(max_examples=40, deadline=None)
def test_the_rulers_keep_their_order_and_bounds_hold(game: Chaos) -> None:
    values = reference_values(game)
    best = values.optimal.value
    for name in RULERS:
        assert getattr(values, name).value <= best + 1e-9
    assert values.behaviour.value <= values.one_step.value + 1e-9
    measured = values.normalised(best)
    assert measured is None or measured.value == pytest.approx(1)
    rough = reference_values(game, limit=1, episodes=300)
    for name in RULERS:
        if getattr(rough, name).n is None:
            low, high = getattr(rough, name).low, getattr(rough, name).high
            assert low - 1e-9 <= getattr(values, name).value <= high + 1e-9


def test_too_large_games_get_bounds_that_hold() -> None:
    small, rough = (reference_values(Tiger(turns=3), limit=limit) for limit in (1_000, 10))
    assert small.optimal.kind == "exact"
    assert rough.optimal.kind == rough.plan.kind == rough.myopic.kind == "bounds"
    for name in RULERS:
        assert getattr(rough, name).low <= getattr(small, name).value <= getattr(rough, name).high
    assert rough.cell() is None


def test_an_expert_that_reaches_the_upper_bound_settles_the_optimum() -> None:
    values = reference_values(GuessNumber(high=31, guesses=5), work=3_000, episodes=500)
    assert values.optimal == exact(pytest.approx(1.0))
    assert values.random.kind == "sampled"
    assert values.random.low < 1 - (30 / 31) ** 5 < values.random.high
    assert values.plan.low == pytest.approx(5 / 31)
    assert values.normalised(0.5).kind == "sampled"


def test_an_expert_that_falls_short_is_a_lower_bound() -> None:
    values = reference_values(GuessNumber(high=40, guesses=5), work=3_000, episodes=200)
    assert values.optimal.kind == "bounds"
    assert (values.optimal.low, values.optimal.high) == pytest.approx((31 / 40, 1))


def test_random_play_is_exact_where_states_but_not_beliefs_can_be_listed() -> None:
    game = Tiger(turns=6)  # 56 information states, 32 states
    exactly = reference_values(game)
    rough = reference_values(game, limit=40)
    assert rough.optimal.kind == "bounds"
    assert rough.random.kind == "exact"
    assert rough.random.value == pytest.approx(exactly.random.value)
    assert rough.plan.value == pytest.approx(exactly.plan.value)


def test_unlisted_deals_leave_samples_and_bounds() -> None:
    values = reference_values(Unlisted(), episodes=400, seed=1)
    assert values.random.low < 1.0 < values.random.high
    assert (values.optimal.low, values.optimal.high) == (0.0, 2.0)
    assert (values.plan.low, values.plan.high) == (pytest.approx(-0.3), 2.0)
    assert values == reference_values(Unlisted(), episodes=400, seed=1)


def test_a_given_behaviour_is_followed_or_sampled() -> None:
    game = GuessNumber(high=31, guesses=5)
    followed = reference_values(game, behaviour=expert_strategy, work=3_000, episodes=50)
    assert followed.behaviour.value == pytest.approx(1)
    assert followed.one_step.low == pytest.approx(1)
    drawn = reference_values(Unlisted(), behaviour=random_strategy, episodes=400)
    assert drawn.behaviour.kind == "sampled"
    assert drawn.one_step.n == 400


def test_a_split_without_instances_is_an_error() -> None:
    game = Ladder()  # has one instance, which lies in one split
    other = "test" if in_split(game, game.deals()[0][0], "train") else "train"
    with pytest.raises(EmptySplitError):
        reference_values(game, other)


def test_values_print_one_a_line() -> None:
    lines = str(reference_values(GuessNumber(high=7, guesses=3))).splitlines()
    assert [line.split()[0] for line in lines] == [*RULERS, "expert"]
    assert lines[1].split() == ["plan", "0.4286"]


# Value -------------------------------------------------------------------------------------------------


def test_value_says_how_it_is_known() -> None:
    assert str(exact(0.25)) == "0.25"
    assert str(between(0.25, 1.0)) == "0.25 … 1"
    assert str(between(0.25, 1.0, n=10)) == "0.25 … 1 (95 %, n=10)"
    assert str(Value(0.4, 0.6, "sampled", 100)) == "0.5 ± 0.1 (95 %, n=100)"


def test_certain_ends_that_meet_are_exact() -> None:
    assert between(0.5, 0.5 + 1e-12) == exact(0.5)
    assert between(0.5, 0.5, n=10).kind == "bounds"


def test_bounds_are_no_value() -> None:
    assert Value(0.4, 0.6, "sampled", 100).value == pytest.approx(0.5)
    with pytest.raises(ArgumentError, match=r"0\.25 … 1"):
        between(0.25, 1.0).value  # noqa: B018


def test_what_is_computed_is_known_as_badly_as_its_parts() -> None:
    difference = exact(1.0) - between(0.25, 0.5)
    assert difference == between(0.5, 0.75)
    assert (exact(1.0) - exact(0.25)) == exact(0.75)
    drawn = exact(1.0) - Value(0.4, 0.6, "sampled", 100)
    assert (drawn.kind, drawn.n) == ("sampled", 100)
    assert joined(0.0, 1.0, Value(0, 1, "sampled", 9), between(0, 1, n=5)) == between(0.0, 1.0, n=5)


def test_gaps_are_never_negative() -> None:
    one = exact(1.0)
    values = ReferenceValues(one, between(0.5, 1.0 + 1e-15), one, one, one, one)
    assert (values.feedback_gap.low, values.feedback_gap.high) == (0.0, 0.5)


@pytest.mark.parametrize("probability", [0.02, 0.5])
def test_intervals_cover_at_least_95_percent(probability: float) -> None:
    generator = np.random.default_rng(0)
    draws = (generator.random((1_000, 200)) < probability).astype(float)
    intervals = [sampled(row.tolist(), 1.0) for row in draws]
    assert np.mean([value.low <= probability <= value.high for value in intervals]) >= 0.95


def test_intervals_are_honest_where_all_samples_agree_and_not_much_wider_elsewhere() -> None:
    assert sampled([0.0] * 100, 1.0).high > 1 / 100
    returns = ([0.0] * 5 + [1.0] * 5) * 1_000
    width = sampled(returns, 1.0).high - sampled(returns, 1.0).low
    normal = 2 * NormalDist().inv_cdf(0.975) * 0.5 / 100
    assert normal < width < 1.7 * normal


def test_the_expert_is_a_ruler_of_games_that_have_one() -> None:
    assert reference_values(GuessNumber(high=7, guesses=3)).expert == exact(1.0)
    assert reference_values(Delayed()).expert is None
