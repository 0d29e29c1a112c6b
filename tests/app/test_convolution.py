"""The convolution page: the player gets the core's numbers and makes the layer's gradients of them, whatever is set."""

import numpy as np
import pytest

from cnn_core import datasets
from cnn_core.conv import conv2d_backward_naive, conv2d_forward_naive
from cnn_core.window import Window
from pages.controls.kernel import kernel_of
from pages.controls.walk_presets import CONVOLUTION
from tests.app.lesson import (
    both,
    calm,
    change,
    control,
    formula,
    images,
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

APART = {"per_axis": "true", "kernel_size_height": "2", "kernel_size_width": "4", "stride_width": "2"}
SETTINGS = {
    "as it opens": {},
    "stride": {"input_size": "8", "stride": "3", "padding": "0", "dout": "random"},
    "dilation": {"input": "gradient", "kernel_size": "5", "dilation": "2", "padding": "4", "stride": "3", "bias": "-1.5"},
    "digit": {"input": "digit", "digit": "7", "kernel": "emboss", "bias": "0.0625", "dout": "from_loss"},
    "edited": {"input": "circle", "input_size": "6", "kernel_size": "2", "weight": "1,0;-2.5,0.125", "dout": "one_cell"},
    "much padding": {"input": "shuffled_numbers", "input_size": "7", "kernel": "random", "padding": "6", "stride": "5"},
    "colour": {"input": "cat", "input_size": "6", "channels": "3", "filters": "2", "bias": "0.5,-2", "dout": "random"},
    "four channels": {"input": "cross", "input_size": "5", "channels": "4", "filters": "5", "kernel": "random"},
    "two groups": {"preset": "course_demo", "channels": "4", "filters": "6", "groups": "2", "bias": "1", "dilation": "2"},
    "depthwise": {"preset": "depthwise", "input_size": "6", "dout": "from_loss", "bias": "1, 2; 3"},
    "depthwise, doubled": {"input": "few_numbers", "input_size": "5", "channels": "2", "filters": "4", "groups": "2"},
    "axes apart": APART | {"input": "few_numbers", "padding_height": "2", "padding_width": "0", "dilation_height": "3"},
    "axes apart, grouped": APART | {"preset": "depthwise", "input_size": "6", "flip": "true", "dout": "random"},
    "flipped": {"preset": "course_demo", "kernel": "random", "kernel_seed": "5", "flip": "true", "dilation": "2"},
}  # fmt: skip


@pytest.fixture(scope="module", params=SETTINGS.values(), ids=SETTINGS)
def page(request):
    return open_lesson("convolution", **request.param)


def shape(app):
    """Channels, filters and groups."""
    return len(values(app, "x")), control(app, "filters").value, int(control(app, "groups").value)


def test_the_player_makes_what_the_layer_computes(page):
    assert calm(page)
    geometry, made, (channels, filters, groups) = window(page), walked(page), shape(page)
    weight = values(page, "weight").reshape(filters, channels // groups, *geometry.kernel_size)
    x, dout = geometry.crop(values(page, "x"))[None], values(page, "dout")[None]
    out, cache = conv2d_forward_naive(x, weight, values(page, "bias").ravel(), **options(geometry, groups=groups))
    expected = dict(zip(("dx", "dweight", "dbias"), conv2d_backward_naive(dout, cache), strict=True)) | {"out": out}
    for name, array in expected.items():
        found = geometry.crop(made[name]) if name == "dx" else made[name]
        np.testing.assert_allclose(found.reshape(array.shape), array, rtol=0, atol=1e-9, err_msg=name)
    np.testing.assert_array_equal(values(page, "out"), made["out"])
    assert [(phase["name"], phase["steps"]) for phase in sent(page)["phases"]] == [
        ("forward", out.size),
        ("backward", out.size),
    ]
    assert sent(page)["rows"] == [[["x"], ["weight", "bias"], ["out"]], [["dx"], ["dweight", "dbias"], ["dout"]]]


@pytest.mark.parametrize("name", SETTINGS)
def test_dx_can_be_gathered_and_is_the_same(name):
    page, gathered = (open_lesson("convolution", **SETTINGS[name], dx_as=way) for way in ("scatter", "gather"))
    geometry = window(page)
    if geometry.padding[0][0] >= geometry.span[0]:
        assert "the kernel's reach, to be seen as a convolution" in texts(gathered.error)[0]
        return
    assert calm(gathered)
    dx = geometry.crop(walked(page)["dx"])
    np.testing.assert_array_equal(walked(gathered)["out"], dx)
    assert [(phase["name"], phase["steps"]) for phase in sent(gathered)["phases"]] == [("backward", dx.size)]
    flipped = values(page, "weight")[..., ::-1, ::-1]
    assert sorted(map(str, values(gathered, "weight"))) == sorted(map(str, flipped))
    assert sent(gathered)["titles"]["weight"].endswith(", flipped")
    assert sum("**dx** as a *gather*" in text for text in texts(gathered.markdown)) == 1
    assert not any("Changed by you" in text for text in texts(open_lesson("convolution", dx_as="gather").markdown))


def test_the_windows_cells_are_the_geometrys(page):
    geometry = window(page)
    assert sees_the_windows_cells(sent(page), geometry, geometry.crop(values(page, "x")).shape[1:])
    assert not values(page, "x")[:, unpack(sent(page)["blank"]).reshape(values(page, "x").shape[1:]) == 1].any()


def test_the_kernels_and_the_bias_are_the_ones_chosen(page):
    channels, filters, groups = shape(page)
    seed = [control(page, "kernel_seed").value] if control(page, "kernel").value in ("random", "whole_numbers") else []
    expected = kernel_of(control(page, "kernel").value, both(page, "kernel_size"), channels // groups, filters, *seed)
    if "weight" in page.query_params:
        expected = np.array([[1, 0], [-2.5, 0.125]])
    if control(page, "flip").value:
        expected = expected[..., ::-1, ::-1]
    np.testing.assert_array_equal(values(page, "weight"), expected.reshape(values(page, "weight").shape))
    bias = [float(part) for part in control(page, "bias").value.replace(";", ",").split(",")]
    np.testing.assert_array_equal(values(page, "bias").ravel(), np.resize(bias, filters))


@pytest.mark.parametrize("padding", [0, 2])
@pytest.mark.parametrize("kernel", ["sobel_x", "random"])
def test_a_flipped_kernel_makes_the_convolution_of_mathematics(kernel, padding):
    app = open_lesson(
        "convolution", input="few_numbers", input_size="6", kernel=kernel, padding=str(padding), flip="true"
    )
    assert calm(app)
    x = window(app).crop(values(app, "x"))[0]
    weight = np.array(sent(app, "convscope_kernel_grid")["rows"], dtype=float)  # as the reader sees and edits it
    full = np.zeros((8, 8))
    for row, column in np.ndindex(6, 6):  # by definition: each number is replaced by its multiple of the kernel
        full[row : row + 3, column : column + 3] += x[row, column] * weight
    inside = slice(2 - padding, 6 + padding)
    np.testing.assert_allclose(walked(app)["out"][0], full[inside, inside], rtol=0, atol=1e-9)
    assert "flipped" in sent(app)["titles"]["weight"]
    assert "cross-correlation" in " ".join(texts(app.caption))


@pytest.mark.parametrize(
    ("example", "before", "after"),  # Dumoulin and Visin 2016, figures 2.1 to 2.7 and 5.1
    [
        ("no_padding", (1, 4, 4), (1, 2, 2)),
        ("arbitrary_padding", (1, 5, 5), (1, 6, 6)),
        ("half_padding", (1, 5, 5), (1, 5, 5)),
        ("full_padding", (1, 5, 5), (1, 7, 7)),
        ("strides", (1, 5, 5), (1, 2, 2)),
        ("padding_and_strides", (1, 5, 5), (1, 3, 3)),
        ("odd", (1, 6, 6), (1, 3, 3)),
        ("dilation", (1, 7, 7), (1, 3, 3)),
        ("course_demo", (3, 5, 5), (2, 3, 3)),
        ("depthwise", (3, 8, 8), (3, 8, 8)),
        ("one_by_one", (3, 5, 5), (2, 5, 5)),
        ("grey_from_colours", (3, 8, 8), (1, 8, 8)),
        ("sobel_on_a_photograph", (1, 64, 64), (1, 64, 64)),
        ("eight_filters", (3, 32, 32), (8, 32, 32)),
        ("edges_on_a_picture", (1, 10, 10), (1, 10, 10)),
    ],
)
def test_the_examples_have_the_sizes_of_their_sources(example, before, after):
    assert example in CONVOLUTION
    app = open_lesson("convolution", preset=example)
    assert calm(app)
    assert window(app).crop(values(app, "x")).shape == before
    assert values(app, "out").shape == after
    assert np.unique(values(app, "out")).size > 1
    if control(app, "input").value == "few_numbers":  # sums that one can do in one's head
        assert {grid["scale"] for grid in sent(app)["grids"].values()} == {1}
    if example == "grey_from_colours":
        red, green, blue = values(app, "x")
        np.testing.assert_allclose(values(app, "out")[0], 0.299 * red + 0.587 * green + 0.114 * blue, atol=1e-9)


def test_the_course_demo_is_the_courses():
    app = open_lesson("convolution", preset="course_demo")
    assert window(app) == Window.of(3, 2, 1)
    assert values(app, "weight").shape == (6, 3, 3)  # two filters of 3x3x3
    assert values(app, "bias").ravel().tolist() == [1, 0]
    assert set(np.unique(values(app, "weight"))) == {-1, 0, 1}
    assert set(np.unique(values(app, "x"))) == {0, 1, 2}


@pytest.mark.parametrize("dout", ["ones", "one_cell", "random", "from_loss"])
def test_the_gradient_that_comes_back_is_the_one_chosen(dout):
    app = open_lesson("convolution", preset="course_demo", dout=dout)
    sends, out = values(app, "dout"), values(app, "out")
    middle = np.zeros((2, 3, 3))
    middle[:, 1, 1] = 1
    if dout == "random":
        assert set(np.unique(sends)) <= set(range(-3, 4))
        assert np.unique(sends).size > 3
    else:
        np.testing.assert_array_equal(sends, {"ones": np.ones_like(out), "one_cell": middle, "from_loss": out}[dout])


def test_channels_have_their_colours_names():
    colours = ["red", "green", "blue"]
    assert sent(open_lesson("convolution", channels="3"))["channel_names"] == {"x": colours, "dx": colours}
    assert not any(sent(open_lesson("convolution", input="cross", channels="3"))["channel_names"].values())


def test_further_channels_of_a_pattern_are_quarter_turns():
    app = open_lesson("convolution", input="vertical_edge", input_size="6", channels="4", padding="0")
    turns = [np.rot90(datasets.pattern("vertical_edge", 6), turns) for turns in range(4)]
    np.testing.assert_array_equal(values(app, "x"), turns)


def test_a_control_changes_what_the_player_gets():
    app = open_lesson("convolution", preset="edges_on_a_picture")
    seen = {sent(app)["walk"]}
    for key, value in {"stride": 3, "bias": "2", "filters": 2, "dout": "ones", "flip": True, "channels": "3"}.items():
        assert calm(change(app, key, value))
        seen.add(sent(app)["walk"])
    assert len(seen) == 7
    assert values(app, "out").shape == (2, 4, 4)


def test_an_unrelated_rerun_leaves_the_player_alone():
    app = open_lesson("convolution", channels="3", filters="2")
    before = sent(app)
    assert sent(app.run()) == before
    assert sent(change(app, "edit", "filter_1_channel_2")) == before  # another kernel in the grid to edit
    app.query_params["speed"] = "2"
    assert sent(app.run())["walk"] == before["walk"]


def test_the_formula_has_the_readers_numbers():
    app = open_lesson("convolution", input_size="12", kernel_size="5", stride="2", padding="3")
    assert r"\frac{12 + 2 \cdot 3 - 5}{2} \right\rfloor + 1 = 7" in formula(app)
    assert sent(app)["titles"] | {"x": "input 12×12, padded 18×18", "out": "output 7×7"} == sent(app)["titles"]
    apart = formula(open_lesson("convolution", **APART, input_size="7")).split("$$\n\n$$")
    assert r"\text{height: } \left\lfloor \frac{7 + 2 \cdot 1 - 2}{1} \right\rfloor + 1 = 8" in apart[1]
    assert r"\text{width: } \left\lfloor \frac{7 + 2 \cdot 1 - 4}{2} \right\rfloor + 1 = 3" in apart[2]


@pytest.mark.parametrize(
    ("parameters", "maps"),
    [
        ({"kernel": "identity"}, ["the same kernel on every channel, 200×200"]),
        ({"stride": "3"}, ["the same kernel on every channel, 67×67"]),
        ({"channels": "3"}, ["filter 0, 200×200"]),
        ({"filters": "3", "padding": "0"}, [f"filter {n}, 198×198" for n in range(3)]),
        ({"preset": "depthwise", "filters": "6"}, [f"filter {n}, 200×200" for n in range(6)]),
        ({"input": "cross"}, ["the same kernel on every channel, 200×200"]),
        ({"input": "cross", "channels": "2", "filters": "2"}, ["filter 0, 200×200", "filter 1, 200×200"]),
    ],
    ids=str,
)
def test_the_whole_picture_is_filtered_too(parameters, maps):
    app = open_lesson("convolution", **parameters)
    assert calm(app)
    shown = images(app)
    assert sorted(shown) == sorted([*maps, "input, 200×200"])
    if parameters == {"kernel": "identity"}:
        assert len(set(shown.values())) == 1


def test_what_rounding_leaves_of_an_output_of_zeros_is_no_gradient():
    parameters = {"input": "horizontal_edge", "kernel_size": "3", "weight": "0.1,0.2,-0.3;0,0,0;0,0,0", "padding": "0"}
    app = open_lesson("convolution", **parameters, dout="from_loss")
    assert calm(app)
    assert not values(app, "dout").any()
