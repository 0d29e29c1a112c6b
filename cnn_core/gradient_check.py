"""Is a gradient right? Compare it with what the function does when its inputs move a little.

Two ways: entry by entry (two calls for each number; shows where it is wrong), and along one random direction
(two calls in all, whatever the size; as in HIPS/autograd's checker). Use float64: with float32 the differences drown
in rounding.

Errors are taken in float64, whatever the dtype. All functions raise ValueError for shapes that differ, which would broadcast
to a number that says nothing, and for what is no array of real numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from cnn_core.checks import Array, numbers, real, whole
from cnn_core.machine.in_place import check_alike
from cnn_core.machine.sums import wide


class Nudge(NamedTuple):
    """What f gives where one entry of x is moved up and down: `above` and `below`, in float64 or wider.

    right, left: what the entry was moved to. step: how far these are apart: 2 h, but for what rounding did to both.
    """

    right: Any
    left: Any
    above: Array
    below: Array
    step: Any

    def quotient(self, dout: Array | float = 1.0) -> Any:
        """The central difference of sum(f(x) * dout); dout: shaped as f(x), or a number. Not over 2 h: it is the quotient of the
        points at which f was taken. ValueError for another shape."""
        _check_dout(dout, self.above, self.below)
        return np.sum((self.above - self.below) * dout) / self.step


class Agreement(NamedTuple):
    """How far two gradients agree, in the words of those who ask: `agreement`."""

    exact: bool
    approximate: bool
    gradcheck: bool
    largest: float
    relative: float


def relative_errors(a: Array | float, b: Array | float) -> Array:
    """|a - b| / max(|a| + |b|, 1e-8) of each entry, for two arrays of one shape: an array of that shape; see `relative_error`."""
    difference, size = _difference(a, b)
    with np.errstate(invalid="ignore"):
        found: Array = difference / np.maximum(size, 1e-8)
        return found


def relative_error(a: Array | float, b: Array | float) -> float:
    """The largest |a - b| / max(|a| + |b|, 1e-8) over all entries of two arrays of one shape, or two numbers.

    0 when equal, 1 or so when unrelated, NaN where an entry is NaN; 0 for empty arrays. Below 1e-7 a gradient is right; above
    1e-2 it is wrong (CS231n, "Gradient checks").
    """
    return float(np.max(relative_errors(a, b), initial=0.0))


def overall_error(a: Array, b: Array) -> float:
    """The largest |a - b| over the largest |a| + |b|: as `relative_error`, but entries near 0 do not magnify rounding.

    a, b: of one shape.
    """
    difference, size = _difference(a, b)
    scale = float(np.max(size, initial=0.0))
    return float(np.max(difference, initial=0.0)) / scale if scale else 0.0


def agreement(analytic: Array, numeric: Array) -> Agreement:
    """Whether a gradient is right, by the usual tests; analytic, numeric: of one shape.

    exact: equal to the bit. approximate: |a - n| <= 1e-8 + 1e-5 |n| everywhere (torch.allclose). gradcheck: the same with 1e-5
    and 1e-3 (torch.autograd.gradcheck). largest: the largest |a - n|. relative: `relative_error` (CS231n's rel_error).
    """
    difference, _ = _difference(analytic, numeric)
    size = np.abs(_wide("numeric", numeric))
    approximate, gradcheck = (
        bool(np.all(difference <= least + share * size)) for least, share in ((1e-8, 1e-5), (1e-5, 1e-3))
    )
    largest = float(np.max(difference, initial=0.0))
    return Agreement(largest == 0, approximate, gradcheck, largest, relative_error(analytic, numeric))


def nudge(
    f: Callable[[Array], Any], x: Array, index: Sequence[int], *, h: float | None = None, name: str = "x"
) -> Nudge:
    """f(x) where one entry of x is h larger, and where it is h smaller: two calls.

    f, x, h: as `numeric_gradient` takes them. index: of the entry, a whole number for each axis of x, counted from 0; () for an x
    of shape (). name: what errors call x.
    Raises ValueError for an entry that there is not, and as `numeric_gradient` does.
    """
    check_alike(name, x, name, x)
    if len(index) != x.ndim or not all(0 <= whole("index", i, 0) < n for i, n in zip(index, x.shape, strict=False)):
        counts = ", ".join(f"0 to {n - 1}" for n in x.shape)
        raise ValueError(f"index (={tuple(index)}) must name an entry of {name}, of shape {x.shape}: {counts}")
    return _nudge(f, x, tuple(index), _usual_step(x, h), name)


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
    h = _usual_step(x, h)
    gradient = np.zeros_like(x)
    for index in np.ndindex(*x.shape):
        gradient[index] = _nudge(f, x, index, h, "x").quotient(dout)
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


def _nudge(f: Callable[[Array], Any], x: Array, index: tuple[int, ...], h: float, name: str) -> Nudge:
    before = x[index]
    with np.errstate(over="ignore"):
        right, left = before + h, before - h
    if not right > left and np.isfinite(before):
        raise ValueError(
            f"h (={h}) must be large enough to move {name}{list(index)} (={before}, {x.dtype}); or take {name} in float64"
        )
    try:
        x[index] = right
        above = _output(f(x))
        x[index] = left
        below = _output(f(x))
    finally:
        x[index] = before
    return Nudge(right, left, above, below, right.astype(above.dtype) - left.astype(above.dtype))


def _usual_step(x: Array, h: float | None) -> float:
    return max(1e-5, float(np.cbrt(np.finfo(x.dtype).eps))) if h is None else _step(h)


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
