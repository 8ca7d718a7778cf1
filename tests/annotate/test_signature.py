"""Near-duplicate signatures against a plain MinHash, and what they tell apart."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thiqa.annotate.signature import _MIX, near
from thiqa.models.text.fold import fold

MASK = (1 << 64) - 1


def plain(text: str) -> tuple[int, int] | None:
    """Compute both bands with Python's own integers."""
    text = f" {text} ".ljust(4)
    grams = set()
    for start in range(len(text) - 3):
        value = 0
        for letter in text[start : start + 4]:
            value = (value * 0x100000001B3 + ord(letter)) & MASK
        grams.add(value)
    smallest = [min(mixed(gram, number) for gram in grams) for number in range(4)]
    both = (mixed(smallest[0] ^ turned(smallest[1]), 0), mixed(smallest[2] ^ turned(smallest[3]), 1))
    return tuple(value - (1 << 64) if value >> 63 else value for value in both)


def mixed(value: int, number: int) -> int:
    value = (value + int(_MIX[number])) & MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
    return value ^ (value >> 31)


def turned(value: int) -> int:
    return ((value << 17) | (value >> 47)) & MASK


@settings(max_examples=40)
@given(st.lists(st.text("abcd زوين ⴰⵣ😀", min_size=1, max_size=12), min_size=1, max_size=5))
def test_equals_a_plain_minhash(texts):
    folded = [" ".join(text.split()) for text in texts]
    single = ["".join(a for a, b in zip(text, " " + text, strict=False) if a != b) for text in folded]
    expected = [plain(text.strip()) if text.strip() else (None, None) for text in single]
    assert near(pl.Series(folded)).rows() == expected


def bands(*texts: str) -> list[tuple]:
    frame = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    return near(frame.select(fold(pl.col("text"))).to_series()).rows()


def shared(one: tuple, other: tuple) -> bool:
    return any(a == b for a, b in zip(one, other, strict=True))


def test_elongation_emoji_tags_and_digits_change_nothing():
    first, *others = bands(
        "trop bien cette recette", "trooop bieeen cette recette !! 😍", "@salma trop bien cette recette 2"
    )
    assert set(others) == {first}


def test_a_longer_text_with_one_more_word_stays_near_and_another_does_not():
    text = "j'ai commandé la crème chez la boutique de derb ghallef et je suis vraiment très contente du résultat"
    one, longer, other = bands(text, text + " wlah", "combien coûte la livraison pour agadir s'il te plaît")
    assert shared(one, longer)
    assert not shared(one, other)


@pytest.mark.parametrize("texts", [(), ("",), ("😍", "12", "#tag")])
def test_nothing_left_has_no_signature(texts):
    assert bands(*texts) == [(None, None)] * len(texts)


def test_rows_do_not_depend_on_their_neighbours():
    texts = ["bonjour tout le monde", "merci", "bonjour tout le monde", "prix svp"]
    assert bands(*texts) == [bands(text)[0] for text in texts]
