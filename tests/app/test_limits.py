"""Settings that do not fit together: the core's own error, in full, and the page goes on once they are mended."""

import pytest

from cnn_core.walks.walk import MOST_STEPS
from cnn_core.window import Window
from tests.app.lesson import calm, change, images, open_lesson, sent, texts, values

FIT = "must fit into the padded input"
LEAVE = "must leave each pooling window at least one cell of the input: with a window of 2x2 cells, at most 1 is safe"


@pytest.mark.parametrize(
    ("page", "parameters", "geometry", "size", "mend"),
    [
        ("convolution", {"input_size": "4", "kernel_size": "7"}, (7, 1, 1), 4, ("kernel_size", 3)),
        ("convolution", {"kernel_size": "5", "dilation": "4"}, (5, 1, 1, 4), 10, ("dilation", 2)),
        ("convolution", {"input_size": "2", "padding": "0"}, (3,), 2, ("padding", 6)),
        ("pooling", {"input": "cross", "input_size": "4", "kernel_size": "7"}, (7, 2), 4, ("input_size", "8")),
        ("gradient_flow", {"kernel_size": "5", "input_size": "3"}, (5,), 3, ("input_size", "6")),
        ("gradient_flow", {"layer": "max_pooling", "kernel_size": "5", "input_size": "3"}, (5,), 3, ("kernel_size", 2)),
        ("im2col", {"kernel_size": "4", "dilation": "3", "padding": "1"}, (4, 1, 1, 3), 4, ("dilation", 1)),
    ],
)
def test_a_window_larger_than_the_padded_input_is_the_cores_error(page, parameters, geometry, size, mend):
    with pytest.raises(ValueError, match=FIT) as core:
        Window.of(*geometry).output_size((size, size))
    app = open_lesson(page, **parameters)
    assert texts(app.error) == [str(core.value)]
    assert not app.exception
    assert calm(change(app, *mend))
    assert sent(app)["phases"][0]["steps"] > 0


def test_each_axis_may_be_the_one_that_does_not_fit():
    app = open_lesson("convolution", per_axis="true", input_size="4", kernel_size_width="7", padding_width="0")
    (error,) = texts(app.error)
    assert error.startswith("kernel_size (=7, dilation 1: 7 cells of width) must fit into the padded input (=4)")
    assert calm(change(app, "padding_width", 2))
    assert values(app, "out").shape == (1, 4, 2)


@pytest.mark.parametrize(
    ("page", "parameters"),
    [
        ("pooling", {"padding": "3"}),
        ("pooling", {"padding": "3", "pooling": "average"}),
        ("gradient_flow", {"layer": "max_pooling", "kernel_size": "2", "padding": "3", "input_size": "7"}),
        ("gradient_flow", {"layer": "average_pooling", "kernel_size": "2", "padding": "3", "stride": "4"}),
    ],
)
def test_a_window_of_padding_only_is_the_cores_error(page, parameters):
    app = open_lesson(page, **parameters)
    (error,) = texts(app.error)
    assert error == f"padding (=3) {LEAVE}"
    assert not app.exception
    assert calm(change(app, "padding", 1))


def test_what_stands_below_the_mistake_is_kept():
    app = open_lesson("convolution", input_size="4", dout="random", kernel="random", bias="3")
    before = sent(app)
    assert texts(change(app, "kernel_size", 7).error)
    assert calm(change(app, "kernel_size", 3))
    assert sent(app) == before


def test_a_walk_too_long_to_watch_is_told_and_the_whole_shown():
    app = open_lesson("convolution", input="lake", input_size="256", filters="8")
    (warning,) = texts(app.warning)
    assert f"the walk (=524,288 steps) must have at most {MOST_STEPS:,}: use a smaller input, fewer" in warning
    assert not app.exception
    assert not app.error
    assert "Here is the whole of it" in warning
    assert set(images(app)) == {"input, 200×200", *(f"filter {n}, 200×200" for n in range(8))}
    assert calm(change(app, "filters", 4))
    assert values(app, "out").shape == (4, 256, 256)


def test_the_longest_pooling_can_still_be_walked():
    app = open_lesson("pooling", input="lake", input_size="256", channels="3", kernel_size="1", stride="1")
    assert calm(app)
    assert [phase["steps"] for phase in sent(app)["phases"]] == [3 * 256 * 256] * 2


def test_numbers_too_large_to_be_exact_are_the_cores_error():
    weights = "999,999,999;999,999,999;999,999,0.1234"
    large = {"input": "shuffled_numbers", "input_size": "128", "dout": "from_loss"}
    app = open_lesson("convolution", **large, weight=weights)
    (error,) = texts(app.error)
    assert "must stay below 9.01e+15 to be exact: use smaller numbers" in error
    assert not app.exception
    assert calm(change(app, "dout", "ones"))


@pytest.mark.parametrize(("before", "after"), [("4", "3"), ("3", "2"), ("4", "2")])
def test_groups_that_no_longer_divide_the_channels_become_one(before, after):
    numbers = {"input": "few_numbers", "input_size": "5", "channels": before, "filters": before, "groups": before}
    app = open_lesson("convolution", **numbers)
    assert values(app, "weight").shape == (int(before), 3, 3)
    assert sent(app)["grouped"]
    assert calm(change(app, "channels", after))
    assert values(app, "weight").shape == (int(before) * int(after), 3, 3)
    assert not sent(app)["grouped"]


def test_channels_that_a_photograph_has_not_become_one():
    app = open_lesson("convolution", input="few_numbers", channels="4")
    assert values(app, "x").shape[0] == 4
    assert calm(change(app, "input", "lake"))
    assert values(app, "x").shape[0] == 1
