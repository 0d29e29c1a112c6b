"""Every page stands and can be read and used: by the rules of axe-core, the contrast of all its texts, its targets' size."""

from __future__ import annotations

from contextlib import suppress

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import TimeoutError

from pages.figures.colours import ZERO
from pages.server.example_report import example_report
from tests.browser.legible import MISSED, TEXTS
from tests.browser.test_pages import stands
from tests.browser.test_runs import train
from tools.browser import PATHS, open_page, own_errors, settle

LOOKED_AT = PATHS | {
    "folds and a message": "/convolution?stride=x&code_open=true&export_open=true",
    "dx three ways": "/transposed?view=ways&stride=3&kernel_size=2&cell=0%2C2%2C0",
    "a map of a network": "/network?way=backward&layer=input&map=0",
    "a number in a network": "/network?layer=conv2&map=3&cell=5-5",
    "a run's curves": "/train?run={run}",
    "a run's layers": "/train?run={run}&view=layers",
    "a run's mistakes": "/train?run={run}&view=mistakes",
    "a run's film": "/train?run={run}&view=film_strip",
    "a run's weight": "/train?run={run}&view=weight",
    "the table of runs": "/runs?runs={run}",
    "a board to draw on": "/network?source=drawn",
    "learned filters": "/filters?run={run}",
    "why this answer": "/network?view=why&method=saliency&pixel=1-1&checks=true",
    "a network, backward": "/network?way=backward&learn=true",
    "a case from a report": f"/check-your-own?{example_report().query}",
}
THEMES = ("light", "dark")
SERIOUS = ("serious", "critical")
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
# Every part of the page has the background of the theme, and no colour is on its way to another.
WEARS = """([theme, background]) => getComputedStyle(document.querySelector(".stApp")).colorScheme === theme
  && !document.getAnimations().some((a) => a instanceof CSSTransition)
  && [...document.querySelectorAll("[data-testid=stMain] [data-testid^=stBidiComponent]")]
    .every((part) => getComputedStyle(part).getPropertyValue("--st-background-color") === background)"""
# A phone's drawer is shut. To look at a target brings it into view, and the drawer would stay where it is on its way.
SHUT = """() => document.querySelector("[data-testid=stSidebar]")?.getBoundingClientRect().right <= 0"""
# Streamlit's own, that an app cannot mend, by rule and part of the page.
EXCUSED = {
    "scrollable-region-focusable": "[data-testid=stTable] > div",  # a table wider than a phone scrolls, but takes no focus
    "list": "[data-testid=stSidebarNavItems]",  # the groups of a phone's menu are no lists within the list
    "listitem": "[data-testid=stSidebarNavItems] li",
}


def faults(page):
    """What axe-core finds serious or worse, one line each."""
    run = "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)"
    found = [each for each in page.evaluate(run) if each["impact"] in SERIOUS]
    return [
        f"{each['id']}: {node['html'][:150]} {node['any'][0]['message'] if node['any'] else ''}"
        for each in found
        for node in each["nodes"]
        if not (
            each["id"] in EXCUSED
            and page.locator(node["target"][0]).first.evaluate("(el, part) => el.matches(part)", EXCUSED[each["id"]])
        )
    ]


def pale(page):
    """The texts that have less contrast than they need."""
    texts = page.evaluate(TEXTS)
    assert len(texts) > 5
    return [
        f"{ratio:.2f} of {needed} to 1: {text!r}, {where}" for ratio, needed, text, where in texts if ratio < needed
    ]


def missed(page):
    """Targets that a pointer misses, once what moves on a new width has come to rest."""
    with suppress(TimeoutError):
        page.wait_for_function(f"() => !({MISSED})().length", timeout=3000)
    return page.evaluate(MISSED)


@pytest.fixture(scope="module")
def tab(chromium):
    page = chromium.new_page(viewport=DESK)
    errors = []
    page.on("console", lambda message: errors.append(own_errors(message)))
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.close()
    assert list(filter(None, errors)) == []


@pytest.fixture(scope="module")
def run(tab, address):
    return train(tab, address)


@pytest.fixture(scope="module", params=LOOKED_AT)
def found(request, tab, address, run):
    """What is wrong with a page, by check and by theme or width; it is opened once for all."""
    tab.set_viewport_size(DESK)
    open_page(tab, address + LOOKED_AT[request.param].format(run=run))
    tab.evaluate(AXE_SCRIPT)
    seen = {}
    for theme in THEMES:
        tab.emulate_media(color_scheme=theme)
        tab.wait_for_function(WEARS, arg=[theme, ZERO[theme]])
        settle(tab)
        if request.param in PATHS:
            stands(tab, request.param)
        seen["axe", theme], seen["pale", theme] = faults(tab), pale(tab)
    seen["missed", 1280] = missed(tab)
    tab.set_viewport_size(PHONE)
    tab.wait_for_function(SHUT)
    settle(tab)
    seen["axe", 390], seen["missed", 390] = faults(tab), missed(tab)
    return seen


@pytest.mark.parametrize("where", [*THEMES, 390])
def test_axe_finds_nothing_serious(found, where):
    assert found["axe", where] == []


@pytest.mark.parametrize("theme", THEMES)
def test_texts_stand_out_from_what_is_behind_them(found, theme):
    assert found["pale", theme] == []


@pytest.mark.parametrize("width", [1280, 390])
def test_targets_are_24_pixels_wide_and_high(found, width):
    assert found["missed", width] == []
