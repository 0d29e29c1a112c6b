"""One server and one Chromium for all browser tests; a page that fails its test if the console shows an error."""

from __future__ import annotations

from collections import defaultdict

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.standing import LISTEN
from tools.browser import launch, own_errors, serve, settle

# Without a graphics card, and where each page is looked at for a second or two, these cost more than they bring.
CHEAP = (
    "--disable-gpu-rasterization",
    "--js-flags=--no-turbofan --no-maglev --min-semi-space-size=64 --max-semi-space-size=64",  # megabytes
)


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        browser = launch(playwright, *CHEAP)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def address():
    with serve() as url:
        yield url


@pytest.fixture(scope="session")
def kept():
    """The tabs that go from test to test, by their options: one that has read Streamlit's scripts opens a page in a third of
    the time of a new one."""
    return defaultdict(list)


@pytest.fixture
def new_page(chromium, kept):
    """Make a page of a given width and theme; at the end of the test no console may have shown an error.

    It is a kept tab, emptied, where one is free; a standing one still shows what the test before it looked at, for
    `show_page`. options: what only a browser context of its own has, such as has_touch.
    """
    made, errors = [], []

    def on_console(message):
        if text := own_errors(message):
            errors.append(text)

    def on_error(error):
        errors.append(str(error))

    def make(width=1280, theme="light", reduced_motion="no-preference", standing=False, **options):
        size = {"width": width, "height": 900 if width > 800 else 844}
        free = kept[standing, frozenset(options.items())]
        if free:
            page = free.pop()
            page.set_viewport_size(size)
        else:
            context = chromium.new_context(viewport=size, **options)
            context.set_default_timeout(15_000)
            page = context.new_page()
            if standing:
                page.add_init_script(LISTEN)
        page.emulate_media(color_scheme=theme, reduced_motion=reduced_motion)
        page.on("console", on_console)
        page.on("pageerror", on_error)
        made.append((page, free, rest if standing else empty))
        return page

    yield make
    for page, free, leave in made:
        if page.is_closed():
            page.context.close()
        else:
            page.remove_listener("console", on_console)
            page.remove_listener("pageerror", on_error)
            leave(page)
            free.append(page)
    assert errors == []


def rest(page):
    """Leave the page as who comes next expects it: at its top, without a focus, no pointer where it would hover."""
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement?.blur(); document.querySelector('[data-testid=stMain]')?.scrollTo(0, 0)")
    settle(page)


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


@pytest.fixture
def standing(new_page):
    """A page for a test that is not about its opening: the tests before it may have left it where it asks for little more."""
    return new_page(standing=True)
