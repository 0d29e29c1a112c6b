"""focus.js in a real Chromium: who answers by keyboard stays where the answer is, also while the page is still being made."""

import pytest
from playwright.sync_api import expect

from pages.animation.scripts import script

PAGE = """
<div id="app" data-test-script-state="notRunning"><main data-testid="stMain">
  <button>Far</button>
  <div id="near"><button id="answer">Answer</button></div>
</main></div>"""


@pytest.fixture
def page(chromium):
    page = chromium.new_page()
    page.set_content(PAGE)
    page.add_script_tag(content=script("focus"))
    page.locator("#answer").focus()
    yield page
    page.close()


def test_the_focus_waits_for_what_the_script_brings(page):
    page.evaluate("app.dataset.testScriptState = 'running'; answer.remove()")
    page.evaluate("near.innerHTML = '<button>Next</button>'")
    expect(page.get_by_role("button", name="Far")).not_to_be_focused()
    page.evaluate("app.dataset.testScriptState = 'notRunning'")
    expect(page.get_by_role("button", name="Next")).to_be_focused()


def test_without_a_script_the_focus_goes_to_the_nearest_at_once(page):
    page.evaluate("answer.insertAdjacentHTML('afterend', '<button>Next</button>'); answer.disabled = true")
    expect(page.get_by_role("button", name="Next")).to_be_focused()
