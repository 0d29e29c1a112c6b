"""dx in three ways: one sum of the same products, equal in whole numbers, and to the last bit in floating point."""

import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cnn_core.conv import conv2d_backward, conv2d_backward_naive, conv2d_forward, conv2d_forward_naive
from cnn_core.conv_transpose import conv_transpose2d_forward, conv_transpose2d_forward_naive
from cnn_core.walks import (
    convolution_matrix,
    dx_by_full_convolution,
    dx_by_matrix,
    dx_by_spreading,
    dx_terms,
    dx_ways,
)
from cnn_core.window import Window

WAYS = {"spreading": dx_by_spreading, "full convolution": dx_by_full_convolution, "matrix": dx_by_matrix}


@st.composite
def geometries(draw):
    """(window, input_size, channels, filters, groups), with padding also beyond the kernel's reach, and leftovers."""

    def both(least, most):
        return draw(st.integers(least, most)), draw(st.integers(least, most))

    window = Window.of(both(1, 3), both(1, 4), (both(0, 4), both(0, 4)), both(1, 3))
    size, groups = both(1, 7), draw(st.sampled_from([1, 1, 2]))
    padded, span = window.padded_size(size), window.span
    assume(all(length <= room for length, room in zip(span, padded, strict=True)))
    return window, size, groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2)), groups


def arrays(geometry, numbers):
    """dout and weight, made of `numbers(*shape)`."""
    window, size, channels, filters, groups = geometry
    return (
        numbers(filters, *window.output_size(size)),
        numbers(filters, channels // groups, *window.kernel_size),
    )


def settings_of(window, groups):
    return {"stride": window.stride, "padding": window.padding, "dilation": window.dilation, "groups": groups}


def whole_numbers(seed):
    return lambda *shape: np.random.default_rng(seed).integers(-9, 10, shape).astype(float)


def floats(seed):
    """Of very different sizes, so that another order of adding would give other last bits."""
    rng = np.random.default_rng(seed)
    return lambda *shape: rng.standard_normal(shape) * 10.0 ** rng.integers(-6, 7, shape)


@given(geometries(), st.integers(0, 99))
def test_in_whole_numbers_all_three_are_the_dx_of_the_layer(geometry, seed):
    window, size, channels, _, groups = geometry
    dout, weight = arrays(geometry, whole_numbers(seed))
    x, options = np.zeros((1, channels, *size)), settings_of(window, groups)
    _, cache = conv2d_forward(x, weight, **options)
    dx, _, _ = conv2d_backward(dout[None], cache)
    for name, way in WAYS.items():
        found = way(dout, weight, window, input_size=size, groups=groups)
        np.testing.assert_array_equal(found, dx[0], err_msg=name)
    up, _ = conv_transpose2d_forward(dout[None], weight, output_padding=window.leftover(size), **options)
    np.testing.assert_array_equal(up[0], dx[0])


@given(geometries(), st.integers(0, 99))
def test_in_floating_point_they_agree_to_the_last_bit_with_each_other_and_with_the_loops(geometry, seed):
    window, size, channels, filters, groups = geometry
    dout, weight = arrays(geometry, floats(seed))
    x, options = np.zeros((1, channels, *size)), settings_of(window, groups)
    _, cache = conv2d_forward_naive(x, weight, np.zeros(filters), **options)
    dx, _, _ = conv2d_backward_naive(dout[None], cache)
    up, _ = conv_transpose2d_forward_naive(dout[None], weight, output_padding=window.leftover(size), **options)
    assert up[0].tobytes() == dx[0].tobytes()
    for name, way in WAYS.items():
        found = way(dout, weight, window, input_size=size, groups=groups)
        assert found.tobytes() == dx[0].tobytes(), name


@given(geometries(), st.integers(0, 99), st.data())
def test_the_terms_of_a_number_added_in_turn_are_that_number(geometry, seed, data):
    window, size, channels, _, groups = geometry
    dout, weight = arrays(geometry, floats(seed))
    cell = tuple(data.draw(st.integers(0, most - 1)) for most in (channels, *size))
    given_to = {"input_size": size, "groups": groups}
    terms = dx_terms(dout, weight, window, cell=cell, **given_to)
    total = 0.0
    for term in terms:
        total += term.dout * term.weight
    assert total == dx_by_spreading(dout, weight, window, **given_to)[cell]
    order = [term[:3] for term in terms]
    assert order == sorted(set(order))  # of dout's cells, each once
    matrix = convolution_matrix(np.ones_like(weight), window, **given_to)  # an entry of 1 for every product there is
    used = np.flatnonzero(matrix[:, np.ravel_multi_index(cell, (channels, *size))])
    assert [np.ravel_multi_index(at, dout.shape) for at in order] == used.tolist()
    for f, row, column, i, j, number, w in terms:
        assert (number, w) == (dout[f, row, column], weight[f, cell[0] % weight.shape[1], i, j])
        assert window.start(row, 0) + i * window.dilation[0] == cell[1]
        assert window.start(column, 1) + j * window.dilation[1] == cell[2]


@given(geometries(), st.integers(0, 99))
def test_the_matrix_is_the_convolution(geometry, seed):
    window, size, channels, _, groups = geometry
    dout, weight = arrays(geometry, whole_numbers(seed))
    x = whole_numbers(seed + 1)(1, channels, *size)
    out, _ = conv2d_forward(x, weight, **settings_of(window, groups))
    matrix = convolution_matrix(weight, window, input_size=size, groups=groups)
    assert matrix.shape == (dout.size, x.size)
    np.testing.assert_array_equal(matrix @ x.ravel(), out.ravel())


@given(geometries(), st.integers(0, 99))
def test_what_a_page_shows_is_exact(geometry, seed):
    window, size, _, _, groups = geometry
    dout, weight = arrays(geometry, lambda *shape: np.random.default_rng(seed).integers(-999, 999, shape) / 100)
    ways = dx_ways(dout, weight, window, input_size=size, groups=groups)
    exact = sum(
        Fraction(round(term.dout * 100), 100) * Fraction(round(term.weight * 100), 100)
        for term in dx_terms(dout, weight, window, input_size=size, cell=(0, 0, 0), groups=groups)
    )
    for grid in (ways.spread, ways.convolved, ways.multiplied):
        np.testing.assert_array_equal(grid.counts, ways.spread.counts)
        assert Fraction(int(grid.counts[0, 0, 0]), grid.scale) == exact
    assert ways.plane.counts[:, ~ways.blank].size <= dout.size  # fewer where padding cuts some off
    assert not ways.plane.counts[:, ways.blank].any()
    assert ways.matrix_size == (ways.spread.counts.size, dout.size)


def test_the_4_by_16_matrix_of_the_guide():
    """Dumoulin and Visin 2016, section 4.1: a 3x3 kernel on 4x4."""
    weight = np.arange(1.0, 10).reshape(1, 1, 3, 3)
    first = [1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0, 0, 0, 0, 0]
    expected = [np.roll(first, shift) for shift in (0, 1, 4, 5)]
    np.testing.assert_array_equal(convolution_matrix(weight, Window.of(3), input_size=4), expected)


def test_padding_beyond_the_kernels_reach_cuts_dout_off():
    dout = np.arange(1.0, 26).reshape(1, 5, 5)
    ways = dx_ways(dout, np.full((1, 1, 1, 1), 2.0), Window.of(1, 1, 1), input_size=3)
    np.testing.assert_array_equal(ways.plane.counts[0], dout[0, 1:-1, 1:-1])
    np.testing.assert_array_equal(ways.convolved.counts[0], 2 * dout[0, 1:-1, 1:-1])


def test_a_number_that_no_window_reads_is_zero_and_has_no_terms():
    options = {"input_size": (6, 6)}
    dout, weight, window = np.ones((1, 2, 2)), np.ones((1, 1, 2, 2)), Window.of(2, 3)
    assert dx_terms(dout, weight, window, cell=(0, 2, 0), **options) == []
    for way in WAYS.values():
        assert way(dout, weight, window, **options)[0].tolist()[2] == [0] * 6


def test_a_matrix_beyond_the_bound_is_not_made():
    given_to = (np.ones((1, 8, 8)), np.ones((1, 1, 3, 3)), Window.of(3, 1, 1))
    assert dx_ways(*given_to, input_size=8).matrix.counts.shape == (64, 64)
    assert dx_ways(*given_to, input_size=8, largest_matrix=(64, 63)).matrix is None
    assert dx_ways(*given_to, input_size=8, largest_matrix=(63, 64)).matrix is None


GOOD = {"dout": np.ones((2, 3, 3)), "weight": np.ones((2, 1, 3, 3)), "window": Window.of(3), "input_size": 5}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dout": np.ones((2, 3, 2))}, "dout (shape (2, 3, 2)) must have shape (2, 3, 3): the filters of weight, and"),
        (
            {"weight": np.ones((2, 1, 2, 2))},
            "weight (shape (2, 1, 2, 2)) must have kernels of the window's size (3, 3)",
        ),
        ({"groups": 3}, "groups (=3) must divide the filters of weight (=2)"),
        ({"groups": 0}, "groups (=0) must be 1 or more"),
        ({"input_size": (5, 0)}, "input_size (=0) must be 1 or more"),
        ({"dout": np.full((2, 3, 3), np.inf)}, "dout must hold finite numbers only"),
        ({"weight": np.full((2, 1, 3, 3), np.nan)}, "weight must hold finite numbers only"),
        ({"window": 3}, "window (=3) must be a Window"),
    ],
    ids=str,
)
@pytest.mark.parametrize("way", [*WAYS.values(), dx_ways], ids=lambda way: way.__name__)
def test_what_does_not_fit_is_named(way, changes, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        way(**GOOD | changes)


@pytest.mark.parametrize("cell", [(1, 0, 0), (0, 5, 0), (0, 0, -1), (0, 0), (0, 0.5, 0)])
def test_a_cell_that_dx_does_not_have_is_named(cell):
    with pytest.raises(
        ValueError, match=re.escape(f"cell (={cell}) must be a channel, a row and a column of dx, whose")
    ):
        dx_terms(**GOOD, cell=cell)
