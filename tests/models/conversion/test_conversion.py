"""The conversion model: what it may see, how it is judged, and that it finds what is there and nothing else."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import PoissonRegressor
from sold import placements
from tiny import at

from thiqa.features import FEATURES
from thiqa.models.conversion import ConversionConfig, ConversionModel, fit, placements_frame, reasons, validate
from thiqa.models.conversion.audit import OWN, TWINS, audit, in_common, with_own, with_twins
from thiqa.models.conversion.data import CATEGORIES, CLAIMED, OUTCOMES, claimed_columns, feature_columns
from thiqa.models.conversion.fits import closeness, niche_fit
from thiqa.models.conversion.folds import VIEWS, folds_of
from thiqa.models.conversion.linear import LogLinear, fit_log_linear
from thiqa.models.conversion.rivals import RIVALS, parameters
from thiqa.models.conversion.scores import d2, gain, regret
from thiqa.models.conversion.spread import Spread

CONFIG = ConversionConfig(trees=20, smallest_leaf=20, folds=3, inner_folds=2, bootstraps=60)


def test_outcomes_are_never_seen():
    assert not set(OUTCOMES) & set(feature_columns(placements(50)))
    assert "trust" in feature_columns(placements(50))


def test_the_model_sees_a_column_for_each_claim_and_everything_where_texts_are_missing():
    texts = {f"{name}_180d": pl.lit(0.5) for name in CLAIMED} | {"returning_share_180d": pl.lit(0.5)}
    frame = placements(50).with_columns(**texts, niche_fit=pl.lit(1.0))
    shown = claimed_columns(frame)
    assert {f"{name}_180d" for name in CLAIMED if name != "followers"} <= set(shown)
    assert "niche_fit" in shown
    assert not {"returning_share_180d", "trust"} & set(shown)
    bare = frame.with_columns(pl.lit(None, pl.Float64).alias(f"{name}_180d") for name in CLAIMED[2:])
    assert claimed_columns(bare) == feature_columns(bare)


def test_every_claimed_column_is_a_registered_feature():
    assert set(CLAIMED) <= {feature.name for feature in FEATURES}


def test_a_model_names_every_number_that_it_reads():
    frame = placements(200).with_columns(reach_by_followers_180d=pl.lit(0.4) + pl.col("trust") / 10)
    model = fit(frame, ["trust"], ["tier"], CONFIG, 1)
    assert "reach_by_followers_180d" in model.numbers
    assert len(model.predict(frame.select(*model.numbers, *CATEGORIES))) == 200


def test_closeness_and_fit_of_a_deal():
    near = closeness(pl.Series(["Casablanca", "Casablanca", "Nowhere", "Nowhere", None, "Casablanca"]),
                     pl.Series(["Casablanca", "Rabat", "Rabat", "Nowhere", "Rabat", "Rabat"]))  # fmt: skip
    there = pytest.approx(0.42, abs=0.03)
    assert near.to_list() == [1.0, there, None, 1.0, None, there]
    assert closeness(pl.Series([None], dtype=pl.String), pl.Series(["Rabat"])).to_list() == [None]
    rows = pl.DataFrame(
        {"a": ["cooking", "cooking", "cooking", None], "b": ["cooking", "healthy-food", "tech", "tech"]}
    )
    assert rows.select(niche_fit("a", "b")).to_series().to_list() == [1.0, 0.5, 0.0, None]


def test_d2_of_the_reference_is_none_and_of_the_truth_is_high():
    mean, delivered = np.array([1.0, 5.0, 20.0]), np.array([1.0, 5.0, 20.0])
    reference = np.full(3, delivered.mean())
    assert d2(delivered, reference, reference) == 0
    assert d2(delivered, mean, reference) == pytest.approx(1)
    assert d2(np.array([]), np.array([]), np.array([])) is None


def test_the_main_view_holds_creators_and_later_times_out_and_the_easy_one_does_not():
    frame = placements(400).with_columns(brand=pl.col("placement_id").str.tail(1))
    for train, test in folds_of(frame, "creators_and_time", CONFIG, 1):
        assert not set(train["creator_id"]) & set(test["creator_id"])
        assert train["agreed_at"].max() < test["agreed_at"].min()
    judged = [pl.concat([test for _, test in folds_of(frame, view, CONFIG, 1)]) for view in VIEWS]
    assert [len(rows) == len(frame) for rows in judged] == [False, True, True, True]
    assert all(
        set(train["creator_id"]) & set(test["creator_id"]) for train, test in folds_of(frame, "random", CONFIG, 1)
    )


def test_without_pooling_and_weights_it_is_the_ridge_poisson_regression_of_scikit_learn():
    random = np.random.default_rng(2)
    matrix, exposure = random.normal(size=(300, 4)), random.uniform(0.5, 3, size=300)
    counts = random.poisson(exposure * np.exp(matrix @ [0.5, -0.3, 0.0, 0.2])).astype(float)
    creators, groups, sd = np.arange(300), np.zeros(4, dtype=int), 0.2
    start = LogLinear(0.0, np.zeros(4), np.array([sd]))
    ours = fit_log_linear(matrix, counts, exposure, creators, groups, weighted=False, like=start)
    theirs = PoissonRegressor(alpha=1 / (sd**2 * exposure.sum()), tol=1e-8, max_iter=1000)
    theirs.fit(matrix, counts / exposure, sample_weight=exposure)
    assert ours.weights == pytest.approx(theirs.coef_, abs=2e-3)
    assert ours.intercept == pytest.approx(theirs.intercept_, abs=2e-3)


def test_a_group_that_explains_nothing_shrinks_and_one_that_does_stays():
    random = np.random.default_rng(3)
    matrix = random.normal(size=(2000, 30))
    counts = random.poisson(np.exp(matrix[:, :3] @ [0.4, -0.4, 0.3])).astype(float)
    groups = np.array([0] * 3 + [1] * 27)
    fitted = fit_log_linear(matrix, counts, np.ones(2000), np.arange(2000), groups)
    assert fitted.weights[:3] == pytest.approx([0.4, -0.4, 0.3], abs=0.08)
    assert fitted.sds[1] < 0.05 < 0.2 < fitted.sds[0]


def test_what_is_there_is_found_and_shuffled_outcomes_give_no_gain(tmp_path: Path):
    frame = placements()
    found = validate(frame, CONFIG, 1, tmp_path)["metrics"]
    assert found["gain_over_followers"]["low"] > 0.05
    assert found["rivals"]["poisson_glm"]["d2_rate"] > 0.05
    assert set(RIVALS) == set(parameters()) <= set(found["rivals"])
    assert found["d2_rate"] > 0.1
    order = np.random.default_rng(3).permutation(len(frame))
    rate = (frame["delivered"] / frame["reach"]).gather(order)
    shuffled = frame.with_columns(delivered=(rate * frame["reach"]).round().cast(pl.Int64))
    assert validate(shuffled, CONFIG, 1, tmp_path)["metrics"]["gain_over_followers"]["low"] < 0.01


def test_two_fits_are_one_model_and_survive_the_disk(tmp_path: Path):
    frame = placements(400)
    first, second = (fit(frame, feature_columns(frame), CATEGORIES, CONFIG, 5) for _ in range(2))
    first.save(tmp_path / "a")
    second.save(tmp_path / "b")
    for name in ("model.txt", "model.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    loaded = ConversionModel.load(tmp_path / "a")
    assert loaded.predict(frame)["deliveries"].to_numpy() == pytest.approx(
        first.predict(frame)["deliveries"].to_numpy()
    )
    assert reasons(loaded, frame.head(3)) == reasons(first, frame.head(3))


def test_no_placements_say_why(tmp_path: Path):
    assert "at least two creators" in validate(placements(50).head(0), CONFIG, 1, tmp_path)["metrics"]["reason"]
    assert fit(placements(50).head(0), ["trust"], (), CONFIG, 1).scorer is None


def test_each_denominator_divides_the_same_deliveries_and_an_unknown_one_gives_null():
    frame = placements(400).with_columns(fee_mad=pl.when(pl.int_range(pl.len()) > 0).then(100.0), goods_mad=None)
    model = fit(frame, ["trust", "followers"], ("tier",), CONFIG, 1)
    table = model.predict(frame.drop("reach", "clicks", "delivered"))
    assert (table["per_reached"] * table["expected_reach"]).to_numpy() == pytest.approx(table["deliveries"].to_numpy())
    assert (table["per_follower_high"] * frame["followers"]).to_numpy() == pytest.approx(table["high"].to_numpy())
    assert table["per_mad"].null_count() == 1
    assert table["per_mad"][0] is None
    assert (table["low"] <= table["high"]).all()
    quantiles = model.quantiles(frame, [0.1, 0.5, 0.9, 0.99])
    assert (np.diff(quantiles, axis=1) >= 0).all()


def test_intervals_cover_nine_in_ten_of_new_counts_in_each_tier_even_where_most_are_zero():
    random = np.random.default_rng(4)

    def draw(rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        tiers = np.array(["nano", "macro"], dtype=object)[random.integers(2, size=rows)]
        mean = np.where(tiers == "nano", 0.05, 9.0) * random.lognormal(sigma=0.5, size=rows)
        real = mean * random.lognormal(sigma=0.8, size=rows)  # not the negative binomial that is fitted
        return random.poisson(real).astype(float), mean, tiers

    spread = Spread.fit(*draw(4000), random)
    counts, mean, tiers = draw(8000)
    covered = spread.covered(counts, mean, tiers, random)
    for tier in ("nano", "macro"):
        assert 0.88 < covered[tiers == tier].mean() < 0.92
    low, high = spread.interval(mean, tiers)
    assert ((counts >= low) & (counts <= high))[covered].all()  # a count that is covered lies within the bounds


def test_reasons_say_what_was_learnt_in_both_languages():
    frame = placements().rename({"trust": "reply_rate_180d"})
    model = fit(frame, ["reply_rate_180d"], (), CONFIG, 1)
    best, worst = frame.sort("reply_rate_180d").tail(1), frame.sort("reply_rate_180d").head(1)
    ((french,),), ((english,),) = reasons(model, best, "fr"), reasons(model, worst, "en")
    assert french.startswith("répond à ")
    assert "+" in french
    assert english.startswith("replies to ")
    assert "-" in english


def test_regret_is_zero_for_the_best_choice_and_the_gain_of_a_model_over_itself_too():
    worth = np.array([5.0, 1.0, 9.0, 0.0])
    assert regret(worth, worth, most=2) == 0
    assert regret(-worth, worth, most=2) == 13
    counts, mean = np.array([1.0, 0.0, 3.0]), np.array([1.0, 1.0, 2.0])
    same = gain(counts, mean, mean, np.ones(3), np.array(["a", "b", "c"]), 50, np.random.default_rng(1))
    assert same == {"gain": 0.0, "low": 0.0, "high": 0.0}


def test_predict_writes_every_denominator_and_reasons(thiqa, tables: Path, tmp_path: Path, rows, engine):
    from tiny import features_file, write_tables

    from thiqa.tiers import Tiers

    frame = placements_frame(tables, features_file(engine, tables), Tiers())
    fit(pl.concat([frame] * 3), feature_columns(frame), CATEGORIES, CONFIG, 1).save(tmp_path / "models/conversion")
    code, _, errors = thiqa("predict", tables, "--out", tmp_path / "p.csv", "--model", tmp_path / "models")
    assert (code, errors.strip()) == (0, "")
    table = pl.read_csv(tmp_path / "p.csv")
    assert table["placement_id"].to_list() == ["d"]
    assert {"deliveries", "low", "high", "per_reached", "per_follower_low", "per_mad_high", "reasons"} <= set(
        table.columns
    )
    bare = write_tables(tmp_path / "bare", {k: v for k, v in rows.items() if k not in ("placements", "campaigns")})
    assert thiqa("predict", bare, "--out", tmp_path / "c.parquet", "--model", tmp_path / "models")[0] == 0
    assert pl.read_parquet(tmp_path / "c.parquet")["as_of"].to_list() > [at(100)]
    code, _, errors = thiqa("predict", tables, "--out", tmp_path / "p.csv", "--model", tmp_path / "none")
    assert code == 2
    assert "dvc repro train" in errors


def test_the_audit_finds_what_bears_the_target_and_what_a_random_split_lets_through(tmp_path: Path):
    frame = placements(900, remembered=0.8)
    found = {(row["suspect"].split(":")[0], row["view"]): row for row in audit(frame, tmp_path, CONFIG, 1)}
    assert found["target", "creators_and_time"]["low"] > 0.1
    assert found["identity", "random"]["low"] > 0
    assert found["identity", "creators_and_time"]["high"] < 0.1
    (alone,) = (row for (suspect, _), row in found.items() if suspect.startswith("strongest"))
    assert "trust" in alone["suspect"]


def test_a_creators_own_rate_leaves_the_row_out_and_twins_share_commenters(tmp_path: Path):
    train = placements(400)
    shown = with_own(train, train)
    first = train.row(0, named=True)
    others = train.slice(1).filter(pl.col("creator_id") == first["creator_id"])
    mean = train["delivered"].sum() / train["reach"].sum()
    expected = np.log((others["delivered"].sum() + 3) / (mean * others["reach"].sum() + 3))
    assert shown[OWN][0] == pytest.approx(expected)
    assert with_own(train, train.head(1).with_columns(creator_id=pl.lit("new")))[OWN].to_list() == [None]
    posts = {"post_id": ["p1", "p2", "p3"], "creator_id": ["c1", "c2", "new"]}
    pl.DataFrame(posts).write_parquet(tmp_path / "posts.parquet")
    said = {"post_id": ["p1", "p2", "p3", "p3"], "author_id": ["a", "b", "a", "c"], "by_creator": [False] * 4}
    pl.DataFrame(said).write_parquet(tmp_path / "comments.parquet")
    shared = in_common(tmp_path)
    assert sorted(shared.rows()) == [("c1", "new", 1), ("new", "c1", 1)]
    twin = with_twins(train, train.head(1).with_columns(creator_id=pl.lit("new")), shared)[TWINS][0]
    sold = train.filter(pl.col("creator_id") == "c1")
    assert twin == pytest.approx(np.log((sold["delivered"].sum() + 3) / (mean * sold["reach"].sum() + 3)))
