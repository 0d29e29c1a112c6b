"""numbers.js writes every number as the core does: the same rule, letter by letter, in a real Chromium."""

import pytest

from cnn_core.walks.rounding import equals, shortened, write
from pages.animation.scripts import script
from tests.numbers_written import CASES


@pytest.fixture(scope="module")
def browser_says(chromium):
    """Calls a function of the script with the arguments of every case; returns what it says, case by case."""
    page = chromium.new_page()
    page.add_script_tag(content=script("numbers"))
    yield lambda call, cases: page.evaluate(f"cases => cases.map(({call}))", cases)
    page.close()


@pytest.mark.parametrize("places", [None, 0, 1, 2, 3, 8])
def test_numbers_are_written_as_in_python(browser_says, places):
    found = browser_says(
        "([count, scale, places]) => write(count, scale, places ?? undefined)", [(*c, places) for c in CASES]
    )
    assert found == [write(*case, places) for case in CASES]


def test_signs_and_short_ways_are_those_of_python(browser_says):
    found = browser_says("(case_) => [equalsSign(...case_), shortened(...case_)]", CASES)
    assert found == [[equals(*case), shortened(*case)] for case in CASES]
