"""A network looked into: its maps and what links them on one picture, forward and backward; what any number is made of; one
weight through a step.
"""

from cnn_core.explorer.explain import PartialMaps, explain, partial_maps
from cnn_core.explorer.inside import INPUT, SOFTMAX, Inside, look_inside
from cnn_core.explorer.terms import Explanation, Factors, Kind, Known, Step, Sum, Tensor

__all__ = [
    "INPUT",
    "SOFTMAX",
    "Explanation",
    "Factors",
    "Inside",
    "Kind",
    "Known",
    "PartialMaps",
    "Step",
    "Sum",
    "Tensor",
    "explain",
    "look_inside",
    "partial_maps",
]
