"""The training step of the three-layer net: its layers one by one give the same, and it writes where it is told to."""

import numpy as np
import pytest

from cnn_core.activation import relu_backward, relu_forward
from cnn_core.conv import conv2d_backward, conv2d_forward
from cnn_core.cs231n import ThreeLayerConvNet
from cnn_core.gradient_check import overall_error
from cnn_core.linear import linear_backward, linear_forward
from cnn_core.loss import softmax_cross_entropy
from cnn_core.machine import in_place
from cnn_core.machine.in_place import add_scaled
from cnn_core.optim import RULES
from cnn_core.pool import max_pool2d_backward, max_pool2d_forward
from cnn_core.solver import Arrays, Solver
from tests.dirt import dirty_memory


def make(input_dim=(3, 9, 12), images=7, dtype=np.float64, reg=0.2, **options):
    options = {"num_filters": 4, "filter_size": 5, "hidden_dim": 6, "num_classes": 3, "weight_scale": 0.2} | options
    model = ThreeLayerConvNet(input_dim, dtype=dtype, reg=reg, seed=0, **options)
    rng = np.random.default_rng(1)
    for name in ("b1", "b2", "b3"):
        model.params[name] += 0.1 * rng.standard_normal(model.params[name].shape).astype(dtype)
    return model, rng.standard_normal((images, *input_dim)).astype(dtype), rng.integers(3, size=images)


def layer_by_layer(model, x, y):
    """Data loss, L2 loss and gradients, by the layers that anybody may call."""
    p = model.params
    maps, conv_cache = conv2d_forward(x, p["W1"], p["b1"], padding="same")
    active, first_relu = relu_forward(maps)
    pooled, pool_cache = max_pool2d_forward(active, 2)
    hidden, hidden_cache = linear_forward(pooled, p["W2"], p["b2"])
    relu, second_relu = relu_forward(hidden)
    scores, scores_cache = linear_forward(relu, p["W3"], p["b3"])
    data_loss, dscores = softmax_cross_entropy(scores, y)
    grads = {}
    drelu, grads["W3"], grads["b3"] = linear_backward(dscores, scores_cache)
    dpooled, grads["W2"], grads["b2"] = linear_backward(relu_backward(drelu, second_relu), hidden_cache)
    dmaps = relu_backward(max_pool2d_backward(dpooled, pool_cache), first_relu)
    _, grads["W1"], grads["b1"] = conv2d_backward(dmaps, conv_cache)
    weights = ("W1", "W2", "W3")
    for name in weights:
        grads[name] = grads[name] + model.reg * p[name]
    return data_loss, 0.5 * model.reg * sum(np.sum(p[name] ** 2) for name in weights), grads


@pytest.mark.parametrize(("dtype", "rounding"), [(np.float32, 2e-6), (np.float64, 1e-14)])
@pytest.mark.parametrize("reg", [0.0, 0.2])
@pytest.mark.parametrize("options", [{}, {"input_dim": (1, 2, 3), "filter_size": 2}, {"images": 1, "filter_size": 7}])
def test_the_step_is_that_of_the_layers_one_by_one(options, reg, dtype, rounding):
    model, x, y = make(reg=reg, dtype=dtype, **options)
    data_loss, reg_loss, grads = layer_by_layer(model, x, y)
    with dirty_memory():
        parts = model.loss_parts(x, y)
    assert parts.data_loss == pytest.approx(data_loss, rel=10 * rounding)
    assert parts.reg_loss == pytest.approx(reg_loss, rel=10 * rounding)
    assert parts.grads.keys() == grads.keys() == model.params.keys()
    for name, gradient in parts.grads.items():
        assert (gradient.shape, gradient.dtype) == (model.params[name].shape, dtype)
        assert np.abs(gradient).max() > 0
        assert overall_error(gradient, grads[name]) < rounding, name


def test_gradients_are_written_into_the_arrays_given():
    model, x, y = make()
    before = {name: w.copy() for name, w in model.params.items()}
    fresh = model.loss_parts(x, y)
    into = {name: np.full_like(w, np.nan) for name, w in model.params.items()}
    given = dict(into)
    for _ in range(2):  # what they hold plays no part
        parts = model.loss_parts(x, y, into=into)
        assert parts.grads is into
        assert parts[:2] == fresh[:2]
        for name, gradient in into.items():
            assert gradient is given[name]
            np.testing.assert_array_equal(gradient, fresh.grads[name])
    for name, w in model.params.items():
        np.testing.assert_array_equal(w, before[name])


@pytest.mark.parametrize("rule", RULES)
def test_a_training_gives_the_same_bits_whatever_memory_held(rule):
    def train():
        model, x, y = make(images=20, dtype=np.float32)
        options = {"optim_config": {"learning_rate": 1e-2}, "batch_size": 6, "num_epochs": 2, "lr_decay": 0.9}
        solver = Solver(model, Arrays(x[:16], y[:16], x[16:], y[16:]), update_rule=rule, seed=3, **options)
        return list(solver.steps()), {name: w.tobytes() for name, w in model.params.items()}

    first = train()
    assert len(first[0]) == 6
    assert train() == first
    with dirty_memory():
        assert train() == first


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(5,), (3, 7), (2 * in_place.BLOCK + 3,), (3, in_place.BLOCK // 2 + 1)])
def test_add_scaled_adds_in_place_over_all_blocks(shape, dtype):
    rng = np.random.default_rng(0)
    total, array = (rng.integers(-9, 10, shape).astype(dtype) for _ in range(2))
    expected, before = total + 0.5 * array, array.copy()
    with dirty_memory():
        assert add_scaled(total, 0.5, array) is None
    np.testing.assert_array_equal(total, expected)
    np.testing.assert_array_equal(array, before)
    add_scaled(total, 0, array)
    np.testing.assert_array_equal(total, expected)


def test_add_scaled_with_gaps_in_memory_and_with_itself():
    wide = np.arange(24.0).reshape(4, 6)
    left, right = wide[:, :2], wide[:, 3:5]  # no flat view of them exists
    expected, before = left + 2 * right, wide.copy()
    add_scaled(left, 2, right)
    np.testing.assert_array_equal(left, expected)
    np.testing.assert_array_equal(wide[:, 2:], before[:, 2:])
    add_scaled(wide, -1, wide)
    assert not wide.any()


def test_add_scaled_by_0_ignores_what_is_not_finite():
    total = np.ones(3)
    add_scaled(total, 0, np.array([np.nan, np.inf, 1]))
    np.testing.assert_array_equal(total, 1)


@pytest.mark.parametrize("shape", [(3,), (2, 3), (6,)])
def test_add_scaled_refuses_another_shape(shape):
    total = np.zeros((3, 2))
    with pytest.raises(ValueError, match=r"must be shaped as total: \(3, 2\)"):
        add_scaled(total, 1, np.ones(shape))
    assert not total.any()
