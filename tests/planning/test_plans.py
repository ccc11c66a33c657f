from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.planning.tables import Chaos, Coin, Fork, Ladder, Stakes, Tiger, Toy, best_of_all_plans, plan_return
from textenvs.core.errors import ArgumentError
from textenvs.core.game import Distribution
from textenvs.games.arithmetic import Arithmetic
from textenvs.games.assembly import Assembly
from textenvs.games.guess_number import GuessNumber
from textenvs.planning.bounds import exact
from textenvs.planning.enumeration import build_graph
from textenvs.planning.errors import TooLargeError
from textenvs.planning.plans import best_plans, combined, plan_value
from textenvs.planning.states import StateTable
from textenvs.planning.values import optimal


@pytest.mark.parametrize(("high", "guesses"), [(7, 3), (5, 2), (4, 6)])
def test_guess_number_has_its_known_value(high: int, guesses: int) -> None:
    assert plan_value(GuessNumber(high=high, guesses=guesses)).value == pytest.approx(min(1, guesses / high), abs=1e-12)


@pytest.mark.parametrize(
    "game", [Assembly(), Assembly(lure=0.0), Assembly(2, 5, 0.4, 0.1, 0.5), Assembly(1, 1, 0.3)], ids=repr
)
def test_assembly_is_worth_the_best_of_all_its_plans(game: Assembly) -> None:
    brute_force = best_of_all_plans(game, ("advance", "clear", "sell"), game.horizon)
    assert plan_value(game).value == pytest.approx(brute_force, abs=1e-12)


def test_assembly_plans_for_a_jam_at_the_end() -> None:
    # one blind `clear` before the last stage serves a jam there: 0.9^4 + 0.9^3 x 0.1 x 0.9
    (plan,) = best_plans(StateTable(Assembly()))
    assert plan.value.value == pytest.approx(0.9**4 * 1.1, abs=1e-12)
    assert sorted(plan.moves) == ["advance"] * 5 + ["clear"]


def test_where_views_tell_nothing_a_plan_is_optimal() -> None:
    game = Coin(calls=3)
    assert plan_value(game).value == pytest.approx(optimal(build_graph(game)).start, abs=1e-12)
    assert best_plans(StateTable(game))[0].moves == ("heads",) * 3


def test_where_all_is_told_and_sure_a_plan_is_optimal() -> None:
    assert plan_value(Ladder(rungs=6)).value == -5


@pytest.mark.parametrize("price", [0.0, 0.1, 2.0])
def test_refusals_are_paid_and_change_nothing(price: float) -> None:
    game = Fork(left=Fraction(1, 4))
    value = plan_value(game, refusal_price=price).value
    assert value == pytest.approx(1.5 - 0.25 * price)  # "go right left": at the left road "right" is refused
    assert value == pytest.approx(best_of_all_plans(game, ("go", "left", "right"), 5, price))


def test_the_likely_side_comes_first() -> None:
    (plan,) = best_plans(StateTable(Fork(left=Fraction(1, 4))))
    assert plan.moves == plan.wordings == ("go", "right", "left")
    assert plan.value.value == pytest.approx(0.5 + 1 - 0.25 * 0.1)


def test_enough_refusals_in_a_row_forfeit_what_was_earned() -> None:
    # with one refusal allowed at most, only one road can be planned for; the other forfeits the half earned by `go`
    value = plan_value(Fork(left=Fraction(1, 4)), max_refusals=1).value
    assert value == pytest.approx(0.75 * 1.5 + 0.25 * (0.0 - 0.1))


def test_a_forfeit_takes_what_the_forfeited_episode_has_earned() -> None:
    # staking on 0 pays more at once, but the better road, the only one to be planned for, would forfeit that
    (plan,) = best_plans(StateTable(Stakes()), max_refusals=1)
    assert plan.moves == ("stake 1", "road 1")
    assert plan.value.value == pytest.approx(0.5 * 1.4 + 0.5 * -0.1)
    assert plan.value.value == pytest.approx(plan_return(Stakes(), plan.moves, most=1))


def test_ending_a_plan_early_does_not_save_what_was_earned() -> None:
    game = Fork(prize=-0.2)
    assert plan_value(game, refusal_price=0.0).value == pytest.approx(0.3)


def test_a_plan_that_is_too_short_is_refused_until_it_forfeits() -> None:
    assert plan_return(Fork(), (), 0.1, 3) == pytest.approx(-0.3)
    assert plan_return(Fork(), ("go",), 0.1, 3) == pytest.approx(-0.3)


@dataclass(frozen=True)
class Marsh(Toy):
    """On the path the words x x z x x z lead to the prize; in the bog only z is heard, to no avail, 40 times.

    Who cannot tell the two apart may want the bog to be over soon: one more refused word after the first
    two costs less than those that the rest of the way brings. State: (place, moves made).
    """

    bog: Fraction = Fraction(9, 10)

    @property
    def max_turns(self) -> int:
        return 40

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 20.0)

    def deals(self) -> Distribution[Any]:
        return (("start bog", 0), self.bog), (("start path", 0), 1 - self.bog)

    def to_move(self, state: Any) -> tuple[int, ...]:
        return (0,) if state[1] < (7 if state[0] == "path" else 40) else ()

    def legal(self, state: Any, player: int) -> tuple[str, ...]:
        if state[1] == 0:
            return ("x", "z")
        return ("z",) if state[0] == "bog" or state[1] in (3, 6) else ("x",)

    def apply(self, state: Any, move: Any) -> Any:
        return (state[0].removeprefix("start "), state[1] + 1)

    def rewards(self, state: Any, move: Any, after: Any) -> tuple[float, ...]:
        return (20.0 if after == ("path", 7) else 0.0,)

    def view(self, state: Any, player: int) -> str:
        return "Where am I?" if state[1] == 0 else f"On the {state[0]}."


@pytest.mark.parametrize("bog", [Fraction(9, 10), Fraction(3, 4), Fraction(1, 2)])
@pytest.mark.parametrize("most", [1, 2, 3])
def test_refusals_wanted_and_unwanted_are_weighed(bog: Fraction, most: int) -> None:
    game = Marsh(bog=bog)  # likely enough that no plan of more than ten words pays
    brute_force = best_of_all_plans(game, ("x", "z"), 10, 0.1, most)
    assert plan_value(game, max_refusals=most).value == pytest.approx(brute_force, abs=1e-9)


@given(
    st.builds(
        Chaos,
        seed=st.integers(0, 10_000),
        turns=st.integers(1, 2),
        hidden=st.integers(1, 3),
        seen=st.integers(1, 3),
        choices=st.integers(1, 2),
        whole=st.booleans(),
        same_moves=st.booleans(),
    ),
    st.sampled_from([0.0, 0.1, 1.0]),
    st.integers(1, 3),
)
@settings(max_examples=80, deadline=None)
def test_the_plan_value_is_the_best_of_all_plans(game: Chaos, price: float, most: int) -> None:
    table = StateTable(game)
    plans = best_plans(table, refusal_price=price, max_refusals=most)
    brute_force = best_of_all_plans(game, ("m0", "m1"), min(2 * most, 6), price, most)
    assert combined(plans).value == pytest.approx(brute_force, abs=1e-9)
    for plan in plans:
        deals = [(state, p / plan.probability) for state, p in game.deals() if game.view(state, 0) == plan.view]
        assert plan_return(game, plan.moves, price, most, deals) == pytest.approx(plan.value.value, abs=1e-9)


@pytest.mark.parametrize("arguments", [{"work": 40}, {"limit": 5}], ids=str)
@pytest.mark.parametrize(
    "game", [GuessNumber(7, 3), Assembly(), Tiger(), Fork(), *(Chaos(n, turns=3) for n in range(8))], ids=repr
)
def test_too_much_work_leaves_true_bounds(game: Any, arguments: Any) -> None:
    exact = plan_value(game)
    plans = best_plans(StateTable(game), **arguments)
    value = combined(plans)
    assert value.low - 1e-9 <= exact.value <= value.high + 1e-9
    for plan in plans:
        deals = [(state, p / plan.probability) for state, p in game.deals() if game.view(state, 0) == plan.view]
        assert plan_return(game, plan.moves, deals=deals) == pytest.approx(plan.value.low, abs=1e-9)


def test_plans_of_any_length_are_found() -> None:
    value = plan_value(Assembly(length=2, horizon=600, slip=0.0))
    assert value.value == pytest.approx(1 + 0.02 * 598)


def test_where_the_state_is_certain_the_expert_helps_when_time_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textenvs.planning.plans._SPARE_PAIRS", 1_000)
    plans = best_plans(StateTable(Arithmetic(largest=10)), work=1_000)
    assert combined(plans) == exact(pytest.approx(1))


def test_a_large_game_gets_a_plan_and_bounds() -> None:
    value = plan_value(GuessNumber(high=60, guesses=3), work=20_000)
    assert value.kind == "bounds"
    assert value.low == pytest.approx(3 / 60)
    assert value.high == pytest.approx(1)


def test_each_opening_view_has_its_own_plan() -> None:
    game = Chaos(seed=3, hidden=3, seen=3)
    plans = best_plans(StateTable(game))
    assert len({plan.view for plan in plans}) == len(plans) > 1
    assert sum(plan.probability for plan in plans) == pytest.approx(1)


def test_a_graph_at_hand_saves_enumerating() -> None:
    game = GuessNumber(7, 3)
    table = StateTable(game)
    observed = build_graph(game, observed=True, table=table)
    assert best_plans(table, observed=observed, limit=1) == best_plans(table)


def test_a_longer_horizon_never_lowers_the_value() -> None:
    values = [plan_value(Assembly(length=3, horizon=horizon)).value for horizon in range(1, 9)]
    assert all(later >= earlier - 1e-12 for earlier, later in pairwise(values))


@pytest.mark.parametrize("arguments", [{"refusal_price": -0.1}, {"max_refusals": 0}], ids=str)
def test_impossible_rules_are_refused(arguments: Any) -> None:
    with pytest.raises(ArgumentError, match=next(iter(arguments))):
        plan_value(Coin(), **arguments)


def test_unlisted_deals_cannot_be_planned_for() -> None:
    @dataclass(frozen=True)
    class Unlisted(Coin):
        def deals(self) -> None:
            return None

    with pytest.raises(TooLargeError):
        plan_value(Unlisted())
