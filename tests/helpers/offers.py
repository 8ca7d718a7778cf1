"""Options made by hand: creators with a fee and deliveries for each number of posts."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from thiqa.plan.campaign import Campaign
from thiqa.plan.options import Options

START = {"name": "by hand", "starts_at": "2025-03-01", "ends_at": "2025-03-28"}
NOBODY = pl.DataFrame(schema={"creator_id": pl.String, "reason": pl.String})


def campaign(budget: float, **more: Any) -> Campaign:
    return Campaign.model_validate({**START, "budget_mad": budget, "frontier": {"points": 0}} | more)


def offer(creator: str, fees: Sequence[float], deliveries: Sequence[float], **more: Any) -> list[dict[str, Any]]:
    """One creator: the fee in MAD and the deliveries of 1, 2, … posts."""
    about = {
        "creator_id": creator, "price": "asked", "dispersion": 0.5, "segment": -1, "tier": "micro",
        "platform": "instagram", "kind": "person", "city": "Rabat", "neighbourhood": None, "niche": "books",
        "language": "fr", "rival": False, "followers": 5000.0, "engagement": 0.03, "trust": 0.8,
    }  # fmt: skip
    return [
        about
        | {"posts": n, "cents": round(fee * 100), "cents_low": round(fee * 100), "cents_high": round(fee * 100),
           "deliveries": float(value), "reach": 400.0 * value, "trusted_reach": 320.0 * value}
        | more
        for n, (fee, value) in enumerate(zip(fees, deliveries, strict=True), start=1)
    ]  # fmt: skip


def options(*offers: list[dict[str, Any]], people: Sequence[float] = ()) -> Options:
    """Put offers together, sorted as the planner does."""
    table = pl.DataFrame([row for rows in offers for row in rows], schema_overrides={"neighbourhood": pl.String})
    return Options(table.sort("creator_id", "posts"), np.array(people, dtype=float), NOBODY)


def random_offers(seed: int, creators: int = 9, segments: int = 0) -> Options:
    """Random creators of all tiers, with concave returns in posts."""
    random = np.random.default_rng(seed)
    made = []
    for number in range(creators):
        one, value = float(np.round(random.uniform(100, 3000))), float(random.uniform(0.2, 9))
        n = np.arange(1, 4)
        about = {
            "tier": str(random.choice(["nano", "micro", "macro"])), "city": str(random.choice(["Rabat", "Fès"])),
            "rival": bool(random.random() < 0.3), "segment": int(random.integers(segments)) if segments else -1,
        }  # fmt: skip
        made.append(offer(f"c{number:02}", np.ceil(one * n**0.8), value * n**0.5, **about))
    return options(*made, people=[6000.0] * segments)
