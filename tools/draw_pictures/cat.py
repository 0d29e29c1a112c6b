"""The face of a ginger cat, drawn hair by hair in front of blurred lights."""

from __future__ import annotations

import numpy as np

from cnn_core.checks import Array
from tools.draw_pictures.canvas import (
    SIZE,
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

NOSE = np.array([100.0, 126.0])
EYES = (74.0, 126.0)


def cat() -> Picture:
    """The picture, (3,SIZE,SIZE) in 0..255."""
    c = Canvas(3)
    lights(c)
    body(c)
    for side in (-1, 1):
        ear(c, side)
    head(c)
    for side in (-1, 1):
        eye(c, 100 + 26 * side)
    muzzle(c)
    return c.finish()


def lights(c: Canvas) -> None:
    """A dim room with lights out of focus: discs with soft and with brighter rims."""
    c.rgb = blend(Y + 0.4 * X, [(0, (22, 58, 74)), (120, (38, 92, 96)), (280, (16, 34, 52))])
    warm: list[Colour] = [(255, 206, 120), (250, 160, 90), (150, 214, 190), (255, 236, 180), (236, 120, 110)]
    for x, y in c.rng.uniform((0, 0), (SIZE, 150), (26, 2)):
        radius, strength = c.rng.uniform(6, 15), c.rng.uniform(0.12, 0.4)
        disc = ellipse(x, y, radius, soft=0.15)
        c.paint(strength * disc * (0.7 + 0.3 * np.hypot(X - x, Y - y) / radius), warm[c.rng.integers(5)])


def fur(c: Canvas, root: Array, flow: Array, length: float, colours: Array, width: float = 0.6) -> None:
    """Hairs from `root` (n,2) along `flow` (n,2, unit vectors), in the given order, a little ruffled."""
    ruffle = c.rng.normal(0, 0.25, root.shape)
    reach = length * c.rng.uniform(0.6, 1.2, (len(root), 1))
    tint = colours * c.rng.normal(1, 0.09, (len(root), 1))
    c.strokes(root, root + (flow + ruffle) * reach, tint, np.full(len(root), width))


def ginger(dark: Array) -> Array:
    """Fur colours (n,3): pale at 0, ginger at 0.5, the brown of the stripes at 1."""
    browns = [(0, (255, 228, 186)), (0.35, (244, 172, 96)), (0.65, (214, 120, 50)), (1, (134, 62, 28))]
    return blend(dark, browns)


def scatter(c: Canvas, mask: Array, count: int) -> Array:
    """About `count` random points (n,2) inside `mask`."""
    inside = np.argwhere(mask > 0.5)
    chosen = inside[c.rng.integers(0, len(inside), count)]
    return (chosen[:, ::-1] + c.rng.random((count, 2))) * SIZE / len(mask)


def body(c: Canvas) -> None:
    """Shoulders with stripes and a white bib."""
    root = scatter(c, np.maximum(ellipse(100, 216, 82, 74), ellipse(100, 170, 52, 40)), 16000)
    root = root[np.argsort(-root[:, 1])]
    x, y = root[:, 0] - 100, root[:, 1]
    stripes = np.cos((y + 0.006 * x**2) * 0.42) * np.clip((np.abs(x) - 28) / 16, 0, 1)
    dark = 0.52 + 0.26 * stripes + 0.003 * np.abs(x)
    colours = ginger(dark) * 0.82
    bib = np.clip((29 - np.abs(x)) / 8, 0, 1)[:, None]
    colours += bib * (np.array([232, 226, 222]) - 0.6 * np.abs(x)[:, None] - colours)
    flow = np.stack([0.012 * x, np.full(len(x), 1.0)], axis=1)
    fur(c, root, flow, 9, colours, 0.7)
    c.shade(ellipse(100, 168, 56, 22, soft=0.8), 0.5)


def ear(c: Canvas, side: int) -> None:
    """One ear: `side` -1 is on the left, 1 on the right."""

    def at(x: float, y: float) -> tuple[float, float]:
        return 100 + side * x, y

    outer = polygon(at(14, 66), at(22, 52), at(50, 17), at(55, 22), at(61, 60), at(60, 92))
    root = scatter(c, outer, 5200)
    tip = np.array(at(53, 17))
    flow = tip - root
    away = np.hypot(*flow.T)[:, None]
    root, flow, away = (values[np.argsort(away[:, 0])] for values in (root, flow / (away + 1), away))
    fur(c, root, flow, 5, ginger(0.86 - 0.006 * away[:, 0]))
    inner = polygon(at(28, 66), at(32, 54), at(50, 29), at(53, 33), at(54, 62), at(48, 84))
    shadow = np.hypot(X - at(36, 70)[0], Y - 70)
    c.paint(inner, blend(shadow, [(0, (120, 62, 58)), (26, (226, 152, 136)), (44, (246, 190, 168))]))
    tuft = scatter(c, polygon(at(30, 74), at(30, 62), at(46, 52), at(52, 80)), 150)
    lean = np.stack([side * c.rng.normal(0.2, 0.15, 150), np.full(150, -1.0)], axis=1)
    fur(c, tuft, lean, 15, np.full((150, 3), (250, 226, 200)), 0.5)


def head(c: Canvas) -> None:
    """The head: hairs flow from the nose outwards, striped on the forehead and on the cheeks."""
    angle = np.arctan2(Y - 112, X - 100)
    cheek = 1 + 0.1 * np.exp(-(((np.abs(np.cos(angle)) - 0.9) / 0.22) ** 2)) * (angle > -0.2)
    outline = np.hypot((X - 100) / (57 * cheek), (Y - 110) / 50)
    c.paint(outline < 0.96, (206, 122, 60))
    root = scatter(c, outline < 1, 30000)
    flow = root - NOSE + np.array([0, -4])
    away = np.hypot(*flow.T)
    order = np.argsort(-away + c.rng.normal(0, 3, len(away)))
    root, flow, away = root[order], flow[order] / (away[order, None] + 1e-6), away[order]
    x, y = root[:, 0] - 100, root[:, 1]
    across = np.abs(x)
    brow = np.cos(across * (0.316 + 0.002 * y))
    brow *= np.clip((94 - y) / 10, 0, 1) * np.clip((34 - across) / 8, 0, 1)
    cheeks = np.cos(0.42 * (y - 0.42 * across + 4))
    cheeks *= np.clip((across - 36) / 8, 0, 1) * np.clip((y - 92) / 8, 0, 1)
    edge = np.hypot(x / 60, (y - 110) / 50)
    dark = 0.42 + 0.34 * np.maximum(brow, cheeks * 0.9) + 0.2 * edge**4 + 0.0016 * x
    dark -= 0.25 * np.exp(-((x / 5) ** 2)) * (y > 96)
    for centre in EYES:
        dark -= 0.5 * np.exp(-((((root[:, 0] - centre) / 19) ** 2 + ((y - 106) / 17) ** 2) ** 2))
    white = np.exp(-((((across - 11) / 17) ** 2 + ((y - 140) / 16) ** 2) ** 2))
    white += np.exp(-(((x / 14) ** 2 + ((y - 154) / 8) ** 2) ** 2))
    colours = ginger(dark)
    colours += white.clip(0, 1)[:, None] * (np.array([250, 246, 240]) - colours)
    colours *= 1.06 - 0.3 * edge[:, None] ** 5 - 0.002 * x[:, None]
    fur(c, root, flow, 6, colours, 0.55)


def eye(c: Canvas, x: float) -> None:
    """An almond-shaped green eye with a slit pupil."""
    y, t = 105.0, np.linspace(0, np.pi, 40)
    tilt = -0.10 * np.sign(x - 100)

    def almond(wide: float, high: float) -> Array:
        upper = [(x + wide * np.cos(a), y - high * np.sin(a) ** 0.8 + tilt * wide * np.cos(a)) for a in t]
        lower = [(x - wide * np.cos(a), y + 0.86 * high * np.sin(a) - tilt * wide * np.cos(a)) for a in t]
        return polygon(*upper, *lower)

    c.paint(almond(17, 13.6), (58, 30, 24))
    inside = almond(14.6, 11.8)
    radius = np.hypot(X - x, Y - y)
    greens = [(0, (232, 224, 96)), (6, (178, 206, 80)), (11, (84, 160, 90)), (15, (30, 84, 70))]
    c.paint(inside, blend(radius, greens))
    streaks = np.sin(np.arctan2(Y - y, X - x) * 46 + 3 * c.noise(6)) * (radius > 3)
    c.shade(inside * (streaks > 0.2), 0.86)
    c.shade(inside * np.clip((y - 5 - Y) / 6, 0, 1), 0.45)
    c.paint(inside * (np.abs(X - x) < 4.2 * np.sqrt(np.clip(1 - ((Y - y) / 11.4) ** 2, 0, 1))), (12, 10, 14))
    c.paint(ellipse(x - 4, y - 4.6, 3, 3.4, soft=0.3), (255, 255, 255))
    c.paint(0.7 * ellipse(x + 4.4, y + 4.6, 1.8, soft=0.5), (232, 250, 230))


def muzzle(c: Canvas) -> None:
    """Nose, mouth and whiskers."""
    c.shade(glow(100, 137, 5), 0.86)
    c.paint(line(1.3, (100, 131), (100, 138)), (98, 50, 46))
    for side in (-1, 1):
        smile = [(100 + side * (13 * s), 138 + 5.5 * np.sin(np.pi * s * 0.9)) for s in np.linspace(0, 1, 20)]
        c.paint(line(1.3, *smile), (98, 50, 46))
        for row, x in ((0, 12), (0, 18), (1, 14), (1, 20), (2, 12), (2, 18)):
            c.paint(0.7 * ellipse(100 + side * x, 132.5 + 3.4 * row, 0.8), (120, 70, 56))
    half = [(100, 131.6), (94, 127.5), (90.5, 121.5), (95, 119.6)]
    nose = polygon(*half, *[(200 - x, y) for x, y in reversed(half)])
    c.paint(nose, blend(Y, [(119, (246, 158, 146)), (132, (190, 84, 84))]))
    c.paint(0.6 * ellipse(97.5, 122, 4, 1.4, soft=0.8), (255, 226, 216))
    for x in (96, 104):
        c.paint(ellipse(x, 127, 1.9, 1.1), (120, 44, 48))
    for side in (-1, 1):
        for x, y, rise in ((16, 133, -16), (19, 135, -7), (20, 138, 3), (17, 141, 13), (13, 142, 22)):
            reach = c.rng.uniform(58, 70)
            hair = [
                (100 + side * (x + reach * s), y + rise * s - 9 * s * (1 - s) + 7 * s * s)
                for s in np.linspace(0, 1, 30)
            ]
            for start in range(29):
                c.paint(0.95 * line(1.0 - 0.02 * start, hair[start], hair[start + 1]), (255, 252, 246))
