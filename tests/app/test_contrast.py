"""What is written where no tool for pages looks, on cells of figures and drawings, stands out from the colours below it."""

import ast
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest

import pages
from pages.figures.colours import ink, luminance, rgb
from pages.figures.confusion import confusion_grid
from pages.figures.gradients import gradient_map
from pages.figures.scene import frame
from pages.figures.scene_items import Hatch, Rect, Text
from tests.app.walks import TITLES, WALKS

ROOT = Path(pages.__path__[0])
THEMES = ("light", "dark")
OTHER, EXPLAINS = 4.5, 7


def contrast(one, other):
    """Of two colours, three numbers each: 1 to 21, as in WCAG 2.2."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_standard():
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast(rgb("#767676"), (255, 255, 255)) == pytest.approx(
        4.54, abs=0.005
    )  # the known lightest grey for text


def test_ink_stands_out_from_any_colour():
    assert min(contrast(rgb(ink(colour)), colour) for colour in product(range(0, 256, 15), repeat=3)) >= OTHER


def heatmaps(theme):
    """By file, a heatmap with numbers in its cells."""
    return {
        "confusion": confusion_grid(np.array([[3, 1], [0, 4]]), ["a", "b"], theme),
        "gradients": gradient_map(np.array([[-1.0, 0.5], [0.0, 1.0]]), 1.0, theme),
    }


def test_every_heatmap_with_numbers_is_looked_at():
    writing = {path.stem for path in ROOT.rglob("*.py") if '"texttemplate"' in path.read_text(encoding="utf-8")}
    assert writing == set(heatmaps("light"))


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", heatmaps("light"))
def test_numbers_on_a_heatmap_stand_out_from_every_colour_of_its_scale(name, theme):
    (heatmap,) = (trace for trace in heatmaps(theme)[name]["data"] if "texttemplate" in trace)
    text = rgb(heatmap["textfont"]["color"])
    stops = [np.array(rgb(colour)) for _, colour in heatmap["colorscale"]]
    for one, other in pairwise(stops):
        for share in np.linspace(0, 1, 21):
            assert contrast(text, one + share * (other - one)) >= OTHER


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", WALKS)
def test_texts_of_a_drawing_stand_out_from_what_was_drawn_below_them(name, theme):
    walk = WALKS[name]
    for step in (0, walk.steps - 1):
        scene = frame(walk, step, TITLES, theme)
        assert any(isinstance(item, Text) and item.anchor == "middle" for item in scene.items)
        for number, item in enumerate(scene.items):
            if isinstance(item, Text):
                below = ground(scene, scene.items[:number], item)
                needed = OTHER if item.anchor == "middle" else EXPLAINS
                assert contrast(rgb(item.colour), rgb(below)) >= needed, (item, below)


def ground(scene, before, text):
    """The colour below a text; no line of a hatching may cross it."""
    for item in reversed(before):
        if isinstance(item, Rect | Hatch) and covers(item, text):
            assert isinstance(item, Rect), f"{text.text} is hatched"
            if item.fill:
                return item.fill
    return scene.background


def covers(item, text):
    return item.x <= text.x < item.x + item.width and item.y <= text.y < item.y + item.height


def test_every_picture_says_what_it_shows():
    calls = [
        (path.name, node.lineno, {keyword.arg for keyword in node.keywords})
        for path in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "image"
    ]
    assert len(calls) > 5
    assert [(name, line) for name, line, given in calls if "alt" not in given] == []
