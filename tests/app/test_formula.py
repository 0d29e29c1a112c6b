"""The formulas of the output's size: as LaTeX they say what the core computes, in the reader's words and numbers."""

import re
from itertools import product

import pytest

from cnn_core.window import Window
from pages.controls import formula

WINDOWS = [
    Window.of(kernel, stride, padding, dilation)
    for kernel, stride, padding, dilation in product(
        [1, (2, 3)], [1, 2, (3, 4)], [0, 1, ((0, 1), (2, 0))], [1, 2, (1, 3)]
    )
]


def value(latex):
    """What the left side of the equation comes to, and its right side."""
    left, right = latex.replace(r"\cdot", "*").split(" = ")
    left = re.sub(r"\\left\\lfloor \\frac\{(.*)\}\{(.*)\} \\right\\rfloor", r"((\1) // (\2))", left)
    return eval(left), int(right)


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_the_size_is_what_the_formula_comes_to(window):
    for size, axis in product([(7, 9), (8, 12)], (0, 1)):
        expected = window.output_size(size)[axis]
        assert value(formula.size_in_numbers(window, size, axis)) == (expected, expected)


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_the_transposed_size_is_what_the_formula_comes_to(window):
    for output_padding, axis in product([0, window.most_output_padding], (0, 1)):
        expected = window.transposed_size((4, 5), output_padding)[axis]
        assert value(formula.transposed_in_numbers(window, (4, 5), axis, output_padding)) == (expected, expected)


def test_the_size_in_words_and_numbers():
    window = Window.of(3, stride=2, padding=1)
    assert formula.size_in_numbers(window, (7, 7), 0) == (
        r"\left\lfloor \frac{7 + 2 \cdot 1 - 3}{2} \right\rfloor + 1 = 4"
    )
    assert formula.size_in_words(window) == (
        r"\text{out} = \left\lfloor \frac{\text{in} + 2 \cdot \text{padding} - \text{kernel}}{\text{stride}} "
        r"\right\rfloor + 1"
    )


def test_the_transposed_size_in_words_and_numbers():
    plain = Window.of(3, stride=2, padding=1)
    assert formula.transposed_in_numbers(plain, (3, 3), 0, 1) == r"(3 - 1) \cdot 2 - 2 \cdot 1 + 3 + 1 = 6"
    assert formula.transposed_in_words(plain) == (
        r"\begin{aligned}\text{out} = {} & (\text{in} - 1) \cdot \text{stride} - 2 \cdot \text{padding} \\ "
        r"& + \text{kernel} + \text{output padding}\end{aligned}"
    )
    dilated = Window.of(3, stride=2, padding=((0, 1), (0, 0)), dilation=2)
    assert formula.transposed_in_numbers(dilated, (3, 3), 0) == (
        r"(3 - 1) \cdot 2 - (0 + 1) + (2 \cdot (3 - 1) + 1) + 0 = 8"
    )
    assert r"+ (\text{dilation} \cdot (\text{kernel} - 1) + 1) +" in formula.transposed_in_words(dilated)
