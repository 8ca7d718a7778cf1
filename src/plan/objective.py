"""What a plan is for, in one number: measures with weights, and the risk of the deliveries.

Risk. With aversion a, deliveries D count as (1 - a) E[D] + a CVaR(D), the mean of the worst share of outcomes. For a
sum of independent counts the CVaR has no linear form; its exponential bound has one for each tilt t > 0:

    CVaR(D) ~ max over t of  sum of C(t) - k^2 / (2 t),   C(t) = -log E[exp(-t D_i)] / t

with k = phi(z) / tail, the CVaR of a standard normal, so that the bound is exact for a normal sum (it is mean - k SD).
C is the certainty equivalent of one option; that of a negative binomial of mean m and dispersion d is
log(1 + d m (1 - exp(-t))) / (d t). Many small independent creators are thus safer than one large one.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from .campaign import Campaign
from .options import Options
from .program import Floats, Program, program_of
from .solve import GAP, Solution, relaxed_bound, solve

MEASURES = ("deliveries", "reach", "trusted_reach")
TILTS = np.array([0.4, 0.63, 1.0, 1.6, 2.5])  # times k / SD, the best tilt of a normal sum


@dataclass(frozen=True)
class Goal:
    """The objective of one campaign; the same for every budget of it."""

    campaign: Campaign
    options: Options
    scale: dict[str, float]  # weight of one unit of each measure
    tilts: tuple[float, ...]  # none: no aversion to risk

    def value(self, tilt: float | None) -> Floats:
        """Return what each option is worth alone."""
        table = self.options.table
        total = np.zeros(len(table))
        for name, weight in self.scale.items():
            gross = table[name].to_numpy().astype(float)
            if name == "deliveries" and tilt is not None:
                aversion = self.campaign.risk.aversion
                sure = certain(gross, table["dispersion"].to_numpy(), tilt)
                gross = (1 - aversion) * gross + aversion * sure
            total = total + weight * gross
        return total

    def program(self, budget: int, tilt: float | None = None) -> Program:
        """Return the program for a budget, cents."""
        value = self.value(tilt)
        return replace(program_of(self.campaign, self.options.table, value, self.options.capacity(value)),
                       budget=budget)  # fmt: skip

    def toll(self, tilt: float | None) -> float:
        """Return what a tilt costs."""
        if tilt is None:
            return 0.0
        risk = self.campaign.risk
        return self.scale.get("deliveries", 0.0) * risk.aversion * shortfall(risk.tail) ** 2 / (2 * tilt)

    def score(self, chosen: np.ndarray) -> float:
        """Return what a plan is worth."""
        budget = self.campaign.budget_cents
        return max(self.program(budget, t).worth(chosen) - self.toll(t) for t in self.tilts or (None,))

    def best(self, budget: int, gap: float = GAP) -> Solution:
        """Find the best plan for a budget, over all tilts.

        :param gap: The proven gap with which to be content.

        :raises InfeasibleError: If no plan meets the budget and the limits.
        """
        if not self.tilts:
            return solve(self.program(budget), gap)
        programs = {t: self.program(budget, t) for t in self.tilts}
        bounds = {t: relaxed_bound(program) - self.toll(t) for t, program in programs.items()}
        best: Solution | None = None
        for tilt in sorted(bounds, key=lambda t: -bounds[t]):
            if best is not None and bounds[tilt] <= best.worth + gap * abs(best.worth):
                break
            found = solve(programs[tilt], gap)
            bounds[tilt] = found.bound - self.toll(tilt)
            if best is None or found.worth - self.toll(tilt) > best.worth:
                best = Solution(found.chosen, found.worth - self.toll(tilt), 0.0)
        assert best is not None  # noqa: S101 there is at least one tilt
        return replace(best, bound=max(bounds.values()))


def goal_of(campaign: Campaign, options: Options) -> Goal:
    """Set the scale of the measures and the tilts of the risk."""
    weights = {name: weight for name, weight in campaign.objective.model_dump().items() if weight > 0}
    scale = dict.fromkeys(weights, 1.0)
    if len(weights) > 1:
        free = campaign.model_copy(update={"limits": (), "must": ()})
        most = {name: relaxed_bound(Goal(free, options, {name: 1.0}, ()).program(campaign.budget_cents))
                for name in weights}  # fmt: skip
        scale = {name: weight / max(most[name], 1e-300) for name, weight in weights.items()}
    plain = Goal(campaign, options, scale, ())
    if campaign.risk.aversion == 0 or "deliveries" not in weights or not len(options.table):
        return plain
    chosen = solve(plain.program(campaign.budget_cents)).chosen
    rows = options.table[chosen]
    mean, dispersion = rows["deliveries"].to_numpy(), rows["dispersion"].to_numpy()
    spread = float(np.sqrt((mean + dispersion * mean**2).sum())) or 1.0
    return replace(plain, tilts=tuple(TILTS * shortfall(campaign.risk.tail) / spread))


def certain(mean: Floats, dispersion: Floats, tilt: float) -> Floats:
    """Return the certainty equivalent of negative binomial counts; of Poisson ones where the dispersion is 0."""
    lost = -np.expm1(-tilt)
    mixed = np.log1p(dispersion * mean * lost) / np.where(dispersion > 0, dispersion, 1.0)
    return np.asarray(np.where(dispersion > 0, mixed, mean * lost) / tilt)


def shortfall(tail: float) -> float:
    """Return by how many SDs the mean of the worst ``tail`` of a normal lies below its mean."""
    return float(stats.norm.pdf(stats.norm.ppf(tail)) / tail)
