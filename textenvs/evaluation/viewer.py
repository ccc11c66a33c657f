"""The transcript viewer: one page with episodes of one run or several, to read turn by turn and side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, NamedTuple, cast

from textenvs.core.errors import check_range
from textenvs.core.game import LEVELS
from textenvs.envs.policy import Usage
from textenvs.envs.solo import solo_game
from textenvs.evaluation.page import page
from textenvs.evaluation.records import EpisodeRow, EvaluationRow
from textenvs.evaluation.replays import Chart, Replay, Replayer, Turn
from textenvs.evaluation.store import read_episodes, write_atomically
from textenvs.registry import entry, make_game

EPISODES = 400

_LONGEST = 20_000
"""Characters of a text that a page keeps."""


class Stored(NamedTuple):
    """An episode as a run holds it.

    Attributes:
        run: label of the run.
        place: `file:line` within it.
        row: the episode.
    """

    run: str
    place: str
    row: EpisodeRow


class Shown(NamedTuple):
    """How many of the stored episodes a page shows."""

    shown: int
    stored: int


def write_viewer(
    runs: Sequence[Path],
    out: Path,
    *,
    episodes: int = EPISODES,
    replayer: Replayer | None = None,
    home: str | None = None,
) -> Shown:
    """Write the page of one run or several and return how many episodes it shows.

    Args:
        runs: run folders; episodes on the same instance can be read side by side.
        out: the page.
        episodes: the most to show; the first ones of each task, form and policy, as many of each.
        replayer: knows the exact values of games, or finds them; a new one if None.
        home: address of the page that lists all runs, if there is one.

    Raises:
        CorruptRunError: if a folder cannot be read as a run.
        ArgumentError: for a number out of range.
        MissingExtraError: without jinja2.
    """
    check_range("episodes", episodes, 1, 100_000)
    labels = _labels(runs)
    stored = [
        Stored(label, place, row) for run, label in zip(runs, labels, strict=True) for place, row in read_episodes(run)
    ]
    chosen = _chosen(stored, episodes)
    title = " and ".join(labels)
    data = viewer_data(chosen, replayer or Replayer())
    write_atomically(out, page("viewer", data, title=title, shown=len(chosen), stored=len(stored), home=home))
    return Shown(len(chosen), len(stored))


def viewer_data(chosen: Sequence[Stored], replayer: Replayer) -> dict[str, Any]:
    """Return what the page reads: each text once, and episodes that refer to texts by number."""
    texts: dict[str, int] = {}
    tasks: dict[str, dict[str, Any]] = {}
    episodes = []
    for each in chosen:
        replay = replayer.replay(each.row)
        task = tasks.setdefault(_task(each.row), {"title": _title(each.row), **_rulers(replay, replayer, each.row)})
        number = list(tasks).index(_task(each.row))
        episodes.append(_episode(each, replay, texts) | {"task": number, "game": task["title"]})
    return {"texts": list(texts), "tasks": list(tasks.values()), "episodes": episodes}


def _labels(runs: Sequence[Path]) -> list[str]:
    """Return the names of the run folders, with that of the folder above where two are called the same."""
    names = [run.resolve().name for run in runs]
    return [
        name if names.count(name) == 1 else f"{run.resolve().parent.name}/{name}"
        for name, run in zip(names, runs, strict=True)
    ]


def _chosen(stored: Sequence[Stored], most: int) -> list[Stored]:
    """Return the first episodes of each task, form and policy, in turns until there are `most` of them."""
    groups: dict[tuple[str, str, str, str], list[Stored]] = {}
    for each in stored:
        key = (_task(each.row), each.row["dials"]["form"], each.run, each.row["policy"])
        groups.setdefault(key, []).append(each)
    for group in groups.values():
        group.sort(key=lambda each: cast("EvaluationRow", each.row)["index"] if "index" in each.row else 0)
    rounds = chain.from_iterable(zip_longest(*groups.values()))
    kept = {id(each) for each in [each for each in rounds if each is not None][:most]}
    return [each for group in groups.values() for each in group if id(each) in kept]


def _task(row: EpisodeRow) -> str:
    return json.dumps([row["game"], row["arguments"]], sort_keys=True)


def _title(row: EpisodeRow) -> str:
    """Return the game with its level, or with the arguments that are not the defaults."""
    name, arguments = entry(row["game"]).name, row["arguments"]
    rules = solo_game if "seat" in arguments else make_game
    for level in LEVELS:
        if dict(rules(name, level=level).arguments) == arguments:
            return f"{name} level={level}"
    usual = rules(name).arguments
    named = (f"{key}={value}" for key, value in arguments.items() if usual.get(key) != value)
    return " ".join([name, *named])


def _rulers(replay: Replay, replayer: Replayer, row: EpisodeRow) -> dict[str, float]:
    """Return what optimal and random play earn, where that is known."""
    chart = None if replay.problem else replayer.chart(row)
    return {"optimal": chart.optimal, "random": chart.random} if isinstance(chart, Chart) else {}


def _episode(each: Stored, replay: Replay, texts: dict[str, int]) -> dict[str, Any]:
    row = each.row
    return {
        "run": each.run,
        "place": each.place,
        "policy": row["policy"],
        "form": row["dials"]["form"],
        "dials": row["dials"],
        "index": row.get("index"),
        "seed": str(row["seed"]),
        "split": row["split"],
        "instance": row["instance"],
        "scores": row["scores"],
        "normalised": row.get("normalised"),
        "seconds": row.get("seconds"),
        "refusals": row["refusals"],
        "forfeited": row["forfeited"],
        "problem": replay.problem,
        "unknown": replay.unknown,
        "told": [_number(text, texts) for text in replay.told],
        "end": [_number(text, texts) for text in replay.end],
        "turns": [*_turns(row, replay, texts)],
    }


def _turns(row: EpisodeRow, replay: Replay, texts: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Yield the turns; of an episode whose replay differs, its replies and nothing that was said to them."""
    if replay.problem:
        for player, text in row["replies"]:
            yield {"kind": "reply", "player": player, "view": None, "reply": _number(text, texts), "scores": None}
        return
    written = -1
    for turn in replay.turns:
        written += turn.kind != "move"
        yield _turn(turn, texts) | ({} if turn.kind == "move" else _extras(row, written, texts))


def _turn(turn: Turn, texts: dict[str, int]) -> dict[str, Any]:
    return {
        "kind": turn.kind,
        "player": turn.player,
        "view": _number(turn.view, texts),
        "reply": _number(turn.reply, texts),
        "refusal": None if turn.refusal is None else _number(turn.refusal, texts),
        "scores": turn.scores,
        "worth": turn.worth,
    }


def _extras(row: EpisodeRow, written: int, texts: dict[str, int]) -> dict[str, Any]:
    """Return what an evaluation notes of a reply besides, and what was paid."""
    extras: dict[str, Any] = {"paid": row["rewards"][written][row["replies"][written][0]]}
    if "index" in row:
        noted = cast("EvaluationRow", row)
        extras["usage"] = _spent(noted["usage"][written])
        if noted["thoughts"][written]:
            extras["thought"] = _number(noted["thoughts"][written], texts)
    return extras


def _spent(usage: Mapping[str, int]) -> dict[str, int] | None:
    """Return what a reply cost, None if no model was asked."""
    return {"read": usage["prompt"] - usage["cached"], **usage} if Usage(**usage).calls else None


def _number(text: str, texts: dict[str, int]) -> int:
    """Return the number of a text, which is cut where it is very long."""
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}\n[… {len(text) - _LONGEST:,} more characters are left out of this page]"
    return texts.setdefault(text, len(texts))
