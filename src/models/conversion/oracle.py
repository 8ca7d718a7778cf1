"""The one place of the models that may open ``truth/``: the true rate and levers, to show what is knowable at all."""

from pathlib import Path

import polars as pl

from ...origin import TRUTH_FOLDER

LATENT = "true_"  # starts the names of what the latent-fed model sees


def true_rates(tables: Path) -> pl.DataFrame | None:
    """Return ``placement_id`` and the true ``rate_per_reach`` of a simulated world, None for any other data."""
    path = tables / TRUTH_FOLDER / "placements.parquet"
    return pl.read_parquet(path, columns=["placement_id", "rate_per_reach"]) if path.exists() else None


def true_levers(tables: Path) -> pl.DataFrame | None:
    """Return ``placement_id`` with every lever's true value and the share of real followers, None without truth.

    What no table could show, the creator's own effect and the brand's quality, is left out.
    """
    path = tables / TRUTH_FOLDER / "placements.parquet"
    if not path.exists():
        return None
    truth = pl.read_parquet(path)
    levers = {name: LATENT + name.removeprefix("lever_") for name in truth.columns if name.startswith("lever_")}
    return truth.select("placement_id", *(pl.col(name).alias(new) for name, new in levers.items()),
                        pl.col("real_share").alias(f"{LATENT}real_share"))  # fmt: skip
