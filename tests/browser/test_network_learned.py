"""What a network has learned: filters are chosen by mouse and keyboard, and what stands beside them follows."""

import re

from playwright.sync_api import expect

from cnn_core.training.shipped import shipped_network
from tools.browser import open_page, settle


def test_a_filter_is_chosen_by_mouse_and_keyboard_and_stands_in_the_address(page, address):
    page.set_viewport_size({"width": 1280, "height": 800})
    open_page(page, f"{address}/network?view=learned")
    filters = page.locator(".st-key-filters button")
    expect(filters).to_have_count(len(shipped_network()[0].params["conv1.weight"]))
    expect(filters.nth(0)).to_have_attribute("aria-pressed", "true")
    patches = page.locator(".st-key-patches figure")
    expect(patches).to_have_count(9)
    for part in (filters.last, patches.last, page.locator(".st-key-excited img")):
        box = part.bounding_box()
        assert box["y"] + box["height"] <= 800
    before = patches.all_inner_texts()
    filters.nth(4).click()
    expect(page.get_by_text("conv1, filter 4")).to_be_visible()
    expect(page).to_have_url(re.compile("filter=4"))
    expect(filters.nth(4)).to_have_attribute("aria-pressed", "true")
    settle(page)
    assert patches.all_inner_texts() != before
    filters.nth(4).press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("conv1, filter 5")).to_be_visible()
    page.get_by_text("silence it").click()
    expect(page.get_by_text("Without it")).to_be_visible()
    page.get_by_role("button", name="Walk the first one").click()
    expect(page).to_have_url(re.compile(r"network\?(?!.*view=learned).*map=5"))


def test_old_links_of_filters_lead_here(page, address):
    open_page(page, f"{address}/filters?weights=untrained&picture=5")
    expect(page).to_have_url(re.compile(r"/network\?(?=.*weights=untrained).*picture=5"))
    expect(page.get_by_role("heading", name="Network")).to_be_visible()
