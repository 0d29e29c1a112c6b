"""Find the bug, from the first to the last: by mouse and by keyboard."""

from playwright.sync_api import expect

from pages.sections.bug_hunt import BUGS, causes
from tools.browser import open_page


def below(locator):
    box = locator.bounding_box()
    return box["y"] + box["height"]


def test_all_bugs_are_found_on_one_screen_each(page, address):
    """The symptom, the question and all causes are in view; the right cause is praised, and the next bug comes."""
    page.set_viewport_size({"width": 1280, "height": 800})
    open_page(page, address + "/find-the-bug")
    radios, drawn = page.get_by_role("radio"), page.locator(".chart .main-svg")
    for number, (_code, bug) in enumerate(BUGS.items(), 1):
        expect(page.get_by_role("combobox")).to_have_value(f"Bug {number}, level {bug.level} of 5")
        expect(radios).to_have_count(5)
        expect(page.get_by_role("figure").first.locator(".main-svg").first).to_be_visible()
        expect(page.get_by_text(bug.shows)).to_have_count(0)
        confirm = page.get_by_role("button", name="This is it")
        expect(confirm).to_be_disabled()
        assert max(below(seen) for seen in (drawn.last, radios.last, confirm)) <= 800, bug.id
        place = causes(bug).index(bug)
        if number % 2:  # by keyboard
            radios.first.focus()
            page.keyboard.press("Space")
            for _ in range(place):
                page.keyboard.press("ArrowDown")
            expect(radios.nth(place)).to_be_checked()
            expect(confirm).to_be_enabled()
            page.keyboard.press("Tab")
            page.keyboard.press("Enter")
        else:
            page.locator('[data-testid="stRadioOption"]').nth(place).click()
            confirm.click()
        expect(page.get_by_text("Yes:")).to_be_visible()
        expect(page.get_by_text(f"{number} of {len(BUGS)} found at once")).to_be_visible()
        expect(page.locator('[data-testid="stCode"]')).to_have_count(2)
        page.get_by_role("button", name="Next bug").press("Enter")
    expect(page.get_by_text("that was all")).to_be_visible()
    page.wait_for_url(f"**found={'.'.join(BUGS)}*")
