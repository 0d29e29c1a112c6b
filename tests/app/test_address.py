"""The address of a page: it sets every control, and whatever in it cannot be is named with the remedy; the page still works."""

from functools import cache

import pytest
from streamlit.runtime.state.query_params import QueryParams

from cnn_core import datasets
from pages.sections.bug_hunt import BUGS
from pages.server.example_report import example_report
from tests.app.lesson import calm, change, control, open_lesson, sent, texts, values, window
from tests.trainings import SHORT

HUGE = "9" * 5000
WHOLE, FROM_1, A_CELL = (
    "must be a whole number from 1 to 6",
    "a whole number from 1 on",
    "a grid of this page, a channel",
)
STRIDES = ["0", "99", "-1", "two", "1.5", "+-3", "", "nan", "inf", "<b>", HUGE]
BAD = [
    *(("convolution", "stride", text, WHOLE if text not in ("0", "99", "-1") else "must be 1 to 6") for text in STRIDES),
    ("convolution", "padding", "-1", "must be 0 to 6"),
    ("convolution", "dilation", "5", "must be 1 to 4"),
    ("convolution", "kernel_size", "8", "must be 1 to 7"),
    ("convolution", "filters", "9", "must be 1 to 8"),
    ("convolution", "groups", "2", "must be one of 1"),
    ("convolution", "channels", "2", "must be one of 1, 3"),
    ("convolution", "channels", HUGE, "must be one of 1, 3"),
    ("convolution", "input_size", "17", "must be one of 2, 3, 4, ..., 192, 256"),
    ("convolution", "input", "<b>", "must be one of shuffled_numbers, few_numbers, vertical_edge"),
    ("convolution", "kernel", "foo", "must be one of edges, sobel_x"),
    ("convolution", "dout", "zeros", "must be one of ones, one_cell, random, from_loss"),
    ("convolution", "preset", "[a](b)", "must be one of by_hand, edges_on_a_picture"),
    ("convolution", "flip", "yes", "must be true or false"),
    ("convolution", "per_axis", "", "must be true or false"),
    *(("convolution", "step", text, FROM_1) for text in ("0", "-1", "1.5", "one", "", "²", "12345678901", HUGE)),
    *(("convolution", "speed", text, "must be one of 0.25, 0.5, 1, 2") for text in ("3", "", "fast", "1.0", HUGE)),
    *(("convolution", "stages", text, "must be true or false") for text in ("True", "1", "")),
    ("convolution", "loop", "maybe", "must be true or false"),
    ("convolution", "colours", "red", "must be one of blue_orange, green_purple, teal_red"),
    *(("convolution", "pinned", text, A_CELL) for text in ("x", "y,0,1", "x,1,0", "x,0,144", "x,0,-1", "x,0,1,2", HUGE)),
    ("pooling", "pooling", "min", "must be one of max, average"),
    ("pooling", "kernel_size", "0", "must be 1 to 7"),
    ("pooling", "padding", "4", "must be 0 to 3"),
    ("pooling", "stride", "fast", WHOLE),
    ("pooling", "digit", "10", "must be 0 to 9"),
    ("pooling", "broken", "2", "must be true or false"),
    ("pooling", "pinned", "weight,0,0", A_CELL),
    ("transposed", "view", "both", "must be one of spread, gather, ways"),
    ("transposed", "channels", "4", "must be one of 1, 2, 3"),
    ("transposed", "output_padding", "2", "must be 0 to 1"),
    ("transposed", "dout", "from_loss", "must be one of ones, one_cell, random"),
    ("transposed", "input_size", "48", "must be one of 2, 3, 4"),
    ("im2col", "kernel_size", "5", "must be 1 to 4"),
    ("im2col", "seed", "1000", "must be 0 to 999"),
    ("im2col", "kernel_seed", "x", "must be a whole number from 0 to 999"),
    ("im2col", "edit", "filter_2", "must be one of filter_0, filter_1"),
    ("gradient_flow", "layer", "dropout", "must be one of convolution, max_pooling, average_pooling"),
    ("gradient_flow", "dout", "2", "must be one of ones, one_cell, random"),
    ("gradient_flow", "kernel_size", "6", "must be 1 to 5"),
    ("gradient_flow", "padding", "x", "must be a whole number from 0 to 3"),
    ("gradient_flow", "pinned", "out,0,0", A_CELL),  # its walk has no such grid
]  # fmt: skip


# What links made earlier leave out, where a page opens with something else today.
OPENED_WITH = {"convolution": {"preset": "edges_on_a_picture"}, "gradient_flow": {"kernel": "edges"}}


@cache
def usual(page):
    """What the player gets on a page whose address says nothing that counts."""
    return sent(open_lesson(page, **OPENED_WITH.get(page, {})))


@pytest.mark.parametrize(("page", "key", "value", "remedy"), BAD, ids=lambda value: str(value)[:20])
def test_a_bad_parameter_is_named_with_its_remedy_and_the_page_works(page, key, value, remedy):
    app = open_lesson(page, **{key: value})
    (warning,) = texts(app.warning)
    assert warning.startswith(f"{key} (={value[:40]}) in the link")
    assert remedy in warning
    assert warning.endswith("; the page uses another value instead.")
    assert not app.exception
    assert not app.error
    assert sent(app) == usual(page)


@pytest.mark.parametrize(
    "text", ["nan", "inf", "1e9", "much", "", "1,x", "99.5", "1;;2", ",", HUGE], ids=lambda text: text[:9]
)
def test_a_bad_bias_is_named_and_counts_as_0(text):
    app = open_lesson("convolution", bias=text)
    (error,) = texts(app.error)
    assert error.startswith(f"bias (={text[:40]!r}) must be a number from -99 to 99: type it anew")
    assert not app.exception
    assert not app.warning
    assert values(app, "bias").tolist() == [[[0]]]


def test_a_bias_for_another_number_of_filters_is_filled_up_or_cut():
    app = open_lesson("convolution", filters="3", bias="1, 2")
    assert calm(app)
    assert "2 numbers for 3: the others are 0." in texts(app.sidebar.caption)
    assert values(app, "bias").ravel().tolist() == [1, 2, 0]
    change(app, "filters", 1)
    assert "2 numbers for 1: the last ones are left out." in texts(app.sidebar.caption)
    change(app, "filters", 3)
    control(app, "bias").set_value("1,2,-3.5").run()
    assert not app.error
    assert values(app, "bias").ravel().tolist() == [1, 2, -3.5]


@pytest.mark.parametrize(
    ("key", "given"),
    [
        ("stride", ["2", "3"]),
        ("input_size", ["6", "7"]),
        ("input", ["cross", "cross"]),
        ("channels", ["1", "3"]),
        ("flip", ["true", "false"]),
        ("preset", ["odd", "strides"]),
        ("bias", ["1", "2"]),
        ("weight", ["1,2,3;4,5,6;7,8,9", "9,8,7;6,5,4;3,2,1"]),
        ("step", ["2", "3"]),
        ("speed", ["2", "4"]),
        ("pinned", ["x,0,1", "x,0,2"]),
    ],
)
def test_a_repeated_parameter_is_told(key, given):
    app = open_lesson("convolution", **{key: given})
    assert not app.exception
    assert not app.error
    assert sent(app)
    assert texts(app.warning) == [f"{key} stands 2 times in the link (={', '.join(given)}): it may stand once only."]


@pytest.mark.parametrize(("text", "value"), [("3", 3), ("03", 3), ("+3", 3), (" 3", 3), ("3.0", 3)])
def test_a_whole_number_may_be_written_in_several_ways(text, value):
    app = open_lesson("convolution", stride=text)
    assert not app.warning
    assert control(app, "stride").value == value


def test_several_bad_parameters_are_all_named():
    app = open_lesson("convolution", stride="0", kernel="foo", step="x", bias="y", weight="1")
    assert sorted(text.split(" ")[0] for text in texts(app.warning)) == ["kernel", "step", "stride", "weight"]
    assert [text.split(" ")[0] for text in texts(app.error)] == ["bias"]
    assert not app.exception
    assert values(app, "out").shape == (1, 10, 10)


ADDRESSES = {
    "convolution": {
        "input": "cross", "input_size": "9", "channels": "2", "filters": "4", "groups": "2", "kernel": "random",
        "kernel_seed": "7", "kernel_size": "4", "flip": "true", "bias": "1.25, 2, 3, -4", "stride": "2", "padding": "3",
        "dilation": "2", "dout": "one_cell", "edit": "filter_3", "preset": "course_demo",
    },
    "pooling": {
        "input": "shuffled_numbers", "seed": "5", "input_size": "9", "channels": "4", "pooling": "average",
        "kernel_size": "4", "stride": "3", "padding": "2", "dout": "from_loss", "broken": "true", "preset": "average",
    },
    "transposed": {
        "view": "spread", "input": "lake", "input_size": "5", "channels": "3", "filters": "2", "kernel": "blur",
        "kernel_size": "4", "stride": "3", "padding": "1", "dilation": "2", "output_padding": "2", "dout": "ones",
    },
    "im2col": {
        "input": "digit", "digit": "4", "channels": "3", "filters": "3", "kernel": "emboss", "kernel_size": "2",
        "bias": "-1", "stride": "2", "padding": "1", "dilation": "3", "edit": "filter_1_channel_2",
    },
    "gradient_flow": {
        "layer": "average_pooling", "input": "circle", "input_size": "7", "kernel_size": "4", "stride": "2",
        "padding": "1", "dout": "one_cell",
    },
}  # fmt: skip


@pytest.mark.parametrize("page", ADDRESSES)
def test_the_address_sets_every_control(page):
    app = open_lesson(page, **ADDRESSES[page])
    assert not app.warning
    assert not app.error
    found = {key: control(app, key).value for key in ADDRESSES[page]}
    assert {key: str(value).lower() for key, value in found.items()} == {
        key: value.lower() for key, value in ADDRESSES[page].items()
    }


def test_each_axis_has_its_own_parameters():
    lengths = {"kernel_size": "23", "stride": "21", "padding": "30", "dilation": "12"}
    sides = {
        f"{key}_{side}": n for key, two in lengths.items() for side, n in zip(("height", "width"), two, strict=True)
    }
    app = open_lesson("convolution", per_axis="true", input="cross", input_size="7", **sides)
    assert not app.warning
    geometry = window(app)
    assert (geometry.kernel_size, geometry.stride, geometry.dilation) == ((2, 3), (2, 1), (1, 2))
    assert geometry.padding == ((3, 3), (0, 0))
    assert geometry.crop(values(app, "x"))[0].tolist() == datasets.pattern("cross", 7).tolist()
    assert sent(app)["kernel_size"] == [2, 3]


@pytest.mark.parametrize("page", ADDRESSES)
def test_the_player_starts_where_and_how_the_address_says(page):
    grid = "dout" if page != "im2col" else "columns"
    place = {"step": "3", "speed": "0.25", "stages": "false", "loop": "true", "colours": "teal_red"}
    app = open_lesson(page, **place, pinned=f"{grid},0,2")
    assert not app.warning
    expected = {"step": 2, "speed": 0.25, "stages": False, "loop": True, "colours": "teal_red"}
    assert sent(app)["begin"] == expected | {"version": 0, "pinned": {"name": grid, "plane": 0, "index": 2}}


def test_a_pinned_cell_that_other_settings_take_away_is_let_go_without_a_word():
    app = open_lesson("convolution", step="90", pinned="x,0,99")
    assert sent(app)["begin"]["pinned"] == {"name": "x", "plane": 0, "index": 99}
    change(app, "input_size", "4")
    assert not app.warning  # the reader has done nothing wrong
    assert not app.error
    assert "pinned" not in app.query_params
    assert sent(app)["begin"]["step"] == 89  # the player takes its last one


@pytest.mark.parametrize("page", ["convolution", "transposed", "gradient_flow"])
@pytest.mark.parametrize("pattern", ["cross", "few_numbers", "lake"])
def test_every_size_that_is_offered_can_be_had(page, pattern):
    app = open_lesson(page, input=pattern, kernel_size="2")
    for size in control(app, "input_size").options[::8]:  # the first, the last of the longest list
        change(app, "input_size", size)
        assert texts(app.error) == []
        assert not app.exception
        assert sent(app)["phases"][0]["steps"] > 0


@pytest.fixture
def told(monkeypatch):
    """The addresses that the browser hears of, each of which is a step of its history."""
    send, found = QueryParams._send_query_param_msg, []
    monkeypatch.setattr(QueryParams, "_send_query_param_msg", lambda self: (found.append(str(self)), send(self)))
    return found


def press(app, key):
    next(button for button in app.button if button.key == key).click()
    return app.run()


def test_what_one_press_changes_is_one_step_of_the_history(told):
    app = press(open_lesson("check_your_own"), "open")
    assert len(told) == 1
    assert dict(app.query_params).keys() == dict(part.split("=") for part in example_report().query.split("&")).keys()
    press(app, "back")
    assert len(told) == 2
    assert not app.query_params
    code = next(iter(BUGS))
    del told[:]
    app = press(
        open_lesson("find_the_bug", found=code, helped="", tried=list(BUGS)[1], shown=list(BUGS)[2]), "start_over"
    )
    assert len(told) == 1
    assert not {"found", "shown", "tried"} & dict(app.query_params).keys()


def test_what_a_page_mends_in_its_address_is_one_step_of_the_history(registry, told):
    app = open_lesson("convolution", step="x", speed="x", pinned="x")
    assert [key for key in ("step", "speed", "pinned") if key in app.query_params] == []
    assert len(told) == 1
    test = registry.start(SHORT.for_range_test())
    app = open_lesson("train", run=test.id, film="3")  # a range test is none of the runs: it has a parameter of its own
    assert list(app.query_params) == ["range_test"]
    assert len(told) == 2
