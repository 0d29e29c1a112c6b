"""Opens a page as its visitors do, through the list of pages, and reads what the player was given."""

import base64
import json
import re
from functools import cache
from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from cnn_core.walks.counts import Grid
from cnn_core.walks.walk import Action, Phase, Walk
from cnn_core.window import Window
from pages.address.messages import JOINER

PAGES = Path(__file__).parents[2] / "pages"


def open_app():
    """The app, before its first page."""
    return AppTest.from_file(PAGES / "contents.py", default_timeout=60)


@cache
def listed_pages():
    """The list of pages, as a first run leaves it with AppTest."""
    return open_app().run()._registered_pages


def open_lesson(name, **parameters):
    """The page `name` with these parameters in its address, as the first page of a visit."""
    app = open_app()
    app._registered_pages = listed_pages()  # else Home would have to be drawn first, each time
    app.query_params.update(parameters)
    return app.switch_page(f"lessons/{name}.py").run()


def as_read(text):
    """A text as a reader sees it: without what keeps it from being read as markdown."""
    return re.sub(r"\\([^\sA-Za-z0-9])", r"\1", text).replace(JOINER, "")


def texts(elements):
    """What these elements say, as a reader sees it."""
    return [as_read(element.value) for element in elements]


def calm(app):
    """Nothing went wrong and nothing is complained of."""
    return not app.exception and texts(app.error) == [] and texts(app.warning) == []


def sent(app, component="convscope_player"):
    """What the browser's component got."""
    (found,) = [c.proto for c in app.get("bidi_component") if c.proto.component_name == component]
    data = json.loads(found.json)
    if not isinstance(data, list):
        return data
    (sent,) = data
    return sent | json.loads(sent["walk"]) if "walk" in sent else sent


def unpack(packed):
    """As numbers.js does: little-endian numbers of the named type, to reckon with in any size."""
    found = np.frombuffer(base64.b64decode(packed["base64"]), dtype=f"<{packed['dtype']}")
    return found.astype(np.float64 if packed["dtype"] == "f8" else np.int64)


def values(app, grid):
    """The numbers of one of the player's grids (channels, rows, columns), as they were sent."""
    packed = sent(app)["grids"][grid]
    return unpack(packed).reshape(packed["shape"]) / packed["scale"]


def action_of(told):
    """An action as it was sent, with what the browser was told of it beside its fields."""
    action = Action(**{name: value for name, value in told.items() if name != "adds"})
    assert action.adds == told["adds"]
    return action


def walked(app):
    """All grids as they are after the last step: a walk over what was sent, and over nothing else, as in the browser."""
    data = sent(app)
    grids = {}
    for name, packed in data["grids"].items():  # what the steps add up is not sent: it begins at 0
        counts = unpack(packed) if "base64" in packed else np.zeros(np.prod(packed["shape"]))
        grids[name] = Grid(counts.reshape(packed["shape"]).astype(float), packed["scale"])
    walk = Walk(
        operation=data["operation"],
        phases=tuple(
            Phase(phase["name"], tuple(map(action_of, phase["actions"])), phase["steps"]) for phase in data["phases"]
        ),
        window=Window.of(data["kernel_size"], 1, 0, data["dilation"]),
        input_size=(0, 0),  # a replay does not ask for it
        grids=grids,
        origin=unpack(data["origin"]),
        taps=unpack(data["taps"]),
        blank=unpack(data["blank"]),
        channels_in=data["channels_in"],
        channels_out=data["channels_out"],
        winner=unpack(data["winner"]) if data["winner"] else None,
    )
    made = walk.replay()
    return {name: made.get(name, grid.counts) / grid.scale for name, grid in grids.items()}


def sees_the_windows_cells(data, geometry, size):
    """The places that were sent are those of `geometry` on an input of `size`, and so is what is blank or never read."""
    cells = np.arange(np.prod(geometry.padded_size(size))).reshape(geometry.padded_size(size))
    origin, taps = unpack(data["origin"]), unpack(data["taps"])
    seen = geometry.view(cells).reshape(len(origin), -1)
    np.testing.assert_array_equal(origin[:, None] + taps, seen)
    np.testing.assert_array_equal(np.flatnonzero(unpack(data["unseen"])), np.setdiff1d(cells, seen))
    np.testing.assert_array_equal(np.flatnonzero(unpack(data["blank"])), np.setdiff1d(cells, geometry.crop(cells)))
    return True


KINDS = ("slider", "select_slider", "selectbox", "radio", "toggle", "text_input", "number_input")


def control(app, key):
    """The widget with this key, of whatever kind; folded settings are opened to reach it."""

    def found():
        return [widget for kind in KINDS for widget in getattr(app, kind) if widget.key == key]

    if not found() and any(fold.proto.id.endswith("layer_fold") for fold in app.expander):
        app.session_state["layer_fold"] = True
        as_a_browser(app).run()
    (widget,) = found()
    return widget


def as_a_browser(app):
    """AppTest keeps what a list no longer has; a browser shows the list's own."""
    for box in [*app.selectbox, *app.radio]:
        if box.format_func(box.value) not in box.options:
            box.set_value(box.options[box.proto.default])
    return app


def change(app, key, value):
    """Set a widget, as its user does."""
    return control(as_a_browser(app), key).set_value(value).run()


def both(app, name, otherwise=None):
    """A length for (height, width), from one control or from two; `otherwise` where the page has none."""
    keys = {widget.key for widget in app.slider}
    names = [key for key in (name, f"{name}_height", f"{name}_width") if key in keys]
    found = [control(app, key).value for key in names] or [otherwise]
    return found[0], found[-1]


def window(app):
    """The geometry that the page's controls ask for."""
    return Window.of(*(both(app, name, 1) for name in ("kernel_size", "stride", "padding", "dilation")))


def options(geometry, **more):
    """A window's settings as the layers take them."""
    settings = {"stride": geometry.stride, "padding": geometry.padding, "dilation": geometry.dilation}
    return settings | more


def formula(app):
    """The formulas of the output's size, with their heading."""
    (found,) = [text for text in texts(app.markdown) if text.startswith("### How large is the output?")]
    return found


def images(app):
    """The pictures of a page by the first sentence of their captions: their addresses."""
    found = [(image.caption, image.url) for element in app.get("image") for image in element.proto.imgs]
    for component in app.get("bidi_component"):
        if component.proto.component_name == "convscope_gallery":
            found += [(words, url) for words, url, *_ in json.loads(component.proto.json)[0]["pictures"]]
    return {words.split(".")[0]: url for words, url in found}


def galleries(app):
    """The content of each gallery by its key."""
    found = [c.proto for c in app.get("bidi_component") if c.proto.component_name == "convscope_gallery"]
    return {proto.id.split("-", 2)[2]: json.loads(proto.json)[0] for proto in found}


def charts(app):
    """The content of the page's charts by their keys."""
    found = [c.proto for c in app.get("bidi_component") if c.proto.component_name == "convscope_chart"]
    return {proto.id.split("-", 2)[2]: json.loads(json.loads(proto.json)[0]["figure"]) for proto in found}


def figure(app, key):
    """The Plotly figure with this key, as (data, layout)."""
    found = charts(app)[key]
    return found["data"], found["layout"]


def tiles(sheet, count, height, width):
    """The images of a sheet (rows, columns, ...) in turn, one cell apart."""
    sheet = np.array(sheet, dtype=float)
    across = (sheet.shape[1] - 1) // (width + 1)
    corners = [(1 + n // across * (height + 1), 1 + n % across * (width + 1)) for n in range(count)]
    return np.stack([sheet[top : top + height, left : left + width] for top, left in corners])
