"""The view "Layers": a training from inside, layer by layer, and what is healthy."""

from __future__ import annotations

from typing import Any

import streamlit as st

from cnn_core.shares import percent
from cnn_core.training import Run
from pages.address import messages
from pages.animation.chart import chart
from pages.controls.segments import segments
from pages.figures.inside import histograms, over_time
from pages.figures.sheets import filter_sheet
from pages.sections.before_training import sheet_caption
from pages.sections.training_words import HEALTHY, MANY, MOST, judged
from pages.server import runs
from pages.server.filters import latest_filters

MOST_FILTERS, MOST_CHANNELS = 16, 8  # shown of a layer above the first: each channel is a tile of its own


def layers_view(run: Run, theme: str) -> None:
    """Statistics of the last step that was looked at from inside, and how they went."""
    if not run.statistics:
        st.info("About once a second one step is looked at from inside; the first look is on its way.")
        return
    latest = run.statistics[-1]
    words = judged(latest.layers)
    rows = [_row(layer) | {"in words": words[layer["name"]]} for layer in latest.layers]
    st.dataframe(rows, hide_index=True, key="layer_numbers", height="content")
    st.caption(
        f"At step {latest.iteration}. Healthy: an update about a thousandth of the weights (far above: the rate is too high; far "
        f"below: nothing is learned); gradients of about the same size in all layers; at most {percent(MANY)} dead ReLUs (units "
        f"that are 0 for every picture of the batch and get no gradient; up to {percent(MOST)} the layer learns with the rest, "
        f"unless they become more; above that it hardly learns)."
    )
    iterations = [seen.iteration for seen in run.statistics]
    left, right = st.columns(2)
    for place, key, title, options in (
        (left, "update_ratio", "update / weight", {"healthy": HEALTHY}),
        (right, "grad_norm", "norm of the gradient", {}),
    ):
        figure = over_time(iterations, _series(run, key), title, **options)  # type: ignore[arg-type]
        with place:
            chart(figure, key=key)
    dead = {name: values for name, values in _series(run, "dead").items() if values[-1] is not None}
    if dead:
        chart(over_time(iterations, dead, "dead ReLUs", share=True), key="dead")

    names = [layer["name"] for layer in latest.layers]
    name = segments("layer", "layer", names)
    layer = latest.layers[names.index(name)]
    found = {what: layer[what] for what in ("weights", "gradients", "activations")}
    chart(histograms(found), key="histograms")
    st.caption(
        f"{name} at step {latest.iteration}: its weights, their gradients, and its outputs after the activation."
    )
    _filters(run, name, theme)


def _filters(run: Run, name: str, theme: str) -> None:
    """The filters of a convolution: the first one's as they are now, others as of the last checkpoint."""
    if not name.startswith("conv"):
        return
    if name == "conv1":
        weight, iteration = latest_filters(run)
    else:
        try:
            iteration = run.latest or 0
            weight = runs.network_at(run, iteration).params[f"{name}.weight"]
        except (ValueError, OSError) as error:
            messages.error(error)
            return
    shown = weight if weight.shape[1] == 3 else weight[:MOST_FILTERS, :MOST_CHANNELS]
    chart(filter_sheet(shown, theme), key="layer_filters")
    some = "" if shown.shape == weight.shape else f", {len(shown)} filters, {shown.shape[1]} channels each, shown"
    st.caption(sheet_caption(len(weight), weight.shape[1], iteration, name) + some)


def _series(run: Run, key: str) -> dict[str, list[float | None]]:
    """One number of each layer over all looks."""
    return {
        layer["name"]: [seen.layers[k][key] for seen in run.statistics]
        for k, layer in enumerate(run.statistics[-1].layers)
    }


def _row(layer: dict[str, Any]) -> dict[str, Any]:
    return {
        "layer": layer["name"],
        "update / weight": f"{layer['update_ratio']:.1e}",
        "gradient": f"{layer['grad_norm']:.2e}",
        "weights": f"{layer['weight_norm']:.3g}",
        "dead ReLUs": "–" if layer["dead"] is None else percent(layer["dead"]),
    }
