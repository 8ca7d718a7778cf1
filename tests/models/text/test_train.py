"""Training from labelled texts to a folder of files, on a few texts and an encoder of random weights."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from thiqa.data.corpus import read_corpus
from thiqa.files import digest
from thiqa.models.text.config import StudentConfig, TextConfig
from thiqa.models.text.encoder import build_tiny_encoder
from thiqa.models.text.heads import HEADS
from thiqa.models.text.scorer import load_scorer
from thiqa.models.text.train import train_text

CORPUS = Path(__file__).parents[3] / "data" / "corpus"
SMALL = TextConfig(folds=2, student=StudentConfig(bits=12, dimensions=4))
WORDS = ["SARA10", "prix svp ?", "بشحال", "Merci pour la recette", "lien en bio #pub", "🔥🔥", ""]


@pytest.fixture(scope="module")
def few() -> pl.DataFrame:
    corpus = read_corpus(CORPUS / "valid.jsonl")
    return pl.concat([corpus.filter(kind=kind).sample(90, seed=1) for kind in ("post", "comment")])


@pytest.fixture(scope="module")
def models(few: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    build_tiny_encoder(few["text"].to_list(), folder / "encoder", seed=1)
    train_text(few, folder / "encoder", SMALL, 1, folder / "text")
    return folder


def test_the_same_texts_and_seed_give_the_same_files(few: pl.DataFrame, models: Path, tmp_path: Path):
    train_text(few, models / "encoder", SMALL, 1, tmp_path / "text")
    names = ("student.safetensors", "student.json")
    assert digest(*(tmp_path / "text" / name for name in names)) == digest(*(models / "text" / name for name in names))


def test_student_and_teacher_answer_every_text(models: Path):
    scorer = load_scorer(models / "text")
    frame = pl.DataFrame({"text": WORDS})
    for share in (0.0, 0.5, 1.0):
        posts = scorer.with_share(share).score_posts(frame)
        comments = scorer.with_share(share).score_comments(frame)
        assert posts.null_count().sum_horizontal().item() == 0
        assert posts["embedding"].list.len().unique().to_list() == [4]
        assert comments.select(pl.all_horizontal(pl.selectors.float().is_between(0, 1)).all()).item()


def test_the_teacher_is_asked_about_the_most_doubtful_share_only(models: Path):
    scorer = load_scorer(models / "text")
    texts = read_corpus(CORPUS / "valid.jsonl").filter(kind="comment")["text"].head(100)
    student = scorer.with_share(0.0).answers(texts, "comment").probabilities
    some = scorer.with_share(0.2).answers(texts, "comment").probabilities
    everything = scorer.with_share(1.0).answers(texts, "comment").probabilities
    changed = (student != some).any(axis=1)
    assert 15 <= changed.sum() <= 25
    np.testing.assert_allclose(some[changed], everything[changed], atol=1e-4)


def test_a_text_is_scored_the_same_in_any_company(models: Path):
    scorer = load_scorer(models / "text").with_share(1.0)
    alone = np.concatenate([scorer.answers(pl.Series("text", [word]), "post").probabilities for word in WORDS])
    together = scorer.answers(pl.Series("text", WORDS), "post").probabilities
    np.testing.assert_allclose(alone, together, atol=1e-4)
    assert together.shape == (len(WORDS), len(HEADS))


def test_scores_of_tables_are_brought_to_the_share_of_ads_in_feeds(few: pl.DataFrame, models: Path):
    scorer = load_scorer(models / "text").with_share(0.0)
    corpus, feed = float(few["ad"].drop_nulls().mean()), SMALL.ad_share
    said, told = scorer.answers(few["text"], "post").of("ad"), scorer.score_posts(few.select("text"))["ad"].to_numpy()
    weights = said * feed / corpus, (1 - said) * (1 - feed) / (1 - corpus)
    np.testing.assert_allclose(told, weights[0] / (weights[0] + weights[1]), atol=1e-6)
