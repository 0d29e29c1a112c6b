"""Opens a page as its visitors do, through the list of pages, and reads what the player was given."""

import base64
import json
import re
from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

PAGES = Path(__file__).parents[2] / "pages"


def open_lesson(name, **parameters):
    """The page `name` with these parameters in its address."""
    app = AppTest.from_file(PAGES / "contents.py", default_timeout=60).run()
    app.query_params.update(parameters)
    return app.switch_page(f"lessons/{name}.py").run()


def texts(elements):
    """As a reader sees them: without the backslashes that keep a text from being read as markdown."""
    return [re.sub(r"\\([^\sA-Za-z0-9])", r"\1", element.value) for element in elements]


def calm(app):
    """Nothing went wrong and nothing is complained of."""
    return not app.exception and texts(app.error) == [] and texts(app.warning) == []


def sent(app, component="convscope_player"):
    """What the browser's component got."""
    (found,) = [c.proto for c in app.get("bidi_component") if c.proto.component_name == component]
    return json.loads(found.json)


def unpack(packed):
    """As numbers.js does: little-endian numbers of the named type."""
    return np.frombuffer(base64.b64decode(packed["base64"]), dtype=f"<{packed['dtype']}")


def values(app, grid):
    """The numbers of one of the player's grids (channels, rows, columns)."""
    packed = sent(app)["grids"][grid]
    return unpack(packed).reshape(packed["shape"]) / packed["scale"]


def padded(array, cells):
    return np.pad(array, cells)[None]


def figure(app, key):
    """The Plotly figure with this key, as (data, layout)."""
    (spec,) = [json.loads(c.proto.spec) for c in app.get("plotly_chart") if c.proto.id.endswith(f"-{key}")]
    return spec["data"], spec["layout"]


def tiles(sheet, count, height, width):
    """The images of a sheet (rows, columns, ...) in turn, one cell apart."""
    sheet = np.array(sheet, dtype=float)
    across = (sheet.shape[1] - 1) // (width + 1)
    corners = [(1 + n // across * (height + 1), 1 + n % across * (width + 1)) for n in range(count)]
    return np.stack([sheet[top : top + height, left : left + width] for top, left in corners])
