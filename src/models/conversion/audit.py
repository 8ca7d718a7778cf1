"""A leakage audit: each suspect is handed to the model, which is trained anew and judged on the same placements.

A suspect that gains under the main view would flatter the figures if it slipped in, or does where it already is. What
gains at random alone is what a careless split lets through.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from .config import ConversionConfig
from .data import CATEGORIES, OUTCOMES, claimed_columns, feature_columns
from .folds import View
from .model import fit, learnable
from .rivals import LogRatio
from .scores import d2
from .validate import OURS, Fitter, cross_fit, gain_over, scores_of

CROWDED = 50  # creators beyond which an author says nothing of whom they have in common
PRIOR = 3.0  # deliveries expected at the mean rate that a creator's own rate is drawn to it by
TWINS, OWN = "rate_of_twins", "rate_of_creator"
BEARING = tuple(name for name in OUTCOMES if name not in {"reach", "delivered"})  # reach is the exposure


def audit(frame: pl.DataFrame, tables: Path, config: ConversionConfig, seed: int) -> list[dict[str, Any]]:
    """Probe a table of placements for leaks.

    :param frame: From :func:`thiqa.models.conversion.placements_frame`.
    :param tables: The folder of its tables, for who commented on whom.
    :return: One row a probe and view: ``suspect``, ``view``, ``without`` and ``with`` (D² with realised reach),
        ``gain`` of the suspect with the 90 % interval ``low`` to ``high``, creators drawn again in pairs.
    """
    rows = learnable(frame)
    found = [
        row
        for view, probes in _probes(rows, tables, config, seed).items()
        for row in _judged(rows, view, probes, config, seed)
    ]
    name, alone = strongest_column(rows, config, seed)
    return [*found, {"suspect": f"strongest column alone: {name}", "view": "creators_and_time", "with": alone}]


def _probes(
    rows: pl.DataFrame, tables: Path, config: ConversionConfig, seed: int
) -> dict[View, dict[str, Fitter]]:  # fmt: skip
    columns = claimed_columns(rows)

    def seen_by(
        numbers: list[str], categories: tuple[str, ...], shown: Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame]
    ) -> Fitter:
        return lambda train, rate: _ratio(train, rate, numbers, categories, shown, config, seed)

    identity = own_rate(rows, config, seed)
    shared = in_common(tables)
    bearing = [f"log_{name}" for name in BEARING]
    without_brand = tuple(name for name in CATEGORIES if name != "brand")
    return {
        "creators_and_time": {
            "identity: what the same creator sold in training": identity,
            "brand: left out": seen_by(columns, without_brand, lambda _, held: held),
            "time: later placements of the training creators": lambda train, rate: _ratio(
                rows.filter(pl.col("creator_id").is_in(train["creator_id"].unique().to_list())),
                rate, columns, CATEGORIES, lambda _, held: held, config, seed,
            ),
            "commenters: what creators with the same commenters sold": seen_by(
                [*columns, TWINS], CATEGORIES, lambda train, held: with_twins(train, held, shared)
            ),
            "target: clicks, orders and revenue as columns": seen_by(
                [*columns, *bearing], CATEGORIES, lambda _, held: _with_outcomes(held)
            ),
        },
        "brands": {"brand: brands held out, left out": seen_by(columns, without_brand, lambda _, held: held)},
        "random": {"identity: what the same creator sold in training": identity},
    }  # fmt: skip


def own_rate(rows: pl.DataFrame, config: ConversionConfig, seed: int) -> Fitter:
    """Return our model with one column more: what the same creator sold in training."""
    columns = [*claimed_columns(rows), OWN]
    return lambda train, rate: _ratio(train, rate, columns, CATEGORIES, with_own, config, seed)


def _ratio(
    train: pl.DataFrame, rate: float, columns: list[str], categories: tuple[str, ...],
    shown: Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame], config: ConversionConfig, seed: int,
) -> LogRatio:  # fmt: skip
    model = fit(shown(train, train), columns, categories, config, seed)
    return lambda held: np.log(model.rate(shown(train, held)) / rate)


def _judged(
    rows: pl.DataFrame, view: View, probes: dict[str, Fitter], config: ConversionConfig, seed: int
) -> list[dict[str, Any]]:
    judged = cross_fit(rows, claimed_columns(rows), probes, config, seed, view)
    if not len(judged):
        return []
    random, without = np.random.default_rng(seed), scores_of(judged, OURS)["d2_rate"]
    found = []
    for name in probes:
        behind = {key: -value if value is not None else None
                  for key, value in gain_over(judged, name, config.bootstraps, random).items()}  # fmt: skip
        found.append({"suspect": name, "view": view, "without": without, "with": scores_of(judged, name)["d2_rate"],
                      "gain": behind["gain"], "low": behind["high"], "high": behind["low"]})  # fmt: skip
    return found


def _with_outcomes(frame: pl.DataFrame) -> pl.DataFrame:
    """Add the logarithm of each outcome that comes with the target, per reached person."""
    return frame.with_columns(
        ((pl.col(name).cast(pl.Float64) + 0.1) / pl.col("reach")).log().alias(f"log_{name}") for name in BEARING
    )


def in_common(tables: Path) -> pl.DataFrame:
    """Count the commenters that two creators have in common: ``creator_id``, ``other``, ``shared``, both ways."""
    paths = [tables / f"{name}.parquet" for name in ("comments", "posts")]
    if not all(path.exists() for path in paths):
        return pl.DataFrame(schema={"creator_id": pl.String, "other": pl.String, "shared": pl.UInt32})
    comments = pl.scan_parquet(paths[0]).filter(~pl.col("by_creator").fill_null(value=False))
    posts = pl.scan_parquet(paths[1]).select("post_id", "creator_id")
    pairs = comments.select("post_id", "author_id").join(posts, on="post_id").select("creator_id", "author_id").unique()
    pairs = pairs.filter(pl.len().over("author_id").is_between(2, CROWDED))
    both = pairs.join(pairs.rename({"creator_id": "other"}), on="author_id").filter(
        pl.col("creator_id") != pl.col("other")
    )
    return both.group_by("creator_id", "other").agg(shared=pl.len()).sort("creator_id", "other").collect()


def with_own(train: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Add :data:`OWN`: the log rate of the same creator's other placements in training, null where there is none."""
    mean = float(train["delivered"].sum()) / max(float(train["reach"].sum()), 1.0)
    row, expected = pl.col("delivered").cast(pl.Float64), mean * pl.col("reach").cast(pl.Float64)
    sold = train.group_by("creator_id").agg(_sold=row.sum(), _expected=expected.sum())
    known = held.join(sold, on="creator_id", how="left", maintain_order="left")
    if held is train:  # without the row itself
        known = known.with_columns(_sold=pl.col("_sold") - row, _expected=pl.col("_expected") - expected)
    rate = ((pl.col("_sold") + PRIOR) / (pl.col("_expected") + PRIOR)).log()
    return known.with_columns(pl.when(pl.col("_expected") > 1e-9).then(rate).alias(OWN)).drop("_sold", "_expected")


def with_twins(train: pl.DataFrame, held: pl.DataFrame, shared: pl.DataFrame) -> pl.DataFrame:
    """Add :data:`TWINS`: the log rate in training of other creators, weighted by the commenters in common."""
    mean = float(train["delivered"].sum()) / max(float(train["reach"].sum()), 1.0)
    sold = train.group_by("creator_id").agg(pl.col("delivered").sum(), expected=mean * pl.col("reach").sum())
    rates = sold.select(other="creator_id", rate=((pl.col("delivered") + PRIOR) / (pl.col("expected") + PRIOR)).log())
    weight = pl.col("shared").cast(pl.Float64)
    twins = shared.join(rates, on="other").group_by("creator_id").agg(
        ((weight * pl.col("rate")).sum() / weight.sum()).alias(TWINS)
    )  # fmt: skip
    return held.join(twins, on="creator_id", how="left", maintain_order="left")


def strongest_column(rows: pl.DataFrame, config: ConversionConfig, seed: int) -> tuple[str, float | None]:
    """Return the numeric column that explains most by itself, and its D²: one that bears the target stands out.

    Each is cut into tenths of the training placements, whose mean rates predict the held-out ones.
    """
    columns = feature_columns(rows)
    judged = cross_fit(rows, columns[:1], {name: lambda train, _, name=name: _tenths(train, name)  # type: ignore[misc]
                                           for name in columns},
                       config.model_copy(update={"trees": 0}), seed)  # fmt: skip
    delivered, reach = (judged[name].to_numpy().astype(float) for name in ("delivered", "reach"))
    reference = judged["reference"].to_numpy() * reach
    each = {name: d2(delivered, judged[f"rate_{name}"].to_numpy() * reach, reference) or 0.0 for name in columns}
    best = max(each, key=lambda name: each[name])
    return best, each[best]


def _tenths(train: pl.DataFrame, column: str) -> LogRatio:
    values = train[column].cast(pl.Float64).to_numpy().astype(float)
    known = values[np.isfinite(values)]
    cuts = np.unique(np.quantile(known, np.linspace(0.1, 0.9, 9))) if len(known) else np.zeros(0)

    def place(of: np.ndarray) -> np.ndarray:
        return np.where(np.isfinite(of), np.searchsorted(cuts, of, side="right"), len(cuts) + 1)

    mean = float(train["delivered"].sum()) / float(train["reach"].sum())
    expected = mean * train["reach"].to_numpy().astype(float)
    size = len(cuts) + 2
    sold = np.bincount(place(values), train["delivered"].to_numpy().astype(float), minlength=size)
    logs = np.log((sold + PRIOR) / (np.bincount(place(values), expected, minlength=size) + PRIOR))
    return lambda frame: logs[place(frame[column].cast(pl.Float64).to_numpy().astype(float))]
