"""What a reader can export from a run, after any of its checkpoints; each file is made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from cnn_core.network.onnx_export import has_onnx
from cnn_core.training import Run
from cnn_core.training.export import checkpoint_file, config_json, onnx_file, weights_file
from cnn_core.training.history_writer import history_file
from cnn_core.training.scripts import pytorch_script, repeat_script
from cnn_core.training.tensorboard import has_tensorboard, tensorboard_file
from pages.address import messages
from pages.figures.sheets import filter_picture
from pages.server import runs


def files(run: Run) -> None:
    """The downloads."""
    st.markdown("##### Export")
    name = f"convscope-{run.id.strip('-_')}"
    with st.container(horizontal=True):
        _file(
            "History as CSV",
            "csv",
            f"{name}.csv",
            lambda: history_file(run.records),
            "One row a step: the losses, the learning rate, the accuracies.",
            "text/csv",
            disabled=not run.records,
        )
        _file(
            "Settings as JSON",
            "json",
            f"{name}.json",
            lambda: config_json(run.config),
            "Can be uploaded below, here or at another ConvScope.",
            "application/json",
        )
        if tensorboard := has_tensorboard():
            _file(
                "TensorBoard",
                "tensorboard",
                f"{name}.tfevents",
                lambda: tensorboard_file(run, filter_picture),
                "All curves, and the first layer's filters as they changed. Put it into a folder of its own and start "
                "`tensorboard --logdir` with that folder.",
                disabled=not run.records,
            )
    extras = {"ONNX": ("onnx", has_onnx()), "TensorBoard": ("tensorboardX", tensorboard)}
    if missing := {kind: package for kind, (package, there) in extras.items() if not there}:
        st.caption(
            f"For {' and '.join(missing)} as well, install where this server runs: `pip install {' '.join(missing.values())}`."
        )
    iterations = run.checkpoints.iterations()
    if not iterations:
        st.caption("No weights are kept yet.")
        return
    iteration = int(_iteration(run.id, iterations))
    try:
        runs.network_at(run, iteration)  # kept: it is read once
    except (ValueError, OSError) as error:
        messages.error(f"The weights after step {iteration} cannot be read: {error}. Choose another step.")
        return
    _weights(run, iteration, f"{name}-step-{iteration}", runs.began_with_given_weights(run))


def _iteration(run: str, iterations: list[int]) -> int:
    if len(iterations) == 1:
        st.caption(f"The weights after step {iterations[0]}, the only ones that are kept.")
        return iterations[0]
    key = f"file_step_{run}"
    if st.session_state.get(key) not in iterations:  # a run that goes on thins its checkpoints out
        st.session_state.pop(key, None)
    return int(st.select_slider("weights after step", iterations, iterations[-1], key=key))


def _weights(run: Run, iteration: int, name: str, given: bool | None) -> None:
    repeat, start = f"{name}-again.py", f"convscope-{run.id.strip('-_')}-step-0.safetensors"
    with st.container(horizontal=True):
        _file(
            "Weights",
            "weights",
            f"{name}.safetensors",
            lambda: weights_file(run, iteration),
            "safetensors, in PyTorch's layout: load_state_dict(strict=True) takes them. They can be uploaded below.",
        )
        _file(
            "PyTorch code",
            "pytorch",
            f"{name}-pytorch.py",
            lambda: pytorch_script(run, iteration, f"{name}.safetensors"),
            "Builds the network in PyTorch and loads the weights.",
            "text/x-python",
        )
        if has_onnx():
            _file(
                "ONNX",
                "onnx",
                f"{name}.onnx",
                lambda: onnx_file(run, iteration),
                "Opset 17, for onnxruntime and Netron. Says how its pictures are to be normalised.",
            )
        _file(
            "Checkpoint",
            "checkpoint",
            f"{name}-checkpoint.safetensors",
            lambda: checkpoint_file(run, iteration),
            "safetensors: weights and the optimiser's memory, as they are kept on the server.",
        )
        _file(
            "Python script",
            "repeat",
            repeat,
            lambda: repeat_script(run, iteration, repeat, start),
            "Repeats the run on cnn_core: the same weights, to the bit on the same machine.",
            "text/x-python",
            disabled=given is None,
        )
    if given is None:
        st.caption("No script repeats this run: the weights after step 0 cannot be read, they are damaged or gone.")
    elif given:
        st.caption("This run began with given weights: its script wants the weights after step 0 beside it.")


def _file(
    label: str,
    key: str,
    name: str,
    make: Callable[[], str | bytes],
    help: str,
    mime: str | None = None,
    *,
    disabled: bool = False,
) -> None:
    """A button for one file, which is made when it is asked for; the page stays as it is."""
    key = f"file_{key}"
    st.download_button(label, make, name, mime, key=key, on_click="ignore", disabled=disabled, help=help)
