"""Convolution: both versions against fixed answers, each other, numeric gradients and PyTorch."""

from itertools import product

import numpy as np
import pytest

from cnn_core import conv
from cnn_core.gradient_check import numeric_gradient, projection_error, relative_error

FORWARD = {"naive": conv.conv2d_forward_naive, "fast": conv.conv2d_forward}
BACKWARD = {"naive": conv.conv2d_backward_naive, "fast": conv.conv2d_backward}

# (channels, filters, image, kernel, options): sizes odd and even, pairs, strides that do not divide
GRID = [
    (channels, filters, size, kernel, {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups})
    for (channels, filters, groups) in [(1, 1, 1), (3, 2, 1), (4, 6, 2), (3, 3, 3)]
    for size, kernel in [((5, 5), (3, 3)), ((7, 6), (2, 3)), ((4, 9), (1, 4))]
    for stride, padding, dilation in product([1, 2, (1, 3)], [0, (1, 2), ((0, 1), (2, 0)), "same"], [1, (1, 2)])
    if not (padding == "same" and stride != 1)
    and (dilation == 1 or kernel[1] < 4 or size[1] >= 7)
]  # fmt: skip


def make(channels, filters, size, kernel, options, dtype=np.float64):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, channels, *size)).astype(dtype)
    weight = rng.standard_normal((filters, channels // options.get("groups", 1), *kernel)).astype(dtype)
    return x, weight, rng.standard_normal(filters).astype(dtype)


@pytest.mark.parametrize("version", FORWARD)
def test_forward_gives_the_courses_numbers(version):
    x = np.linspace(-0.1, 0.5, 2 * 3 * 4 * 4).reshape(2, 3, 4, 4)
    weight = np.linspace(-0.2, 0.3, 3 * 3 * 4 * 4).reshape(3, 3, 4, 4)
    out, _ = FORWARD[version](x, weight, np.linspace(-0.1, 0.2, 3), stride=2, padding=1)
    expected = [
        [
            [[-0.08759809, -0.10987781], [-0.18387192, -0.2109216]],
            [[0.21027089, 0.21661097], [0.22847626, 0.23004637]],
            [[0.50813986, 0.54309974], [0.64082444, 0.67101435]],
        ],
        [
            [[-0.98053589, -1.03143541], [-1.19128892, -1.24695841]],
            [[0.69108355, 0.66880383], [0.59480972, 0.56776003]],
            [[2.36270298, 2.36904306], [2.38090835, 2.38247847]],
        ],
    ]
    np.testing.assert_allclose(out, expected, atol=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", GRID, ids=str)
def test_fast_agrees_with_naive(case, dtype):
    *shape, options = case
    x, weight, bias = make(*shape, options, dtype)
    results = {}
    for version in FORWARD:
        out, cache = FORWARD[version](x, weight, bias, **options)
        dout = np.random.default_rng(1).standard_normal(out.shape).astype(dtype)
        results[version] = [out, *BACKWARD[version](dout, cache)]
    for naive, fast in zip(results["naive"], results["fast"], strict=True):
        assert naive.dtype == fast.dtype == dtype
        assert naive.shape == fast.shape
        np.testing.assert_allclose(fast, naive, rtol=0, atol=1e-4 if dtype == np.float32 else 1e-12)


@pytest.mark.parametrize("case", GRID, ids=str)
def test_gradients_agree_with_differences_along_a_random_direction(case):
    *shape, options = case
    inputs = make(*shape, options)
    out, cache = conv.conv2d_forward(*inputs, **options)
    dout = np.random.default_rng(1).standard_normal(out.shape)
    error = projection_error(
        lambda *args: conv.conv2d_forward(*args, **options)[0], inputs, conv.conv2d_backward(dout, cache), dout
    )
    assert error < 1e-7


def test_gradients_agree_entry_by_entry():
    options = {"stride": 2, "padding": 1}
    inputs = make(3, 2, (5, 5), (3, 3), options)
    out, cache = conv.conv2d_forward(*inputs, **options)
    dout = np.random.default_rng(1).standard_normal(out.shape)
    for number, gradient in enumerate(conv.conv2d_backward(dout, cache)):

        def f(moved, number=number):
            return conv.conv2d_forward(*inputs[:number], moved, *inputs[number + 1 :], **options)[0]

        assert relative_error(gradient, numeric_gradient(f, inputs[number], dout)) < 1e-7


@pytest.mark.parametrize("case", GRID, ids=str)
def test_pytorch_agrees(case):
    torch = pytest.importorskip("torch")
    *shape, options = case
    x, weight, bias = make(*shape, options)
    tensors = [torch.tensor(a, requires_grad=True) for a in (x, weight, bias)]
    out, cache = conv.conv2d_forward(x, weight, bias, **options)
    (top, bottom), (left, right) = cache.window.padding
    padded = torch.nn.functional.pad(tensors[0], (left, right, top, bottom))
    expected = torch.nn.functional.conv2d(padded, *tensors[1:], **(options | {"padding": 0}))
    dout = np.random.default_rng(1).standard_normal(out.shape)
    expected.backward(torch.tensor(dout))
    np.testing.assert_allclose(out, expected.detach().numpy(), atol=1e-12)
    for ours, tensor in zip(conv.conv2d_backward(dout, cache), tensors, strict=True):
        np.testing.assert_allclose(ours, tensor.grad.numpy(), atol=1e-12)


def test_the_input_gradient_can_be_left_out():
    options = {"padding": 1}
    out, cache = conv.conv2d_forward(*make(3, 2, (5, 5), (3, 3), options), **options)
    _, dweight, dbias = conv.conv2d_backward(out, cache)
    nothing, dweight_alone, dbias_alone = conv.conv2d_backward(out, cache, input_gradient=False)
    assert nothing.size == 0
    np.testing.assert_array_equal(dweight, dweight_alone)
    np.testing.assert_array_equal(dbias, dbias_alone)


def test_whole_numbers_give_float64():
    out, cache = conv.conv2d_forward(np.ones((1, 1, 3, 3), int), np.ones((1, 1, 2, 2), int), np.zeros(1, int))
    assert {out.dtype, *(g.dtype for g in conv.conv2d_backward(out, cache))} == {np.dtype(np.float64)}


@pytest.mark.parametrize("version", FORWARD)
@pytest.mark.parametrize(
    ("x", "weight", "bias", "options", "message"),
    [
        ((1, 3, 5), (2, 3, 3, 3), 2, {}, "x (shape (1, 3, 5)) must have 4 axes"),
        ((1, 3, 5, 5), (2, 2, 3, 3), 2, {}, "weight (shape (2, 2, 3, 3)) must have 3 channels"),
        ((1, 3, 5, 5), (2, 3, 3, 3), 3, {}, "bias (shape (3,)) must hold one number for each filter: shape (2,)"),
        ((1, 3, 5, 5), (2, 3, 3, 3), 2, {"groups": 2}, "groups (=2) must divide both the channels (=3)"),
        ((1, 3, 5, 5), (2, 3, 3, 3), 2, {"groups": 0}, "groups (=0) must be 1 or more"),
        ((1, 3, 5, 5), (2, 3, 7, 7), 2, {"padding": 0}, "must fit into the padded input (=5)"),
    ],
)
def test_misfits_are_named(version, x, weight, bias, options, message):
    with pytest.raises(ValueError) as error:
        FORWARD[version](np.zeros(x), np.zeros(weight), np.zeros(bias), **options)
    assert message in str(error.value)


@pytest.mark.parametrize("version", BACKWARD)
def test_a_dout_of_another_shape_is_refused(version):
    _, cache = conv.conv2d_forward(*make(3, 2, (5, 5), (3, 3), {}))
    with pytest.raises(ValueError, match=r"dout \(shape \(2, 2, 5, 5\)\) must be shaped as the layer's output"):
        BACKWARD[version](np.zeros((2, 2, 5, 5)), cache)
