"""A season that is served on this computer, and windows of a real browser that look at it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.outputs.browser import NAMES, OPTIONS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

_PATIENCE_S = 30.0


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window; the test is skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no Chromium is installed to look at the pages with")
    with playwright.sync_playwright() as started:
        # It looks for a session bus, and says so at length where there is none.
        environment = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": "disabled:"}
        browser = started.chromium.launch(executable_path=path, args=list(OPTIONS), env=environment)
        yield browser
        browser.close()


class Server:
    """`camtrap review` as a process of its own; it may be killed and begun again at its port."""

    def __init__(self, season: Path, *options: str) -> None:
        self.season = season
        self.options = options
        self.log = season.parent / "server.log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Begin, and come back when it answers and the list of events is there."""
        command = "from camtrap.cli.main import main; main()"
        options = ["review", str(self.season), "--no-browser", "--port", str(self.port)]
        options += self.options
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", command, *options], stdout=log, stderr=log
            )
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"{self.address}/api/season", timeout=5) as answer:
                    if b'"index":"ready"' in answer.read():
                        return
            except urllib.error.HTTPError as error:
                if error.code == 401:  # it asks for its token, and answers the pages alone
                    return
                raise
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                assert self.process.poll() is None, "the server has ended"
            time.sleep(0.05)
        raise AssertionError("the server does not answer")

    def kill(self) -> None:
        """End it at once, as when the plug is pulled."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def serving(season: Path) -> Iterator[Server]:
    """The season's server for as long as it is needed."""
    server = Server(season)
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def window(
    browser: Browser,
    *,
    name: str = "Ольга",
    language: str = "en",
    size: tuple[int, int] = (1280, 800),
    dark: bool = False,
    touch: bool = False,
    motion: bool = True,
) -> Iterator[Page]:
    """A window of its own person; whatever goes wrong in its scripts fails the test."""
    context: BrowserContext = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        reduced_motion="no-preference" if motion else "reduce",
        has_touch=touch,
        is_mobile=touch,
    )
    context.set_default_timeout(15_000)
    kept = {"camtrap.reviewer": name, "camtrap.language": language}
    for key, value in kept.items():
        if value:
            context.add_init_script(f"localStorage.setItem({key!r}, {value!r})")
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if _is_ours(said.text) else None)
    try:
        yield page
    finally:
        context.close()
    assert problems == [], problems


def _is_ours(text: str) -> bool:
    """What the pages' rules forbid; not that a server was away, which is meant."""
    return "Content Security Policy" in text or "Refused to" in text


def until(page: Page, expression: str, given: Any = None) -> None:
    """Wait until an expression of the page is true; `given` is its argument of that name.

    Playwright's own waiting evaluates strings within the page, which the page's rules forbid.
    """
    has_come = page.evaluate(
        f"""async given => {{
            const end = performance.now() + {1000 * _PATIENCE_S / 2};
            while (performance.now() < end) {{
                if ({expression}) return true;
                await new Promise(done => setTimeout(done, 10));
            }}
            return false;
        }}""",
        given,
    )
    assert has_come, f"this has not come: {expression} {given}"


def open_queue(page: Page, server: Server, hash_: str = "") -> None:
    """The list of events, its first card there and in the focus."""
    page.goto(f"{server.address}/{hash_}")
    page.wait_for_selector("#grid .card:not(.coming)")
    until(page, "document.activeElement?.classList.contains('card')")


def open_event(page: Page, server: Server, hash_: str = "") -> None:
    """The first event of the list, opened by the keyboard."""
    open_queue(page, server, hash_)
    page.keyboard.press("Enter")
    at_event(page)


def at_event(page: Page) -> None:
    """Wait until an event is there with its frames."""
    page.wait_for_selector("#strip button", state="attached")


def place(page: Page) -> str:
    """Which event of how many is open, as the page says."""
    return page.inner_text("#place")


def wait_for_place(page: Page, words: str) -> None:
    """Wait until that event is open and its frames are there."""
    until(
        page,
        "document.getElementById('place').textContent === given"
        " && document.querySelector('#strip button')",
        words,
    )


def wait_until_saved(page: Page) -> None:
    """Wait until nothing is on its way any more."""
    until(
        page,
        "!Object.keys(localStorage).some(key => key.startsWith('camtrap.outbox'))",
    )


def module(page: Page, server: Server, name: str, expression: str, **values: Any) -> Any:
    """What an expression over one of the pages' modules (`it`) gives; `given` holds the values."""
    if not page.url.startswith(server.address):
        page.goto(f"{server.address}/words/en.json")
    return page.evaluate(
        f"async given => {{ const it = await import('/assets/{name}.js'); return {expression} }}",
        values,
    )


def said(season: Path) -> Mapping[int, tuple[str, str, str]]:
    """What the ledger holds of people: label, species and name by file."""
    from camtrap.ledger.reviews import reviews

    return {
        number: (one.label, one.species, one.reviewer) for number, one in reviews(season).items()
    }
