"""What a creator or a campaign can do: each lever's kind, marginal and claimed side, and its standard form.

A lever's latent is z, N(0, 1) but for the shifts that the world file declares. A share is s = logistic(logit(mean) +
spread * z); it enters the outcome as (s - m) / d, where m and d are its mean and SD when z is N(0, 1).
"""

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from .draws import Floats, logistic, logit
from .places import NICHE_WEIGHTS, city_weights, closeness, similarity
from .settings import World

PREVALENCE = {"discourse_shift": 0.40, "community": 0.13}  # of creators, over the whole world
SHIFT_OF_SHARE = 0.10  # an intervention on a share adds ten points, clipped to 0..1


@dataclass(frozen=True)
class Lever:
    """One lever."""

    name: str
    kind: Literal["unbounded", "share", "binary"]
    level: Literal["creator", "creator_time", "placement"]
    side: int  # what the article claims: +1 sells, -1 hurts
    mean: float = 0.0  # of a share, at z = 0; of a binary lever, its prevalence
    spread: float = 0.0  # SD of a share's logit
    trusted: bool = False  # whether trust moves it (confounding.trust_to_levers)

    @property
    def unit(self) -> str:
        """The shift that ``intervened`` makes."""
        return {"unbounded": "+1 SD", "share": "+10 points of the share", "binary": "0 to 1"}[self.kind]

    def share(self, latent: Floats) -> Floats:
        """Turn latents into shares."""
        return logistic(logit(self.mean) + self.spread * latent)

    def latent(self, share: Floats) -> Floats:
        """Turn shares into latents."""
        return (logit(share) - logit(self.mean)) / self.spread

    def standard(self, share: Floats) -> Floats:
        """Standardise shares by their reference marginal."""
        centre, scale = _moments(self.mean, self.spread)
        return (share - centre) / scale


def levers_of(world: World) -> dict[str, Lever]:
    """Return the levers of a world by their key, in the order of the world file."""
    genuine = max(0.05, 0.9 - world.generic_praise)  # beside stock phrases: about a tenth of emoji and tagged friends
    levers = [
        Lever("trust", "unbounded", "creator", +1),
        Lever("replies", "share", "creator", +1, 0.35, 1.0, trusted=True),
        Lever("genuine", "share", "creator", +1, genuine, 0.8, trusted=True),
        Lever("ad_density", "share", "creator", -1, 0.15, 1.0, trusted=True),
        Lever("undisclosed", "share", "creator_time", -1, 0.45, 1.1, trusted=True),
        Lever("polished", "share", "creator", -1, 0.30, 1.0, trusted=True),
        Lever("discourse_shift", "binary", "creator_time", -1, PREVALENCE["discourse_shift"]),
        Lever("overconsumption", "share", "creator", -1, 0.14, 1.0, trusted=True),
        Lever("tested", "share", "creator", +1, 0.25, 1.0, trusted=True),
        Lever("proximity", "unbounded", "placement", +1),
        Lever("community", "binary", "creator", +1, PREVALENCE["community"]),
        Lever("coherence", "unbounded", "placement", +1),
        Lever("resemblance", "share", "creator", +1, 0.62, 0.9, trusted=True),
        Lever("slow", "unbounded", "placement", +1),
    ]
    return {lever.name: lever for lever in levers}


@cache
def _moments(mean: float, spread: float) -> tuple[float, float]:
    """Return mean and SD of logistic(logit(mean) + spread * z), z ~ N(0, 1), by Gauss-Hermite quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    shares, weights = logistic(logit(mean) + spread * nodes), weights / weights.sum()
    centre = float(weights @ shares)
    return centre, float(np.sqrt(weights @ (shares - centre) ** 2))


@cache
def proximity_moments() -> tuple[float, float]:
    """Return mean and SD of the closeness of a creator's city and a campaign's, drawn apart."""
    weights = np.outer(city_weights(), city_weights())
    centre = float((weights * closeness()).sum())
    return centre, float(np.sqrt((weights * (closeness() - centre) ** 2).sum()))


@cache
def coherence_moments() -> tuple[float, float]:
    """Return mean and SD of the fit of a creator's niche and a brand's, drawn apart."""
    shares = NICHE_WEIGHTS / NICHE_WEIGHTS.sum()
    weights = np.outer(shares, shares)
    centre = float((weights * similarity()).sum())
    return centre, float(np.sqrt((weights * (similarity() - centre) ** 2).sum()))
