"""The gradient page: the player gets the core's gradients, and the check beside them is right."""

import numpy as np
import pytest

from cnn_core.conv import conv2d_backward_naive, conv2d_forward
from cnn_core.pool import avg_pool2d_backward_naive, avg_pool2d_forward, max_pool2d_backward_naive, max_pool2d_forward
from cnn_core.window import Window
from tests.app.lesson import calm, figure, open_lesson, sent, texts, values

LAYERS = ("convolution", "max pooling", "average pooling")
SETTINGS = [
    {},
    {"stride": "3", "padding": "1", "dout": "ones"},
    {"kernel_size": "2", "stride": "2", "dout": "one cell", "input_size": "7"},
    {"kernel_size": "5", "stride": "1", "padding": "2", "input_size": "4"},
]


def window(app):
    return Window.of(*(app.slider(key=name).value for name in ("kernel_size", "stride", "padding")))


def gradients(layer, app):
    """By the readable loops, from the numbers that the player shows."""
    geometry = window(app)
    x, dout = geometry.crop(values(app, "x"))[None], values(app, "dout")[None]
    options = {"stride": geometry.stride, "padding": geometry.padding}
    if layer == "convolution":
        _, cache = conv2d_forward(x, values(app, "weight")[None], np.zeros(1), **options)
        return dict(zip(("dx", "dweight", "dbias"), conv2d_backward_naive(dout, cache), strict=True))
    if layer == "max pooling":
        _, cache = max_pool2d_forward(x, geometry.kernel_size, **options)
        return {"dx": max_pool2d_backward_naive(dout, cache)}
    _, cache = avg_pool2d_forward(x, geometry.kernel_size, **options)
    return {"dx": avg_pool2d_backward_naive(dout, cache)}


def errors(app):
    return [float(metric.value) for metric in app.metric]


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("parameters", SETTINGS, ids=str)
def test_the_player_gets_the_layers_gradients_and_the_check_passes(parameters, layer):
    app = open_lesson("gradient_flow", **parameters, layer=layer)
    assert calm(app)
    assert sent(app)["phases"] == ["backward"]
    for name, gradient in gradients(layer, app).items():
        shown = values(app, name)
        shown = window(app).crop(shown) if name == "dx" else shown
        np.testing.assert_allclose(shown.reshape(gradient.shape), gradient, rtol=0, atol=1e-9, err_msg=name)
    assert max(errors(app)) < 1e-6
    assert len(errors(app)) == (3 if layer == "convolution" else 1)
    assert texts(app.success) == ["The two agree: the backward pass is right."]


@pytest.mark.parametrize("layer", LAYERS)
def test_both_heatmaps_show_the_gradient(layer):
    app = open_lesson("gradient_flow", layer=layer)
    dx = gradients(layer, app)["dx"][0, 0]
    for way in ("by the backward pass", "by moving each number a little"):
        (heatmap,), _ = figure(app, way)
        written = [[float(text.replace("−", "-")) for text in row] for row in heatmap["text"]]
        np.testing.assert_allclose(written, dx, rtol=1e-3, atol=1e-6)


def test_the_gradient_of_the_weights_can_be_chosen():
    app = open_lesson("gradient_flow")
    app.radio(key="gradient_shown").set_value("dweight").run()
    (heatmap,), _ = figure(app, "by the backward pass")
    written = [[float(text.replace("−", "-")) for text in row] for row in heatmap["text"]]
    np.testing.assert_allclose(written, values(app, "dweight")[0], rtol=1e-3)


@pytest.mark.parametrize(("dout", "total"), [("ones", 16), ("one cell", 1)])
def test_the_upstream_gradient_is_the_one_chosen(dout, total):
    app = open_lesson("gradient_flow", dout=dout)
    assert values(app, "dout").sum() == total
    assert set(np.unique(values(app, "dout"))) <= {0, 1}


@pytest.mark.parametrize("kernel", ["Sobel x", "edges", "blur"])
def test_a_gradient_that_is_zero_everywhere_counts_as_right(kernel):
    # Every window with every shift of the kernel: dx of Sobel x is 0 in each cell, its numeric twin only nearly so.
    app = open_lesson("gradient_flow", kernel=kernel, padding="2", dout="ones", input="cross")
    assert calm(app)
    assert max(errors(app)) < 1e-6
    if kernel == "Sobel x":
        assert np.abs(window(app).crop(values(app, "dx"))).max() == 0
        (heatmap,), _ = figure(app, "by moving each number a little")
        assert {text for row in heatmap["text"] for text in row} == {"0"}


@pytest.mark.parametrize("pattern", ["checkerboard", "vertical edge"])
def test_ties_in_max_pooling_are_explained(pattern):
    app = open_lesson("gradient_flow", layer="max pooling", input=pattern)
    (warning,) = texts(app.warning)
    assert "holds its largest number more than once" in warning
    assert "Choose “shuffled numbers” as input for no ties" in warning
    assert not app.exception
    assert not app.error
    assert errors(app)[0] > 1e-3


def test_ties_are_none_of_average_poolings_business():
    assert calm(open_lesson("gradient_flow", layer="average pooling", input="checkerboard"))


@pytest.mark.parametrize("layer", ["max pooling", "average pooling"])
def test_a_window_of_padding_only_is_the_cores_error(layer):
    app = open_lesson("gradient_flow", layer=layer, kernel_size="2", padding="3", stride="4", input_size="7")
    (error,) = texts(app.error)
    assert (
        "must leave each pooling window at least one cell of the input: with a window of 2x2 cells, at most 1 is safe"
        in error
    )
    assert not app.exception


@pytest.mark.parametrize("layer", LAYERS)
def test_a_kernel_larger_than_the_padded_input_is_the_cores_error(layer):
    app = open_lesson("gradient_flow", layer=layer, kernel_size="5", input_size="3")
    (error,) = texts(app.error)
    assert error.startswith("kernel_size (=5, dilation 1: 5 cells of height) must fit into the padded input (=3)")
    assert not app.exception
    app.slider(key="input_size").set_value(6).run()
    assert calm(app)


@pytest.mark.parametrize(
    ("parameter", "value", "remedy"),
    [
        ("layer", "dropout", "must be one of convolution, max pooling, average pooling"),
        ("dout", "2", "must be one of ones, one cell, random"),
        ("kernel_size", "6", "must be 1 to 5"),
        ("padding", "x", "must be a whole number from 0 to 3"),
    ],
)
def test_a_bad_parameter_is_named_with_its_remedy_and_the_page_works(parameter, value, remedy):
    app = open_lesson("gradient_flow", **{parameter: value})
    (warning,) = texts(app.warning)
    assert warning.startswith(f"{parameter} (={value}) in the link {remedy}")
    assert not app.exception
    assert max(errors(app)) < 1e-6


def test_a_kernel_cell_of_text_is_named():
    app = open_lesson("gradient_flow", weight="1,2,3;4,5,six;7,8,9")
    (error,) = texts(app.error)
    assert error.startswith("weight[1, 2] (='six') must be a number")
    assert not app.exception
