"""Shares in percent: not quite all is not all, hardly any is not none."""

import pytest

from pages.figures.shares import percent


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
    ],
)
def test_only_all_reads_as_all_and_only_none_as_none(share, written):
    assert percent(share) == written
