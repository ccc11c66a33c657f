"""Tournaments: everyone against everyone, resumable, with ratings and a cross-play matrix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from textenvs.core.errors import ArgumentError, CorruptRunError, MissingExtraError, check_range
from textenvs.core.game import Game
from textenvs.envs.policy import Policy
from textenvs.evaluation.lock import only_writer
from textenvs.evaluation.records import episode_row
from textenvs.evaluation.rollout import rollout
from textenvs.evaluation.store import EPISODES, read_episodes, read_json, write_episodes, write_json
from textenvs.registry import entry

CONFIGURATION = "tournament.json"

_NORMAL_95 = 1.959964  # 97.5 % quantile of the standard normal distribution


class Match(NamedTuple):
    """A pairing: one policy in one seat, another in all other seats.

    Attributes:
        policy: name of the one.
        others: name of the other; the same name is self-play.
        seat: of the one.
    """

    policy: str
    others: str
    seat: int

    @property
    def title(self) -> str:
        """Who plays in its episodes, as one text."""
        return f"{self.policy}~{self.others}~{self.seat}"

    @property
    def file(self) -> str:
        """Name of the file of its episodes, which any system accepts."""
        return self.title.replace(":", "=")


class Rating(NamedTuple):
    """How often a policy earns more than others, on the scale of its tournament; how much more does not count.

    Attributes:
        value: the mean of the estimate; 25 before any match.
        low: lower end of the 95 % interval.
        high: upper end.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Standings:
    """What a tournament found.

    Attributes:
        policies: the names, in the order they were given.
        scores: float64[P, P]; the mean return of a policy (row) in one seat while another (column) plays all others,
            over all seats.
        errors: float64[P, P]; the standard errors of these means.
        ratings: by name; higher is stronger.
    """

    policies: tuple[str, ...]
    scores: npt.NDArray[np.float64]
    errors: npt.NDArray[np.float64]
    ratings: Mapping[str, Rating]


def matches(game: Game[Any, Any], names: Sequence[str]) -> list[Match]:
    """Return all pairings of policies, self-play included, with the one in each seat."""
    return [Match(one, other, seat) for one, other in product(names, repeat=2) for seat in range(game.players)]


def run_tournament(
    game: Game[Any, Any], policies: Mapping[str, Policy], folder: Path, *, episodes: int = 100, seed: int = 0
) -> Iterator[Match]:
    """Play all matches that the folder does not hold yet and yield each when its episodes are stored.

    All matches are played on the same episode seeds, so that differences between policies are not those of luck.

    Args:
        game: a registered game for two or more players.
        policies: the participants by name.
        folder: the run folder; made if it does not exist.
        episodes: of each match.
        seed: the first episode seed.

    Raises:
        ArgumentError: for a game for one, names that make no file names, or a folder of another tournament.
        BusyRunError: if another process is writing into the folder.
    """
    if game.players < 2:
        raise ArgumentError(f"{game.name} is for one player; a tournament needs several")
    check_range("episodes", episodes, 1, 10_000_000)
    configuration = _configuration(game, list(policies), episodes, seed)
    with only_writer(folder):
        _open(folder, configuration)
    for match in matches(game, list(policies)):
        if (folder / EPISODES / f"{match.file}.jsonl").exists():
            continue
        seats = dict.fromkeys(range(game.players), policies[match.others]) | {match.seat: policies[match.policy]}
        with only_writer(folder):
            played = rollout(game, seats, range(seed, seed + episodes))
            write_episodes(folder, match.file, [episode_row(each, match.title) for each in played])
        yield match


def standings(folder: Path) -> Standings:
    """Return what the stored matches of a tournament found.

    Raises:
        CorruptRunError: if the folder holds no whole tournament.
        MissingExtraError: without openskill.
    """
    configuration = read_json(folder / CONFIGURATION)
    names = tuple(configuration["policies"])
    found: dict[tuple[str, str], list[float]] = {}
    results: list[tuple[str, str, int, Sequence[float]]] = []
    for _, row in read_episodes(folder):
        one, other, seat = row["policy"].split("~")
        found.setdefault((one, other), []).append(row["scores"][int(seat)])
        results.append((one, other, int(seat), row["scores"]))
    if missing := [pair for pair in product(names, repeat=2) if pair not in found]:
        raise CorruptRunError(f"{folder}: no episodes of {missing[0][0]} against {missing[0][1]}; continue the run")
    scores = np.array([[np.mean(found[one, other]) for other in names] for one in names])
    errors = np.array([[_standard_error(found[one, other]) for other in names] for one in names])
    return Standings(names, scores, errors, _ratings(names, results, configuration["seed"]))


def draw_cross_play(standings: Standings, file: Path) -> None:
    """Draw the cross-play matrix with the ratings as a picture; raises `MissingExtraError` without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("a picture of a tournament", "tournaments") from error
    ranked = sorted(range(len(standings.policies)), key=lambda row: -standings.ratings[standings.policies[row]].value)
    names = [standings.policies[row] for row in ranked]
    scores = standings.scores[np.ix_(ranked, ranked)]
    figure = Figure(figsize=(2.4 + 0.9 * len(names), 1.6 + 0.6 * len(names)), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(scores, cmap="RdBu", vmin=-np.abs(scores).max(), vmax=np.abs(scores).max(), aspect="auto")
    axes.set_xticks(range(len(names)), names, rotation=30, ha="right")
    axes.set_yticks(range(len(names)), [f"{name}  {standings.ratings[name].value:.1f}" for name in names])
    for (row, column), score in np.ndenumerate(scores):
        dark = abs(score) > 0.6 * np.abs(scores).max()
        axes.text(column, row, f"{score:.2f}", ha="center", va="center", color="white" if dark else "black")
    axes.set_xlabel("policy in all other seats")
    axes.set_ylabel("policy in one seat, with its rating")
    figure.colorbar(image, label="mean return of the one seat")
    figure.savefig(file, dpi=150)


def _configuration(game: Game[Any, Any], names: list[str], episodes: int, seed: int) -> dict[str, Any]:
    for name in names:
        if not name or not all(c.isalnum() or c in "_-.:" for c in name):
            raise ArgumentError(f"a participant's name has letters, digits and _-.: alone, unlike {name!r}")
    game_id = entry(game.name).id
    return {"game": game_id, "arguments": game.arguments, "policies": names, "episodes": episodes, "seed": seed}


def _open(folder: Path, configuration: dict[str, Any]) -> None:
    file = folder / CONFIGURATION
    if not file.exists():
        write_json(file, configuration)
    elif (held := read_json(file)) != configuration:
        raise ArgumentError(f"{folder} holds another tournament, {held}, not {configuration}; choose another folder")


def _standard_error(scores: Sequence[float]) -> float:
    return float(np.std(scores, ddof=1) / len(scores) ** 0.5) if len(scores) > 1 else float("inf")


def _ratings(
    names: Sequence[str], results: Sequence[tuple[str, str, int, Sequence[float]]], seed: int
) -> dict[str, Rating]:
    """Return Plackett-Luce ratings (Weng & Lin 2011, JMLR 12) from episodes between different policies, shuffled."""
    try:
        from openskill.models import PlackettLuce
    except ImportError as error:
        raise MissingExtraError("ratings", "tournaments") from error
    model = PlackettLuce()
    ratings = {name: model.rating(name=name) for name in names}
    between = [each for each in results if each[0] != each[1]]
    for index in np.random.default_rng(seed).permutation(len(between)):
        one, other, seat, scores = between[index]
        rest = [score for player, score in enumerate(scores) if player != seat]
        (ratings[one],), (ratings[other],) = model.rate(
            [[ratings[one]], [ratings[other]]], scores=[scores[seat], sum(rest) / len(rest)]
        )
    spread = {name: _NORMAL_95 * rating.sigma for name, rating in ratings.items()}
    return {name: Rating(r.mu, r.mu - spread[name], r.mu + spread[name]) for name, r in ratings.items()}
