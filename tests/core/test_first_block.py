"""Convolution, pooling and ReLU in one go: equal to the three layers one after the other, forward and backward.

Whole numbers give ties, and sums that are exact in any order. Memory is dirty: what is read before it is written is NaN.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_core.activation import relu_backward, relu_forward
from cnn_core.conv import conv2d_backward, conv2d_forward
from cnn_core.gradient_check import projection_error
from cnn_core.network import first_block
from cnn_core.network.first_block import conv_pool_backward, conv_pool_forward
from cnn_core.pool import max_pool2d_backward, max_pool2d_forward
from cnn_core.window import Window
from tests.dirt import dirty_memory

pads = st.integers(0, 2)
dtypes = st.sampled_from([np.float32, np.float64])
paddings = st.one_of(
    st.just("same"), st.just(0), pads, st.tuples(pads, pads), st.tuples(st.tuples(pads, pads), st.tuples(pads, pads))
)


def layers_forward(x, weight, bias, padding):
    """The three layers; the result with the batch last, as first_block has it."""
    maps, conv_cache = conv2d_forward(x, weight, bias, padding=padding)
    pooled, pool_cache = max_pool2d_forward(maps, 2, stride=2)
    out, relu_cache = relu_forward(pooled)
    return out.transpose(1, 2, 3, 0), (conv_cache, pool_cache, relu_cache)


def layers_backward(dout, caches):
    conv_cache, pool_cache, relu_cache = caches
    dmaps = max_pool2d_backward(relu_backward(dout.transpose(3, 0, 1, 2), relu_cache), pool_cache)
    return conv2d_backward(dmaps, conv_cache, input_gradient=False)[1:]


def frozen(array, dtype):
    array = np.array(array, dtype=dtype)
    array.flags.writeable = False
    return array


@st.composite
def cases(draw):
    kernel = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    padding = draw(paddings)
    given_padding = Window.of(kernel, padding=padding).padding
    least = [max(1, kernel[axis] + 1 - sum(given_padding[axis])) for axis in (0, 1)]  # an output of two cells
    size = [draw(st.integers(cells, cells + 5)) for cells in least]
    channels, filters = draw(st.integers(1, 3)), draw(st.integers(0, 3))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    span = draw(st.sampled_from([1, 3]))  # few values: many ties
    x = rng.integers(-span, span + 1, (draw(st.integers(0, 5)), channels, *size))
    weight = rng.integers(-span, span + 1, (filters, channels, *kernel))
    bias = rng.integers(-span, span + 1, filters)
    return [frozen(array, draw(dtypes)) for array in (x, weight, bias)], padding


@settings(max_examples=150)
@given(cases(), dtypes, st.sampled_from([1, 1 << 10, first_block.CHUNK]), st.sampled_from([0, first_block.KEPT]))
def test_it_is_the_three_layers_in_one(case, dout_dtype, chunk, kept):
    inputs, padding = case
    dtype = np.result_type(*inputs[:2])
    expected, caches = layers_forward(*inputs, padding)
    dout = frozen(np.random.default_rng(1).integers(-4, 5, expected.shape), dout_dtype)
    with dirty_memory() as patch:
        patch.setattr(first_block, "CHUNK", chunk)
        patch.setattr(first_block, "KEPT", kept)
        out, cache = conv_pool_forward(*inputs, padding=padding)
        gradients = conv_pool_backward(dout, cache)
        again = conv_pool_backward(
            np.asfortranarray(dout), cache
        )  # the cache may be used again; any memory order will do
    for ours, theirs in zip([out, *gradients, *again], [expected, *2 * layers_backward(dout, caches)], strict=True):
        assert ours.dtype == dtype
        assert ours.shape == theirs.shape
        assert ours.flags.c_contiguous
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("kept", [0, first_block.KEPT])
def test_a_cache_outlives_another_forward_pass(kept, monkeypatch):
    monkeypatch.setattr(first_block, "KEPT", kept)
    rng = np.random.default_rng(5)
    x, other = rng.integers(-3, 4, (2, 3, 2, 8, 8)) * 1.0
    weight, bias = rng.integers(-3, 4, (4, 2, 3, 3)) * 1.0, np.zeros(4)
    expected, caches = layers_forward(x, weight, bias, 1)
    _, cache = conv_pool_forward(x, weight, bias, padding=1)
    conv_pool_forward(other, weight, bias, padding=1)
    for ours, theirs in zip(conv_pool_backward(expected, cache), layers_backward(expected, caches), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_tiny_chunk_makes_several_parts_and_the_last_may_be_smaller(monkeypatch):
    windows = np.zeros((10, 3, 4))
    monkeypatch.setattr(first_block, "CHUNK", 2 * 2 * 3 * 4 * 8)
    assert list(first_block._pairs(windows, slice(0, 5))) == [slice(0, 2), slice(2, 4), slice(4, 5)]
    assert list(first_block._pairs(windows, slice(2, 5))) == [slice(2, 4), slice(4, 5)]
    monkeypatch.setattr(first_block, "CHUNK", 1)
    assert len(list(first_block._pairs(windows, slice(0, 5)))) == 5


def test_of_equal_maxima_the_first_gets_the_gradient():
    out, cache = conv_pool_forward(np.ones((1, 1, 2, 2)), np.ones((1, 1, 2, 2)), np.ones(1), padding=((0, 1), (0, 1)))
    assert out.item() == 5  # windows of 4, 2, 2 and 1 cells
    x = np.arange(1.0, 10).reshape(1, 1, 3, 3)
    out, cache = conv_pool_forward(x, np.zeros((1, 1, 2, 2)), np.ones(1), padding=0)
    assert out.item() == 1
    dweight, dbias = conv_pool_backward(np.full((1, 1, 1, 1), 2.0), cache)
    np.testing.assert_array_equal(dweight[0, 0], [[2, 4], [8, 10]])  # the top left window, twice
    assert dbias.item() == 2


def test_what_relu_holds_back_gets_no_gradient():
    _, cache = conv_pool_forward(np.ones((1, 1, 2, 2)), np.ones((2, 1, 1, 1)), np.array([-1.0, -2.0]), padding=0)
    for gradient in conv_pool_backward(np.ones((2, 1, 1, 1)), cache):  # exactly 0, and below
        assert not gradient.any()


@pytest.mark.parametrize("padding", [0, "same", ((0, 2), (1, 0))], ids=str)
@pytest.mark.parametrize("size", [(7, 7), (8, 10), (7, 10)])
@pytest.mark.parametrize("kernel", [(1, 1), (2, 5), (3, 3), (6, 4)])
def test_gradients_agree_with_differences_along_a_random_direction(kernel, size, padding, monkeypatch):
    monkeypatch.setattr(first_block, "CHUNK", 1)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((3, 2, *size))
    inputs = rng.standard_normal((4, 2, *kernel)), rng.standard_normal(4)
    out, cache = conv_pool_forward(x, *inputs, padding=padding)
    dout = rng.standard_normal(out.shape)
    error = projection_error(
        lambda *moved: conv_pool_forward(x, *moved, padding=padding)[0],
        inputs,
        conv_pool_backward(dout, cache),
        dout,
        h=1e-6,
    )
    assert error < 1e-7


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_a_gradient_that_is_not_finite_reaches_only_what_won(bad, dtype):
    """Nothing is multiplied by a mask: infinity times 0 would be NaN."""
    rng = np.random.default_rng(2)
    x, weight = rng.integers(1, 4, (2, 1, 6, 6)).astype(dtype), rng.integers(-2, 3, (3, 1, 3, 3)).astype(dtype)
    out, caches = layers_forward(x, weight, np.zeros(3, dtype), 0)
    _, cache = conv_pool_forward(x, weight, np.zeros(3, dtype), padding=0)
    dout = np.ones(out.shape, dtype)
    dout[1, 0, 0, 0] = dout[2, 1, 1, 1] = bad
    for ours, theirs in zip(conv_pool_backward(dout, cache), layers_backward(dout, caches), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_misfits_are_named():
    x, weight, bias = np.zeros((2, 1, 3, 5)), np.zeros((4, 1, 3, 3)), np.zeros(4)
    with pytest.raises(ValueError, match=r"kernel_size \(=2.*: 2 cells of height\) must fit .*\(=1\)"):
        conv_pool_forward(x, weight, bias, padding=0)
    with pytest.raises(ValueError, match=r"kernel_size \(=7.*\) must fit .*\(=3\)"):
        conv_pool_forward(x, np.zeros((4, 1, 7, 7)), bias, padding=0)
    with pytest.raises(ValueError, match=r"bias \(shape \(3,\)\) must hold one number for each filter"):
        conv_pool_forward(x, weight, bias[:3], padding=0)
    out, cache = conv_pool_forward(x, weight, bias, padding="same")
    assert out.shape == (4, 1, 2, 2)
    with pytest.raises(ValueError, match=r"dout \(shape \(2, 4, 1, 2\)\) must be shaped as the layer's output"):
        conv_pool_backward(np.zeros((2, 4, 1, 2)), cache)
