"""Verdicts at a false-discovery rate of 5 % over all claims together.

Two families share the 5 %: 3.5 % for levers (Benjamini and Hochberg), 1.5 % for size (Holm, whose true effects are
large). A union of families with rates a and b has a rate of at most a + b. One family of all claims would let the
claims on size that hold in every world (a nano costs less than a macro) make the rest easy to pass.
"""

from typing import Any

import numpy as np
from statsmodels.stats.multitest import multipletests

from .claims import CLAIMS, Claim
from .estimate import Estimate, Withheld
from .finding import Finding

RATE = 0.05
SHARES = {"levers": (0.7, "fdr_bh"), "size": (0.3, "holm")}
MARGIN = 0.10  # log: within it, size adds nothing
NOTHING_LEFT = "size_adds_nothing_given_relation"


def records(findings: dict[str, Finding]) -> list[dict[str, Any]]:
    """Turn findings into one record for each claim, in the order of the claims."""
    q = adjusted({name: finding.result.p for name, finding in findings.items()
                  if isinstance(finding.result, Estimate)})  # fmt: skip
    return [record(claim, findings[claim.name], q.get(claim.name)) for claim in CLAIMS]


def adjusted(p: dict[str, float]) -> dict[str, float]:
    """Adjust p for all claims of a family, and for the family's share of the 5 %."""
    found: dict[str, float] = {}
    for family, (share, method) in SHARES.items():
        names = [claim.name for claim in CLAIMS if claim.family == family and claim.name in p]
        if names:
            _, values, *_ = multipletests([p[name] for name in names], method=method)
            found |= {name: float(min(1.0, value / share)) for name, value in zip(names, values, strict=True)}
    return found


def record(claim: Claim, finding: Finding, q: float | None) -> dict[str, Any]:
    """Write one claim's record."""
    result, words = finding.result, claim.words
    head = {"claim": claim.name, "fr": words["fr"], "en": words["en"]}
    tail = {"how": finding.how, "unit": claim.unit, "side": claim.side, **finding.more}
    if isinstance(result, Withheld):
        empty = dict.fromkeys(("estimate", "low", "high", "p", "q"))
        return {"claim": claim.name, **empty, "n": result.n, "verdict": "inconclusive", **tail,
                "withheld": result.reason, **head}  # fmt: skip
    (low, high), (low95, high95) = result.interval(0.90), result.interval(0.95)
    return {
        "claim": claim.name, "estimate": result.value, "low": low, "high": high, "p": result.p, "q": q,
        "n": result.n, "verdict": verdict(claim, result, q, finding.withheld), **tail,
        "low_95": low95, "high_95": high95, "error": result.error, "creators": result.clusters,
        "equivalence_bound": max(abs(low), abs(high)), "withheld": finding.withheld, **head,
    }  # fmt: skip


def verdict(claim: Claim, result: Estimate, q: float | None, withheld: str | None) -> str:
    """Say supported, contradicted or inconclusive."""
    low, high = result.interval(0.90)
    if claim.name == NOTHING_LEFT and withheld is None and low >= -MARGIN and high <= MARGIN:
        return "supported"
    if withheld is not None or q is None or q > RATE:
        return "inconclusive"
    if claim.name == NOTHING_LEFT:
        low, high = result.interval(0.95)
        return "contradicted" if (low > 0 or high < 0) and abs(result.value) > MARGIN else "inconclusive"
    if low > 0 or high < 0:
        return "supported" if np.sign(result.value) == claim.side else "contradicted"
    return "inconclusive"
