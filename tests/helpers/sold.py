"""Placements by hand, whose rate depends on one feature alone."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from thiqa.models.conversion.data import CATEGORIES


def placements(rows: int = 1600, seed: int = 1, remembered: float = 0.0) -> pl.DataFrame:
    """Placements of 80 creators whose rate depends on one feature, and on what no column shows by ``remembered``."""
    random = np.random.default_rng(seed)
    creator = random.integers(80, size=rows)
    trust = random.normal(size=80)[creator]
    own = remembered * random.normal(size=80)[creator] if remembered else 0.0
    reach = random.integers(500, 5000, size=rows)
    delivered = random.poisson(reach * 0.003 * np.exp(0.8 * trust + own))
    start = datetime(2025, 1, 1, tzinfo=UTC)
    text = {name: [None] * rows for name in CATEGORIES if name != "tier"}
    return pl.DataFrame(
        {
            "placement_id": [f"{i:05}" for i in range(rows)],
            "creator_id": [f"c{i}" for i in creator],
            "agreed_at": [start + timedelta(hours=int(h)) for h in random.integers(8000, size=rows)],
            "tier": ["nano"] * rows, "followers": random.integers(500, 2000, size=80)[creator].astype(float),
            "reach": reach, "clicks": reach // 100, "ordered": delivered, "confirmed": delivered,
            "delivered": delivered, "revenue_mad": delivered * 100.0,
            "fee_mad": [None] * rows, "goods_mad": [None] * rows,
            "trust": trust,
            "rate_by_followers_180d": random.uniform(size=rows), **text,
        },
        schema_overrides=dict.fromkeys(CATEGORIES, pl.String) | {"fee_mad": pl.Float64, "goods_mad": pl.Float64},
    )  # fmt: skip
