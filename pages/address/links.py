"""What a reader is told of a parameter of the address that cannot be used, with the remedy.

Streamlit drops an impossible value from the address without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

import streamlit as st

from pages.address import messages
from pages.address.book import book
from pages.address.former import understood


def tell_unlisted(key: str, options: Sequence[str]) -> None:
    """Say so if this parameter of the address is none of the options."""
    listed = ", ".join(options if len(options) <= 20 else (*options[:3], "...", *options[-2:]))
    tell_bad(key, lambda text: None if understood(key, text) in options else f"must be one of {listed}")


def tell_bad(key: str, problem: Callable[[str], str | None]) -> None:
    """Say what is wrong with this parameter of the address, if anything; the widget then starts at its default."""
    if key in st.session_state:
        return
    values = st.query_params.get_all(key)
    if len(values) > 1:
        tell_repeated(key)
    elif values and (message := problem(values[0])):
        _warn(f"{key} (={values[0][:40]}) in the link {message}; the page uses another value instead.")


def tell_repeated(key: str) -> None:
    """Say so if this parameter stands in the address more than once."""
    values = st.query_params.get_all(key)
    if len(values) > 1:
        _warn(f"{key} stands {len(values)} times in the link (={', '.join(values)[:60]}): it may stand once only.")


def _warn(text: str) -> None:
    """Once in a run: a parameter may be read several times."""
    if text in book().told:
        return
    book().told.add(text)
    with outside_folds():
        messages.warning(text)


def outside_folds() -> AbstractContextManager[object]:
    """Where a message is seen: not inside a closed fold, but after it. All folds stand in the sidebar."""
    return st.sidebar if book().folded else nullcontext()
