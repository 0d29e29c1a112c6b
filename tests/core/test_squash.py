"""Leaky ReLU, tanh, sigmoid: fast = naive, the gradient is the slope, large numbers stay finite, PyTorch agrees."""

import numpy as np
import pytest

from cnn_core import squash
from cnn_core.gradient_check import numeric_gradient

NAMES = ("leaky_relu", "tanh", "sigmoid")


def forward(name, kind=""):
    return getattr(squash, f"{name}_forward{kind}")


def backward(name, kind=""):
    return getattr(squash, f"{name}_backward{kind}")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_fast_and_naive_agree(name, dtype):
    rng = np.random.default_rng(0)
    x = (4 * rng.standard_normal((3, 4, 5))).astype(dtype)
    out, cache = forward(name)(x)
    naive, naive_cache = forward(name, "_naive")(x)
    assert out.dtype == naive.dtype == (dtype if dtype != np.int64 else np.float64)
    tolerance = 1e-6 if dtype == np.float32 else 1e-13
    np.testing.assert_allclose(out, naive, tolerance, tolerance)
    dout = rng.standard_normal(x.shape).astype(out.dtype)
    np.testing.assert_allclose(
        backward(name)(dout, cache), backward(name, "_naive")(dout, naive_cache), tolerance, tolerance
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_gradient_is_the_slope(name):
    rng = np.random.default_rng(1)
    x, dout = rng.standard_normal((2, 3, 4)), rng.standard_normal((2, 3, 4))
    expected = numeric_gradient(lambda x: forward(name)(x)[0], x, dout)
    np.testing.assert_allclose(backward(name)(dout, forward(name)(x)[1]), expected, 1e-6, 1e-8)


@pytest.mark.parametrize("kind", ["", "_naive"])
def test_large_numbers_do_not_overflow(kind):
    x = np.array([-1e4, -30.0, 0.0, 30.0, 1e4])
    np.testing.assert_allclose(forward("sigmoid", kind)(x)[0], [0, 9.357622968839737e-14, 0.5, 1, 1], atol=1e-15)
    np.testing.assert_allclose(forward("tanh", kind)(x)[0], [-1, -1, 0, 1, 1])
    np.testing.assert_allclose(forward("leaky_relu", kind)(x)[0], [-100, -0.3, 0, 30, 1e4])


@pytest.mark.parametrize("name", NAMES)
def test_pytorch_agrees(name):
    torch = pytest.importorskip("torch")
    x = np.linspace(-3, 3, 13)
    tensor = torch.tensor(x, requires_grad=True)
    out = {"leaky_relu": torch.nn.functional.leaky_relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}[name](tensor)
    out.sum().backward()
    mine, cache = forward(name)(x)
    np.testing.assert_allclose(mine, out.detach().numpy(), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(backward(name)(np.ones_like(x), cache), tensor.grad.numpy(), rtol=1e-12)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["", "_naive"])
def test_a_gradient_of_another_shape_is_named(name, kind):
    _, cache = forward(name, kind)(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"dout \(shape \(3, 2\)\)"):
        backward(name, kind)(np.ones((3, 2)), cache)
