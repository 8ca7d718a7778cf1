"""Programs that not every machine has: without them a test is skipped with the reason, or fails where they are due."""

import os
import shutil
from pathlib import Path

import pytest

MEND = {
    "java": "apt-get install -y openjdk-17-jre-headless",
    "chromium": "apt-get install -y chromium",
    "initdb": "apt-get install -y postgresql",
}


def need(program: str) -> str:
    """Return where a program is; skip the test where it is missing, or fail it where THIQA_REQUIRE names it."""
    found = shutil.which(program, path=_debian_postgres()) or shutil.which(program)
    if found is None:
        reason = f"{program} is not here: {MEND[program]}"
        if program in os.environ.get("THIQA_REQUIRE", "").split(","):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def _debian_postgres() -> str:
    """Name the folders in which Debian keeps PostgreSQL's own programs, the newest first."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))
    return os.pathsep.join(map(str, folders))
