"""Figures as SVG text: same data, same bytes; with a title for those who do not see them."""

import io

import matplotlib as mpl
import polars as pl
from markupsafe import Markup, escape
from matplotlib.figure import Figure

COLOURS = {"below": "#999999", "nano": "#0072b2", "micro": "#009e73", "mid": "#56b4e9", "macro": "#d55e00",
           "mega": "#cc79a7"}  # fmt: skip  # Okabe and Ito: told apart by colour-blind readers


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


def _svg(figure: Figure, title: str) -> Markup:
    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "thiqa", "svg.fonttype": "none", "font.family": "sans-serif"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    drawing = buffer.getvalue()
    body = drawing[drawing.index("<svg") :].replace("<svg", f'<svg role="img" aria-label="{escape(title)}"', 1)
    return Markup(body)  # noqa: S704 drawn here; the only text from outside, the title, is escaped
