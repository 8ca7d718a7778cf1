"""The models of the registry: logged from code, with signature and example, no pickle."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import polars as pl

from ..annotate.score import score_rows
from ..models.conversion import ConversionModel, served
from ..models.text.scorer import load_scorer
from .state import State


@dataclass(frozen=True)
class Served:
    """One model: the part it belongs to, its name in the registry, its files, and the code that serves it."""

    part: str
    registered: str
    folder: str  # below the models of a state
    code: str  # beside this file
    example: Callable[[State], tuple[pd.DataFrame, pd.DataFrame]]  # rows as it takes them, and what it answers
    requirements: tuple[str, ...]


def _conversion_example(state: State) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make a few rows: real features, categories not observed, deals left open."""
    model = ConversionModel.load(state.models / "conversion")
    known = pl.read_parquet(state.features).head(3)
    rows = known.select(
        pl.lit("").alias(name) if name in model.categories
        else pl.col(name).cast(pl.Float64) if name in known.columns
        else pl.lit(None, dtype=pl.Float64).alias(name)
        for name in (*model.numbers, *model.categories)
    )  # fmt: skip
    return rows.to_pandas(), served(model, rows)


def _text_example(state: State) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make a post and a comment, and score them as the served model does."""
    rows = pl.DataFrame({"text": ["Mon code SARA10, lien en bio", "Prix svp ?"], "kind": ["post", "comment"]})
    return rows.to_pandas(), score_rows(rows, load_scorer(state.models / "text", alone=True)).to_pandas()


SERVED: dict[str, Served] = {
    "text": Served(
        "text", "thiqa-text", "text", "served_text.py", _text_example,
        ("emoji", "mlflow", "numpy", "pandas", "polars", "pyarrow", "pydantic", "pyyaml", "safetensors",
         "scikit-learn", "scipy", "tokenizers"),
    ),
    "conversion": Served(
        "conversion", "thiqa-conversion", "conversion", "served_conversion.py", _conversion_example,
        ("lightgbm", "mapie", "mlflow", "numpy", "pandas", "polars", "pyarrow", "pydantic", "pyyaml", "scikit-learn",
         "scipy"),
    ),
}  # fmt: skip


def log_model(model: Served, state: State) -> str:
    """Log a model into the run that is open and register it; return its version."""
    import mlflow

    rows, answer = model.example(state)
    with _package_copy() as package:
        logged = mlflow.pyfunc.log_model(
            name=model.part,
            python_model=str(Path(__file__).with_name(model.code)),
            artifacts={model.part: str(state.models / model.folder)},
            code_paths=[str(package)],
            signature=mlflow.models.infer_signature(rows, answer),
            input_example=rows,
            pip_requirements=[f"{name}=={version(name)}" for name in model.requirements],
        )
    return str(mlflow.register_model(logged.model_uri, model.registered).version)


@contextmanager
def _package_copy() -> Iterator[Path]:
    """Copy the package into a folder named ``thiqa``: MLflow's ``code_paths`` does not know setuptools' mapping."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "thiqa"
        shutil.copytree(
            Path(__file__).parent.parent, package, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
        )
        yield package
