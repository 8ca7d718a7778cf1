"""docs/campaigns.md is what the code makes of the model, and names every key."""

from pathlib import Path

import pytest

from thiqa.plan.document import PAGE, document

ROOT = Path(__file__).parents[2]


def test_page_is_fresh(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    assert PAGE.read_text(encoding="utf-8") == document(), "run python -m thiqa.plan.document"
