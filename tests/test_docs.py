from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from docs.generate import BEGIN, END, PAGES, README, page, stored, table, with_table
from textenvs.cli import main
from textenvs.registry import ENTRIES, Entry

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([README, ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])


def python_blocks(text: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def test_the_readme_has_examples() -> None:
    assert len(python_blocks(README.read_text())) >= 3


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_examples_run_one_after_the_other(document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in python_blocks(document.read_text()):
        exec(compile(block, str(document), "exec"), names)


def commands(text: str) -> list[list[str]]:
    """Return the commands of the shell blocks of a document, without comments; a backslash continues a line."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def test_commands_of_the_guide_to_evaluation_run_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is run as written, with fewer episodes, so that the whole takes seconds."""
    monkeypatch.chdir(tmp_path)
    found = commands((ROOT / "docs" / "evaluation.md").read_text())
    assert {words[1] for words in found} >= {"evaluate", "verify", "summary", "show"}
    for program, *words in found:
        assert program == "textenvs"
        few = ["3" if before == "--episodes" else word for before, word in zip(["", *words], words, strict=False)]
        assert main(few) == 0, capsys.readouterr().err


@pytest.mark.parametrize("each", ENTRIES, ids=lambda each: each.name)
def test_pages_are_current(each: Entry) -> None:
    assert (PAGES / f"{each.module}.md").read_text() == page(each, stored()), "run `make docs`"


def test_no_page_without_a_game() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} == {each.module for each in ENTRIES}


def test_the_table_of_games_is_current() -> None:
    readme = README.read_text()
    assert with_table(readme, table(stored())) == readme, "run `make docs`"


def test_the_table_lists_every_game() -> None:
    games = README.read_text().partition(BEGIN)[2].partition(END)[0]
    assert [line.split("`")[1] for line in games.splitlines()[3:] if line] == [each.name for each in ENTRIES]


@pytest.mark.parametrize("document", [*DOCUMENTS, *PAGES.glob("*.md")], ids=lambda path: path.name)
def test_local_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text()):
        assert (document.parent / target).exists(), target


def test_named_files_exist() -> None:
    for name in re.findall(r"`((?:agents|docs|tests|textenvs|benchmarks)/[\w/]+\.(?:py|md))`", README.read_text()):
        assert (ROOT / name).exists(), name
