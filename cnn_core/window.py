"""The geometry of a window that slides over an image: sizes, positions, views. It stands here and nowhere else.

Everything that slides a window (convolution, pooling, their gradients, their walk-throughs) asks a `Window` how
large the output is, where the window stands at each step, and which cells it sees.

Sizes follow PyTorch: with input size n, kernel k, stride s, dilation d and padding p + q (before and after),

    output size = floor((n + p + q - (d * (k - 1) + 1)) / s) + 1

and with n windows, of which the last leaves a cells over, back to the image they came from:

    transposed size = (n - 1) * s - (p + q) + (d * (k - 1) + 1) + a

(Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016: relations 6 and 15 for the first, 14 for
the second.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cnn_core.checks import Array, Pair, PairLike, pair, up_to

PaddingLike = int | Sequence[int] | Sequence[Sequence[int]] | Literal["same"]

AXES = ("height", "width")
MOST = (
    2**31 - 1
)  # cells of each setting: sizes and positions made of them stay far below 2**63, where NumPy's numbers end


@dataclass(frozen=True)
class Window:
    """A window of `kernel_size` cells, `dilation` apart, that moves by `stride` over an image padded by `padding`.

    kernel_size, stride, dilation: (height, width), 1 or more. padding: ((top, bottom), (left, right)), 0 or more. All are
    in cells, and at most MOST. `Window.of` takes the short forms.

    Raises ValueError for anything else, however it is built.
    """

    kernel_size: Pair
    stride: Pair = (1, 1)
    padding: tuple[Pair, Pair] = ((0, 0), (0, 0))
    dilation: Pair = (1, 1)

    def __post_init__(self) -> None:
        settings = {name: pair(name, getattr(self, name), 1) for name in ("kernel_size", "stride", "dilation")}
        for name, value in settings.items():
            up_to(name, max(value), 1, MOST)
            object.__setattr__(self, name, value)
        object.__setattr__(self, "padding", _padding(self.padding, **settings))
        up_to("padding", max(map(max, self.padding)), 0, MOST)

    @classmethod
    def of(
        cls, kernel_size: PairLike, stride: PairLike = 1, padding: PaddingLike = 0, dilation: PairLike = 1
    ) -> Window:
        """A window from the short forms.

        kernel_size, stride, dilation: an int or a pair (height, width), each 1 or more.
        padding: an int, a pair (height, width), a pair of pairs ((top, bottom), (left, right)), each 0 or more, or
        "same", which needs stride 1 and gives an output as large as the input (an odd cell goes to the bottom or
        right, as in PyTorch).

        Raises ValueError for anything else.
        """
        return cls(kernel_size, stride, padding, dilation)  # type: ignore[arg-type]  # __post_init__ makes pairs of them

    @property
    def span(self) -> Pair:
        """Rows and columns from the first to the last cell of the window: d * (k - 1) + 1."""
        (kh, kw), (dh, dw) = self.kernel_size, self.dilation
        return dh * (kh - 1) + 1, dw * (kw - 1) + 1

    def padded_size(self, input_size: PairLike) -> Pair:
        """Size of the image with its padding; input_size is a pair (height, width), or an int for both."""
        if type(input_size) is not tuple or [*map(type, input_size)] != [
            int,
            int,
        ]:  # NumPy's small ones would wrap around
            input_size = pair("input_size", input_size, 0)
        return input_size[0] + sum(self.padding[0]), input_size[1] + sum(self.padding[1])

    def output_size(self, input_size: PairLike) -> Pair:
        """Number of positions (down, across). input_size: as for `padded_size`. ValueError if the window does not fit in."""
        padded, span = self.padded_size(input_size), self.span
        for axis in (0, 1):
            if span[axis] > padded[axis]:
                raise ValueError(
                    f"kernel_size (={self.kernel_size[axis]}, dilation {self.dilation[axis]}: {span[axis]} cells of "
                    f"{AXES[axis]}) must fit into the padded input (={padded[axis]}): make the kernel or the dilation "
                    f"smaller, or the input or the padding larger"
                )
        return (padded[0] - span[0]) // self.stride[0] + 1, (padded[1] - span[1]) // self.stride[1] + 1

    def leftover(self, input_size: Pair) -> Pair:
        """Rows and columns of the padded image after the last window: not 0 where the stride does not divide."""
        (oh, ow), (sh, sw), (ph, pw) = self.output_size(input_size), self.stride, self.span
        height, width = self.padded_size(input_size)
        return height - (oh - 1) * sh - ph, width - (ow - 1) * sw - pw

    def transposed_size(self, input_size: Pair, output_padding: PairLike = 0) -> Pair:
        """Size of the image that has one window for each cell of `input_size`: the inverse of `output_size`.

        With stride s there are s such sizes along an axis, as the last window may leave 0 to s - 1 cells over.
        output_padding, an int or a pair, says how many (`leftover` of the result gives it back):

            (n - 1) * s - (p + q) + span + output_padding

        (Dumoulin and Visin, 2016, relation 14, where it is called a.) Raises ValueError if output_padding is not less
        than the stride, or if the padding leaves nothing of the image.
        """
        cells, extra = pair("input_size", input_size, 1), pair("output_padding", output_padding, 0)
        for axis in (0, 1):
            if extra[axis] >= self.stride[axis]:
                raise ValueError(
                    f"output_padding (={extra[axis]}) must be less than stride (={self.stride[axis]}): "
                    f"use at most {self.stride[axis] - 1} for the {AXES[axis]}, or a larger stride"
                )
        padded = [(n - 1) * s + e + a for n, s, e, a in zip(cells, self.stride, self.span, extra, strict=True)]
        for axis in (0, 1):
            if sum(self.padding[axis]) >= padded[axis]:
                raise ValueError(
                    f"padding (={self.padding[axis][0]} + {self.padding[axis][1]} cells of {AXES[axis]}) must be less "
                    f"than the transposed output it is cut from (={padded[axis]}): make the padding smaller, or the "
                    f"input or the kernel larger"
                )
        return padded[0] - sum(self.padding[0]), padded[1] - sum(self.padding[1])

    @property
    def most_output_padding(self) -> Pair:
        """The largest `output_padding` that still leads back to the same size."""
        return self.stride[0] - 1, self.stride[1] - 1

    def pad(self, x: Array, value: float = 0.0) -> Array:
        """A copy of x (..., H, W) with the padding around it, filled with `value`."""
        height, width = self.padded_size((x.shape[-2], x.shape[-1]))
        padded = np.full((*x.shape[:-2], height, width), value, dtype=x.dtype)
        self.crop(padded)[...] = x
        return padded

    def crop(self, padded: Array) -> Array:
        """The view of `padded` (..., H', W') without its padding: the inverse of `pad`."""
        (top, bottom), (left, right) = self.padding
        return padded[..., top : padded.shape[-2] - bottom, left : padded.shape[-1] - right]

    def view(self, padded: Array) -> Array:
        """All windows of `padded` (..., H', W') at once: a read-only view (..., OH, OW, KH, KW); nothing is copied."""
        windows = np.lib.stride_tricks.sliding_window_view(padded, self.span, axis=(-2, -1))
        (sh, sw), (dh, dw) = self.stride, self.dilation
        return windows[..., ::sh, ::sw, ::dh, ::dw]

    def view_adjoint(self, windows: Array, padded_size: Pair) -> Array:
        """The adjoint of `view`: adds each window of (..., OH, OW, KH, KW) back where it came from.

        Cells that several windows share get the sum; returns (..., H', W').
        """
        padded = np.zeros((*windows.shape[:-4], *padded_size), dtype=windows.dtype)
        for i, j in np.ndindex(*self.kernel_size):
            self.tap(padded, i, j)[...] += windows[..., i, j]
        return padded

    def tap(self, padded: Array, i: int, j: int) -> Array:
        """The cells of `padded` (..., H', W') that kernel cell (i, j) meets, window by window: a view (..., OH, OW)."""
        (sh, sw), (dh, dw), (ph, pw) = self.stride, self.dilation, self.span
        top, left = i * dh, j * dw
        rows = slice(top, top + padded.shape[-2] - ph + 1, sh)
        return padded[..., rows, left : left + padded.shape[-1] - pw + 1 : sw]

    def phases(self, input_size: Pair, axis: int) -> Iterator[tuple[slice, list[Pair]]]:
        """The cells of an axis (without padding) in parts: each slice r, r + stride, ... and the kernel cells that meet it.

        The pairs are (k, by): kernel cell k of window o meets the part's cell o + by, if there is one.
        """
        s, d, before = self.stride[axis], self.dilation[axis], self.padding[axis][0]
        for r in range(min(s, input_size[axis])):
            places = [(k, d * k - before - r) for k in range(self.kernel_size[axis])]
            yield slice(r, None, s), [(k, place // s) for k, place in places if place % s == 0]

    def start(self, position: int, axis: int) -> int:
        """The row (axis 0) or column (1) of the image in which the window begins at this position; negative in the padding."""
        return position * self.stride[axis] - self.padding[axis][0]

    def origins(self, input_size: Pair) -> Iterator[tuple[int, int, int, int]]:
        """Each step of the walk, row by row: (output row, output column, top, left); top and left are padded."""
        for oy, ox in np.ndindex(*self.output_size(input_size)):
            yield oy, ox, oy * self.stride[0], ox * self.stride[1]

    def offsets(self) -> Array:
        """Where the window's cells lie, seen from its top left corner: (KH * KW, 2) rows and columns."""
        rows, columns = np.indices(self.kernel_size).reshape(2, -1)
        return np.stack([rows * self.dilation[0], columns * self.dilation[1]], axis=1)

    def starts(self, input_size: Pair) -> tuple[Array, Array]:
        """The first row (OH,) and the first column (OW,) of each position, counted from the input's: below 0 in the padding."""
        steps = zip(self.output_size(input_size), self.stride, self.padding, strict=True)
        rows, columns = (np.arange(n) * s - before for n, s, (before, _) in steps)
        return rows, columns

    def coverage(self, input_size: Pair) -> Array:
        """How many windows see each cell of the padded image (H', W'); 0 where the stride leaves cells over."""
        ones = np.ones((*self.output_size(input_size), *self.kernel_size), dtype=np.int64)
        return self.view_adjoint(ones, self.padded_size(input_size))

    def require_real_cells(self, input_size: Pair) -> None:
        """Raise ValueError if some window sees padding only (it has no maximum and no mean)."""
        for axis, cells in enumerate(input_size):
            k, d, span = self.kernel_size[axis], self.dilation[axis], self.span[axis]
            before, after = self.padding[axis]
            starts = range(-before, cells + after - span + 1, self.stride[axis])
            jumps = k > 1 and d > cells  # from before the input to behind it; else the first and the last window tell
            for start in starts if jumps else (starts[0], starts[-1]):
                first = start % d if start < 0 else start  # the window's first cell that is not before the input
                if first < cells and first < start + span:
                    continue
                if jumps:
                    raise ValueError(
                        f"dilation (={d}) must be at most the input (={cells} cells of {AXES[axis]}) here: with padding "
                        f"(={before} + {after}) a dilated window falls beside the input and sees padding only"
                    )
                where = "" if self.span[0] == self.span[1] else f" for the {AXES[axis]}"
                raise ValueError(
                    f"padding (={max(before, after)}) must leave each pooling window at least one cell of the input: with a "
                    f"window of {self.span[0]}x{self.span[1]} cells, at most {span // 2} is safe{where}"
                )


def _padding(padding: PaddingLike, kernel_size: Pair, stride: Pair, dilation: Pair) -> tuple[Pair, Pair]:
    padding = padding.tolist() if isinstance(padding, np.ndarray) else padding
    if isinstance(padding, str):
        if padding != "same":
            raise ValueError(f'padding (={padding!r}) must be whole numbers or "same"')
        if stride != (1, 1):
            raise ValueError(f'padding (="same") needs stride 1, not stride (={stride}); give the padding in cells')
        both = [d * (k - 1) for k, d in zip(kernel_size, dilation, strict=True)]
        return (both[0] // 2, both[0] - both[0] // 2), (both[1] // 2, both[1] - both[1] // 2)
    if isinstance(padding, list | tuple) and any(isinstance(side, list | tuple) for side in padding):
        if len(padding) != 2:
            raise ValueError(f"padding (={padding!r}) must be ((top, bottom), (left, right))")
        return pair("padding", padding[0], 0), pair("padding", padding[1], 0)
    high, wide = pair("padding", padding, 0)  # type: ignore[arg-type]
    return (high, high), (wide, wide)
