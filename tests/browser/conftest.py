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


@pytest.fixture(scope="session")
def kept():
    """The tab that goes from test to test: one that has read Streamlit's scripts before opens a page in half the time."""
    return []


@pytest.fixture
def new_page(chromium, kept):
    """Make a page of a given width and theme; at the end of the test no console may have shown an error.

    The first of a test is the kept tab, emptied, unless it needs options that only a browser context of its own has.
    """
    made, errors = [], []

    def on_console(message):
        if text := own_errors(message):
            errors.append(text)

    def on_error(error):
        errors.append(str(error))

    def make(width=1280, theme="light", **options):
        size = {"width": width, "height": 900 if width > 800 else 844}
        page = None if options or made or not kept else kept.pop()
        if page is None:
            context = chromium.new_context(viewport=size, color_scheme=theme, **options)
            context.set_default_timeout(15_000)
            page = context.new_page()
        else:
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=theme)
        page.on("console", on_console)
        page.on("pageerror", on_error)
        made.append((page, not options))
        return page

    yield make
    for page, keep in made:
        if keep and not kept and not page.is_closed():
            page.remove_listener("console", on_console)
            page.remove_listener("pageerror", on_error)
            empty(page)
            kept.append(page)
        else:
            page.context.close()
    assert errors == []


def empty(page):
    """Leave the page with nothing of it left: no storage, no cookie, no route, no pointer where it would hover."""
    page.unroute_all()
    page.evaluate("() => { if (location.protocol !== 'about:') { localStorage.clear(); sessionStorage.clear() } }")
    page.context.clear_cookies()
    page.mouse.move(0, 0)
    page.goto("about:blank")


@pytest.fixture
def page(new_page):
    return new_page()
