"""One server and one Chromium for all browser tests; a page that fails its test if the console shows an error."""

from __future__ import annotations

import pytest
from playwright.sync_api import sync_playwright

from tools.browser import launch, own_errors, serve


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def address():
    with serve() as url:
        yield url


@pytest.fixture
def new_page(chromium):
    """Make a page of a given width and theme; at the end of the test no console may have shown an error."""
    contexts, errors = [], []

    def make(width=1280, theme="light", **options):
        height = 900 if width > 800 else 844
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=theme, **options)
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: errors.append(text) if (text := own_errors(message)) else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def page(new_page):
    return new_page()
