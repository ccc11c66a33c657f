from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from textenvs.core.errors import ArgumentError, CorruptRunError
from textenvs.evaluation.lock import BusyRunError, only_writer
from textenvs.evaluation.store import EPISODES
from textenvs.evaluation.tournament import Match, draw_cross_play, matches, run_tournament, standings
from textenvs.evaluation.verify import verify_run
from textenvs.games.guess_number import GuessNumber
from textenvs.games.kuhn_poker import KuhnPoker
from textenvs.games.prisoners_dilemma import PrisonersDilemma
from textenvs.policies.scripted import ScriptPolicy, StrategyPolicy

GAME = PrisonersDilemma(rounds=3)


def participants() -> dict[str, ScriptPolicy | StrategyPolicy]:
    return {
        "nice": ScriptPolicy(["cooperate"] * 100),
        "nasty": ScriptPolicy(["defect"] * 100),
        "tit_for_tat": StrategyPolicy("expert"),
    }


def play(folder: Path, **options: int) -> list[Match]:
    return list(run_tournament(GAME, participants(), folder, **{"episodes": 2, **options}))


def test_everyone_meets_everyone_in_every_seat(tmp_path: Path) -> None:
    assert play(tmp_path) == matches(GAME, ["nice", "nasty", "tit_for_tat"])
    assert len(list((tmp_path / EPISODES).glob("*.jsonl"))) == 3 * 3 * 2


def test_the_matrix_holds_mean_returns(tmp_path: Path) -> None:
    play(tmp_path)
    found = standings(tmp_path)
    assert found.policies == ("nice", "nasty", "tit_for_tat")
    assert found.scores.tolist() == [[9.0, 0.0, 9.0], [15.0, 3.0, 7.0], [9.0, 2.0, 9.0]]
    assert np.all(found.errors == 0)


def test_the_stronger_is_rated_higher(tmp_path: Path) -> None:
    play(tmp_path, episodes=20)
    ratings = standings(tmp_path).ratings
    assert ratings["nasty"].low > ratings["nice"].high
    assert ratings["nasty"].low > ratings["tit_for_tat"].value
    assert all(each.low < each.value < each.high for each in ratings.values())


def test_more_episodes_make_surer_ratings(tmp_path: Path) -> None:
    widths = []
    for episodes in (2, 30):
        play(tmp_path / str(episodes), episodes=episodes)
        rating = standings(tmp_path / str(episodes)).ratings["nasty"]
        widths.append(rating.high - rating.low)
    assert widths[1] < widths[0]


def test_equals_are_rated_alike(tmp_path: Path) -> None:
    twins = {"one": StrategyPolicy("expert"), "other": StrategyPolicy("expert")}
    assert len(list(run_tournament(KuhnPoker(), twins, tmp_path, episodes=200))) == 8
    one, other = standings(tmp_path).ratings.values()
    assert one.low < other.value < one.high


def test_a_stopped_tournament_goes_on(tmp_path: Path) -> None:
    running = run_tournament(GAME, participants(), tmp_path, episodes=2)
    first = [next(running) for _ in range(5)]
    with pytest.raises(CorruptRunError, match="no episodes of"):
        standings(tmp_path)
    rest = play(tmp_path)
    assert first + rest == matches(GAME, list(participants()))
    play(tmp_path / "again")
    assert standings(tmp_path).ratings == standings(tmp_path / "again").ratings


def test_every_episode_can_be_verified(tmp_path: Path) -> None:
    play(tmp_path)
    findings = list(verify_run(tmp_path))
    assert len(findings) == 36
    assert not any(finding.problem for finding in findings)


def test_another_tournament_is_not_mixed_in(tmp_path: Path) -> None:
    play(tmp_path)
    with pytest.raises(ArgumentError, match="holds another tournament"):
        play(tmp_path, episodes=3)


def test_a_game_for_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="GuessNumber is for one player"):
        list(run_tournament(GuessNumber(), participants(), tmp_path))


@pytest.mark.parametrize("name", ["", "a~b", "a/b", "a b"])
def test_names_must_make_file_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArgumentError, match="a participant's name"):
        list(run_tournament(GAME, {name: StrategyPolicy("random")}, tmp_path))


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    play(tmp_path)
    draw_cross_play(standings(tmp_path), tmp_path / "cross_play.png")
    assert (tmp_path / "cross_play.png").stat().st_size > 5_000


def test_a_tournament_has_one_writer(tmp_path: Path) -> None:
    with only_writer(tmp_path), pytest.raises(BusyRunError):
        play(tmp_path)
    assert not list(tmp_path.glob("*.json"))
