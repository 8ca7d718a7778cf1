"""Conversion by tier under each denominator: the answer to "who converts better" flips with it."""

import polars as pl


def conversion_by_tier(frame: pl.DataFrame, tiers: list[str]) -> pl.DataFrame:
    """Sum placements by tier.

    :return: One row a tier: counts, and deliveries per 1,000 reached, per 1,000 followers, per 1,000 MAD (fee and
        goods) and per placement, each over the placements for which its denominator is known.
    """
    cost = pl.sum_horizontal("fee_mad", "goods_mad", ignore_nulls=True)
    paid = cost > 0
    known = pl.col("delivered").is_not_null()

    def per(denominator: pl.Expr, where: pl.Expr, unit: float) -> pl.Expr:
        below = denominator.filter(where & known).sum().cast(pl.Float64)
        above = pl.col("delivered").filter(where & known).sum()
        return pl.when(below > 0).then(unit * above / below)

    table = frame.filter(pl.col("tier").is_not_null()).group_by("tier").agg(
        placements=pl.len(),
        creators=pl.col("creator_id").n_unique(),
        delivered=pl.col("delivered").sum(),
        per_1000_reached=per(pl.col("reach"), pl.col("reach") > 0, 1000),
        per_1000_followers=per(pl.col("followers"), pl.col("followers") > 0, 1000),
        per_1000_mad=per(cost, paid, 1000),
        per_placement=pl.col("delivered").mean(),
        without_cost=(~paid).sum(),
    )  # fmt: skip
    order = pl.DataFrame({"tier": tiers, "order": range(len(tiers))})
    return table.join(order, on="tier", how="left").sort("order").drop("order")
