"""docs/parameters.md and docs/world-files.md are made from the configuration models, whole and fresh."""

import re
from pathlib import Path

import pytest
import yaml

from thiqa.data.world.settings import BANDS, DEFAULT
from thiqa.reference import PARAMETERS, WORLD_FILES, main, pages, words

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `([\w.]+)` \| (.+?) \| (.+?) \| (.*) \|$", re.MULTILINE)


@pytest.mark.parametrize("path", [PARAMETERS, WORLD_FILES], ids=str)
def test_page_is_fresh(path):
    assert (ROOT / path).read_text(encoding="utf-8") == pages()[path], "run python -m thiqa.reference"


def leaves(values, place=""):
    for key, value in values.items():
        if isinstance(value, dict) and key not in {"prior_means", "spark"}:  # these two are values of one key
            yield from leaves(value, f"{place}{key}.")
        else:
            yield f"{place}{key}"


@pytest.mark.parametrize(("path", "file"), [(PARAMETERS, ROOT / "params.yaml"), (WORLD_FILES, DEFAULT)], ids=str)
def test_every_key_of_the_file_has_a_row(path, file):
    named = {row[0] for row in ROW.findall(pages()[path])}
    assert set(leaves(yaml.safe_load(file.read_text(encoding="utf-8")))) <= named


@pytest.mark.parametrize("path", [PARAMETERS, WORLD_FILES], ids=str)
def test_every_key_has_a_meaning_on_its_line_or_above_its_table(path):
    text = pages()[path]
    untold = {row[0].split(".")[-1] for row in ROW.findall(text) if not row[3]}
    assert {name for name in untold if name not in BANDS and f"`{name}` has" not in text} == set()


def test_limits_and_kinds_are_said():
    assert words({"type": "number", "exclusiveMinimum": 0, "maximum": 1}) == "number, above 0, at most 1"
    assert words({"enum": ["fr", "en"], "type": "string"}) == "`fr` or `en`"
    assert words({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "null"}]}) == "[whole number; null]"


def test_check_ends_with_1_on_a_stale_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="stale"):
        main(["--check"])
    main([])
    main(["--check"])
    (tmp_path / WORLD_FILES).write_text("old")
    with pytest.raises(SystemExit, match=r"world-files\.md is stale"):
        main(["--check"])
