"""numbers.js writes every number as the core does: the same rule, letter by letter, in a real Chromium."""

import base64

import numpy as np
import pytest

from cnn_core.walks.rounding import equals, shortened, write
from pages.animation.player import pack
from tests.browser.scripted import blank
from tests.numbers_written import CASES


@pytest.fixture(scope="module")
def page(chromium):
    with blank(chromium) as page:
        yield page


@pytest.mark.parametrize("places", [None, 0, 1, 2, 3, 8])
def test_numbers_are_written_as_in_python(page, places):
    found = page.evaluate(
        "cases => cases.map(([count, scale, places]) => write(count, scale, places ?? undefined))",
        [(*case, places) for case in CASES],
    )
    assert found == [write(*case, places) for case in CASES]


def test_signs_and_short_ways_are_those_of_python(page):
    found = page.evaluate("cases => cases.map((number) => [equalsSign(...number), shortened(...number)])", CASES)
    assert found == [[equals(*case), shortened(*case)] for case in CASES]


def test_a_factor_below_zero_stands_in_brackets(page):
    assert page.evaluate("['−1', '1', '≈0', '0'].map(bracket)") == ["(−1)", "1", "≈0", "0"]


@pytest.mark.parametrize(
    ("numbers", "dtype"),
    [
        ([0, 127, -127], "i1"),
        ([128, -5], "i2"),
        ([-32_768, 5], "i4"),
        ([2**31, -(2**53) + 1, 0], "f8"),
    ],
)
def test_arrays_arrive_as_they_were_packed(page, numbers, dtype):
    packed = pack(np.array(numbers, dtype=np.float64))
    assert packed["dtype"] == dtype
    assert page.evaluate("packed => Array.from(unpack(packed))", packed) == numbers


def test_switches_arrive_as_bytes(page):
    packed = pack(np.array([0, 1, 255], dtype=np.uint8))
    assert base64.b64decode(packed["base64"]) == bytes([0, 1, 255])
    assert page.evaluate("packed => Array.from(unpack(packed))", packed) == [0, 1, 255]
