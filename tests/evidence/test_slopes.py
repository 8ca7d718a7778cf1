"""The rows beside a verdict: slopes in followers and in arousal, against another package and planted effects."""

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from thiqa.evidence import EvidenceConfig
from thiqa.evidence.slopes import arousal_by_tier, row_of, slope_in_followers

CONFIG = EvidenceConfig(bootstraps=100)


def slope(frame: pl.DataFrame) -> dict:
    return row_of(slope_in_followers(frame, "sold", "reach", ("cell",), CONFIG, np.random.default_rng(1)))


def placements(seed: int, slope: float, creators: int = 60, deals: int = 12) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    creator = np.repeat(np.arange(creators), deals)
    followers = np.exp(rng.normal(9, 1.5, creators))[creator]
    cell = rng.integers(0, 5, len(creator))
    reach = followers * rng.uniform(0.1, 0.4, len(creator))
    own = rng.normal(0, 0.2, creators)[creator]
    mean = reach * np.exp(-5 + 0.3 * cell + slope * (np.log10(followers) - 4) + own)
    return pl.DataFrame({"creator_id": creator.astype(str), "followers": followers, "reach": reach,
                         "sold": rng.poisson(mean).astype(float), "cell": cell})  # fmt: skip


def test_the_slope_is_that_of_a_poisson_regression_with_a_level_for_each_cell():
    frame = placements(1, -0.3)
    levels = flags(frame["cell"].to_numpy())
    matrix = np.column_stack([np.log10(frame["followers"].to_numpy()), levels])
    other = sm.GLM(frame["sold"].to_numpy(), matrix, family=sm.families.Poisson(),
                   offset=np.log(frame["reach"].to_numpy())).fit()  # fmt: skip
    assert slope(frame)["estimate"] == pytest.approx(other.params[0], abs=1e-6)


def flags(codes: np.ndarray) -> np.ndarray:
    return (codes[:, None] == np.unique(codes)[None, :]).astype(float)


def test_nine_of_ten_intervals_hold_the_planted_slope_although_rows_of_a_creator_are_alike():
    rows = [slope(placements(seed, -0.3, creators=150)) for seed in range(60)]
    held = sum(row["low"] <= -0.3 <= row["high"] for row in rows)
    assert 47 <= held <= 59


def test_units_of_the_denominator_do_not_matter():
    frame = placements(2, 0.2)
    thousands = frame.with_columns(pl.col("reach") / 1000)
    assert slope(frame)["low"] == pytest.approx(slope(thousands)["low"])


def wording(small: float, macro: float) -> pl.DataFrame:
    rng = np.random.default_rng(3)
    creator = np.repeat(np.arange(80), 30)
    big = creator >= 40
    arousal = rng.gamma(2, 0.1, len(creator))
    effect = np.where(big, macro, small) * arousal / arousal.std()
    liked = np.exp(rng.normal(5, 1, 80)[creator] + effect + rng.normal(0, 0.3, len(creator)))
    return pl.DataFrame({"creator_id": creator.astype(str), "macro": big.astype(float), "interactions": liked,
                         "arousal": arousal})  # fmt: skip


def test_arousal_that_helps_small_creators_and_harms_big_ones_is_seen_as_such():
    found = arousal_by_tier(wording(0.1, -0.15))
    assert found["small"]["low"] > 0 > found["macro"]["high"]
    assert found["small"]["estimate"] == pytest.approx(0.1, abs=0.03)
    assert found["macro"]["estimate"] == pytest.approx(-0.15, abs=0.03)


@pytest.mark.parametrize("frame", [None, wording(0, 0).head(0), wording(0, 0).with_columns(arousal=pl.lit(0.2))])
def test_what_cannot_be_answered_has_a_reason(frame: pl.DataFrame | None):
    assert "withheld" in arousal_by_tier(frame)


def test_too_few_creators_and_missing_columns_have_a_reason():
    frame = placements(1, 0.0, creators=10)
    assert "fewer" in slope(frame)["withheld"]
    assert "column" in slope(frame.drop("reach"))["withheld"]
