"""Does the model hold on real counts? Cross-validate it and its rivals on ads of one advertiser; write the table."""

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml
from sklearn.model_selection import KFold

from thiqa.files import write_json
from thiqa.models.conversion import ConversionConfig
from thiqa.models.conversion.rivals import RIVALS, parameters
from thiqa.models.conversion.scorer import fit_scorer
from thiqa.models.conversion.scores import d2

HERE = Path(__file__).parent
RESULTS, README = HERE / "results.json", HERE / "README.md"
COLUMNS = ("impressions", "clicks", "spent", "ctr", "cpc", "cpm")
CATEGORIES = ("age", "gender", "campaign", "interest")


def ads(path: Path) -> pl.DataFrame:
    """Read the ads as placements: each a creator of its own, impressions as reach."""
    frame = pl.read_csv(path)
    numbers = {"impressions": "Impressions", "clicks": "Clicks", "spent": "Spent"}
    frame = frame.with_columns(
        *(pl.col(old).cast(pl.Float64).alias(new) for new, old in numbers.items()),
        creator_id=pl.col("ad_id").cast(pl.String), tier=pl.lit("all"), reach=pl.col("Impressions"),
        campaign=pl.col("xyz_campaign_id").cast(pl.String), interest=pl.col("interest").cast(pl.String),
    )  # fmt: skip
    clicked = pl.when(pl.col("clicks") > 0)
    return frame.with_columns(
        ctr=pl.col("clicks") / pl.col("impressions"), cpm=pl.col("spent") / pl.col("impressions"),
        cpc=clicked.then(pl.col("spent") / pl.col("clicks")),
    )  # fmt: skip


def judge(frame: pl.DataFrame, params: dict[str, Any]) -> dict[str, float | None]:
    """Return each arm's D², over all folds of all seeds together."""
    expected: dict[str, list[np.ndarray]] = {}
    counts, reference = [], []
    for seed in params["seeds"]:
        for train, test in KFold(params["folds"], shuffle=True, random_state=seed).split(frame):
            rows, held_out = frame[train], frame[test]
            rate = float(rows["delivered"].sum()) / float(rows["reach"].sum())
            counts.append(held_out["delivered"].to_numpy().astype(float))
            reference.append(np.full(len(held_out), rows["delivered"].mean()))
            exposure = rate * held_out["reach"].to_numpy()
            for arm, log_ratio in arms(rows, held_out, rate, params["trees"]).items():
                expected.setdefault(arm, []).append(exposure * np.exp(log_ratio))
    everything = np.concatenate(counts), np.concatenate(reference)
    return {arm: d2(everything[0], np.concatenate(parts), everything[1]) for arm, parts in expected.items()}


def arms(rows: pl.DataFrame, held_out: pl.DataFrame, rate: float, trees: int) -> dict[str, np.ndarray]:
    """Fit every arm and return its log(rate / mean rate) of the rows held out."""
    found = {}
    for name, most in {"model": trees, "log-linear part alone": 0}.items():
        config = ConversionConfig(trees=most, smallest_leaf=20)
        found[name] = fit_scorer(rows, COLUMNS, CATEGORIES, rate, config, 1)[0].log_ratio(held_out)
    for name, fitter in RIVALS.items():
        found[name] = fitter(rows, rate, COLUMNS, CATEGORIES, parameters()[name])(held_out)
    return found


def table(results: dict[str, dict[str, float]]) -> str:
    """Write the table of the README."""
    lines = ["| arm | " + " | ".join(f"D², {target}" for target in results) + " |", "|---|" + "--:|" * len(results)]
    named = next(iter(results.values()))
    lines += [f"| {arm} | {' | '.join(f'{scores[arm]:.3f}' for scores in results.values())} |" for arm in named]
    return "\n".join(lines)


def main() -> None:
    """Run, if the data are there."""
    params = yaml.safe_load((HERE / "params.yaml").read_text(encoding="utf-8"))
    path = Path(os.environ.get("THIQA_EXTERNAL_DATA", "data/external")) / "kag_conversion" / "ads.csv"
    if not path.exists():
        print(f"{path}: not here, nothing is run (data/external/sources.yaml says where it comes from)")
        return
    frame = ads(path)
    results = {target: judge(frame.with_columns(delivered=pl.col(target)), params) for target in params["targets"]}
    write_json(results, RESULTS)
    text = table(results)
    print(text)
    block = re.compile(r"(<!-- results:begin -->\n).*?(<!-- results:end -->)", re.DOTALL)
    readme = README.read_text(encoding="utf-8")
    README.write_text(block.sub(lambda found: f"{found[1]}{text}\n{found[2]}", readme), encoding="utf-8")


if __name__ == "__main__":
    main()
