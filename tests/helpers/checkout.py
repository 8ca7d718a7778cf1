"""A copy of this checkout with the small profile, to run the pipeline in."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TARGETS = ["train", "report"]


def environment() -> dict[str, str]:
    """The environment of a user: this Python first on the path, nothing sent anywhere, nothing of the developer's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "THIQA_", "GIT_"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    quiet = {"DO_NOT_TRACK": "true", "DVC_NO_ANALYTICS": "true", "MLFLOW_DISABLE_TELEMETRY": "true"}
    external = {"THIQA_EXTERNAL_DATA": os.environ["THIQA_EXTERNAL_DATA"]} if "THIQA_EXTERNAL_DATA" in os.environ else {}
    return kept | quiet | external | {"PATH": path, "THIQA_ID_KEY": "test", "PYTHONPATH": "typings"}


def run(folder: Path, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command in a copy; its output is shown where the test fails."""
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    print(done.stdout, done.stderr)
    if check:
        assert done.returncode == 0, done.stderr
    return done


def copy_checkout(folder: Path) -> Path:
    """Copy what git tracks (and what is new) into a fresh repository with the small profile."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True
    )
    for name in listed.stdout.decode().split("\0"):
        source = ROOT / name
        if name and (source.is_file() or source.is_symlink()) and not name.startswith(("tests/", "reports/")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name, follow_symlinks=False)
    shutil.copy2(folder / "params.small.yaml", folder / "params.yaml")
    (folder / "dvc.lock").unlink(missing_ok=True)
    run(folder, "git", "init", "--quiet")
    run(
        folder,
        "git",
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@t.invalid",
        "commit",
        "--quiet",
        "--allow-empty",
        "-m",
        "x",
    )
    return folder
