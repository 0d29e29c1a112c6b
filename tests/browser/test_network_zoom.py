"""The zoom into a network in a real browser: maps, partial sums, cells and products of three networks, read off the page at
every depth, forward and backward, beside cnn_core and numeric gradients; and all depths by keyboard alone.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import parse_qsl

import numpy as np
import pytest
from playwright.sync_api import expect

from cnn_core.explorer import INPUT, SOFTMAX, Inside, Tensor, explain, look_inside, partial_maps
from cnn_core.folders import VARIABLE
from cnn_core.loss import softmax_cross_entropy
from cnn_core.network import ConvBlock, NetworkSpec
from cnn_core.network.layers import Mode
from cnn_core.training import TrainingConfig
from cnn_core.training.checkpoint import Checkpoint
from cnn_core.training.registry import Registry
from pages.figures.written_number import brief
from pages.figures.zoom_spot import at_spot, spot_of
from tools.browser import open_page, serve, settle

PLANS = {
    "batch norm": ("digits", NetworkSpec((ConvBlock(3, norm="batch"),), (5,))),
    "average pooling, two hidden layers": (
        "digits",
        NetworkSpec((ConvBlock(4, activation="tanh", pool="avg"),), (6, 5), "sigmoid"),
    ),
    "colours, stride, group norm": (
        "colours",
        NetworkSpec((ConvBlock(4, 3, stride=2, padding=1, pool="none"), ConvBlock(6, norm="group", pool="max")), (5,)),
    ),
}
PICTURE = 3
COUNT_STEPS = """() => {
  window.steps = 0;
  const push = history.pushState.bind(history);
  history.pushState = (...address) => { window.steps++; push(...address); };
}"""
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass
class Kept:
    run: str
    inside: Inside


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A server with a run of each plan; by plan its id and the same network with the same picture."""
    folder, found = tmp_path_factory.mktemp("kept"), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(folder))
        registry = Registry()
        store = registry.store
        for plan, (dataset, spec) in PLANS.items():
            config, run = (
                TrainingConfig(dataset=dataset, network=spec, batch_size=200, num_epochs=1),
                f"{len(found):012d}",
            )
            solver = config.solver()
            *_, last = solver.steps()
            network = solver.model
            Checkpoint(last.iteration, network.params, network.buffers).write(
                store.checkpoints(run).path(last.iteration)
            )
            store.add(run, config.as_dict(), None)
            store.set(run, state="finished")
            data = config.training_data()
            x = data.normalised(data.dataset.test.x[[PICTURE]])
            found[plan] = Kept(run, look_inside(network, x, int(data.dataset.test.y[PICTURE])))
        registry.close()  # one server alone may have the folder
    with serve(**{VARIABLE: str(folder)}) as address:
        yield address, found


def numeric(inside, name, at, h=1e-5):
    """How the loss changes with one number that goes out of a layer, or with one weight: a difference quotient."""
    network, label = inside.forward.network, np.array([inside.label])
    arrays = network.params | network.buffers
    names = [layer.name for layer in network.layers]

    def loss(by):
        if "." in name:
            moved = {key: array.copy() for key, array in arrays.items()}
            moved[name][at] += by
            values, after = inside.forward.x, network.layers
        else:
            moved = arrays
            values = (inside.forward.x if name == INPUT else inside.forward.outputs[name]).copy()
            values[(0, *at)] += by
            after = network.layers[0 if name == INPUT else names.index(name) + 1 :]
        for layer in after:
            values = layer.forward(values, moved, Mode())[0]
        return softmax_cross_entropy(values, label)[0]

    return (loss(h) - loss(-h)) / (2 * h)


class Page:
    """The zoom on a page, as one reads it."""

    def __init__(self, page):
        self.page, self.root = page, page.locator(".zoom")

    def go(self, query):
        """Where a click or a key would lead, without looking for what to click."""
        self.root.evaluate("(root, query) => root.zoom.go(query)", query)
        self.arrived(query)

    def arrived(self, query):
        expect(self.root).to_have_attribute("data-query", query)
        for key, value in parse_qsl(query):
            if key != "way":
                assert f"{key}={value}" in self.page.url

    def all(self):
        """Everything that is written, and the numbers of the first sheet."""
        return self.root.evaluate(
            """(root) => {
              const number = (text) => parseFloat(text.replaceAll("−", "-").replace("★ ", ""));
              const texts = (query) => [...root.querySelectorAll(query)].map((part) => part.textContent);
              const [sheet] = root.zoom.sheets;
              const out = root.querySelector(".total output, .step output, .product .factor:last-child output");
              return {
                shown: root.querySelector(".number b")?.textContent,
                total: out && out.textContent,
                sums: [...root.querySelectorAll(".sum")].map((sum) => ({
                  terms: [...sum.querySelectorAll("[data-term]")].map((term) => [
                    Number(term.dataset.term), number((term.querySelector("b") ?? term).textContent)]),
                  parts: [...sum.querySelectorAll(".part summary b")].map((part) => number(part.textContent)),
                  rest: [...sum.querySelectorAll(".rest")].map((rest) => number(rest.textContent.split(": ")[1])),
                  texts: [...sum.querySelectorAll("[data-term]")].map((term) => [0,
                    (term.querySelector("b") ?? term).textContent.replaceAll("−", "-").replace("★ ", "")]),
                  line: sum.querySelector(".total").textContent.replace(/^\\w+ = /, "").replace(/ · 10[⁻⁰-⁹¹²³]+/, ""),
                  text: sum.textContent,
                  total: number(sum.querySelector("output").textContent),
                })),
                adding: [...root.querySelectorAll(".adding span")].map((part) => number(part.lastChild.textContent)),
                values: [...(sheet?.values ?? [])],
                told: texts(".told")[0],
                factors: texts(".factor output").map(number),
                bottom: Math.max(0, ...[...root.querySelectorAll("output, .told")].map((e) => e.getBoundingClientRect().bottom)),
              };
            }"""
        )


def close(shown, wanted):
    """A number that is written with at least four digits."""
    return shown == pytest.approx(wanted, rel=6e-4, abs=1e-12)


def number(text):
    """A number that is written, with its unit, if it has one."""
    digits, _, unit = text.replace("−", "-").partition(" · 10")
    power = unit.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    return float(digits) * 10.0 ** int(power or 0)


def places(array, count, seed=0):
    """Some places of an array whose numbers are not 0, if there are such: there is something to read."""
    there = np.flatnonzero(array) if array.any() else np.arange(array.size)
    chosen = np.random.default_rng(seed).choice(there, min(count, len(there)), replace=False)
    return [tuple(map(int, np.unravel_index(k, array.shape))) for k in chosen]


def check_number(zoom, inside, tensor, at):
    """One cell: its number, its terms, what they add up to; and the largest of its products with both factors."""
    spot = at_spot(tensor, at, spot_of(tensor, "backward").way)
    zoom.go(spot.query())
    read, found = zoom.all(), explain(inside, tensor, at)
    assert read["shown"] == brief(inside.array(tensor)[at])
    assert read["bottom"] <= 800
    for one, made in zip(read["sums"], found.sums.values(), strict=True):
        unit = _unit(one["text"])
        products = dict(one["terms"])
        first = min(products, default=0) if len(products) == len(made.products) else 0
        largest = np.abs(made.products).max(initial=0)
        for term, product in products.items():
            if term - first < len(made.products) and len(read["sums"]) == 1:
                assert product * unit == pytest.approx(made.products[term], rel=2e-3, abs=2e-3 * largest)
        if made.by and one["parts"]:
            sums = np.bincount(made.group, made.products)
            np.testing.assert_allclose(
                sorted(np.array(one["parts"]) * unit),
                sorted(sums[np.unique(made.group)]),
                rtol=2e-3,
                atol=2e-3 * max(largest, np.abs(sums).max()),
            )
        if made.chosen is None and len(products) == len(made.products):  # to the digit, as it is written
            first, *more = [
                Decimal(text) for text in NUMBER.findall(re.split("[≈;]", one["line"])[0].replace("−", "-"))
            ]
            assert sum(Decimal(text) for _, text in one["texts"]) == first
            if made.constant is not None:
                assert first + more[0] == more[1]
            elif more:
                assert abs(first / more[0] - more[1]) <= Decimal(1).scaleb(more[1].as_tuple().exponent) / 2
    if found.sums and not found.steps and len(next(iter(found.sums.values())).products):
        made = found.sums["sum"]
        term = int(np.abs(made.products).argmax()) if made.chosen is None else made.chosen
        zoom.go(f"{spot.query()}&term={term}")
        factors = zoom.root.locator(".factor output")
        wanted = [made.left.values[term]] + ([] if made.right is None else [made.right.values[term]])
        for place, value in enumerate([*wanted, made.products[term]]):
            assert close(number(factors.nth(place).text_content()), value)


def _unit(text):
    """The power of ten that the products of a sum are written in."""
    power = text.split(" · 10")[1].split(" ")[0] if " · 10" in text else ""
    digits = "".join(c for c in power if c in "⁻⁰¹²³⁴⁵⁶⁷⁸⁹").translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    return 10.0 ** int(digits or 0)


def check_map(zoom, inside, tensor, number):
    """A map with its numbers, and the partial maps that add up to it, at the cell that is looked at."""
    query = f"{spot_of(tensor, '').query()}&map={number}"
    zoom.go(query)
    read, array = zoom.all(), inside.array(tensor)[number]
    np.testing.assert_array_equal(np.reshape(read["values"], array.shape), array)
    row, column = np.unravel_index(np.abs(array).argmax(), array.shape)
    assert read["told"].endswith(f"row {row}, column {column}: {brief(array[row, column])}")
    assert read["bottom"] <= 800
    parts = partial_maps(inside, tensor, number)
    if parts is None:
        return
    order = np.argsort(-np.abs(parts.maps).sum(axis=(1, 2)), kind="stable")
    *shown, total = read["adding"]
    constant = [] if parts.constant is None else [parts.constant.value]
    wanted = [*parts.maps[order, row, column], *constant]
    if len(shown) == len(wanted):
        np.testing.assert_allclose(shown, wanted, rtol=1e-3, atol=1e-5 * np.abs(array).max())
    assert sum(shown) == pytest.approx(total, abs=1e-9 + 1e-9 * abs(total))  # as they are written
    assert close(total, array[row, column])


@pytest.mark.parametrize("plan", PLANS)
def test_all_depths_of_a_network_are_those_of_the_core_forward_and_backward(new_page, runs, plan):
    address, found = runs
    one = found[plan]
    inside, page = one.inside, new_page(reduced_motion="reduce")
    page.set_viewport_size({"width": 1280, "height": 800})
    open_page(page, f"{address}/network?weights=own&run={one.run}&picture={PICTURE}&layer=conv1")
    zoom = Page(page)
    zoom.arrived("way=forward&layer=conv1")
    assert len(zoom.all()["values"]) == inside.array(Tensor("value", "conv1")).size
    names = [layer.name for layer in inside.layers]
    for name in [*names, SOFTMAX]:
        tensor = Tensor("value", name)
        for at in places(inside.array(tensor), 1):
            check_number(zoom, inside, tensor, at)
        if name in ("conv1", "conv2", "norm2", "pool1"):
            check_map(zoom, inside, tensor, 1)
    for name in [INPUT, *names]:
        tensor = Tensor("gradient", name)
        for at in places(inside.array(tensor) * inside.array(Tensor("value", name)), 1):  # a 0 may tie in a pooling
            check_number(zoom, inside, tensor, at)
            assert close(inside.array(tensor)[at], numeric(inside, name, at))
    check_map(zoom, inside, Tensor("gradient", INPUT), 0)
    for name, w in inside.forward.network.params.items():
        tensor = Tensor("dparam", name)
        for at in places(inside.array(tensor), 1):
            check_number(zoom, inside, tensor, at)
            assert close(inside.array(tensor)[at], numeric(inside, name, at)), w.shape


def test_all_depths_by_keyboard_alone_and_by_links(new_page, runs):
    address, found = runs
    one = found["colours, stride, group norm"]
    page = new_page()
    page.set_viewport_size({"width": 1280, "height": 800})
    open_page(page, f"{address}/network?weights=own&run={one.run}&picture={PICTURE}&layer=conv1")
    zoom = Page(page)
    zoom.root.focus()

    page.evaluate(COUNT_STEPS)

    def press(*keys, leads):
        before = page.evaluate("window.steps")
        for key in keys:
            page.keyboard.press(key)
        zoom.arrived(f"way=forward&{leads}" if "way" not in leads else leads)
        settle(page)
        assert page.evaluate("window.steps") - before == 1  # of the browser's history, so that Back is one depth

    press("ArrowRight", "ArrowRight", "Enter", leads="layer=conv1&map=1")
    at = np.abs(one.inside.array(Tensor("value", "conv1"))[1]).argmax()
    row, column = np.unravel_index(at, one.inside.array(Tensor("value", "conv1"))[1].shape)
    row, column = int(row), int(column)
    press("Enter", leads=f"layer=conv1&map=1&cell={row}-{column}")
    step = -1 if column else 1
    press("ArrowLeft" if column else "ArrowRight", leads=f"layer=conv1&map=1&cell={row}-{column + step}")
    cell = f"layer=conv1&map=1&cell={row}-{column + step}"
    folded = zoom.root.locator(".part:not([open]) summary").first
    title = folded.locator("span").inner_text()
    folded.click()
    expect(zoom.root.locator(".beside figcaption").first).to_have_text(f"input, {title}")  # the window of what is open
    zoom.root.focus()
    made = explain(one.inside, Tensor("value", "conv1"), (1, row, column + step)).sums["sum"]
    best = int(np.abs(made.products).argmax())
    press("Enter", leads=f"{cell}&term={best}")
    press("ArrowLeft" if best else "ArrowRight", leads=f"{cell}&term={best + (-1 if best else 1)}")
    press("ArrowRight" if best else "ArrowLeft", leads=f"{cell}&term={best}")
    channel, y, x = made.left.at[best].tolist()
    pixel = f"layer=input&map={channel}&cell={y}-{x}"
    press("Enter", leads=pixel)  # down to the pixel
    press("Escape", leads=f"layer=input&map={channel}")
    press("Backspace", leads="layer=input")
    page.keyboard.press("Escape")
    expect(zoom.root).to_have_count(0)
    assert "layer=" not in page.url

    page.go_back()
    zoom.arrived("way=forward&layer=input")
    zoom.root.get_by_role("link", name="above: conv1").click()
    zoom.arrived("way=forward&layer=conv1")
    zoom.root.get_by_role("link", name="conv1.weight", exact=True).click()
    zoom.arrived("way=forward&param=conv1.weight")
    zoom.root.get_by_role("link", name="its gradient").click()
    zoom.arrived("way=backward&param=conv1.weight")
    link = zoom.root.get_by_role("link", name="gradient of conv1").first.get_attribute("href")
    other = new_page(390, "dark")
    open_page(other, f"{address}/network{link}")
    phone = Page(other)
    phone.arrived("way=backward&layer=conv1")
    assert other.evaluate("document.documentElement.scrollWidth <= innerWidth")
    phone.go(f"way=backward&layer=conv1&map=1&cell={row}-{column}")
    assert other.evaluate("document.documentElement.scrollWidth <= innerWidth")
    zoom.root.hover()
    page.keyboard.down("Control")
    page.mouse.wheel(0, 120)
    page.keyboard.up("Control")
    zoom.arrived("way=backward&layer=conv1")
