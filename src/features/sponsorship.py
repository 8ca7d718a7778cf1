"""Sponsorship: how much of what a creator publishes is paid, whether they say so, and what comes after."""

import ibis
import ibis.expr.types as ir

from .config import FeatureConfig
from .niches import fit
from .window import Aggregates, in_one_pass, look_back, ratio, seconds


def sponsorship(posts: ir.Table) -> Aggregates:
    """Aggregate the posts that each pair looks back on (from :func:`prepared_posts`)."""
    hidden, dated = posts.said == "none", posts.published_at.notnull()
    quiet = ~posts.is_ad

    def aggregates(seen: ir.BooleanValue, days: int) -> dict[str, ir.Value]:
        ads = seen & posts.is_ad
        brands = posts.brand.nunique(where=ads & dated)
        any_dated = posts.published_at.count(where=seen) > 0
        after, before = seen & quiet & posts.after_undisclosed, seen & quiet & ~posts.after_undisclosed
        return {
            "ad_density": posts.is_ad.cast("float64").mean(where=seen),
            "ad_likeness": posts.ad_likely.mean(where=seen),
            "undisclosed_share": hidden.cast("float64").mean(where=ads),
            "ambiguous_share": (posts.said == "ambiguous").cast("float64").mean(where=ads),
            "undisclosed_posts": (posts.is_ad & hidden).cast("float64").mean(where=seen & posts.is_ad.notnull()),
            "code_share": posts.has_code.cast("float64").mean(where=seen),
            "link_share": posts.has_link.cast("float64").mean(where=seen),
            "ads": posts.is_ad.cast("int64").sum(where=seen),
            "captions": posts.is_ad.count(where=seen).nullif(0),
            "brands_per_month": any_dated.ifelse(ratio(brands * 30.0, ibis.literal(days)), ibis.null("float64")),
            "ad_engagement_ratio": ratio(
                posts.interactions.mean(where=ads), posts.interactions.mean(where=seen & quiet)
            ),
            "after_undisclosed_ratio": ratio(
                posts.interactions.mean(where=after), posts.interactions.mean(where=before)
            ),
        }

    return aggregates


def last_ad(posts: ir.Table) -> ir.Table:
    """Find how long before ``as_of`` the last ad was."""
    days = seconds(posts.as_of, posts.published_at) / 86_400.0
    return posts.group_by("pair_id").aggregate(days_since_ad=days.min(where=posts.is_ad))


def lagged(pairs: ir.Table, posts: ir.Table, config: FeatureConfig) -> ir.Table:
    """Count the ads of the lag, and those of them that say nothing of it: their effect is felt at ``as_of``."""
    near, far = config.lag
    ads = look_back(pairs, posts.filter(posts.is_ad), "published_at", (near, far))
    ads = ads.filter(ads[f"in_{far}d"] & ~ads[f"in_{near}d"] & ads.as_of.notnull())
    return ads.group_by("pair_id").aggregate(
        lagged_ads=ads.post_id.count(), lagged_hidden=(ads.said == "none").cast("int64").sum()
    )


def later_suspicion(comments: ir.Table) -> Aggregates:
    """Compare suspicion below posts that follow an undisclosed ad with suspicion below other posts."""

    def aggregates(seen: ir.BooleanValue, _days: int) -> dict[str, ir.Value]:
        others = seen & comments.others
        after = comments.suspicion.mean(where=others & comments.after_undisclosed)
        before = comments.suspicion.mean(where=others & ~comments.after_undisclosed)
        return {"suspicion_after_undisclosed": after - before}

    return aggregates


def brand_fit(posts: ir.Table, brands: ir.Table, creators: ir.Table, config: FeatureConfig) -> ir.Table:
    """Tell how the brands of ads fit the creator, and how often rivals follow one another."""
    ads = posts.filter(posts.is_ad & posts.brand.notnull())
    known = ads.inner_join(brands.select("brand", brand_niche=brands.niche), "brand")
    people = creators.select(person=creators.creator_id, own_niche=creators.niche)
    known = known.left_join(people, known.creator_id == people.person).drop("person")
    grade = fit(known.own_niche, known.brand_niche)

    def coherence(seen: ir.BooleanValue, _days: int) -> dict[str, ir.Value]:
        return {"brand_coherence": grade.mean(where=seen)}

    coherent = in_one_pass(known, config.windows, coherence)
    rivals = brands.select("brand", rival=brands.rivals.unnest())
    earlier = ads.select("pair_id", rival=ads.brand, rival_at=ads.published_at)
    clashes = ads.select("pair_id", "post_id", "brand", "published_at").join(rivals, "brand")
    clashes = clashes.join(earlier, ["pair_id", "rival"])
    gap = seconds(clashes.published_at, clashes.rival_at)
    clashes = clashes.filter((gap >= 0) & (gap <= config.rival_days * 86_400))
    marked = known.left_join(
        clashes.select("pair_id", "post_id").distinct().mutate(clash=ibis.literal(1)), ["pair_id", "post_id"]
    )

    def clashing(seen: ir.BooleanValue, _days: int) -> dict[str, ir.Value]:
        some = (seen & marked.published_at.notnull()).sum() > 0  # null where rivals could not be known
        return {"rival_brands": some.ifelse(marked.clash.count(where=seen), ibis.null("int64"))}

    rival = in_one_pass(marked, config.windows, clashing)
    return rival.left_join(coherent, "pair_id").drop("pair_id_right")
