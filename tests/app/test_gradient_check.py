"""The Gradient check page: the map is the core's, an entry is chosen by either grid, kinks and bad links are told in words."""

import json
import re

import numpy as np
import pytest

from cnn_core.gradients import CASES, STEPS, case, curve, error_map, expected
from pages.controls.checking import PRESETS
from pages.figures.entries import TALLEST, error_plane, layout, scientific, tensor_map
from pages.figures.step_curve import step_curve
from pages.sections.gradient_answers import no_step_helps
from tests.app.lesson import calm, change, control, figure, open_lesson, texts
from tests.app.test_forged_values import send, state_of, trigger_of

TENSORS = [(name, tensor) for name in CASES for tensor in case(name).values]


def components(app):
    """What the two grids got, by their keys."""
    found = [c.proto for c in app.get("bidi_component") if c.proto.component_name == "convscope_entries"]
    return {proto.id.split("-", 2)[2]: (proto.id, json.loads(proto.json)[0]) for proto in found}


def table(app):
    """The written numbers by what they are, as they are marked up."""
    (body,) = [element.proto.body for element in app.get("html") if "nudged" in element.proto.body]
    cells = re.findall(r'<td class="(\w+)">(.*?)</td>', body)
    return dict(cells)


def pick(app, key, value):
    """As the browser tells of a cell that was chosen."""
    (known, _) = components(app)[key]
    event = json.dumps([{"event": "entry", "value": value}])
    return send(app, state_of(known, "json_value", "{}"), state_of(trigger_of(known), "json_trigger_value", event))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_maps_are_the_cores(dtype):
    app = open_lesson("gradient_check", dtype=dtype, h="0.001")
    found = error_map(case("network"), "conv.weight", h=1e-3, dtype=dtype)
    grids = {key: data for key, (_, data) in components(app).items()}
    drawn = error_plane("conv.weight", found)
    assert grids["error_map"] == json.loads(json.dumps(drawn)) | {"chosen": 4 * 27 + 9 + 4}
    for share, error, told in zip(drawn["shares"], found.relative.ravel(), drawn["told"], strict=True):
        assert share == pytest.approx(np.clip(1 + np.log10(max(error, 1e-300)) / 12, 0, 1), abs=1e-3)
        assert told.partition("relative error ")[2].split(",")[0] == scientific(float(error))
    values = case("network").values["conv.weight"]
    assert grids["tensor_map"]["shares"] == pytest.approx(values.ravel() / np.abs(values).max(), abs=1e-3)


def test_marks_tell_right_from_doubtful_wrong_and_kinks():
    wrong = error_plane("conv.weight", error_map(case("network", l2="reg_sum_w"), "conv.weight"))
    assert set(wrong["marks"]) <= {"·", "×"}
    assert "×" in wrong["marks"]
    relu = error_map(case("relu"), "x")
    assert [k for k, sign in enumerate(error_plane("x", relu)["marks"]) if sign] == np.flatnonzero(relu.kinks).tolist()
    marks = tensor_map("x", case("relu").values["x"], relu.kinks)["marks"]
    assert marks.count("◆") == 1


@pytest.mark.parametrize("shape", [(8, 3, 3, 3), (2, 3, 6, 6), (32, 5), (8,), (12, 8), (1, 1, 1, 1)])
def test_each_entry_has_a_place_of_its_own(shape):
    found = layout(shape)
    width, height = found.size
    assert len({tuple(place) for place in found.places}) == len(found.spots) == np.prod(shape)
    for (left, top), (other_left, other_top) in zip(found.spots, found.spots[1:], strict=False):
        assert abs(left - other_left) >= 0.99 or abs(top - other_top) >= 0.99
    assert all(0 <= left <= width - 0.99 and 0 <= top <= height - 0.99 for left, top in found.spots)
    assert TALLEST / height >= 9  # pixels of a cell, at least


def test_an_entry_is_chosen_on_either_grid_and_stands_in_the_address():
    app = open_lesson("gradient_check")
    pick(app, "tensor_map", 0)
    assert app.query_params["entry"] in ("0,0,0,0", ["0,0,0,0"])
    assert {data["chosen"] for _, data in components(app).values()} == {0}
    pick(app, "error_map", 215)
    assert app.query_params["entry"] in ("7,2,2,2", ["7,2,2,2"])
    again = open_lesson("gradient_check", entry="7,2,2,2")
    assert table(again) == table(app)
    for forged in (-1, 216, 1.5, True, "0", None, [0], {"entry": 1}, 10**30):
        pick(app, "tensor_map", forged)
        assert not app.exception
        assert app.query_params["entry"] in ("7,2,2,2", ["7,2,2,2"])


def test_another_tensor_begins_with_an_entry_of_its_own():
    app = open_lesson("gradient_check", entry="7,2,2,2")
    change(app, "tensor", "linear.weight")
    assert "entry" not in app.query_params
    assert calm(app)
    change(app, "check", "relu")
    assert not app.exception
    assert texts(app.error) == []


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ({"h": "0"}, "h (=0) in the link must be one of 1e-14, 1e-13"),
        ({"h": "-1e-5"}, "h (=-1e-5) in the link must be one of"),
        ({"h": "1e-300"}, "h (=1e-300) in the link must be one of"),
        ({"h": "1e10"}, "h (=1e10) in the link must be one of"),
        ({"h": "small"}, "h (=small) in the link must be one of"),
        ({"entry": "9,9,9,9"}, "entry (=9,9,9,9) in the link must name an entry of conv.weight: 4 whole numbers"),
        ({"entry": "1,1"}, "entry (=1,1) in the link must name"),
        ({"entry": "a,b,c,d"}, "entry (=a,b,c,d) in the link must name"),
        ({"entry": "-1,0,0,0"}, "entry (=-1,0,0,0) in the link must name"),
        ({"entry": "²,0,0,0"}, "entry (=²,0,0,0) in the link must name"),
        ({"tensor": "gamma"}, "tensor (=gamma) in the link must be one of x, conv.weight"),
        ({"check": "relu", "tensor": "weight"}, "tensor (=weight) in the link must be one of x"),
        ({"check": "dropout"}, "check (=dropout) in the link must be one of network"),
        ({"l2": "w"}, "l2 (=w) in the link must be one of reg_w, reg_sum_w"),
        ({"dtype": "float16"}, "dtype (=float16) in the link must be one of float64, float32"),
        ({"seed": "many"}, "seed (=many) in the link must be a whole number from 0 to 20"),
    ],
    ids=str,
)
def test_a_bad_link_is_told_in_words_and_the_page_lives(link, words):
    app = open_lesson("gradient_check", **link)
    assert not app.exception
    assert any(text.startswith(words) for text in texts(app.warning)), texts(app.warning)
    assert table(app)["numeric"]


def test_a_step_that_rounding_swallows_is_named_and_the_page_lives():
    app = open_lesson("gradient_check", dtype="float32", h="1e-13")
    assert not app.exception
    assert texts(app.error)[0].startswith("h (=1e-13) must be large enough to move conv.weight[0, 0, 0, 0]")
    assert set(components(app)) == {"tensor_map"}
    assert figure(app, "error_over_h")[0]
    change(app, "dtype", "float64")
    assert texts(app.error) == []
    assert table(app)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_shows_what_it_says(preset):
    app = open_lesson("gradient_check", preset=preset)
    assert not app.exception
    assert PRESETS[preset].words in texts(app.markdown)
    for key, value in PRESETS[preset].values.items():
        assert control(app, key).value == value
    verdicts = [text for kind in (app.success, app.warning, app.error) for text in texts(kind)]
    begins = {
        "small_network": "**Right**",
        "no_truncation": "**Right**",
        "sum_of_w": "**Wrong**",
        "relu_corner": "**A kink within h**: 1 ReLU lets a number through on one side only",
        "near_tie": "**A kink within h**: in 1 window of max pooling another number wins",
        "too_small": "**This h cannot tell**: rounding alone",
        "in_float32": "**This h cannot tell**: rounding alone",
    }[preset]
    assert [text[: len(begins)] for text in verdicts] == [begins]


def test_the_curve_is_the_cores_and_h_is_marked_in_both_dtypes():
    app = open_lesson("gradient_check", h="0.001")
    data, shown = figure(app, "error_over_h")
    made, at = case("network"), (4, 1, 1, 1)
    for line in data:
        if line["name"] in ("float64", "float32"):
            errors = curve(made, "conv.weight", at, line["name"]).relative
            drawn = np.array([np.nan if y is None else y for y in line["y"]])
            np.testing.assert_allclose(drawn, np.clip(errors, 1e-15, 10), rtol=1e-12)
            sizes = line["marker"]["size"]
            assert [STEPS[k] for k, size in enumerate(sizes) if size == max(sizes)] == [1e-3]
    assert {line["name"] for line in data} >= {"float64", "float32", "ε|f|/h, float64", "h²|f‴|/6"}
    assert shown["shapes"][0]["x0"] == 1e-3
    said = [note["text"] for note in shown["annotations"]]
    assert said == ["← rounding rules", "truncation rules →", " h = 0.001"]


def test_a_curve_without_truncation_has_no_such_region_and_kinks_are_marked():
    linear = case("conv2d")
    curves = [curve(linear, "weight", (0, 0, 0, 0), dtype) for dtype in ("float64", "float32")]
    shown = step_curve(curves, expected(linear, "weight", (0, 0, 0, 0)), 1e-5)
    assert [note["text"] for note in shown["layout"]["annotations"]] == ["← rounding rules", " h = 1e−5"]
    corner = case("relu")
    curves = [curve(corner, "x", corner.planted, dtype) for dtype in ("float64", "float32")]
    (kinks,) = [
        line
        for line in step_curve(curves, expected(corner, "x", corner.planted), 1e-5)["data"]
        if "kink" in line["name"]
    ]
    assert set(kinks["x"]) == {h for h in STEPS if h > 4e-6}


def test_no_h_helps_a_wrong_gradient_and_a_right_one_has_a_best():
    wrong = texts(open_lesson("gradient_check", l2="reg_sum_w").caption)
    assert any(text.startswith("**No h helps**") for text in wrong)
    assert not any("usual h" in text for text in wrong)
    app = open_lesson("gradient_check")
    (said,) = [text for text in texts(app.caption) if "usual h" in text]
    # The one to take comes first, then what is this entry's own, measured before expected.
    usual = "**Use the usual h** for whole tensors: 1e−5 in float64, 1e−2 in float32. For this entry alone the measured curve"
    assert said.startswith(f"{usual} is lowest at 0.0001 in float64 (by theory near 6e−5), ")
    assert not any("ten times as large" in text for text in texts(app.markdown))
    assert any(text.startswith("A right gradient is **approximate: yes**.") for text in texts(app.caption))


@pytest.mark.parametrize(("name", "tensor"), TENSORS)
def test_of_a_right_gradient_it_is_never_said_that_no_h_helps(name, tensor):
    made = case(name)
    for index in list(np.ndindex(made.values[tensor].shape))[:8]:
        curves = [curve(made, tensor, index, "float64")]
        assert not no_step_helps(curves, expected(made, tensor, index)), index


def test_a_right_gradient_is_not_called_wrong_where_h_is_too_small():
    app = open_lesson("gradient_check", preset="too_small")
    assert re.search(r"14% of the gradient", texts(app.warning)[0])
    for _, data in components(app).values():
        assert "wrong" not in " ".join(words for _, words in data["legend"])


@pytest.mark.parametrize("shape", [(8, 3, 3, 3), (2, 3, 6, 6), (2, 1, 4, 4), (5, 2, 3, 3)])
def test_what_a_line_of_the_tensor_holds_is_said_as_it_is_drawn(shape):
    (_, words), *_ = tensor_map("conv.weight", np.ones(shape), np.zeros(shape, bool))["legend"]
    spots = layout(shape).spots[:: shape[1] * shape[2] * shape[3]]  # the first cell of each kernel
    in_first_line = sum(top == spots[0][1] for _, top in spots)
    assert words.startswith(f"in a line: {in_first_line} of {shape[0]} kernels")
    assert (f"the {shape[1]} planes of each side by side" in words) == (shape[1] > 1)


def test_a_line_at_the_top_leads_to_what_students_ask():
    app = open_lesson("gradient_check")
    assert any("[Often asked](#often-asked)" in text for text in texts(app.markdown))
    assert any(heading.proto.anchor == "often-asked" for heading in app.subheader)


def test_what_students_ask_is_answered_on_the_page():
    said = " ".join(texts(open_lesson("gradient_check").markdown))
    for words in (
        "`dW += reg * W`",
        "1e-5 in float64",
        "Yes, where its input is nearer to 0 than h",
        "CS231n's `rel_error`",
    ):
        assert words in said
