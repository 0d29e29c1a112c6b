"""Home and the list of pages: every way in leads to a page that works before the first click."""

import json
import re
from urllib.parse import parse_qsl

import numpy as np
import pytest

from cnn_core.network import layer_table
from cnn_core.training import TrainingConfig
from pages.address import menu
from pages.address.former import PATHS
from pages.address.menu import PAGES
from tests.app.lesson import calm, change, control, open_app, open_lesson, sent, texts, unpack, values

NAMES = [page.name for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_a_page_opens_in_peace(page):
    app = open_lesson(page.name)
    assert calm(app)
    assert texts(app.title) == [page.heading or page.title]


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_the_table_knows_which_pages_have_settings(page):
    assert bool(open_lesson(page.name).sidebar.children) == page.sidebar


def test_every_address_that_was_given_out_leads_to_its_page():
    given = "convolution pooling transposed im2col receptive-field gradient-flow data train runs filters speed"
    assert {"", *given.split()} <= {page.path for page in PAGES} | set(PATHS)
    assert set(PATHS.values()) <= set(NAMES)


def test_every_lesson_is_listed():
    assert {path.stem for path in menu.LESSONS.glob("*.py")} == set(NAMES)


def cards(app):
    """The ways in: what stands on each, and where it leads."""
    found = [(link.proto.label, link.proto.page) for link in app.get("page_link")]
    return [card for card in found if card[0].startswith("**")]


def test_home_leads_to_every_other_page_group_by_group():
    app = open_lesson("home")
    assert cards(app) == [(f"**{page.title}** *{page.card}*", page.path) for page in PAGES[1:]]
    assert len({page.path for page in PAGES}) == len(PAGES)
    assert texts(app.subheader)[:4] == [menu.LAYERS, menu.TRAIN, menu.UNDERSTAND, menu.CHECK]


def test_a_new_page_is_one_entry_in_the_table(tmp_path, monkeypatch):
    class Elsewhere(menu.Page):
        file = tmp_path / "new_page.py"

    Elsewhere.file.write_text("import streamlit as st\n\nst.markdown('Its own words.')\n")
    new = Elsewhere("new_page", menu.CHECK, "Brand new", "star", "What one does there.", "what it shows")
    monkeypatch.setattr(menu, "PAGES", (*PAGES, new))
    app = open_app().run()
    assert calm(app)
    assert cards(app)[-1] == ("**Brand new** *What one does there.*", "new-page")
    listed = [page for page in app._registered_pages.values() if page["url_pathname"] == "new-page"]
    assert [page["page_name"] for page in listed] == ["Brand new"]
    app.switch_page(str(Elsewhere.file)).run()
    assert calm(app)
    assert texts(app.title) == ["Brand new"]
    assert texts(app.markdown)[-1] == "Its own words."


def test_the_readme_lists_the_pages_as_the_table_has_them():
    readme = (menu.LESSONS.parents[1] / "README.md").read_text(encoding="utf-8")
    rows = "".join(
        f"| {'' if number else group} | {page.title} | {page.about} |\n"
        for group, pages in menu.groups().items()
        for number, page in enumerate(pages)
    )
    assert f"| group | page | what it shows |\n|---|---|---|\n{rows}\n" in readme


def test_home_walks_a_convolution_and_leads_to_the_very_same_walk():
    app = open_lesson("home")
    moving = json.loads(sent(app, "convscope_glimpse"))
    (link,) = [link.proto for link in app.get("page_link") if not link.proto.label.startswith("**")]
    assert link.page == "convolution"
    there = open_lesson("convolution", **dict(parse_qsl(link.query_string)))
    assert calm(there)
    for grid in ("x", "weight", "out"):
        packed = moving["grids"][grid]
        np.testing.assert_array_equal(
            unpack(packed).reshape(packed["shape"]) / packed["scale"], values(there, grid), strict=True
        )
    assert moving["titles"].keys() == {"x", "weight", "out"}


def test_home_draws_the_network_counts_its_parameters_and_leads_to_its_layers():
    app = open_lesson("home")
    layers = layer_table(TrainingConfig().network, (1, 8, 8), 10)
    drawing = sent(app, "convscope_drawing")["svg"]
    assert all(layer.description in drawing for layer in layers if layer.kind != "dropout")
    assert f"**{sum(layer.parameters for layer in layers):,} parameters**" in " ".join(texts(app.markdown))
    about = {"input": "data", "conv": "convolution", "pool": "pooling"}
    led = [about.get(layer.kind, "network") for layer in layers if layer.kind != "dropout"]
    assert re.findall(r'<a href="([^"]*)">', drawing) == led
    assert set(led) <= {page.path for page in PAGES}


@pytest.mark.parametrize("name", NAMES)
def test_a_parameter_of_another_page_does_no_harm(name):
    app = open_lesson(name, stride="2", reg="0", weights="untrained", nonsense="1", picture="7")
    assert calm(app)


def go(app, name):
    """As by a link on the page: with a bare address, and without the widgets' values that `run` would send along."""
    app.query_params.clear()
    return app.switch_page(f"lessons/{name}.py")._run()


def test_each_page_keeps_its_own_settings():
    app = open_lesson("convolution", stride="3", weight="1,2,3;4,5,6;7,8,9")
    go(app, "pooling")
    assert calm(app)
    assert app.slider(key="stride").value == 2
    app.slider(key="stride").set_value(1).run()
    go(app, "convolution")
    assert calm(app)
    assert app.slider(key="stride").value == 3
    assert values(app, "weight")[0].tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert go(app, "pooling").slider(key="stride").value == 1


@pytest.mark.parametrize("page", ["convolution", "transposed", "im2col"])
def test_an_example_and_what_was_changed_are_there_when_the_reader_comes_back(page):
    app = open_lesson(page, preset="one_by_one" if page == "im2col" else "strides", stride="3", speed="4")
    before = sent(app)
    told = [text for text in texts(app.markdown) if "Changed by you" in text]
    assert len(told) == 1
    go(app, "pooling")
    assert calm(app)
    assert not any("Changed by you" in text for text in texts(app.markdown))
    go(app, page)
    assert not app.exception
    assert not app.error
    assert sent(app)["walk"] == before["walk"]
    assert sent(app)["begin"] == before["begin"]
    assert told[0] in texts(app.markdown)


def test_a_preset_of_one_page_sets_nothing_on_another():
    app = open_lesson("train")
    change(app, "preset", "overfit_100")  # it says a momentum, which Adam has no control for
    assert "momentum" in app.session_state
    there = go(app, "normalisation")
    assert control(there, "momentum").value == control(open_lesson("normalisation"), "momentum").value
