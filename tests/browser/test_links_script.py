"""links.js in a real Chromium, judged by the core's geometry: which cells a cell is linked to, in every kind of walk."""

from itertools import product

import pytest

from tests.app.walks import WALKS
from tests.browser.scripted import blank, sent

EACH = pytest.mark.parametrize("name", WALKS)


@pytest.fixture(scope="module")
def page(chromium):
    with blank(chromium) as page:
        yield page


def linked(page, walk, names):
    """The marks and words of every cell of these grids, by (grid, plane, index), and the names of the fields and points."""
    found = page.evaluate(
        """([data, names]) => {
          const walk = new Walk(data), links = new Links(walk), found = [];
          for (const [name, grid] of Object.entries(walk.grids)) {
            if (names && !names.includes(name)) continue;
            for (let plane = 0; plane < grid.channels; plane++)
              for (let index = 0; index < grid.size; index++) found.push([[name, plane, index], links.of(name, plane, index)]);
          }
          return [found, [...walk.fields], walk.points.filter((name) => walk.grids[name])];
        }""",
        [sent(walk), names],
    )
    return {tuple(cell): linked for cell, linked in found[0]}, found[1], found[2]


def cells(linked, names):
    """The cells of these grids that are marked: {(plane, index)} by grid."""
    return {name: {(m["plane"], m["index"]) for m in linked["marks"].get(name, [])} for name in names}


def uses(walk):
    """Every use of an input by an output: (field plane, its cell), (channel, position), (kernel, tap)."""
    n, channels = walk.channels_in, walk.phases[-1].steps // len(walk.origin)
    for channel, position, tap in product(range(channels), range(len(walk.origin)), range(len(walk.taps))):
        for i, plane in enumerate(range(10**6)[walk.planes(channel)]):
            yield (plane, int(walk.origin[position] + walk.taps[tap])), (channel, position), (channel * n + i, tap)


@EACH
def test_a_cell_is_linked_to_all_that_is_made_of_it_or_makes_it(page, name):
    walk = WALKS[name]
    found, fields, points = linked(page, walk, None)
    all_uses = list(uses(walk))
    for (grid, *cell), links in found.items():
        cell = tuple(cell)
        if grid in fields:
            mine = [use for use in all_uses if use[0] == cell]
            assert cells(links, points) == {other: {point for _, point, _ in mine} for other in points}
        elif grid in points:
            mine = [use for use in all_uses if use[1] == cell]
            assert cells(links, fields) == {other: {field for field, _, _ in mine} for other in fields}
        elif grid in ("weight", "dweight"):
            mine = [use for use in all_uses if use[2] == cell]
            met = [other for other in (*fields, *points) if other != "dx"]  # what it is multiplied with, or adds to
            made = {other: {use[points.count(other)] for use in mine} for other in met}
            assert cells(links, met) == made
        else:
            continue
        if grid in (*fields, *points) and "weight" in walk.grids:
            assert cells(links, ["weight"])["weight"] == {weight for _, _, weight in mine}
        assert {"plane": cell[0], "index": cell[1]}.items() <= links["marks"][grid][0].items()  # itself, first


@pytest.mark.parametrize("name", ["max", "avg"])
def test_pooling_says_who_won_and_who_shares(page, name):
    walk = WALKS[name]
    found, fields, points = linked(page, walk, None)
    for (grid, plane, index), links in found.items():
        if grid == fields[0]:
            for mark in links["marks"].get(points[0], []):
                won = name == "max" and walk.origin[mark["index"]] + walk.taps[
                    walk.winner.ravel()[plane * len(walk.origin) + mark["index"]]
                ] == index  # fmt: skip
                assert mark["note"] == (f"÷{len(walk.taps)}" if name == "avg" else "★" if won else "–")


def test_matrices_are_linked_to_the_numbers_they_copy(page):
    walk = WALKS["im2col"]
    found, _, _ = linked(page, walk, None)
    positions, taps = len(walk.origin), len(walk.taps)
    for (grid, _, index), links in found.items():
        if grid == "columns":
            k, position = divmod(index, positions)
            channel, tap = divmod(k, taps)
            assert cells(links, ["x"])["x"] == {(channel, int(walk.origin[position] + walk.taps[tap]))}
            assert (0, index) in cells(links, ["columns"])["columns"]
        elif grid == "product":
            assert cells(links, ["out"])["out"] == {divmod(index, positions)}
        elif grid == "rows":
            filter, k = divmod(index, walk.channels_in * taps)
            assert (filter * walk.channels_in + k // taps, k % taps) in cells(links, ["weight"])["weight"]


def test_a_cell_under_no_window_says_so(page):
    walk = WALKS["avg of 4"]  # 2x2 windows with stride 2 on 5x5: the last row and column are under none
    found, fields, _ = linked(page, walk, None)
    for (grid, plane, index), links in found.items():
        if grid in fields:
            under = any(field == (plane, index) for field, _, _ in uses(walk))
            assert ("is under no window" in links["text"]) != under
