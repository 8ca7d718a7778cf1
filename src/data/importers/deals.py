"""Deals: who was hired when, with which promo code or UTM."""

import re
from pathlib import Path
from typing import Any

import polars as pl

from .. import parse
from ..identity import keyed_hash
from ..quarantine import Quarantine
from .attribution import codes_in, plain_code
from .found import Found
from .merge import ALIASES
from .order_words import OrderMapping, column, query_of, words
from .staging import PLATFORM, ROW, Staging
from .tabular import open_table

TIME = pl.Datetime("us", "UTC")
CODES_SCHEMA: dict[str, Any] = {
    "placement_id": pl.String, "kind": pl.String, "value": pl.String, "starts": TIME, "ends": TIME,
}  # fmt: skip


def read_deals(file: Found, columns: dict[str, str], mapping: OrderMapping, into: Path, staging: Staging,
                quarantine: Quarantine) -> pl.DataFrame:  # fmt: skip
    """Stage campaigns and placements of a table of deals; returns their codes and UTMs with the days they run."""
    found = []
    creators = _Creators(into, staging.key)
    for chunk in open_table(file, quarantine).chunks:
        raw = pl.DataFrame({name: column(chunk, columns, name) for name in words("order_columns.yaml")["deals"]})
        platform = raw["platform"].str.to_lowercase().fill_null(mapping.platform or creators.platform)
        raw = raw.with_columns(platform.alias(PLATFORM), chunk[ROW].alias(ROW))
        raw = raw.with_columns(
            campaign_id=pl.coalesce("campaign_id", "brand", pl.lit("campaign")),
            agreed_at=pl.coalesce("agreed_at", "starts_at"),
        )
        raw = raw.with_columns(
            pl.coalesce("placement_id", pl.concat_str("creator", "campaign_id", "agreed_at", separator=" / "))
        )
        known = [creators.find(p, c) for p, c in raw.select(PLATFORM, "creator").iter_rows()]
        raw = raw.with_columns(
            pl.Series(
                "creator_id",
                [c if how == "id" else None for c, how in zip(raw["creator"], known, strict=True)],
                dtype=pl.String,
            ),
            pl.Series(
                "creator_name",
                [c if how == "name" else None for c, how in zip(raw["creator"], known, strict=True)],
                dtype=pl.String,
            ),
        )
        for row, how in zip(raw[ROW], known, strict=True):
            if how is None:
                quarantine.reject(
                    file.name, row, "creator", None, "expected a creator whose account was imported before"
                )
        sound = raw.filter(pl.Series([how is not None for how in known], dtype=pl.Boolean))
        staging.add(
            file.name, file.observed_at, len(chunk), _deal_tables(sound), timezone=mapping.timezone, strict=False
        )
        found.append(
            _codes_of(sound.filter(~pl.col(ROW).is_in(list(quarantine.rejected_rows(file.name)))), mapping.timezone)
        )
    return pl.concat(found) if found else pl.DataFrame(schema=CODES_SCHEMA)


def _deal_tables(raw: pl.DataFrame) -> dict[str, pl.DataFrame]:
    campaigns = raw.select("campaign_id", "brand", "starts_at", "ends_at", PLATFORM, ROW)
    placements = raw.select("placement_id", "campaign_id", "creator_id", "creator_name", "agreed_at", "fee_mad",
                            "goods_mad", "reach", "clicks", PLATFORM, ROW)  # fmt: skip
    return {"campaigns": campaigns, "placements": placements.with_columns(post_ids=_post_ids(raw))}


def _post_ids(raw: pl.DataFrame) -> pl.Series:
    """Write the ids of a deal's posts with their platform, from ids or from the posts' addresses."""
    cells = []
    for platform, cell in raw.select(PLATFORM, "post_ids").iter_rows():
        ids = [re.sub(r"[/?#].*$", "", re.sub(r"^.*/(?:p|reel|video|posts|watch\?v=|shorts)/?", "", part.strip()))
               for part in re.split(r"[,;\s]+", cell or "") if part.strip()]  # fmt: skip
        cells.append(",".join(f"{platform}:{one}" for one in ids if one) or None)
    return pl.Series(cells, dtype=pl.String)


def _codes_of(raw: pl.DataFrame, timezone: str) -> pl.DataFrame:
    starts = parse.times(raw["starts_at"].fill_null(raw["agreed_at"]), timezone)
    ends = parse.times(raw["ends_at"], timezone)
    rows = []
    for deal, code, utm, start, end in zip(raw["placement_id"], raw["code"], raw["utm"], starts, ends, strict=True):
        marks = [("code", value) for value in (codes_in(code) if code else [])]
        marks += [("utm", value) for value in _utms(utm)] or ([] if marks else [("none", "")])
        rows += [(deal, kind, value, start, end) for kind, value in marks]
    return pl.DataFrame(rows, schema=CODES_SCHEMA, orient="row")


def _utms(cell: str | None) -> list[str]:
    """Read the UTMs of a cell: a link's parameters, else the cell itself."""
    if not cell:
        return []
    query = query_of(cell)
    told = [value for name in ("utm_content", "utm_campaign", "utm_source") for value in query.get(name, [])][:1]
    return [
        plain_code(value) for value in told or ([] if "/" in cell else re.split(r"[,;]", cell)) if plain_code(value)
    ]


class _Creators:
    """The creators of a folder, to be found by native id or by user name."""

    def __init__(self, into: Path, key: bytes) -> None:
        self._key = key
        file = into / "creators.parquet"
        ids = (
            pl.read_parquet(file, columns=["creator_id"])["creator_id"]
            if file.exists()
            else pl.Series([], dtype=pl.String)
        )
        aliases = (
            pl.read_parquet(into / ALIASES)["alias"] if (into / ALIASES).exists() else pl.Series([], dtype=pl.String)
        )
        self._ids, self._aliases = set(ids), set(aliases)
        platforms = {one.split(":")[0] for one in self._ids}
        self.platform = platforms.pop() if len(platforms) == 1 else None

    def find(self, platform: str | None, creator: str | None) -> str | None:
        """Say whether a creator is known by ``id`` or by ``name``; None where not at all."""
        if not platform or not creator:
            return None
        if f"{platform}:{keyed_hash(creator, self._key)}" in self._ids:
            return "id"
        alias = f"{platform}:{keyed_hash('@' + creator.strip().lstrip('@').lower(), self._key)}"
        return "name" if alias in self._ids or alias in self._aliases else None
