"""The convolution page: the player gets the core's numbers, the address sets everything, bad input is named."""

import numpy as np
import pytest

from cnn_core import datasets
from cnn_core.conv import conv2d_forward_naive
from cnn_core.window import Window
from pages.controls.kernel import PRESETS, preset
from tests.app.lesson import calm, open_lesson, padded, sent, texts, unpack, values

NUMBERS = ("kernel_size", "stride", "padding", "dilation")
SETTINGS = [
    {},
    {"stride": "2", "padding": "0"},
    {"input": "gradient", "input_size": "12", "kernel_size": "5", "dilation": "2", "stride": "3", "bias": "-1.5"},
    {"input": "digit", "digit": "7", "kernel": "emboss", "bias": "0.0625"},
    {"input": "circle", "kernel_size": "2", "weight": "1,0;-2.5,0.125"},
    {"input": "shuffled numbers", "kernel": "random", "padding": "6", "stride": "5"},
]


def window(app):
    return Window.of(*(app.slider(key=name).value for name in NUMBERS))


@pytest.mark.parametrize("parameters", SETTINGS, ids=str)
def test_the_player_gets_what_the_layer_computes(parameters):
    app = open_lesson("convolution", **parameters)
    assert calm(app)
    geometry = window(app)
    x, weight = geometry.crop(values(app, "x")), values(app, "weight")
    options = {"stride": geometry.stride, "padding": geometry.padding, "dilation": geometry.dilation}
    out, _ = conv2d_forward_naive(x[None], weight[None], np.array([app.number_input(key="bias").value]), **options)
    np.testing.assert_allclose(values(app, "out")[None], out, rtol=0, atol=1e-9)
    assert values(app, "bias").item() == app.number_input(key="bias").value


@pytest.mark.parametrize("parameters", SETTINGS, ids=str)
def test_the_windows_cells_are_the_geometrys(parameters):
    app = open_lesson("convolution", **parameters)
    data, geometry = sent(app), window(app)
    _, rows, columns = data["grids"]["x"]["shape"]
    origin, taps = unpack(data["origin"]), unpack(data["taps"])
    cells = np.arange(rows * columns).reshape(rows, columns)
    seen = geometry.view(cells).reshape(len(origin), len(taps))
    np.testing.assert_array_equal(origin[:, None] + taps, seen)
    unseen = unpack(data["unseen"])
    np.testing.assert_array_equal(np.flatnonzero(unseen), np.setdiff1d(cells, seen))


def test_the_address_sets_every_control():
    parameters = {"input": "cross", "input_size": "9", "kernel": "Sobel y", "kernel_size": "4", "stride": "2"}
    app = open_lesson("convolution", **parameters, padding="3", dilation="2", bias="1.25")
    assert [app.slider(key=name).value for name in ("input_size", *NUMBERS)] == [9, 4, 2, 3, 2]
    np.testing.assert_array_equal(values(app, "x"), padded(datasets.pattern("cross", 9), 3))
    np.testing.assert_array_equal(values(app, "weight"), preset("Sobel y", 4)[None])
    assert values(app, "bias").item() == 1.25


def test_a_slider_changes_what_the_player_gets():
    app = open_lesson("convolution")
    before = sent(app)["id"]
    app.slider(key="stride").set_value(3).run()
    assert calm(app)
    assert sent(app)["id"] != before
    assert values(app, "out").shape == (1, 3, 3)


def test_an_unrelated_rerun_leaves_the_player_alone():
    app = open_lesson("convolution")
    assert sent(app) == sent(app.run())


def test_the_formula_has_the_readers_numbers():
    app = open_lesson("convolution", input_size="12", kernel_size="5", stride="2", padding="3")
    assert r"\frac{12 + 2 \cdot 3 - 5}{2} \right\rfloor + 1 = 7" in app.latex[-1].value


@pytest.mark.parametrize("size", range(1, 8))
@pytest.mark.parametrize("name", PRESETS)
def test_presets_fit_every_kernel_size(name, size):
    weight = preset(name, size)
    assert weight.shape == (size, size)
    total = {"blur": 1, "sharpen": 1, "identity": 1, "edges": 0, "emboss": 1}.get(name)
    if total is not None:
        assert weight.sum() == pytest.approx(total, abs=1e-3)
    elif name.startswith("Sobel") and size > 1:
        assert weight.sum() == 0


@pytest.mark.parametrize(
    ("parameter", "value", "remedy"),
    [
        ("stride", "0", "must be 1 to 6"),
        ("stride", "99", "must be 1 to 6"),
        ("stride", "two", "must be a whole number from 1 to 6"),
        ("stride", "1.5", "must be a whole number from 1 to 6"),
        ("stride", "+-3", "must be a whole number from 1 to 6"),
        ("stride", "", "must be a whole number from 1 to 6"),
        pytest.param("stride", "9" * 5000, "must be a whole number from 1 to 6", id="stride-of-5000-digits"),
        ("padding", "-1", "must be 0 to 6"),
        ("bias", "nan", "must be -99 to 99"),
        ("bias", "1e9", "must be -99 to 99"),
        ("bias", "much", "must be a number from -99 to 99"),
        ("kernel", "foo", "must be one of edges, Sobel x"),
        ("input", "<b>", "must be one of shuffled numbers, vertical edge"),
    ],
)
def test_a_bad_parameter_is_named_with_its_remedy_and_the_page_works(parameter, value, remedy):
    app = open_lesson("convolution", **{parameter: value})
    (warning,) = texts(app.warning)
    assert f"{parameter} (={value[:40]}) in the link {remedy}" in warning
    assert not app.exception
    assert not app.error
    assert values(app, "out").shape == (1, 8, 8)


@pytest.mark.parametrize(("text", "value"), [("3", 3), ("03", 3), ("+3", 3), (" 3", 3), ("3.0", 3)])
def test_a_whole_number_may_be_written_in_several_ways(text, value):
    app = open_lesson("convolution", stride=text)
    assert calm(app)
    assert app.slider(key="stride").value == value


def test_a_repeated_parameter_is_told():
    app = open_lesson("convolution", stride=["2", "3"])
    assert texts(app.warning) == ["stride stands 2 times in the link (=2, 3): it may stand once only."]
    assert not app.exception
    assert sent(app)


def test_a_kernel_larger_than_the_padded_input_is_the_cores_error_and_can_be_mended():
    app = open_lesson("convolution", input_size="4", kernel_size="7", padding="0")
    with pytest.raises(ValueError) as core:
        Window.of(7).output_size((4, 4))
    assert texts(app.error) == [str(core.value)]
    assert not app.exception
    app.slider(key="kernel_size").set_value(3).run()
    assert calm(app)
    assert values(app, "out").shape == (1, 2, 2)


@pytest.mark.parametrize("text", ["x", "", "nan", "inf", "1000", "1 2", "<b>"])
def test_a_kernel_cell_of_text_is_named_and_stays_in_the_grid(text):
    app = open_lesson("convolution", weight=f"1,2,3;4,5,{text};7,8,9", stride="2")
    (error,) = texts(app.error)
    assert error.startswith(f"weight[1, 2] (={text!r}) must be a number from -999 to 999: type one")
    assert not app.exception
    grid = sent(app, "convscope_kernel_grid")
    assert (grid["bad"], grid["rows"][1][2]) == ([[1, 2]], text)
    app.query_params["weight"] = "1,2,3;4,5,6;7,8,9"
    assert calm(app.run())
    assert app.slider(key="stride").value == 2
    np.testing.assert_array_equal(values(app, "weight")[0], np.arange(1, 10).reshape(3, 3))


@pytest.mark.parametrize("text", ["1", "1,2;3,4", "1,2,3;4,5,6;7,8", "1,2,3,4;" * 3, ";;"])
def test_a_weight_of_another_shape_is_told_and_the_preset_used(text):
    app = open_lesson("convolution", weight=text)
    (warning,) = texts(app.warning)
    assert "must be 3x3, as kernel_size says; the preset is used" in warning
    assert not app.exception
    np.testing.assert_array_equal(values(app, "weight")[0], preset("edges", 3))


@pytest.mark.parametrize("change", [{"kernel": "blur"}, {"kernel_size": 5}])
def test_another_preset_or_size_replaces_an_edited_kernel(change):
    app = open_lesson("convolution", weight="1,2,3;4,5,6;7,8,9")
    assert "Edited by you" in " ".join(texts(app.sidebar.caption))
    for key, value in change.items():
        (app.slider if isinstance(value, int) else app.selectbox)(key=key).set_value(value).run()
    assert calm(app)
    assert "weight" not in app.query_params
    expected = preset(change.get("kernel", "edges"), change.get("kernel_size", 3))
    np.testing.assert_array_equal(values(app, "weight")[0], expected)
