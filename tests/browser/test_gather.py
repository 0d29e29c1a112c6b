"""dx as a gather in a real browser: reached from the backward pass, with the same settings, and told by the layer's own names."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.test_one_screen import EDGES
from tests.browser.walking import at, count, go, hover, numbers, open_walk


def test_dx_is_gathered_from_where_the_backward_pass_stands(page, address):
    player = open_walk(page, address + "/convolution?preset=half_padding&stages=false")
    go(player, 49)
    scattered = np.array(player.evaluate("el => Array.from(el.player.walk.grids.dx.counts)")).reshape(7, 7)[1:-1, 1:-1]
    go(player, 25 + 7)  # dout[1, 2] hands its gradient to a window of dx
    expect(player.locator(".note")).to_contain_text("“dx as: gather” shows dx as a convolution of dout")
    page.get_by_role("radiogroup", name="dx as").get_by_text("gather").click()
    expect(player.locator(".group.out h4")).to_have_text("dx 5×5")
    at(player, 7)
    expect(page).to_have_url(re.compile("dx_as=gather"))
    expect(player.locator(".group.x h4")).to_have_text("dout 5×5, padding 3 − 1 − 1 = 1")
    expect(player.locator(".group.weight h4")).to_have_text("kernel, flipped")
    expect(player.locator(".total")).to_contain_text("→ dx[1, 2]")
    products = [numbers(text)[2] for text in player.locator(".term").all_inner_texts()]
    assert numbers(player.locator(".total").inner_text())[1] == sum(products) == int(scattered[1, 2])
    gathered = np.array(player.evaluate("el => Array.from(el.player.walk.grids.out.counts)")).reshape(5, 5)
    np.testing.assert_array_equal(gathered, scattered)
    hover(player, "weight", 0)
    expect(player.locator(".link")).to_contain_text("weight[2, 2] is in 25 products")
    hover(player, "x", 0)
    expect(player.locator(".link")).to_contain_text("This cell of the padding")
    hover(player, "out", 7)
    expect(player.locator(".link")).to_contain_text("dx[1, 2] is made of the 9 numbers in its window.")


@pytest.mark.parametrize(
    "query",
    [
        "convolution?preset=course_demo&dx_as=gather",
        "convolution?preset=depthwise&dx_as=gather",
        "convolution?preset=odd&dx_as=gather",
        "gradient-flow?dx_as=gather&stride=2&padding=1",
        "gradient-flow?dx_as=gather",
        "convolution?preset=edges_on_a_picture&kernel_size=5&padding=0&input_size=5&dx_as=gather",
    ],
)
def test_a_gather_fits_one_screen(standing, address, query):
    standing.set_viewport_size({"width": 1280, "height": 800})
    player = open_walk(standing, f"{address}/{query}")
    for bottom, right, frames, *_ in player.evaluate(EDGES, [0, count(player) - 1]):
        assert frames >= 2
        assert right <= 1280
        assert bottom <= 800
    if "kernel_size=5" in query:  # what is cut says so
        expect(player.locator(".group.x h4")).to_have_text("dout 1×1, padding 5 − 1 − 0 = 4")
        expect(player.locator(".group.x .lenses figcaption")).to_have_text("part: 7×7 of 9×9")
