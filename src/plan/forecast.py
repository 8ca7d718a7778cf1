"""The predictive distribution of the conversion model that is here: a negative binomial by tier."""

from dataclasses import dataclass

import polars as pl

from ..models.conversion import ConversionModel


@dataclass(frozen=True)
class Forecast:
    """Mean from the model; dispersion by tier from the squared errors on deals."""

    model: ConversionModel
    dispersion: dict[str, float]

    @classmethod
    def fit(cls, model: ConversionModel, deals: pl.DataFrame) -> "Forecast":
        """Estimate dispersion by moments: sum of ((y - m)^2 - y) / sum of m^2."""
        known = deals.filter(pl.col("delivered").is_not_null() & pl.col("tier").is_not_null())
        if not len(known):
            return cls(model, {})
        mean = pl.Series(model.rate(known) * model.reach.predict(known))
        seen = known.select("tier", "delivered").with_columns(mean=mean)
        error = (pl.col("delivered") - pl.col("mean")) ** 2 - pl.col("delivered")
        by = seen.group_by("tier").agg(dispersion=(error.sum() / (pl.col("mean") ** 2).sum()).clip(0.05))
        return cls(model, dict(zip(by["tier"], by["dispersion"], strict=True)))

    def distribution(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return ``expected_reach``, ``deliveries`` and ``dispersion`` of each row."""
        reach = self.model.reach.predict(frame)
        spread = frame["tier"].replace_strict(self.dispersion, default=1.0, return_dtype=pl.Float64)
        return pl.DataFrame(
            {"expected_reach": reach, "deliveries": self.model.rate(frame) * reach, "dispersion": spread}
        )
