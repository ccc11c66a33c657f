from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.evaluation.browser import chromium, opened
from textenvs.cli import main
from textenvs.core.errors import ArgumentError, CorruptRunError
from textenvs.envs.policy import Reply, Request, Usage
from textenvs.envs.settings import Settings
from textenvs.evaluation.records import EpisodeRow, episode_row
from textenvs.evaluation.rollout import rollout
from textenvs.evaluation.run import run_evaluation
from textenvs.evaluation.store import write_episodes
from textenvs.evaluation.viewer import Shown, write_viewer
from textenvs.policies.scripted import ScriptPolicy, StrategyPolicy
from textenvs.registry import make_game
from textenvs.suites import Task

TASKS = (Task("GuessNumber", {"level": "easy"}), Task("Assembly", {"level": "easy"}))
ATTACK = "</script><script>alert('in')</script><img src=x onerror=alert(1)> <!-- \u2028 {{ 7*7 }} guess 4"


class Thinker:
    """Plays at random, thinks aloud and says what it cost."""

    name = "thinker"

    def start(self, slots: int) -> None:
        """Nothing is remembered."""

    def replies(self, requests: list[Request]) -> list[Reply]:
        usage = Usage(prompt=30, cached=10, sampled=7, thought=5, calls=1)
        return [Reply(request.random.choice(request.legal), thought=ATTACK, usage=usage) for request in requests]


def stored(folder: Path, name: str, rows: list[EpisodeRow]) -> Path:
    write_episodes(folder, name, rows)
    return folder


def rows(policy: Any, episodes: int = 4, game: str = "GuessNumber", **dials: Any) -> list[EpisodeRow]:
    played = rollout(make_game(game, level="easy"), policy, range(episodes), settings=Settings(**dials))
    return [episode_row(each, policy.name) for each in played]


def embedded(page: Path) -> Any:
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page.read_text(), re.DOTALL)
    return json.loads(found)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Evaluations of two policies on the same instances."""
    folder = tmp_path_factory.mktemp("runs")
    run_evaluation(StrategyPolicy("expert"), TASKS, folder / "expert", forms=("turns",), episodes=5, salt="s")
    run_evaluation(Thinker(), TASKS, folder / "thinker", forms=("turns",), episodes=5, salt="s")
    return [folder / "expert", folder / "thinker"]


@pytest.fixture(scope="module")
def page(runs: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("page") / "page.html"
    write_viewer(runs, out)
    return out


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page whose replies try to become part of it."""
    run = tmp_path_factory.mktemp("attacked")
    stored(run, "x", rows(ScriptPolicy((ATTACK, "</script>", "\ud800\x00")), 2) + rows(StrategyPolicy("random"), 1))
    write_viewer([run], run / "page.html")
    return run / "page.html"


def test_texts_cannot_leave_the_data(attacked: Path) -> None:
    assert attacked.read_text().count("</script>") == 2
    assert ATTACK in embedded(attacked)["texts"]


def test_the_page_names_nothing_to_load(page: Path) -> None:
    text = page.read_text()
    assert "default-src 'none'" in text
    assert not re.findall(r"""(?:src|href)\s*=\s*["'](?!#|data:)|@import|url\(""", text.split('id="data"')[0])
    assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", text)


def test_the_data_say_what_the_rows_say(page: Path, runs: list[Path]) -> None:
    data = embedded(page)
    assert [task["title"] for task in data["tasks"]] == ["Assembly level=easy", "GuessNumber level=easy"]
    lines = [json.loads(line) for run in runs for f in run.glob("episodes/*") for line in f.read_text().splitlines()]
    wanted = {(row["policy"], row["game"], row["index"]): row for row in lines}
    assert len(data["episodes"]) == len(wanted) == 20
    for episode in data["episodes"]:
        title = data["tasks"][episode["task"]]["title"].split()[0]
        row = wanted[episode["policy"], f"textenvs/{title}-v0", episode["index"]]
        assert (episode["scores"], episode["normalised"]) == (row["scores"], row["normalised"])
        assert [data["texts"][turn["reply"]] for turn in episode["turns"]] == [text for _, text in row["replies"]]
        assert [turn["paid"] for turn in episode["turns"]] == [paid for (paid,) in row["rewards"]]
        assert episode["turns"][-1]["scores"] == row["scores"]
        assert episode["turns"][0]["worth"][0] == pytest.approx(data["tasks"][episode["task"]]["optimal"], abs=0.5)


def test_costs_of_replies_are_shown_where_a_model_was_asked(page: Path) -> None:
    data = embedded(page)
    for episode in data["episodes"]:
        for turn in episode["turns"]:
            if episode["policy"] == "thinker":
                assert (turn["usage"]["read"], turn["usage"]["sampled"]) == (20, 7)
                assert data["texts"][turn["thought"]] == ATTACK
            else:
                assert turn["usage"] is None
                assert "thought" not in turn


def test_the_page_keeps_the_first_episodes_of_each_group_and_says_so(tmp_path: Path, runs: list[Path]) -> None:
    assert write_viewer(runs, tmp_path / "page.html", episodes=9) == Shown(9, 20)
    episodes = embedded(tmp_path / "page.html")["episodes"]
    counts: dict[tuple[int, str], list[int]] = {}
    for episode in episodes:
        counts.setdefault((episode["task"], episode["policy"]), []).append(episode["index"])
    assert sorted(map(len, counts.values())) == [2, 2, 2, 3]
    assert all(indices == [*range(len(indices))] for indices in counts.values())
    assert "9 of 20 episodes" in (tmp_path / "page.html").read_text()


def test_long_texts_are_cut_and_say_so(tmp_path: Path) -> None:
    stored(tmp_path, "x", rows(ScriptPolicy(("z" * 30_000,)), 1))
    write_viewer([tmp_path], tmp_path / "page.html")
    data = embedded(tmp_path / "page.html")
    assert any("10,000 more characters are left out" in text for text in data["texts"])
    assert max(map(len, data["texts"])) < 20_100


def test_an_episode_that_does_not_verify_is_marked(tmp_path: Path) -> None:
    (row,) = rows(StrategyPolicy("random"), 1)
    stored(tmp_path, "x", [{**row, "scores": (5.0,)}])
    write_viewer([tmp_path], tmp_path / "page.html")
    (episode,) = embedded(tmp_path / "page.html")["episodes"]
    assert "scores" in episode["problem"]
    assert [turn["view"] for turn in episode["turns"]] == [None] * len(row["replies"])


def test_rows_of_all_forms_and_of_several_players_have_a_page(tmp_path: Path) -> None:
    random = StrategyPolicy("random")
    both = rows(random, 2) + rows(random, 2, form="plan") + rows(random, 2, form="reply")
    stored(tmp_path, "x", both + rows(random, 2, game="KuhnPoker"))
    write_viewer([tmp_path], tmp_path / "page.html")
    episodes = embedded(tmp_path / "page.html")["episodes"]
    assert [episode["form"] for episode in episodes] == ["turns"] * 2 + ["plan"] * 2 + ["reply"] * 2 + ["turns"] * 2
    assert len(episodes[-1]["told"]) == 2


def test_mistaken_calls_say_what_is_wrong(tmp_path: Path, runs: list[Path]) -> None:
    with pytest.raises(CorruptRunError, match="is this a run folder"):
        write_viewer([tmp_path], tmp_path / "page.html")
    with pytest.raises(ArgumentError, match="episodes must be"):
        write_viewer(runs, tmp_path / "page.html", episodes=0)


def test_the_command_writes_the_page(tmp_path: Path, runs: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "page.html"
    assert main(["view", *map(str, runs), "--out", str(out), "--episodes", "4"]) == 0
    assert "4 of 20 episodes" in capsys.readouterr().out
    assert len(embedded(out)["episodes"]) == 4


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


def current(tab: Any) -> str:
    return str(tab.locator(".row.now").inner_text())


def test_keys_step_through_turns_and_episodes(browser: Any, page: Path) -> None:
    with opened(browser, page) as tab:
        first = current(tab)
        assert "Turn 1" in first
        tab.keyboard.press("j")
        assert "Turn 2" in current(tab)
        tab.keyboard.press("ArrowLeft")
        assert current(tab) == first
        tab.keyboard.press("End")
        assert "The end" in current(tab)
        listed = tab.locator("#episodes button")
        assert listed.nth(0).get_attribute("aria-current") == "true"
        tab.keyboard.press("n")
        assert listed.nth(1).get_attribute("aria-current") == "true"
        assert listed.nth(0).get_attribute("aria-current") is None
        tab.keyboard.press("p")
        assert listed.nth(0).get_attribute("aria-current") == "true"
        tab.keyboard.press("?")
        assert tab.locator("#keys").is_visible()
        tab.keyboard.press("Escape")
        assert not tab.locator("#keys").is_visible()


def test_filters_filter(browser: Any, page: Path) -> None:
    data = embedded(page)
    with opened(browser, page) as tab:
        listed = tab.locator("#episodes button")
        assert listed.count() == 20
        tab.select_option("#policy", "thinker")
        assert listed.count() == 10
        tab.select_option("#task", label="GuessNumber level=easy")
        assert listed.count() == 5
        tab.select_option("#policy", "")
        tab.fill("#from", "0.5")
        above = [e for e in data["episodes"] if data["tasks"][e["task"]]["title"].startswith("Guess")]
        assert listed.count() == sum(e["scores"][0] >= 0.5 for e in above)
        tab.fill("#from", "")
        tab.fill("#text", "GUESS 4")
        needle = [e for e in above if any("guess 4" in data["texts"][t["reply"]].lower() for t in e["turns"])]
        assert listed.count() >= len(needle) > 0
        assert tab.locator("mark").count() > 0
        tab.fill("#text", "no such words anywhere")
        assert listed.count() == 0
        assert "No episode passes" in tab.locator("#turns").inner_text()


def test_orders_sort_numerically(browser: Any, page: Path) -> None:
    with opened(browser, page) as tab:
        tab.select_option("#order", "high")
        shown = [float(text.replace("−", "-")) for text in tab.locator("#episodes .score").all_inner_texts()]
        assert shown == sorted(shown, reverse=True)
        assert shown[0] > shown[-1]


def test_two_policies_stand_side_by_side_on_the_same_instance(browser: Any, page: Path) -> None:
    with opened(browser, page) as tab:
        heads = tab.locator(".head")
        assert heads.count() == 2
        names, facts = tab.locator(".head h2").all_inner_texts(), tab.locator(".head > .note").all_inner_texts()
        assert "expert" in names[0]
        assert "thinker" in names[1]
        instances = [re.search(r"instance (\w+) · episode (\d+)", fact) for fact in facts]
        assert instances[0] is not None
        assert instances[1] is not None
        assert instances[0].groups() == instances[1].groups()
        views = tab.locator('[data-turn="0"] .view').all_inner_texts()
        assert views[0] == views[1]
        tab.select_option("#beside", "")
        assert heads.count() == 1


def test_attacks_are_shown_as_text(browser: Any, attacked: Path) -> None:
    with opened(browser, attacked) as tab:
        assert "<img src=x onerror=alert(1)>" in current(tab)
        assert tab.locator("#turns img").count() == 0
        tab.fill("#text", "<img")
        assert tab.locator("mark").first.inner_text() == "<img"


def test_lost_value_stands_out_and_can_be_reached(browser: Any, page: Path) -> None:
    data = embedded(page)
    worst = max(range(20), key=lambda i: sum(turn["worth"][1] for turn in data["episodes"][i]["turns"]))
    at = next(t for t, turn in enumerate(data["episodes"][worst]["turns"]) if turn["worth"][1] > 1e-9)
    with opened(browser, page, anchor=f"#e={worst}") as tab:
        tab.select_option("#beside", "")
        assert tab.locator(".head svg .lost").count() >= 1
        tab.locator("main").focus()
        if at > 0:
            tab.keyboard.press("m")
        assert "gave away" in current(tab)


def test_the_page_follows_the_colours_of_the_system(browser: Any, page: Path) -> None:
    found = {}
    for scheme in ("light", "dark"):
        with opened(browser, page, scheme=scheme) as tab:
            script = "getComputedStyle(document.body).backgroundColor + getComputedStyle(document.body).color"
            found[scheme] = [int(number) for number in re.findall(r"\d+", tab.evaluate(script))]
    assert min(found["light"][:3]) > 230 > 60 > max(found["light"][3:])
    assert max(found["dark"][:3]) < 60 < 200 < min(found["dark"][3:])
