"""Sheets of many small images side by side: a layer's filters, its feature maps, a data set's pictures.

Figures are dicts for Plotly: they are redrawn in place while a training goes on, and every number shows on hover.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cnn_core.checks import Array
from pages.figures.colours import ENDS, ZERO, positive_scale, rgb, signed_scale

GAP = 1  # cells between two images of a sheet
GROUND = (128, 136, 150)
LARGEST_CELL = 16  # pixels of a cell of a sheet of maps: a few numbers need not fill the page


def filter_sheet(
    weight: Array, theme: str = "light", *, reach: float | None = None, each: bool = False, wide: float = 2.0
) -> dict[str, Any]:
    """Filters (F, C, H, W) as a figure, about `wide` times as wide as high.

    Three channels are shown as red, green and blue around mid-grey. Otherwise each channel is a tile of its own, from blue
    (negative) over the page's background (0) to orange. reach: where the colours end; None is each filter's own largest
    weight for three channels, else the largest of all. each: every tile by its own largest weight, whatever `reach` says.
    """
    filters, channels, height, width = weight.shape
    if channels == 3:
        sheet = _arrange(_in_colour(weight, None if each else reach), GROUND, wide)
        image = {"type": "image", "z": np.rint(sheet).astype(np.uint8).tolist(), "hoverinfo": "skip"}
        return {"data": [image], "layout": _layout(sheet.shape)}
    names = [
        f"filter {n // channels}" + (f", channel {n % channels}" if channels > 1 else "")
        for n in range(filters * channels)
    ]
    return number_sheet(weight.reshape(-1, height, width), names, theme, reach=reach, each=each, wide=wide)


def round_reach(*weights: Array) -> float:
    """The largest magnitude of all that is finite, rounded up to 1, 2 or 5 times a power of ten: it seldom changes."""
    largest = max(float(np.abs(w[np.isfinite(w)]).max(initial=0)) for w in weights) or 1.0
    power = math.floor(math.log10(largest))
    rounds = (float(f"{step}e{power}") for step in (1, 2, 5, 10))
    return next(reach for reach in rounds if largest <= reach * (1 + 1e-6))


def filter_picture(weight: Array, theme: str = "light", width: int = 720) -> Array:
    """The same sheet as a picture (H', W', 3) of uint8 pixels, which shows no numbers."""
    if weight.shape[1] == 3:
        return _enlarged(_arrange(_in_colour(weight), GROUND), width)
    return map_sheet(np.nan_to_num(weight.reshape(-1, *weight.shape[2:]), posinf=0, neginf=0), theme, width)


def filter_pixels(weight: Array, theme: str = "light", *, reach: float | None = None) -> Array:
    """Filters (F, C, H, W) in a square as (H', W', 3) uint8 pixels, one a weight: for small pictures. reach: where the colours
    end; None is each one's own largest weight."""
    weight = np.where(np.isfinite(weight), weight, 0).astype(np.float64)
    if weight.shape[1] == 3:
        tiles = _in_colour(weight, reach)
    else:
        flat = weight.reshape(-1, *weight.shape[2:])
        tiles = _signed_colours(np.clip(flat / (_own_reach(flat) if reach is None else reach), -1, 1), theme)
    pixels: Array = np.rint(_arrange(tiles, GROUND, 1.0)).astype(np.uint8)
    return pixels


def _signed_colours(share: Array, theme: str) -> Array:
    """Shares (N, H, W) from -1 to 1 as colours (N, H, W, 3)."""
    low, zero, high = (np.array(rgb(colour)) for colour in (ENDS[theme][0], ZERO[theme], ENDS[theme][1]))
    share = share[..., None]
    colours: Array = zero + np.maximum(share, 0) * (high - zero) + np.maximum(-share, 0) * (low - zero)
    return colours


def _in_colour(weight: Array, reach: float | None = None) -> Array:
    """Filters (F, 3, H, W) as tiles (F, H, W, 3) of red, green and blue around mid-grey; reach: None is each one's own."""
    weight = np.where(np.isfinite(weight), weight, 0).astype(np.float64)  # after a divergence not all may be
    ends = _own_reach(weight) if reach is None else reach
    tiles: Array = (127.5 + 127.5 * np.clip(weight / ends, -1, 1)).transpose(0, 2, 3, 1)
    return tiles


def _own_reach(tiles: Array) -> Array:
    """The largest magnitude of each tile (N, ...), to divide it by; 1 for a tile of zeros."""
    largest = np.abs(tiles).max(axis=tuple(range(1, tiles.ndim)), keepdims=True)
    return np.where(largest > 0, largest, 1)


def number_sheet(
    tiles: Array,
    names: list[str],
    theme: str = "light",
    *,
    reach: float | None = None,
    each: bool = False,
    wide: float = 2.0,
) -> dict[str, Any]:
    """Tiles (N, H, W) of signed numbers as one heatmap; names say on hover which tile it is, and which number.

    reach, each, wide: as in `filter_sheet`.
    """
    count, height, width = tiles.shape
    sheet = _arrange(np.where(np.isfinite(tiles), tiles, np.nan)[..., None], (np.nan,), wide)[..., 0]
    labels = np.broadcast_to(np.arange(count)[:, None, None], tiles.shape)
    rows = np.broadcast_to(np.arange(height)[None, :, None], tiles.shape)
    columns = np.broadcast_to(np.arange(width)[None, None, :], tiles.shape)
    index = _arrange(np.stack([labels, rows, columns], axis=-1), (-1, 0, 0), wide)
    text = [
        [f"{names[n]}, row {r}, column {c}" if n >= 0 else "" for n, r, c in row] for row in index.astype(int).tolist()
    ]
    signed = reach is not None or bool(np.nanmin(sheet, initial=0.0) < 0)
    said = {"z": _written(sheet), "hovertemplate": "%{text}: %{z}<extra></extra>"}
    if each:
        tiles = np.where(np.isfinite(tiles), tiles, 0)
        shares = _arrange((tiles / _own_reach(tiles))[..., None], (np.nan,), wide)[..., 0]
        reach = 1.0
        said = {
            "z": _written(shares),
            "customdata": said["z"],
            "hovertemplate": "%{text}: %{customdata}<extra></extra>",
        }
    reach = reach or float(np.nanmax(np.abs(sheet), initial=0.0)) or 1.0
    heatmap = {
        "type": "heatmap",
        **said,
        "text": text,
        "hoverongaps": False,
        "zmin": -reach if signed else 0,
        "zmax": reach,
        "colorscale": signed_scale(theme) if signed else positive_scale(theme),
        "colorbar": {"orientation": "h", "thickness": 10, "len": 0.6, "y": 0, "yanchor": "top"},
    }
    return {"data": [heatmap], "layout": _layout(sheet.shape)}


def _written(sheet: Array) -> list[list[float | None]]:
    """Numbers as they are sent: four digits; a gap is None."""
    return [[None if math.isnan(v) else float(f"{v:.4g}") for v in row] for row in sheet.tolist()]


def picture_sheet(x: Array, width: int = 720) -> Array:
    """Pictures (N, C, H, W) from 0 to 1, C 1 or 3, side by side as (H', W', 3) uint8 pixels of about `width`."""
    sheet = _arrange(np.broadcast_to(255.0 * x.transpose(0, 2, 3, 1), (len(x), *x.shape[2:], 3)), GROUND)
    return _enlarged(sheet, width, width)


def map_sheet(maps: Array, theme: str = "light", width: int = 720) -> Array:
    """Maps (N, H, W) of signed numbers side by side as (H', W', 3) uint8 pixels: blue below 0, orange above, one scale.

    A picture, and not a figure: it takes a hundredth of the bytes and shows no numbers on hover.
    """
    reach = float(np.abs(maps).max(initial=0)) or 1.0
    sheet = _arrange(_signed_colours(maps / reach, theme), GROUND)
    return _enlarged(sheet, width)


def _enlarged(sheet: Array, width: int, largest: int = LARGEST_CELL) -> Array:
    """A sheet (H, W, 3) from 0 to 255 as pixels of about `width`, no cell larger than `largest`."""
    enlarge = max(1, min(largest, width // sheet.shape[1]))
    pixels: Array = np.rint(sheet).astype(np.uint8).repeat(enlarge, axis=0).repeat(enlarge, axis=1)
    return pixels


def _arrange(tiles: Array, ground: tuple[float, ...], wide: float = 2.0) -> Array:
    """Tiles (N, H, W, D) in a sheet about `wide` times as wide as high, GAP cells of `ground` (D numbers) around each."""
    count, height, width, depth = tiles.shape
    columns = min(count, max(1, math.ceil(math.sqrt(wide * count * height / width))))
    rows = math.ceil(count / columns)
    sheet = np.empty((rows * (height + GAP) + GAP, columns * (width + GAP) + GAP, depth))
    sheet[:] = ground
    for number, tile in enumerate(tiles):
        top, left = GAP + number // columns * (height + GAP), GAP + number % columns * (width + GAP)
        sheet[top : top + height, left : left + width] = tile
    return sheet


def tile_at(tiles: tuple[int, int, int], row: int, column: int, wide: float = 2.0) -> tuple[int, int, int] | None:
    """Which tile, and which row and column of it, stands at a cell of a sheet of tiles (N, H, W); None: a gap."""
    numbers = np.arange(math.prod(tiles), dtype=float).reshape(*tiles, 1)
    sheet = _arrange(numbers, (-1.0,), wide)[..., 0]
    if not (0 <= row < sheet.shape[0] and 0 <= column < sheet.shape[1]) or sheet[row, column] < 0:
        return None
    found = np.unravel_index(int(sheet[row, column]), tiles)
    return int(found[0]), int(found[1]), int(found[2])


def framed(tiles: tuple[int, int, int], place: tuple[int, int, int], colour: str, wide: float = 2.0) -> dict[str, Any]:
    """A frame around one cell of a sheet of tiles (N, H, W): a shape for its layout. place: tile, row, column."""
    number = np.zeros((*tiles, 1))
    number[place] = 1
    ((row, column),) = np.argwhere(_arrange(number, (0.0,), wide)[..., 0]).tolist()
    sides = {"x0": column - 0.5, "x1": column + 0.5, "y0": row - 0.5, "y1": row + 0.5}
    return {"type": "rect", **sides, "line": {"color": colour, "width": 3}}


def _layout(shape: tuple[int, ...]) -> dict[str, Any]:
    axis = {"visible": False, "fixedrange": True, "constrain": "domain"}
    return {
        "height": int(max(180, min(640, 700 * shape[0] / shape[1]))),
        "margin": {"l": 0, "r": 0, "t": 0, "b": 40},
        "xaxis": axis,
        "yaxis": {**axis, "autorange": "reversed", "scaleanchor": "x"},
        "plot_bgcolor": "rgba(128,136,150,0.25)",  # so that a tile of zeros is seen as one
    }
