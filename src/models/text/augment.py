"""Texts made for training only: plain cases, and posts of the corpus changed where the effect on labels is known."""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import polars as pl
import yaml

from ...data.corpus import COMMENT_LABELS, LABELS

# A call to buy in the author's own voice makes any post an ad, and says nothing about the rest of it.
CALLS = {
    "fr": ("Avec mon code {code} vous avez {off}% de remise, lien en bio", "Code promo {code}, foncez, lien en story",
           "Disponible sur leur site, commandez vite avec {code}"),
    "ary-Arab": ("الكود ديالي {code} فيه تخفيض {off}%، الرابط فالبايو", "كوموندي دابا بالكود {code} والتوصيل فابور",
                 "سيرو شوفو الصفحة ديالهم، كود {code}"),
    "ary-Latn": ("code dyali {code} fih -{off}%, lien f bio", "commandiw b lcode {code}, tawsil fabor",
                 "dkhlo l site dyalhom w dirou {code}"),
    "arb": ("استعملوا الكود {code} للحصول على خصم {off}%، الرابط في البايو", "اطلبوا الآن بالكود {code}",
            "زوروا متجرهم ولا تنسوا الكود {code}"),
    "en": ("Use my code {code} for {off}% off, link in bio", "Shop now with code {code}",
           "Available on their site, {code} saves you {off}%"),
    "zgh": ("ssmrsat lkod inu {code}, -{off}%, lien g bio", "ⵙⵙⵎⵔⵙⴰⵜ ⵍⴽⵓⴷ {code}, ⵍⵉⵢⴰⵏ ⴳ ⴱⵢⵓ"),
    "mixed": ("mon code {code} 3la kolchi -{off}%, lien f bio", "commandez b lcode {code} تخفيض {off}%"),
}  # fmt: skip
_NAMES = ("SARA", "LINA", "AYA", "OMAR", "ZINEB", "HIBA", "YASMINE", "MEHDI", "INES", "ADAM")
_CALLED = 0.12  # share of posts that are repeated with a call


def augmented(corpus: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Make texts of the corpus' shape, to be learnt beside it: ``batch`` is that of the source, or ``plain``.

    Labels that the change leaves unknown are null.
    """
    return pl.concat([plain_cases(corpus.schema), _called(corpus, random)])


@cache
def _plain() -> dict[str, dict[str, dict[str, list[str]]]]:
    return yaml.safe_load(files(__package__).joinpath("plain.yaml").read_text(encoding="utf-8"))


def plain_cases(schema: pl.Schema) -> pl.DataFrame:
    """Read the plain cases (``plain.yaml``) in the corpus' shape."""
    return pl.DataFrame(list(_plain_rows()), schema=dict(schema)).sort("id")


def _plain_rows() -> Iterator[dict[str, Any]]:
    for kind, named in (("comment", _plain()["comments"]), ("post", _plain()["posts"])):
        for names, by_variety in named.items():
            for variety, texts in by_variety.items():
                for number, text in enumerate(texts):
                    row = {"id": f"plain-{kind}-{names}-{variety}-{number}", "part": "plain", "batch": "plain",
                           "kind": kind, "text": text, "variety": variety, "slice": "easy"}  # fmt: skip
                    yield row | _labels(kind, set(names.split("+")))


def _labels(kind: str, names: set[str]) -> dict[str, int | None]:
    if kind == "comment":
        return {label: int(label in names) for label in COMMENT_LABELS}
    return {"ad": int("ad" in names), "polished": None, "overconsumption": 0, "tested": None}


def _called(corpus: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    posts = corpus.filter(kind="post").sort("id")
    posts = posts.filter(pl.Series(random.random(len(posts)) < _CALLED))
    texts = [_call(text, variety, random) for text, variety in zip(posts["text"], posts["variety"], strict=True)]
    unknown = [pl.lit(None, pl.Int8).alias(label) for label in LABELS if label not in {"ad", "tested"}]
    return posts.with_columns(
        pl.Series("text", texts, dtype=pl.String), pl.lit(1, pl.Int8).alias("ad"), *unknown, id=pl.col("id") + "-call"
    )


def _call(text: str, variety: str, random: np.random.Generator) -> str:
    calls = CALLS[variety]
    off = int(random.choice([5, 10, 15, 20, 25, 30, 40, 50]))
    code = f"{_NAMES[random.integers(len(_NAMES))]}{off}"
    call = calls[random.integers(len(calls))].format(code=code, off=off)
    return f"{call}. {text}" if random.random() < 0.3 else f"{text} {call}"
