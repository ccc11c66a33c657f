from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.leaderboard.__main__ import chosen, main
from benchmarks.leaderboard.sweep import ENTRIES, MODELS, SALT, SUITE, WEIGHTS
from benchmarks.leaderboard.table import table
from benchmarks.leaderboard.train import Training, model_folder, train_model
from benchmarks.leaderboard.weights import installed_weights
from textenvs import cli
from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.envs.settings import Settings
from textenvs.evaluation.leaderboard import problems_of
from textenvs.evaluation.run_folder import RunFolder
from textenvs.evaluation.summary import summarise
from textenvs.games.guess_number import GuessNumber
from textenvs.policies.named import named_policy

DOCS = Path(__file__).parent.parent.parent / "docs"
SITE = DOCS / "leaderboard" / "site"


def test_all_entries_have_names_of_their_own_and_settings_that_are_accepted() -> None:
    assert len({entry.name for entry in ENTRIES}) == len(ENTRIES)
    titles = [named_policy(entry.spec, entry.settings).name for entry in ENTRIES if MODELS not in entry.spec]
    assert len(set(titles)) == len(titles)


def test_entries_are_chosen_by_name_and_by_what_is_there() -> None:
    assert [entry.name for entry in chosen(["plan", "random"], None)] == ["plan", "random"]
    assert all(WEIGHTS not in entry.spec for entry in chosen(None, None))
    assert chosen(None, Path("weights")) == list(ENTRIES)
    with pytest.raises(UnknownNameError, match="random"):
        chosen(["randon"], None)
    with pytest.raises(ArgumentError, match="smollm2-react needs --weights"):
        chosen(["smollm2-react"], None)


def test_what_was_played_is_not_played_again_and_the_page_is_built(tmp_path: Path) -> None:
    arguments = ["--out", str(tmp_path), "--only", "plan"]
    assert main(arguments) == 0
    run = tmp_path / "runs" / "plan"
    rows = {file.name: file.read_bytes() for file in (run / "episodes").iterdir()}
    assert main(arguments) == 0
    assert {file.name: file.read_bytes() for file in (run / "episodes").iterdir()} == rows
    assert (tmp_path / "site" / "index.html").is_file()
    assert str(tmp_path) not in (run / "run.json").read_text()
    assert json.loads((run / "run.json").read_text())["salt"]


@pytest.mark.parametrize("form", ["turns", "plan"])
def test_a_trained_model_is_found_by_its_name(tmp_path: Path, form) -> None:
    game = GuessNumber(high=3, guesses=2)
    trained = train_model(game, form, Training(cloning_steps=40, steps=600))
    assert trained.start.ledger.environment_steps <= 40
    assert 0 < trained.run.ledger.environment_steps <= 600
    trained.policy.save(model_folder(tmp_path, game, form))
    policy = named_policy(f"saved:{tmp_path}").policy_for(game, Settings(form=form))
    assert policy.name == tmp_path.name


def published() -> list[Path]:
    """Return the committed runs in the order of the entries."""
    return [DOCS / "leaderboard" / "runs" / entry.name for entry in ENTRIES]


def test_the_published_table_is_that_of_the_published_runs() -> None:
    assert table([summarise(run) for run in published()]) in (DOCS / "leaderboard.md").read_text()


@pytest.mark.parametrize("run", published(), ids=lambda run: run.name)
def test_published_runs_are_those_of_the_entries(run: Path) -> None:
    found = RunFolder(run).read()
    (entry,) = (entry for entry in ENTRIES if entry.name == run.name)
    assert (found.policy.spec, found.policy.settings) == (entry.spec, entry.settings)
    assert (found.suite, found.forms, found.episodes, found.salt) == (SUITE, entry.forms, entry.episodes, SALT)


@pytest.mark.slow
@pytest.mark.parametrize("run", published(), ids=lambda run: run.name)
def test_published_runs_verify(run: Path) -> None:
    assert problems_of(run) == ()


@pytest.mark.slow
def test_the_published_pages_are_those_of_the_published_runs(tmp_path: Path) -> None:
    assert cli.main(["leaderboard", *map(str, published()), "--out", str(tmp_path)]) == 0
    made, kept = ({page.name: page.read_text() for page in folder.iterdir()} for folder in (tmp_path, SITE))
    assert made.keys() == kept.keys()
    assert [name for name in made if made[name] != kept[name]] == []


def test_installed_weights_are_a_file_or_none() -> None:
    found = installed_weights()
    assert found is None or found.is_file()
