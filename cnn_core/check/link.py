"""A case as a link: what a function was given and what it gave, for the page that draws it. Read strictly.

The text of a case is JSON, packed by zlib (whose checksum finds what a mail program has cut off) and written in URL-safe base64.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cnn_core.check.calls import call
from cnn_core.check.cases import make
from cnn_core.check.compare import differs
from cnn_core.check.form import Form
from cnn_core.check.forms import FORMS
from cnn_core.check.judge import follow
from cnn_core.check.kinds import KINDS
from cnn_core.check.right import Posed, core, own_form, results
from cnn_core.checks import Array

PATH = "check-your-own"
HOST = "http://localhost:8501"
VERSION = 1
MOST_TEXT, MOST_JSON = 6_000, 60_000  # characters
MOST_NUMBER = 10**6  # of what a function is given
MOST_SHOWN = 1e12  # of what it gave back
MOST_CELLS = 2_000  # of one array
KEYS = {"version", "function", "backward", "result", "sizes", "arrays", "theirs", "shape"}
NOT_WHOLE = "case (in the link) must be one that cnn_core.check has printed: copy the whole of it"


@dataclass(frozen=True)
class SharedCase:
    """What a link says. theirs: None where the function returned nothing that can be shown; it may have any shape."""

    form: Form
    back: bool
    result: str
    posed: Posed
    theirs: Array | None

    @property
    def function(self) -> str:
        """Whose result it is."""
        return self.form.backward if self.back else self.form.forward

    @property
    def right(self) -> Array:
        """What it should be; of dropout, for what was kept here."""
        reply = {"first": {"returned": [{"array": self.theirs}]}}
        return follow(self.form, self.posed, reply)[self.result]

    @property
    def first_wrong(self) -> tuple[int, ...] | None:
        """The first number that is wrong; None if there is none, or theirs has another shape."""
        if self.theirs is None or self.theirs.shape != self.right.shape:
            return None
        wrong = np.argwhere(differs(self.theirs, self.right))
        return tuple(wrong[0].tolist()) if len(wrong) else None


def address(shared: SharedCase, host: str = HOST) -> str:
    """The link; "" where it would be too long for an address."""
    text = write(shared)
    return f"{host.rstrip('/')}/{PATH}?case={text}" if len(text) <= MOST_TEXT else ""


def write(shared: SharedCase) -> str:
    """The text of a case."""
    case, theirs = shared.posed.case, shared.theirs
    content = {
        "version": VERSION,
        "function": shared.form.forward,
        "backward": shared.form.backward if shared.back else "",
        "result": shared.result,
        "sizes": case.sizes,
        "arrays": {name: _plain(array) for name, array in case.arrays.items()},
        "theirs": None if theirs is None else _plain(theirs),
        "shape": None if theirs is None else list(theirs.shape),
    }
    packed = zlib.compress(json.dumps(content, separators=(",", ":"), allow_nan=False).encode(), 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read(text: str) -> SharedCase:
    """The case of a link's text, with what is right for it computed anew. Raises ValueError for any other text."""
    content = _content(text)
    if not isinstance(content, dict) or content.keys() != KEYS or content["version"] != VERSION:
        raise ValueError(NOT_WHOLE)
    back = content["backward"] != ""
    forms = [form for form in FORMS if form.forward == content["function"]]
    forms = [form for form in forms if not back or form.backward == content["backward"]]
    if not forms:
        raise ValueError(
            f"function (={str(content['function'])[:40]!r} in the link) must be one that cnn_core.check knows"
        )
    form = forms[0]
    posed = _posed(form, content["sizes"], content["arrays"])
    wanted = form.gradients if back else (*form.results, *form.updates)
    if content["result"] not in wanted or content["result"] not in posed.right:
        raise ValueError(f"result (={str(content['result'])[:40]!r} in the link) must be one of {', '.join(wanted)}")
    return SharedCase(form, back, content["result"], posed, _theirs(content["theirs"], content["shape"]))


def _content(text: str) -> Any:
    if len(text) > MOST_TEXT:
        raise ValueError(f"case ({len(text):,} characters in the link) must have at most {MOST_TEXT:,}")
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        unpacking = zlib.decompressobj()
        content = unpacking.decompress(packed, MOST_JSON)
        if not unpacking.eof:
            raise ValueError(NOT_WHOLE)
        return json.loads(content)
    except (binascii.Error, zlib.error, ValueError, RecursionError):
        raise ValueError(NOT_WHOLE) from None


def _posed(form: Form, sizes: object, given: object) -> Posed:
    kind = KINDS[form.layer]
    if not isinstance(sizes, dict) or sizes.keys() != kind.few.keys() or not isinstance(given, dict):
        raise ValueError(NOT_WHOLE)
    for name, values in kind.few.items():
        allowed = [*values, *kind.many.get(name, ())]
        if not any(type(sizes[name]) is type(value) and sizes[name] == value for value in allowed):
            listed = ", ".join(map(str, allowed))
            raise ValueError(f"{name} (={str(sizes[name])[:20]} in the link) must be one of {listed}")
    case = make(form.layer, sizes)
    wanted = {name: array.shape for name, array in case.arrays.items()}
    own = own_form(form.layer)
    if own.backward:
        first = call(core(), own.message(case, forward_only=True))["first"]
        if "raised" in first:
            raise ValueError(f"case (in the link) must be one that the layer takes: {first['raised']}")
        wanted["dout"] = tuple(first["returned"][0]["shape"])
    if given.keys() != wanted.keys():
        raise ValueError(NOT_WHOLE)
    arrays = {name: _whole(name, given[name], shape) for name, shape in wanted.items()}
    if "y" in arrays:
        arrays["y"] = arrays["y"].astype(np.int64)
    case = replace(case, arrays=arrays)
    reply = call(core(), own.message(case))
    for part in reply.values():
        if "raised" in part:
            raise ValueError(f"case (in the link) must be one that the layer takes: {part['raised']}")
    right = {name: np.asarray(value["array"]) for name, value in results(own, case, reply).items()}
    return Posed(case, right)


def _whole(name: str, values: object, shape: tuple[int, ...]) -> Array:
    count = math.prod(shape)
    if not isinstance(values, list) or len(values) != count:
        raise ValueError(f"{name} (in the link) must hold {count} numbers")
    if not all(type(value) is int and abs(value) <= MOST_NUMBER for value in values):
        raise ValueError(f"{name} (in the link) must hold whole numbers from {-MOST_NUMBER:,} to {MOST_NUMBER:,}")
    return np.asarray(values, np.float64).reshape(shape)


def _theirs(values: object, shape: object) -> Array | None:
    if values is None and shape is None:
        return None
    if not isinstance(values, list) or not isinstance(shape, list) or len(shape) > 6:
        raise ValueError(NOT_WHOLE)
    if not all(type(length) is int and 0 <= length <= MOST_CELLS for length in shape) or math.prod(shape) != len(
        values
    ):
        raise ValueError("shape (in the link) must be that of their numbers")
    if not all(value is None or (type(value) in (int, float) and abs(value) <= MOST_SHOWN) for value in values):
        raise ValueError("theirs (in the link) must hold numbers")
    return np.asarray([math.nan if value is None else value for value in values], np.float64).reshape(shape)


def _plain(array: Array) -> list[Any]:
    """Numbers as JSON has them: whole ones without a point, None for what is not finite, or too large to be written out."""
    numbers = (v if math.isfinite(v) and abs(v) <= MOST_SHOWN else None for v in array.ravel().tolist())
    return [v if v is None else int(v) if v == int(v) else v for v in numbers]


def theirs_of(told: Mapping[str, Any]) -> Array | None:
    """What is shown of a result (`calls.told`): its numbers, if they are few."""
    array = told.get("array")
    return array if isinstance(array, np.ndarray) and array.size <= MOST_CELLS else None
