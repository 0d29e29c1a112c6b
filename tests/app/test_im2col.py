"""The im2col page: the matrices are the windows and the kernels, their product is the layer's output, the costs are counted."""

import re

import numpy as np
import pytest

from cnn_core.conv import conv2d_forward_naive
from tests.app.lesson import (
    calm,
    change,
    control,
    open_lesson,
    options,
    sees_the_windows_cells,
    sent,
    texts,
    values,
    walked,
    window,
)

SETTINGS = {
    "as it opens": {},
    "in_colour": {"preset": "in_colour", "bias": "1,-2"},
    "padded": {"preset": "padded", "filters": "1"},
    "stride": {"preset": "stride_2", "kernel": "random", "bias": "0.5"},
    "one_cell": {"preset": "one_by_one", "filters": "4"},
    "dilation": {"input": "shuffled_numbers", "input_size": "6", "dilation": "2", "kernel_size": "3", "padding": "1"},
    "a_photograph": {"input": "lake", "input_size": "5", "channels": "3", "filters": "3", "kernel": "blur", "stride": "2"},
    "edited": {"filters": "2", "weight": "|1,2;3,4", "bias": "3, 4"},
    "rows never read": {"input_size": "5", "stride": "3", "padding": "1"},
}  # fmt: skip


@pytest.fixture(scope="module", params=SETTINGS.values(), ids=SETTINGS)
def page(request):
    return open_lesson("im2col", **request.param)


def matrices(app):
    """The columns and the rows, copied number by number from the padded input and the kernels."""
    x, geometry = values(app, "x"), window(app)
    (sh, sw), (dh, dw), (kh, kw) = geometry.stride, geometry.dilation, geometry.kernel_size
    down, across = values(app, "out").shape[1:]
    columns = [
        [x[c, row * sh + i * dh, column * sw + j * dw] for c, i, j in np.ndindex(len(x), kh, kw)]
        for row, column in np.ndindex(down, across)
    ]
    weight = values(app, "weight").reshape(-1, len(x), kh, kw)
    rows = [[kernel[c, i, j] for c, i, j in np.ndindex(len(x), kh, kw)] for kernel in weight]
    return np.array(columns).T, np.array(rows)


def test_the_matrices_are_the_windows_and_the_kernels(page):
    assert calm(page)
    columns, rows = matrices(page)
    for grids in (walked(page), {name: values(page, name) for name in ("columns", "rows")}):
        np.testing.assert_array_equal(grids["columns"], columns[None])
        np.testing.assert_array_equal(grids["rows"], rows[None])
    titles = sent(page)["titles"]
    assert titles["columns"].endswith(f"{columns.shape[0]}×{columns.shape[1]}")
    assert titles["rows"].endswith(f"{rows.shape[0]}×{rows.shape[1]}")
    assert titles["product"].endswith(f"{rows.shape[0]}×{columns.shape[1]}")


def test_the_product_is_the_layers_output(page):
    geometry, made = window(page), walked(page)
    columns, rows = matrices(page)
    x = geometry.crop(values(page, "x"))
    weight = values(page, "weight").reshape(len(rows), len(x), *geometry.kernel_size)
    bias = values(page, "bias").ravel()
    out, _ = conv2d_forward_naive(x[None], weight, bias, **options(geometry))
    for product in (made["product"], values(page, "product"), values(page, "out").reshape(1, len(rows), -1)):
        np.testing.assert_allclose(product[0], out.reshape(len(rows), -1), rtol=0, atol=1e-9)
        np.testing.assert_allclose(product[0], rows @ columns + bias[:, None], rtol=0, atol=1e-9)
    typed = [float(part) for part in control(page, "bias").value.split(",")]
    np.testing.assert_array_equal(bias, np.resize(typed, len(rows)))


def test_first_all_windows_are_copied_then_multiplied(page):
    data = sent(page)
    down, across = values(page, "out").shape[1:]
    steps = [(phase["name"], phase["steps"], [action["do"] for action in phase["actions"]]) for phase in data["phases"]]
    assert steps == [
        ("copy", down * across, ["copy"]),
        ("multiply", down * across * control(page, "filters").value, ["matmul"]),
    ]
    assert data["rows"] == [[["x"], ["weight", "bias"], ["out"]], [["rows"], ["columns"], ["product"]]]
    assert sees_the_windows_cells(data, window(page), window(page).crop(values(page, "x")).shape[1:])


def test_what_it_costs_is_counted(page):
    columns, rows = matrices(page)
    numbers = window(page).crop(values(page, "x")).size
    words = " ".join(texts(page.markdown))
    assert (
        f"The input has {numbers} numbers, the columns {columns.size}: **{columns.size / numbers:.1f} times as many**"
        in words
    )
    assert f"the {columns.size * len(rows):,} multiplications and additions of this layer" in words


@pytest.mark.parametrize(
    ("example", "columns", "rows", "numbers"),
    [
        ("two_filters", (4, 9), (2, 4), 16),
        ("in_colour", (12, 9), (2, 12), 48),
        ("padded", (9, 16), (2, 9), 16),
        ("stride_2", (4, 4), (2, 4), 16),
        ("one_by_one", (3, 16), (2, 3), 48),
    ],
)
def test_the_examples_have_the_sizes_of_their_words(example, columns, rows, numbers):
    app = open_lesson("im2col", preset=example)
    assert calm(app)
    assert values(app, "columns").shape == (1, *columns)
    assert values(app, "rows").shape == (1, *rows)
    assert window(app).crop(values(app, "x")).size == numbers
    found = re.search(r"\*\*([\d.]+) times as many", " ".join(texts(app.markdown)))
    assert float(found[1]) == pytest.approx(np.prod(columns) / numbers, abs=0.05)


def test_a_kernel_too_large_is_the_cores_error_and_can_be_mended():
    app = open_lesson("im2col", input_size="2", kernel_size="4")
    (error,) = texts(app.error)
    assert error.startswith("kernel_size (=4, dilation 1: 4 cells of height) must fit into the padded input (=2)")
    assert not app.exception
    assert calm(change(app, "padding", 1))
    assert values(app, "columns").shape == (1, 16, 1)


def test_a_bias_that_is_no_number_is_named():
    app = open_lesson("im2col", bias="one")
    (error,) = texts(app.error)
    assert error.startswith("bias (='one') must be a number from -99 to 99, or 2 of them with commas between")
    assert not app.exception
    assert not values(app, "bias").any()
