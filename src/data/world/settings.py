"""A world file as a frozen, typed model; ``maroc.yaml`` is the one home of what a file leaves out."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from ...config import Frozen, Share, parse, read_yaml
from ...errors import InputError

TIERS = ("nano", "micro", "macro")
BANDS = {"nano": (500, 2_000), "micro": (2_000, 100_000), "macro": (100_000, 5_000_000)}  # followers


class Part(Frozen):
    """A part of a world file: its values are numbers, not words or switches that happen to read as numbers."""

    model_config = ConfigDict(strict=True)


Coefficient = Annotated[float, Field(ge=-3, le=3, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, le=1)]
Off = Literal[False]  # YAML reads the word off as false

DEFAULT = Path(__file__).with_name("maroc.yaml")


class Size(Part):
    """How much there is of everything; comments follow from posts and followers."""

    creators: Annotated[int, Field(ge=10, le=1_000_000)]  # of all tiers
    months: Annotated[int, Field(ge=3, le=60)]  # of posts and comments
    campaigns: Annotated[int, Field(ge=1, le=1_000_000)]  # of brands
    placements: Annotated[int, Field(ge=3, le=100_000_000)]  # deals, over all campaigns

    def scaled(self, scale: float) -> "Size":
        """Multiply creators, campaigns and placements; the months stay."""
        grown = {name: max(1, round(getattr(self, name) * scale)) for name in ("creators", "campaigns", "placements")}
        return parse(Size, {**grown, "months": self.months}, f"size after scale {scale:g}")


class TierShares(Part):
    """Shares of creators by tier; they sum to 1."""

    nano: Share
    micro: Share
    macro: Share

    @model_validator(mode="after")
    def _sums_to_one(self) -> Self:
        total = self.nano + self.micro + self.macro
        if abs(total - 1) > 1e-6:
            raise ValueError(f"shares of creators that sum to 1, not {total:g}")
        return self


class ByTier(Part):
    """One coefficient for each tier."""

    nano: Coefficient
    micro: Coefficient
    macro: Coefficient


class Effects(Part):
    """Coefficients on the log of the order rate per reached real person, per SD or from 0 to 1."""

    trust: Coefficient
    replies: Coefficient
    genuine: Coefficient
    ad_density: Coefficient
    undisclosed: Coefficient
    polished: ByTier
    discourse_shift: Coefficient
    overconsumption: Coefficient
    tested: Coefficient
    proximity: Coefficient
    community: Coefficient
    coherence: Coefficient
    resemblance: Coefficient
    slow: Coefficient
    brand: Annotated[float, Field(ge=0, le=1)]
    tier: ByTier


class Shape(Part):
    """Departures from the log-linear world; each is off or a number."""

    ad_density_threshold: Off | Annotated[float, Field(gt=0, lt=1)]  # share of ads above which they hurt, in one step
    pace_peak: Off | Annotated[float, Field(gt=0, le=50)]  # posts a week that sell best
    trust_by_tier: Off | Annotated[float, Field(gt=0, le=1)]  # slope of trust times 1 + this (nano), 1 - this (macro)


class TierToLevers(Part):
    """Macro minus the others, in SD of the latent."""

    replies: Coefficient  # the reply rate
    genuine: Coefficient  # the share of genuine comments
    trust: Coefficient  # latent trust


class Reactions(Part):
    """Coefficients on the log rate of suspicious comments."""

    undisclosed_suspicion: Coefficient
    discourse_suspicion: Coefficient
    overconsumption_suspicion: Coefficient


class Funnel(Part):
    """From followers to deliveries."""

    reach_elasticity: Annotated[float, Field(ge=0, le=1.2)]  # power of followers with which reach grows
    reach_sd: Annotated[float, Field(ge=0, le=2)]  # SD of log reach around that
    ctr: Positive  # clicks of a reached real person, on average
    order: Positive  # orders of a click
    confirmed: Positive  # share of orders that are confirmed
    delivered: Positive  # share of confirmed orders that are delivered


class Noise(Part):
    """What nothing explains."""

    creator_sd: Annotated[float, Field(ge=0, le=2)]  # SD of what is each creator's own, on the log rate
    overdispersion: Annotated[float, Field(ge=0, le=10)]  # variance of the Gamma (mean 1) that clicks are mixed with


class Measurement(Part):
    """Squared correlation of what the tables can show with what is latent."""

    trust_proxy_r2: Share  # of trust
    lever_reliability: Share  # of every other lever


class Confounding(Part):
    """Strengths of the two back doors."""

    brand_to_creator: Annotated[float, Field(ge=-2, le=2)]  # better brands choose creators with more trust
    trust_to_levers: Annotated[float, Field(ge=-0.95, le=0.95)]  # trust moves the levers that sell on their own


class Trends(Part):
    """Who uses a tag first."""

    nano_lead_days: Annotated[float, Field(ge=-60, le=60)]  # by which nano creators are earlier than the others


class Fraud(Part):
    """Shares of accounts touched by fraud, by tier, and the share of bot comments in disguise."""

    nano: Share
    micro: Share
    macro: Share
    stealth: Share  # of the bot comments, those in disguise


class World(Part):
    """A whole world file."""

    seed: Annotated[int, Field(ge=0, lt=2**63)]  # of everything drawn
    size: Size
    tiers: TierShares
    effects: Effects
    shape: Shape
    tier_to_levers: TierToLevers
    reactions: Reactions
    funnel: Funnel
    noise: Noise
    measurement: Measurement
    confounding: Confounding
    trends: Trends
    fraud: Fraud
    generic_praise: Annotated[float, Field(ge=0, le=0.85)]


def read_world(path: Path, *, seed: int | None = None, scale: float = 1.0) -> World:
    """Read a world file over the defaults.

    :raises InputError: With one line for each unknown key or value out of range, by full name.
    """
    values = read_yaml(path)
    if values is not None and not isinstance(values, dict):
        raise InputError(f"{path}: found {type(values).__name__}, expected the keys of a world file")
    if not 0 < scale <= 10_000:
        raise InputError(f"scale: found {scale:g}, expected a number above 0 and at most 10000")
    merged = _over(read_yaml(DEFAULT), values or {})
    if seed is not None:
        merged["seed"] = seed
    world = parse(World, merged, str(path))
    return world if scale == 1 else world.model_copy(update={"size": world.size.scaled(scale)})


def _over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Lay one nested mapping over another; what only one of them has is kept."""
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(below.get(key), dict)
        merged[key] = _over(below[key], value) if both else value
    return merged
