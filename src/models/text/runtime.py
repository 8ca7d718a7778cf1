"""What runs an encoder: its graph in 8 bits by ONNX Runtime, or ``torch`` where there is none or exactness is asked."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ...files import read_json
from .graph import GRAPH, state_layers

Floats = NDArray[np.floating]


class Runtime(Protocol):
    """Turns pieces into vectors: the mean state of each of two layers over the pieces of a text, side by side."""

    size: int  # of a vector
    padding: int  # the piece that fills up

    def vectors(self, pieces: NDArray[np.int64], mask: NDArray[np.int64]) -> Floats:
        """Return one vector a row."""
        ...


def threads() -> int:
    """Say how many batches are read at once: ``OMP_NUM_THREADS``, else one a core."""
    return int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)


def load_runtime(folder: Path, *, exact: bool = False) -> Runtime:
    """Load what runs the encoder of a folder.

    :param exact: With ``torch``, in full precision, even where the folder has a graph.
    :raises InputError: If the folder holds no encoder.
    """
    if not (folder / "config.json").exists():
        raise InputError(f"{folder}: no encoder there (config.json); build one with: dvc repro encoder")
    config = read_json(folder / "config.json")
    size = config["hidden_size"] * len(state_layers(config))
    if exact or not (folder / GRAPH).exists():
        layers = state_layers(config)
        return TorchRuntime(size, config["pad_token_id"], _cut(load_model(folder), layers[-1]), layers)
    return GraphRuntime(size, config["pad_token_id"], _session(folder / GRAPH))


@dataclass
class GraphRuntime:
    """The graph that :func:`thiqa.models.text.graph.export` wrote."""

    size: int
    padding: int
    session: Any

    def vectors(self, pieces: NDArray[np.int64], mask: NDArray[np.int64]) -> Floats:
        """Return one vector a row."""
        return self.session.run(["vectors"], {"pieces": pieces, "mask": mask})[0]


@dataclass
class TorchRuntime:
    """The ``transformers`` model itself."""

    size: int
    padding: int
    model: Any
    layers: tuple[int, ...]

    def vectors(self, pieces: NDArray[np.int64], mask: NDArray[np.int64]) -> Floats:
        """Return one vector a row."""
        import torch  # noqa: PLC0415 takes a second, and the graph needs none of it

        with torch.inference_mode():
            said = self.model(input_ids=torch.from_numpy(pieces), attention_mask=torch.from_numpy(mask),
                              output_hidden_states=True).hidden_states  # fmt: skip
        weights = (mask / mask.sum(axis=1, keepdims=True)).astype(np.float32)
        return np.concatenate([np.einsum("rp,rpd->rd", weights, said[layer].numpy()) for layer in self.layers], axis=1)


def load_model(folder: Path) -> Any:
    """Load the ``transformers`` model of a folder, quietly, ready to answer."""
    import torch  # noqa: PLC0415 takes a second, and the graph needs none of it
    from transformers import AutoModel  # noqa: PLC0415
    from transformers.utils import logging  # noqa: PLC0415

    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()  # it would report the pooler, which nobody asks, as missing
    logging.disable_progress_bar()  # loading takes a second; faults of the input are all that stderr is for
    model = AutoModel.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
    logging.set_verbosity(verbosity)
    return model.eval()


def _cut(model: Any, depth: int) -> Any:
    """Leave out the layers above those that answer, where the family keeps them in ``encoder.layer``."""
    if hasattr(getattr(model, "encoder", None), "layer"):
        model.encoder.layer = model.encoder.layer[:depth]
    return model


def _session(graph: Path) -> Any:
    import onnxruntime  # noqa: PLC0415 the student needs none of it

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # batches run beside each other instead
    return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
