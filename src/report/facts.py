"""What the page says, gathered from the files of the pipeline."""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from ..data.quarantine import REJECTED
from ..data.scrub import scrub
from ..features import FeatureConfig, column_names
from ..files import read_json
from ..origin import origin
from ..tables import present
from ..tiers import Tiers

CAPTION_LENGTH = 280
MOST_REASONS = 12  # reasons for rejected rows that the page shows
SHOWN = ("genuine_share", "generic_share", "emoji_only_share", "duplicate_share", "rate_by_followers", "reply_rate",
         "ad_density", "undisclosed_share")  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """The content of the page, free of layout and language."""

    origin: dict[str, Any]
    rows: dict[str, int]  # rows of each table that is there
    conversion: dict[str, Any]  # metrics of the conversion model, or the reason why there are none
    medians: pl.DataFrame  # one row a tier: median of the features of SHOWN, in the longest window
    missing: list[dict[str, Any]]  # features that are null in every row, with what they need
    flagged: list[dict[str, Any]]  # posts that look like undisclosed ads
    posts_with_text: int
    ads: int
    undisclosed: int
    rejected: list[dict[str, Any]] = field(default_factory=list)  # reasons for rejected rows, with how many
    evidence: dict[str, Any] = field(default_factory=dict)  # claims with verdicts, or the reason why there are none
    plan: dict[str, Any] = field(default_factory=dict)  # the mix of the default campaign, or the reason for none


Explain = Callable[[str], list[str]]  # a caption to the phrases of it that speak for an ad


def gather(
    tables: Path, annotated: Path, features: Path, metrics: Path, config: FeatureConfig, tiers: Tiers, flagged: int,
    explain: Explain,
) -> Facts:  # fmt: skip
    """Read what the stages wrote.

    :param metrics: The folder of figures; evidence and plan may be absent, conversion may not.
    :param flagged: How many posts that look like undisclosed ads are shown.
    """
    rows = {name: pq.ParquetFile(path).metadata.num_rows for name, path in present(tables).items()}
    table = pl.read_parquet(features)
    posts = _posts(tables, annotated, config.ad_threshold)
    hidden = posts.filter(pl.col("is_ad") & (pl.col("disclosure") == "none"))
    return Facts(
        origin=origin(tables),
        rows=rows,
        conversion=read_json(metrics / "conversion.json"),
        medians=_medians(table, max(config.windows), tiers),
        missing=_missing(table, tables, config.windows),
        flagged=_flagged(hidden, flagged, explain),
        posts_with_text=len(posts),
        ads=int(posts["is_ad"].sum()),
        undisclosed=len(hidden),
        rejected=_rejected(tables),
        evidence=_where_there(metrics / "evidence.json"),
        plan=_where_there(metrics / "plan.json"),
    )


def _where_there(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = read_json(path) if path.exists() else {}
    return found


def _rejected(tables: Path) -> list[dict[str, Any]]:
    """Count the rows that an import turned away, by reason, the commonest first."""
    path = tables / REJECTED
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as lines:
        reasons = Counter(json.loads(line)["reason"] for line in lines)
    return [{"reason": reason, "rows": rows} for reason, rows in reasons.most_common(MOST_REASONS)]


def _posts(tables: Path, annotated: Path, threshold: float) -> pl.DataFrame:
    posts = pl.read_parquet(tables / "posts.parquet", columns=["post_id", "creator_id", "caption", "paid_label"])
    posts = posts.join(pl.read_parquet(annotated / "posts.parquet"), on="post_id")
    labelled = pl.col("paid_label").fill_null(value=False)
    return posts.with_columns(
        is_ad=labelled | (pl.col("ad") >= threshold),
        disclosure=pl.when(labelled).then(pl.lit("clear")).otherwise(pl.col("disclosure")),
    )


def _medians(features: pl.DataFrame, window: int, tiers: Tiers) -> pl.DataFrame:
    columns = [f"{name}_{window}d" for name in SHOWN]
    order = {name: index for index, name in enumerate(tiers.names)}
    return (
        features.with_columns(tier=tiers.of(pl.col("followers")))
        .group_by("tier")
        .agg(pl.col("creator_id").n_unique().alias("creators"), *[pl.col(c).median() for c in columns])
        .sort(pl.col("tier").replace_strict(order, default=len(order), return_dtype=pl.Int64))
    )


def _missing(features: pl.DataFrame, tables: Path, windows: tuple[int, ...]) -> list[dict[str, Any]]:
    """Say which features are null throughout, and which columns of the tables were not observed for them."""
    empty: dict[str, Any] = {}
    for column, feature in column_names(windows).items():
        empty.setdefault(feature.name, (feature, []))[1].append(features[column].null_count() == len(features))
    observed = _observed_columns(tables)
    return [
        {"name": name, "formula": feature.formula, "null": feature.null,
         "lacks": [need for need in feature.needs if need not in observed]}
        for name, (feature, flags) in empty.items() if all(flags)
    ]  # fmt: skip


def _observed_columns(tables: Path) -> set[str]:
    """Name the columns (``table.column``) with at least one value, from the statistics of the files."""
    observed = set()
    for name, path in present(tables).items():
        scan = pl.scan_parquet(path)
        counts = scan.select(pl.all().count()).collect().row(0, named=True)
        observed |= {f"{name}.{column}" for column, count in counts.items() if count}
    return observed


def _flagged(hidden: pl.DataFrame, most: int, explain: Explain) -> list[dict[str, Any]]:
    """Return the likeliest undisclosed ads, each skeleton once, without contact details."""
    top = hidden.sort(["ad", "post_id"], descending=[True, False]).unique("skeleton", keep="first", maintain_order=True)
    return [
        {"post_id": row["post_id"], "creator_id": row["creator_id"], "ad": row["ad"],
         "parts": marked(_short(scrub(row["caption"])), explain(row["caption"]))}
        for row in top.head(most).iter_rows(named=True)
    ]  # fmt: skip


def marked(text: str, phrases: list[str]) -> list[dict[str, Any]]:
    """Cut a text into parts, those that are one of the phrases marked; together they are the text."""
    wanted = [re.escape(phrase) for phrase in sorted(set(phrases), key=len, reverse=True) if phrase.strip()]
    if not wanted:
        return [{"text": text, "marked": False}]
    parts = re.split(f"({'|'.join(wanted)})", text)
    return [{"text": part, "marked": bool(place % 2)} for place, part in enumerate(parts) if part]


def _short(text: str) -> str:
    return text if len(text) <= CAPTION_LENGTH else text[: CAPTION_LENGTH - 1] + "…"
