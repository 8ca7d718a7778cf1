"""What would change a verdict, in French and English, from the numbers of its record."""

from typing import Any

NEEDED = 3.0  # standard errors from zero at which a claim among some thirty passes
MANY = 100.0


def change(record: dict[str, Any]) -> dict[str, str]:
    """Return ``change_fr`` and ``change_en``."""
    if record["estimate"] is None:
        return _said("Des données qui contiennent ce qui manque.", "Data that hold what is missing.")
    if record["withheld"]:
        return _said(
            "Des données où cette raison ne joue pas : plus de créateurs, ou une confiance mieux mesurée.",
            "Data in which the reason given does not hold: more creators, or trust measured better.",
        )
    if record["verdict"] != "inconclusive":
        margin = min(abs(record["low"]), abs(record["high"]))
        return _said(
            f"Une cause non mesurée qui déplacerait l'estimation de plus de {margin:.2f}.".replace(".", ",", 1),
            f"A cause that was not measured and moves the estimate by more than {margin:.2f}.",
        )  # fmt: skip
    times = (NEEDED * record["error"] / max(abs(record["estimate"]), 1e-9)) ** 2
    if times > MANY:
        return _said(
            "Une estimation aussi proche de zéro resterait indécise même avec cent fois plus de créateurs.",
            "An estimate so near zero would stay undecided even with a hundred times as many creators.",
        )
    return _said(
        f"Environ {max(times, 1.1):.1f} fois plus de créateurs, si l'estimation reste la même.".replace(".", ",", 1),
        f"About {max(times, 1.1):.1f} times as many creators, if the estimate stays the same.",
    )


def _said(french: str, english: str) -> dict[str, str]:
    return {"change_fr": french, "change_en": english}
