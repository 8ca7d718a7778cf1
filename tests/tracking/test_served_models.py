"""What ``mlflow models serve`` answers: point, low, high and reasons, over HTTP."""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from checkout import environment
from postgres import free_port, wait_until
from sold import placements

from thiqa.models.conversion import ConversionConfig, fit
from thiqa.models.conversion.data import CATEGORIES, feature_columns
from thiqa.tracking.models import SERVED, log_model
from thiqa.tracking.store import quiet

pytestmark = [
    pytest.mark.pipeline,
    pytest.mark.filterwarnings("ignore:Operation with range:Warning"),  # MLflow 3.17 under pandas 3, of its own
]


def post(address: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(
        f"{address}/invocations", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/ping", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_the_conversion_model_is_served_with_its_interval_and_reasons(tmp_path: Path):
    quiet()
    import mlflow

    frame, served = placements(300), SERVED["conversion"]
    model = fit(frame, feature_columns(frame), CATEGORIES, ConversionConfig(trees=10, inner_folds=2), 1)
    model.save(tmp_path / "models" / "conversion")
    frame.with_columns(as_of="agreed_at").write_parquet(tmp_path / "features.parquet")
    state: Any = SimpleNamespace(models=tmp_path / "models", features=tmp_path / "features.parquet")
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    mlflow.set_tracking_uri(uri)
    try:
        experiment = mlflow.create_experiment("serve", artifact_location=(tmp_path / "artifacts").as_uri())
        with mlflow.start_run(experiment_id=experiment):
            version = log_model(served, state)
        local = mlflow.artifacts.download_artifacts(f"models:/{served.registered}/{version}")
    finally:
        mlflow.set_tracking_uri(None)
    rows, answer = served.example(state)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", local, "--env-manager", "local",
               "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]  # fmt: skip
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=tmp_path, env=environment() | {"PYTHONPATH": ""}, stdout=log,
                                   stderr=log, start_new_session=True)  # fmt: skip
    try:
        wait_until(lambda: process.poll() is not None or healthy(address), 240, "the served model")
        assert process.poll() is None, (tmp_path / "log").read_text()[-3000:]
        body = json.loads(rows.to_json(orient="split", index=False))
        said = pd.DataFrame(post(address, {"dataframe_split": body})["predictions"])
    finally:
        os.killpg(process.pid, 9)
        process.wait()
    assert set(said.columns) == {"point", "low", "high", "per_reached", "reasons"}
    assert said["point"].tolist() == pytest.approx(answer["point"].tolist())
    assert (said["low"] <= said["high"]).all()
    assert said["reasons"].tolist() == answer["reasons"].tolist()
