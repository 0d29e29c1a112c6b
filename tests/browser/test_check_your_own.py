"""From the example report to its case on the player and back, and a link that was cut off."""

import re

from playwright.sync_api import expect

from tests.browser.walking import at, canvas, linked, open_walk
from tools.browser import open_page


def test_the_link_of_a_report_opens_its_very_case(page, address):
    page.set_viewport_size({"width": 1280, "height": 800})
    open_page(page, address + "/check-your-own")
    expect(page.get_by_text("python -m cnn_core.check my_layers.py")).to_be_visible()
    expect(page.get_by_text("dx is wrong in some cases when windows overlap")).to_be_visible()
    way = page.get_by_role("button", name="Open this case")
    assert way.bounding_box()["y"] < 800
    way.click()
    expect(page.get_by_text("max_pool_backward_naive gets dx wrong: 1 of 4 numbers")).to_be_visible()
    page.wait_for_url(re.compile(r"check-your-own\?case=[\w-]+$"))
    link = page.url
    page.get_by_role("button", name="How to check your own").click()
    expect(page.get_by_text("Is your layer right?")).to_be_visible()

    player = open_walk(page, link)
    at(player, 5)  # where the wrong number would be complete; nothing stands before the numbers
    expect(player.locator(".sum, .panel").first).to_contain_text("its dx is −2 + 3 = 1")
    expect(player.locator(".legend")).to_contain_text("★ the largest of its window")
    assert linked(player) == {}
    expect(page.get_by_text("dx[0, 0, 0, 2] is 3 and should be 1.")).to_be_visible()
    expect(page.get_by_text("what comes last overwrites what was there")).to_be_visible()
    maps = page.get_by_role("figure", name="max_pool_backward_naive gets dx wrong")
    expect(maps).to_contain_text("yours")
    expect(page.get_by_text("Step 6 is where dx[0, 0, 0, 2] becomes 1.")).to_be_visible()
    for seen in (maps, canvas(player, "dx"), canvas(player, "dout"), player.locator(".sum, .panel").first):
        box = seen.bounding_box()
        assert box["y"] + box["height"] <= 800
    expect(page.locator('[data-testid="stAlert"]')).to_have_count(0)

    page.get_by_role("link", name="The lines that do it").click()
    expect(page.locator('[data-testid="stAlert"]', has_text="The answer:")).to_contain_text(
        "what comes last overwrites"
    )

    open_page(page, link[: link.index("case=") + 60])
    expect(page.get_by_text("copy the whole of it")).to_be_visible()
    expect(page.get_by_text("Is your layer right?")).to_be_visible()

    page.set_viewport_size({"width": 390, "height": 844})
    report = page.get_by_role("region", name="A report")
    report.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.activeElement.scrollLeft > 0")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
