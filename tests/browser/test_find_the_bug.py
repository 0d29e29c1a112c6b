"""Find the bug, from the first to the last: by mouse and by keyboard."""

from playwright.sync_api import expect

from pages.sections.bug_hunt import BUGS, causes
from tools.browser import open_page

# The symptom is drawn, and it, all causes and the button below them are in view.
ON_ONE_SCREEN = """() => {
  const parts = [".chart .main-svg", "[data-testid=stRadioOption]", "[data-testid=stBaseButton-primary]"];
  const found = parts.map((part) => [...document.querySelectorAll(part)]);
  return found.every((each) => each.length) &&
    found.flat().every((each) => each.getBoundingClientRect().bottom <= innerHeight) }"""


def test_all_bugs_are_found_on_one_screen_each(page, address):
    """The right cause is praised, counted and explained, and the next bug comes."""
    page.set_viewport_size({"width": 1280, "height": 800})
    open_page(page, address + "/find-the-bug")
    radios, options = page.get_by_role("radio"), page.locator('[data-testid="stRadioOption"]')
    confirm, forward = (page.get_by_role("button", name=name) for name in ("This is it", "Next bug"))
    for number, bug in enumerate(BUGS.values(), 1):
        expect(page.get_by_role("combobox")).to_have_value(f"Bug {number}, level {bug.level} of 5")
        expect(radios).to_have_count(5)
        expect(confirm).to_be_disabled()
        page.wait_for_function(ON_ONE_SCREEN)
        expect(page.get_by_text(bug.shows)).to_have_count(0)
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
            expect(forward).to_be_focused()  # the focus is not lost with the button
        else:
            options.nth(place).click()
            confirm.click()
        expect(page.get_by_text("Yes:")).to_be_visible()
        expect(page.get_by_text(f"{number} of {len(BUGS)} found at once")).to_be_visible()
        expect(page.locator('[data-testid="stCode"]')).to_have_count(2)
        forward.click()
    expect(page.get_by_text("that was all")).to_be_visible()
    page.wait_for_url(f"**found={'.'.join(BUGS)}*")
