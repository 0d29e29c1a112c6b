"""What the address says of a page: its settings, kept while the reader is on other pages and put back when they return."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import streamlit as st
from streamlit.navigation.page import StreamlitPage
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state import get_session_state

from pages.address.book import book
from pages.address.former import understood
from pages.address.links import tell_repeated

OF_A_RUN = ("film", "step")  # parameters that name a step of the run beside them


def enter(page: StreamlitPage) -> None:
    """Call when a page is run: each page has settings of its own, and a reader who comes back finds them again.

    Left alone, Streamlit carries a setting over to the next page that has one of the same name.
    """
    known = book()
    known.drawn, known.drawn_before, known.told = set(), known.drawn, set()
    known.asked = bool(st.query_params.to_dict())
    if known.page == page.url_path:
        return
    for key in known.keys:
        st.session_state.pop(key, None)
    known.keys, known.options, known.page = set(), set(), page.url_path
    st.session_state.pop("begin", None)
    remembered = known.settings.pop(page.url_path, {})
    if remembered and not st.query_params.to_dict():
        st.switch_page(page, query_params=remembered)


def text(key: str) -> str | None:
    """A parameter of the address that has no widget (an edited kernel, the id of a training), if it is there."""
    tell_repeated(key)
    value = st.query_params.get(key)
    book().note(key, value)
    return value


def set_text(key: str, value: str | None) -> None:
    """Put such a parameter into the address, or take it out."""
    set_texts({key: value})


def set_texts(values: Mapping[str, str | None]) -> None:
    """Several of them, as one step in the browser's history; also of widgets that are not there from now on."""
    _write(values)
    for key, value in values.items():
        book().note(key, value)


def _write(values: Mapping[str, str | None]) -> None:
    """Put them into the address, or take them out, and tell the browser once: each new address it hears of is a step for it."""
    with get_session_state().query_params() as address:
        before = str(address)
        for key, value in values.items():
            if value is None:
                address.discard_param_no_forward_msg(key)
            else:
                address.set_with_no_forward_msg(key, value)
        if str(address) != before:
            address.set_initial_query_params_from_current()  # a widget that comes now begins with what it says
            address.update()


def forget_runs() -> None:
    """A new training began: no page that the reader comes back to shows an older one, or chooses among those of then."""
    for settings in book().settings.values():
        settings.pop("runs", None)
        if settings.pop("run", None) is not None:
            for key in OF_A_RUN:
                settings.pop(key, None)


def went_back() -> bool:
    """Whether the reader went back or forward in the browser's history: then the address says what is to be shown."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def take_option(key: str, options: Sequence[str], default: str) -> None:
    """Before a list of options is drawn: give it the one that the address names, if the reader has not chosen one here.

    Streamlit's own way (`bind="query-params"`) would write the option's words into the address, not its id.
    """
    if key in st.session_state and not went_back():
        return
    named = understood(key, st.query_params.get(key, default))
    st.session_state[key] = named if named in options else default


def keep_option(key: str, option: str, default: str, former: str | None = None) -> None:
    """After it was drawn: the address names the option, unless it is the default.

    former: the default of earlier days. An address that says anything else is read with it, so the option is named as soon as
    the reader does anything; not when the page opens: an address that changes by itself may lose what the reader does
    meanwhile.
    """
    known = book()
    again = key in known.keys  # not the page's first run
    known.options.add(key)
    note(key, option, default)
    if former is not None:
        known.note(key, option)
        if not again and key not in st.query_params:
            return
    named = None if former is None and option == default else option
    if st.query_params.get(key) != named:
        set_text(key, named)


def opens_with(default: str, former: str | None) -> str:
    """What a list begins with: the default of earlier days where the address said anything, as links left it out then."""
    return former if former is not None and book().asked else default


def leave() -> None:
    """Call when a page has run to its end: options that it has not drawn are no more in the address, as with other widgets."""
    known = book()
    _write(dict.fromkeys(known.options - known.drawn))
    known.options &= known.drawn


def note(key: str, value: object, default: object) -> None:
    """Remember what a widget holds, and what it holds when left alone."""
    known = book()
    known.defaults[key] = default
    known.note(key, value if value != default else None)


def left_out(key: str, default: object) -> bool:
    """Whether to draw no widget for it: its fold is closed, and it is at its default, as which it counts."""
    if not book().folded or key in st.query_params or st.session_state.get(key, default) != default:
        return False
    note(key, default, default)
    return True


def forget(keys: Iterable[str]) -> None:
    """Set these back to their defaults: in a callback, or at the start of a run."""
    known, gone = book(), list[str]()
    drawn = known.drawn | known.drawn_before
    for key in keys:
        if key in known.defaults and key in drawn:
            st.session_state[key] = known.defaults[key]
        elif key in st.session_state:  # a widget that is not there begins with its default when it comes
            del st.session_state[key]
        else:
            gone.append(key)
        known.note(key, None)
    set_texts(dict.fromkeys(gone))


def put(values: dict[str, Any]) -> None:
    """Set widgets by key: at the start of a run or in a callback, before the widgets are drawn.

    Also one that is not drawn is this page's: on another page that has one of the same name it must not count.
    """
    book().keys.update(values)
    for key, value in values.items():
        st.session_state[key] = value


def changed() -> set[str]:
    """The keys of this page whose values are not the default, also of widgets that are not drawn just now."""
    known = book()
    return set(known.settings.get(known.page, {}))


def changed_now() -> set[str]:
    """Those of them that this run has drawn or read."""
    return changed() & book().drawn
