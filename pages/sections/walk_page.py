"""What the pages that walk a window have in common: settings that may not fit, a walk that may be too long, and the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnn_core.walks.walk import TooManyStepsError, Walk
from pages.address import messages
from pages.controls.places import near
from pages.controls.presets import Start
from pages.sections.code import code
from pages.sections.export import export
from pages.sections.snippets import LayerCall, numpy_script
from pages.sections.walkthrough import PLACE


@contextmanager
def walk_settings(start: Start, *kept: str) -> Iterator[DeltaGenerator]:
    """The sidebar's widgets; gives the line near the figure, for the settings that the walk is about.

    A ValueError among them is said, and the page ends; in any case the preset's sentence is told. kept: keys of widgets that
    do not count as a change of the preset.
    """
    line = near()
    try:
        with st.sidebar:
            yield line
    except ValueError as error:
        messages.error(error)
        start.tell(PLACE | set(kept))
        st.stop()
    start.tell(PLACE | set(kept))


def traced(trace: Callable[[], Walk]) -> Walk | None:
    """The walk; None if it would be too long, which is said. For settings that do not fit the page ends, with their error."""
    try:
        return trace()
    except TooManyStepsError as error:
        messages.warning(f"{error}. Here is the whole of it, without the numbers:")
        return None
    except ValueError as error:
        messages.error(error)
        st.stop()


def ending(
    layer: LayerCall, walk: Walk, titles: Mapping[str, str], pictures: Callable[[], bytes] | None = None
) -> None:
    """The code behind the page, and what can be exported. pictures: makes a PNG of the whole picture, before and after."""
    code(layer)
    export(walk, titles=titles, code=lambda: numpy_script(layer), pictures=pictures)
