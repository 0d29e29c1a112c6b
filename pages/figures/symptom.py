"""What a mistake is noticed by, as a figure: maps side by side, curves, or filters. Figures are dicts for Plotly."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnn_core.checks import Array
from cnn_core.gradient_check import overall_error
from cnn_core.mistakes import Symptom
from pages.figures.colours import DIGITS
from pages.figures.curves import DASHES, LOSS, TRAIN, drawn, layout, line
from pages.figures.gradients import gradient_map
from pages.figures.sheets import filter_sheet

MARGIN = {"l": 60, "r": 10, "t": 10, "b": 10}  # of curves: all begin at the same place
TITLE, HEIGHT = 42, 400  # pixels of the words above a map, and of curves
FAR = 10  # times as large as it should be: on a linear axis the other curve would lie flat on 0
ROWS = 380  # pixels of two rows of maps; a row of cells has at most 30
Panel = tuple[str, Array]
Ends = tuple[float, float]


def symptom_figure(symptom: Symptom, theme: str, *, difference: bool = True) -> dict[str, Any]:
    """Maps or curves; filters are `symptom_filters`. difference: a map of that, too."""
    return _curves(symptom) if symptom.kind == "curves" else _maps(symptom, theme, difference)


def symptom_filters(symptom: Symptom, theme: str) -> list[tuple[str, dict[str, Any]]]:
    """The filters that were found and those that should have been, each sheet with its words."""
    pairs = ((symptom.found_name, symptom.found), (symptom.expected_name, symptom.expected))
    sheets = [(name, filter_sheet(w[:, None], theme, each=True, wide=9)) for name, w in pairs]
    for _, sheet in sheets:
        sheet["data"][0]["showscale"] = False
        sheet["layout"] |= {"height": 150, "margin": {"l": 0, "r": 0, "t": 0, "b": 0}}
    return sheets


def gap_in_words(symptom: Symptom) -> str:
    """How far what was found is from what should have been; empty of filters, which are to be looked at."""
    found, expected = symptom.found, symptom.expected
    if symptom.kind == "filters":
        return ""
    if symptom.kind == "curves":
        ends = [_written(curve[0, k]) for curve in (found, expected) for k in (0, -1)]
        return "It begins at {} and ends at {}; it should begin at {} and end at {}.".format(*ends)
    judge = " The numeric gradient moves each number a little, up and down, and looks at the output."
    judge = judge if "numeric" in symptom.expected_name else ""
    if found.shape != expected.shape:
        return f"Found {_size(found)} numbers, where {_size(expected)} should be.{judge}"
    wrong = int(_differing(found, expected).sum())
    return (
        f"{wrong} of {found.size} numbers are wrong (in frames); relative error {overall_error(found, expected):.2g}, where a "
        f"right gradient has less than 1e-7.{judge}"
    )


def against(seen: Symptom, own: Symptom, tried: Symptom | None) -> str:
    """What in a picture speaks against a cause. own: that cause's symptom; tried: what the picture's case shows with it."""
    if seen.found.shape != seen.expected.shape and own.found.shape == own.expected.shape:
        return "Here the shape is wrong, which that cause leaves as it should be."
    if tried is None:
        return "What it changes has no part in what is shown here."
    if tried.kind == "filters":
        alike = float(np.ptp(tried.found, axis=0).max()) < 1e-5
        return f"Run in this very case, its filters would {'all be equal' if alike else 'differ from one another'}."
    if tried.found.shape == tried.expected.shape and not _differing(tried.found, tried.expected).any():
        return "Run in this very case, it changes nothing that is shown."
    if tried.kind == "curves":
        begin, end = (_written(tried.found[0, k]) for k in (0, -1))
        return f"Run in this very case, it would begin at {begin} and end at {end}."
    if tried.found.shape != tried.expected.shape:
        return f"Run in this very case, it would give {_size(tried.found)} numbers."
    wrong = int(_differing(tried.found, tried.expected).sum())
    return (
        f"Run in this very case, {wrong} of {tried.found.size} numbers would be wrong, by a relative error of "
        f"{overall_error(tried.found, tried.expected):.2g}."
    )


def _written(number: float) -> str:
    return f"{number:.4g}" if np.isfinite(number) else "no finite number"


def _maps(symptom: Symptom, theme: str, difference: bool) -> dict[str, Any]:
    """What should be and what was found in one row; below, their difference and what they were computed from."""
    found, expected = symptom.found, symptom.expected
    panels: list[Panel] = [(symptom.expected_name, expected), (symptom.found_name, found)]
    apart = _apart(found, expected) if difference else None
    if apart is not None:
        panels.append(
            ("difference: " + ("is − should be" if found.shape == expected.shape else "as NumPy broadcasts"), apart)
        )
    panels += symptom.also[: 4 - len(panels)]
    rows = [panels[i : i + 2] for i in range(0, len(panels), 2)]
    most = [max(1, *(len(array) for _, array in row)) for row in rows]
    cell = min(30, ROWS // sum(most))
    heights = [TITLE + cell * count for count in most]
    total, top = sum(heights), 0
    widest = max(array.shape[1] for _, array in panels)
    figure: dict[str, Any] = {"data": [], "layout": {"annotations": [], "shapes": [], "height": total}}
    reach = max(float(np.abs(np.nan_to_num(array)).max(initial=0)) for array in (found, expected)) or 1.0
    for row, height in zip(rows, heights, strict=True):
        for column, (name, array) in enumerate(row):
            own = reach if array is found or array is expected or array is apart else float(np.abs(array).max()) or 1.0
            ends = 1 - (top + TITLE) / total, 1 - (top + TITLE + cell * max(1, len(array))) / total
            place = (0.51 * column, 0.51 * column + 0.49 * array.shape[1] / widest), ends
            _add_map(figure, name, array, own, theme, place)
        top += height
    if found.shape == expected.shape:
        for i, j in np.argwhere(_differing(found, expected)).tolist():
            figure["layout"]["shapes"].append(_frame(i, j, theme))
    figure["layout"] |= {"margin": {"l": 0, "r": 0, "t": 0, "b": 0}, "plot_bgcolor": "rgba(128,136,150,0.25)"}
    return figure


def _add_map(
    figure: dict[str, Any], name: str, array: Array, reach: float, theme: str, place: tuple[Ends, Ends]
) -> None:
    """One map with its words above. place: left and right, top and bottom, as parts of the figure's width and height."""
    (left, right), ends = place
    what, _, more = name.partition(": ")
    number = str(len(figure["data"]) + 1) if figure["data"] else ""
    figure["layout"]["annotations"].append(
        {
            "text": f"<b>{what}</b>, {_size(array)}<br>{more if array.size else 'nothing at all'}",
            "x": left,
            "y": ends[0],
            "xref": "paper",
            "yref": "paper",
            "xanchor": "left",
            "align": "left",
            "yanchor": "bottom",
            "showarrow": False,
            "font": {"size": 13},
        }
    )
    if not array.size:
        return
    made = gradient_map(array, reach, theme)
    trace = {**made["data"][0], "xaxis": f"x{number}", "yaxis": f"y{number}"}
    figure["data"].append(trace)
    still = {"visible": False, "fixedrange": True}
    figure["layout"][f"xaxis{number}"] = {**still, "domain": [left, right], "anchor": f"y{number}"}
    figure["layout"][f"yaxis{number}"] = {
        **still,
        "domain": [min(ends), max(ends)],
        "anchor": f"x{number}",
        "autorange": "reversed",
    }


def _frame(row: int, column: int, theme: str) -> dict[str, Any]:
    """Around a wrong cell of the second map, what was found."""
    corners = {"x0": column - 0.46, "x1": column + 0.46, "y0": row - 0.44, "y1": row + 0.44}
    style = {"line": {"color": DIGITS[theme], "width": 2}, "fillcolor": "rgba(0,0,0,0)"}
    return {"type": "rect", "xref": "x2", "yref": "y2", **corners, **style}


def _apart(found: Array, expected: Array) -> Array | None:
    """found less expected, as NumPy has it, where it has it."""
    try:
        apart: Array = found - expected
    except ValueError:
        return None
    return apart if apart.size else None


def _differing(found: Array, expected: Array) -> Array:
    """Which numbers differ by more than rounding."""
    scale = float(np.abs(expected).max(initial=0)) or 1.0
    return ~np.asarray(np.abs(found - expected) <= 1e-6 * scale)  # NaN is neither


def _size(array: Array) -> str:
    return "×".join(map(str, array.shape))


def _curves(symptom: Symptom) -> dict[str, Any]:
    """What was found, as a line, over what should have been, in dashes."""
    found, expected = symptom.found[0], symptom.expected[0]
    steps = np.arange(1, len(found) + 1) if symptom.at is None else symptom.at
    few = "lines+markers" if len(found) <= 45 else "lines"
    lines = [
        line(symptom.expected_name, *drawn(steps, expected), TRAIN, "lines", DASHES[1]),
        line(symptom.found_name, *drawn(steps, found), LOSS, few),
    ]
    wide = np.nanmedian(found) > FAR * np.median(expected)
    axis: dict[str, Any] = {"automargin": False}
    axis |= {"type": "log", "exponentformat": "power", "dtick": 1} if wide else {"rangemode": "tozero"}
    title = f"{symptom.y}, log scale" if wide else symptom.y
    return {"data": lines, "layout": layout(symptom.x, title, axis) | {"height": HEIGHT, "margin": MARGIN}}
