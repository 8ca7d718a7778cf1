"""Predictions for people: where the model is, and a table of what each deal can be expected to sell, and why."""

import os
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from ...errors import InputError
from ..text.find import MODELS_VARIABLE
from .model import ConversionModel
from .reasons import Language, reasons

_CHECKOUT = Path(__file__).resolve().parents[3]


def find_model(named: Path | None = None) -> ConversionModel:
    """Load the conversion model: the one named, else that of $THIQA_MODELS, else that of ``artifacts/``.

    :param named: Folder of models (as ``artifacts/``) or of the conversion model itself (as ``artifacts/conversion``).
    :raises InputError: If it is not there.
    """
    places = list(_places(named))
    for place in places:
        if (place / "model.json").exists():
            return ConversionModel.load(place)
    looked = ", ".join(map(str, places))
    raise InputError(f"no conversion model in {looked}; train one with: dvc repro train (or make run)")


def _places(named: Path | None) -> Iterator[Path]:
    folder = named or (Path(os.environ[MODELS_VARIABLE]) if os.environ.get(MODELS_VARIABLE) else None)
    if folder:
        yield from (folder, folder / "conversion")
        return
    yield Path("artifacts/conversion")
    yield _CHECKOUT / "artifacts" / "conversion"


def predictions(model: ConversionModel, frame: pl.DataFrame, language: Language = "fr") -> pl.DataFrame:
    """Return one row a deal: ids, what :meth:`ConversionModel.predict` says, and ``reasons`` in words.

    :param frame: From :func:`placements_frame` or :func:`creators_frame`.
    """
    about = frame.select("placement_id", "campaign_id", "creator_id", as_of="agreed_at", tier="tier")
    said = pl.Series("reasons", [" ; ".join(lines) for lines in reasons(model, frame, language)], dtype=pl.String)
    return pl.concat([about, model.predict(frame)], how="horizontal").with_columns(said)
