"""A house by a mountain lake, with a tree, a fence and flowers."""

from __future__ import annotations

import numpy as np

from cnn_core.checks import Array
from tools.draw_pictures.canvas import (
    SCALE,
    SIZE,
    Canvas,
    Colour,
    Picture,
    X,
    Y,
    blend,
    box,
    ellipse,
    glow,
    line,
    look_up,
    polygon,
)

HORIZON = 104.0


def lake() -> Picture:
    """The picture, (3,SIZE,SIZE) in 0..255."""
    c = Canvas(1)
    sky(c)
    mountains(c)
    water(c)
    meadow(c)
    house(c)
    tree(c)
    fence(c)
    return c.finish()


def sky(c: Canvas) -> None:
    """Morning sky with a low sun and thin clouds."""
    c.rgb = blend(Y, [(0, (62, 130, 206)), (55, (150, 200, 234)), (HORIZON, (255, 232, 200))])
    c.paint(0.75 * glow(112, 30, 22), (255, 240, 190))
    c.paint(ellipse(112, 30, 9, soft=0.06), (255, 250, 222))
    clouds = c.noise(70, 22, octaves=4)
    c.paint(((clouds - 0.5) * 2.6).clip(0, 0.9) * (1 - Y / 90), (255, 252, 248))


def mountains(c: Canvas) -> None:
    """Two ranges, the far one with snow, and a row of firs on the far shore."""
    peaks = np.interp(X[0], [0, 17, 42, 56, 96, 124, 134, 192, 200], [60, 40, 68, 52, 84, 58, 40, 34, 46])
    hills = np.interp(X[0], [0, 30, 70, 112, 150, 200], [80, 92, 84, 96, 86, 76])
    for ridge, rough, dark, bright in [
        (peaks, 16, (112, 134, 176), (190, 198, 214)),
        (hills, 9, (72, 108, 122), (116, 150, 140)),
    ]:
        top = ridge + rough * (c.noise(16, 16, octaves=5)[300] - 0.5)
        rock = c.noise(6, 15, octaves=4)
        c.paint(top < Y, blend(rock, [(0.15, dark), (0.85, bright)]))
        c.shade((top < Y) * ((rock - np.roll(rock, 2 * SCALE, axis=1)) * 3), 0.8)
        snow = top + (72 - top).clip(0) * (0.95 - 1.1 * rock)
        c.paint((top < Y) * (snow > Y) * 0.95, blend(rock, [(0.2, (206, 218, 242)), (0.6, (252, 252, 255))]))
    c.paint(np.exp(-(((Y - 100) / 9) ** 2)) * 0.5, (250, 236, 214))
    for x in np.sort(c.rng.uniform(-4, 204, 75)):
        tall, wide, green = c.rng.uniform(6, 14), c.rng.uniform(2.0, 3.2), c.rng.uniform(0.75, 1.2)
        fir = polygon((x - wide, HORIZON), (x, HORIZON - tall), (x + wide, HORIZON))
        c.paint(fir, (34 * green, 78 * green, 66 * green))


def water(c: Canvas) -> None:
    """The lake mirrors what stands above it, shaken by the waves."""
    depth = (Y - HORIZON).clip(0)
    rows = 2 * HORIZON - Y + 2.5 * (c.noise(22, 2.2, 2) - 0.5) * (1 + depth / 12)
    columns = X + 5 * (c.noise(18, 2.0, 2) - 0.5)
    own = blend(depth, [(0, (70, 130, 170)), (40, (16, 70, 120))])
    c.paint(HORIZON < Y, 0.74 * look_up(c.rgb, rows, columns) + 0.26 * own)
    sparkle = c.noise(7, 1.1, 2) > 0.93 - 0.3 * np.exp(-(((X - 112) / 14) ** 2))
    c.paint(0.75 * sparkle * (HORIZON + 1 < Y), (255, 248, 222))


def shore(x: Array) -> Array:
    """Height of the near shore at `x`."""
    return 141 + 7 * np.sin(x / 34 + 2.4) - x * 0.02


def on_path(x: Array, y: Array) -> Array:
    """Where the winding path to the door is: True or False."""
    found: Array = (np.abs(x - 88 - 0.6 * (y - 158) - 6 * np.sin(y / 9)) < 2.4 + (y - 150) * 0.13) & (y > 154)
    return found


def meadow(c: Canvas) -> None:
    """Grass, drawn blade by blade from back to front, and a path to the door."""
    c.paint(shore(X) < Y, (214, 194, 146))
    c.paint(shore(X) + 1.8 < Y, blend(c.noise(22, 9), [(0, (84, 132, 52)), (1, (140, 178, 74))]))
    foot = c.rng.uniform((0, 134), (SIZE, 206), (8000, 2))
    x, y = foot.T
    c.paint(on_path(X, Y), (218, 196, 152))
    c.shade(on_path(X, Y) & (c.noise(1.8, 1.2) > 0.7), 0.82)
    blades(c, foot[(y > shore(x) + 4) & ~on_path(x, y)])


def blades(c: Canvas, foot: Array) -> None:
    """Blades of grass that grow from `foot` (n,2), longer where they are nearer."""
    foot = foot[np.argsort(foot[:, 1])]
    long = (foot[:, 1:] - 130) / 11
    lean = c.rng.normal(0, 0.28, (len(foot), 1)) * long
    tint = c.rng.uniform(0.62, 1.3, (len(foot), 1)) * np.array([100, 150, 58])
    c.strokes(foot, foot + np.hstack([lean, -long]), tint, np.full(len(foot), 0.45))


def house(c: Canvas) -> None:
    """A gable front, the long side with the door, a tiled roof and a smoking chimney."""
    c.shade(ellipse(74, 158, 54, 6, soft=0.7), 0.55)
    planks = (0.94 + 0.06 * np.sign(np.sin(2 * np.pi * Y / 3.2))) * (0.95 + 0.1 * c.noise(14, 1.2))
    front = polygon((24, 112), (43, 88), (62, 112), (62, 158), (24, 154))
    c.paint(front, planks[..., None] * (222, 96, 68))
    c.paint(box(62, 110, 112, 158), planks[..., None] * (180, 68, 52))
    c.paint(polygon((24, 154), (62, 158), (112, 158), (112, 154), (62, 154), (24, 150)), (146, 138, 134))
    for x in (24.8, 62, 111.2):
        c.paint(box(x - 0.9, 112, x + 0.9, 154), (250, 240, 226))

    c.paint(box(92, 70, 101, 98), (158, 88, 72))
    c.paint(box(92, 70, 101, 98) * ((Y % 3 < 0.6) | ((X + 2.2 * (Y // 3 % 2)) % 4.4 < 0.6)), (214, 192, 176))
    c.shade(box(97.5, 70, 101, 98), 0.8)
    c.paint(box(90.5, 67.5, 102.5, 70.5), (120, 70, 60))
    for t in np.linspace(0, 5, 16):
        puff = glow(97 - 6 * t - 5 * np.sin(1.4 * t), 64 - 9 * t, 1.8 + 1.3 * t)
        c.paint(puff * (0.5 - 0.08 * t) * (0.4 + 0.6 * c.noise(7)), (250, 250, 252))

    row = np.floor((Y - 84) / 4)
    curve = np.abs((X - 0.5 * Y + 2.5 * (row % 2)) % 5 - 2.5) / 2.5
    tiles = (0.7 + 0.34 * ((Y - 84) / 4 % 1)) * (1.06 - 0.26 * curve**3)
    c.paint(polygon((41, 84), (100, 84), (118, 113), (61, 113)), tiles[..., None] * (118, 94, 108))
    c.shade(box(62, 113, 112, 116), 0.7)
    c.paint(line(2.6, (20, 115), (43, 86), (63, 114)) + line(1.6, (61, 113.4), (118, 113.4)), (250, 244, 232))

    for left, top, right, bottom in [(37, 121, 49, 135), (66, 122, 78, 136), (98, 122, 109, 136)]:
        c.paint(box(left - 1.6, top - 1.6, right + 1.6, bottom + 1.6), (252, 246, 236))
        glass = blend(X + Y - left - top, [(0, (120, 150, 180)), (11, (210, 226, 236)), (13, (90, 122, 160))])
        c.paint(box(left, top, right, bottom), glass)
        c.paint(line(1, ((left + right) / 2, top), ((left + right) / 2, bottom)), (252, 246, 236))
        c.paint(line(1, (left, (top + bottom) / 2), (right, (top + bottom) / 2)), (252, 246, 236))
    c.paint(ellipse(43, 103, 4), (252, 246, 236))
    c.paint(ellipse(43, 103, 2.8), (92, 120, 150))
    c.paint(box(81.4, 122.4, 94.6, 158), (252, 246, 236))
    c.paint(box(83, 124, 93, 158), planks[..., None] * (52, 110, 106))
    c.paint(box(85, 126.5, 91, 134), (250, 214, 130))
    c.paint(ellipse(91.4, 143, 0.8), (250, 220, 120))
    c.paint(box(80, 157, 96, 160), (190, 182, 174))
    edge = np.concatenate([c.rng.uniform(22, 80, 170), c.rng.uniform(97, 114, 60)])
    foot = np.interp(edge, [24, 62], [156, 160]) + c.rng.uniform(0, 2, len(edge))
    blades(c, np.stack([edge, foot], axis=1))


def tree(c: Canvas) -> None:
    """A trunk, then leaves from the dark inside to the sunlit top left."""
    c.shade(ellipse(170, 163, 34, 6, soft=0.8), 0.55)
    bark = blend(c.noise(2.2, 14), [(0, (66, 44, 36)), (1, (146, 106, 76))])
    trunk = polygon((162, 92), (169, 92), (171, 150), (177, 165), (155, 165), (161, 150))
    c.paint(trunk, bark)
    c.shade(trunk * ((X - 166) / 6).clip(0, 1), 0.6)
    c.paint(line(3, (165, 124), (180, 100)) + line(2.6, (165, 116), (150, 94)), bark)
    count = 9000
    clump_x = [166, 146, 188, 156, 178, 148, 188, 167, 157, 178]
    clump_y = [98, 94, 94, 84, 82, 76, 74, 68, 58, 58]
    clump = np.stack([clump_x, clump_y], axis=1)
    which = np.sort(c.rng.integers(0, len(clump), count))
    angle, reach = c.rng.uniform(0, 2 * np.pi, count), np.sqrt(c.rng.uniform(0, 1, count))
    offset = np.stack([np.cos(angle), np.sin(angle)], axis=1) * reach[:, None]
    spot = clump[which] + offset * (14, 11.5)
    light = c.rng.normal(0.5, 0.09, count) - offset @ np.array([0.23, 0.35]) - 0.012 * (spot[:, 1] - 76)
    greens = [(0.0, (16, 48, 40)), (0.35, (44, 96, 46)), (0.65, (112, 158, 52)), (1.0, (216, 226, 106))]
    order = np.lexsort([light, which])
    colours = blend(light[order], greens)
    c.strokes(spot[order], spot[order] + c.rng.normal(0, 1.1, (count, 2)), colours, np.full(count, 1.2))


def fence(c: Canvas) -> None:
    """White pickets along the lower edge, and flowers before them."""
    for y in (171.0, 181.0):
        c.shade(box(0, y + 2, SIZE, y + 4), 0.72)
        c.paint(box(0, y, SIZE, y + 2.6), (232, 228, 220))
    for x in np.arange(-3, SIZE, 11.3):
        c.shade(polygon((x + 7, 166), (x + 9, 166), (x + 11, 194), (x + 6, 194)), 0.7)
        c.paint(polygon((x, 166), (x + 3, 161.5), (x + 6, 166), (x + 6, 191), (x, 191)), (250, 248, 242))
        c.paint(box(x + 4.8, 166, x + 6, 191), (206, 204, 204))
    blades(c, c.rng.uniform((0, 191), (SIZE, 194), (260, 2)))
    petals: list[Colour] = [(236, 66, 80), (250, 204, 64), (250, 250, 250), (176, 96, 214)]
    for x, y in c.rng.uniform((0, 186), (SIZE, 199), (80, 2)):
        c.paint(ellipse(x, y, 1.5, 1.2), petals[c.rng.integers(4)])
        c.paint(ellipse(x, y, 0.5, 0.4), (250, 180, 40))
