"""The one place of the models that may open ``truth/``: the true rate, to show what is knowable at all."""

from pathlib import Path

import polars as pl

from ...origin import TRUTH_FOLDER


def true_rates(tables: Path) -> pl.DataFrame | None:
    """Return ``placement_id`` and the true ``rate_per_reach`` of a simulated world, None for any other data."""
    path = tables / TRUTH_FOLDER / "placements.parquet"
    return pl.read_parquet(path, columns=["placement_id", "rate_per_reach"]) if path.exists() else None
