"""One small creator by hand: tables, written as lists of rows, whose figures can be told without a computer."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pyarrow as pa

from thiqa.annotate import Scorer, annotate
from thiqa.engine import Engine
from thiqa.features import FeatureConfig, Priors, build_features
from thiqa.files import write_parquet
from thiqa.models.text.rules import RuleScorer
from thiqa.tables import TABLES, write

Rows = dict[str, list[dict]]

A, U1, U2, U3 = "instagram:a", "instagram:u1", "instagram:u2", "instagram:u3"


def at(day: float, hour: float = 0) -> datetime:
    """Name a time by days since the start of 2025."""
    return datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=day, hours=hour)


def post(post_id: str, day: float, likes: int | None, comments: int | None, caption: str | None, **more) -> dict:
    return {"post_id": post_id, "creator_id": A, "published_at": at(day), "format": "photo", "caption": caption,
            "likes": likes, "comments": comments, **more}  # fmt: skip


def comment(comment_id: str, post_id: str, author_id: str, when: datetime, text: str, **more) -> dict:
    return {"comment_id": comment_id, "post_id": post_id, "author_id": author_id, "written_at": when, "text": text,
            "by_creator": author_id == A, **more}  # fmt: skip


def tiny() -> Rows:
    """One creator, one deal agreed on day 100, and things that happen on that day and later."""
    return {
        "creators": [{"creator_id": A, "platform": "instagram", "kind": "person", "city": "Casablanca",
                      "niche": "beauty", "language": "fr"}],
        "audience": [
            {"creator_id": A, "observed_at": at(day), "followers": followers, "following": 10}
            for day, followers in ((0, 1000), (50, 1200), (150, 1500))
        ],
        "posts": [
            post("p1", 10, 90, 10, "Mon café du matin"),
            post("p2", 75, 40, 8, "#pub avec le code SARA10", brand="X", reach=600),
            post("p3", 90, 50, 2, "Profitez du code promo AMAL, lien en bio", brand="Y", reach=520),
            post("p4", 99, None, 5, None),
            post("p5", 100, 999, 999, "#pub", brand="Z"),
            post("p6", 120, 999, 999, "#pub", brand="Z"),
        ],
        "comments": [
            comment("c1", "p2", U1, at(75, 1), "Tu l'as acheté où ?"),
            comment("c2", "p2", A, at(75, 4), "En ligne", parent_id="c1"),
            comment("c3", "p2", U2, at(75, 2), "Top!!"),
            comment("c4", "p3", U1, at(90, 1), "Prix svp ?"),
            comment("c5", "p3", U1, at(90, 2), "tooop"),
            comment("c6", "p1", U3, at(10, 1), "❤❤"),
            comment("c7", "p3", A, at(101), "200 dh", parent_id="c4"),
        ],
        "campaigns": [{"campaign_id": "k", "brand": "X", "niche": "beauty", "city": "Casablanca",
                       "starts_at": at(95), "ends_at": at(130), "objective": "conversion", "budget_mad": 9000.0}],
        "placements": [{"placement_id": "d", "campaign_id": "k", "creator_id": A, "agreed_at": at(100),
                        "post_ids": ["p6"], "fee_mad": 1500.0, "goods_mad": 0.0, "reach": 800, "clicks": 60,
                        "ordered": 9, "confirmed": 7, "delivered": 5, "revenue_mad": 1000.0}],
    }  # fmt: skip


def arrow(name: str, rows: list[dict]) -> pa.Table:
    """Make a table of the contract; a column that a row does not name is null."""
    schema = TABLES[name].schema
    return pa.Table.from_pylist([{column: row.get(column) for column in schema.names} for row in rows], schema=schema)


def write_tables(folder: Path, rows: Rows) -> Path:
    """Write tables, checked and sorted."""
    for name, some in rows.items():
        write(name, arrow(name, some), folder)
    return folder


def write_unsorted(folder: Path, rows: Rows) -> Path:
    """Write tables in the order of the rows, unchecked."""
    for name, some in rows.items():
        if some:
            write_parquet(arrow(name, some), folder / f"{name}.parquet")
    return folder


def pairs(folder: Path, some: list[tuple[str, datetime]]) -> Path:
    """Write a file of pairs (creator_id, as_of)."""
    schema = {"creator_id": pl.String, "as_of": pl.Datetime("us", "UTC")}
    pl.DataFrame(some, schema=schema, orient="row").write_parquet(folder / "pairs.parquet")
    return folder / "pairs.parquet"


def features_file(
    engine: Engine,
    tables: Path,
    at: Path | None = None,
    *,
    windows: tuple[int, ...] = (30, 180),
    config: FeatureConfig | None = None,
    scorer: Scorer | None = None,
    priors: Priors | None = None,
) -> Path:
    """Annotate a folder of tables (by the rules, or by another scorer) and write its features, beside it."""
    annotated, out = tables.parent / f"{tables.name}.annotated", tables.parent / f"{tables.name}.features.parquet"
    annotate(engine, tables, annotated, scorer or RuleScorer())
    build_features(engine, tables, annotated, out, config or FeatureConfig(windows=windows), at, priors)
    return out
