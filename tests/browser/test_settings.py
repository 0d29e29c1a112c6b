"""Settings in a real browser: sliders, the kernel's grid, uploads, the address; bad input is named, nothing breaks."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from pages.address.messages import JOINER
from tests.browser.walking import open_walk
from tools.browser import choose_page, open_page, settle


def out_size(page):
    return page.locator('section[data-grid="out"] h4')


def test_a_slider_by_keyboard_changes_the_picture_and_the_address(page, address):
    open_page(page, address + "/convolution?input_size=8&padding=0")
    expect(out_size(page)).to_have_text("output 6×6")
    stride = page.get_by_role("slider", name="stride")
    stride.focus()
    page.keyboard.press("ArrowRight")
    expect(out_size(page)).to_have_text("output 3×3")
    expect(page).to_have_url(re.compile(r"stride=2"))
    expect(page.locator(".katex").last).to_contain_text("= 3")


def test_the_address_brings_everything_back(page, new_page, address):
    open_page(page, address + "/convolution?preset=edges_on_a_picture")
    page.get_by_role("slider", name="kernel size").press("ArrowLeft")
    expect(out_size(page)).to_have_text("output 11×11")
    cell = page.get_by_label("weight[0, 1]")
    cell.fill("0.25")
    cell.press("Tab")
    expect(page).to_have_url(re.compile("weight=.*0.25"))
    settle(page)
    page.locator(".player .first").click()
    written = page.locator(".total").inner_text()
    again = new_page()
    open_page(again, page.url)
    again.locator(".player .first").click()
    expect(again.locator(".total")).to_have_text(written)
    expect(again.get_by_label("weight[0, 1]")).to_have_value("0.25")


def test_a_kernel_cell_of_text_is_named_and_can_be_mended(page, address):
    open_page(page, address + "/convolution?preset=edges_on_a_picture")
    cell = page.get_by_label("weight[1, 2]")
    cell.fill("abc")
    cell.press("Tab")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("weight[1, 2] (='abc') must be a number from -999 to 999")
    expect(cell).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".player")).to_be_visible()  # the cell counts as 0 until then
    cell.fill("-4")
    cell.press("Tab")
    expect(alert).to_have_count(0)
    expect(page.locator(".player")).to_be_visible()


def test_choosing_a_preset_replaces_an_edited_kernel(page, address):
    open_page(page, address + "/convolution?weight=1,2,3;4,5,6;7,8,9")
    expect(page.get_by_label("weight[2, 2]")).to_have_value("9")
    page.get_by_role("combobox", name="kernel").click()
    page.get_by_role("option", name="sharpen").click()
    expect(page.get_by_label("weight[1, 1]")).to_have_value("9")
    expect(page.get_by_label("weight[2, 2]")).to_have_value("−1")
    expect(page).not_to_have_url(re.compile("weight="))


def test_cells_typed_one_after_the_other_without_waiting_all_arrive(page, address):
    open_page(page, address + "/convolution?preset=edges_on_a_picture")
    page.get_by_label("weight[0, 0]").focus()
    for number in range(9):
        page.keyboard.type(f"{number}.25", delay=20)
        page.keyboard.press("Tab")
    page.wait_for_timeout(1500)  # time for an answer to an early cell to overwrite a later one
    settle(page)
    for number, box in enumerate(page.locator(".grid input").all()):
        expect(box).to_have_value(f"{number}.25")
    expect(page).to_have_url(re.compile("weight=0.25%2C1.25%2C2.25%3B3.25|weight=0.25,1.25,2.25;3.25"))
    page.get_by_role("button", name="Back to “edges”").click()
    expect(page.get_by_label("weight[1, 1]")).to_have_value("8")


def test_what_a_link_holds_is_shown_as_text(page, address):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for value in ("[log in](https://example.com)", "![x](http://example.com/pixel.png)", "<b>x</b>"):
        open_page(page, f"{address}/convolution?stride={quote(value)}&input=own_picture")
        shown = f"{JOINER}?".join(re.escape(letter) for letter in f"stride (={value})")
        expect(page.get_by_text(re.compile(shown))).to_be_visible()
    assert page.get_by_test_id("stAlert").get_by_role("link").count() == 0
    file = {"name": "![y](http:__example.com_y).png", "mimeType": "image/png", "buffer": b"hello"}
    page.locator('input[type="file"]').set_input_files(file)
    expect(page.get_by_text("must be a picture in one of the formats").first).to_be_visible()
    assert not [url for url in asked if "example.com" in url.split("?")[0]]


@pytest.mark.parametrize(
    "told",
    [
        {
            "stride=0": "stride (=0) in the link must be 1 to 6",
            "padding=-1": "padding (=-1) in the link must be 0 to 6",
            "input=nothing": "input (=nothing) in the link must be one of",
            "weight=1,2": "must be 3x3, as kernel_size says",
        },
        {"stride=fast": "stride (=fast) in the link must be a whole number from 1 to 6"},
        {"stride=1&stride=2": "stride stands 2 times in the link"},
        {"input_size=4&kernel_size=7&padding=0": "kernel_size (=7, dilation 1: 7 cells of height) must fit"},
    ],
    ids=" ".join,
)
def test_bad_addresses_are_answered_in_words(page, address, told):
    open_page(page, f"{address}/convolution?{'&'.join(told)}")
    for message in told.values():
        expect(page.get_by_text(message)).to_be_visible()
    expect(page.locator('[data-testid="stException"]')).to_have_count(0)


def test_a_text_file_renamed_png_is_refused_in_words(page, address):
    open_page(page, address + "/convolution?input=own_picture")
    expect(page.get_by_text("Choose a picture above")).to_be_visible()
    page.locator('input[type="file"]').set_input_files(
        {"name": "notes.png", "mimeType": "image/png", "buffer": b"hello"}
    )
    expect(
        page.get_by_role("alert").get_by_text("notes.png must be a picture in one of the formats PNG")
    ).to_be_visible()


def test_on_a_small_screen_the_controls_open_and_the_player_fits(new_page, address):
    page = new_page(width=390, has_touch=True)
    player = open_walk(page, address + "/convolution")
    page.wait_for_function("player => player.getBoundingClientRect().width <= 390", arg=player.element_handle())
    step = player.get_attribute("data-step")
    player.locator(".forward").tap()
    expect(player).to_have_attribute("data-step", str(int(step) + 1))
    expect(page.get_by_role("slider", name="stride")).to_be_visible()  # beside the figure that it changes
    page.get_by_test_id("stExpandSidebarButton").tap()
    expect(page.get_by_role("combobox", name="kernel")).to_be_visible()
    expect(page.get_by_role("link", name="Pooling")).to_be_visible()


def test_each_page_keeps_its_own_settings(page, address):
    open_walk(page, address + "/convolution?stride=3&kernel_size=5")
    sizes = out_size(page).inner_text()
    choose_page(page, "Gradient flow")
    expect(page.locator("h1")).to_have_text("Gradient flow")
    expect(page.locator('section[data-grid="weight"] h4')).to_have_text("kernel")
    expect(page.get_by_role("slider", name="stride")).to_have_value("1")
    choose_page(page, "Convolution")
    expect(out_size(page)).to_have_text(sizes)
    expect(page).to_have_url(re.compile(r"stride=3"))
    expect(page.get_by_role("slider", name="stride")).to_have_value("3")


SEEN = """player => player.player.stage.planes.filter(({ colours }) => colours).map((plane) => [plane.caption.textContent,
  plane.canvas.getAttribute("aria-label"), plane.canvas.toDataURL(), plane.frame.getAttribute("style")])"""


def test_planes_that_stay_show_what_new_ones_would(page, address):
    layer = "/convolution?input=lake&channels=3&filters=4&stages=false&input_size=32"
    player = open_walk(page, address + layer + "&padding=0&pinned=x,0,0")
    player.evaluate("player => { window.kept = player.player.stage.planes[0] }")
    page.get_by_role("slider", name="padding").press("ArrowRight")
    expect(player).to_have_attribute("data-count", str(2 * 4 * 32 * 32))
    assert player.evaluate("player => player.player.stage.planes[0] === window.kept")
    stayed = player.evaluate(SEEN)
    assert len(stayed) > 20
    page.get_by_text("Channels, filters, groups, bias").click()
    page.get_by_role("slider", name="filters").press("ArrowLeft")  # fewer planes, all of them new
    expect(player).to_have_attribute("data-count", str(2 * 3 * 32 * 32))
    assert player.evaluate("player => player.player.stage.planes[0] !== window.kept")
    assert open_walk(page, address + layer + "&padding=1&pinned=x,0,0").evaluate(SEEN) == stayed


def test_nothing_fades_while_an_answer_is_on_its_way(page, address):
    open_page(page, address + "/convolution?preset=edges_on_a_picture")
    styles = page.evaluate(
        """() => { const style = getComputedStyle(document.querySelector('[data-testid="stElementContainer"]'));
                   return [style.transitionProperty, style.opacity] }"""
    )
    assert styles == ["none", "1"]


def test_a_weight_that_was_taken_back_can_be_typed_once_more(page, address):
    open_page(page, address + "/convolution?kernel=edges&kernel_size=3")
    cell, back = page.get_by_label("weight[1, 1]"), page.get_by_role("button", name="Back to “edges”")
    for _ in range(2):
        cell.fill("3")
        cell.press("Tab")
        expect(page).to_have_url(re.compile("weight="))
        back.click()
        expect(cell).to_have_value("8")
        expect(page).not_to_have_url(re.compile("weight="))
