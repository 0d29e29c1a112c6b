"""The depths of the page Network: each has an address, and one that leads nowhere is told."""

import json
from base64 import b64decode

import numpy as np
import pytest

from cnn_core import datasets
from cnn_core.explorer import Tensor, explain, look_inside
from cnn_core.training.shipped import shipped_network
from pages.figures.written_number import brief
from tests.app.lesson import calm, open_lesson, sent, texts

DIGITS = datasets.load("digits").test
PICTURE = 5


@pytest.fixture(scope="module")
def inside():
    network, config = shipped_network()
    x = config.training_data().normalised(DIGITS.x[[PICTURE]])
    return look_inside(network, x, int(DIGITS.y[PICTURE]))


def opened(**address):
    app = open_lesson("network", picture=str(PICTURE), **address)
    return app, json.loads(sent(app, "convscope_zoom"))


@pytest.mark.parametrize(
    ("address", "tensor", "at"),
    [
        ({"layer": "conv1", "map": "3", "cell": "2-4"}, Tensor("value", "conv1"), (3, 2, 4)),
        ({"layer": "softmax", "map": "2"}, Tensor("value", "softmax"), (2,)),
        ({"way": "backward", "layer": "input", "map": "0", "cell": "4-4"}, Tensor("gradient", "input"), (0, 4, 4)),
        (
            {"way": "backward", "param": "conv1.weight", "entry": "3-0-1-2"},
            Tensor("dparam", "conv1.weight"),
            (3, 0, 1, 2),
        ),
        ({"param": "linear1.bias", "entry": "7"}, Tensor("param", "linear1.bias"), (7,)),
    ],
)
def test_an_address_shows_its_number_for_the_picture_that_is_chosen(inside, address, tensor, at):
    app, view = opened(**address)
    assert calm(app)
    assert view["number"]["shown"] == brief(explain(inside, tensor, at).total)
    if address.get("way") != "backward":
        return
    other, _ = int(DIGITS.y[PICTURE]), None
    _, elsewhere = opened(**address, target=str((other + 1) % 10))
    network, config = shipped_network()
    x = config.training_data().normalised(DIGITS.x[[PICTURE]])
    turned = explain(look_inside(network, x, (other + 1) % 10), tensor, at)
    assert elsewhere["number"]["shown"] == brief(turned.total)


def test_sheets_hold_the_numbers_of_the_network(inside):
    _, view = opened(layer="conv1", map="3")
    values = np.frombuffer(b64decode(view["sheet"]["base64"]), "<f8").reshape(8, 8)
    np.testing.assert_array_equal(values, inside.array(Tensor("value", "conv1"))[3])


def test_what_a_link_names_but_is_not_there_is_told():
    app, view = opened(layer="conv1", map="99", cell="0-0")
    assert texts(app.warning) == ["map (=99) in the link must be 0 to 11; the page shows the depth above it."]
    assert view["query"] == "way=forward&layer=conv1" and not app.exception
    app, view = opened(layer="<b>nowhere</b>")
    assert "layer (='<b>nowhere</b>') must be one of conv1" in texts(app.warning)[0]
    assert view["query"] == "way=forward&layer=input" and not app.exception


def test_a_parameter_that_stands_twice_is_told_once():
    app = open_lesson("network", layer=["conv1", "conv1"])
    assert texts(app.warning) == ["layer stands 2 times in the link (=conv1, conv1): it may stand once only."]


def test_a_gradient_next_to_nothing_is_written():
    """A step of learning leaves the right class so sure that the gradient of its score is about 1e-310."""
    link = {"way": "backward", "target": "4", "picture": "2", "learn": "true", "learning_rate": "1"}
    app = open_lesson("network", param="linear2.bias", map="0", **link)
    assert not app.exception
