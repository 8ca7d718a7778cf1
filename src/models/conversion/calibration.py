"""Calibration: what was expected against what was delivered, by tier and by fifths of the expectation."""

import polars as pl

GROUPS = 5


def calibration(predictions: pl.DataFrame | None) -> pl.DataFrame:
    """Compare expected with delivered orders.

    :param predictions: From :func:`thiqa.models.conversion.validate`; None gives no rows.
    :return: ``tier``, ``group`` (1 = lowest expectation), ``placements``, ``expected``, ``delivered`` (sums).
    """
    if predictions is None:
        empty = {"tier": pl.String, "group": pl.Int64, "placements": pl.Int64, "expected": pl.Float64}
        return pl.DataFrame(schema=empty | {"delivered": pl.Int64})
    expected = predictions.filter(pl.col("tier").is_not_null()).with_columns(expected=pl.col("rate") * pl.col("reach"))
    rank = pl.col("expected").rank("ordinal").over("tier") - 1
    group = (rank * GROUPS // pl.len().over("tier") + 1).cast(pl.Int64)
    return (
        expected.with_columns(group=group)
        .group_by("tier", "group")
        .agg(placements=pl.len(), expected=pl.col("expected").sum(), delivered=pl.col("delivered").sum())
        .sort("tier", "group")
    )
