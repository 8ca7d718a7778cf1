"""Fine-tuning: the top layers that answer, and their heads, by a loss that leaves out what a text is not asked.

The layers below are read once. Training takes a GPU where there is one.
"""

import copy
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tokenizers import Tokenizer

from ...errors import InputError
from ...files import read_json
from .config import TeacherConfig
from .graph import export, state_layers
from .heads import HEADS
from .lesson import Lesson
from .runtime import load_model
from .teacher import TUNED, Heads, batches, fit_vector_heads, pieces

Floats = NDArray[np.floating]
_TEXTS = 16  # learnt from at once
_HEAD_RATE, _DECAY, _WARMUP = 1e-3, 0.01, 0.1


@dataclass(frozen=True)
class States:
    """What the layers below the trained ones say of each text: its states, and the mean state of the lower layer."""

    texts: list[Any]  # tensors (pieces, size)
    early: Any  # tensor (texts, size)

    def take(self, rows: NDArray[np.integer]) -> "States":
        """Take some texts."""
        return States([self.texts[row] for row in rows], self.early[rows])


class TunedTeacher:
    """Answers texts by an encoder whose top layers learn each lesson anew."""

    def __init__(
        self, folder: Path, texts: pl.Series, config: TeacherConfig, seed: int, on_batch: Callable[[int], None]
    ) -> None:
        """Read all texts that will be learnt from or answered, up to the trained layers.

        :raises InputError: If more layers are to be trained than lie above the lower one that answers.
        """
        import torch  # noqa: PLC0415 takes a second, and a frozen teacher needs none of it

        early, top = state_layers(read_json(folder / "config.json"))
        if config.tuned_layers > top - early:
            raise InputError(f"text.teacher.tuned_layers: found {config.tuned_layers}, expected at most {top - early}"
                             f" of the {top} layers of this encoder that answer")  # fmt: skip
        self.folder, self.config, self.seed = folder, config, seed
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.model = load_model(folder).to(self.device)
        self.trained = slice(top - config.tuned_layers, top)
        layers = self.model.encoder.layer
        self.layers, self.model.encoder.layer = layers[self.trained], layers[: self.trained.start]
        self.place = {text: row for row, text in enumerate(texts)}
        self.states = self._read(Tokenizer.from_file(str(folder / "tokenizer.json")), texts, on_batch)

    def __call__(self, lesson: Lesson, texts: pl.Series) -> Floats:
        """Learn a lesson and answer other texts."""
        return self._in_order(self._learnt(lesson), self._of(texts))

    def save(self, lesson: Lesson, out: Path) -> None:
        """Learn a lesson and write the encoder (a folder as the one it came from, with its own graph) and the heads."""
        top = self._learnt(lesson).cpu()
        Heads(top.head.weight.detach().numpy().T.copy(), top.head.bias.detach().numpy()).save(out)
        whole = load_model(self.folder)
        for ours, theirs in zip(top.layers, whole.encoder.layer[self.trained], strict=True):
            theirs.load_state_dict(ours.state_dict())
        whole.save_pretrained(out / TUNED)
        shutil.copy(self.folder / "tokenizer.json", out / TUNED)
        export(out / TUNED)

    def _of(self, texts: pl.Series) -> States:
        return self.states.take(np.array([self.place[text] for text in texts], dtype=int))

    def _read(self, tokenizer: Tokenizer, texts: pl.Series, on_batch: Callable[[int], None]) -> States:
        import torch  # noqa: PLC0415

        config, below = self.model.config, len(self.model.encoder.layer)
        early, _ = state_layers(read_json(self.folder / "config.json"))
        states: list[Any] = [None] * len(texts)
        means = torch.zeros(len(texts), config.hidden_size)
        coded = pieces(tokenizer, texts)
        for rows in batches(coded):
            ids, mask = padded([torch.tensor(coded[row])[:, None] for row in rows])
            ids = ids.squeeze(-1).masked_fill(~mask, config.pad_token_id).to(self.device)
            with torch.no_grad():
                said = self.model(input_ids=ids, attention_mask=mask.long().to(self.device), output_hidden_states=True)
            for place, row in enumerate(rows):
                inside = slice(len(coded[row]))
                states[row] = said.hidden_states[below][place, inside].cpu().clone()
                means[row] = said.hidden_states[early][place, inside].mean(dim=0).cpu()
            on_batch(len(rows))
        return States(states, means)

    def _learnt(self, lesson: Lesson) -> Any:
        """Start from the encoder and heads fitted on its vectors; AdamW, a warmup, a linear fall of the rate."""
        import torch  # noqa: PLC0415

        states, wanted = self._of(lesson.texts), torch.from_numpy(lesson.answers.astype(np.float32)).to(self.device)
        plain = make_top(self.layers, None).to(self.device)
        heads = fit_vector_heads(self._in_order(plain.vectors, states), lesson.answers, self.config.strength)
        top = make_top(self.layers, heads).to(self.device)
        optimizer = torch.optim.AdamW([{"params": top.layers.parameters(), "lr": self.config.rate},
                                       {"params": top.head.parameters(), "lr": _HEAD_RATE}],
                                      weight_decay=_DECAY)  # fmt: skip
        random = np.random.default_rng(self.seed)
        parts = [part for _ in range(self.config.epochs) for part in _shuffled(states, random)]
        rise = max(1, int(_WARMUP * len(parts)))
        rate = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: min((step + 1) / rise, (len(parts) - step) / max(1, len(parts) - rise))
        )
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            top.train()
            for rows in parts:
                optimizer.zero_grad()
                some = states.take(rows)
                masked_loss(top(some.texts, some.early), wanted[rows]).backward()
                torch.nn.utils.clip_grad_norm_(top.parameters(), 1.0)
                optimizer.step()
                rate.step()
        return top.eval()

    def _in_order(self, said: Callable[..., Any], states: States) -> Floats:
        import torch  # noqa: PLC0415

        order = np.argsort([len(part) for part in states.texts], kind="stable")
        parts = [states.take(rows) for rows in np.array_split(order, max(1, len(order) // _TEXTS))]
        with torch.inference_mode():
            answers = [said(part.texts, part.early).cpu() for part in parts]
        return torch.cat(answers).numpy()[np.argsort(order)]


def padded(parts: list[Any]) -> tuple[Any, Any]:
    """Put tensors of different length side by side, and say where they are."""
    import torch  # noqa: PLC0415

    lengths = torch.tensor([len(part) for part in parts])
    mask = torch.arange(int(lengths.max()))[None] < lengths[:, None]
    return torch.nn.utils.rnn.pad_sequence(parts, batch_first=True), mask


def masked_loss(logits: Any, answers: Any) -> Any:
    """Average cross-entropy over the heads that each text is asked, plus that of the variety where it is known."""
    from torch.nn import functional  # noqa: PLC0415

    heads, varieties = logits[:, : len(HEADS)], logits[:, len(HEADS) :]
    wanted, kinds = answers[:, : len(HEADS)], answers[:, len(HEADS) :]
    asked = ~wanted.isnan()
    each = functional.binary_cross_entropy_with_logits(heads, wanted.nan_to_num(), reduction="none")
    loss = (each * asked).sum() / asked.sum().clamp(min=1)
    known = ~kinds.isnan().any(dim=1)
    if known.any():
        loss = loss + functional.cross_entropy(varieties[known], kinds[known].argmax(dim=1))
    return loss


def make_top(layers: Any, heads: Heads | None) -> Any:
    """Copy the top layers of an encoder, with heads on the mean state of the lower layer and of the last one."""
    import torch  # noqa: PLC0415

    class Top(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = copy.deepcopy(layers)
            if heads is not None:
                self.head = torch.nn.Linear(*heads.weights.shape)
                with torch.no_grad():
                    self.head.weight.copy_(torch.tensor(heads.weights.T))
                    self.head.bias.copy_(torch.tensor(heads.bias))

        def forward(self, texts: list[Any], early: Any) -> Any:
            return self.head(self.vectors(texts, early))

        def vectors(self, texts: list[Any], early: Any) -> Any:
            place = next(self.parameters()).device
            states, mask = (part.to(place) for part in padded(texts))
            hidden = torch.zeros(mask.shape, device=place).masked_fill(~mask, torch.finfo(torch.float32).min)
            for layer in self.layers:
                said = layer(states, hidden[:, None, None])
                states = said[0] if isinstance(said, tuple) else said
            mean = (states * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
            return torch.cat([early.to(place), mean], dim=1)

    return Top()


def _shuffled(states: States, random: np.random.Generator) -> list[NDArray[np.integer]]:
    """Put texts of about the same length together, the groups in any order."""
    lengths = np.array([len(part) for part in states.texts])
    order = np.argsort(lengths + random.uniform(-2, 2, len(lengths)), kind="stable")
    parts = [order[start : start + _TEXTS] for start in range(0, len(order), _TEXTS)]
    return [parts[place] for place in random.permutation(len(parts))]
