"""The parts of the text model, each against an independent construction."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from thiqa.data.corpus import LABELS, read_corpus
from thiqa.models.text.augment import longer
from thiqa.models.text.decide import fit_decisions, macro_f1
from thiqa.models.text.disclosure import MASK, masked
from thiqa.models.text.evaluate import f1
from thiqa.models.text.fold import fold
from thiqa.models.text.grams import Grams
from thiqa.models.text.heads import HEADS
from thiqa.models.text.lexicon import phrases
from thiqa.models.text.normal import normal, sounds

CORPUS = Path(__file__).parents[3] / "data" / "corpus"
TEXTS = st.lists(st.text(st.sampled_from("ab é#@!7شر ⴰ🔥'\n"), max_size=12), min_size=1, max_size=4)


def plainly(text: str, low: int, high: int) -> dict[str, int]:
    """Count the n-grams of letters of a normal text by a loop: those with a blank at their ends only."""
    found: dict[str, int] = {}
    for order in range(low, high + 1):
        for start in range(len(text) - order + 1):
            gram = text[start : start + order]
            if " " not in gram[1:-1] and gram != "  ":
                found[gram] = found.get(gram, 0) + 1
    return found


def cut(text: str) -> str:
    kept: list[str] = []
    for sign in text:
        if len(kept) < 2 or not kept[-1] == kept[-2] == sign:
            kept.append(sign)
    return "".join(kept)


@given(TEXTS)
def test_hashed_grams_are_those_of_a_plain_loop(texts: list[str]):
    series = pl.Series("text", texts, dtype=pl.String)
    letters, words, _ = Grams(bits=22).count(series)
    for row, text in enumerate(pl.select(normal(pl.lit(series))).to_series()):
        expected = plainly(cut(text), 2, 5)
        assert sorted(letters[row].data.tolist()) == sorted(map(float, expected.values()))
        several = cut(text).split()
        assert words[row].sum() == len(several) + max(len(several) - 1, 0)


def test_both_scripts_of_darija_sound_alike():
    pairs = pl.Series(["chrit", "شريت", "bch7al", "بشحال", "zwin", "زوين"])
    codes = pl.select(sounds(normal(pl.lit(pairs)))).to_series().str.strip_chars().to_list()
    assert codes[::2] == codes[1::2]
    assert codes[0] == "crt"


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=30))
def test_f1_is_that_of_scikit_learn(pairs: list[tuple[bool, bool]]):
    said, wanted = (np.array(side) for side in zip(*pairs, strict=True))
    if wanted.all() or not wanted.any():
        return
    expected = f1_score(wanted, said, average="macro", labels=[False, True], zero_division=0)
    cells = np.array([(said & wanted).sum(), (said & ~wanted).sum(), (~said & wanted).sum(), (~said & ~wanted).sum()])
    assert abs(float(f1(cells)) - expected) < 1e-9
    assert abs(macro_f1(said, wanted) - expected) < 1e-9


def test_masking_hides_words_of_disclosure_and_nothing_else():
    texts = pl.Series(
        ["#pub Une crème", "Collaboration commerciale avec X 😍!", "Une crème, voilà", "إعلان: كريم", None]
    )
    hidden = masked(texts).to_list()
    assert hidden == [f"{MASK} Une crème", f"{MASK} avec X 😍!", "Une crème, voilà", f"{MASK}: كريم", ""]


def test_masked_texts_keep_everything_but_words_of_disclosure():
    posts = read_corpus(CORPUS / "valid.jsonl").filter(kind="post")["text"]
    hidden = masked(posts)
    listed = [*phrases("disclosure", "clear"), *phrases("disclosure", "ambiguous")]
    assert not pl.select(fold(pl.lit(hidden)).str.contains_any(listed).any()).item()
    there = hidden.str.contains(MASK)
    assert 50 < there.sum() < len(posts)
    assert (hidden == posts).filter(~there).all()
    # what is kept are stretches of the text itself, accents, signs and emoji included
    for before, after in zip(posts.filter(there), hidden.filter(there), strict=True):
        place = 0
        for part in after.split(MASK):
            place = before.index(part, place) + len(part)


def test_length_says_nothing_in_longer_posts():
    corpus = read_corpus(CORPUS / "valid.jsonl")
    made = longer(corpus, np.random.default_rng(1))
    ads = made.filter(ad=1)
    origins = ads.with_columns(id=ads["id"].str.replace(r"-longer-\d+$", "")).join(corpus, on="id", suffix="_own")
    assert origins.select(pl.col("text").str.contains(pl.col("text_own"), literal=True).all()).item()
    assert made.select(pl.col(label).is_null().all() for label in LABELS if label != "ad").row(0) == (True,) * 8
    words = made.group_by("ad").agg(pl.col("text").str.count_matches(" ").median()).sort("ad")["text"]
    assert words[0] > 0.75 * words[1]


@pytest.mark.parametrize(("slope", "shift"), [(0.6, -0.1), (1.3, -0.5), (1.8, 1.0)])
def test_calibration_is_logistic_regression(slope: float, shift: float):
    random = np.random.default_rng(5)
    logits, answers = np.zeros((800, len(HEADS))), np.full((800, len(HEADS)), np.nan)
    logits[:, 0] = random.normal(size=800)
    answers[:, 0] = random.random(800) < expit(slope * logits[:, 0] + shift)
    found = fit_decisions(logits, answers, np.zeros(800, dtype=int))
    expected = LogisticRegression(C=1e6, tol=1e-8).fit(logits[:, :1], answers[:, 0])
    np.testing.assert_allclose([found.slope[0], found.shift[0]],
                               [expected.coef_[0, 0], expected.intercept_[0]], atol=0.03)  # fmt: skip


def test_a_threshold_of_a_variety_is_drawn_to_the_pooled_one_where_it_has_few_texts():
    random, kinds = np.random.default_rng(2), np.repeat([0, 1, 2], [2000, 200, 6])
    logits, answers = np.zeros((len(kinds), len(HEADS))), np.full((len(kinds), len(HEADS)), np.nan)
    logits[:, 0] = random.normal(size=len(kinds)) * 3
    own = np.array([0.0, 2.0, 2.0])[kinds]  # where the middle is
    answers[:, 0] = random.random(len(kinds)) < expit(logits[:, 0] - own)
    many, some, few = fit_decisions(logits, answers, kinds).thresholds[0, :3]
    pooled = fit_decisions(logits, answers, np.zeros(len(kinds), dtype=int)).thresholds[0, 1]
    assert few == pytest.approx(pooled)
    assert abs(many - pooled) < 0.1 < some - pooled
