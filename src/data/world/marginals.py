"""Simulated marginals beside published ones, as a table, as figures, and as the page ``docs/world-marginals.md``.

``python -m thiqa.data.world.marginals DIR --out FOLDER`` writes ``world-marginals.svg`` and ``world-marginals.md``.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ...tables import check
from .posts import AMBIGUOUS
from .settings import BANDS


@dataclass(frozen=True)
class Published:
    """A published range: what, in which unit, between which bounds, from where (a section of FACTS)."""

    name: str
    unit: str
    low: float
    high: float
    source: str
    tuned: str = ""  # what was changed in the world after this figure had been seen outside its range


_IN_MOROCCO = "as above, times 1 to 1.84 in Morocco (1.10)"
_BY_QUOTA = "drawn by quota now: by chance macro came out at 56.7"
PUBLISHED = (
    Published("instagram engagement, nano", "% of followers", 2.2, 11, "HypeAuditor 2018 and 2023 (1.2, 1.10)"),
    Published("instagram engagement, micro", "% of followers", 1.6, 4.4, _IN_MOROCCO),
    Published("instagram engagement, macro", "% of followers", 1.0, 2.9, _IN_MOROCCO),
    Published("tiktok engagement, nano", "% of followers", 1.1, 12.6, "influencer-hero 2024, HypeAuditor 2023 (1.10)"),
    Published("tiktok engagement, micro", "% of followers", 0.5, 2.6, "influencer-hero 2024, times 1 to 1.84 (1.10)"),
    Published("tiktok engagement, macro", "% of followers", 0.7, 2.4, "influencer-hero 2024, times 1 to 1.84 (1.10)"),
    Published("ads without any disclosure", "% of ads", 10, 90, "ARPP, EU sweep, Ershov and Mitchell (1.5, 1.10)"),
    Published("ads with a clear disclosure", "% of ads", 4, 77, "Ershov and Mitchell; ARPP (1.5)"),
    Published("accounts touched by fraud, nano", "%", 42, 50, "HypeAuditor 2021 and 2023 (1.6, 1.10)", _BY_QUOTA),
    Published("accounts touched by fraud, micro", "%", 36, 50, "HypeAuditor, all tiers (1.6, 1.10)", _BY_QUOTA),
    Published("accounts touched by fraud, macro", "%", 60, 66, "HypeAuditor, mega 60 to 66 % (1.6, 1.10)", _BY_QUOTA),
    Published("followers not real", "%", 22, 45, "ion.co 22 %, HypeAuditor 45 % (1.6)",
              "fakes of a touched account, from Beta(2.5, 3) to Beta(4, 3)"),
    Published("comments not genuine", "%", 35, 65, "half are inauthentic (1.6); 15 points either way: our tolerance"),
    Published("fee of a nano placement in goods, median", "MAD", 300, 800,
              "about 500 DH of product (1.10); 300 to 800: our tolerance"),
    Published("fee a post near 10,000 followers, median", "MAD", 2000, 3000, "TikTok, 10,000 followers (1.7)"),
    Published("fee of a deal near 50,000 followers, median", "MAD", 8000, 15000, "micro, a set of stories (1.7)",
              "fees at 50,000 and 100,000 followers, 8,500 to 7,000 and 12,000 to 11,000"),
    Published("fee a post of macro, median", "MAD", 1500, 50000, "one story, 20,000 on average (1.7)"),
    Published("clicks by reached person", "%", 0.5, 3.0, "1 % of views, planning constant (1.3); the width is ours"),
    Published("deliveries by click", "%", 0.91, 2.41, "visit to purchase by tier (1.3, 1.10), weak"),
    Published("deliveries by follower, nano over macro", "ratio", 5.4, 114, "Beichert: 5.4; 17 to 114 in field (1.3)",
              "reach stops growing between 100,000 and 1 M followers; the ratio was 4.09 before"),
)  # fmt: skip


def marginals(folder: Path) -> pl.DataFrame:
    """Compare a simulated world with published figures.

    :param folder: The tables of a world, with ``truth/`` (fraud cannot be counted without it).
    :return: Columns ``name``, ``unit``, ``low``, ``high``, ``source``, ``tuned``, ``simulated``, ``inside``.
    :raises InputError: If a table is missing or broken.
    """
    check(folder)
    found = dict(_simulated(folder))
    rows = [{**vars(each), "simulated": float(f"{found[each.name]:.3g}")} for each in PUBLISHED]
    return pl.DataFrame(rows).with_columns(inside=pl.col("simulated").is_between("low", "high"))


def _simulated(folder: Path) -> Iterator[tuple[str, float]]:
    latents = pl.read_parquet(folder / "truth" / "latents.parquet")
    creators = pl.read_parquet(folder / "creators.parquet").join(latents, on="creator_id")
    yield from _engagement(folder, creators)
    ads = _ads(folder)
    yield "ads without any disclosure", 100 * ads[0]
    yield "ads with a clear disclosure", 100 * ads[2]
    for tier in BANDS:
        mine = latents.filter(tier=tier)
        yield f"accounts touched by fraud, {tier}", 100 * _number((mine["fake_share"] > 0).mean())
    placements = pl.read_parquet(folder / "placements.parquet").join(
        pl.read_parquet(folder / "truth" / "placements.parquet"), on="placement_id"
    ).join(latents.select("creator_id", "followers"), on="creator_id")  # fmt: skip
    reached = placements.group_by("creator_id").agg(pl.col("real_share").mean(), pl.col("followers").first())
    yield "followers not real", 100 * _share(1 - reached["real_share"], reached["followers"])
    fraud = latents["bot_share"] + latents["pod_share"]
    yield "comments not genuine", 100 * (1 - _number((latents["share_genuine"] * (1 - fraud)).mean()))
    yield from _sales(placements)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


def _engagement(folder: Path, creators: pl.DataFrame) -> Iterator[tuple[str, float]]:
    """Mean over creators of interactions a post by followers; counts that exports hide are left out."""
    posts = pl.read_parquet(folder / "posts.parquet", columns=["creator_id", "likes", "comments", "shares", "saves"])
    total = posts.drop_nulls("likes").with_columns(
        reacted=pl.sum_horizontal(pl.col("likes", "comments", "shares", "saves").fill_null(0))
    )
    rates = total.group_by("creator_id").agg(pl.col("reacted").mean()).join(creators, on="creator_id")
    for (platform, tier), mine in rates.sort("creator_id").group_by("platform", "tier", maintain_order=True):
        yield f"{platform} engagement, {tier}", 100 * _number((mine["reacted"] / mine["followers"]).mean())


def _ads(folder: Path) -> list[float]:
    """Shares of disclosures among ads; the labels of posts are in the captions alone, so the latent shares count."""
    latents = pl.read_parquet(folder / "truth" / "latents.parquet")
    hidden = _share(latents["share_undisclosed"], latents["share_ad_density"])
    return [hidden, AMBIGUOUS * (1 - hidden), (1 - AMBIGUOUS) * (1 - hidden)]


def _share(share: pl.Series, weight: pl.Series) -> float:
    return float((share * weight).sum()) / float(weight.sum())


def _sales(placements: pl.DataFrame) -> Iterator[tuple[str, float]]:
    nano, macro = placements.filter(tier="nano"), placements.filter(tier="macro")
    goods = nano.filter(pl.col("fee_mad").fill_null(0) == 0)
    yield "fee of a nano placement in goods, median", _number(goods["goods_mad"].median())
    near = {
        size: placements.filter(pl.col("followers").is_between(size / 1.5, size * 1.5)) for size in (10_000, 50_000)
    }
    post = pl.col("fee_mad") / pl.col("post_ids").list.len()
    yield "fee a post near 10,000 followers, median", _number(near[10_000].select(post).to_series().median())
    yield "fee of a deal near 50,000 followers, median", _number(near[50_000]["fee_mad"].median())
    yield "fee a post of macro, median", _number(macro.select(post).to_series().median())
    clicked = placements.drop_nulls(["clicks", "reach"])
    total = {name: float(clicked[name].sum()) for name in ("reach", "clicks", "delivered")}
    yield "clicks by reached person", 100 * total["clicks"] / total["reach"]
    yield "deliveries by click", 100 * total["delivered"] / max(1.0, total["clicks"])
    by_follower = [float(mine["expected_delivered"].sum()) / float(mine["followers"].sum()) for mine in (nano, macro)]
    yield "deliveries by follower, nano over macro", by_follower[0] / by_follower[1]


def deliveries(folder: Path) -> pl.DataFrame:
    """Return median and mean expected deliveries a placement by tier: what every power figure has to quote."""
    truth = pl.read_parquet(folder / "truth" / "placements.parquet")
    return truth.group_by("tier").agg(
        placements=pl.len(), median=pl.col("expected_delivered").median(), mean=pl.col("expected_delivered").mean()
    ).sort("median")  # fmt: skip


def as_markdown(folder: Path) -> str:
    """Write both tables as Markdown."""
    lines = ["| what | unit | published | simulated | inside | source | tuned after it was seen outside |"]
    lines += ["|---|---|--:|--:|---|---|---|"]
    lines += [
        f"| {row['name']} | {row['unit']} | {row['low']:g} to {row['high']:g} | {row['simulated']:g} "
        f"| {'yes' if row['inside'] else '**no**'} | {row['source']} | {row['tuned'] or 'no'} |"
        for row in marginals(folder).iter_rows(named=True)
    ]
    lines += ["", "Expected deliveries a placement, in this world:", ""]
    lines += ["| tier | placements | median | mean |", "|---|--:|--:|--:|"]
    lines += [
        f"| {row['tier']} | {row['placements']} | {row['median']:.3g} | {row['mean']:.3g} |"
        for row in deliveries(folder).iter_rows(named=True)
    ]
    return "\n".join(lines)


def figure(folder: Path, out: Path) -> None:
    """Draw each simulated figure against its published range, and four distributions, as one SVG."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "thiqa", "svg.fonttype": "none"}):
        canvas = Figure(figsize=(12, 11), layout="constrained")
        grid = canvas.add_gridspec(2, 4, height_ratios=[1.4, 1])
        table, axes = marginals(folder), canvas.add_subplot(grid[0, :])
        for place, row in enumerate(table.reverse().iter_rows(named=True)):
            axes.plot([row["low"], row["high"]], [place, place], lw=7, color="#b8c9d9", solid_capstyle="butt")
            axes.plot(row["simulated"], place, "o", color="#0b6e4f" if row["inside"] else "#c0392b")
        axes.set(xscale="log", yticks=range(len(table)), yticklabels=(table["name"] + ", " + table["unit"]).reverse(),
                 title="Simulated world (dots) in published ranges (bars)")  # fmt: skip
        latents = pl.read_parquet(folder / "truth" / "latents.parquet")
        placements = pl.read_parquet(folder / "placements.parquet")
        posts = pl.read_parquet(folder / "posts.parquet", columns=["comments"])
        shown = {
            "followers": latents["followers"], "fee a placement, MAD": placements["fee_mad"].drop_nulls(),
            "comments a post": posts["comments"].drop_nulls(), "reach a placement": placements["reach"].drop_nulls(),
        }  # fmt: skip
        for column, (name, values) in enumerate(shown.items()):
            panel = canvas.add_subplot(grid[1, column])
            panel.hist(values.filter(values > 0).log10(), bins=40, color="#0b6e4f")
            panel.set(title=f"simulated {name}", xlabel="log10")
        canvas.savefig(out, metadata={"Date": None})


def main(arguments: list[str] | None = None) -> None:
    """Write the figure and the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    figure(given.folder, given.out / "world-marginals.svg")
    page = (
        "# The simulated world beside published figures\n\nWritten by `python -m thiqa.data.world.marginals`; "
        "everything in the column *simulated* is synthetic.\n\n![marginals](world-marginals.svg)\n\n"
    )
    (given.out / "world-marginals.md").write_text(page + as_markdown(given.folder) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
