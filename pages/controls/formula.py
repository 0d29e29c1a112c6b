"""The output size, once in words and once with the reader's numbers."""

from __future__ import annotations

import streamlit as st

from cnn_core.checks import Pair
from cnn_core.window import AXES, Window


def size_formula(window: Window, input_size: Pair) -> None:
    """Show the formula of a convolution's or a pooling's output size; for both axes where they differ."""
    _formula(size_in_words(window), [size_in_numbers(window, input_size, axis) for axis in (0, 1)])


def transposed_formula(window: Window, input_size: Pair, output_padding: Pair) -> None:
    """The same for a transposed convolution."""
    numbers = [transposed_in_numbers(window, input_size, axis, output_padding) for axis in (0, 1)]
    _formula(transposed_in_words(window), numbers)


def size_in_words(window: Window) -> str:
    """The output size as LaTeX, with the names of the settings in it."""
    return (
        rf"\text{{out}} = \left\lfloor \frac{{\text{{in}} + 2 \cdot \text{{padding}} - {_span_in_words(window)}}}"
        r"{\text{stride}} \right\rfloor + 1"
    )


def size_in_numbers(window: Window, input_size: Pair, axis: int) -> str:
    """The output size along `axis` (0 height, 1 width) as LaTeX with the numbers put in."""
    (before, after), out = window.padding[axis], window.output_size(input_size)[axis]
    pad = rf"2 \cdot {before}" if before == after else f"{before} + {after}"
    return (
        rf"\left\lfloor \frac{{{input_size[axis]} + {pad} - {_span_in_numbers(window, axis)}}}{{{window.stride[axis]}}} "
        rf"\right\rfloor + 1 = {out}"
    )


def transposed_in_words(window: Window) -> str:
    """The transposed size as LaTeX, with the names of the settings in it; in two lines, for a phone's width."""
    return (
        r"\begin{aligned}\text{out} = {} & (\text{in} - 1) \cdot \text{stride} - 2 \cdot \text{padding} \\ & + "
        rf"{_span_in_words(window)} + \text{{output padding}}\end{{aligned}}"
    )


def transposed_in_numbers(window: Window, input_size: Pair, axis: int, output_padding: Pair | int = 0) -> str:
    """The transposed size along `axis` (0 height, 1 width) as LaTeX with the numbers put in."""
    (before, after), out = window.padding[axis], window.transposed_size(input_size, output_padding)[axis]
    pad = rf"2 \cdot {before}" if before == after else f"({before} + {after})"
    extra = output_padding if isinstance(output_padding, int) else output_padding[axis]
    return rf"({input_size[axis]} - 1) \cdot {window.stride[axis]} - {pad} + {_span_in_numbers(window, axis)} + {extra} = {out}"


def _span_in_words(window: Window) -> str:
    return r"\text{kernel}" if window.dilation == (1, 1) else r"(\text{dilation} \cdot (\text{kernel} - 1) + 1)"


def _span_in_numbers(window: Window, axis: int) -> str:
    d, k = window.dilation[axis], window.kernel_size[axis]
    return f"{k}" if d == 1 else rf"({d} \cdot ({k} - 1) + 1)"


def _formula(words: str, numbers: list[str]) -> None:
    # One element: each more costs the browser some milliseconds at every change.
    lines = [words, f"= {numbers[0]}"]
    if numbers[0] != numbers[1]:
        lines[1:] = [rf"\text{{{axis}: }} {formula}" for axis, formula in zip(AXES, numbers, strict=True)]
    st.markdown("\n\n".join(["### How large is the output?", *(f"$$\n{line}\n$$" for line in lines)]))


def size_titles(window: Window, input_size: tuple[int, int]) -> dict[str, str]:
    """Captions with their sizes for the player's input and output."""
    (rows, columns), (down, across) = window.padded_size(input_size), window.output_size(input_size)
    padded = "" if (rows, columns) == input_size else f", padded {rows}×{columns}"
    return {"x": f"input {input_size[0]}×{input_size[1]}{padded}", "out": f"output {down}×{across}"}


def layer_counts(window: Window, input_size: Pair, channels: int, filters: int, groups: int) -> str:
    """What a convolution has: parameters, products and outputs, what groups save, and which padding keeps the size."""
    (down, across), (high, wide) = window.kernel_size, window.output_size(input_size)
    outputs = filters * high * wide
    each = channels // groups * down * across  # weights of a filter
    biases = f"{filters} bias{'es' if filters > 1 else ''}"
    counts = (
        f"**{filters * each + filters:,} parameters**: {filters}·{channels // groups}·{down}·{across} = {filters * each:,} "
        f"weights (filters · channels · kernel height · width) and {biases}. They make "
        f"{outputs:,} output{'s' if outputs > 1 else ''}, with "
        f"**{outputs * each:,} products** in all."
    )
    if groups > 1:
        counts += f" Without groups there would be {groups} times as many weights and products."
    return f"{counts} {_same_size(window)}"


def _same_size(window: Window) -> str:
    """Which padding makes the output as large as the input, at stride 1."""
    needs = [span - 1 for span in window.span]  # of both sides together
    rule = "2 · padding = kernel − 1" if window.dilation == (1, 1) else "2 · padding = dilation · (kernel − 1)"
    if needs[0] % 2 and needs[1] % 2:
        answer = "no equal padding does that, as each side would need half a cell"
    elif needs[0] == needs[1]:
        answer = f"padding {needs[0] // 2}"
    else:
        answer = ", ".join(
            f"{axis} {'no whole padding' if need % 2 else need // 2}" for axis, need in zip(AXES, needs, strict=True)
        )
    return f"At stride 1 the size stays the same where {rule}: {answer}."


def notes(*texts: str) -> None:
    """What is to be said of the walk above, in small print; empty texts are left out."""
    said = "\n\n".join(text for text in texts if text)
    if said:
        st.caption(said)
    else:
        st.empty()  # holds the place: what stands below would be made anew, not changed


def unseen_note(window: Window, input_size: tuple[int, int]) -> str:
    """Why some cells are under no window, where there are such cells."""
    read = window.coverage(input_size) > 0
    if read.all():
        return ""
    down, across = window.leftover(input_size)
    reasons = []
    if rest := leftover_words(window, input_size):
        reasons.append(
            f"after its last stop the window has {rest} left, too few for another stride (that is what rounding down means; "
            f"some code refuses such sizes instead)"
        )
    rows, columns = window.padded_size(input_size)
    if not read[: rows - down, : columns - across].all():
        reasons.append("the stride or the dilation steps over cells")
    return f"Pink hatching: no window ever reads these cells, because {'; and '.join(reasons)}."


def leftover_words(window: Window, input_size: Pair) -> str:
    """How much the window has left after its last stop: 1 row and 2 columns; empty for nothing."""
    left = zip(window.leftover(input_size), ("row", "column"), strict=True)
    return " and ".join(f"{n} {side}{'s' if n > 1 else ''}" for n, side in left if n)


def crop_note(window: Window) -> str:
    """What the padding's part of dx is, where there is padding."""
    if window.padding == ((0, 0), (0, 0)):
        return ""
    return (
        "Hatched cells of dx are padding: what arrives there belongs to zeros that were never part of the input, and is thrown "
        "away. The input's gradient is the part inside."
    )


def border_note(window: Window) -> str:
    """A sentence on what zeros around a picture do to the outputs beside them, where there are any; begins with a space."""
    if window.padding == ((0, 0), (0, 0)):
        return ""
    return " Its border is false: there the window reads zeros of the padding, an edge that the picture does not have."
