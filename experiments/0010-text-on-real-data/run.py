"""How does the text model do on real texts? Sets of THIQA_EXTERNAL_DATA; what is absent is told, with the reason."""

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml
from scipy import sparse
from scipy.special import expit
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_union

from thiqa.data.corpus import read_corpus
from thiqa.data.corpus.real import real_comments
from thiqa.files import replacing, write_json
from thiqa.models.text.augment import augmented
from thiqa.models.text.decide import best_threshold, macro_f1
from thiqa.models.text.disclosure import masked
from thiqa.models.text.fold import fold
from thiqa.models.text.linear import fit_heads
from thiqa.models.text.rules import RuleScorer
from thiqa.models.text.scorer import TextScorer, load_scorer
from thiqa.models.text.student import vocabulary, weighted
from thiqa.models.text.teacher import Encoder, fit_vector_heads

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
EXTERNAL = Path(os.environ.get("THIQA_EXTERNAL_DATA", ROOT / "data" / "external"))
ARTIFACTS = Path(os.environ.get("THIQA_MODELS", ROOT / "artifacts"))
RESULTS, README, READ = HERE / "results.json", HERE / "README.md", ROOT / "logs" / "real-comments-flagged.csv"
Floats = np.ndarray


class Views:
    """Texts as the two models see them: n-grams and vectors, each computed once."""

    def __init__(self, encoder: Encoder, scorer: TextScorer, texts: pl.Series) -> None:
        self.counts = scorer.student.grams.count(texts)
        self.vectors = encoder.vectors(texts)
        words = TfidfVectorizer(analyzer="word", ngram_range=(1, 2), min_df=2, sublinear_tf=True)
        letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True)
        self.tfidf = make_union(letters, words).fit_transform(texts).tocsr()

    def hybrid(self, train: Floats, wanted: Floats, test: Floats, seed: int) -> Floats:
        """Fit the hybrid on some rows and return logits of others."""
        counts = [count[train] for count in self.counts]
        kept, idf = vocabulary(counts, 2)
        weights, bias = fit_heads(weighted(counts, kept, idf), wanted[:, None], 4.0, seed)
        inside = weighted(counts, kept, idf) @ weights + bias
        grams = weighted([count[test] for count in self.counts], kept, idf) @ weights + bias
        heads = fit_vector_heads(self.vectors[train], wanted[:, None], 0.005)
        seen, vectors = heads.outputs(self.vectors[train]), heads.outputs(self.vectors[test])
        return (grams / inside.std() + vectors / seen.std())[:, 0]

    def peer(self, train: Floats, wanted: Floats, test: Floats, seed: int) -> Floats:
        """Fit TF-IDF and logistic regression on some rows and return logits of others."""
        weights, bias = fit_heads(sparse.csr_matrix(self.tfidf[train]), wanted[:, None], 4.0, seed)
        return (self.tfidf[test] @ weights + bias)[:, 0]


def sponsored_posts(encoder: Encoder, scorer: TextScorer, corpus: pl.DataFrame, params: dict[str, Any]) -> dict:
    """French sponsored posts, accounts held out: with the others in training, and with none of them."""
    posts = pl.read_csv(EXTERNAL / "opi_fr" / "posts.csv", infer_schema_length=None).drop_nulls("caption")
    wanted = posts["sponsored"].cast(pl.Int8).to_numpy().astype(float)
    ours = corpus.filter(kind="post").select("text", "ad")
    accounts = posts["account"].to_numpy()
    result: dict[str, Any] = {"posts": len(posts), "accounts": len(np.unique(accounts)), "sponsored": int(wanted.sum())}
    for view in ("unmasked", "masked"):
        texts = pl.concat([posts["caption"].alias("text"), ours["text"]])
        texts = pl.select(masked(pl.lit(texts))).to_series() if view == "masked" else texts
        views = Views(encoder, scorer, texts)
        answers = np.concatenate([wanted, ours["ad"].to_numpy()])
        rows, more = np.arange(len(posts)), np.arange(len(posts), len(texts))
        result[view] = {}
        for arm, judged in (("in domain", _accounts_held_out), ("without", _accounts_unknown)):
            flags = {model: judged(fit, answers, rows, more, accounts, params)
                     for model, fit in (("hybrid", views.hybrid), ("tfidf_lr", views.peer))}  # fmt: skip
            scores = {f"{model}, {arm}": macro_f1(said, wanted > 0.5) for model, said in flags.items()}
            low, high = _paired(flags["hybrid"], flags["tfidf_lr"], wanted > 0.5, accounts, params["seed"])
            result[view] |= scores | {f"gain over tfidf_lr, {arm}, 90 %": f"{low:+.3f} to {high:+.3f}"}
    frame = posts.select(text="caption", folded=fold(pl.col("caption")))
    listed = RuleScorer().score_posts(frame)["ad"].to_numpy() >= 0.5
    result["unmasked"]["keywords"] = macro_f1(listed, wanted > 0.5)
    return result


def _accounts_held_out(fit, answers, rows, more, accounts, params) -> Floats:  # noqa: ANN001
    """Answer each account by a model without it; the threshold is chosen inside training, accounts held out again."""
    flags = np.zeros(len(rows), dtype=bool)
    for train, test in GroupKFold(params["folds"]).split(rows, groups=accounts):
        half = np.isin(accounts[train], np.unique(accounts[train])[::2])
        tried, rest = np.concatenate([rows[train][half], more]), rows[train][~half]
        threshold = best_threshold(expit(fit(tried, answers[tried], rest, params["seed"])), answers[rest])
        learnt = np.concatenate([rows[train], more])
        flags[test] = expit(fit(learnt, answers[learnt], rows[test], params["seed"])) >= threshold
    return flags


def _accounts_unknown(fit, answers, rows, more, _accounts, params) -> Floats:  # noqa: ANN001
    """Answer every account by a model that learnt from our corpus alone, its threshold included."""
    tried, rest = more[::2], more[1::2]
    threshold = best_threshold(expit(fit(tried, answers[tried], rest, params["seed"])), answers[rest])
    return expit(fit(more, answers[more], rows, params["seed"])) >= threshold


def _paired(ours: Floats, theirs: Floats, wanted: Floats, groups: Floats, seed: int) -> tuple[float, float]:
    random, names = np.random.default_rng(seed), np.unique(groups)
    members = [np.flatnonzero(groups == name) for name in names]
    gains = []
    for _ in range(1000):
        rows = np.concatenate([members[i] for i in random.integers(len(names), size=len(names))])
        gains.append(macro_f1(ours[rows], wanted[rows]) - macro_f1(theirs[rows], wanted[rows]))
    low, high = np.quantile(gains, (0.05, 0.95))
    return float(low), float(high)


def spam_videos(encoder: Encoder, scorer: TextScorer, corpus: pl.DataFrame, params: dict[str, Any]) -> dict:
    """Spam comments of videos, one video left out at a time: trained on the others and on our comments."""
    files = sorted((EXTERNAL / "tubespam").glob("*.csv"))
    rows = pl.concat([pl.read_csv(file, columns=["text", "spam", "video"]) for file in files]).drop_nulls("text")
    ours = corpus.filter(kind="comment").select("text", "spam")
    views = Views(encoder, scorer, pl.concat([rows["text"], ours["text"]]))
    answers = np.concatenate([rows["spam"].to_numpy(), ours["spam"].to_numpy()]).astype(float)
    video, more = rows["video"].to_numpy(), np.arange(len(rows), len(answers))
    result: dict[str, Any] = {"comments": len(rows), "videos": len(files)}
    for model, fit in (("hybrid", views.hybrid), ("tfidf_lr", views.peer)):
        right = np.zeros(len(rows), dtype=bool)
        for name in np.unique(video):
            train, test = np.concatenate([np.flatnonzero(video != name), more]), np.flatnonzero(video == name)
            right[test] = (fit(train, answers[train], test, params["seed"]) >= 0) == (answers[test] > 0.5)
        result[model] = {"accuracy": float(right.mean())}
    said = scorer.answers(rows["text"], "comment").flags("spam")
    result["hybrid, none of them in training"] = {"accuracy": float((said == (rows["spam"].to_numpy() == 1)).mean())}
    return result


def german_bots(scorer: TextScorer) -> dict:
    """Flattering bots against real praise in German, a language that the model has never seen: for the record."""
    rows = pl.read_csv(EXTERNAL / "yt_bots_de" / "comments.csv").drop_nulls("text")
    answers, bot = scorer.answers(rows["text"], "comment"), rows["bot"].to_numpy() == 1
    rate = {head: [float(answers.flags(head)[bot].mean()), float(answers.flags(head)[~bot].mean())]
            for head in ("genuine", "spam")}  # fmt: skip
    return {"comments": len(rows), "bots": int(bot.sum()), "flagged_bots_and_people": rate}


def moroccans(scorer: TextScorer, params: dict[str, Any]) -> dict:
    """Real Moroccan comments, nearly all of ordinary people: how often spam and suspicion are called."""
    rows = real_comments(EXTERNAL).sample(params["real_comments"], seed=params["seed"])
    answers = scorer.answers(rows["text"], "comment")
    heads = ("genuine", "spam", "intent", "suspicion", "trust")
    flags = {head: pl.Series(answers.flags(head)) for head in heads}
    flagged = rows.with_columns(**flags, **{f"p_{head}": pl.Series(answers.of(head)) for head in heads})
    with replacing(READ) as out:
        flagged.filter(pl.col("spam") | pl.col("suspicion")).write_csv(out)
    rates = flagged.group_by("script").agg(pl.col(heads).mean(), pl.len()).sort("script").to_dicts()
    shares = {head: float(flagged[head].mean() or 0) for head in heads}
    by_script = {row.pop("script"): row for row in rates}
    return {"comments": len(rows), "share_flagged": shares, "by_script": by_script}


def table(results: dict[str, Any]) -> str:
    """Write the README's table."""
    lines = ["| what | measured |", "|---|---|"]
    for name, part in results.items():
        lines += [f"| {name}: {key} | {value} |" for key, value in _flat(part)]
    return "\n".join(lines)


def _flat(part: Any, above: str = "") -> list[tuple[str, str]]:
    if not isinstance(part, dict):
        return [(above, f"{part:.3f}" if isinstance(part, float) else str(part))]
    return [pair for key, value in part.items() for pair in _flat(value, f"{above}, {key}" if above else key)]


def main() -> None:
    """Judge the trained model on every set that is there."""
    params = yaml.safe_load((HERE / "params.yaml").read_text(encoding="utf-8"))
    if not (ARTIFACTS / "encoder" / "config.json").exists():
        print(f"{ARTIFACTS}: no encoder there; skipped. Make one with: dvc repro train_text")
        return
    scorer = load_scorer(ARTIFACTS / "text").with_share(1.0)
    encoder = Encoder.load(ARTIFACTS / "encoder")
    corpus = read_corpus(*(ROOT / "data" / "corpus" / f"{part}.jsonl" for part in ("train", "valid")))
    corpus = pl.concat([corpus, augmented(corpus, np.random.default_rng(params["seed"]))])
    parts = {
        "myc": lambda: moroccans(scorer, params),
        "yt_bots_de": lambda: german_bots(scorer),
        "tubespam": lambda: spam_videos(encoder, scorer, corpus, params),
        "opi_fr": lambda: sponsored_posts(encoder, scorer, corpus, params),
    }
    results: dict[str, Any] = {}
    for name, judge in parts.items():
        there = (EXTERNAL / name).is_dir()
        results[name] = judge() if there else {"skipped": f"no folder {name} in THIQA_EXTERNAL_DATA"}
        print(name, results[name], flush=True)
        write_json(results, RESULTS)
    text = README.read_text(encoding="utf-8")
    begin, end = "<!-- results:begin -->", "<!-- results:end -->"
    written = re.sub(f"{begin}.*{end}", lambda _: f"{begin}\n{table(results)}\n{end}", text, flags=re.DOTALL)
    with replacing(README) as out:
        out.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
