"""Home and the list of pages: every way in leads to a page that works before the first click."""

import pytest

from cnn_core.training import TrainingConfig
from tests.app.lesson import PAGES, calm, open_lesson, sent, texts, values

TITLES = {
    "home": "ConvScope",
    "convolution": "Convolution",
    "pooling": "Pooling",
    "gradient_flow": "Gradient flow",
    "train": "Train",
    "filters": "Filters",
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
    assert [link.proto.label.strip("*") for link in links] == list(TITLES.values())[1:]
    assert [link.proto.page for link in links] == [name.replace("_", "-") for name in list(TITLES)[1:]]


def test_home_draws_the_network_and_counts_its_weights():
    app = open_lesson("home")
    layers = TrainingConfig().model().layers
    drawing = sent(app, "convscope_drawing")["svg"]
    assert all(layer.name in drawing for layer in layers)
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
