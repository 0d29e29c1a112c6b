"""Is what came back right? One case at a time: what is wrong with each of two functions, in words, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cnn_core.check.calls import article
from cnn_core.check.compare import TOLERANCE, axes_of, differs, facts, places, relation, shape_words
from cnn_core.check.form import Form
from cnn_core.check.right import Posed, results
from cnn_core.check.ties import other_ways
from cnn_core.checks import Array

LEFTOVER = "the windows leave cells over at the end"
ANOTHER_WAY = (
    "where several numbers of a window are its largest, {} is a right gradient, but not PyTorch's: "
    "that goes to the first of them alone"
)


@dataclass(frozen=True)
class Fault:
    """What is wrong with one result for one case.

    result: by the core's name; "" for the call as a whole. kind: cases of one kind are one finding. words: a phrase that
    follows the name. where: places of the wrong numbers, the most telling first.
    """

    result: str
    kind: str
    words: str
    where: tuple[str, ...] = ()
    theirs: Array | None = None


@dataclass
class Verdict:
    """What is wrong with a forward function and with its backward one, and what is worth a remark."""

    first: list[Fault] = field(default_factory=list)
    then: list[Fault] = field(default_factory=list)
    notes: set[tuple[bool, str]] = field(default_factory=set)  # whether of the backward function, and a sentence


def judge(form: Form, posed: Posed, reply: Mapping[str, Any]) -> Verdict:
    """Judge a reply to the form's message for this case."""
    found = Verdict()
    right = follow(form, posed, reply)
    refused = False
    theirs = results(form, posed.case, reply)
    after = "then" in reply
    wanted = (*form.results, *form.updates), form.gradients
    for part, faults, names in ((reply["first"], found.first, wanted[0]), (reply.get("then"), found.then, wanted[1])):
        if part is None:
            continue
        back = part is not reply["first"]
        if fault := _as_a_whole(form, part, names):
            if refused := _may_refuse(form, posed, fault):
                words = f"{fault.words.partition(':')[0]} where {LEFTOVER}, which the course's sizes never do"
                found.notes.add((back, words))
            else:
                faults.append(fault)
            continue
        for name in names:
            fault = (
                _of_result(form, posed, name, right[name], theirs.get(name, {"none": True})) if name in right else None
            )
            if fault and _is_another_way(form, posed, fault):
                found.notes.add((back, ANOTHER_WAY.format(form.name_of(name))))
            elif fault:
                faults.append(fault)
        faults += [
            Fault("", f"changes {name}", f"changes its argument {name} in place")
            for name in part["after"]
            if name not in form.updates.values() and not name.startswith("cache")
        ]
        if part.get("later"):
            faults.append(Fault("", "later", "changes what the forward function has returned before"))
        _notes(form, part, names, theirs, posed, back, found)
    if form.then(posed.case) and not after and not found.first and not refused:
        found.then.append(Fault("", "none", "was not called"))
    return found


def follow(form: Form, posed: Posed, reply: Mapping[str, Any]) -> Mapping[str, Array]:
    """What is right for a reply, each gradient shaped as the argument that it is the gradient of.

    Where chance has its part, what was drawn is read off what came back.
    """
    takes, right = form.takes(posed.case), dict(_drawn(posed, reply))
    for name, array in right.items():
        argument = takes.get(form.name_of(name.removeprefix("d"))) if name.startswith("d") else None
        if isinstance(argument, np.ndarray) and argument.size == array.size:
            right[name] = array.reshape(argument.shape)
    return right


def _drawn(posed: Posed, reply: Mapping[str, Any]) -> Mapping[str, Array]:
    case = posed.case
    returned = reply["first"].get("returned") or [{}]
    out = returned[0].get("array")
    if case.layer != "dropout" or out is None or out.shape != case.arrays["x"].shape:
        return posed.right
    keep = 1 - case.options["p"]
    kept, scale = (out != 0, 1 / keep) if case.options["training"] else (np.ones(out.shape, bool), 1.0)
    if case.options["training"] and out.size >= 100:
        far = 5 * np.sqrt(keep * (1 - keep) / out.size)
        kept = kept if abs(kept.mean() - keep) < far else ~kept
    return {name: np.where(kept, case.arrays[its] * scale, 0) for name, its in (("out", "x"), ("dx", "dout"))}


def _as_a_whole(form: Form, part: Mapping[str, Any], names: tuple[str, ...]) -> Fault | None:
    """What is wrong with a call before its numbers are looked at."""
    if "raised" in part:
        kind = str(part["raised"]).partition(":")[0]
        if kind == "NotImplementedError":
            return Fault("", "unfinished", "raises NotImplementedError: it is not written yet")
        if kind in ("SystemExit", "KeyboardInterrupt"):
            return Fault("", kind, f"ends the program ({part['raised']}): it must return")
        if kind == "NameError" and "_cython" in part["raised"]:
            return Fault(
                "", "unbuilt", "the course's extension is not built: `python setup.py build_ext --inplace` does it"
            )
        if kind.endswith("MemoryError"):
            return Fault("", kind, f"needs more memory than it may have, see --memory ({part['raised']})")
        return Fault("", f"raises {kind}", f"raises {part['raised']}")
    returned, wanted = part["returned"], [name for name in names if name not in form.updates]
    if (returned and all(value.get("none") for value in returned)) or part.get("shape") == "None":
        return Fault("", "unfinished", "returns None: it is not written yet")
    if part.get("shape"):
        return Fault("", "returns", f"returns {part['shape']}: it must return a pair, (out, cache)")
    if len(returned) != len(wanted):
        called = ", ".join(map(form.name_of, wanted))
        values = "1 value" if len(returned) == 1 else f"{len(returned)} values"
        return Fault("", "returns", f"returns {values}: it must return {len(wanted)} ({called})")
    return None


def _of_result(form: Form, posed: Posed, name: str, right: Array, theirs: Mapping[str, Any]) -> Fault | None:
    if theirs.get("none"):
        return Fault(name, "none", "is None")
    if "type" in theirs:
        return Fault(name, "type", f"is {article(theirs['type'])} {theirs['type']}: it must be an array")
    shape, array = tuple(theirs["shape"]), theirs.get("array")
    if shape != right.shape:
        words = "has the wrong shape" if array is None else shape_words(array, right)
        return Fault(name, "shape", words, theirs=array)
    if array is None or theirs["dtype"] == "bool":
        return Fault(name, "dtype", f"has the dtype {theirs['dtype']}: it must hold real numbers, {posed.dtype}")
    wrong = differs(array, right, posed.rounding(name))
    if not wrong.any():
        if theirs["dtype"].startswith(("int", "uint")):
            return Fault(name, "dtype", f"has the dtype {theirs['dtype']}: it must have {posed.dtype}", theirs=array)
        return None
    where = tuple(places(wrong, axes_of(name, wrong.ndim)))
    return Fault(
        name, "values", relation(array, right, posed.case.sizes.get("N", 1), TOLERANCE[posed.dtype]), where, array
    )


def _may_refuse(form: Form, posed: Posed, fault: Fault) -> bool:
    """The course's own fast layers end in an assertion where windows do not come out even."""
    refuses = fault.kind in ("raises AssertionError", "raises ValueError")
    return form.course and refuses and facts(posed.case).get(LEFTOVER, False)


def _is_another_way(form: Form, posed: Posed, fault: Fault) -> bool:
    """Whether a gradient of max pooling is right, too: several numbers of a window are its largest."""
    theirs = fault.theirs
    if posed.case.layer != "max_pool2d" or (fault.result, fault.kind) != ("dx", "values") or theirs is None:
        return False
    return any(not differs(theirs, way, posed.rounding("dx")).any() for way in other_ways(posed.case))


def _notes(
    form: Form,
    part: Mapping[str, Any],
    names: tuple[str, ...],
    theirs: Mapping[str, Any],
    posed: Posed,
    back: bool,
    found: Verdict,
) -> None:
    """What is no mistake, but may surprise somebody later."""
    for name in names if posed.dtype == np.float32 else ():
        if theirs.get(name, {}).get("dtype") == "float64" and posed.right[name].ndim:
            found.notes.add((back, f"{form.name_of(name)} is float64 where its arguments are float32"))
    for place, argument in part.get("views", ()):
        if place < len(names):
            words = f"{form.name_of(names[place])} is a view of {argument}: who changes one of them changes both"
            found.notes.add((back, words))
