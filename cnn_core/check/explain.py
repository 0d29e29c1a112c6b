"""Which known mistake gives the very numbers that were found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cnn_core.check.calls import call
from cnn_core.check.compare import differs, rounding
from cnn_core.check.form import Form
from cnn_core.check.forms import FORMS
from cnn_core.check.link import SharedCase
from cnn_core.check.planted import planted
from cnn_core.check.right import Posed, core, results
from cnn_core.check.survey import Finding, Report
from cnn_core.mistakes import MISTAKES, Mistake

ENOUGH = 40  # cases that are compared
HUGE = 1e30  # stands for all that is not finite: which of it comes out hangs on the order of the steps
NETWORK = "Network._loss_parts"
Given = tuple[Posed, Mapping[str, Any]]


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
    tried = failing[:ENOUGH] + others[:ENOUGH]
    cases = [(one.posed, results(report.form, one.posed.case, one.reply)) for one in tried]
    names = [finding.result] if finding.result else [*(report.form.gradients if report.back else report.form.results)]
    for mistake in MISTAKES.values():
        if _gives_the_same(mistake, report.form, names, cases, len(failing[:ENOUGH]), finding.kind):
            return mistake
    return None


def explanations(shared: SharedCase) -> list[Mistake]:
    """The mistakes that give these very numbers on this one case: one case alone cannot always tell them apart.

    Those of a network's methods are left out, as they can only be tried for all of a process.
    """
    if shared.theirs is None:
        return []
    kind = "values" if shared.theirs.shape == shared.right.shape else "shape"
    if kind == "values" and shared.first_wrong is None:
        return []
    cases = [(shared.posed, {shared.result: {"array": shared.theirs}})]
    tried = [mistake for mistake in MISTAKES.values() if not _of_methods(mistake)]
    return [one for one in tried if _gives_the_same(one, shared.form, [shared.result], cases, 1, kind)]


def _of_methods(mistake: Mistake) -> bool:
    return any("." in edit.qualname for edit in mistake.edits)


def _gives_the_same(
    mistake: Mistake, their_form: Form, names: Sequence[str], cases: Sequence[Given], failing: int, kind: str
) -> bool:
    """cases: each with what their function gave for it, the first `failing` of them wrong."""
    form = next((form for form in forms_of(mistake)[:1] if form.layer == their_form.layer), None)
    if form is None:
        return False
    said, method = 0, _of_methods(mistake)
    # Functions are handed over; a method has to be put in place, for the whole process: not for a server with other visitors.
    with planted(mistake if method else None):
        functions = core() if method else {**core(), **mistake.wrong}
        for number, (posed, theirs) in enumerate(cases):
            reply = call(functions, form.message(posed.case))
            its = results(form, posed.case, reply)
            if "raised" in reply["first"] or "raised" in reply.get("then", {}):
                continue
            if not all(_same(posed, name, its.get(name, {}), theirs.get(name, {}), kind) for name in names):
                return False
            said += number < failing
    return said > 0


def _same(posed: Posed, name: str, its: Mapping[str, Any], theirs: Mapping[str, Any], kind: str) -> bool:
    if "array" not in its or "array" not in theirs:
        return False
    a, b = np.asarray(its["array"], np.float64), np.asarray(theirs["array"], np.float64)
    if posed.case.layer == "dropout" and a.shape == b.shape:  # which numbers are dropped is chance
        x = posed.case.arrays["x"]
        a, b = (np.unique((array / x).round(6))[-1:] for array in (a, b))
        return bool(a == b or 0 in (*a, *b))
    right = posed.right[name].shape
    if a.size != b.size or (
        kind == "shape" and (a.squeeze().shape != b.squeeze().shape or right == a.shape != b.shape)
    ):
        return False
    a, b = (np.where(np.isfinite(array), array, HUGE).ravel() for array in (a, b))
    return not differs(b, a, rounding(a, posed.dtype)).any()
