"""Every page: opened cold by its own address, in both themes, wide and narrow."""

import pytest
from playwright.sync_api import expect

from pages.address.menu import PAGES
from tests.browser.walking import open_walk
from tools.browser import PATHS, open_page, serve
from tools.visitor import Visitor

SHOWS = {  # what a reader must find on the page before the first click; of any other page, its heading
    "home": "Start with this convolution",
    "convolution": "How large is the output?",
    "pooling": "activations dropped",
    "transposed": "It gives back the",
    "im2col": "What it costs, and why it is fast",
    "receptive-field": "How large is the field?",
    "gradient-flow": "The two agree: the backward pass is right.",
    "gradient-check": "Entry by entry, or all at once?",
    "data": "How many of each?",
    "train": "The filters before training",
    "runs": "Import weights or settings",
    "normalisation": "One mean and one variance for channel",
    "check-your-own": "Is your layer right?",
    "filters": "One picture on its way through",
    "find-the-bug": "What is the cause?",
    "speed": "The work: operations and bytes",
}
TITLES = {page.path or "home": page.heading or page.title for page in PAGES}
FITS = """() => { const main = document.querySelector('[data-testid="stMain"]');
                  return main.scrollWidth <= main.clientWidth + 1 }"""


def fits(page):
    """Nothing of the page has to be scrolled sideways, once it has its size."""
    page.wait_for_function(FITS)


def shown(page, name):
    return page.get_by_text(SHOWS[name]) if name in SHOWS else page.locator("h1")


def stands(page, name):
    """The page shows what it is there for, without an error, and fits."""
    expect(shown(page, name).first).to_be_visible()
    expect(page.locator("h1")).to_have_count(1)
    expect(page.locator('[data-testid="stException"], [data-testid="stAlertContentError"]')).to_have_count(0)
    fits(page)


@pytest.mark.parametrize("name", PATHS)
def test_page_opens_by_its_own_address_on_a_phone(new_page, address, name):  # on a desk: test_axe.py
    page = new_page(390, "dark")
    open_page(page, address + PATHS[name])
    stands(page, name)
    page.emulate_media(color_scheme="light")  # while it stands open
    stands(page, name)


@pytest.mark.parametrize("name", [name for name in PATHS if name != "home"])
def test_the_first_visitor_of_a_fresh_server_gets_the_page(name):
    with serve() as fresh, Visitor(fresh) as visitor:
        kinds = [message.WhichOneof("type") for message in visitor.open(name)]
        assert "page_not_found" not in kinds
        assert "navigation" in kinds  # the menu: it is the app, and not the page's script by itself
        assert [heading.body for heading in visitor.elements("heading")][:1] == [TITLES[name]]
        assert visitor.elements("exception") == []


def test_a_change_of_theme_is_followed_while_the_page_stands(new_page, address):
    page = new_page(theme="light")
    player = open_walk(page, address + "/convolution")
    out = page.locator('section[data-grid="out"] .planes canvas:not(.linked)')
    background = (
        """canvas => [...canvas.getContext('2d').getImageData(canvas.width - 9, canvas.height - 9, 1, 1).data]"""
    )
    player.locator(".last").click()
    before = out.evaluate(background)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        f"([canvas, before]) => ({background})(canvas).join() !== before.join()", arg=[out.element_handle(), before]
    )
