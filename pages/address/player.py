"""The player's settings, in one table: what the address says of each, what the browser gets of it, and what it tells.

Each has one name everywhere: as a parameter of the address, in `BEGIN`, in what the browser tells, and as the class of its
control in player.html. Another setting is a line here, and what it does in the browser.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pages.address.former import understood


@dataclass(frozen=True)
class Setting:
    """One of the player's settings.

    default: its value where the address says nothing. read: the value that a text of the address stands for; ValueError or
    KeyError for any other text, of which `remedy` says what it must be. write: the way back. options: the values of a list,
    each with the words that it is shown by. watching: it belongs to the reader's way of watching, which outlasts a change
    of preset.
    """

    default: Any
    read: Callable[[str], Any]
    remedy: str
    write: Callable[[Any], str] = str
    options: Mapping[Any, str] = field(default_factory=dict)
    watching: bool = True


def _switch(default: bool) -> Setting:
    values = {"true": True, "false": False}
    return Setting(default, values.__getitem__, "true or false", lambda value: str(value).lower())


def _listed(key: str, options: Mapping[Any, str], default: Any, write: Callable[[Any], str] = str) -> Setting:
    values = {write(value): value for value in options}
    return Setting(default, lambda text: values[understood(key, text)], f"one of {', '.join(values)}", write, options)


def _whole(text: str, low: int, high: int) -> int:
    if not text.isdecimal() or len(text) > 10 or not low <= int(text) <= high:
        raise ValueError(f"{text!r} must be a whole number from {low} to {high}")
    return int(text)


def _cell(text: str) -> dict[str, Any]:
    name, plane, index = text.split(",")
    return {"name": name, "plane": _whole(plane, 0, 10**9), "index": _whole(index, 0, 10**9)}


SETTINGS: dict[str, Setting] = {
    "step": Setting(  # counts from 0, in the address from 1; one beyond the walk is its last
        0,
        lambda text: _whole(text, 1, 10**9) - 1,
        "a whole number from 1 on",
        lambda step: str(step + 1),
        watching=False,
    ),
    "speed": _listed("speed", {speed: f"{speed:g}×" for speed in (0.25, 0.5, 1, 2, 4, 8, 16)}, 1, "{:g}".format),
    "stages": _switch(True),
    "loop": _switch(False),
    "colours": _listed(
        "colours", {"blue_orange": "blue–orange", "green_purple": "green–purple", "teal_red": "teal–red"}, "blue_orange"
    ),
    "pinned": Setting(
        None,
        _cell,
        "a grid of this page, a channel and a cell, as in x,0,12",
        lambda cell: f"{cell['name']},{cell['plane']},{cell['index']}",
        watching=False,
    ),
}
BEGIN: dict[str, Any] = {name: setting.default for name, setting in SETTINGS.items()}
OPTIONS = {name: list(setting.options.items()) for name, setting in SETTINGS.items() if setting.options}
WATCHING = frozenset(name for name, setting in SETTINGS.items() if setting.watching)


def as_parameters(place: Mapping[str, Any]) -> dict[str, str | None]:
    """What the browser tells of the settings, as the address writes it: by name a text, or None for the default.

    What can be no value of its setting is left out, as anybody can send anything.
    """
    found: dict[str, str | None] = {}
    for name, setting in SETTINGS.items():
        try:
            value = place[name]
            text = None if value == setting.default else setting.write(value)
            if text is not None:
                setting.read(text)
        except (AttributeError, KeyError, TypeError, ValueError):
            continue
        found[name] = text
    return found
