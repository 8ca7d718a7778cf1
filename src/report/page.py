"""One HTML file, no outside request, every text from outside escaped."""

import unicodedata
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import polars as pl
import yaml
from jinja2 import Environment, StrictUndefined

from ..files import replacing
from ..tables import TABLES
from .facts import SHOWN, Facts
from .figures import bars_by_tier, calibration_plot

Language = Literal["fr", "en"]
TIER_COLUMNS = ("placements", "delivered", "per_1000_reached", "per_1000_followers", "per_1000_mad", "per_placement")
_BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F])


@cache
def _words() -> dict[str, dict[str, str]]:
    words: dict[str, dict[str, str]] = yaml.safe_load(_resource("words.yaml"))
    return words


def _resource(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def shown_number(value: float | None, language: Language) -> str:
    """Write a number with three significant digits, as the language does; a dash where there is none."""
    if value is None:
        return "–"
    text = f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.3g}"
    return text.replace(",", "\N{NARROW NO-BREAK SPACE}").replace(".", ",") if language == "fr" else text


def isolated(text: str) -> str:
    """Take out direction overrides and control characters, so that a text cannot reorder what stands beside it."""
    return "".join(
        sign for sign in text.translate(_BIDI) if sign == "\n" or unicodedata.category(sign) not in ("Cc", "Cs")
    )


def write_page(facts: Facts, calibration: Path, path: Path, language: Language) -> None:
    """Write the page."""
    page = render(facts, pl.read_csv(calibration), language)
    with replacing(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def render(facts: Facts, calibration: pl.DataFrame, language: Language) -> str:
    """Render the page.

    :param calibration: From :func:`thiqa.models.conversion.calibration.calibration`.
    """

    def say(key: str, **values: str) -> str:
        return _words()[key][language].format(**values) if values else _words()[key][language]

    conversion = facts.conversion
    tiers = pl.DataFrame(conversion.get("by_tier") or [], infer_schema_length=None)
    panels = {column: say(column) for column in TIER_COLUMNS[2:]}
    window = next((c.rsplit("_", 1)[1] for c in facts.medians.columns if c.endswith("d") and "_" in c), "")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    mark = f" ({say('simulated').split('.')[0].lower()})" if facts.origin["simulated"] else ""
    return environment.from_string(_resource("templates/report.html.j2")).render(
        language=language,
        facts=facts,
        t=say,
        number=lambda value: shown_number(value, language),
        isolated=isolated,
        mark=mark,
        summary=summary(facts, language),
        tables=list(TABLES),
        shown=list(SHOWN),
        medians=facts.medians.rename({f"{name}_{window}": name for name in SHOWN}).to_dicts(),
        tier_columns=TIER_COLUMNS,
        tier_figure=bars_by_tier(tiers, panels, say("by_tier") + mark) if len(tiers) else "",
        calibration_figure=_calibration_figure(calibration, say("expected"), say("delivered"),
                                               say("calibration") + mark),
        scores=[("model", conversion), *conversion.get("rivals", {}).items()],
    )  # fmt: skip


def _calibration_figure(groups: pl.DataFrame, expected: str, delivered: str, title: str) -> str:
    return calibration_plot(groups, (expected, delivered), title) if len(groups) else ""


def summary(facts: Facts, language: Language) -> list[str]:
    """Say the main figures in sentences."""

    def say(key: str, **values: Any) -> str:
        shown = {k: shown_number(v, language) if isinstance(v, float | int) else str(v) for k, v in values.items()}
        return _words()[key][language].format(**shown)

    conversion, sentences = facts.conversion, []
    if "reason" in conversion:
        sentences.append(say("no_conversion") + conversion["reason"])
    else:
        gain = conversion["gain_over_followers"]
        sentences.append(say("short_conversion", judged=conversion["judged"], creators=conversion["creators"],
                             d2=_or_dash(conversion["d2_rate"]), gain=_or_dash(gain["d2_rate"]),
                             low=_or_dash(gain["low"]), high=_or_dash(gain["high"])))  # fmt: skip
        if gain["low"] is not None:
            verdict = "short_gain" if gain["low"] > 0 else "short_loss" if gain["high"] < 0 else "short_no_gain"
            sentences.append(say(verdict))
    sentences.append(say("short_ads", posts=facts.posts_with_text, ads=facts.ads, hidden=facts.undisclosed))
    return sentences


def _or_dash(value: float | None) -> float | str:
    return "–" if value is None else value
