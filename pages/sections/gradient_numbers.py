"""One entry of a gradient check, written out: both losses, their difference, the quotient, and what the backward pass says."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from cnn_core.gradients import Case, Checked, Curve, Expected, Kink
from cnn_core.shares import percent
from pages.figures.entries import RIGHT, entry, minus, power, scientific
from pages.figures.written_out import WrittenOut, written_out

STYLE = """<style>
.nudged { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 14px; width: 100% }
.nudged th { text-align: left; font-weight: 400; padding: 2px 10px 2px 0; white-space: nowrap; border: 0 }
.nudged td { text-align: right; padding: 2px 0; border: 0; overflow-wrap: anywhere }
.nudged .sum { border-top: 1px solid currentColor }
.nudged .result td, .nudged .result th { font-weight: 600 }
</style>"""


def full(value: Decimal) -> str:
    """All digits that are kept of a number."""
    return minus(f"{value:f}" if value.adjusted() >= -4 else f"{value:e}") if value else "0"


def aligned(above: Decimal, below: Decimal) -> tuple[str, str]:
    """Both in full, and what they share set apart: what is left of the difference is the rest."""
    texts = [minus(f"{loss:f}") for loss in (above, below)]
    same = next((k for k, (a, b) in enumerate(zip(*texts, strict=False)) if a != b), len(texts[0]))
    first, second = (f'<span class="same">{text[:same]}</span><b>{text[same:]}</b>' for text in texts)
    return first, second


def lines(out: WrittenOut, f: str) -> list[tuple[str, str, str, str]]:
    """The lines of the table: what each is, in a word and in words; its number as it is written; how it is set."""
    above, below = aligned(out.above, out.below)
    return [
        ("above", f"{f} at +h", above, ""),
        ("below", f"{f} at −h", below, ""),
        ("difference", "their difference", full(out.difference), "sum"),
        ("step", "divided by 2h, as moved", full(out.step.normalize()), ""),
        ("numeric", "quotient (numeric)", full(out.numeric), "sum result"),
        ("analytic", "backward pass (analytic)", full(out.analytic), "result"),
        ("absolute", "apart by", scientific(out.absolute, 3), "sum"),
        ("relative", "relative error", scientific(out.relative), "result"),
    ]


def written(name: str, index: tuple[int, ...], checked: Checked, h: float, f: str) -> WrittenOut:
    """The table: f on both sides, the difference, over the step, and beside it the backward pass's number; f: its name.

    Returns what is written.
    """
    out = written_out(checked)
    cells = "".join(
        f'<tr class="{kind}"><th scope="row">{words}</th><td class="{key}">{text}</td></tr>'
        for key, words, text, kind in lines(out, f)
    )
    value = minus(f"{checked.value:g}")
    st.html(
        f'{STYLE}<p style="margin: 0 0 4px"><b>{entry(name, index)} = {value}</b>, moved by ±h, h = {power(h)}</p>'
        f'<table class="nudged">{cells}</table>'
    )
    losses = "rounded to" if out.rounded else "in full, with"
    st.caption(
        f"Losses: {losses} {out.places} decimals. Each line follows from the written ones above; quotient and gradient are "
        f"rounded to {out.decimals} decimals, the last two lines to 3 and 2 digits. Relative error: "
        "|a − n| / max(|a| + |n|, 10⁻⁸)."
    )
    return out


def judged(checked: Checked, theory: Expected, finest: Curve, h: float, dtype: str) -> None:
    """What follows from the numbers of one entry, shown; see `verdict`."""
    kind, words = verdict(checked, theory, finest, h, dtype)
    if kind == "right":
        st.success(words, icon=":material/check_circle:")
    elif kind == "wrong":
        st.error(words, icon=":material/close:")
    else:
        st.warning(words, icon=":material/diamond:" if kind == "kink" else ":material/blur_on:")


def verdict(checked: Checked, theory: Expected, finest: Curve, h: float, dtype: str) -> tuple[str, str]:
    """What follows from the numbers of one entry: kink, wrong, blurred or right, and in words. finest: the curve of the same
    entry in float64."""
    if checked.kinks:
        return "kink", (
            f"**A kink within h**: {' and '.join(map(kink_words, checked.kinks))}. On the two sides f has two "
            "formulas, and the quotient mixes them: the backward pass may well be right. **Cure**: a smaller h, "
            "another point (seed), or leave this entry out."
        )
    apart = abs(checked.numeric - checked.analytic)
    rounding, truncation = 4 * theory.rounding(h, dtype), 2 * (theory.truncation(h) or 0.0)
    if apart > rounding + truncation and (checked.relative <= RIGHT or theory.agrees(finest, apart)):
        truncation = apart  # more than the third derivative says: of higher ones, or it is not known
    expected = rounding + truncation
    if not apart <= expected:
        return "wrong", (
            f"**Wrong**: rounding and truncation explain {scientific(expected)} at most, and these are "
            f"{scientific(apart)} apart."
        )
    size = max(abs(checked.numeric) + abs(checked.analytic), 1e-8)
    if expected / size > 1e-2 and checked.relative > RIGHT:
        alone, part = max((rounding, "rounding"), (truncation, "truncation"))
        return "blurred", (
            f"**This h cannot tell**: {part} alone may be {scientific(alone)}, {share(alone, checked.analytic)}. See the "
            "curve below."
        )
    return "right", (f"**Right**, as far as this h can tell: rounding and truncation may be {scientific(expected)}.")


def share(part: float, gradient: float) -> str:
    """How large an error is beside the gradient, in words."""
    if not gradient:
        return "and the gradient is 0"
    times = part / abs(gradient)
    if times > 10:
        return minus(f"{times:.2g}") + " times the gradient"
    return f"{percent(times, 0 if times > 0.1 else 1)} of the gradient"


def kink_words(kink: Kink) -> str:
    """What changes between x and x + h or x − h."""
    some = kink.changed > 1
    if kink.kind == "relu":
        return f"{kink.changed} ReLU{'s' * some} let{'s' * (not some)} a number through on one side only"
    return f"in {kink.changed} window{'s' * some} of max pooling another number wins"


def l2_line(case: Case, name: str, index: tuple[int, ...], out: WrittenOut, l2: str) -> None:
    """Of what the analytic value, as it is written, is made, where L2 has its part."""
    if name not in case.decayed:
        return
    weight = case.values[name]
    one, all_of_them = (Decimal(f"{number:.6g}") for number in (float(weight[index]), float(weight.sum())))
    reg = Decimal(f"{case.reg:g}")
    products = {
        "reg_w": f"reg · w = {reg} · {_bracket(one)} = {full(reg * one)}",
        "reg_sum_w": f"reg · sum(W) = {reg} · {_bracket(all_of_them)} = {full(reg * all_of_them)}",
    }
    part = reg * (one if l2 == "reg_w" else all_of_them)
    also = "" if l2 == "reg_w" else f" The right one: {products['reg_w']}, another for each entry."
    st.caption(
        f"analytic = {full(out.analytic - part)} (data loss) + {_bracket(part)} (L2), from {products[l2]}.{also}"
    )


def _bracket(value: Decimal) -> str:
    return f"({full(value)})" if value < 0 else full(value)
