"""A training in a real browser: from Start to 95 % on pictures never seen, paused and resumed on the way."""

import re

import pytest
from playwright.sync_api import expect

from tools.browser import choose_page, open_page, settle

LONG = "/train?num_epochs=50&batch_size=10"  # 6200 steps: it ends when a test stops it, however busy the machine is


def steps_done(page):
    text = page.get_by_test_id("stProgress").inner_text()
    return int(found.group(1)) if (found := re.search(r"(?:step|after) (\d+)", text)) else 0


def loss_points(page):
    """How many points the loss curve has on screen."""
    return page.evaluate(
        """() => { const plots = [...document.querySelectorAll('.js-plotly-plot')];
                   const loss = plots.find((p) => p.data?.[0]?.name === 'loss');
                   return loss ? loss.data[0].x.length : 0 }"""
    )


def filters(page):
    return page.evaluate(
        """() => { const plots = [...document.querySelectorAll('.js-plotly-plot')];
                   const sheet = plots.find((p) => p.data?.[0]?.type === 'heatmap');
                   return JSON.stringify(sheet?.data[0].z ?? null) }"""
    )


def metric(page, name):
    return page.get_by_test_id("stMetric").filter(has_text=name).get_by_test_id("stMetricValue")


def wait_for(page, condition, seconds=30):
    for _ in range(seconds * 10):
        if condition():
            return
        page.wait_for_timeout(100)
    pytest.fail(f"did not happen within {seconds} s")


def choose_pace(page, name):
    page.get_by_role("combobox", name="pace").click()
    page.get_by_role("option", name=name).click()
    expect(page.get_by_role("combobox", name="pace")).to_have_value(re.compile(name))


def test_the_defaults_reach_95_percent_with_a_pause_on_the_way(page, address):
    open_page(page, address + "/train")
    before = filters(page)
    choose_pace(page, "slowly")  # 25 s: there is time to pause, however busy the machine is
    page.get_by_role("button", name="Start", exact=True).click()
    wait_for(page, lambda: loss_points(page) > 10)
    first = loss_points(page)
    wait_for(page, lambda: loss_points(page) > first)  # the curve grows
    wait_for(page, lambda: filters(page) != before)

    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text(re.compile(r"paused: step \d+ of 250"))).to_be_visible()
    settle(page)
    held, held_filters = steps_done(page), filters(page)
    page.wait_for_timeout(1500)
    assert steps_done(page) == held < 250
    assert filters(page) == held_filters

    choose_pace(page, "as fast")
    page.get_by_role("button", name="Resume").click()
    wait_for(page, lambda: steps_done(page) > held)
    wait_for(page, lambda: filters(page) != held_filters)
    expect(page.get_by_text("finished after 250 steps")).to_be_visible(timeout=30_000)
    expect(metric(page, "test accuracy")).to_have_text(re.compile(r"^(9[5-9]|100)"))


def test_a_run_survives_a_reload_and_a_stop_keeps_what_it_learned(page, address):
    open_page(page, address + LONG)
    choose_pace(page, "slowly")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page).to_have_url(re.compile("run="))
    wait_for(page, lambda: steps_done(page) > 20)
    page.reload()
    settle(page)
    wait_for(page, lambda: steps_done(page) > 20)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text(re.compile(r"stopped at step \d+ of 6200"))).to_be_visible()
    expect(page.get_by_role("button", name="Go on")).to_be_enabled()
    page.get_by_role("link", name="See the network at work").click()
    expect(page.locator("h1")).to_have_text("Network")
    whose = page.get_by_text(re.compile("Weights of your training “.+” on digits"))
    expect(whose).to_be_visible()
    page.reload()
    expect(whose).to_be_visible()


def test_a_training_is_left_found_again_changed_and_forked(page, address):
    def press(name):
        page.get_by_role("button", name=name, exact=True).click()

    open_page(page, address + LONG)
    choose_pace(page, "slowly")
    press("Start")
    wait_for(page, lambda: steps_done(page) > 20)
    link = page.url
    choose_page(page, "Pooling")
    expect(page.locator("h1")).to_have_text("Pooling")
    open_page(page, link)
    wait_for(page, lambda: steps_done(page) > 20)
    press("Pause")
    expect(page.get_by_text(re.compile(r"paused: step \d+ of 6200"))).to_be_visible()
    settle(page)
    held = steps_done(page)
    page.reload()
    settle(page)
    wait_for(page, lambda: (steps_done(page), loss_points(page)) == (held, held))  # nothing is lost

    page.get_by_text("Change while it trains").click()
    page.locator(".st-key-live_learning_rate").get_by_role("slider").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".js-plotly-plot").get_by_text("learning_rate 0.003").first).to_be_visible()
    press("One step")
    wait_for(page, lambda: steps_done(page) == held + 1)
    press("Resume")
    wait_for(page, lambda: steps_done(page) > held + 1)

    page.get_by_role("radio", name="Checkpoints").click()
    # Its name changes with each checkpoint: a click may wait in vain for it to stand still.
    page.get_by_role("button", name="Fork from step").press("Enter")
    wait_for(page, lambda: "run=" in page.url and page.url.split("run=")[1][:12] != link.split("run=")[1][:12])
    wait_for(page, lambda: loss_points(page) > 10)  # its past came along, and the curves are shown
    expect(page.locator(".js-plotly-plot").get_by_text("learning_rate 0.003").first).to_be_visible()
    press("Stop")
    expect(page.get_by_text(re.compile("stopped at step"))).to_be_visible()
    open_page(page, link)
    press("Stop")
    expect(page.get_by_text(re.compile("stopped at step"))).to_be_visible()


def test_a_training_that_diverges_says_so(page, address):
    open_page(page, address + "/train?preset=rate_too_high")
    page.get_by_role("button", name="Start", exact=True).click()
    alert = page.get_by_text(re.compile("diverged: the loss became"))
    expect(alert).to_be_visible(timeout=30_000)
    expect(alert).to_contain_text("learning_rate (=5) is probably too large, try a tenth of it")


def test_two_tabs_show_one_run_and_one_pace(page, new_page, address):
    open_page(page, address + LONG)
    choose_pace(page, "slowly")
    page.get_by_role("button", name="Start", exact=True).click()
    wait_for(page, lambda: steps_done(page) > 2)
    other = new_page()
    open_page(other, page.url)
    expect(other.get_by_role("combobox", name="pace")).to_have_value(re.compile("slowly"))
    other.get_by_role("button", name="Pause").click()
    expect(page.get_by_text(re.compile(r"paused: step \d+ of"))).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(other.get_by_text(re.compile(r"running: step \d+ of"))).to_be_visible(timeout=10_000)
    other.get_by_role("button", name="Start anew").click()  # a visitor's new run leaves the first alone
    wait_for(other, lambda: "run=" in other.url and other.url != page.url)
    before = steps_done(page)
    wait_for(page, lambda: steps_done(page) > before)
    for tab in (page, other):
        tab.get_by_role("button", name="Stop", exact=True).click()
        expect(tab.get_by_text(re.compile("stopped (at|before)"))).to_be_visible()


def test_the_page_answers_while_it_trains(page, address):
    open_page(page, address + LONG)
    page.get_by_role("button", name="Start", exact=True).click()
    wait_for(page, lambda: steps_done(page) > 10)
    page.get_by_role("slider", name="batch size").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("The sidebar holds other settings")).to_be_visible()
    assert steps_done(page) > 10
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text(re.compile("stopped at step"))).to_be_visible()


def test_back_right_after_the_start_shows_what_was_before(page, address):
    def press(name):
        page.get_by_role("button", name=name, exact=True).click()

    def shown():
        return page.url.split("run=")[1].split("&")[0] if "run=" in page.url else None

    open_page(page, address + "/train?num_epochs=50")
    before = page.get_by_text("The filters before training")
    expect(before).to_be_visible()
    press("Start")
    wait_for(page, shown)
    first = shown()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text(re.compile("stopped (at|before)"))).to_be_visible()
    page.wait_for_timeout(1000)  # not the second press of a double click
    press("Start anew")
    wait_for(page, lambda: shown() not in (None, first))
    second = shown()
    page.go_back()
    expect(page.get_by_text(re.compile("stopped (at|before)"))).to_be_visible()
    page.wait_for_timeout(3000)  # looks that the page takes by itself
    assert shown() == first
    page.go_forward()
    expect(page.get_by_text(re.compile("running: step"))).to_be_visible()
    wait_for(page, lambda: shown() == second)
    page.go_back()
    page.go_back()
    expect(before).to_be_visible()
    page.wait_for_timeout(3000)
    assert shown() is None
    page.go_forward()
    page.go_forward()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text(re.compile("stopped (at|before)"))).to_be_visible()
