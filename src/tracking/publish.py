"""Publish what the pipeline wrote as one finished MLflow run; the same state is never published twice."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from ..errors import InputError
from ..files import digest, plain, read_json
from ..models.conversion import ConversionModel, served
from ..params import Params
from .store import artifact_location, quiet, tracking_uri

if TYPE_CHECKING:
    from mlflow import MlflowClient

DIGEST_TAG = "thiqa.digest"
REQUIREMENTS = (
    "lightgbm",
    "mapie",
    "mlflow",
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "pydantic",
    "pyyaml",
    "scikit-learn",
    "scipy",
)


@dataclass(frozen=True)
class Published:
    """What publishing found or made."""

    run_id: str
    reused: bool
    uri: str


@dataclass(frozen=True)
class State:
    """The files that one state of the pipeline consists of."""

    metrics: Path
    plots: Path
    page: Path
    conversion: Path
    features: Path

    def require(self) -> None:
        """Check that the pipeline has run.

        :raises InputError: Naming what is missing.
        """
        missing = [str(path) for path in vars(self).values() if not path.exists()]
        if missing:
            raise InputError(f"nothing to publish: {', '.join(missing)} missing; run 'make run' or 'dvc repro' first")

    def digest(self, params: Params) -> str:
        """Digest parameters, metrics, plots, models and page: no times, no paths."""
        parts = digest(self.metrics, self.plots, self.conversion, self.page)
        return digest_text(json.dumps(params.model_dump(mode="json"), sort_keys=True) + parts)


def digest_text(text: str) -> str:
    """Digest a text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text"
        path.write_text(text, encoding="utf-8")
        return digest(path)


def publish(state: State, params: Params, description: str) -> Published:
    """Publish a state of the pipeline, unless the server already has it as a finished run.

    The tag that marks a run as whole is set last, so a killed publish never looks finished.

    :raises InputError: If the pipeline has not run, or the server does not answer.
    """
    state.require()
    quiet()
    import mlflow
    from mlflow.exceptions import MlflowException

    uri, key = tracking_uri(), state.digest(params)
    client = mlflow.MlflowClient(tracking_uri=uri)
    try:
        experiment = _experiment(client, params.tracking.experiment)
        finished = client.search_runs(
            [experiment], f"tags.`{DIGEST_TAG}` = '{key}' and attributes.status = 'FINISHED'", max_results=1
        )
        if finished:
            return Published(finished[0].info.run_id, reused=True, uri=uri)
        run_id = _new_run(experiment, state, params, description, uri)
        client.set_tag(run_id, DIGEST_TAG, key)
    except (MlflowException, OSError) as error:
        reason = str(error).splitlines()[0][:200]
        raise InputError(f"MLflow at {uri} failed ({reason}); nothing is lost: run 'thiqa publish' again") from error
    return Published(run_id, reused=False, uri=uri)


def _experiment(client: "MlflowClient", name: str) -> str:
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    return str(client.create_experiment(name, artifact_location=artifact_location()))


def _new_run(experiment: str, state: State, params: Params, description: str, uri: str) -> str:
    """Make a run of everything, closed as failed if anything goes wrong."""
    import mlflow

    mlflow.set_tracking_uri(uri)
    with mlflow.start_run(experiment_id=experiment, run_name=params.data.tables.name, description=description) as run:
        metrics = {path.stem: read_json(path) for path in sorted(state.metrics.glob("*.json"))}
        mlflow.log_params(dict(flat(params.model_dump(mode="json"))))
        mlflow.log_metrics({name: float(value) for name, value in flat(metrics) if is_number(value)})
        mlflow.set_tag("thiqa.simulated", str(metrics["conversion"]["simulated"]).lower())
        for path in (state.metrics, state.plots):
            mlflow.log_artifacts(str(path), path.name)
        mlflow.log_artifact(str(state.page))
        _log_model(state)
    return str(run.info.run_id)


def _log_model(state: State) -> None:
    """Log the conversion model from code, with its signature and an example."""
    import mlflow

    model = ConversionModel.load(state.conversion)
    example = _example(model, state.features)
    predicted = served(model, example)
    with _package_copy() as package:
        mlflow.pyfunc.log_model(
            name="conversion",
            python_model=str(Path(__file__).with_name("served_conversion.py")),
            artifacts={"conversion": str(state.conversion)},
            code_paths=[str(package)],
            signature=mlflow.models.infer_signature(example.to_pandas(), predicted),
            input_example=example.to_pandas(),
            pip_requirements=[f"{name}=={version(name)}" for name in REQUIREMENTS],
        )


def _example(model: ConversionModel, features: Path, rows: int = 3) -> pl.DataFrame:
    """Make a few rows as the model takes them: real features, categories not observed, deals left open."""
    known = pl.read_parquet(features).head(rows)
    return known.select(
        pl.lit("").alias(name) if name in model.categories
        else pl.col(name).cast(pl.Float64) if name in known.columns
        else pl.lit(None, dtype=pl.Float64).alias(name)
        for name in (*model.columns, *model.categories)
    )  # fmt: skip


@contextmanager
def _package_copy() -> Iterator[Path]:
    """Copy the package into a folder named ``thiqa``: MLflow's ``code_paths`` does not know setuptools' mapping."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "thiqa"
        shutil.copytree(
            Path(__file__).parent.parent, package, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
        )
        yield package


def flat(values: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Name the leaves of nested values with dots; rows of a list are named by their tier, or by number."""
    if isinstance(values, dict):
        for key, value in values.items():
            yield from flat(value, f"{prefix}{key}.")
    elif isinstance(values, list) and any(isinstance(item, dict) for item in values):
        for index, item in enumerate(values):
            yield from flat(item, f"{prefix}{item.get('tier', index)}.")
    else:
        yield prefix.rstrip("."), plain(values)


def is_number(value: Any) -> bool:
    """Tell whether a value is a metric: a number, not a flag."""
    return isinstance(value, int | float) and not isinstance(value, bool)
