"""dx as a gather: one sum a number makes the dx of the layer, exactly; so does the output of a transposed convolution."""

from itertools import product

import numpy as np
import pytest

from cnn_core import conv, conv_transpose
from cnn_core.walks import gather_conv_transpose2d, gather_dx, trace_conv2d
from cnn_core.window import Window

CASES = [
    (c, f, g, Window.of(kernel, stride, padding, dilation))
    for (c, f, g) in [(1, 1, 1), (3, 2, 1), (4, 6, 2), (3, 3, 3)]
    for kernel, stride, padding, dilation in product(
        [(3, 3), (3, 2)], [1, 2, (2, 3)], [0, 1, ((1, 0), (0, 1))], [1, (2, 1)]
    )
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_dx_gathered_is_the_dx_of_the_layer_and_of_its_walk(case):
    channels, filters, groups, window = case
    rng, size = np.random.default_rng(0), (7, 8)
    x, weight = (
        rng.integers(-99, 99, (channels, *size)) / 10,
        rng.integers(-99, 99, (filters, channels // groups, *window.kernel_size)) / 100,
    )
    options = {"stride": window.stride, "padding": window.padding, "dilation": window.dilation, "groups": groups}
    out, cache = conv.conv2d_forward_naive(x[None], weight, np.zeros(filters), **options)
    dout = rng.integers(-9, 9, out.shape[1:]) / 10
    dx, _, _ = conv.conv2d_backward_naive(dout[None], cache)
    walk = gather_dx(dout, weight, window, input_size=size, groups=groups)
    assert [(phase.name, phase.steps) for phase in walk.phases] == [("backward", dx.size)]
    counts = walk.replay()["out"]
    np.testing.assert_array_equal(counts, walk.grids["out"].counts)
    scattered = trace_conv2d(x, weight, None, window, groups=groups, dout=dout)
    assert walk.grids["out"].scale == scattered.grids["dx"].scale
    np.testing.assert_array_equal(counts, window.crop(scattered.replay()["dx"]))
    arrays = walk.arrays()
    assert set(arrays) == {"dout", "weight", "dx"}
    np.testing.assert_allclose(arrays["dx"], dx[0], rtol=0, atol=1e-9)
    np.testing.assert_array_equal(arrays["dout"], dout)
    np.testing.assert_array_equal(arrays["weight"], weight)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_a_transposed_convolution_spreads_is_gathered(case):
    filters, channels, groups, window = case
    rng, extra = np.random.default_rng(0), [stride - 1 for stride in window.stride]
    x = rng.integers(-99, 99, (channels, 4, 3)) / 10
    weight = rng.integers(-99, 99, (channels, filters // groups, *window.kernel_size)) / 100
    options = {"stride": window.stride, "padding": window.padding, "dilation": window.dilation, "groups": groups}
    out, _ = conv_transpose.conv_transpose2d_forward_naive(x[None], weight, output_padding=extra, **options)
    walk = gather_conv_transpose2d(x, weight, window, output_padding=extra, groups=groups)
    np.testing.assert_array_equal(walk.replay()["out"], walk.grids["out"].counts)
    for name, array in {"x": x, "weight": weight, "out": out[0]}.items():
        np.testing.assert_allclose(walk.arrays()[name], array, rtol=0, atol=1e-9, err_msg=name)


def test_between_the_cells_and_around_them_stand_zeros_that_are_marked():
    walk = gather_dx(np.arange(1, 5).reshape(1, 2, 2), np.ones((1, 1, 3, 3)), Window.of(3, 2, 1), input_size=(4, 4))
    counts = walk.grids["x"].counts[0]  # K - 1 - P = 1 around; 1 between; 4 + 2 - 3 is odd, so that a row is left over
    assert counts.tolist() == [[0] * 6, [0, 1, 0, 2, 0, 0], [0] * 6, [0, 3, 0, 4, 0, 0], [0] * 6, [0] * 6]
    np.testing.assert_array_equal(walk.blank, counts == 0)
    assert walk.window.stride == (1, 1)


def test_a_kernel_that_reaches_less_far_than_the_padding_is_refused():
    with pytest.raises(ValueError, match=r"padding \(=1\) must be at most 0, the kernel's reach"):
        gather_dx(np.ones((1, 5, 5)), np.ones((1, 1, 1, 1)), Window.of(1, 1, 1), input_size=(3, 3))


def test_a_gradient_of_another_size_is_named():
    with pytest.raises(ValueError, match=r"dout \(shape \(1, 2, 2\)\) must have \(3, 3\) rows and columns"):
        gather_dx(np.ones((1, 2, 2)), np.ones((1, 1, 3, 3)), Window.of(3), input_size=(5, 5))
