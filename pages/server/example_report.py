"""A report of `cnn_core.check` to show: made for real, by the first visitor who looks at it, then kept."""

from __future__ import annotations

from typing import NamedTuple

from cnn_core.check import examine, report
from cnn_core.check.calls import call, functions
from cnn_core.check.right import core
from cnn_core.mistakes import MISTAKES
from pages.server.kept import Once

NAMES = ("max_pool_forward_naive", "max_pool_backward_naive")
SLIP = MISTAKES["pool-overwrites"]
SECONDS = 2.0  # at most, for the smallest case


class ExampleReport(NamedTuple):
    """The text without its link, and the query of the link."""

    text: str
    query: str


def _make() -> ExampleReport:
    """The report on two functions of the course, of which one holds a mistake."""
    namespace = {name: core()[name] for name in NAMES}
    namespace["max_pool_backward_naive"] = SLIP.wrong["max_pool2d_backward_naive"]
    found = examine.examine(lambda message: call(namespace, message), functions(namespace), seconds=SECONDS)
    (finding,) = [finding for each in found for finding in each.findings]
    query, finding.link = finding.link.partition("?")[2], ""
    return ExampleReport(report.text("my_layers.py", found), query)


example_report = Once(_make)
