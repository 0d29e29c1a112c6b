"""Receptive fields: the published formula and the exact paths, each held against convolutions of ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn_core.conv import conv2d_forward
from cnn_core.receptive_field import connection, receptive_fields, smallest_input
from cnn_core.window import Window


def counts(windows, input_size):
    """By brute force: (output rows, output columns, input rows, input columns), paths counted by convolving with ones.

    One picture for each input cell, with a 1 there: what arrives above counts the ways.
    """
    height, width = input_size
    x = np.eye(height * width).reshape(-1, 1, height, width)
    for window in windows:
        ones = np.ones((1, 1, *window.kernel_size))
        x, _ = conv2d_forward(
            x, ones, np.zeros(1), stride=window.stride, padding=window.padding, dilation=window.dilation
        )
    return np.moveaxis(x[:, 0].reshape(height, width, *x.shape[2:]), (0, 1), (2, 3))


def pairs(low, high):
    return st.tuples(st.integers(low, high), st.integers(low, high))


@st.composite
def stacks(draw):
    """Up to four layers that fit, each axis and each side of the padding for itself."""
    input_size = draw(pairs(3, 9))
    windows, size = [], input_size
    for _ in range(draw(st.integers(1, 4))):
        window = Window(
            draw(pairs(1, 3)), draw(pairs(1, 3)), draw(st.tuples(pairs(0, 2), pairs(0, 2))), draw(pairs(1, 2))
        )
        try:
            size = window.output_size(size)
        except ValueError:
            continue
        windows.append(window)
    return windows, input_size


@given(stacks())
def test_paths_are_what_convolving_ones_counts(stack):
    rows, columns = connection(*stack)
    np.testing.assert_array_equal(np.einsum("ai,bj->abij", rows.paths, columns.paths), counts(*stack))
    assert rows.paths.dtype == np.int64


@given(stacks())
def test_the_formula_holds_what_is_seen_and_is_met_away_from_the_border(stack):
    windows, input_size = stack
    brute = counts(windows, input_size)
    top = receptive_fields(windows, input_size)[-1]
    for axis, along in enumerate(connection(windows, input_size)):
        seen = brute.sum(axis=(1 - axis, 3 - axis))
        assert len(along.field) == len(seen) == top.map_size[axis]
        assert along.field[0, 0] == top.start[axis]
        assert set(np.diff(along.field[:, 0])) <= {top.jump[axis]}
        assert set(along.field[:, 1] - along.field[:, 0]) == {top.size[axis] - 1}
        for cells, (first, last) in zip(seen, along.field, strict=True):
            (changed,) = np.nonzero(cells)
            inside = first >= 0 and last < input_size[axis]
            if inside and seen.any():  # no padding on the way: the outermost cells are reached, on one path each
                assert (changed[0], changed[-1]) == (first, last)
            assert all(first <= cell <= last for cell in changed)


@given(stacks())
def test_two_parts_of_a_stack_make_the_whole(stack):
    windows, input_size = stack
    for cut in range(len(windows) + 1):
        middle = receptive_fields(windows[:cut], input_size)[-1].map_size
        whole, lower, upper = (
            connection(windows, input_size),
            connection(windows[:cut], input_size),
            connection(windows[cut:], middle),
        )
        for axis in (0, 1):
            np.testing.assert_array_equal(upper[axis].paths @ lower[axis].paths, whole[axis].paths)


def sizes(layers, input_size):
    """Receptive fields along one axis, of layers (kernel_size, stride, padding, dilation)."""
    fields = receptive_fields([Window.of(*layer) for layer in layers], input_size)
    assert all(field.size[0] == field.size[1] for field in fields)
    return [field.size[0] for field in fields]


VGG16 = [layer for convs in (2, 2, 3, 3, 3) for layer in [*[(3, 1, 1)] * convs, (2, 2)]]
ALEXNET = [(11, 4), (3, 2), (5, 1, 2), (3, 2), (3, 1, 1), (3, 1, 1), (3, 1, 1), (3, 2)]


def test_known_receptive_fields():
    assert sizes([(3,)] * 3, 12) == [1, 3, 5, 7]
    assert sizes([(7,)], 12)[-1] == 7
    assert sizes([(5,), (2, 2), (5,), (2, 2), (5,)], 32) == [1, 5, 6, 14, 16, 32]  # LeNet-5: C5 sees the whole input
    assert sizes([(3, 1, d, d) for d in (1, 2, 4)], 24) == [1, 3, 7, 15]
    assert sizes(VGG16, 224)[-1] == 212  # as Araujo et al. list it
    assert sizes(ALEXNET, 227)[-1] == 195  # as Araujo et al. list AlexNet (v2)
    assert receptive_fields([Window.of(*layer) for layer in VGG16], 224)[-1].jump == (32, 32)


def test_each_axis_has_its_own_field():
    window = Window.of((3, 5), (1, 2), ((1, 0), (2, 1)), (2, 1))
    field = receptive_fields([window, window], (20, 30))[-1]
    assert field.size == (9, 13)
    assert field.jump == (1, 4)
    assert field.start == (-2, -6)


def test_the_middle_weighs_more_than_the_corner():
    rows, columns = connection([Window.of(3)] * 3, 12)
    assert rows.paths[0].tolist() == [1, 3, 6, 7, 6, 3, 1, 0, 0, 0, 0, 0]
    np.testing.assert_array_equal(rows.paths, columns.paths)


def test_padding_is_not_a_cell():
    rows, _ = connection([Window.of(3, padding=1)], 4)
    assert rows.paths.tolist() == [[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 1], [0, 0, 1, 1]]
    assert rows.field.tolist() == [[-1, 1], [0, 2], [1, 3], [2, 4]]


def test_without_layers_each_cell_sees_itself():
    (field,) = receptive_fields([], (3, 5))
    assert (field.map_size, field.size, field.jump, field.start) == ((3, 5), (1, 1), (1, 1), (0, 0))
    assert connection([], (3, 5))[1].paths.tolist() == np.eye(5).tolist()


def test_a_layer_that_does_not_fit_is_named():
    windows = [Window.of(3), Window.of(2, 2), Window.of(5, dilation=2)]
    message = r"^layer 3: kernel_size \(=5, dilation 2: 9 cells of height\) must fit into the padded input \(=5\): make"
    for function in (receptive_fields, connection):
        with pytest.raises(ValueError, match=message):
            function(windows, 12)


@given(stacks())
def test_the_smallest_input_fits_and_one_cell_less_does_not(stack):
    windows, _ = stack
    smallest = smallest_input(windows)
    receptive_fields(windows, smallest)
    for axis in (0, 1):
        less = tuple(n - (side == axis) for side, n in enumerate(smallest))
        if less[axis]:
            with pytest.raises(ValueError, match=r"^layer \d: kernel_size"):
                receptive_fields(windows, less)
    assert smallest_input([]) == (1, 1)


def test_an_input_of_no_size_is_refused():
    with pytest.raises(ValueError, match=r"^input_size \(=0\) must be 1 or more"):
        receptive_fields([], 0)


@pytest.mark.parametrize("windows", [Window.of(3), [3], [Window.of(3), (3, 1)], None, "33"])
def test_what_are_no_layers_is_refused_in_words(windows):
    for function in (receptive_fields, connection, lambda layers, _: smallest_input(layers)):
        with pytest.raises(ValueError, match=r"^windows \(=.*\) must be a list of layers, each a Window"):
            function(windows, 12)


def test_more_paths_than_an_int64_counts_are_refused():
    with pytest.raises(ValueError, match=r"^windows \(=23 layers, up to 3e\+19 paths\) must leave fewer"):
        connection([Window.of((7, 1), padding=(3, 0))] * 23, 12)
