"""The one geometry: sizes, positions, views and their adjoint, over every option."""

import re
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn_core.window import Window

small = st.integers(1, 4)
pads = st.integers(0, 3)


@st.composite
def window_and_size(draw):
    window = Window.of(
        (draw(small), draw(small)),
        (draw(small), draw(small)),
        ((draw(pads), draw(pads)), (draw(pads), draw(pads))),
        (draw(small), draw(small)),
    )
    size = tuple(max(1, window.span[axis] - sum(window.padding[axis])) + draw(st.integers(0, 6)) for axis in (0, 1))
    return window, size


@given(window_and_size())
def test_output_size_counts_the_positions_that_fit(case):
    window, size = case
    padded = window.padded_size(size)
    for axis in (0, 1):
        fits = [p for p in range(0, padded[axis], window.stride[axis]) if p + window.span[axis] <= padded[axis]]
        assert window.output_size(size)[axis] == len(fits)


@given(window_and_size())
def test_origins_and_offsets_point_at_what_the_view_shows(case):
    window, size = case
    padded = np.arange(np.prod(window.padded_size(size))).reshape(window.padded_size(size))
    view = window.view(padded)
    positions = list(window.origins(size))
    assert len(positions) == np.prod(window.output_size(size))
    for oy, ox, top, left in positions:
        seen = [padded[top + down, left + across] for down, across in window.offsets()]
        assert seen == view[oy, ox].ravel().tolist()


@given(window_and_size())
def test_view_adjoint_is_the_transpose_of_view(case):
    window, size = case
    rng = np.random.default_rng(0)
    image = rng.integers(-9, 9, window.padded_size(size)).astype(float)
    windows = rng.integers(-9, 9, window.view(image).shape).astype(float)
    assert np.sum(window.view(image) * windows) == np.sum(image * window.view_adjoint(windows, image.shape))


@given(window_and_size())
def test_coverage_counts_the_windows_over_each_cell(case):
    window, size = case
    expected = np.zeros(window.padded_size(size), dtype=int)
    for _, _, top, left in window.origins(size):
        for down, across in window.offsets():
            expected[top + down, left + across] += 1
    np.testing.assert_array_equal(window.coverage(size), expected)


@given(window_and_size())
def test_phases_name_every_cell_of_every_window_once(case):
    window, size = case
    for axis in (0, 1):
        meetings = []
        for cells, taps in window.phases(size, axis):
            part = range(size[axis])[cells]
            for k, by in taps:
                for o in range(window.output_size(size)[axis]):
                    if 0 <= o + by < len(part):
                        meetings.append((o, k, part[o + by]))
        expected = [
            (o, k, cell)
            for o in range(window.output_size(size)[axis])
            for k in range(window.kernel_size[axis])
            if 0 <= (cell := o * window.stride[axis] + k * window.dilation[axis] - window.padding[axis][0]) < size[axis]
        ]
        assert sorted(meetings) == expected


@given(window_and_size())
def test_crop_undoes_pad(case):
    window, size = case
    image = np.arange(np.prod(size), dtype=float).reshape(size) + 1
    padded = window.pad(image)
    np.testing.assert_array_equal(window.crop(padded), image)
    assert padded.shape == window.padded_size(size)
    assert padded.sum() == image.sum()


@given(small, small, st.integers(1, 9))
def test_same_padding_keeps_the_size(kernel, dilation, size):
    window = Window.of(kernel, 1, "same", dilation)
    assert window.output_size((size, size)) == (size, size)
    (before, after), _ = window.padding
    assert after - before in (0, 1)


@given(window_and_size())
def test_leftover_is_what_no_window_reaches_at_the_end(case):
    window, size = case
    unseen = window.coverage(size) == 0
    for axis in (0, 1):
        left = window.leftover(size)[axis]
        assert left == unseen.all(axis=1 - axis)[::-1].argmin()
        assert 0 <= left < window.stride[axis]


def test_a_stride_that_does_not_divide_leaves_cells_over():
    coverage = Window.of(3, stride=2).coverage((6, 6))
    assert (coverage[5] == 0).all()
    assert (coverage[:5, :5] > 0).all()


WAYS = {
    "of": Window.of,
    "by itself": Window,
    "from another": lambda **options: replace(Window.of(1), **options),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kernel_size": 0}, "kernel_size (=0) must be 1 or more"),
        ({"kernel_size": 3, "stride": 0}, "stride (=0) must be 1 or more"),
        ({"kernel_size": (3, 3), "stride": (1, -2)}, "stride (=-2) must be 1 or more"),
        ({"kernel_size": 3, "padding": -1}, "padding (=-1) must be 0 or more"),
        ({"kernel_size": 3, "padding": ((0, 0), (0, -1))}, "padding (=-1) must be 0 or more"),
        ({"kernel_size": 3, "dilation": 0}, "dilation (=0) must be 1 or more"),
        ({"kernel_size": 3, "stride": 1.5}, "stride (=1.5) must be a whole number, 1 or more"),
        ({"kernel_size": (1, 2, 3)}, "kernel_size (=(1, 2, 3)) must be one whole number or a pair (height, width)"),
        ({"kernel_size": "3"}, "kernel_size (='3') must be a whole number, 1 or more"),
        ({"kernel_size": None}, "kernel_size (=None) must be a whole number, 1 or more"),
        ({"kernel_size": 3, "padding": None}, "padding (=None) must be a whole number, 0 or more"),
        ({"kernel_size": 3, "padding": "valid"}, "padding (='valid') must be whole numbers or \"same\""),
        ({"kernel_size": 3, "padding": "same", "stride": 2}, 'padding (="same") needs stride 1'),
        ({"kernel_size": 3, "padding": ((1, 1),)}, "padding (=((1, 1),)) must be ((top, bottom), (left, right))"),
        ({"kernel_size": True}, "kernel_size (=True) must be a whole number, 1 or more"),
    ],
)
def test_no_window_can_exist_that_is_not_valid(way, options, message):
    with pytest.raises(ValueError) as error:
        WAYS[way](**options)
    assert message in str(error.value)


@pytest.mark.parametrize("way", WAYS)
def test_a_window_holds_pairs_whatever_it_is_built_from(way):
    window = WAYS[way](kernel_size=[3, np.int64(2)], stride=2, padding=(1, 0))
    assert window == Window.of((3, 2), 2, ((1, 1), (0, 0)))
    assert hash(window) == hash(Window((3, 2), (2, 2), ((1, 1), (0, 0))))
    assert window.span == (3, 2)


def test_a_window_cannot_be_changed_afterwards():
    with pytest.raises(FrozenInstanceError):
        Window.of(3).stride = (0, 0)


@given(window_and_size())
def test_a_window_of_padding_only_is_refused_and_no_other(case):
    window, size = case
    inside = window.view(window.pad(np.ones(size, bool), value=False))
    if inside.any(axis=(-2, -1)).all():
        window.require_real_cells(size)
    else:
        with pytest.raises(ValueError, match=r"^(padding|dilation) \(=\d+\) must"):
            window.require_real_cells(size)


@pytest.mark.parametrize("kernel", [1, 2, 3, (1, 4), (5, 2)])
@pytest.mark.parametrize("dilation", [1, 2, (1, 3)])
@pytest.mark.parametrize("stride", [1, 2, (3, 1)])
def test_the_padding_that_is_said_to_be_safe_is_safe(kernel, dilation, stride):
    window = Window.of(kernel, stride, 9, dilation)
    with pytest.raises(ValueError, match="padding") as error:
        window.require_real_cells((4, 4))
    safe = int(re.search(r"at most (\d+) is safe", str(error.value))[1])
    assert safe in [span // 2 for span in window.span]
    replace(window, padding=[span // 2 for span in window.span]).require_real_cells((4, 4))


def test_a_dilated_window_that_falls_beside_the_input_is_told():
    with pytest.raises(ValueError) as error:
        Window.of(2, 1, 1, 2).require_real_cells((1, 1))
    assert str(error.value) == (
        "dilation (=2) must be at most the input (=1 cells of height) here: with padding (=1 + 1) a dilated window falls "
        "beside the input and sees padding only"
    )
    Window.of(2, 1, 1, 1).require_real_cells((1, 1))


def test_the_axis_whose_padding_is_too_much_is_named():
    with pytest.raises(ValueError, match=r"padding \(=1\) .* window of 1x5 cells, at most 0 is safe for the height"):
        Window.of((1, 5), 1, (1, 2)).require_real_cells((8, 8))


def test_a_huge_padding_is_refused_at_once():
    with pytest.raises(ValueError, match=r"padding \(=1000000000\) must leave"):
        Window.of(2, padding=10**9).require_real_cells((4, 4))


def test_a_window_larger_than_the_padded_input_is_refused():
    with pytest.raises(ValueError, match=r"kernel_size \(=5, dilation 2: 9 cells of height\) must fit .*\(=8\)"):
        Window.of(5, padding=1, dilation=2).output_size((6, 6))


def test_a_pair_may_be_an_array():
    window = Window.of(np.array([3, 2]), np.array(2), np.array([[1, 0], [2, 1]]), np.array([1, 1], np.uint8))
    assert window == Window.of((3, 2), 2, ((1, 0), (2, 1)), 1)
    assert window.output_size(np.array([8, 9])) == window.output_size((8, 9))
    for wrong in (np.array([1.0, 2.0]), np.array([1, 2, 3]), np.array(["a", "b"]), np.array(1.5)):
        with pytest.raises(ValueError, match=r"^padding \(="):
            Window.of(3, padding=wrong)
