"""A plan as a whole: what it says adds up, in JSON, in the terminal and on the page; and why there is none."""

import io
import json
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from offers import campaign
from rich.console import Console

from thiqa.errors import InputError
from thiqa.files import plain
from thiqa.plan.make import make_plan
from thiqa.plan.options import Market
from thiqa.plan.show import tables_of
from thiqa.report.plan_page import render_plan
from thiqa.tiers import Tiers

NOW = datetime(2025, 3, 1, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>[red]"


class Even:
    """A model for which everybody reaches a tenth of the followers and sells to one in a hundred of them."""

    def distribution(self, frame: pl.DataFrame) -> pl.DataFrame:
        reach = frame["followers"].cast(pl.Float64) * 0.1
        return pl.DataFrame({"expected_reach": reach, "deliveries": reach * 0.01, "dispersion": [0.5] * len(frame)})


def market(creators: int = 40) -> Market:
    random = np.random.default_rng(3)
    followers = np.exp(random.uniform(np.log(600), np.log(400_000), creators))
    about = pl.DataFrame({
        "creator_id": [f"instagram:{k:02}" for k in range(creators)], "followers": followers, "platform": "instagram",
        "kind": "person", "city": random.choice(["Rabat", HOSTILE], creators), "neighbourhood": None, "niche": "books",
        "language": "fr", "rival": random.random(creators) < 0.2, "seen_posts": 5.0,
        "engagement": random.uniform(0, 0.1, creators), "trust": random.uniform(0.2, 0.9, creators),
    }).with_columns(tier=Tiers().of(pl.col("followers")))  # fmt: skip
    who = random.integers(creators, size=200)
    deals = about[who].select("creator_id", "followers", "tier").with_columns(
        campaign_id=pl.lit("k"), posts_agreed=pl.Series(random.integers(1, 4, 200).astype(float)),
        fee_mad=pl.col("followers") ** 0.75, goods_mad=pl.lit(0.0), reach=(pl.col("followers") * 0.1).cast(pl.Int64),
        delivered=pl.Series(random.poisson(followers[who] * 0.001)),
    )  # fmt: skip
    people = pl.DataFrame({"city": ["Rabat", HOSTILE], "niche": "books", "people": [200_000.0, 50_000.0]})
    rates = {
        "creator_id": pl.String,
        "valid_from": pl.Datetime("us", "UTC"),
        "format": pl.String,
        "fee_mad": pl.Float64,
    }
    return Market(NOW, about, deals, pl.DataFrame(schema=rates), people)


def made(**more) -> dict:
    wanted = campaign(more.pop("budget", 30_000), **{"name": HOSTILE, "frontier": {"points": 0}} | more)
    return {"simulated": True, **plain(make_plan(wanted, market(), Even(), Tiers(), 7))}


def test_what_a_plan_says_adds_up():
    plan = made(
        limits=[{"of": "creators", "where": {"tier": "nano"}, "at_least": 2}],
        objective={"deliveries": 1, "reach": 1},
        frontier={"points": 3},
    )
    json.dumps(plan, allow_nan=False)
    assert sum(row["fee_mad"] for row in plan["chosen"]) == pytest.approx(plan["spend_mad"])
    assert plan["spend_mad"] <= plan["budget_mad"]
    assert (
        sum(row["posts"] for row in plan["chosen"]) == plan["posts"] == sum(week["posts"] for week in plan["calendar"])
    )
    assert sum(row["creators"] for row in plan["tiers"]) == plan["creators"]
    assert sum(row["share_of_spend"] for row in plan["tiers"]) == pytest.approx(1)
    assert plan["limits"][0]["plan"] >= 2
    expected = plan["expected"]
    assert expected["deliveries_low"] <= expected["deliveries"] <= expected["deliveries_high"]
    assert expected["deliveries"] <= expected["deliveries_gross"]
    assert expected["deliveries_cvar"] <= expected["deliveries"]
    assert plan["objective"]["gap"] <= 0.005
    assert [row["budget_mad"] for row in plan["frontier"]] == [20_000, 30_000, 40_000, 60_000]
    values = [row["value"] for row in plan["frontier"]]
    assert values == sorted(values)


def test_the_plan_is_worth_more_than_every_rule_of_thumb():
    plan = made()
    for name, rival in plan["rivals"].items():
        assert rival["spend_mad"] <= plan["budget_mad"], name
        assert rival["value"] <= plan["objective"]["value"] * 1.005, name


def test_ten_micro_cost_what_they_cost_and_the_interval_holds_the_difference():
    duel = made()["ten_micro_one_macro"]
    for one in (duel["as_priced"], duel["equal_money"]):
        assert one["low"] <= one["difference"] <= one["high"]
        assert one["difference"] == pytest.approx(one["micro_deliveries"] - one["macro_deliveries"])
    assert duel["equal_money"]["micro_spend_mad"] == duel["equal_money"]["macro_spend_mad"]
    assert "reason" in made(candidates={"tier": "nano"})["ten_micro_one_macro"]


def test_a_request_that_cannot_be_met_names_what_is_in_conflict():
    with pytest.raises(InputError, match=r"limits\.0: reach of tier macro at least 1e\+09: asked 1e\+09, possible"):
        made(limits=[{"of": "reach", "where": {"tier": "macro"}, "at_least": 1e9}])
    with pytest.raises(InputError, match="must: creator nobody is not among the candidates"):
        made(must=["nobody"])


def test_hostile_names_stay_text_in_the_terminal_and_on_the_page():
    plan = made()
    console = Console(width=200, record=True, file=io.StringIO())
    for table in tables_of(plan):
        console.print(table)
    said = console.export_text()
    assert HOSTILE in said
    assert "SIMULATED" in said
    for language in ("fr", "en"):
        page = render_plan(plan, language)
        assert "<script>" not in page
        assert "&lt;script&gt;" in page
