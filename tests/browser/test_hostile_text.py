"""What a visitor, a link or a file says is text on every page: nothing of it becomes a link, a picture or an icon."""

from urllib.parse import quote

import numpy as np
import pytest
from playwright.sync_api import expect

from cnn_core.datasets.found import sets_folder
from cnn_core.datasets.own import save_pictures
from cnn_core.folders import VARIABLE
from tests.browser.standing import show_page
from tests.waiting import until
from tools.browser import open_page, serve, settle

TEXTS = (
    "www.evil.example",
    "https://evil.example/login",
    "me@evil.example",
    "<https://evil.example>",
    "[x](//evil.example)",
)
PARAMETERS = {
    "convolution": ("kernel", "step", "padding", "preset", "bias", "weight", "pinned"),
    "train": ("run", "range_test", "dataset", "view", "learning_rate"),
    "filters": ("run", "weights", "picture"),
    "data": ("dataset", "noise"),
    "receptive-field": ("preset", "pinned", "layers"),
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A server with a set of pictures whose title and classes are addresses; the set's name."""
    folder = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(folder))
        x = np.random.default_rng(0).integers(0, 256, (24, 1, 8, 8)).astype(np.uint8)
        name = save_pictures(sets_folder(), x, np.arange(24) % 4, TEXTS[:4], "www.evil.example of me@evil.example")
    with serve(**{VARIABLE: str(folder)}) as address:
        yield address, name


def no_way_out(page):
    found = page.evaluate("[...document.querySelectorAll('a, img')].map((e) => e.href?.baseVal ?? e.href ?? e.src)")
    assert [link for link in found if "evil.example" in str(link).split("?")[0]] == []
    page.get_by_text("evil.example").first.wait_for()  # it is there, as text
    return True


@pytest.mark.parametrize("name", PARAMETERS)
def test_what_an_address_says_is_text(standing, hostile, name):
    show = open_page if name in ("train", "data") else show_page  # these two tell it who opens them
    for text in TEXTS:
        query = "&".join(f"{key}={quote(text)}" for key in PARAMETERS[name])
        show(standing, f"{hostile[0]}/{name}?{query}")
        assert no_way_out(standing)


@pytest.mark.parametrize("name", ["data", "train"])
def test_titles_and_class_names_are_text(standing, hostile, name):
    show_page(standing, f"{hostile[0]}/{name}?dataset={hostile[1]}")
    assert no_way_out(standing)


def test_classes_of_a_training_are_text_on_all_its_views(page, hostile):
    open_page(page, f"{hostile[0]}/train?dataset={hostile[1]}&num_epochs=1&batch_size=4")
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_text("finished after").wait_for()
    for view in ("mistakes", "film_strip"):
        open_page(page, page.url.split("&view=")[0] + f"&view={view}")
        assert no_way_out(page)
    run = page.url.split("run=")[1].split("&")[0]
    open_page(page, f"{hostile[0]}/runs?runs={quote(','.join(TEXTS))}")
    assert no_way_out(page)
    open_page(page, f"{hostile[0]}/filters?run={run}")
    assert no_way_out(page)
    open_page(page, f"{hostile[0]}/runs?runs={run}")
    page.get_by_label("name").fill("www.evil.example")
    page.get_by_label("name").press("Tab")
    settle(page)
    page.get_by_label("note").fill("me@evil.example https://evil.example/login")
    page.get_by_label("note").press("Tab")
    settle(page)

    def kept():
        open_page(page, f"{hostile[0]}/runs?runs={run}")
        return page.get_by_label("note").input_value() == "me@evil.example https://evil.example/login"

    until(kept)
    expect(page.get_by_label("name")).to_have_value("www.evil.example")
    expect(page.locator("a[href*='evil.example']")).to_have_count(0)
