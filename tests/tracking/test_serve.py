"""The server for a team: sign-in is asked for, and PostgreSQL keeps runs and accounts."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from checkout import environment
from postgres import free_port, postgres, wait_until

pytestmark = pytest.mark.pipeline


def status(address: str, path: str = "/") -> int:
    try:
        with urllib.request.urlopen(address + path, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_a_team_signs_in_and_postgres_keeps_its_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with postgres() as database:
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        variables = environment() | {
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
            "PYTHONPATH": str(Path(__file__).parents[2] / "typings"),
        }
        command = [sys.executable, "-m", "thiqa", "serve", "--port", str(port), "--store", database]
        with (tmp_path / "log").open("w") as log:
            process = subprocess.Popen(command, cwd=tmp_path, env=variables, stdout=log, stderr=log,
                                       start_new_session=True)  # fmt: skip
        try:
            wait_until(lambda: process.poll() is not None or status(address, "/health") == 200, 240, "the server")
            assert process.poll() is None, (tmp_path / "log").read_text()[-3000:]
            assert status(address, "/api/2.0/mlflow/experiments/get?experiment_id=0") == 401
            said = (tmp_path / "log").read_text()
            kept = tmp_path / "config" / "thiqa" / "mlflow-admin-password"
            assert str(kept) in said
            assert kept.stat().st_mode & 0o077 == 0
            assert kept.read_text() not in said
            monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "admin")
            monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", kept.read_text())
            import mlflow

            client = mlflow.MlflowClient(tracking_uri=address)
            run = client.create_run(client.create_experiment("team"))
            client.log_metric(run.info.run_id, "m", 1.5)
            assert client.get_run(run.info.run_id).data.metrics == {"m": 1.5}
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        import psycopg

        with psycopg.connect(database) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM runs")
            assert cursor.fetchone() == (1,)
            cursor.execute("SELECT username FROM users")
            assert cursor.fetchall() == [("admin",)]
