"""What one number inside a network is made of: from a layer over a map and a cell down to one product, forward and backward."""

from __future__ import annotations

from typing import Any


def show_zoom(explored: Any, way: str, target: int, theme: str) -> None:
    """Show the depth that the address names (`layer`, `map`, `cell`, `term`; `param`, `entry`), with a breadcrumb above it.

    explored: network and picture, as `pages.controls.explored` gives them. way: "forward" or "backward"; the latter starts at
    the loss of class `target`. Nothing is shown where the address names no layer and no parameter.
    """
