"""The Data page in a real browser, on a server of its own that reaches no network and keeps what it is given in a folder
of its own: the rows of pictures, a download that cannot be, a zip that becomes a data set."""

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.sets import zipped
from tools.browser import open_page, serve, settle

NOWHERE = "http://127.0.0.1:9"  # a proxy that is not there
SEEN = """() => [...document.querySelectorAll('[data-testid="stHtml"] img')].map((image) =>
            ({ words: image.alt, drawn: image.complete && image.naturalWidth === image.width && image.width > 0 }))"""


@pytest.fixture(scope="module")
def offline(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    with serve(CONVSCOPE_DATA=str(folder), CONVSCOPE_DATA_SETS="", https_proxy=NOWHERE, no_proxy="") as url:
        yield url


def pets():
    def picture(colour):
        file = io.BytesIO()
        Image.new("RGB", (40, 30), colour).save(file, "PNG")
        return file.getvalue()

    files = {f"pets/{name}/{n}.png": picture(name) for name in ("red", "blue") for n in range(4)}
    return {"name": "pets.zip", "mimeType": "application/zip", "buffer": zipped(files).getvalue()}


def test_rows_of_pictures_are_drawn_and_follow_the_settings(page, offline):
    open_page(page, f"{offline}/data?dataset=colours")
    shown = page.get_by_test_id("stHtml").locator("img")
    expect(shown).to_have_count(2 * 8 + 5)
    page.wait_for_function(f"() => ({SEEN})().every((image) => image.drawn)")
    page.get_by_text("flip", exact=True).first.click()
    expect(page.get_by_alt_text("in training")).to_be_visible()
    expect(shown).to_have_count(2 * 8 + 6)


@pytest.mark.parametrize("width", [390, 1000, 1280])
def test_no_picture_of_a_row_is_cut_through(new_page, offline, width):
    page = new_page(width)
    open_page(page, f"{offline}/data?dataset=colours")  # pictures of 48 pixels, 4 between two
    picture = page.get_by_alt_text("circle", exact=True)
    expect(picture).to_be_visible()
    seen = picture.evaluate("image => image.parentElement.clientWidth")
    assert seen >= 100
    assert (seen + 4) % 52 == 0


def test_a_download_without_a_network_says_so_and_can_be_tried_again(page, offline):
    open_page(page, f"{offline}/data")
    page.get_by_role("button", name="Download 12 MB").click()
    expect(page.get_by_text("is there a connection to the internet?").first).to_be_visible()
    expect(page.get_by_role("button", name="Download 12 MB")).to_be_enabled()


def test_a_zip_becomes_a_data_set_that_is_there_after_a_reload_and_can_be_removed(page, offline):
    open_page(page, f"{offline}/data")
    page.locator('input[type="file"]').set_input_files(pets())
    page.get_by_role("button", name="Make a data set").click()
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_alt_text("red: the mean")).to_be_visible()
    settle(page)
    assert [image["words"] for image in page.evaluate(SEEN)][:4] == ["blue: the mean", "blue", "red: the mean", "red"]
    expect(page).to_have_url(re.compile("dataset=pictures-"))
    page.reload()
    settle(page)
    expect(page.get_by_text("pets, 32×32 colour").first).to_be_visible()
    page.get_by_role("button", name="Remove this set").click()
    page.get_by_role("button", name="Remove it for good").click()
    expect(page.get_by_text("Handwritten digits, 8×8 grey").first).to_be_visible()
    settle(page)
    expect(page.get_by_text("pets, 32×32 colour")).to_have_count(0)
    expect(page.get_by_text("in the link must be")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("dataset="))
