"""A real browser for tests of pages; tests skip, saying why, where there is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextmanager
def chromium() -> Iterator[Any]:
    """Give a headless Chromium."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(browser: Any, file: Path, *, scheme: str = "light", anchor: str = "") -> Iterator[Any]:
    """Open a page from the disk and require that it asks the network for nothing and notes no error."""
    complaints: list[str] = []
    page = browser.new_page(color_scheme=scheme, viewport={"width": 1300, "height": 850})
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith("file:") else complaints.append(request.url))
    page.on("dialog", lambda dialog: (complaints.append(f"a script opened {dialog.message!r}"), dialog.dismiss()))
    page.goto(file.as_uri() + anchor)
    yield page
    page.close()
    assert complaints == []
