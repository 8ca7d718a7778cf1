"""The features of one small creator, worked out by hand (see tests/helpers/tiny.py for the rows)."""

import math

import polars as pl
import pytest
from tiny import A, at, features_file, pairs, tiny, write_tables

from thiqa.features import column_names

GOLDEN = {
    "followers": 1200, "following": 10,
    "posts_30d": 3, "posts_180d": 4, "posts_per_week_30d": 3 * 7 / 30, "posts_per_week_180d": 4 * 7 / 180,
    "rate_by_followers_30d": 50 / 1200, "rate_by_followers_180d": (100 + 48 + 52) / 3 / 1200,
    "rate_by_reach_30d": (48 / 600 + 52 / 520) / 2, "rate_by_reach_180d": (48 / 600 + 52 / 520) / 2,
    "rate_by_views_30d": None, "rate_by_views_180d": None,
    "comment_rate_30d": 15 / 3 / 1200, "comment_rate_180d": 25 / 4 / 1200,
    "share_rate_30d": None, "share_rate_180d": None, "save_rate_30d": None, "save_rate_180d": None,
    "comment_weight_30d": 10 / 100, "comment_weight_180d": 20 / 200,
    "volatility_30d": math.sqrt(8) / 50, "volatility_180d": math.sqrt(((200 / 3 - 100) ** 2 + (200 / 3 - 48) ** 2
                                                                      + (200 / 3 - 52) ** 2) / 2) / (200 / 3),
    "reply_rate_30d": 1 / 4, "reply_rate_180d": 1 / 5, "reply_delay_hours_30d": 3, "reply_delay_hours_180d": 3,
    "thread_depth_30d": 1 / 4, "thread_depth_180d": 1 / 5, "returning_share_30d": 1 / 2, "returning_share_180d": 1 / 3,
    "comments_30d": 4, "comments_180d": 5, "genuine_share_30d": 2 / 4, "genuine_share_180d": 2 / 5,
    "generic_share_30d": 1 / 4, "generic_share_180d": 1 / 5, "emoji_only_share_30d": 0, "emoji_only_share_180d": 1 / 5,
    "spam_share_30d": 0, "spam_share_180d": 0, "duplicate_share_30d": 1 / 4, "duplicate_share_180d": 1 / 4,
    "concentration_30d": 10 / 16, "concentration_180d": 11 / 25,
    "ad_density_30d": 1, "ad_density_180d": 2 / 3, "undisclosed_share_30d": 1 / 2, "undisclosed_share_180d": 1 / 2,
    "ambiguous_share_30d": 0, "ambiguous_share_180d": 0, "code_share_30d": 1, "code_share_180d": 2 / 3,
    "link_share_30d": 1 / 2, "link_share_180d": 1 / 3, "brands_per_month_30d": 2, "brands_per_month_180d": 2 / 6,
    "account_age_days": None, "community": 0,
    "follower_growth_30d": None, "follower_growth_180d": math.log(1200 / 1000),
    "follower_jump_30d": None, "follower_jump_180d": 0, "idle_jump_30d": None, "idle_jump_180d": None,
    "reach_by_followers_30d": (600 + 520) / 2 / 1200, "reach_by_followers_180d": (600 + 520) / 2 / 1200,
    "reply_rate_real_30d": 1 / 4, "reply_rate_real_180d": 1 / 5, "first_levels_30d": 4, "first_levels_180d": 5,
    "commenters_30d": 2, "commenters_180d": 3, "intent_share_30d": 2 / 4, "intent_share_180d": 2 / 5,
    "near_duplicate_share_30d": 1 / 4, "near_duplicate_share_180d": 1 / 4, "pod_partners": 0,
    "authenticity_score_30d": 1 - 10 * 0.1 / (4 + 10), "authenticity_score_180d": 1 - 10 * 0.1 / (5 + 10),
    "undisclosed_posts_30d": 1 / 2, "undisclosed_posts_180d": 1 / 3, "undisclosed_lagged": None, "ads_30d": 2,
    "ads_180d": 2, "captions_30d": 2, "captions_180d": 3, "rival_brands_30d": None, "rival_brands_180d": None,
    "brand_coherence_30d": None, "brand_coherence_180d": None, "after_undisclosed_ratio_30d": None,
    "suspicion_after_undisclosed_30d": None, "polished_share_30d": 0, "tested_share_180d": 0,
    "polished_trend_30d": None, "polished_trend_180d": 0, "discourse_shift_180d": None, "niche_focus_180d": None,
    "place_posts_30d": 0, "home_posts_30d": 0, "place_comments_180d": 0, "local_commenters_180d": None,
    "tag_earliness_180d": None, "spread_tags_180d": None, "language_match_30d": 0, "trust_share_180d": 0,
    "suspicion_share_180d": 0, "early_share_180d": 0, "wide_share_180d": 0, "fellow_share_180d": 0,
    "reply_rate_shrunk_30d": (1 + 10 * 0.3) / (4 + 10), "reply_rate_shrunk_180d": (1 + 10 * 0.3) / (5 + 10),
    "genuine_share_shrunk_30d": (2 + 10 * 0.5) / (4 + 10), "generic_share_shrunk_180d": (1 + 10 * 0.3) / (5 + 10),
    "returning_share_shrunk_30d": (1 + 10 * 0.2) / (2 + 10), "ad_density_shrunk_180d": (2 + 10 * 0.2) / (3 + 10),
    "undisclosed_share_shrunk_30d": (1 + 10 * 0.5) / (2 + 10), "intent_share_shrunk_30d": (2 + 10 * 0.1) / (4 + 10),
    "polished_share_shrunk_180d": 10 * 0.3 / (3 + 10), "spam_share_shrunk_30d": 10 * 0.03 / (4 + 10),
    "ad_engagement_ratio_30d": None, "ad_engagement_ratio_180d": 50 / 100, "days_since_ad": 10,
}  # fmt: skip


def test_every_feature_by_hand(engine, tables):
    table = pl.read_parquet(features_file(engine, tables))
    assert table.columns == ["creator_id", "as_of", *column_names((30, 180))]
    (row,) = table.to_dicts()
    assert (row.pop("creator_id"), row.pop("as_of")) == (A, at(100))
    assert {name: row[name] for name in GOLDEN} == {
        name: None if value is None else pytest.approx(value, rel=1e-5) for name, value in GOLDEN.items()
    }


def test_a_window_without_anything(engine, tables, tmp_path):
    """Zero of what is counted, null of what is measured, and followers that were never read."""
    (row,) = pl.read_parquet(features_file(engine, tables, pairs(tmp_path, [(A, at(-1))]))).to_dicts()
    counted = {name: value for name, value in row.items() if value is not None}
    assert counted == {"creator_id": A, "as_of": at(-1), "community": 0} | {
        f"{name}_{days}d": 0 for name in ("posts", "posts_per_week", "comments") for days in (30, 180)
    }


def test_windows_start_inclusive_and_end_exclusive(engine, tables, tmp_path):
    some = [(A, at(105)), (A, at(105, 0.01)), (A, at(99)), (A, at(99, 0.01))]
    table = pl.read_parquet(features_file(engine, tables, pairs(tmp_path, some)))
    assert table["as_of"].is_sorted()
    assert table["posts_30d"].to_list() == [2, 3, 4, 3]


def test_the_platforms_label_makes_a_clear_ad(engine, rows, tmp_path):
    for index, labelled in ((0, True), (2, True), (3, False)):
        rows["posts"][index]["paid_label"] = labelled
    (row,) = pl.read_parquet(features_file(engine, write_tables(tmp_path / "t", rows))).to_dicts()
    assert row["ad_density_180d"] == 1
    assert row["undisclosed_share_180d"] == 0
    assert row["ad_density_30d"] == 1  # p4 has no caption and no label: not known, not "no ad"


def undated() -> dict:
    """An export without dates or followers: what is left of the small creator."""
    rows = tiny()
    for some, column in ((rows["posts"], "published_at"), (rows["comments"], "written_at")):
        for row in some:
            row[column] = None
    return {name: rows[name] for name in ("creators", "posts", "comments")}


def test_undated_creators_have_all_rows_in_the_longest_window_only(engine, tmp_path):
    (row,) = pl.read_parquet(features_file(engine, write_tables(tmp_path / "t", undated()))).to_dicts()
    assert row["as_of"] is None
    assert {name for name, value in row.items() if name.endswith("_30d") and value is not None} == set()
    needs_dates_or_followers = ("followers", "following", "posts_per_week_180d", "rate_by_followers_180d",
                                "comment_rate_180d", "reply_delay_hours_180d", "brands_per_month_180d",
                                "days_since_ad")  # fmt: skip
    assert [row[name] for name in needs_dates_or_followers] == [None] * len(needs_dates_or_followers)
    expected = {"posts_180d": 6, "comments_180d": 5, "ad_density_180d": 4 / 5, "undisclosed_share_180d": 1 / 4,
                "comment_weight_180d": 2018 / 4196, "reply_rate_180d": 2 / 5, "returning_share_180d": 1 / 3,
                "concentration_180d": 11 / 25, "duplicate_share_180d": 1 / 4}  # fmt: skip
    assert {name: row[name] for name in expected} == pytest.approx(expected, rel=1e-5)


def test_without_comments_nothing_is_said_of_them(engine, rows, tmp_path):
    del rows["comments"]
    (row,) = pl.read_parquet(features_file(engine, write_tables(tmp_path / "t", rows))).to_dicts()
    of_comments = [
        name for name, feature in column_names((30, 180)).items() if feature.needs[0].startswith("comments.")
    ]
    assert len(of_comments) > 50
    assert {name: row[name] for name in of_comments} == dict.fromkeys(of_comments)
    assert row["posts_30d"] == 3


def test_without_placements_every_creator_at_the_end_of_the_export(engine, rows, tmp_path):
    del rows["placements"]
    rows["creators"].append({"creator_id": "instagram:silent", "platform": "instagram"})
    table = pl.read_parquet(features_file(engine, write_tables(tmp_path / "t", rows)))
    assert table["creator_id"].to_list() == [A, "instagram:silent"]
    assert table["as_of"].to_list() == [at(150, 1 / 3600), None]
    assert table["posts_180d"].to_list() == [6, None]
