"""An estimate with its error and what may be left over, and the intervals that Student's distribution gives it."""

from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Estimate:
    """A number and its standard error, with the degrees of freedom of that error.

    ``shift`` is what a confounder that was measured only in part may have added to ``raw``, at most: the truth behind
    it lies anywhere from ``raw`` to ``raw - shift``. The estimate is the middle; intervals and p hold for all of it.
    """

    raw: float
    error: float
    freedom: float
    n: int
    clusters: int
    shift: float = 0.0

    @property
    def value(self) -> float:
        """The estimate."""
        return self.raw - self.shift / 2

    def interval(self, level: float) -> tuple[float, float]:
        """Return the two-sided interval of a level in 0..1."""
        half = self.error * float(stats.t.ppf((1 + level) / 2, self.freedom))
        return min(self.raw, self.raw - self.shift) - half, max(self.raw, self.raw - self.shift) + half

    @property
    def p(self) -> float:
        """Two-sided p of zero; 1 where zero lies between ``raw`` and ``raw - shift``."""
        ends = (self.raw, self.raw - self.shift)
        if self.error <= 0 or not np.isfinite(self.raw) or min(ends) <= 0 <= max(ends):
            return 1.0
        return float(2 * stats.t.sf(min(abs(end) for end in ends) / self.error, self.freedom))


@dataclass(frozen=True)
class Withheld:
    """No estimate, and why."""

    reason: str
    n: int = 0


Result = Estimate | Withheld
