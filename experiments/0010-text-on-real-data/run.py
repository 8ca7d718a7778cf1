"""How does the text model do on real texts? Sets of THIQA_EXTERNAL_DATA; what is absent is told, with the reason."""

import os
import re
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.model_selection import GroupKFold

from thiqa.data.corpus import read_corpus
from thiqa.data.corpus.real import cleaned, real_comments
from thiqa.files import digest, read_json, replacing, write_json
from thiqa.models.text.augment import augmented
from thiqa.models.text.decide import macro_f1
from thiqa.models.text.disclosure import MASK, masked
from thiqa.models.text.encoder import SOURCE_FILE
from thiqa.models.text.find import SHIPPED
from thiqa.models.text.fold import fold
from thiqa.models.text.rules import RuleScorer
from thiqa.models.text.scorer import TextScorer, load_scorer
from thiqa.models.text.teacher import Encoder
from thiqa.workspace import cache_folder

sys.path.insert(0, str(Path(__file__).parent))

from views import MODELS, Views, remembered

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
EXTERNAL = Path(os.environ.get("THIQA_EXTERNAL_DATA", ROOT / "data" / "external"))
ENCODER = Path(os.environ.get("THIQA_MODELS", ROOT / "artifacts")) / "encoder"
RESULTS, README, READ = HERE / "results.json", HERE / "README.md", HERE / "read.csv"
ENGLISH = HERE / "english.csv"  # digests of posts of English accounts, and whether a reader calls them ads
ENGLISH_SETS = ("ig_creators_en", "ig_people_en")
HEADS = ("genuine", "spam", "intent", "suspicion", "trust", "generic")
Floats = np.ndarray
Judged = dict[str, tuple[Floats, Floats]]


def vectors(texts: pl.Series) -> Floats:
    """Read texts with the encoder, each once for all runs."""
    kept = cache_folder() / "vectors" / digest(ENCODER / SOURCE_FILE)[:16]
    return remembered(Encoder.load(ENCODER), texts, kept)


def sponsored_posts(corpus: pl.DataFrame, params: dict[str, Any]) -> dict[str, Any]:
    """French sponsored posts, accounts held out: with the others in training, and with none of them."""
    posts = pl.read_csv(EXTERNAL / "opi_fr" / "posts.csv", infer_schema_length=None).drop_nulls("caption")
    english = english_posts()
    result: dict[str, Any] = {"posts": len(posts), "accounts": posts["account"].n_unique(),
                              "sponsored": int(posts["sponsored"].cast(pl.Int8).sum())}  # fmt: skip
    for view in ("unmasked", "masked"):
        texts = posts["caption"].alias("text")
        some = posts.with_columns(text=_hidden(texts) if view == "masked" else texts)
        left = some["text"].str.count_matches(r"\p{L}+") >= 3
        some = some.filter(left)
        result[view] = {"posts": len(some), "left out, under three words": int((~left).sum())}
        others = pl.concat([corpus.filter(kind="post").select("text", "ad", by="batch"), english])
        if view == "masked":
            others = others.with_columns(_hidden(others["text"]))
        result[view] |= _sponsored(some, others, len(english), params)
    return result


def english_posts() -> pl.DataFrame:
    """Read the captions of English accounts that a reader labelled; none where the sets are not."""
    paths = [path for name in ENGLISH_SETS if (path := EXTERNAL / name / "posts.csv").exists()]
    posts = pl.DataFrame(schema={"text": pl.String, "by": pl.String})
    posts = pl.concat(
        [posts, *(pl.read_csv(path, infer_schema=False).select(text="caption", by="creator") for path in paths)]
    )
    posts = posts.drop_nulls("text").unique("text", maintain_order=True)
    digests = [sha256(text.encode()).hexdigest()[:12] for text in posts["text"]]
    labels = pl.read_csv(ENGLISH, schema={"digest": pl.String, "ad": pl.Int8})
    read = posts.with_columns(digest=pl.Series(digests, dtype=pl.String)).join(
        labels, on="digest", maintain_order="left"
    )
    return read.select("text", "ad", "by")


def _hidden(texts: pl.Series) -> pl.Series:
    """Take words of disclosure out, and leave no sign in their place: in these posts the sign would tell them."""
    return masked(texts).str.replace_all(MASK, "").alias("text")


def _sponsored(posts: pl.DataFrame, others: pl.DataFrame, english: int, params: dict[str, Any]) -> dict[str, Any]:
    """Judge every model in every arm.

    :param others: Further posts with ``ad`` and whose they are (``by``), the last ``english`` ones of English accounts.
    """
    wanted, accounts = posts["sponsored"].cast(pl.Int8).to_numpy() == 1, posts["account"].to_numpy()
    texts = pl.concat([posts["text"], others["text"]])
    answers = np.concatenate([wanted, others["ad"].to_numpy()]).astype(float)
    views = Views(texts, answers, np.concatenate([accounts, others["by"].to_numpy()]), vectors(texts), params["seed"])
    rows, ours = np.arange(len(posts)), np.arange(len(posts), len(texts) - english)
    abroad = np.concatenate([ours, np.repeat(np.arange(len(texts) - english, len(texts)), params["weight"])])
    parts = [(np.concatenate([np.repeat(train, params["weight"]), ours]), test, train)
             for train, test in GroupKFold(params["folds"]).split(rows, groups=accounts)]  # fmt: skip
    arms = {"in domain": parts, "none of them in training": [(ours, rows, ours)]}
    if english:
        arms["none of them in training, English accounts"] = [(abroad, rows, abroad)]
    listed = RuleScorer().score_posts(posts.select("text", folded=fold(pl.col("text"))))["ad"].to_numpy()
    table: dict[str, Any] = {"keywords": {"f1": macro_f1(listed >= 0.5, wanted), "auc": _auc(wanted, listed)}}
    for arm, folds in arms.items():
        said = _together([(test, views.judged(train, test, params["folds"], on)) for train, test, on in folds],
                         len(rows))  # fmt: skip
        table[arm] = {model: _sponsored_row(model, said, wanted, accounts, params["seed"]) for model in MODELS}
    return table


def _sponsored_row(model: str, said: Judged, wanted: Floats, accounts: Floats, seed: int) -> dict[str, Any]:
    flags, scores = said[model]
    row: dict[str, Any] = {"f1": macro_f1(flags, wanted), "auc": _auc(wanted, scores)}
    row["f1 at the best threshold of these rows"] = max(macro_f1(scores >= at, wanted) for at in np.unique(scores))
    if model != "tfidf_lr":
        row["gain over tfidf_lr, 90 %"] = _paired(flags, said["tfidf_lr"][0], wanted, accounts, seed)
    return row


def _auc(wanted: Floats, scores: Floats) -> float:
    return float(roc_auc_score(wanted, scores))


def _together(parts: list[tuple[Floats, Judged]], size: int) -> Judged:
    """Put the answers to parts of the rows together."""
    said = {model: (np.zeros(size, dtype=bool), np.zeros(size)) for model in MODELS}
    for rows, answers in parts:
        for model, (flags, scores) in answers.items():
            said[model][0][rows], said[model][1][rows] = flags, scores
    return said


def _paired(
    ours: Floats, theirs: Floats, wanted: Floats, groups: Floats, seed: int,
    score: Callable[[Floats, Floats], float] = macro_f1,
) -> str:  # fmt: skip
    """Say between what bounds the gain of ours lies in 90 % of draws of groups, both models together."""
    random, names = np.random.default_rng(seed), np.unique(groups)
    members = [np.flatnonzero(groups == name) for name in names]
    gains = []
    for _ in range(1000):
        rows = np.concatenate([members[i] for i in random.integers(len(names), size=len(names))])
        gains.append(score(ours[rows], wanted[rows]) - score(theirs[rows], wanted[rows]))
    low, high = np.quantile(gains, (0.05, 0.95))
    return f"{low:+.3f} to {high:+.3f}"


def spam_videos(scorer: TextScorer, corpus: pl.DataFrame, params: dict[str, Any]) -> dict[str, Any]:
    """Spam comments of videos, one video left out at a time: trained on the others, without and with our comments."""
    files = sorted((EXTERNAL / "tubespam").glob("*.csv"))
    rows = pl.concat([pl.read_csv(file, columns=["text", "spam", "video"]) for file in files]).drop_nulls("text")
    rows = rows.select(text=cleaned(pl.col("text")), spam=pl.col("spam").cast(pl.Int8), video="video")
    ours = corpus.filter(kind="comment").select("text", "spam", video="batch")
    both = pl.concat([rows, ours])
    wanted, video = rows["spam"].to_numpy() == 1, rows["video"].to_numpy()
    views = Views(both["text"], both["spam"].to_numpy().astype(float), both["video"].to_numpy(),
                  vectors(both["text"]), params["seed"])  # fmt: skip
    result: dict[str, Any] = {"comments": len(rows), "videos": len(files)}
    arms = {
        "the other videos": (1, []),
        "the other videos and our corpus": (params["weight"], range(len(rows), len(both))),
    }
    for arm, (weight, more) in arms.items():
        parts = []
        for name in np.unique(video):
            train, test = np.flatnonzero(video != name), np.flatnonzero(video == name)
            learnt = np.concatenate([np.repeat(train, weight), np.array(more, dtype=int)])
            parts.append((test, views.judged(learnt, test, len(files) - 1)))
        said = _together(parts, len(rows))
        result[arm] = {model: _spam_row(model, said, wanted, params["seed"]) for model in MODELS}
    flags = scorer.answers(rows["text"], "comment").flags("spam")
    return result | {"student, none of them in training": {"accuracy": accuracy_score(flags, wanted)}}


def _spam_row(model: str, said: Judged, wanted: Floats, seed: int) -> dict[str, Any]:
    flags, scores = said[model]
    row: dict[str, Any] = {"accuracy": accuracy_score(flags, wanted), "auc": _auc(wanted, scores)}
    if model != "tfidf_lr":  # three videos are too few to draw: comments are drawn
        each = np.arange(len(wanted))
        row["gain over tfidf_lr, 90 %"] = _paired(flags, said["tfidf_lr"][0], wanted, each, seed, accuracy_score)
    return row


def german_bots(scorer: TextScorer) -> dict[str, Any]:
    """Flattering bots against real praise in German, a language that the model has never seen: for the record."""
    rows = pl.read_csv(EXTERNAL / "yt_bots_de" / "comments.csv").drop_nulls("text")
    answers, bot = scorer.answers(rows["text"], "comment"), rows["bot"].to_numpy() == 1
    rate = {head: [float(answers.flags(head)[bot].mean()), float(answers.flags(head)[~bot].mean())]
            for head in ("genuine", "generic", "spam")}  # fmt: skip
    return {"comments": len(rows), "bots": int(bot.sum()), "flagged_bots_and_people": rate}


def moroccans(scorer: TextScorer, params: dict[str, Any]) -> dict[str, Any]:
    """Real Moroccan comments, nearly all of ordinary people: how often each label is called, and what was read."""
    rows = real_comments(EXTERNAL).sample(params["real_comments"], seed=params["seed"])
    answers = scorer.answers(rows["text"], "comment")
    flagged = rows.with_columns(**{head: pl.Series(answers.flags(head)) for head in HEADS})
    rates = flagged.group_by("script").agg(pl.col(HEADS).mean(), pl.len()).sort("script").to_dicts()
    shares = {head: float(flagged[head].mean() or 0) for head in HEADS}
    by_script = {row.pop("script"): row for row in rates}
    return {"comments": len(rows), "share_flagged": shares, "by_script": by_script, "read": _read(shares)}


def _read(shares: dict[str, float]) -> dict[str, Any]:
    """Count what was read by hand (``read.csv``), and what it says of the shares of people called by mistake."""
    verdicts = pl.read_csv(READ).group_by("called", "verdict").len().sort("called", "verdict").rows()
    count = {(called, verdict): number for called, verdict, number in verdicts}
    table: dict[str, Any] = {f"{called}, {verdict}": number for (called, verdict), number in count.items()}
    for called, head in (("spam", "spam"), ("hollow", "generic")):
        read = sum(number for (name, _), number in count.items() if name == called)
        wrong, doubtful = count[called, "wrong"] / read, count[called, "doubtful"] / read
        table[f"{called} by mistake, of all comments"] = shares[head] * wrong
        table[f"{called} by mistake, of all comments, doubtful ones counted"] = shares[head] * (wrong + doubtful)
    return table


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
    """Judge the model on every set that is there."""
    params = yaml.safe_load((HERE / "params.yaml").read_text(encoding="utf-8"))
    scorer = load_scorer(SHIPPED)
    corpus = read_corpus(*(ROOT / "data" / "corpus" / f"{part}.jsonl" for part in ("train", "valid")))
    corpus = pl.concat([corpus, augmented(corpus, np.random.default_rng(params["seed"]))])
    parts = {
        "myc": lambda: moroccans(scorer, params),
        "yt_bots_de": lambda: german_bots(scorer),
        "tubespam": lambda: spam_videos(scorer, corpus, params),
        "opi_fr": lambda: sponsored_posts(corpus, params),
    }
    results: dict[str, Any] = {}
    for name, judge in parts.items():
        if not (EXTERNAL / name).is_dir():
            results[name] = {"skipped": f"no folder {name} in THIQA_EXTERNAL_DATA"}
        elif name in {"tubespam", "opi_fr"} and not (ENCODER / "config.json").exists():
            results[name] = {"skipped": "no encoder; make one with: dvc repro encoder"}
        else:
            results[name] = judge()
        print(name, results[name], flush=True)
        write_json(results, RESULTS)
    text = README.read_text(encoding="utf-8")
    begin, end = "<!-- results:begin -->", "<!-- results:end -->"
    written = re.sub(f"{begin}.*{end}", lambda _: f"{begin}\n{table(read_json(RESULTS))}\n{end}", text, flags=re.DOTALL)
    with replacing(README) as out:
        out.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
