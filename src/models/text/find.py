"""Where the text model is: named, in $THIQA_MODELS, in artifacts/ of the checkout, else the one that ships."""

import os
from collections.abc import Iterator
from pathlib import Path

from ...errors import InputError
from .config import TextConfig
from .scorer import TextScorer, load_scorer

MODELS_VARIABLE = "THIQA_MODELS"
SHIPPED = Path(__file__).parent / "shipped"
TABLES_SHARE = TextConfig().share
_CHECKOUT = Path(__file__).resolve().parents[3]


def find_scorer(model: Path | None = None, share: float = TABLES_SHARE) -> TextScorer:
    """Load the first text model that is there.

    :param model: Folder of models (as ``artifacts/``) or of the text model itself (as ``artifacts/text``).
    :param share: Of texts that the teacher is asked about; the default suits tables of millions of comments.
    :raises InputError: If the one that was named, or none at all, is there.
    """
    named = model or (Path(os.environ[MODELS_VARIABLE]) if os.environ.get(MODELS_VARIABLE) else None)
    places = list(_places(named))
    for place in places:
        if (place / "text.json").exists():
            return load_scorer(place).with_share(share)
    looked = ", ".join(map(str, places))
    raise InputError(f"no text model in {looked}; train one with: dvc repro train_text (or make run)")


def _places(named: Path | None) -> Iterator[Path]:
    if named:
        yield from (named, named / "text")
        return
    yield Path("artifacts/text")
    yield _CHECKOUT / "artifacts" / "text"
    yield SHIPPED
