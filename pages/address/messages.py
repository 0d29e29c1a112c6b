"""Warnings and errors as plain text: what a reader, a link or a file name holds must not become a link or a picture."""

from __future__ import annotations

import re

import streamlit as st

SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#!$:~|])")


def plain(text: str) -> str:
    """The text such that markdown shows it letter by letter."""
    return SPECIAL.sub(r"\\\1", text)


def warning(text: str) -> None:
    """A warning in plain text."""
    st.warning(plain(text))


def error(problem: Exception | str) -> None:
    """An error in plain text."""
    st.error(plain(str(problem)))
