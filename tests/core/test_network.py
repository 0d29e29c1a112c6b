"""A network as a list of layers: every option's gradients, the fast first block, the plan's table, and what does not fit."""

import math

import numpy as np
import pytest

from cnn_core.conv import conv2d_backward
from cnn_core.gradient_check import projection_error
from cnn_core.network import (
    ACTIVATIONS,
    NORMS,
    POOLS,
    ConvBlock,
    Network,
    NetworkSpec,
    layers,
)


def batch(shape=(3, 9, 8), n=5, classes=4, dtype=np.float64):
    rng = np.random.default_rng(3)
    return rng.standard_normal((n, *shape)).astype(dtype), rng.integers(0, classes, n)


def check_gradients(network, x, y, rng_seed=None):
    """Each gradient against the loss's slope along a random direction, away from the kinks at 0."""
    chance = np.random.default_rng(0)
    for w in network.params.values():
        w += 0.05 * chance.standard_normal(w.shape)

    def parts():
        return network.loss_parts(x, y, rng=None if rng_seed is None else np.random.default_rng(rng_seed))

    for name, gradient in parts().grads.items():
        own = network.params[name]

        def loss(w, name=name):
            network.params[name] = w
            return sum(parts()[:2])

        if np.abs(gradient).max() > 1e-12:  # a bias before a norm of its own map moves nothing
            assert projection_error(loss, [own], [gradient], h=1e-6) < 1e-6, name
        network.params[name] = own


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_of_every_norm_and_activation(norm, activation):
    block = ConvBlock(4, norm=norm, activation=activation, pool="avg")
    spec = NetworkSpec((block, block), (6,), activation, weight_init="xavier")
    check_gradients(Network(spec, (3, 9, 8), 4, reg=0.1, dtype=np.float64), *batch())


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize(
    "options",
    [{}, {"kernel_size": 4}, {"stride": 2, "padding": 1}, {"padding": 0, "pool_size": 3}, {"padding": 2}],
    ids=str,
)
def test_gradients_of_every_pool_and_window(pool, options):
    block = ConvBlock(3, **{"pool": pool, **options})
    spec = NetworkSpec((block, ConvBlock(2, pool="none")), (), weight_init="he")
    check_gradients(Network(spec, (3, 9, 8), 4, reg=0.1, dtype=np.float64), *batch())


def test_gradients_with_dropout_and_two_hidden_layers():
    spec = NetworkSpec((ConvBlock(3),), (7, 6), dropout=0.4, weight_init="he")
    check_gradients(Network(spec, (3, 9, 8), 4, dtype=np.float64), *batch(), rng_seed=1)


@pytest.mark.parametrize("second", ["linear", "conv"])
def test_the_fast_first_block_is_the_layers_one_by_one(second):
    blocks = (ConvBlock(4, kernel_size=5, padding=1),) + ((ConvBlock(3),) if second == "conv" else ())
    network = Network(NetworkSpec(blocks, (6,), weight_init="he"), (3, 9, 8), 4, dtype=np.float64)
    assert [layer.kind for layer in network._fast[:2]] == ["block", second]
    x, y = batch()
    fast, scores = network.loss_parts(x, y), network.scores(x)
    network._fast = network.layers
    plain = network.loss_parts(x, y)
    np.testing.assert_allclose(scores, network.scores(x), 1e-12)
    assert fast.data_loss == pytest.approx(plain.data_loss, rel=1e-12)
    for name, gradient in plain.grads.items():
        np.testing.assert_allclose(fast.grads[name], gradient, 1e-9, 1e-12)


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_nobody_computes_the_gradient_of_the_pictures(norm, monkeypatch):
    asked = []

    def spy(dout, cache, *, input_gradient=True):
        asked.append(input_gradient)
        return conv2d_backward(dout, cache, input_gradient=input_gradient)

    monkeypatch.setattr(layers, "conv2d_backward", spy)
    block = ConvBlock(2, norm=norm)
    Network(NetworkSpec((block, block)), (3, 9, 8), 4, dtype=np.float64).loss_parts(*batch())
    assert asked == ([True] if norm == "none" else [True, False])  # the fused first block has no such gradient at all


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_watching_changes_no_bit_and_sees_every_layer(norm):
    spec = NetworkSpec((ConvBlock(4, norm=norm),), (6,), weight_init="he")
    x, y = batch(dtype=np.float32)
    blind, seeing = (Network(spec, (3, 9, 8), 4, reg=0.1) for _ in range(2))
    watch = {}
    plain, watched = blind.loss_parts(x, y), seeing.loss_parts(x, y, watch=watch)
    assert plain[:2] == watched[:2]
    for name in plain.grads:
        assert plain.grads[name].tobytes() == watched.grads[name].tobytes()
    assert list(watch) == [layer.name for layer in seeing.layers]
    assert all(watch[layer.name].shape == (5, *layer.shape) for layer in seeing.layers)


def test_batch_norm_uses_what_it_learned_when_not_training():
    network = Network(NetworkSpec((ConvBlock(4, norm="batch"),), ()), (3, 9, 8), 4, dtype=np.float64)
    x, y = batch()
    before = network.scores(x)
    np.testing.assert_array_equal(network.buffers["norm1.running_var"], 1)
    network.loss_parts(x, y)
    assert not np.allclose(network.buffers["norm1.running_mean"], 0)
    assert not np.allclose(network.scores(x), before)
    np.testing.assert_allclose(network.scores(x)[:2], network.scores(x[:2]))  # no picture depends on the others


def test_feature_maps_end_in_the_probabilities():
    network = Network(NetworkSpec((ConvBlock(4, norm="group"),), (6,)), (3, 9, 8), 4)
    x, _ = batch(dtype=np.float32)
    maps = network.feature_maps(x)
    assert list(maps) == ["conv1", "norm1", "relu1", "pool1", "linear1", "relu2", "dropout1", "linear2", "softmax"]
    np.testing.assert_array_equal(maps["linear2"], network.scores(x))
    np.testing.assert_allclose(maps["softmax"], network.probabilities(x))


def test_the_inits_have_their_spread():
    wide = ConvBlock(64, pool="none")
    networks = {
        init: Network(NetworkSpec((wide,), (200,), weight_init=init, weight_scale=0.05), (3, 12, 12), 10)
        for init in ("he", "xavier", "fixed")
    }
    spread = {init: float(n.params["linear1.weight"].std()) for init, n in networks.items()}
    fan_in, fan_out = 64 * 144, 200
    assert spread["he"] == pytest.approx(math.sqrt(2 / fan_in), rel=0.02)
    assert spread["xavier"] == pytest.approx(math.sqrt(2 / (fan_in + fan_out)), rel=0.02)
    assert spread["fixed"] == pytest.approx(0.05, rel=0.02)


def test_a_layer_more_leaves_the_others_weights():
    def weights(*blocks):
        return Network(NetworkSpec(blocks, (6,)), (3, 9, 8), 4, seed=3).params

    block = ConvBlock(4, pool="none")
    one, normed, two = weights(block), weights(ConvBlock(4, norm="batch", pool="none")), weights(block, block)
    for name, w in one.items():
        np.testing.assert_array_equal(normed[name], w)
    for name in ("conv1.weight", "linear1.weight", "linear2.weight"):
        np.testing.assert_array_equal(two[name], one[name])
    drawn = [
        two[name].ravel()[:72] / two[name].std() for name in two if name.endswith("weight") and two[name].size > 72
    ]
    assert all(abs(np.corrcoef(a, b)[0, 1]) < 0.5 for i, a in enumerate(drawn) for b in drawn[:i])
    assert not np.array_equal(
        weights(block)["conv1.weight"], Network(NetworkSpec((block,), (6,)), (3, 9, 8), 4).params["conv1.weight"]
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ConvBlock(num_filters=0), "num_filters (=0) must be 1 or more"),
        (lambda: ConvBlock(kernel_size=99), "kernel_size (=99) must be 31 or less"),
        (lambda: ConvBlock(padding="full"), "padding (='full') must be \"same\", or from 0 to 31"),
        (lambda: ConvBlock(stride=2), 'padding (="same") needs stride 1, not 2: give the padding in cells'),
        (lambda: ConvBlock(norm="l2"), "norm (='l2') must be one of none, batch"),
        (lambda: NetworkSpec(()), "blocks (=()) must be 1 to 4 blocks"),
        (lambda: NetworkSpec(hidden=(1, 2, 3)), "hidden (=(1, 2, 3)) must be the sizes of at most 2 layers"),
        (lambda: NetworkSpec(dropout=1), "dropout (=1) must be at least 0 and below 1"),
        (lambda: NetworkSpec(weight_scale=10**400), "weight_scale (=1000"),
        (lambda: Network(NetworkSpec(), (1, 8, 8), 3, dtype=int), "dtype (=int64) must be float32 or float64"),
        (lambda: Network(NetworkSpec(), (1, 0, 8), 3), "input_shape, height (=0) must be 1 or more"),
        (lambda: Network(NetworkSpec(), (1, 8, 8), 3, reg=-1), "reg (=-1) must be a finite number, 0 or more"),
        (lambda: NetworkSpec(weight_scale=math.nan), "weight_scale (=nan) must be a finite number"),
        (lambda: NetworkSpec.from_dict({"blocks": [{"filters": 3}]}), "filters is not a setting of a block: it takes"),
        (lambda: NetworkSpec.from_dict({"blocks": 3}), "blocks (=3) must be a list of blocks"),
        (lambda: NetworkSpec.from_dict([]), "network (=[]) must be a JSON object"),
    ],
)
def test_what_no_network_can_be_is_named(make, message):
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value).startswith(message)


def to_one_cell(norm, filters=4):
    """Two halvings leave one cell of 4x4: there the third block has its norm."""
    return NetworkSpec((ConvBlock(2), ConvBlock(2), ConvBlock(filters, norm=norm, pool="none")), (3,))


@pytest.mark.parametrize(
    ("norm", "filters"), [("instance", 4), ("group", 4), ("group", 2), ("group", 1), ("layer", 1)], ids=str
)
def test_a_norm_over_one_number_cannot_be_planned(norm, filters):
    with pytest.raises(ValueError, match=rf"block 3: norm \(='{norm}'\) must be over more than one number"):
        Network(to_one_cell(norm, filters), (1, 4, 4), 3)


@pytest.mark.parametrize(("norm", "filters"), [("layer", 2), ("group", 5), ("group", 8), ("none", 1)], ids=str)
def test_a_norm_over_several_channels_of_one_cell_can(norm, filters):
    network = Network(to_one_cell(norm, filters), (1, 4, 4), 3)
    assert network.least_batch == 1
    network.loss_parts(*batch((1, 4, 4), 1, 3))


def test_batch_norm_of_one_cell_takes_two_images_and_a_single_one_changes_nothing():
    network = Network(to_one_cell("batch"), (1, 4, 4), 3)
    network.loss_parts(*batch((1, 4, 4), 2, 3))
    before = {name: array.copy() for name, array in network.buffers.items()}
    with pytest.raises(ValueError, match=r"x \(shape \(1, 4, 1, 1\)\) must hold more than one number for each mean"):
        network.loss_parts(*batch((1, 4, 4), 1, 3))
    network.scores(batch((1, 4, 4), 1)[0])
    assert network.least_batch == 2
    for name, array in before.items():
        np.testing.assert_array_equal(network.buffers[name], array)


def test_a_step_that_fails_leaves_the_running_statistics():
    """Wrong labels, or a loss that is not finite, are seen after the norms."""
    network = Network(NetworkSpec((ConvBlock(2, norm="batch"),)), (3, 9, 8), 4)
    x, y = batch(dtype=np.float32)
    before = {name: array.copy() for name, array in network.buffers.items()}
    with pytest.raises(ValueError, match="y "):
        network.loss_parts(x, y + 9)
    network.params["linear2.bias"][:] = np.nan
    with np.errstate(all="ignore"):
        assert math.isnan(network.loss_parts(x, y).data_loss)
    for name, array in before.items():
        np.testing.assert_array_equal(network.buffers[name], array)
    network.params["linear2.bias"][:] = 0
    network.loss_parts(x, y)
    assert all((network.buffers[name] != array).any() for name, array in before.items())


@pytest.mark.parametrize(
    ("name", "value", "where"),
    [
        ("conv1.weight", np.nan, "the weights of conv1"),
        ("linear1.weight", 1e38, "the output of linear1"),
        ("linear2.weight", np.inf, "the weights of linear2"),
    ],
)
def test_the_first_layer_that_is_not_finite_is_found(name, value, where):
    network = Network(NetworkSpec((ConvBlock(4),), (6,), weight_init="he"), (3, 9, 8), 4)
    x, y = batch(dtype=np.float32)
    assert network.first_not_finite(x, y) is None
    network.params[name][...] = value
    assert network.first_not_finite(100 * x, y) == where


def small():
    return Network(NetworkSpec((ConvBlock(2, norm="batch"),), (3,), dropout=0.5), (1, 6, 6), 3, dtype=np.float64)


def test_images_are_looked_at_before_any_is_counted():
    network, x = small(), np.zeros((2, 1, 6, 6))
    np.testing.assert_array_equal(network.scores(x.tolist()), network.scores(x))
    assert network.scores(x[:0]).shape == (0, 3)
    for wrong in (None, {}, [], 3, "a", x[0], np.ma.array(x), x[:, :, :4]):
        for use in (network.scores, network.probabilities, network.feature_maps, lambda x: network.accuracy(x, [0, 1])):
            with pytest.raises(ValueError, match=r"^x \("):
                use(wrong)


def test_what_may_be_changed_at_any_time_is_looked_at():
    network = small()
    for value in (-1, math.nan, "a", None, True):
        with pytest.raises(ValueError, match=r"^reg \(="):
            network.reg = value
        with pytest.raises(ValueError, match=r"^dropout \(="):
            network.dropout = value
    with pytest.raises(ValueError, match=r"^dropout \(=1\)"):
        network.dropout = 1
    assert (network.reg, network.dropout) == (0, 0.5)


def test_gradients_go_to_arrays_that_fit_or_nothing_happens():
    network, x, y = small(), np.random.default_rng(0).normal(size=(4, 1, 6, 6)), [0, 1, 2, 0]
    fits = {name: np.empty_like(w) for name, w in network.params.items()}
    before = {name: array.copy() for name, array in network.buffers.items()}
    for wrong, words in (
        (fits | {"conv1.weight": np.empty((1, 2, 1, 3, 3))}, r"^into\['conv1.weight'\] \(shape \(1, 2, 1, 3, 3\)"),
        (fits | {"linear1.bias": np.empty(3, int)}, r"^into\['linear1.bias'\] \(shape \(3,\), int64\)"),
        ({"linear1.bias": np.empty(3)}, r"^into \(=.*must be a dict with an array for each"),
        (3, r"^into \(=3\)"),
    ):
        with pytest.raises(ValueError, match=words):
            network.loss_parts(x, y, into=wrong)
    assert all(np.array_equal(network.buffers[name], array) for name, array in before.items())
    assert network.loss_parts(x, y, into=fits).grads is fits


def test_the_l2_loss_of_many_weights_loses_no_digits():
    networks = [Network(NetworkSpec((ConvBlock(4),), (512,)), (1, 64, 64), 3, reg=1, dtype=t) for t in ("f4", "f8")]
    for name, w in networks[0].params.items():
        networks[1].params[name] = w.astype(np.float64)
    single, double = (network.loss_parts(np.ones((1, 1, 64, 64)), [0]).reg_loss for network in networks)
    assert abs(single - double) < 2 * np.finfo(np.float32).eps * double
