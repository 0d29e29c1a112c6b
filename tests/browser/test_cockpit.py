"""Train as a cockpit: what one steers with and what one watches are on one screen, and move together."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_pages import fits
from tests.browser.test_train import LONG, choose_pace, steps_done
from tools.browser import open_page, settle

BUTTONS = ("Start anew", "Pause", "One step", "One epoch", "Stop", "Find a learning rate")
CHARTS = ("loss_curve", "accuracy_curve", "filter_sheet")
# What the chart shows: of the filters their numbers and how many there are, of a curve its points.
SHOWN = """key => { const data = document.querySelector(`[class*=st-key-${key}] .js-plotly-plot`)?.data ?? [];
  return data[0]?.type === "heatmap"
    ? [JSON.stringify(data[0].z), new Set(data[0].text.flat().filter(Boolean).map((text) => text.split(",")[0])).size]
    : [JSON.stringify(data[0]?.y), data[0]?.x.length ?? 0] }"""
UNCOVERED = """button => { const box = button.getBoundingClientRect();
  return button.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)) }"""


def start(page, address, query=""):
    open_page(page, address + LONG + query)
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_function(f"({SHOWN})('accuracy_curve')[1] > 0", timeout=60_000)


def stop(page):
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("stopped at step")).to_be_visible()


def chart(page, key):
    return page.locator(f"[class*=st-key-{key}] .chart")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1366, 768)])
def test_buttons_curves_and_filters_are_on_one_screen_and_move_together(page, address, width, height):
    page.set_viewport_size({"width": width, "height": height})
    start(page, address)
    buttons = [page.get_by_role("button", name=name, exact=True) for name in BUTTONS]
    in_view(page, buttons)
    assert len({round(button.bounding_box()["height"]) for button in buttons}) == 1  # those with words of help as well
    before = {key: page.evaluate(SHOWN, key) for key in CHARTS}
    assert before["filter_sheet"][1] >= 8
    for key in CHARTS:
        page.wait_for_function(f"([key, was]) => ({SHOWN})(key)[0] !== was", arg=[key, before[key][0]], timeout=60_000)
    stop(page)
    page.get_by_role("slider", name="batch size").focus()  # another setting: there is more to say about an ended run
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("The sidebar holds other settings")).to_be_visible()
    expect(page.get_by_text("See the network at work")).to_be_visible()
    settle(page)
    in_view(page, [button for button in buttons if button.count()])  # what was Pause is Resume
    page.emulate_media(color_scheme="dark")  # while the page stands
    page.wait_for_function("() => getComputedStyle(document.querySelector('.stApp')).colorScheme === 'dark'")
    colours = page.evaluate(
        """() => [".stApp", "[data-testid=stLayoutWrapper]:has(> .st-key-steering)"].map((place) =>
             getComputedStyle(document.querySelector(place)).backgroundColor)"""
    )
    assert colours[0] == colours[1]


def in_view(page, buttons):
    """What one steers with and what one watches lies inside the first screen."""
    width, height = page.viewport_size.values()
    for part in [*buttons, page.get_by_test_id("stProgress"), *(chart(page, key) for key in CHARTS)]:
        box = part.bounding_box()
        assert 0 <= box["y"] <= box["y"] + box["height"] <= height, part
        assert 0 <= box["x"] <= box["x"] + box["width"] <= width, part


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_the_buttons_stay_in_view_wherever_one_scrolls_to(page, address, width, height):
    page.set_viewport_size({"width": width, "height": height})
    start(page, address)
    fits(page)
    last = page.get_by_role("radio", name="Network").bounding_box()
    assert last["x"] + last["width"] <= width  # no view is beyond the edge
    page.locator("[data-testid=stMain]").evaluate("main => main.scrollTo(0, main.scrollHeight)")
    assert page.locator("h1").bounding_box()["y"] < 0
    before = steps_done(page)
    page.wait_for_function("was => +document.body.innerText.match(/step (\\d+)/)[1] > was", arg=before)
    for name in BUTTONS:
        button = page.get_by_role("button", name=name, exact=True)
        assert 0 <= button.bounding_box()["y"] < height / 3
        assert button.evaluate(UNCOVERED), name
    stop(page)


def test_a_click_on_a_cell_of_the_confusion_matrix_opens_its_pictures(page, address):
    open_page(page, address + "/train?num_epochs=1&hidden_1=4&batch_size=200")  # seven steps: there are many mistakes
    choose_pace(page, "as fast")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text("finished after 7 steps")).to_be_visible(timeout=60_000)
    page.get_by_role("radio", name="Mistakes").click()
    pictures = page.get_by_role("combobox", name="pictures")
    expect(pictures).to_have_value(re.compile("the worst mistakes of"))
    settle(page)
    place = chart(page, "confusion")
    row, column, words = place.evaluate(
        """place => { const { text, x, y } = place.querySelector(".js-plotly-plot").data[0];
           const at = text.flatMap((line, row) => line.map((count, column) => [+count, row, column]))
             .filter(([, row, column]) => row !== column).sort((a, b) => b[0] - a[0])[0];
           return [at[1], at[2], `${y[at[1]]} taken for ${x[at[2]]} (${at[0]})`] }"""
    )
    box = place.locator(".nsewdrag").bounding_box()
    page.mouse.click(box["x"] + (column + 0.5) * box["width"] / 10, box["y"] + (row + 0.5) * box["height"] / 10)
    expect(pictures).to_have_value(words)
    expect(page).to_have_url(re.compile(f"cell={row}-{column}"))
    expect(page.get_by_text(f"is {row}", exact=True).first).to_be_visible()


def test_focus_stays_on_the_button_that_takes_the_place_of_the_pressed_one(page, address):
    start(page, address)

    def focused():
        return page.evaluate("document.activeElement.innerText")

    for name, then in (("Pause", "Resume"), ("Resume", "Pause")):
        page.get_by_role("button", name=name, exact=True).focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name=then, exact=True)).to_be_focused(timeout=30_000)
        page.wait_for_timeout(700)  # not the second press of a double click
        assert then in focused()
    # A control that goes away, and one that is switched off: the main one is next.
    page.get_by_role("button", name="Start anew", exact=True).click()
    page.get_by_role("button", name="Let it train", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Let it train", exact=True)).to_have_count(0)
    expect(page.locator(".st-key-steering button").first).to_be_focused()
    page.get_by_role("button", name="Stop", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("stopped at step")).to_be_visible()
    expect(page.get_by_role("button", name="Start anew", exact=True)).to_be_focused()
    page.keyboard.press("Enter")  # the key that was meant for Stop, pressed twice
    expect(page.get_by_text("stopped at step")).to_be_visible()


def test_the_film_plays_to_its_end_and_the_page_shows_the_step_where_it_rests(page, address):
    open_page(page, address + "/train?num_epochs=2&hidden_1=4&batch_size=200")
    choose_pace(page, "as fast")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text("finished after 14 steps")).to_be_visible(timeout=60_000)
    page.get_by_role("radio", name="Checkpoints").click()
    film = page.locator(".film")
    film.get_by_role("button", name="step 4", exact=True).click()
    expect(page).to_have_url(re.compile("film=4"))
    expect(page.get_by_text("of the first layer after 4 steps")).to_be_visible()
    expect(film.locator("[aria-current]")).to_have_text("4")
    film.get_by_role("button", name="Play").click()
    expect(film.locator("figcaption")).not_to_have_text("step 4")
    expect(film.locator("figcaption")).to_have_text("step 14", timeout=30_000)
    expect(film.get_by_role("button", name="Play")).to_be_visible()
    expect(page.get_by_text("of the first layer after 14 steps")).to_be_visible()
    expect(page).not_to_have_url(re.compile("film="))
    fits(page)
    matrix = chart(page, "film_confusion")
    matrix.focus()
    for key in ["ArrowDown"] * 2 + ["ArrowRight"] * 2 + ["ArrowLeft"]:  # the first one goes to the first cell
        page.keyboard.press(key)
    expect(matrix.locator(".said")).to_contain_text("true 1, predicted 1")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("cell=1-1"))
    expect(page.get_by_role("combobox", name="pictures")).to_have_value(re.compile("^1, right|^1 taken for 1"))
    expect(matrix).to_be_focused()
