"""dx of a convolution in three ways: the chosen number and its place in the address, and what is said of each way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import streamlit as st

from cnn_core.checks import Array, Pair
from cnn_core.walks.dx_ways import DxWays, dx_ways, meetings
from cnn_core.window import AXES, Window
from pages.address import messages, state
from pages.animation.ways import ways

KEY = "ways"
LARGEST_MATRIX = (128, 64)  # rows and columns that are drawn


def three_ways(dout: Array, weight: Array, window: Window, input_size: Pair, output_padding: Pair) -> None:
    """Show dx (C, H, W), made three times of dout (F, OH, OW) and weight (F, C, KH, KW). What does not fit ends the page."""
    try:
        found = dx_ways(dout, weight, window, input_size=input_size, largest_matrix=LARGEST_MATRIX)
    except ValueError as error:
        messages.error(error)
        st.stop()
    unread = [
        {at: why for at in range(input_size[axis]) if (why := why_unread(window, input_size, axis, at))}
        for axis in (0, 1)
    ]
    words = said(found, input_size) | {"matrix": "" if found.matrix else too_large(found, output_padding)}
    ways(found, words=words, unread=unread, cell=chosen(found), key=KEY, on_cell=to_address)


def chosen(found: DxWays) -> tuple[int, int, int]:
    """The number of dx that the address names; one with as many products as any, near the middle, where it names none."""
    (channels, *size), shown = found.spread.counts.shape, KEY in st.session_state
    text = state.text("cell")
    if text is not None:
        parts = text.split(",")
        if len(parts) == 3 and all(part.isdecimal() and len(part) < 4 for part in parts):
            channel, row, column = map(int, parts)
            if channel < channels and row < size[0] and column < size[1]:
                return channel, row, column
        if not shown:  # later, what does not fit is what another setting has made smaller
            messages.warning(
                f"cell (={text[:40]}) in the link must be a channel, a row and a column of dx, as in 0,1,2, all counted from 0: "
                f"dx has {channels}×{size[0]}×{size[1]} numbers; the page uses one near the middle instead."
            )
        state.set_text("cell", None)
    return 0, _fullest(found.meetings[0]), _fullest(found.meetings[1])


def _fullest(of: Sequence[Sequence[Pair]]) -> int:
    """The row or column that as many windows read as any other; of several the one nearest to the middle."""
    return min(range(len(of)), key=lambda at: (-len(of[at]), abs(2 * at + 1 - len(of))))


def to_address() -> None:
    """Callback: the number that the reader has chosen goes into the address."""
    cell = st.session_state[KEY].get("cell")
    state.set_text("cell", cell if cell and isinstance(cell, str) else None)  # anybody can send any


def said(found: DxWays, input_size: Pair) -> dict[str, str]:
    """A sentence on each way, with the numbers of the settings."""
    window = found.window
    rows, columns = found.matrix_size
    apart = [cells - 1 for cells in window.stride]
    zeros = f"{apart[0]} and {apart[1]}" if apart[0] != apart[1] else str(apart[0])
    between = (
        f"dout with {zeros} zero{'' if zeros == '1' else 's'} between its numbers and" if any(apart) else "dout with"
    )
    around = [padding_words(window, axis) for axis in (0, 1)]
    padding = around[0] if around[0] == around[1] else f"{around[0]} in height and {around[1]} in width"
    return {
        "spread": "Scatter: each number of dout, times the kernel, is added to the window of dx that it came from.",
        "convolved": f"Gather: the kernel, flipped, moves by 1 over {between} padding {padding}.",
        "multiplied": f"out = W·x, so dx = Wᵀ·dout: Wᵀ has a row for each of the {rows} numbers of dx and a column for each of "
        f"the {columns} of dout.",
    }


def padding_words(window: Window, axis: int) -> str:
    """The padding before the first number of dout along an axis, written out: 3 − 1 − 0 = 2."""
    kernel, dilation, (before, _) = window.kernel_size[axis], window.dilation[axis], window.padding[axis]
    reach = f"{kernel} − 1" if dilation == 1 else f"{dilation} · ({kernel} − 1)"
    padding = window.span[axis] - 1 - before
    written = f"{reach} − {before} = {padding}".replace("-", "−").replace(" ", "\N{NO-BREAK SPACE}")
    return written if padding >= 0 else f"{written}: {-padding} cut off each side, as windows there saw padding only"


def why_unread(window: Window, input_size: Pair, axis: int, at: int) -> str:
    """Why no window reads a row (axis 0) or column (1) of the convolution's input; empty where one does."""
    if meetings(window, input_size, axis)[at]:
        return ""
    line, span = ("Row", "Column")[axis], window.span[axis]
    starts = [window.start(o, axis) for o in range(window.output_size(input_size)[axis])]
    if at >= starts[-1] + span:
        return f"{line} {at} lies behind the last window: what is left there is less than a stride"
    if any(start <= at < start + span for start in starts):
        return f"{line} {at} falls between the kernel's cells, which dilation {window.dilation[axis]} holds apart"
    return f"Stride {window.stride[axis]} steps over {line.lower()} {at}, as a window spans only {span} in {AXES[axis]}"


def too_large(found: DxWays, output_padding: Pair) -> str:
    """Why the matrix is not drawn, and which setting makes it small enough."""
    rows, columns = found.matrix_size
    most_rows, most_columns = LARGEST_MATRIX
    ways_out = " or ".join(smaller(found, output_padding)) or "a smaller input, and fewer channels and filters"
    return (
        f"Wᵀ has {rows:,} rows and {columns:,} columns here; it is drawn up to {most_rows} and {most_columns}. The sum below is "
        f"its row times dout all the same. To see all of it, choose {ways_out}."
    )


def smaller(found: DxWays, output_padding: Pair) -> Iterator[str]:
    """The settings one of which, made smaller, is enough for the matrix to be drawn: the largest value that is."""
    window = found.window
    (filters, *size), channels = found.dout.counts.shape, len(found.spread.counts)

    def fits(size: Pair, filters: int = filters, channels: int = channels) -> bool:
        try:
            high, wide = window.transposed_size(size, output_padding)
        except ValueError:  # padding leaves nothing of it
            return False
        return channels * high * wide <= LARGEST_MATRIX[0] and filters * size[0] * size[1] <= LARGEST_MATRIX[1]

    now = (size[0], size[1])
    for n in range(max(now) - 1, 1, -1):
        if fits((n, n)):
            yield f"an input of at most {n}×{n}"
            break
    for n in range(filters - 1, 0, -1):
        if fits(now, filters=n):
            yield f"{n} channel{'s' if n > 1 else ''}"
            break
    for n in range(channels - 1, 0, -1):
        if fits(now, channels=n):
            yield f"{n} filter{'s' if n > 1 else ''}"
            break
