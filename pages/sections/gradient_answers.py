"""What students ask of gradient checks, answered; and the whole tensor checked in two ways."""

from __future__ import annotations

import streamlit as st

from cnn_core.gradient_check import agreement
from cnn_core.gradients import Curve, ErrorMap, Expected, Projected
from cnn_core.gradients.steps import STEPS
from pages.address.book import book
from pages.figures.entries import power, scientific

ASKED = "often-asked"  # the anchor of the answers
L2 = (
    "**What is the gradient of the L2 term, and what does `reg * sum(W)` do wrong?** Each weight has a term of its own "
    "in the loss, $0.5 \\cdot reg \\cdot w^2$, with the derivative $reg \\cdot w$. So the gradient is `dW += reg * W`: "
    "an array shaped as `W`, which pulls every weight towards 0, a large one more. `reg * np.sum(W)` is **one "
    "number**; `+=` adds it to all entries, and pushes all weights the same way, whatever their size. The shapes fit, "
    "the loss may still fall, and no error is raised: only a check finds it. (Without 0.5 in the loss the gradient is "
    "$2 \\cdot reg \\cdot w$.)"
)
STEP = (
    "**Which h is the best, and why not a smaller one?** The usual choice is **1e-5 in float64**, **1e-2 in float32**: about "
    "the third root of the precision, and near enough for a whole tensor. One entry's own best is the lowest point of its curve, "
    "named below that. A smaller h makes the two losses so alike "
    "that their difference is mostly rounding: a tenth of h, ten times the error. A larger h measures the slope of a "
    "chord, not of the curve: ten times h, a hundred times the error."
)
CORNER = (
    "**Can a correct ReLU fail the check?** Yes, where its input is nearer to 0 than h moves it. On one side the slope "
    "is 1, on the other 0; the quotient is something between, and the backward pass says one of them. So does max "
    "pooling where two numbers of a window are nearly equal. In a network, one entry moves many ReLUs. This page "
    "compares what each ReLU and each maximum chose at +h, at −h and between: a difference is a kink within h, marked "
    "◆; without one, all three losses come from one smooth formula."
)


def best_steps(curves: list[Curve], theory: Expected) -> None:
    """Under the curve: where its valley is, and why."""
    if no_step_helps(curves, theory):
        st.caption(
            "**No h helps**: neither rounding nor truncation explains how far the two are apart where both are least. A right "
            "gradient has a valley in the curve; this one is wrong."
        )
        return
    found = []
    for curve in curves:
        finite = [(error, h) for error, h in zip(curve.errors.tolist(), STEPS, strict=True) if error == error]
        best = theory.best(curve.dtype)
        expected = f" (by theory near {power(best)})" if best and best < 1 else ""
        found.append(f"{power(min(finite)[1])} in {curve.dtype}{expected}")
    valley = (
        f"**Use the usual h** for whole tensors: 1e−5 in float64, 1e−2 in float32. For this entry alone the measured curve is "
        f"lowest at {', '.join(found)}; luck in rounding moves that a little. "
    )
    if theory.third == 0:
        why = "f is linear (or quadratic) in this number, so there is no truncation. The larger h, the less rounding."
    elif theory.third is None:
        why = "Kinks lie so close that the truncation is not known."
    else:
        why = (
            "Left of it **rounding** rules: f is known to ε|f| only, and that is divided by h. Right of it **truncation**: "
            "h²|f‴|/6, what a straight line misses of a curve."
        )
    st.caption(valley + why)


def no_step_helps(curves: list[Curve], theory: Expected) -> bool:
    """Whether the gradient is wrong: in float64, at the step with the least of rounding and truncation, it is further off."""
    if theory.third is None:
        return False
    (curve,) = [curve for curve in curves if curve.dtype == "float64"]
    known = [
        (2 * (theory.truncation(h) or 0) + 4 * theory.rounding(h, curve.dtype), error)
        for h, error, kink in zip(STEPS, curve.errors.tolist(), curve.kinks.tolist(), strict=True)
        if error == error and not kink
    ]
    if not known:
        return False
    explained, error = min(known)
    return bool(error > explained)


def two_ways(name: str, found: ErrorMap, projected: Projected, tensors: int) -> None:
    """Entry by entry, and along one random direction: the result, the calls, the time, and what each can miss."""
    agreed = agreement(found.analytic, found.numeric)
    said = ["no", "yes"]
    st.subheader("Entry by entry, or all at once?")
    st.markdown(
        f"**{name}**, all {found.numeric.size} entries: exact **{said[agreed.exact]}** · approximate "
        f"**{said[agreed.approximate]}** (as `torch.allclose`) · `torch.autograd.gradcheck` would say "
        f"**{said[agreed.gradcheck]}** · largest difference **{scientific(agreed.largest)}** · largest relative error "
        f"**{scientific(agreed.relative)}** (CS231n's `rel_error`)."
    )
    if agreed.approximate and not agreed.exact:
        st.caption(
            "A right gradient is **approximate: yes**. To the last bit (exact) a numeric one hardly ever is: it is rounded."
        )
    st.markdown(
        "| | calls of f | time | relative error |\n|---|---|---|---|\n"
        f"| entry by entry, this tensor | {found.calls} | {_time(found.seconds)} | {scientific(agreed.relative)} |\n"
        f"| a random direction, all {tensors} tensors | {projected.calls} | {_time(projected.seconds)} | "
        f"{scientific(projected.relative)} |"
    )
    st.caption(
        "**Entry by entry** takes two calls for each number, so of a large network one checks a few, and misses the others. "
        "**A random direction** moves all numbers at once (here in float64): it does not say where the mistake is, and may miss "
        "one that is small beside the whole gradient. Both miss a wrong forward pass, with which they compare, and what does not "
        "act at this point, such as a dead ReLU. Both stumble over kinks, and over a dropout that draws anew at each call."
    )


def _time(seconds: float) -> str:
    return f"{1000 * seconds:.3g} ms"


def way_to_answers() -> None:
    """Beside the page's title: what is answered below, and the way there."""
    with book().head or st.container():
        st.markdown(f"[Often asked](#{ASKED}): L2's gradient, the best h, ReLU", width="content")


def answers() -> None:
    """Three questions, side by side."""
    st.subheader("Often asked", anchor=ASKED)
    for column, text in zip(st.columns(3, gap="medium"), (L2, STEP, CORNER), strict=True):
        column.markdown(text)
