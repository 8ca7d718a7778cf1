"""How many texts there are of each kind, and whether that is what was aimed at."""

import polars as pl

from .labels import COMMENT_LABELS, LABELS, PARTS, SLICES, TARGETS


def by_part(corpus: pl.DataFrame) -> pl.DataFrame:
    """Count posts, comments and voices of every part, and of all."""
    counted = [_counted(name, corpus.filter(pl.col("part") == name)) for name in PARTS]
    return pl.DataFrame([*counted, _counted("all", corpus)])


def _counted(name: str, rows: pl.DataFrame) -> dict[str, object]:
    posts = rows.filter(pl.col("kind") == "post").height
    slices = _slices(rows)
    return {"part": name, "posts": posts, "comments": rows.height - posts, "voices": rows["batch"].n_unique(), **slices}


def by_variety(corpus: pl.DataFrame) -> pl.DataFrame:
    """Share of each variety beside the share aimed at, its slices, and its count in each part."""
    rows = []
    for name, target in TARGETS.items():
        those = corpus.filter(pl.col("variety") == name)
        rows.append(
            {"variety": name, "texts": those.height, "share": those.height / max(1, corpus.height), "aimed_at": target}
            | _slices(those)
            | {part: those.filter(pl.col("part") == part).height for part in PARTS}
        )
    return pl.DataFrame(rows)


def balance(corpus: pl.DataFrame) -> pl.DataFrame:
    """Share of texts that carry each label, over all and in each slice."""
    wanted = {label: pl.col(label) == 1 for label in LABELS}
    wanted |= {f"disclosure {each}": pl.col("disclosure") == each for each in ("ambiguous", "clear")}
    rows = []
    for label, test in wanted.items():
        kind = "comment" if label in COMMENT_LABELS else "post"
        those = corpus.filter(pl.col("kind") == kind)
        shares = {each: _share(those.filter(pl.col("slice") == each), test) for each in SLICES}
        rows.append(
            {"label": label, "of": f"{kind}s", "texts": those.filter(test).height, "share": _share(those, test)}
            | shares
        )
    undisclosed = (pl.col("ad") == 1) & (pl.col("disclosure") == "none")
    posts = corpus.filter(pl.col("kind") == "post")
    shares = {each: _share(posts.filter(pl.col("slice") == each), undisclosed) for each in SLICES}
    rows.append({"label": "undisclosed ad", "of": "posts", "texts": posts.filter(undisclosed).height,
                 "share": _share(posts, undisclosed)} | shares)  # fmt: skip
    return pl.DataFrame(rows)


def goals(corpus: pl.DataFrame) -> pl.DataFrame:
    """Lay the counts found beside those asked for, and say whether each holds."""
    kinds = {kind: corpus.filter(pl.col("kind") == kind) for kind in ("post", "comment")}
    world = {kind: rows.filter(pl.col("part") == "world").height for kind, rows in kinds.items()}
    test = corpus.filter(pl.col("part") == "test")
    smallest = min(test.filter(pl.col("variety") == each).height for each in TARGETS)
    wanted = [
        ("posts", kinds["post"].height, 3000),
        ("comments", kinds["comment"].height, 4000),
        ("posts of the part world", world["post"], 1000),
        ("comments of the part world", world["comment"], 1500),
        ("texts of the rarest variety in the part test", smallest, 120),
        ("hard, % of texts", 100 * _share(corpus, pl.col("slice") == "hard"), 25),
        ("evasive, % of texts", 100 * _share(corpus, pl.col("slice") == "evasive"), 15),
    ]
    rows = [{"goal": goal, "found": float(found), "at_least": float(least), "holds": found >= least}
            for goal, found, least in wanted]  # fmt: skip
    return pl.DataFrame(rows)


def _share(rows: pl.DataFrame, test: pl.Expr) -> float:
    return rows.filter(test).height / rows.height if rows.height else 0.0


def _slices(rows: pl.DataFrame) -> dict[str, object]:
    return {each: _share(rows, pl.col("slice") == each) for each in SLICES}
