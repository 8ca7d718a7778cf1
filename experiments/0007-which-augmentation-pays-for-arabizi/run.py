"""Which augmentation pays for Arabizi? Run the seeds that results.csv lacks, then write the README's table."""

import re
from pathlib import Path

import numpy as np
import polars as pl
import yaml
from scipy import sparse
from sklearn.metrics import roc_auc_score

import thiqa
from thiqa.data.corpus import LABELS, read_corpus
from thiqa.files import digest, replacing
from thiqa.models.text.augment import augmented
from thiqa.models.text.config import StudentConfig
from thiqa.models.text.grams import Grams
from thiqa.models.text.heads import HEADS
from thiqa.models.text.train import fit_student, lesson

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RESULTS, README = HERE / "results.csv", HERE / "README.md"
SCHEMA = {"code": pl.String, "seed": pl.Int64, "arm": pl.String, "variety": pl.String, "auc": pl.Float64}
ARMS = {
    "none": "as shipped: code of sounds, no change of spelling",
    "other_script": "Darija repeated in the other script",
    "spelling": "Latin spellings varied: digits, vowels, doubled letters",
    "both": "both",
    "no_sounds": "as shipped, without the code of sounds",
}
SHOWN = {"ary-Latn": "Darija, Latin", "ary-Arab": "Darija, Arabic", "fr": "French", "all": "all"}
LEAST = 15  # positives and negatives that a head needs before it counts
TO_ARABIC = {
    "ch": "ش", "sh": "ش", "kh": "خ", "gh": "غ", "ou": "و", "3": "ع", "7": "ح", "9": "ق", "5": "خ", "8": "غ", "2": "ء",
    "a": "ا", "b": "ب", "c": "ك", "d": "د", "e": "", "f": "ف", "g": "ڭ", "h": "ه", "i": "ي", "j": "ج", "k": "ك",
    "l": "ل", "m": "م", "n": "ن", "o": "و", "p": "ب", "q": "ق", "r": "ر", "s": "س", "t": "ت", "u": "و", "v": "ف",
    "w": "و", "x": "كس", "y": "ي", "z": "ز",
}  # fmt: skip
TO_LATIN = {
    "ش": "ch", "خ": "kh", "غ": "gh", "ع": "3", "ح": "7", "ق": "9", "ا": "a", "أ": "a", "إ": "i", "آ": "a", "ى": "a",
    "ة": "a", "ب": "b", "د": "d", "ذ": "d", "ض": "d", "ظ": "d", "ف": "f", "ڭ": "g", "گ": "g", "ه": "h", "ي": "i",
    "ج": "j", "ك": "k", "ل": "l", "م": "m", "ن": "n", "و": "o", "ر": "r", "س": "s", "ص": "s", "ت": "t", "ط": "t",
    "ث": "t", "ز": "z", "ء": "", "ئ": "2", "ؤ": "2",
}  # fmt: skip
SPELLINGS = (  # ways in which one writer's Arabizi differs from another's
    {"3": "a", "7": "h", "9": "q"}, {"ou": "o", "ch": "sh", "kh": "5"}, {"gh": "8", "5": "kh", "9": "k"},
    {"e": "", "i": "e"}, {"a": "aa", "o": "u"}, {"k": "kk", "w": "ou", "y": "i"},
)  # fmt: skip


def code_digest() -> str:
    """Name the code, the corpus and the parameters that results were made with."""
    text, corpus = Path(thiqa.__file__).parent / "models" / "text", ROOT / "data" / "corpus"
    files = [text / f"{name}.py" for name in ("augment", "grams", "heads", "linear", "normal", "student", "train")]
    return digest(*files, text / "plain.yaml", corpus / "train.jsonl", corpus / "valid.jsonl", HERE / "run.py",
                  HERE / "params.yaml")[:12]  # fmt: skip


def other_script(corpus: pl.DataFrame) -> pl.DataFrame:
    """Write Darija in the script that it was not written in, sound by sound; labels stay."""
    lower = pl.col("text").str.to_lowercase()
    latin = corpus.filter(variety="ary-Latn").with_columns(text=lower.str.replace_many(TO_ARABIC))
    arabic = corpus.filter(variety="ary-Arab").with_columns(text=pl.col("text").str.replace_many(TO_LATIN))
    swapped = [latin.with_columns(variety=pl.lit("ary-Arab")), arabic.with_columns(variety=pl.lit("ary-Latn"))]
    return pl.concat([rows.with_columns(pl.col("variety").cast(corpus.schema["variety"])) for rows in swapped])


def spelling(corpus: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Write Latin Darija and mixtures in another writer's spelling; labels stay."""
    rows = corpus.filter(pl.col("variety").is_in(["ary-Latn", "mixed"]))
    lower = rows["text"].str.to_lowercase()
    ways = [lower.str.replace_many(way).alias(f"way {number}") for number, way in enumerate(SPELLINGS)]
    chosen = random.integers(len(ways), size=len(rows))
    texts = pl.DataFrame(ways).select(pl.concat_list(pl.all()).list.get(pl.Series(chosen))).to_series()
    return rows.with_columns(text=texts)


def run_seed(seed: int, share: float, train: pl.DataFrame, valid: pl.DataFrame) -> list[dict]:
    """Fit the student with each augmentation and judge it on the same texts."""
    random = np.random.default_rng(seed)
    given = lesson(train, random)
    base = augmented(train, random)
    changed = {"other_script": other_script(train), "spelling": spelling(train, random)}
    some = {name: rows.filter(pl.Series(random.random(len(rows)) < share)) for name, rows in changed.items()}
    more = {"none": [], "other_script": [some["other_script"]], "spelling": [some["spelling"]],
            "both": list(some.values()), "no_sounds": []}  # fmt: skip
    rows = []
    for arm, extra in more.items():
        learnt = given.with_more(lesson(pl.concat([base, *extra]), np.random.default_rng(seed)))
        config = WithoutSounds() if arm == "no_sounds" else StudentConfig()
        logits = fit_student(learnt, config, seed).outputs(valid["text"])
        rows += [{"seed": seed, "arm": arm, "variety": variety, "auc": mean_auc(valid, logits, variety)}
                 for variety in SHOWN]  # fmt: skip
    return rows


class WithoutSounds(StudentConfig):
    """The student that reads what is written, and not how it sounds."""

    def grams(self) -> Grams:
        """Say which n-grams are counted."""
        return Written(bits=self.bits)


class Written(Grams):
    """Letters and words alone."""

    def count(self, texts: pl.Series) -> list[sparse.csr_matrix]:
        """Hash texts into two sparse matrices."""
        return super().count(texts)[:2]


def mean_auc(texts: pl.DataFrame, logits: np.ndarray, variety: str) -> float:
    """Average the area under the ROC curve over the heads that have enough positives and negatives."""
    inside = np.ones(len(texts), bool) if variety == "all" else (texts["variety"] == variety).to_numpy()
    found = []
    for head in LABELS:
        rows = inside & texts[head].is_not_null().to_numpy()
        wanted = texts[head].to_numpy()[rows] == 1
        if min(wanted.sum(), (~wanted).sum()) >= LEAST:
            found.append(roc_auc_score(wanted, logits[rows, HEADS.index(head)]))
    return float(np.mean(found)) if found else float("nan")


def table(results: pl.DataFrame) -> str:
    """Write the README's table: mean over seeds, and the gain over none with its range."""
    seeds = results["seed"].n_unique()
    lines = [f"| arm | {' | '.join(SHOWN.values())} |", "|---|" + "--:|" * len(SHOWN)]
    base = results.filter(arm="none").select("seed", "variety", base="auc")
    gains = results.join(base, on=["seed", "variety"]).with_columns(gain=100 * (pl.col("auc") - pl.col("base")))
    for arm, words in ARMS.items():
        cells = []
        for variety in SHOWN:
            part = gains.filter(arm=arm, variety=variety)
            cell = f"{part['auc'].mean():.3f}"
            if arm != "none":
                cell += f" ({part['gain'].mean():+.1f}: {part['gain'].min():+.1f} to {part['gain'].max():+.1f})"
            cells.append(cell)
        lines.append(f"| {words} | {' | '.join(cells)} |")
    note = f"Mean area under the ROC curve of the heads, {seeds} seeds; in brackets points gained, mean and range."
    return "\n".join([*lines, "", note])


def main() -> None:
    """Run what is missing."""
    params, code = yaml.safe_load((HERE / "params.yaml").read_text(encoding="utf-8")), code_digest()
    results = pl.DataFrame(schema=SCHEMA)
    if RESULTS.exists():
        results = pl.read_csv(RESULTS, schema=SCHEMA).filter(pl.col("code") == code)
    train, valid = (read_corpus(ROOT / "data" / "corpus" / f"{part}.jsonl") for part in ("train", "valid"))
    for seed in params["seeds"]:
        if seed in results["seed"]:
            print(f"seed {seed}: done before")
            continue
        rows = pl.DataFrame([{"code": code, **row} for row in run_seed(seed, params["share"], train, valid)], SCHEMA)
        results = pl.concat([results, rows])
        with replacing(RESULTS) as temporary:
            results.write_csv(temporary, float_precision=6)
        print(f"seed {seed}: done", flush=True)
    text = table(results)
    block = re.compile(r"(<!-- results:begin -->\n).*?(<!-- results:end -->)", re.DOTALL)
    readme = README.read_text(encoding="utf-8")
    README.write_text(block.sub(lambda found: f"{found[1]}{text}\n{found[2]}", readme), encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
