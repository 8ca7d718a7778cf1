"""A simulated world as the material of evidence, its features counted from labels and not from scored texts.

A trial of the method needs thousands of worlds; writing texts and scoring them takes most of the time and tries the
text model, not the method. The counts are those that the features are defined by: shares of posts and of sampled
comments over the 180 days before each deal.
"""

import numpy as np
import polars as pl

from thiqa.data.world import places
from thiqa.data.world.audience import audience_table, creators_table, moments
from thiqa.data.world.campaigns import NATIONAL, campaigns_table
from thiqa.data.world.captions import draw_trends, tags_of
from thiqa.data.world.comments import Thread, Voices, draw_thread
from thiqa.data.world.drawn import Drawn, draw
from thiqa.data.world.fees import cost
from thiqa.data.world.outcomes import draw_outcomes
from thiqa.data.world.posts import Posts, Shares, draw_posts, draw_reactions
from thiqa.data.world.settings import TIERS, World
from thiqa.data.world.twins import WINDOW
from thiqa.evidence import Material

RECENT = 30.0  # days before a deal in which suspicion is counted


def labelled(world: World) -> Material:
    """Draw a world and count what evidence needs."""
    drawn = draw(world)
    deals, creators = drawn.deals, drawn.creators
    counts, engagement, adoptions = _counted(drawn)
    outcomes = draw_outcomes(world, deals, drawn.log_rate, drawn.draws)
    names = np.array(creators.names())
    listed = creators_table(creators, drawn.draws)
    campaigns = campaigns_table(drawn.campaigns, np.zeros(world.size.campaigns))
    rng = drawn.draws.of("placements.gaps")
    reach = pl.Series(outcomes.reach).set(pl.Series(rng.random(len(deals)) < 0.03), None)
    tier = pl.Series([TIERS[k] for k in deals.tier])
    paid = cost(drawn.fee, drawn.goods)
    frame = pl.DataFrame({
        "creator_id": names[deals.creator], "followers": np.round(deals.followers), "tier": tier,
        "macro": (deals.tier == 2).astype(float), "reach": reach, "sold": outcomes.delivered.astype(float),
        "cost": np.where(paid > 0, paid, np.nan), "agreed_at": moments(deals.agreed),
    }, nan_to_null=True)  # fmt: skip
    frame = frame.hstack(campaigns[deals.campaign.tolist()].select("brand", "niche", "objective", campaign_city="city"))
    who = listed.select("platform", "kind", "language", "city", creator_niche="niche")
    frame = frame.hstack(who[deals.creator.tolist()])
    city = drawn.campaigns.city[deals.campaign]
    near = np.where(city == NATIONAL, np.nan, places.closeness()[creators.city[deals.creator], city])
    brand_niche = drawn.campaigns.brand_niche[drawn.campaigns.brand[deals.campaign]]
    deal = {
        "lever_community": pl.col("kind").ne("person").cast(pl.Float64),
        "lever_coherence": pl.Series(places.similarity()[creators.niche[deals.creator], brand_niche]),
        "lever_proximity": pl.Series(near, nan_to_null=True),
        "month": pl.col("agreed_at").dt.strftime("%Y-%m"),
    }  # fmt: skip
    frame = frame.with_columns(**deal, lever_slow=pl.Series(np.log(deals.days_between)))
    frame = frame.hstack(pl.DataFrame(counts, nan_to_null=True))
    return Material(frame, engagement, adoptions)


def _counted(drawn: Drawn) -> tuple[dict[str, np.ndarray], pl.DataFrame, pl.DataFrame]:
    world, creators, draws, deals = drawn.world, drawn.creators, drawn.draws, drawn.deals
    shares, order = Shares.of(world, creators), np.argsort(deals.creator, kind="stable")
    voices, trends = Voices.of(world, creators, drawn.fraud), draw_trends(world, creators, draws)
    n, names = len(deals), np.array(creators.names())
    columns: dict[str, np.ndarray] = {}
    engaged, adopted, jumps = [], [], np.full(n, np.nan)
    for block in drawn.blocks:
        posts = draw_posts(world, creators, deals, order, shares, block, draws)
        reactions = draw_reactions(world, creators, drawn.fraud, posts, block, draws)
        thread = draw_thread(posts, reactions, voices, block, draws)
        mine = np.flatnonzero((deals.creator >= block.start) & (deals.creator < block.stop))
        key = posts.creator * 1e6 + posts.day
        ends = {back: np.searchsorted(key, deals.creator[mine] * 1e6 + deals.agreed[mine] - back)
                for back in (WINDOW, RECENT, 0.0)}  # fmt: skip

        def between(value: np.ndarray, back: float = WINDOW, ends: dict[float, np.ndarray] = ends) -> np.ndarray:
            total = np.concatenate([[0.0], np.cumsum(value)])
            return total[ends[0.0]] - total[ends[back]]

        def of_comments(flag: np.ndarray, posts: int = len(posts), thread: Thread = thread) -> np.ndarray:
            return np.bincount(thread.post, flag, minlength=posts).astype(float)

        comments, written = between(of_comments(np.ones(len(thread)))), between(np.ones(len(posts)))
        recent = between(of_comments(np.ones(len(thread))), RECENT)
        ads = between(posts.ad.astype(float))
        rows = {
            "lever_trust": between(of_comments(thread.trust)) / comments,
            "lever_replies": between(of_comments(thread.replied)) / comments,
            "lever_genuine": between(of_comments(thread.genuine)) / comments,
            "lever_resemblance": between(of_comments(thread.alike)) / comments,
            "lever_ad_density": ads / written,
            "lever_undisclosed": between((posts.ad & (posts.disclosure == 0)).astype(float)) / ads,
            "lever_polished": between(posts.polished.astype(float)) / written,
            "lever_discourse_shift": (between(_turns(posts)) > 0).astype(float),
            "lever_overconsumption": between(posts.overconsumption.astype(float)) / written,
            "lever_tested": between(posts.tested.astype(float)) / written,
            "comments": comments, "recent": recent,
            "suspicious": between(of_comments(thread.suspicion), RECENT),
            # half of the bots and pods show: by bursts, by stock texts, by whom they belong to
            "fraud_bots": between(of_comments(thread.bot & (np.arange(len(thread)) % 2 == 0))) / comments,
            "fraud_pods": between(of_comments(thread.pod)) / comments,
        }  # fmt: skip
        for name, values in rows.items():
            columns.setdefault(name, np.full(n, np.nan))[mine] = values
        rate = (reactions.likes + reactions.comments) / reactions.followers
        engaged.append(pl.DataFrame({"who": posts.creator, "rate": rate}))
        tag = tags_of(posts, trends, block)
        adopted.append(pl.DataFrame({"tag": tag, "who": posts.creator, "day": posts.day}).filter(pl.col("tag") > 0))
        audience = audience_table(world, creators, drawn.fraud, block, draws)
        jumps[mine] = _jump(audience, names[deals.creator[mine]], deals.agreed[mine])
    columns["fraud_jump"] = jumps
    small = pl.DataFrame({"who": np.arange(len(names)), "creator_id": names, "macro": creators.macro.astype(float),
                          "nano": (creators.tier == 0).astype(float), "pace": creators.pace})  # fmt: skip
    each = pl.concat(engaged).group_by("who").agg(pl.col("rate").mean()).join(small, on="who").sort("who")
    uses = pl.concat(adopted).group_by("tag", "who").agg(pl.col("day").min()).join(small, on="who")
    adoptions = uses.select(pl.col("tag").cast(pl.String), "creator_id", "day", "nano", "pace")
    return columns, each.select("creator_id", "macro", "rate"), adoptions.sort("tag", "creator_id")


def _turns(posts: Posts) -> np.ndarray:
    """Mark the first post of a new discourse, where there was an old one."""
    before = np.concatenate([[True], posts.shifted[:-1] | (posts.creator[1:] != posts.creator[:-1])])
    return (posts.shifted & ~before).astype(float)


def _jump(audience: pl.DataFrame, who: np.ndarray, agreed: np.ndarray) -> np.ndarray:
    """Return the largest log step between two readings of followers in the window before each deal."""
    step = pl.col("followers").cast(pl.Float64).log().diff().over("creator_id", order_by="observed_at")
    steps = audience.select("creator_id", day="observed_at", step=step).drop_nulls()
    deals = pl.DataFrame({"creator_id": who, "agreed": moments(agreed)}).with_row_index("deal")
    seen = deals.join(steps, on="creator_id").filter(
        (pl.col("day") < pl.col("agreed")) & (pl.col("day") >= pl.col("agreed") - pl.duration(days=int(WINDOW)))
    )
    most = seen.group_by("deal").agg(pl.col("step").max())
    return deals.join(most, on="deal", how="left", maintain_order="left")["step"].to_numpy()
