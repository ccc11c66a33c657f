"""Self-contained pages: template, style, scripts and data in one file that opens from the disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textenvs.core.errors import MissingExtraError

try:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup
except ImportError as error:
    raise MissingExtraError("a page", "evaluation") from error

_FOLDER = Path(__file__).parent / "pages"


def page(template: str, data: Any, **content: Any) -> str:
    """Return a page.

    Args:
        template: name of its template, which brings the script of the same name.
        data: what its script reads, as JSON; any text in it is safe, since it is only ever shown as text.
        **content: what the template names.
    """
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "allow_nan": False}
    script = "\n".join((_FOLDER / name).read_text("utf-8") for name in ("common.js", f"{template}.js"))
    style = (_FOLDER / "style.css").read_text("utf-8")
    rendered: str = environment.get_template(f"{template}.html.j2").render(
        data=data, script=Markup(script), style=Markup(style), **content
    )
    return rendered
