"""Publishing: one finished run for a state, on whatever server, and nothing that only looks finished."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from checkout import environment, run

from thiqa.models.conversion import ConversionModel
from thiqa.tracking.gate import VERDICT

pytestmark = pytest.mark.pipeline
DIGEST = "thiqa.digest"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    import mlflow

    def at(uri: str) -> mlflow.MlflowClient:
        mlflow.set_tracking_uri(uri)
        return mlflow.MlflowClient(tracking_uri=uri)

    yield at
    mlflow.set_tracking_uri(None)


def publish(folder: Path, uri: str | None = None, *, check: bool = True) -> subprocess.CompletedProcess[str]:
    variables = environment() | ({"MLFLOW_TRACKING_URI": uri} if uri else {})
    command = [sys.executable, "-m", "thiqa", "publish"]
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    print(done.stdout, done.stderr)
    if check:
        assert done.returncode == 0, done.stderr
    return done


def runs_inside(client, parent):
    return client.search_runs([parent.info.experiment_id], f"tags.mlflow.parentRunId = '{parent.info.run_id}'")


def finished_runs(client, name: str = "thiqa"):
    experiment = client.get_experiment_by_name(name)
    found = client.search_runs([experiment.experiment_id], "attributes.status = 'FINISHED'") if experiment else []
    return [run for run in found if DIGEST in run.data.tags]


def test_one_run_for_one_state_with_all_that_people_need(finished: Path, client):
    assert "published as run" in publish(finished).stdout
    assert "already published" in publish(finished).stdout
    store = client(f"sqlite:///{finished}/mlflow.db")
    (published,) = finished_runs(store)
    assert published.data.params["conversion.trees"] == "40"
    assert "conversion.d2_rate" in published.data.metrics
    assert "conversion.by_tier.nano.per_1000_reached" in published.data.metrics
    assert published.data.tags["thiqa.simulated"] == "true"
    assert "abonnés" in published.data.tags["mlflow.note.content"]
    names = {item.path for item in store.list_artifacts(published.info.run_id)}
    assert {"metrics", "plots", "report.html"} <= names

    import mlflow

    models = mlflow.search_logged_models([published.info.experiment_id], output_format="list")
    assert sorted(model.name for model in models) == ["conversion", "text"]
    (logged,) = [model for model in models if model.name == "conversion"]
    parts = {run.info.run_name: run for run in runs_inside(store, published)}
    assert set(parts) >= {"text", "conversion", "evidence", "plan"}
    assert logged.source_run_id == parts["conversion"].info.run_id
    assert parts["conversion"].data.metrics["conversion.d2_rate"] == published.data.metrics["conversion.d2_rate"]
    (registered,) = store.search_model_versions("name = 'thiqa-conversion'")
    passed = registered.tags[VERDICT] == "passed"
    assert ("champion" in store.get_registered_model("thiqa-conversion").aliases) == passed
    assert passed or "refused" in published.data.tags["thiqa.gate.thiqa-conversion"]
    inputs = {item.dataset.name: item.dataset.digest for item in published.inputs.dataset_inputs}
    assert set(inputs) >= {"creators", "posts", "placements"}
    model = mlflow.pyfunc.load_model(logged.model_uri)
    example = model.input_example
    assert model.metadata.signature is not None
    predicted = model.predict(example)
    ours = ConversionModel.load(finished / "artifacts/conversion").rate(pl.from_pandas(pd.DataFrame(example)))
    assert predicted["per_reached"].tolist() == pytest.approx(ours.tolist())
    assert (predicted["low"] <= predicted["high"]).all()
    assert predicted["reasons"].str.len().min() > 0
    pickles = [path for path in (finished / "mlartifacts").rglob("*") if path.suffix in (".pkl", ".pickle", ".joblib")]
    assert pickles == []


def test_a_run_that_was_killed_is_not_reused(finished: Path, client, tmp_path: Path):
    uri = f"sqlite:///{tmp_path}/other.db"
    first = publish(finished, uri)
    store = client(uri)
    (published,) = finished_runs(store)
    store.delete_tag(published.info.run_id, DIGEST)  # the tag comes last: without it the run was never whole
    assert "published as run" in publish(finished, uri).stdout
    (second,) = finished_runs(store)
    assert second.info.run_id != published.info.run_id
    assert first.returncode == 0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A real MLflow server on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
               "--backend-store-uri", f"sqlite:///{tmp_path}/server.db",
               "--artifacts-destination", str(tmp_path / "artifacts")]  # fmt: skip
    with (tmp_path / "server.log").open("w") as log:
        process = subprocess.Popen(
            command, env=environment(), stdout=log, stderr=log, cwd=tmp_path, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                with urllib.request.urlopen(f"{address}/health", timeout=2):
                    break
            except OSError:
                time.sleep(0.5)
        else:
            pytest.fail((tmp_path / "server.log").read_text())
        yield address
    finally:
        os.killpg(process.pid, 9)
        process.wait()


def test_a_real_server_gets_it_once(finished: Path, client, server: str):
    assert "published as run" in publish(finished, server).stdout
    assert "already published" in publish(finished, server).stdout
    assert len(finished_runs(client(server))) == 1


def test_a_server_that_is_down_gives_one_clear_line(finished: Path):
    done = publish(finished, "http://127.0.0.1:9", check=False)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert "http://127.0.0.1:9" in line
    assert "nothing is lost" in line


def test_nothing_to_publish_says_what_to_run(tmp_path: Path):
    (tmp_path / "params.yaml").write_text("{}")
    done = subprocess.run([sys.executable, "-m", "thiqa", "publish"], cwd=tmp_path, capture_output=True, text=True,
                          env=environment() | {"PYTHONPATH": ""}, check=False)  # fmt: skip
    assert done.returncode == 2
    assert "make run" in done.stderr


def test_run_of_make_help_lists_every_target(finished: Path):
    listed = run(finished, "make").stdout
    for target in ("doctor", "run", "test", "test-long", "lint", "research", "bench", "notebooks", "ui", "clean"):
        assert f"make {target}" in listed
