"""Why this answer: a pixel is chosen by pointer and keys, a map by a click; its numbers are the core's, and it leads on."""

import re

import numpy as np
from playwright.sync_api import expect

from cnn_core.attribution import METHODS, answer_sheet
from cnn_core.training.shipped import shipped_network
from tools.browser import open_page, settle

NUMBER = 3  # of the test picture


def point(page, canvas, row, column, size):
    """Lay the pointer on a pixel."""
    box = canvas.bounding_box()
    page.mouse.move(
        box["x"] + box["width"] * (column + 0.5) / size[1], box["y"] + box["height"] * (row + 0.5) / size[0]
    )


def told(page):
    """The line about a pixel, its numbers as the browser reads them."""
    return page.locator(".line .words").inner_text().replace("−", "-")


def test_a_pixel_and_a_map_are_chosen_and_lead_on(page, address):
    network, config = shipped_network()
    x = config.training_data().test[0][NUMBER : NUMBER + 1]
    sheet, size = answer_sheet(network, x), x.shape[2:]
    label = int(sheet.scores.argmax())
    page.set_viewport_size({"width": 1280, "height": 800})
    open_page(page, f"{address}/network?view=why&picture={NUMBER}")
    root = page.locator(".answer")
    tiles = page.locator(".tiles button")
    expect(tiles).to_have_count(len(METHODS))
    for part in (page.locator(".top table"), page.locator(".seen canvas"), page.locator(".chosen canvas"), tiles.last):
        box = part.bounding_box()
        assert box["y"] > 0 and box["y"] + box["height"] <= 800

    # Without a choice: the pixel with the largest term. Then one under the pointer, in the map, and in a tile.
    largest = np.unravel_index(np.abs(sheet.terms[label].sum(0)).argmax(), size)
    expect(root).to_have_attribute("data-row", str(largest[0]))
    expect(root).to_have_attribute("data-column", str(largest[1]))
    for row, column, canvas in ((2, 3, page.locator(".chosen canvas")), (5, 4, tiles.nth(2).locator("canvas"))):
        point(page, canvas, row, column, size)
        expect(root).to_have_attribute("data-row", str(row))
        expect(root).to_have_attribute("data-column", str(column))
        value, slope, term = (float(n) for n in re.findall(r"(?:value|slope \(?|term) ?(-?[\d.]+\d|\d)", told(page)))
        assert abs(value - x[0, 0, row, column]) <= 0.00051
        assert abs(slope - sheet.slopes[label, 0, row, column]) <= 0.000051
        assert abs(term - value * slope) < 1e-12  # as anybody multiplies what is written
        assert f"Paths from here to the score that no ReLU closes: {int(sheet.paths[0, row, column]):,}." in told(page)

    # By keys, in the picture; Enter keeps it, and the address has it.
    picture = page.locator(".seen canvas")
    picture.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    expect(root).to_have_attribute("data-column", "5")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("pixel=4-5"))
    settle(page)
    point(page, page.locator(".chosen canvas"), 0, 0, size)  # one that is kept stays
    expect(root).to_have_attribute("data-row", "4")
    assert told(page).endswith("Kept.")

    # Another map, and its checks.
    tiles.filter(has_text="guided").click()
    expect(page).to_have_url(re.compile("method=guided_backpropagation"))
    expect(root).to_have_attribute("data-method", "guided_backpropagation")
    heat = METHODS["guided_backpropagation"](network, x, label)
    expect(page.locator(".line .words")).to_contain_text(f"guided backprop.: {heat[4, 5]:.3f}".rstrip("0"))
    page.get_by_text("check the maps").first.click()
    expect(tiles.filter(has_text="guided").locator(".facts")).to_contain_text("random weights", timeout=60_000)
    expect(page.locator(".about svg polyline")).to_have_count(2)
    expect(root).to_have_attribute("data-row", "4")  # nothing has jumped

    # On to the way back of that pixel.
    page.locator(".walk").click()
    expect(page).to_have_url(re.compile(r"network\?(?!.*view=why)(?=.*way=backward)(?=.*layer=input)(?=.*cell=4-5)"))
    expect(page).to_have_url(re.compile(f"target={label}"))
