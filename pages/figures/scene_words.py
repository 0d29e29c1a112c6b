"""What a step says: its sum in a line of text. All numbers are written from exact counts, so what is said adds up."""

from __future__ import annotations

import numpy as np

from cnn_core.checks import Array
from cnn_core.walks.counts import Grid
from cnn_core.walks.rounding import equals, write
from cnn_core.walks.walk import Action, Walk


def bracket(text: str) -> str:
    """As a factor, or as a summand after a plus: negative numbers in brackets."""
    return f"({text})" if text.startswith("−") else text


def say(walk: Walk, step: int, made: dict[str, Array]) -> tuple[str, str]:
    """The step in words, once with every term of its sum and once shortened.

    made: the counts that the steps up to and with this one have made, by grid.
    """
    phase, local = walk.locate(step)
    told = [_Step(walk, action, local, made).say() for action in phase.actions]
    given = next((action.point for action in phase.actions if action.adds), "")
    start = f"step {step + 1:,} of {walk.steps:,}, {phase.name}: "
    if given:
        at = _Step(walk, phase.actions[0], local, made)
        start += f"{at.name(given)} = {at.text(given, at.g(given))}; "
    return start + "; ".join(full for full, _ in told), start + "; ".join(short for _, short in told)


class _Step:
    """One action of a step, with the numbers that take part in it."""

    def __init__(self, walk: Walk, action: Action, local: int, made: dict[str, Array]) -> None:
        self.walk, self.action, self.made, self.local = walk, action, made, local
        self.channel, self.position = divmod(local, len(walk.origin))
        self.cells = walk.origin[self.position] + walk.taps

    def say(self) -> tuple[str, str]:
        """In full and shortened; most actions need no more than one way to say it."""
        action, walk = self.action, self.walk
        assign = "=" if action.broken else "+="
        if action.do == "sum":
            now = self.text(action.into, self.made[action.into][self.channel, 0, 0])
            return self.same(f"{self.filter(action.into)} += {self.given()}, now {now}")
        if action.do == "outer":
            return self.same(f"{self.filter(action.into)} += {bracket(self.given())} · window")
        if action.do == "spread" and action.weight:
            return self.same(f"{action.into}[window] {assign} {bracket(self.given())} · {self.filter(action.weight)}")
        if action.do == "spread":
            n, g, scale = len(self.cells), self.g(action.point), walk.grids[action.into].scale
            share = f"{self.given()} ÷ {n} {equals(g, scale)} {self.text(action.into, g)}"
            return self.same(f"each of the window's {action.into} {assign} {share}")
        if action.do == "route":
            assert walk.winner is not None
            winner = self.cells[walk.winner[self.local]]
            now = self.text(action.into, self.made[action.into][self.channel].ravel()[winner])
            return self.same(f"{action.into} of the window's largest {assign} {self.given()}, now {now}")
        if action.do == "copy":
            row, column = divmod(int(walk.origin[self.local]), walk.blank.shape[1])
            padded = " of the padded input" if walk.blank.any() else ""
            count = len(self.cells) * len(walk.grids[action.field].counts)
            window = f"the {count} numbers of the window at row {row}, column {column}{padded}"
            return self.same(f"{action.into}[:, {self.local}] = {window}")
        return self.reduce()

    def same(self, text: str) -> tuple[str, str]:
        return text, text

    def reduce(self) -> tuple[str, str]:
        """The actions that make one number of many: dot, matmul, mean and max."""
        action, walk = self.action, self.walk
        into, values = walk.grids[action.into], self.window()
        name, n = self.name(action.into), values.size
        result = self.made[action.into].ravel()[self.local]
        if action.do == "max":
            blank = walk.blank.ravel()[self.cells]
            listed = [
                "−∞" if empty else self.text(action.field, value) for value, empty in zip(values, blank, strict=True)
            ]
            found = f"= {self.text(action.into, result)}"
            return f"{name} = largest of {', '.join(listed)} {found}", f"{name} = largest of {n} numbers {found}"
        if action.do == "mean":
            total = self.text(action.field, values.sum())
            found = f"÷ {n} {equals(result, into.scale)} {self.text(action.into, result)}"
            listed = [bracket(self.text(action.field, value)) for value in values]
            return f"{name} = ({' + '.join(listed)}) {found}", f"{name} = sum of {n} numbers = {total}, {found}"
        weights = self.weights()
        bias = walk.grids[action.bias].counts[self.channel, 0, 0] if action.bias else None
        products = f"sum of {n} products = {self.text(action.into, np.sum(values * weights))}"
        found = f"= {self.text(action.into, result)}"
        listed = [
            f"{bracket(self.text(action.field, value))}·{bracket(self.text(action.weight, weight))}"
            for value, weight in zip(values, weights, strict=True)
        ]
        if bias is None:
            return f"{name} = {' + '.join(listed)} {found}", f"{name} = {products}"
        added = f"+ bias {bracket(self.text(action.bias, bias))} {found}"
        return f"{name} = {' + '.join(listed)} {added}", f"{name} = {products}, {added}"

    def window(self) -> Array:
        """The counts under the window, one after the other."""
        counts, action = self.walk.grids[self.action.field].counts, self.action
        if action.do == "matmul":
            return np.asarray(counts[0, :, self.position])
        planes = self.walk.planes(self.channel) if action.do == "dot" else slice(self.channel, self.channel + 1)
        return np.asarray(counts[planes].reshape(-1, self.walk.blank.size)[:, self.cells].ravel())

    def weights(self) -> Array:
        counts, n = self.walk.grids[self.action.weight].counts, self.walk.channels_in
        if self.action.do == "matmul":
            return np.asarray(counts[0, self.channel])
        return np.asarray(counts[self.channel * n : (self.channel + 1) * n].ravel())

    def g(self, point: str) -> float:
        """The count of `point` at this step."""
        return float(self.walk.grids[point].counts.ravel()[self.local])

    def given(self) -> str:
        return self.text(self.action.point, self.g(self.action.point))

    def text(self, name: str, count: float) -> str:
        return write(count, self.walk.grids[name].scale)

    def name(self, point: str) -> str:
        """How NumPy would write this step's cell; the channel only where there are several."""
        grid: Grid = self.walk.grids[point]
        if point == "product":
            return f"{point}[{self.channel}, {self.position}]"
        channels, _, columns = grid.counts.shape
        at, called = f"{self.position // columns}, {self.position % columns}", self.walk.called.get(point, point)
        return f"{called}[{self.channel}, {at}]" if channels > 1 else f"{called}[{at}]"

    def filter(self, name: str) -> str:
        """Of weights, biases and their gradients: those of this step's filter, if there are several."""
        several = len(self.walk.grids[name].counts) > (self.walk.channels_in if "weight" in name else 1)
        return f"{name}[{self.channel}]" if several else name
