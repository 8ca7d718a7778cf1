"""Secrets of this user: made once, in the user's configuration folder, readable by nobody else."""

import os
import secrets
from pathlib import Path

import platformdirs


def own_secret(name: str) -> str:
    """Return the secret kept in the file ``name``, made once with mode 600."""
    path = secret_path(name)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.touch(mode=0o600)
        temporary.write_text(secrets.token_hex(32))
        try:
            os.link(temporary, path)  # never overwrites a secret that another process made meanwhile
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return path.read_text().strip()


def secret_path(name: str) -> Path:
    """Return where a secret is kept."""
    return Path(platformdirs.user_config_dir("thiqa")) / name
