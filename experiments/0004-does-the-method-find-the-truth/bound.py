"""What could be known of size at all: the same estimates where no chance is left in what a placement sells.

Deliveries are replaced by their expectation, the simulator's true rate times reach, so that the worlds of an arm differ
only in which creators there are and who hired them. An estimator that knew every creator's true rate would still spread
as far. Writes ``bound.csv``, and the table between the marks ``bound`` of the README.
"""

import multiprocessing
import sys
import warnings
from pathlib import Path
from typing import Any

import polars as pl
from scipy import stats

sys.path.insert(0, str(Path(__file__).parent))

from labelled import labelled
from run import world_of

from thiqa.config import read_yaml
from thiqa.data.world.drawn import draw
from thiqa.data.world.outcomes import draw_outcomes
from thiqa.evidence import EvidenceConfig
from thiqa.evidence.denominators import findings_by_denominator
from thiqa.evidence.portfolios import findings_of_portfolios
from thiqa.files import read_json, replacing
from thiqa.generated import filled

HERE = Path(__file__).parent
ARMS, WORLDS = ("together", "maroc"), 30
CLAIMS = ("small_per_follower", "small_per_reach", "small_per_mad", "ten_micro_beat_one_macro", "mix_beats_single_tier")
LEVEL = 0.015  # at which the first claim on size is passed, less those on which the rest is easy (verdicts.SHARES)


def run_world(task: tuple[str, int, dict[str, Any]]) -> list[dict[str, Any]]:
    """Estimate the claims on one world, from deliveries and from what was expected of each placement."""
    arm, seed, params = task
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        world = world_of(params["arms"][arm], params["sizes"], seed)
        material, drawn = labelled(world), draw(world)
        outcomes = draw_outcomes(world, drawn.deals, drawn.log_rate, drawn.draws)
        sure = material.placements.with_columns(sold=outcomes.rate * outcomes.reach * drawn.deals.real)
        config = EvidenceConfig(**params["evidence"])
        found = [findings_by_denominator(rows, config, seed) | findings_of_portfolios(rows, config, seed)
                 for rows in (material.placements, sure)]  # fmt: skip
    values = ((claim, *(getattr(each[claim].result, "value", None) for each in found)) for claim in CLAIMS)
    return [{"arm": arm, "seed": seed, "claim": claim, "sold": sold, "expected": expected}
            for claim, sold, expected in values]  # fmt: skip


def table(results: pl.DataFrame, truths: dict[str, Any]) -> str:
    """Write the README's table."""
    lines = ["| arm | claim | truth | SD of estimates | SD without chance in sales | power, at most |",
             "|---|---|--:|--:|--:|--:|"]  # fmt: skip
    for (arm, claim), part in results.group_by("arm", "claim", maintain_order=True):
        truth, spread = truths[str(arm)][str(claim)]["truth"], float(part["expected"].std())  # type: ignore[arg-type]
        power = float(stats.norm.sf(stats.norm.isf(LEVEL / 2) - abs(truth) / spread))
        lines.append(f"| {arm} | {claim} | {truth:+.2f} | {part['sold'].std():.2f} | {spread:.2f} | {power:.0%} |")
    return "\n".join(lines)


def main() -> None:
    """Run all worlds."""
    params = read_yaml(HERE / "params.yaml")
    tasks = [(arm, seed, params) for arm in ARMS for seed in params["seeds"][:WORLDS]]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        rows = [row for found in pool.map(run_world, tasks) for row in found]
    results = pl.DataFrame(rows).sort("arm", "seed", "claim")
    with replacing(HERE / "bound.csv") as out:
        results.write_csv(out, float_precision=6)
    readme = HERE / "README.md"
    text = filled(readme.read_text(encoding="utf-8"), "bound", table(results, read_json(HERE / "answers.json")) + "\n")
    readme.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
