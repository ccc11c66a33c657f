"""The answer of a run in sentences, made from its numbers whichever way they point."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple

from benchmarks.compare.analysis import Contrast, Difference, Findings, Null
from benchmarks.compare.statistics import Estimate
from benchmarks.compare.sweep import ARM, CLAIMED, MARGIN, RL

NAMED = 4
"""So many single cells are named in a list before the rest is counted."""

PARTS = {"tabular": "tables", "language": "language model"}

Outcome = Literal["yes", "no", "partly", "invalid"]
OPENINGS: dict[Outcome, str] = {
    "yes": "Yes, where exact planning predicts a gap",
    "no": "No, this run contradicts the claim",
    "partly": "Only in part",
    "invalid": "This run answers nothing, since arms differ on a one-turn control, where all of them must tie",
}


class Answer(NamedTuple):
    """What a run says of the claim that true RL beats one-shot RLHF where exact planning predicts a gap.

    Attributes:
        outcome: `yes` if every contrast with a one-shot arm is above zero; `no` if one is below;
            `invalid` if a one-turn control shows a difference, which only a fault can explain; else `partly`.
        headline: the answer as one sentence.
        support: what speaks for the claim and its predictions.
        against: what contradicts them, or leaves them open.
    """

    outcome: Outcome
    headline: str
    support: list[str]
    against: list[str]


def answer(findings: Findings) -> Answer:
    """Return the answer."""
    claimed = [each for each in findings.contrasts if each.other in CLAIMED]
    found = outcome(findings, claimed)
    return Answer(found, _headline(found, claimed), _support(findings), _against(findings))


def outcome(findings: Findings, claimed: Sequence[Contrast]) -> Outcome:
    """Return which way the numbers point; see `Answer`."""
    if any(null.test.verdict == "different" for null in findings.nulls if _one_turn(findings, null)):
        return "invalid"
    if any(contrast.direction == "lower" for contrast in claimed):
        return "no"
    return "yes" if claimed and all(contrast.direction == "higher" for contrast in claimed) else "partly"


# Sentences ---------------------------------------------------------------------------------------


def _headline(found: Outcome, claimed: Sequence[Contrast]) -> str:
    clauses = []
    for part, name in PARTS.items():
        ends = [_end(each) for each in claimed if each.part == part]
        if ends:
            clauses.append(f"{joined(ends)} ({name})")
    if not clauses:
        return f"{OPENINGS[found]}: no cell has a predicted gap."
    return f"{OPENINGS[found]}: at equal environment steps, {RL.label} ended {'; and '.join(clauses)}."


def _end(contrast: Contrast) -> str:
    value = contrast.measured.value
    return f"{number(abs(value))} {'above' if value >= 0 else 'below'} {ARM[contrast.other].label}"


def _support(findings: Findings) -> list[str]:
    sentences = [_contrast(each) for each in findings.contrasts if each.direction == "higher"]
    for part, line in findings.lines.items():
        sentences.append(
            f"{PARTS[part].capitalize()}: measured gaps rise by {interval(line.slope)} for each 1.00 of predicted gap."
        )
    verdicts = Counter(null.test.verdict for null in findings.nulls)
    sentences.append(
        f"Predicted ties: {len(findings.nulls)}. Zero within ±{MARGIN:g}: {verdicts['equivalent']}; "
        f"undecided: {verdicts['undecided']}; not zero: {verdicts['different']}."
    )
    return sentences


def _against(findings: Findings) -> list[str]:
    sentences = [_contrast(each) for each in findings.contrasts if each.direction != "higher"]
    sentences += _some([_reversed(each) for each in _reversals(findings)])
    broken = [null for null in findings.nulls if null.test.verdict == "different"]
    broken.sort(key=lambda null: abs(null.test.mean), reverse=True)
    return sentences + _some([_broken(null) for null in broken])


def _reversals(findings: Findings) -> list[Difference]:
    """Return the cells where a gap in favour of the RL arm was predicted and one against it was measured."""
    predicted = [each for each in findings.differences if each.predicted is not None and each.predicted >= MARGIN]
    return [each for each in predicted if each.measured.high < 0]


def _contrast(contrast: Contrast) -> str:
    cells = f"{len(contrast.cells)} cell{'s' * (len(contrast.cells) > 1)}"
    equal = "at equal environment steps"
    if contrast.at_equal_flops is not None:
        place = "its ceiling" if ARM[contrast.other].has_ceiling else "it at equal FLOPs"
        equal += f", and {apart(contrast.at_equal_flops)} {place}"
    expected = "" if contrast.predicted is None else f"predicted {number(contrast.predicted)}, "
    verdict = {"higher": "", "lower": " This is the opposite of the claim.", "undecided": " This is not settled."}
    return (
        f"{PARTS[contrast.part].capitalize()}, {cells}: {RL.label} ended {apart(contrast.measured)} "
        f"{ARM[contrast.other].label} {equal} ({expected}p = {contrast.adjusted:.2g} after Holm)."
        f"{verdict[contrast.direction]}"
    )


def _reversed(difference: Difference) -> str:
    return (
        f"{PARTS[difference.part].capitalize()}, {difference.cell}: {RL.label} ended {apart(difference.measured)} "
        f"{ARM[difference.other].label}, where {number(difference.predicted or 0.0)} above was predicted."
    )


def _broken(null: Null) -> str:
    measured = Estimate(null.test.mean, null.test.low, null.test.high)
    return (
        f"{PARTS[null.part].capitalize()}, {null.cell}: {RL.label} and {ARM[null.other].label} were predicted to tie; "
        f"the first ended {apart(measured)} the other."
    )


def _some(sentences: list[str]) -> list[str]:
    rest = len(sentences) - NAMED
    return sentences if rest <= 0 else [*sentences[:NAMED], f"… and {rest} more of this kind; see the tables."]


def _one_turn(findings: Findings, null: Null) -> bool:
    return findings.comparison.references[null.cell]["horizon"] == 1


# Words -------------------------------------------------------------------------------------------


def number(value: float) -> str:
    """Return a score with two digits and a proper minus sign, never a negative zero."""
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def interval(estimate: Estimate) -> str:
    """Return for example `0.31 [0.29, 0.33]`."""
    return f"{number(estimate.value)} [{number(estimate.low)}, {number(estimate.high)}]"


def apart(estimate: Estimate) -> str:
    """Return for example `0.31 [0.29, 0.33] above`; distances below are given without a sign."""
    if estimate.value >= 0:
        return f"{interval(estimate)} above"
    return f"{interval(Estimate(-estimate.value, -estimate.high, -estimate.low))} below"


def joined(items: Sequence[str]) -> str:
    """Return `a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
