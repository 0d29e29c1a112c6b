"""Two runs compared in a real browser, one taken along in every format, and what was taken brought back."""

import json
import re

import onnx
from playwright.sync_api import expect

from cnn_core.training import tensors
from pages.sections.run_table import HEAD, ROW
from tests.browser.test_exports import download
from tests.browser.test_pages import fits
from tools.browser import open_page, settle

SMALL = "block_1_num_filters=2&hidden_1=4&batch_size=200&num_epochs=1"  # 7 steps


# No column of the table is beyond its right edge.
WHOLE = """() => { const table = document.querySelector('[data-testid="stDataFrame"] .dvn-scroller');
                   return table && table.scrollWidth <= table.clientWidth + 1 }"""


def train(page, address, extra=""):
    """A run from Start to its end; returns its id."""
    open_page(page, f"{address}/train?{SMALL}{extra}")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text("finished after 7 steps").first).to_be_visible(timeout=30_000)
    expect(page).to_have_url(re.compile("run="))
    return re.search(r"run=([\w-]+)", page.url).group(1)


def choose_row(page, row):
    """Click the box before a row of the table, which is drawn on a canvas."""
    page.get_by_test_id("stDataFrame").first.locator(".dvn-scroller").click(
        position={"x": 16, "y": HEAD + ROW * row + ROW // 2}
    )
    settle(page)


def test_compare_take_along_and_bring_back(page, new_page, address):
    first, second = train(page, address), train(page, address, "&update_rule=sgd")
    open_page(page, address + "/runs")
    page.wait_for_function(WHOLE)
    page.get_by_test_id("stDataFrame").hover()
    tools = page.get_by_test_id("stElementToolbar").first
    expect(tools).to_be_visible()
    filters = page.get_by_test_id("stMultiSelect").last.bounding_box()
    assert tools.bounding_box()["y"] > filters["y"] + filters["height"]  # on none of them
    choose_row(page, 0)  # the newest
    expect(page).to_have_url(re.compile(f"runs={second}"))
    choose_row(page, 1)
    expect(page.get_by_role("heading", name="Side by side")).to_be_visible()
    expect(page).to_have_url(re.compile(f"runs={second}(%2C|,){first}"))
    rows = page.get_by_test_id("stTable").last.locator("tbody tr")
    expect(rows).to_have_count(1)  # they differ in one setting
    expect(rows.locator("strong")).to_have_text("Adam")
    phone = new_page(390, "dark", has_touch=True)  # the address is all that it takes
    open_page(phone, page.url)
    expect(phone.get_by_role("heading", name="Side by side")).to_be_visible()
    fits(phone)
    tools = phone.get_by_test_id("stElementToolbar").first  # always there, as nothing points at the table
    expect(tools).to_be_visible()
    box, words = tools.bounding_box(), phone.get_by_text("2 chosen").bounding_box()
    assert box["y"] + box["height"] <= words["y"]

    open_page(page, f"{address}/runs?runs={first}")
    _, path = download(page, "History as CSV")
    assert path.read_text().count("\n") == 8
    _, path = download(page, "Settings as JSON")
    settings = path.read_bytes()
    assert json.loads(settings)["batch_size"] == 200
    _, path = download(page, "ONNX")
    onnx.checker.check_model(onnx.load_from_string(path.read_bytes()))
    name, path = download(page, "TensorBoard")
    assert name.endswith(".tfevents")
    assert b"filters/conv1" in path.read_bytes()
    for name in ("PyTorch code", "Python script"):
        _, path = download(page, name)
        compile(path.read_text(), name, "exec")
    name, path = download(page, "Checkpoint")
    assert json.loads(tensors.unpack(path.read_bytes())[1]["convscope"])["iteration"] == 7
    name, path = download(page, re.compile("^Weights$"))
    weights = path.read_bytes()

    chooser = page.get_by_test_id("stFileUploaderDropzoneInput")
    chooser.set_input_files({"name": name, "mimeType": "application/octet-stream", "buffer": weights[:-8]})
    expect(page.get_by_text("no whole safetensors file")).to_be_visible()
    chooser.set_input_files({"name": name, "mimeType": "application/octet-stream", "buffer": weights})
    expect(page.get_by_text("weights after step 7 of a run on digits")).to_be_visible()
    page.get_by_role("button", name="Start from these weights").click()
    page.wait_for_url(re.compile(r"/train\?run="))
    expect(page.get_by_text("finished after 7 steps").first).to_be_visible(timeout=30_000)

    open_page(page, address + "/runs")
    chooser.set_input_files({"name": "s.json", "mimeType": "application/json", "buffer": settings})
    page.get_by_role("button", name="Use these settings").click()
    page.wait_for_url(re.compile(r"/train\?.*batch_size=200"))
    settle(page)
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
