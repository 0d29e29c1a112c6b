"""terms.js and the words of a step in a real Chromium: every sum that is written out adds up to what the core computed."""

import re
from fractions import Fraction

import numpy as np
import pytest

from cnn_core.walks import trace
from cnn_core.walks.rounding import equals, write
from cnn_core.window import Window
from tests.app.walks import WALKS
from tests.browser.scripted import blank, sent
from tests.numbers_written import value

FULL = {name: walk for name, walk in WALKS.items() if walk.steps < 400}
SHOW = """([data, step, stage]) => {
  document.body.innerHTML = `<div class="terms"></div><p class="total"></p>
    <details class="table" open><summary></summary><div></div></details>`;
  const terms = new Terms((name) => document.querySelector(`.${name}`));
  const walk = new Walk(data);
  const at = walk.locate(step);
  walk.advance(step, at.phase.stages.length - 1);
  const told = describe(walk, at);
  terms.show(told, stage ?? at.phase.stages.length - 1);
  const texts = (selector, root = document) => [...root.querySelectorAll(selector)].map((part) => part.textContent);
  return {
    blocks: [...document.querySelectorAll("section")].map((section) =>
      [section.querySelector("h5").textContent, texts(".term", section).map((text) => text.trim())]),
    table: [...document.querySelectorAll("tbody tr")].map((row) => texts("td, th", row)),
    later: texts(".later"),
    marked: texts(".mark"),
    total: document.querySelector(".total").textContent,
    stages: at.phase.stages,
    sentence: told.sentence,
  };
}"""


@pytest.fixture(scope="module")
def page(chromium):
    with blank(chromium) as page:
        yield page


def number(text):
    """What a term says, as a number: without brackets, signs of adding and assigning."""
    return value(re.sub(r"^[+=] |[()]", "", text))


@pytest.mark.parametrize("name", FULL)
def test_the_table_of_a_step_holds_the_factors_and_their_products(page, name):
    walk = FULL[name]
    data = sent(walk)
    for step in {0, walk.steps // 3, 2 * walk.steps // 3, walk.steps - 1}:
        shown = page.evaluate(SHOW, [data, step, None])
        assert len(shown["table"]) == sum(len(terms) for _, terms in shown["blocks"])
        for _, cell, left, right, product in shown["table"]:
            assert cell
            if left:
                assert number(left) * number(right) == number(product)
        assert shown["later"] == []


@pytest.mark.parametrize("name", ["conv2d", "course", "groups", "im2col", "max", "avg", "avg of 4"])
def test_the_total_is_the_cores_result(page, name):
    walk = FULL[name]
    (action,) = walk.phases[-1 if name == "im2col" else 0].actions
    first = walk.phases[0].steps if name == "im2col" else 0
    out = walk.grids[action.into]
    for local in range(0, out.counts.size, 5):
        shown = page.evaluate(SHOW, [sent(walk), first + local, None])
        count = out.counts.ravel()[local]
        result = write(count, out.scale)
        assert result in shown["total"].split("→")[0].split()[-1] or f"{result} (the first" in shown["total"]
        assert result in shown["sentence"]
        products = [number(row[-1]) for row in shown["table"] if row[-1] != "−∞"]
        if action.do == "max":
            assert max(products) == value(result)
            assert [value(text.strip()) for text in shown["marked"]] == [value(result)]
        elif action.do == "mean":
            assert f"÷ {len(products)} {equals(count, out.scale)} {result}" in shown["total"]
            assert sum(products) / len(products) == Fraction(int(count), out.scale)
        else:
            bias = walk.grids["bias"]
            channel = local // len(walk.origin)
            assert sum(products) + Fraction(int(bias.counts[channel, 0, 0]), bias.scale) == value(result)
            added = re.search(r"products: ([^,→]*)", shown["total"])[1].split(" = ")
            assert number(added[-1].strip()) == sum(products)
            if len(added) > 1:  # the sums of the channels
                assert sum(number(part) for part in re.split(r" \+ ", added[0])) == sum(products)


def test_a_stage_hides_what_comes_later_and_leaves_its_place(page):
    data = sent(FULL["course"])
    stages = page.evaluate(SHOW, [data, 4, None])["stages"]
    assert stages == ["multiply", "add up each channel", "add the channels", "add the bias", "write out"]
    hidden = [len(page.evaluate(SHOW, [data, 4, stage])["later"]) for stage in range(len(stages))]
    assert hidden == [6, 3, 2, 1, 0]  # three sums of channels, then the total in three parts
    shown = [page.evaluate(SHOW, [data, 4, stage]) for stage in (0, 4)]
    assert shown[0]["blocks"] == shown[1]["blocks"]
    assert shown[0]["total"] == shown[1]["total"]


def test_the_panel_is_kept_while_steps_look_alike_and_built_anew_when_they_do_not(page):
    kept = page.evaluate(
        """(data) => {
          document.body.innerHTML = `<div class="terms"></div><p class="total"></p><details class="table"><div></div></details>`;
          const terms = new Terms((name) => document.querySelector(`.${name}`));
          const walk = new Walk(data);
          const sections = [0, 1, walk.phases[1].first].map((step) => {
            const at = walk.locate(step);
            terms.show(describe(walk, at), 0);
            return document.querySelector("section");
          });
          return [sections[0] === sections[1], sections[1] === sections[2], document.querySelectorAll("tr").length];
        }""",
        sent(FULL["conv2d"]),
    )
    assert kept == [True, False, 0]  # a closed table is not filled


def test_a_tiny_share_of_a_gradient_is_written_with_its_digits(page):
    x = np.arange(9.0).reshape(1, 3, 3)
    walk = trace.trace_avg_pool2d(x, Window.of(3), dout=np.full((1, 1, 1), 0.0011))
    shown = page.evaluate(SHOW, [sent(walk), 1, None])
    assert shown["total"].endswith("0.0011 ÷ 9 ≈ 0.000122 each")
    assert {row[-1] for row in shown["table"]} == {"+ 0.000122"}
