"""The fully connected layer: both versions against the course's numbers, each other, differences and PyTorch."""

import numpy as np
import pytest

from cnn_core import linear
from cnn_core.gradient_check import projection_error

FORWARD = {"naive": linear.linear_forward_naive, "fast": linear.linear_forward}
BACKWARD = {"naive": linear.linear_backward_naive, "fast": linear.linear_backward}
SHAPES = [((3, 4), 5), ((2, 3, 2, 2), 4), ((1, 6), 1), ((4, 1), 3), ((0, 4), 2)]


def make(shape, outputs, dtype=np.float64):
    rng = np.random.default_rng(0)
    inputs = shape, (int(np.prod(shape[1:])), outputs), (outputs,)
    return [rng.standard_normal(size).astype(dtype) for size in inputs]


@pytest.mark.parametrize("version", FORWARD)
def test_forward_gives_the_courses_numbers(version):
    x = np.linspace(-0.1, 0.5, 240).reshape(2, 4, 5, 6)
    weight = np.linspace(-0.2, 0.3, 360).reshape(120, 3)
    out, _ = FORWARD[version](x, weight, np.linspace(-0.3, 0.1, 3))
    np.testing.assert_allclose(
        out, [[1.49834967, 1.70660132, 1.91485297], [3.25553199, 3.5141327, 3.77273342]], atol=1e-8
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("shape", "outputs"), SHAPES)
def test_fast_agrees_with_naive(shape, outputs, dtype):
    results = {}
    for version in FORWARD:
        out, cache = FORWARD[version](*make(shape, outputs, dtype))
        dout = np.random.default_rng(1).standard_normal(out.shape).astype(dtype)
        results[version] = [out, *BACKWARD[version](dout, cache)]
    for naive, fast in zip(results["naive"], results["fast"], strict=True):
        assert naive.dtype == fast.dtype == dtype
        np.testing.assert_allclose(fast, naive, rtol=0, atol=1e-5 if dtype == np.float32 else 1e-13)


@pytest.mark.parametrize("version", FORWARD)
@pytest.mark.parametrize(("shape", "outputs"), SHAPES)
def test_gradients_agree_with_differences(version, shape, outputs):
    inputs = make(shape, outputs)
    out, cache = FORWARD[version](*inputs)
    dout = np.random.default_rng(1).standard_normal(out.shape)
    gradients = BACKWARD[version](dout, cache)
    assert [g.shape for g in gradients] == [a.shape for a in inputs]
    assert projection_error(lambda *args: FORWARD[version](*args)[0], inputs, gradients, dout) < 1e-8


@pytest.mark.parametrize(("shape", "outputs"), SHAPES)
def test_pytorch_agrees_and_stores_the_transpose(shape, outputs):
    torch = pytest.importorskip("torch")
    x, weight, bias = (torch.tensor(a, requires_grad=True) for a in make(shape, outputs))
    expected = torch.nn.functional.linear(x.flatten(1), weight.T, bias)
    out, cache = linear.linear_forward(*make(shape, outputs))
    np.testing.assert_allclose(out, expected.detach().numpy(), atol=1e-13)
    dout = np.random.default_rng(1).standard_normal(out.shape)
    expected.backward(torch.tensor(dout))
    for ours, tensor in zip(linear.linear_backward(dout, cache), (x, weight, bias), strict=True):
        np.testing.assert_allclose(ours, tensor.grad.numpy(), atol=1e-13)


def test_whole_numbers_give_float64():
    out, cache = linear.linear_forward(np.ones((1, 2), int), np.ones((2, 3), int), np.zeros(3, int))
    assert {out.dtype, *(g.dtype for g in linear.linear_backward(out, cache))} == {np.dtype(np.float64)}


@pytest.mark.parametrize("version", FORWARD)
@pytest.mark.parametrize(
    ("x", "weight", "bias", "message"),
    [
        ((4,), (4, 3), (3,), "x (shape (4,)) must have 2 axes or more"),
        ((2, 4), (4,), (3,), "weight (shape (4,)) must have 2 axes: (D, M)"),
        ((2, 2, 3), (3, 6), (6,), "weight (shape (3, 6)) must have 6 rows"),
        ((2, 4), (4, 3), (4,), "bias (shape (4,)) must hold one number for each output: shape (3,)"),
    ],
)
def test_misfits_are_named(version, x, weight, bias, message):
    with pytest.raises(ValueError) as error:
        FORWARD[version](np.zeros(x), np.zeros(weight), np.zeros(bias))
    assert message in str(error.value)


@pytest.mark.parametrize("version", BACKWARD)
def test_a_dout_of_another_shape_is_refused(version):
    _, cache = linear.linear_forward(*make((3, 4), 5))
    with pytest.raises(ValueError, match=r"dout \(shape \(1, 5\)\) must be shaped as the layer's output: \(3, 5\)"):
        BACKWARD[version](np.zeros((1, 5)), cache)
