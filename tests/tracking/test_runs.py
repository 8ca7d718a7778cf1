"""Curves step by step, the trials of a search, and datasets with their digests."""

from pathlib import Path

import pytest

from thiqa.files import digest
from thiqa.tracking.runs import log_curves, log_datasets, log_trials
from thiqa.tracking.store import quiet


@pytest.fixture
def store(tmp_path: Path):
    quiet()
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    yield mlflow
    mlflow.set_tracking_uri(None)


def test_a_curve_has_its_steps_and_another_table_is_none(store, tmp_path):
    (tmp_path / "text_cascade.csv").write_text("teacher_share,kind,f1\n0.0,post,0.8\n0.05,post,0.9\n")
    (tmp_path / "text_table.csv").write_text("tier,f1\nnano,0.8\n")
    with store.start_run() as run:
        log_curves(tmp_path / "text_cascade.csv")
        log_curves(tmp_path / "text_table.csv")
    client = store.MlflowClient()
    history = client.get_metric_history(run.info.run_id, "text_cascade.post.f1")
    assert [(point.step, point.value) for point in history] == [(0, 0.8), (5, 0.9)]
    assert set(client.get_run(run.info.run_id).data.metrics) == {"text_cascade.post.f1"}


def test_each_trial_of_a_search_has_a_run_inside_the_search(store, tmp_path):
    folder = tmp_path / "0099-search"
    folder.mkdir()
    (folder / "trials.csv").write_text("trial,value,l2\n0,0.31,10.0\n1,0.33,1.0\n")
    experiment = store.create_experiment("trials", artifact_location=(tmp_path / "artifacts").as_uri())
    with store.start_run(experiment_id=experiment) as parent:
        log_trials(tmp_path, experiment)
    runs = {run.info.run_name: run for run in store.MlflowClient().search_runs([experiment])}
    search = runs["search: 0099-search"]
    assert search.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert runs["trial 1"].data.tags["mlflow.parentRunId"] == search.info.run_id
    assert runs["trial 1"].data.metrics == {"value": 0.33}
    assert runs["trial 0"].data.params == {"l2": "10.0"}


def test_datasets_carry_the_digest_of_their_table(store, tables):
    with store.start_run() as run:
        log_datasets(tables)
    logged = {item.dataset.name: item.dataset.digest for item in store.get_run(run.info.run_id).inputs.dataset_inputs}
    assert logged["posts"] == digest(tables / "posts.parquet")[:32]
    assert set(logged) == {path.stem for path in tables.glob("*.parquet")}
