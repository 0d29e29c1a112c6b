"""The Gradient check page in a real browser: by mouse and keyboard; what is written gives the quotient that is written."""

import re

from playwright.sync_api import expect

from tests.numbers_written import check_adds_up
from tests.waiting import until
from tools.browser import open_page, settle

SPOT = """(canvas, index) => {
    const { data, cell } = canvas.getRootNode().querySelector('.entries').entries, [left, top] = data.spots[index];
    return { x: 3 + (left + 0.5) * cell, y: 3 + (top + 0.5) * cell } }"""


WRITTEN = """table => Object.fromEntries(
    [...table.querySelectorAll('td')].map((cell) => [cell.className, cell.innerText]))"""


def adds_up(page):
    """What is written on the page follows from what is written above it."""
    return check_adds_up(page.locator(".nudged").evaluate(WRITTEN))


def heading(page):
    return page.locator("p:has(+ .nudged)")


def grid(page, title):
    return page.locator("figure.entries").filter(has_text=title)


def test_an_entry_is_nudged_by_mouse_and_keyboard_and_the_numbers_add_up(page, address):
    page.set_viewport_size({"width": 1280, "height": 800})
    open_page(page, address + "/gradient-check")
    tensor, errors = grid(page, "choose an entry"), grid(page, "relative error of each")
    expect(page.locator("[role=figure] .main-svg").first).to_be_visible()
    for part in (
        tensor,
        errors,
        page.locator(".nudged"),
        page.get_by_role("figure", name="relative error of the chosen"),
    ):
        box = part.bounding_box()
        assert box["y"] + box["height"] <= 800
        assert box["x"] + box["width"] <= 1280
    expect(heading(page)).to_contain_text("conv.weight[4, 1, 1, 1]")
    assert adds_up(page)
    # Pointing tells, a click chooses.
    canvas = tensor.locator("canvas")
    canvas.hover(position=canvas.evaluate(SPOT, 30))
    expect(tensor.locator(".words")).to_contain_text("conv.weight[1, 0, 1, 0] = ")
    canvas.click(position=canvas.evaluate(SPOT, 30))
    expect(heading(page)).to_contain_text("conv.weight[1, 0, 1, 0]")
    expect(page).to_have_url(re.compile(r"entry=1(,|%2C)0(,|%2C)1(,|%2C)0"))
    until(lambda: adds_up(page))
    # The arrow keys walk, from plane to plane and from filter to filter; the edge holds.
    errors.locator("canvas").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowUp", "ArrowUp", "ArrowUp", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
    expect(heading(page)).to_contain_text("conv.weight[0, 1, 0, 0]")
    expect(tensor).to_have_attribute("data-chosen", "9")
    until(lambda: adds_up(page))
    # Another step.
    page.get_by_role("slider", name="step h").press("ArrowRight")
    expect(heading(page)).to_contain_text("h = 0.0001")
    until(lambda: adds_up(page))
    # The link carries all of it.
    settle(page)
    before = [page.locator(".nudged").inner_text(), heading(page).inner_text()]
    page.reload()
    expect(page.locator(".nudged")).to_have_text(re.compile(r"quotient"))
    expect(heading(page)).to_have_text(before[1])
    assert page.locator(".nudged").inner_text() == before[0]
    # A kink is told, and its cure works.
    page.get_by_role("combobox", name="preset").click()
    page.get_by_role("option", name="ReLU at its corner").click()
    expect(page.get_by_role("alert").get_by_text("A kink within h")).to_be_visible()
    expect(grid(page, "relative error of each").locator(".words")).to_contain_text("a kink within h")
    page.get_by_role("slider", name="step h").press("ArrowLeft")
    expect(page.get_by_text("as far as this h can tell")).to_be_visible()
    assert adds_up(page)
