"""Numbers by class as bars: probabilities, and how many pictures there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from cnn_core.checks import Array
from cnn_core.shares import percent
from pages.figures.colours import OVERLAY

TRUE, OTHER = "#1b9e77", "#8a94a3"
PARTS = (("#0b6bcb", ""), ("#d95f02", "/"), ("#1b9e77", "x"), ("#8a94a3", "."))  # colour and pattern


def as_text(names: Sequence[str]) -> list[str]:
    """Names such that Plotly shows them letter by letter: it takes some tags for formatting and links."""
    return [escape(name, quote=False) for name in names]


def probability_bars(probabilities: Array, names: Sequence[str], truth: int) -> dict[str, Any]:
    """One bar a class (K,), in percent, the largest on top of the reader's attention; the true class is marked with ✓."""
    labels = [f"✓ {name}" if k == truth else name for k, name in enumerate(as_text(names))]
    return {
        "data": [
            {
                "type": "bar",
                "orientation": "h",
                "x": [round(100 * float(p), 1) for p in probabilities],
                "y": labels,
                "text": [percent(float(p), 1) for p in probabilities],
                "textposition": "outside",
                "cliponaxis": False,
                "marker": {"color": [TRUE if k == truth else OTHER for k in range(len(names))]},
                "hoverinfo": "skip",
            }
        ],
        "layout": {
            "height": 60 + 26 * len(names),
            "margin": {"l": 10, "r": 50, "t": 10, "b": 10},
            "xaxis": {"range": [0, 100], "fixedrange": True, "title": {"text": "probability, %"}, "automargin": True},
            "yaxis": {"autorange": "reversed", "fixedrange": True, "automargin": True, "type": "category"},
        },
    }


def count_bars(counts: Mapping[str, Sequence[int]], names: Sequence[str]) -> dict[str, Any]:
    """Pictures of each class, one bar on top of the other for each part (a split, say) that has any."""
    return {
        "data": [
            {
                "type": "bar",
                "name": part,
                "x": as_text(names),
                "y": list(numbers),
                "marker": {"color": colour, "pattern": {**OVERLAY, "shape": shape}},
                "hovertemplate": f"%{{x}}, {part}: %{{y:,}}<extra></extra>",
            }
            for (part, numbers), (colour, shape) in zip(counts.items(), PARTS, strict=False)
            if any(numbers)
        ],
        "layout": {
            "barmode": "stack",
            "height": 300,
            "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
            "xaxis": {"type": "category", "fixedrange": True, "automargin": True},
            "yaxis": {"title": {"text": "pictures"}, "fixedrange": True, "automargin": True, "rangemode": "tozero"},
            "legend": {"orientation": "h", "y": 1.12, "x": 0},
            "showlegend": True,
        },
    }
