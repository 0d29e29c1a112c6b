"""Is a gradient right? Compare it with what the function does when its inputs move a little.

Two ways: entry by entry (two calls for each number; shows where it is wrong), and along one random direction
(two calls in all, whatever the size; as in HIPS/autograd's checker). Use float64: with float32 the differences drown
in rounding.

Errors are taken in float64, whatever the dtype. All functions raise ValueError for shapes that differ, which would broadcast
to a number that says nothing, and for what is no array of real numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cnn_core.checks import Array, numbers, real, whole
from cnn_core.machine.in_place import check_alike
from cnn_core.machine.sums import wide


def relative_error(a: Array | float, b: Array | float) -> float:
    """The largest |a - b| / max(|a| + |b|, 1e-8) over all entries of two arrays of one shape, or two numbers.

    0 when equal, 1 or so when unrelated, NaN where an entry is NaN; 0 for empty arrays. Below 1e-7 a gradient is right; above
    1e-2 it is wrong (CS231n, "Gradient checks").
    """
    difference, size = _difference(a, b)
    with np.errstate(invalid="ignore"):
        return float(np.max(difference / np.maximum(size, 1e-8), initial=0.0))


def overall_error(a: Array, b: Array) -> float:
    """The largest |a - b| over the largest |a| + |b|: as `relative_error`, but entries near 0 do not magnify rounding.

    a, b: of one shape.
    """
    difference, size = _difference(a, b)
    scale = float(np.max(size, initial=0.0))
    return float(np.max(difference, initial=0.0)) / scale if scale else 0.0


def numeric_gradient(
    f: Callable[[Array], Any], x: Array, dout: Array | float = 1.0, *, h: float | None = None
) -> Array:
    """d(sum(f(x) * dout)) / dx, entry by entry, by central differences with step h. Returns an array shaped as x.

    f: takes x, returns a number or an array. x: a floating array, not read-only; each entry is moved and put back in place,
    so f may as well find it by another way. dout: the gradient with respect to f(x): same shape as f(x), or a number.
    h: 1e-5 if None; for float32 and float16 the third root of their precision, 0.005 and 0.1.

    Raises ValueError for an x of another dtype (whole numbers cannot be moved by h), and for an h that is no finite number above
    0 or that rounding swallows.
    """
    check_alike("x", x, "x", x)
    h = max(1e-5, float(np.cbrt(np.finfo(x.dtype).eps))) if h is None else _step(h)
    gradient = np.zeros_like(x)
    for index in np.ndindex(*x.shape):
        before = x[index]
        right, left = before + h, before - h
        if not right > left and np.isfinite(before):
            raise ValueError(
                f"h (={h}) must be large enough to move x{list(index)} (={before}, {x.dtype}); or take x in float64"
            )
        try:
            x[index] = right
            above = _output(f(x))
            x[index] = left
            below = _output(f(x))
        finally:
            x[index] = before
        _check_dout(dout, above, below)
        # Not 2 h: rounding has moved both points, and the quotient is that of the points where f was taken.
        gradient[index] = np.sum((above - below) * dout) / (right.astype(above.dtype) - left.astype(above.dtype))
    return gradient


def projection_error(
    f: Callable[..., Any],
    inputs: Sequence[Array],
    gradients: Sequence[Array],
    dout: Array | float = 1.0,
    *,
    h: float = 1e-5,
    seed: int = 0,
) -> float:
    """Relative error of all gradients of sum(f(*inputs) * dout) at once, along one random direction.

    f: takes the inputs, in float64, returns a number or an array. inputs, gradients: arrays, pairwise of one shape. dout: the
    gradient with respect to f's output: same shape, or a number.
    A wrong entry shows unless the direction happens to be orthogonal to the mistake. h: the step, a finite number above 0;
    seed: of the direction, a whole number, 0 or more.
    """
    xs = [_wide(f"inputs[{i}]", x) for i, x in enumerate(inputs)]
    gs = [_wide(f"gradients[{i}]", g) for i, g in enumerate(gradients)]
    if [x.shape for x in xs] != [g.shape for g in gs]:
        raise ValueError(
            f"gradients (shapes {[g.shape for g in gs]}) must be shaped as the inputs: {[x.shape for x in xs]}"
        )
    h, rng = _step(h), np.random.default_rng(whole("seed", seed, 0))
    directions = [rng.standard_normal(x.shape) for x in xs]
    above = _output(f(*(x + h * d for x, d in zip(xs, directions, strict=True))))
    below = _output(f(*(x - h * d for x, d in zip(xs, directions, strict=True))))
    _check_dout(dout, above, below)
    numeric = float(np.sum((above - below) * dout)) / (2 * h)
    analytic = float(sum(np.sum(g * d) for g, d in zip(gs, directions, strict=True)))
    # A gradient may happen to be nearly orthogonal to the direction: its length says how large the two could have been.
    length = float(np.sqrt(sum(float(np.sum(g * g)) for g in gs)))
    return abs(numeric - analytic) / max(abs(numeric) + abs(analytic), length, 1e-8)


def _step(h: object) -> float:
    return real("h", h, lambda h: h > 0, "a finite number above 0: how far x is moved")


def _wide(name: str, value: object) -> Array:
    """`value` as an array of float64, or of a dtype with more digits."""
    array = numbers(name, value)
    return array.astype(wide(array.dtype))


def _output(value: object) -> Array:
    """What f returned, as a copy: it may return the same array again, changed."""
    return _wide("f(x)", value)


def _check_dout(dout: object, output: Array, other: Array) -> None:
    if output.shape != other.shape:
        raise ValueError(f"f(x) (shapes {output.shape} and {other.shape}) must have one shape, wherever x is moved to")
    shape = np.shape(numbers("dout", dout))
    if shape not in ((), output.shape):
        raise ValueError(f"dout (shape {shape}) must be a number, or shaped as f(x): {output.shape}")


def _difference(a: object, b: object) -> tuple[Array, Array]:
    """|a - b|, 0 where they are equal, infinite ones included, and |a| + |b|."""
    a, b = _wide("a", a), _wide("b", b)
    if a.shape != b.shape:
        raise ValueError(f"a (shape {a.shape}) must have the shape of b: {b.shape}")
    with np.errstate(invalid="ignore"):
        return np.where(a == b, 0.0, np.abs(a - b)), np.abs(a) + np.abs(b)
