"""Seconds, peak memory and comments a second of the simulated world, at several scales, each in its own process.

Usage: ``env PYTHONPATH=typings python benchmarks/world.py [SCALE ...]``; writes Markdown to stdout. Without a scale the
usual ones are run, and then a small world made alone and in a series (``thiqa.data.world.trials``).
"""

import subprocess
import sys
import tempfile
from pathlib import Path

WORLD = Path(__file__).parents[1] / "experiments" / "worlds" / "maroc.yaml"
ONE = """
import resource, sys, time
from pathlib import Path
import pyarrow.parquet as pq
from thiqa.data.world import simulate
start = time.perf_counter()
simulate(Path(sys.argv[1]), Path(sys.argv[2]), scale=float(sys.argv[3]), progress=False)
seconds = time.perf_counter() - start
rows = [pq.ParquetFile(Path(sys.argv[2]) / f"{name}.parquet").metadata.num_rows for name in ("posts", "comments")]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(f"| {float(sys.argv[3]):g} | {rows[0]:,} | {rows[1]:,} | {seconds:.1f} | {peak:.2f} | {rows[1] / seconds:,.0f} |")
"""


SERIES = """
import sys, time
from pathlib import Path
from thiqa.data.world import simulate, trials
out = Path(sys.argv[1])
file = out / "world.yaml"
file.write_text("size: {creators: 150, months: 12, campaigns: 15, placements: 1200}")
start = time.process_time()
simulate(file, out / "alone", progress=False)
print(f"| simulate | 1 | {time.process_time() - start:.2f} |")
made = [time.process_time() for _ in trials(file, range(1, 12), out)]
print(f"| trials, after the first | 10 | {(made[-1] - made[0]) / 10:.2f} |")
"""


def main(scales: list[str]) -> None:
    """Run each scale."""
    print("| scale | posts | comments | seconds | peak memory, GiB | comments a second |\n|--:|--:|--:|--:|--:|--:|")
    for scale in scales or ["0.1", "1", "5", "20"]:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, "-c", ONE, str(WORLD), f"{folder}/world", scale], check=True)
    if not scales:
        head = "150 creators, 1,200 placements | worlds | processor seconds a world"
        print(f"\n| {head} |\n|---|--:|--:|")
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, "-c", SERIES, folder], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
