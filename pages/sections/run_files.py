"""What a reader can take along from a run, after any of its checkpoints; each file is made when it is asked for."""

from __future__ import annotations

import streamlit as st

from cnn_core.network.onnx_export import has_onnx
from cnn_core.training import Run
from cnn_core.training.export import checkpoint_file, config_json, history_csv, onnx_file, weights_file
from cnn_core.training.scripts import pytorch_script, repeat_script, starts_with_given_weights
from pages.controls import messages


def files(run: Run) -> None:
    """The downloads."""
    st.markdown("##### Take it along")
    name = f"convscope-{run.id.strip('-_')}"
    with st.container(horizontal=True):
        st.download_button(
            "History as CSV",
            lambda: history_csv(run.records),
            f"{name}.csv",
            "text/csv",
            key="file_csv",
            on_click="ignore",
            disabled=not run.records,
            help="One row a step: the losses, the learning rate, the accuracies.",
        )
        st.download_button(
            "Settings as JSON",
            lambda: config_json(run.config),
            f"{name}.json",
            "application/json",
            key="file_json",
            on_click="ignore",
            help="Can be uploaded below, here or at another ConvScope.",
        )
    iterations = run.checkpoints.iterations()
    if not iterations:
        st.caption("No weights are kept yet.")
        return
    iteration = int(_iteration(run.id, iterations))
    try:
        run.network_at(iteration)
        given = starts_with_given_weights(run)
    except (ValueError, OSError) as error:
        messages.error(f"The weights after step {iteration} cannot be read: {error}. Choose another step.")
        return
    _weights(run, iteration, f"{name}-step-{iteration}", given)


def _iteration(run: str, iterations: list[int]) -> int:
    if len(iterations) == 1:
        st.caption(f"The weights after step {iterations[0]}, the only ones that are kept.")
        return iterations[0]
    key = f"file_step_{run}"
    if st.session_state.get(key) not in iterations:  # a run that goes on thins its checkpoints out
        st.session_state.pop(key, None)
    return int(st.select_slider("weights after step", iterations, iterations[-1], key=key))


def _weights(run: Run, iteration: int, name: str, given: bool) -> None:
    repeat, start = f"{name}-again.py", f"convscope-{run.id.strip('-_')}-step-0.safetensors"
    with st.container(horizontal=True):
        st.download_button(
            "Weights",
            lambda: weights_file(run, iteration),
            f"{name}.safetensors",
            key="file_weights",
            on_click="ignore",
            help="safetensors, in PyTorch's layout: load_state_dict(strict=True) takes them. They can be uploaded below.",
        )
        st.download_button(
            "PyTorch code",
            lambda: pytorch_script(run, iteration, f"{name}.safetensors"),
            f"{name}-pytorch.py",
            "text/x-python",
            key="file_pytorch",
            on_click="ignore",
            help="Builds the network in PyTorch and loads the weights.",
        )
        if has_onnx():
            st.download_button(
                "ONNX",
                lambda: onnx_file(run, iteration),
                f"{name}.onnx",
                key="file_onnx",
                on_click="ignore",
                help="Opset 17, for onnxruntime and Netron. Says how its pictures are to be normalised.",
            )
        st.download_button(
            "Checkpoint",
            lambda: checkpoint_file(run, iteration),
            f"{name}-checkpoint.safetensors",
            key="file_checkpoint",
            on_click="ignore",
            help="safetensors: weights and the optimiser's memory, as they are kept on the server.",
        )
        st.download_button(
            "Python script",
            lambda: repeat_script(run, iteration, repeat, start),
            repeat,
            "text/x-python",
            key="file_repeat",
            on_click="ignore",
            help="Repeats the run on cnn_core: the same weights, to the bit on the same machine.",
        )
    if not has_onnx():
        st.caption("For ONNX as well, install its package where this server runs: `pip install onnx`.")
    if given:
        st.caption("This run began with given weights: its script wants the weights after step 0 beside it.")
