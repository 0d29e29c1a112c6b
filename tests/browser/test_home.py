"""Home: what a newcomer sees before the first click, and every way from there."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from cnn_core.conv import conv2d_forward
from pages.address.menu import PAGES, groups
from tests.browser.walking import numbers
from tools.browser import open_page, settle

TOPS = """window.tops = []; // of the last card, at each frame: below a convolution on its way, and below one that is there
  const look = () => { const card = [...document.querySelectorAll('.st-key-doors a')].at(-1);
                       const place = document.querySelector('.st-key-glimpse');
                       const host = place && [...place.querySelectorAll('*')].find((part) => part.shadowRoot);
                       const there = Boolean(host?.shadowRoot.querySelector('[data-step]'));
                       if (card && place) tops.push([there, card.getBoundingClientRect().top]);
                       requestAnimationFrame(look) };
  requestAnimationFrame(look)"""
BY_NAME = {listed.name: listed for listed in PAGES}


def moving(page):
    """The small convolution, once it shows a step."""
    glimpse = page.locator(".glimpse")
    expect(glimpse).to_have_attribute("data-step", re.compile(r"\d+"))
    return glimpse


def outputs(page):
    """What the core makes of the input and the kernel that the page was sent."""
    planes = (
        "root => ['x', 'weight'].map((name) => [root.glimpse.walk.grids[name]].map((g) => [[...g.counts], g.shape])[0])"
    )
    x, weight = (np.reshape(counts, shape) for counts, shape in moving(page).evaluate(planes))
    return conv2d_forward(x[None], weight[None], np.zeros(1))[0].ravel()


def at(page, number):
    """The sum on the page is the output that the core computes for this step."""
    expect(page.locator(".glimpse")).to_have_attribute("data-step", str(number))
    *terms, total = (numbers(text) for text in page.locator(".glimpse :is(.terms span, .total)").all_inner_texts())
    assert len(terms) == 9
    assert all(left * right == product for left, right, product in terms)
    assert total[-1] == sum(product for *_, product in terms) == outputs(page)[number]


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_of_the_front_door_is_in_sight(new_page, address, width, height, theme):
    page = new_page(width, theme)
    page.set_viewport_size({"width": width, "height": height})
    open_page(page, address)
    main = page.get_by_test_id("stMain")
    shown = [
        main.get_by_text("See every number inside a convolutional network"),
        *moving(page).locator(":is(.x, .weight, .out) canvas:not(.linked), .terms, .total, button").all(),
        *(main.get_by_role("heading", name=group) for group in groups() if group),
        *main.get_by_test_id("stPageLink-NavLink").all(),
    ]
    assert len(shown) == 1 + 6 + len(groups()) - 1 + len(PAGES)
    for part in shown:
        expect(part).to_be_in_viewport(ratio=1)


def test_it_moves_before_the_first_click_and_the_reader_can_stop_it(page, address):
    open_page(page, address)
    before = moving(page).get_attribute("data-step")
    expect(page.locator(".glimpse")).not_to_have_attribute("data-step", before)
    page.locator(".glimpse").get_by_role("button", name="Pause").click()
    at(page, int(moving(page).get_attribute("data-step")))
    expect(page.locator(".glimpse").get_by_role("button", name="Play")).to_be_visible()


def test_all_its_numbers_are_those_of_the_core(new_page, address):
    page = new_page(reduced_motion="reduce")
    open_page(page, address)
    made = outputs(page)
    for number in range(len(made)):
        page.locator(".glimpse").evaluate("(root, number) => root.glimpse.show(number)", number)
        at(page, number)
    assert len(set(made)) > 2


def test_whoever_wants_less_motion_starts_it_themselves(new_page, address):
    page = new_page(reduced_motion="reduce")
    open_page(page, address)
    middle = len(outputs(page)) // 2
    at(page, middle)
    assert page.locator(".glimpse").evaluate("root => root.glimpse.clock.running") is None
    page.locator(".glimpse").get_by_role("button", name="Play").click()
    expect(page.locator(".glimpse")).to_have_attribute("data-step", str(middle + 1))


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves_when_the_small_convolution_appears(new_page, address, width):
    page = new_page(width)
    with page.add_init_script(TOPS):
        open_page(page, address)
    moving(page)
    page.wait_for_function("tops.filter(([there]) => there).length > 20")
    tops = page.evaluate("tops")
    before, after = ([top for there, top in tops if there == which] for which in (False, True))
    assert np.ptp([*before[-1:], *after]) < 1  # what is still on its way before that, such as fonts, does not count


def way(listed):
    return f'.stPageLink a[href="{listed.path}"]'


def card(page, listed):
    return page.locator(".st-key-doors").locator(way(listed))


def back_home(page):
    page.go_back()
    expect(page.locator("h1")).to_contain_text(PAGES[0].heading)
    settle(page)


@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_is_reached_from_home_by_any_corner_of_its_card(new_page, address, width):
    page = new_page(width)
    open_page(page, address)
    for listed in PAGES[1:]:
        box = card(page, listed).bounding_box()
        # On a wide screen the card is as wide as its column is.
        edge = box if width < 640 else page.locator(".stColumn", has=page.locator(way(listed))).bounding_box()
        page.mouse.click(edge["x"] + edge["width"] - 12, box["y"] + 3)
        expect(page).to_have_url(re.compile(rf"/{listed.path}(\?|$)"))
        settle(page)
        expect(page.locator("h1")).to_contain_text(listed.heading or listed.title)
        back_home(page)


def test_a_card_can_be_opened_in_a_tab_of_its_own_and_reached_by_key(page, address):
    open_page(page, address)
    with page.context.expect_page() as opened:
        card(page, BY_NAME["pooling"]).click(button="middle")
    expect(opened.value).to_have_url(re.compile("/pooling$"))
    opened.value.close()
    page.locator(".st-key-start a").focus()
    page.keyboard.press("Tab")  # to the button of the small convolution
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    focused = card(page, BY_NAME["pooling"])
    expect(focused).to_be_focused()
    assert focused.evaluate("link => getComputedStyle(link).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/pooling$"))


def test_the_layers_of_the_network_lead_to_their_pages(page, address):
    open_page(page, address)
    page.evaluate("() => { window.same = true }")
    for number, name in enumerate(
        ["data", "convolution", "network", "pooling"]
    ):  # of picture, convolution, ReLU, pooling
        listed = BY_NAME[name]
        page.locator(".net a").nth(number).click()
        expect(page).to_have_url(re.compile(rf"/{listed.path}(\?|$)"))
        settle(page)
        expect(page.locator("h1")).to_contain_text(listed.heading or listed.title)
        assert page.evaluate("window.same")  # the app was not loaded anew
        back_home(page)
    with page.context.expect_page() as opened:
        page.locator(".net a").nth(1).click(button="middle")
    expect(opened.value).to_have_url(re.compile(r"/convolution(\?|$)"))
    opened.value.close()
