"""What can be exported from a walk: every file holds the walk's own numbers, and a folded section costs nothing."""

import csv
import io
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnn_core import datasets
from cnn_core.walks.trace import trace_avg_pool2d
from cnn_core.window import Window
from pages.controls.pictures import read_picture
from pages.figures import scene_gif
from pages.figures.scene import frame
from pages.figures.scene_image import to_image
from pages.figures.scene_svg import to_svg
from pages.sections import export_gif
from pages.sections.export import npz, table
from pages.sections.export_gif import as_far_as, fingerprint, steps_of, usual_steps
from tests.app.lesson import calm, open_lesson, sent, texts
from tests.app.walks import TITLES, WALKS, conv


def page(name, code=None):
    from pages.sections.export import export
    from tests.app.walks import TITLES, WALKS

    export(WALKS[name], titles=TITLES, code=(lambda: code) if code else None)


def hiding_page():
    from types import SimpleNamespace

    import streamlit as st

    from pages.address.hiding import hide_sidebar_if_asked

    hide_sidebar_if_asked(SimpleNamespace(sidebar=True))
    st.sidebar.slider("stride", 1, 3, key="stride")


@pytest.fixture
def files(monkeypatch):
    """The files that the page offers, made as if each was asked for: name -> contents."""
    found, button = {}, st.download_button

    def offer(label, data, file_name, *args, **options):
        assert options["on_click"] == "ignore"
        found[file_name] = data() if callable(data) else data
        return button(label, data, file_name, *args, **options)

    monkeypatch.setattr(st, "download_button", offer)
    return found


def opened(name="course", code=None, **parameters):
    app = AppTest.from_function(page, args=(name, code), default_timeout=60)
    app.query_params.update(parameters)
    app.session_state["export_open"] = True
    return app.run()


def read_table(text):
    """The arrays of a table, by their indices."""
    rows = list(csv.DictReader(io.StringIO(text)))
    axes = [column for column in rows[0] if column.startswith("axis")]
    found = {}
    for row in rows:
        index = tuple(int(row[axis]) for axis in axes if row[axis])
        found.setdefault(row["array"], {})[index] = float(row["value"])
    arrays = {}
    for name, values in found.items():
        arrays[name] = np.full(tuple(np.max(list(values), axis=0) + 1), np.nan)
        for index, value in values.items():
            arrays[name][index] = value
    return arrays


def same(found, walk):
    assert list(found) == list(walk.arrays())
    for name, array in walk.arrays().items():
        np.testing.assert_array_equal(found[name], array, strict=True)


@pytest.mark.parametrize("name", WALKS)
def test_the_arrays_come_back_to_the_last_digit(name):
    walk = WALKS[name]
    same(dict(np.load(io.BytesIO(npz(walk.arrays())), allow_pickle=False)), walk)
    same(read_table(table(walk.arrays())), walk)


def test_the_table_opens_as_a_table():
    rows = table({"x": np.array([[1 / 3, -0.0]]), "bias": np.array([1e-20])}).splitlines()
    assert rows == [
        "array,axis 0,axis 1,value",
        "x,0,0,0.3333333333333333",
        "x,0,1,0.0",
        "bias,0,,1e-20",
    ]


def test_folded_up_nothing_is_there_and_nothing_is_made(files):
    app = AppTest.from_function(page, args=("course",)).run()
    assert calm(app)
    assert [(switch.label, switch.value) for switch in app.toggle] == [("Export and share", False)]
    assert not (app.button or app.radio or app.number_input or app.download_button)
    assert files == {}


def test_each_file_is_named_for_what_it_holds_and_holds_it(files):
    app = opened(code="print(1)\n", step="20")
    assert calm(app)
    walk = WALKS["course"]
    assert list(files) == [
        "convscope-conv2d-step-20.png",
        "convscope-conv2d-step-20.svg",
        "convscope-conv2d.npz",
        "convscope-conv2d.csv",
        "convscope-conv2d.py",
    ]
    png, svg, arrays, rows, code = files.values()
    scene = frame(walk, 19, TITLES)
    assert Image.open(io.BytesIO(png)).tobytes() == to_image(scene).tobytes()
    assert svg == to_svg(scene)
    assert ET.fromstring(svg)[0].text.startswith("step 20 of 36, backward: dout[0, 0, 1] = ")
    same(dict(np.load(io.BytesIO(arrays))), walk)
    same(read_table(rows), walk)
    assert code == "print(1)\n"
    keys = [
        widget.key
        for kind in (app.button, app.radio, app.number_input, app.selectbox, app.download_button)
        for widget in kind
    ]
    assert len(set(keys)) == len(keys) == 12 - 1
    assert all(key.startswith("export_") for key in keys)


def test_without_code_none_is_offered(files):
    opened()
    assert not any(name.endswith(".py") for name in files)


@pytest.mark.parametrize(("step", "shown"), [(None, 1), ("7", 7), ("37", 36), ("0", 1), ("00", 1), ("x", 1), ("-3", 1)])
def test_the_step_is_the_addresses(files, step, shown):
    app = opened(**({} if step is None else {"step": step}))
    assert calm(app)
    assert f"convscope-conv2d-step-{shown}.png" in files


def test_the_theme_can_be_chosen(files):
    app = opened()
    (theme,) = app.radio
    assert theme.value == "light"
    theme.set_value("dark").run()
    assert files["convscope-conv2d-step-1.svg"] == to_svg(frame(WALKS["course"], 0, TITLES, "dark"))


def test_a_gif_is_estimated_made_shown_and_offered(files):
    app = opened()
    assert any("36 frames that play for 9 s" in text for text in texts(app.caption))
    (first, last, every), (speed,) = app.number_input, app.selectbox
    assert (first.value, last.value, every.value, speed.value) == (1, 36, 1, 4)
    first.set_value(5)
    every.set_value(10)
    speed.set_value(10)
    app.run()
    assert any("5 frames that play for 0 s" in text for text in texts(app.caption))
    app.button(key="export_make").click().run()
    assert calm(app)
    gif = Image.open(io.BytesIO(files["convscope-conv2d-steps-5-to-36-every-10.gif"]))
    assert (gif.n_frames, gif.info["duration"]) == (5, 100)  # steps 5, 15, 25, 35, and the last
    assert len(app.get("image")) == 1
    assert not app.get("progress")


def test_too_much_is_refused_and_the_last_gif_stays(files, monkeypatch):
    app = opened()
    app.number_input[1].set_value(2).run()
    app.button(key="export_make").click().run()
    name = "convscope-conv2d-steps-1-to-2.gif"
    made = files[name]
    monkeypatch.setattr(scene_gif, "MOST_BYTES", 5_000)
    app.button(key="export_make").click().run()
    (message,) = texts(app.error)
    assert message.endswith("must be at most 0 MB: choose fewer steps, or every n-th")
    assert files[name] == made
    assert "export_gif_file" in [widget.key for widget in app.download_button]


def test_too_many_frames_are_refused_with_the_width_that_does_and_so_are_none(monkeypatch):
    monkeypatch.setattr(export_gif, "MOST_FRAMES", 30)
    app = opened()
    (message,) = texts(app.error)
    assert message == (
        "36 frames are too many for a GIF, which holds 30 at most: set “every n-th step” to 2 or more, or choose fewer steps."
    )
    assert not app.button
    assert not app.number_input[2].set_value(2).run().error
    app.number_input[0].set_value(20)
    app.number_input[1].set_value(10).run()
    assert texts(app.error) == [
        "The GIF would end (step 10) before it begins (step 20): choose a later step to end with."
    ]


def test_a_gif_of_other_settings_does_not_stand_there_as_if_it_were_this_one(files):
    app = opened()
    app.number_input[1].set_value(2).run()
    app.button(key="export_make").click().run()

    def offered():
        return "export_gif_file" in [widget.key for widget in app.download_button]

    assert offered()
    app.number_input[1].set_value(3).run()
    assert not offered()
    app.number_input[1].set_value(2).run()
    assert offered()
    app.selectbox[0].set_value(10).run()
    assert not offered()


def test_left_alone_a_gif_shows_a_long_walk_forward_from_the_first_to_the_last_step():
    long = conv(Window.of(3, 1, 1), 1, 2, size=(20, 20))
    assert usual_steps(long) == (800, 9)
    steps = steps_of(1, *usual_steps(long))
    assert (steps[0], steps[1], steps[-1]) == (0, 9, 799)
    assert len(steps) <= 100
    assert [phase.name for phase in as_far_as(long, 800).phases] == ["forward"]
    assert "dx" not in as_far_as(long, 800).names  # no grids of zeros
    assert as_far_as(long, 801).phases == long.phases
    assert usual_steps(WALKS["course"]) == (36, 1)
    assert usual_steps(long.only(["backward"])) == (800, 9)


def test_the_page_says_where_forward_ends():
    assert any("Steps 1 to 18 are forward, 19 to 36 are backward." in text for text in texts(opened().caption))
    assert not any("are backward" in text for text in texts(opened("forward").caption))


def test_another_walk_has_another_fingerprint():
    marks = [fingerprint(walk) for walk in WALKS.values()]
    assert len(set(marks)) == len(marks)
    assert fingerprint(WALKS["course"].only(["backward"])) != fingerprint(WALKS["course"])


def test_other_numbers_are_another_walk_and_the_same_ones_the_same():
    marks = [fingerprint(trace_avg_pool2d(np.full((1, 4, 4), value), Window.of(2))) for value in (1, 2, 1)]
    assert marks[0] == marks[2] != marks[1]


def test_the_link_is_the_page_with_its_settings_and_for_teachers_without_controls(monkeypatch):
    monkeypatch.setattr(type(st.context), "url", "https://example.org/convolution")
    app = opened(step="3", input="a b&c", hide_controls="true")
    shown, hidden = (block.value for block in app.code)
    assert shown == "https://example.org/convolution?step=3&input=a%20b%26c"
    assert hidden == f"{shown}&hide_controls=true"


def test_without_an_address_the_browsers_is_pointed_to(monkeypatch):
    monkeypatch.setattr(type(st.context), "url", None)
    app = opened()
    assert not app.code
    assert "copy it from your browser" in texts(app.caption)[0]


@pytest.mark.parametrize(
    ("values", "hidden", "warning"),
    [
        ([], False, ""),
        (["true"], True, ""),
        (["false"], False, ""),
        (["yes"], False, "hide_controls (=yes) in the link must be true or false; the controls are shown."),
        (["[a](b)"], False, "hide_controls (=[a](b)) in the link must be true or false; the controls are shown."),
        (["true", "true"], False, "hide_controls stands 2 times in the link (=true, true): it may stand once only."),
    ],
)
def test_the_controls_are_hidden_if_the_link_says_so(values, hidden, warning):
    app = AppTest.from_function(hiding_page)
    if values:
        app.query_params["hide_controls"] = values
    app.query_params["stride"] = "2"
    app.run()
    assert not app.exception
    assert texts(app.warning) == [warning] * bool(warning)
    styles = [element.proto.body for element in app.get("html")]
    assert any("stSidebar" in style and "stExpandSidebarButton" in style for style in styles) == hidden
    assert len(app.sidebar.slider) == 1  # there all the same, so that the link's settings count


def test_the_whole_picture_is_taken_along_before_and_after(files):
    app = open_lesson("convolution", kernel="identity")
    app.toggle(key="export_open").set_value(True).run()
    assert calm(app)
    image = Image.open(io.BytesIO(files["convscope-conv2d-before-and-after.png"]))
    assert (image.format, image.size) == ("PNG", (200 + 12 + 200, 200))
    whole = np.asarray(image)
    expected = np.rint(255 * datasets.picture("lake").transpose(1, 2, 0).astype(np.float64))
    assert np.abs(whole[:, :200] - expected).max() <= 1
    np.testing.assert_array_equal(whole[:, 212:], whole[:, :200])  # what the identity makes of it


def test_of_the_readers_own_picture_more_pixels_are_taken_along_than_are_shown(files):
    columns, rows = np.meshgrid(np.linspace(0, 255, 900), np.linspace(0, 255, 600))
    file = io.BytesIO()
    Image.fromarray(np.stack([columns, rows, 255 - rows], axis=2).astype(np.uint8)).save(file, "PNG")
    app = open_lesson("convolution", kernel="sobel_x", input="own_picture", padding="0")
    app.session_state["uploaded"] = "slopes.png", *read_picture(file.getvalue(), "slopes.png")
    app.toggle(key="export_open").set_value(True).run()
    assert calm(app)
    shown = sent(app, "convscope_gallery")["pictures"][0]
    assert "240×160" in shown[0]
    image = np.asarray(Image.open(io.BytesIO(files["convscope-conv2d-before-and-after.png"])))
    assert image.shape == (600, 900 + 12 + 898, 3)
    np.testing.assert_array_equal(image[:, :900], np.asarray(Image.open(file)))
    np.testing.assert_array_equal(image[:598, 912:, 1], image[0, 912, 1])  # no slope from left to right in green
