"""The menu: grouped as the table of pages is, on a phone in sight as a whole, and in nobody's way."""

import re

import pytest
from playwright.sync_api import expect

from pages.address.menu import PAGES, groups
from tools.browser import choose_page, open_page, settle

GROUPS = [name for name in groups() if name]


def test_the_menu_has_the_groups_of_the_table(page, address):
    open_page(page, address + "/pooling")
    assert page.get_by_test_id("stTopNavSection").all_inner_texts() == GROUPS
    for name in GROUPS:
        page.get_by_test_id("stTopNavSection").get_by_text(name).click()
        links = page.get_by_test_id("stTopNavDropdownLink")
        expect(links).to_have_text([listed.title for listed in groups()[name]])
        page.keyboard.press("Escape")
        expect(links).to_have_count(0)


def test_a_page_is_reached_through_its_group(page, address):
    open_page(page, address)
    for listed in PAGES[1:]:
        choose_page(page, listed.title)
        expect(page).to_have_url(re.compile(rf"/{listed.path}(\?|$)"))
        settle(page)
        weights = (
            "sections => sections.filter((each) => getComputedStyle(each).fontWeight > 500).map((s) => s.innerText)"
        )
        assert page.get_by_test_id("stTopNavSection").evaluate_all(weights) == [listed.group]


@pytest.mark.parametrize("path", ["/", "/train"])
def test_a_phone_shows_the_whole_menu_at_once(new_page, address, path):
    page = new_page(390)
    open_page(page, address + path)
    page.get_by_test_id("stExpandSidebarButton").click()
    links = page.get_by_test_id("stSidebarNavLink")
    expect(links).to_have_text([listed.title for listed in PAGES])
    for name in GROUPS:
        expect(page.get_by_test_id("stSidebarNav").get_by_text(name, exact=True)).to_be_in_viewport(ratio=1)
    for link in links.all():
        expect(link).to_be_in_viewport(ratio=1)


def test_a_phone_does_not_open_the_menu_by_itself(new_page, address):
    page = new_page(390)
    open_page(page, address + "/pooling")
    sidebar = page.get_by_test_id("stSidebar")
    page.get_by_test_id("stExpandSidebarButton").click()
    expect(sidebar).to_have_attribute("data-collapsed", "false")
    open_page(page, address + "/im2col")
    expect(sidebar).to_have_attribute("data-collapsed", "true")


def test_a_wide_screen_keeps_the_sidebar_as_it_was_left(page, address):
    open_page(page, address + "/pooling")
    sidebar = page.get_by_test_id("stSidebar")
    page.get_by_test_id("stSidebarHeader").hover()
    page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    expect(sidebar).to_have_attribute("data-collapsed", "true")
    open_page(page, address + "/im2col")
    expect(sidebar).to_have_attribute("data-collapsed", "true")


def test_a_page_without_settings_leaves_no_room_for_a_sidebar(page, address):
    """Whether Streamlit takes the former page's sidebar away is a race that it loses now and then."""
    bare = [listed for listed in PAGES if not listed.sidebar]
    starts = [listed for listed in PAGES if listed.name in ("convolution", "train", "receptive_field", "gradient_flow")]
    assert len(starts) == 4
    open_page(page, address)
    for start in starts:
        for listed in bare:
            choose_page(page, start.title)
            expect(page.get_by_test_id("stSidebar")).to_be_visible()
            settle(page)
            choose_page(page, listed.title)
            expect(page.locator("h1")).to_contain_text(listed.heading or listed.title)
            settle(page)
            expect(page.get_by_test_id("stSidebar")).not_to_be_visible()
            expect(page.get_by_test_id("stExpandSidebarButton")).not_to_be_visible()
