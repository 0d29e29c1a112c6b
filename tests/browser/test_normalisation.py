"""The page Normalisation in a real Chromium: what it writes is what the core computes, by mouse, by keyboard, by link."""

import random
import re
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from playwright.sync_api import expect

from cnn_core import norm
from tests.browser.walking import at, open_walk

# All that is written of these cells, forward and backward, and the numbers that all of it begins with.
READ = """(el, cells) => { const { player } = el; const { walk } = player;
  const begin = ["x", "dout", "gamma", "beta", "mean", "variance"].map((name) => [name, [...walk.numbers[name].counts]]);
  const written = cells.map((cell) => {
    player.pointer.hover({ name: "x", plane: Math.floor(cell / walk.size), index: cell % walk.size });
    return walk.phases.map(({ first }) => {
      player.go(first);
      const parts = [...el.querySelectorAll(".graph li:not([hidden]) > span, .closed p")];
      const results = [...el.querySelectorAll("[data-is]")].map((part) => [part.dataset.is, part.textContent]);
      return { lines: parts.map((part) => part.textContent), results, set: el.querySelector(".set").textContent };
    });
  });
  const sets = cells.map((cell) => Object.entries(walk.setOf(cell)).flatMap(
    ([plane, marks]) => marks.map(({ index }) => plane * walk.size + index)));
  return { begin: Object.fromEntries(begin), scale: walk.scale, shape: walk.shape, training: walk.training, written, sets } }"""
# An expression of numbers alone, and its result.
NUMBER = r"[−(√]*\d[\d.]*[)²]*"
MADE = re.compile(rf"(?<![\w.])({NUMBER}(?: [+−×÷] {NUMBER})+|{NUMBER}²) ([=≈]) (−?\d+(?:\.\d+)?)")
PAGES = [
    ("norm=batch", "batch", 1),
    ("norm=batch&mode=test&batch_size=2", "batch", 1),
    ("norm=layer&batch_size=3", "layer", 1),
    ("norm=group&groups=3&tensor=constant", "group", 3),
]


def number(text):
    return Decimal(text.replace("−", "-"))


def value_of(expression):
    """What a calculator makes of it."""
    text = re.sub(r"\d[\d.]*", lambda found: f"D('{found[0]}')", expression)
    for sign, written in (("−", "-"), ("×", "*"), ("÷", "/"), ("²", "**2"), ("√", "root")):
        text = text.replace(sign, written)
    return eval(text, {"D": Decimal, "root": Decimal.sqrt})


def check_lines(lines):
    """Every written computation comes out as written: exactly after "=", rounded once after "≈". How many there were."""
    count = 0
    for line in lines:
        for expression, sign, result in MADE.findall(line):
            made, shown = value_of(expression), number(result)
            assert made == shown if sign == "=" else made != shown, line
            assert (
                abs(made - shown) <= Decimal("0.0000005") and made.quantize(Decimal("1e-6"), ROUND_HALF_UP) == shown
            ), line
            count += 1
    return count


def by_the_core(kind, groups, found):
    """What the layer of cnn_core makes of the numbers on the page, by name for each cell, and which cells share a mean."""
    begin = {name: np.array(counts) / found["scale"] for name, counts in found["begin"].items()}
    x, dout = (begin[name].reshape(found["shape"]) for name in ("x", "dout"))
    gamma, beta = begin["gamma"], begin["beta"]
    channels = x.shape[1]
    picture, channel = np.indices((*x.shape[:2], *x.shape[2:]))[:2]
    label, entry = picture, channel
    if kind == "layer":
        gamma, beta = gamma.reshape(x.shape[1:]), beta.reshape(x.shape[1:])
        out, cache = norm.layer_norm_forward_naive(x, gamma, beta)
        entry = np.broadcast_to(np.arange(x[0].size).reshape(x.shape[1:]), x.shape)
    elif kind == "batch":
        kept = (np.zeros(channels), np.ones(channels)) if found["training"] else (begin["mean"], begin["variance"])
        out, cache = norm.batch_norm_forward_naive(x, gamma, beta, *kept, training=found["training"])
        label = channel
    else:
        groups = channels if kind == "instance" else groups
        out, cache = norm.group_norm_forward_naive(x, groups, gamma, beta)
        label = picture * groups + channel // (channels // groups)
    dx, dgamma, dbeta = norm.norm_backward_naive(dout, cache)
    members = [np.flatnonzero(label == one) for one in label.ravel()]
    made = {"x": x, "out": out, "closed_out": out, "dx": dx, "closed_dx": dx, "dout": dout}
    made |= {"dgamma": dgamma.ravel()[entry], "dbeta": dbeta.ravel()[entry]}
    if found["training"]:
        flat = x.ravel()
        made |= {"mean": [flat[i].mean() for i in members], "variance": [flat[i].var() for i in members]}
    return {name: np.ravel(values) for name, values in made.items()}, members


@pytest.mark.parametrize(("query", "kind", "groups"), PAGES)
def test_what_is_written_of_a_hundred_cells_is_what_the_core_computes(page, address, query, kind, groups):
    player = open_walk(page, f"{address}/normalisation?{query}")
    cells = int(player.evaluate("el => el.player.walk.numbers.x.counts.length"))
    drawn = random.Random(query).sample(range(cells), min(100, cells))
    found = player.evaluate(READ, drawn)
    expected, members = by_the_core(kind, groups, found)
    for cell, phases, shared in zip(drawn, found["written"], found["sets"], strict=True):
        assert sorted(shared) == members[cell].tolist()
        assert f"{len(shared)} numbers" in phases[0]["set"] or not found["training"]
        assert sum(check_lines(phase["lines"]) for phase in phases) >= (16 if found["training"] else 8)
        shown = {name: float(number(text)) for phase in phases for name, text in phase["results"]}
        assert shown.keys() >= expected.keys()
        for name, values in expected.items():
            assert shown[name] == pytest.approx(values[cell], rel=1e-3, abs=2e-4), (name, cell)


def maps(player, plane):
    return player.locator(".maps canvas:not(.linked)").nth(plane)


def lines(player):
    return player.locator(".graph li")


def check_first_screen(player):
    """Tensor, computation and result are in view together."""
    for part in (".title", ".maps", ".set", ".graph ol", ".closed"):
        box = player.locator(part).bounding_box()
        assert box["y"] > 0 and box["y"] + box["height"] <= 800, part
        assert box["x"] > 0 and box["x"] + box["width"] <= 1280, part


def test_by_mouse_by_keyboard_and_by_link(page, address):
    page.set_viewport_size({"width": 1280, "height": 800})
    player = open_walk(page, f"{address}/normalisation?norm=group&groups=3&pinned=x,0,5")
    expect(player.locator(".set")).to_have_text(
        "x[0, 0, 1, 1] (kept: Escape lets go). One mean and one variance for channels 0 to 1 of picture 0: 32 numbers."
    )
    check_first_screen(player)
    maps(player, 9).hover(position={"x": 5, "y": 5})  # picture 1, channel 3
    expect(player.locator(".set")).to_contain_text(
        "x[1, 3, 0, 0]. One mean and one variance for channels 2 to 3 of picture 1"
    )
    page.mouse.move(2, 2)
    expect(player.locator(".set")).to_contain_text("x[0, 0, 1, 1]")  # the pinned one again
    maps(player, 9).click(position={"x": 5, "y": 5})
    expect(page).to_have_url(re.compile("pinned=x%2C9%2C0"))
    page.mouse.move(2, 2)
    expect(lines(player).nth(0)).to_contain_text("x[1, 3, 0, 0] =")

    player.locator(".forward").click()
    at(player, 1)
    expect(lines(player).nth(1)).to_have_attribute("aria-current", "step")
    expect(player.locator(".title")).to_have_text("mean: one number a set")
    lines(player).nth(6).get_by_role("button").click()  # divide
    at(player, 6)
    expect(player.locator(".words")).to_contain_text("x̂ has mean 0 and deviation 1 in every set, nearly (eps)")
    player.get_by_role("button", name="backward").click()
    at(player, 9)
    expect(lines(player).nth(8)).to_contain_text("arrives")
    player.focus()
    for _ in range(7):
        page.keyboard.press("ArrowRight")
    at(player, 16)
    expect(player.locator(".words")).to_contain_text("This is the second path into x")
    expect(lines(player).nth(1)).to_contain_text("to x, the second path: dmean ÷ 32 =")
    page.keyboard.press("End")
    expect(player.locator(".words")).to_contain_text("Both paths into x add up to dx.")
    expect(page).to_have_url(re.compile("step=18"))
    check_first_screen(player)

    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("pinned"))
    player.locator(".speed").focus()
    page.keyboard.press("Tab")
    expect(player).to_have_attribute("data-linked", "x,0,0")
    for key in ("ArrowDown",) * 4 + ("ArrowRight",) * 4 + ("ArrowUp",):
        page.keyboard.press(key)
    expect(player).to_have_attribute(
        "data-linked", "x,1,12"
    )  # down into the next picture, on into the next channel, and up
    page.keyboard.press("Enter")
    expect(player.locator(".set")).to_contain_text("x[0, 1, 3, 0] (kept: Escape lets go)")
    expect(page).to_have_url(re.compile("pinned=x%2C1%2C12"))
    with page.expect_event("load"):
        page.reload()
    expect(player).to_have_attribute("data-pinned", "x,1,12")
    at(player, 17)


# From now on all that is written on a canvas, with its type and its width.
RECORD = """() => { const { prototype } = CanvasRenderingContext2D; const { fillText } = prototype;
  window.written = [];
  prototype.fillText = function (text, ...place) {
    window.written.push({ text, font: this.font, width: this.measureText(text).width });
    fillText.call(this, text, ...place); } }"""
# Every step: its words, its title, what its cells hold, and where the parts of the page stand.
EVERY = """el => { const { player } = el; const parts = [".figure", ".closed", ".choices", ".graph li"];
  return Array.from({ length: player.walk.count }, (_, step) => {
    player.go(step);
    window.written.length = 0; player.redraw();
    const [words, title] = [".words", ".title"].map((part) => el.querySelector(part).textContent);
    const tops = parts.flatMap((part) => [...el.querySelectorAll(part)].map((found) => found.getBoundingClientRect().top));
    return { phase: player.at.phase.name, words: words.replace(/^.*?: /, ""), title, tops, cells: [...window.written],
             cell: player.stage.cell } }) }"""


def check_digits(step):
    """All numbers of a grid are in one type, with as many decimals, and none touches a frame around its cell."""
    assert len({cell["font"] for cell in step["cells"]}) == 1, step["title"]
    texts = {cell["text"] for cell in step["cells"]} - {"0", "≈0"}
    assert len({len(text.partition(".")[2]) for text in texts}) <= 1, texts
    assert max(cell["width"] for cell in step["cells"]) <= step["cell"] - 6


@pytest.mark.parametrize(
    ("query", "cells"), [("mode=test", 384), ("tensor=units&norm=group&groups=2&batch_size=3", 18)]
)
def test_every_step_has_words_and_numbers_of_its_own_and_nothing_moves(page, address, query, cells):
    page.set_viewport_size({"width": 1280, "height": 800})
    player = open_walk(page, f"{address}/normalisation?{query}")
    page.evaluate(RECORD)
    steps = player.evaluate(EVERY)
    for step in steps:
        assert len(step["cells"]) == cells
        check_digits(step)
        assert step["tops"] == pytest.approx(steps[0]["tops"], abs=0.3)
    assert len({step["words"] for step in steps}) == len(steps)
    if query == "mode=test":
        for step in steps:
            forward = step["phase"] == "forward"
            assert not re.search(r"gradient|path|backward" if forward else r"learned", step["words"])
            assert not re.search(r"\bset\b|both paths", step["words"] + step["title"])
        expect(player.locator(".legend")).not_to_contain_text("set")
        expect(player.locator(".set")).to_contain_text("running mean and variance of channel 1, for every picture")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(player).to_have_class(re.compile("narrow"))
    narrow = player.evaluate(EVERY)
    for step in narrow:
        assert step["tops"] == pytest.approx(narrow[0]["tops"], abs=0.3)
    if not any(step["cells"] for step in narrow):  # cells without numbers
        expect(player.locator(".hint")).to_contain_text("Point at any cell")
