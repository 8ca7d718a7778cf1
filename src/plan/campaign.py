"""``CAMPAIGN.yaml``: what is sold, to whom, for how much, and what the plan must respect."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from ..config import Frozen, Share, load

Metric = Literal["deliveries", "reach", "trusted_reach"]
Quantity = Literal["spend", "creators", "posts", "deliveries", "reach", "trusted_reach"]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class Where(Frozen):
    """Which creators: all conditions hold at once; one name or a list of names each."""

    tier: Names | None = Field(default=None, description="tiers of `params.yaml`, by followers at `as_of`")
    platform: Names | None = Field(default=None, description="instagram, tiktok, youtube, facebook")
    kind: Names | None = Field(default=None, description="person, club, student_association, facebook_group")
    city: Names | None = Field(default=None, description="cities as the table `creators` spells them")
    neighbourhood: Names | None = Field(default=None, description="neighbourhoods as the table `creators` spells them")
    niche: Names | None = Field(default=None, description="niches as the table `creators` spells them")
    language: Names | None = Field(default=None, description="fr, ary-Arab, ary-Latn, arb, en, zgh, mixed")
    rival: bool | None = Field(default=None, description="whether the creator advertised for a rival brand of late")

    @property
    def said(self) -> str:
        """Say the conditions: ``tier macro, city Rabat or Casablanca``."""
        named = self.model_dump(exclude_none=True)
        parts = [f"{key} {' or '.join(value) if isinstance(value, tuple) else str(value).lower()}"
                 for key, value in named.items()]  # fmt: skip
        return ", ".join(parts) or "all creators"


class Limit(Frozen):
    """A bound on a sum over the chosen creators that `where` names, or on their share of the whole plan."""

    of: Quantity = Field(description="what is summed; `reach` is gross, before overlap")
    where: Where = Field(default=Where(), description="over which of the chosen creators; default all")
    at_least: Amount | None = Field(
        default=None, description="the sum is at least this (MAD, creators, posts, persons, …)"
    )
    at_most: Amount | None = Field(default=None, description="the sum is at most this")
    at_least_share: Share | None = Field(default=None, description="of the same sum over all chosen creators, at least")
    at_most_share: Share | None = Field(default=None, description="of the same sum over all chosen creators, at most")

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        bounds = self.model_dump(include={"at_least", "at_most", "at_least_share", "at_most_share"}, exclude_none=True)
        if not bounds:
            raise ValueError("at_least, at_most, at_least_share or at_most_share")
        for kind in ("", "_share"):
            low, high = bounds.get(f"at_least{kind}"), bounds.get(f"at_most{kind}")
            if low is not None and high is not None and low > high:
                raise ValueError(f"at_least{kind} not above at_most{kind}")
        return self


class Posts(Frozen):
    """How many posts one creator makes."""

    least: int = Field(default=1, ge=1, le=50, description="a chosen creator makes at least this many posts")
    most: int = Field(default=3, ge=1, le=50, description="and at most this many")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.least > self.most:
            raise ValueError("least not above most")
        return self


class Pace(Frozen):
    """Slow campaigns: how many posts a week, for each creator and in all."""

    per_creator: float | None = Field(
        default=None, gt=0, description="posts a week of one creator, at most (0.5: every other)"
    )
    per_week: int | None = Field(default=None, ge=1, description="posts a week of all creators together, at most")


class Risk(Frozen):
    """How much a bad outcome counts beside the expected one."""

    aversion: Share = Field(
        default=0.0, description="0 looks at the mean alone, 1 at the mean of the worst outcomes alone"
    )
    tail: float = Field(
        default=0.10, gt=0, le=0.5, description="which outcomes are the worst: this share of them (CVaR)"
    )


class Weights(Frozen):
    """What the plan is for: one measure, or several with weights.

    Each measure is divided by the most that the budget could buy of it, so weights are free of units.
    """

    deliveries: float = Field(default=0.0, ge=0, description="orders delivered and paid")
    reach: float = Field(default=0.0, ge=0, description="persons reached")
    trusted_reach: float = Field(
        default=0.0, ge=0, description="persons reached times the creator's share of genuine comments"
    )

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not any(self.model_dump().values()):
            raise ValueError("at least one weight above 0")
        return self


def _weighed(value: Any) -> Any:
    return {value: 1.0} if isinstance(value, str) else value


class Frontier(Frozen):
    """Which other budgets are shown."""

    points: int = Field(default=8, ge=0, le=50, description="number of budgets, evenly spaced; 0 for none")
    up_to: float = Field(default=2.0, gt=0, le=20, description="the largest, in times the budget")


class Campaign(Frozen):
    """A campaign file."""

    name: str = Field(description="shown on every output")
    brand: str | None = Field(default=None, description="who pays; its rivals are looked up in the table `brands`")
    rivals: Names = Field(default=(), description="further rival brands, by name")
    rival_days: int = Field(
        default=60, ge=1, description="a creator who advertised for a rival in these last days is `rival`"
    )
    niche: str | None = Field(default=None, description="niche of the product, as the tables spell niches")
    city: str | None = Field(default=None, description="city the campaign aims at; left out for the whole country")
    starts_at: date = Field(description="first day, YYYY-MM-DD")
    ends_at: date = Field(description="last day, included")
    as_of: date | None = Field(
        default=None,
        description="day of the decision; nothing later is looked at; default the end of the data or `starts_at`, "
        "whichever is earlier",
    )
    budget_mad: float = Field(gt=0, le=1e11, allow_inf_nan=False, description="fees and goods together never exceed it")
    objective: Annotated[Weights, BeforeValidator(_weighed)] = Field(
        default=Weights(deliveries=1.0), description="`deliveries`, `reach`, `trusted_reach`, or a weight for each"
    )
    risk: Risk = Field(default=Risk(), description="how much a bad outcome counts")
    candidates: Where = Field(default=Where(), description="who may be chosen at all; default every creator")
    must: Names = Field(default=(), description="creator_id of creators who are in, whatever it costs")
    never: Names = Field(default=(), description="creator_id of creators who are out")
    limits: tuple[Limit, ...] = Field(default=(), description="bounds and shares, as many as needed")
    posts: Posts = Field(default=Posts(), description="posts for each chosen creator")
    pace: Pace = Field(default=Pace(), description="posts a week")
    format: Literal["photo", "carousel", "video", "story", "text"] | None = Field(
        default=None,
        description="format whose asked fee counts; left out: the dearest that the creator asks, so that the budget "
        "holds whichever is chosen",
    )
    prices: Literal["expected", "high"] = Field(
        default="expected", description="estimated fees count at their mean, or at the high end of their 90 % interval"
    )
    overlap: Literal["measured", "none"] = Field(
        default="measured", description="audiences of one city and niche overlap as their commenters do, or not at all"
    )
    frontier: Frontier = Field(default=Frontier(), description="which other budgets are shown")

    @field_validator("must", "never", mode="after")
    @classmethod
    def _once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(names)) != len(names):
            raise ValueError("each creator_id once")
        return names

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.ends_at < self.starts_at:
            raise ValueError(f"ends_at not before starts_at ({self.starts_at})")
        if self.as_of and self.as_of > self.starts_at:
            raise ValueError(f"as_of not after starts_at ({self.starts_at}): deals are made before they run")
        both = sorted(set(self.must) & set(self.never))
        if both:
            raise ValueError(f"no creator in both must and never ({', '.join(both)})")
        return self

    @property
    def weeks(self) -> int:
        """Weeks of the campaign, begun ones included."""
        return ((self.ends_at - self.starts_at).days + 7) // 7

    @property
    def budget_cents(self) -> int:
        """The budget in whole cents, rounded down."""
        return int(self.budget_mad * 100 + 1e-6)

    @property
    def most_posts(self) -> int:
        """Posts one creator can make at most, its pace included."""
        if self.pace.per_creator is None:
            return self.posts.most
        return min(self.posts.most, int(self.pace.per_creator * self.weeks + 1e-9))


def read_campaign(path: Path) -> Campaign:
    """Read a campaign file.

    :raises InputError: With one line for each unknown key or bad value, by its full name.
    """
    return load(Campaign, path)
