"""Shrinking: five comments are no certainty, and priors learn from the training part alone."""

from datetime import UTC, datetime, timedelta

import ibis
import numpy as np
import polars as pl
import pytest
from tiny import features_file

from thiqa.errors import InputError
from thiqa.features import FeatureConfig, Priors, fit_priors
from thiqa.features.config import Prior
from thiqa.features.registry import SHRUNK
from thiqa.features.shrink import shrunk
from thiqa.tiers import Tiers

NOW = datetime(2025, 6, 1, tzinfo=UTC)


def table(n: int, mean: dict[str, float], strength: float = 20.0, seed: int = 0) -> pl.DataFrame:
    """Draw shares of a Beta-binomial by tier, every share alike."""
    rng = np.random.default_rng(seed)
    followers = np.where(np.arange(n) % 2 == 0, 1000, 50_000)
    centre = np.where(followers == 1000, mean["nano"], mean["micro"])
    true = rng.beta(centre * strength, (1 - centre) * strength)
    count = rng.integers(5, 200, n)
    columns = {f"{share}_180d": rng.binomial(count, true) / count for share in SHRUNK}
    counts = {f"{name}_180d": count.astype(float) for name in set(SHRUNK.values())}
    return pl.DataFrame(
        {"creator_id": [f"c{i:04}" for i in range(n)], "as_of": [NOW - timedelta(days=int(i % 50)) for i in range(n)],
         "followers": followers.astype(float), **columns, **counts}
    )  # fmt: skip


def test_the_moments_find_the_prior_that_was_drawn_from():
    priors = fit_priors(table(3000, {"nano": 0.7, "micro": 0.4}), 180, Tiers())
    found = priors.shares["genuine_share"]
    assert found["nano"].mean == pytest.approx(0.7, abs=0.02)
    assert found["micro"].mean == pytest.approx(0.4, abs=0.02)
    assert found["nano"].strength == pytest.approx(20, rel=0.2)
    assert "macro" not in found  # nobody is


def test_only_training_creators_and_rows_before_the_cut_count():
    rows = table(400, {"nano": 0.6, "micro": 0.6})
    other = table(400, {"nano": 0.1, "micro": 0.1}, seed=1)
    late = other.with_columns(as_of=pl.lit(NOW + timedelta(days=1)))
    held_out = other.with_columns(creator_id=pl.lit("held-out-") + pl.col("creator_id"))
    cut = NOW + timedelta(hours=1)
    alone = fit_priors(rows, 180, Tiers(), before=cut)
    assert fit_priors(pl.concat([rows, late]), 180, Tiers(), before=cut) == alone
    assert fit_priors(pl.concat([rows, held_out]), 180, Tiers(), creators=rows["creator_id"]) == alone


def test_priors_are_written_and_read(tmp_path):
    priors = fit_priors(table(60, {"nano": 0.6, "micro": 0.5}), 180, Tiers())
    priors.write(tmp_path / "priors.json")
    read = Priors.read(tmp_path / "priors.json")
    assert read.shares["ad_density"]["any"].mean == pytest.approx(priors.shares["ad_density"]["any"].mean, rel=1e-8)
    with pytest.raises(InputError, match="cannot be read"):
        Priors.read(tmp_path / "nothing.json")


@pytest.mark.parametrize(("count", "share", "expected"), [(5, 1.0, 0.6), (0, 0.0, 0.5), (10**9, 1.0, 1.0)])
def test_the_fewer_the_nearer_to_the_prior(count, share, expected):
    value = shrunk(ibis.literal(share), ibis.literal(count), ibis.literal(0.5), ibis.literal(20.0))
    assert ibis.duckdb.connect().to_pyarrow(value).as_py() == pytest.approx(expected, abs=1e-6)


def test_features_take_the_prior_of_their_tier(engine, tables):
    prior = Priors.fixed(FeatureConfig())
    by_tier = {"any": Prior(mean=0.9, strength=3), "nano": Prior(mean=0.2, strength=6)}
    prior = prior.model_copy(update={"shares": prior.shares | {"genuine_share": by_tier}})
    (row,) = pl.read_parquet(features_file(engine, tables, priors=prior)).to_dicts()
    assert row["genuine_share_shrunk_30d"] == pytest.approx((2 + 6 * 0.2) / (4 + 6))  # 1,200 followers: nano
    assert row["reply_rate_shrunk_30d"] == pytest.approx((1 + 10 * 0.3) / (4 + 10))
