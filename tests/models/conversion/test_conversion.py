"""The conversion model: what it may see, how it is judged, and that it finds what is there and nothing else."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from thiqa.models.conversion import ConversionConfig, ConversionModel, fit, validate
from thiqa.models.conversion.data import CATEGORIES, OUTCOMES, feature_columns
from thiqa.models.conversion.validate import cross_fit, d2

CONFIG = ConversionConfig(trees=40, smallest_leaf=20, folds=4, bootstraps=60)


def placements(rows: int = 1600, seed: int = 1) -> pl.DataFrame:
    """Placements of 80 creators whose rate depends on one feature alone."""
    random = np.random.default_rng(seed)
    creator = random.integers(80, size=rows)
    trust = random.normal(size=80)[creator]
    reach = random.integers(500, 5000, size=rows)
    delivered = random.poisson(reach * 0.003 * np.exp(0.8 * trust))
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


def test_outcomes_are_never_seen():
    assert not set(OUTCOMES) & set(feature_columns(placements(50)))
    assert "trust" in feature_columns(placements(50))


def test_d2_of_the_reference_is_none_and_of_the_truth_is_high():
    mean, delivered = np.array([1.0, 5.0, 20.0]), np.array([1.0, 5.0, 20.0])
    reference = np.full(3, delivered.mean())
    assert d2(delivered, reference, reference) == 0
    assert d2(delivered, mean, reference) == pytest.approx(1)
    assert d2(np.array([]), np.array([]), np.array([])) is None


def test_judged_creators_and_times_are_never_trained_on():
    frame, seen = placements(), []

    def spy(rows: pl.DataFrame) -> ConversionModel:
        seen.append(rows)
        return fit(rows, ["trust"], (), CONFIG, 1)

    judged = cross_fit(frame, spy, CONFIG, 1).join(frame, on="placement_id")
    assert len(seen) == CONFIG.folds
    assert max(rows["agreed_at"].max() for rows in seen) < judged["agreed_at"].min()
    homes = [set(judged["creator_id"]) - set(rows["creator_id"]) for rows in seen]
    assert set(judged["creator_id"]) <= set().union(*homes)


def test_what_is_there_is_found_and_shuffled_outcomes_give_no_gain(tmp_path: Path):
    frame = placements()
    found = validate(frame, CONFIG, 1, tmp_path)["metrics"]
    assert found["gain_over_followers"]["low"] > 0.05
    order = np.random.default_rng(3).permutation(len(frame))
    rate = (frame["delivered"] / frame["reach"]).gather(order)
    shuffled = frame.with_columns(delivered=(rate * frame["reach"]).round().cast(pl.Int64))
    assert validate(shuffled, CONFIG, 1, tmp_path)["metrics"]["gain_over_followers"]["low"] < 0


def test_two_fits_are_one_model_and_survive_the_disk(tmp_path: Path):
    frame = placements(400)
    first, second = (fit(frame, feature_columns(frame), CATEGORIES, CONFIG, 5) for _ in range(2))
    first.save(tmp_path / "a")
    second.save(tmp_path / "b")
    assert (tmp_path / "a/model.txt").read_bytes() == (tmp_path / "b/model.txt").read_bytes()
    assert ConversionModel.load(tmp_path / "a").rate(frame) == pytest.approx(first.rate(frame), rel=1e-6)


def test_no_placements_say_why(tmp_path: Path):
    assert "at least two creators" in validate(placements(50).head(0), CONFIG, 1, tmp_path)["metrics"]["reason"]
    assert fit(placements(50).head(0), ["trust"], (), CONFIG, 1).scorer is None
