"""The overview of a network on one picture: levels that rebuild its maps, what links them, norms, and one step of learning."""

from dataclasses import replace

import numpy as np
import pytest

from cnn_core.explorer.levels import levels
from cnn_core.explorer.one_step import learn
from cnn_core.explorer.overview import MOST_SHOWN, overview
from cnn_core.explorer.strengths import first_maps, mixes, strengths, strengths_back
from cnn_core.loss import softmax_cross_entropy
from cnn_core.network import ConvBlock, Network, NetworkSpec, backward_pass, forward_pass
from cnn_core.network.layers import Mode
from cnn_core.optim import Optimizer

PLANS = {
    "course": NetworkSpec((ConvBlock(5),), (6,), weight_init="he"),
    "batch norm": NetworkSpec(
        (ConvBlock(3, norm="batch"), ConvBlock(4, 3, stride=2, padding=1, pool="none")), (7,), dropout=0.5
    ),
    "average": NetworkSpec((ConvBlock(4, 3, stride=2, padding=1, pool="avg"),), (6, 5), "tanh", weight_init="he"),
}


def passes(plan, seed=4):
    network = Network(PLANS[plan], (2, 9, 8), 3, dtype=np.float64, seed=seed)
    x = np.random.default_rng(seed).normal(0, 1, (1, 2, 9, 8))
    done = forward_pass(network, x)
    return network, done, backward_pass(done, softmax_cross_entropy(done.scores, np.array([2]))[1])


def test_levels_rebuild_the_maps_within_half_a_step():
    maps = np.random.default_rng(0).normal(0, 1, (3, 7, 5)) * np.array([1e-30, 1, 1e8])[:, None, None]
    maps[1, 0, 0] = 0
    made = levels(maps)
    assert made.codes.dtype == np.int8
    steps = made.peaks / 127
    assert (np.abs(made.rebuilt() - maps).max(axis=(1, 2)) <= steps * 0.500001).all()
    assert made.rebuilt()[1, 0, 0] == 0  # nothing is shown as nothing
    np.testing.assert_array_equal(made.low, maps.min(axis=(1, 2)))
    np.testing.assert_array_equal(made.high, maps.max(axis=(1, 2)))


def test_levels_of_what_is_no_number_and_of_nothing():
    made = levels(np.array([[[np.nan, 2.0], [-np.inf, 1]], [[0, 0], [0, 0]], [[np.nan] * 2] * 2]))
    assert made.codes.tolist() == [[[-128, 127], [-128, 64]], [[0, 0], [0, 0]], [[-128] * 2] * 2]
    assert (made.low[:2].tolist(), made.high[:2].tolist()) == ([1, 0], [2, 0])
    assert np.isnan([made.low[2], made.high[2]]).all()
    assert levels(np.array([1.0, -3])).codes.shape == (2, 1, 1)


@pytest.mark.parametrize("plan", PLANS)
def test_a_link_is_as_strong_as_what_it_brings(plan):
    """Without a channel of the input, or a map of the gradient, just its partial map is gone."""
    network, done, back = passes(plan)
    for layer in filter(mixes, network.layers):
        x, dout = done.input_of(layer.name), back.outputs[layer.name]
        arrays = {**network.params, f"{layer.name}.bias": np.zeros(layer.shape[0])}
        found, found_back = strengths(network, layer, x), strengths_back(network, layer, x, dout)
        for c in range(x.shape[1]):
            partial = layer.forward(
                np.where(np.arange(x.shape[1]).reshape(-1, *[1] * (x.ndim - 2)) == c, x, 0), arrays, Mode()
            )[0]
            np.testing.assert_allclose(
                found[:, c], np.abs(partial[0]).reshape(layer.shape[0], -1).mean(axis=1), atol=1e-12
            )
        whole = replace(layer, input_gradient=True) if layer.kind == "conv" else layer
        _, cache = layer.forward(x, arrays, Mode())
        for f in range(layer.shape[0]):
            only = np.where(np.arange(layer.shape[0]).reshape(-1, *[1] * (dout.ndim - 2)) == f, dout, 0)
            dx = whole.backward(only, cache, {name: np.empty_like(w) for name, w in network.params.items()})
            np.testing.assert_allclose(found_back[:, f], np.abs(dx[0]).reshape(x.shape[1], -1).mean(axis=1), atol=1e-12)


@pytest.mark.parametrize("plan", PLANS)
def test_the_overview_holds_every_layer_with_its_range_its_links_and_the_norm_of_its_gradient(plan):
    network, done, back = passes(plan)
    made = overview(done, back)
    assert [view.name for view in made.layers] == [
        "input",
        *(layer.name for layer in network.layers if layer.kind != "dropout"),
    ]
    np.testing.assert_allclose(made.probabilities.sum(), 1)
    gradients = {"input": back.dx} | back.outputs
    for view in made.layers:
        maps = done.x if view.name == "input" else done.outputs[view.name]
        assert view.maps.high.max() == maps.max()
        np.testing.assert_allclose(view.gradient.low.min(), gradients[view.name].min())
        np.testing.assert_allclose(view.norm, np.linalg.norm(gradients[view.name]))
        by_size = np.abs(gradients[view.name][0]).reshape(len(maps[0]), -1).mean(axis=1)
        if view is made.layers[-1] or made.layers[made.layers.index(view) + 1].group != view.group:
            assert (np.diff(by_size[view.numbers][view.order]) <= 0).all()
    for layer in filter(mixes, network.layers):
        view = next(view for view in made.layers if view.name == layer.name)
        found = strengths(network, layer, done.input_of(layer.name))
        for row, links in zip(found, view.links, strict=True):
            assert links[0][0] == row.argmax()
            np.testing.assert_allclose([share for _, share in links], [row[c] / row.sum() for c, _ in links])
        below = made.layers[made.layers.index(view) - 1]
        assert len(below.back) == below.shape[0]
    assert all(view.gradient is None and view.norm is None and view.back == () for view in overview(done).layers)


def test_of_many_maps_the_most_active_are_shown():
    network = Network(NetworkSpec((ConvBlock(MOST_SHOWN + 9, norm="batch"),), (200,), weight_init="he"), (1, 6, 6), 3)
    done = forward_pass(network, np.random.default_rng(0).normal(0, 1, (1, 1, 6, 6)))
    made = overview(done)
    conv, pool = made.layers[1], made.layers[4]
    assert conv.numbers.tolist() == pool.numbers.tolist() == sorted(conv.numbers)
    assert len(conv.numbers) == MOST_SHOWN
    left_out = set(range(MOST_SHOWN + 9)) - set(conv.numbers)
    active = done.outputs["pool1"][0].mean(axis=(1, 2))
    assert max(active[list(left_out)]) <= active[conv.numbers].min()


def test_a_diverged_network_has_an_overview():
    network = Network(PLANS["course"], (2, 9, 8), 3)
    network.params["conv1.weight"][1] = np.nan
    network.params["linear2.weight"][...] = 3e38
    done = forward_pass(network, np.ones((1, 2, 9, 8)))
    with np.errstate(all="ignore"):
        back = backward_pass(done, np.ones((1, 3)))
    made = overview(done, back)
    assert (made.layers[1].maps.codes[1] == -128).all()
    assert np.isnan(made.probabilities).all()


def test_one_picture_only():
    network, _, _ = passes("course")
    with pytest.raises(ValueError, match=r"x \(shape \(2, 2, 9, 8\)\) must hold one picture"):
        overview(forward_pass(network, np.ones((2, 2, 9, 8))))


@pytest.mark.parametrize("plan", PLANS)
def test_learning_is_one_step_of_sgd_on_a_copy(plan):
    network, done, back = passes(plan)
    kept = {name: w.copy() for name, w in network.params.items()}
    learned = learn(network, done.x, 2, 0.05)
    expected = {name: w.copy() for name, w in network.params.items()}
    Optimizer("sgd", learning_rate=0.05).step(expected, back.params)
    for name, w in network.params.items():
        np.testing.assert_array_equal(w, kept[name])
        np.testing.assert_allclose(learned.network.params[name], expected[name], rtol=1e-14)
    for moved in learned.moved:
        np.testing.assert_allclose(moved.change, np.linalg.norm(expected[moved.name] - kept[moved.name]), rtol=1e-9)
        assert moved.ratio == (moved.change / moved.size if moved.size else np.inf)
    losses = [
        softmax_cross_entropy(forward_pass(each, done.x).scores, np.array([2]))[0]
        for each in (network, learned.network)
    ]
    np.testing.assert_allclose(learned.loss, losses)
    np.testing.assert_allclose(-np.log([learned.before[2], learned.after[2]]), losses)
    assert learned.loss[1] < learned.loss[0]


@pytest.mark.parametrize(
    ("label", "rate", "named"), [(3, 0.1, "label"), (0, 0.0, "learning_rate"), (0, np.nan, "learning_rate")]
)
def test_what_cannot_be_learned_is_named(label, rate, named):
    network, done, _ = passes("course")
    with pytest.raises(ValueError, match=rf"^{named} \(="):
        learn(network, done.x, label, rate)


@pytest.mark.parametrize("plan", ["course", "batch norm"])
def test_a_map_of_the_first_layer_brings_what_the_score_gains_as_it_grows(plan):
    _, done, _ = passes(plan)
    count, h = done.outputs["conv1"].shape[1], 1e-7
    for k in range(3):
        name, found = first_maps(done, k, count)
        assert name == "conv1" and [amount for _, amount in found] == sorted((a for _, a in found), reverse=True)
        for number in range(count):
            grown = Network(PLANS[plan], (2, 9, 8), 3, dtype=np.float64, seed=4)
            for part in ("weight", "bias"):
                grown.params[f"conv1.{part}"][number] *= 1 + h
            gain = (forward_pass(grown, done.x).scores[0, k] - done.scores[0, k]) / h
            assert dict(found).get(number, 0.0) == pytest.approx(max(0.0, gain), abs=1e-5)
    assert first_maps(passes("average")[1], 0) is None  # tanh: no sum
