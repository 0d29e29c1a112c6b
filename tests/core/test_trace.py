"""Each walk-through rebuilds its layer's output and gradients, exactly."""

from itertools import product

import numpy as np
import pytest

from cnn_core import conv, conv_transpose, pool, walks
from cnn_core.speed import vectorized
from cnn_core.walks import trace
from cnn_core.walks.walk import MOST_STEPS, TooManyStepsError
from cnn_core.window import Window

CONV = [
    (c, f, g, Window.of(kernel, stride, padding, dilation))
    for (c, f, g) in [(1, 1, 1), (3, 2, 1), (4, 6, 2), (3, 3, 3)]
    for kernel, stride, padding, dilation in product([(3, 3), (2, 1)], [1, (2, 3)], [0, ((1, 0), (2, 1))], [1, (2, 1)])
]
POOL = [Window.of(kernel, stride, padding) for kernel, stride, padding in product([2, (3, 2)], [1, 2, (3, 1)], [0, 1])]


def options(window):
    return {"stride": window.stride, "padding": window.padding, "dilation": window.dilation}


def check(walk, expected):
    """The replayed counts are the grids' counts to the digit, and the layer's own numbers to rounding."""
    replayed = walk.replay()
    assert set(expected) == set(replayed)
    for name, counts in replayed.items():
        np.testing.assert_array_equal(counts, walk.grids[name].counts, err_msg=name)
    arrays = walk.arrays()
    for name, array in expected.items():
        values = arrays[name]
        np.testing.assert_allclose(values.reshape(array.shape), array, rtol=0, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("case", CONV, ids=str)
def test_conv_steps_rebuild_the_layer(case, backward):
    channels, filters, groups, window = case
    rng = np.random.default_rng(0)
    x = rng.integers(-99, 99, (channels, 6, 7)) / 10
    weight = rng.integers(-99, 99, (filters, channels // groups, *window.kernel_size)) / 100
    bias = rng.integers(-9999, 9999, filters) / 10_000
    out, cache = conv.conv2d_forward(x[None], weight, bias, groups=groups, **options(window))
    expected = {"out": out[0]}
    dout = None
    if backward:
        dout = rng.integers(-9, 9, out.shape[1:]) / 10
        dx, dweight, dbias = conv.conv2d_backward(dout[None], cache)
        expected |= {"dx": dx[0], "dweight": dweight, "dbias": dbias}
    check(trace.trace_conv2d(x, weight, bias, window, groups=groups, dout=dout), expected)


TRANSPOSED = [
    (c, f, g, Window.of(kernel, stride, padding, dilation), output_padding)
    for (c, f, g) in [(1, 1, 1), (3, 2, 1), (4, 6, 2), (3, 3, 3)]
    for kernel, stride, padding, dilation in product([(3, 3), (2, 1)], [1, (2, 3)], [0, ((1, 0), (0, 1))], [1, (2, 1)])
    for output_padding in ([0] if stride == 1 else [0, (1, 2)])
]


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("case", TRANSPOSED, ids=str)
def test_transposed_steps_rebuild_the_layer(case, backward):
    channels, filters, groups, window, output_padding = case
    rng = np.random.default_rng(0)
    x = rng.integers(-99, 99, (channels, 4, 3)) / 10
    weight = rng.integers(-99, 99, (channels, filters // groups, *window.kernel_size)) / 100
    layer_options = {**options(window), "groups": groups, "output_padding": output_padding}
    out, cache = conv_transpose.conv_transpose2d_forward(x[None], weight, np.zeros(filters), **layer_options)
    expected, dout = {"out": out[0]}, None
    if backward:
        dout = rng.integers(-9, 9, out.shape[1:]) / 10
        dx, dweight, _ = conv_transpose.conv_transpose2d_backward(dout[None], cache)
        expected |= {"dx": dx[0], "dweight": dweight}
    walk = trace.trace_conv_transpose2d(x, weight, window, groups=groups, output_padding=output_padding, dout=dout)
    check(walk, expected)


@pytest.mark.parametrize("case", [case for case in CONV if case[2] == 1], ids=str)
def test_im2col_steps_rebuild_the_matrices_and_the_layer(case):
    channels, filters, _, window = case
    rng = np.random.default_rng(0)
    x = rng.integers(-99, 99, (channels, 6, 7)) / 10
    weight = rng.integers(-99, 99, (filters, channels, *window.kernel_size)) / 100
    bias = rng.integers(-99, 99, filters) / 100
    walk = trace.trace_im2col(x, weight, bias, window)
    out, cache = vectorized.conv2d_forward_vectorized(x[None], weight, bias, **options(window))
    check(walk, {"columns": cache.columns, "product": out.reshape(1, filters, -1)})
    np.testing.assert_array_equal(walk.grids["rows"].values[0], weight.reshape(filters, -1))
    np.testing.assert_array_equal(walk.grids["out"].counts.ravel(), walk.grids["product"].counts.ravel())


@pytest.mark.parametrize("kind", ["max", "avg"])
@pytest.mark.parametrize("window", POOL, ids=str)
def test_pool_steps_rebuild_the_layer(window, kind):
    rng = np.random.default_rng(0)
    x = rng.integers(-9, 9, (2, 6, 7)) / 10  # small whole numbers: ties on purpose
    forward, backward, tracer = {
        "max": (pool.max_pool2d_forward, pool.max_pool2d_backward, trace.trace_max_pool2d),
        "avg": (pool.avg_pool2d_forward, pool.avg_pool2d_backward, trace.trace_avg_pool2d),
    }[kind]
    out, cache = forward(x[None], window.kernel_size, stride=window.stride, padding=window.padding)
    dout = rng.integers(-9, 9, out.shape[1:]) / 10
    check(tracer(x, window, dout=dout), {"out": out[0], "dx": backward(dout[None], cache)[0]})


@pytest.mark.parametrize("tracer", [trace.trace_max_pool2d, trace.trace_avg_pool2d])
@pytest.mark.parametrize(("window", "noticed"), [(Window.of(2, 2), False), (Window.of(3, 1), True)], ids=str)
def test_assigning_for_adding_is_wrong_exactly_where_windows_overlap(tracer, window, noticed):
    x = np.random.default_rng(0).permutation(36).reshape(1, 6, 6)
    walk = tracer(x, window, dout=np.ones((1, *window.output_size((6, 6)))), broken=True)
    wrong = walk.replay()["dx"] != walk.grids["dx"].counts
    assert wrong.any() == noticed
    assert not wrong[0, window.coverage((6, 6)) < 2].any()


def test_a_walk_is_found_by_its_step_and_can_stop_half_way():
    walk = trace.trace_conv2d(
        np.ones((1, 4, 4)), np.ones((2, 1, 2, 2)), np.zeros(2), Window.of(2), dout=np.ones((2, 3, 3))
    )
    assert [(phase.name, phase.steps) for phase in walk.phases] == [("forward", 18), ("backward", 18)]
    assert walk.locate(17) == (walk.phases[0], 17)
    assert walk.locate(18) == (walk.phases[1], 0)
    with pytest.raises(ValueError, match=r"step \(=36\) must be from 0 to 35"):
        walk.locate(36)
    half = walk.replay(until=20)
    assert (half["out"] == 4).all()
    assert half["dbias"].ravel().tolist() == [2, 0]
    assert list(walk.only(["backward"]).replay()) == ["dweight", "dx", "dbias"]


def test_a_walk_of_a_million_steps_is_refused():
    with pytest.raises(TooManyStepsError, match=rf"the walk \(=516,128 steps\) must have at most {MOST_STEPS:,}"):
        trace.trace_conv2d(np.zeros((1, 256, 256)), np.zeros((8, 1, 3, 3)), np.zeros(8), Window.of(3))


def test_numbers_are_rounded_to_the_decimals_asked_for():
    x, weight = np.full((1, 3, 3), 0.123456), np.full((1, 1, 2, 2), 0.5)
    walk = trace.trace_conv2d(x, weight, np.zeros(1), Window.of(2), decimals=2)
    assert walk.grids["x"].scale == 100
    assert (walk.grids["x"].counts == 12).all()
    assert walk.grids["out"].values[0, 0, 0] == 4 * 0.12 * 0.5


def test_small_numbers_keep_their_digits():
    x, weight, dout = np.full((1, 3, 3), 1e-7), np.full((1, 1, 2, 2), 0.5), np.full((1, 2, 2), 2.5e-6)
    for decimals in (4, 8):
        walk = trace.trace_conv2d(x, weight, np.array([1e-9]), Window.of(2), dout=dout, decimals=decimals)
        arrays = walk.arrays()
        np.testing.assert_array_equal(arrays["x"], x)
        np.testing.assert_allclose(arrays["out"], 2.01e-7, rtol=1e-12)
        np.testing.assert_allclose(arrays["dx"][0, 1, 1], 4 * 2.5e-6 * 0.5, rtol=1e-12)
        np.testing.assert_allclose(arrays["dweight"], 4 * 2.5e-13, rtol=1e-12)
        for name, counts in walk.replay().items():
            np.testing.assert_array_equal(counts, walk.grids[name].counts)


@pytest.mark.parametrize("tracer", [trace.trace_max_pool2d, trace.trace_avg_pool2d])
def test_gradients_far_smaller_than_the_input_keep_their_digits(tracer):
    x = np.random.default_rng(0).permutation(36).reshape(1, 6, 6) * 1000.0
    dout = np.array([[[1.234567e-6, -2e-9], [3e-8, 0]]])  # kept from the first digit on
    walk = tracer(x, Window.of(3, 3), dout=dout)
    np.testing.assert_allclose(walk.arrays()["dout"], dout, rtol=0, atol=5e-10)
    assert walk.arrays()["dx"].sum() == pytest.approx(dout.sum(), abs=2e-9)


def test_small_numbers_keep_their_digits_in_every_walk():
    tiny, window = np.arange(9.0).reshape(1, 3, 3) * 1e-7, Window.of(2)
    kernel = np.full((1, 1, 2, 2), 1e-6)
    walks = [
        trace.trace_conv_transpose2d(tiny, kernel, window, dout=np.full((1, 4, 4), 1e-5)),
        trace.trace_im2col(tiny, kernel, np.full(1, 1e-9), window),
        trace.trace_avg_pool2d(tiny, window),
        trace.trace_max_pool2d(tiny, window),
    ]
    for walk in walks:
        np.testing.assert_array_equal(walk.arrays()["x"], tiny)
        for name, grid in walk.grids.items():
            assert grid.largest > 0, name
            assert grid.scale <= 10**22


@pytest.mark.parametrize("size", [1e-12, 3.3e-11, 1e-30, 5e-324])
def test_numbers_too_small_for_their_digits_are_refused_and_do_not_become_a_walk_over_zeros(size):
    tiny, ones = np.arange(9.0).reshape(1, 3, 3) * size, np.ones((1, 1, 2, 2))
    for name, call in {
        "x": lambda: trace.trace_conv2d(tiny, ones, None, Window.of(2)),
        "weight": lambda: trace.trace_im2col(np.ones((1, 3, 3)), ones * size * 1.5, None, Window.of(2)),
        "bias": lambda: trace.trace_conv2d(np.ones((1, 3, 3)), ones, np.array([size * 1.5]), Window.of(2)),
        "dout": lambda: trace.trace_max_pool2d(np.ones((1, 3, 3)), Window.of(2), dout=tiny[:, 1:, 1:]),
    }.items():
        with pytest.raises(ValueError, match=rf"{name} \(at most .*\) must hold larger numbers: 11 decimals"):
            call()


def test_tiny_numbers_with_an_end_are_kept_in_full():
    walk = trace.trace_avg_pool2d(np.full((1, 2, 2), 2e-11), Window.of(2))
    assert walk.arrays()["x"][0, 0, 0] == 2e-11


def test_whole_numbers_stay_whole():
    walk = trace.trace_conv2d(np.ones((1, 3, 3)), np.ones((1, 1, 2, 2)), np.ones(1), Window.of(2))
    assert {grid.scale for grid in walk.grids.values()} == {1}


def test_a_fine_bias_makes_the_sums_as_fine():
    walk = trace.trace_conv2d(np.ones((1, 3, 3)), np.ones((1, 1, 2, 2)), np.array([0.125]), Window.of(2))
    assert walk.grids["out"].scale == 1000
    assert walk.grids["out"].values[0, 0, 0] == 4.125


def test_what_cannot_be_exact_is_refused():
    with pytest.raises(ValueError, match="must stay below"):
        trace.trace_conv2d(np.full((1, 3, 3), 1e12), np.full((1, 1, 2, 2), 1e6), np.zeros(1), Window.of(2))
    with pytest.raises(ValueError, match="x must hold finite numbers"):
        trace.trace_max_pool2d(np.full((1, 3, 3), np.nan), Window.of(2))
    for tracer in (trace.trace_max_pool2d, trace.trace_avg_pool2d):
        with pytest.raises(ValueError, match="must stay below"):
            tracer(np.ones((1, 3, 3)), Window.of(2), dout=np.full((1, 2, 2), 2.0**52))
    with pytest.raises(ValueError, match=r"dilation \(=\(2, 2\)\) must be 1 for average pooling"):
        trace.trace_avg_pool2d(np.zeros((1, 5, 5)), Window.of(2, dilation=2))


WHOLE = np.arange(9).reshape(1, 3, 3)
ONES = np.ones((1, 1, 2, 2))


def test_lists_whole_numbers_and_half_floats_are_taken():
    wanted = trace.trace_conv2d(WHOLE * 25.0, ONES, np.zeros(1), Window.of(2), dout=np.ones((1, 2, 2)))
    for kind in (np.uint8, np.float16, list):
        x, weight, dout = (
            (a.tolist() if kind is list else a.astype(kind)) for a in (WHOLE * 25, ONES, np.ones((1, 2, 2)))
        )
        walk = trace.trace_conv2d(x, weight, None, Window.of(2), dout=dout)
        for name, array in wanted.arrays().items():
            np.testing.assert_array_equal(walk.arrays()[name], array, err_msg=name)
        for tracer in (trace.trace_max_pool2d, trace.trace_avg_pool2d):
            pooled, expected = (tracer(image, Window.of(2)).arrays()["out"] for image in (x, WHOLE * 25.0))
            np.testing.assert_array_equal(pooled, expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": WHOLE * 1j}, r"x \(dtype complex128\) must be an array of real numbers"),
        ({"x": [[["a"] * 3] * 3]}, r"x \(dtype <U1\) must be"),
        ({"x": np.ma.masked_less(WHOLE, 3)}, r"x \(a masked array\) must be a plain array"),
        ({"x": WHOLE[0]}, r"x \(shape \(3, 3\)\) must have 3 axes"),
        ({"x": np.zeros((1, 0, 3))}, r"x \(shape \(1, 0, 3\)\) must have 3 axes and hold at least one number"),
        ({"x": None}, r"x \(dtype object|x \(=None"),
        ({"weight": ONES[0]}, r"weight \(shape \(1, 2, 2\)\) must have 4 axes"),
        ({"weight": np.zeros((0, 1, 2, 2))}, r"weight \(shape \(0, 1, 2, 2\)\) must have 4 axes"),
        ({"bias": [[0.0]]}, r"bias \(shape \(1, 1\)\) must have one axis"),
        ({"dout": np.ones((2, 2))}, r"dout \(shape \(2, 2\)\) must have 3 axes"),
    ],
)
def test_what_is_no_image_no_kernel_and_no_gradient_is_refused(arguments, message):
    given = {"x": WHOLE, "weight": ONES, "bias": np.zeros(1), "window": Window.of(2)} | arguments
    with pytest.raises(ValueError, match=message):
        trace.trace_conv2d(**given)


def test_what_is_no_argument_of_a_walk_is_named():
    x, weight, window = np.ones((1, 4, 4)), np.ones((1, 1, 2, 2)), Window.of(2)
    walk = trace.trace_conv2d(x, weight, None, window)
    for call, words in (
        (lambda: trace.trace_conv2d(x, weight, None, 2), r"window \(=2\) must be a Window"),
        (lambda: trace.trace_max_pool2d(x, None), r"window \(=None\) must be a Window"),
        (lambda: trace.trace_max_pool2d(x, window, broken="no"), r"broken \(='no'\) must be true or false"),
        (
            lambda: trace.trace_conv2d(x, weight, None, window, blank=[True]),
            r"blank \(shape \(1,\)\) must be truth values",
        ),
        (lambda: walk.locate(1.5), r"step \(=1.5\) must be a whole number"),
        (lambda: walk.locate(9), r"step \(=9\) must be from 0 to 8"),
        (lambda: walk.only(["backward"]), r"names \(='backward'\) must be one of forward"),
        (lambda: walk.replay(-1), r"until \(=-1\) must be 0 or more"),
    ):
        with pytest.raises(ValueError, match=words):
            call()


def test_decimals_of_a_small_whole_number_do_not_wrap_around():
    x, weight = np.full((1, 3, 3), 0.1234), np.ones((1, 1, 2, 2))
    walk, plain = (trace.trace_conv2d(x, weight, None, Window.of(2), decimals=places) for places in (np.int8(4), 4))
    np.testing.assert_array_equal(walk.grids["out"].values, plain.grids["out"].values)
    assert walk.grids["out"].scale == plain.grids["out"].scale


def test_the_walks_are_where_the_package_says():
    assert walks.trace_conv2d is trace.trace_conv2d
    assert all(hasattr(walks, name) for name in walks.__all__)
