"""cs231n.gradient_check: gradients by differences, to compare those of a backward pass with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnn_core.checks import Array
from cnn_core.gradient_check import numeric_gradient, relative_error

__all__ = ["eval_numerical_gradient", "eval_numerical_gradient_array", "rel_error"]

rel_error = relative_error  # the notebooks define it themselves, with the same formula


def eval_numerical_gradient(f: Callable[[Array], Any], x: Array, verbose: bool = True, h: float = 1e-5) -> Array:
    """Numeric gradient of the number f(x) by central differences, shaped as x. verbose prints it, entry by entry."""
    gradient = numeric_gradient(f, x, h=h)
    if verbose:
        for index in np.ndindex(*gradient.shape):
            print(index, gradient[index])
    return gradient


def eval_numerical_gradient_array(f: Callable[[Array], Array], x: Array, df: Array, h: float = 1e-5) -> Array:
    """Numeric gradient of sum(f(x) * df), shaped as x: what a backward pass should make of df, shaped as f(x)."""
    return numeric_gradient(f, x, df, h=h)
