"""Seconds and proven gap of the planner by number of creators, each in its own process, on random creators.

Creators have 1 to 3 posts, prices and deliveries as in the simulated world (fees of Moroccan prices, log-normal rates),
132 segments of overlapping audiences, and three limits (reach from macro, share of nano, posts in all).
Usage: ``env PYTHONPATH=typings python benchmarks/plan.py [CREATORS ...]``; writes reports/bench/plan.csv.
"""

import subprocess
import sys
from pathlib import Path

import polars as pl

OUT = Path(__file__).parents[1] / "reports" / "bench" / "plan.csv"
BUDGETS = (200_000, 2_000_000)  # MAD
ONE = """
import resource, sys, time
import numpy as np
from thiqa.plan.program import Condition, Program
from thiqa.plan.solve import solve
n, budget, random = int(sys.argv[1]), int(sys.argv[2]) * 100, np.random.default_rng(0)
followers = np.exp(random.uniform(np.log(500), np.log(1e6), n))
sizes, fees = [500, 2e3, 1e4, 5e4, 1e5, 3e5, 1e6], [300, 700, 2500, 7e3, 11e3, 2e4, 38e3]
price = np.exp(np.interp(np.log(followers), np.log(sizes), np.log(fees)) + 0.45 * random.standard_normal(n))
rate = 1.2e-4 * np.exp(0.6 * random.standard_normal(n) - 0.3 * (followers > 1e5))
posts, creator = np.tile(np.arange(1.0, 4.0), n), np.repeat(np.arange(n), 3)
reach = np.repeat(2800 * (followers / 1e4) ** 0.9, 3) * posts**0.35
value = np.repeat(rate, 3) * reach
cents = (np.ceil(np.repeat(price, 3) * posts**0.7) * 100).astype(np.int64)
segment = np.repeat(random.integers(132, size=n), 3)
largest, capacity = np.zeros(132), np.bincount(segment, value, minlength=132) / 2
np.maximum.at(largest, segment, value)
macro, nano = np.repeat(followers > 1e5, 3), np.repeat(followers < 2e3, 3)
limits = (
    Condition("reach from macro", macro * reach, low=budget / 100),
    Condition("share of nano", nano - 0.2, low=0.0),
    Condition("posts", posts, high=max(20.0, budget / 300_000)),
)
program = Program(creator, cents, value, segment, np.maximum(capacity, 1.25 * largest), budget, limits)
start, used = time.perf_counter(), time.process_time()
found = solve(program)
seconds, cpu = time.perf_counter() - start, time.process_time() - used
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(n, budget // 100, len(found.chosen), round(seconds, 2), round(cpu, 2), round(100 * found.gap, 4), round(peak, 2))
"""


def main(sizes: list[str]) -> None:
    """Run each size with each budget."""
    names = ("creators", "budget_mad", "chosen", "seconds", "cpu_seconds", "gap_percent", "peak_gib")
    rows = []
    for size in sizes or ["1000", "3000", "10000", "30000", "100000"]:
        for budget in BUDGETS:
            command = [sys.executable, "-c", ONE, size, str(budget)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            rows.append([float(value) for value in done.stdout.split()])
            print(f"| {' | '.join(f'{value:g}' for value in rows[-1])} |", flush=True)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(rows, schema=list(names), orient="row").write_csv(OUT)


if __name__ == "__main__":
    main(sys.argv[1:])
