"""The whole picture below a walk, in a real browser."""

import re

from playwright.sync_api import expect

from tools.browser import open_page


def test_pictures_stay_where_they_are_and_change_only_if_they_differ(page, address):
    open_page(page, address + "/convolution?input=lake&filters=2&padding=0")
    pictures = page.locator("figure img")
    expect(pictures).to_have_count(3)
    expect(pictures.nth(1)).to_have_attribute("alt", re.compile("^filter 0, 198×198. Mid-grey is 0"))
    mark = "images => { window.kept = images.map((image) => [image, image.src]) }"
    pictures.evaluate_all(mark)
    page.get_by_role("slider", name="padding").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("filter 1, 200×200")).to_be_visible()
    same = "images => images.map((image, number) => [image === kept[number][0], image.src === kept[number][1]])"
    assert pictures.evaluate_all(same) == [[True, True], [True, False], [True, False]]
    shapes = "images => images.map((image) => [image.naturalWidth, image.naturalHeight])"
    page.wait_for_function("() => kept.every(([image]) => image.complete)")
    assert pictures.evaluate_all(shapes) == [[200, 200]] * 3
    page.get_by_text("Channels, filters, groups, bias").click()
    page.get_by_role("slider", name="filters").focus()
    page.keyboard.press("ArrowLeft")
    expect(pictures).to_have_count(2)
