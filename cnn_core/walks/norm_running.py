"""What batch norm's running averages do from batch to batch, in the two conventions that people mean by `momentum`.

| convention | momentum is the share of | running variance takes the estimate    | by default                |
|------------|--------------------------|----------------------------------------|---------------------------|
| pytorch    | the new value            | from m - 1 of the batch's m (unbiased) | 0.1, torch.nn.BatchNorm2d |
| course     | the old value            | from all m (biased)                    | 0.9, CS231n, assignment 2 |

So a momentum of 0.1 in the one is 0.9 in the other, and what one of them calls 0.9 hardly remembers anything in the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from cnn_core.checks import Array, numbers, one_of, real
from cnn_core.norm import NormCache, batch_norm_forward

Convention = Literal["pytorch", "course"]
MOMENTUM: dict[Convention, float] = {"pytorch": 0.1, "course": 0.9}


class RunningAverages(NamedTuple):
    """mean, variance (T + 1, C): the running ones, before the first of T batches and after each; what each batch had by
    itself: batch_mean, batch_variance (T, C), the variance from all m of its numbers, as training divides by it."""

    mean: Array
    variance: Array
    batch_mean: Array
    batch_variance: Array


def running_averages(
    batches: Sequence[Array] | Array, convention: Convention, momentum: float | None = None
) -> RunningAverages:
    """Give batch norm one batch (N, C, H, W) or (N, C) after the other, as in training, from mean 0 and variance 1 on.

    convention: "pytorch" or "course". momentum: 0 to 1, in its sense; by default what MOMENTUM says. All in float64. Raises
    ValueError for another convention or momentum, no batch, and batches that `batch_norm_forward` refuses.
    """
    one_of("convention", convention, MOMENTUM)
    share = "the share of the new value" if convention == "pytorch" else "the share of the old value"
    given = MOMENTUM[convention] if momentum is None else momentum
    given = real("momentum", given, lambda value: 0 <= value <= 1, f"from 0 to 1: {share}")
    if not len(batches):
        raise ValueError("batches (=none) must hold one batch or more")
    arrays = [numbers("batches", batch).astype(np.float64) for batch in batches]
    ones = np.ones(arrays[0].shape[1:2])
    running = np.zeros_like(ones), np.ones_like(ones)
    kept, found = [[array.copy() for array in running]], []
    for batch in arrays:
        _, cache = batch_norm_forward(
            batch,
            ones,
            np.zeros_like(ones),
            *running,
            momentum=given if convention == "pytorch" else 1 - given,
            unbiased=convention == "pytorch",
        )
        assert isinstance(cache, NormCache)
        kept.append([array.copy() for array in running])
        found.append([cache.mean[0], cache.variance[0]])
    (mean, variance), (own_mean, own_variance) = np.swapaxes(kept, 0, 1), np.swapaxes(found, 0, 1)
    return RunningAverages(mean, variance, own_mean, own_variance)
