"""Real mistakes in layers, losses and trainings: each a function of the core with a line or two changed, and run for real.

    from cnn_core.mistakes import MISTAKES

    mistake = MISTAKES["pool-overwrites"]
    mistake.wrong["max_pool2d_backward_naive"]  # takes and returns what the right one does
    mistake.lines  # the lines that differ: right, wrong
    mistake.symptom()  # what it is noticed by

A backward pass takes the cache of the `_naive` forward pass. The easiest come first.
"""

from __future__ import annotations

from types import MappingProxyType

from cnn_core.mistakes.conv import CONV
from cnn_core.mistakes.loss import LOSS
from cnn_core.mistakes.mistake import Edit, Mistake, Symptom
from cnn_core.mistakes.norm import NORM
from cnn_core.mistakes.pool import POOL
from cnn_core.mistakes.training import TRAINING

__all__ = ["MISTAKES", "Edit", "Mistake", "Symptom"]

_ALL = (*POOL, *CONV, *NORM, *LOSS, *TRAINING)
MISTAKES = MappingProxyType({mistake.id: mistake for mistake in sorted(_ALL, key=lambda mistake: mistake.level)})
