"""Figures of a check, as SVG: length, type-token curve, what alone tells corpus from real text."""

from pathlib import Path

import matplotlib as mpl
import polars as pl
from matplotlib.figure import Figure

from ...files import replacing
from .diversity import COUNTED

_LOOK = {"svg.hashsalt": "thiqa", "svg.fonttype": "none", "font.size": 9, "axes.spines.top": False,
         "axes.spines.right": False}  # fmt: skip


def draw(tables: dict[str, pl.DataFrame], folder: Path) -> list[Path]:
    """Draw what the tables of a check hold; real sets that are not there are left out.

    :return: ``corpus-diversity.svg`` and, with real comments, ``corpus-drivers.svg``.
    """
    with mpl.rc_context(_LOOK):  # type: ignore[arg-type]
        drawn = [_save(_diversity(tables["profiles"]), folder / "corpus-diversity.svg")]
        if not tables["drivers"].is_empty():
            drawn.append(_save(_drivers(tables["drivers"]), folder / "corpus-drivers.svg"))
    return drawn


def _save(figure: Figure, file: Path) -> Path:
    with replacing(file) as temporary:
        figure.savefig(temporary, format="svg", metadata={"Date": None}, bbox_inches="tight")
    return file


def _diversity(profiles: pl.DataFrame) -> Figure:
    figure = Figure(figsize=(9, 4))
    lengths, curve = figure.subplots(1, 2)
    names = [f"{row['variety']} ({row['source']})" if row["source"] != "corpus" else row["variety"]
             for row in profiles.to_dicts()]  # fmt: skip
    for place, row in enumerate(profiles.to_dicts()):
        colour = "tab:blue" if row["source"] == "corpus" else "tab:orange"
        lengths.plot([row["length_p10"], row["length_p90"]], [place, place], color=colour)
        lengths.plot(row["length_p50"], place, "o", color=colour)
        seen = [(count, row[f"types_{count}"]) for count in COUNTED if row[f"types_{count}"] is not None]
        curve.plot(
            *zip(*seen, strict=True),
            marker=".",
            label=names[place],
            linestyle="-" if row["source"] == "corpus" else "--",
        )
    lengths.set(yticks=range(len(names)), yticklabels=names, xlabel="characters of a comment: 10, 50, 90 %")
    curve.set(xlabel="words", ylabel="distinct words", title="type-token curve")
    if curve.lines:
        curve.legend(fontsize=7)
    figure.tight_layout()
    return figure


def _drivers(drivers: pl.DataFrame) -> Figure:
    figure = Figure(figsize=(9, 3))
    scripts = drivers.group_by("script", maintain_order=True)
    for axes, ((script,), rows) in zip(figure.subplots(1, 2, sharex=True), scripts, strict=False):
        axes.barh(rows["column"].to_list(), (rows["auc"] - 0.5).to_list(), left=0.5, color="tab:blue")
        axes.set(xlim=(0, 1), xlabel="AUC of this alone (below 0.5: the corpus has less of it)", title=script)
        axes.invert_yaxis()
    figure.tight_layout()
    return figure
