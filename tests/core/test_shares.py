"""Shares in percent: not quite all is not all, hardly any is not none."""

import ast
import itertools
from pathlib import Path

import pytest

from cnn_core.shares import percent


@pytest.mark.parametrize(
    ("share", "written"),
    [
        (0, "0%"),
        (1, "100%"),
        (0.42, "42%"),
        (359 / 360, "99.7%"),
        (0.994, "99%"),
        (0.995, "99.5%"),
        (0.9994, "99.9%"),
        (0.9996, ">99.9%"),
        (1 - 1e-12, ">99.9%"),
        (1 / 360, "0.3%"),
        (0.0004, "<0.1%"),
        (1e-30, "<0.1%"),
        (0.006, "1%"),
        (1.004, "100%"),
    ],
)
def test_only_all_reads_as_all_and_only_none_as_none(share, written):
    assert percent(share) == written


@pytest.mark.parametrize(
    ("share", "digits", "written"),
    [
        (0, 1, "0%"),
        (1, 1, "100%"),
        (0.9996, 1, ">99.9%"),
        (0.0004, 1, "<0.1%"),
        (0.4246, 1, "42.5%"),
        (0.00004, 2, "<0.01%"),
        (0.00996, 2, "1.00%"),
        (0.999996, 3, ">99.999%"),
        (1.5, 1, "150.0%"),
    ],
)
def test_the_same_with_digits_behind_the_point(share, digits, written):
    assert percent(share, digits) == written


CODE = [path for room in ("pages", "cnn_core") for path in sorted((Path(__file__).parents[2] / room).rglob("*.py"))]


def rounded(source):
    """Where percents are written without the rule: a format that ends in %, of Python's or of a chart's."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FormattedValue) and node.format_spec and ast.unparse(node.format_spec).endswith("%'"):
            yield node.lineno
        if isinstance(node, ast.JoinedStr):
            for number, words in itertools.pairwise(node.values):
                formatted = isinstance(number, ast.FormattedValue) and number.format_spec
                if formatted and isinstance(words, ast.Constant) and words.value.lstrip().startswith("%"):
                    yield words.lineno
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and ":." in node.value and "%}" in node.value:
            yield node.lineno


def test_no_share_is_rounded_to_all_or_none_elsewhere():
    own = {"shares.py", "scripts.py"}  # the rule; a script to take along that prints as it goes
    found = {path: list(rounded(path.read_text(encoding="utf-8"))) for path in CODE if path.name not in own}
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "source",
    [
        'f"{share:.0%}"',
        'f"{share:.{digits}%}"',
        'f"{share:%}"',
        'f"{100 * share:.0f} % of it"',
        '"%{customdata:.0%} of the class"',
        '"{:.1%}".format(share)',
    ],
)
def test_the_check_sees(source):
    assert list(rounded(source))
