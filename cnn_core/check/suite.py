"""Somebody's own tests, run against every mistake of the catalogue: which do they find, and which would they let pass?

A test that passes whatever is wrong proves nothing. Of each mistake that survives, the smallest case that would show it is named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnn_core.check.calls import call, functions
from cnn_core.check.course import UncheckableError, require_file
from cnn_core.check.examine import forms_in
from cnn_core.check.explain import forms_of
from cnn_core.check.form import Form
from cnn_core.check.forms import FORMS
from cnn_core.check.planted import planted
from cnn_core.check.right import core
from cnn_core.check.sandbox import Sandbox, Trouble
from cnn_core.check.shrink import shrink
from cnn_core.check.survey import Finding, Report, reports
from cnn_core.mistakes import MISTAKES, Mistake

LONGER = 6  # a whole suite may take so many times as long as one call


@dataclass(frozen=True)
class Outcome:
    """What became of one mistake. killed: by which test; empty: it survived, and finding is what would show it."""

    mistake: Mistake
    killed: str
    finding: tuple[Report, Finding] | None = None


def tests_to_load(path: Path) -> dict[str, Any]:
    """The first message, which runs nothing yet: the tests are loaded anew for each mistake."""
    require_file(path)
    return {"do": "wait"}


def baseline(sandbox: Sandbox, path: Path, subject: str) -> int:
    """How many tests there are. Raises UncheckableError unless all pass with the right functions."""
    try:
        reply = sandbox.ask(_message(path, subject, ""), sandbox.limits.seconds * LONGER)
    except Trouble as trouble:
        raise UncheckableError(f"{path.name} {trouble}, with the right functions") from None
    if "raised" in reply:
        raise UncheckableError(f"{path.name} cannot be run with the right functions: {reply['raised']}")
    if "unsupported" in reply:
        raise UncheckableError(f"{path.name}: {reply['unsupported']}")
    if not reply["ran"]:
        raise UncheckableError(
            f"{path.name} holds no test: functions or methods whose names begin with test, or a script that asserts"
        )
    if reply["failed"]:
        name, why = reply["failed"][0]
        more = f" and {len(reply['failed']) - 1} more" if len(reply["failed"]) > 1 else ""
        raise UncheckableError(f"{path.name}: {name}{more} must pass with the right functions, but: {why}")
    return int(reply["ran"])


def score(sandbox: Sandbox, path: Path, subject: str, say: Callable[[str], None]) -> list[Outcome]:
    """What became of each mistake, the easiest first."""
    found = []
    for number, mistake in enumerate(MISTAKES.values(), 1):
        say(f"mistake {number} of {len(MISTAKES)}: {mistake.name}")
        try:
            reply = sandbox.ask(_message(path, subject, mistake.id), sandbox.limits.seconds * LONGER)
            killed = "the file as a whole" if "raised" in reply else next((name for name, _ in reply["failed"]), "")
        except Trouble as trouble:
            killed = f"the file as a whole: {trouble}"
        found.append(Outcome(mistake, killed, None if killed else smallest(mistake)))
    return found


def smallest(mistake: Mistake) -> tuple[Report, Finding] | None:
    """The smallest case that shows a mistake, called by the course's names where it has them; None for one of a training."""
    own = forms_of(mistake)
    if not own:
        return None
    with planted(mistake, twins=True):
        wrong = core()

    def ask(message: dict[str, Any]) -> dict[str, Any]:
        with planted(mistake, twins=True):
            return call(wrong, message)

    for form in _as_taught(own[0], functions(wrong)):
        for report in reports(ask, form):
            if report.findings:
                finding = report.findings[0]
                finding.smallest = shrink(ask, report, finding)
                return report, finding
    return None


def _as_taught(own: Form, there: Mapping[str, list[str]]) -> Sequence[Form]:
    """The course's forms of a layer first, then the core's."""
    forms = [form for form in FORMS if form.layer == own.layer and form in forms_in(there)]
    return sorted(forms, key=lambda form: not form.course)


def _message(path: Path, subject: str, mistake: str) -> dict[str, Any]:
    return {"do": "test", "path": str(path.resolve()), "subject": subject, "mistake": mistake}
