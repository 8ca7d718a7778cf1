"""How reach and fees grow with the number of posts: both less than in proportion."""

from dataclasses import dataclass

import numpy as np

from .program import Floats

REACH_PRIOR = (0.5, 0.25)  # mean and SD before any deal is seen: halfway between nothing and in proportion
FEE_PRIOR = (0.9, 0.15)  # a small discount for more posts


@dataclass(frozen=True)
class Elasticity:
    """y is multiplied by (posts / usual) ** power; ``usual`` is the geometric mean of what was seen."""

    power: float
    usual: float

    def factor(self, posts: Floats) -> Floats:
        """Return by how much a number of posts multiplies, relative to the usual number."""
        return np.asarray((posts / self.usual) ** self.power)


def elasticity(log_y: Floats, posts: Floats, prior: tuple[float, float]) -> Elasticity:
    """Estimate the power from deals: least squares of ``log_y`` (freed of all else) on log posts, towards the prior.

    Kept between 0 and 1, so that returns are concave in posts.
    """
    mean, spread = prior
    usable = np.isfinite(log_y) & (posts > 0)
    if usable.sum() < 3:
        return Elasticity(mean, 1.0)
    y, x = log_y[usable] - log_y[usable].mean(), np.log(posts[usable])
    usual, x = float(np.exp(x.mean())), x - x.mean()
    information = float(x @ x)
    slope = float(x @ y) / information if information > 0 else mean
    noise = float(np.mean((y - slope * x) ** 2))
    weight = information / (information + noise / spread**2) if information > 0 else 0.0
    return Elasticity(float(np.clip(weight * slope + (1 - weight) * mean, 0.0, 1.0)), usual)
