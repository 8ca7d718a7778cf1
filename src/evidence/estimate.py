"""An estimate with its error, and the intervals that Student's distribution gives it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Estimate:
    """A number and its standard error, with the degrees of freedom of that error."""

    value: float
    error: float
    freedom: float
    n: int
    clusters: int
    notes: dict[str, Any] = field(default_factory=dict)

    def interval(self, level: float) -> tuple[float, float]:
        """Return the two-sided interval of a level in 0..1."""
        half = self.error * float(stats.t.ppf((1 + level) / 2, self.freedom))
        return self.value - half, self.value + half

    @property
    def p(self) -> float:
        """Two-sided p of a value of zero."""
        if self.error <= 0 or not np.isfinite(self.value):
            return 1.0
        return float(2 * stats.t.sf(abs(self.value) / self.error, self.freedom))


@dataclass(frozen=True)
class Withheld:
    """No estimate, and why."""

    reason: str
    n: int = 0


Result = Estimate | Withheld
