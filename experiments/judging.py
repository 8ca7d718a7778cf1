"""Judge logits on a labelled part that nothing was fitted on: calibration and thresholds from its other authors."""

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from thiqa.data.corpus import LABELS
from thiqa.models.text.decide import fit_decisions
from thiqa.models.text.evaluate import judge
from thiqa.models.text.heads import HEADS, OUTPUTS, targets

Floats = NDArray[np.floating]


def judged(outputs: Floats, texts: pl.DataFrame, folds: int) -> dict[str, float]:
    """Give the mean area under the ROC curve of nine labels, their mean F1, and that of the lowest variety."""
    answers, heads = targets(texts), outputs[:, : len(HEADS)]
    varieties, yes = outputs[:, len(HEADS) :].argmax(axis=1), np.zeros(heads.shape, dtype=bool)
    for fit, held in GroupKFold(folds).split(heads, groups=texts["batch"].to_numpy()):
        decisions = fit_decisions(heads[fit], answers[fit, : len(HEADS)], varieties[fit])
        yes[held] = decisions.probabilities(heads[held]) >= decisions.thresholds.T[varieties[held]]
    said = judge(texts, {label: yes[:, HEADS.index(label)] for label in LABELS}, np.random.default_rng(1))
    means = [part["mean"] for part in said["variety"].values() if not np.isnan(part["mean"])]
    asked = ~np.isnan(answers)
    areas = [roc_auc_score(answers[asked[:, at], at], outputs[asked[:, at], at])
             for at in (OUTPUTS.index(label) for label in LABELS)]  # fmt: skip
    return {"auc": float(np.mean(areas)), "f1": said["mean"], "lowest": min(means)}
