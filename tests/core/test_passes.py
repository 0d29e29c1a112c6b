"""A network's passes with everything kept: the maps are the network's, every gradient is a numeric one."""

import numpy as np
import pytest

from cnn_core.loss import softmax_cross_entropy
from cnn_core.network import ConvBlock, Network, NetworkSpec, backward_pass, forward_pass, in_double, one_score
from cnn_core.network.layers import Mode

PLANS = {
    "course": NetworkSpec((ConvBlock(3),), (6,)),
    "batch norm, two blocks": NetworkSpec((ConvBlock(3, norm="batch", pool="none"), ConvBlock(4, pool="avg")), (5,)),
    "average pooling, two hidden": NetworkSpec(
        (ConvBlock(4, 3, stride=2, padding=1, norm="group", pool="avg"),), (6, 5), "tanh"
    ),
    "no hidden layer": NetworkSpec((ConvBlock(2, activation="leaky_relu"),), ()),
    "dropout": NetworkSpec((ConvBlock(2, norm="layer"),), (6,), dropout=0.5),
}


def made(plan, dtype=np.float64):
    network = Network(PLANS[plan], (2, 8, 8), 3, dtype=dtype, reg=0.1, seed=3)
    rng = np.random.default_rng(5)
    for name, buffer in network.buffers.items():
        buffer[...] = rng.uniform(0.5, 2, buffer.shape) if name.endswith("var") else rng.normal(0, 1, buffer.shape)
    for name, w in network.params.items():
        if not name.endswith(".weight"):
            w[...] += rng.normal(0, 0.3, w.shape)
        else:
            w *= 5
    return network, rng.normal(0, 1, (2, 2, 8, 8)), np.array([2, 0])


@pytest.mark.parametrize("plan", PLANS)
def test_the_outputs_are_those_of_the_network(plan):
    network, x, _ = made(plan)
    done = forward_pass(network, x)
    maps = network.feature_maps(x)
    assert list(done.outputs) == [layer.name for layer in network.layers]
    for name, values in done.outputs.items():
        np.testing.assert_array_equal(values, maps[name])
    assert done.scores is done.outputs[network.layers[-1].name]
    assert done.input_of("conv1") is done.x
    for below, layer in zip(network.layers, network.layers[1:], strict=False):
        assert done.input_of(layer.name) is done.outputs[below.name]


@pytest.mark.parametrize("plan", PLANS)
def test_every_gradient_is_the_numeric_one(plan):
    network, x, y = made(plan)
    done = forward_pass(network, x)
    back = backward_pass(done, softmax_cross_entropy(done.scores, y)[1])

    def from_layer(place, values):
        """The loss if what goes out of the layer at this place were `values`; at -1 the pictures."""
        for layer in network.layers[place + 1 :]:
            values = layer.forward(values, {**network.params, **network.buffers}, Mode())[0]
        return softmax_cross_entropy(values, y)[0]

    def slope(f, array, at, h=1e-5):
        kept = array[at]
        array[at] = kept + h
        above = f()
        array[at] = kept - h
        below = f()
        array[at] = kept
        return (above - below) / (2 * h)

    rng = np.random.default_rng(1)
    looked = [(-1, x.copy(), back.dx)]
    looked += [(k, done.outputs[one.name].copy(), back.outputs[one.name]) for k, one in enumerate(network.layers)]
    for place, values, gradient in looked:
        assert gradient.shape == values.shape
        away = np.flatnonzero(values)  # zeros of ReLU tie in pooling: a corner, where no quotient is the gradient
        for flat in rng.choice(away, min(6, len(away)), replace=False):
            at = np.unravel_index(flat, values.shape)
            numeric = slope(lambda place=place, values=values: from_layer(place, values), values, at)
            assert gradient[at] == pytest.approx(numeric, rel=1e-5, abs=1e-8)
    for name, w in network.params.items():
        for flat in rng.choice(w.size, min(4, w.size), replace=False):
            at = np.unravel_index(flat, w.shape)
            numeric = slope(lambda: from_layer(-1, x), w, at)
            assert back.params[name][at] == pytest.approx(numeric, rel=1e-5, abs=1e-8)


def test_in_double_no_weight_changes_and_a_training_pays_nothing():
    network, x, y = made("batch norm, two blocks", np.float32)
    double = in_double(network)
    for name, w in (network.params | network.buffers).items():
        other = (double.params | double.buffers)[name]
        assert other.dtype == np.float64 and not np.shares_memory(other, w)
        np.testing.assert_array_equal(other, w)
    np.testing.assert_allclose(double.scores(x), network.scores(x.astype(np.float32)), rtol=1e-4, atol=1e-5)
    assert not network.layers[0].input_gradient and network.layers[3].input_gradient
    network.loss_parts(x, y)  # as before


def test_a_rule_hands_down_something_else():
    network, x, _ = made("course")
    done = forward_pass(network, x)
    dscores = one_score(done, 1)
    assert dscores.sum() == 2 and (dscores[:, 1] == 1).all()
    plain = backward_pass(done, dscores)
    guided = backward_pass(done, dscores, rules={"activation": lambda dout, dx: np.where(dout > 0, dx, 0)})
    assert (plain.outputs["conv1"] < 0).any() and (guided.outputs["conv1"] >= 0).all()
    nothing = backward_pass(done, dscores, rules={"pool": lambda dout, dx: 0 * dx})
    assert not nothing.dx.any() and not nothing.params["conv1.weight"].any()


def test_what_does_not_fit_is_named():
    network, x, _ = made("course")
    with pytest.raises(ValueError, match=r"x \(shape \(2, 8, 8\)\) must hold images of shape \(2, 8, 8\)"):
        forward_pass(network, x[0])
    done = forward_pass(network, x)
    with pytest.raises(ValueError, match="dout"):
        backward_pass(done, np.ones((2, 4)))


def test_a_pass_may_begin_inside():
    network, x, y = made("batch norm, two blocks")
    done = forward_pass(network, x)
    back = backward_pass(done, softmax_cross_entropy(done.scores, y)[1])
    inside = backward_pass(done, back.outputs["conv2"], at="conv2")
    np.testing.assert_array_equal(inside.dx, back.dx)
    assert set(inside.params) == {name for name in back.params if name.split(".")[0] in ("conv1", "norm1", "conv2")}
    assert list(inside.outputs) == ["conv1", "norm1", "relu1", "conv2"]
    with pytest.raises(ValueError, match=r"at \(='conv9'\) must be one of conv1, norm1"):
        backward_pass(done, back.dx, at="conv9")
