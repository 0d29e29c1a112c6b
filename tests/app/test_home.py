"""Home and the list of pages: every way in leads to a page that works before the first click."""

import pytest

from cnn_core.network import layer_table
from cnn_core.training import TrainingConfig
from tests.app.lesson import PAGES, calm, open_lesson, sent, texts, values

TITLES = {
    "home": "ConvScope",
    "convolution": "Convolution",
    "pooling": "Pooling",
    "transposed": "Transposed convolution",
    "im2col": "im2col",
    "receptive_field": "Receptive field",
    "gradient_flow": "Gradient flow",
    "data": "Data",
    "train": "Train",
    "runs": "Runs",
    "filters": "Filters",
    "speed": "Speed",
}


@pytest.mark.parametrize("name", TITLES)
def test_a_page_opens_in_peace(name):
    app = open_lesson(name)
    assert calm(app)
    assert texts(app.title) == [TITLES[name]]


def test_every_lesson_is_listed():
    assert {path.stem for path in PAGES.glob("lessons/*.py")} - {"__init__"} == set(TITLES)


def test_home_leads_to_every_other_page():
    links = open_lesson("home").get("page_link")
    names = TITLES | {"transposed": "Transposed"}  # as in the list of pages
    assert [link.proto.label.strip("*") for link in links] == list(names.values())[1:]
    assert [link.proto.page for link in links] == [name.replace("_", "-") for name in list(TITLES)[1:]]


def test_home_draws_the_network_and_counts_its_weights():
    app = open_lesson("home")
    layers = layer_table(TrainingConfig().network, (1, 8, 8), 10)
    drawing = sent(app, "convscope_drawing")["svg"]
    assert all(layer.description in drawing for layer in layers if layer.kind != "dropout")
    assert f"**{sum(layer.parameters for layer in layers):,} numbers to learn**" in " ".join(texts(app.markdown))


@pytest.mark.parametrize("name", TITLES)
def test_a_parameter_of_another_page_does_no_harm(name):
    app = open_lesson(name, stride="2", reg="0", weights="not trained yet", nonsense="1", picture="7")
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
    app = open_lesson(page, preset="1×1" if page == "im2col" else "strides", stride="3", speed="4")
    before = sent(app)
    told = [text for text in texts(app.markdown) if "Changed by you" in text]
    assert len(told) == 1
    go(app, "pooling")
    assert calm(app)
    assert not any("Changed by you" in text for text in texts(app.markdown))
    go(app, page)
    assert not app.exception
    assert not app.error
    assert sent(app)["id"] == before["id"]
    assert sent(app)["begin"] == before["begin"]
    assert told[0] in texts(app.markdown)
