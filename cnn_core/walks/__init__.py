"""A walk as data: exact counts, the steps a window takes, and what each step writes; the browser plays it. So is a norm."""

from cnn_core.walks.counts import Grid
from cnn_core.walks.dx_ways import (
    DxTerm,
    DxWays,
    convolution_matrix,
    dx_by_full_convolution,
    dx_by_matrix,
    dx_by_spreading,
    dx_terms,
    dx_ways,
)
from cnn_core.walks.gather import gather_conv_transpose2d, gather_dx
from cnn_core.walks.norm_graph import NormGraph, trace_norm
from cnn_core.walks.norm_running import RunningAverages, running_averages
from cnn_core.walks.trace import (
    trace_avg_pool2d,
    trace_conv2d,
    trace_conv_transpose2d,
    trace_im2col,
    trace_max_pool2d,
)
from cnn_core.walks.walk import Action, Phase, TooManyStepsError, Walk

__all__ = [
    "Action",
    "DxTerm",
    "DxWays",
    "Grid",
    "NormGraph",
    "Phase",
    "RunningAverages",
    "TooManyStepsError",
    "Walk",
    "convolution_matrix",
    "dx_by_full_convolution",
    "dx_by_matrix",
    "dx_by_spreading",
    "dx_terms",
    "dx_ways",
    "gather_conv_transpose2d",
    "gather_dx",
    "running_averages",
    "trace_avg_pool2d",
    "trace_conv2d",
    "trace_conv_transpose2d",
    "trace_im2col",
    "trace_max_pool2d",
    "trace_norm",
]
