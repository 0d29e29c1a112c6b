"""The lowering: overlapping rows times a filter's rows are the convolution, and nothing is copied on the way."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnn_core.conv import conv2d_forward_naive
from cnn_core.machine.lowering import (
    add_back,
    by_rows,
    from_rows,
    lower,
    lower_batch_last,
    lower_moved,
    stacked,
    strips,
)
from cnn_core.window import Window
from tests.dirt import dirty_memory

pads = st.integers(0, 2)
pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@st.composite
def cases(draw):
    window = Window.of(
        draw(pairs),
        draw(st.tuples(st.integers(1, 5), st.integers(1, 5))),
        ((draw(pads), draw(pads)), (draw(pads), draw(pads))),
        draw(pairs),
    )
    size = [max(1, window.span[axis] - sum(window.padding[axis])) + draw(st.integers(0, 4)) for axis in (0, 1)]
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    channels = draw(st.integers(1, 3))
    x = rng.integers(-4, 5, (draw(st.integers(1, 4)), channels, *size)).astype(np.float64)
    return window, x, rng.integers(-4, 5, (draw(st.integers(1, 3)), channels, *window.kernel_size)).astype(np.float64)


def multiplied(windows, weight, groups):
    """(G, O, K, M) -> (F, O, M): a strip's part of the convolution."""
    made = by_rows(weight, groups)[:, None] @ windows
    return made.swapaxes(1, 2).reshape(len(weight), windows.shape[1], windows.shape[3])


@settings(max_examples=200)
@given(cases(), st.sampled_from([1, 2]))
def test_the_products_of_all_strips_are_the_convolution(case, groups):
    window, x, weight = case
    x, weight = np.repeat(x, groups, axis=1), np.repeat(weight, groups, axis=0)
    n, c, *size = x.shape
    oh, ow = window.output_size(size)
    options = {"stride": window.stride, "padding": window.padding, "dilation": window.dilation}
    expected, _ = conv2d_forward_naive(x, weight, np.zeros(len(weight)), groups=groups, **options)
    made = np.full((n, len(weight), oh, ow), np.nan)
    images = x.reshape(n, groups, c // groups, *size)
    for strip in strips(window, size):
        with dirty_memory():
            lowered = lower(images, window, strip)
            windows = stacked(lowered, window.kernel_size[0], strip.step)
        assert lowered.shape == (groups, strip.height, c // groups * window.kernel_size[1], n * ow)
        assert np.shares_memory(windows[:, 0], lowered)
        assert np.shares_memory(windows[:, -1], lowered)
        part = multiplied(windows, weight, groups).reshape(len(weight), -1, n, ow)
        made[:, :, strip.out] = part.transpose(2, 0, 1, 3)
    np.testing.assert_array_equal(made, expected)


@settings(max_examples=200)
@given(cases(), st.sampled_from([1, 2]), st.sampled_from([np.float32, np.float64]))
def test_in_one_line_the_first_windows_of_an_image_are_its_own(case, groups, dtype):
    window, x, _ = case
    reach = window.span[1] - 1  # the padding is no wider
    beside = min(window.padding[1][0], reach), min(window.padding[1][1], reach)
    window = Window(window.kernel_size, (window.stride[0], 1), (window.padding[0], beside), window.dilation)
    assume(x.shape[3] + sum(beside) >= window.span[1])
    x = np.repeat(x, groups, axis=1).astype(dtype)
    n, c, *size = x.shape
    ow, row = window.output_size(size)[1], size[1] + max(window.padding[1])
    images = x.reshape(n, groups, c // groups, *size)
    for strip in strips(window, size):
        expected = lower(images, window, strip, fresh=True)
        with dirty_memory():
            lowered = lower_moved(images, window, strip)
        assert lowered.shape == (*expected.shape[:3], n * row)
        assert lowered.dtype == dtype
        assert lowered.strides[2] % 64 == 0  # whole lines of the cache
        own = lowered.reshape(*lowered.shape[:3], n, row)[..., :ow]
        np.testing.assert_array_equal(own, expected.reshape(own.shape))
        assert np.isfinite(lowered).all()  # nothing that was there before


@settings(max_examples=200)
@given(cases())
def test_add_back_is_the_adjoint_of_lower(case):
    window, x, _ = case
    images = x[:, None]
    rng = np.random.default_rng(1)
    for strip in strips(window, x.shape[2:]):
        lowered = lower(images, window, strip, fresh=True)
        dlowered = rng.integers(-4, 5, lowered.shape) * 1.0
        dimages = np.zeros_like(images)
        add_back(dlowered, window, strip, dimages)
        assert np.vdot(dlowered, lowered) == np.vdot(dimages, images)


@pytest.mark.parametrize(
    ("stride", "dilation", "found"),
    [
        (1, 1, [(slice(0, None, 1), 8, 1)]),
        (2, 1, [(slice(0, None, 1), 7, 2)]),  # of 8 rows the last is left over
        (4, 1, [(slice(0, None, 1), 6, 3)]),  # rows 3 and 7 are seen by no window
        (1, 2, [(slice(0, None, 2), 4, 1), (slice(1, None, 2), 4, 1)]),
        (2, 2, [(slice(0, None, 1), 4, 1)]),
        (3, 2, [(slice(0, None, 2), 3, 3), (slice(1, None, 2), 3, 3)]),
    ],
)
def test_a_dilated_height_makes_strips_and_a_large_step_leaves_rows_out(stride, dilation, found):
    window = Window.of(3, (stride, 1), 0, (dilation, 1))
    assert [(strip.out, strip.height, strip.step) for strip in strips(window, (8, 3))] == found


@settings(max_examples=100)
@given(cases(), st.sampled_from([np.float32, np.float64]))
def test_with_the_batch_last_the_product_is_the_convolution(case, dtype):
    window, x, weight = case
    window = Window(window.kernel_size, window.stride, window.padding, (1, window.dilation[1]))
    n, (oh, ow) = len(x), window.output_size(x.shape[2:])
    options = {"stride": window.stride, "padding": window.padding, "dilation": window.dilation}
    expected, _ = conv2d_forward_naive(x, weight, np.zeros(len(weight)), **options)
    with dirty_memory():
        lowered = lower_batch_last(x.astype(dtype), window)
        windows = stacked(lowered, window.kernel_size[0], window.stride[0])
    assert lowered.dtype == windows.dtype == dtype
    assert lowered.shape == (window.padded_size(x.shape[2:])[0], weight.shape[1] * weight.shape[3], ow * n)
    assert windows.shape == (oh, weight[0].size, ow * n)
    made = (by_rows(weight)[0] @ windows).reshape(oh, len(weight), ow, n)
    np.testing.assert_array_equal(made.transpose(3, 1, 0, 2), expected)


@pytest.mark.parametrize("step", [1, 2, 3])
def test_windows_are_a_view_in_which_rows_overlap(step):
    lowered = np.arange(8.0 * 2 * 3).reshape(8, 2, 3)
    windows = stacked(lowered, 3, step)
    assert np.shares_memory(windows, lowered)
    for number, top in enumerate(range(0, 6, step)):
        np.testing.assert_array_equal(windows[number], lowered[top : top + 3].reshape(6, 3))
    assert not windows.flags.writeable


def test_a_row_of_the_image_is_what_each_kernel_column_meets():
    x = np.arange(1.0, 9).reshape(2, 1, 1, 4)  # two images of one row
    window = Window.of((1, 3), 1, ((0, 0), (1, 0)))
    last = lower_batch_last(x, window).reshape(3, 3, 2)  # kernel column, output column, image
    beside = lower(x[:, None], window, strips(window, (1, 4))[0], fresh=True).reshape(3, 2, 3)
    for one_by_one in (last, beside.swapaxes(1, 2)):  # here the images are before the output columns
        np.testing.assert_array_equal(one_by_one[..., 0], [[0, 1, 2], [1, 2, 3], [2, 3, 4]])
        np.testing.assert_array_equal(one_by_one[..., 1], [[0, 5, 6], [5, 6, 7], [6, 7, 8]])


@settings(max_examples=50)
@given(st.tuples(*[st.integers(1, 4)] * 4))
def test_from_rows_undoes_by_rows(shape):
    weight = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    rows = by_rows(weight)[0]
    back = from_rows(rows, shape)
    np.testing.assert_array_equal(back, weight)
    np.testing.assert_array_equal(by_rows(back)[0], rows)
    assert (back.dtype, back.flags.c_contiguous) == (weight.dtype, True)
    f, c, kh, kw = shape
    assert rows.shape == (f, kh * c * kw)
    np.testing.assert_array_equal(rows[-1, :kw], weight[-1, 0, 0])  # rows first, then channels
    np.testing.assert_array_equal(rows[-1, -kw:], weight[-1, -1, -1])
