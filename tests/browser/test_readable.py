"""What the stage says stays readable: titles are not cut off, a pinned cell's words cover nothing, the focus is not lost."""

import pytest
from playwright.sync_api import expect

from tests.browser.walking import at, canvas, count, go, hover, open_walk, place

# Titles of the sum that end outside of it or under the name of the stage, or run into another, and so of grids.
# A line of terms that is scrolled by itself ends where one can scroll to.
CUT = """player => { const edges = (part) => { const range = document.createRange(); range.selectNodeContents(part);
    return range.getBoundingClientRect() };
  const crosses = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  const shown = (list) => [...player.querySelectorAll(list)].filter((part) => part.textContent && part.getClientRects().length);
  const sum = player.querySelector(".sum").getBoundingClientRect(), stage = edges(player.querySelector(".stage"));
  const terms = player.querySelector(".terms"), { left } = terms.getBoundingClientRect();
  const end = terms.tabIndex < 0 ? sum.right : left - terms.scrollLeft + terms.scrollWidth;
  const titles = shown(".terms h5");
  const told = titles.filter((title) => edges(title).right > end || crosses(edges(title), stage)
    || titles.some((other) => other !== title && crosses(edges(title), edges(other))));
  const grids = shown(".group h4");
  return [...told, ...grids.filter((title) => crosses(edges(title), sum)
    || grids.some((other) => other !== title && crosses(edges(title), edges(other))))].map((title) => title.textContent) }"""
HIDDEN = """part => { const range = document.createRange(); range.selectNodeContents(part);
  return [...range.getClientRects()].some(({ left, top, height }) =>
    part.getRootNode().elementFromPoint(left + 3, top + height / 2) !== part) }"""


@pytest.mark.parametrize(
    ("width", "height", "query"),
    [
        (390, 844, "convolution?preset=one_by_one"),
        (390, 844, "convolution?input=few_numbers&input_size=9&channels=4&filters=8&kernel_size=1"),
        (1600, 900, "convolution?preset=grey_from_colours"),
        (1024, 768, "convolution?preset=course_demo"),
        (1024, 768, "convolution?preset=eight_filters"),
        (1024, 768, "im2col?preset=two_filters"),
        (1280, 800, "im2col?preset=one_by_one"),
        (1600, 900, "im2col?preset=one_by_one"),
        (1280, 800, "im2col?kernel_size=1"),
        (1024, 768, "gradient-flow?kernel_size=1"),
        (1024, 768, "transposed?kernel_size=1"),
    ],
)
def test_no_title_is_cut_off(standing, address, query, width, height):
    standing.set_viewport_size({"width": width, "height": height})
    player = open_walk(standing, f"{address}/{query}")
    last = count(player) - 1
    for step in (0, last // 2, last // 2 + 1, last):
        go(player, step)
        assert player.evaluate(CUT) == [], step


@pytest.mark.parametrize("width", [1280, 390])
def test_the_words_of_a_pinned_cell_and_of_the_step_are_read_together(new_page, address, width):
    page = new_page(width=width)
    player = open_walk(page, address + "/convolution?preset=half_padding&stages=false")
    words, pin = player.locator(".words"), player.locator(".pin")
    canvas(player, "x").scroll_into_view_if_needed()
    before = canvas(player, "x").bounding_box()
    canvas(player, "x").click(position=place(player, "x", 16))
    expect(pin).to_contain_text("is under 9 windows")
    expect(pin).to_contain_text("Pinned: Escape or another click lets go.")
    assert canvas(player, "x").bounding_box()["y"] == pytest.approx(before["y"], abs=1)  # it stays under the pointer
    expect(player.locator(".link")).to_be_empty()
    player.locator(".forward").click()
    at(player, 1)
    expect(words).to_contain_text("gives out[0, 1]")
    words.scroll_into_view_if_needed()
    assert not words.evaluate(HIDDEN)
    assert not pin.evaluate(HIDDEN)
    hover(player, "weight", 0)  # another cell is told in the step's place, for as long as one points at it
    expect(player.locator(".link")).to_contain_text("weight[0, 0] is in 25 products")
    expect(pin).to_contain_text("is under 9 windows")
    page.keyboard.press("Escape")
    expect(pin).to_be_hidden()


def test_a_pinned_cell_in_the_address_leaves_the_figure_on_the_first_screen(page, address):
    page.set_viewport_size({"width": 1280, "height": 800})
    player = open_walk(page, address + "/convolution?preset=half_padding&pinned=x,0,16")
    expect(player.locator(".pin")).to_contain_text("is under 9 windows")
    for step in (0, count(player) - 1):
        go(player, step)
        box = player.locator(".sum").bounding_box()
        assert box["y"] + box["height"] <= 800


def test_the_focus_of_a_grid_that_is_folded_away_goes_to_the_one_in_its_place(new_page, address):
    page = new_page(390)  # there is no room for both
    player = open_walk(page, address + "/convolution?preset=half_padding&stages=false")
    go(player, 24)
    focused = "player => player.getRootNode().activeElement?.closest('[data-grid]')?.dataset.grid"
    for forward, backward in (("x", "dx"), ("weight", "dweight"), ("out", "dout")):
        page.keyboard.press("Tab")  # the focus is the keyboard's
        canvas(player, forward).focus()
        player.evaluate("player => player.player.move(1)")
        at(player, 25)
        assert player.evaluate(focused) == backward
        player.evaluate("player => player.player.move(-1)")
        at(player, 24)
        assert player.evaluate(focused) == forward
