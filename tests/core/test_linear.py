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


@pytest.mark.parametrize("version", FORWARD)
@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64, bool])
def test_whole_numbers_are_computed_in_float64(version, dtype):
    x, weight = np.array([[100, 100]]).astype(dtype), np.array([[2], [2]]).astype(dtype)
    out, cache = FORWARD[version](x, weight, np.zeros(1, dtype))
    assert out.tolist() == [[2 if dtype is bool else 400]]
    dout = np.array([[100]]).astype(dtype)
    dx, dweight, dbias = BACKWARD[version](dout, cache)
    assert [dx.tolist(), dweight.tolist(), dbias.tolist()] == [
        (float(dout[0, 0]) * weight.T).tolist(), (float(dout[0, 0]) * x.T).tolist(), [float(dout[0, 0])]
    ]  # fmt: skip
    assert {out.dtype, dx.dtype, dweight.dtype, dbias.dtype} == {np.dtype(np.float64)}


@pytest.mark.parametrize("version", FORWARD)
def test_small_whole_numbers_do_not_wrap_around(version):
    out, _ = FORWARD[version](np.array([[200, 200]], np.uint8), np.array([[2], [2]], np.uint8), np.zeros(1, np.uint8))
    assert out.tolist() == [[800]]


@pytest.mark.parametrize("version", FORWARD)
def test_float16_is_computed_in_float32_and_comes_back_as_float16(version):
    ones = np.ones((4096, 1), np.float16)
    out, cache = FORWARD[version](ones, ones[:1], ones[0])
    gradients = BACKWARD[version](ones, cache)
    assert {array.dtype for array in (out, *gradients)} == {np.dtype(np.float16)}
    assert (gradients[1].item(), gradients[2].item()) == (4096, 4096)
    assert FORWARD[version](ones.T, ones, ones[0])[0].item() == 4096  # 4097 in float32


@pytest.mark.parametrize("version", FORWARD)
def test_without_a_bias(version):
    x, weight, bias = make((3, 4), 5)
    out, cache = FORWARD[version](x, weight, None)
    dout = np.random.default_rng(1).standard_normal(out.shape)
    expected, expected_cache = FORWARD[version](x, weight, 0 * bias)
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(FORWARD[version](x, weight)[0], out)
    for ours, theirs in zip(BACKWARD[version](dout, cache), BACKWARD[version](dout, expected_cache), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("version", FORWARD)
def test_lists_are_taken_and_what_has_no_meaning_is_refused(version):
    assert FORWARD[version]([[1, 2]], [[3], [4]], [5])[0].tolist() == [[16]]
    good = [np.ones((2, 3)), np.ones((3, 1)), np.ones(1)]
    for place, name in enumerate(["x", "weight", "bias"]):
        for bad in (good[place].astype(complex), good[place].astype(str), good[place].astype(object)):
            with pytest.raises(ValueError, match=f"^{name} "):
                FORWARD[version](*(bad if number == place else array for number, array in enumerate(good)))
    with pytest.raises(ValueError, match=r"^dout "):
        BACKWARD[version](np.ones((2, 1), complex), FORWARD[version](*good)[1])


@pytest.mark.parametrize("version", FORWARD)
def test_a_cache_is_a_snapshot(version):
    inputs = make((3, 4), 5)
    out, cache = FORWARD[version](*inputs)
    dout = np.random.default_rng(1).standard_normal(out.shape)
    expected = [gradient.copy() for gradient in BACKWARD[version](dout, cache)]
    for array in (*inputs, out):
        array[...] = 0
    for ours, theirs in zip(BACKWARD[version](dout, cache), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("version", BACKWARD)
def test_sums_over_many_rows_lose_no_digits(version):
    rows = 200_000 if version == "fast" else 20_000
    dout = np.random.default_rng(0).random((rows, 3), dtype=np.float32) - np.float32(0.3)
    _, cache = linear.linear_forward(np.zeros((rows, 0), np.float32), np.zeros((0, 3), np.float32))
    exact = dout.sum(axis=0, dtype=np.float64)
    eps = np.finfo(np.float32).eps
    assert np.max(np.abs(BACKWARD[version](dout, cache)[2] / exact - 1)) < 0.6 * eps  # PyTorch: 0.7


@pytest.mark.parametrize("version", FORWARD)
def test_a_dout_of_another_dtype_gives_gradients_of_the_layers(version):
    _, cache = FORWARD[version](*make((3, 4), 5, np.float32))
    for dtype in (np.float16, np.float64, np.int8):
        assert {g.dtype for g in BACKWARD[version](np.ones((3, 5), dtype), cache)} == {np.dtype(np.float32)}


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
