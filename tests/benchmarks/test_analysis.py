from __future__ import annotations

import numpy as np
import pytest

from benchmarks.compare import analysis
from benchmarks.compare.analysis import contrasts, differences, gap_line, learning_curve, nulls, value_at
from benchmarks.compare.folder import Point
from benchmarks.compare.sweep import CONTRASTS
from tests.benchmarks import synthetic


def generator() -> np.random.Generator:
    return np.random.default_rng(0)


def test_scores_run_from_random_to_optimal():
    comparison = synthetic.comparison()
    assert comparison.score("two", 0.1) == 0
    assert comparison.score("two", 0.8) == pytest.approx(1)
    assert comparison.score("two", np.array([0.45, -0.6])) == pytest.approx([0.5, -1.0])


def test_predicted_gaps_are_optimal_minus_limit_and_zero_in_controls():
    comparison = synthetic.comparison()
    assert comparison.predicted("two", "A1") == pytest.approx(1.0)
    assert comparison.predicted("two", "A3") == pytest.approx(0.2 / 0.7)
    assert comparison.predicted("two", "A2") == 0.0
    assert comparison.predicted("two", "B1") is None
    assert comparison.predicted("one", "B1") == 0.0


def test_differences_are_taken_seed_by_seed():
    shared = {"two": 0.3, "one": 0.0, "four": -0.2}
    comparison = synthetic.comparison(lambda cell, arm: shared[cell] + (0.25 if arm == "B2" else 0.0), spread=0.0)
    for each in differences(comparison, generator()):
        assert each.by_seed == pytest.approx(np.full(len(each.by_seed), 0.25))
        assert each.measured == pytest.approx((0.25, 0.25, 0.25))


def test_pairing_removes_what_seeds_share():
    rows = synthetic.results(spread=0.0)
    for row in rows:
        row["value"] += 0.3 * row["seed"]
    paired = differences(analysis.Comparison(synthetic.references(), rows), generator())
    assert all(each.measured.high - each.measured.low < 1e-9 for each in paired)


def test_at_equal_flops_each_arm_is_read_at_what_the_cheaper_one_spent():
    comparison = synthetic.comparison(lambda _cell, _arm: 1.0, spread=0.0)
    (found,) = [
        each
        for each in differences(comparison, generator())
        if (each.part, each.cell, each.other) == ("language", "two", "A1")
    ]
    assert found.measured.value == pytest.approx(0.0)
    assert found.at_equal_flops is not None
    assert found.at_equal_flops.value == pytest.approx(0.6 - 1.0), "B2 had spent only half of its FLOPs"


def test_plans_are_granted_their_ceiling_whatever_they_spent():
    comparison = synthetic.comparison(lambda _cell, _arm: 1.0, spread=0.0)
    found = {(each.part, each.cell, each.other): each for each in differences(comparison, generator())}
    estimate = found["language", "two", "A3"].at_equal_flops
    assert estimate is not None
    assert estimate.value == pytest.approx(1.0 - (0.6 - 0.1) / (0.8 - 0.1))


def test_tables_have_no_flops():
    found = differences(synthetic.comparison(), generator())
    assert all((each.at_equal_flops is None) == (each.part == "tabular") for each in found)


def test_value_at_never_looks_ahead():
    curve = [Point(environment_steps=steps, flops=None, value=float(steps)) for steps in (0, 10, 20)]
    assert [value_at(curve, "environment steps", spent) for spent in (0, 9.9, 10, 15, 99)] == [0, 0, 10, 10, 20]


def test_value_at_takes_the_last_of_several_points_at_one_place():
    curve = [Point(environment_steps=10, flops=None, value=value) for value in (1.0, 2.0, 3.0)]
    assert value_at(curve, "environment steps", 10) == 3.0


def test_learning_curves_begin_with_the_start_and_end_with_the_final_value():
    curve = learning_curve(synthetic.comparison(spread=0.0), "tabular", "two", "B2", "environment steps", generator())
    assert (curve.spent[0], curve.spent[-1]) == (0.0, 1_000.0)
    assert (curve.score[0], curve.score[-1]) == pytest.approx((0.2, 1.0))
    assert np.all(curve.low <= curve.score + 1e-12)
    assert np.all(curve.score <= curve.high + 1e-12)


def test_contrasts_pool_the_cells_in_which_a_gap_is_predicted():
    comparison = synthetic.comparison()
    rows = {
        (row.part, row.other): row for row in contrasts(comparison, differences(comparison, generator()), generator())
    }
    assert rows["tabular", "A1"].cells == ("two", "four")
    assert rows["tabular", "A2"].cells == ("four",)
    assert rows["tabular", "A2"].predicted == pytest.approx(0.2 / 0.7)
    assert rows["tabular", "A2"].measured.value == pytest.approx(0.2 / 0.7, abs=0.02)
    assert ("language", "A2") not in rows, "no cell of that part has such a gap"
    assert rows["tabular", "A1"].p == pytest.approx(2 / 1024)
    assert rows["tabular", "A1"].adjusted == pytest.approx(len(CONTRASTS) * 2 / 1024)
    assert rows["language", "A1"].adjusted < 0.05, "three seeds are enough for so large a difference"


def test_a_difference_in_the_wrong_direction_is_lower():
    comparison = synthetic.comparison(lambda _cell, arm: 0.1 if arm == "B2" else 0.9)
    rows = contrasts(comparison, differences(comparison, generator()), generator())
    assert {row.direction for row in rows} == {"lower"}


def test_an_advantage_on_one_axis_only_is_undecided():
    comparison = synthetic.comparison(lambda _cell, arm: 1.0 if arm == "B2" else 0.7, spread=0.001)
    rows = contrasts(comparison, differences(comparison, generator()), generator())
    assert {row.direction for row in rows if row.part == "tabular"} == {"higher"}
    others = {row.direction for row in rows if row.part == "language" and row.other != "A3"}
    assert others == {"undecided"}, "plans have a ceiling and are judged by it"


def test_nulls_are_exactly_the_differences_predicted_to_be_zero():
    found = nulls(differences(synthetic.comparison(), generator()))
    tables = {(each.cell, each.other) for each in found if each.part == "tabular"}
    assert tables == {*(("one", other) for other in CONTRASTS), ("two", "A2")}
    assert {each.test.verdict for each in found if each.part == "tabular"} == {"equivalent"}


def test_gaps_as_predicted_lie_on_the_line_of_equality():
    found = differences(synthetic.comparison(spread=0.0), generator())
    line = gap_line([each for each in found if each.part == "tabular"], generator())
    assert line is not None
    assert line.slope == pytest.approx((1.0, 1.0, 1.0))
    assert line.intercept == pytest.approx((0.0, 0.0, 0.0), abs=1e-9)


def test_gaps_half_of_those_predicted_have_half_the_slope():
    def halved(cell: str, arm: str) -> float:
        return 1 - (1 - synthetic.as_predicted(cell, arm)) / 2

    found = [each for each in differences(synthetic.comparison(halved), generator()) if each.part == "tabular"]
    line = gap_line(found, generator())
    assert line is not None
    assert line.slope.low < 0.5 < line.slope.high
    assert line.slope.high - line.slope.low < 0.05


def test_no_line_without_two_different_predictions():
    found = differences(synthetic.comparison(), generator())
    assert gap_line([each for each in found if (each.part, each.cell) == ("tabular", "one")], generator()) is None
