"""A real server and a real Chromium: what the browser tests, the benchmark and the screenshots share."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright

from cnn_core.folders import VARIABLE
from pages.address.menu import PAGES

ROOT = Path(__file__).resolve().parents[1]
PATHS = {page.path or "home": f"/{page.path}" for page in PAGES}
SHELL = "chromium-headless-shell"
QUIET = [
    "--no-sandbox",
    "--font-render-hinting=none",  # else a headless shell makes letters as wide as on no reader's screen
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str | None:
    """The system's Chromium (CONVSCOPE_CHROMIUM names another); None where Playwright must bring its own.

    A headless shell goes first: it is the same engine without a window around the page, whose drawing is a tenth of the work.
    """
    names = (SHELL, "chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CONVSCOPE_CHROMIUM") or next((path for n in names if (path := shutil.which(n))), None)


def launch(playwright: Playwright, *flags: str) -> Browser:
    """A headless Chromium, with command-line flags of its own."""
    return playwright.chromium.launch(executable_path=find_chromium(), args=[*QUIET, *flags])


@contextmanager
def serve(**environment: str) -> Iterator[str]:
    """Run the app on a free port; yields its address. What it keeps goes with it, unless `environment` names a folder."""
    with served("app.py", **environment) as (address, _):
        yield address


@contextmanager
def served(script: str, **environment: str) -> Iterator[tuple[str, int]]:
    """The same for any script of Streamlit's, by its path from the root; yields its address and the server's process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", script, f"--server.port={port}", "--server.headless=true"]
    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)  # not the user's own
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {VARIABLE: folder.name} | environment)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
                break
            except OSError:
                if process.poll() is not None:
                    raise RuntimeError(f"{script} ended with exit code {process.returncode}") from None
                time.sleep(0.1)
        else:
            raise RuntimeError(f"{script} did not answer at {address} within 30 s")
        yield address, process.pid
    finally:
        process.terminate()
        process.wait()
        folder.cleanup()


def settle(page: Page) -> None:
    """Wait until the page has drawn what it was asked for: no script running, nothing stale, all charts there."""
    page.wait_for_selector("h1", timeout=30_000)
    page.wait_for_function(
        """() => document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState === 'notRunning'
                 && !document.querySelector('[data-testid="stSkeleton"], [data-stale="true"], .chart .canvas:empty')
                 && ![...document.querySelectorAll('.chart')].some((place) => place.chart?.due)""",
        timeout=30_000,
        polling=100,  # milliseconds: a look at each frame makes the browser draw frames that nobody asked for
    )


def open_page(page: Page, address: str) -> None:
    """Open an address and wait for it to settle."""
    page.goto(address)
    settle(page)


def choose_page(page: Page, title: str) -> None:
    """Go to a page by the menu of a wide screen."""
    group = next(listed.group for listed in PAGES if listed.title == title)
    if group:
        page.get_by_test_id("stTopNavSection").get_by_text(group).click()
    name = "stTopNavDropdownLink" if group else "stTopNavLink"
    page.get_by_test_id(name).get_by_text(title, exact=True).click()


def own_errors(message: ConsoleMessage) -> str | None:
    """A console error that is ours. Streamlit looks for its server below the page's path first, and is told 404."""
    expected = message.location["url"].endswith(("/_stcore/health", "/_stcore/host-config"))
    return None if message.type != "error" or expected else message.text
