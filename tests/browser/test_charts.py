"""Charts in a real browser: they stay where they are, and change only what differs."""

import re

import pytest
from playwright.sync_api import expect

from tools.browser import open_page, settle

# Mark the chart on screen, and count from now on how often Plotly is called.
WATCH = """() => {
  document.querySelector('.js-plotly-plot').marked = true;
  window.drawn = 0;
  const { react } = Plotly;
  Plotly.react = (...all) => react(...all).then((plot) => { window.drawn++; return plot });
}"""
SEEN = "() => [document.querySelector('.js-plotly-plot').marked === true, window.drawn]"
BARS = "() => document.querySelector('.js-plotly-plot').data[0].y.reduce((sum, n) => sum + n, 0)"
TEXT = "() => getComputedStyle(document.querySelector('.js-plotly-plot .xtick text, .js-plotly-plot .ytick text')).fill"


@pytest.fixture
def chart(page, address):
    """The bars of the Data page."""
    open_page(page, address + "/data")
    plot = page.locator(".js-plotly-plot").first
    plot.locator(".xtick text, .ytick text").first.wait_for()
    page.evaluate(WATCH)
    return plot


def test_a_chart_is_drawn_anew_only_if_its_numbers_change_and_stays_in_its_place(page, chart):
    before = page.evaluate(BARS)
    page.get_by_role("slider", name="shift").focus()
    page.keyboard.press("ArrowRight")  # the pictures move; their classes stay
    expect(page).to_have_url(re.compile("shift=1"))
    settle(page)
    assert page.evaluate(SEEN) == [True, 0]
    page.get_by_role("spinbutton", name="training pictures").fill("100")
    page.keyboard.press("Enter")
    page.wait_for_function("() => window.drawn > 0")
    assert page.evaluate(SEEN)[0]
    assert page.evaluate(BARS) < before


def test_what_appears_above_a_chart_does_not_make_it_anew(page, address):
    open_page(page, address + "/train?num_epochs=1")
    page.get_by_role("combobox", name="pace").click()
    page.get_by_role("option", name="as fast as it goes").click()
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_text("finished after").wait_for()
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    settle(page)
    page.evaluate(WATCH)
    page.get_by_role("slider", name="batch size").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_text("The sidebar holds other settings").wait_for()
    settle(page)
    assert page.evaluate(SEEN) == [True, 0]


def test_a_chart_has_the_width_that_there_is(page, chart):
    page.set_viewport_size({"width": 500, "height": 844})
    page.wait_for_function("() => window.drawn > 0")
    page.wait_for_function(
        """() => { const plot = document.querySelector('.js-plotly-plot');
                   return Math.abs(plot.querySelector('.main-svg').clientWidth - plot.parentElement.clientWidth) < 1 }"""
    )


@pytest.mark.parametrize(("theme", "dark"), [("light", False), ("dark", True)])
def test_a_chart_has_the_themes_colours(new_page, address, theme, dark):
    page = new_page(theme=theme)
    open_page(page, address + "/data")
    page.locator(".js-plotly-plot").locator(".xtick text, .ytick text").first.wait_for()
    level = int(re.findall(r"\d+", page.evaluate(TEXT))[0])
    assert level > 200 if dark else level < 90


def test_a_chart_follows_a_theme_that_changes(page, chart):
    before = page.evaluate(TEXT)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"(before) => ({TEXT})() !== before", arg=before)


def test_a_chart_that_cannot_be_loaded_says_so_and_what_to_do(chromium, address):
    context = chromium.new_context()  # its console may show the error
    page = context.new_page()
    page.route("**/plotly-*.min.js", lambda route: route.abort())
    open_page(page, address + "/data")
    expect(
        page.get_by_text("The chart could not be loaded from the server. Reload the page to try again.")
    ).to_be_visible()
    page.unroute("**/plotly-*.min.js")
    page.reload()
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    context.close()


def test_a_chart_says_what_it_is(page, chart):
    expect(page.get_by_role("figure", name="balance")).to_have_count(1)


def test_a_chart_waits_until_the_page_has_drawn_the_rest_and_draws_the_newest_once(page, chart):
    """Its drawing costs the browser more than all else that an answer changes."""
    counts = page.evaluate(
        """async () => {
          const { chart } = document.querySelector(".chart"), bars = document.querySelector(".js-plotly-plot"), counts = [];
          for (const times of [2, 3]) {
            const figure = structuredClone(chart.content);
            for (const trace of figure.data) trace.y = trace.y.map(() => times);
            await chart.load({ figure: JSON.stringify(figure), address: "", alt: "" });
            counts.push([window.drawn, bars.data[0].y[0] === times]);
          }
          while (!window.drawn) await new Promise(requestAnimationFrame);
          await new Promise((resolve) => setTimeout(resolve, 700));
          return [...counts, [window.drawn, bars.data[0].y[0] === 3]];
        }"""
    )
    assert counts == [[0, False], [0, False], [1, True]]
