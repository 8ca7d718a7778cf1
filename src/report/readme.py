"""``python -m thiqa.report.readme [--check]``: fill the README's figures and output, or say that they are stale."""

import sys
from pathlib import Path
from typing import Any

from ..files import read_json
from ..generated import filled, write_or_check
from .page import SIMULATED, main_figures, shown_number

README, METRICS = Path("README.md"), Path("reports/metrics/conversion.json")
_TIERS = ("per_1000_reached", "per_1000_followers", "per_1000_mad", "per_placement")


def figures(metrics: dict[str, Any]) -> str:
    """Write the main figures as Markdown, each called simulated where it is."""
    kind = "Simulated" if metrics["simulated"] else "Imported"
    if "d2_rate" not in metrics:
        return f"{kind} data. Conversion not computed: {metrics['reason']}\n"
    gain = metrics["gain_over_followers"]
    scores = {"model": metrics, **metrics["rivals"]}
    verdict = "not known"
    if gain["low"] is not None:
        verdict = "above zero" if gain["low"] > 0 else "below zero" if gain["high"] < 0 else "not told apart from zero"
    gained = f"Gain of the model over followers alone: {_shown(gain['d2_rate'])}"
    tiers = [f"{row['tier']} | {_shown(row['placements'])}" for row in metrics["by_tier"]]
    rates = [" | ".join(_shown(row[name]) for name in _TIERS) for row in metrics["by_tier"]]
    heads = ("placements", "per 1,000 reached", "per 1,000 followers", "per 1,000 MAD", "per placement")
    lines = [
        f"{kind} data: {_shown(metrics['judged'])} placements judged, on creators and a time not seen in training.",
        "",
        f"| {kind.lower()}, Poisson D² | realised reach | at the deal |",
        "|---|--:|--:|",
        *(f"| {name} | {_shown(row['d2_rate'])} | {_shown(row['d2_plan'])} |" for name, row in scores.items()),
        "",
        f"{gained} (90 % interval {_shown(gain['low'])} to {_shown(gain['high'])}; {kind.lower()}): {verdict}.",
        "",
        f"| deliveries, {kind.lower()} | {' | '.join(heads)} |",
        "|---|--:|--:|--:|--:|--:|",
        *(f"| {tier} | {row} |" for tier, row in zip(tiers, rates, strict=True)),
    ]
    return "\n".join(lines) + "\n"


def output(conversion: dict[str, Any], plan: dict[str, Any], evidence: dict[str, Any]) -> str:
    """Write what ``make run`` prints last of these metrics, in the page's first language."""
    first = [SIMULATED] if conversion["simulated"] else []
    sentences = [f"- {sentence}" for sentence in main_figures(conversion, plan, evidence, "fr")]
    return "\n".join(["```text", *first, *sentences, "```"]) + "\n"


def with_figures(readme: str, metrics: dict[str, Any], folder: Path = METRICS.parent) -> str:
    """Put figures and output between their marks in a README.

    :param metrics: Of conversion; those of plan and evidence are read from ``folder``, where they are.
    """
    plan, evidence = (read_json(path) if (path := folder / name).exists() else {}
                      for name in ("plan.json", "evidence.json"))  # fmt: skip
    return filled(filled(readme, "figures", figures(metrics)), "output", output(metrics, plan, evidence))


def _shown(value: float | None) -> str:
    return shown_number(value, "en")


def main(arguments: list[str]) -> None:
    """Fill the README, or with ``--check`` end with 1 where it differs."""
    text = with_figures(README.read_text(encoding="utf-8"), read_json(METRICS))
    write_or_check({README: text}, arguments, "python -m thiqa.report.readme")


if __name__ == "__main__":
    main(sys.argv[1:])
