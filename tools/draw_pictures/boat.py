"""A sailing boat on the sea at dusk, with a lighthouse and gulls."""

from __future__ import annotations

import numpy as np

from cnn_core.checks import Array
from tools.draw_pictures.canvas import (
    SCALE,
    SIZE,
    Canvas,
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

HORIZON = 122.0
WATERLINE = 143.0  # of the boat, which is nearer than the horizon
SUN = (172.0, 112.0)


def boat() -> Picture:
    """The picture, (3,SIZE,SIZE) in 0..255."""
    c = Canvas(2)
    sky(c)
    headland(c)
    background = c.rgb.copy()
    ship(c)
    is_ship = (c.rgb != background).any(axis=-1) & (Y < WATERLINE)
    with_ship = c.rgb

    # The sea mirrors all of it, bent by the slope of the waves, and shows its own colour where they face us.
    depth = (Y - HORIZON).clip(0)
    slope = waves(c, depth)
    row, column = 2 * HORIZON - Y - 15 * slope - 4, X + 5 * slope
    mirror = look_up(background, np.minimum(row, HORIZON - 1), column)
    own = blend(depth, [(0, (176, 92, 112)), (20, (92, 50, 104)), (78, (26, 30, 84))])
    facing = (0.36 + 0.3 * slope + 0.002 * depth).clip(0.08, 0.9)[..., None]
    sea = (1 - facing) * mirror + facing * own
    row = 2 * WATERLINE - Y - 5 * slope
    shadow = look_up(is_ship * 1.0, row, column) * (WATERLINE - 3 < Y)
    strength = shadow * (0.8 - 0.007 * depth)
    sea += strength[..., None] * (0.86 * look_up(with_ship, row, column) - sea)
    c.paint((HORIZON < Y) * (1.0 - is_ship), sea)
    street = np.exp(-(((X - SUN[0] + 2 * slope) / (7 + 0.2 * depth)) ** 2)) * (1 - depth / 110)
    glitter = (slope < 0.12 - 0.01 * depth) & (HORIZON < Y) & ~is_ship
    c.paint(0.9 * street * glitter, (255, 232, 170))
    foam = c.noise(7, 1.2) > 0.45
    c.paint(
        0.8 * foam * (ellipse(103, WATERLINE, 38, 1.5) + ellipse(60, WATERLINE + 0.6, 16, 0.9)),
        (255, 236, 220),
    )
    for x, y, size in ((44, 44, 5.0), (58, 53, 3.6), (170, 58, 4.6), (182, 50, 3.0), (160, 73, 2.4)):
        wing = [(x + size * t, y - size * (1.5 * abs(t) - 1.2 * t * t)) for t in np.linspace(-1, 1, 21)]
        c.paint(line(max(0.8, size / 5), *wing), (44, 26, 62))
    return c.finish()


def sky(c: Canvas) -> None:
    """From night above to the sun on the horizon, with stars and with clouds that are lit from below."""
    dusk = [
        (0, (36, 38, 96)),
        (34, (92, 62, 138)),
        (66, (196, 92, 128)),
        (92, (246, 142, 94)),
        (122, (255, 216, 128)),
    ]
    c.rgb = blend(Y, dusk)
    for x, y in c.rng.uniform((0, 0), (SIZE, 36), (34, 2)):
        c.paint(glow(x, y, c.rng.uniform(0.3, 0.55)) * (1 - y / 40), (255, 250, 240))
    c.paint(0.8 * glow(*SUN, 34), (255, 206, 120))
    c.paint(0.8 * glow(*SUN, 19), (255, 240, 190))
    c.paint(ellipse(*SUN, 14, soft=0.04), (255, 250, 226))
    clouds = c.noise(74, 11, octaves=4)
    cover = ((clouds - 0.56) * 4).clip(0, 0.85) * np.interp(Y, [10, 34, 98, 112], [0, 1, 1, 0])
    light = (clouds - np.roll(clouds, -3 * SCALE, axis=0)) * 5 + 0.3
    c.paint(cover, blend(light, [(0, (112, 66, 124)), (0.5, (216, 104, 112)), (1, (255, 196, 132))]))


def headland(c: Canvas) -> None:
    """A dark hill on the left, with a lighthouse and its beam."""
    top = HORIZON - 15 * np.exp(-(((X - 14) / 26) ** 2)) + 2 * (c.noise(9, 300) - 0.5)
    heath = blend(c.noise(8, 5), [(0, (44, 32, 68)), (1, (104, 60, 88))])
    c.paint((top < Y) & (Y < HORIZON) & (X < 68), heath)
    for x, tall in ((2, 8), (7, 6), (12, 7), (36, 5), (40, 4)):
        foot = HORIZON - 14 * np.exp(-(((x - 14) / 26) ** 2))
        c.paint(polygon((x - 2, foot), (x, foot - tall), (x + 2, foot)), (40, 30, 66))
    c.paint(0.5 * polygon((25, 77), (112, 60), (112, 84)) * (1 - (X - 25) / 87), (255, 236, 178))
    tower = polygon((21.2, 109), (22.8, 81), (27.2, 81), (28.8, 109))
    c.paint(tower, blend(X, [(22, (255, 240, 226)), (28, (168, 120, 140))]))
    c.paint(tower * ((Y - 81) % 11 > 5.5), blend(X, [(22, (214, 56, 62)), (28, (112, 28, 58))]))
    c.paint(box(21.6, 79.6, 28.4, 81.4) + polygon((22.4, 75), (25, 71), (27.6, 75)), (66, 30, 60))
    c.paint(box(23.2, 75, 26.8, 79.6), (255, 240, 168))
    c.paint(glow(25, 77.3, 4), (255, 240, 190))


def ship(c: Canvas) -> None:
    """The boat: two sails with seams, mast, boom, cabin and hull; the sun is behind it on the right."""
    t = np.linspace(0, 1, 30)
    leech = [(107 + 37 * s**0.8 + 3 * np.sin(np.pi * s), 37 + 83 * s) for s in t]
    main = polygon((106, 35), *leech, (106, 121))
    luff = [(103 - 37 * s - 1.5 * np.sin(np.pi * s), 44 + 80 * s) for s in t]
    jib = polygon((103, 44), *luff, (100, 121), *[(100 + 2 * s, 121 - 60 * s) for s in t])
    sunny = blend(X + 0.25 * Y, [(118, (236, 148, 128)), (138, (255, 236, 200)), (172, (255, 250, 228))])
    c.paint(main, sunny)
    c.paint(jib, blend(X - 0.1 * Y, [(56, (255, 234, 206)), (80, (248, 188, 160)), (96, (188, 104, 124))]))
    for y in range(48, 122, 12):
        c.shade(line(0.7, (100, y), (150, y + 9)) * main, 0.78)
        c.shade(line(0.7, (62, y + 14), (106, y + 2)) * jib, 0.78)
    c.paint(line(0.6, (104.6, 32), (64, 128)), (84, 48, 62))
    c.paint(line(1.8, (104.6, 130), (104.6, 29)) + line(1.6, (104, 122.6), (145, 121.2)), (82, 44, 46))
    c.paint(polygon((105, 29), (117, 31.6), (105, 35)), (232, 60, 70))
    c.paint(polygon((92, 131), (95, 125.4), (120, 124.6), (125, 131)), (250, 224, 198))
    for x in (99, 106, 113):
        c.paint(ellipse(x, 128, 2.0, 1.4), (72, 44, 74))
    deck = [(62 + 86 * s, 127.5 + 6.5 * np.sin(np.pi * s) ** 0.9 * (1 - 0.5 * s)) for s in t]
    keel = [(140 - 66 * s, WATERLINE + 2) for s in t]
    hull = polygon(*deck, *keel)
    c.paint(hull, blend(X + Y, [(190, (70, 22, 52)), (280, (186, 52, 58))]))
    c.paint(line(1.5, *deck), (255, 232, 204))
    c.paint(hull * line(1.3, *[(x, y + 5) for x, y in deck]), (246, 196, 120))
    c.shade(hull * ((Y - 138) / 6).clip(0, 1), 0.5)


def waves(c: Canvas, depth: Array) -> Array:
    """Slope of the water, about -2..2: waves of many lengths seen in perspective, up to the horizon."""
    away = 400 / (depth + 3)
    across = (X - SIZE / 2) * away / 220
    slope = np.zeros_like(X)
    for k in np.geomspace(1.1, 16, 16):
        angle, phase = c.rng.normal(0, 0.55), c.rng.uniform(0, 2 * np.pi)
        too_fine = k * away**2 / 400  # radians per pixel: beyond 1 or so a wave is a blur
        slope += np.cos(k * (away * np.cos(angle) + across * np.sin(angle)) + phase) / (1 + too_fine**2)
    return slope / 3
