"""The page in a real browser, from its file: peaceful, readable on a phone, accessible, and hostile texts stay text."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import picture, watch
from full_page import ARABIC, HOSTILE, calibration, full_facts

from thiqa.report.page import isolated, render

WIDTHS = {"phone": 390, "desktop": 1280}


@pytest.fixture(params=["fr", "en"])
def language(request):
    return request.param


@pytest.fixture(params=list(WIDTHS))
def width(request):
    return request.param


def page_file(folder: Path, language: str) -> str:
    path = folder / "report.html"
    path.write_text(render(full_facts(), calibration(), language), encoding="utf-8")
    return path.as_uri()


def test_the_page_is_peaceful_readable_and_accessible(chromium, tmp_path, language, width):
    page = chromium.new_page(viewport={"width": WIDTHS[width], "height": 800})
    seen = watch(page)
    page.goto(page_file(tmp_path, language))
    seen.require_peace()
    assert "owned" not in page.title()
    assert page.locator("html").get_attribute("lang") == language
    shown = " ".join(page.locator("main").inner_text().split())
    assert " ".join(isolated(HOSTILE).split())[:60] in shown, "hostile text is there, as text"
    assert ARABIC.split()[0] in shown
    assert page.locator("mark").all_inner_texts().count("كود SARA10") == 1
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "no sideways scrolling"
    page.locator("nav a").last.click()
    heading = page.locator("#limits")
    assert heading.evaluate("element => element.getBoundingClientRect().top < window.innerHeight")
    assert heading.evaluate("element => document.activeElement === element")
    picture(page, f"page-{language}-{width}")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")] == []
    page.close()


def test_right_to_left_captions_run_right_to_left(chromium, tmp_path):
    page = chromium.new_page()
    page.goto(page_file(tmp_path, "fr"))
    caption = page.locator("td.text", has_text="SARA10").last
    assert caption.evaluate("element => getComputedStyle(element).direction") == "rtl"
    page.close()
