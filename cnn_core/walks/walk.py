"""A walk-through as data: what the browser draws, one step per position of a window, forward and backward.

All numbers are exact counts (counts.py), so that what a step writes adds up to what it shows, to the digit.

A walk runs through phases, one after the other on one time axis ("forward", then "backward"). Each step of a phase takes
its actions in turn. Step k of P positions belongs to channel k // P and position k % P; with cells = origin[p] + taps in
each of the channel's planes, the actions are

    dot     point[c, p]           = sum(field[planes, cells] * weight[c]) + bias[c]
    mean    point[c, p]           = sum(field[c, cells])       counted in units of 1 / (KH * KW)
    max     point[c, p]           = field[c, cells[winner]]
    spread  field[planes, cells] += point[c, p] * weight[c]    without a weight: the same to every cell
    route   field[c, cells[winner]] += point[c, p]
    outer   weight[c]            += point[c, p] * field[planes, cells]
    sum     into[c]              += point[c, p]
    copy    columns[:, p]         = field[:, cells]            im2col: one step per position, for all channels at once
    matmul  point[c, p]           = sum(rows[c] * columns[:, p]) + bias[c]

`field` is the grid under the window (padded), `point` the one with one number per position. Convolution walks forward
with dot and backward with outer, spread and sum; transposed convolution is the same with spread first and dot after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from cnn_core.checks import Array, Pair, one_of, whole
from cnn_core.walks.counts import Grid
from cnn_core.window import Window

Operation = Literal["conv2d", "conv_transpose2d", "max_pool2d", "avg_pool2d", "im2col"]
PhaseName = Literal["forward", "backward", "copy", "multiply"]
Do = Literal["dot", "mean", "max", "spread", "route", "outer", "sum", "copy", "matmul"]
MOST_STEPS = 300_000  # of one pass: more would be megabytes for the browser, and hours of watching


class TooManyStepsError(ValueError):
    """The walk would have more than MOST_STEPS steps a pass; the layer itself can be computed all the same."""


def require_few(channels: int, window: Window, field: Array) -> None:
    """Raise TooManyStepsError if `channels` walks of the window over field (C, H, W) are too many steps."""
    down, across = window.output_size((field.shape[1], field.shape[2]))
    if (steps := channels * down * across) > MOST_STEPS:
        raise TooManyStepsError(
            f"the walk (={steps:,} steps) must have at most {MOST_STEPS:,}: use a smaller input, fewer filters or a "
            f"larger stride"
        )


@dataclass(frozen=True)
class Action:
    """What happens at a step, by the names of the grids that take part (see the module's table).

    broken: the slip `=` for `+=`, which loses what other windows have put there.
    """

    do: Do
    into: str
    field: str = ""
    point: str = ""
    weight: str = ""
    bias: str = ""
    broken: bool = False

    @property
    def adds(self) -> bool:
        """Does it add to numbers that are 0 at first? The others write numbers that were unknown."""
        return self.do in ("spread", "route", "outer", "sum")

    @property
    def names(self) -> set[str]:
        """The grids that take part."""
        return {self.into, self.field, self.point, self.weight, self.bias} - {""}


@dataclass(frozen=True)
class Phase:
    """A stretch of the time axis: one step per output number (or, for copy, per position)."""

    name: PhaseName
    actions: tuple[Action, ...]
    steps: int


@dataclass(frozen=True)
class Walk:
    """All steps of one layer over one image.

    grids: the arrays by name, all (channels, rows, columns); padded where a window slides over them. origin (P,) and
    taps (T,) are flat indices into a padded plane. blank (rows, columns): which cells of it are no real input (padding).
    channels_in of the field's planes meet each of a group's channels_out. winner (steps,): which tap holds a maximum. Of a
    walk that gathers (gather.py), apart: how far x is drawn apart; weights stand flipped. called: what a grid is instead.
    """

    operation: Operation
    phases: tuple[Phase, ...]
    window: Window
    input_size: tuple[int, int]
    grids: dict[str, Grid]
    origin: Array
    taps: Array
    blank: Array
    channels_in: int = 1
    channels_out: int = 1
    winner: Array | None = None
    apart: Pair | None = None
    called: Mapping[str, str] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """Number of steps of the whole time axis."""
        return sum(phase.steps for phase in self.phases)

    @property
    def made(self) -> dict[str, Action]:
        """The grids that the steps fill, each with the action that does."""
        return {action.into: action for phase in self.phases for action in phase.actions}

    @property
    def names(self) -> set[str]:
        """The grids that take part in some step, or hold the same numbers as one that does."""
        found = {name for phase in self.phases for action in phase.actions for name in action.names}
        if self.operation == "im2col":
            found |= {"weight", "out"}  # as rows and product
        if self.winner is not None:
            found.add("x")  # backward, too, it says who won
        return found

    @property
    def weighted(self) -> bool:
        """Does the layer have weights (convolution), or not (pooling)?"""
        return "weight" in self.grids

    def only(self, names: Sequence[str]) -> Walk:
        """The same walk with the phases named only. Raises ValueError for a name that none of its phases has."""
        for name in names:
            one_of("names", name, [phase.name for phase in self.phases])
        return replace(self, phases=tuple(phase for phase in self.phases if phase.name in names))

    def locate(self, step: int) -> tuple[Phase, int]:
        """The phase that a step of the time axis belongs to, and its number within that phase. ValueError for other steps."""
        step = whole("step", step, 0)
        first = 0
        for phase in self.phases:
            if first <= step < first + phase.steps:
                return phase, step - first
            first += phase.steps
        raise ValueError(f"step (={step}) must be from 0 to {self.steps - 1}")

    def planes(self, channel: int) -> slice:
        """The field's planes that channel `channel` of the points is linked to."""
        first = channel // self.channels_out * self.channels_in
        return slice(first, first + self.channels_in)

    def arrays(self) -> dict[str, Array]:
        """The numbers as the layer itself takes and gives them: without padding, weights (F, C / groups, KH, KW)."""
        found = {}
        for name, grid in self.grids.items():
            values = grid.values
            if name in ("weight", "dweight"):
                values = values.reshape(-1, self.channels_in, *self.window.kernel_size)
            elif name in ("bias", "dbias"):
                values = values.ravel()
            elif name in self.fields:
                values = self.window.crop(values)
            if self.apart and name == "x":
                values = values[:, :: self.apart[0], :: self.apart[1]]
            elif self.apart and name == "weight":  # turned back, with channels and filters exchanged
                split = values.reshape(-1, self.channels_out, *values.shape[1:]).swapaxes(1, 2)
                values = split.reshape(-1, *split.shape[2:])[..., ::-1, ::-1]
            found[self.called.get(name, name)] = values
        return found

    @property
    def axes(self) -> tuple[str, str]:
        """What the first and the second axis of the weights count."""
        swapped = self.operation == "conv_transpose2d" or self.called
        return ("channel", "filter") if swapped else ("filter", "channel")

    @property
    def fields(self) -> frozenset[str]:
        """The grids that the window slides over: padded planes."""
        return frozenset({"out", "dout"} if self.operation == "conv_transpose2d" else {"x", "dx"})

    def replay(self, until: int | None = None) -> dict[str, Array]:
        """Walk the first `until` steps (default: all), doing what each says; returns the counts of what was made.

        This is the reference for the browser's walk: the same indices, the same terms, the same order.
        """
        made = {name: np.zeros(self.grids[name].counts.shape) for name in self.made}
        flat = self._flat(made)
        for step in range(self.steps if until is None else min(whole("until", until, 0), self.steps)):
            self._take(step, flat)
        return made

    def advance(self, made: dict[str, Array], step: int) -> None:
        """Do what `step` of the time axis says, in place: `made` holds the counts that the steps before it have made."""
        self._take(step, self._flat(made))

    def _flat(self, made: dict[str, Array]) -> dict[str, Array]:
        """Views of all counts as (channels, cells); of what the steps make, those in `made`."""
        grids = {name: grid.counts for name, grid in self.grids.items()} | made
        return {name: array.reshape(len(array), -1) for name, array in grids.items()}

    def _take(self, step: int, flat: dict[str, Array]) -> None:
        phase, local = self.locate(step)
        for action in phase.actions:
            self._act(action, local, flat)

    def _act(self, action: Action, step: int, flat: dict[str, Array]) -> None:
        channel, p = divmod(step, len(self.origin))
        planes, cells = self.planes(channel), self.origin[p] + self.taps
        filter_planes = slice(channel * self.channels_in, (channel + 1) * self.channels_in)
        field, point = flat.get(action.field), flat.get(action.point)
        bias = flat[action.bias][channel, 0] if action.bias else 0
        if action.do == "copy":
            flat[action.into][0].reshape(-1, len(self.origin))[:, p] = flat[action.field][:, cells].ravel()
            return
        if action.do == "matmul":
            columns = flat[action.field][0].reshape(-1, len(self.origin))
            rows = flat[action.weight][0].reshape(-1, len(columns))
            flat[action.into].reshape(-1, len(self.origin))[channel, p] = rows[channel] @ columns[:, p] + bias
            return
        assert point is not None
        g = point[channel, p]
        if action.do == "sum":
            flat[action.into][channel, 0] += g
            return
        assert field is not None
        if action.do == "dot":
            point[channel, p] = np.sum(field[planes, cells] * flat[action.weight][filter_planes]) + bias
        elif action.do == "mean":
            point[channel, p] = np.sum(field[channel, cells])
        elif action.do == "outer":
            flat[action.into][filter_planes] += g * field[planes, cells]
        elif action.do == "spread":
            added = g * flat[action.weight][filter_planes] if action.weight else np.full((1, len(cells)), g)
            field[planes, cells] = added if action.broken else field[planes, cells] + added
        else:
            assert self.winner is not None
            where = channel, cells[self.winner[step]]
            if action.do == "max":
                point[channel, p] = field[where]
            else:
                field[where] = g if action.broken else field[where] + g
