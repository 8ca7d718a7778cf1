"""Shrinking shares of few observations towards their tier: empirical Bayes with a Beta prior.

shrunk = (n x share + strength x mean) / (n + strength), the mean of the posterior. Mean and strength come from a
:class:`Priors`: fixed (params.yaml), or fitted on the rows of training creators before a cut and stored as JSON.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import ibis
import ibis.expr.types as ir
import numpy as np
import polars as pl

from ..config import Frozen, load, parse
from ..files import write_json
from ..tiers import Tiers
from .config import FeatureConfig, Prior
from .registry import SHRUNK

_STRENGTHS = (1.0, 1000.0)  # a prior counts for at least one observation, and never drowns a thousand


class Priors(Frozen):
    """Priors of every shrunk share, by tier; ``any`` is for creators whose followers are not known."""

    tiers: Tiers = Tiers()
    shares: dict[str, dict[str, Prior]]

    @classmethod
    def fixed(cls, config: FeatureConfig) -> "Priors":
        """Return the fixed priors of a configuration: one for all tiers."""
        return cls(shares={share: {"any": config.prior(share)} for share in SHRUNK})

    @classmethod
    def read(cls, path: Path) -> "Priors":
        """Read priors that :meth:`write` wrote.

        :raises InputError: If the file is not there or holds something else.
        """
        return load(cls, path)

    def write(self, path: Path) -> None:
        """Write the priors as JSON."""
        write_json(self.model_dump(mode="json"), path)

    def of(self, share: str, followers: ir.NumericValue) -> tuple[ir.FloatingValue, ir.FloatingValue]:
        """Return mean and strength of the prior of a share at a number of followers, as expressions."""
        by_tier = self.shares[share]
        any_tier = by_tier["any"]
        cases = []
        for name, (low, high) in {"below": (0, next(iter(self.tiers.bands.values()))[0]), **self.tiers.bands}.items():
            if name in by_tier:
                inside = followers >= low if high is None else (followers >= low) & (followers < high)
                cases.append((inside.fill_null(False), by_tier[name]))
        if not cases:
            return ibis.literal(any_tier.mean), ibis.literal(any_tier.strength)
        return (
            ibis.cases(*((inside, prior.mean) for inside, prior in cases), else_=any_tier.mean),
            ibis.cases(*((inside, prior.strength) for inside, prior in cases), else_=any_tier.strength),
        )


def shrunk(share: ir.NumericValue, count: ir.NumericValue, mean: ir.Value, strength: ir.Value) -> ir.FloatingValue:
    """Shrink a share of ``count`` observations; null stays null."""
    return (count * share + strength * mean) / (count + strength)


def fit_priors(
    features: pl.DataFrame,
    window: int,
    tiers: Tiers,
    creators: Iterable[str] | None = None,
    before: datetime | None = None,
) -> Priors:
    """Fit priors on a feature table, by the method of moments of the Beta-binomial, tier by tier.

    With k creators, shares p, counts n, N = sum n, m = sum n p / N and S = sum n (p - m)^2:
    rho = (S / (m (1 - m)) - (k - 1)) / (N - sum n^2 / N - (k - 1)), strength = 1 / rho - 1 (Kleinman 1973).

    :param features: What :func:`build_features` wrote.
    :param window: The window, in days, whose shares and counts are used.
    :param creators: The creators of the training part; all by default.
    :param before: Rows of ``as_of`` at or after it are left out. Of each creator the last row counts.
    :return: For each tier with at least ten creators its own prior, and ``any`` over all.
    """
    rows = features if creators is None else features.filter(pl.col("creator_id").is_in(list(creators)))
    rows = rows if before is None else rows.filter(pl.col("as_of") < before)
    rows = rows.sort("creator_id", "as_of").group_by("creator_id", maintain_order=True).last()
    rows = rows.with_columns(tier=tiers.of(pl.col("followers")))
    shares = {}
    for share, count in SHRUNK.items():
        named = rows.select("tier", share=f"{share}_{window}d", count=f"{count}_{window}d").drop_nulls(
            ["share", "count"]
        )
        named = named.filter(pl.col("count") > 0)
        found = {name: _moments(named.filter(pl.col("tier") == name)) for name in tiers.names}
        whole = _moments(named, fewest=2) or Prior(mean=0.5, strength=_STRENGTHS[0])
        shares[share] = {"any": whole} | {name: prior for name, prior in found.items() if prior}
    return parse(Priors, {"tiers": tiers.model_dump(), "shares": {
        share: {tier: prior.model_dump() for tier, prior in by_tier.items()} for share, by_tier in shares.items()
    }}, "fitted priors")  # fmt: skip


def _moments(rows: pl.DataFrame, fewest: int = 10) -> Prior | None:
    if len(rows) < fewest:
        return None
    p, n = rows["share"].to_numpy(), rows["count"].to_numpy()
    total, k = n.sum(), len(rows)
    mean = float(np.clip((n * p).sum() / total, 1e-4, 1 - 1e-4))
    between = (n * (p - mean) ** 2).sum() / (mean * (1 - mean)) - (k - 1)
    room = total - (n**2).sum() / total - (k - 1)
    rho = between / room if room > 0 else 0.0
    strength = 1 / rho - 1 if rho > 0 else _STRENGTHS[1]
    return Prior(mean=mean, strength=float(np.clip(strength, *_STRENGTHS)))
