"""The pooling page: the player gets the core's numbers, and the share of dropped activations is right."""

import numpy as np
import pytest

from cnn_core import datasets
from cnn_core.pool import avg_pool2d_forward_naive, max_pool2d_forward_naive
from cnn_core.window import Window
from tests.app.lesson import calm, open_lesson, padded, sent, texts, unpack, values

SETTINGS = [
    {},
    {"stride": "1", "kernel_size": "3"},
    {"stride": "3", "input": "gradient", "input_size": "10"},
    {"kernel_size": "5", "padding": "2", "input": "shuffled numbers"},
]
POOLS = {"max": max_pool2d_forward_naive, "average": avg_pool2d_forward_naive}


def window(app):
    return Window.of(*(app.slider(key=name).value for name in ("kernel_size", "stride", "padding")))


@pytest.mark.parametrize("pooling", POOLS)
@pytest.mark.parametrize("parameters", SETTINGS, ids=str)
def test_the_player_gets_what_the_layer_computes(parameters, pooling):
    app = open_lesson("pooling", **parameters, pooling=pooling)
    assert calm(app)
    geometry = window(app)
    x = geometry.crop(values(app, "x"))
    out, _ = POOLS[pooling](x[None], geometry.kernel_size, stride=geometry.stride, padding=geometry.padding)
    np.testing.assert_allclose(values(app, "out")[None], out, rtol=0, atol=1e-9)


@pytest.mark.parametrize("parameters", SETTINGS, ids=str)
def test_the_winner_is_the_cell_with_the_output(parameters):
    app = open_lesson("pooling", **parameters)
    data = sent(app)
    winners = unpack(data["origin"]) + unpack(data["taps"])[unpack(data["winner"])]
    np.testing.assert_array_equal(values(app, "x").ravel()[winners], values(app, "out").ravel())


def test_the_address_sets_every_control():
    app = open_lesson(
        "pooling", input="cross", input_size="9", pooling="average", kernel_size="4", stride="3", padding="2"
    )
    assert sent(app)["operation"] == "avg_pool2d"
    assert window(app) == Window.of(4, 3, 2)
    np.testing.assert_array_equal(values(app, "x"), padded(datasets.pattern("cross", 9), 2))


@pytest.mark.parametrize(
    ("parameters", "share", "dropped"),
    [
        ({}, "75%", 48),
        ({"kernel_size": "1", "stride": "1"}, "0%", 0),
        ({"kernel_size": "1", "stride": "2"}, "75%", 48),
        ({"input": "shuffled numbers", "input_size": "8", "kernel_size": "4", "stride": "4"}, "94%", 60),
        ({"input": "impulse", "input_size": "5", "kernel_size": "5", "stride": "1"}, "96%", 24),
        ({"input": "impulse", "input_size": "5", "kernel_size": "3", "stride": "1"}, "96%", 24),  # one wins nine times
        ({"pooling": "average"}, "0%", 0),
        ({"pooling": "average", "kernel_size": "3", "stride": "3"}, "44%", 28),  # 8x8: the last rows are never read
    ],
    ids=str,
)
def test_the_dropped_share(parameters, share, dropped):
    app = open_lesson("pooling", **parameters)
    assert calm(app)
    assert app.metric[0].value == share
    words = " ".join(texts(app.markdown))
    if parameters.get("pooling") == "average":
        assert f"{64 - dropped} numbers are blended into {values(app, 'out').size}" in words
    else:
        assert f"**{dropped} are dropped**" in words


def test_the_formula_has_the_readers_numbers():
    app = open_lesson("pooling", input="cross", input_size="11", kernel_size="4", stride="3", padding="1")
    assert r"\frac{11 + 2 \cdot 1 - 4}{3} \right\rfloor + 1 = 4" in app.latex[-1].value


@pytest.mark.parametrize(
    ("parameter", "value", "remedy"),
    [
        ("pooling", "min", "must be one of max, average"),
        ("kernel_size", "0", "must be 1 to 7"),
        ("padding", "-1", "must be 0 to 3"),
        ("stride", "fast", "must be a whole number from 1 to 6"),
        ("digit", "10", "must be 0 to 9"),
    ],
)
def test_a_bad_parameter_is_named_with_its_remedy_and_the_page_works(parameter, value, remedy):
    app = open_lesson("pooling", **{parameter: value})
    (warning,) = texts(app.warning)
    assert warning.startswith(f"{parameter} (={value}) in the link {remedy}")
    assert not app.exception
    assert values(app, "out").shape == (1, 4, 4)


@pytest.mark.parametrize("pooling", POOLS)
def test_a_window_of_padding_only_is_the_cores_error_and_can_be_mended(pooling):
    app = open_lesson("pooling", pooling=pooling, padding="3")
    (error,) = texts(app.error)
    assert (
        "must leave each pooling window at least one cell of the input: with a window of 2x2 cells, at most 1 is safe"
        in error
    )
    assert not app.exception
    app.slider(key="padding").set_value(1).run()
    assert calm(app)


def test_a_window_larger_than_the_input_is_the_cores_error():
    app = open_lesson("pooling", input="cross", input_size="4", kernel_size="7")
    (error,) = texts(app.error)
    assert error.startswith("kernel_size (=7, dilation 1: 7 cells of height) must fit into the padded input (=4)")
    assert not app.exception
