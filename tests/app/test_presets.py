"""The examples at the head of a page: each sets all controls; what the reader then changes is said, and can be undone."""

import pytest

from pages.controls import walk_presets
from pages.controls.kernel import KERNELS, kernel_of
from pages.controls.words import word_of
from tests.app.lesson import calm, change, control, open_lesson, sent, texts, values, window

PAGES = {
    "convolution": (walk_presets.CONVOLUTION, walk_presets.USUAL_CONVOLUTION),
    "pooling": (walk_presets.POOLING, walk_presets.USUAL_POOLING),
    "transposed": (walk_presets.TRANSPOSED, walk_presets.USUAL_TRANSPOSED),
    "im2col": (walk_presets.IM2COL, walk_presets.USUAL_IM2COL),
}
EXAMPLES = [(page, name) for page, (presets, _) in PAGES.items() for name in presets]
EDITED = "1,1,1;1,0,1;1,1,1"
BEGIN = {"step": 0, "speed": 1, "stages": True, "loop": False, "colours": "blue_orange", "pinned": None}


def begin(app):
    return {key: value for key, value in sent(app)["begin"].items() if key != "version"}


def version(app):
    return sent(app)["begin"]["version"]


def as_the_example_says(app, page, name):
    """All controls are the example's, and its sentence is shown, without a way back."""
    presets, usual = PAGES[page]
    for key, value in (usual | presets[name].values).items():
        hidden = key == "output_padding" and window(app).stride == (1, 1)  # there is none
        hidden |= key == "input_size" and control(app, "input").value == "digit"
        if not hidden:
            assert control(app, key).value == value, key
    assert presets[name].words in texts(app.markdown)
    assert not any("Changed by you" in text for text in texts(app.markdown))
    assert not [button for button in app.button if button.key == "restore"]
    return calm(app)


def changed(app, name):
    """The page says so, and has the way back."""
    assert f"Changed by you, from “{word_of('preset', name)}”." in texts(app.markdown)
    assert [button.label for button in app.button if button.key == "restore"] == ["Back to it"]
    return calm(app)


@pytest.mark.parametrize(("page", "name"), EXAMPLES)
def test_an_example_opens_calm_with_all_its_controls(page, name):
    app = open_lesson(page, preset=name)
    assert as_the_example_says(app, page, name)
    assert begin(app) == BEGIN
    assert sum(phase["steps"] for phase in sent(app)["phases"]) > 1


@pytest.mark.parametrize("page", PAGES)
def test_one_example_after_the_other_in_the_same_session(page):
    app = open_lesson(page)
    versions = [version(app)]
    for name in [*PAGES[page][0]][::-1]:
        assert as_the_example_says(change(app, "preset", name), page, name)
        versions.append(version(app))
    assert len(set(versions)) == len(versions)  # so that the player, too, begins anew


CHANGED = {
    "a slider": {"stride": "3"},
    "the input": {"input": "circle"},
    "a switch": {"flip": "true"},
    "the kernel": {"kernel": "blur"},
    "an edited cell": {"weight": f"|{EDITED}"},
    "the seed": {"seed": "5"},
    "the kernel's seed": {"kernel_seed": "5"},
    "the bias": {"bias": "2"},
    "the gradient": {"dout": "from_loss"},
    "everything": {"input": "boat", "filters": "3", "groups": "3", "bias": "1,2,3", "weight": EDITED, "step": "3"},
    "a digit": {"input": "digit", "digit": "7"},
    "the axes apart": {"per_axis": "true", "stride_height": "3", "padding_width": "0"},
}


@pytest.mark.parametrize("parameters", CHANGED.values(), ids=CHANGED)
def test_what_is_changed_is_said_and_back_to_it_undoes_it(parameters):
    app = open_lesson("convolution", preset="course_demo", **parameters)
    assert changed(app, "course_demo")
    before = version(app)
    app.button(key="restore").click().run()
    assert as_the_example_says(app, "convolution", "course_demo")
    assert version(app) != before
    assert "weight" not in app.query_params
    assert values(app, "weight").tolist() == kernel_of("whole_numbers", (3, 3), 3, 2).reshape(6, 3, 3).tolist()
    assert values(app, "x").tolist() == values(open_lesson("convolution", preset="course_demo"), "x").tolist()


@pytest.mark.parametrize(
    ("page", "key", "value"),
    [
        ("pooling", "pooling", "average"),
        ("pooling", "broken", True),
        ("pooling", "digit", 8),
        ("transposed", "stride", 3),
        ("transposed", "dilation", 2),
        ("transposed", "output_padding", 1),
        ("im2col", "bias", "1, 2"),
        ("im2col", "dilation", 2),
    ],
)
def test_what_is_changed_is_said_on_the_other_pages_too(page, key, value):
    app = open_lesson(page)
    name = next(iter(PAGES[page][0]))
    assert as_the_example_says(app, page, name)
    assert changed(change(app, key, value), name)
    app.button(key="restore").click().run()
    assert as_the_example_says(app, page, name)
    assert control(app, key).value != value


@pytest.mark.parametrize(
    "hand",
    [
        [("stride", 2), ("stride", 1)],
        [("input", "digit"), ("digit", 7), ("input", "lake")],
        [("input", "few_numbers"), ("seed", 7), ("input", "lake")],
        [("kernel", "random"), ("kernel_seed", 7), ("kernel", "edges")],
        [("per_axis", True), ("stride_height", 3), ("per_axis", False)],
    ],
    ids=lambda hand: hand[-2][0],
)
def test_what_is_changed_back_by_hand_is_the_example_again(hand):
    app = open_lesson("convolution", preset="edges_on_a_picture")
    for key, value in hand:
        change(app, key, value)
    assert as_the_example_says(app, "convolution", "edges_on_a_picture")


def test_another_example_replaces_the_changes_and_the_place_but_not_the_way_of_watching():
    watching = {"speed": "2", "stages": "false", "loop": "true", "colours": "teal_red"}
    place = {"step": "7", "pinned": "x,0,3", "edit": "filter_1_channel_0"}
    app = open_lesson("convolution", preset="course_demo", **watching, **place)
    assert as_the_example_says(app, "convolution", "course_demo")  # none of these count as a change
    assert begin(app)["step"] == 6
    assert begin(app)["pinned"] == {"name": "x", "plane": 0, "index": 3}
    for key, value in {"weight": EDITED, "seed": "9", "stride": "1"}.items():
        app.query_params[key] = value
    app = open_lesson("convolution", **app.query_params)
    assert changed(app, "course_demo")
    change(app, "preset", "dilation")
    assert as_the_example_says(app, "convolution", "dilation")
    assert begin(app) == BEGIN | {"speed": 2, "stages": False, "loop": True, "colours": "teal_red"}
    assert not {"weight", "step", "pinned"} & set(app.query_params)
    assert values(app, "x").tolist() == values(open_lesson("convolution", preset="dilation"), "x").tolist()


def test_a_link_may_change_an_example():
    app = open_lesson("convolution", preset="dilation", padding="1")
    assert changed(app, "dilation")
    assert window(app).dilation == (2, 2)
    assert values(app, "out").shape == (1, 5, 5)


@pytest.mark.parametrize("how", ["opened", "put back"])
def test_both_axes_begin_where_the_common_length_stood(how):
    app = open_lesson("convolution", **({"per_axis": "true", "stride_height": "3"} if how == "put back" else {}))
    if how == "put back":
        app.button(key="restore").click().run()
    for key, value in {"stride": 2, "padding": 3, "per_axis": True}.items():
        change(app, key, value)
    assert (window(app).stride, window(app).padding) == ((2, 2), ((3, 3), (3, 3)))
    assert calm(change(app, "stride_width", 4))
    assert window(app).stride == (2, 4)


def test_the_way_back_is_there_where_the_settings_do_not_fit():
    app = open_lesson("convolution", input_size="4", kernel_size="7")
    assert len(texts(app.error)) == 1
    app.button(key="restore").click().run()
    assert as_the_example_says(app, "convolution", "edges_on_a_picture")


def test_a_link_without_controls_counts_as_no_change():
    app = open_lesson("convolution", preset="dilation", hide_controls="true")
    assert as_the_example_says(app, "convolution", "dilation")


def test_a_link_from_before_means_the_preset_the_page_opened_with_then():
    app = open_lesson("convolution")
    assert not app.query_params  # nothing is written before the reader does anything
    assert as_the_example_says(app, "convolution", "by_hand")
    for parameters in ({"step": "3"}, {"hide_controls": "true"}, {"stride": "2"}):
        app = open_lesson("convolution", **parameters)
        assert app.query_params == {key: [value] for key, value in parameters.items()} or app.query_params == parameters
        assert control(app, "input").value == "lake"
        assert window(app).padding == ((1, 1), (1, 1))
    assert as_the_example_says(change(app, "preset", "by_hand"), "convolution", "by_hand")


def test_the_address_names_the_preset_once_the_reader_does_anything():
    app = open_lesson("convolution")
    assert changed(change(app, "kernel", "blur"), "by_hand")
    assert app.query_params["preset"] in ("by_hand", ["by_hand"])
    again = open_lesson("convolution", **{key: app.query_params[key] for key in app.query_params})
    assert control(again, "input").value == "vertical_edge"
    change(app, "preset", "edges_on_a_picture")
    assert app.query_params["preset"] in ("edges_on_a_picture", ["edges_on_a_picture"])


def test_what_zeros_around_a_photograph_do_is_said_where_it_is_seen():
    said = "Its border is false"
    for page, parameters, told in (
        ("convolution", {"preset": "edges_on_a_picture"}, True),
        ("convolution", {"preset": "by_hand"}, False),
        ("pooling", {"padding": "1"}, False),  # nothing beats -inf
        ("pooling", {"padding": "1", "pooling": "average"}, True),
    ):
        pictures = sent(open_lesson(page, **parameters), "convscope_gallery")["pictures"]
        assert [said in words for words, *_ in pictures] == [False, told], page


def test_one_kernel_is_described_in_one_way():
    told = [preset.words for preset in walk_presets.CONVOLUTION.values() if preset.values.get("kernel") == "sobel_x"]
    told = [words for words in (*told, KERNELS["sobel_x"]) if "left" in words.lower()]
    assert len(told) == 3
    assert all(words.startswith("Right less left") for words in told)
