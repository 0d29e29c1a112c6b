"""A bowl of fruit on a checked cloth, lit from a window on the left."""

from __future__ import annotations

import numpy as np

from cnn_core.checks import Array
from tools.draw_pictures.canvas import (
    SCALE,
    Canvas,
    Colour,
    Picture,
    X,
    Y,
    blend,
    ellipse,
    glow,
    line,
    polygon,
)

Normal = tuple[Array, Array]  # x and y part of the direction that a surface faces; it has length 1 at most

LIGHT = np.array([-0.52, -0.62, 0.59])  # the direction that the light comes from: left, above, in front


def fruit() -> Picture:
    """The picture, (3,SIZE,SIZE) in 0..255."""
    c = Canvas(4)
    room(c)
    c.shade(ellipse(118, 172, 66, 15, soft=0.7), 0.42)
    c.paint(ellipse(100, 112, 58, 13), blend(X, [(42, (60, 84, 120)), (158, (170, 186, 204))]))
    pear(c, 129, 76)
    orange(c, 66, 93, 23)
    apple(c, 101, 84, 25)
    orange(c, 92, 106, 20)
    apple(c, 128, 104, 19)
    bowl(c)
    grapes(c)
    lemon(c, 168, 172)
    slice_of_orange(c, 34, 172)
    return c.finish()


def room(c: Canvas) -> None:
    """A plastered wall that darkens to the right, and a cloth in perspective."""
    wall = blend(np.hypot(X - 30, Y - 20), [(0, (236, 214, 178)), (90, (172, 160, 140)), (210, (76, 88, 94))])
    c.rgb = wall * (0.95 + 0.1 * c.noise(5, octaves=4))[..., None]
    edge = 126.0
    near = (Y - 66).clip(1)
    u, v = (X - 100) / near * 5.2, 620 / near
    checks = ((u % 1 < 0.5) * 1.0 + (v % 1 < 0.5)) / 2
    thread = 0.93 + 0.07 * np.sign(np.sin(u * 60) * np.sin(v * 60))
    cloth = blend(checks, [(0, (246, 240, 228)), (0.5, (226, 138, 126)), (1, (188, 44, 50))])
    c.paint(edge < Y, cloth * (thread * (1.02 - 0.0022 * X - 0.002 * (Y - edge)))[..., None])
    c.shade((edge < Y) * np.exp(-(Y - edge) / 5), 0.75)


def solid(c: Canvas, inside: Array, normal: Normal, colour: Colour | Array, gloss: float) -> None:
    """Paint a rounded body: `normal` says where it faces, `gloss` how bright it shines."""
    nx, ny = normal
    nz = np.sqrt((1 - nx**2 - ny**2).clip(0))
    facing = nx * LIGHT[0] + ny * LIGHT[1] + nz * LIGHT[2]
    half = LIGHT + np.array([0, 0, 1])
    shine = (np.stack([nx, ny, nz], axis=-1) @ (half / np.linalg.norm(half))).clip(0)
    bounce = 0.16 * (ny.clip(0) * (1 - nz))[..., None] * np.array([255, 190, 160])
    lit = np.asarray(colour) * (0.32 + 0.84 * facing.clip(0))[..., None] + bounce
    c.paint(inside, lit + gloss * (shine**40 + 0.25 * shine**9)[..., None] * np.array([255, 250, 236]))


def ball(x: float, y: float, rx: float, ry: float) -> tuple[Array, Normal]:
    """Mask and normal of an ellipsoid."""
    return ellipse(x, y, rx, ry), ((X - x) / rx, (Y - y) / ry)


def turned(x: float, profile: list[tuple[float, float]]) -> tuple[Array, Normal]:
    """Mask and normal of a body turned on a lathe; `profile`: its half width at each height (y, width)."""
    ys, widths = np.array(profile).T
    fine = np.linspace(ys[0], ys[-1], 400)
    smooth = np.interp(fine, ys, widths)
    for _ in range(60):
        smooth[1:-1] = (smooth[:-2] + 2 * smooth[1:-1] + smooth[2:]) / 4
    width = np.interp(Y[:, 0], fine, smooth, left=0, right=0)[:, None]
    steep = np.gradient(width[:, 0], 1 / SCALE)[:, None]
    nx = (X - x) / width.clip(0.01)
    inside = (np.abs(nx) < 1) & (width > 0)
    nx = nx.clip(-1, 1)
    lean = -steep / np.sqrt(1 + steep**2)
    return inside, (nx * np.sqrt(1 - lean**2), lean * np.ones_like(X))


def orange(c: Canvas, x: float, y: float, r: float) -> None:
    """An orange with its pores."""
    c.shade(glow(x + 6, y + 6, r * 0.8), 0.6)
    inside, (nx, ny) = ball(x, y, r, r)
    pores = c.noise(2.2, octaves=2)
    bump = 0.9 * np.gradient(pores, axis=1), 0.9 * np.gradient(pores, axis=0)
    solid(c, inside, (nx + bump[0], ny + bump[1]), (255, 150, 34), 0.4)
    c.paint(ellipse(x - 4, y - r * 0.62, 2.2, 1.4), (92, 110, 48))


def apple(c: Canvas, x: float, y: float, r: float) -> None:
    """A red apple with yellow streaks and a stem in its hollow."""
    c.shade(glow(x + 6, y + 6, r * 0.85), 0.6)
    inside, (nx, ny) = ball(x, y, r, r * 0.94)
    top = y - r * 0.6
    angle = np.arctan2((Y - top) * 2.2, X - x)
    away = np.hypot(X - x, (Y - top) * 1.5) / r
    streak = sum(np.sin(angle * k + k * k) for k in (7, 17, 29, 43)) / 4 + 0.5 * (c.noise(8) - 0.5)
    ripe = (0.15 + 0.75 * away + 0.4 * streak).clip(0, 1)
    solid(
        c,
        inside,
        (nx, ny),
        blend(ripe, [(0, (232, 196, 84)), (0.35, (226, 84, 50)), (1, (182, 22, 36))]),
        0.75,
    )
    c.shade(ellipse(x, top, r * 0.34, r * 0.16, soft=0.9), 0.35)
    c.paint(line(1.7, (x, top + 1), (x + 1, top - 5), (x + 3.5, top - 9)), (82, 54, 34))


def pear(c: Canvas, x: float, y: float) -> None:
    """A green pear with freckles and a red cheek."""
    widths = {-35: 0, -33: 6, -22: 10, -8: 16, 8: 24, 22: 26, 34: 20, 40: 0}
    inside, normal = turned(x, [(y + level, width) for level, width in widths.items()])
    ripe = c.noise(16) + (X - x) / 40
    skin = blend(ripe, [(0.2, (206, 210, 84)), (0.9, (190, 178, 70)), (1.5, (214, 112, 66))])
    solid(c, inside, normal, skin, 0.45)
    for left, top in c.rng.normal((x, y + 6), (11, 18), (150, 2)):
        c.shade(inside * ellipse(left, top, c.rng.uniform(0.4, 0.9)), 0.75)
    c.paint(line(1.8, (x, y - 33), (x + 2, y - 40), (x + 6, y - 45)), (88, 62, 38))
    leaf = [(x + 3 + 20 * t, y - 41 - 9 * np.sin(np.pi * t) - 5 * t) for t in np.linspace(0, 1, 20)]
    back = [(x + 3 + 20 * t, y - 41 + 4 * np.sin(np.pi * t) - 5 * t) for t in np.linspace(1, 0, 20)]
    c.paint(polygon(*leaf, *back), blend(Y, [(y - 54, (122, 168, 66)), (y - 38, (46, 98, 46))]))
    c.paint(line(0.6, (x + 3, y - 41), (x + 22, y - 46.5)), (190, 214, 130))


def bowl(c: Canvas) -> None:
    """The front of a white bowl with blue bands and waves."""
    rim, foot = 112.0, 168.0
    heights = np.linspace(0, 1, 20)
    wall = [(rim + (foot - rim) * t, 58 * np.sqrt(1 - 0.8 * t**2.2)) for t in heights]
    inside, normal = turned(100, [*wall, (foot + 4, 24), (foot + 7, 0)])
    inside = inside * (rim + 13 * np.sqrt((1 - ((X - 100) / 58) ** 2).clip(0)) < Y)
    around = np.arcsin(normal[0].clip(-1, 1))
    level = Y - 12 * np.sqrt((1 - normal[0] ** 2).clip(0))
    glaze = np.zeros_like(X)
    glaze += (np.abs(level - 108) < 1.3) | (np.abs(level - 128) < 0.9) | (np.abs(level - 149) < 1.3)
    glaze += np.abs(level - 118 - 4 * np.sin(around * 16)) < 1.1
    glaze += np.hypot((around * 16 / np.pi % 1 - 0.5) * 10, level - 138) < 3.4
    solid(c, inside, normal, blend(glaze.clip(0, 1), [(0, (255, 254, 250)), (1, (40, 82, 168))]), 0.7)
    lip = np.abs(np.hypot((X - 100) / 58, (Y - rim) / 13) - 1) < 0.022
    c.paint(lip & (rim < Y), (250, 250, 252))


def grapes(c: Canvas) -> None:
    """A bunch of dark grapes that hangs over the rim."""
    spots = [
        (150, 108),
        (142, 106),
        (156, 116),
        (138, 114),
        (147, 116),
        (153, 125),
        (141, 124),
        (148, 132),
        (136, 130),
    ]
    spots += [(144, 141), (151, 140), (146, 150), (140, 137)]
    c.shade(ellipse(152, 128, 18, 30, soft=0.8), 0.6)
    c.paint(line(1.4, (134, 98), (143, 104), (146, 112)), (110, 120, 60))
    for x, y in spots:
        inside, normal = ball(x, y, 6.2, 6.6)
        solid(c, inside, normal, blend(c.noise(7), [(0, (74, 34, 98)), (1, (116, 52, 110))]), 0.85)


def lemon(c: Canvas, x: float, y: float) -> None:
    """A lemon that lies on the cloth."""
    c.shade(ellipse(x + 8, y + 11, 27, 8, soft=0.8), 0.4)
    inside, (nx, ny) = ball(x, y, 20, 15)
    inside = np.maximum(inside, ellipse(x + 19, y + 1, 5, 4))
    pores = c.noise(2.4, octaves=2)
    bump = 0.8 * np.gradient(pores, axis=1), 0.8 * np.gradient(pores, axis=0)
    solid(c, inside, ((nx + bump[0]).clip(-0.9, 0.9), (ny + bump[1]).clip(-0.99, 0.99)), (255, 220, 48), 0.4)


def slice_of_orange(c: Canvas, x: float, y: float) -> None:
    """Half an orange, cut side up to us: ten segments of juicy pulp."""
    c.shade(ellipse(x + 9, y + 12, 28, 9, soft=0.8), 0.4)
    radius, angle = np.hypot(X - x, (Y - y) * 1.08), np.arctan2((Y - y) * 1.08, X - x)
    c.paint(radius < 22, (240, 128, 26))
    c.paint(radius < 20.6, (255, 240, 208))
    turn = angle / (2 * np.pi) * 10 % 1
    gap = np.minimum(turn, 1 - turn) * 2 * np.pi / 10 * radius
    pulp = (gap > 0.7) & (radius < 19) & (radius > 2.6)
    grain = c.noise(1.6, 1.6, 2)
    c.paint(pulp, blend(grain, [(0, (244, 134, 28)), (0.6, (255, 168, 52)), (1, (255, 214, 130))]))
    c.shade(pulp * (np.sin(angle * 90 + 6 * grain) > 0.6), 0.9)
