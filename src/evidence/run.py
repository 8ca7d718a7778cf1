"""All claims on one folder of data."""

from typing import Any

from .change import change
from .config import EvidenceConfig
from .denominators import finding_of_engagement, findings_by_denominator
from .finding import Finding
from .levers import findings_of_levers
from .material import Material
from .portfolios import findings_of_portfolios
from .size import findings_of_size
from .slopes import with_slopes
from .trends import finding_of_trends
from .verdicts import records


def examine(material: Material, config: EvidenceConfig, seed: int) -> list[dict[str, Any]]:
    """Answer every claim: a record each, in the order of :data:`claims.CLAIMS`.

    :return: ``claim, estimate, low, high`` (90 %), ``p, q, n, verdict, how`` and more; where the data cannot answer,
        no estimate, the verdict ``inconclusive`` and the reason in ``withheld``.
    """
    rows = records(with_slopes(findings(material, config, seed), material, config, seed))
    rows = [{**row, **change(row)} for row in rows]
    if material.outcome != "delivered":
        note = " Deliveries were not observed: orders stand in their place, and not every order is a sale."
        rows = [{**row, "how": row["how"] + note} for row in rows]
    return rows


def findings(material: Material, config: EvidenceConfig, seed: int) -> dict[str, Finding]:
    """Estimate what every claim rests on: all that a verdict needs, and nothing that is only shown beside it."""
    placements = material.placements
    found = findings_by_denominator(placements, config, seed)
    found["small_more_engaged"] = finding_of_engagement(material.engagement, config, seed)
    found |= findings_of_portfolios(placements, config, seed)
    found |= findings_of_levers(placements, config, seed)
    found["nano_leads_trends"] = finding_of_trends(material.adoptions, config)
    return found | findings_of_size(placements, config, seed)
