"""The staged computation of a norm as data: one small step after the other, forward and back, each with its numbers.

So CS231n's second assignment has its readers draw batch norm (after Ioffe and Szegedy, 2015, section 3), and for all four
norms it is the same: they differ in the sets alone, and those are the layer's own (norm_sets.py).

| stage    | makes                             | each | and sends back                                                   |
|----------|-----------------------------------|------|------------------------------------------------------------------|
| mean     | mean = sum / m                    | set  | dx_by_mean = dmean / m                                           |
| centre   | centered = x - mean               | cell | dx_by_centre = dcentered, dmean = -sum(dcentered)                |
| square   | squared = centered ** 2           | cell | dcentered_by_square = 2 * centered * dsquared                    |
| variance | variance = sum_squared / m        | set  | dsquared = dvariance / m                                         |
| root     | std = sqrt(variance + eps)        | set  | dvariance = dstd / (2 * std)                                     |
| divide   | normalized = centered / std       | cell | dcentered_by_divide = dnormalized / std, dstd = -slope / std ** 2 |
| scale    | scaled = gamma * normalized       | cell | dnormalized = gamma * dscaled, dgamma = sum(dscaled * normalized) |
| shift    | out = scaled + beta               | cell | dscaled = dout, dbeta = sum(dout)                                |

m numbers are in a set; slope = sum(dnormalized * centered). centered goes two ways, to square and to divide, and so does x, to
mean and to centre; back, what comes by both adds up: dcentered = dcentered_by_divide + dcentered_by_square, and
dx = dx_by_centre + dx_by_mean. closed_out and closed_dx are out and dx in one formula. Where mean and variance are given (batch
norm in use), x goes one way only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from cnn_core.checks import Array, check_dout, numbers, one_of, up_to
from cnn_core.norm_sets import (
    Sets,
    Shape,
    batch_sets,
    check_fit,
    check_running,
    group_sets,
    instance_sets,
    layer_sets,
)
from cnn_core.walks.counts import require_exact
from cnn_core.walks.rounding import rounded

NORMS = ("batch", "layer", "group", "instance")
FEWEST, MOST = 6, 12  # decimals: with fewer, the usual eps of 0.00001 would be lost
Each = Literal["cell", "set", "entry"]


class Stage(NamedTuple):
    """A step of the graph, by the names of what it reads and makes, and of the gradients that it sends back to what it reads."""

    name: str
    reads: tuple[str, ...]
    makes: str
    sends: tuple[str, ...]


STAGES = (
    Stage("mean", ("x",), "mean", ("dx_by_mean",)),
    Stage("centre", ("x", "mean"), "centered", ("dx_by_centre", "dmean")),
    Stage("square", ("centered",), "squared", ("dcentered_by_square",)),
    Stage("variance", ("squared",), "variance", ("dsquared",)),
    Stage("root", ("variance",), "std", ("dvariance",)),
    Stage("divide", ("centered", "std"), "normalized", ("dcentered_by_divide", "dstd")),
    Stage("scale", ("normalized", "gamma"), "scaled", ("dnormalized", "dgamma")),
    Stage("shift", ("scaled", "beta"), "out", ("dscaled", "dbeta")),
)


@dataclass
class NormGraph:
    """All numbers of the graph, by name.

    cells: arrays shaped as x; sets: (S,), a number a set; entries: (E,), a number for each entry of gamma. set_of, entry_of:
    shaped as x, which set a cell belongs to, and which entry of gamma it meets. size: how many numbers a set holds, m.
    training: mean and variance are x's own. decimals: those that every number was rounded to, or None.
    """

    norm: str
    size: int
    training: bool
    eps: float
    decimals: int | None
    set_of: Array
    entry_of: Array
    cells: dict[str, Array] = field(default_factory=dict)
    sets: dict[str, Array] = field(default_factory=dict)
    entries: dict[str, Array] = field(default_factory=dict)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """What is done, in order: in use, with a given mean and variance, nothing of what finds them."""
        finding = () if self.training else ("mean", "square", "variance")
        return tuple(stage for stage in STAGES if stage.name not in finding)

    def each(self, name: str) -> Each:
        """What there is one such number for. Raises ValueError for a name that the graph does not have."""
        one_of("name", name, [*self.cells, *self.sets, *self.entries])
        return "cell" if name in self.cells else "set" if name in self.sets else "entry"

    def spread(self, name: str) -> Array:
        """The numbers of this name as every cell of x meets them: shaped as x. Raises ValueError as `each`."""
        each = self.each(name)
        if each == "cell":
            return self.cells[name]
        return self.sets[name][self.set_of] if each == "set" else self.entries[name][self.entry_of]


def sets_of(norm: str, shape: Shape, num_groups: int = 1) -> Sets:
    """The sets of a norm, one of NORMS, over x of this shape, as its layer takes them. Raises the layer's ValueErrors."""
    one_of("norm", norm, NORMS)
    if norm == "group":
        return group_sets(shape, num_groups)
    others: dict[str, Callable[[Shape], Sets]] = {"batch": batch_sets, "layer": layer_sets, "instance": instance_sets}
    return others[norm](shape)


def trace_norm(
    norm: str,
    x: Array,
    gamma: Array,
    beta: Array,
    *,
    num_groups: int = 1,
    dout: Array | None = None,
    running: tuple[Array, Array] | None = None,
    eps: float = 1e-5,
    decimals: int | None = None,
) -> NormGraph:
    """Go through the stages of a norm of x (N, C, H, W) or (N, D); with dout, shaped as x, back again as well.

    norm: one of NORMS. num_groups: of group norm. gamma, beta: as the layer takes them. running: mean and variance (C,) that
    batch norm uses instead of x's own. All in float64, in which it agrees with norm.py to some 1e-13 of the largest number.
    decimals: 6 to 12, to round each number to as soon as it is there, a half away from zero, so that what is written goes on
    from what was written before it, as one would reckon by hand; None: nothing is rounded.

    Raises ValueError as the layer does, for numbers that are not finite, and for rounded ones that float64 cannot hold.
    """
    given = {"x": x, "gamma": gamma, "beta": beta} | ({} if dout is None else {"dout": dout})
    arrays = {name: numbers(name, array).astype(np.float64) for name, array in given.items()}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise ValueError(f"{name} must hold finite numbers only; replace NaN and infinity")
    sets = sets_of(norm, arrays["x"].shape, num_groups)
    check_fit(arrays["x"], arrays["gamma"], arrays["beta"], eps, sets, running is None)
    if dout is not None:
        check_dout(arrays["dout"], sets.shape)
    if running is not None:
        if norm != "batch":
            raise ValueError(f"running must be None for {norm} norm: only batch norm keeps averages")
        check_running(*running, sets, 0.0, False, False)
    keep = _keeper(decimals)
    set_of, entry_of = _labels(sets)
    graph = NormGraph(norm, sets.size, running is None, eps, decimals, set_of, entry_of)
    graph.cells["x"] = keep(arrays["x"])
    graph.entries |= {name: keep(arrays[name].ravel()) for name in ("gamma", "beta")}
    _forward(graph, sets, keep, running)
    if dout is not None:
        graph.cells["dout"] = keep(arrays["dout"])
        _backward(graph, keep)
    return graph


def _forward(graph: NormGraph, sets: Sets, keep: Callable[[Array], Array], running: tuple[Array, Array] | None) -> None:
    cells, per_set, m = graph.cells, graph.sets, graph.size
    count = sets.reduced[0] * sets.reduced[1]
    if running is None:
        per_set["sum"] = keep(_sums(cells["x"], graph.set_of, count))
        per_set["mean"] = keep(per_set["sum"] / m)
    else:
        per_set["mean"], per_set["variance"] = (keep(average.astype(np.float64)) for average in running)
    cells["centered"] = keep(cells["x"] - graph.spread("mean"))
    if running is None:
        cells["squared"] = keep(cells["centered"] ** 2)
        per_set["sum_squared"] = keep(_sums(cells["squared"], graph.set_of, count))
        per_set["variance"] = keep(per_set["sum_squared"] / m)
    per_set["std"] = keep(np.sqrt(per_set["variance"] + graph.eps))
    cells["normalized"] = keep(cells["centered"] / graph.spread("std"))
    cells["scaled"] = keep(graph.spread("gamma") * cells["normalized"])
    cells["out"] = keep(cells["scaled"] + graph.spread("beta"))
    deviation = np.sqrt(graph.spread("variance") + graph.eps)
    cells["closed_out"] = keep(graph.spread("gamma") * cells["centered"] / deviation + graph.spread("beta"))


def _backward(graph: NormGraph, keep: Callable[[Array], Array]) -> None:
    """Stage by stage; last, in `closed_dx`, the same by the closed form of norm.py, from dnormalized, normalized and std."""
    cells, per_set, m = graph.cells, graph.sets, graph.size
    sets, entries = len(per_set["std"]), len(graph.entries["gamma"])
    cells["dscaled"] = cells["dout"]
    graph.entries["dbeta"] = keep(_sums(cells["dout"], graph.entry_of, entries))
    graph.entries["dgamma"] = keep(_sums(cells["dscaled"] * cells["normalized"], graph.entry_of, entries))
    cells["dnormalized"] = keep(graph.spread("gamma") * cells["dscaled"])
    cells["dcentered_by_divide"] = keep(cells["dnormalized"] / graph.spread("std"))
    cells["dcentered"] = cells["dcentered_by_divide"]
    if graph.training:
        per_set["slope"] = keep(_sums(cells["dnormalized"] * cells["centered"], graph.set_of, sets))
        per_set["dstd"] = keep(-per_set["slope"] / per_set["std"] ** 2)
        per_set["dvariance"] = keep(per_set["dstd"] / (2 * per_set["std"]))
        cells["dsquared"] = keep(graph.spread("dvariance") / m)
        cells["dcentered_by_square"] = keep(2 * cells["centered"] * cells["dsquared"])
        cells["dcentered"] = keep(cells["dcentered_by_divide"] + cells["dcentered_by_square"])
    cells["dx"] = cells["dx_by_centre"] = cells["dcentered"]
    closed = cells["dnormalized"]
    if graph.training:
        per_set["dmean"] = keep(-_sums(cells["dcentered"], graph.set_of, sets))
        cells["dx_by_mean"] = keep(graph.spread("dmean") / m)
        cells["dx"] = keep(cells["dx_by_centre"] + cells["dx_by_mean"])
        factors = {"shift": 1, "stretch": cells["normalized"]}
        for part, factor in factors.items():
            per_set[f"sum_{part}"] = keep(_sums(cells["dnormalized"] * factor, graph.set_of, sets))
            per_set[f"{part}_part"] = keep(per_set[f"sum_{part}"] / m)
        closed = closed - graph.spread("shift_part") - cells["normalized"] * graph.spread("stretch_part")
    cells["closed_dx"] = keep(closed / graph.spread("std"))


def _labels(sets: Sets) -> tuple[Array, Array]:
    """Which set each cell of x belongs to, and which entry of gamma it meets; both shaped as x."""
    number = np.arange(sets.reduced[0] * sets.reduced[1]).reshape(sets.reduced)
    labels = (sets.meet(number), sets.spread(np.arange(sets.entries)))
    set_of, entry_of = (np.broadcast_to(label, sets.view).reshape(sets.shape) for label in labels)
    return set_of, entry_of


def _sums(values: Array, labels: Array, count: int) -> Array:
    """`values` added up by label: (count,)."""
    return np.bincount(labels.ravel(), values.ravel(), count)


def _keeper(decimals: int | None) -> Callable[[Array], Array]:
    if decimals is None:
        return lambda values: values
    places = up_to("decimals", decimals, FEWEST, MOST)

    def keep(values: Array) -> Array:
        counts = rounded(values, places)
        require_exact(float(np.abs(counts).max(initial=0)))
        kept: Array = counts / 10.0**places
        return kept

    return keep
