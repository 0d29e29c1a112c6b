"""Every example opens, plays, and fits the screen, in both themes and on a small one; the address brings all of it back."""

import re

import pytest
from playwright.sync_api import expect

from pages.controls.walk_presets import CONVOLUTION, IM2COL, POOLING, TRANSPOSED
from tests.browser.test_pages import fits
from tests.browser.walking import at, canvas, count, go, open_walk, place
from tools.browser import open_page, settle

PRESETS = [
    (page, name)
    for page, presets in (
        ("convolution", CONVOLUTION),
        ("pooling", POOLING),
        ("transposed", TRANSPOSED),
        ("im2col", IM2COL),
    )
    for name in presets
]
CLIPPED = """el => [...el.querySelectorAll(".plane, .transport, .choices, .sum")].filter((part) =>
                 part.getBoundingClientRect().right > el.getBoundingClientRect().right + 1).map((part) => part.className)"""


def not_clipped(player):
    player.page.wait_for_function(f"player => !({CLIPPED})(player).length", arg=player.element_handle())


@pytest.mark.parametrize(
    ("path", "name"),
    [("convolution", name) for name in ("course_demo", "eight_filters", "depthwise")]
    + [("pooling", "two_by_two"), ("transposed", "odd"), ("im2col", "in_colour")],
)
def test_nothing_is_clipped_on_a_phone(new_page, address, path, name):  # on a desk: test_one_screen.py
    page = new_page(width=390, standing=True)
    player = open_walk(page, f"{address}/{path}?preset={name}")
    not_clipped(player)
    fits(page)


def choose(page, name):
    page.get_by_role("combobox", name="preset").click()
    page.get_by_role("option", name=name, exact=True).click()
    settle(page)


def test_an_example_sets_all_controls_and_there_is_a_way_back(page, address):
    player = open_walk(page, address + "/convolution?speed=2")
    go(player, 40)
    expect(page).to_have_url(re.compile("step=41"))
    choose(page, "course demo")
    expect(player).to_have_attribute("data-count", "36")
    at(player, 0)
    expect(page).not_to_have_url(re.compile("step="))
    expect(player.get_by_label("speed")).to_have_value("2")  # the reader's way of watching stays
    expect(page.get_by_text("The animation of Stanford's CS231n")).to_be_visible()
    stride = page.get_by_role("slider", name="stride")
    stride.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("Changed by you, from “course demo”.")).to_be_visible()
    expect(player).to_have_attribute("data-count", "100")
    page.get_by_role("button", name="Back to it").click()
    expect(player).to_have_attribute("data-count", "36")
    expect(page.get_by_text("Changed by you")).to_have_count(0)
    expect(stride).to_have_value("2")


def test_the_address_brings_back_the_very_state(page, new_page, address):
    player = open_walk(page, address + "/convolution?preset=course_demo")
    page.get_by_role("slider", name="padding").focus()
    page.keyboard.press("ArrowLeft")
    settle(page)
    cell = page.get_by_label("weight[0, 1]")
    cell.fill("0.25")
    cell.press("Tab")
    expect(page).to_have_url(re.compile("weight=.*0.25"))
    settle(page)
    edit = page.get_by_role("combobox", name="edit")
    edit.scroll_into_view_if_needed()
    page.wait_for_timeout(300)  # a list that is opened while its page scrolls shuts again
    edit.click()
    page.get_by_role("option", name="filter 1, channel 2").click()
    settle(page)
    other = page.get_by_label("weight[2, 2]")
    expect(other).to_have_value("1")  # the other kernel is there
    other.fill("-3")
    other.press("Tab")
    expect(page).to_have_url(re.compile("weight=.*0.25.*-3"))
    settle(page)
    player.get_by_label("in stages").uncheck()
    player.get_by_label("speed").select_option("8")
    player.get_by_label("colours").select_option("teal_red")
    player.get_by_label("loop").check()
    go(player, 11)
    canvas(player, "dx", 2).click(position=place(player, "dx", 6, 2))
    for part in ("step=12", "stages=false", "speed=8", "loop=true", "colours=teal", "pinned=dx"):
        expect(page).to_have_url(re.compile(part))
    said = {name: page.locator(name).inner_text() for name in (".total", ".link")}
    again = new_page()
    twin = open_walk(again, page.url)
    at(twin, 11)
    for name, text in said.items():
        expect(again.locator(name)).to_have_text(text, use_inner_text=True)
    expect(twin).to_have_attribute("data-pinned", "dx,2,6")
    for name, value in (("speed", "8"), ("colours", "teal_red")):
        expect(twin.get_by_label(name)).to_have_value(value)
    expect(twin.get_by_label("in stages")).not_to_be_checked()
    expect(twin.get_by_label("loop")).to_be_checked()
    expect(again.get_by_label("weight[2, 2]")).to_have_value("−3")  # the kernel that was edited last
    expect(again).to_have_url(page.url)


@pytest.mark.parametrize(
    "told",
    [
        {
            "step=fast": "step (=fast) in the link must be a whole number from 1 on",
            "speed=3": "speed (=3) in the link must be one of 0.25, 0.5, 1, 2, 4, 8, 16",
            "stages=maybe": "stages (=maybe) in the link must be true or false",
            "colours=pink": "colours (=pink) in the link must be one of blue_orange",
            "pinned=x,0,9999": "pinned (=x,0,9999) in the link must be a grid of this page",
            "hide_controls=perhaps": "hide_controls (=perhaps) in the link must be true or false",
            "channels=7": "channels (=7) in the link must be one of 1, 3",
            "groups=5": "groups (=5) in the link must be one of 1",
            "bias=1,x": "bias (='1,x') must be a number from -99 to 99",
            "weight=1,2,nan;0,0,0;0,0,0": "weight[0, 2] (='nan') must be a number",
        },
        {"step=0": "step (=0) in the link must be a whole number from 1 on"},
        {"input_size=256&channels=3&filters=8": "must have at most 300,000"},
    ],
    ids=" ".join,
)
def test_bad_links_are_answered_in_words_and_the_page_works(page, address, told):
    open_page(page, f"{address}/convolution?{'&'.join(told)}")
    for message in told.values():
        expect(page.get_by_text(message).first).to_be_visible()
    expect(page.locator('[data-testid="stException"]')).to_have_count(0)
    expect(page.locator(".player").or_(page.get_by_text("The whole picture")).first).to_be_visible()


def test_a_step_beyond_the_walk_is_its_last(page, address):
    player = open_walk(page, address + "/convolution?step=100000")
    at(player, count(player) - 1)


def test_a_link_for_teachers_hides_the_controls(page, address):
    player = open_walk(page, address + "/convolution?preset=course_demo&hide_controls=true&step=5")
    at(player, 4)
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    player.locator(".forward").click()
    at(player, 5, stage=0)
