"""What a number inside a network is made of, as data: sums of products, and short formulas with numbers put in.

A number is a sum (a convolution, a fully connected layer, a pooling, every gradient that is collected), or it follows from a
few known numbers and such sums in steps (an activation, a norm, softmax), or it is given (a pixel, a weight). Each factor says
where it stands, so that one can go on from it, down to the pixels and the weights.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from cnn_core.checks import Array

Kind = Literal["value", "gradient", "param", "dparam"]
At = tuple[int, ...]


@dataclass(frozen=True)
class Tensor:
    """One array of a network's passes, for one picture, without the batch axis.

    kind: "value" of what goes out of a layer, "gradient" of the loss by that; "param" a weight or running statistic, "dparam"
    the gradient by it. name: of the layer, "input" for the picture, "softmax" for the probabilities; or of the parameter.
    """

    kind: Kind
    name: str


@dataclass(frozen=True)
class Known:
    """A number that a formula takes. of, at: where it stands, if it stands anywhere."""

    value: float
    of: Tensor | None = None
    at: At = ()


@dataclass(frozen=True)
class Factors:
    """One factor of each product of a sum.

    label: what it is. values (T,). of: where the numbers stand; at: (T, axes), where in it, -1 in the padding. Where the label is
    more than a name ("x − mean"), a value is made of the number that stands there. fixed: the values are the layer's own
    constants, which stand nowhere; of and at are those of the other factor.
    """

    label: str
    values: Array
    of: Tensor
    at: Array
    fixed: bool = False


@dataclass(frozen=True)
class Sum:
    """scale * (the sum of left * right) + constant; with `chosen`, the product of that number alone (a maximum).

    right: None where there is nothing to multiply by. group: (T,), what part of the sum a product belongs to, counted as
    `by` says: "channel", "filter", "map" of what the left factor stands in, "row" of a map, or "" for no parts. shape: rows
    and columns in which the products of a part are laid out, as in the window; None: in a row.
    """

    left: Factors
    right: Factors | None
    group: Array
    by: str
    shape: tuple[int, int] | None = None
    constant: Known | None = None
    scale: float = 1.0
    chosen: int | None = None

    @cached_property
    def products(self) -> Array:
        """(T,)."""
        return self.left.values if self.right is None else self.left.values * self.right.values

    @property
    def total(self) -> float:
        """What the sum comes to."""
        if self.chosen is not None:
            return float(self.products[self.chosen])
        return float(self.products.sum() * self.scale) + (0.0 if self.constant is None else self.constant.value)


@dataclass(frozen=True)
class Step:
    """name = expression: its value, from the known numbers, the sums and the steps before; written as Python writes it."""

    name: str
    expression: str
    value: float


@dataclass(frozen=True)
class Explanation:
    """What one number is made of. sums: by name. knowns: by name. steps: in order, the last gives the number.

    Without steps the number is the one sum there is, or given: then there is nothing below it.
    """

    total: float
    sums: dict[str, Sum] = field(default_factory=dict)
    knowns: dict[str, Known] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()

    @classmethod
    def of_sum(cls, made: Sum) -> Explanation:
        """That of a number which is a sum."""
        return cls(made.total, {"sum": made})

    @classmethod
    def of_steps(
        cls, knowns: dict[str, Known], *steps: tuple[str, str, float], sums: dict[str, Sum] | None = None
    ) -> Explanation:
        """That of a number which follows from others; a step: name, expression, value."""
        return cls(float(steps[-1][2]), sums or {}, knowns, tuple(Step(n, e, float(v)) for n, e, v in steps))
