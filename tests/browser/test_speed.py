"""The Speed page in a real browser, measuring for real: start, progress, stop half way, and a whole run."""

import re

from playwright.sync_api import expect

from tests.browser.test_pages import fits
from tools.browser import open_page, settle

UNITS = {"s": 1, "ms": 1e-3, "µs": 1e-6}
SHARE = """() => { const bar = document.querySelector('[data-testid="stProgress"] [role="progressbar"]');
                   return bar ? Number(bar.getAttribute('aria-valuenow')) : null }"""
PLOTS = """() => [...document.querySelectorAll('.js-plotly-plot')].map((plot) =>
             plot.data.map((trace) => ({ name: trace.name, type: trace.type, x: [...trace.x], y: [...trace.y],
                                         text: trace.text ?? null })))"""


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def progress(page):
    return page.get_by_test_id("stProgress")


def said(page, words):
    """Wait for what the progress says for a part of a second: a look at each frame, where `expect` looks once a second."""
    page.wait_for_function(
        """words => new RegExp(words).test(document.querySelector('[data-testid="stProgress"]')?.textContent)""",
        arg=words,
    )


def rows(page):
    """The table of times, cell by cell, by layer and version."""
    lines = page.get_by_test_id("stTable").first.locator("tbody tr").all()
    cells = [line.locator("td").all_inner_texts() for line in lines]
    return {(layer, version): rest for layer, version, *rest in cells}


def seconds(text):
    number, unit = text.split(" ")
    return float(number) * UNITS[unit]


def bars_are_the_tables(page):
    """The bars on the page: each as long as its row of the table says, and none beside those."""
    table, bars = rows(page), page.evaluate(PLOTS)[0]
    drawn = {
        (layer.replace("<br>", " "), bar["name"]): length
        for bar in bars
        for layer, length in zip(bar["y"], bar["x"], strict=True)
    }
    assert set(drawn) == {key for key, cells in table.items() if cells[0] != "missing"}
    for key, length in drawn.items():
        assert abs(seconds(table[key][0]) / length - 1) < 0.01
        if key[1] != "loops" and table[key][1] != "–":
            gain = float(table[key][1].rstrip("×").replace(",", ""))
            assert abs(gain / (drawn[key[0], "loops"] / length) - 1) < 0.05
    return drawn


def test_start_progress_stop_half_way_and_start_anew(page, address):
    open_page(page, address + "/speed?seconds=1")
    expect(page.get_by_role("button", name="Stop")).to_be_disabled()
    expect(page.locator(".js-plotly-plot")).to_have_count(0)

    press(page, "Start")
    said(page, "convolution, forward: loops, image \\d+ of 100")
    expect(page.get_by_role("button", name="Start")).to_be_disabled()
    first = page.wait_for_function(SHARE).json_value()  # more than 0
    page.wait_for_function(f"({SHARE})() > {first}")
    said(page, "convolution, backward: loops")

    press(page, "Stop")
    expect(page.get_by_text("Stopped half way: you see what was measured by then")).to_be_visible()
    settle(page)
    expect(progress(page)).to_have_count(0)
    drawn = bars_are_the_tables(page)
    assert ("convolution, forward", "fast") in drawn
    assert ("max pooling, backward", "fast") not in drawn
    assert rows(page)["max pooling, backward", "fast"][0] == "missing"
    before = rows(page)
    page.wait_for_timeout(1000)
    page.get_by_text("Show the code").click()  # one more run of the page
    expect(page.get_by_role("tab", name="vectorised")).to_be_visible()
    assert rows(page) == before  # it really has stopped

    press(page, "Start anew")
    expect(progress(page)).to_contain_text(re.compile("image|run"))  # the turn was given back
    press(page, "Stop")
    expect(page.get_by_text(re.compile("^Stopped"))).to_be_visible()


def test_a_whole_run_shows_what_it_measured(new_page, address):
    page = new_page(390, "dark")
    open_page(page, address + "/speed?seconds=0.2&dtype=float32")
    press(page, "Start")
    expect(page.get_by_text("Roofline: what limits the speed")).to_be_visible(timeout=60_000)
    settle(page)
    expect(page.get_by_text("Stopped half way")).to_have_count(0)
    assert len(bars_are_the_tables(page)) == 12
    for (_, version), cells in rows(page).items():
        if version != "loops":
            assert float(cells[2]) < 1e-2  # rounding, in float32
    _, *growth, roof = page.evaluate(PLOTS)
    assert [curve["name"] for curve in growth[0]] == ["vectorised", "fast", "in proportion"]
    for plot in growth:
        for curve in plot:
            assert all(value > 0 for value in curve["y"])
    operations = {row[0]: float(row[1].replace(",", "")) for row in costs(page)}
    works = list(operations)
    for trace in roof[1:]:
        for work, rate in zip(works, trace["y"], strict=True):
            took = seconds(rows(page)[work, trace["name"]][0])
            assert abs(rate * 1e9 / (operations[work] / took) - 1) < 0.01
    peak = max(roof[0]["y"])
    expect(page.get_by_text(f"multiplies matrices at {peak:.3g} billion operations per second")).to_be_visible()
    fits(page)

    page.get_by_role("link", name="See how windows become columns").click()
    expect(page.locator("h1")).to_have_text("im2col")
    page.go_back()
    expect(page.locator("h1")).to_have_text("Speed")
    expect(page.get_by_text("Roofline: what limits the speed")).to_be_visible()
    settle(page)
    assert len(bars_are_the_tables(page)) == 12  # what was measured is still there


def costs(page):
    lines = page.get_by_test_id("stTable").last.locator("tbody tr").all()
    return [line.locator("td").all_inner_texts() for line in lines]


def test_a_second_visitor_waits_for_a_turn(page, new_page, address):
    other = new_page()
    open_page(other, address + "/speed?seconds=0.2")
    open_page(page, address + "/speed?seconds=5")
    press(page, "Start")
    expect(progress(page)).to_contain_text("image")
    press(other, "Start")
    expect(progress(other)).to_contain_text("Waiting for a turn: somebody else is measuring on this server")
    press(page, "Stop")
    expect(progress(other)).to_contain_text("image")
    press(other, "Stop")
    expect(other.get_by_text(re.compile("^Stopped"))).to_be_visible()


def test_whoever_leaves_in_the_middle_gives_the_turn_back(page, new_page, address):
    open_page(page, address + "/speed?seconds=5")
    press(page, "Start")
    expect(progress(page)).to_contain_text("image")
    page.close()
    other = new_page()
    open_page(other, address + "/speed?seconds=0.2")
    press(other, "Start")
    expect(progress(other)).to_contain_text("image")
    press(other, "Stop")
    expect(other.get_by_text(re.compile("^Stopped"))).to_be_visible()
