"""The page of the transposed convolution: spread or gathered, both of its views make the layer's output."""

import numpy as np
import pytest

from cnn_core.conv_transpose import conv_transpose2d_backward_naive, conv_transpose2d_forward_naive
from cnn_core.window import Window
from pages.controls.kernel import kernel_of
from tests.app.lesson import (
    calm,
    change,
    control,
    formula,
    open_lesson,
    options,
    sees_the_windows_cells,
    sent,
    texts,
    unpack,
    values,
    walked,
    window,
)

SETTINGS = {
    "as it opens": {},
    "output padding": {"stride": "3", "output_padding": "2", "dout": "ones"},
    "cut off": {"stride": "2", "padding": "2", "input_size": "4", "dout": "one_cell"},
    "dilation": {"dilation": "2", "padding": "1", "kernel": "random"},
    "stride beyond the kernel": {"stride": "4", "kernel_size": "2", "output_padding": "1"},
    "one_cell": {"stride": "2", "kernel_size": "1"},
    "channels": {"channels": "3", "filters": "2", "stride": "2", "padding": "1"},
    "filters": {"channels": "2", "filters": "3", "kernel": "edges", "input": "shuffled_numbers"},
    "a_photograph": {"input": "cat", "input_size": "4", "channels": "3", "kernel": "blur", "stride": "2"},
    "edited": {"weight": "1,2,3;4,5,6;7,8,9", "stride": "2", "output_padding": "1"},
}


def opened(settings, view):
    return open_lesson("transposed", **SETTINGS[settings], view=view)


def layer(app, x, weight):
    """The layer itself, in plain loops: out and its cache."""
    keys = {slider.key for slider in app.slider}
    extra = control(app, "output_padding").value if "output_padding" in keys else 0
    bias = np.zeros(weight.shape[1])
    return conv_transpose2d_forward_naive(x[None], weight, bias, **options(window(app), output_padding=extra))


@pytest.mark.parametrize("settings", SETTINGS)
def test_spreading_makes_what_the_layer_computes_forward_and_backward(settings):
    app = opened(settings, "spread")
    assert calm(app)
    x, geometry, made = values(app, "x"), window(app), walked(app)
    weight = values(app, "weight").reshape(len(x), -1, *geometry.kernel_size)
    assert weight.shape[1] == control(app, "filters").value
    out, cache = layer(app, x, weight)
    np.testing.assert_allclose(geometry.crop(made["out"]), out[0], rtol=0, atol=1e-9)
    dout = geometry.crop(values(app, "dout"))
    dx, dweight, _ = conv_transpose2d_backward_naive(dout[None], cache)
    np.testing.assert_allclose(made["dx"], dx[0], rtol=0, atol=1e-9)
    np.testing.assert_array_equal(made["dx"], values(app, "dx"))
    np.testing.assert_allclose(made["dweight"].reshape(dweight.shape), dweight, rtol=0, atol=1e-9)
    assert [(p["name"], p["steps"]) for p in sent(app)["phases"]] == [("forward", x.size), ("backward", x.size)]
    assert sees_the_windows_cells(sent(app), geometry, out.shape[2:])
    assert not values(app, "dout")[:, unpack(sent(app)["blank"]).reshape(made["out"].shape[1:]) == 1].any()
    assert "base64" not in sent(app)["grids"]["out"]  # it grows step by step


@pytest.mark.parametrize("settings", SETTINGS)
def test_gathering_makes_the_same_output(settings):
    app, spread = opened(settings, "gather"), opened(settings, "spread")
    assert calm(app)
    x, geometry, made = values(spread, "x"), window(app), walked(app)
    weight = values(spread, "weight").reshape(len(x), -1, *geometry.kernel_size)
    out, _ = layer(app, x, weight)
    np.testing.assert_allclose(made["out"], out[0], rtol=0, atol=1e-9)
    np.testing.assert_array_equal(made["out"], values(app, "out"))
    flipped = values(app, "weight").reshape(weight.shape[1], weight.shape[0], *geometry.kernel_size)
    np.testing.assert_array_equal(flipped, weight.swapaxes(0, 1)[..., ::-1, ::-1])
    assert [(p["name"], p["steps"]) for p in sent(app)["phases"]] == [("forward", out.size)]
    assert "bias" not in sent(app)["grids"]
    assert "flipped" in sent(app)["titles"]["weight"]


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_input_is_drawn_apart_with_zeros_that_are_marked(settings):
    app, spread = opened(settings, "gather"), opened(settings, "spread")
    apart, x = values(app, "x"), values(spread, "x")
    real = unpack(sent(app)["blank"]).reshape(apart.shape[1:]) == 0
    np.testing.assert_array_equal(apart[:, real].reshape(x.shape), x)
    assert not apart[:, ~real].any()
    rows, columns = (np.unique(cells) for cells in np.nonzero(real))
    stride = control(app, "stride").value
    assert (np.diff(rows) == stride).all()
    assert (np.diff(columns) == stride).all()
    reach = control(app, "dilation").value * (control(app, "kernel_size").value - 1)
    assert rows[0] == columns[0] == reach - control(app, "padding").value
    size = apart.shape[1] - reach
    geometry = Window.of(control(app, "kernel_size").value, 1, 0, control(app, "dilation").value)
    assert geometry.output_size(apart.shape[1:]) == (size, size)
    cells = np.arange(apart[0].size).reshape(apart.shape[1:])  # its window moves by one, everywhere
    places = unpack(sent(app)["origin"])[:, None] + unpack(sent(app)["taps"])
    np.testing.assert_array_equal(places, geometry.view(cells).reshape(size * size, -1))


@pytest.mark.parametrize("view", ["spread", "gather"])
@pytest.mark.parametrize(
    ("parameters", "before", "after"),  # Dumoulin and Visin 2016, figures 4.1 to 4.7
    [
        ({"preset": "no_padding"}, 2, 4),
        ({"preset": "arbitrary_padding"}, 6, 5),
        ({"preset": "half_padding"}, 5, 5),
        ({"preset": "full_padding"}, 7, 5),
        ({"preset": "strides"}, 2, 5),
        ({"preset": "padding_and_strides"}, 3, 5),
        ({"preset": "odd"}, 3, 6),
        ({"preset": "enlarging"}, 3, 7),
    ],
    ids=str,
)
def test_the_examples_have_the_sizes_of_the_guide(parameters, before, after, view):
    app = open_lesson("transposed", **parameters, view=view)
    assert calm(app)
    out = walked(app)["out"]
    if view == "spread":
        assert values(app, "x").shape == (1, before, before)
        out = window(app).crop(out)
    assert out.shape == (1, after, after)
    assert sent(app)["titles"]["x"].startswith(f"input {before}×{before}")
    assert sent(app)["titles"]["out"].startswith(f"output {after}×{after}")
    assert f" = {after}\n" in formula(app)
    assert {grid["scale"] for grid in sent(app)["grids"].values()} == {1}  # whole numbers


def test_the_arbitrary_example_has_the_guides_kernel():
    assert window(open_lesson("transposed", preset="arbitrary_padding")) == Window.of(4, 1, 2)


def test_the_formula_has_the_readers_numbers():
    app = open_lesson(
        "transposed", input_size="4", kernel_size="3", stride="3", padding="2", dilation="2", output_padding="1"
    )
    assert r"= (4 - 1) \cdot 3 - 2 \cdot 2 + (2 \cdot (3 - 1) + 1) + 1 = 11" in formula(app)
    assert window(app).crop(walked(app)["out"]).shape == (1, 11, 11)


def test_output_padding_is_less_than_the_stride_and_gone_where_the_stride_is_one():
    app = open_lesson("transposed", stride="4", output_padding="3")
    assert control(app, "output_padding").max == 3
    assert calm(change(app, "stride", 2))
    assert (control(app, "output_padding").value, control(app, "output_padding").max) == (1, 1)
    assert calm(change(app, "stride", 1))
    assert "output_padding" not in {slider.key for slider in app.slider}
    assert window(app).crop(walked(app)["out"]).shape == (1, 5, 5)


def test_the_kernels_are_the_ones_chosen():
    app = open_lesson("transposed", channels="3", filters="2", kernel="random", kernel_seed="4")
    np.testing.assert_array_equal(values(app, "weight"), kernel_of("random", (3, 3), 2, 3, seed=4).reshape(6, 3, 3))


@pytest.mark.parametrize(
    (
        "parameters",
        "labels",
    ),  # one kernel for each channel of the input and each filter, which is a channel of the output
    [
        ({"channels": "3"}, [f"channel {c}" for c in range(3)]),
        ({"filters": "2"}, ["filter 0", "filter 1"]),
        ({"channels": "3", "filters": "2"}, [f"filter {f}, channel {c}" for c in range(3) for f in range(2)]),
    ],
    ids=str,
)
def test_the_kernels_are_called_by_their_channel_and_filter(parameters, labels):
    assert control(open_lesson("transposed", **parameters), "edit").options == labels


@pytest.mark.parametrize("dout", ["ones", "one_cell", "random"])
def test_the_gradient_that_comes_back_is_the_one_chosen(dout):
    app = open_lesson("transposed", filters="2", dout=dout)
    found = window(app).crop(values(app, "dout"))
    assert found.shape == (2, 7, 7)
    middle = np.zeros((2, 7, 7))
    middle[:, 3, 3] = 1
    if dout == "random":
        assert set(np.unique(found)) == set(range(-3, 4))
    else:
        np.testing.assert_array_equal(found, np.ones((2, 7, 7)) if dout == "ones" else middle)


@pytest.mark.parametrize(
    ("parameters", "message", "mend"),
    [
        ({"view": "gather", "padding": "3"}, "padding (=3) must be at most 2, the kernel's reach, to be seen", ("padding", 2)),
        ({"view": "gather", "padding": "3"}, "make it smaller, or the kernel larger", ("kernel_size", 4)),
        ({"view": "gather", "padding": "3"}, "padding (=3) must be at most 2", ("view", "spread")),
        ({"input_size": "2", "padding": "4"}, "padding (=4 + 4 cells of height) must be less than", ("padding", 1)),
        ({"input_size": "2", "padding": "4", "view": "gather"}, "(=5): make the padding smaller", ("padding", 1)),
    ],
)  # fmt: skip
def test_padding_that_leaves_nothing_is_the_cores_error_and_can_be_mended(parameters, message, mend):
    app = open_lesson("transposed", **parameters)
    (error,) = texts(app.error)
    assert message in error
    assert not app.exception
    assert calm(change(app, *mend))
    assert np.any(walked(app)["out"])


def test_each_view_says_what_is_dx_of_what_and_which_kernel_is_flipped():
    app = open_lesson("transposed", stride="2", padding="1")
    assert "the input is its **dout**, the output its **dx**" in texts(app.markdown)[0]
    assert "**not flipped**" in texts(app.markdown)[0]
    assert sent(app)["titles"]["weight"] == "kernel 3×3"
    change(app, "view", "gather")
    assert "gathered as a convolution's **dx** is from its **dout**" in texts(app.markdown)[0]
    assert "the kernel **flipped** by 180°" in texts(app.markdown)[0]
    assert sent(app)["titles"]["weight"] == "kernel 3×3, flipped"
    assert sent(app)["titles"]["x"] == "input 3×3, padding 3 − 1 − 1 = 1"
    assert any("1 between neighbours of the input" in text for text in texts(app.caption))


def test_a_view_can_be_chosen_and_is_no_change_of_the_example():
    app = open_lesson("transposed")
    spread = sent(app)
    assert calm(change(app, "view", "gather"))
    assert sent(app)["operation"] == "conv2d"
    assert not any("Changed by you" in text for text in texts(app.markdown))
    assert calm(change(app, "view", "spread"))
    assert sent(app) == spread
