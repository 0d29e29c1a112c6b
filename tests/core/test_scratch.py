"""Memory used again: by name and thread, within a limit, and never handed out with a result."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest

from cnn_core.conv import conv2d_backward, conv2d_forward
from cnn_core.cs231n import ThreeLayerConvNet
from cnn_core.machine import plan, scratch
from cnn_core.pool import max_pool2d_backward, max_pool2d_forward


def alone(function):
    """The result of a function in a thread of its own, which starts without buffers."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(function).result()


def in_its_own_thread(test):
    """A test that counts what a thread keeps must not see what others left."""

    def run():
        alone(test)

    run.__name__ = test.__name__
    return run


@in_its_own_thread
def test_a_name_gives_the_same_memory_and_another_name_other_memory():
    first = scratch.scratch("a", (2, 3), np.float64)
    assert np.shares_memory(first, scratch.scratch("a", (3, 2), np.float64))
    assert np.shares_memory(first, scratch.scratch("a", (5,), np.float32))  # of another shape and dtype too
    assert not np.shares_memory(first, scratch.scratch("b", (2, 3), np.float64))


@in_its_own_thread
def test_memory_begins_where_a_line_of_the_cache_does():
    for size in (1, 1000, 12345):
        assert scratch.scratch(f"{size}", (size,), np.float32).ctypes.data % 64 == 0


@in_its_own_thread
def test_another_thread_gets_other_memory():
    mine = scratch.scratch("a", (1000,), np.float64)
    theirs, kept = alone(lambda: (scratch.scratch("a", (1000,), np.float64), scratch.kept()))
    assert not np.shares_memory(mine, theirs)
    assert kept == scratch.kept() == 8000


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (7,), (2, 3, 5), (0,), (4, 0, 2)])
def test_shape_and_dtype_are_those_asked_for(shape, dtype):
    for name in ("new for each", f"{shape} {dtype}"):
        found = scratch.scratch(name, shape, dtype)
        assert (found.shape, found.dtype) == (shape, np.dtype(dtype))
        assert found.flags.c_contiguous
        assert found.flags.aligned
        found[...] = 1
        assert found.sum() == found.size


@in_its_own_thread
def test_buffers_grow_and_do_not_shrink():
    small = scratch.scratch("a", (4,), np.float64)
    small[...] = 7
    large = scratch.scratch("a", (9,), np.float64)
    large[...] = 1
    assert (small == 7).all()  # what was found before the growth stays valid
    assert scratch.kept() == 72
    again = scratch.scratch("a", (4,), np.float64)
    assert np.shares_memory(again, large)
    assert scratch.kept() == 72


def test_what_does_not_fit_is_fresh_and_is_not_kept(monkeypatch):
    monkeypatch.setattr(scratch, "LIMIT", 100)

    def ask():
        a = scratch.scratch("a", (60,), np.uint8)
        two = [scratch.scratch("b", (41,), np.uint8) for _ in range(2)]
        assert not np.shares_memory(*two)
        assert scratch.kept() == 60
        scratch.scratch("b", (40,), np.uint8)
        assert scratch.kept() == 100  # all of it may be used
        larger = scratch.scratch("a", (61,), np.uint8)
        assert larger.shape == (61,)
        assert not np.shares_memory(larger, a)
        assert np.shares_memory(a, scratch.scratch("a", (60,), np.uint8))  # the smaller buffer is still there
        assert scratch.kept() == 100

    def grow():
        scratch.scratch("a", (60,), np.uint8)
        scratch.scratch("a", (100,), np.uint8)  # takes the place of the 60
        assert scratch.kept() == 100

    alone(ask)
    alone(grow)


def course():
    """All that the course's network and layers ask for, in the course's shapes."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((50, 3, 32, 32)).astype(np.float32)
    model = ThreeLayerConvNet(seed=0, reg=0.1)
    model.loss_parts(x, rng.integers(10, size=50))
    out, cache = conv2d_forward(x, model.params["W1"], model.params["b1"], padding="same")
    conv2d_backward(out, cache)
    pooled, pool_cache = max_pool2d_forward(out, 2)
    max_pool2d_backward(pooled, pool_cache)
    return scratch.kept()


def test_the_courses_shapes_fit_into_the_limit(monkeypatch):
    with_limit = alone(course)
    monkeypatch.setattr(scratch, "LIMIT", 1 << 40)
    assert 0 < alone(course) == with_limit < 1 << 26  # so nothing had to be made afresh


def arrays(found):
    """All arrays in a nest of tuples, lists and dicts."""
    if isinstance(found, np.ndarray):
        return [found]
    parts = found.values() if isinstance(found, dict) else found if isinstance(found, list | tuple) else []
    return [array for part in parts for array in arrays(part)]


def convolve(x, kept):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "KEPT", kept)
        patch.setattr(plan, "SMALL", -(1 << 40))
        out, cache = conv2d_forward(x, np.ones((4, 2, 3, 3)), np.ones(4), padding=1)
        return out, cache.kept.laid_out, conv2d_backward(out, cache)


def pooled(x, options):
    out, cache = max_pool2d_forward(x, **options)
    return out, cache.winner, cache.place, max_pool2d_backward(out, cache)


def one_step(x, dtype):
    model = ThreeLayerConvNet((2, 12, 12), 4, 3, 5, 3, reg=0.1, dtype=dtype, seed=0)
    return model.loss_parts(x, np.arange(len(x)) % 3)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (convolve, 0),
        (convolve, 1 << 25),
        (pooled, {"kernel_size": 2}),
        (pooled, {"kernel_size": 3, "stride": 2, "padding": 1}),
        (one_step, np.float32),
        (one_step, np.float64),
    ],
)
def test_results_share_memory_with_nothing(call, argument):
    rng = np.random.default_rng(0)
    first = arrays(call(rng.standard_normal((5, 2, 12, 12)), argument))
    before = [array.copy() for array in first]
    second = arrays(call(rng.standard_normal((5, 2, 12, 12)), argument))
    assert len(first) > 2
    buffers = list(scratch._buffers.by_name.values())
    assert buffers
    for number, array in enumerate(first):
        for other in [*first[:number], *second, *buffers]:
            assert not np.may_share_memory(array, other)
        np.testing.assert_array_equal(array, before[number])


@pytest.mark.parametrize("kept", [0, 1 << 25])
def test_two_threads_at_once_get_what_each_gets_alone(kept, monkeypatch):
    monkeypatch.setattr(plan, "KEPT", kept)
    monkeypatch.setattr(plan, "SMALL", -(1 << 40))
    start = Barrier(2, timeout=10)

    def run(number):
        """The sums of whole numbers, exact, so that they are the same each time."""
        rng = np.random.default_rng(number)
        x, weight = rng.integers(-4, 5, (8, 4, 24, 24)) * 1.0, rng.integers(-4, 5, (6, 4, 3, 3)) * 1.0
        out, cache = conv2d_forward(x, weight, np.ones(6), padding=1)
        return [out, *conv2d_backward(out, cache)]

    def run_often(number):
        start.wait()
        return [run(number) for _ in range(40)]

    expected = [run(0), run(1)]
    with ThreadPoolExecutor(2) as threads:
        for results, right in zip(threads.map(run_often, [0, 1]), expected, strict=True):
            for result in results:
                for array, wanted in zip(result, right, strict=True):
                    np.testing.assert_array_equal(array, wanted)


def peak_of(call):
    """Bytes that a call takes at its worst, and what it returns."""
    scratch._buffers.by_name.clear()
    tracemalloc.start()
    try:
        result = call()
        return tracemalloc.get_traced_memory()[1], result
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("limit", [scratch.LIMIT, 0])
@pytest.mark.parametrize(
    ("x", "weight", "options"),
    [
        ((64, 3, 32, 32), (10, 3, 32, 32), {}),  # as large as the image
        ((64, 3, 32, 32), (10, 3, 31, 31), {}),
        ((4, 4, 28, 28), (4, 4, 28, 28), {"padding": "same"}),
        ((64, 8, 16, 16), (16, 8, 12, 12), {}),
        ((16, 1, 100, 100), (1, 1, 3, 3), {}),
        ((256, 1, 32, 32), (256, 1, 3, 3), {"padding": 1}),  # the maps are what is large
        ((8, 64, 64, 64), (64, 1, 3, 3), {"padding": 1, "groups": 64}),
        ((32, 64, 14, 14), (64, 1, 7, 7), {"padding": 3, "groups": 64}),
        ((8, 1, 224, 224), (1, 1, 13, 13), {"padding": ((0, 12), (12, 0))}),
        ((8, 2, 200, 200), (2, 1, 3, 90), {"groups": 2}),
        ((32, 64, 32, 32), (512, 64, 1, 1), {}),
        ((8, 16, 64, 64), (16, 16, 3, 3), {"padding": 4, "dilation": 4}),
        ((4, 3, 224, 224), (64, 3, 7, 7), {"padding": 3, "stride": 2}),
    ],
    ids=str,
)
def test_what_a_convolution_takes_on_its_way_is_within_the_bound(x, weight, options, limit, monkeypatch):
    """Whether scratch memory has room for it or not."""
    monkeypatch.setattr(scratch, "LIMIT", limit)
    x, weight = np.zeros(x, np.float32), np.zeros(weight, np.float32)
    peak, (out, cache) = alone(lambda: peak_of(lambda: conv2d_forward(x, weight, **options)))
    assert not isinstance(cache.kept, np.ndarray)  # not at once: that is for what is small
    bound = 4 * max(plan.BLOCK, cache.kept.how.one) + 2 * weight.nbytes + (1 << 16)
    kept = sum(array.nbytes for array in arrays(cache.kept.laid_out) or [cache.x])
    assert peak < out.nbytes + kept + weight.nbytes + bound
    peak, gradients = alone(lambda: peak_of(lambda: conv2d_backward(out, cache)))
    assert peak < sum(gradient.nbytes for gradient in gradients) + bound


@pytest.mark.parametrize(
    ("x", "weight", "options"),
    [
        ((8, 8, 16, 16), (32, 8, 3, 3), {"padding": 1}),
        ((9, 16, 8, 8), (32, 16, 3, 3), {"padding": 1}),
        ((99, 1, 9, 9), (9, 1, 9, 8), {}),
    ],
    ids=str,
)
def test_what_is_made_at_once_is_within_the_bound_too(x, weight, options):
    x, weight = np.zeros(x, np.float32), np.zeros(weight, np.float32)
    peak, (out, cache) = peak_of(lambda: conv2d_forward(x, weight, **options))
    assert isinstance(cache.kept, np.ndarray)
    assert peak < out.nbytes + cache.kept.nbytes + 4 * plan.BLOCK
    peak, gradients = peak_of(lambda: conv2d_backward(out, cache))
    assert peak < sum(gradient.nbytes for gradient in gradients) + 4 * plan.BLOCK
