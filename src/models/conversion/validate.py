"""How well the model sells on creators it has not seen, in a time it has not seen, beside what people use today."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl
from sklearn.metrics import mean_poisson_deviance
from sklearn.model_selection import GroupKFold

from .config import ConversionConfig
from .data import CATEGORIES, feature_columns
from .model import fit, learnable
from .oracle import true_rates
from .reach import ReachModel
from .rivals import fit_linear

SMALLEST = 1e-12  # expected deliveries: the Poisson deviance needs more than 0


class Fitted(Protocol):
    """What judging needs of a fitted model."""

    @property
    def mean_rate(self) -> float:
        """Deliveries for each reached person in training."""
        ...

    @property
    def reach(self) -> ReachModel:
        """What reach a deal can expect."""
        ...

    def rate(self, frame: pl.DataFrame) -> np.ndarray:
        """Predict deliveries for each reached person, shape (rows,)."""
        ...


Fitter = Callable[[pl.DataFrame], Fitted]


def fitters(frame: pl.DataFrame, config: ConversionConfig, seed: int) -> dict[str, Fitter]:
    """Name the models that are compared: ours, and what people use today."""
    rates = [name for name in frame.columns if name.startswith("rate_by_followers")]
    return {
        "model": lambda rows: fit(rows, feature_columns(frame), CATEGORIES, config, seed),
        "followers": lambda rows: fit_linear(rows, ["followers"]),
        "followers_and_engagement": lambda rows: fit_linear(rows, ["followers", *rates]),
    }


def cross_fit(frame: pl.DataFrame, fitter: Fitter, config: ConversionConfig, seed: int) -> pl.DataFrame:
    """Predict placements of held-out creators, agreed after everything that the fold trained on.

    :return: One row a judged placement: ``placement_id``, ``rate`` and ``reference`` (the training mean rate), both
        per reached person, and ``expected_reach``.
    """
    rows = learnable(frame)
    cut = rows["agreed_at"].sort()[int(config.train_until * (len(rows) - 1))]
    folds = min(config.folds, rows["creator_id"].n_unique())
    splitter = GroupKFold(n_splits=folds, shuffle=True, random_state=seed)
    judged = []
    for train, test in splitter.split(rows, groups=rows["creator_id"].to_list()):
        model = fitter(rows[train].filter(pl.col("agreed_at") <= cut))
        part = rows[test].filter(pl.col("agreed_at") > cut)
        judged.append(
            part.select("placement_id").with_columns(
                rate=model.rate(part),
                reference=pl.lit(model.mean_rate),
                expected_reach=pl.Series(model.reach.predict(part)),
            )
        )
    return pl.concat(judged).sort("placement_id")


def d2(delivered: np.ndarray, expected: np.ndarray, reference: np.ndarray) -> float | None:
    """Share of the Poisson deviance of the reference that is explained: 1 - D(y, expected) / D(y, reference).

    None where the reference leaves nothing to explain.
    """
    if not len(delivered):
        return None
    worst = mean_poisson_deviance(delivered, np.maximum(reference, SMALLEST))
    return float(1 - mean_poisson_deviance(delivered, np.maximum(expected, SMALLEST)) / worst) if worst > 0 else None


def validate(frame: pl.DataFrame, config: ConversionConfig, seed: int, tables: Path) -> dict[str, Any]:
    """Judge the model and its rivals on creators held out and forward in time.

    :param tables: The folder of the tables; where it holds ``truth/``, the true rate is judged as well (oracle).
    :return: ``{"metrics": {…}, "predictions": DataFrame or None}``; without enough placements the metrics say why.
    """
    rows = learnable(frame)
    if rows["creator_id"].n_unique() < 2 or rows["agreed_at"].n_unique() < 2:
        reason = f"{len(rows)} placements with known reach and deliveries: at least two creators and two dates needed"
        return {"metrics": {"reason": reason}, "predictions": None}
    judged = {name: cross_fit(rows, fitter, config, seed) for name, fitter in fitters(rows, config, seed).items()}
    truth = rows.select("placement_id", "creator_id", "tier", "reach", "delivered", "followers", "fee_mad")
    predictions = judged["model"].join(truth, on="placement_id", how="left")
    oracle = true_rates(tables)
    if oracle is not None:
        known = judged["model"].drop("rate").join(oracle, on="placement_id", how="left")
        judged["oracle"] = known.rename({"rate_per_reach": "rate"}).select(judged["model"].columns)
    scores = {name: _scores(part, predictions) for name, part in judged.items()}
    metrics = {
        "placements": len(frame),
        "judged": len(predictions),
        "creators": rows["creator_id"].n_unique(),
        **scores.pop("model"),
        "rivals": scores,
        "gain_over_followers": _gain(judged["model"], judged["followers"], predictions, config.bootstraps, seed),
    }
    return {"metrics": metrics, "predictions": predictions}


def _expected(part: pl.DataFrame, reach: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return part["rate"].to_numpy() * reach, part["reference"].to_numpy() * reach


def _scores(part: pl.DataFrame, truth: pl.DataFrame) -> dict[str, float | None]:
    """Score with realised reach (``d2_rate``) and with the reach expected at the deal (``d2_plan``)."""
    delivered = truth["delivered"].to_numpy().astype(float)
    realised, planned = truth["reach"].to_numpy().astype(float), part["expected_reach"].to_numpy()
    return {
        "d2_rate": d2(delivered, *_expected(part, realised)),
        "d2_plan": d2(delivered, *_expected(part, planned)),
    }


def _gain(
    model: pl.DataFrame, rival: pl.DataFrame, truth: pl.DataFrame, draws: int, seed: int
) -> dict[str, float | None]:
    """Return the gain in ``d2_rate`` with its 90 % interval: creators drawn with replacement."""
    delivered, reach = truth["delivered"].to_numpy().astype(float), truth["reach"].to_numpy().astype(float)
    (ours, reference), (theirs, _) = _expected(model, reach), _expected(rival, reach)
    of_creator = truth.with_row_index("row").group_by("creator_id", maintain_order=True).agg("row")["row"].to_list()
    random = np.random.default_rng(seed)
    gains = []
    for _ in range(draws):
        chosen = random.integers(len(of_creator), size=len(of_creator))
        rows = np.concatenate([of_creator[index] for index in chosen])
        with_ours, with_theirs = (d2(delivered[rows], expected[rows], reference[rows]) for expected in (ours, theirs))
        if with_ours is not None and with_theirs is not None:
            gains.append(with_ours - with_theirs)
    point, base = d2(delivered, ours, reference), d2(delivered, theirs, reference)
    low, high = np.quantile(gains, [0.05, 0.95]) if gains else (None, None)
    gain = point - base if point is not None and base is not None else None
    return {"d2_rate": gain, "low": low, "high": high}
