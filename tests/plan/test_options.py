"""What can be chosen: prices asked or estimated by tier, concave returns, overlap measured, who is left out and why."""

from datetime import UTC, datetime

import ibis
import numpy as np
import polars as pl
import pytest
from offers import campaign

from thiqa.plan.options import Market, build_options
from thiqa.plan.overlap import populations, shared_commenters
from thiqa.plan.prices import fit_fees
from thiqa.plan.returns import elasticity
from thiqa.plan.schedule import calendar

NOW = datetime(2025, 3, 1, tzinfo=UTC)
RATES = {"creator_id": pl.String, "valid_from": pl.Datetime("us", "UTC"), "format": pl.String, "fee_mad": pl.Float64}


class Even:
    """A model for which everybody reaches a tenth of the followers and sells to one in a hundred of them."""

    def distribution(self, frame: pl.DataFrame) -> pl.DataFrame:
        reach = frame["followers"] * 0.1
        return pl.DataFrame({"expected_reach": reach, "deliveries": reach * 0.01, "dispersion": [0.5] * len(frame)})


def deals(rows: int = 300, seed: int = 0) -> pl.DataFrame:
    """Deals whose cost is 2 x followers^0.8 x posts^0.7 for micro, half as much for nano, times a creator's level."""
    random = np.random.default_rng(seed)
    who = random.integers(60, size=rows)
    followers = np.exp(np.random.default_rng(1).uniform(np.log(600), np.log(90_000), 60))[who]
    level = np.exp(0.4 * np.random.default_rng(2).standard_normal(60))[who]
    posts = random.integers(1, 4, size=rows).astype(float)
    tier = np.where(followers < 2000, "nano", "micro")
    cost = (
        2
        * followers**0.8
        * posts**0.7
        * level
        * np.where(tier == "nano", 0.5, 1)
        * np.exp(0.1 * random.normal(size=rows))
    )
    reach = 0.1 * followers * posts**0.35 * np.exp(0.1 * random.normal(size=rows))
    return pl.DataFrame({
        "creator_id": [f"c{k:02}" for k in who], "followers": followers, "tier": tier, "posts_agreed": posts,
        "fee_mad": np.where(tier == "nano", 0.0, cost), "goods_mad": np.where(tier == "nano", cost, 0.0),
        "reach": reach,
    })  # fmt: skip


def market(rates: list[dict], people: pl.DataFrame | None = None, **columns) -> Market:
    about = {
        "creator_id": ["a", "b", "c"], "followers": [1000.0, 20_000.0, None], "tier": ["nano", "micro", None],
        "platform": "instagram", "kind": "person", "city": "Rabat", "neighbourhood": None, "niche": "books",
        "language": "fr", "rival": False, "seen_posts": 5.0, "engagement": 0.02, "trust": 0.5,
    }  # fmt: skip
    candidates = pl.DataFrame(about | columns)
    nobody = pl.DataFrame(schema={"city": pl.String, "niche": pl.String, "people": pl.Float64})
    return Market(NOW, candidates, deals(), pl.DataFrame(rates, schema=RATES), nobody if people is None else people)


def asked(creator: str, fee: float, form: str = "photo", day: int = 1) -> dict:
    return {"creator_id": creator, "valid_from": datetime(2025, 2, day, tzinfo=UTC), "format": form, "fee_mad": fee}


def test_an_asked_fee_is_taken_as_it_is_the_latest_and_the_dearest_format():
    rates = [asked("a", 500, day=1), asked("a", 700, day=9), asked("a", 900, "video"), asked("b", 99, day=28)]
    table = build_options(campaign(9000), market(rates), Even()).table
    one = table.filter((pl.col("creator_id") == "a") & (pl.col("posts") == 1))
    assert one.select("cents", "cents_low", "cents_high", "price").row(0) == (90_000, 90_000, 90_000, "asked")
    photo = build_options(campaign(9000, format="photo"), market(rates), Even()).table
    assert photo.filter((pl.col("creator_id") == "a") & (pl.col("posts") == 1))["cents"].item() == 70_000


def test_other_fees_are_estimated_by_tier_and_say_so():
    table = build_options(campaign(9000), market([]), Even()).table.filter(pl.col("posts") == 1)
    for row, truth in zip(table.iter_rows(named=True), (0.5 * 2 * 1000**0.8, 2 * 20_000**0.8), strict=True):
        assert row["price"] == "estimated"
        assert row["cents_low"] / 100 < truth < row["cents_high"] / 100
        assert row["cents_low"] < row["cents"] < row["cents_high"]
        assert row["cents"] % 100 == 0
    dear = build_options(campaign(9000, prices="high"), market([]), Even()).table.filter(pl.col("posts") == 1)
    assert dear["cents"].to_list() == table["cents_high"].to_list()


def test_a_creator_with_earlier_deals_is_priced_by_them():
    model = fit_fees(deals())
    assert model is not None
    known = deals().group_by("creator_id", maintain_order=True).first().head(40)
    new = known.with_columns(creator_id=pl.lit("new"))
    widths = [np.log(part["high"] / part["low"]).mean() for part in (model.predict(known), model.predict(new))]
    assert widths[0] < 0.5 * widths[1]
    assert model.posts.power == pytest.approx(0.7, abs=0.05)


def test_too_few_paid_deals_give_no_estimate():
    assert fit_fees(deals(10)) is None


def test_who_is_left_out_is_named_with_the_reason():
    some = market([], seen_posts=[5.0, 0.0, 5.0])
    found = build_options(campaign(9000, never=["a"]), some, Even())
    assert dict(found.left_out.iter_rows()) == {
        "a": "on the never list",
        "b": "no post in the longest window: no features",
        "c": "followers never read before the day of the decision",
    }


def test_returns_and_fees_are_concave_in_posts():
    table = build_options(campaign(9000, posts={"most": 6}), market([]), Even()).table
    for _, part in table.group_by("creator_id"):
        for column in ("deliveries", "reach", "cents"):
            steps = np.diff(part.sort("posts")[column].to_numpy())
            assert (steps > 0).all()
            assert (np.diff(steps) < (101 if column == "cents" else 0)).all(), "but for whole dirhams"


def test_the_power_of_posts_keeps_to_its_prior_where_nothing_varies():
    assert elasticity(np.zeros(50), np.full(50, 2.0), (0.5, 0.2)).power == pytest.approx(0.5)
    rest = 0.35 * np.log([1, 2, 3, 4] * 50)
    assert elasticity(rest, np.array([1, 2, 3, 4] * 50, dtype=float), (0.5, 0.2)).power == pytest.approx(0.35)


def test_overlap_is_counted_from_shared_commenters():
    """10,000 people of one place; three creators whose audiences of 2,000 are drawn at random; a tenth comments."""
    random = np.random.default_rng(4)
    creators = pl.DataFrame({"creator_id": ["a", "b", "c"], "city": "Rabat", "niche": "books"})
    posts = pl.DataFrame({"post_id": ["pa", "pb", "pc"], "creator_id": ["a", "b", "c"]})
    rows = [
        {"post_id": f"p{name}", "author_id": f"u{person}", "written_at": NOW.replace(month=2), "by_creator": False}
        for name in "abc"
        for person in random.choice(10_000, 2000, replace=False)
        if random.random() < 0.3
    ]
    seen = [ibis.memtable(part.to_arrow()) for part in (creators, posts, pl.DataFrame(rows))]
    counts = pl.DataFrame(pl.from_arrow(shared_commenters(*seen, NOW).to_pyarrow()))
    assert populations(counts)["people"].item() == pytest.approx(10_000, rel=0.2)
    later = pl.DataFrame(pl.from_arrow(shared_commenters(*seen, NOW.replace(month=1)).to_pyarrow()))
    assert len(populations(later)) == 0, "nothing is counted before it was written"


def test_weeks_are_evenly_filled_and_posts_of_a_creator_spread():
    wanted = campaign(1, ends_at="2025-04-25", pace={"per_week": 2})  # eight weeks
    weeks = calendar(wanted, {"a": 2, "b": 4, "c": 3, "d": 3})
    assert sum(week["posts"] for week in weeks) == 12
    assert max(week["posts"] for week in weeks) <= 2
    assert all(count == 1 for week in weeks for count in week["creators"].values())
    of_a = [week["week"] for week in weeks if "a" in week["creators"]]
    assert of_a[1] - of_a[0] >= 3
