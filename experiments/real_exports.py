"""What do features look like on real exports? Import each set that is there, build features, write their distributions.

The sets are in the folder that THIQA_EXTERNAL_DATA names (data/external/sources.yaml says where they come from). Only
quantiles over creators are written; no text, no name.
"""

import os
import re
import sys
import tempfile
from pathlib import Path

import polars as pl

from thiqa.annotate import annotate
from thiqa.data.importers import import_csv
from thiqa.engine import EngineConfig, open_engine
from thiqa.features import FeatureConfig, build_features, column_names
from thiqa.models.text.find import SHIPPED
from thiqa.models.text.scorer import load_scorer

PAGE = Path("docs/real-exports.md")
SETS = ("ig_creators_en", "opi_fr", "tiktok_vn")
QUANTILES = (0.05, 0.5, 0.95)


def features_of(source: Path, folder: Path) -> pl.DataFrame:
    """Import one set and build its features, one row a creator at the end of the export."""
    tables, annotated, out = folder / "tables", folder / "annotated", folder / "features.parquet"
    import_csv(source, tables)
    with open_engine(EngineConfig(), folder / "scratch") as engine:
        annotate(engine, tables, annotated, load_scorer(SHIPPED))
        build_features(engine, tables, annotated, out, FeatureConfig())
    return pl.read_parquet(out)


def distributions(table: pl.DataFrame, name: str) -> str:
    """Write the quantiles of every feature that was observed, in its longest window."""
    windows = FeatureConfig().windows
    lines = [f"### {name}: {len(table)} creators", "", "| feature | creators with a value | 5 % | median | 95 % |",
             "|---|--:|--:|--:|--:|"]  # fmt: skip
    empty = []
    for column, feature in column_names(windows).items():
        if feature.name.endswith("_shrunk") or (feature.windowed and not column.endswith(f"_{windows[-1]}d")):
            continue
        known = table[column].drop_nulls()
        if not len(known):
            empty.append(f"`{feature.name}`")
            continue
        values = [f"{known.quantile(q, 'linear'):.3g}" for q in QUANTILES]
        lines.append(f"| `{feature.name}` | {len(known)} | {' | '.join(values)} |")
    return "\n".join([*lines, "", f"Not observed for anybody ({len(empty)}): {', '.join(empty)}."])


def main() -> None:
    """Write the page for the sets that are there."""
    root = os.environ.get("THIQA_EXTERNAL_DATA")
    if not root:
        sys.exit("THIQA_EXTERNAL_DATA names no folder; see data/external/sources.yaml")
    parts = []
    for name in SETS:
        if (Path(root) / name).is_dir():
            with tempfile.TemporaryDirectory() as folder:
                parts.append(distributions(features_of(Path(root) / name, Path(folder)), name))
    block = re.compile(r"(<!-- results:begin -->\n).*?(<!-- results:end -->)", re.DOTALL)
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(block.sub(lambda found: found[1] + "\n\n".join(parts) + "\n" + found[2], text), encoding="utf-8")


if __name__ == "__main__":
    main()
