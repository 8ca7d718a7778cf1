"""The system's Chromium, started once."""

from collections.abc import Iterator

import pytest
from needs import need
from playwright.sync_api import Browser, sync_playwright


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=need("chromium"), args=flags)
        yield browser
        browser.close()
