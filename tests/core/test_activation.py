"""ReLU and dropout: both versions against each other, differences and PyTorch; what p and the seed mean."""

import numpy as np
import pytest

from cnn_core import activation
from cnn_core.gradient_check import projection_error

RELU = {
    "naive": (activation.relu_forward_naive, activation.relu_backward_naive),
    "fast": (activation.relu_forward, activation.relu_backward),
}
DROPOUT = {"naive": activation.dropout_forward_naive, "fast": activation.dropout_forward}
DROPOUT_BACKWARD = {"naive": activation.dropout_backward_naive, "fast": activation.dropout_backward}
# each layer that is a function of x alone: the same body tests all
LAYERS = {f"relu {name}": pair for name, pair in RELU.items()} | {
    f"dropout {name} {options}": (lambda x, f=f, o=options: f(x, rng=5, **o), DROPOUT_BACKWARD[name])
    for name, f in DROPOUT.items()
    for options in ({}, {"p": 0.0}, {"p": 0.9}, {"training": False})
}
SHAPES = [(), (7,), (3, 4), (2, 3, 4, 5), (0, 3)]


def make(shape, dtype=np.float64):
    """Numbers of both signs, none of them near the kink at 0."""
    rng = np.random.default_rng(0)
    return np.asarray(rng.choice([-1, 1], shape) * rng.uniform(0.1, 1, shape), dtype=dtype)


@pytest.mark.parametrize("version", RELU)
def test_relu_gives_the_courses_numbers(version):
    out, _ = RELU[version][0](np.linspace(-0.5, 0.5, 12))
    expected = [0, 0, 0, 0, 0, 0, 0.04545455, 0.13636364, 0.22727273, 0.31818182, 0.40909091, 0.5]
    np.testing.assert_allclose(out, expected, atol=1e-8)


@pytest.mark.parametrize("version", RELU)
def test_relu_has_gradient_0_at_0(version):
    forward, backward = RELU[version]
    _, cache = forward(np.array([-1.0, 0.0, 1.0]))
    np.testing.assert_array_equal(backward(np.full(3, 5.0), cache), [0, 0, 5])


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("layer", LAYERS)
def test_gradients_agree_with_differences(layer, shape):
    forward, backward = LAYERS[layer]
    x = make(shape)
    _, cache = forward(x)
    dout = np.asarray(np.random.default_rng(1).standard_normal(shape))
    assert projection_error(lambda x: forward(x)[0], [x], [backward(dout, cache)], dout) < 1e-8


@pytest.mark.parametrize(("given", "expected"), [("f4", "f4"), ("f8", "f8"), ("i8", "f8"), ("u1", "f8")])
@pytest.mark.parametrize("layer", LAYERS)
def test_floating_dtypes_are_kept_and_others_become_float64(layer, given, expected):
    forward, backward = LAYERS[layer]
    x = np.arange(6).reshape(2, 3).astype(given)
    out, cache = forward(x)
    assert out.dtype == backward(out, cache).dtype == expected
    assert out.shape == x.shape
    assert not np.shares_memory(out, x)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_fast_agrees_with_naive(shape, dtype):
    x, dout = make(shape, dtype), make(shape, dtype)
    (slow, slow_cache), (fast, fast_cache) = (RELU[version][0](x) for version in ("naive", "fast"))
    np.testing.assert_array_equal(fast, slow)
    np.testing.assert_array_equal(activation.relu_backward(dout, fast_cache), RELU["naive"][1](dout, slow_cache))
    (slow, slow_cache), (fast, fast_cache) = (f(x, p=0.3, rng=7) for f in DROPOUT.values())
    np.testing.assert_array_equal(fast, slow)
    np.testing.assert_array_equal(fast_cache.mask, slow_cache.mask)


@pytest.mark.parametrize("version", DROPOUT)
@pytest.mark.parametrize("p", [0.0, 0.25, 0.5, 0.9])
def test_p_is_the_share_dropped_and_the_mean_stays(version, p):
    out, _ = DROPOUT[version](np.ones((100, 100)), p=p, rng=0)
    assert np.mean(out == 0) == pytest.approx(p, abs=0.02)
    assert np.unique(out[out != 0]) == pytest.approx(1 / (1 - p))
    assert out.mean() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("version", DROPOUT)
def test_evaluation_changes_nothing(version):
    x = make((3, 4))
    out, cache = DROPOUT[version](x, p=0.9, training=False)
    np.testing.assert_array_equal(out, x)
    np.testing.assert_array_equal(activation.dropout_backward(x, cache), x)


@pytest.mark.parametrize("version", DROPOUT)
def test_a_seed_repeats_the_mask_and_a_generator_moves_on(version):
    def mask(rng):
        return DROPOUT[version](np.ones(100), rng=rng)[1].mask

    np.testing.assert_array_equal(mask(3), mask(3))
    rng = np.random.default_rng(3)
    np.testing.assert_array_equal(mask(rng), mask(3))
    assert (mask(rng) != mask(3)).any()
    assert (mask(None) != mask(None)).any()


def test_pytorch_agrees():
    torch = pytest.importorskip("torch")
    x, dout = make((3, 4)), make((3, 4))[::-1].copy()
    x[0] = 0
    tensor = torch.tensor(x, requires_grad=True)
    torch.relu(tensor).backward(torch.tensor(dout))
    out, cache = activation.relu_forward(x)
    np.testing.assert_array_equal(out, torch.relu(tensor).detach().numpy())
    np.testing.assert_array_equal(activation.relu_backward(dout, cache), tensor.grad.numpy())
    theirs = torch.nn.functional.dropout(torch.ones(10000), p=0.8)
    ours, _ = activation.dropout_forward(np.ones(10000), p=0.8, rng=0)
    assert theirs.max().item() == pytest.approx(ours.max())
    assert (theirs == 0).double().mean().item() == pytest.approx(np.mean(ours == 0), abs=0.03)


@pytest.mark.parametrize("version", DROPOUT)
@pytest.mark.parametrize("p", [-0.1, 1, 1.5, float("nan")])
def test_a_p_out_of_range_is_refused(version, p):
    with pytest.raises(ValueError, match=rf"p \(={p}\) must be at least 0 and below 1"):
        DROPOUT[version](np.ones(3), p=p)


@pytest.mark.parametrize("layer", [layer for layer in LAYERS if "training" not in layer])
def test_a_dout_of_another_shape_is_refused(layer):
    forward, backward = LAYERS[layer]
    with pytest.raises(ValueError, match=r"dout \(shape \(3,\)\) must be shaped as the layer's output: \(2, 3\)"):
        backward(np.zeros(3), forward(np.zeros((2, 3)))[1])
