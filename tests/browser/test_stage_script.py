"""stage.js in a real Chromium: a walk step by step looks as a step drawn at once, in every kind of walk and at any width."""

import random

import pytest

from pages.animation.scripts import HERE
from tests.app.walks import WALKS
from tests.browser.scripted import blank, sent


@pytest.fixture(scope="module")
def page(chromium):
    with blank(chromium) as page:
        page.evaluate(
            """(html) => {
              document.body.innerHTML = html;
              const root = document.body.firstElementChild;
              window.part = (name) => root.querySelector(`.${name}`);
              window.stage = new Stage(root, part);
              window.load = (data) => {
                window.walk = new Walk(data);
                stage.load(walk);
                stage.at = walk.locate(0);
              };
              window.show = (step, done, all) => {
                stage.at = walk.locate(step);
                stage.show(stage.at, Math.min(done, stage.at.phase.stages.length - 1), all);
              };
              const onThePage = (canvas) => {
                const seen = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
                const pen = seen.getContext("2d");
                pen.fillStyle = "#ffffff";
                pen.fillRect(0, 0, canvas.width, canvas.height);
                if (canvas.width) pen.drawImage(canvas, 0, 0);
                return seen.toDataURL();
              };
              window.looks = () => stage.groups.filter((group) => !group.rests)
                .flatMap((group) => [...group.planes, ...group.lenses])
                .map(({ canvas, frame }) => [onThePage(canvas), frame.style.cssText].join());
            }""",
            (HERE / "player.html").read_text(encoding="utf-8"),
        )
        yield page


def steps_of(walk):
    """Steps ahead one by one, leaps, and back."""
    rng = random.Random(walk.steps)
    ahead = list(range(min(walk.steps, 6)))
    return [*ahead, *(rng.randrange(walk.steps) for _ in range(6)), walk.steps - 1, walk.steps - 2, 0]


@pytest.mark.parametrize("width", [1200, 330, 60])
@pytest.mark.parametrize("name", WALKS)
def test_a_walk_step_by_step_looks_as_each_step_at_once(page, name, width):
    walk = WALKS[name]
    differ = page.evaluate(
        """([data, steps, width]) => {
          document.body.style.width = `${width}px`;
          load(data);
          stage.layout();
          const drawn = (step, done, all) => {
            show(step, done, all);
            return looks();
          };
          const differ = [];
          drawn(0, 0, true);
          for (const step of steps) {
            for (const done of [0, 99]) {
              const [onTheWay, atOnce] = [drawn(step, done, false), drawn(step, done, true)];
              if (onTheWay.join() !== atOnce.join()) differ.push([step, done]);
            }
          }
          return differ;
        }""",
        [sent(walk), steps_of(walk), width],
    )
    assert differ == []


@pytest.mark.parametrize("name", WALKS)
def test_every_plane_of_every_grid_has_its_place(page, name):
    walk = WALKS[name]
    data = sent(walk)
    planes = page.evaluate(
        "(data) => { load(data); return stage.groups.flatMap((group) => group.planes).map((p) => [p.name, p.channel]) }",
        data,
    )
    named = {grid for row in data["rows"] for names in row for grid in names}
    assert sorted(map(tuple, planes)) == sorted(
        (grid, k) for grid in named for k in range(data["grids"][grid]["shape"][0])
    )


def test_planes_stay_where_another_walk_has_the_same(page):
    kept = page.evaluate(
        """([walk, alike, other]) => {
          load(walk);
          const first = stage.planes;
          load(alike);
          const same = stage.planes === first && first.every((plane) => plane.figure.isConnected);
          load(other);
          const figures = document.querySelectorAll("figure").length;
          return [same, first.some((plane) => plane.figure.isConnected), figures, stage.planes.length];
        }""",
        [sent(WALKS["forward"]), sent(WALKS["forward"]), sent(WALKS["max"])],
    )
    same, left, figures, planes = kept
    assert (same, left) == (True, False)
    assert figures == planes


def test_captions_tell_filters_channels_and_groups(page):
    def captions(name):
        return page.evaluate(
            "(data) => { load(data); return stage.groups.map((g) => [g.name, g.planes.map((p) => p.caption.textContent)]) }",
            sent(WALKS[name]),
        )

    told = dict(captions("course"))
    assert told["x"] == ["channel 0", "channel 1", "channel 2"]
    assert told["out"] == ["filter 0", "filter 1"]
    assert told["weight"][:4] == ["filter 0, channel 0", "channel 1", "channel 2", "bias"]
    assert dict(captions("groups"))["x"] == [f"channel {k} · group {k // 2}" for k in range(4)]
    assert set(dict(captions("conv2d"))["x"]) == {""}  # there is but one
