"""Why this answer? The exact sum behind a score, six maps of what counts, and checks of whether a map is to be believed."""

from cnn_core.attribution.checks import (
    ALIKE,
    Curve,
    after_randomising,
    deletion,
    insertion,
    likeness,
    passes,
    random_order,
    randomised,
    rank_correlation,
)
from cnn_core.attribution.maps import (
    METHODS,
    grad_cam,
    gradient_times_input,
    guided_backpropagation,
    occlusion,
    pixel_terms,
    saliency,
    smooth_grad,
)
from cnn_core.attribution.sheet import AnswerSheet, answer_sheet

__all__ = [
    "ALIKE",
    "METHODS",
    "AnswerSheet",
    "Curve",
    "after_randomising",
    "answer_sheet",
    "deletion",
    "grad_cam",
    "gradient_times_input",
    "guided_backpropagation",
    "insertion",
    "likeness",
    "occlusion",
    "passes",
    "pixel_terms",
    "random_order",
    "randomised",
    "rank_correlation",
    "saliency",
    "smooth_grad",
]
