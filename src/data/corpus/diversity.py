"""How texts look on the surface and how varied their words are, so that a corpus can be laid beside real comments."""

import numpy as np
import polars as pl

from .leakage import WORD, words

EMOJI = r"\p{Extended_Pictographic}"
COUNTED = (500, 1000, 2000, 4000, 8000)  # words at which the types of the type-token curve are counted
_ORDERS = 5  # orders of the texts that a curve is averaged over

_GOD = r"(?i)الله|اللهم|ربي|يا رب|لله|\b(?:allah|lah|llah|wlh|rbi|rabi|rebbi)\b"
# what a judge of characters sees first: how often each of these stands in a text
_PATTERNS = {
    "words": WORD,
    "emoji": EMOJI,
    "commas": "[,،]",
    "stops": r"[.!?؟:;؛]",
    "capitals": r"\p{Lu}",
    "elongated": "aaa|eee|iii|ooo|uuu|hhh|ااا|ووو|ييي|ههه",
    "god": _GOD,
}
SURFACE = ("length", *_PATTERNS)


def surface(texts: pl.DataFrame) -> pl.DataFrame:
    """Count the characters of each ``text`` and what :data:`SURFACE` names."""
    counted = {name: pl.col("text").str.count_matches(pattern) for name, pattern in _PATTERNS.items()}
    return texts.select(length=pl.col("text").str.len_chars(), **counted).cast(pl.Float64)


def profile(texts: pl.DataFrame, rng: np.random.Generator) -> dict[str, float | int | None]:
    """Describe texts: length in characters, emoji, script mix, punctuation, distinct n-grams, type-token curve.

    :param texts: Columns ``text`` and ``script``.
    :return: Shares are of texts, except ``distinct_1`` to ``distinct_3``: distinct word n-grams over all n-grams of
        the first 4,000 words in random order; ``types_N`` are distinct words among N, null where there are fewer.
    """
    seen = surface(texts)
    lengths = seen["length"].quantile
    shares = {f"script_{name}": _share(texts["script"] == name) for name in ("Arab", "Latn", "Tfng", "mixed")}
    return {
        "texts": texts.height,
        **{f"length_p{round(100 * each)}": lengths(each) for each in (0.1, 0.5, 0.9)},
        "one_word": _share(seen["words"] <= 1),
        **{name: _share(seen[name] > 0) for name in ("emoji", "commas", "stops", "capitals", "elongated", "god")},
        **shares,
        **_richness(texts, rng),
    }


def _share(found: pl.Series) -> float:
    return int(found.sum()) / max(1, len(found))


def _richness(texts: pl.DataFrame, rng: np.random.Generator) -> dict[str, float | None]:
    tokens = [np.array(each, dtype=object) for each in words(texts["text"]).to_list()]
    total = sum(map(len, tokens))
    curves: dict[int, list[int]] = {count: [] for count in COUNTED if count <= total}
    distinct: dict[int, list[float]] = {1: [], 2: [], 3: []}
    for _ in range(_ORDERS):
        order = np.concatenate([tokens[index] for index in rng.permutation(len(tokens))]) if total else np.array([])
        for count, found in curves.items():
            found.append(len(set(order[:count])))
        if total >= 4000:
            for size, shares in distinct.items():
                grams = list(zip(*(order[start:4000] for start in range(size)), strict=False))
                shares.append(len(set(grams)) / len(grams))
    richness: dict[str, float | None] = {
        f"distinct_{n}": float(np.mean(each)) if each else None for n, each in distinct.items()
    }
    return richness | {
        f"types_{count}": float(np.mean(curves[count])) if count in curves else None for count in COUNTED
    }


def profiles(corpus: pl.DataFrame, real: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Profile the comments of each variety, and beside them the real comments of the same script.

    :param corpus: With ``script``; posts are left out.
    :return: A row for each of the corpus' varieties and each real set and script: ``variety``, ``source``, then
        :func:`profile`.
    """
    comments = corpus.filter(pl.col("kind") == "comment")
    groups = [(name, "corpus", rows) for (name,), rows in sorted(comments.group_by("variety"), key=_first)]
    for (source, script), rows in sorted(real.group_by("source", "script"), key=_first):
        if script in {"Arab", "Latn"}:
            groups.append((f"real {script}", str(source), rows))
    found = [{"variety": variety, "source": source} | profile(group, rng) for variety, source, group in groups]
    return pl.DataFrame(found, infer_schema_length=None)


def _first(group: tuple[tuple[object, ...], pl.DataFrame]) -> tuple[str, ...]:
    return tuple(map(str, group[0]))
