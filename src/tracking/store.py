"""Where runs are kept: ``MLFLOW_TRACKING_URI``, else a file at the root of the main checkout."""

import os
import subprocess
from pathlib import Path

URI_VARIABLE = "MLFLOW_TRACKING_URI"


def main_checkout() -> Path:
    """Return the root of the main checkout (also from a linked worktree), or the working directory outside git."""
    command = ["git", "rev-parse", "--path-format=absolute", "--git-common-dir"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return Path.cwd()
    folder = Path(found.stdout.strip())
    return folder.parent if folder.name == ".git" else Path.cwd()


def tracking_uri() -> str:
    """Return the address of the server, or of the local file."""
    return os.environ.get(URI_VARIABLE) or f"sqlite:///{main_checkout() / 'mlflow.db'}"


def artifact_location() -> str | None:
    """Return where a new experiment keeps its artifacts: beside the local file; a server decides for itself."""
    return None if os.environ.get(URI_VARIABLE) else (main_checkout() / "mlartifacts").as_uri()


def quiet() -> None:
    """Turn telemetry off, and make a server that is down fail in seconds, unless the user says otherwise."""
    for name, value in {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "MLFLOW_LOGGING_LEVEL": "ERROR",
        "GIT_PYTHON_REFRESH": "quiet",
    }.items():
        os.environ.setdefault(name, value)
