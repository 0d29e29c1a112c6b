"""What a session knows of its settings. One object: each look into Streamlit's own store costs as much as a small NumPy call."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


@dataclass
class Book:
    """page: the one that is shown. Of each page: the settings that are not the default, as the address would write them.
    asked: whether the address said anything when this run of the page began. told: the warnings of this run.

    folded: whether the part of the page that is drawn now is closed (see folds.py).
    Of this page: all keys it has used, those of lists of options, those drawn or read by this run and the last one, and
    defaults by key. head: the line of the page's title, in which its list of presets stands.
    """

    page: str | None = None
    asked: bool = False
    told: set[str] = field(default_factory=set)
    settings: dict[str | None, dict[str, str]] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    options: set[str] = field(default_factory=set)
    drawn: set[str] = field(default_factory=set)
    drawn_before: set[str] = field(default_factory=set)
    defaults: dict[str, object] = field(default_factory=dict)
    folded: bool = False
    head: DeltaGenerator | None = None

    def note(self, key: str, value: object) -> None:
        """Note a value that is not the default (None: it is), as the address would write it."""
        self.keys.add(key)
        self.drawn.add(key)
        settings = self.settings.setdefault(self.page, {})
        if value is None:
            settings.pop(key, None)
        else:
            settings[key] = str(value)


_open: ContextVar[Book] = ContextVar("open")  # a session's scripts run on a thread of their own, one after the other


def book() -> Book:
    """The session's."""
    try:
        return _open.get()
    except LookupError:
        found: Book = st.session_state.setdefault("book", Book())
        _open.set(found)
        return found
