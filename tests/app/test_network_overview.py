"""The overview of the page Network: what is sent is the core's, the backward pass is told in real numbers, learning is undone."""

import json
import re

import numpy as np
import pytest

from cnn_core.explorer.one_step import learn
from cnn_core.explorer.overview import overview
from cnn_core.explorer.strengths import first_maps
from cnn_core.loss import softmax, softmax_cross_entropy
from cnn_core.network import ConvBlock, Network, NetworkSpec, backward_pass, forward_pass
from cnn_core.training.shipped import shipped_network
from pages.animation.overview import Classes, wire
from pages.sections import network_overview
from pages.sections.network_backward import backward_steps, trend
from tests.app.lesson import calm, open_lesson, texts
from tests.app.overviews import component, drawn, map_levels

PLANS = {
    "relu, max": NetworkSpec((ConvBlock(5),), (6,), weight_init="he", dropout=0.2),
    "batch norm, average": NetworkSpec((ConvBlock(3, norm="batch", pool="avg"),), (6,), "tanh", weight_init="he"),
    "blur": NetworkSpec((ConvBlock(4, pool="blur"),), (), weight_init="he"),
    "group norm, no pool": NetworkSpec((ConvBlock(4, norm="group", pool="none"),), (), weight_init="he"),
}


def passes(network, x, target):
    done = forward_pass(network, x)
    return done, backward_pass(done, softmax_cross_entropy(done.scores, np.array([target]))[1])


def shipped(picture):
    network, config = shipped_network()
    data = config.training_data()
    test = data.dataset.test
    return network, data.normalised(test.x[picture : picture + 1]), int(test.y[picture])


def value(text):
    return float(text.replace("−", "-").strip("()"))


@pytest.mark.parametrize("plan", PLANS)
def test_every_step_of_the_backward_pass_has_formula_shapes_and_real_numbers(plan):
    network = Network(PLANS[plan], (1, 8, 8), 3, dtype=np.float64)
    done, back = passes(network, np.random.default_rng(0).normal(0, 1, (1, 1, 8, 8)), 1)
    steps = backward_steps(done, back, 1, ["a", "b", "c"])
    layers = [layer for layer in network.layers if layer.kind != "dropout"]
    assert [step.layer for step in steps] == list(range(len(layers) + 1, 0, -1))
    first = dict(steps[0].lines)["numbers"]
    p = softmax(done.scores)[0]
    shown = re.search(r"loss = −log (\S+) = (\S+); b: (\S+) − 1 = (\S+);", first).groups()
    np.testing.assert_allclose(list(map(value, shown)), [p[1], -np.log(p[1]), p[1], p[1] - 1], rtol=6e-3)
    for step, layer in zip(steps[1:], reversed(layers), strict=True):
        lines = dict(step.lines)
        assert step.title.startswith(f"{layer.name} (")
        assert list(lines) == ["formula", "shapes", "numbers"]
        x, dout = done.input_of(layer.name), back.outputs[layer.name]
        above, below = re.search(r"length of the gradient: (\S+) at \S+, (\S+) at ", lines["numbers"]).groups()
        np.testing.assert_allclose(value(above), np.linalg.norm(dout), rtol=6e-3)
        place = layers.index(layer)
        dx = back.outputs[layers[place - 1].name] if place else back.dx
        np.testing.assert_allclose(value(below), np.linalg.norm(dx), rtol=6e-3)
        if layer.description == "ReLU":
            stopped, of = re.search(r"the mask is 0 for (\S+) of (\S+) \(", lines["numbers"]).groups()
            assert (int(stopped.replace(",", "")), int(of)) == ((x <= 0).sum(), x.size)
        if won := re.search(r"(\d+) windows; (\d+) of (\d+) cells won one", lines["numbers"]):
            assert layer.pool == "max"
            winners = np.zeros(x.shape[1:], bool)
            for (f, i, j), most in np.ndenumerate(done.outputs[layer.name][0]):
                (top, left), (high, wide) = layer.window.stride, layer.window.kernel_size
                seen = x[0, f, i * top : i * top + high, j * left : j * left + wide]
                at = np.argwhere(seen == most)[0]
                winners[f, i * top + at[0], j * left + at[1]] = True
            assert [int(count) for count in won.groups()] == [dout.size, winners.sum(), x.size]
        if layer.kind == "linear":
            d, m, h, g, dw = re.search(
                r"dW\[(\d+), (\d+)\] = h\[\d+\] · dout\[\d+\] = (\S+) · (\S+) = ([^\s;]+)", lines["numbers"]
            ).groups()
            dweight = back.params[f"{layer.name}.weight"]
            assert abs(dweight[int(d), int(m)]) == np.abs(dweight).max()
            expected = [x.ravel()[int(d)], dout[0, int(m)], dweight[int(d), int(m)]]
            np.testing.assert_allclose([value(h), value(g), value(dw)], expected, rtol=6e-3)
        if layer.kind == "conv":
            *at, shown = re.search(r"dW\[(\d+), (\d+), (\d+), (\d+)\] = ([^\s,]+),", lines["numbers"]).groups()
            np.testing.assert_allclose(value(shown), back.params["conv1.weight"][tuple(map(int, at))], rtol=6e-3)


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [(1.0, 1e-5, "vanishes"), (1e-3, 10.0, "explodes"), (1.0, 0.5, "2.0 times shorter"), (1.0, 3.0, "3.0 times as long"),
     (1e10, 5e-324, "over a million times shorter: it vanishes"), (5e-324, 1e10, "over a million times longer: it explodes"),
     (1.0, 1e-6, "1,000,000 times shorter"),
     (1.0, 0.0, "no gradient arrives"), (0.0, 0.0, "no number to compare"), (1.0, np.nan, "no number to compare")],
)  # fmt: skip
def test_what_becomes_of_the_gradient_is_said(first, last, words):
    assert words in trend(first, last)


def test_the_backward_way_sends_gradients_of_the_chosen_loss():
    network, x, truth = shipped(3)
    for query, target in (({}, truth), ({"target": "8"}, 8)):
        app = open_lesson("network", picture="3", way="backward", **query)
        assert calm(app)
        _, back = passes(network, x, target)
        assert drawn(app)["classes"]["target"] == target
        for layer in drawn(app)["layers"][1:]:
            gradient = back.outputs[layer["name"]][0]
            levels, steps = map_levels(app, layer["name"], "grad")
            assert np.abs(levels - gradient.reshape(len(gradient), -1)).max() <= 0.501 * steps.max()
            np.testing.assert_allclose(layer["norm"], np.linalg.norm(gradient), rtol=1e-5)
        assert len(component(app)["steps"]) == len(drawn(app)["layers"])
    assert component(open_lesson("network", picture="3"))["steps"] == []  # forward nothing of it is sent


def test_learning_shows_the_network_after_one_step_and_the_same_switch_takes_it_back():
    network, x, _ = shipped(3)
    app = open_lesson("network", picture="3", way="backward", target="8")
    before = component(app)["sent"]
    app.toggle(key="learn").set_value(True).run()
    app.select_slider(key="learning_rate").set_value("0.03").run()
    assert calm(app)
    learned = learn(network, x, 8, 0.03)
    classes = drawn(app)["classes"]
    np.testing.assert_allclose(classes["before"], learned.before, rtol=1e-5)
    np.testing.assert_allclose(classes["probabilities"], learned.after, rtol=1e-5)
    (told,) = [text for text in texts(app.markdown) if text.startswith("After the step")]
    shown = list(map(value, re.search(r"loss (\S+) → \*\*(\S+)\*\*;", told).groups()))
    np.testing.assert_allclose(shown, learned.loss, rtol=6e-3)
    (rows,) = [text.splitlines()[2:] for text in texts(app.markdown) if text.startswith("| parameter")]
    for row, moved in zip(rows, learned.moved, strict=True):
        name, change, size, _ = [cell.strip() for cell in row.strip("|").split("|")]
        assert name == moved.name
        np.testing.assert_allclose([value(change), value(size)], [moved.change, moved.size], rtol=6e-3)
    app.toggle(key="learn").set_value(False).run()
    assert component(app)["sent"] == before


def test_a_step_beyond_all_bounds_is_told_and_not_taken(monkeypatch):
    monkeypatch.setattr(network_overview, "STEP_SIZES", ("0.01", "1e30"))
    app = open_lesson("network", way="backward", learn="true", learning_rate="1e30")
    assert not app.exception
    assert "beyond all bounds: choose a smaller one" in texts(app.warning)[0]
    assert drawn(app)["classes"]["before"] is None


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"way": "sideways"}, "way (=sideways) in the link must be one of forward, backward"),
        ({"way": "backward", "target": "10"}, "target (=10) in the link must be one of true, 0, 1"),
        ({"way": "backward", "back": "99"}, "back (=99) in the link must be a whole number from 1 to"),
        ({"range": "page"}, "range (=page) in the link must be one of map, layer, net"),
        ({"layer": "conv9"}, "conv9"),
        ({"layer": "conv1", "map": "999"}, "999"),
    ],
)
def test_a_wrong_link_is_told_and_the_network_is_there(query, told):
    app = open_lesson("network", **query)
    assert not app.exception
    assert [text for text in texts(app.warning) if told in text]
    assert drawn(app)["layers"]


def test_an_open_map_makes_the_overview_a_strip_with_it_marked():
    app = open_lesson("network", layer="conv1", map="3")
    assert (component(app)["low"], component(app)["chosen"]) == (True, {"layer": "conv1", "map": 3})
    for query, chosen in (
        ({"param": "conv1.weight", "entry": "3-0-1-1"}, ("conv1", 3)),
        ({"param": "linear1.weight", "entry": "5-7"}, ("linear1", 7)),
        ({"param": "conv1.weight", "map": "4"}, ("conv1", 4)),
        ({"param": "conv1.weight"}, ("conv1", None)),
    ):
        app = open_lesson("network", **query)
        assert component(app)["chosen"] == {"layer": chosen[0], "map": chosen[1]}
    app = open_lesson("network")
    assert (component(app)["low"], component(app)["chosen"]) == (False, None)


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32)])
def test_a_picture_costs_less_than_300_kilobytes(shape):
    x = np.random.default_rng(0).normal(0, 1, (1, *shape)).astype(np.float32)
    names = [f"a class with a name {k}" for k in range(10)]
    course = Network(NetworkSpec((ConvBlock(32, 7),), (100,), weight_init="he"), shape, 10)
    deep = Network(NetworkSpec((ConvBlock(32, norm="batch"),) * 4, (64,), weight_init="he"), shape, 10)
    done, back = passes(course, x, 0)
    for made in (overview(done, back), overview(forward_pass(deep, x))):
        assert len(wire(made, Classes(names, 0, 0), x[0], "a picture")) < 300_000


def test_what_is_sent_is_json_also_of_a_network_that_diverged():
    network = Network(PLANS["relu, max"], (1, 8, 8), 3)
    network.params["conv1.weight"][...] = np.nan
    with np.errstate(all="ignore"):
        done, back = passes(network, np.ones((1, 1, 8, 8)), 1)
        steps = backward_steps(done, back, 1, ["a", "b", "c"])
    sent = json.loads(wire(overview(done, back), Classes(["a", "b", "c"], None), done.x[0], "a picture"))
    assert sent["layers"][1]["maps"]["low"] == [None] * 5
    assert sent["classes"]["probabilities"] == [None] * 3
    assert len(steps) == len(sent["layers"])


def test_two_steps_with_the_same_losses_are_two():
    network, x, _ = shipped(0)
    steps = {rate: learn(network, x, 2, float(rate)) for rate in ("0.3", "10")}
    assert len({learned.loss for learned in steps.values()}) == 1  # both end at a loss of 0
    app = open_lesson("network", way="backward", target="2", learn="true", learning_rate="0.3")
    before = map_levels(app, "conv1")[0]
    app.select_slider(key="learning_rate").set_value("10").run()
    after = map_levels(app, "conv1")[0]
    assert not np.array_equal(before, after)
    now = forward_pass(steps["10"].network, x).outputs["conv1"][0].reshape(after.shape)
    assert np.abs(after - now).max() <= np.abs(now).max() / 127


def test_the_class_whose_loss_is_meant_is_named_for_each_picture_and_the_lists_words_stay():
    """A browser keeps the words of a list's choice while its id stays: they must not name the picture's class."""
    boxes = []
    for picture in ("0", "1"):
        _, _, truth = shipped(int(picture))
        app = open_lesson("network", picture=picture, way="backward")
        (said,) = [text for text in texts(app.markdown) if text.startswith("Loss of")]
        assert said.startswith(f"Loss of **{truth}** (true): **")
        boxes.append(app.selectbox(key="target").options)
    assert boxes[0] == boxes[1]
    answers = [open_lesson("network", view="why", picture=picture).selectbox(key="score").options for picture in "01"]
    assert answers[0] == answers[1]
    app = open_lesson("network", picture="0", way="backward", target="8")
    assert [text for text in texts(app.markdown) if text.startswith("Loss of **8**: **")]


def test_the_maps_that_bring_the_answers_score_are_sent():
    network, x, _ = shipped(3)
    app = open_lesson("network", picture="3")
    done = forward_pass(network, x)
    name, maps = first_maps(done, int(done.scores[0].argmax()))
    through = drawn(app)["classes"]["through"]
    assert through["layer"] == name == "conv1"
    assert [number for number, _ in through["maps"]] == [number for number, _ in maps]
    np.testing.assert_allclose([amount for _, amount in through["maps"]], [amount for _, amount in maps], rtol=1e-3)
    assert drawn(open_lesson("network", picture="3", way="backward"))["classes"]["through"] is None
