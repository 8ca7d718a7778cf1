"""A server with sign-in for a team: MLflow's own, with its accounts in the same database as its runs."""

import configparser
import os
import sys
from collections.abc import Callable
from pathlib import Path

from ..files import replacing
from ..keyfile import own_secret, secret_path
from .store import main_checkout, quiet

PASSWORD, SECRET = "MLFLOW_AUTH_ADMIN_PASSWORD", "MLFLOW_FLASK_SERVER_SECRET_KEY"
PASSWORD_FILE, SECRET_FILE = "mlflow-admin-password", "mlflow-session.key"


def serve(host: str, port: int, store: str | None, artifacts: str | None, tell: Callable[[str], None]) -> None:
    """Replace this process by the server.

    :param store: Address of the database; by default a SQLite file at the root of the main checkout.
    :param artifacts: Where the server keeps files; by default a folder there.
    :param tell: Says to the user where a password that was made is kept.
    """
    quiet()
    root = main_checkout()
    store = store or f"sqlite:///{root / 'mlflow-server.db'}"
    accounts = store if store.startswith("postgresql") else f"sqlite:///{root / 'mlflow-accounts.db'}"
    os.environ.setdefault(SECRET, own_secret(SECRET_FILE))
    if PASSWORD not in os.environ:
        os.environ[PASSWORD] = own_secret(PASSWORD_FILE)
        tell(f"account admin; its password was made by this machine and is in {secret_path(PASSWORD_FILE)}")
    os.environ["MLFLOW_AUTH_CONFIG_PATH"] = str(_accounts_file(root, accounts))
    os.environ["MLFLOW_BACKEND_STORE_URI"] = store  # not an argument: a list of processes would show its password
    command = ["mlflow", "server", "--app-name", "basic-auth", "--host", host, "--port", str(port)]
    command += ["--artifacts-destination", artifacts or str(root / "mlartifacts-server")]
    os.execv(sys.executable, [sys.executable, "-m", *command])  # noqa: S606 replaces this process


def _accounts_file(root: Path, database: str) -> Path:
    """Write where the accounts are kept; the password comes from the environment, never from this file."""
    config = configparser.ConfigParser(interpolation=None)
    config["mlflow"] = {
        "default_permission": "READ",
        "database_uri": database,
        "admin_username": "admin",
        "authorization_function": "mlflow.server.auth:authenticate_request_basic_auth",
    }
    path = root / "logs" / "mlflow-accounts.ini"
    with replacing(path) as temporary:
        temporary.touch(mode=0o600)  # the address of the database may hold a password
        with temporary.open("w", encoding="utf-8") as file:
            config.write(file)
    return path
