"""Text that is not ours as plain text: what a reader, a link or a file holds must become no link, picture, icon or list."""

from __future__ import annotations

import re

import streamlit as st

# A backslash makes markdown show these as they are.
SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#!$:~|&+=-]|(?<=\d)\.(?=\s))")
INDENTED = re.compile(r"^[ \t]+", re.MULTILINE)  # would be code
# What the browser's markdown makes something of even then: addresses, :emoji: and :material/icons:, -> and the like.
MADE_OF = re.compile(r"(?<=www)(?=\.)|(?<=:)(?=//|[\w+-])|(?<=@)(?=[\w-])|(?<=[-<>~])(?=[->=])", re.IGNORECASE)
JOINER = "\u2060"  # shows nothing, and keeps together what stands beside it; the patterns looked for no longer match


FORMULA = re.compile(r"^\s*[=+\-@|]")  # a spreadsheet carries out what begins so


def plain(text: str) -> str:
    """The text such that markdown shows it letter by letter."""
    return SPECIAL.sub(r"\\\1", MADE_OF.sub(JOINER, INDENTED.sub("", text)))


def cell(text: str) -> str:
    """The text for a table, which a reader may save as a file and open in a spreadsheet: no formula there."""
    return JOINER + text if FORMULA.match(text) else text


def warning(text: str) -> None:
    """A warning in plain text."""
    st.warning(plain(text))


def error(problem: Exception | str) -> None:
    """An error in plain text."""
    st.error(plain(str(problem)))
