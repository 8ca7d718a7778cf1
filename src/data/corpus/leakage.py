"""What must not be shared between parts: voices, texts, near duplicates; and what shows templates: skeletons."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl
from datasketch import MinHash, MinHashLSH

LIMIT = 0.5  # Jaccard of word 3-grams above which two texts are near duplicates
_PERMUTATIONS = 64
_BANDS = (32, 2)  # a pair that overlaps by half is proposed with probability 1 - (1 - 0.5²)^32 = 0.9999
WORD = r"[\p{L}\p{N}][\p{L}\p{M}\p{N}]*"
FEW = 3  # texts of fewer words are stock phrases ("top", "الله يبارك") that many people write
_KEPT = 150  # words of a variety that a skeleton keeps
_LONG = 8  # words of a text whose skeleton tells something


def words(texts: pl.Series) -> pl.Series:
    """Split into words: letters, marks and digits, lower case, NFKC."""
    return texts.str.normalize("NFKC").str.to_lowercase().str.extract_all(WORD)


def voices_in_two_parts(corpus: pl.DataFrame) -> list[str]:
    """Tell voices (batches) that write in more than one part."""
    parts = corpus.group_by("batch").agg(pl.col("part").unique().sort()).filter(pl.col("part").list.len() > 1)
    return [
        f"voice {row['batch']} writes in {' and '.join(row['part'])}; expected one part a voice"
        for row in parts.sort("batch").to_dicts()
    ]


def voices_unknown(corpus: pl.DataFrame, file: Path) -> list[str]:
    """Tell voices of the corpus that ``voices.csv`` does not describe, or puts into another part."""
    known = dict(pl.read_csv(file, columns=["batch", "part"]).iter_rows()) if file.is_file() else {}
    used = corpus.select("batch", "part").unique().sort("batch", "part").iter_rows()
    told = (f"{file}: voice {batch} is {known.get(batch, 'absent')} there; expected {part}" for batch, part in used
            if known.get(batch) != part)  # fmt: skip
    return list(told)


def stock_phrases(corpus: pl.DataFrame) -> pl.DataFrame:
    """Texts of fewer than three words that stand, word for word (or sign for sign), in more than one part.

    They have no 3-gram, and people do write the same ``top`` or ``❤️``: counted and shown, not refused.

    :return: ``text``, ``words`` (how many), ``ids``, ``parts``.
    """
    keyed = corpus.with_columns(tokens=words(corpus["text"])).with_columns(
        words=pl.col("tokens").list.len(),
        key=pl.when(pl.col("tokens").list.len() > 0).then(pl.col("tokens").list.join(" ")).otherwise("text"),
    )
    same = keyed.group_by("key").agg(
        pl.col("text").first(),
        pl.col("words").first(),
        pl.col("id").alias("ids"),
        pl.col("part").unique().sort().alias("parts"),
    )
    shared = (pl.col("parts").list.len() > 1) & (pl.col("words") < FEW)
    return same.filter(shared).drop("key").sort(pl.col("ids").list.first())


def near_duplicates(corpus: pl.DataFrame) -> pl.DataFrame:
    """Pairs of texts whose word 3-grams overlap by more than :data:`LIMIT` (Jaccard).

    MinHash with locality-sensitive hashing proposes pairs (Broder 1997; Leskovec et al., Mining of Massive Datasets,
    chapter 3), each of which is then compared exactly.

    :return: ``one``, ``other`` (ids), ``parts`` (``train and test``), ``across`` (bool), ``jaccard``.
    """
    grams = _three_grams(corpus)
    parts = dict(corpus.select("id", "part").iter_rows())
    found = [
        {"one": one, "other": other, "parts": f"{parts[one]} and {parts[other]}", "across": parts[one] != parts[other],
         "jaccard": share}
        for one, other, share in _close(grams)
        if share > LIMIT
    ]  # fmt: skip
    schema = {"one": pl.String, "other": pl.String, "parts": pl.String, "across": pl.Boolean, "jaccard": pl.Float64}
    return pl.DataFrame(found, schema=schema).sort("jaccard", "one", "other", descending=[True, False, False])


def _three_grams(corpus: pl.DataFrame) -> dict[str, set[str]]:
    tokens = corpus.select("id", word=words(corpus["text"])).filter(pl.col("word").list.len() >= FEW).explode("word")
    grams = tokens.with_columns(
        gram=pl.concat_str(pl.col("word"), *(pl.col("word").shift(-step).over("id") for step in (1, 2)), separator=" ")
    ).drop_nulls()
    return {row[0]: set(row[1]) for row in grams.group_by("id", maintain_order=True).agg("gram").iter_rows()}


def _close(grams: dict[str, set[str]]) -> Iterator[tuple[str, str, float]]:
    index = MinHashLSH(num_perm=_PERMUTATIONS, params=_BANDS)
    for name, signature in zip(grams, MinHash.bulk([_bytes(each) for each in grams.values()], num_perm=_PERMUTATIONS),
                               strict=True):  # fmt: skip
        for other in sorted(index.query(signature)):
            yield other, name, len(grams[name] & grams[other]) / len(grams[name] | grams[other])
        index.insert(name, signature)


def _bytes(grams: Iterable[str]) -> list[bytes]:
    return [gram.encode() for gram in sorted(grams)]


def shared_skeletons(corpus: pl.DataFrame) -> pl.DataFrame:
    """Long texts of one variety that differ only in their rarer words: what filling a template leaves behind.

    A skeleton keeps the 150 commonest words of the variety and puts a sign in place of every other word.

    :return: ``variety``, ``skeleton``, ``ids`` (at least two).
    """
    tokens = corpus.select("id", "variety", word=words(corpus["text"])).filter(pl.col("word").list.len() >= _LONG)
    common = (
        tokens.explode("word").group_by("variety", "word").len()
        .sort("variety", "len", "word", descending=[False, True, False])
        .group_by("variety", maintain_order=True).head(_KEPT)
        .select("variety", "word", kept=True)
    )  # fmt: skip
    skeletons = (
        tokens.explode("word").join(common, on=["variety", "word"], how="left", maintain_order="left")
        .group_by("id", "variety", maintain_order=True)
        .agg(pl.when("kept").then("word").otherwise(pl.lit("_")).str.join(" ").alias("skeleton"), pl.col("kept").sum())
        .filter(pl.col("kept") >= FEW)
    )  # fmt: skip
    same = skeletons.group_by("variety", "skeleton").agg(pl.col("id").sort().alias("ids"))
    return same.filter(pl.col("ids").list.len() > 1).sort("variety", "skeleton")


def leaks(corpus: pl.DataFrame, near: pl.DataFrame, voices: Path) -> list[str]:
    """Everything that is shared between parts and must not be, a line each."""
    faults = voices_in_two_parts(corpus) + voices_unknown(corpus, voices)
    across = near.filter("across")
    faults += [
        f"near duplicates in {row['parts']}: {row['one']} and {row['other']} share {row['jaccard']:.2f} of their word "
        f"3-grams; expected at most {LIMIT}: reword one"
        for row in across.to_dicts()
    ]
    return faults
