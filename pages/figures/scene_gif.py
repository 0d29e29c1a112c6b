"""A walk-through as a GIF: one palette for all frames, and of each frame only what has changed."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from PIL import GifImagePlugin, Image

from cnn_core.checks import Array
from cnn_core.walks.walk import Walk
from pages.figures.scene import frames
from pages.figures.scene_image import to_image
from pages.figures.scene_plane import Theme

MOST_FRAMES = 300
MOST_BYTES = 20_000_000
UNCHANGED = 255  # the transparent colour: what was there before shows through
EXACT = 160  # colours that are taken over as they are
SAMPLES = 3  # frames that the palette and an estimate are made from
REMEDY = "choose fewer steps, or every n-th"


def walk_gif(
    walk: Walk,
    steps: Sequence[int],
    titles: Mapping[str, str],
    theme: Theme = "light",
    frames_a_second: float = 4,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> bytes:
    """The steps (0 to walk.steps - 1) as an animation that runs for ever, 960 pixels wide.

    titles and theme as for Painter. frames_a_second: 0.1 to 50; GIF counts in hundredths of a second. progress is called
    with the frames done and their total after each. Raises ValueError for more than MOST_FRAMES frames, for none, and for
    more than MOST_BYTES bytes.
    """
    _check(walk, steps)
    if not 0.1 <= frames_a_second <= 50:
        raise ValueError(f"frames_a_second (={frames_a_second:g}) must be from 0.1 to 50")
    file = io.BytesIO()
    for done, part in enumerate(_parts(walk, steps, steps, titles, theme, 1000 / frames_a_second)):
        file.write(part)
        if file.tell() > MOST_BYTES:
            size, most = f"{file.tell() / 1e6:.0f} MB by frame {done} of {len(steps)}", f"{MOST_BYTES / 1e6:.0f} MB"
            raise ValueError(f"the GIF (={size}) must be at most {most}: {REMEDY}")
        if done:
            progress(done, len(steps))
    file.write(b";")
    return file.getvalue()


def estimate_gif(walk: Walk, steps: Sequence[int], titles: Mapping[str, str], theme: Theme = "light") -> int:
    """About how many bytes `walk_gif` would return, from a few frames; exact if there are few. ValueError as there."""
    _check(walk, steps)
    changes = len(steps) - 1
    if changes < 2 * SAMPLES:
        return sum(len(part) for part in _parts(walk, steps, steps, titles, theme, 100)) + 1
    starts = [n * (changes - 1) // (SAMPLES - 1) for n in range(SAMPLES)]  # pairs of frames, from the first to the last
    pairs = [steps[start + n] for start in starts for n in (0, 1)]
    header, first, *rest = (len(part) for part in _parts(walk, pairs, steps, titles, theme, 100))
    return header + first + round(sum(rest[::2]) / SAMPLES * changes) + 1


def _check(walk: Walk, steps: Sequence[int]) -> None:
    if not steps:
        raise ValueError("frames (=0) must be at least 1: choose more steps")
    if len(steps) > MOST_FRAMES:
        raise ValueError(f"frames (={len(steps)}) must be at most {MOST_FRAMES}: {REMEDY}")
    for step in (min(steps), max(steps)):
        walk.locate(step)  # raises ValueError if there is no such step


def _parts(
    walk: Walk,
    steps: Sequence[int],
    all_steps: Sequence[int],
    titles: Mapping[str, str],
    theme: Theme,
    milliseconds: float,
) -> Iterator[bytes]:
    """The header of the file, then frame after frame: Pillow itself would keep all of them until the last is drawn."""
    middle = (len(all_steps) - 1) / (SAMPLES - 1)
    sampled = [all_steps[round(n * middle)] for n in range(SAMPLES)]
    palette = _Palette([to_image(scene, 1) for scene in frames(walk, sampled, titles, theme)])
    before: Array | None = None
    for scene in frames(walk, steps, titles, theme):
        colours = _packed(to_image(scene, 1))
        changed = np.ones_like(colours, dtype=bool) if before is None else colours != before
        left, top, right, bottom = Image.fromarray(changed).getbbox() or (0, 0, 1, 1)
        changed = changed[top:bottom, left:right]
        pixels = np.full(changed.shape, UNCHANGED, dtype=np.uint8)
        pixels[changed] = palette.nearest(colours[top:bottom, left:right][changed])
        if before is None:
            yield _header(scene.width, scene.height, palette.colours)
        options = {"duration": 10 * round(milliseconds / 10), "transparency": UNCHANGED, "disposal": 1}
        yield b"".join(GifImagePlugin.getdata(Image.fromarray(pixels).convert("P"), (left, top), **options))
        before = colours


class _Palette:
    """UNCHANGED colours for all frames, from a few of them: those that fill most are kept as they are, the rest mixed.

    Pillow's own search for the nearest colour is rough: it takes colours that differ by 3 for the same.
    """

    def __init__(self, images: list[Image.Image]) -> None:
        packed, counts = np.unique(np.concatenate([_packed(image).ravel() for image in images]), return_counts=True)
        often = _unpacked(packed[np.argsort(-counts)])
        rest = Image.fromarray((often[EXACT:] if len(often) > EXACT else often)[None])
        mixed = rest.quantize(UNCHANGED - EXACT, Image.Quantize.MAXCOVERAGE).getpalette() or []
        self.colours = np.concatenate([often[:EXACT], np.array(mixed, dtype=np.uint8).reshape(-1, 3)])[:UNCHANGED]
        self._index = np.full(1 << 24, UNCHANGED, dtype=np.uint8)  # by packed colour; UNCHANGED: not looked up yet

    def nearest(self, packed: Array) -> Array:
        """Of each packed colour (N,) the nearest of ours: (N,) uint8."""
        found = self._index[packed]
        if (new := packed[found == UNCHANGED]).size:
            wanted = np.unique(new)
            apart = _unpacked(wanted)[:, None].astype(np.int32) - self.colours
            self._index[wanted] = (apart**2).sum(axis=-1).argmin(axis=-1)
            found = self._index[packed]
        return np.asarray(found)


def _packed(image: Image.Image) -> Array:
    """Each pixel as one number: (height, width) uint32."""
    return np.asarray(image.convert("RGBX")).view("<u4")[..., 0] & 0xFFFFFF


def _unpacked(packed: Array) -> Array:
    """Packed pixels (N,) as (N, 3) uint8."""
    return packed.astype("<u4").view(np.uint8).reshape(-1, 4)[:, :3]


def _header(width: int, height: int, colours: Array) -> bytes:
    """Size, the colours of all frames (256 of them), and that the animation starts again at its end."""
    return (
        b"GIF89a"
        + struct.pack("<HHBBB", width, height, 0b1_111_0_111, UNCHANGED, 0)
        + colours.tobytes().ljust(3 * 256, b"\0")
        + b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
    )
