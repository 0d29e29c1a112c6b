"""Lists of options in a real browser: the address has their ids, the page their words, and the way back works."""

import re

from playwright.sync_api import expect

from tools.browser import open_page, settle


def test_the_address_has_the_id_and_back_undoes_the_choice(page, address):
    open_page(page, address + "/convolution?preset=edges_on_a_picture")
    page.get_by_role("combobox", name="kernel").click()
    page.get_by_role("option", name="Sobel x").click()
    expect(page).to_have_url(re.compile(r"kernel=sobel_x"))
    expect(page.get_by_label("weight[1, 2]")).to_have_value("2")
    page.get_by_role("slider", name="stride").press("ArrowRight")
    expect(page).to_have_url(re.compile(r"(?=.*kernel=sobel_x)(?=.*stride=2)"))
    settle(page)
    page.go_back()
    expect(page.get_by_label("weight[1, 1]")).to_have_value("8")
    expect(page.get_by_role("combobox", name="kernel")).to_have_value("edges")
    expect(page.get_by_role("slider", name="stride")).to_have_value("1")
    settle(page)
    page.go_forward()
    expect(page.get_by_label("weight[1, 2]")).to_have_value("2")
    expect(page.get_by_role("slider", name="stride")).to_have_value("2")


def test_a_former_link_is_written_anew(page, address):
    open_page(page, address + "/transposed?kernel=Sobel+x&view=gather&preset=half+padding+(same)&dout=one+cell")
    expect(page.get_by_role("combobox", name="kernel")).to_have_value("Sobel x")
    expect(page).to_have_url(re.compile(r"preset=half_padding&kernel=sobel_x|kernel=sobel_x.*preset=half_padding"))
