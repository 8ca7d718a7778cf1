"""Publish what the pipeline wrote as one finished MLflow run; the same state is never published twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import InputError
from ..files import digest, read_json
from ..params import GateParams, Params
from ..tables import present
from .gate import pass_gate
from .models import SERVED, Served, log_model
from .runs import log_curves, log_datasets, log_trials
from .state import PARTS, State
from .store import artifact_location, quiet, tracking_uri
from .values import flat, numbers

if TYPE_CHECKING:
    from mlflow import MlflowClient

DIGEST_TAG = "thiqa.digest"


@dataclass(frozen=True)
class Published:
    """What publishing found or made."""

    run_id: str
    reused: bool
    uri: str
    refused: dict[str, str] = field(default_factory=dict)  # registered model: why the gate kept it from `champion`


def publish(state: State, params: Params, description: str) -> Published:
    """Publish a state of the pipeline, unless the server already has it as a finished run.

    The tag that marks a run as whole is set last, so a killed publish never looks finished.

    :param description: Markdown, shown first to whoever opens the run.
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
        with _at(uri):
            run_id, refused = _new_run(client, experiment, state, params, description)
        client.set_tag(run_id, DIGEST_TAG, key)
    except (MlflowException, OSError) as error:
        reason = str(error).splitlines()[0][:200]
        raise InputError(f"MLflow at {uri} failed ({reason}); nothing is lost: run 'thiqa publish' again") from error
    return Published(run_id, reused=False, uri=uri, refused=refused)


@contextmanager
def _at(uri: str) -> Iterator[None]:
    """Point MLflow's fluent calls at a store, and back."""
    import mlflow

    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before)


def _experiment(client: "MlflowClient", name: str) -> str:
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    return str(client.create_experiment(name, artifact_location=artifact_location()))


def _new_run(
    client: "MlflowClient", experiment: str, state: State, params: Params, description: str
) -> tuple[str, dict[str, str]]:
    """Make a run of everything, with one inside it for each part; closed as failed if anything goes wrong."""
    import mlflow

    tables = params.data.tables
    data = digest(*present(tables).values())[:32]
    metrics = {path.stem: read_json(path) for path in sorted(state.metrics.glob("*.json"))}
    with mlflow.start_run(experiment_id=experiment, run_name=tables.name, description=description) as run:
        mlflow.log_params(dict(flat(params.model_dump(mode="json"))))
        mlflow.log_metrics(numbers(metrics))
        mlflow.set_tag("thiqa.simulated", str(metrics["conversion"]["simulated"]).lower())
        log_datasets(tables)
        mlflow.log_artifact(str(state.page))
        for folder in (state.metrics, state.plots):
            mlflow.log_artifacts(str(folder), folder.name)
        versions: dict[Served, str] = {}
        for part in PARTS:
            with mlflow.start_run(experiment_id=experiment, run_name=part, nested=True):
                versions |= _part(part, state, metrics)
        log_trials(state.searches, experiment)
        refused = {
            served.registered: why
            for served, version in versions.items()
            if (why := _judged(client, served, version, metrics, data, params)) is not None
        }
        for name, why in refused.items():
            mlflow.set_tag(f"thiqa.gate.{name}", f"refused: {why}"[:4000])
    return str(run.info.run_id), refused


def _part(part: str, state: State, metrics: dict[str, object]) -> dict[Served, str]:
    """Fill the run of one part; return the version of the model that it registered, if it has one."""
    import mlflow

    mlflow.set_tag("thiqa.part", part)
    for stem, values in metrics.items():
        if stem.split("_")[0] == part:
            mlflow.log_metrics(numbers({stem: values}))
    for path in state.files_of(part, state.plots):
        mlflow.log_artifact(str(path), "plots")
        log_curves(path)
    for path in state.files_of(part, state.cards):
        mlflow.log_artifact(str(path), "model-card")
        mlflow.set_tag("mlflow.note.content", path.read_text(encoding="utf-8")[:100_000])
    served = SERVED.get(part)
    if served is None or not (state.models / served.folder).exists():
        return {}
    return {served: log_model(served, state)}


def _judged(
    client: "MlflowClient", served: Served, version: str, metrics: dict[str, object], data: str, params: Params
) -> str | None:
    rule: GateParams = getattr(params.tracking.gate, served.part)
    return pass_gate(client, served.registered, version, numbers(metrics.get(served.part, {})), data, rule)
