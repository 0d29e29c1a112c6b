"""A real server and a real Chromium: what the browser tests, the benchmark and the screenshots share."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, Playwright

ROOT = Path(__file__).resolve().parents[2]
PATHS = {
    "home": "/",
    "convolution": "/convolution",
    "pooling": "/pooling",
    "gradient-flow": "/gradient-flow",
    "train": "/train",
    "filters": "/filters",
}
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


def launch(playwright: Playwright) -> Browser:
    """The system's Chromium if there is one (CONVSCOPE_CHROMIUM names another), else Playwright's own."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("CONVSCOPE_CHROMIUM") or next((p for n in names if (p := shutil.which(n))), None)
    return playwright.chromium.launch(executable_path=found, args=QUIET)


@contextmanager
def serve(**environment: str) -> Iterator[str]:
    """Run the app on a free port; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}", "--server.headless=true"]
    log = subprocess.PIPE if environment.pop("quiet", "") else None
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
                break
            except OSError:
                if process.poll() is not None:
                    raise RuntimeError(f"the app ended with exit code {process.returncode}") from None
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait()


def settle(page: Page) -> None:
    """Wait until the page has drawn what it was asked for: no script running, no element stale."""
    page.wait_for_selector('[data-testid="stAppViewContainer"]', timeout=30_000)
    page.wait_for_selector("h1", timeout=30_000)
    page.wait_for_function(
        """() => document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState !== 'running'
                 && !document.querySelector('[data-stale="true"]')""",
        timeout=30_000,
    )


def open_page(page: Page, address: str) -> None:
    """Open an address cold and wait for it to settle."""
    page.goto(address)
    settle(page)
