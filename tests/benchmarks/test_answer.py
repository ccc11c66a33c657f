from __future__ import annotations

import pytest

from benchmarks.compare.answer import answer, apart, interval, joined, number
from benchmarks.compare.statistics import Estimate
from tests.benchmarks import synthetic

pytestmark = pytest.mark.usefixtures("quick_coverage")


def everything(found: object) -> str:
    return " ".join([found.headline, *found.support, *found.against])  # type: ignore[attr-defined]


def test_a_lead_at_equal_steps_that_is_none_at_equal_flops_is_no_yes():
    def score(cell: str, arm: str) -> float:
        return 1.0 if arm == "B2" or cell == "one" else 0.7

    found = answer(synthetic.findings(score, spread=0.002))
    assert found.outcome == "partly"
    assert any("below it at equal FLOPs" in sentence for sentence in found.against)


def test_an_advantage_in_every_contrast_is_a_yes_and_says_by_how_much():
    def score(cell: str, arm: str) -> float:
        return 1.0 if arm == "B2" or cell == "one" else 0.1

    found = answer(synthetic.findings(score, spread=0.002))
    assert found.outcome == "yes"
    assert found.headline.startswith("Yes")
    assert "0.90 above one-shot plans" in found.headline
    assert any("0.90 [0.90, 0.90] above one-shot plans" in sentence for sentence in found.support)
    assert not any("opposite of the claim" in sentence for sentence in found.against)


def test_a_contradiction_is_said_in_the_headline_and_listed():
    def score(cell: str, arm: str) -> float:
        return 1.0 if cell == "one" else 0.2 if arm == "B2" else 0.7

    found = answer(synthetic.findings(score))
    assert found.outcome == "no"
    assert found.headline.startswith("No, this run contradicts the claim")
    assert "below one-shot plans" in found.headline
    assert sum("opposite of the claim" in sentence for sentence in found.against) >= 3
    assert any("above was predicted" in sentence for sentence in found.against)


def test_one_contradiction_among_confirmations_is_still_a_no():
    def score(cell: str, arm: str) -> float:
        return 1.0 if cell == "one" else {"B2": 0.8, "A3": 0.95}.get(arm, 0.1)

    found = answer(synthetic.findings(score))
    assert found.outcome == "no"
    assert "above RLHF on myopic labels" in found.headline
    assert "below one-shot plans" in found.headline


def test_no_difference_is_only_in_part_and_settles_nothing():
    found = answer(synthetic.findings(lambda _cell, _arm: 0.5, spread=0.05))
    assert found.outcome == "partly"
    assert any("not settled" in sentence for sentence in found.against)


def test_a_difference_on_a_one_turn_control_invalidates_the_run():
    found = answer(synthetic.findings(lambda _cell, arm: 1.0 if arm == "B2" else 0.1))
    assert found.outcome == "invalid"
    assert "answers nothing" in found.headline


def test_broken_ties_are_listed_largest_first():
    def score(cell: str, arm: str) -> float:
        broken = {("two", "A2"): 0.6}
        return broken.get((cell, arm), synthetic.as_predicted(cell, arm))

    found = answer(synthetic.findings(score))
    (first, *_) = [sentence for sentence in found.against if "predicted to tie" in sentence]
    assert "two" in first
    assert "far-sighted" in first
    assert "0.40" in first


def test_nothing_in_the_answer_is_negative_zero_or_not_a_number():
    text = everything(answer(synthetic.findings(lambda _cell, _arm: 0.5, spread=0.0)))
    assert "−0.00" not in text
    assert "nan" not in text


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(0.314, 0.291, 0.328), "0.31 [0.29, 0.33] above"),
        (Estimate(-0.2, -0.3, 0.1), "0.20 [−0.10, 0.30] below"),
        (Estimate(0.0, -0.1, 0.1), "0.00 [−0.10, 0.10] above"),
    ],
)
def test_distances_name_their_side(estimate: Estimate, text: str):
    assert apart(estimate) == text


def test_words():
    assert number(-0.001) == "0.00"
    assert number(-0.126) == "−0.13"
    assert interval(Estimate(1, 0.5, 1.25)) == "1.00 [0.50, 1.25]"
    assert joined(["a"]) == "a"
    assert joined(["a", "b", "c"]) == "a, b and c"
