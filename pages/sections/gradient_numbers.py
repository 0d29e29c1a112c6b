"""One entry of a gradient check, written out: both losses, their difference, the quotient, and what the backward pass says."""

from __future__ import annotations

import streamlit as st

from cnn_core.gradients import Case, Checked, Expected, Kink
from pages.figures.entries import RIGHT, entry, minus, power, scientific

STYLE = """<style>
.nudged { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 14px; width: 100% }
.nudged th { text-align: left; font-weight: 400; padding: 2px 10px 2px 0; white-space: nowrap; border: 0 }
.nudged td { text-align: right; padding: 2px 0; border: 0; white-space: nowrap }
.nudged .sum { border-top: 1px solid currentColor }
.nudged .result td, .nudged .result th { font-weight: 600 }
</style>"""
ROUNDED = 10  # digits of the quotient and the gradient


def full(value: float) -> str:
    """All digits that a number of float64 has: read back, it is the same number."""
    return minus(repr(float(value)))


def short(value: float) -> str:
    """A number of ten digits."""
    return minus(f"{value:.{ROUNDED}g}")


def aligned(above: float, below: float) -> tuple[str, str]:
    """Both in full, with as many decimals, and what they share set apart: what is left of the difference is the rest."""
    texts = [full(above), full(below)]
    if all("." in text and "e" not in text for text in texts):
        most = max(len(text.partition(".")[2]) for text in texts)
        texts = [text + "0" * (most - len(text.partition(".")[2])) for text in texts]
    same = next((k for k, (a, b) in enumerate(zip(*texts, strict=False)) if a != b), len(texts[0]))
    first, second = (f'<span class="same">{text[:same]}</span><b>{text[same:]}</b>' for text in texts)
    return first, second


def written(name: str, index: tuple[int, ...], checked: Checked, h: float, f: str) -> None:
    """The table: f on both sides, the difference, over the step, and beside it the backward pass's number; f: its name."""
    nudge = checked.nudge
    above, below = aligned(float(nudge.above), float(nudge.below))
    difference = float(nudge.above) - float(nudge.below)
    absolute = abs(checked.numeric - checked.analytic)
    rows = [
        ("above", f"{f} at +h", above, ""),
        ("below", f"{f} at −h", below, ""),
        ("difference", "their difference", full(difference), "sum"),
        ("step", "divided by 2h, as moved", full(float(nudge.step)), ""),
        ("numeric", "quotient (numeric)", short(checked.numeric), "sum result"),
        ("analytic", "backward pass (analytic)", short(checked.analytic), "result"),
        ("absolute", "apart by", scientific(absolute), "sum"),
        ("relative", "relative error", scientific(checked.relative), "result"),
    ]
    cells = "".join(
        f'<tr class="{kind}"><th scope="row">{words}</th><td class="{key}">{text}</td></tr>'
        for key, words, text, kind in rows
    )
    value = minus(f"{checked.value:g}")
    st.html(
        f'{STYLE}<p style="margin: 0 0 4px"><b>{entry(name, index)} = {value}</b>, moved by ±h, h = {power(h)}</p>'
        f'<table class="nudged">{cells}</table>'
    )
    st.caption(
        f"All digits are written, but of the last lines: the quotient is rounded to {ROUNDED}. Relative error: "
        "|a − n| / max(|a| + |n|, 10⁻⁸)."
    )


def judged(checked: Checked, theory: Expected, h: float, dtype: str) -> None:
    """What follows from the numbers of one entry."""
    apart = abs(checked.numeric - checked.analytic)
    truncation = theory.truncation(h) or 0.0
    expected = 2 * truncation + 4 * theory.rounding(h, dtype)
    size = max(abs(checked.numeric) + abs(checked.analytic), 1e-8)
    if checked.kinks:
        st.warning(
            f"**A kink within h**: {' and '.join(map(kink_words, checked.kinks))}. On the two sides f has two "
            "formulas, and the quotient mixes them: the backward pass may well be right. **Cure**: a smaller h, "
            "another point (seed), or leave this entry out.",
            icon=":material/diamond:",
        )
    elif not apart <= expected:
        st.error(
            f"**Wrong**: rounding and truncation explain {scientific(expected)} at most, and these are "
            f"{scientific(apart)} apart.",
            icon=":material/close:",
        )
    elif expected / size > 1e-2 and checked.relative > RIGHT:
        part = "rounding" if truncation < expected / 2 else "truncation"
        st.warning(
            f"**This h cannot tell**: {part} alone may be {scientific(expected)}, as large as the gradient. See the "
            "curve below.",
            icon=":material/blur_on:",
        )
    else:
        st.success(
            f"**Right**, as far as this h can tell: rounding and truncation may be {scientific(expected)}.",
            icon=":material/check_circle:",
        )


def kink_words(kink: Kink) -> str:
    """What changes between x and x + h or x − h."""
    some = kink.changed > 1
    if kink.kind == "relu":
        return f"{kink.changed} ReLU{'s' * some} let{'s' * (not some)} a number through on one side only"
    return f"in {kink.changed} window{'s' * some} of max pooling another number wins"


def l2_line(case: Case, name: str, index: tuple[int, ...], checked: Checked, l2: str) -> None:
    """Of what the analytic value is made, where L2 has its part."""
    if name not in case.decayed:
        return
    weight = case.values[name]
    right = case.reg * float(weight[index])
    wrong = case.reg * float(weight.sum())
    part = right if l2 == "reg_w" else wrong
    data = minus(f"{checked.analytic - part:.6g}")
    products = {
        "reg_w": f"reg · w = {case.reg:g} · {_bracket(float(weight[index]))} = {minus(f'{right:.6g}')}",
        "reg_sum_w": f"reg · sum(W) = {case.reg:g} · {_bracket(float(weight.sum()))} = {minus(f'{wrong:.6g}')}",
    }
    also = "" if l2 == "reg_w" else f" The right one: {products['reg_w']}, another for each entry."
    st.caption(f"analytic = {data} (data loss) + {_bracket(part)} (L2), from {products[l2]}.{also}")


def _bracket(value: float) -> str:
    text = minus(f"{value:.6g}")
    return f"({text})" if value < 0 else text
