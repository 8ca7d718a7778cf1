"""Why each creator of a plan: what moves the expected rate most, beside the average placement, in words."""

from typing import Any, Literal

from ..models.conversion import ConversionModel, reasons
from .options import Market

LANGUAGES: tuple[Literal["fr", "en"], ...] = ("fr", "en")


def explained(plan: dict[str, Any], market: Market, model: ConversionModel) -> dict[str, Any]:
    """Add ``reasons`` (a list of words for each language) to every chosen creator of a plan.

    :param plan: From :func:`thiqa.plan.make.make_plan`.
    """
    chosen = [row["creator_id"] for row in plan["chosen"]]
    rows = market.candidates.filter(market.candidates["creator_id"].is_in(chosen))
    said = {language: reasons(model, rows, language) for language in LANGUAGES}
    found = {
        creator: {language: said[language][place] for language in LANGUAGES}
        for place, creator in enumerate(rows["creator_id"])
    }
    return plan | {"chosen": [row | {"reasons": found[row["creator_id"]]} for row in plan["chosen"]]}
