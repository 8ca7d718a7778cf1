"""Figures as SVG text: same data, same bytes; with a title for those who do not see them."""

import io
from typing import Any

import matplotlib as mpl
import polars as pl
from markupsafe import Markup, escape
from matplotlib.figure import Figure

COLOURS = {"below": "#999999", "nano": "#0072b2", "micro": "#009e73", "mid": "#56b4e9", "macro": "#d55e00",
           "mega": "#cc79a7"}  # fmt: skip  # Okabe and Ito: told apart by colour-blind readers

VERDICTS = {"supported": "#009e73", "contradicted": "#d55e00", "inconclusive": "#888888"}


def bars_by_tier(tiers: pl.DataFrame, panels: dict[str, str], title: str) -> Markup:
    """Draw one panel of bars for each denominator.

    :param panels: Column of ``tiers`` to the panel's heading.
    """
    figure = Figure(figsize=(9, 2.6), layout="constrained")
    names = tiers["tier"].to_list()
    for axes, (column, heading) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        values = tiers[column].fill_null(0.0).to_list()
        axes.bar(names, values, color=[COLOURS.get(name, "#999999") for name in names])
        axes.set_title(heading, fontsize=9)
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    return _svg(figure, title)


def calibration_plot(groups: pl.DataFrame, labels: tuple[str, str], title: str) -> Markup:
    """Draw delivered against expected orders, one line a tier, beside the diagonal of a perfect model."""
    figure = Figure(figsize=(4.6, 3.4), layout="constrained")
    axes = figure.subplots()
    for (tier,), part in groups.group_by("tier", maintain_order=True):
        axes.plot(part["expected"], part["delivered"], "o-", label=tier, color=COLOURS.get(str(tier), "#999999"))
    top = max(1.0, *groups["expected"].to_list(), *groups["delivered"].to_list())
    axes.plot([0, top], [0, top], color="#bbbbbb", linestyle="--", linewidth=1)
    axes.set_xscale("symlog")
    axes.set_yscale("symlog")
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.legend(frameon=False, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    return _svg(figure, title)


def frontier_plot(steps: list[dict[str, Any]], labels: tuple[str, str], title: str) -> Markup:
    """Draw expected deliveries, with their 90 % band, against the budget."""
    figure = Figure(figsize=(5.2, 3.2), layout="constrained")
    axes = figure.subplots()
    budget = [step["budget_mad"] for step in steps]
    axes.fill_between(budget, [step["deliveries_low"] for step in steps], [step["deliveries_high"] for step in steps],
                      color="#cfe0ee", linewidth=0)  # fmt: skip
    axes.plot(budget, [step["deliveries"] for step in steps], "o-", color=COLOURS["nano"])
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.set_ylim(bottom=0)
    axes.spines[["top", "right"]].set_visible(False)
    return _svg(figure, title)


def forest_plot(claims: list[dict[str, Any]], verdicts: dict[str, str], title: str) -> Markup:
    """Draw each claim's estimate with its 90 % interval, in the claim's own unit divided by the interval's reach.

    Units differ between claims, so each row is scaled to its own largest bound: what shows is on which side of zero
    it lies, and how surely.
    """
    figure = Figure(figsize=(8.5, 0.6 + 0.28 * len(claims)), layout="constrained")
    axes = figure.subplots()
    axes.axvline(0, color="#777777", linewidth=1)
    for place, row in enumerate(reversed(claims)):
        reach = max(abs(row["low"]), abs(row["high"]), abs(row["estimate"])) or 1.0
        colour = VERDICTS[row["verdict"]]
        axes.plot([row["low"] / reach, row["high"] / reach], [place, place], color=colour, linewidth=2)
        axes.plot(row["estimate"] / reach, place, "o", color=colour, markersize=5)
    axes.set_yticks(range(len(claims)), [row["claim"] for row in reversed(claims)], fontsize=8)
    axes.set_xticks([-1, 0, 1], ["–", "0", "+"])
    for name, word in verdicts.items():
        axes.plot([], [], "o-", color=VERDICTS[name], label=word)
    axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
    axes.spines[["top", "right"]].set_visible(False)
    return _svg(figure, title)


def _svg(figure: Figure, title: str) -> Markup:
    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "thiqa", "svg.fonttype": "none", "font.family": "sans-serif"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    drawing = buffer.getvalue()
    body = drawing[drawing.index("<svg") :].replace("<svg", f'<svg role="img" aria-label="{escape(title)}"', 1)
    return Markup(body)  # noqa: S704 drawn here; the only text from outside, the title, is escaped
