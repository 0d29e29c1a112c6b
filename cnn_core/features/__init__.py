"""What a trained network has learned: which pictures excite a filter, what it would like to see, what is lost without it."""

from cnn_core.features.ascent import Excited, excite
from cnn_core.features.maps import answers, outputs_of
from cnn_core.features.patches import Patches, exciting_patches
from cnn_core.features.plane import Plane, nearest, principal_plane
from cnn_core.features.silence import silenced

__all__ = [
    "Excited",
    "Patches",
    "Plane",
    "answers",
    "excite",
    "exciting_patches",
    "nearest",
    "outputs_of",
    "principal_plane",
    "silenced",
]
