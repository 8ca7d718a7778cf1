"""Which layers of the encoder should answer? Read all once, judge each choice, then write the README's table."""

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
import yaml
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from tokenizers import Tokenizer

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "0010-text-on-real-data"))

from judging import judged
from records import show
from views import balanced_threshold

from thiqa.data.corpus import read_corpus
from thiqa.data.corpus.real import cleaned
from thiqa.files import read_json, write_json
from thiqa.models.text.augment import augmented
from thiqa.models.text.config import TextConfig
from thiqa.models.text.decide import macro_f1
from thiqa.models.text.disclosure import MASK, masked
from thiqa.models.text.grams import Grams
from thiqa.models.text.heads import OUTPUTS
from thiqa.models.text.lesson import lesson
from thiqa.models.text.linear import fit_heads
from thiqa.models.text.runtime import load_model, threads
from thiqa.models.text.scorer import blend
from thiqa.models.text.student import vocabulary, weighted
from thiqa.models.text.teacher import batches, fit_vector_heads, pieces
from thiqa.models.text.train import fit_student

Floats = NDArray[np.floating]
Rows = NDArray[np.integer]
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
EXTERNAL = Path(os.environ.get("THIQA_EXTERNAL_DATA", ROOT / "data" / "external"))
ENCODER = Path(os.environ.get("THIQA_MODELS", ROOT / "artifacts")) / "encoder"
RESULTS, README = HERE / "results.json", HERE / "README.md"
FIGURES = {
    "valid": ("AUC alone", "F1 alone", "AUC with the student", "F1 with the student", "its lowest variety"),
    "posts": ("AUC without others of them", "F1", "AUC with the other accounts", "F1"),
    "spam": ("alone", "with n-grams"),
}


class Depths:
    """The mean state of every layer over the pieces of each text, in full precision, each text read once."""

    def __init__(self, folder: Path) -> None:
        self.model, self.tokenizer = load_model(folder), Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.known: dict[str, Floats] = {}

    def read(self, texts: pl.Series) -> Floats:
        """Return means (layers and the embedding below them, texts, size)."""
        new = texts.filter(~texts.is_in(list(self.known))).unique(maintain_order=True)
        self.known |= dict(zip(new, np.moveaxis(self._read(new), 1, 0), strict=True))
        return np.stack([self.known[text] for text in texts], axis=1)

    def _read(self, texts: pl.Series) -> Floats:
        torch.set_num_threads(threads())
        config, coded = self.model.config, pieces(self.tokenizer, texts)
        means = np.zeros((config.num_hidden_layers + 1, len(texts), config.hidden_size), dtype=np.float16)
        for rows in batches(coded):
            width = max(len(coded[row]) for row in rows)
            ids = np.array([coded[row] + [config.pad_token_id] * (width - len(coded[row])) for row in rows])
            mask = np.array([[1] * len(coded[row]) + [0] * (width - len(coded[row])) for row in rows])
            with torch.inference_mode():
                states = self.model(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask),
                                    output_hidden_states=True).hidden_states  # fmt: skip
            share = mask / mask.sum(axis=1, keepdims=True)
            for depth, state in enumerate(states):
                means[depth, rows] = np.einsum("rp,rpd->rd", share, state.numpy())
        return means


def beside(means: Floats, layers: list[int]) -> Floats:
    """Put the means of some layers side by side: (texts, layers * size)."""
    return np.concatenate([means[layer] for layer in layers], axis=1).astype(np.float32)


class OnValid:
    """Our corpus: learnt on ``train``, judged on ``valid``, alone and beside the student."""

    def __init__(self, depths: Depths, params: dict[str, Any]) -> None:
        train, self.valid = (read_corpus(ROOT / "data" / "corpus" / f"{part}.jsonl") for part in ("train", "valid"))
        random = np.random.default_rng(params["seed"])
        given = lesson(train, random)
        self.given = given.with_more(lesson(augmented(train, random), random))
        self.learnt, self.asked = depths.read(self.given.texts), depths.read(self.valid["text"])
        student = fit_student(self.given, TextConfig().student, params["seed"])
        self.student, self.params = student.outputs(self.valid["text"], len(OUTPUTS)), params

    def judge(self, layers: list[int]) -> list[float]:
        """Give AUC and F1 alone, then AUC, F1 and the lowest variety's F1 with the student."""
        heads = fit_vector_heads(beside(self.learnt, layers), self.given.answers, self.params["strength"])
        said = heads.outputs(beside(self.asked, layers))
        both = blend(self.student, said, np.stack([self.student.std(axis=0), said.std(axis=0)]).clip(1e-6))
        alone, together = (judged(outputs, self.valid, self.params["folds"]) for outputs in (said, both))
        return [alone["auc"], alone["f1"], together["auc"], together["f1"], together["lowest"]]


class OnPosts:
    """Real French posts without words of disclosure, the encoder alone: accounts held out, as in experiment 0010."""

    def __init__(self, depths: Depths, params: dict[str, Any]) -> None:
        posts = pl.read_csv(EXTERNAL / "opi_fr" / "posts.csv", infer_schema_length=None).drop_nulls("caption")
        posts = posts.with_columns(text=hidden(posts["caption"]))
        posts = posts.filter(pl.col("text").str.count_matches(r"\p{L}+") >= 3)
        corpus = read_corpus(*(ROOT / "data" / "corpus" / f"{part}.jsonl" for part in ("train", "valid")))
        random = np.random.default_rng(params["seed"])
        ours = pl.concat([corpus, augmented(corpus, random)]).filter(kind="post")
        self.means = depths.read(pl.concat([posts["text"], hidden(ours["text"])]))
        self.wanted = np.concatenate([posts["sponsored"].cast(pl.Int8).to_numpy(), ours["ad"].to_numpy()]).astype(float)
        self.groups = np.concatenate([posts["account"].to_numpy(), ours["batch"].to_numpy()])
        self.rows, self.more, self.params = np.arange(len(posts)), np.arange(len(posts), len(self.wanted)), params

    def judge(self, layers: list[int]) -> list[float]:
        """Give AUC and F1 with none of them in training, then with the other accounts."""
        vectors, wanted = beside(self.means, layers), self.wanted[self.rows] == 1
        flags, scores = self._answered(vectors, self.more, self.rows, self.more)
        without = [roc_auc_score(wanted, scores), macro_f1(flags, wanted)]
        for train, test in GroupKFold(self.params["folds"]).split(self.rows, groups=self.groups[self.rows]):
            learnt = np.concatenate([np.repeat(train, self.params["weight"]), self.more])
            flags[test], scores[test] = self._answered(vectors, learnt, test, train)
        return [*without, roc_auc_score(wanted, scores), macro_f1(flags, wanted)]

    def _answered(self, vectors: Floats, train: Rows, test: Rows, chosen_on: Rows) -> tuple[NDArray[np.bool_], Floats]:
        tried = np.zeros(len(train))
        for inside, outside in GroupKFold(self.params["inner_folds"]).split(train, groups=self.groups[train]):
            tried[outside] = self._logits(vectors, train[inside], train[outside])
        there = np.isin(train, chosen_on)
        at = balanced_threshold(tried[there], self.wanted[train][there] == 1)
        said = self._logits(vectors, train, test) - at
        return said >= 0, said / tried.std()

    def _logits(self, vectors: Floats, train: Rows, test: Rows) -> Floats:
        heads = fit_vector_heads(vectors[train], self.wanted[train][:, None], self.params["strength"])
        return heads.outputs(vectors[test])[:, 0]


def hidden(texts: pl.Series) -> pl.Series:
    """Take words of disclosure out, and leave no sign in their place."""
    return masked(texts.alias("text")).str.replace_all(MASK, "").alias("text")


class OnSpam:
    """Comments under videos, one video left out: accuracy of the encoder alone, and beside n-grams."""

    def __init__(self, depths: Depths, params: dict[str, Any]) -> None:
        files = sorted((EXTERNAL / "tubespam").glob("*.csv"))
        rows = pl.concat([pl.read_csv(file, columns=["text", "spam", "video"]) for file in files]).drop_nulls("text")
        texts = rows.select(cleaned(pl.col("text")))["text"]
        self.means, self.counts = depths.read(texts), Grams(bits=18).count(texts)
        self.wanted, self.video, self.params = rows["spam"].to_numpy() == 1, rows["video"].to_numpy(), params

    def judge(self, layers: list[int]) -> list[float]:
        """Give both accuracies; each model's logits count by their spread over the other videos, held out in turn."""
        vectors = beside(self.means, layers)
        right = np.zeros((2, len(self.wanted)))
        for name in np.unique(self.video):
            train, test = np.flatnonzero(self.video != name), np.flatnonzero(self.video == name)
            tried = np.zeros((2, len(train)))
            for inside, outside in GroupKFold(2).split(train, groups=self.video[train]):
                tried[:, outside] = self._logits(vectors, train[inside], train[outside])
            said = self._logits(vectors, train, test) / tried.std(axis=1, keepdims=True)
            right[0, test], right[1, test] = said[0], said.sum(axis=0)
        return [float(((scores >= 0) == self.wanted).mean()) for scores in right]

    def _logits(self, vectors: Floats, train: Rows, test: Rows) -> Floats:
        wanted = self.wanted[train][:, None].astype(float)
        by_states = fit_vector_heads(vectors[train], wanted, self.params["strength"]).outputs(vectors[test])[:, 0]
        counts = [count[train] for count in self.counts]
        kept, idf = vocabulary(counts, 2)
        weights, bias = fit_heads(weighted(counts, kept, idf), wanted, 4.0, self.params["seed"])
        seen: csr_matrix = weighted([count[test] for count in self.counts], kept, idf)
        return np.stack([by_states, (seen @ weights + bias)[:, 0]])


def table(results: dict[str, Any]) -> str:
    """Write the README's table: a row for each choice of layers."""
    heads = [f"{part}: {name}" for part in results["parts"] for name in FIGURES[part]]
    lines = [f"| layers | {' | '.join(heads)} |", "|---|" + "--:|" * len(heads)]
    lines += [f"| {name} | {' | '.join(f'{figure:.3f}' for figure in row)} |" for name, row in results["rows"].items()]
    return "\n".join(lines)


def main() -> None:
    """Judge every choice on every set that is there."""
    params = yaml.safe_load((HERE / "params.yaml").read_text(encoding="utf-8"))
    depths = Depths(ENCODER)
    parts: dict[str, Any] = {"valid": OnValid}
    for name, folder, judge in (("posts", "opi_fr", OnPosts), ("spam", "tubespam", OnSpam)):
        if (EXTERNAL / folder).is_dir():
            parts[name] = judge
        else:
            print(f"{name}: no folder {folder} in THIQA_EXTERNAL_DATA, left out")
    sets = {name: make(depths, params) for name, make in parts.items()}
    results: dict[str, Any] = {"parts": list(sets), "rows": {}}
    for layers in params["layers"]:
        name = " and ".join(map(str, layers))
        results["rows"][name] = [figure for one in sets.values() for figure in one.judge(layers)]
        print(name, results["rows"][name], flush=True)
        write_json(results, RESULTS)
    show(README, table(read_json(RESULTS)))


if __name__ == "__main__":
    main()
