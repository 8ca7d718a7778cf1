"""The pipeline, run once for all tests."""

from pathlib import Path

import pytest
from checkout import TARGETS, copy_checkout, run


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy in which the whole pipeline has run once. Tests only read it, or add tables to it."""
    folder = copy_checkout(tmp_path_factory.mktemp("finished"))
    run(folder, "dvc", "repro", *TARGETS)
    return folder
