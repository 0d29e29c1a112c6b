"""What processes say to each other: one JSON object a line; arrays travel as base64 of their bytes."""

from __future__ import annotations

import base64
import json
import threading
from typing import Any

import numpy as np

from cnn_core.checks import Array

_one_at_a_time = threading.Lock()


def say(kind: str, **content: Any) -> None:
    """Send one message from a worker, on any of its threads."""
    line = encode({"type": kind, **content})
    with _one_at_a_time:
        print(line, flush=True)


def encode(message: dict[str, Any]) -> str:
    """One line of JSON without its newline; arrays anywhere inside are packed."""
    return json.dumps(message, default=_pack, separators=(",", ":"))


def decode(line: str) -> dict[str, Any]:
    """The message of one line. Raises ValueError if the line is not a JSON object."""
    message = json.loads(line, object_hook=_unpack)
    if not isinstance(message, dict):
        raise ValueError(f"line (={line[:40]!r}) must hold a JSON object")
    return message


def _pack(value: object) -> dict[str, Any]:
    if isinstance(value, np.ndarray):
        return {"dtype": value.dtype.str, "shape": value.shape, "base64": base64.b64encode(value.tobytes()).decode()}
    raise TypeError(f"{type(value).__name__} has no place in a message")


def _unpack(value: dict[str, Any]) -> dict[str, Any] | Array:
    if "base64" in value:
        data = base64.b64decode(value["base64"])
        return np.frombuffer(data, dtype=value["dtype"]).reshape(value["shape"])
    return value
