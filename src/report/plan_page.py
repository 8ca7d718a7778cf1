"""The plan of a campaign as one HTML page: no outside request, every text from outside escaped."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from ..files import replacing
from .page import Language, _resource, _words, isolated, shown_number


def write_plan_page(plan: dict[str, Any], path: Path, language: Language) -> None:
    """Write the page."""
    page = render_plan(plan, language)
    with replacing(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def render_plan(plan: dict[str, Any], language: Language) -> str:
    """Render what :func:`thiqa.plan.make.make_plan` returned."""
    style = Markup(_resource("templates/report.css"))  # noqa: S704 our own file
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.from_string(_resource("templates/plan.html.j2")).render(
        language=language, style=style, plan=plan, t=lambda key: _words()[key][language],
        number=lambda value: shown_number(value, language), isolated=isolated,
    )  # fmt: skip
