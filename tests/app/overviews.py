"""The overview of a network as a page sends it to the browser."""

import json
from base64 import b64decode

import numpy as np


def component(app):
    """All that the component is given."""
    (found,) = [c.proto for c in app.get("bidi_component") if c.proto.component_name == "convscope_overview"]
    return json.loads(found.json)[0]


def drawn(app):
    """The network on its picture: layers, classes, picture."""
    return json.loads(component(app)["sent"])


def map_levels(app, name, kind="maps"):
    """The maps of a layer as their levels have them, (maps, cells), and the step between two levels of each."""
    (layer,) = [each for each in drawn(app)["layers"] if each["name"] == name]
    steps = np.array(layer[kind]["peaks"]) / 127
    codes = np.frombuffer(b64decode(layer[kind]["codes"]["base64"]), np.int8)
    return codes.reshape(len(steps), -1) * steps[:, None], steps
