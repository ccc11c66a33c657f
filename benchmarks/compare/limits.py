"""What a run cannot show, in sentences made from its numbers."""

from __future__ import annotations

from math import sqrt

from benchmarks.compare.analysis import Findings
from benchmarks.compare.answer import PARTS, number
from benchmarks.compare.statistics import COVERAGE_SAMPLES, FEW
from benchmarks.compare.sweep import START, LanguagePart, Preset, TabularPart


def limits(preset: Preset, findings: Findings) -> list[str]:
    """Return the limits of a run and the threats to what it concludes."""
    return [
        *(_seeds(part, preset.parts[part].seeds, findings) for part in preset.parts),
        _noise(preset.language, findings),
        _language(preset.language, findings),
        _start(findings),
        *_favours(preset.tabular),
        "Predictions are values of planning, and only that of plans (A3) is a ceiling. Those of RLHF (A1, A2) stand "
        "for greedy play on labels without number of the behaviour's values; an arm with few labels, with a price on "
        "divergence, or with labels of its own start may end below or above. A measured gap beyond the predicted one "
        "shows what the budget did not buy, not what the form of training cannot do.",
        "The cell of the language model and its step size, the same for all arms, were chosen in trial runs with other "
        "seeds, in which turn-level PPO was seen to learn within the budget. Where it does not, no gap will show.",
        "An arm has one configuration for all cells of a part. Tuning each cell could change ranks, above all among "
        "the arms that act online (A5, B1, B2).",
        "FLOPs are counted for the language model. A table has no cost that would compare, so its only axis is "
        "environment steps.",
    ]


def _seeds(part: str, seeds: int, findings: Findings) -> str:
    test = (
        f"Contrasts are tested by random signs, without supposing a distribution; the smallest p is {2 / 2**seeds:.2g}."
        if seeds >= FEW
        else "So few leave a test by random signs without power; contrasts are tested by Student's t, which supposes "
        "normal differences."
    )
    return (
        f"{PARTS[part].capitalize()}: {seeds} seeds. Of {COVERAGE_SAMPLES:,} simulated samples of {seeds} normal "
        f"values, {findings.coverage[seeds]:.0%} had their true mean within the nominal 95 % interval; values that "
        "are not normal can do worse. "
        f"{test}"
    )


def _noise(part: LanguagePart, findings: Findings) -> str:
    """Bound the standard error by half the range of returns over the root of the number of episodes."""
    errors = []
    for cell in part.cells:
        low, high = cell.rules.return_range
        scale = findings.comparison.ruler(cell.id, "optimal") - findings.comparison.ruler(cell.id, "random")
        errors.append((high - low) / 2 / sqrt(part.evaluation_episodes) / scale)
    return (
        f"Values of tables are exact. Those of the language model are means over {part.evaluation_episodes:,} episodes "
        f"with the same seeds for all arms; their standard error is at most {number(max(errors))} of the scale."
    )


def _language(part: LanguagePart, findings: Findings) -> str:
    gaps = sum(findings.comparison.references[cell.id]["corner"] != "control" for cell in part.cells)
    return (
        f"The language model has about {part.model} weights, knows the words of one game and chooses among legal "
        f"replies, in {len(part.cells)} cell{'s' * (len(part.cells) != 1)}, {gaps} of them with a gap. It shows ways "
        "of learning at work on text; it says nothing of the size of effects in large models."
    )


def _start(findings: Findings) -> str:
    starts = [each.score.value for each in findings.summaries if each.arm == START.id]
    return (
        f"All arms start from a clone of scripted behaviour that earns {number(min(starts))} to {number(max(starts))} "
        "of the scale, not from a pretrained model. How the arms would compare from a start that never succeeds is not "
        "measured here."
    )


def _favours(part: TabularPart) -> list[str]:
    if part.settings.get("A1", {}).get("optimiser") != "exact":
        return []
    return [
        "In the tables, RLHF on replies (A1, A2) solves its objective exactly instead of by PPO. This is in its "
        "favour: nothing is lost in optimisation."
    ]
