"""A whole file: each of its functions that is known, tried, explained, and brought to its smallest case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from cnn_core.check.explain import explain
from cnn_core.check.form import Form
from cnn_core.check.forms import FORMS
from cnn_core.check.link import HOST, SharedCase, address, theirs_of
from cnn_core.check.right import results
from cnn_core.check.shrink import SECONDS, shrink
from cnn_core.check.survey import Ask, Finding, Report, reports, retell

Say = Callable[[str], None]
Functions = Mapping[str, list[str]]


def forms_in(functions: Functions) -> list[Form]:
    """How the functions that are there can be called: both of a pair, or the one that is there.

    Where the course and the core have one name for a function, its parameters tell which is meant.
    """
    found: dict[tuple[str, str], Form] = {}
    backwards = {form.backward for form in FORMS if form.forward in functions and form.backward in functions}
    for form in FORMS:
        if form.forward in functions and takes_them(form, functions[form.forward]):
            there = form.backward in functions
            if there or not form.backward or not any(other.forward == form.forward for other in found.values()):
                only = form if there or not form.backward else replace(form, backward="", gradients=())
                found.setdefault((only.forward, only.backward), only)
        elif form.backward in functions and form.forward not in functions and form.backward not in backwards:
            found.setdefault((form.forward, form.backward), form)
    return list(found.values())


def takes_them(form: Form, parameters: list[str]) -> bool:
    """Whether a function with these parameters takes what the form gives by name."""
    return "**" in parameters or set(form.by_name) <= set(parameters)


def examine(
    ask: Ask, functions: Functions, say: Say = lambda words: None, host: str = HOST, seconds: float = SECONDS
) -> list[Report]:
    """All that is to be said of the functions that are there, each with its parameters. say: gets what is being done."""
    found: dict[str, Report] = {}
    for form in forms_in(functions):
        if form.forward not in functions:
            why = f"it needs the cache of {form.forward}, which is not there"
            found.setdefault(form.backward, Report(form.backward, form, True, "unchecked", why))
            continue
        say(f"trying {form.forward}")
        for report in reports(ask, form):
            if report.name not in found:  # one forward function may have two backward ones
                found[report.name] = report
                _look_closer(ask, report, say, host, seconds)
    return list(found.values())


def _look_closer(ask: Ask, report: Report, say: Say, host: str, seconds: float) -> None:
    for number, finding in enumerate(report.findings):
        say(f"looking for the smallest case that {report.name} gets wrong")
        if mistake := explain(report, finding):
            finding.mistake, finding.explained = mistake.name, mistake.shows
        finding.smallest = shrink(ask, report, finding, seconds / (1 + number))
        retell(report, finding)
        finding.link = link_to(report, finding, host)


def link_to(report: Report, finding: Finding, host: str) -> str:
    """The address of a page that draws the finding; "" where it has none, or all numbers are right."""
    case = finding.smallest.posed
    result = finding.result or (report.form.gradients if report.back else report.form.results)[0]
    told: dict[str, Any] = results(report.form, case.case, finding.smallest.reply).get(result, {})
    shared = SharedCase(report.form, report.back, result, case, theirs_of(told))
    comparable = shared.theirs is not None and shared.theirs.shape == shared.right.shape
    return "" if comparable and shared.first_wrong is None else address(shared, host)
