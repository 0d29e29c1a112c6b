"""Links into the zoom from the views "What it learned" and "Why": the very number, of the very picture, and nothing left over."""

import json
from urllib.parse import parse_qsl

import pytest

from tests.app.lesson import calm, open_lesson, sent
from tests.app.test_forged_values import send, state_of, trigger_of

LEFT_OVER = {"param": "conv1.weight", "entry": "0-0-1-1", "term": "3", "way": "backward", "target": "7", "cell": "0-0"}
PICTURES = [{"picture": "4"}, {"source": "mistakes"}, {"class": "3", "picture": "2"}, {"source": "drawn"}, {}]


def told(app, component, key, name, value):
    """As the browser component tells something once."""
    (found,) = [c.proto for c in app.get("bidi_component") if c.proto.component_name == component]
    events = json.dumps([{"event": name, "value": value}])
    return send(app, state_of(trigger_of(found.id), "json_trigger_value", events))


def opened_anew(address):
    """What the zoom and the overview show of an address, in a new session."""
    app = open_lesson("network", **address)
    assert calm(app)
    return sent(app, "convscope_zoom"), app.caption[-1].value.split(".")[0]


def address_of(app):
    said = {key: [value] if isinstance(value, str) else value for key, value in app.query_params.items()}
    return {key: value for key, (value,) in said.items()}


@pytest.mark.parametrize("pictures", PICTURES, ids=str)
def test_a_patch_is_walked_in_its_own_picture(pictures):
    app = open_lesson("network", view="learned", learned_layer="conv2", filter="3", **pictures, **LEFT_OVER)
    assert calm(app)
    app.button(key="walk_patch").click().run()
    assert calm(app)
    address = address_of(app)
    assert address.keys() - {"picture"} == {"layer", "map", "cell"}
    assert (sent(app, "convscope_zoom"), app.caption[-1].value.split(".")[0]) == opened_anew(address)
    assert json.loads(sent(app, "convscope_zoom"))["query"].startswith("way=forward&layer=relu2&map=3&cell=")


@pytest.mark.parametrize("pictures", PICTURES, ids=str)
def test_a_pixel_is_followed_backward_in_the_same_picture_by_link_and_by_click(pictures):
    app = open_lesson(
        "network",
        view="why",
        score="6",
        method="guided_backpropagation",
        pixel="2-2",
        learn="true",
        **pictures,
        **LEFT_OVER,
    )
    assert calm(app)
    (component,) = [c.proto for c in app.get("bidi_component") if c.proto.component_name == "convscope_answer"]
    data = json.loads(component.json)[0]
    link = dict(parse_qsl(data["walk"].removeprefix("?"))) | {"cell": "3-4"}
    assert link.keys() - {"picture"} == {"way", "target", "layer", "map", "cell"} and link["target"] == "6"
    shown = opened_anew(link)
    assert shown[1] == data["words"].replace("\\", "")
    told(app, "convscope_answer", "answer", "walk", "3-4")
    assert calm(app)
    assert address_of(app) == link
    assert (sent(app, "convscope_zoom"), app.caption[-1].value.split(".")[0]) == shown
