"""Mistakes in the backward pass of max pooling."""

from __future__ import annotations

import numpy as np

from cnn_core.mistakes.cases import chosen, gradient_case, plane
from cnn_core.mistakes.mistake import Edit, Functions, Mistake, Symptom
from cnn_core.pool import max_pool2d_backward_naive, max_pool2d_forward_naive


def _ties(functions: Functions) -> Symptom:
    """A picture with a flat area: there the numbers tie."""
    x = np.array([[3, 3, 1, 2], [3, 3, 0, 2], [0, 1, 5, 4], [0, 0, 4, 4]], dtype=float)[None, None]
    dout = np.array([[4, -3], [2, 5]], dtype=float)[None, None]
    go = chosen(functions, max_pool2d_forward_naive)
    back = chosen(functions, max_pool2d_backward_naive)
    found = back(dout, go(x, 2)[1])
    expected = max_pool2d_backward_naive(dout, max_pool2d_forward_naive(x, 2)[1])
    return Symptom(
        "maps",
        "dx of max pooling, 2×2 windows, stride 2, on a picture with flat areas",
        plane(found),
        plane(expected),
        expected_name="should be: as PyTorch has it",
        also=(("x: input", plane(x)), ("dout: upstream gradient", plane(dout))),
    )


POOL = (
    Mistake(
        id="pool-overwrites",
        level=1,
        name="`=` for `+=`: what comes last overwrites what was there",
        family="pool",
        edits=(
            Edit(
                max_pool2d_backward_naive,
                "dpadded[n, c, top + i, left + j] += dout[n, c, oy, ox]",
                "dpadded[n, c, top + i, left + j] = dout[n, c, oy, ox]",
            ),
        ),
        hint="Which cells are wrong? Count the windows that each of them wins.",
        shows="Where a cell wins several windows: only the last window's gradient is left in it.",
        misses="The course's own check, with 2×2 windows and stride 2: there no two windows share a cell, and `=` and `+=` do "
        "the same.",
        catches="A gradient check with a stride smaller than the window.",
        like="pool-all-ties conv-stride-backward relu-wrong-mask conv-empty-crop",
        case=gradient_case(
            "dx of max pooling, 3×3 windows, stride 1",
            max_pool2d_forward_naive,
            max_pool2d_backward_naive,
            (1, 1, 5, 5),
            kernel_size=3,
            stride=1,
        ),
    ),
    Mistake(
        id="pool-all-ties",
        level=4,
        name="Every cell that ties for the maximum gets the gradient",
        family="pool",
        edits=(
            Edit(
                max_pool2d_forward_naive,
                "return out, MaxPoolCache(x.shape, x.dtype, window, winner)",
                "return out, MaxPoolCache(x.shape, x.dtype, window, winner, window.pad(x, -np.inf))",
            ),
            Edit(
                max_pool2d_backward_naive,
                "x_shape, dtype, window, winner, _ = cache",
                "x_shape, dtype, window, winner, padded = cache",
            ),
            Edit(
                max_pool2d_backward_naive,
                "i, j = offsets[winner[n, c, oy, ox]]\ndpadded[n, c, top + i, left + j] += dout[n, c, oy, ox]",
                "cells = (n, c, *(offsets + (top, left)).T)\n"
                "dpadded[cells] += dout[n, c, oy, ox] * (padded[cells] == padded[cells].max())",
            ),
        ),
        hint="Add up dx over one window, and compare with dout of that window.",
        shows="Where a window holds its largest number more than once, as flat areas of pictures and zeros behind a ReLU do: "
        "the window then hands out its gradient several times.",
        misses="Any check on random real numbers: two of them are never equal. At a tie the numeric gradient is no judge "
        "either: the maximum has a corner there.",
        catches="A case with equal numbers: the sum of dx must be the sum of dout.",
        like="pool-overwrites conv-flipped-forward relu-wrong-mask conv-not-cropped",
        case=_ties,
    ),
)
