"""The report as plain text of at most 80 columns: what is right, what is wrong, the smallest case, the known mistake."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from cnn_core.check.compare import differs
from cnn_core.check.form import Form
from cnn_core.check.judge import follow
from cnn_core.check.link import theirs_of
from cnn_core.check.right import Posed, results
from cnn_core.check.suite import Outcome
from cnn_core.check.survey import Finding, Report, Tried
from cnn_core.checks import Array

WIDTH = 80
MOST_CELLS = 64  # of an array that is printed
STATES = {"right": "right", "wrong": "WRONG", "unfinished": "unfinished", "unchecked": "not checked"}


def text(title: str, reports: Sequence[Report], missing: Sequence[str] = (), remarks: Sequence[str] = ()) -> str:
    """The whole report. missing: functions of the course that are not there."""
    lines = [*_wrapped(f"{title}: {summary(reports)}"), ""]
    for report in reports:
        lines += [*_of_function(report)]
    if missing:
        lines += ["", *_wrapped(f"Not there, so not checked: {', '.join(missing)}.")]
    for remark in remarks:
        lines += ["", *_wrapped(remark)]
    return "\n".join(lines)


def suite_text(title: str, ran: int, outcomes: Sequence[Outcome]) -> str:
    """The report on somebody's own tests: which mistakes they find, and what would find the others."""
    killed = [outcome for outcome in outcomes if outcome.killed]
    tests = f"{ran} tests, which pass" if ran != 1 else "1 test, which passes"
    lines = [
        *_wrapped(f"{title}: {tests} with the right functions. They find {len(killed)} of {len(outcomes)} mistakes."),
        "",
    ]
    for outcome in killed:
        lines += _wrapped(f"{'found':<12}{outcome.mistake.name} (by {outcome.killed})", 0, 12)
    for outcome in outcomes:
        if not outcome.killed:
            lines += ["", *_wrapped(f"{'SURVIVES':<12}{outcome.mistake.name}", 0, 12)]
            lines += _wrapped(f"Which tests miss it: {outcome.mistake.misses}", 4)
            lines += _wrapped(f"What would find it: {outcome.mistake.catches}", 4)
            if outcome.finding:
                report, finding = outcome.finding
                lines += ["", *_wrapped(f"{report.name}: {finding.words}.", 4)]
                lines += _of_case(report.form, report.back, finding.result, finding.smallest, "its")
    return "\n".join(lines)


def summary(reports: Sequence[Report]) -> str:
    """How many functions are right, wrong, and so on."""
    counts = {state: sum(report.state == state for report in reports) for state in STATES}
    told = [f"{count} {'not checked' if state == 'unchecked' else state}" for state, count in counts.items() if count]
    return f"{len(reports)} function{'s' * (len(reports) != 1)}: {', '.join(told)}"


def _of_function(report: Report) -> Iterator[str]:
    count = f"{len(report.cases)} cases" if len(report.cases) != 1 else "1 case"
    failing = max((finding.failing for finding in report.findings), default=0)
    about = {"right": count, "wrong": f"in {failing} of {count}"}.get(report.state, report.why)
    head = f"{STATES[report.state]:<12}{report.name:<28}"
    yield from textwrap.wrap(about, WIDTH, initial_indent=f"{head} ", subsequent_indent=" " * 16) or [head]
    for finding, before in zip(report.findings, [None, *report.findings], strict=False):
        yield from _of_finding(report, finding, before is not None and before.mistake == finding.mistake)
    for note in report.notes:
        yield from _wrapped(f"Note: {note}.", 4)


def _of_finding(report: Report, finding: Finding, again: bool) -> Iterator[str]:
    yield from _wrapped(f"{finding.words}.", 4)
    if finding.mistake and again:
        yield "    That, too, is what this mistake gives."
    elif finding.mistake:
        yield from _wrapped(f"That is what a known mistake gives: {finding.mistake}. {finding.explained}", 4)
    yield ""
    yield from _of_case(report.form, report.back, finding.result, finding.smallest)
    if finding.link:
        yield "    See it, yours beside ours, on a page (`make app` starts the app):"
        yield f"    {finding.link}"
    yield ""


def _of_case(form: Form, back: bool, result: str, tried: Tried, whose: str = "your") -> Iterator[str]:
    given = case_text(form, back, tried.posed).splitlines()
    ended = (tried.verdict.then if back else tried.verdict.first)[:1]
    which = "A" if ended and ended[0].kind == "trouble" else "The smallest"  # what ends the process is not tried again
    yield from _wrapped(f"{which} case that shows it: {given[0]}", 4, 8)
    yield from (f"        {line}".rstrip() for line in given[1:])
    right = follow(form, tried.posed, tried.reply)
    if result not in right:
        return
    told = results(form, tried.posed.case, tried.reply).get(result, {})
    theirs = theirs_of(told)
    name = form.name_of(result)
    if theirs is None:
        if "shape" in told:
            yield f"        {whose} {name} has the shape {told['shape']} and the dtype {told['dtype']}"
        yield from _indented(_grid(f"{name} should be", right[result]))
    elif theirs.shape != right[result].shape:
        yield f"        {whose} {name} has the shape {theirs.shape}:"
        yield from _indented(_grid("", theirs))
        yield f"        it should have the shape {right[result].shape}:"
        yield from _indented(_grid("", right[result]))
    else:
        yield from _beside(f"{whose} {name}", theirs, right[result], tried.posed.rounding(result))


def case_text(form: Form, back: bool, posed: Posed) -> str:
    """What a function is given: in the first line shapes and settings, then the numbers. back: dout, too."""
    case, said = posed.case, []
    for name, value in form.takes(case).items():
        said += [f"{name} {value.shape}" if isinstance(value, np.ndarray) else f"{name} {_setting(value)}"]
    if back:
        said.append(f"dout {case.arrays['dout'].shape}")
    lines = [", ".join(said) + ("." if posed.dtype == np.float64 else f", all of {posed.dtype}.")]
    for name, array in case.arrays.items():
        if back or name != "dout":
            lines += _grid(f"{form.name_of(name)} =", array)
    return "\n".join(lines)


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"        {line}".rstrip() for line in lines)


def _setting(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    return "{" + ", ".join(f"{name}: {_short(setting)}" for name, setting in value.items()) + "}"


def _short(value: Any) -> str:
    return (
        f"{value.shape}" if isinstance(value, np.ndarray) else f"{value:g}" if isinstance(value, float) else str(value)
    )


def _beside(name: str, theirs: Array, right: Array, rounding: float) -> Iterator[str]:
    """Theirs and what is right, side by side, with a mark at every number that is wrong."""
    wrong = differs(theirs, right, rounding)
    if theirs.size > MOST_CELLS:
        first = tuple(int(k) for k in np.argwhere(wrong)[0]) if wrong.any() else ()
        yield from _wrapped(f"{name}{list(first)} is {theirs[first]:g} and should be {right[first]:g}.", 8)
        return
    left, middle = _rows(theirs, wrong), _rows(right, np.zeros_like(wrong))
    width = max(map(len, [*left, name])) + 4
    yield f"        {name:<{width}}it should be   (* differs)"
    for mine, its in zip(left, middle, strict=True):
        yield f"        {mine:<{width}}{its}".rstrip()


def _grid(head: str, array: Array) -> Iterator[str]:
    if array.size > MOST_CELLS:
        yield f"{head} {array.size} numbers"
        return
    rows = _rows(array, np.zeros(array.shape, bool))
    width = max(12, len(head) + 1)
    for number, row in enumerate(rows):
        yield f"{head if not number else '':<{width}}{row}".rstrip()


def _rows(array: Array, marked: Array) -> list[str]:
    """The numbers row by row, an empty line between planes."""
    if not array.ndim:
        array, marked = array.reshape(1), marked.reshape(1)
    if not array.size:
        return ["(no numbers)"]
    written = [
        f"{value + 0.0:.5g}" + ("*" if mark else " ") for value, mark in zip(array.ravel(), marked.ravel(), strict=True)
    ]
    width = max(map(len, written), default=0)
    planes = np.asarray([word.rjust(width) for word in written], object).reshape(-1, *array.shape[-2:])
    lines: list[str] = []
    for number, plane in enumerate(planes):
        lines += [""] * bool(number and planes.ndim > 2)
        lines += [" ".join(row).rstrip() for row in plane.reshape(-1, array.shape[-1])]
    return lines


def _wrapped(words: str, indent: int = 0, further: int | None = None) -> Iterable[str]:
    after = indent if further is None else further
    return textwrap.wrap(
        words, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * after, break_long_words=False
    )
