from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.evaluation.browser import chromium, opened
from tests.evaluation.test_viewer import ATTACK, Thinker, embedded
from textenvs.cli import main
from textenvs.core.errors import ArgumentError
from textenvs.evaluation.leaderboard import entrants_of, leaderboard_data, run_folders, write_leaderboard
from textenvs.evaluation.run import run_evaluation
from textenvs.evaluation.summary import summarise
from textenvs.policies.scripted import StrategyPolicy
from textenvs.suites import Task

TASKS = tuple(Task(name, {"level": "easy"}) for name in ("GuessNumber", "Assembly", "Arithmetic"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three evaluations, one of them by name of an attacker."""
    folder = tmp_path_factory.mktemp("runs")
    run_evaluation(StrategyPolicy("expert"), TASKS, folder / "a", forms=("turns",), episodes=6, salt="s")
    run_evaluation(StrategyPolicy("random"), TASKS, folder / "b", episodes=6, salt="s")
    thinker = Thinker()
    thinker.name = f"thinker {ATTACK}"
    run_evaluation(thinker, TASKS, folder / "c", forms=("turns",), episodes=6, salt="s")
    return folder


@pytest.fixture(scope="module")
def site(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    write_leaderboard([runs], out)
    return out


def copied(runs: Path, name: str, to: Path) -> Path:
    return Path(shutil.copytree(runs / name, to / name))


def test_the_site_has_a_page_for_each_run(site: Path) -> None:
    data = embedded(site / "index.html")
    assert len(data["entrants"]) == 3
    assert sorted(file.name for file in site.iterdir()) == sorted(
        ["index.html", *(each["page"] for each in data["entrants"])]
    )
    for each in data["entrants"]:
        assert f'href="index.html#{each["address"]}"' in (site / each["page"]).read_text()


def test_a_name_cannot_leave_the_page(site: Path) -> None:
    assert (site / "index.html").read_text().count("</script>") == 2


def test_numbers_are_those_of_the_summary(site: Path, runs: Path) -> None:
    by_name = {each["name"]: each for each in embedded(site / "index.html")["entrants"]}
    for folder in runs.iterdir():
        summary = summarise(folder)
        entrant = by_name[summary.policy]
        assert entrant["standing"] == "verified"
        assert [form["form"] for form in entrant["forms"]] == [form.form for form in summary.forms]
        for shown, form in zip(entrant["forms"], summary.forms, strict=True):
            assert form.iqm is not None
            assert (shown["iqm"]["value"], shown["iqm"]["low"]) == (form.iqm.value, form.iqm.low)
            assert {name: each["value"] for name, each in shown["families"].items()} == {
                name: each.value for name, each in form.families.items()
            }


def test_costs_are_means_over_all_episodes(site: Path, runs: Path) -> None:
    shown = next(e for e in embedded(site / "index.html")["entrants"] if e["name"].startswith("thinker"))["forms"][0]
    lines = [json.loads(line) for file in runs.glob("c/episodes/*") for line in file.read_text().splitlines()]
    replies = sum(len(row["replies"]) for row in lines)
    assert shown["tokens"] == pytest.approx(27 * replies / len(lines))
    assert shown["invalid"] == pytest.approx(sum(row["refusals"] for row in lines) / replies)
    assert shown["seconds"] == pytest.approx(sum(row["seconds"] for row in lines) / len(lines))


def test_turns_minus_plan_stands_with_the_turns_of_a_run_with_both(site: Path) -> None:
    for entrant in embedded(site / "index.html")["entrants"]:
        for form in entrant["forms"]:
            both = len(entrant["forms"]) == 2
            assert (form["difference"] is not None) == (both and form["form"] == "turns")


@pytest.mark.parametrize("broken", ["score", "reply", "summary", "lacking"])
def test_a_run_that_was_changed_fails(broken: str, runs: Path, tmp_path: Path) -> None:
    run = copied(runs, "b", tmp_path)
    file = next(run.glob("episodes/GuessNumber.turns.jsonl"))
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    if broken == "score":
        rows[0]["scores"] = [1.0 - rows[0]["scores"][0]]
    elif broken == "reply":
        rows[0]["replies"][0][1] = "guess 1" if rows[0]["replies"][0][1] != "guess 1" else "guess 2"
    elif broken == "lacking":
        rows = rows[1:]
    else:
        summary = json.loads((run / "summary.json").read_text())
        summary["forms"][0]["iqm"]["value"] = 0.99
        (run / "summary.json").write_text(json.dumps(summary))
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (entrant,) = entrants_of([run], verify=True)
    assert entrant.standing == "problems"
    assert entrant.problems
    assert main(["leaderboard", str(run), "--out", str(tmp_path / "site")]) == 1


def test_verification_can_be_left_out_and_is_then_not_claimed(runs: Path) -> None:
    (entrant,) = entrants_of([runs / "b"], verify=False)
    assert entrant.standing == "not checked"


def test_an_unfinished_run_is_not_called_verified(runs: Path, tmp_path: Path) -> None:
    run = copied(runs, "b", tmp_path)
    stored = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**stored, "finished": None, "salt": None}))
    (entrant,) = entrants_of([run], verify=True)
    assert entrant.standing == "incomplete"


def test_runs_of_one_name_are_told_apart(runs: Path, tmp_path: Path) -> None:
    other = copied(runs, "b", tmp_path).rename(tmp_path / "again")
    entrants = entrants_of([runs / "b", other], verify=False)
    assert len({entrant.name for entrant in entrants}) == len({entrant.page for entrant in entrants}) == 2
    assert len(leaderboard_data(entrants)["tasks"]) == len(TASKS)


def test_folders_without_evaluations_are_refused(runs: Path, tmp_path: Path) -> None:
    assert len(run_folders(runs)) == 3
    assert run_folders(runs / "a") == [runs / "a"]
    with pytest.raises(ArgumentError, match="holds no evaluation"):
        run_folders(tmp_path)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


def column(tab: Any, name: str) -> list[str]:
    headings = tab.locator("#table thead th").all_inner_texts()
    at = next(i for i, heading in enumerate(headings) if heading.startswith(name))
    return [str(text) for text in tab.locator(f"#table tbody td:nth-child({at + 1})").all_inner_texts()]


def numbers(texts: list[str]) -> list[float]:
    return [float(text.split()[0].replace("−", "-").replace(",", "")) for text in texts if text != "–"]


def test_headings_sort_numerically_by_mouse_and_keyboard(browser: Any, site: Path) -> None:
    with opened(browser, site / "index.html") as tab:
        assert numbers(column(tab, "IQM")) == sorted(numbers(column(tab, "IQM")), reverse=True)
        tab.click('[data-sort="invalid"]')
        shown = numbers(column(tab, "invalid"))
        assert shown == sorted(shown, reverse=True)
        tab.keyboard.press("Enter")
        assert numbers(column(tab, "invalid")) == sorted(shown)
        assert tab.locator('th[aria-sort="ascending"]').inner_text().startswith("invalid")
        tab.click('[data-sort="difference"]')
        assert column(tab, "turns − plan")[1:] == ["–"] * 3
        tab.click('[data-sort="difference"]')
        assert column(tab, "turns − plan")[1:] == ["–"] * 3


def test_filters_filter(browser: Any, site: Path) -> None:
    with opened(browser, site / "index.html") as tab:
        assert len(column(tab, "policy")) == 4
        tab.select_option("#form", "plan")
        assert column(tab, "policy") == ["random"]
        tab.select_option("#form", "")
        tab.fill("#text", "expert")
        assert column(tab, "policy") == ["expert"]
        tab.fill("#text", "")
        tab.select_option("#family", "control")
        assert tab.locator("#rulers tbody tr").count() == 1
        assert any("control" in text for text in tab.locator("#table thead th").all_inner_texts())


def test_pictures_show_what_is_chosen(browser: Any, site: Path) -> None:
    with opened(browser, site / "index.html") as tab:
        lines = tab.locator("#radar svg > g > path")
        before = lines.count()
        tab.locator("#table tbody input").first.uncheck()
        assert lines.count() == before - 1
        assert tab.locator("#pareto svg .name").count() == 3
        assert "logarithmic" in tab.locator("#pareto").inner_text()
        assert tab.locator("#rulers tbody tr").count() == len(TASKS)


def test_a_link_to_a_policy_leads_to_its_row_and_the_row_to_its_transcripts(browser: Any, site: Path) -> None:
    with opened(browser, site / "index.html", anchor="#random") as tab:
        assert set(tab.locator("tr.linked").evaluate_all("rows => rows.map(r => r.dataset.entrant)")) == {"random"}
        tab.locator("tr.linked a").first.click()
        tab.wait_for_url(re.compile("random.html"))
        assert "Transcripts of" in tab.locator("h1").inner_text()
        tab.locator("a.home").click()
        tab.wait_for_url(re.compile("index.html#random$"))


def test_an_attack_by_name_is_shown_as_text(browser: Any, site: Path) -> None:
    with opened(browser, site / "index.html") as tab:
        assert any("<img src=x" in name for name in column(tab, "policy"))
        assert tab.locator("img").count() == 0


def test_dark_pages_are_dark(browser: Any, site: Path) -> None:
    with opened(browser, site / "index.html", scheme="dark") as tab:
        colour = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        assert max(int(number) for number in re.findall(r"\d+", colour)) < 60
