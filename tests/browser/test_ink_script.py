"""Numbers on the player's cells in a real Chromium: read on every colour a cell can have, and crossed by no line."""

from itertools import product

import pytest

from pages.figures.colours import ink, luminance, rgb
from tests.browser.scripted import with_modules

BACKGROUNDS = {"light": "#ffffff", "dark": "#11151c"}


@pytest.fixture
def page(new_page):
    return with_modules(new_page())


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_ink_is_that_of_the_drawings(page):
    colours = list(product(range(0, 256, 17), repeat=3))
    assert page.evaluate("colours => colours.map(ink)", colours) == [ink(colour) for colour in colours]


@pytest.mark.parametrize("theme", BACKGROUNDS)
def test_numbers_stand_out_from_every_cell(page, theme):
    cells = page.evaluate(
        """background => {
             document.body.style.setProperty("--st-background-color", background);
             const shares = Array.from({ length: 81 }, (_, k) => k / 40 - 1);
             return Object.keys(SCALES).flatMap((scale) => {
               const colours = readColours(document.body, scale);
               const signed = shares.map((share) => shade(share, "signed", colours));
               const grey = shares.filter((share) => share >= 0).map((share) => shade(share, "image", colours));
               return [[colours.muted, colours.base], [colours.onLink, colours.link],
                 ...[...signed, ...grey].map((colour) => [ink(colour), colour])];
             });
           }""",
        BACKGROUNDS[theme],
    )
    values = [[rgb(colour) if isinstance(colour, str) else colour for colour in pair] for pair in cells]
    assert len(values) > 300
    assert min(contrast(*pair) for pair in values) >= 4.5


@pytest.mark.parametrize("kind", ["blank", "unseen"])
def test_no_hatching_runs_through_a_number(page, kind):
    same, hatched = page.evaluate(
        """kind => {
             const counts = [kind === "blank" ? 0 : 7]; // padding has the background's colour, as a zero has
             const grid = { counts, rows: 1, columns: 1, size: 1, channels: 1, scale: 1, peak: 10, looks: "signed" };
             const colours = { ...readColours(document.body, Object.keys(SCALES)[0]), muted: "#000000" };
             const drawn = (hatched) => {
               const plane = new Plane(document.body);
               plane.take(grid, 0, { [kind]: () => hatched });
               plane.resize(48);
               plane.draw(colours);
               const { a: ratio } = plane.pen.getTransform();
               const pixels = (...box) => plane.pen.getImageData(...box.map((length) => length * ratio)).data.join();
               return { middle: pixels(21, 18, 7, 13), corner: pixels(1, 1, 12, 12) };
             };
             const [plain, lined] = [drawn(false), drawn(true)];
             return [plain.middle === lined.middle, plain.corner !== lined.corner];
           }""",
        kind,
    )
    assert hatched
    assert same
