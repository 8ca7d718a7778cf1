"""Distance to real text: how well a judge of character n-grams tells corpus comments from real ones, and by what.

The area under the ROC curve (AUC) is 0.5 where texts cannot be told apart and 1 where they always can. Two real sets
told apart by the same judge are the yardstick: below that, corpus and real text differ no more than two real places.
"""

from collections.abc import Callable, Iterator

import numpy as np
import polars as pl
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline, make_pipeline

from .diversity import EMOJI, SURFACE, surface
from .real import VARIETY_OF, cleaned

_FOLDS = 5
_MOST = 1500  # texts of a side; both sides are cut to the smaller
_FEWEST = 50  # below that a figure would say nothing
_SHOWN = 12

_SPACES = (r"\s+", " ")
# what is taken away from both sides before they are compared
VIEWS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "as written": lambda text: text,
    "without emoji": lambda text: text.str.replace_all(rf"{EMOJI}|\u{{FE0F}}|\u{{200D}}", " ").str.replace_all(
        *_SPACES
    ),
    "letters and digits alone, lower case": lambda text: (
        text.str.to_lowercase().str.replace_all(r"[^\p{L}\p{M}\p{N}]+", " ").str.replace_all(*_SPACES)
    ),
}


def judge() -> Pipeline:
    """Logistic regression on TF-IDF of character 1- to 4-grams, inside words and at their edges."""
    grams = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), min_df=3, sublinear_tf=True, lowercase=False,
                            max_features=60_000)  # fmt: skip
    return make_pipeline(grams, LogisticRegression(C=4.0, max_iter=300))


def told_apart(one: pl.DataFrame, other: pl.DataFrame, rng: np.random.Generator) -> tuple[float, list[str], list[str]]:
    """AUC of the judge, cross-validated so that no group (voice) is in training and test at once.

    :param one: Columns ``text`` and ``group``. ``other`` likewise. Both are cut to the size of the smaller.
    :return: AUC; the n-grams that speak most for ``one``; those that speak most for ``other``.
    """
    size = min(one.height, other.height, _MOST)
    both = pl.concat(
        [side[np.sort(rng.permutation(side.height)[:size])].select("text", "group") for side in (one, other)]
    )
    texts, truth = both["text"].to_numpy(), np.repeat([1, 0], size)
    scores = np.zeros(2 * size)
    folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=int(rng.integers(2**31)))
    for train, test in folds.split(texts, truth, both["group"].to_numpy()):
        scores[test] = judge().fit(texts[train], truth[train]).decision_function(texts[test])
    whole = judge().fit(texts, truth)
    order = np.argsort(whole[-1].coef_[0])
    names = whole[0].get_feature_names_out()
    return float(roc_auc_score(truth, scores)), list(names[order[::-1][:_SHOWN]]), list(names[order[:_SHOWN]])


def distances(corpus: pl.DataFrame, real: pl.DataFrame, rng: np.random.Generator) -> Iterator[dict[str, object]]:
    """Yield a row for each script, pair of sources and view: ``script``, ``one``, ``other``, ``view``, ``auc``, …

    :param corpus: With ``script``; only comments of the variety that the script stands for are compared.
    :param real: As :func:`.real.real_comments` gives it; of sets that are not there, or
        hold fewer than 50 texts of a script, nothing is yielded.
    """
    for script, variety in VARIETY_OF.items():
        ours = corpus.filter(
            (pl.col("kind") == "comment") & (pl.col("variety") == variety) & (pl.col("script") == script)
        )
        sides = {"corpus": ours.select(text=cleaned(pl.col("text")), group="batch")}
        sides |= {
            str(source): rows.select("text", group=pl.lit(f"{source} ") + pl.int_range(pl.len()).cast(pl.String))
            for (source,), rows in real.filter(pl.col("script") == script).group_by("source", maintain_order=True)
        }
        names = list(sides)
        pairs = [
            (one, other)
            for place, one in enumerate(names)
            for other in names[place + 1 :]
            if min(sides[one].height, sides[other].height) >= _FEWEST
        ]
        for one, other in pairs:
            for view, change in VIEWS.items():
                first, second = (sides[each].with_columns(change(pl.col("text"))) for each in (one, other))
                auc, ours_say, theirs_say = told_apart(first, second, rng)
                yield {"script": script, "one": one, "other": other, "view": view, "auc": auc,
                       "for_one": ours_say, "for_other": theirs_say}  # fmt: skip


def drivers(corpus: pl.DataFrame, real: pl.DataFrame, source: str = "myc") -> pl.DataFrame:
    """AUC of each surface column alone (0.5 = says nothing; below 0.5 = the corpus has less of it).

    :return: ``script``, ``column``, ``auc``, ``corpus`` and ``real``: share of texts that have any (for length and
        words the median). Empty where the set is not there.
    """
    rows = []
    for script, variety in VARIETY_OF.items():
        ours = surface(corpus.filter((pl.col("kind") == "comment") & (pl.col("variety") == variety)))
        theirs = surface(real.filter((pl.col("script") == script) & (pl.col("source") == source)))
        if theirs.is_empty() or ours.is_empty():
            continue
        truth = np.repeat([1, 0], [ours.height, theirs.height])
        for name in SURFACE:
            auc = roc_auc_score(truth, np.concatenate([ours[name], theirs[name]]))
            typical = [_typical(name, side) for side in (ours, theirs)]
            rows.append({"script": script, "column": name, "auc": float(auc), "corpus": typical[0], "real": typical[1]})
    return pl.DataFrame(rows)


def _typical(name: str, side: pl.DataFrame) -> float:
    return float(side[name].median() if name in {"length", "words"} else (side[name] > 0).mean())  # type: ignore[arg-type]
