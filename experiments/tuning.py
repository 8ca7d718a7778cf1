"""Parameters of the rivals, chosen by creators held out within training rows: the same number of trials for each."""

import random
from typing import Any

import numpy as np
import polars as pl
import yaml
from frames import HERE, code_digest, world_frame
from sklearn.model_selection import GroupKFold

from thiqa.files import read_json, write_json
from thiqa.models.conversion import ConversionConfig
from thiqa.models.conversion.data import CATEGORIES, claimed_columns
from thiqa.models.conversion.model import learnable
from thiqa.models.conversion.rivals import RIVALS
from thiqa.models.conversion.scores import d2
from thiqa.models.conversion.validate import varying

FOLDER = HERE / "0002-conversion-on-worlds"
TUNED = FOLDER / "tuned.json"


def before_the_cut(frame: pl.DataFrame, config: ConversionConfig) -> pl.DataFrame:
    """Return the placements that folds may train on: no later one is among them, and none of them is judged."""
    rows = learnable(frame)
    cut = rows["agreed_at"].sort()[int(config.train_until * (len(rows) - 1))]
    return rows.filter(pl.col("agreed_at") <= cut)


def trials(space: dict[str, list[Any]], count: int, seed: int) -> list[dict[str, Any]]:
    """Draw different sets of parameters at random."""
    draw, drawn = random.Random(seed), []
    for _ in range(20 * count):
        chosen = {name: draw.choice(values) for name, values in space.items()}
        if chosen not in drawn:
            drawn.append(chosen)
    return drawn[:count]


def held_out_d2(rows: pl.DataFrame, rival: str, tuned: dict[str, Any], folds: int) -> float:
    """Return D² with realised reach of creators held out in turn."""
    columns, counts, expected, reference = claimed_columns(rows), [], [], []
    for train, test in GroupKFold(folds, shuffle=True, random_state=0).split(rows, groups=rows["creator_id"].to_list()):
        learnt, judged = rows[train], rows[test]
        rate = float(learnt["delivered"].sum()) / float(learnt["reach"].sum())
        exposure = rate * judged["reach"].to_numpy().astype(float)
        log_ratio = RIVALS[rival](learnt, rate, varying(learnt, columns), CATEGORIES, tuned)(judged)
        counts.append(judged["delivered"].to_numpy().astype(float))
        expected.append(exposure * np.exp(log_ratio))
        reference.append(exposure)
    return d2(*(np.concatenate(parts) for parts in (counts, expected, reference))) or 0.0


def tuned_for(world: str) -> dict[str, Any]:
    """Return the best parameters of each rival on a world, searched for once and kept in tuned.json."""
    params = yaml.safe_load((FOLDER / "params.yaml").read_text(encoding="utf-8"))
    code, world = code_digest(FOLDER / "params.yaml"), params["tuned_as"].get(world, world)
    known = read_json(TUNED) if TUNED.exists() else {}
    if known.get(world, {}).get("code") == code:
        return {rival: row["best"] for rival, row in known[world]["rivals"].items()}
    rows = before_the_cut(world_frame(world, params["tuned_on"])[0], ConversionConfig())
    found = {}
    for rival, space in params["spaces"].items():
        if rival in params["worlds"][world]:
            tried = trials(space, params["trials"], params["tuned_on"])
            scores = [held_out_d2(rows, rival, chosen, params["folds"]) for chosen in tried]
            found[rival] = {"best": tried[int(np.argmax(scores))], "d2": max(scores), "worst": min(scores)}
            print(f"{world}: {rival} {found[rival]}", flush=True)
    known = (read_json(TUNED) if TUNED.exists() else {}) | {world: {"code": code, "rivals": found}}
    write_json(known, TUNED)
    return {rival: row["best"] for rival, row in found.items()}
