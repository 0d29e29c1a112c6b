"""The pictures that ConvScope's filters act on, drawn from nothing.

Between them they hold what filters answer to: long and short edges in all directions, thin lines,
repeated and irregular textures, soft gradients.
"""

from __future__ import annotations

from collections.abc import Callable

from tools.draw_pictures.boat import boat
from tools.draw_pictures.canvas import Picture
from tools.draw_pictures.cat import cat
from tools.draw_pictures.fruit import fruit
from tools.draw_pictures.lake import lake

PICTURES: dict[str, Callable[[], Picture]] = {
    "lake": lake,
    "boat": boat,
    "fruit": fruit,
    "cat": cat,
}


def draw_all() -> dict[str, Picture]:
    """Every picture by name, each (3,SIZE,SIZE) in 0..255."""
    return {name: draw() for name, draw in PICTURES.items()}
