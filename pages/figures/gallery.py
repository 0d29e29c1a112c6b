"""Pictures side by side, each with its words below: HTML that a page shows as one element."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from cnn_core.checks import Array
from pages.figures.pixels import as_url

STYLE = """<style>
.gallery-title { font-size: 1.75rem; font-weight: 600; padding: 0.5rem 0 1rem }
.gallery { display: flex; flex-wrap: wrap; gap: 1rem }
.gallery figure { margin: 0; width: min(var(--width), 100%) }
.gallery img { width: 100%; border-radius: 0.5rem }
.gallery figcaption { font-size: 0.875rem; opacity: 0.7 }
</style>"""


@dataclass(frozen=True)
class Gallery:
    """For `st.html`. pictures: words, in plain text, and (H, W, C) uint8, as `as_pixels` makes them; width: of each, in pixels.

    They wrap where there is no room. As elements of Streamlit's, each with a caption, they would make a change of a setting a
    tenth slower; as plain text, all of it would be searched for indented lines.
    """

    title: str
    pictures: Sequence[tuple[str, Array]]
    width: int

    def _repr_html_(self) -> str:
        figures = "".join(_figure(html.escape(words, quote=True), pixels) for words, pixels in self.pictures)
        return (
            f"{STYLE}<h3 class='gallery-title'>{html.escape(self.title)}</h3>"
            f"<div class='gallery' style='--width: {self.width}px'>{figures}</div>"
        )


def _figure(words: str, pixels: Array) -> str:
    return (
        f"<figure><img src='{as_url(pixels, photograph=True)}' alt='{words}'><figcaption>{words}</figcaption></figure>"
    )
