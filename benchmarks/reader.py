"""A reader without a browser who moves a page's controls, and says with each move all that a browser would say."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from tools.visitor import Visitor

KEPT_FOR = 20  # answers for which a browser keeps a large message that did not come again (global.maxCachedMessageAge)


class Reader(Visitor):
    """A tab whose controls are moved: it sends the values of all widgets, the address, and which messages it has kept."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self._widgets: dict[str, WidgetState] = {}  # by key, in the order of the page
        self._bound: set[str] = set()  # keys that the browser itself writes into the address
        self._query: dict[str, str] = {}
        self._script = ""  # of the page, as the server calls it
        self._kept: dict[str, int] = {}  # large messages, by hash, and their age in answers

    def enter(self, page: str) -> None:
        """Open a page by its path, with all at its default."""
        self._page = page
        self._run()

    def move(self, key: str, one: float, other: float) -> None:
        """Move the slider of this key to one of two values, or from it to the other."""
        data = self._widgets[key].double_array_value.data
        data[:] = [other if list(data) == [one] else one]
        if key in self._bound:
            self._query[key] = f"{data[0]:g}"
        self._run()

    def tell(self, key: str, event: str, value: Any) -> None:
        """Let the component of this key tell its page something, once."""
        trigger = f"$$STREAMLIT_INTERNAL_KEY_{self._widgets[key].id}__events"
        self._run(WidgetState(id=trigger, json_trigger_value=json.dumps([{"event": event, "value": value}])))

    def shown(self, key: str) -> Any:
        """What the component of this key was sent, in the last answer."""
        found = (part for part in self.elements("bidi_component") if _key(part.id) == key)
        return json.loads(next(found).json)

    def _run(self, *triggers: WidgetState) -> None:
        message = BackMsg()
        run = message.rerun_script
        run.query_string = urlencode(self._query)
        run.page_script_hash, run.page_name = self._script, "" if self._script else self._page
        told = [state for state in self._widgets.values() if state.WhichOneof("value")]
        run.widget_states.widgets.extend([*told, *triggers])
        run.cached_message_hashes.extend(self._kept)
        self.send(message)
        self.hear()
        self._kept = {hash: age + 1 for hash, age in self._kept.items() if age < KEPT_FOR}
        before, self._widgets = self._widgets, {}
        for said in self.heard:
            self._take(said, before)

    def _take(self, said: ForwardMsg, before: dict[str, WidgetState]) -> None:
        kind = said.WhichOneof("type")
        if kind == "navigation":
            self._script = said.navigation.page_script_hash
        elif kind == "page_info_changed":
            self._query = dict(parse_qsl(said.page_info_changed.query_string, keep_blank_values=True))
        elif kind == "ref_hash":
            self._kept[said.ref_hash] = 0
        elif kind == "delta" and said.delta.WhichOneof("type") == "new_element":
            if said.metadata.cacheable:
                self._kept[said.hash] = 0
            element = said.delta.new_element
            part = getattr(element, element.WhichOneof("type") or "")
            if not getattr(part, "id", ""):
                return
            key = _key(part.id)
            if getattr(part, "query_param_key", ""):
                self._bound.add(key)
            known = before.get(key)
            self._widgets[key] = known if known is not None and known.id == part.id else _at_its_default(part)


def _key(id: str) -> str:
    """The name that the page gave a widget."""
    return id.split("-", 2)[2]


def _at_its_default(part: Any) -> WidgetState:
    """What the browser says of a widget that was not moved; nothing of components and buttons."""
    state, name = WidgetState(id=part.id), type(part).__name__
    if name == "Slider" and part.options:
        state.string_array_value.data.extend(part.options[int(place)] for place in part.default)
    elif name == "Slider":
        state.double_array_value.data.extend(part.default)
    elif name in ("Selectbox", "Radio"):
        state.string_value = part.options[part.default]
    elif name == "Checkbox":
        state.bool_value = part.default
    elif name == "TextInput":
        state.string_value = part.default
    return state
