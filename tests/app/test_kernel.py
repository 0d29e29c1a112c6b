"""The kernels that one may start from, and those that are edited: in the grid, or in the address as `weight`."""

import numpy as np
import pytest

from pages.controls.kernel import KERNELS, PLANES, RANDOM, kernel_of
from tests.app.lesson import calm, change, open_lesson, sent, texts, values

EDITED = "1,2,3;4,5,6;7,8,9"
COUNTED = np.arange(1.0, 10).reshape(3, 3)
THREE = {  # by hand
    "edges": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    "sobel_x": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "sobel_y": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "blur": [[0.0625, 0.125, 0.0625], [0.125, 0.25, 0.125], [0.0625, 0.125, 0.0625]],
    "sharpen": [[-1, -1, -1], [-1, 9, -1], [-1, -1, -1]],
    "emboss": [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
}


@pytest.mark.parametrize("name", THREE)
def test_a_kernel_of_nine_is_the_textbooks(name):
    assert set(THREE) == set(PLANES)
    np.testing.assert_array_equal(kernel_of(name, (3, 3)), [[THREE[name]]])


@pytest.mark.parametrize("size", [(n, n) for n in range(1, 8)] + [(1, 4), (5, 2), (7, 1)], ids=str)
@pytest.mark.parametrize("name", KERNELS)
def test_presets_fit_every_size(name, size):
    weight = kernel_of(name, size, channels=3, filters=2)
    assert weight.shape == (2, 3, *size)
    np.testing.assert_array_equal(weight, weight.round(4))
    assert not np.signbit(weight[weight == 0]).any()
    total = weight[0, 0].sum()
    if name in ("blur", "sharpen", "identity", "emboss"):
        assert total == pytest.approx(1, abs=1e-9)
    elif name == "edges":
        assert total == 0
    elif name.startswith("Sobel"):
        assert total == 0 or size[name == "sobel_x"] == 1


@pytest.mark.parametrize("name", KERNELS)
def test_further_filters_take_the_next_kernels_and_random_ones_all_differ(name):
    weight = kernel_of(name, (3, 3), channels=2, filters=9)
    planes = {plane.tobytes() for plane in weight.reshape(-1, 9)}
    if name in RANDOM:
        assert len(planes) == 18
        np.testing.assert_array_equal(weight, kernel_of(name, (3, 3), 2, 9))
        assert (weight != kernel_of(name, (3, 3), 2, 9, seed=1)).any()
    elif name == "brightness":
        assert (weight[:, :, 1, 1] == 0.5).all()
    else:
        names = list(PLANES) * 3
        expected = [THREE[names[names.index(name) + number]] for number in range(9)]
        np.testing.assert_array_equal(weight, np.repeat(np.array(expected)[:, None], 2, axis=1))


def test_whole_numbers_are_small_and_brightness_is_the_eyes():
    assert set(np.unique(kernel_of("whole_numbers", (3, 3), 3, 2))) == {-1, 0, 1}
    np.testing.assert_array_equal(kernel_of("brightness", (1, 1), 3).ravel(), [0.299, 0.587, 0.114])


@pytest.mark.parametrize("text", ["x", "", "nan", "inf", "1000", "1 2", "<b>", "1e999", "٣x", "9" * 400])
def test_a_cell_that_is_no_number_is_named_stays_in_the_grid_and_counts_as_0(text):
    app = open_lesson("convolution", weight=f"1,2,3;4,5,{text};7,8,9", stride="2")
    (error,) = texts(app.error)
    assert error.startswith(f"weight[1, 2] (={text[:20]!r}) must be a number from -999 to 999: type one")
    assert not app.exception
    grid = sent(app, "convscope_kernel_grid")
    assert (grid["bad"], grid["rows"][1][2]) == ([[1, 2]], text)
    np.testing.assert_array_equal(values(app, "weight")[0], COUNTED * (COUNTED != 6))
    app.query_params["weight"] = EDITED
    assert calm(app.run())
    np.testing.assert_array_equal(values(app, "weight")[0], COUNTED)


def test_a_bad_cell_of_another_kernel_is_told_by_its_name():
    app = open_lesson("convolution", input="cross", channels="2", filters="2", weight=f"||1,2,3;4,x,6;7,8,9|{EDITED}")
    (error,) = texts(app.error)
    assert error.startswith("weight[1, 1] of filter 1, channel 0 (='x') must be a number")
    assert sent(app, "convscope_kernel_grid")["bad"] == []  # the grid shows the first kernel, which has none
    np.testing.assert_array_equal(values(app, "weight")[:2], [THREE["edges"]] * 2)
    np.testing.assert_array_equal(values(app, "weight")[2:], [COUNTED * (COUNTED != 5), COUNTED])
    grid = sent(change(app, "edit", "filter_1_channel_0"), "convscope_kernel_grid")
    assert (grid["bad"], grid["rows"][1]) == ([[1, 1]], ["4", "x", "6"])


@pytest.mark.parametrize(
    "text",
    ["1", "", "1,2;3,4", "1,2,3;4,5,6;7,8", "1,2,3,4;" * 3, ";;", f"{EDITED};", "9" * 50_000, "1,2,3;" * 9_000, "<b>"],
    ids=lambda text: text[:20],
)
def test_weights_of_another_shape_are_told_and_the_preset_used(text):
    app = open_lesson("convolution", weight=text)
    (warning,) = texts(app.warning)
    assert warning.startswith("weight in the link (")
    assert "must be 3x3, as kernel_size says; the chosen kernel is used" in warning
    assert len(warning) < 200
    assert not app.exception
    assert not app.error
    np.testing.assert_array_equal(values(app, "weight"), [THREE["edges"]])
    assert "weight" not in app.query_params


@pytest.mark.parametrize(("filters", "kernels"), [("1", 2), ("3", 4), ("3", 3000)])
def test_more_kernels_than_there_are_is_told_and_the_first_ones_used(filters, kernels):
    app = open_lesson(
        "convolution",
        filters=filters,
        weight="|".join([EDITED] * int(filters) + [EDITED[::-1]] * (kernels - int(filters))),
    )
    (warning,) = texts(app.warning)
    assert warning == f"weight in the link (kernels: {kernels}) must hold at most {filters} of them."
    assert not app.exception
    assert (values(app, "weight") == COUNTED).all()


@pytest.mark.parametrize(
    ("weight", "edited"), [(EDITED, [0]), (f"|{EDITED}", [1]), (f"||{EDITED}", [2]), (f"{EDITED}||{EDITED}|", [0, 2])]
)
def test_a_kernel_left_empty_is_the_presets(weight, edited):
    app = open_lesson("convolution", input="cross", channels="2", filters="2", groups="1", weight=weight)
    assert calm(app)
    expected = kernel_of("edges", (3, 3), 2, 2).reshape(4, 3, 3).copy()
    expected[edited] = COUNTED
    np.testing.assert_array_equal(values(app, "weight"), expected)


@pytest.mark.parametrize("page", ["convolution", "transposed", "im2col", "gradient_flow"])
def test_an_edited_kernel_is_said_to_be_and_can_be_put_back(page):
    app = open_lesson(page, kernel="blur", kernel_size="3", filters="1", weight=EDITED)
    assert calm(app)
    assert "Edited by you, from “blur”." in texts(app.sidebar.caption)
    np.testing.assert_array_equal(values(app, "weight"), [COUNTED])
    assert calm(app.button(key="reset_kernel").click().run())
    assert "weight" not in app.query_params
    np.testing.assert_array_equal(values(app, "weight"), [THREE["blur"]])


@pytest.mark.parametrize(("key", "value"), [("kernel", "blur"), ("kernel_size", 5), ("filters", 2), ("channels", "3")])
def test_another_preset_size_or_number_of_kernels_replaces_what_was_edited(key, value):
    app = open_lesson("convolution", weight=EDITED)
    assert calm(change(app, key, value))
    assert "weight" not in app.query_params
    assert not any("Edited by you" in text for text in texts(app.sidebar.caption))
    changed = {"kernel": "edges", "kernel_size": 3, "filters": 1, "channels": 1} | {key: value}
    size = changed["kernel_size"], changed["kernel_size"]
    expected = kernel_of(changed["kernel"], size, int(changed["channels"]), changed["filters"])
    np.testing.assert_array_equal(values(app, "weight"), expected.reshape(-1, *size))
