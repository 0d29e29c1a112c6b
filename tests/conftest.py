"""One thread for each process of the tests, as the app has; and for `make judge`: nothing may be skipped without a word."""

import pytest

from cnn_core.machine.threads import use_one_thread

use_one_thread()  # before NumPy is imported: else the threads of several processes wait for each other in loops


def pytest_addoption(parser):
    parser.addoption("--no-skips", action="store_true", help="a test that is skipped fails")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    return without_skips(report) if item.config.getoption("--no-skips") else report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    report = yield
    return without_skips(report) if collector.config.getoption("--no-skips") else report


def without_skips(report):
    """A report of something skipped as one of a failure."""
    if report.skipped:
        report.outcome, report.longrepr = "failed", f"skipped, where nothing may be: {report.longrepr[2]}"
    return report
