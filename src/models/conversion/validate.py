"""How well the model sells on creators it has not seen, in a time it has not seen, beside its rivals."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from .config import ConversionConfig
from .data import CATEGORIES, claimed_columns
from .folds import View, folds_of
from .model import SMALLEST_RATE, ConversionModel, fit, learnable
from .oracle import LATENT, true_levers, true_rates
from .reach import ReachModel
from .rivals import RIVALS, LogRatio, Parameters, parameters, simple
from .scores import coverage, d2, gain, regret

Fitter = Callable[[pl.DataFrame, float], LogRatio]  # training rows, their mean rate -> log(rate / mean rate) of rows
KEPT = ("placement_id", "creator_id", "tier", "reach", "delivered", "followers", "fee_mad", "goods_mad", "revenue_mad")
OURS = "model"


def fitters(
    frame: pl.DataFrame, config: ConversionConfig, seed: int, tuned: dict[str, Parameters] | None = None
) -> dict[str, Fitter]:
    """Name the rivals: what people use today, other models on our columns, and ours fed the true levers.

    :param tuned: Parameters of the other models, where they are not those of rivals.yaml.
    """
    given = parameters() | (tuned or {})
    shown = [name for name in frame.columns if name.startswith("rate_by_followers")]
    columns = [name for name in claimed_columns(frame) if not name.startswith(LATENT)]
    found: dict[str, Fitter] = {
        "followers": lambda rows, rate: simple(rows, rate, ["followers"]),
        "followers_and_engagement": lambda rows, rate: simple(rows, rate, ["followers", *shown]),
    }
    for name, fitter in RIVALS.items():
        found[name] = lambda rows, rate, fitter=fitter, name=name: fitter(  # type: ignore[misc]
            rows, rate, varying(rows, columns), CATEGORIES, given[name]
        )
    latent = [name for name in frame.columns if name.startswith(LATENT)]
    if latent:
        seen = ["followers", *latent]
        found["latents"] = lambda rows, _rate: _ratio(fit(rows, seen, ("tier", "brand"), config, seed))
    return found


def varying(rows: pl.DataFrame, columns: list[str]) -> list[str]:
    """Leave out columns without two values in training, at which some libraries stumble."""
    return [name for name in columns if rows[name].drop_nulls().n_unique() > 1]


def _ratio(model: ConversionModel) -> LogRatio:
    return lambda frame: np.log(model.rate(frame) / model.mean_rate)


def cross_fit(
    frame: pl.DataFrame, columns: list[str], others: dict[str, Fitter], config: ConversionConfig, seed: int,
    view: View = "creators_and_time",
) -> pl.DataFrame:  # fmt: skip
    """Predict held-out placements by our model, with its intervals, and by others.

    :param columns: Numeric columns that our model sees.
    :return: One row a judged placement: :data:`KEPT`; ``reference`` (the training mean rate) and ``rate_<name>`` of
        each model, per reached person; ``expected_reach``; ``low``, ``high`` and ``covered`` of our 90 % interval.
    """
    rows, judged = learnable(frame), []
    random = np.random.default_rng(seed)
    for train, test in folds_of(rows, view, config, seed):
        if not len(train) or not len(test):
            continue
        reach = ReachModel.fit(train)
        delivered = train["delivered"].to_numpy().astype(float)
        rate = max(float(delivered.sum() / train["reach"].to_numpy().sum()), SMALLEST_RATE)
        nothing = not delivered.sum()
        model = fit(train, columns, CATEGORIES, config, seed)
        around = model.distribution(test)
        counts = test["delivered"].to_numpy().astype(float)
        covered = model.spread.covered(counts, around["deliveries"].to_numpy(), model.groups(test), random)
        rates = {
            name: np.full(len(test), rate) if nothing else rate * np.exp(fitter(train, rate)(test))
            for name, fitter in others.items()
        }
        judged.append(
            test.select(KEPT).with_columns(
                reference=pl.lit(rate), expected_reach=pl.Series(reach.predict(test)),
                **{f"rate_{OURS}": pl.Series(model.rate(test))},
                **{f"rate_{name}": pl.Series(values) for name, values in rates.items()},
                low=around["low"], high=around["high"], covered=pl.Series(covered),
            )
        )  # fmt: skip
    return pl.concat(judged).sort("placement_id") if judged else rows.select(KEPT).clear()


def validate(frame: pl.DataFrame, config: ConversionConfig, seed: int, tables: Path) -> dict[str, Any]:
    """Judge the model and its rivals on creators held out and forward in time, and the model on easier views.

    :param tables: The folder of the tables; where it holds ``truth/``, the true rate is judged as well (oracle), and
        our model fed the true levers (latents).
    :return: ``{"metrics": {…}, "predictions": DataFrame or None}``; without enough placements the metrics say why.
    """
    rows = learnable(frame)
    if rows["creator_id"].n_unique() < 2 or rows["agreed_at"].n_unique() < 2:
        reason = f"{len(rows)} placements with known reach and deliveries: at least two creators and two dates needed"
        return {"metrics": {"reason": reason}, "predictions": None}
    columns, levers, oracle = claimed_columns(rows), true_levers(tables), true_rates(tables)
    if levers is not None:
        rows = rows.join(levers, on="placement_id", how="left")
    judged = cross_fit(rows, columns, fitters(rows, config, seed), config, seed)
    if oracle is not None:
        judged = judged.join(oracle.rename({"rate_per_reach": "rate_oracle"}), on="placement_id", how="left")
    names = [name.removeprefix("rate_") for name in judged.columns if name.startswith("rate_")]
    scores = {name: scores_of(judged, name) for name in names}
    random = np.random.default_rng(seed)
    for name in names:
        if name != OURS:
            scores[name]["model_minus_this"] = gain_over(judged, name, config.bootstraps, random)
    tiers = [tier for tier in judged["tier"].unique().sort() if tier is not None]
    covered = coverage(judged, tiers)
    metrics = {
        "placements": len(frame),
        "judged": len(judged),
        "creators": rows["creator_id"].n_unique(),
        **scores.pop(OURS),
        "share_of_oracle": _share(judged, "oracle"),
        "share_of_latents": _share(judged, "latents"),
        "coverage": {tier: row["share"] for tier, row in covered.items()},
        "intervals": covered,
        "rivals": scores,
        "gain_over_followers": _renamed(scores["followers"]["model_minus_this"]),
        "views": {view: _easier(rows, columns, config, seed, view, tiers) for view in ("creators", "brands", "random")},
    }
    return {"metrics": metrics, "predictions": judged.with_columns(rate=pl.col(f"rate_{OURS}"))}


def _renamed(row: dict[str, float | None]) -> dict[str, float | None]:
    return {"d2_rate": row["gain"], "low": row["low"], "high": row["high"]}


def _easier(
    rows: pl.DataFrame, columns: list[str], config: ConversionConfig, seed: int, view: Any, tiers: list[str]
) -> dict[str, Any]:
    judged = cross_fit(rows, columns, {}, config, seed, view)
    if not len(judged):
        return {"reason": f"nothing to hold out: fewer than two {view}"}
    shares = {tier: row["share"] for tier, row in coverage(judged, tiers).items()}
    return {"judged": len(judged), **scores_of(judged, OURS), "coverage": shares}


def _expected(judged: pl.DataFrame, name: str, exposure: str) -> tuple[np.ndarray, np.ndarray]:
    """Return deliveries expected by a model and by the reference, with ``reach`` or ``expected_reach`` as exposure."""
    reach = judged[exposure].to_numpy().astype(float)
    return judged[f"rate_{name}"].to_numpy() * reach, judged["reference"].to_numpy() * reach


def scores_of(judged: pl.DataFrame, name: str) -> dict[str, Any]:
    """Score one model with realised reach (``d2_rate``) and with the reach expected at the deal (``d2_plan``).

    ``spearman`` ranks placements at the deal; ``regret_mad`` is the revenue lost by taking the 20 placements that the
    model puts first, by the true expectation where it is known and else by what was realised.
    """
    delivered = judged["delivered"].to_numpy().astype(float)
    planned = _expected(judged, name, "expected_reach")[0]
    ranked = len(delivered) > 2 and np.ptp(planned) > 0 and np.ptp(delivered) > 0
    return {
        "d2_rate": d2(delivered, *_expected(judged, name, "reach")),
        "d2_plan": d2(delivered, *_expected(judged, name, "expected_reach")),
        "spearman": float(stats.spearmanr(planned, delivered).statistic) if ranked else None,
        "regret_mad": regret(planned, _worth(judged)),
    }


def _worth(judged: pl.DataFrame) -> np.ndarray:
    """Return the revenue of each placement, MAD: true expectation times the mean revenue of a delivery, if known."""
    revenue = judged["revenue_mad"].fill_null(0.0).to_numpy().astype(float)
    if "rate_oracle" not in judged.columns:
        return revenue
    basket = revenue.sum() / max(float(judged["delivered"].sum()), 1.0)
    return basket * _expected(judged, "oracle", "reach")[0]


def gain_over(judged: pl.DataFrame, rival: str, draws: int, random: np.random.Generator) -> dict[str, float | None]:
    """Return our ``d2_rate`` minus a rival's, with its 90 % interval by creators drawn again."""
    ours, reference = _expected(judged, OURS, "reach")
    theirs, delivered = _expected(judged, rival, "reach")[0], judged["delivered"].to_numpy().astype(float)
    return gain(delivered, ours, theirs, reference, judged["creator_id"].to_numpy(), draws, random)


def _share(judged: pl.DataFrame, of: str) -> float | None:
    """Return our ``d2_rate`` as a share of another's; None where there is no such or it explains nothing."""
    if f"rate_{of}" not in judged.columns:
        return None
    ours, most = (scores_of(judged, name)["d2_rate"] for name in (OURS, of))
    return ours / most if ours is not None and most else None
