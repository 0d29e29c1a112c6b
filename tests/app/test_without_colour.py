"""Nothing in a chart is told by colour alone: what shares axes differs in dash, marker, pattern or width, or is labelled."""

import ast
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from cnn_core.gradients import STEPS, Curve, Expected
from cnn_core.mistakes import Symptom
from cnn_core.solver import StepRecord
from cnn_core.speed import VERSIONS, Growth, Limits
from pages.figures.bars import TRUE, count_bars, probability_bars
from pages.figures.comparison import MOST, accuracy_curves, loss_curves
from pages.figures.confusion import confusion_grid
from pages.figures.curves import accuracy_curve, loss_curve, range_curve
from pages.figures.gradients import gradient_map
from pages.figures.inside import histograms, over_time
from pages.figures.norms import settling, small_batches
from pages.figures.plane import plane_of_pictures
from pages.figures.sheets import filter_sheet, number_sheet
from pages.figures.shifts import before_and_after
from pages.figures.speed_charts import growth_curves, roofline, time_bars
from pages.figures.step_curve import step_curve
from pages.figures.symptom import symptom_figure
from tests.app.test_speed import by_hand

FIGURES = Path(__file__).parents[2] / "pages" / "figures"
RECORDS = [StepRecord(n, 1 + n // 10, 1 / n, 0.25, 0.1, n / 99, n / 99) for n in range(1, 99)]
RUNS = {f"run {n}": RECORDS for n in range(MOST)}
TIMES, ERRORS = np.linspace(1, 2, 9), np.full(len(STEPS), 1e-9)
CURVES = [Curve(dtype, ERRORS, ERRORS, ERRORS, ERRORS > 0) for dtype in ("float64", "float32")]
REPORT = by_hand()
for version in VERSIONS:
    REPORT.add(Growth("size", 4, version, 1.0))
SAMPLES = {
    "probability_bars": probability_bars(np.full(3, 1 / 3), ["a", "b", "c"], 1),
    "count_bars": count_bars({part: [1, 2] for part in ("training", "validation", "test", "more")}, ["a", "b"]),
    "loss_curves": loss_curves(RUNS, smoothed=True),
    "accuracy_curves": accuracy_curves(RUNS),
    "confusion_grid": confusion_grid(np.eye(2, dtype=int), ("a", "b")),
    "loss_curve": loss_curve(RECORDS, smooth=True, classes=10),
    "accuracy_curve": accuracy_curve(RECORDS),
    "range_curve": range_curve(RECORDS, 0.1),
    "gradient_map": gradient_map(np.eye(2), 1),
    "histograms": histograms({name: {"counts": [1, 2], "edges": [0, 1, 2]} for name in "abc"}),
    "over_time": over_time([1, 2, 3], {f"layer {n}": [1, 2, 3] for n in range(20)}, "share"),
    "filter_sheet": filter_sheet(np.ones((2, 1, 3, 3))),
    "number_sheet": number_sheet(np.ones((2, 3, 3)), ["a", "b"]),
    "time_bars": time_bars(REPORT),
    "growth_curves": growth_curves(REPORT, "size"),
    "roofline": roofline(REPORT, Limits(4e9, 2e9)),
    "plane_of_pictures": plane_of_pictures(
        np.zeros((20, 2)), np.arange(20), np.arange(20), [f"class {n}" for n in range(20)], np.zeros(2)
    ),
    "settling": settling(TIMES, {"PyTorch": TIMES, "course": TIMES, "mistaken": TIMES}, "mean"),
    "small_batches": small_batches({norm: {1: [90, 80], 8: [91, 93]} for norm in ("batch", "group")}, (1, 8)),
    "before_and_after": before_and_after(np.eye(3)[0], np.eye(3)[1], ["a", "b", "c"], 1, "moved"),
    "step_curve": step_curve(CURVES, Expected(1.0, 1.0, 1.0), STEPS[3]),
    "symptom_figure": symptom_figure(Symptom("curves", "loss", TIMES[None], TIMES[None] ** 2), "light"),
}


def look(trace):
    """What a trace shows beside its colour."""
    line, marker, mode = trace.get("line", {}), trace.get("marker", {}), trace.get("mode", "")
    bars = marker.get("pattern", {}).get("shape", "") if trace["type"] == "bar" else None
    lines = (line.get("dash", "solid"), line.get("width", 2)) if "lines" in mode else None
    return trace["type"], bars, lines, marker.get("symbol", "circle") if "markers" in mode else None


@pytest.mark.parametrize("name", SAMPLES)
def test_what_shares_a_chart_is_told_apart_without_its_colour(name):
    traces = SAMPLES[name]["data"]
    assert traces
    for one, other in combinations(traces, 2):
        if [one.get(axis) for axis in ("xaxis", "yaxis")] == [other.get(axis) for axis in ("xaxis", "yaxis")]:
            assert look(one) != look(other), (one.get("name"), other.get("name"))


@pytest.mark.parametrize("name", SAMPLES)
def test_bars_of_several_colours_in_one_trace_are_labelled(name):
    for trace in SAMPLES[name]["data"]:
        colours = trace.get("marker", {}).get("color")
        if isinstance(colours, list) and len(set(colours)) > 1:
            labels = trace["y"] if trace.get("orientation") == "h" else trace["x"]
            for label, colour in zip(labels, colours, strict=True):
                assert label.startswith("✓ ") == (colour == TRUE)


def test_each_function_that_makes_a_chart_is_looked_at():
    made = {
        function.name
        for path in FIGURES.glob("*.py")
        if not path.name.startswith("zoom_")  # grids with their numbers in them, and sentences: no charts
        for function in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(function, ast.FunctionDef)
        and not function.name.startswith("_")
        and function.returns
        and ast.unparse(function.returns) == "dict[str, Any]"
    }
    parts = {"line", "layout", "log_axis", "drawn", "framed"}  # of charts
    with_signs = {"tensor_map", "error_plane", "answer_grid"}  # in their cells
    assert made - parts - with_signs == set(SAMPLES)
