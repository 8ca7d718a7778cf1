"""The encoder as an ONNX graph, its weights in 8 bits: about twice as fast on a processor as ``torch``, near the same.

Every state is rounded to 8 bits by its own largest value (one scale a piece of text and layer, as in LLM.int8: Dettmers
et al. 2022), not by that of its batch: what a text is told does not depend on the texts beside it. Weights take seven
bits, a scale a column: processors without VNNI add two products in 16 bits, which eight would overflow.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from ...files import read_json

GRAPH = "model.onnx"
FAMILIES = {"bert": 0, "roberta": 1, "xlm-roberta": 1, "camembert": 1}  # positions are counted from (1: after padding)
_OPSET, _CONTRIB = 17, "com.microsoft"
_WEIGHT, _STATE = 63, 127  # the largest whole number of a weight, and of a state
Array = NDArray[Any]


def state_layers(config: dict[str, Any]) -> tuple[int, int]:
    """Choose the layers whose states answer: half way up, and two thirds; none above is run.

    The last layers serve what the encoder was trained for, retrieval: their states say less of what else a text is
    (docs/decisions/0017-middle-layers.md).
    """
    depth = config["num_hidden_layers"]
    lower = max(1, depth // 2)
    return lower, max(min(lower + 1, depth), depth * 2 // 3)


def export(folder: Path, *, int8: bool = True) -> None:
    """Write ``model.onnx`` beside the weights of ``folder``: from pieces to the mean states of two layers.

    Inputs ``pieces`` and ``mask`` (texts, pieces), output ``vectors`` (texts, twice the size of a state). The same
    weights give the same bytes. An encoder of another family than BERT's gets none: ``torch`` runs it.
    """
    from onnx import save_model  # noqa: PLC0415 only who builds an encoder needs it

    config = read_json(folder / "config.json")
    plain = config.get("hidden_act") == "gelu" and config.get("position_embedding_type", "absolute") == "absolute"
    if not plain or config["model_type"] not in FAMILIES:
        return
    layers = state_layers(config)
    save_model(_Graph(config, load_file(folder / "model.safetensors"), int8=int8).encoder(layers), folder / GRAPH)


class _Graph:
    """Nodes and constants, added one after the other."""

    def __init__(self, config: dict[str, Any], tensors: dict[str, Array], *, int8: bool) -> None:
        self.config, self.tensors, self.int8 = config, tensors, int8
        self.nodes: list[Any] = []
        self.constants: dict[str, Array] = {}

    def encoder(self, layers: tuple[int, ...]) -> Any:
        """Return the whole model."""
        from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415

        state, means = self._embeddings(), {}
        lengths = self.add("ReduceSum", "mask", self.constant("one", np.array([1])), keepdims=0)
        self.lengths = self.add("Cast", lengths, to=TensorProto.INT32)
        self.share = self._share()
        for number in range(layers[-1]):
            state = self._layer(state, f"encoder.layer.{number}.")
            if number + 1 in layers:
                means[number + 1] = self._mean(state)
        self.add("Concat", *(means[layer] for layer in layers), axis=1, name="vectors")
        size = self.config["hidden_size"] * len(layers)
        graph = helper.make_graph(
            self.nodes, "encoder",
            [helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "long"]) for name in ("pieces", "mask")],
            [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", size])],
            [numpy_helper.from_array(value, name) for name, value in self.constants.items()],
        )  # fmt: skip
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_CONTRIB, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="thiqa")

    def add(self, kind: str, *inputs: str, name: str = "", **settings: Any) -> str:
        """Add a node and return the name of its (first) output."""
        from onnx import helper  # noqa: PLC0415

        name = name or f"{kind}.{len(self.nodes)}"
        outputs = [name, *(f"{name}.{n}" for n in range(1, settings.pop("outputs", 1)))]
        domain = _CONTRIB if kind in _CONTRIBUTED else ""
        self.nodes.append(helper.make_node(kind, list(inputs), outputs, name=name, domain=domain, **settings))
        return name

    def constant(self, name: str, value: Array) -> str:
        """Add a constant once and return its name."""
        self.constants.setdefault(name, value)
        return name

    def weight(self, name: str) -> str:
        """Add a tensor of the encoder as it is."""
        return self.constant(name, self.tensors[name].astype(np.float32))

    def _embeddings(self) -> str:
        words = self.constant("words", self.tensors["embeddings.word_embeddings.weight"].astype(np.float16))
        state = self.add("Cast", self.add("Gather", words, "pieces"), to=1)
        first = FAMILIES[self.config["model_type"]] and self.config["pad_token_id"] + 1
        places = self.tensors["embeddings.position_embeddings.weight"][first:]
        places = places.astype(np.float32) + self.tensors["embeddings.token_type_embeddings.weight"][0]
        zero, one, two = (self.constant(name, np.array([n])) for n, name in enumerate(("zero", "one", "two")))
        width = self.add("Slice", self.add("Shape", "pieces"), one, two, zero)
        state = self.add("Add", state, self.add("Slice", self.constant("places", places), zero, width, zero))
        norm = (self.weight(f"embeddings.LayerNorm.{part}") for part in ("weight", "bias"))
        return self.add("LayerNormalization", state, *norm, axis=-1, epsilon=self.config["layer_norm_eps"])

    def _layer(self, state: str, prefix: str) -> str:
        parts = [f"{prefix}attention.self.{part}" for part in ("query", "key", "value")]
        together = self._product(state, [f"{part}.weight" for part in parts])
        threes = self.add("Split", together, axis=-1, outputs=3)
        bias = self.constant(f"{prefix}qkv", np.concatenate([self.tensors[f"{part}.bias"] for part in parts])
                             .astype(np.float32))  # fmt: skip
        seen = self.add("MultiHeadAttention", threes, f"{threes}.1", f"{threes}.2", bias, self.lengths,
                        num_heads=self.config["num_attention_heads"])  # fmt: skip
        state = self._beside(self._product(seen, [f"{prefix}attention.output.dense.weight"]), state,
                             f"{prefix}attention.output.")  # fmt: skip
        inner = self._product(state, [f"{prefix}intermediate.dense.weight"])
        inner = self.add("BiasGelu", inner, self.weight(f"{prefix}intermediate.dense.bias"))
        return self._beside(self._product(inner, [f"{prefix}output.dense.weight"]), state, f"{prefix}output.")

    def _beside(self, said: str, state: str, prefix: str) -> str:
        norm = (self.weight(f"{prefix}LayerNorm.{part}") for part in ("weight", "bias"))
        bias = self.weight(f"{prefix}dense.bias")
        return self.add("SkipLayerNormalization", said, state, *norm, bias, epsilon=self.config["layer_norm_eps"])

    def _product(self, state: str, names: list[str]) -> str:
        """Multiply states by the weights of linear layers, side by side."""
        weights = np.concatenate([self.tensors[name].astype(np.float32) for name in names]).T
        if not self.int8:
            return self.add("MatMul", state, self.constant(names[0], np.ascontiguousarray(weights)))
        scale = np.abs(weights).max(axis=0).clip(1e-9) / _WEIGHT
        rounded = self.constant(names[0], np.round(weights / scale).astype(np.int8))
        top = self.add("ReduceMax", self.add("Abs", state), axes=[-1], keepdims=1)
        least = self.constant("least", np.array(1e-9 * _STATE, np.float32))
        step = self.add("Div", self.add("Max", top, least), self.constant("state", np.array(_STATE, np.float32)))
        whole = self.add("QuantizeLinear", self.add("Div", state, step), self.constant("unit", np.array(1, np.float32)),
                         self.constant("middle", np.array(128, np.uint8)))  # fmt: skip
        said = self.add("MatMulIntegerToFloat", whole, rounded, "unit",
                        self.constant(f"{names[0]}.scale", scale.astype(np.float32)), "middle")  # fmt: skip
        return self.add("Mul", said, step)

    def _share(self) -> str:
        """Give every piece its share in the mean of its text: (texts, 1, pieces)."""
        weights = self.add("Cast", "mask", to=1)
        total = self.add("ReduceSum", weights, "one", keepdims=1)
        return self.add("Unsqueeze", self.add("Div", weights, total), "one")

    def _mean(self, state: str) -> str:
        return self.add("Squeeze", self.add("MatMul", self.share, state), "one")


_CONTRIBUTED = {"MultiHeadAttention", "BiasGelu", "SkipLayerNormalization", "MatMulIntegerToFloat"}
