"""walk.js in a real Chromium, judged by the core's own walk: positions, marks, names, and what every stage has made."""

import random

import numpy as np
import pytest

from cnn_core.walks.walk import Walk
from pages.figures.scene_step import known, marks
from tests.app.walks import WALKS
from tests.browser.scripted import blank, sent

EACH = pytest.mark.parametrize("name", WALKS)


@pytest.fixture(scope="module")
def page(chromium):
    with blank(chromium) as page:
        yield page


def steps_of(walk: Walk) -> list[int]:
    """Some of a walk's steps, out of order: ahead and back, across the phases, the first and the last."""
    rng = random.Random(walk.steps)
    return [0, walk.steps - 1, *(rng.randrange(walk.steps) for _ in range(12)), 1, 0]


@EACH
def test_a_step_is_located_as_in_the_core(page, name):
    walk = WALKS[name]
    found = page.evaluate(
        """([data, steps]) => { const walk = new Walk(data); return steps.map((step) => {
          const { phase, local, channel, position, cells, planes, kernels } = walk.locate(step);
          return [phase.name, local, channel, position, cells, planes, kernels];
        }) }""",
        [sent(walk), steps_of(walk)],
    )
    for step, got in zip(steps_of(walk), found, strict=True):
        phase, local = walk.locate(step)
        channel, position = divmod(local, len(walk.origin))
        n = walk.channels_in
        planes = list(range(10**6)[walk.planes(0 if phase.name == "copy" else channel)])
        cells = (walk.origin[position] + walk.taps).tolist()
        assert got == [phase.name, local, channel, position, cells, planes, [channel * n + i for i in range(n)]]


@EACH
def test_steps_and_stages_make_what_the_core_makes_on_the_way_ahead_and_back(page, name):
    walk = WALKS[name]
    wanted = [(step, stage) for step in steps_of(walk) for stage in (0, 1, 99)]
    found = page.evaluate(
        """([data, wanted]) => { const walk = new Walk(data); return wanted.map(([step, stage]) => {
          const { stages } = walk.locate(step).phase;
          walk.advance(step, Math.min(stage, stages.length - 1));
          return Object.fromEntries(Object.entries(walk.makers).map(([into, { action, done }]) =>
            [into, [action.ends <= stage, done, action.adds ? Array.from(walk.grids[into].counts) : null]]));
        }) }""",
        [sent(walk), wanted],
    )
    first = np.cumsum([0, *(phase.steps for phase in walk.phases)])
    for (step, _), made in zip(wanted, found, strict=True):
        here = walk.phases.index(walk.locate(step)[0])
        for number, phase in enumerate(walk.phases):
            for action in phase.actions:
                over, done, counts = made[action.into]
                until = step + over if number == here else first[number + (number < here)]
                assert done == until - first[number]
                if counts is not None:
                    assert counts == walk.replay(until)[action.into].ravel().tolist(), (action.into, step)


@EACH
def test_marks_and_known_cells_are_those_of_the_pictures(page, name):
    walk = WALKS[name]
    data = sent(walk)
    found = page.evaluate(
        """([data, steps]) => { const walk = new Walk(data); return steps.map((step) => {
          const at = walk.locate(step);
          walk.advance(step, at.phase.stages.length - 1);
          return Object.fromEntries(Object.entries(walk.grids).map(([name, grid]) => [name, {
            marks: walk.marks(name, at).map(({ plane, top, left, rows, columns }) => [plane, top, left, rows, columns]),
            shown: Array.from({ length: grid.channels }, (_, plane) =>
              Array.from({ length: grid.size }, (__, index) => walk.shown(name, plane, index))),
          }]));
        }) }""",
        [data, steps_of(walk)],
    )
    for step, grids in zip(steps_of(walk), found, strict=True):
        for grid, got in grids.items():
            copying = walk.locate(step)[0].name == "copy" and grid not in ("x", "columns")
            assert got["marks"] == ([] if copying else [list(mark) for mark in marks(walk, grid, step)]), grid
            maker = walk.made.get(grid)
            if maker and maker.adds:
                continue  # these are zeros before their phase, and told apart by it
            wanted = [known(walk, grid, channel, step).ravel().tolist() for channel in range(len(got["shown"]))]
            assert got["shown"] == wanted, (grid, step)


def test_cells_are_named_as_numpy_would_write_them(page):
    def names(walk, cells):
        return page.evaluate(
            "([data, cells]) => { const walk = new Walk(data); return cells.map((cell) => walk.name(...cell)) }",
            [sent(walk), cells],
        )

    cells = [["x", 2, 8], ["x", 0, 0], ["weight", 5, 3], ["out", 1, 4]]
    assert names(WALKS["course"], cells) == [*("x[2, 0, 0]", "x’s padding", "weight[1, 2, 1, 0]", "out[1, 1, 1]")]
    assert names(WALKS["conv2d"], [["x", 0, 7], ["out", 0, 5]]) == ["x[1, 1]", "out[1, 1]"]


def test_cells_of_a_gather_have_the_names_of_the_layers_own_arrays(page):
    """dout without the zeros between its numbers, the kernel as it was before it was flipped."""
    walk = WALKS["dx of groups"]  # two filters and four channels, two in each group
    names = page.evaluate(
        """(data) => { const walk = new Walk(data); return Object.fromEntries(Object.entries(walk.grids).map(([name, grid]) =>
          [name, Array.from({ length: grid.channels * grid.size }, (_, i) =>
            walk.name(name, Math.floor(i / grid.size), i % grid.size))])) }""",
        sent(walk),
    )
    arrays = walk.arrays()
    for grid, called in (("x", "dout"), ("weight", "weight"), ("out", "dx")):
        counts, scale = walk.grids[grid].counts.ravel(), walk.grids[grid].scale
        for name, count in zip(names[grid], counts, strict=True):
            if name == "dout’s padding":
                assert count == 0
                continue
            found, index = name.rstrip("]").split("[")
            assert found == called
            assert arrays[called][tuple(map(int, index.split(", ")))] == count / scale
    names = page.evaluate(
        "(data) => { const walk = new Walk(data); return [0, 9, 11].map((i) => walk.name('x', 0, i)) }",
        sent(WALKS["dx gathered"]),
    )
    assert names == ["dout’s inserted zeros", "dout[0, 0]", "dout[0, 1]"]
