"""What must hold of verdicts whatever the data: shuffles, doubled rows, units, sides, and independent constructions."""

from dataclasses import replace

import doubleml
import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
from deals import material
from sklearn.linear_model import LinearRegression

from thiqa.evidence import EvidenceConfig, Material, examine
from thiqa.evidence.claims import BY_NAME
from thiqa.evidence.clusters import Spread, slope
from thiqa.evidence.effects import log_ratio
from thiqa.evidence.estimate import Estimate
from thiqa.evidence.trends import permuted
from thiqa.evidence.verdicts import adjusted, verdict

CONFIG = EvidenceConfig(folds=3, bootstraps=100)
TOLD = ("supported", "contradicted")


def by_claim(data: Material, seed: int = 1) -> dict[str, dict]:
    return {record["claim"]: record for record in examine(data, CONFIG, seed)}


@pytest.fixture(scope="module")
def planted() -> Material:
    return material(3, effect=0.4)


@pytest.fixture(scope="module")
def said(planted: Material) -> dict[str, dict]:
    return by_claim(planted)


def test_a_planted_effect_is_found_and_turned_round_it_is_contradicted(said: dict[str, dict]):
    assert said["tested"]["verdict"] == "supported"
    assert said["tested"]["low_95"] < 0.4 < said["tested"]["high_95"]
    assert by_claim(material(3, effect=-0.4))["tested"]["verdict"] == "contradicted"


def test_what_is_not_there_is_said_to_be_missing(said: dict[str, dict]):
    assert "no feature" in said["coherence"]["withheld"]
    assert said["undisclosed_suspicion"]["estimate"] is None
    assert "tag" in said["nano_leads_trends"]["withheld"]


def test_shuffled_outcomes_give_no_verdict_on_any_lever(planted: Material):
    rng = np.random.default_rng(5)
    rate = planted.placements["sold"].to_numpy() / planted.placements["reach"].to_numpy()
    reach = np.full(len(rate), 5000.0)
    counts = rng.poisson(rng.permutation(rate) * reach).astype(float)
    shuffled = planted.placements.with_columns(sold=pl.Series(counts), reach=pl.Series(reach))
    records = by_claim(replace(planted, placements=shuffled))
    assert not [name for name, row in records.items() if BY_NAME[name].family == "levers" and row["verdict"] in TOLD]


def test_every_row_twice_does_not_narrow_an_interval(planted: Material, said: dict[str, dict]):
    twice = replace(planted, placements=pl.concat([planted.placements, planted.placements]))
    again = by_claim(twice)
    for claim in ("tested", "replies", "small_per_reach", "small_per_mad", "ten_micro_beat_one_macro"):
        assert again[claim]["error"] > 0.85 * said[claim]["error"], claim  # halved rows would give 0.71


def test_units_do_not_matter(planted: Material, said: dict[str, dict]):
    changed = planted.placements.with_columns(
        pl.col("cost") * 100,
        pl.col("reach") / 1000,
        pl.col("lever_tested") * 100,
        pl.col("lever_replies") * 100,
    )
    for claim, row in by_claim(replace(planted, placements=changed)).items():
        assert row["verdict"] == said[claim]["verdict"]
        if row["estimate"] is not None:
            assert row["estimate"] == pytest.approx(said[claim]["estimate"], abs=1e-6), claim
            assert row["error"] == pytest.approx(said[claim]["error"], rel=1e-5), claim


def test_the_same_seed_says_the_same(planted: Material, said: dict[str, dict]):
    assert by_claim(planted) == said


def test_few_creators_cannot_tell():
    assert {row["verdict"] for row in by_claim(material(3, creators=40, effect=0.8)).values()} == {"inconclusive"}


def test_whitened_least_squares_is_generalised_least_squares():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(12), 4)
    spread = Spread(rng.uniform(0.3, 3.0, 48), 0.4, groups)
    outcome, treatment = rng.standard_normal((2, 48))
    found, _ = slope(outcome, treatment, spread)
    covariance = np.diag(spread.own) + 0.4 * (groups[:, None] == groups)
    exact = sm.GLS(outcome, np.column_stack([treatment, np.ones(48)]), sigma=covariance).fit()
    assert found.raw == pytest.approx(exact.params[0], rel=1e-9)


def test_without_weights_the_score_is_that_of_doubleml():
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(60), 5)
    controls = rng.standard_normal((300, 2))
    treatment = controls @ [0.5, -0.2] + rng.standard_normal(60)[groups] + rng.standard_normal(300)
    outcome = 0.3 * treatment + controls @ [1.0, 0.4] + rng.standard_normal(60)[groups] + rng.standard_normal(300)
    rows = pd.DataFrame({"y": outcome, "d": treatment, "a": controls[:, 0], "b": controls[:, 1], "creator": groups})
    data = doubleml.DoubleMLData(rows, "y", "d", cluster_cols="creator")
    model = doubleml.DoubleMLPLR(data, LinearRegression(), LinearRegression(), n_folds=3)
    model.fit(store_predictions=True)
    guessed = [model.predictions[name][:, 0, 0] for name in ("ml_l", "ml_m")]
    found, _ = slope(outcome - guessed[0], treatment - guessed[1], Spread(np.ones(300), 0.0, groups))
    assert found.raw == pytest.approx(float(model.coef[0]), abs=0.02)  # theirs has no intercept and averages folds
    assert found.error == pytest.approx(float(model.se[0]), rel=0.1)


@pytest.mark.parametrize("steady", [False, True])
def test_a_skewed_lever_has_the_same_slope_for_better_and_for_worse(steady: bool):
    rng = np.random.default_rng(4)
    groups = np.repeat(np.arange(4000), 5)
    lever = rng.gamma(1.0, 1.0, 4000)[groups] - 1.0  # skewness 2; a straight line in the rate finds -0.29 and 0.64
    for planted in (-0.4, 0.4):
        rate = np.exp(planted * lever)
        ratio = rng.poisson(20 * rate) / (20 * rate.mean())
        found, influence = log_ratio(ratio, lever, Spread(np.full(20_000, 0.1), 0.02, groups), steady=steady)
        assert found.raw == pytest.approx(planted, abs=0.01)
        assert float(np.sqrt(np.sum(influence**2))) == pytest.approx(found.error, rel=0.05)


def test_permutation_variance_is_that_of_permutations():
    rng = np.random.default_rng(2)
    late, nano = rng.standard_normal(40), (rng.random(40) < 0.4).astype(float)
    weight, stratum = np.ones(40), np.repeat([0, 1], 20)
    value, error = permuted(late, nano, weight, stratum)

    def lead(labels: np.ndarray) -> float:
        parts = [
            (labels[mine] - labels[mine].mean(), late[mine] - late[mine].mean())
            for mine in (stratum == 0, stratum == 1)
        ]
        return -sum(x @ y for x, y in parts) / sum(x @ x for x, _ in parts)

    drawn = [lead(np.concatenate([rng.permutation(nano[:20]), rng.permutation(nano[20:])])) for _ in range(4000)]
    assert value == pytest.approx(lead(nano))
    assert error == pytest.approx(np.std(drawn), rel=0.06)


def test_size_adds_nothing_has_its_own_rule():
    claim = BY_NAME["size_adds_nothing_given_relation"]
    assert verdict(claim, Estimate(0.01, 0.03, 500, 900, 300), 0.9, None) == "supported"
    assert verdict(claim, Estimate(-0.40, 0.08, 500, 900, 300), 0.001, None) == "contradicted"
    assert verdict(claim, Estimate(-0.09, 0.02, 500, 900, 300), 0.001, None) == "inconclusive"
    assert verdict(claim, Estimate(-0.40, 0.08, 500, 900, 300), 0.001, "no overlap") == "inconclusive"


def test_an_interval_holds_for_all_that_may_be_left_over():
    plain, shifted = Estimate(0.3, 0.05, 200, 900, 300), Estimate(0.3, 0.05, 200, 900, 300, shift=0.2)
    assert shifted.value == pytest.approx(0.2)
    assert shifted.interval(0.9)[0] == pytest.approx(plain.interval(0.9)[0] - 0.2)
    assert shifted.interval(0.9)[1] == plain.interval(0.9)[1]
    assert shifted.p > plain.p
    assert Estimate(0.3, 0.05, 200, 900, 300, shift=0.4).p == 1.0


def test_families_share_the_rate():
    q = adjusted({"replies": 0.001, "tested": 0.5, "small_per_mad": 0.001})
    assert q["replies"] == pytest.approx(0.002 / 0.7)
    assert q["small_per_mad"] == pytest.approx(0.001 / 0.3)
