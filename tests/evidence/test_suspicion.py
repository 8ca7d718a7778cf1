"""Suspicious comments before each deal, counted by hand."""

from pathlib import Path

import polars as pl
from tiny import A, at

from thiqa.evidence.suspicion import suspicious_comments

DEAL = pl.DataFrame({"placement_id": ["d"], "creator_id": [A], "agreed_at": [at(100)]},
                    schema_overrides={"agreed_at": pl.Datetime("us", "UTC")})  # fmt: skip


def test_only_others_comments_of_the_last_days_before_the_deal_count(tables: Path, tmp_path: Path):
    scores = {"c1": 0.9, "c2": 0.9, "c3": 0.1, "c4": 0.4, "c5": 0.5, "c6": 0.9, "c7": 0.9}
    annotated = tmp_path / "annotated"
    annotated.mkdir()
    pl.DataFrame({"comment_id": list(scores), "suspicion": list(scores.values())}).write_parquet(
        annotated / "comments.parquet"
    )
    counted = suspicious_comments(tables, annotated, DEAL).row(0, named=True)
    # c2 and c7 are the creator's own, c6 was written 90 days before; c1 and c5 are sure to be suspicious
    assert counted == {"placement_id": "d", "recent": 4.0, "suspicious": 2.0}


def test_without_comments_there_is_nothing_to_count(tables: Path, tmp_path: Path):
    (tables / "comments.parquet").unlink()
    assert len(suspicious_comments(tables, tmp_path, DEAL)) == 0
