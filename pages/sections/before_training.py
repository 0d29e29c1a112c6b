"""What will be trained, on what: so that the page shows something before the first click."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from cnn_core import datasets
from cnn_core.network import LayerRow, layer_table, memory_needed
from cnn_core.training import TrainingConfig
from pages.address import messages
from pages.animation.chart import chart
from pages.controls.folds import unfolded
from pages.figures.pixels import as_pixels, as_url
from pages.figures.plan import plan
from pages.figures.sheets import filter_sheet, picture_sheet

SHOWN = 60  # pictures
NUMBERS = ("parameters", "multiply-adds", "memory, kB")


def before_training(config: TrainingConfig, theme: str) -> None:
    """The network, a sheet of the pictures, and the first layer's filters before training."""
    layers(config)
    dataset = datasets.load(config.dataset)
    data = config.training_data()
    left, right = st.columns(2)
    with left:
        st.subheader("The pictures")
        st.image(
            as_url(picture_sheet(datasets.as_pixels(dataset.train.x[:SHOWN]))),
            caption=messages.plain(
                f"{dataset.title}: {data.num_train:,} training pictures, to learn from; {len(data.val_labels):,} validation "
                f"pictures, to measure it by on the way; {len(dataset.test.x):,} test pictures, for the end. Classes: "
                f"{', '.join(dataset.class_names)}."
            ),
            alt=f"{SHOWN} of the training pictures",
        )
    with right:
        st.subheader("The filters before training")
        weight = config.first_filters()
        chart(filter_sheet(weight, theme), key="first_filters")
        st.caption(sheet_caption(len(weight), weight.shape[1], 0))


def layers(config: TrainingConfig) -> None:
    """The picture of the network, what it comes to, and on request a table of its layers."""
    dataset = datasets.load(config.dataset)
    sizes = dataset.image_shape, dataset.num_classes
    rows = layer_table(config.network, *sizes)
    _picture(rows, config, dataset)
    memory = memory_needed(config.network, *sizes, config.batch_size, config.update_rule)
    classes = dataset.num_classes
    megabytes = f"about {memory / 1e6:,.0f}" if memory >= 1e6 else "less than 1"
    st.markdown(
        f"Together **{sum(row.parameters for row in rows):,} parameters** (numbers to learn) and "
        f"**{sum(row.multiply_adds for row in rows):,} multiply-adds** a picture; training takes {megabytes} MB. "
        f"With small weights all {classes} classes are equally likely, and the loss begins near −ln(1/{classes}) = "
        f"**ln {classes} ≈ {math.log(classes):.3f}**, with what L2 adds on top."
    )
    if unfolded("every layer's numbers as a table", "layer_table"):
        _table(rows)
        st.markdown(
            "*Receptive field*: how many pixels of the picture one number of the layer depends on; *memory*: of its output "
            "for one picture."
        )


def layers_that_fit(config: TrainingConfig) -> None:
    """Of a network that does not fit, the blocks below the one that is the trouble: what its maps have become by then."""
    blocks = config.network.blocks
    try:
        dataset = datasets.load(config.dataset)
    except ValueError:  # that is the trouble, and was said
        return
    for count in range(len(blocks), 0, -1):
        try:
            rows = layer_table(replace(config.network, blocks=blocks[:count]), dataset.image_shape, dataset.num_classes)
        except ValueError:
            continue
        if count < len(blocks):  # else something else is the trouble
            st.subheader("The network, as far as it fits")
            _picture([row for row in rows if len(row.output_shape) == 3], config, dataset)
        return


def _picture(rows: Sequence[LayerRow], config: TrainingConfig, dataset: datasets.Dataset) -> None:
    shown = [row for row in rows if row.kind != "dropout" or config.network.dropout]
    st.html(plan(shown, as_url(as_pixels(dataset.train.x[0]))))


def _table(rows: Sequence[LayerRow]) -> None:
    st.dataframe(
        [
            {
                "layer": row.name,
                "what": row.description,
                "output": " × ".join(map(str, row.output_shape)),
                "parameters": row.parameters,
                "multiply-adds": row.multiply_adds,
                "receptive field": "all" if row.receptive_field is None else "{}×{}".format(*row.receptive_field),
                "memory, kB": float(f"{row.memory / 1000:.3g}"),
            }
            for row in rows
        ],
        hide_index=True,
        key="layers",
        height="content",
        column_config={name: st.column_config.NumberColumn(format="localized") for name in NUMBERS},
    )


def sheet_caption(
    count: int, channels: int, steps: int, layer: str = "the first layer", *, reach: float | None = None
) -> str:
    """What a sheet of filters shows. reach: where the one colour scale of all steps ends, if there is one."""
    colours = "red, green and blue around mid-grey" if channels == 3 else "blue below 0, orange above"
    after = "one step" if steps == 1 else f"{steps:,} steps"
    scale = "" if reach is None else f", from −{reach:g} to {reach:g} at every step so far"
    return f"the {count} kernel{'s'[: count > 1]} of {layer} after {after}: {colours}{scale}"
