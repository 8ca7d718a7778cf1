"""A real PostgreSQL server for a test, on loopback, gone with it."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from needs import need


@contextmanager
def postgres() -> Iterator[str]:
    """Start a server with an empty database and yield its address; as root it runs as the user postgres."""
    programs = Path(need("initdb")).parent
    user = "postgres" if os.geteuid() == 0 else None  # initdb refuses root
    folder = Path(tempfile.mkdtemp(prefix="thiqa-postgres-"))
    if user:
        shutil.chown(folder, user)
    port = free_port()
    data, log = folder / "data", folder / "log"
    try:
        plain = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
        initdb = [programs / "initdb", "-D", data, "-U", "mlflow", "--auth=trust", "--encoding=UTF8", "--no-sync"]
        subprocess.run(initdb, user=user, check=True, capture_output=True, cwd=folder, env=plain)
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} -c fsync=off"
        control = [programs / "pg_ctl", "-D", data, "-l", log, "-w"]
        subprocess.run([*control, "-o", options, "start"], user=user, check=True, cwd=folder, stdout=subprocess.DEVNULL)
        try:
            subprocess.run([programs / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "mlflow", "mlflow"],
                           check=True, cwd=folder)  # fmt: skip
            yield f"postgresql://mlflow@127.0.0.1:{port}/mlflow"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], user=user, check=False, cwd=folder,
                           stdout=subprocess.DEVNULL)  # fmt: skip
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """Find a port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(ready, seconds: float, what: str) -> None:
    """Wait for something, or fail saying what did not come."""
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, f"{what} did not come within {seconds} s"
        time.sleep(0.3)
