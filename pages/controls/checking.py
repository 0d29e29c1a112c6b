"""What is checked on the Gradient check page: its presets, its settings, and the entry that is chosen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from cnn_core.gradients import CASES, L2_GRADIENTS, STEPS, Case
from cnn_core.gradients import case as made_case
from pages.address import messages, state
from pages.address.links import tell_unlisted
from pages.controls import settings
from pages.controls.presets import Preset

Named = tuple[str, int, str]  # what names a case: check, seed, l2
USUAL: dict[str, Any] = {"check": "network", "h": "1e-5", "dtype": "float64", "l2": "reg_w", "seed": 0}
PRESETS = {
    "small_network": Preset(
        "Is the backward pass right? Move **one number** up and down by *h*, run the forward pass twice, and compare "
        "the **quotient** with the gradient. Click another entry."
    ),
    "sum_of_w": Preset(
        "The loss holds 0.5 · reg · Σ W²: its gradient is **reg · W**. Here the backward pass adds **reg · sum(W)**, one number "
        "for all: each entry is wrong.",
        {"l2": "reg_sum_w"},
    ),
    "relu_corner": Preset(
        "A **right** ReLU fails at one entry: it is 0.000004, so −*h* takes it below 0. The two losses lie on both "
        "sides of the corner.",
        {"check": "relu"},
    ),
    "near_tie": Preset(
        "Two numbers of a window differ by 0.000004: moved by *h*, the other one wins. Max pooling is right, and fails "
        "at both.",
        {"check": "max_pool2d"},
    ),
    "too_small": Preset(
        "The two losses differ in their last digits only, and those are rounded: a **smaller** *h* is no better. The "
        "right gradient seems wrong.",
        {"h": "1e-13"},
    ),
    "in_float32": Preset(
        "With some 7 digits a number, the difference of two nearly equal losses has hardly one left. Check in float64.",
        {"dtype": "float32"},
    ),
    "no_truncation": Preset(
        "A convolution is linear in each of its numbers, so the quotient is right at any *h*: only rounding is left, "
        "and the larger *h*, the less of it.",
        {"check": "conv2d", "h": "1"},
    ),
}
WRITTEN = [str(int(h)) if h == 1 else f"{h:g}".replace("e-0", "e-") for h in reversed(STEPS)]  # from 1e-14 to 1


@lru_cache(maxsize=64)
def kept_case(check: str, seed: int, l2: str) -> Case:
    """The case; its arrays are read-only."""
    return made_case(check, seed=seed, l2=l2)


def case_of(start: Mapping[str, Any]) -> Named:
    """The settings of what is checked."""
    check = settings.choice(
        "what is checked",
        "check",
        list(CASES),
        start["check"],
        help="A layer, with f = Σ out · dout for an upstream gradient dout; or a network, where f is its loss.",
        on_change=forget_entry,
    )
    l2 = "reg_w"
    if kept_case(check, 0, "reg_w").reg:
        l2 = settings.choice(
            "L2's gradient",
            "l2",
            list(L2_GRADIENTS),
            start["l2"],
            help="What the backward pass adds for 0.5 · reg · Σ W² in the loss: reg · W is right.",
        )
    seed = settings.whole(
        "point (seed)",
        "seed",
        0,
        20,
        start["seed"],
        help="Other numbers everywhere: the gradient is taken at another point.",
    )
    return check, seed, l2


def tensor_of(case: Case) -> str:
    """Which of the case's tensors is looked at."""
    names = list(case.values)
    if len(names) == 1:
        tell_unlisted("tensor", names)
        return names[0]
    usual = next((name for name in names if name.endswith("weight")), names[0])
    return settings.choice("tensor", "tensor", names, usual, help="Whose gradient is checked.", on_change=forget_entry)


def step(start: Mapping[str, Any]) -> tuple[float, str]:
    """The step h, and the dtype in which f is computed."""
    dtype = settings.choice(
        "number type (dtype)",
        "dtype",
        ["float64", "float32"],
        start["dtype"],
        help="float64: some 16 digits a number. float32: some 7 digits.",
    )
    h = settings.scale("step h", "h", WRITTEN, start["h"], help="How far the entry is moved, up and down.")
    return h, dtype


def forget_entry() -> None:
    """Another tensor: its first look is at an entry of its own."""
    state.set_text("entry", None)


def entry_of(case: Case, name: str) -> tuple[int, ...]:
    """The chosen entry: the address's, else one next to a planted kink, or in the middle."""
    shape = case.values[name].shape
    text = state.text("entry")
    if text is not None:
        parts = text.split(",")
        if len(parts) == len(shape) and all(
            part.strip().isascii() and part.strip().isdigit() and len(part) < 6 and int(part) < n
            for part, n in zip(parts, shape, strict=True)
        ):
            return tuple(map(int, parts))
        state.set_text("entry", None)
        counts = ", ".join(f"0 to {n - 1}" for n in shape)
        messages.warning(
            f"entry (={text[:40]}) in the link must name an entry of {name}: {len(shape)} whole numbers with commas "
            f"between, {counts}; the page shows another one."
        )
    return case.planted if name == "x" and case.planted else tuple(n // 2 for n in shape)


def keep_entry(number: object, shape: tuple[int, ...]) -> None:
    """The reader has chosen the entry with this number, as they lie in memory; what is no entry is ignored."""
    if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < math.prod(shape):
        state.set_text("entry", ",".join(map(str, np.unravel_index(number, shape))))
