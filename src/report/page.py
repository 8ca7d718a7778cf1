"""One HTML file, no outside request, every text from outside escaped."""

import unicodedata
from base64 import b64encode
from collections.abc import Callable
from functools import cache, partial
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import polars as pl
import yaml
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from ..files import replacing
from ..tables import TABLES
from .facts import SHOWN, Facts
from .figures import VERDICTS, bars_by_tier, calibration_plot, forest_plot, frontier_plot
from .strips import strip

Language = Literal["fr", "en"]
SIMULATED = "SIMULATED data: no creator, brand or sale in these figures exists."
TIER_COLUMNS = ("placements", "delivered", "per_1000_reached", "per_1000_followers", "per_1000_mad", "per_placement")
SECTIONS = ("in_short", "partners", "by_tier", "mix", "claims", "flagged", "trust", "model", "quality", "limits")
MOST_PARTNERS = 15  # rows of the table of creators to work with
_BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F])


@cache
def _words() -> dict[str, dict[str, str]]:
    words: dict[str, dict[str, str]] = yaml.safe_load(_resource("words.yaml"))
    return words


def _resource(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def say(key: str, language: Language, **values: Any) -> str:
    """Say one of the words or sentences of the page."""
    return _words()[key][language].format(**values) if values else _words()[key][language]


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
    word = partial(say, language=language)
    conversion = facts.conversion
    mark = f" ({word('simulated').split('.')[0].lower()})" if facts.origin["simulated"] else ""
    window = next((c.rsplit("_", 1)[1] for c in facts.medians.columns if c.endswith("d") and "_" in c), "")
    medians = facts.medians.rename({f"{name}_{window}": name for name in SHOWN})
    script = Markup(_resource("templates/report.js"))  # noqa: S704 a file of this package
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        loader=FunctionLoader(lambda name: _resource(f"templates/{name}")),
    )  # fmt: skip
    return environment.get_template("report.html.j2").render(
        language=language,
        facts=facts,
        t=word,
        number=lambda value: shown_number(value, language),
        isolated=isolated,
        mark=mark,
        most=MOST_PARTNERS,
        rival=lambda name: _words().get(f"name_{name}", {}).get(language, name.replace("_", " ")),
        sections=SECTIONS,
        style=Markup(_resource("templates/report.css")),  # noqa: S704 a file of this package
        script=script,
        script_hash=f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}",
        summary=summary(facts, language),
        tables=list(TABLES),
        shown=list(SHOWN),
        medians=medians.to_dicts(),
        tier_columns=TIER_COLUMNS,
        strips={row["claim"]: strip(row, word) for row in estimated(facts)},
        scores=[("model", conversion), *conversion.get("rivals", {}).items()],
        **_figures(facts, medians, calibration, word, mark),
    )


def _figures(
    facts: Facts, medians: pl.DataFrame, calibration: pl.DataFrame, say: Callable[..., str], mark: str
) -> dict[str, str]:
    """Draw what there is to draw; an empty text where there is nothing."""
    tiers = pl.DataFrame(facts.conversion.get("by_tier") or [], infer_schema_length=None)
    panels = {column: say(column) for column in TIER_COLUMNS[2:]}
    known = medians.filter(pl.col("tier").is_not_null())
    steps = [step for step in facts.plan.get("frontier") or [] if step["possible"]]
    claims = estimated(facts)
    return {
        "tier_figure": bars_by_tier(tiers, panels, say("by_tier") + mark) if len(tiers) else "",
        "trust_figure": bars_by_tier(known, {name: say(name) for name in SHOWN[:4]}, say("trust") + mark)
        if len(known) else "",
        "calibration_figure": calibration_plot(calibration, (say("expected"), say("delivered")),
                                               say("calibration") + mark) if len(calibration) else "",
        "frontier_figure": frontier_plot(steps, (say("budget"), say("deliveries")), say("frontier") + mark)
        if steps else "",
        "claims_figure": forest_plot(claims, {name: say(name) for name in VERDICTS}, say("claims") + mark)
        if claims else "",
    }  # fmt: skip


def estimated(facts: Facts) -> list[dict[str, Any]]:
    """Return the claims that have an estimate."""
    return [row for row in facts.evidence.get("claims") or [] if row["estimate"] is not None]


def summary(facts: Facts, language: Language) -> list[str]:
    """Say the main figures in sentences."""
    told = _teller(language)
    ads = told("short_ads", posts=facts.posts_with_text, ads=facts.ads, hidden=facts.undisclosed)
    return [*main_figures(facts.conversion, facts.plan, facts.evidence, language), ads]


def main_figures(
    conversion: dict[str, Any], plan: dict[str, Any], evidence: dict[str, Any], language: Language
) -> list[str]:
    """Say in sentences what the metrics of the last stages hold."""
    told, sentences = _teller(language), []
    if "reason" in conversion:
        sentences.append(told("no_conversion") + conversion["reason"])
    else:
        gain = conversion["gain_over_followers"]
        sentences.append(told("short_conversion", judged=conversion["judged"], creators=conversion["creators"],
                             d2=_or_dash(conversion["d2_rate"]), gain=_or_dash(gain["d2_rate"]),
                             low=_or_dash(gain["low"]), high=_or_dash(gain["high"])))  # fmt: skip
        if gain["low"] is not None:
            verdict = "short_gain" if gain["low"] > 0 else "short_loss" if gain["high"] < 0 else "short_no_gain"
            sentences.append(told(verdict))
    return sentences + _of_plan(plan, told) + _of_claims(evidence, told)


def _teller(language: Language) -> Callable[..., str]:
    def told(key: str, **values: Any) -> str:
        shown = {k: shown_number(v, language) if isinstance(v, float | int) else str(v) for k, v in values.items()}
        return say(key, language, **shown)

    return told


def _of_plan(plan: dict[str, Any], say: Callable[..., str]) -> list[str]:
    if "expected" not in plan:
        return []
    expected = plan["expected"]
    return [say("short_plan", creators=plan["creators"], spend=plan["spend_mad"], deliveries=expected["deliveries"],
                low=expected["deliveries_low"], high=expected["deliveries_high"])]  # fmt: skip


def _of_claims(evidence: dict[str, Any], say: Callable[..., str]) -> list[str]:
    claims = evidence.get("claims")
    if not claims:
        return []
    counts = {name: sum(row["verdict"] == name for row in claims) for name in VERDICTS}
    return [say("short_claims", all=len(claims), **counts)]


def _or_dash(value: float | None) -> float | str:
    return "–" if value is None else value
