"""Folded settings in a real browser: by mouse and by keyboard; what is set there outlives the fold, and stands in the link."""

import re

import pytest
from playwright.sync_api import expect

from tools.browser import open_page, settle


def head(page, label):
    return page.locator("summary").filter(has_text=label)


@pytest.mark.parametrize("key", ["Enter", "click"])
def test_a_setting_in_a_fold_outlives_it(page, address, key):
    open_page(page, address + "/train")
    shift = page.get_by_role("slider", name="shift")
    expect(shift).to_have_count(0)

    def turn():
        if key == "click":
            head(page, "Which pictures, and how").click()
        else:
            head(page, "Which pictures, and how").focus()
            page.keyboard.press(key)
        settle(page)

    turn()
    expect(page.get_by_role("slider", name="cutout")).to_be_visible()
    shift.focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("shift=1"))
    settle(page)
    turn()
    expect(shift).not_to_be_visible()
    expect(page.get_by_role("slider", name="cutout")).to_have_count(0)
    expect(page).to_have_url(re.compile("shift=1"))
    page.reload()
    settle(page)
    turn()
    expect(shift).to_have_value("1")
    expect(page.get_by_text("Changed by you")).to_be_visible()
    page.get_by_role("button", name="Back to it").click()
    expect(shift).to_have_value("0")
    expect(page).not_to_have_url(re.compile("shift"))
    expect(page.get_by_text("Changed by you")).to_have_count(0)
