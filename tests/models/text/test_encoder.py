"""The encoder's graph in 8 bits against the same encoder in torch, on random weights."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from thiqa.models.text.encoder import build_tiny_encoder
from thiqa.models.text.graph import GRAPH, export
from thiqa.models.text.teacher import Encoder, RememberingEncoder, batches

TEXTS = pl.Series(
    "text", ["SARA10", "prix svp ?", "بشحال", "Merci pour la recette", "lien en bio #pub", "🔥🔥", "", "wa " * 90]
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny") / "encoder"
    build_tiny_encoder(TEXTS.to_list(), folder, seed=1)
    return folder


def nearness(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (one * other).sum(axis=1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)


@pytest.mark.parametrize(("int8", "least"), [(False, 1 - 1e-6), (True, 0.999)])
def test_the_graph_says_what_torch_says(folder: Path, int8: bool, least: float):
    export(folder, int8=int8)
    exact, graph = Encoder.load(folder, exact=True).vectors(TEXTS), Encoder.load(folder).vectors(TEXTS)
    assert nearness(exact, graph).min() > least


def test_positions_of_the_roberta_family_start_after_padding(folder: Path, tmp_path: Path):
    from tokenizers import Tokenizer
    from transformers import XLMRobertaConfig, XLMRobertaModel

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    config = XLMRobertaConfig(vocab_size=tokenizer.get_vocab_size(), hidden_size=32, num_hidden_layers=2,
                              num_attention_heads=2, intermediate_size=64, max_position_embeddings=160,
                              type_vocab_size=1, pad_token_id=1)  # fmt: skip
    XLMRobertaModel(config, add_pooling_layer=False).save_pretrained(tmp_path)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    export(tmp_path, int8=False)
    exact, graph = Encoder.load(tmp_path, exact=True).vectors(TEXTS), Encoder.load(tmp_path).vectors(TEXTS)
    assert nearness(exact, graph).min() > 1 - 1e-6


def test_the_same_weights_give_the_same_graph(folder: Path):
    export(folder)
    first = (folder / GRAPH).read_bytes()
    export(folder)
    assert (folder / GRAPH).read_bytes() == first


def test_a_family_without_a_graph_is_run_by_torch(folder: Path, tmp_path: Path):
    config = json.loads((folder / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"hidden_act": "relu"}))
    export(tmp_path)
    assert not (tmp_path / GRAPH).exists()


def test_batches_hold_every_text_once_and_are_small(folder: Path):
    coded = [[0] * length for length in (3, 120, 5, 120, 120, 120, 4, 3)]
    parts = list(batches(coded))
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(coded)))
    assert all(len(part) * max(len(coded[row]) for row in part) <= 400 for part in parts)
    assert list(batches([])) == []


def test_remembered_vectors_are_those_of_the_encoder(folder: Path):
    export(folder)
    encoder = Encoder.load(folder)
    remembering = RememberingEncoder(encoder.runtime, encoder.tokenizer)
    for texts in (TEXTS.head(3), TEXTS, TEXTS.head(0)):
        np.testing.assert_allclose(remembering.vectors(texts), encoder.vectors(texts), atol=1e-5)
