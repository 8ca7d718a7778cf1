"""Vectors of texts, read once by an encoder and kept under artifacts/ for every experiment that asks again."""

from pathlib import Path

import numpy as np
import polars as pl

from thiqa.files import digest, replacing
from thiqa.models.text.teacher import Encoder, RememberingEncoder

ROOT = Path(__file__).parents[1]
_CODE = [ROOT / "src" / "models" / "text" / f"{name}.py" for name in ("graph", "normal", "runtime", "teacher")]


def kept_encoder(folder: Path) -> RememberingEncoder:
    """Load an encoder that knows the texts it has read in earlier runs (:func:`keep` writes them)."""
    encoder = Encoder.load(folder)
    reading = RememberingEncoder(encoder.runtime, encoder.tokenizer)
    if _place(folder).exists():
        table = pl.read_parquet(_place(folder))
        reading.known = dict(zip(table["text"], table["vector"].to_numpy(), strict=True))
    return reading


def keep(encoder: RememberingEncoder, folder: Path) -> None:
    """Write down what an encoder has read."""
    vectors = np.stack(list(encoder.known.values())).astype(np.float32)
    with replacing(_place(folder)) as temporary:
        pl.DataFrame({"text": list(encoder.known), "vector": vectors}).write_parquet(temporary)


def _place(folder: Path) -> Path:
    weights = [file for file in sorted(folder.iterdir()) if file.suffix in {".onnx", ".safetensors"}]
    return ROOT / "artifacts" / "vectors" / f"{digest(*weights, folder / 'tokenizer.json', *_CODE)[:12]}.parquet"
