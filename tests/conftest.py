"""For `make judge`: where all judges are installed, nothing may be skipped without a word."""

import pytest


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
