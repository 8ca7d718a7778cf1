"""A page with every section filled, hostile texts in each place that takes texts from outside."""

import polars as pl

from thiqa.report.facts import SHOWN, Facts, marked

HOSTILE = (
    '<script>document.title="owned"</script><img src="http://198.51.100.1/x" onerror="document.title=\'owned\'">'
    "</style></table>{{ 7*7 }} \u202egnp.exe\u2066 \ud83d كود تخفيض javascript:alert(1)"
)
ARABIC = "هاد المنتج روعة، خدو كود SARA10 ودخلو على الرابط"


def full_facts(*, simulated: bool = True) -> Facts:
    """Make facts by hand: two tiers, two claims, a plan with two creators, an import with rejected rows."""
    tiers = [{"tier": tier, "placements": 30, "creators": 9, "delivered": 5, "per_1000_reached": 0.2,
              "per_1000_followers": 0.1, "per_1000_mad": 0.3, "per_placement": size, "without_cost": 0}
             for tier, size in (("nano", 0.1), ("macro", 7.5))]  # fmt: skip
    conversion = {"judged": 60, "creators": 18, "d2_rate": 0.3, "d2_plan": 0.2, "by_tier": tiers,
                  "gain_over_followers": {"d2_rate": 0.1, "low": 0.02, "high": 0.2},
                  "rivals": {"followers": {"d2_rate": 0.1, "d2_plan": 0.1}, "oracle": {"d2_rate": 0.6, "d2_plan": 0.5},
                             "a_new_rival": {"d2_rate": None, "d2_plan": 0.1}}}  # fmt: skip
    claim = {"claim": "replies", "estimate": 0.12, "low": 0.05, "high": 0.2, "p": 0.001, "q": 0.01, "n": 900,
             "verdict": "supported", "how": HOSTILE, "unit": "log rate ratio", "withheld": None, "overlap": 0.4,
             "low_95": 0.03, "high_95": 0.22, "sensitivity": {"with_nothing_left_over": 0.15},
             "slope": {"estimate": -0.1, "low": -0.2, "high": 0.02, "n": 900},
             "fr": "Répondre fait vendre.", "en": "Replying sells."}  # fmt: skip
    unknown = claim | {"claim": "slow", "estimate": None, "low": None, "high": None, "verdict": "inconclusive",
                       "withheld": "too few creators"}  # fmt: skip
    chosen = [{"creator_id": f"instagram:{HOSTILE}", "tier": "nano", "niche": HOSTILE, "city": "فاس",
               "platform": "tiktok", "posts": 2, "fee_mad": 500.0, "price": price, "deliveries": 0.4, "low": 0.0,
               "high": 2.0, "reasons": {"fr": ["répond à 34 % des commentaires : +12 %"], "en": [HOSTILE]}}
              for price in ("asked", "estimated")]  # fmt: skip
    step = {"budget_mad": 1000.0, "possible": True, "deliveries": 2.0, "deliveries_low": 1.0, "deliveries_high": 4.0}
    duel = {"micro_deliveries": 3.0, "macro_deliveries": 6.0, "difference": 1.0, "low": -2.0, "high": 4.0}
    plan = {
        "budget_mad": 1000.0, "spend_mad": 1000.0, "creators": 2, "chosen": chosen, "objective": {"gap": 0.002},
        "expected": {"deliveries": 2.0, "deliveries_low": 1.0, "deliveries_high": 4.0},
        "tiers": [{"tier": "nano", "creators": 2, "posts": 4, "spend_mad": 1000.0, "deliveries": 2.0, "adds": 1.0}],
        "frontier": [step, step | {"budget_mad": 2000.0, "deliveries": 3.0}],
        "rivals": {"by_followers": {"spend_mad": 900.0, "deliveries": 1.0}},
        "ten_micro_one_macro": {"as_priced": duel, "equal_money": duel, "break_even": 4.0},
    }  # fmt: skip
    flagged = [{"post_id": "p", "creator_id": f"c{HOSTILE}", "ad": 0.97, "parts": marked(text, ["كود SARA10", "alert"])}
               for text in (HOSTILE, ARABIC)]  # fmt: skip
    medians = pl.DataFrame([{"tier": tier, "creators": 9} | {f"{name}_180d": 0.4 for name in SHOWN}
                            for tier in ("nano", "macro", None)])  # fmt: skip
    imported = {"files": {HOSTILE: {"read": 3, "accepted": 2, "rejected": 1}}}
    return Facts(
        origin={"simulated": simulated, "name": HOSTILE, "import": imported}, rows={"posts": 1234},
        conversion=conversion, medians=medians,
        missing=[{"name": "saves", "formula": "", "null": "none", "lacks": ["posts.saves"]}],
        flagged=flagged, posts_with_text=10, ads=4, undisclosed=2, rejected=[{"reason": HOSTILE, "rows": 1}],
        evidence={"claims": [claim, unknown]}, plan=plan,
    )  # fmt: skip


def calibration() -> pl.DataFrame:
    """Two groups of one tier."""
    return pl.DataFrame({"tier": ["nano", "nano"], "group": [1, 2], "placements": [5, 5], "expected": [0.5, 2.0],
                         "delivered": [1, 2]})  # fmt: skip
