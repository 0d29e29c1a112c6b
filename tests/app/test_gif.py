"""A walk as a GIF: the right frames, in the right time, of a size that can be sent."""

import io

import numpy as np
import pytest
from PIL import Image

from pages.figures import scene_gif
from pages.figures.scene import frame
from pages.figures.scene_gif import estimate_gif, walk_gif
from pages.figures.scene_image import to_image
from tests.app.walks import TITLES, WALKS, large

WALK = WALKS["course"]


def opened(data):
    return Image.open(io.BytesIO(data), formats=["GIF"])


@pytest.mark.parametrize("name", WALKS)
def test_every_frame_is_the_picture_of_its_step(name):
    walk = WALKS[name]
    steps = range(0, walk.steps, max(1, walk.steps // 7))
    gif = opened(walk_gif(walk, steps, TITLES))
    assert gif.n_frames == len(steps)
    for number, step in enumerate(steps):
        gif.seek(number)
        wanted = np.asarray(to_image(frame(walk, step, TITLES), 1)).astype(int)
        found = np.asarray(gif.convert("RGB")).astype(int)
        assert found.shape == wanted.shape
        assert np.abs(found - wanted).max() <= 32  # the smooth edges of texts share a few colours
        assert (np.abs(found - wanted) == 0).all(axis=-1).mean() > 0.85


@pytest.mark.parametrize(("speed", "milliseconds"), [(1, 1000), (4, 250), (10, 100), (20, 50), (3, 330)])
def test_frames_stay_as_long_as_asked_for_and_start_again(speed, milliseconds):
    gif = opened(walk_gif(WALK, range(5), TITLES, frames_a_second=speed))
    for number in range(5):
        gif.seek(number)
        assert gif.info["duration"] == milliseconds
        assert gif.info["loop"] == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_background_is_the_themes(theme):
    gif = opened(walk_gif(WALK, [0, 20], TITLES, theme))
    gif.seek(1)
    assert gif.convert("RGB").getpixel((2, 2)) == {"light": (255, 255, 255), "dark": (0x11, 0x15, 0x1C)}[theme]


def test_one_frame_and_the_same_frame_twice():
    assert opened(walk_gif(WALK, [3], TITLES)).n_frames == 1
    assert opened(walk_gif(WALK, [3, 3], TITLES)).n_frames == 2


def test_progress_is_told_after_each_frame():
    told = []
    walk_gif(WALK, range(4), TITLES, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize("function", [walk_gif, estimate_gif])
@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (range(1024), r"frames \(=1024\) must be at most 300: choose fewer steps, or every n-th"),
        (range(0), r"frames \(=0\) must be at least 1"),
        ([0, 10_000], r"step \(=10000\) must be from 0 to"),
    ],
)
def test_too_many_frames_none_and_steps_outside_are_refused(function, steps, message):
    with pytest.raises(ValueError, match=message):
        function(WALK, steps, TITLES)


def test_too_many_bytes_are_refused_as_soon_as_they_are_known(monkeypatch):
    monkeypatch.setattr(scene_gif, "MOST_BYTES", 100_000)
    told = []
    with pytest.raises(ValueError, match=r"the GIF \(=\d+ MB by frame \d+ of 36\) must be at most 0 MB: choose fewer"):
        walk_gif(WALK, range(36), TITLES, progress=lambda *so_far: told.append(so_far))
    assert 0 < len(told) < 35


@pytest.mark.parametrize("speed", [0, -1, 51, float("nan")])
def test_a_speed_that_no_gif_has_is_refused(speed):
    with pytest.raises(ValueError, match="frames_a_second"):
        walk_gif(WALK, range(3), TITLES, frames_a_second=speed)


@pytest.mark.parametrize("steps", [range(1), range(3), range(36), range(0, 36, 2)])
def test_the_estimate_is_about_right(steps):
    size = len(walk_gif(WALK, steps, TITLES))
    assert estimate_gif(WALK, steps, TITLES) == pytest.approx(size, rel=0 if len(steps) < 6 else 0.4)


def test_a_large_walk_is_drawn_in_time_and_stays_small():
    data = walk_gif(large(), range(0, 8192, 400), TITLES)
    assert opened(data).n_frames == 21
    assert len(data) < 2_000_000
