"""Where a folder of tables comes from, so that simulated data is called simulated wherever it is shown."""

from pathlib import Path
from typing import Any

from .files import read_json

IMPORT_FILE, TRUTH_FOLDER = "import.json", "truth"


def origin(tables: Path) -> dict[str, Any]:
    """Describe a folder of tables: ``{"simulated": bool, "name": str, "import": {…} or None}``.

    Only whether truth is there is looked at, never what it holds.
    """
    imported = read_json(tables / IMPORT_FILE) if (tables / IMPORT_FILE).exists() else None
    return {"simulated": (tables / TRUTH_FOLDER).is_dir(), "name": tables.name, "import": imported}
