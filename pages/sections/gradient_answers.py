"""What students ask of gradient checks, answered; and the whole tensor checked in two ways."""

from __future__ import annotations

import streamlit as st

from cnn_core.gradient_check import agreement
from cnn_core.gradients import Curve, ErrorMap, Expected, Projected
from cnn_core.gradients.steps import STEPS
from pages.figures.entries import power, scientific


def best_steps(curves: list[Curve], theory: Expected) -> None:
    """Under the curve: where its valley is, and why."""
    found = []
    for curve in curves:
        finite = [(error, h) for error, h in zip(curve.errors.tolist(), STEPS, strict=True) if error == error]
        best = theory.best(curve.dtype)
        expected = f", expected near {power(best)}" if best and best < 1 else ""
        found.append(f"{curve.dtype}: {power(min(finite)[1])}{expected}")
    valley = f"Best h measured here: {'; '.join(found)}. "
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
    st.markdown(
        "| | calls of f | time here | relative error | what it can miss |\n|---|---|---|---|---|\n"
        f"| entry by entry, this tensor | {found.calls} | {_time(found.seconds)} | {scientific(agreed.relative)} (largest) | "
        "what one did not have the time to check: two calls for each number |\n"
        f"| one random direction, all {tensors} tensors (float64) | {projected.calls} | {_time(projected.seconds)} | "
        f"{scientific(projected.error)} | where the mistake is; one that is small beside the whole gradient, or "
        "orthogonal to the direction |"
    )
    st.caption(
        "Both miss a wrong forward pass, as they compare the backward pass with it; and what does not act at this "
        "point, such as a dead ReLU. Both stumble over kinks and over a dropout that draws anew at each call."
    )


def _time(seconds: float) -> str:
    return f"{1000 * seconds:.3g} ms"


def answers() -> None:
    """Three questions."""
    st.subheader("Often asked")
    with st.expander("What is the gradient of the L2 term, and what is wrong with reg * sum(W)?", key="answer_l2"):
        st.markdown(
            "Each weight has a term of its own in the loss, $0.5 \\cdot reg \\cdot w^2$, with the derivative $reg "
            "\\cdot w$. So the gradient is `dW += reg * W`: an array shaped as `W`, which pulls every weight towards "
            "0, a large one more. `reg * np.sum(W)` is **one number**; `+=` adds it to all entries, and weights are "
            "pushed the same way, whatever their size. The shapes fit, the loss may still fall, and no error is "
            "raised: a gradient check is what finds it. (With $reg \\cdot w^2$ in the loss, without 0.5, the gradient "
            "is $2 \\cdot reg \\cdot w$.)"
        )
    with st.expander("Which h is the best, and why not a smaller one?", key="answer_h"):
        st.markdown(
            "About the third root of the precision: near **1e-5 in float64**, near **1e-2 in float32**, where the "
            "curve has its valley. A smaller h makes the two losses so alike that their difference is mostly rounding; "
            "a ten times smaller h makes that error ten times larger. A larger h measures the slope of a chord, not of "
            "the curve: a ten times larger h makes that error a hundred times larger."
        )
    with st.expander("Can a correct ReLU fail the check?", key="answer_relu"):
        st.markdown(
            "Yes, where its input is nearer to 0 than h moves it. At one side the slope is 1, at the other 0; the "
            "quotient is something between, and the backward pass says one of them. So does max pooling where two "
            "numbers of a window are nearly equal. In a deep network, an entry moves many ReLUs at once. This page "
            "compares what each ReLU and each maximum chose at x + h, x − h and x: a difference is a kink within h, "
            "marked ◆; without one, all three losses come from one smooth formula."
        )
