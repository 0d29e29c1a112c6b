"""Which known mistake gives the very numbers that were found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cnn_core.check.calls import call
from cnn_core.check.compare import differs, rounding
from cnn_core.check.form import Form
from cnn_core.check.forms import FORMS
from cnn_core.check.planted import planted
from cnn_core.check.right import core, results
from cnn_core.check.survey import Finding, Report, Tried
from cnn_core.mistakes import MISTAKES, Mistake

ENOUGH = 40  # cases that are compared
HUGE = 1e30  # stands for all that is not finite: which of it comes out hangs on the order of the steps
NETWORK = "Network._loss_parts"


def forms_of(mistake: Mistake) -> list[Form]:
    """The core's own forms that run what the mistake changes; none for a mistake of a training."""
    names = set(mistake.right)
    found = [form for form in FORMS if not form.course and names & {form.forward, form.backward}]
    return found + [form for form in FORMS if form.layer == "three_layers" and NETWORK in names]


def explain(report: Report, finding: Finding) -> Mistake | None:
    """The mistake that gives, on all cases that were tried, what this function gave; None if none does.

    A case on which the mistake itself ends in an error of the core's says nothing.
    """
    if finding.kind not in ("values", "shape"):
        return None
    failing = [one for one in report.cases if one.fault(report.back, finding.result, finding.kind)]
    others = [one for one in report.cases if not any(one is other for other in failing)]
    cases = failing[:ENOUGH] + others[:ENOUGH]
    for mistake in MISTAKES.values():
        for form in forms_of(mistake)[:1]:
            if form.layer == report.form.layer and _gives_the_same(mistake, form, report, finding, cases, len(failing)):
                return mistake
    return None


def _gives_the_same(
    mistake: Mistake, form: Form, report: Report, finding: Finding, cases: list[Tried], failing: int
) -> bool:
    names = [finding.result] if finding.result else list(form.gradients if report.back else form.results)
    said = 0
    method = any("." in edit.qualname for edit in mistake.edits)
    # Functions are handed over; a method has to be put in place, for the whole process: not for a server with other visitors.
    with planted(mistake if method else None):
        functions = core() if method else {**core(), **mistake.wrong}
        for number, tried in enumerate(cases):
            reply = call(functions, form.message(tried.posed.case))
            theirs = results(report.form, tried.posed.case, tried.reply)
            its = results(form, tried.posed.case, reply)
            if "raised" in reply["first"] or "raised" in reply.get("then", {}):
                continue
            if not all(_same(tried, name, its.get(name, {}), theirs.get(name, {}), finding.kind) for name in names):
                return False
            said += number < min(failing, ENOUGH)
    return said > 0


def _same(tried: Tried, name: str, its: Mapping[str, Any], theirs: Mapping[str, Any], kind: str) -> bool:
    if "array" not in its or "array" not in theirs:
        return False
    a, b = np.asarray(its["array"], np.float64), np.asarray(theirs["array"], np.float64)
    if tried.posed.case.layer == "dropout" and a.shape == b.shape:  # which numbers are dropped is chance
        x = tried.posed.case.arrays["x"]
        a, b = (np.unique((array / x).round(6))[-1:] for array in (a, b))
        return bool(a == b or 0 in (*a, *b))
    right = tried.posed.right[name].shape
    if a.size != b.size or (
        kind == "shape" and (a.squeeze().shape != b.squeeze().shape or right == a.shape != b.shape)
    ):
        return False
    a, b = (np.where(np.isfinite(array), array, HUGE).ravel() for array in (a, b))
    return not differs(b, a, rounding(a, tried.posed.dtype)).any()
