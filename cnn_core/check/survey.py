"""A form tried on its cases: what is wrong, on how many of them, and what they have in common."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from cnn_core.check.cases import SURVEY, survey
from cnn_core.check.compare import SOMEWHERE, facts, when
from cnn_core.check.form import Form
from cnn_core.check.judge import Fault, Verdict, judge
from cnn_core.check.right import Posed, pose, results
from cnn_core.check.sandbox import Trouble
from cnn_core.checks import Array

Ask = Callable[[dict[str, Any]], dict[str, Any]]
SECONDS = 15.0  # for a form: slow functions are tried on fewer cases
SINGLE = 4  # every so many cases are of float32
ONLY_DOUBLE = {"three_layers"}
ENOUGH = 3  # cases that say nothing new: it is not written, or it raises always
NOT_JUDGED = {"unfinished": "unfinished", "unbuilt": "unchecked"}  # states of what is so in all cases
STEP = 1e-5
CONSISTENT = 1e-4


@dataclass(frozen=True)
class Tried:
    """One case, what came back, and what is wrong with it."""

    posed: Posed
    reply: Mapping[str, Any]
    verdict: Verdict

    def fault(self, back: bool, result: str, kind: str) -> Fault | None:
        """The fault of this kind with this result, if there is one."""
        for fault in self.verdict.then if back else self.verdict.first:
            if (fault.result, fault.kind) == (result, kind):
                return fault
        return None


@dataclass
class Finding:
    """One thing that is wrong with a function: the same result wrong in the same way.

    smallest: the smallest case known that shows it. explained: the name of the mistake that gives the same numbers.
    """

    result: str
    kind: str
    words: str
    failing: int
    smallest: Tried
    explained: str = ""
    mistake: str = ""
    link: str = ""


@dataclass
class Report:
    """What is to be said of one function: cases are those that it was tried on.

    state: right, wrong, unfinished or unchecked; why: of the last, in words."""

    name: str
    form: Form
    back: bool
    state: str = "right"
    why: str = ""
    cases: list[Tried] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def try_case(ask: Ask, form: Form, posed: Posed) -> Tried:
    """Ask for one case. What ends the process is a fault of the function that was running."""
    try:
        reply = ask(form.message(posed.case))
    except Trouble as trouble:
        fault = Fault("", "trouble", str(trouble))
        if not form.backward:
            return Tried(posed, {"first": {}}, Verdict(first=[fault]))
        try:
            reply = ask(form.message(posed.case, forward_only=True))
        except Trouble:
            return Tried(posed, {"first": {}}, Verdict(first=[fault]))
        return Tried(posed, reply, replace(judge(form, posed, reply), then=[fault]))
    return Tried(posed, reply, judge(form, posed, reply))


def tried_all(ask: Ask, form: Form) -> list[Tried]:
    """The form's cases, up to the first that ends the process."""
    found: list[Tried] = []
    until = time.monotonic() + SECONDS
    for number, sizes in enumerate(survey(form.layer, form.limits)):
        if len(found) == SURVEY or time.monotonic() > until:
            break
        posed = pose(form.layer, sizes, "float64" if number % SINGLE or form.layer in ONLY_DOUBLE else "float32")
        if posed is None:
            continue
        found.append(try_case(ask, form, posed))
        last = found[-1].verdict
        kinds = {fault.kind for fault in (*last.first, *last.then)}
        if "trouble" in kinds or (kinds & NOT_JUDGED.keys() and len(found) >= ENOUGH):
            break
    return found


def reports(ask: Ask, form: Form) -> list[Report]:
    """What is to be said of the form's forward and of its backward function."""
    tried = tried_all(ask, form)
    forward = _report(form, False, tried)
    if not form.backward:
        return [forward]
    called = [one for one in tried if "then" in one.reply or any(f.kind == "trouble" for f in one.verdict.then)]
    if not called:
        why = f"it needs the cache of {form.forward}"
        return [forward, Report(form.backward, form, True, "unchecked", why)]
    sound = [one for one in called if not one.verdict.first]
    backward = _report(form, True, sound or called)
    if backward.state == "wrong" and not sound and all(gradient_of_theirs(ask, form, one) for one in called[:5]):
        gradients = ", ".join(map(form.name_of, form.gradients))
        note = f"{gradients}: the gradient of what {form.forward} computes, which is not what it should compute"
        backward = replace(backward, state="right", findings=[], notes=[note])
    return [forward, backward]


def gradient_of_theirs(ask: Ask, form: Form, tried: Tried) -> bool:
    """Whether a backward pass is right for what their own forward pass computes: along one random direction."""
    case, rng = tried.posed.case, np.random.default_rng(231)
    theirs = results(form, case, tried.reply)
    names = [name.removeprefix("d") for name in form.gradients]
    if any("array" not in theirs.get(f"d{name}", {}) for name in names) or any(
        f.kind != "values" for f in tried.verdict.first
    ):
        return False
    moves = {name: np.asarray(rng.standard_normal(case.arrays[name].shape)) for name in names}
    outs = []
    for sign in (1, -1):
        moved = {name: case.arrays[name] + sign * STEP * move for name, move in moves.items()}
        case_there = replace(case, arrays={**case.arrays, **moved})
        try:
            reply = ask(form.message(case_there, forward_only=True))
        except Trouble:
            return False
        outs.append(results(form, case_there, reply).get("out", {}).get("array"))
    dout = case.arrays["dout"]
    grads: dict[str, Array] = {name: theirs[f"d{name}"]["array"] for name in names}
    if any(out is None or out.shape != dout.shape for out in outs):
        return False
    if any(grads[name].size != move.size for name, move in moves.items()):
        return False
    with np.errstate(all="ignore"):  # theirs may be infinite or no numbers: that is judged elsewhere
        numeric = float(np.sum((outs[0] - outs[1]) * dout)) / (2 * STEP)
        analytic = sum(np.sum(grads[name].ravel() * move.ravel()) for name, move in moves.items())
    return bool(abs(numeric - analytic) <= CONSISTENT * max(1.0, abs(numeric), abs(analytic)))


def _report(form: Form, back: bool, tried: list[Tried]) -> Report:
    report = Report(form.backward if back else form.forward, form, back, cases=tried)
    report.notes = sorted({words for one in tried for is_back, words in one.verdict.notes if is_back == back})
    kinds: dict[tuple[str, str], list[Tried]] = {}
    for one in tried:
        for fault in one.verdict.then if back else one.verdict.first:
            kinds.setdefault((fault.result, fault.kind), []).append(one)
    for (result, kind), failing in kinds.items():
        if kind in NOT_JUDGED and len(failing) == len(tried):
            report.state, report.why = NOT_JUDGED[kind], _faults(failing[:1], back, result, kind)[0].words
            return report
        words = sentence(form, back, result, kind, failing, tried)
        report.findings.append(Finding(result, kind, words, len(failing), min(failing, key=_cells)))
    if report.findings:
        report.state = "wrong"
    return report


def retell(report: Report, finding: Finding) -> None:
    """Say it anew, now that the smallest case is known: that has to be true of it, too."""
    failing = [one for one in report.cases if one.fault(report.back, finding.result, finding.kind)]
    about = report.form, report.back, finding.result, finding.kind
    finding.words = sentence(*about, [*failing, finding.smallest], [*report.cases, finding.smallest])


def sentence(form: Form, back: bool, result: str, kind: str, failing: list[Tried], tried: list[Tried]) -> str:
    """What is wrong, where, and in which cases: `dx is right except in the last column when stride is 2`."""
    faults = _faults(failing, back, result, kind)
    circumstances = when(
        (facts(one.posed.case, one.posed.right), any(one is other for other in failing)) for one in tried
    )
    name, words = form.name_of(result), min(faults, key=lambda fault: len(fault.words)).words
    if kind == "shape":  # the largest tells most
        words = max(faults, key=lambda fault: 0 if fault.theirs is None else fault.theirs.size).words
    if kind == "values":
        words = _how(faults)
    if "N examples" in words:
        circumstances = ""
    return " ".join(filter(None, (name, words, circumstances)))


def _how(faults: list[Fault]) -> str:
    told = [place for fault in faults for place in fault.where[: fault.where.index(SOMEWHERE)]]
    common = [place for place in told if all(place in fault.where for fault in faults)]
    telling = [fault for fault in faults if fault.words or not _one_of_many(fault)]
    kinds = {fault.words for fault in telling}
    if len(kinds) == 1 and (words := kinds.pop()):
        return words
    if not common or common[0] == "everywhere":
        return "is wrong"
    return f"is right except {common[0]}"


def _one_of_many(fault: Fault) -> bool:
    """Whether it is about an array that has happened to hold a single number, which stands in no relation to others."""
    return fault.theirs is not None and fault.theirs.ndim > 0 and fault.theirs.size == 1


def _faults(tried: Iterable[Tried], back: bool, result: str, kind: str) -> list[Fault]:
    return [fault for one in tried if (fault := one.fault(back, result, kind))]


def _cells(tried: Tried) -> int:
    return sum(array.size for array in tried.posed.case.arrays.values())
