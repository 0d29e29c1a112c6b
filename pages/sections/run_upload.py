"""Weights or settings that the reader imports: what they are, and a run that begins with them."""

from __future__ import annotations

from typing import Any

import streamlit as st

from cnn_core.training import Registry, StoreError, TrainingConfig
from cnn_core.training.uploads import MOST_WEIGHTS, Upload, begin_with, read_upload
from pages.address import messages
from pages.controls.choosing import chosen_files
from pages.controls.naming import what_is
from pages.controls.training import widget_values
from pages.sections.training_words import what_on_what
from pages.server.runs import made_once
from pages.server.visitors import visitor


def upload(registry: Registry) -> None:
    """The uploader, and what can be done with what it got."""
    st.subheader("Import weights or settings")
    files = chosen_files(
        "weights (.safetensors) or settings (.json)",
        ("application/json", ".safetensors", ".json"),
        several=True,
        key="brought",
        most=MOST_WEIGHTS >> 20,
        help="Files from here or from another ConvScope say all that is needed. Weights saved by PyTorch need the settings of "
        "their network beside them: choose both.",
    )
    found = [read for file in files if (read := _read(file.name, file.data)) is not None]
    weights = next((one for one in reversed(found) if one.arrays), None)
    settings = next((one.config for one in reversed(found) if not one.arrays), None)
    if weights is not None:
        config = settings or weights.config
        if config is None:
            st.info(
                f"{messages.plain(weights.name)} does not say which network its weights belong to: choose the settings of a "
                f"run (.json) along with it."
            )
        else:
            _offer_weights(registry, weights, config)
    elif settings is not None:
        _offer_settings(registry, settings)


def _read(name: str, data: bytes) -> Upload | None:
    """What a file holds, told to the reader; None: nothing, and why."""
    try:
        found = read_upload(name, data)
    except ValueError as error:
        text = str(error)
        messages.error(text if name in text else f"{name}: {text}")
        return None
    words = f"{name}: settings"
    if found.arrays:
        numbers = sum(array.size for array in found.arrays.values())
        words = f"{name}: {numbers:,} numbers in {len(found.arrays)} arrays"
        if found.iteration is not None:
            words += f", weights after step {found.iteration}"
    if (config := found.config) is not None:
        words += f" of a run on {what_on_what(config)} at {config.learning_rate:g}, {config.num_epochs} epochs"
    st.markdown(messages.plain(words + "."))
    return found


def _offer_weights(registry: Registry, weights: Upload, config: TrainingConfig) -> None:
    try:
        config.check()
        checkpoint = begin_with(weights, config)
    except ValueError as error:
        messages.error(f"{weights.name}: {error}")
        return
    if st.button("Start from these weights", key="start_from", icon=":material/play_arrow:", type="primary"):
        _start(registry, config, weights.name, begin_with=checkpoint)


def _offer_settings(registry: Registry, config: TrainingConfig) -> None:
    try:
        config.check()
    except ValueError as error:
        messages.error(error)
        return
    with st.container(horizontal=True):
        if st.button("Start with these settings", key="start_with", icon=":material/play_arrow:", type="primary"):
            _start(registry, config)
        use_settings(config, "Use these settings", key="use_brought")


def use_settings(config: TrainingConfig, label: str, *, key: str) -> None:
    """A button that leads to the Train page with these settings in its widgets, to be changed there."""
    help = "On the Train page, to be changed there; what has no such value there takes the nearest."
    if st.button(label, key=key, icon=":material/tune:", help=help):
        usual, values = widget_values(TrainingConfig()), widget_values(config)
        st.switch_page("lessons/train.py", query_params=_written(values, usual))


def _written(values: dict[str, Any], usual: dict[str, Any]) -> dict[str, str]:
    """The values that are not the usual ones, as an address has them."""
    return {key: str(value) for key, value in values.items() if value != usual[key]}


def _start(registry: Registry, config: TrainingConfig, name: str = "", **options: Any) -> None:
    """Start a run and go to see it. name: of the file that its weights come from."""
    try:
        run = made_once(
            lambda: registry.start(config, visitor=visitor(), **options), "upload", name, config, name=what_is(config)
        )
    except (StoreError, OSError) as error:
        messages.error(f"the run could not be kept: {error}")
        return
    except ValueError as error:  # no room for one more
        messages.error(error)
        return
    st.switch_page("lessons/train.py", query_params={"run": run.id})
