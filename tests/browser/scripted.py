"""A blank page with the player's modules, to call their functions one by one: no server, no Streamlit."""

from contextlib import contextmanager

from pages.animation.player import wire
from pages.animation.scripts import script
from tests.app.walks import TITLES


def with_modules(page):
    """The blank page, in which the names of all of the player's modules are known from now on."""
    page.add_script_tag(content=script("player").replace("export default function", "const component = function"))
    return page


@contextmanager
def blank(chromium):
    """Such a page for all tests of a module."""
    page = chromium.new_page()
    yield with_modules(page)
    page.close()


def sent(walk):
    """What the browser gets of a walk."""
    return wire(walk, titles=TITLES, channel_names={})
