"""How easily an answer changes: pictures moved by pixels, networks made less shy of it, and a nudge against the network."""

from cnn_core.robustness.nudge import nudged, pixel_gradient, smallest_nudge
from cnn_core.robustness.shifts import NEIGHBOURS, Kept, answers_kept, shift_scores
from cnn_core.training.augment import shifted

__all__ = [
    "NEIGHBOURS",
    "Kept",
    "answers_kept",
    "nudged",
    "pixel_gradient",
    "shift_scores",
    "shifted",
    "smallest_nudge",
]
