"""What is said of one claim, before verdicts: an estimate or the reason for none, and what goes with it."""

from dataclasses import dataclass, field
from typing import Any

from .estimate import Result


@dataclass(frozen=True)
class Finding:
    """One claim's result; ``withheld`` forbids a verdict although there is an estimate."""

    result: Result
    how: str
    withheld: str | None = None
    more: dict[str, Any] = field(default_factory=dict)
