"""Shift and nudge in a real browser: keys, cells, buttons and sliders move one picture, and all that is shown follows."""

import re

from playwright.sync_api import expect

from cnn_core import datasets
from cnn_core.robustness import shift_scores
from cnn_core.training.shipped import shipped_network
from tests.browser.test_gradient_check import SPOT
from tools.browser import open_page


def test_a_picture_is_moved_by_keys_cells_and_buttons_and_nudged(page, address):
    network, config = shipped_network()
    answers = shift_scores(network, config.training_data(), datasets.load("digits").test.x[0]).argmax(axis=-1)
    page.set_viewport_size({"width": 1280, "height": 800})
    open_page(page, address + "/network?view=shift")
    grid = page.locator("figure.entries")
    canvas, bars = grid.locator("canvas"), page.get_by_role("figure", name="before and after")
    expect(bars.locator(".main-svg").first).to_be_visible()
    cures = page.get_by_role("button", name="Train the cures")
    for part in (grid, bars, cures, page.get_by_text("A nudge against it"), page.get_by_text("white: lighter")):
        box = part.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 1280
        assert box["y"] + box["height"] <= 800

    def moved(words, row, column):
        """All parts of the page show the picture moved so: its name, the grid, and the sentence."""
        expect(page.get_by_text(f"test picture 0, {words}")).to_be_visible()
        expect(grid.locator(".words")).to_contain_text(f"{words.capitalize()}: {answers[row, column]}, ")
        says = f"Moved {words}, it says {answers[row, column]} ("
        expect(page.locator(".stMarkdown p").filter(has_text=says)).to_be_visible()

    canvas.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    moved("1 up, 2 right", 2, 5)
    expect(page).to_have_url(re.compile("rows=-1"))
    expect(page).to_have_url(re.compile("columns=2"))
    expect(bars).to_contain_text("moved")
    canvas.click(position=canvas.evaluate(SPOT, 6 * 7 + 0))
    moved("3 down, 3 left", 6, 0)
    page.get_by_role("button", name="down", exact=True).click()  # as far as it goes
    page.get_by_role("button", name="right", exact=True).click()
    moved("3 down, 2 left", 6, 1)
    page.get_by_role("slider", name="nudge").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_text("nudged by 3/255")).to_be_visible()
    expect(bars).to_contain_text("moved and nudged")
    expect(page).to_have_url(re.compile("nudge=3"))
    page.get_by_role("button", name="back", exact=True).click()
    expect(page.locator(".stMarkdown p").filter(has_text="Not moved, the network says")).to_be_visible()
    expect(page).not_to_have_url(re.compile("rows="))
