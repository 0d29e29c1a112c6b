"""How fast the three versions of a layer are (loops, vectorised, fast), and what they have to do: measured, and counted."""

from cnn_core.speed.comparison import AXES, Axis, Growth, Limits, Piece, Plan, Record, Timing, measure
from cnn_core.speed.cost import data_bytes, intensity, operations
from cnn_core.speed.layers import VERSIONS, WORKS, Convolution, MaxPooling, Version, Work
from cnn_core.speed.report import Report

__all__ = [
    "AXES",
    "VERSIONS",
    "WORKS",
    "Axis",
    "Convolution",
    "Growth",
    "Limits",
    "MaxPooling",
    "Piece",
    "Plan",
    "Record",
    "Report",
    "Timing",
    "Version",
    "Work",
    "data_bytes",
    "intensity",
    "measure",
    "operations",
]
