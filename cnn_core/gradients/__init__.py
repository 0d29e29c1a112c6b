"""Gradient checks to look at: what can be checked, one entry nudged, the error over a tensor, over h, and where kinks are."""

from cnn_core.gradients.cases import CASES, L2_GRADIENTS, case
from cnn_core.gradients.chain import Case, Choice, Pass, Stage
from cnn_core.gradients.steps import STEPS, Curve, Expected, curve, expected
from cnn_core.gradients.study import Checked, ErrorMap, Kink, Projected, check_entry, error_map, projected

__all__ = [
    "CASES",
    "L2_GRADIENTS",
    "STEPS",
    "Case",
    "Checked",
    "Choice",
    "Curve",
    "ErrorMap",
    "Expected",
    "Kink",
    "Pass",
    "Projected",
    "Stage",
    "case",
    "check_entry",
    "curve",
    "error_map",
    "expected",
    "projected",
]
