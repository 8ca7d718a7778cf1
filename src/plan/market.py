"""From a folder of tables to the market of a campaign: who is there, what they did, what deals brought."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from ..engine import Engine
from ..errors import InputError
from ..features import FeatureConfig
from ..models.conversion import creators_frame, placements_frame
from ..models.conversion.fits import with_fits
from ..tables import TABLES
from ..tiers import Tiers
from .campaign import Campaign
from .options import Market, decision_day
from .overlap import populations, shared_commenters

_OBJECTIVES = {"deliveries": "conversion", "reach": "reach", "trusted_reach": "engagement"}
_TIMES = {"posts": "published_at", "audience": "observed_at", "comments": "written_at", "placements": "agreed_at"}


def pairs_of(campaign: Campaign, tables: Path) -> pl.DataFrame:
    """Return (creator_id, as_of) of every creator on the day of the decision: what features are built for."""
    as_of = decision_day(campaign, end_of_data(tables))
    creators = pl.read_parquet(tables / "creators.parquet", columns=["creator_id"])
    return creators.with_columns(as_of=pl.lit(as_of, dtype=pl.Datetime("us", "UTC"))).sort("creator_id")


def end_of_data(tables: Path) -> datetime:
    """Return the last time that any table holds.

    :raises InputError: If there is none: without dates nothing can be planned as of a day.
    """
    last = [
        pl.scan_parquet(path).select(pl.col(column).max()).collect().item()
        for name, column in _TIMES.items()
        if (path := tables / f"{name}.parquet").exists()
    ]
    known = [time for time in last if time is not None]
    if not known:
        raise InputError(f"{tables}: no table has dates; expected some, since a plan looks back from a day")
    return max(known).astimezone(UTC)


def market_of(campaign: Campaign, tables: Path, history: Path, now: Path, engine: Engine, config: FeatureConfig,
              tiers: Tiers) -> Market:  # fmt: skip
    """Gather what a plan draws on.

    :param history: File of the features of every placement.
    :param now: File of the features at :func:`pairs_of`.
    """
    candidates = _candidates(campaign, creators_frame(tables, now, tiers), tables, f"{max(config.windows)}d")
    as_of = candidates["agreed_at"][0]
    rivalled = _advertised(tables, _rivals(campaign, tables), as_of, campaign.rival_days)
    candidates = candidates.with_columns(rival=pl.col("creator_id").is_in(rivalled))
    deals = _deals(placements_frame(tables, history, tiers), tables, as_of)
    return Market(as_of, candidates, deals, _read(tables, "rates"), _people(tables, engine, as_of))


def _candidates(campaign: Campaign, creators: pl.DataFrame, tables: Path, longest: str) -> pl.DataFrame:
    """Put every creator beside the campaign, as the conversion model sees a deal."""
    places = _read(tables, "creators").select("creator_id", "neighbourhood")
    told = {"campaign_niche": campaign.niche, "campaign_city": campaign.city, "brand": campaign.brand,
            "objective": _objective(campaign)}  # fmt: skip
    beside = creators.with_columns(pl.lit(value, dtype=pl.String).alias(name) for name, value in told.items())
    return with_fits(beside.join(places, on="creator_id", how="left", maintain_order="left")).with_columns(
        national=pl.lit(float(campaign.city is None)),
        niche=pl.col("creator_niche"),
        seen_posts=pl.col(f"posts_{longest}"),
        engagement=pl.col(f"rate_by_followers_{longest}"),
        trust=_trust(pl.col(f"genuine_share_{longest}")),
    )


def _objective(campaign: Campaign) -> str:
    weights = campaign.objective.model_dump()
    return _OBJECTIVES[max(weights, key=lambda name: weights[name])]


def _trust(share: pl.Expr) -> pl.Expr:
    """Return the share of genuine comments; the tier's median, else everybody's, where none was read."""
    return share.fill_null(share.median().over("tier")).fill_null(share.median()).fill_null(0.5).clip(0, 1)


def _deals(frame: pl.DataFrame, tables: Path, as_of: datetime) -> pl.DataFrame:
    """Keep the deals whose campaign was over on the day of the decision."""
    ends = _read(tables, "campaigns").select("campaign_id", "ends_at")
    known = frame.join(ends, on="campaign_id", how="left").filter(
        (pl.col("agreed_at") < as_of) & (pl.col("ends_at").is_null() | (pl.col("ends_at") < as_of))
    )
    return known.drop("ends_at").sort("placement_id")


def _rivals(campaign: Campaign, tables: Path) -> list[str]:
    brands = _read(tables, "brands").filter(pl.col("brand") == pl.lit(campaign.brand, dtype=pl.String))
    listed = brands["rivals"].explode().drop_nulls().to_list() if len(brands) else []
    return sorted({*campaign.rivals, *listed})


def _advertised(tables: Path, brands: list[str], as_of: datetime, days: int) -> list[str]:
    """Name the creators who tagged one of the brands, or had a deal with it, in the last days."""
    if not brands:
        return []
    recent = pl.lit(as_of) - pl.duration(days=days)
    posts = pl.scan_parquet(tables / "posts.parquet").filter(
        pl.col("brand").is_in(brands) & (pl.col("published_at") >= recent) & (pl.col("published_at") < as_of)
    )
    found = set(posts.select("creator_id").collect()["creator_id"])
    deals = _read(tables, "placements").join(_read(tables, "campaigns"), on="campaign_id")
    dealt = deals.filter(
        pl.col("brand").is_in(brands) & (pl.col("agreed_at") >= recent) & (pl.col("agreed_at") < as_of)
    )
    return sorted(found | set(dealt["creator_id"]))


def _people(tables: Path, engine: Engine, as_of: datetime) -> pl.DataFrame:
    creators, posts, comments = (engine.read_table(name, tables) for name in ("creators", "posts", "comments"))
    counts = shared_commenters(creators, posts, comments, as_of)
    return populations(pl.DataFrame(pl.from_arrow(counts.to_pyarrow())))


def _read(tables: Path, name: str) -> pl.DataFrame:
    """Read a table, empty where it is absent."""
    empty = pl.DataFrame(pl.from_arrow(TABLES[name].schema.empty_table()))
    path = tables / f"{name}.parquet"
    return pl.read_parquet(path, columns=empty.columns).cast(empty.schema) if path.exists() else empty
