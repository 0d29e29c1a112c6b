"""Blur before stride: the weights of the paper, the sizes of a pooling, and the numbers of plain loops."""

import numpy as np
import pytest

from cnn_core.gradient_check import projection_error
from cnn_core.network import ConvBlock, Network, NetworkSpec, layer_table
from cnn_core.network.blur import blur_backward, blur_forward, blur_kernel, blur_window
from cnn_core.window import Window


def by_loops(x, stride):
    """Each output is the sum over its window, cell by cell; what lies outside is 0."""
    taps, (_, _, height, width) = 2 * stride - 1, x.shape
    kernel = blur_kernel(stride)
    rows, columns = (n // stride if n % stride == 0 else n // stride + 1 for n in (height, width))
    out = np.zeros((*x.shape[:2], rows, columns))
    for n, c, row, column in np.ndindex(*out.shape):
        for i in range(taps):
            for j in range(taps):
                y, z = row * stride + i - (stride - 1), column * stride + j - (stride - 1)
                if 0 <= y < height and 0 <= z < width:
                    out[n, c, row, column] += kernel[i, j] * x[n, c, y, z]
    return out


def test_the_weights_are_binomial_and_add_up_to_one():
    np.testing.assert_array_equal(blur_kernel(1), [[1]])
    np.testing.assert_array_equal(16 * blur_kernel(2), np.outer([1, 2, 1], [1, 2, 1]))
    np.testing.assert_array_equal(256 * blur_kernel(3), np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]))
    for stride in range(1, 9):
        assert blur_kernel(stride).sum() == 1
    with pytest.raises(ValueError, match=r"stride \(=0\) must be 1 or more"):
        blur_kernel(0)


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [(9, 8), (5, 4), (4, 7)])
def test_it_is_what_plain_loops_make_and_its_gradient_is_right(stride, size):
    x = np.random.default_rng(0).standard_normal((2, 3, *size))
    out, cache = blur_forward(x, stride)
    np.testing.assert_allclose(out, by_loops(x, stride), atol=1e-14)
    dout = np.random.default_rng(1).standard_normal(out.shape)
    dx = blur_backward(dout, cache)

    def moved(x):
        return float((blur_forward(x, stride)[0] * dout).sum())

    assert projection_error(moved, [x], [dx], h=1e-4) < 1e-9


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_after_max_pooling_with_stride_1_its_maps_are_as_large_as_those_of_a_pooling(size):
    for side in range(size, 20):
        fine = Window.of(size, 1).output_size((side, side))
        assert blur_window(size).output_size(fine) == Window.of(size, size).output_size((side, side))


def test_a_block_with_it_is_max_pooling_and_blur_and_its_field_is_wider():
    plans = [NetworkSpec((ConvBlock(4, pool=pool),), ()) for pool in ("max", "blur")]
    plain, blurred = (layer_table(plan, (1, 8, 8), 3) for plan in plans)
    assert [(row.name, row.description, row.output_shape) for row in blurred[3:5]] == [
        ("pool1", "max pooling 2×2, stride 1", (4, 7, 7)),
        ("blur1", "blur 3×3, stride 2", (4, 4, 4)),
    ]
    assert (plain[3].receptive_field, blurred[4].receptive_field) == ((4, 4), (6, 6))
    assert plain[-1].parameters == blurred[-1].parameters
    network = Network(plans[1], (1, 8, 8), 3)
    x = np.random.default_rng(2).standard_normal((2, 1, 8, 8)).astype(np.float32)
    maps = network.feature_maps(x)
    views = np.lib.stride_tricks.sliding_window_view(maps["relu1"], (2, 2), axis=(2, 3))
    np.testing.assert_allclose(maps["blur1"], by_loops(views.max(axis=(4, 5)), 2), atol=1e-6)


def test_an_even_map_minds_a_shift_less_than_with_max_pooling():
    """A thin line that moves by one pixel: max pooling says two different things, or the same; the blur moves a little."""
    line = np.zeros((1, 1, 12, 12))
    line[..., 5] = 1
    other = np.roll(line, 1, axis=3)
    fine = [
        np.lib.stride_tricks.sliding_window_view(one, (2, 2), axis=(2, 3)).max(axis=(4, 5)) for one in (line, other)
    ]
    plain = [maps[..., ::2, ::2] for maps in fine]
    blurred = [blur_forward(maps, 2)[0] for maps in fine]
    assert np.abs(blurred[0] - blurred[1]).max() < np.abs(plain[0] - plain[1]).max()
