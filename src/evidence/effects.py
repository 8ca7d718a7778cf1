"""Partially linear double machine learning of a lever on the log rate, clustered by creator.

With r the outcome of a placement over what the controls expect of it (count / exposure / cross-fitted mean) and d the
lever minus its cross-fitted mean, the log rate ratio b of one unit of d solves sum w d (r exp(-b d) / mean - 1) = 0:
the residual of the outcome once the lever's part is divided out is not correlated with the lever (g-estimation of a
multiplicative model; Robins, Mark and Newey 1992, Vansteelandt and Joffe 2014). For small b it is the partially
linear score of Chernozhukov et al. (2018); unlike its straight line, it is right for skewed levers too. The library
DoubleML takes no weights (docs/decisions/0008 and 0011).
"""

from dataclasses import dataclass, replace

import numpy as np

from .clusters import Spread, point, slope, spread_of
from .config import EvidenceConfig
from .design import Design, Floats, Ints, standard_scores
from .estimate import Estimate, Withheld
from .nuisance import PRIOR, RateModel, folds_of, levelled, mean, rate_model
from .sensitivity import Leftover, leftover

THIN = 0.10  # share of a lever's variance that controls must leave, else there is no overlap
_STEPS, _STEP = 30, 0.5  # of Newton's method, which takes some five


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
           benchmark: tuple[str, ...] = (), *, mediators: bool = False,
           steady: bool = False) -> Effect | Withheld:  # fmt: skip
    """Estimate what one SD of ``treatment`` does to the log rate, controls held but for the blocks ``left_out``.

    :param benchmark: Blocks whose strength measures what may be left over (Cinelli and Hazlett 2020).
    :param mediators: Whether ``benchmark`` is what the treatment works through, and not what confounds it.
    :param steady: Whether what varies within a creator is mostly noise (see :func:`clusters.slope`).
    """
    keep = np.isfinite(treatment)
    if not keep.all():
        data, treatment = data.rows(keep), treatment[keep]
    scale = float(treatment.std()) if len(treatment) else 0.0
    if scale < 1e-9 or data.clusters < 2 * config.folds:
        return Withheld("the lever does not vary", len(treatment))
    standard = standard_scores(treatment)
    controls = data.controls.without(left_out)
    weight = data.spread.information
    guessed = mean(controls.values, standard, weight * data.spread.shared, data.fold, config, seed)
    log = _log_rate(data, left_out, standard, guessed)
    expected = levelled(log, data.relative, weight, data.fold, controls.values, config, seed)
    rest = standard - guessed
    estimate, influence = log_ratio(data.relative / np.maximum(expected, 1e-6), rest, data.spread, steady=steady)
    spent = freedom_spent(controls.values, weight * data.spread.shared)
    told = effective_creators(data.spread)
    wider = float(np.sqrt(told / max(told - spent, told / 4)))
    estimate, influence = replace(estimate, error=estimate.error * wider), influence * wider
    overlap = float(np.average(rest**2, weights=weight) / np.average(standard**2, weights=weight))
    left = leftover(data.relative, standard, controls, data.spread, benchmark, data.proxy_noise, mediators=mediators)
    return Effect(replace(estimate, shift=left.shift), influence, overlap, left, scale)


def log_ratio(ratio: Floats, rest: Floats, spread: Spread, *, steady: bool) -> tuple[Estimate, Floats]:
    """Solve for the log rate ratio of one unit of ``rest``, by Newton's method.

    :param ratio: Outcome over what is expected of it, shape (rows,).
    :param rest: Treatment minus what is expected of it.
    :return: The estimate, and each creator's part of its error.
    """
    found = 0.0
    for _ in range(_STEPS):
        without = ratio * np.exp(-found * rest)
        without = without / np.average(without, weights=spread.information)
        pace = max(point(without * rest, rest, spread, steady=steady), 0.1)  # how fast the score falls with b
        step = float(np.clip(point(without - 1, rest, spread, steady=steady) / pace, -_STEP, _STEP))
        found += step
        if abs(step) < 1e-5:
            break
    estimate, influence = slope(without - 1, rest, spread, steady=steady)
    return replace(estimate, raw=found, error=estimate.error / pace), influence / pace


def effective_creators(spread: Spread) -> float:
    """Return the number of creators of equal information that would tell as much, (sum w)^2 / sum w^2 (Kish)."""
    each = np.bincount(spread.groups, spread.information)
    return float(each.sum() ** 2 / np.sum(each**2))


def freedom_spent(controls: Floats, weight: Floats) -> float:
    """Return how many free columns a ridge on the controls amounts to, creators being the observations.

    The sum of l / (l + penalty) over the eigenvalues l of X'WX. As in least squares, errors are widened by the root of
    creators / (creators - columns), with the creators that tell anything: without it 90 % intervals covered 86 % in
    small worlds.
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
        slopes = centred @ own / (centred @ centred)  # a column follows the treatment in a line, or is constant
        expected = own.mean(axis=0) + slopes * (guessed - standard.mean())[:, None]
        return data.model.without(columns, data.controls.values, expected)
    rest = data.controls.without(left_out)
    return rate_model(rest.values, data.relative, data.spread.information, data.fold).log


def scaled(found: Effect, factor: float) -> Effect:
    """Multiply an effect, its error and its parts."""
    was = found.estimate
    estimate = replace(was, raw=was.raw * factor, error=was.error * abs(factor), shift=was.shift * factor)
    return replace(found, estimate=estimate, influence=found.influence * factor, left=found.left * factor)
