"""The fast layers against the loops and the plain im2col, searched over shapes and options: equal to the last bit.

All numbers are whole and small, so sums are exact in any order and in float32 too. Fresh and passing memory is dirty:
what a layer reads before it writes is NaN. Whatever a layer is given is read-only.
"""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import cnn_core as cc
from cnn_core import conv, pool
from cnn_core.machine import maxima, plan
from cnn_core.speed import vectorized
from cnn_core.window import Window
from tests.dirt import dirty_memory

search = settings(max_examples=150)
dtypes = st.sampled_from([np.float32, np.float64])
pads = st.integers(0, 2)
pairs = st.tuples(st.integers(1, 4), st.integers(1, 4))
paddings = st.one_of(pads, st.tuples(pads, pads), st.tuples(st.tuples(pads, pads), st.tuples(pads, pads)))


def short(draw, pair):
    """A pair, or its short form where it has one."""
    return pair[0] if pair[0] == pair[1] and draw(st.booleans()) else pair


def size_for(draw, window):
    """An image of which the window sees something; a few cells may be left over."""
    span, padding = window.span, window.padding
    return tuple(max(1, span[axis] - sum(padding[axis])) + draw(st.integers(0, 4)) for axis in (0, 1))


def frozen(array, dtype, *, turned=False):
    """A read-only array; turned: with the axes the other way round in memory."""
    array = np.array(array, dtype=dtype, order="F" if turned else "C")
    array.flags.writeable = False
    return array


@st.composite
def conv_cases(draw):
    """Inputs (x, weight, bias), options, and how the fast one cuts its work: the constants of machine/plan.py."""
    groups = draw(st.sampled_from([1, 1, 2, 3, 4]))
    channels, filters = draw(st.sampled_from([(1, 1), (1, 2), (2, 1), (2, 3), (3, 2), (1, 0)]))
    kernel, stride, gap = draw(pairs), draw(pairs), draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    if draw(st.booleans()):  # rows in one line
        groups, channels, filters, stride = max(2, groups), 1, 1, (1, 1)
    options = {"stride": short(draw, stride), "dilation": short(draw, gap), "groups": groups}
    options["padding"] = "same" if stride == (1, 1) and draw(st.booleans()) else draw(paddings)
    window = Window.of(kernel, stride, options["padding"], gap)
    size = size_for(draw, window)
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    x = rng.integers(-4, 5, (draw(st.integers(0, 5)), groups * channels, *size))
    weight = rng.integers(-4, 5, (groups * filters, channels, *kernel))
    x, weight = (frozen(array, draw(dtypes), turned=draw(st.booleans())) for array in (x, weight))
    bias = frozen(rng.integers(-4, 5, groups * filters), draw(dtypes))
    one = x.shape[1] * math.prod(kernel) * math.prod(window.output_size(size)) * np.result_type(x, weight).itemsize
    cut = {
        "BLOCK": draw(st.sampled_from([1, 2 * one, 3 * one, plan.BLOCK])),
        "KEPT": draw(st.sampled_from([0, plan.KEPT])),
        "NARROW": draw(st.sampled_from([0, 6, plan.NARROW, 1 << 30])),  # the last: never by images
        "SMALL": draw(st.sampled_from([-(1 << 40), plan.SMALL])),  # the first: never at once
        "TALL": draw(st.sampled_from([0, plan.TALL, 1 << 30])),  # the first: always by columns
        "IDLE": draw(
            st.sampled_from([plan.IDLE, -(1 << 40)])
        ),  # the last: in a line, if some windows lie in two images
        "NEAR": draw(st.sampled_from([0, plan.NEAR])),
        "WIDE": draw(st.sampled_from([1, plan.WIDE])),
        "PRODUCTS": draw(st.sampled_from([1, plan.PRODUCTS])),
    }
    return (x, weight, bias), options, cut


def same(ours, expected, dtype):
    assert ours.dtype == dtype
    assert ours.shape == expected.shape
    assert ours.flags.c_contiguous
    np.testing.assert_array_equal(ours, expected)


@search
@given(conv_cases(), dtypes, st.booleans())
def test_convolution_is_that_of_the_loops_however_the_work_is_cut(case, dout_dtype, turned):
    inputs, options, cut = case
    dtype = np.result_type(*inputs[:2])
    out, cache = conv.conv2d_forward_naive(*inputs, **options)
    dout = frozen(np.random.default_rng(1).integers(-4, 5, out.shape), dout_dtype, turned=turned)
    gradients = conv.conv2d_backward_naive(dout, cache)
    plain, plain_cache = vectorized.conv2d_forward_vectorized(*inputs, **options)
    with dirty_memory() as patch:
        for name, value in cut.items():
            patch.setattr(plan, name, value)
        fast, fast_cache = conv.conv2d_forward(*inputs, **options)
        for _ in range(2):  # the cache may be used again
            fast_gradients = conv.conv2d_backward(dout, fast_cache)
        nothing, *others = conv.conv2d_backward(dout, fast_cache, input_gradient=False)
    same(fast, out, dtype)
    same(plain, out, dtype)
    for ours, too, expected in zip(
        fast_gradients, vectorized.conv2d_backward_vectorized(dout, plain_cache), gradients, strict=True
    ):
        same(ours, expected, dtype)
        same(too, expected, dtype)
    assert (nothing.size, nothing.dtype) == (0, dtype)
    for ours, expected in zip(others, gradients[1:], strict=True):
        same(ours, expected, dtype)


NEVER = -(1 << 40)
WAYS = {
    "at once": {},
    "by rows": {"SMALL": NEVER, "NARROW": 1 << 30, "TALL": 1 << 30},
    "by columns": {"SMALL": NEVER, "NARROW": 1 << 30, "TALL": 0},
    "by images": {"SMALL": NEVER, "NARROW": 0, "TALL": 1 << 30},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("spoiled", ["x", "weight", "dout"])
@pytest.mark.parametrize("padding", [0, 1, ((0, 2), (3, 0))], ids=str)
@pytest.mark.parametrize("stride", [1, 2, (3, 1)])
@np.errstate(invalid="ignore")  # the padding's 0 times infinity, in the loops too
def test_a_number_that_is_not_finite_spoils_only_what_it_meets(stride, padding, spoiled, way, monkeypatch):
    for name, value in WAYS[way].items():
        monkeypatch.setattr(plan, name, value)
    rng = np.random.default_rng(0)
    filters = 99 if way == "by images" else 3  # with so many that way moves fewer numbers
    arrays = {"x": rng.integers(1, 5, (2, 2, 6, 7)) * 1.0, "weight": rng.integers(1, 5, (filters, 2, 3, 3)) * 1.0}
    options = {"stride": stride, "padding": padding}
    arrays["dout"] = rng.integers(1, 5, conv.conv2d_forward_naive(**arrays, **options)[0].shape) * 1.0
    arrays[spoiled][1, 0, 0, 1], arrays[spoiled][0, 1, 1, 0] = np.inf, np.nan
    dout = arrays.pop("dout")
    out, cache = conv.conv2d_forward_naive(**arrays, **options)
    expected = [out, *conv.conv2d_backward_naive(dout, cache)]
    out, cache = conv.conv2d_forward(**arrays, **options)
    if way.startswith("by"):
        assert cache.kept.how.by_images == (way == "by images")
    for ours, theirs in zip([out, *conv.conv2d_backward(dout, cache)], expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert np.isfinite(expected[1]).any() or spoiled == "weight"


@pytest.mark.parametrize("layer", ["conv2d", "conv_transpose2d"])
@pytest.mark.parametrize("height", [5, 40], ids=["rows", "columns"])
def test_images_in_one_line_do_not_meet(layer, height, monkeypatch):
    """Infinity and its opposite at the edges of neighbours, in a depthwise convolution: no NaN, and no warning."""
    monkeypatch.setattr(plan, "SMALL", NEVER)
    rng = np.random.default_rng(0)
    x = rng.integers(1, 5, (3, 2, height, 5)) * 1.0
    x[0, :, :, -1] = x[0, :, -1] = np.inf
    x[1, :, :, 0] = x[1, :, 0] = -np.inf
    arrays = {"x": x, "weight": rng.integers(1, 5, (2, 1, 3, 2)) * 1.0, "groups": 2}
    expected, _ = getattr(cc, f"{layer}_forward_naive")(**arrays)
    with np.errstate(all="raise"):
        out, _ = getattr(cc, f"{layer}_forward")(**arrays)
    how = plan.plan(x.shape, 2, Window.of((3, 2)), 2, 8)
    assert (how.moved, how.turn is plan._sideways) == (True, height == 40)
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize(("narrow", "by_images"), [(0, True), (1 << 30, False)])
def test_the_search_meets_several_blocks_and_both_ways(narrow, by_images, monkeypatch):
    """The constants do what the search above relies on: images in blocks of two, groups one by one where there are rows."""
    case = (5, 2, 4, 4), 64, Window.of(3), 2, 8
    monkeypatch.setattr(plan, "NARROW", narrow)
    monkeypatch.setattr(plan, "WIDE", 4)
    one = plan.plan(*case).one
    monkeypatch.setattr(plan, "BLOCK", 2 * one // (1 if by_images else 2))
    how = plan.plan(*case)
    assert how.by_images is by_images
    groups = [slice(0, 2)] if by_images else [slice(0, 1), slice(1, 2)]
    assert how.blocks == [(slice(n, min(5, n + 2)), some) for n in (0, 2, 4) for some in groups]


def way_of(x, weight, **options):
    """How convolutions of these shapes are made."""
    window = Window.of(weight[2:], *(options.get(name, off) for name, off in (("stride", 1), ("padding", 0))))
    how = plan.plan(x, weight[0], window, options.get("groups", 1), 4)
    by_rows = "by columns" if how.turn is plan._sideways else "in one line" if how.moved else "by rows"
    return "at once" if how.at_once else "by images" if how.by_images else by_rows


@pytest.mark.parametrize(
    ("x", "weight", "options", "way"),
    [
        ((50, 32, 16, 16), (64, 32, 3, 3), {"stride": 2, "padding": 1}, "by images"),  # large steps: few columns
        ((16, 64, 28, 28), (64, 1, 3, 3), {"stride": 2, "padding": 1, "groups": 64}, "by images"),
        ((50, 8, 32, 32), (16, 8, 1, 5), {"stride": (1, 3)}, "by images"),
        ((32, 64, 14, 14), (64, 1, 3, 3), {"padding": 1, "groups": 64}, "in one line"),
        ((32, 64, 14, 14), (64, 1, 5, 5), {"stride": (2, 1), "padding": 1, "groups": 64}, "by rows"),
        (
            (32, 64, 14, 14),
            (64, 1, 1, 9),
            {"padding": 1, "groups": 64},
            "by columns",
        ),  # more padding than the kernel reaches
        ((50, 8, 32, 32), (16, 8, 3, 3), {"padding": 1}, "by rows"),
        (
            (31, 4, 33, 36),
            (4, 4, 7, 7),
            {"stride": (1, 3)},
            "by rows",
        ),  # the maps are high, but to turn them costs more
        ((24, 24, 40, 6), (24, 1, 3, 3), {"padding": 1, "groups": 24}, "by columns"),
        ((29, 11, 32, 10), (3, 11, 5, 5), {"stride": 3, "padding": 1}, "by columns"),
        ((50, 16, 16, 16), (16, 16, 1, 1), {"padding": 1}, "at once"),  # nothing is copied twice
        ((7, 34, 11, 33), (36, 17, 4, 1), {"groups": 2}, "at once"),
    ],
)
def test_the_way_is_taken_that_was_measured_to_be_fastest(x, weight, options, way):
    assert way_of(x, weight, **options) == way


@st.composite
def pool_cases(draw):
    """x, the kernel and options; strides that touch (no cell left out, none seen twice) more often than by chance."""
    kernel, gap = draw(pairs), draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    span = Window.of(kernel, dilation=gap).span
    stride = draw(st.one_of(st.none(), st.just(span), pairs))
    options = {"stride": stride, "dilation": short(draw, gap), "padding": draw(st.one_of(st.just(0), paddings))}
    window = Window.of(kernel, stride or kernel, options["padding"], gap)
    size = size_for(draw, window)
    try:
        window.require_real_cells(size)
    except ValueError:
        assume(False)
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    x = rng.integers(-1, 2, (draw(st.integers(0, 5)), draw(st.integers(1, 3)), *size)).astype(draw(dtypes))
    for value in (-0.0, -np.inf, np.inf, np.nan):
        x[rng.random(x.shape) < draw(st.sampled_from([0, 0, 0.1, 0.5]))] = value
    return frozen(x, x.dtype, turned=draw(st.booleans())), short(draw, kernel), options


@search
@given(pool_cases(), dtypes, st.sampled_from([0, 0, 0.1, 0.5]), st.sampled_from(["at once", "rows first", "copies"]))
def test_max_pooling_is_that_of_the_loops_with_ties_nan_and_infinity(case, dout_dtype, broken, way):
    x, kernel, options = case
    out, cache = pool.max_pool2d_forward_naive(x, kernel, **options)
    rng = np.random.default_rng(1)
    dout = rng.integers(-4, 5, out.shape).astype(dout_dtype)
    dout[rng.random(out.shape) < broken] = rng.choice([np.nan, np.inf])  # not both infinities: they may add up to NaN
    dout = frozen(dout, dout_dtype)
    dx = pool.max_pool2d_backward_naive(dout, cache)
    plain, plain_cache = vectorized.max_pool2d_forward_vectorized(x, kernel, **options)
    with dirty_memory() as patch:
        patch.setattr(maxima, "_way", lambda *_: way)
        fast, fast_cache = pool.max_pool2d_forward(x, kernel, **options)
        fast_dx = pool.max_pool2d_backward(dout, fast_cache)
    for ours, winner in ((fast, fast_cache.winner), (plain, plain_cache.winner)):
        same(ours, out, x.dtype)
        np.testing.assert_array_equal(np.signbit(ours), np.signbit(out))
        np.testing.assert_array_equal(winner, cache.winner)
    same(fast_dx, dx, x.dtype)
    same(vectorized.max_pool2d_backward_vectorized(dout, plain_cache), dx, x.dtype)


@search
@given(pool_cases(), dtypes, st.booleans())
@np.errstate(invalid="ignore")  # infinity minus infinity, in the loops too
def test_average_pooling_is_that_of_the_loops_with_nan_and_infinity(case, dout_dtype, count_include_pad):
    x, kernel, options = case
    options = {name: value for name, value in options.items() if name != "dilation"} | {
        "count_include_pad": count_include_pad
    }
    try:
        out, cache = pool.avg_pool2d_forward_naive(x, kernel, **options)
    except ValueError:
        assume(False)
    dout = frozen(cache.divisor * np.random.default_rng(1).integers(-4, 5, out.shape), dout_dtype)
    dx = pool.avg_pool2d_backward_naive(dout, cache)
    with dirty_memory():
        fast, fast_cache = pool.avg_pool2d_forward(x, kernel, **options)
        fast_dx = pool.avg_pool2d_backward(dout, fast_cache)
    same(fast, out, x.dtype)
    np.testing.assert_array_equal(np.signbit(fast[fast == 0]), np.signbit(out[out == 0]))
    same(fast_dx, dx, x.dtype)


def test_dilated_windows_that_touch_leave_zeros_between_their_cells():
    """Found by the search: such windows cover the image, their cells do not."""
    out, cache = pool.max_pool2d_forward(np.ones((1, 1, 3, 3)), 2, stride=3, dilation=2)
    with dirty_memory():
        dx = pool.max_pool2d_backward(np.ones_like(out), cache)
    np.testing.assert_array_equal(dx[0, 0], [[1, 0, 0], [0, 0, 0], [0, 0, 0]])


def test_a_window_of_more_than_256_cells_has_a_winner_beyond_them():
    x = np.arange(17.0 * 17).reshape(1, 1, 17, 17)
    out, cache = pool.max_pool2d_forward(x, 17)
    dx = pool.max_pool2d_backward(np.full((1, 1, 1, 1), 3.0), cache)
    assert (out.item(), cache.winner.item(), dx[0, 0, 16, 16], dx.sum()) == (288, 288, 3, 3)
