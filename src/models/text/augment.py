"""Texts made for training only: plain cases, and posts of the corpus changed where the effect on labels is known."""

import re
from collections import defaultdict
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
# A complaint about a code, a shop or a delivery makes nothing an ad.
COMPLAINTS = {
    "fr": ("Le code {code} n'a jamais fonctionné", "Leur code promo est bidon, ça ne passe pas au paiement",
           "Commande jamais reçue, je ne recommande pas cette boutique"),
    "ary-Arab": ("الكود {code} عمرو ما خدم", "الكود ديالهم كذوب، ما كيدوزش فالخلاص",
                 "كومونديت وما وصلني والو، ما تشريوش من هاد المحل"),
    "ary-Latn": ("lcode {code} 3emrou ma khdem", "lcode dyalhom kdoub, ma kaydouzch f lkhlas",
                 "commandit w ma wslni walo, ma tchriwch mn had l7anout"),
    "arb": ("الكود {code} لم يعمل قط", "رمز الخصم عندهم وهمي ولا يقبل عند الدفع",
            "طلبت ولم يصلني شيء، لا أنصح بهذا المتجر"),
    "en": ("The code {code} never worked", "Their promo code is bogus, it fails at checkout",
           "Ordered and nothing came, do not buy from this shop"),
    "zgh": ("lkod {code} ur sar ixdim", "ur yi d lkim yat, ad ur tsɣm zɣ tḥanut ad"),
    "mixed": ("le code {code} 3emrou ma khdem", "lcode promo dyalhom bidon, ça passe pas",
              "commandit w jamais reçu, ما تشريوش من عندهم"),
}  # fmt: skip
_COMPLAINED = 0.08  # share of posts that are no ads and are repeated with a complaint
_NAMES = ("SARA", "LINA", "AYA", "OMAR", "ZINEB", "HIBA", "YASMINE", "MEHDI", "INES", "ADAM")
_CALLED = 0.12  # share of posts that are repeated with a call
_LONGER = 2  # times that each post is repeated among sentences of the same author's posts that are no ads
_ADDED = (1, 5)  # such sentences: from, below
_SENTENCE_END = re.compile(r"(?<=[.!?؟…])\s+|\n+")
_JOINS = (". ", "\n", " ")


def augmented(corpus: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Make texts of the corpus' shape, to be learnt beside it: ``batch`` is that of the source, or ``plain``.

    Labels that the change leaves unknown are null.
    """
    return pl.concat([plain_cases(corpus.schema), _called(corpus, random), _complained(corpus, random)])


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
    if names == {"ordinary"}:
        return {"spam": 0, "suspicion": 0, "intent": 0, "genuine": None, "trust": None}
    if kind == "comment":
        return {label: int(label in names) for label in COMMENT_LABELS}
    return {"ad": int("ad" in names), "polished": None, "overconsumption": 0, "tested": None}


def _called(corpus: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    posts = corpus.filter(kind="post").sort("id")
    posts = posts.filter(pl.Series(random.random(len(posts)) < _CALLED))
    texts = [_with(CALLS[variety], text, random) for text, variety in zip(posts["text"], posts["variety"], strict=True)]
    unknown = [pl.lit(None, pl.Int8).alias(label) for label in LABELS if label not in {"ad", "tested"}]
    return posts.with_columns(
        pl.Series("text", texts, dtype=pl.String), pl.lit(1, pl.Int8).alias("ad"), *unknown, id=pl.col("id") + "-call"
    )


def _complained(corpus: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    posts = corpus.filter(kind="post", ad=0).sort("id")
    posts = posts.filter(pl.Series(random.random(len(posts)) < _COMPLAINED))
    texts = [
        _with(COMPLAINTS[variety], text, random) for text, variety in zip(posts["text"], posts["variety"], strict=True)
    ]
    unknown = [pl.lit(None, pl.Int8).alias(label) for label in LABELS if label not in {"ad", "overconsumption"}]
    return posts.with_columns(pl.Series("text", texts, dtype=pl.String), *unknown, id=pl.col("id") + "-complaint")


def longer(corpus: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Set each post, :data:`_LONGER` times, among sentences of its author's posts that are no ads.

    An ad stays one, and what is none becomes none by going on; so length tells nothing. In the corpus the longest sixth
    of posts are ads three times as often as the shortest.
    """
    return pl.concat([_set_among_others(corpus, number, random) for number in range(_LONGER)])


def _set_among_others(corpus: pl.DataFrame, number: int, random: np.random.Generator) -> pl.DataFrame:
    posts = corpus.filter(kind="post").sort("id").to_dicts()
    told: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)  # author and variety: id, sentence
    for post in posts:
        if not post["ad"]:
            told[post["batch"], post["variety"]] += [(post["id"], said) for said in _sentences(post["text"])]
    rows = []
    for post in posts:
        others = [said for other, said in told[post["batch"], post["variety"]] if other != post["id"]]
        if others:
            rows.append(post | {"id": f"{post['id']}-longer-{number}", "text": _among(others, post, random)})
    unknown = [pl.lit(None, pl.Int8).alias(label) for label in LABELS if label != "ad"]
    return pl.DataFrame(rows, schema=corpus.schema).with_columns(*unknown)


def _sentences(text: str) -> list[str]:
    return [part for part in map(str.strip, _SENTENCE_END.split(text)) if len(part) > 3]


def _among(others: list[str], post: dict[str, Any], random: np.random.Generator) -> str:
    """Join some of ``others`` and a post, all of it if it is an ad, in any order."""
    whole = post["ad"] or random.random() < 0.5
    own = [post["text"]] if whole else _sentences(post["text"])[:2]
    parts = [*own, *random.permutation(others)[: random.integers(*_ADDED)]]
    return _JOINS[random.integers(len(_JOINS))].join(random.permutation(parts))


def _with(sentences: tuple[str, ...], text: str, random: np.random.Generator) -> str:
    """Put one of some sentences before or after a text, with a code and a discount drawn for it."""
    off = int(random.choice([5, 10, 15, 20, 25, 30, 40, 50]))
    code = f"{_NAMES[random.integers(len(_NAMES))]}{off}"
    said = sentences[random.integers(len(sentences))].format(code=code, off=off)
    return said if random.random() < 0.2 else f"{said}. {text}" if random.random() < 0.4 else f"{text} {said}"
