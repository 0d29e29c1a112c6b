"""What is checked: a number f, made of named arrays by a chain of layers; its gradients, and what was chosen on the way.

    f = sum(out * dout)                                      for layers: what their backward pass takes back is dout
    f = softmax_cross_entropy(out, labels) + 0.5 * reg * sum over all weights of sum(W * W)     for a network with its loss

A ReLU chooses whether a number passes, a max pooling which one wins. Where the choices at x + h and x - h are those at x, one
smooth formula gives f at all three, and the difference says what it should. Where one is another, a kink lies between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from cnn_core.activation import SignCache
from cnn_core.checks import Array
from cnn_core.loss import softmax_cross_entropy
from cnn_core.pool import MaxPoolCache

Values = dict[str, Array]


class Choice(NamedTuple):
    """What one layer chose, number by number: `kind` "relu": does it pass; "max_pool": which cell of its window won."""

    kind: str
    made: Array


class Pass(NamedTuple):
    """A forward pass: f, a number of the values' dtype; the last layer's output; f's gradient by that; the layers' caches."""

    f: Any
    out: Array
    dout: Array
    caches: tuple[Any, ...]

    @property
    def choices(self) -> list[Choice]:
        """What the layers chose, in their order."""
        found = []
        for cache in self.caches:
            if isinstance(cache, SignCache):
                found.append(Choice("relu", cache.passes))
            elif isinstance(cache, MaxPoolCache):
                found.append(Choice("max_pool", cache.winner))
        return found


@dataclass(frozen=True)
class Stage:
    """A layer: forward(x, *arrays) -> (out, cache); backward(dout, cache) -> dx, or dx and the gradients of these arrays.

    takes: the arrays' names among the case's values.
    """

    forward: Callable[..., tuple[Array, Any]]
    backward: Callable[..., Any]
    takes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """A function f of named arrays, `values`, in float64; x goes in below.

    dout: for f = sum(out * dout), shaped as out; or labels (N,), for the loss. reg: of L2 on all values named weight.
    l2_gradient: what the backward pass says of that term, of (reg, W). planted: an entry of x that was put within 1e-5 of a kink.
    """

    values: Mapping[str, Array]
    stages: tuple[Stage, ...] = ()
    dout: Array | None = None
    labels: Array | None = None
    reg: float = 0.0
    l2_gradient: Callable[[float, Array], Any] = field(default=lambda reg, w: reg * w)
    planted: tuple[int, ...] | None = None

    def taken(self, dtype: str = "float64") -> Values:
        """Copies of the values, in this dtype, to be moved."""
        return {name: array.astype(dtype) for name, array in self.values.items()}

    def forward(self, values: Values) -> Pass:
        """f at these values, of one floating dtype, in which it is computed."""
        out, caches = values["x"], []
        for stage in self.stages:
            out, cache = stage.forward(out, *(values[name] for name in stage.takes))
            caches.append(cache)
        if self.labels is not None:
            f, dout = softmax_cross_entropy(out, self.labels)
        else:
            assert self.dout is not None
            dout = self.dout.astype(out.dtype)
            f = np.sum(out * dout)
        for name in self.decayed:
            f += 0.5 * self.reg * np.sum(values[name] * values[name])
        return Pass(out.dtype.type(f), out, dout, tuple(caches))

    def gradients(self, values: Values) -> Values:
        """df / dvalues by the backward pass, by name."""
        _, _, dout, caches = self.forward(values)
        found: Values = {}
        for stage, cache in zip(reversed(self.stages), reversed(caches), strict=True):
            given = stage.backward(dout, cache)
            dout, *others = given if isinstance(given, tuple) else (given,)
            found |= dict(zip(stage.takes, others, strict=True))
        found["x"] = dout
        for name in self.decayed:
            found[name] = found[name] + self.l2_gradient(self.reg, values[name])
        return {name: found[name] for name in values}

    def size(self, passed: Pass) -> float:
        """How large what f adds up is: |f| of a loss, else the sum of |out * dout|, which may cancel in f but is rounded all the
        same (Higham, Accuracy and Stability of Numerical Algorithms, 4.2)."""
        return abs(float(passed.f)) if self.dout is None else float(np.sum(np.abs(passed.out * passed.dout)))

    @property
    def decayed(self) -> list[str]:
        """The values with L2."""
        return [name for name in self.values if self.reg and name.endswith("weight")]
