"""One weight through one step in a real browser: chosen by mouse and by keyboard, read line by line, found again by its link."""

import re

from playwright.sync_api import expect

from tests.browser.test_pages import fits
from tests.browser.test_runs import train
from tools.browser import open_page, settle

# Every line of the update whose numbers stand in it, computed by the browser in its own float32, beside what is written.
FOLLOWED = """() => [...document.querySelectorAll(".life tr")].flatMap((row) => {
  const [words, value] = [...row.querySelectorAll("td")].map((cell) => cell.innerText.replaceAll("−", "-"));
  const number = "\\\\(?(-?[\\\\d.]+(?:e-?\\\\d+)?)\\\\)?";
  const found = words.match(new RegExp(`^${number} ([-+·/]) ${number}$`));
  if (!found) return [];
  const [a, b] = [Math.fround(found[1]), Math.fround(found[3])];
  const made = { "+": a + b, "-": a - b, "·": a * b, "/": a / b }[found[2]];
  return [[Math.fround(made), Math.fround(value)]];
})"""


def last_line(page):
    return page.locator(".life tr").last.locator("td").last.inner_text()


def test_one_weight_is_followed_through_a_step(page, new_page, address):
    run = train(page, address)
    open_page(page, f"{address}/train?run={run}&view=weight&weight_step=4")
    expect(page.get_by_text("conv1.weight[0, 0, 1, 1]")).to_be_visible()
    expect(page.get_by_text(re.compile(r"The checkpoint of step 4 holds .*: the same bits"))).to_be_visible()
    lines = page.evaluate(FOLLOWED)
    assert len(lines) >= 12
    assert all(made == written for made, written in lines)
    button = page.get_by_role("button", name="Moved most")
    assert button.evaluate(
        "(el) => [el, ...el.querySelectorAll('*')].every((part) => part.scrollWidth <= part.clientWidth)"
    )
    before = last_line(page)
    assert page.get_by_text(re.compile(f"step 4: .* becomes {re.escape(before)}$")).is_visible()

    kernels = page.get_by_role("application", name=re.compile("^kernels"))
    kernels.focus()
    for key in [*["ArrowDown"] * 3, "ArrowRight", "Enter"]:  # a gap of one cell is around each kernel
        page.keyboard.press(key)
    expect(page.get_by_text("conv1.weight[0, 0, 1, 0]")).to_be_visible()
    settle(page)
    cells = kernels.locator(".nsewdrag")
    size = cells.bounding_box()
    last = {"x": size["width"] * 7.5 / 9, "y": size["height"] * 3.5 / 5}  # of the second kernel
    cells.hover(position=last)
    expect(kernels.locator(".hovertext")).to_contain_text("filter 1, row 2, column 2")
    cells.click(position=last)
    expect(page.get_by_text("conv1.weight[1, 0, 2, 2]")).to_be_visible()
    expect(page.get_by_role("spinbutton", name="filter")).to_have_value("1")
    assert last_line(page) != before

    step = page.get_by_role("spinbutton", name="step")
    step.fill("6")
    step.press("Enter")
    expect(page.get_by_text(re.compile("Adam, step 6: "))).to_be_visible()
    page.get_by_role("button", name="Go on to step 7").click()
    expect(page.get_by_text(re.compile(r"The checkpoint of step 7 holds .*: the same bits"))).to_be_visible()
    button.click()
    expect(page.get_by_text("Go on to step 7")).to_be_visible()  # of another weight nothing was compared yet
    expect(page).to_have_url(re.compile(r"weight_step=6"))
    settle(page)
    known = last_line(page)
    phone = new_page(390, "dark")
    open_page(phone, page.url)
    expect(phone.get_by_text(re.compile("Adam, step 6: "))).to_be_visible()
    assert last_line(phone) == known
    fits(phone)
