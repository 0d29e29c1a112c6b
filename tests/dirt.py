"""Memory that is dirty for certain: what is read before it is written shows, instead of being 0 by luck."""

from contextlib import contextmanager

import numpy as np
import pytest

from cnn_core import optim
from cnn_core.machine import col2im, convolve, lowering, maxima
from cnn_core.network import first_block

EMPTY = {"empty": np.empty, "empty_like": np.empty_like}


@contextmanager
def dirty_memory():
    """Fresh arrays and scratch are NaN (all bits set) as long as this lasts. Gives a MonkeyPatch for more."""
    with pytest.MonkeyPatch.context() as patch:
        for name, function in EMPTY.items():
            patch.setattr(np, name, _soiled(function))
        for module in (col2im, convolve, first_block, lowering, maxima, optim):
            patch.setattr(module, "scratch", _soiled(module.scratch))
        yield patch


def _soiled(function):
    def soiled(*args, **kwargs):
        array = function(*args, **kwargs)
        array.ravel(order="K").view(np.uint8).fill(255)  # a view: what comes here has no gaps
        return array

    return soiled
