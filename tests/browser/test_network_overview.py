"""The overview of a network in a real browser: its numbers are the core's, forward and backward, for three networks; maps are
opened and left by mouse and keys, and each place has an address."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from cnn_core.folders import VARIABLE
from cnn_core.loss import softmax, softmax_cross_entropy
from cnn_core.network import ConvBlock, NetworkSpec, backward_pass, forward_pass
from cnn_core.training import Registry
from cnn_core.training.shipped import shipped_network
from tests.trainings import small
from tests.waiting import until
from tools.browser import open_page, serve

PLANS = {
    "batch norm": NetworkSpec((ConvBlock(100, norm="batch"), ConvBlock(3, pool="none")), (9,), weight_init="he"),
    "average": NetworkSpec((ConvBlock(5, pool="avg"),), (8, 6), "tanh", dropout=0.3),
}
PICTURE = 7
LOOKED = """overview => {
  const { view, columns } = overview.overview;
  const places = {};
  for (const { layer, cells } of columns)
    for (const { place, x, y, width, height, under } of cells) {
      const at = (left, top) =>
        [(left + width / 2) * view.scale + view.left, view.head + view.top + (top + height / 2) * view.scale];
      places[`${layer.name} ${layer.numbers[place]}`] = { map: at(x, y), gradient: under && at(...under) };
    }
  return places;
}"""
GROUND = "root => [root.overview.looks.ground, getComputedStyle(root).getPropertyValue('--st-background-color').trim()]"
COLOUR = """(canvas, [x, y]) => [...canvas.getContext("2d").getImageData(
  Math.round(x * canvas.width / canvas.clientWidth), Math.round(y * canvas.width / canvas.clientWidth), 1, 1).data].slice(0, 3)"""


@pytest.fixture(scope="module")
def nets(tmp_path_factory):
    """A server that knows two trained networks, and ships a third: its address, and each network with its data and query."""
    folder = tmp_path_factory.mktemp("data")
    registry = Registry(folder / "runs")
    found = {}
    for name, plan in PLANS.items():
        run = registry.start(small(network=plan, num_epochs=1))
        until(lambda run=run: run.ended)
        found[name] = run.network_at(), run.config.training_data(), f"run={run.id}&"
    registry.close()
    network, config = shipped_network()
    found["shipped"] = network, config.training_data(), ""
    with serve(**{VARIABLE: str(folder)}) as address:
        yield address, found


def opened(layer, number):
    """The address of a map that is open."""
    return re.compile(rf"(?=.*[?&]layer={layer}(&|$))(?=.*[?&]map={number}(&|$))")


def number(text):
    return float(text.replace("−", "-").strip("<>%"))


def table(overview, index):
    """The rows of a table of the overview, by their first cell, without its head."""
    rows = overview.locator(".table table").nth(index).locator("tr")
    cells = [
        row.split("\t")
        for row in rows.evaluate_all("rows => rows.map(row => [...row.cells].map(c => c.textContent).join('\\t'))")
    ]
    return {row[0]: row[1:] for row in cells[1:]}


@pytest.mark.parametrize("name", [*PLANS, "shipped"])
def test_the_numbers_of_every_layer_are_the_cores_forward_and_backward(page, nets, name):
    address, found = nets
    network, data, query = found[name]
    x = data.normalised(data.dataset.test.x[PICTURE : PICTURE + 1])
    truth = int(data.dataset.test.y[PICTURE])
    done = forward_pass(network, x)
    back = backward_pass(done, softmax_cross_entropy(done.scores, np.array([truth]))[1])
    outputs, gradients = {"input": x} | done.outputs, {"input": back.dx} | back.outputs
    chances = softmax(done.scores)[0]
    for way in ("forward", "backward"):
        open_page(page, f"{address}/network?{query}picture={PICTURE}&way={way}")
        overview = page.locator(".overview")
        expect(overview).to_have_attribute("data-loaded", re.compile(r"\d"))
        layers = table(overview, 0)
        assert list(layers) == ["input", *(layer.name for layer in network.layers if layer.kind != "dropout")]
        for layer, cells in layers.items():
            low, high = map(number, cells[2].split(" to "))
            np.testing.assert_allclose([low, high], [outputs[layer].min(), outputs[layer].max()], rtol=6e-3)
            if way == "backward":
                np.testing.assert_allclose(number(cells[4]), np.linalg.norm(gradients[layer]), rtol=3e-2)
        for k, (marks, score, chance, *slope) in enumerate(table(overview, 1).values()):
            np.testing.assert_allclose(number(score), done.scores[0, k], rtol=6e-3)
            np.testing.assert_allclose(number(chance), 100 * chances[k], atol=0.11)
            assert ("predicted" in marks, "true" in marks) == (k == chances.argmax(), k == truth)
            if way == "backward":
                np.testing.assert_allclose(number(slope[0]), chances[k] - (k == truth), rtol=5e-2, atol=1e-6)
        canvas, places = overview.locator(".network"), overview.evaluate(LOOKED)
        unit = network.layers[-1].name  # its numbers are cells of one colour
        for k in range(network.num_classes):
            at = places[f"{unit} {k}"]["gradient" if way == "backward" else "map"]
            value = (gradients if way == "backward" else outputs)[unit][0, k]
            red, green, blue = canvas.evaluate(COLOUR, at)
            if abs(value) > 0.2 * np.abs((gradients if way == "backward" else outputs)[unit]).max():
                above = min(red, blue) > green if way == "backward" else red > blue
                assert above == (value > 0), (way, k, value, (red, green, blue))


def test_maps_are_opened_and_left_by_keys_and_by_mouse(page, nets):
    address, found = nets
    network, data, query = found["batch norm"]
    open_page(page, f"{address}/network?{query}picture={PICTURE}")
    overview, canvas = page.locator(".overview"), page.locator(".overview .network")
    told = overview.locator(".told")
    expect(told).to_contain_text(re.compile(r"^class \d \(.*predicted.*\): probability "))
    maps = forward_pass(network, data.normalised(data.dataset.test.x[PICTURE : PICTURE + 1])).outputs["norm1"][0]
    canvas.focus()
    while overview.get_attribute("data-layer") != "norm1":
        page.keyboard.press("ArrowLeft")
    seen = set()
    for _ in range(len(maps)):  # also those that are folded away
        chosen = int(overview.get_attribute("data-map"))
        seen.add(chosen)
        assert f"norm1 {chosen}" in overview.evaluate(LOOKED)  # it has been scrolled to
        low, high = map(number, re.search(r"from (\S+) to ([^\s;.]+(?:\.\d+\S*?)?)[;.]? ", told.inner_text()).groups())
        np.testing.assert_allclose([low, high], [maps[chosen].min(), maps[chosen].max()], rtol=6e-3)
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Home")  # has no meaning here, and does nothing
    for _ in range(len(maps)):
        page.keyboard.press("ArrowUp")
        seen.add(int(overview.get_attribute("data-map")))
    assert seen == set(range(len(maps)))
    before = overview.evaluate("overview => overview.overview.view.scale")
    page.keyboard.press("+")
    assert overview.evaluate("overview => overview.overview.view.scale") > before
    page.keyboard.press("0")
    assert overview.evaluate("overview => overview.overview.view.scale") == before
    chosen = overview.get_attribute("data-map")
    page.keyboard.press("Enter")
    expect(page).to_have_url(opened("norm1", chosen))
    expect(overview).to_have_class(re.compile("low"))
    page.go_back()
    expect(overview).not_to_have_class(re.compile("low"))
    page.go_forward()
    expect(overview).to_have_class(re.compile("low"))
    canvas.focus()
    page.keyboard.press("Escape")
    expect(overview).not_to_have_class(re.compile("low"))
    expect(page).not_to_have_url(re.compile("layer="))
    place = overview.evaluate(LOOKED)["conv2 1"]["map"]
    canvas.click(position={"x": place[0], "y": place[1]})
    expect(page).to_have_url(opened("conv2", 1))
    expect(overview).to_have_class(re.compile("low"))
    zoom = page.locator(".zoom")
    for part in (overview, zoom):
        part.evaluate("root => { root.style.transition = 'none'; }")  # which would tell of another theme
    page.emulate_media(color_scheme="dark")
    until(lambda: overview.evaluate(GROUND)[1] != "#ffffff")
    # The next thing that is drawn has the page's colours.
    until(lambda: canvas.press("ArrowDown") or len(set(overview.evaluate(GROUND))) == 1)
    until(lambda: zoom.press("ArrowDown") or zoom.evaluate("root => root.zoom.colours.maps.base[0]") < 128)


def test_on_a_phone_the_layer_that_is_open_is_in_view(new_page, nets):
    page = new_page(width=390)
    open_page(page, f"{nets[0]}/network?layer=linear2&map=4")
    overview = page.locator(".overview")
    expect(overview).to_have_class(re.compile("low"))
    x, _ = overview.evaluate(LOOKED)["linear2 4"]["map"]
    assert 0 < x < page.locator(".overview .network").evaluate("canvas => canvas.clientWidth")
    views = page.get_by_role("radiogroup", name="view", exact=True).get_by_role("radio")
    expect(views).to_have_count(4)
    for box in (view.bounding_box() for view in views.all()):  # the fourth was scrolled out of sight
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390


def test_the_backward_pass_is_gone_through_layer_by_layer(page, nets):
    address, found = nets
    query = found["average"][2]
    open_page(page, f"{address}/network?{query}picture={PICTURE}&way=backward&back=1")
    overview, canvas = page.locator(".overview"), page.locator(".overview .network")
    panel, where = overview.locator(".panel"), overview.locator(".where")
    expect(panel.locator("h4")).to_have_text(re.compile("p − y$"))
    expect(where).to_have_text("step 1 of 9")
    reached = (
        "overview => overview.overview.columns.filter((c) => overview.overview.reached(c)).map((c) => c.layer.name)"
    )
    assert overview.evaluate(reached) == ["linear3", "softmax"]
    overview.locator(".scrub").focus()
    page.keyboard.press("ArrowRight")
    expect(panel.locator("h4")).to_have_text("linear3 (fully connected, scores), backward")
    expect(panel).to_contain_text("dW = hᵀ · dout")
    expect(page).to_have_url(re.compile("back=2"))
    canvas.focus()
    for _ in range(20):
        page.keyboard.press("PageDown")
    expect(where).to_have_text("step 9 of 9")
    expect(panel).to_contain_text("x and dx (1, 8, 8)")
    expect(page).not_to_have_url(re.compile("back="))
    assert "input" in overview.evaluate(reached)
    page.keyboard.press(" ")  # plays from the scores on
    expect(where).to_have_text("step 1 of 9")
    expect(where).to_have_text("step 2 of 9")
    page.keyboard.press(" ")
    expect(overview.get_by_role("button", name="Play")).to_be_visible()
    loss = page.get_by_text(re.compile(r"^Loss of "))
    expect(loss).to_be_visible()
    page.get_by_text("learn from it").click()
    expect(page.get_by_text(re.compile("After the step: loss"))).to_be_visible()
    before, after = map(
        float, re.search(r"loss (\S+) → (\S+);", page.get_by_text("After the step: loss").inner_text()).groups()
    )
    assert after < before
    page.get_by_text("learn from it").click()
    expect(page.get_by_text("After the step: loss")).to_have_count(0)
    expect(loss).to_be_visible()
