"""The teacher: a multilingual transformer whose states answer the heads; slower than the student, and sees meaning."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from sklearn.linear_model import LogisticRegression
from tokenizers import Tokenizer

from ...errors import InputError
from .normal import latin

Floats = NDArray[np.floating]
LONGEST = 128  # pieces of a text that are read
_BATCH = 64
PREFIX = "query: "  # what this family of encoders was trained to see in front of a text


@dataclass
class Encoder:
    """A ``transformers`` model and its tokenizer; texts become the mean of the states of two of its layers."""

    model: Any
    tokenizer: Tokenizer
    layers: tuple[int, ...]

    @classmethod
    def load(cls, folder: Path, *, int8: bool = False) -> "Encoder":
        """Load a folder that ``transformers`` can read; ``int8`` rounds the weights of its linear layers.

        :raises InputError: If the folder holds no encoder.
        """
        import torch  # noqa: PLC0415 takes a second, and the student needs none of it
        from transformers import AutoModel  # noqa: PLC0415
        from transformers.utils import logging  # noqa: PLC0415

        if not (folder / "config.json").exists():
            raise InputError(f"{folder}: no encoder there (config.json); build one with: dvc repro encoder")
        verbosity = logging.get_verbosity()
        logging.set_verbosity_error()  # it would report the pooler, which nobody asks, as missing
        logging.disable_progress_bar()  # loading takes a second; faults of the input are all that stderr is for
        model = AutoModel.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
        logging.set_verbosity(verbosity)
        model = model.eval()
        if int8:
            model = torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)
        depth = model.config.num_hidden_layers
        return cls(model, Tokenizer.from_file(str(folder / "tokenizer.json")), (max(1, depth * 3 // 4), depth))

    def vectors(self, texts: pl.Series, on_batch: Callable[[int], None] = lambda _: None) -> Floats:
        """Return one vector a text: the mean state of each of :attr:`layers` over its pieces, side by side."""
        size = self.model.config.hidden_size
        out = np.zeros((len(texts), size * len(self.layers)), dtype=np.float32)
        for rows, states, mask in self._batches(texts):
            weights = mask / mask.sum(axis=1, keepdims=True)
            out[rows] = np.concatenate(
                [np.einsum("rp,rpd->rd", weights, states[layer]) for layer in self.layers], axis=1
            )
            on_batch(len(rows))
        return out

    def _batches(self, texts: pl.Series) -> Iterator[tuple[NDArray, dict[int, Floats], Floats]]:
        import torch  # noqa: PLC0415

        read = pl.select(latin(pl.lit(texts))).to_series()
        pieces = [coded.ids[:LONGEST] for coded in self.tokenizer.encode_batch([PREFIX + text for text in read])]
        order = np.argsort([len(ids) for ids in pieces], kind="stable")
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            width = max(len(pieces[row]) for row in rows)
            ids = np.full((len(rows), width), self.model.config.pad_token_id)
            mask = np.zeros((len(rows), width), dtype=np.float32)
            for place, row in enumerate(rows):
                ids[place, : len(pieces[row])] = pieces[row]
                mask[place, : len(pieces[row])] = 1
            with torch.inference_mode():
                said = self.model(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask).long(),
                                  output_hidden_states=True)  # fmt: skip
            yield rows, {layer: said.hidden_states[layer].numpy() for layer in self.layers}, mask


@dataclass
class RememberingEncoder(Encoder):
    """An encoder that reads each text once, for an evaluation that asks about the same texts again and again."""

    known: dict[str, Floats] = field(default_factory=dict)

    def vectors(self, texts: pl.Series, on_batch: Callable[[int], None] = lambda _: None) -> Floats:
        """Return what :meth:`Encoder.vectors` does."""
        new = texts.filter(~texts.is_in(list(self.known))).unique(maintain_order=True)
        self.known |= dict(zip(new, super().vectors(new, on_batch), strict=True))
        size = self.model.config.hidden_size * len(self.layers)
        return np.stack([self.known[text] for text in texts]) if len(texts) else np.zeros((0, size), np.float32)


@dataclass(frozen=True)
class Heads:
    """A linear answer to standardised vectors: ``weights`` (dimensions, outputs) and ``bias``."""

    weights: Floats
    bias: Floats

    def outputs(self, vectors: Floats) -> Floats:
        """Return logits, one row a text."""
        return vectors @ self.weights + self.bias

    def save(self, folder: Path) -> None:
        """Write ``heads.safetensors``."""
        folder.mkdir(parents=True, exist_ok=True)
        save_file({"weights": self.weights.astype(np.float32), "bias": self.bias.astype(np.float32)},
                  folder / "heads.safetensors")  # fmt: skip

    @classmethod
    def load(cls, folder: Path) -> "Heads":
        """Read what :meth:`save` wrote."""
        return cls(**load_file(folder / "heads.safetensors"))


def fit_vector_heads(vectors: Floats, answers: Floats, strength: float) -> Heads:
    """Fit one L2-penalised logistic regression a head on standardised vectors, with the texts that answer it.

    :param answers: (texts, heads) of 0 and 1; NaN where a head is not asked.
    """
    mean, spread = vectors.mean(axis=0), vectors.std(axis=0) + 1e-6
    scaled = (vectors - mean) / spread
    weights, bias = np.zeros((vectors.shape[1], answers.shape[1])), np.zeros(answers.shape[1])
    for head, wanted in enumerate(answers.T):
        asked = np.flatnonzero(~np.isnan(wanted))
        positive = int(np.nansum(wanted))
        if not 0 < positive < len(asked):
            bias[head] = 4.0 if positive else -4.0
            continue
        model = LogisticRegression(C=strength, max_iter=1000, tol=1e-3).fit(scaled[asked], wanted[asked])
        weights[:, head], bias[head] = model.coef_[0], model.intercept_[0]
    weights /= spread[:, None]
    return Heads(weights, bias - mean @ weights)
