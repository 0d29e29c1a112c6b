"""Activations: both versions against each other, differences and PyTorch; what is not finite, what is tiny, what is kept."""

import platform

import numpy as np
import pytest

from cnn_core import activation
from cnn_core.gradient_check import projection_error

NAMES = ("relu", "leaky_relu", "tanh", "sigmoid")
VERSIONS = ("", "_naive")
SHAPES = [(), (7,), (3, 4), (2, 3, 4, 5), (0, 3)]
BAD = np.array([-np.inf, -1e4, -30.0, -0.0, 0.0, 30.0, 1e4, np.inf, np.nan])


def forward(name, version=""):
    return getattr(activation, f"{name}_forward{version}")


def backward(name, version=""):
    return getattr(activation, f"{name}_backward{version}")


def make(shape, dtype=np.float64, seed=0):
    """Numbers of both signs, none of them near the kink at 0."""
    rng = np.random.default_rng(seed)
    return np.asarray(rng.choice([-1, 1], shape) * rng.uniform(0.1, 4, shape), dtype=dtype)


@pytest.mark.parametrize("version", VERSIONS)
def test_relu_gives_the_courses_numbers(version):
    out, _ = forward("relu", version)(np.linspace(-0.5, 0.5, 12))
    expected = [0, 0, 0, 0, 0, 0, 0.04545455, 0.13636364, 0.22727273, 0.31818182, 0.40909091, 0.5]
    np.testing.assert_allclose(out, expected, atol=1e-8)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("name", "expected"), [("relu", [0, 0, 5]), ("leaky_relu", [0.05, 0.05, 5])])
def test_at_0_the_slope_is_the_one_below(name, version, expected):
    _, cache = forward(name, version)(np.array([-1.0, 0.0, 1.0]))
    np.testing.assert_allclose(backward(name, version)(np.full(3, 5.0), cache), expected)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", NAMES)
def test_gradients_agree_with_differences(name, version, shape):
    x, dout = make(shape), make(shape, seed=1)
    dx = backward(name, version)(dout, forward(name, version)(x)[1])
    assert projection_error(lambda x: forward(name, version)(x)[0], [x], [dx], dout) < 1e-7


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "g", "i8", "u1", "?"])
@pytest.mark.parametrize("name", NAMES)
def test_fast_agrees_with_naive(name, dtype, shape, order):
    x = np.array(make(shape), dtype=dtype, order=order)
    results = [forward(name, version)(x) for version in VERSIONS]
    dout = make(shape, results[0][0].dtype, seed=1)
    found = [
        [out, *(backward(name, version)(dout, cache) for version in VERSIONS)]  # each takes the other's cache
        for out, cache in results
    ]
    expected = np.dtype(dtype) if np.dtype(dtype).kind == "f" else np.float64
    for fast, naive in zip(*found, strict=True):
        assert fast.dtype == naive.dtype == expected
        assert fast.shape == naive.shape == shape
        np.testing.assert_allclose(fast, naive, rtol=4 * np.finfo(expected).eps)


@pytest.mark.parametrize("name", NAMES)
def test_blocks_change_nothing(name, monkeypatch):
    x, dout = make((5, 41)), make((5, 41), seed=1)
    monkeypatch.setattr("cnn_core.machine.in_place.BLOCK", 7)
    out, cache = forward(name)(x)
    slow, slow_cache = forward(name, "_naive")(x)
    np.testing.assert_allclose(out, slow, rtol=1e-15)
    np.testing.assert_allclose(backward(name)(dout, cache), backward(name, "_naive")(dout, slow_cache), rtol=1e-14)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", NAMES)
def test_a_cache_is_a_snapshot(name, version):
    x, dout = make((3, 4)), make((3, 4), seed=1)
    expected = backward(name, version)(dout, forward(name, version)(x.copy())[1])
    out, cache = forward(name, version)(x)
    x *= 0
    out *= 0
    np.testing.assert_array_equal(backward(name, version)(dout, cache), expected)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("name", "expected"), [("relu", [0, 0, 3, 0, 5]), ("leaky_relu", [np.inf, np.nan, 3, -np.inf, 5])]
)
def test_a_masked_gradient_is_selected_not_multiplied(name, version, expected):
    _, cache = forward(name, version)(np.array([-1.0, -1, 2, 0, 1]))
    np.testing.assert_array_equal(backward(name, version)(np.array([np.inf, np.nan, 3, -np.inf, 5]), cache), expected)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["relu", "leaky_relu"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_minus_0_and_nan_go_through(name, version, dtype):
    x = np.array([-0.0, 0.0, np.nan, np.inf] * 9, dtype)
    out, cache = forward(name, version)(x)
    np.testing.assert_array_equal(out, x)
    if platform.machine() in ("x86_64", "AMD64") or version or name != "relu":
        np.testing.assert_array_equal(np.signbit(out[:2]), [True, False])
    np.testing.assert_allclose(
        backward(name, version)(np.ones_like(x), cache)[:4],
        [0, 0, 1, 1] if name == "relu" else [0.01, 0.01, 0.01, 1],
        rtol=1e-3,
    )  # as in PyTorch


@pytest.mark.parametrize("version", VERSIONS)
def test_large_numbers_do_not_overflow(version):
    x = BAD[1:-2]
    np.testing.assert_allclose(
        forward("sigmoid", version)(x)[0], [0, 9.357622968839737e-14, 0.5, 0.5, 1, 1], rtol=1e-12
    )
    np.testing.assert_allclose(forward("tanh", version)(x)[0], [-1, -1, 0, 0, 1, 1])
    np.testing.assert_allclose(forward("leaky_relu", version)(x)[0], [-100, -0.3, 0, 0, 30, 1e4])
    for name in ("sigmoid", "tanh"):
        dx = backward(name, version)(np.ones(6), forward(name, version)(x)[1])
        np.testing.assert_array_equal(dx[[0, -1]], 0)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_what_is_nearly_0_keeps_its_digits(name, dtype, version):
    """Out and slope within a few eps of what they are, also where out is next to 0, 1 or -1."""
    reach = 85 if dtype == np.float32 else 700
    x = np.r_[-17, -20, 17, 20, 9, -9, np.linspace(-reach, reach, 401) / (2 if name == "tanh" else 1)].astype(dtype)
    out, cache = forward(name, version)(x)
    dx = backward(name, version)(np.ones_like(x), cache)
    exact = x.astype(np.longdouble)
    if name == "sigmoid":
        power = np.exp(-exact)
        expected, slope = 1 / (1 + power), power / (1 + power) ** 2
    else:
        expected, slope = np.tanh(exact), 1 / np.cosh(exact) ** 2
    for ours, right in ((out, expected), (dx, slope)):
        np.testing.assert_allclose(ours, right.astype(np.float64), rtol=6 * np.finfo(dtype).eps)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_sigmoid_of_minus_17_and_minus_20_in_float32(version):
    out, cache = forward("sigmoid", version)(np.array([-17, -20], np.float32))
    np.testing.assert_allclose(out, [4.1399375e-08, 2.0611537e-09], rtol=1e-6)
    np.testing.assert_allclose(backward("sigmoid", version)([1, 1], cache), [4.1399374e-08, 2.0611537e-09], rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", NAMES)
def test_pytorch_agrees(name, dtype):
    torch = pytest.importorskip("torch")
    x = np.r_[np.linspace(-3, 3, 13), BAD if name in ("relu", "leaky_relu") else BAD[1:-2]].astype(dtype)
    dout = np.r_[np.ones(x.size - 3), np.inf, np.nan, 2].astype(dtype)
    tensor = torch.tensor(x, requires_grad=True)
    out = {"relu": torch.relu, "leaky_relu": torch.nn.functional.leaky_relu}.get(name, getattr(torch, name, None))(
        tensor
    )
    out.backward(torch.tensor(dout))
    mine, cache = forward(name)(x)
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(mine, out.detach().numpy(), rtol=8 * eps, atol=np.finfo(dtype).tiny)
    np.testing.assert_array_equal(np.signbit(mine), np.signbit(out.detach().numpy()))
    np.testing.assert_allclose(backward(name)(dout, cache), tensor.grad.numpy(), rtol=8 * eps, atol=2 * eps)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", NAMES)
def test_lists_are_taken_and_what_has_no_meaning_is_refused(name, version):
    out, cache = forward(name, version)([[1, -2], [3, 4]])
    assert out.shape == backward(name, version)([[1, 1], [1, 1]], cache).shape == (2, 2)
    for wrong in (np.ones(2, complex), np.array(["1"]), None, np.ma.array([1.0], mask=[True])):
        with pytest.raises(ValueError, match="x "):
            forward(name, version)(wrong)
        with pytest.raises(ValueError, match="dout "):
            backward(name, version)(wrong, cache)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", NAMES)
def test_a_gradient_of_another_shape_is_named(name, version):
    _, cache = forward(name, version)(np.ones((2, 3)))
    for shape in ((3, 2), (3,), (1, 3)):
        with pytest.raises(ValueError, match=r"dout \(shape .*\) must be shaped as the layer's output: \(2, 3\)"):
            backward(name, version)(np.ones(shape), cache)
