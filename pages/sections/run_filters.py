"""The first layer's filters of a run as a sheet, at any of its steps: their colours mean the same at all of them."""

from __future__ import annotations

from typing import Any

from cnn_core.checks import Array
from cnn_core.training import Run
from pages.controls import settings
from pages.figures.sheets import filter_sheet, round_reach
from pages.sections.before_training import sheet_caption
from pages.server.filters import kept_filters, latest_filters

EACH = (
    "Off: one colour scale for all filters and all steps, so that a colour that stays is a weight that stays. On: the "
    "largest weight of each filter has the full colour, so that weak patterns can be seen, too."
)

LOOKS = (
    "A large first-layer filter that has learned looks smooth: an **edge** (one colour on one side, its opposite on the other), "
    "**stripes**, or a **blob** of colour; one of 3×3 or 5×5 only hints at it. One that still looks as it did before training, "
    "like **noise**, has often trained too briefly or with too little L2. A **dead** one learns no more, L2 only makes it "
    "paler: its map is 0 for every picture."
)


def each_by_itself() -> bool:
    """The switch for the colours."""
    return settings.switch("each filter by itself", "each_filter", help=EACH)


def run_sheet(weight: Array, steps: int, reach: float | None, theme: str, height: int) -> tuple[dict[str, Any], str]:
    """Filters (F, C, H, W) after so many steps as a square figure, and what it shows in words.

    reach: `common_reach` of their run; None: each filter by itself.
    """
    figure = filter_sheet(weight, theme, reach=reach, each=reach is None, wide=1.0)
    figure["layout"]["height"] = height
    return figure, sheet_caption(len(weight), weight.shape[1], steps, reach=reach)


def common_reach(run: Run) -> float:
    """The end of one colour scale for the filters of all steps so far."""
    return round_reach(*kept_filters(run).values(), latest_filters(run)[0])
