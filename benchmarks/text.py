"""How fast texts are scored: student, cascade, teacher and TF-IDF, the same distinct short texts, one run.

Wall time depends on what else the machine does; CPU time a text does not, so both are written.
"""

import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
from sklearn.feature_extraction.text import TfidfVectorizer

from thiqa.annotate.batch import annotator
from thiqa.data.corpus import read_corpus
from thiqa.files import write_json
from thiqa.models.text.find import find_scorer

ROOT = Path(__file__).parents[1]
OUT = ROOT / "reports" / "bench" / "text.json"
MANY, FEW = 20_000, 300  # texts for what is fast, and for what is slow


def distinct(count: int) -> pl.Series:
    """Make distinct short texts: comments of the corpus, each with another number."""
    comments = read_corpus(ROOT / "data" / "corpus" / "train.jsonl").filter(kind="comment")["text"]
    return pl.Series("text", [f"{comments[i % len(comments)]} {i}" for i in range(count)])


def measured(score: Callable[[pl.Series], object], texts: pl.Series) -> dict[str, float]:
    """Time one pass over the texts, after a short one that warms up."""
    score(texts.head(50))
    wall, cpu = time.perf_counter(), time.process_time()
    score(texts)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"texts": len(texts), "texts_per_second": len(texts) / wall, "texts_per_cpu_second": len(texts) / cpu}


def main() -> None:
    """Measure, print and write."""
    scorer = find_scorer()
    annotate = annotator(scorer.with_share(0.0), "comment")

    def asked(share: float, texts: pl.Series) -> object:
        return scorer.with_share(share).answers(texts, "comment")

    many, few = distinct(MANY), distinct(FEW)
    tfidf = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2).fit(many.head(3000))
    results = {
        "student": measured(lambda texts: asked(0.0, texts), many),
        "annotate, student": measured(lambda texts: annotate(texts.to_frame().to_arrow().to_batches()[0]), many),
        "tfidf, letters only": measured(tfidf.transform, many),
    }
    if scorer.teacher:
        results["cascade, 2 %"] = measured(
            lambda texts: scorer.with_share(0.02).answers(texts, "comment"), many.head(2000)
        )
        results["teacher"] = measured(lambda texts: asked(1.0, texts), few)
    for name, row in results.items():
        print(f"{name}: {row['texts_per_second']:,.0f} texts/s, {row['texts_per_cpu_second']:,.0f} a CPU second")
    write_json(results, OUT)


if __name__ == "__main__":
    main()
