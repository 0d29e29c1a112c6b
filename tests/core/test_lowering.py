"""The lowering: overlapping rows times a filter's rows are the convolution, and nothing is copied on the way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_core.conv import conv2d_forward_naive
from cnn_core.machine.lowering import by_rows, from_rows, lower, stacked
from cnn_core.window import Window
from tests.dirt import dirty_memory

pads = st.integers(0, 2)
pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@st.composite
def cases(draw):
    window = Window.of(draw(pairs), draw(pairs), ((draw(pads), draw(pads)), (draw(pads), draw(pads))), draw(pairs))
    size = [max(1, window.span[axis] - sum(window.padding[axis])) + draw(st.integers(0, 4)) for axis in (0, 1)]
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    channels = draw(st.integers(1, 3))
    x = rng.integers(-4, 5, (draw(st.integers(1, 4)), channels, *size)).astype(np.float64)
    return window, x, rng.integers(-4, 5, (draw(st.integers(1, 3)), channels, *window.kernel_size)).astype(np.float64)


@settings(max_examples=150, deadline=None)
@given(cases(), st.sampled_from([np.float32, np.float64]))
def test_the_product_is_the_convolution(case, dtype):
    window, x, weight = case
    n, (oh, ow) = len(x), window.output_size(x.shape[2:])
    options = {"stride": window.stride, "padding": window.padding, "dilation": window.dilation}
    expected, _ = conv2d_forward_naive(x, weight, np.zeros(len(weight)), **options)
    with dirty_memory():
        lowered = lower(x, window, np.dtype(dtype))
        windows = stacked(lowered, window)
    assert lowered.dtype == windows.dtype == dtype
    assert lowered.shape == (window.padded_size(x.shape[2:])[0], weight.shape[1] * weight.shape[3], ow * n)
    assert windows.shape == (oh, weight[0].size, ow * n)
    made = (by_rows(weight) @ windows).reshape(oh, len(weight), ow, n)
    np.testing.assert_array_equal(made.transpose(3, 1, 0, 2), expected)
    if window.dilation[0] == 1:
        assert np.shares_memory(windows[0], lowered)
        assert np.shares_memory(windows[-1], lowered)


@pytest.mark.parametrize(("dilation", "shared"), [(1, True), ((1, 2), True), ((2, 1), False)])
@pytest.mark.parametrize("stride", [1, 2, (3, 1)])
def test_windows_are_a_view_unless_the_height_is_dilated(stride, dilation, shared):
    window = Window.of(3, stride, 1, dilation)
    lowered = lower(np.ones((2, 3, 9, 9)), window, np.dtype(float))
    windows = stacked(lowered, window)
    assert np.shares_memory(windows, lowered) is shared
    if shared:
        assert windows.strides == (window.stride[0] * lowered.strides[0], *lowered.strides[1:])


def test_a_row_of_the_image_is_what_each_kernel_column_meets():
    x = np.arange(1.0, 9).reshape(2, 1, 1, 4)  # two images of one row
    lowered = lower(x, Window.of((1, 3), 1, ((0, 0), (1, 0))), x.dtype)
    one_by_one = lowered.reshape(3, 3, 2)  # kernel column, output column, image
    np.testing.assert_array_equal(one_by_one[..., 0], [[0, 1, 2], [1, 2, 3], [2, 3, 4]])
    np.testing.assert_array_equal(one_by_one[..., 1], [[0, 5, 6], [5, 6, 7], [6, 7, 8]])


@settings(max_examples=50, deadline=None)
@given(st.tuples(*[st.integers(1, 4)] * 4))
def test_from_rows_undoes_by_rows(shape):
    weight = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    rows = by_rows(weight)
    back = from_rows(rows, shape)
    np.testing.assert_array_equal(back, weight)
    np.testing.assert_array_equal(by_rows(back), rows)
    assert (back.dtype, back.flags.c_contiguous) == (weight.dtype, True)
    f, c, kh, kw = shape
    assert rows.shape == (f, kh * c * kw)
    np.testing.assert_array_equal(rows[-1, :kw], weight[-1, 0, 0])  # rows first, then channels
    np.testing.assert_array_equal(rows[-1, -kw:], weight[-1, -1, -1])
