"""What goes into a run beside parameters and metrics: datasets, curves, the trials of a search."""

from pathlib import Path

import polars as pl

from ..files import digest
from ..tables import present

# A plot whose first column is one of these is a curve; steps are whole numbers in MLflow, so a share becomes percent.
STEPS = {"step": 1, "epoch": 1, "round": 1, "teacher_share": 100}
TRIALS = "trials.csv"  # in an experiment's folder: one row a trial, columns trial, value and the parameters


def log_datasets(tables: Path) -> None:
    """Log each table that is there, with its digest."""
    import mlflow
    from mlflow.data.filesystem_dataset_source import FileSystemDatasetSource
    from mlflow.data.meta_dataset import MetaDataset
    from mlflow.data.sources import LocalArtifactDatasetSource

    source: type[FileSystemDatasetSource] = LocalArtifactDatasetSource
    for name, path in present(tables).items():
        mlflow.log_input(MetaDataset(source(str(path)), name=name, digest=digest(path)[:32]), context="tables")


def log_curves(path: Path) -> None:
    """Log a table of a curve step by step; columns that are no numbers name the curve."""
    import mlflow

    table = pl.read_csv(path)
    if not len(table.columns) or table.columns[0] not in STEPS:
        return
    words = [name for name, dtype in table.schema.items() if not dtype.is_numeric()]
    for row in table.sort(table.columns[0]).iter_rows(named=True):
        step = round(STEPS[table.columns[0]] * row.pop(table.columns[0]))
        prefix = "".join(f"{row.pop(word)}." for word in words)
        curves = {f"{path.stem}.{prefix}{name}": float(value) for name, value in row.items() if value is not None}
        mlflow.log_metrics(curves, step=step)


def log_trials(experiments: Path, experiment: str) -> None:
    """Log each search that left its trials: a run for the search, and one inside it for each trial."""
    import mlflow

    for path in sorted(experiments.glob(f"*/{TRIALS}")):
        with mlflow.start_run(experiment_id=experiment, run_name=f"search: {path.parent.name}", nested=True):
            mlflow.log_artifact(str(path))
            for row in pl.read_csv(path).iter_rows(named=True):
                with mlflow.start_run(experiment_id=experiment, run_name=f"trial {row.pop('trial')}", nested=True):
                    mlflow.log_metric("value", float(row.pop("value")))
                    mlflow.log_params(row)
