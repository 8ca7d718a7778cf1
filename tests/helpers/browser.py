"""What a page does in a browser that it should not do, and a place for pictures."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page

PICTURES = Path(__file__).parents[2] / "logs" / "screenshots"
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass
class Watched:
    """A page, with what it did that it should not do."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def require_peace(self) -> None:
        assert self.outside == [], "the window asked for something outside this machine"
        assert self.complaints == []


def watch(page: Page) -> Watched:
    """Note errors on the console, dialogs and requests that leave loopback."""
    seen = Watched(page)

    def on_request(request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and (address.hostname or "") not in LOOPBACK:
            seen.outside.append(request.url)

    def on_dialog(dialog) -> None:
        seen.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def on_console(said) -> None:
        if said.type == "error":
            seen.complaints.append(f"{said.text} [{said.location['url']}]")

    page.on("request", on_request)
    page.on("dialog", on_dialog)
    page.on("pageerror", lambda error: seen.complaints.append(f"error: {error}"))
    page.on("console", on_console)
    return seen


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
