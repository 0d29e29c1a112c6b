"""Exports of a walk: every download of "Export and share" is made by a click and opened."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
import zipfile

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from cnn_core.conv import conv2d_forward
from tests.browser.walking import go, open_walk
from tools.browser import ROOT, settle


@pytest.fixture
def page_with_exports(page, address):
    player = open_walk(page, address + "/convolution?preset=course_demo")
    go(player, 20)
    expect(page).to_have_url(re.compile("step=21"))
    page.get_by_text("Export and share").click()
    expect(page.get_by_text("Step 21 of 36, the one shown above")).to_be_visible()
    return page


def download(page, name):
    with page.expect_download() as found:
        page.get_by_role("button", name=name).click()
    return found.value.suggested_filename, found.value.path()


def test_the_step_as_png_and_svg(page_with_exports):
    name, path = download(page_with_exports, "Step as PNG")
    assert name == "convscope-conv2d-step-21.png"
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert image.width > 900
    name, path = download(page_with_exports, "Step as SVG")
    assert name == "convscope-conv2d-step-21.svg"
    assert ElementTree.parse(path).getroot().tag.endswith("svg")


def test_the_walk_as_gif_has_a_frame_for_each_step(page_with_exports):
    page = page_with_exports
    page.get_by_label("to step").fill("12")
    page.get_by_label("to step").press("Enter")
    expect(page.get_by_text(re.compile(r"About [\d.]+ MB, 12 frames"))).to_be_visible()
    page.get_by_role("button", name="Make the GIF").click()
    expect(page.get_by_role("button", name=re.compile("Download the GIF"))).to_be_visible(timeout=30_000)
    _, path = download(page, re.compile("Download the GIF"))
    with Image.open(path) as image:
        assert (image.format, image.n_frames) == ("GIF", 12)


def test_a_gif_that_is_too_large_is_refused_with_the_limit(page, address):
    open_walk(page, address + "/convolution")
    page.get_by_text("Export and share").click()
    open_walk(page, address + "/convolution?input_size=32")
    page.get_by_text("Export and share").click()
    expect(page.get_by_text(re.compile(r"About [\d.]+ MB, 94 frames"))).to_be_visible()  # all of forward
    every = page.get_by_role("spinbutton", name="every n-th step")
    every.fill("1")
    every.press("Enter")
    expect(page.get_by_text("1,024 frames are too many for a GIF, which holds 300 at most")).to_be_visible()
    expect(page.locator(".player")).to_be_visible()


def test_the_numbers_as_npz_and_csv(page_with_exports):
    page = page_with_exports
    _, path = download(page, re.compile("npz", re.IGNORECASE))
    with np.load(path) as arrays:
        options = {"stride": 2, "padding": 1}
        out, _ = conv2d_forward(arrays["x"][None], arrays["weight"], arrays["bias"], **options)
        np.testing.assert_array_equal(out[0], arrays["out"])
        assert {"dout", "dx", "dweight", "dbias"} <= set(arrays)
    assert zipfile.is_zipfile(path)
    name, path = download(page, re.compile("CSV"))
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    assert name.endswith(".csv")
    assert len(lines) > 75 + 54 + 18


def test_the_code_runs(page_with_exports):
    name, path = download(page_with_exports, re.compile(r"\.py|script|code", re.IGNORECASE))
    assert name.endswith(".py")
    said = subprocess.run(
        [sys.executable, path], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True
    )
    assert said.returncode == 0, said.stderr.decode()
    assert b"(1, 2, 3, 3)" in said.stdout


def test_the_code_is_shown_with_pytorch_and_the_course(page, address):
    open_walk(page, address + "/convolution?preset=course_demo")
    page.get_by_text("Show the code").click()
    settle(page)
    expect(page.get_by_text("def conv2d_forward(").first).to_be_visible()
    for tab, words in (("NumPy", "conv2d_forward("), ("PyTorch", "F.conv2d("), ("CS231n", "conv_forward_naive(")):
        page.get_by_role("tab", name=tab).click()
        expect(page.get_by_role("tabpanel").filter(has_text=words).first).to_be_visible()


def test_the_links_open_the_same_state_with_and_without_controls(page_with_exports, new_page):
    shown = page_with_exports.get_by_test_id("stCode").locator("code")
    expect(shown).to_have_count(2)
    links = shown.all_inner_texts()
    assert "step=21" in links[0]
    again = new_page()
    player = open_walk(again, links[1].strip())
    expect(player).to_have_attribute("data-step", "20")
    expect(again.get_by_test_id("stSidebar")).to_be_hidden()
