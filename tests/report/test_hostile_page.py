"""The page: hostile texts stay text, in both languages, and simulated data is called so."""

from base64 import b64encode
from hashlib import sha256

import polars as pl
import pytest
from markupsafe import escape

from thiqa.models.conversion.calibration import calibration
from thiqa.report.facts import SHOWN, Facts, marked
from thiqa.report.page import _words, render

HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">{{ 7*7 }}\u202egnp.exe\u2066'


def facts(**changes) -> Facts:
    medians = pl.DataFrame([{"tier": "nano", "creators": 1} | {f"{name}_180d": 0.5 for name in SHOWN}])
    post = {"post_id": "p", "creator_id": "c", "ad": 0.9, "parts": marked(HOSTILE, ["alert"])}
    values = {"origin": {"simulated": True, "name": HOSTILE, "import": None}, "rows": {"posts": 1},
              "conversion": {"reason": HOSTILE}, "medians": medians, "missing": [], "flagged": [post],
              "posts_with_text": 1, "ads": 1, "undisclosed": 1}  # fmt: skip
    return Facts(**values | changes)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("simulated", [True, False])
def test_hostile_texts_stay_text(language, simulated):
    page = render(facts(origin={"simulated": simulated, "name": HOSTILE, "import": None}), calibration(None), language)
    assert page.count("<script") == 1, "our own, for the contents"
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert "{{ 7*7 }}" in page
    assert "\u202e" not in page
    assert "src=" not in page.replace("img src=x", "")
    assert (str(escape(_words()["simulated"][language])) in page) == simulated


def test_every_word_is_said_in_both_languages():
    assert [key for key, word in _words().items() if set(word) != {"fr", "en"}] == []


def test_marked_parts_are_the_text_again():
    parts = marked("avec le code SARA10, lien en bio", ["code SARA10", "lien en bio", "absent", ""])
    assert "".join(part["text"] for part in parts) == "avec le code SARA10, lien en bio"
    assert [part["text"] for part in parts if part["marked"]] == ["code SARA10", "lien en bio"]
    assert marked("rien", []) == [{"text": "rien", "marked": False}]


def test_the_only_script_is_the_one_that_the_policy_names():
    page = render(facts(), calibration(None), "fr")
    script = page.split("<script>")[1].split("</script>")[0]
    named = b64encode(sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{named}'" in page.replace("&#39;", "'").replace("&#43;", "+")
