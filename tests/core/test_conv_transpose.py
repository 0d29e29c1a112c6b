"""Transposed convolution: both versions against fixed answers, each other, convolution, numeric gradients and PyTorch."""

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cnn_core import conv
from cnn_core import conv_transpose as convt
from cnn_core.gradient_check import numeric_gradient, projection_error, relative_error
from cnn_core.window import Window

FORWARD = {"naive": convt.conv_transpose2d_forward_naive, "fast": convt.conv_transpose2d_forward}
BACKWARD = {"naive": convt.conv_transpose2d_backward_naive, "fast": convt.conv_transpose2d_backward}

# (channels, filters, image, kernel, options): sizes odd and even, pairs, every kind of output_padding a stride allows
GRID = [
    (channels, filters, size, kernel, {"stride": stride, "output_padding": output_padding} | rest)
    for (channels, filters, groups) in [(1, 1, 1), (3, 2, 1), (4, 6, 2), (3, 3, 3)]
    for size, kernel in [((3, 3), (3, 3)), ((4, 3), (2, 3)), ((3, 5), (1, 4))]
    for stride, output_padding in [(1, 0), (2, 0), (2, 1), (2, (1, 0)), ((1, 3), 0), ((1, 3), (0, 2))]
    for padding, dilation in product([0, (1, 2), ((0, 1), (2, 0)), "same"], [1, (1, 2)])
    if not (padding == "same" and stride != 1)
    for rest in [{"padding": padding, "dilation": dilation, "groups": groups}]
]

# "A guide to convolution arithmetic", chapter 4, figures 4.1 to 4.7: i', k, s, p, a and the output's size o'
FIGURES = [
    (2, 3, 1, 0, 0, 4),
    (6, 4, 1, 2, 0, 5),
    (5, 3, 1, 1, 0, 5),
    (7, 3, 1, 2, 0, 5),
    (2, 3, 2, 0, 0, 5),
    (3, 3, 2, 1, 0, 5),
    (3, 3, 2, 1, 1, 6),
]


def make(channels, filters, size, kernel, options, dtype=np.float64):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, channels, *size)).astype(dtype)
    weight = rng.standard_normal((channels, filters // options.get("groups", 1), *kernel)).astype(dtype)
    return x, weight, rng.standard_normal(filters).astype(dtype)


def convolution(options):
    """The options of the convolution that leads back."""
    return {name: value for name, value in options.items() if name != "output_padding"}


@st.composite
def window_size_and_output_padding(draw):
    def both(least, most):
        return draw(st.integers(least, most)), draw(st.integers(least, most))

    window = Window.of(both(1, 4), both(1, 4), (both(0, 3), both(0, 3)), both(1, 4))
    size = both(1, 6)
    output_padding = tuple(draw(st.integers(0, stride - 1)) for stride in window.stride)
    for n, stride, span, padding, extra in zip(
        size, window.stride, window.span, window.padding, output_padding, strict=True
    ):
        assume((n - 1) * stride + span + extra > sum(padding))
    return window, size, output_padding


@given(window_size_and_output_padding())
def test_the_transposed_size_leads_back_with_the_output_padding_left_over(case):
    window, size, output_padding = case
    transposed = window.transposed_size(size, output_padding)
    assert min(transposed) >= 1
    assert window.output_size(transposed) == size
    assert window.leftover(transposed) == output_padding


@given(*[st.integers(1, 4)] * 3, *[st.integers(0, 3)] * 2, st.integers(1, 6))
def test_no_other_image_has_as_many_windows(kernel, stride, dilation, before, after, n):
    window = Window.of(kernel, stride, ((before, after), (before, after)), dilation)
    span = window.span[0]
    counts = {
        size: len(range(0, size + before + after - span + 1, stride)) for size in range(1, n * stride + span)
    }  # counted, not calculated
    sizes = [size for size, count in counts.items() if count == n]
    vanished = stride - len(sizes)  # the padding leaves nothing of these
    assert sizes == [window.transposed_size((n, n), extra)[0] for extra in range(vanished, stride)]
    for extra in range(vanished):
        with pytest.raises(ValueError, match="must be less than the transposed output"):
            window.transposed_size((n, n), extra)


@pytest.mark.parametrize("version", FORWARD)
@pytest.mark.parametrize("figure", FIGURES, ids=str)
def test_sizes_are_those_of_the_guides_figures(version, figure):
    size, kernel, stride, padding, output_padding, expected = figure
    out, _ = FORWARD[version](
        np.ones((1, 1, size, size)),
        np.ones((1, 1, kernel, kernel)),
        np.zeros(1),
        stride=stride,
        padding=padding,
        output_padding=output_padding,
    )
    assert out.shape == (1, 1, expected, expected)
    assert Window.of(kernel, stride, padding).output_size((expected, expected)) == (size, size)


@pytest.mark.parametrize("version", FORWARD)
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [1, 12, 120, 200]),
        ({"stride": (1, 2)}, [1, 10, 102, 20, 200]),
        ({"stride": (1, 4)}, [1, 10, 100, 0, 2, 20, 200]),
        ({"stride": (1, 2), "output_padding": (0, 1)}, [1, 10, 102, 20, 200, 0]),
        ({"stride": (1, 2), "padding": (0, 1)}, [10, 102, 20]),
        # The padding is cut off last: what output_padding then shows is the next number of the plane, not a zero.
        ({"stride": (1, 2), "padding": (0, 1), "output_padding": (0, 1)}, [10, 102, 20, 200]),
        ({"padding": ((0, 0), (0, 3))}, [1]),
        ({"padding": "same"}, [12, 120]),
        ({"dilation": (1, 2)}, [1, 2, 10, 20, 100, 200]),
    ],
    ids=str,
)
def test_forward_gives_numbers_made_by_hand(version, options, expected):
    x, weight = np.array([[[[1.0, 2.0]]]]), np.array([[[[1.0, 10.0, 100.0]]]])
    out, _ = FORWARD[version](x, weight, np.array([0.5]), **options)
    np.testing.assert_array_equal(out, [[[np.array(expected) + 0.5]]])


@pytest.mark.parametrize("version", FORWARD)
def test_windows_side_by_side_make_a_kronecker_product(version):
    x, weight, _ = make(1, 1, (3, 4), (2, 3), {})
    out, _ = FORWARD[version](x, weight, np.zeros(1), stride=(2, 3))
    for image, enlarged in zip(x, out, strict=True):
        np.testing.assert_allclose(enlarged[0], np.kron(image[0], weight[0, 0]), atol=1e-12)


@pytest.mark.parametrize("version", FORWARD)
def test_rows_and_columns_that_no_window_touches_hold_the_bias(version):
    inputs = make(3, 2, (3, 3), (2, 2), {})
    out, _ = FORWARD[version](*inputs, stride=4, output_padding=(2, 3))
    assert out.shape == (2, 2, 12, 13)
    for f in range(2):
        np.testing.assert_array_equal(out[:, f, 10:], inputs[2][f])
        np.testing.assert_array_equal(out[:, f, :, 10:], inputs[2][f])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", GRID, ids=str)
def test_fast_agrees_with_naive(case, dtype):
    *shape, options = case
    inputs = make(*shape, options, dtype)
    results = {}
    for version in FORWARD:
        out, cache = FORWARD[version](*inputs, **options)
        dout = np.random.default_rng(1).standard_normal(out.shape).astype(dtype)
        results[version] = [out, *BACKWARD[version](dout, cache)]
    for naive, fast in zip(results["naive"], results["fast"], strict=True):
        assert naive.dtype == fast.dtype == dtype
        assert naive.shape == fast.shape
        np.testing.assert_allclose(fast, naive, rtol=0, atol=1e-4 if dtype == np.float32 else 1e-12)


@pytest.mark.parametrize("case", GRID, ids=str)
def test_it_is_the_adjoint_of_convolution(case):
    *shape, options = case
    b, weight, _ = make(*shape, options)
    transposed, _ = convt.conv_transpose2d_forward(b, weight, np.zeros(shape[1]), **options)
    a = np.random.default_rng(1).standard_normal(transposed.shape)
    convolved, _ = conv.conv2d_forward_naive(a, weight, np.zeros(shape[0]), **convolution(options))
    assert convolved.shape == b.shape
    np.testing.assert_allclose(np.sum(convolved * b), np.sum(a * transposed), rtol=0, atol=1e-10)


@pytest.mark.parametrize("case", GRID, ids=str)
def test_gradients_agree_with_differences_along_a_random_direction(case):
    *shape, options = case
    inputs = make(*shape, options)
    out, cache = convt.conv_transpose2d_forward(*inputs, **options)
    dout = np.random.default_rng(1).standard_normal(out.shape)
    gradients = convt.conv_transpose2d_backward(dout, cache)
    error = projection_error(lambda *args: convt.conv_transpose2d_forward(*args, **options)[0], inputs, gradients, dout)
    assert error < 1e-7


def test_gradients_agree_entry_by_entry():
    options = {"stride": 2, "padding": 1, "output_padding": 1}
    inputs = make(3, 2, (4, 3), (3, 3), options)
    out, cache = convt.conv_transpose2d_forward(*inputs, **options)
    dout = np.random.default_rng(1).standard_normal(out.shape)
    for number, gradient in enumerate(convt.conv_transpose2d_backward(dout, cache)):

        def f(moved, number=number):
            return convt.conv_transpose2d_forward(*inputs[:number], moved, *inputs[number + 1 :], **options)[0]

        assert relative_error(gradient, numeric_gradient(f, inputs[number], dout)) < 1e-7


@pytest.mark.parametrize("case", GRID, ids=str)
def test_pytorch_agrees(case):
    torch = pytest.importorskip("torch")
    *shape, options = case
    inputs = make(*shape, options)
    tensors = [torch.tensor(a, requires_grad=True) for a in inputs]
    out, cache = convt.conv_transpose2d_forward(*inputs, **options)
    (top, bottom), (left, right) = cache.window.padding
    if (top, left) == (bottom, right):
        expected = torch.nn.functional.conv_transpose2d(*tensors, **(options | {"padding": (top, left)}))
    else:  # PyTorch takes the same padding on both sides only
        plane = torch.nn.functional.conv_transpose2d(*tensors, **(options | {"padding": 0}))
        expected = plane[..., top : plane.shape[-2] - bottom, left : plane.shape[-1] - right]
    dout = np.random.default_rng(1).standard_normal(out.shape)
    expected.backward(torch.tensor(dout))
    np.testing.assert_allclose(out, expected.detach().numpy(), atol=1e-12)
    for ours, tensor in zip(convt.conv_transpose2d_backward(dout, cache), tensors, strict=True):
        np.testing.assert_allclose(ours, tensor.grad.numpy(), atol=1e-12)


@pytest.mark.parametrize("version", FORWARD)
def test_whole_numbers_give_float64(version):
    ones = np.ones((1, 1, 2, 2), int)
    out, cache = FORWARD[version](ones, ones, np.zeros(1, int))
    dout = np.ones(out.shape, np.float32)
    assert {out.dtype, *(g.dtype for g in BACKWARD[version](dout, cache))} == {np.dtype(np.float64)}


@pytest.mark.parametrize("version", FORWARD)
def test_float32_stays_float32_beside_float64(version):
    x, weight, bias = make(3, 2, (3, 3), (3, 3), {}, np.float32)
    out, cache = FORWARD[version](x, weight, bias.astype(np.float64))
    gradients = BACKWARD[version](np.ones(out.shape), cache)
    assert {out.dtype, *(g.dtype for g in gradients)} == {np.dtype(np.float32)}


@pytest.mark.parametrize("version", FORWARD)
@pytest.mark.parametrize(
    ("x", "weight", "bias", "options", "message"),
    [
        ((3, 5, 5), (3, 2, 3, 3), 2, {}, "x (shape (3, 5, 5)) must have 4 axes: (N, C, H, W)"),
        ((1, 3, 5, 5), (3, 2, 3), 2, {}, "weight (shape (3, 2, 3)) must have 4 axes: (C, F / groups, KH, KW)"),
        ((1, 3, 5, 5), (2, 3, 3, 3), 3, {}, "weight (shape (2, 3, 3, 3)) must have 3 channels on its first axis"),
        ((1, 3, 5, 5), (3, 2, 3, 3), 3, {}, "bias (shape (3,)) must hold one number for each channel of the output"),
        ((1, 4, 5, 5), (4, 2, 3, 3), 2, {"groups": 2}, "each channel of the output: shape (4,)"),
        ((1, 3, 5, 5), (3, 2, 3, 3), 4, {"groups": 2}, "groups (=2) must divide the channels of x (=3)"),
        ((1, 3, 5, 5), (3, 2, 3, 3), 2, {"groups": 0}, "groups (=0) must be 1 or more"),
        ((1, 3, 5, 5), (3, 2, 3, 3), 2, {"stride": 0}, "stride (=0) must be 1 or more"),
        ((1, 3, 5, 5), (3, 2, 3, 3), 2, {"stride": 2, "padding": "same"}, 'padding (="same") needs stride 1'),
        ((1, 3, 5, 5), (3, 2, 3, 3), 2, {"output_padding": -1}, "output_padding (=-1) must be 0 or more"),
        ((1, 3, 5, 5), (3, 2, 3, 3), 2, {"output_padding": 0.5}, "output_padding (=0.5) must be a whole number"),
        ((1, 3, 5, 5), (3, 2, 3, 3), 2, {"output_padding": (0, 0, 0)}, "must be one whole number or a pair"),
        (
            (1, 3, 5, 5),
            (3, 2, 3, 3),
            2,
            {"stride": (3, 2), "output_padding": 2},
            "output_padding (=2) must be less than stride (=2): use at most 1 for the width, or a larger stride",
        ),
        (
            (1, 3, 2, 2),
            (3, 2, 3, 3),
            2,
            {"padding": ((1, 1), (2, 2))},
            "padding (=2 + 2 cells of width) must be less than the transposed output it is cut from (=4): "
            "make the padding smaller, or the input or the kernel larger",
        ),
        ((1, 3, 0, 5), (3, 2, 3, 3), 2, {}, "input_size (=0) must be 1 or more"),
    ],
)
def test_misfits_are_named(version, x, weight, bias, options, message):
    with pytest.raises(ValueError) as error:
        FORWARD[version](np.zeros(x), np.zeros(weight), np.zeros(bias), **options)
    assert message in str(error.value)


@pytest.mark.parametrize("version", BACKWARD)
def test_a_dout_of_another_shape_is_refused(version):
    # As large as with output_padding 0: convolution would take it without a word.
    _, cache = convt.conv_transpose2d_forward(*make(3, 2, (3, 3), (3, 3), {}), stride=2, output_padding=1)
    with pytest.raises(
        ValueError, match=r"dout \(shape \(2, 2, 7, 7\)\) must be shaped as the layer's output: \(2, 2, 8, 8\)"
    ):
        BACKWARD[version](np.zeros((2, 2, 7, 7)), cache)


@pytest.mark.parametrize(("channels", "filters", "groups"), [(1, 1, 1), (3, 2, 1), (4, 6, 2), (3, 3, 3)])
@pytest.mark.parametrize("stride", [1, 2, (3, 2)])
@pytest.mark.parametrize("padding", [0, 1, ((1, 0), (2, 1))])
@pytest.mark.parametrize("dilation", [1, (1, 2)])
def test_as_a_convolution_it_is_the_same_layer(channels, filters, groups, stride, padding, dilation):
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(channels, 4, 3)), rng.normal(size=(channels, filters // groups, 3, 3))
    window, output_padding = Window.of(3, stride, padding, dilation), 0 if stride == 1 else 1
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    zeros = np.zeros(filters)
    expected, _ = convt.conv_transpose2d_forward(x[None], weight, zeros, output_padding=output_padding, **options)
    apart, flipped, gathering, between = convt.as_convolution(
        x, weight, window, output_padding=output_padding, groups=groups
    )
    assert (apart[:, between] == 0).all()
    np.testing.assert_array_equal(np.sort(apart[:, ~between], axis=None), np.sort(x, axis=None))
    out, _ = conv.conv2d_forward(
        apart[None], flipped, zeros, padding=gathering.padding, dilation=gathering.dilation, groups=groups
    )
    np.testing.assert_allclose(out, expected, atol=1e-12)


def test_a_convolution_cannot_cut_off_more_than_its_kernel_adds():
    with pytest.raises(ValueError, match=r"padding \(=3\) must be at most 2, the kernel's reach"):
        convt.as_convolution(np.ones((1, 6, 6)), np.ones((1, 1, 3, 3)), Window.of(3, 1, 3))
