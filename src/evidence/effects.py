"""Partially linear double machine learning of a lever on the log rate, clustered by creator.

With y the outcome of a placement (count / exposure / its cross-fitted mean given the controls) and d the lever minus
its cross-fitted mean, the slope of y on d is the log rate ratio of one unit of d: exactly so for a normal d, since
E[exp(b d) d] = b Var(d) E[exp(b d)]. The score is Neyman-orthogonal (Chernozhukov et al. 2018); the library DoubleML
has the same score but takes no weights for it (docs/decisions: weights of double machine learning).
"""

from dataclasses import dataclass, replace

import numpy as np

from .clusters import Spread, slope, spread_of
from .config import EvidenceConfig
from .design import Design, Floats, Ints, normal_scores
from .estimate import Estimate, Withheld
from .nuisance import PRIOR, RateModel, folds_of, levelled, mean, rate_model
from .sensitivity import Leftover, leftover

THIN = 0.10  # share of a lever's variance that controls must leave, else there is no overlap


@dataclass(frozen=True)
class Sample:
    """Rows of one analysis: a count with its exposure, controls, and the creator of each row, from 0."""

    count: Floats
    exposure: Floats
    controls: Design
    groups: Ints
    spread: Spread
    fold: Ints
    model: RateModel | None = None  # of all controls
    proxy_noise: float = 0.0  # share of the trust proxy's variance that is sampling

    @property
    def relative(self) -> Floats:
        """Return count / exposure over the overall rate."""
        return np.asarray(self.count / self.exposure * self.exposure.sum() / max(self.count.sum(), 1e-9))

    @property
    def clusters(self) -> int:
        """Number of creators."""
        return int(self.groups.max()) + 1

    def rows(self, keep: np.ndarray) -> "Sample":
        """Keep some rows."""
        spread = self.spread.rows(keep)
        model = self.model and replace(self.model, log=self.model.log[keep], fold=self.fold[keep])
        return replace(self, count=self.count[keep], exposure=self.exposure[keep], controls=self.controls.rows(keep),
                       groups=spread.groups, spread=spread, fold=self.fold[keep], model=model)  # fmt: skip


def sample(count: Floats, exposure: Floats, controls: Design, groups: Ints, config: EvidenceConfig,
           rng: np.random.Generator) -> Sample:  # fmt: skip
    """Draw folds, and learn the working covariance from a first model of all controls."""
    fold = folds_of(groups, config.folds, rng)
    start = spread_of(count, np.maximum(exposure * count.sum() / exposure.sum(), 1e-9), groups)
    drawn = Sample(count, exposure, controls, groups, start, fold)
    first = rate_model(controls.values, drawn.relative, start.information, fold)
    plain = config.model_copy(update={"trees": 0})
    expected = levelled(first.log, drawn.relative, start.information, fold, controls.values, plain, 0)
    spread = spread_of(count, np.maximum(expected * exposure * count.sum() / exposure.sum(), 1e-9), groups)
    return replace(drawn, spread=spread, model=rate_model(controls.values, drawn.relative, spread.information, fold))


@dataclass(frozen=True)
class Effect:
    """An effect per SD of the lever, and what it rests on."""

    estimate: Estimate
    influence: Floats  # of each creator
    overlap: float  # share of the lever's variance that the controls leave
    left: Leftover  # what a confounder that the proxies leave over could add, in the estimate's unit
    scale: float  # SD of the lever in its own unit


def effect(data: Sample, treatment: Floats, left_out: tuple[str, ...], config: EvidenceConfig, seed: int,
           benchmark: tuple[str, ...] = (), *, mediators: bool = False) -> Effect | Withheld:  # fmt: skip
    """Estimate what one SD of ``treatment`` does to the log rate, controls held but for the blocks ``left_out``.

    :param mediators: Whether ``benchmark`` is what the treatment works through, and not what confounds it.
    :param benchmark: Blocks whose strength measures what may be left over (Cinelli and Hazlett 2020).
    """
    keep = np.isfinite(treatment)
    if not keep.all():
        data, treatment = data.rows(keep), treatment[keep]
    scale = float(treatment.std()) if len(treatment) else 0.0
    if scale < 1e-9 or data.clusters < 2 * config.folds:
        return Withheld("the lever does not vary", len(treatment))
    standard = normal_scores(treatment)
    standard = (standard - standard.mean()) / standard.std()
    controls = data.controls.without(left_out)
    weight = data.spread.information
    guessed = mean(controls.values, standard, weight * data.spread.shared, data.fold, config, seed)
    log = _log_rate(data, left_out, standard, guessed)
    expected = levelled(log, data.relative, weight, data.fold, controls.values, config, seed)
    outcome, rest = data.relative / np.maximum(expected, 1e-6) - 1, standard - guessed
    estimate, influence = slope(outcome, rest, data.spread)
    spent = freedom_spent(controls.values, weight * data.spread.shared)
    wider = float(np.sqrt(data.clusters / max(data.clusters - spent, data.clusters / 4)))
    estimate, influence = replace(estimate, error=estimate.error * wider), influence * wider
    overlap = float(np.average(rest**2, weights=weight) / np.average(standard**2, weights=weight))
    left = leftover(data.relative, standard, controls, data.spread, benchmark, data.proxy_noise, mediators=mediators)
    estimate = replace(estimate, shift=left.shift)
    return per_sd_of(Effect(estimate, influence, overlap, left, scale), standard, treatment)


def freedom_spent(controls: Floats, weight: Floats) -> float:
    """Return how many free columns a ridge on the controls amounts to, creators being the observations.

    The sum of l / (l + penalty) over the eigenvalues l of X'WX. As in least squares, errors are widened by the root of
    creators / (creators - columns): without it 90 % intervals covered 86 % in small worlds.
    """
    inner = controls.T @ (controls * weight[:, None])
    values = np.linalg.eigvalsh(inner)
    return float(np.sum(values / (values + PRIOR)))


def _log_rate(data: Sample, left_out: tuple[str, ...], standard: Floats, guessed: Floats) -> Floats:
    """Return the log rate that is expected without the treatment.

    Where the treatment is all that is left out, the model of all controls serves, with the treatment at what the other
    controls expect of it; else a model of the other controls is fitted.
    """
    columns = np.flatnonzero(np.isin(data.controls.blocks, left_out))
    if data.model is not None and len(left_out) == 1 and left_out[0].startswith("lever:"):
        own = data.controls.values[:, columns]
        centred = standard - standard.mean()
        slopes = centred @ own / (centred @ centred)  # each column is a line in the treatment, or constant
        expected = own.mean(axis=0) + slopes * (guessed - standard.mean())[:, None]
        return data.model.without(columns, data.controls.values, expected)
    rest = data.controls.without(left_out)
    return rate_model(rest.values, data.relative, data.spread.information, data.fold).log


def per_sd_of(found: Effect, scores: Floats, treatment: Floats) -> Effect:
    """Turn the slope on normal scores into the slope on the feature itself: times their correlation.

    The slope of a function g of a normal score s on the feature f is Cov(g, f) / Var(f); for a g that is linear in s,
    its slope on s times Cov(s, f) / Var(f).
    """
    return scaled(found, float(np.mean(scores * (treatment - treatment.mean())) / treatment.std()))


def scaled(found: Effect, factor: float) -> Effect:
    """Multiply an effect, its error and its parts."""
    was = found.estimate
    estimate = replace(was, raw=was.raw * factor, error=was.error * abs(factor), shift=was.shift * factor)
    return replace(found, estimate=estimate, influence=found.influence * factor, left=found.left * factor)
