"""The code behind the page on norms: node by node, in one formula, and how other libraries call the four."""

from __future__ import annotations

import inspect

import streamlit as st

from cnn_core import norm
from cnn_core.walks.norm_graph import _backward, _forward
from pages.controls.folds import unfolded

NAMES = """import torch

torch.nn.BatchNorm2d(C)           # momentum=0.1 of the new value; the running variance is the unbiased one
torch.nn.LayerNorm((C, H, W))     # weight and bias (gamma and beta) are shaped (C, H, W)
torch.nn.GroupNorm(num_groups, C)
torch.nn.InstanceNorm2d(C, affine=True)  # without affine, no gamma and beta

# CS231n, assignment 2 (here cnn_core.cs231n.layers)
spatial_batchnorm_forward(x, gamma, beta, {"mode": "train"})  # momentum=0.9 of the old value; the variance is the biased one
layernorm_forward(x, gamma, beta, {})                         # x: (N, D)
spatial_groupnorm_forward(x, gamma, beta, G, {})              # gamma, beta: (1, C, 1, 1)
"""


def norm_code() -> None:
    """Show it; nothing is read before it is asked for."""
    if not unfolded("Show the code", "code_open"):
        return
    nodes, formula, names = st.tabs(["Node by node", "In one formula", "PyTorch and CS231n"])
    nodes.markdown(
        "Each node of the graph forward, then back: this is what the walk shows. `keep` rounds where asked to."
    )
    for stages in (_forward, _backward):
        nodes.code(inspect.getsource(stages))
    formula.markdown(
        "The same for one set after the other, and the gradient in one formula for all of them: this is the layer."
    )
    for function in (norm._forward_naive, norm.norm_backward_naive, norm.norm_backward):
        formula.code(inspect.getsource(function))
    names.code(NAMES)
