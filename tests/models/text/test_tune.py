"""Fine-tuning on an encoder of random weights: it learns, and what is written says what was learnt."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from thiqa.data.corpus import read_corpus
from thiqa.errors import InputError
from thiqa.models.text.config import StudentConfig, TeacherConfig, TextConfig
from thiqa.models.text.encoder import build_tiny_encoder
from thiqa.models.text.heads import HEADS, OUTPUTS
from thiqa.models.text.lesson import lesson
from thiqa.models.text.scorer import load_scorer
from thiqa.models.text.teacher import Encoder, Heads
from thiqa.models.text.train import train_text
from thiqa.models.text.tune import TunedTeacher, masked_loss

CORPUS = Path(__file__).parents[3] / "data" / "corpus"
TUNED = TeacherConfig(tuned_layers=1, epochs=1)


@pytest.fixture(scope="module")
def few() -> pl.DataFrame:
    corpus = read_corpus(CORPUS / "valid.jsonl")
    return pl.concat([corpus.filter(kind=kind).sample(60, seed=1) for kind in ("post", "comment")])


@pytest.fixture(scope="module")
def encoder(few: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "encoder"
    build_tiny_encoder(few["text"].to_list(), folder, seed=1)
    return folder


def test_heads_that_are_not_asked_do_not_count():
    logits, answers = torch.zeros(2, len(OUTPUTS)), torch.full((2, len(OUTPUTS)), torch.nan)
    answers[0, 0] = 1
    first = masked_loss(logits, answers)
    logits[:, 1 : len(HEADS)] = 9.0
    assert masked_loss(logits, answers) == first == pytest.approx(np.log(2))


def test_training_lowers_the_loss_and_the_folder_answers_alike(few: pl.DataFrame, encoder: Path, tmp_path: Path):
    given = lesson(few, np.random.default_rng(1))
    losses = []
    for epochs in (1, 6):
        config = TUNED.model_copy(update={"epochs": epochs})
        teacher = TunedTeacher(encoder, given.texts.unique(maintain_order=True), config, 1, lambda _: None)
        said = teacher(given, given.texts)
        losses.append(masked_loss(torch.from_numpy(said), torch.from_numpy(given.answers)).item())
    assert losses[1] < losses[0]
    teacher.save(given, tmp_path)
    for exact, far in ((True, 1e-3), (False, 0.5)):
        read = Encoder.load(tmp_path / "encoder", exact=exact).vectors(given.texts)
        assert np.abs(Heads.load(tmp_path).outputs(read) - said).max() < far


def test_a_model_with_a_tuned_encoder_is_trained_and_loaded(few: pl.DataFrame, encoder: Path, tmp_path: Path):
    config = TextConfig(folds=2, student=StudentConfig(bits=12, dimensions=4), teacher=TUNED)
    train_text(few, encoder, config, 1, tmp_path / "text")
    said = load_scorer(tmp_path / "text").with_share(1.0).answers(few["text"], "post")
    assert np.isfinite(said.probabilities).all()


def test_more_layers_than_lie_above_the_lower_one_are_refused(encoder: Path):
    with pytest.raises(InputError, match="expected at most 1 of the 2 layers"):
        TunedTeacher(encoder, pl.Series(["a"]), TeacherConfig(tuned_layers=2), 1, lambda _: None)
