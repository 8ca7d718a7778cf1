"""What this machine lacks, and the line that mends it.

Only the standard library: it runs before anything is installed.
"""

import ctypes
import importlib.util
import shutil
import sys
from pathlib import Path

OLDEST = (3, 11)
# The sqlite of a platform may come without Python's module; MLflow's and DVC's stores need it.
MODULES = {"venv": "python3-venv", "ensurepip": "python3-venv", "sqlite3": "libsqlite3-0"}
OPTIONAL = {
    "java": ("Spark", "apt-get install -y openjdk-17-jre-headless"),
    "chromium": ("browser tests", "apt-get install -y chromium"),
    "psql": ("test of the server on PostgreSQL", "apt-get install -y postgresql"),
}


def faults() -> list[str]:
    """Name what is missing and cannot be done without, each with the line that mends it."""
    found = []
    if sys.version_info < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        found.append(f"Python {sys.version.split()[0]} found, {wanted} or newer needed: make PYTHON=python{wanted} …")
    for module, package in MODULES.items():
        if importlib.util.find_spec(module) is None:
            found.append(f"Python's module {module} is missing: apt-get install -y {package}")
    if shutil.which("git") is None:
        found.append("git is missing: apt-get install -y git")
    if sys.platform == "linux" and not _loads("libgomp.so.1"):
        found.append("libgomp is missing (LightGBM links the system's): apt-get install -y libgomp1")
    if sys.platform == "darwin" and not (_loads("libomp.dylib") or Path("/opt/homebrew/opt/libomp").exists()):
        found.append("libomp is missing (LightGBM links the system's): brew install libomp")
    if not Path("typings/thiqa/__init__.py").is_file():
        found.append("typings/thiqa is no link to src: git config core.symlinks true && git checkout -- typings/thiqa")
    return found


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def main() -> int:
    """Print what is missing; returns the exit code."""
    missing = faults()
    for line in missing:
        print(f"doctor: {line}", file=sys.stderr)
    if missing:
        return 1
    absent = [f"{name} ({use}: {mend})" for name, (use, mend) in OPTIONAL.items() if shutil.which(name) is None]
    print("doctor: all that is needed is here" + (f"; optional and absent: {', '.join(absent)}" if absent else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
