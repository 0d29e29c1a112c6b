"""Settings by name: dicts of them, and the frozen dataclasses that check them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np


def settings(name: str, given: Any) -> dict[str, Any]:
    """A dict of settings as it is; None is an empty one. Raises ValueError for anything else."""
    if not isinstance(given, dict | None):
        raise ValueError(f"{name} (={str(given)[:40]}) must be a dict of settings, or None for the defaults")
    return {} if given is None else given


def plain_settings(settings: object) -> None:
    """Make NumPy's numbers and truth values Python's in a frozen dataclass: they are equal, but no JSON can be made of them."""
    for name, value in vars(settings).items():
        if isinstance(value, np.generic):
            object.__setattr__(settings, name, value.item())


def known_settings(cls: type, values: object, name: str, owner: str) -> Mapping[str, Any]:
    """`values`, settings of a dataclass by name. Raises ValueError unless they are that, and all of them its fields.

    name: what the whole is called; owner: the rest of the sentence on a stranger, such as "a training: it takes".
    """
    if not isinstance(values, Mapping):
        raise ValueError(f"{name} (={str(values)[:40]}) must be a JSON object of settings")
    known = [f.name for f in fields(cls)]
    for key in values:
        if key not in known:
            raise ValueError(f"{key} is not a setting of {owner} {', '.join(known)}")
    return values
