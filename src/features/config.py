"""Parameters of the features."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from ..config import Frozen, Share

Days = Annotated[int, Field(ge=1)]


class SignWeights(Frozen):
    """How far one sign alone makes a comment doubtful; several combine as independent evidence (noisy or)."""

    early: Share = 0.7  # soon after the post
    wide: Share = 0.8  # by an author under many creators
    rush: Share = 0.6  # one of many by its author within an hour
    fellow: Share = 0.6  # by another creator
    copied: Share = 0.1  # a text found under many creators
    spam: Share = 0.2  # spam by its text


class FraudConfig(Frozen):
    """From where on a comment shows a sign of fraud."""

    early_minutes: Annotated[float, Field(gt=0)] = 15.0  # after the post
    wide: Annotated[int, Field(ge=2)] = 5  # creators that an author had commented on
    rush: Annotated[int, Field(ge=2)] = 6  # comments of an author within an hour
    copied: Annotated[int, Field(ge=2)] = 20  # creators below whose posts a text had been
    weights: SignWeights = SignWeights()


class Prior(Frozen):
    """A Beta prior of a share: its mean, and how many observations it counts for."""

    mean: Share
    strength: Annotated[float, Field(gt=0)]


# share -> mean of its fixed prior: round numbers, before any data was seen
PRIOR_MEANS = {
    "doubt": 0.1, "reply_rate": 0.3, "returning_share": 0.2, "generic_share": 0.3, "emoji_only_share": 0.1,
    "spam_share": 0.03, "intent_share": 0.1, "trust_share": 0.1, "suspicion_share": 0.05, "wide_share": 0.05,
    "early_share": 0.05, "fellow_share": 0.02, "ad_density": 0.2, "ambiguous_share": 0.2, "polished_share": 0.3,
    "overconsumption_share": 0.15, "tested_share": 0.25,
}  # fmt: skip


class FeatureConfig(Frozen):
    """How far features look back, and when a post counts as an ad; `prior_means` has the fixed prior of each share."""

    windows: tuple[Days, ...] = Field(default=(30, 180), min_length=1)  # days looked back
    ad_threshold: Share = 0.5  # from this score on a post counts as an ad
    brand_odds: Annotated[float, Field(ge=1)] = 12.0  # a tagged brand multiplies the odds of an ad by this
    brand_share: Annotated[float, Field(ge=0, lt=1)] = 0.5  # of ads that tag their brand: none tagged lowers the odds
    lag: tuple[Days, Days] = (30, 180)  # days before as_of in which ads count whose effect comes later
    after_days: Days = 30  # days after an undisclosed ad in which posts may feel it
    rival_days: Days = 60  # days within which ads for rival brands clash
    history: Days = 365  # days of a creator's past in which change points are looked for
    change_penalty: Annotated[float, Field(gt=0)] = 5.0  # higher: fewer change points
    spread: Annotated[int, Field(ge=2)] = 10  # creators from which on a tag has spread
    prior_strength: Annotated[float, Field(gt=0)] = 10.0  # observations that a fixed prior counts for
    prior_mean: Share = 0.5  # of shares that `prior_means` does not name
    prior_means: dict[str, Share] = Field(default_factory=lambda: dict(PRIOR_MEANS))
    priors: Path | None = None  # JSON that `Priors.write` wrote; null: the fixed priors above
    gazetteer: Path | None = None  # CSV of further places, with the columns of src/annotate/gazetteer.csv
    fraud: FraudConfig = FraudConfig()

    @property
    def silent_odds(self) -> float:
        """What the odds of an ad are multiplied by where no brand is tagged: the other side of ``brand_odds``."""
        return (1 - self.brand_share) / (1 - self.brand_share / self.brand_odds)

    def prior(self, share: str) -> "Prior":
        """Return the fixed prior of a share (``doubt`` is that of the doubt of comments)."""
        return Prior(mean=self.prior_means.get(share, self.prior_mean), strength=self.prior_strength)

    @field_validator("windows")
    @classmethod
    def _ascending(cls, windows: tuple[int, ...]) -> tuple[int, ...]:
        if list(windows) != sorted(set(windows)):
            raise ValueError("ascending numbers of days, each once")
        return windows

    @field_validator("lag")
    @classmethod
    def _span(cls, lag: tuple[int, int]) -> tuple[int, int]:
        if lag[0] >= lag[1]:
            raise ValueError("two numbers of days, the nearer first")
        return lag
