"""The page inside MLflow's own view of artifacts, which shows it in a sandbox, and the run's description beside it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from browser import picture, watch
from checkout import environment
from full_page import calibration, full_facts
from postgres import free_port, wait_until

from thiqa.report.page import render
from thiqa.report.summary import markdown
from thiqa.tracking.store import quiet

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def run_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A server on loopback with one run that holds the page; its address and the run's address below it."""
    quiet()
    import mlflow

    folder = tmp_path_factory.mktemp("mlflow")
    store = f"sqlite:///{folder}/mlflow.db"
    client = mlflow.MlflowClient(tracking_uri=store)
    experiment = client.create_experiment("thiqa", artifact_location=(folder / "artifacts").as_uri())
    run = client.create_run(experiment, tags={"mlflow.note.content": markdown(full_facts(), "fr")}).info.run_id
    (folder / "report.html").write_text(render(full_facts(), calibration(), "fr"), encoding="utf-8")
    client.log_artifact(run, str(folder / "report.html"))
    client.set_terminated(run)
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
               "--backend-store-uri", store]  # fmt: skip
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, env=environment() | {"MLFLOW_DISABLE_TELEMETRY": "true"}, cwd=folder,
                                   stdout=log, stderr=log, start_new_session=True)  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: process.poll() is not None or _answers(address), 240, "MLflow")
        assert process.poll() is None, (folder / "log").read_text()[-3000:]
        yield address, f"{address}/#/experiments/{experiment}/runs/{run}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(address: str) -> bool:
    import urllib.request

    try:
        with urllib.request.urlopen(f"{address}/health", timeout=2):
            return True
    except OSError:
        return False


def test_the_page_lives_in_the_sandbox_of_the_artifact_view(chromium, run_address):
    page = chromium.new_page(viewport={"width": 1440, "height": 1000})
    seen = watch(page)
    page.goto(f"{run_address[1]}/artifacts/report.html")
    frame = page.frame_locator("iframe").first
    frame.locator("h1").wait_for(timeout=120_000)
    assert "thiqa" in frame.locator("h1").inner_text()
    assert frame.locator("mark").count() >= 1
    assert page.locator("iframe").first.get_attribute("sandbox") == "allow-scripts"
    frame.locator("nav a").last.click()
    assert frame.locator("#limits").evaluate("element => document.activeElement === element"), "contents work by script"
    picture(page, "mlflow-artifact")
    assert seen.outside == [], "the window asked for something outside this machine"
    ours = [said for said in seen.complaints if f"[{run_address[0]}/" not in said]  # what MLflow lacks is not ours
    assert ours == []
    page.close()


def test_the_run_opens_with_the_summary_and_its_tables(chromium, run_address):
    page = chromium.new_page(viewport={"width": 1440, "height": 1000})
    seen = watch(page)
    page.goto(run_address[1])
    page.get_by_text("Avec qui travailler, et pourquoi").first.wait_for(timeout=120_000)
    assert page.locator("table", has_text="Répondre fait vendre.").count() >= 1
    assert "owned" not in page.title()
    assert page.locator("img[src^='http://198.51']").count() == 0
    picture(page, "mlflow-run")
    assert seen.outside == [], "the window asked for something outside this machine"
    page.close()
