"""The gradient page: the player gets the core's gradients, and the check beside them is right."""

import numpy as np
import pytest

from cnn_core.conv import conv2d_backward_naive, conv2d_forward_naive
from cnn_core.pool import avg_pool2d_backward_naive, avg_pool2d_forward, max_pool2d_backward_naive, max_pool2d_forward
from tests.app.lesson import calm, change, control, figure, open_lesson, options, sent, texts, values, walked, window

LAYERS = ("convolution", "max_pooling", "average_pooling")
SETTINGS = [
    {},
    {"stride": "3", "padding": "1", "dout": "ones"},
    {"kernel_size": "2", "stride": "2", "dout": "one_cell", "input_size": "7"},
    {"kernel_size": "5", "stride": "1", "padding": "2", "input_size": "4"},
    {"seed": "9", "input_size": "5", "kernel": "random", "kernel_seed": "3"},
]
INPUT = {"input", "input_size", "seed", "digit"}


def gradients(layer, app):
    """By the readable loops, from the numbers that the player was sent; pooling's walk does not need its input."""
    geometry = window(app)
    dout = values(app, "dout")[None]
    if layer == "convolution":
        x, weight = geometry.crop(values(app, "x"))[None], values(app, "weight")[None]
        _, cache = conv2d_forward_naive(x, weight, np.zeros(1), **options(geometry))
        return dict(zip(("dx", "dweight", "dbias"), conv2d_backward_naive(dout, cache), strict=True))
    # The same input, as the convolution's walk shows it.
    shown = open_lesson("gradient_flow", **{key: app.query_params[key] for key in INPUT & set(app.query_params)})
    x, settings = window(shown).crop(values(shown, "x"))[None], {"stride": geometry.stride}
    settings["padding"] = [side[0] for side in geometry.padding]
    if layer == "max_pooling":
        _, cache = max_pool2d_forward(x, geometry.kernel_size, **settings)
        return {"dx": max_pool2d_backward_naive(dout, cache)}
    _, cache = avg_pool2d_forward(x, geometry.kernel_size, **settings)
    return {"dx": avg_pool2d_backward_naive(dout, cache)}


def errors(app):
    return [float(metric.value) for metric in app.metric]


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("parameters", SETTINGS, ids=str)
def test_the_player_gets_the_layers_gradients_and_the_check_passes(parameters, layer):
    app = open_lesson("gradient_flow", **parameters, layer=layer)
    assert calm(app)
    (phase,) = sent(app)["phases"]
    assert (phase["name"], phase["steps"]) == ("backward", values(app, "dout").size)
    made = walked(app)
    for name, gradient in gradients(layer, app).items():
        assert "base64" not in sent(app)["grids"][name]  # it grows step by step
        shown = window(app).crop(made[name]) if name == "dx" else made[name]
        np.testing.assert_allclose(shown.reshape(gradient.shape), gradient, rtol=0, atol=1e-9, err_msg=name)
    assert max(errors(app)) < 1e-6
    assert len(errors(app)) == (3 if layer == "convolution" else 1)
    assert texts(app.success) == ["The two agree: the backward pass is right."]


@pytest.mark.parametrize("parameters", SETTINGS, ids=str)
def test_dx_can_be_gathered_and_is_the_same(parameters):
    app, scattered = (open_lesson("gradient_flow", **parameters, dx_as=way) for way in ("gather", "scatter"))
    assert calm(app)
    assert sent(app)["called"] == {"x": "dout", "out": "dx"}
    (phase,) = sent(app)["phases"]
    dx = gradients("convolution", scattered)["dx"]
    assert (phase["name"], phase["steps"]) == ("backward", dx.size)
    np.testing.assert_allclose(walked(app)["out"], dx[0], rtol=0, atol=1e-9)
    np.testing.assert_array_equal(values(app, "weight"), values(scattered, "weight")[..., ::-1, ::-1])
    assert max(errors(app)) < 1e-6
    assert not any("Hatched cells of dx" in text for text in texts(app.caption))


def test_the_gather_writes_its_padding_out():
    app = open_lesson("gradient_flow", dx_as="gather", padding="1")
    assert sent(app)["titles"] == {"x": "dout 6×6, padding 3 − 1 − 1 = 1", "weight": "kernel, flipped", "out": "dx 6×6"}
    assert "padded by kernel − 1 − padding = 3 − 1 − 1 = 1." in texts(app.markdown)[0]
    text = texts(change(app, "stride", 2).markdown)[0]
    assert "with stride − 1 = 1 zeros between its numbers (1 row and 1 column more at the end" in text
    assert texts(change(app, "layer", "max_pooling").markdown)[0].startswith("Forward, each window kept")


def test_the_kernel_looks_another_when_it_is_turned_and_links_from_before_mean_the_one_that_did_not():
    app = open_lesson("gradient_flow")
    assert not app.query_params  # nothing is written before the reader does anything
    begun = values(app, "weight")
    assert not (begun == begun[..., ::-1, ::-1]).all()
    gathered = change(app, "dx_as", "gather")
    assert app.query_params["kernel"] in ("emboss", ["emboss"])
    assert (values(gathered, "weight") == begun[..., ::-1, ::-1]).all()
    assert "looks the same when it is turned" not in texts(app.markdown)[0]
    for parameters in ({"dx_as": "gather"}, {"dx_as": "scatter"}, {"step": "3"}, {"weight": "1,2,3;4,5,6;7,8,9"}):
        assert control(open_lesson("gradient_flow", **parameters), "kernel").value == "edges", parameters
    assert control(open_lesson("gradient_flow", kernel="blur", dx_as="gather"), "kernel").value == "blur"


def test_a_kernel_that_reaches_less_far_than_the_padding_can_be_scattered_only():
    app = open_lesson("gradient_flow", dx_as="gather", kernel_size="1", padding="1")
    (error,) = texts(app.error)
    assert error.startswith("padding (=1) must be at most 0, the kernel's reach, to be seen as a convolution")
    assert calm(change(app, "dx_as", "scatter"))


def test_both_reasons_for_adding_up_are_told():
    words = texts(open_lesson("gradient_flow").markdown)[0]
    assert "**dweight** is a sum because one kernel is used at every stop" in words
    assert "**dx** is a sum because windows overlap" in words


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
    np.testing.assert_allclose(written, walked(app)["dweight"][0], rtol=1e-3)


@pytest.mark.parametrize(("dout", "total"), [("ones", 16), ("one_cell", 1)])
def test_the_upstream_gradient_is_the_one_chosen(dout, total):
    app = open_lesson("gradient_flow", dout=dout)
    assert values(app, "dout").sum() == total
    assert set(np.unique(values(app, "dout"))) <= {0, 1}


@pytest.mark.parametrize("kernel", ["sobel_x", "edges", "blur"])
def test_a_gradient_that_is_zero_everywhere_counts_as_right(kernel):
    # Every window with every shift of the kernel: dx of Sobel x is 0 in each cell, its numeric twin only nearly so.
    app = open_lesson("gradient_flow", kernel=kernel, padding="2", dout="ones", input="cross")
    assert calm(app)
    assert max(errors(app)) < 1e-6
    if kernel == "sobel_x":
        assert np.abs(window(app).crop(walked(app)["dx"])).max() == 0
        (heatmap,), _ = figure(app, "by moving each number a little")
        assert {text for row in heatmap["text"] for text in row} == {"0"}


@pytest.mark.parametrize("pattern", ["checkerboard", "vertical_edge"])
def test_ties_in_max_pooling_are_explained(pattern):
    app = open_lesson("gradient_flow", layer="max_pooling", input=pattern)
    (warning,) = texts(app.warning)
    assert "holds its largest number more than once" in warning
    assert "Choose “shuffled numbers” as input for no ties" in warning
    assert not app.exception
    assert not app.error
    assert errors(app)[0] > 1e-3


def test_ties_are_none_of_average_poolings_business():
    assert calm(open_lesson("gradient_flow", layer="average_pooling", input="checkerboard"))


def test_a_layer_changed_by_hand_is_another_walk_with_its_own_words():
    app = open_lesson("gradient_flow")
    seen = set()
    for layer in LAYERS:
        assert calm(change(app, "layer", layer))
        seen |= {sent(app)["walk"], texts(app.markdown)[0]}
    assert len(seen) == 6


@pytest.mark.parametrize("source", ["lake", "few_numbers", "digit", "gradient"])
def test_any_input_passes_the_check(source):
    app = open_lesson("gradient_flow", input=source, layer="average_pooling")
    assert calm(app)
    assert calm(change(app, "layer", "convolution"))
    expected = gradients("convolution", app)
    np.testing.assert_allclose(walked(app)["dx"], expected["dx"][0], rtol=0, atol=1e-9)
    assert max(errors(app)) < 1e-6


@pytest.mark.parametrize("page", ["gradient_flow", "convolution", "pooling"])
def test_what_arrives_in_the_padding_is_explained(page):
    for padding in ("0", "1"):
        app = open_lesson(page, padding=padding, input="cross")
        assert calm(app)
        assert sent(app)["padded"] == (padding == "1")
        told = [text for text in texts(app.caption) if "Hatched cells of dx are padding" in text]
        assert len(told) == int(padding)


def test_a_kernel_cell_of_text_is_named():
    app = open_lesson("gradient_flow", weight="1,2,3;4,5,six;7,8,9")
    (error,) = texts(app.error)
    assert error.startswith("weight[1, 2] (='six') must be a number")
    assert not app.exception
    assert max(errors(app)) < 1e-6
