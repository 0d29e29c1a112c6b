"""One step of one weight written out: the pictures by their share of its gradient, and the operations of the update."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby

import numpy as np

from cnn_core.checks import Array
from cnn_core.explorer.update import Operation
from cnn_core.explorer.weight_life import WeightLife
from cnn_core.walks.rounding import write_digits
from pages.figures.colours import ENDS
from pages.figures.entries import scientific
from pages.figures.pixels import as_url

MOST = 60  # pictures shown; of larger batches, those with the largest shares
DIGITS = 9  # significant digits: two numbers of float32 that differ do so in these
FEW, MANY = -4, 7  # powers of ten from which on a number is written with its power
FIRST = 18  # of these, those in view before the others are asked for
PLAIN = {  # results in plain words, beside the field's own sign
    "m": "running mean of the gradients",
    "v": "running mean of their squares",
    "velocity": "the steps so far, older ones fading",
    "cache": "running mean of the gradients’ squares",
    "root": "corrects √v",
    "alpha_t": "the learning rate, corrected",
    "epsilon_hat": "ε, corrected",
}
SYMBOLS = {
    "epsilon_hat": "ε̂",
    "alpha_t": "αₜ",
    "root": "√(1 − β₂ᵗ)",
    "learning_rate": "learning rate",
    "decay_rate": "decay rate",
    "weight_decay": "weight decay",
    "epsilon": "ε",
    "beta1": "β₁",
    "beta2": "β₂",
    "^t": "ᵗ",
}
_NAMED = re.compile(r"\^t|\b(?:" + "|".join(name for name in SYMBOLS if name.isidentifier()) + r")\b")
STYLE = """<style>
.st-key-which_weight > div { min-width: 6rem; flex-basis: 6rem }
.st-key-which_weight > div:first-child { min-width: 8.5rem }
.st-key-which_weight > div:last-child { min-width: max-content }
.life { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; line-height: 1.25; width: 100% }
.life th, .life td { padding: 0 8px 0 0; border: 0; text-align: left; font-weight: 400; vertical-align: top }
.life tbody + tbody tr:first-child > * { border-top: 1px solid #80889680 }
.life td + td { text-align: right; padding-right: 0; white-space: nowrap }
.life .result > * { font-weight: 600 }
.life small { font-size: 12px; white-space: nowrap; opacity: .85 }
.shares { display: flex; flex-wrap: wrap; gap: 4px }
summary { font-size: 13px; cursor: pointer; min-height: 24px }
.shares > div { width: 54px; font-size: 12px; line-height: 1.2; text-align: center; overflow-wrap: anywhere }
.shares img { width: 36px; height: 36px; image-rendering: pixelated; display: block; margin: 0 auto; object-fit: contain }
.shares i { display: block; height: 4px; margin: 1px auto }
</style>"""


def exact(value: float) -> str:
    """A number of float32 by nine digits, which tell it from every other one; very small and large ones with a power of ten."""
    number = float(value)
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "∞" if number > 0 else "−∞"
    power = Decimal(number).adjusted() if number else 0
    if FEW <= power < MANY:
        return write_digits(number, DIGITS)
    return f"{write_digits(float(Decimal(number).scaleb(-power)), DIGITS)}e{power}".replace("e-", "e−")


def symbols(name: str) -> str:
    """A name as the field writes it."""
    return _NAMED.sub(lambda found: SYMBOLS[found[0]], name)


def operations_table(life: WeightLife, memory: Sequence[str]) -> str:
    """All lines from the gradient of the batch to the new weight, as HTML. memory: the names of what the rule remembers, which
    are set off as results, as the gradient, the step and the weight are."""
    results = {"gradient", "step", "weight", *memory}
    first = _row("gradient of the batch", "all shares, in 32 bits", exact(life.gradient), True)
    bodies = [
        first,
        *("".join(_line(op, results) for op in part) for _, part in groupby(life.operations, lambda op: op.part)),
    ]
    rows = "".join(f"<tbody>{body}</tbody>" for body in bodies)
    return f'{STYLE}<table class="life" aria-label="The update, operation by operation">{rows}</table>'


def _line(operation: Operation, results: set[str]) -> str:
    """What it is called, with its numbers, and what comes out."""
    numbers = [exact(value) for _, value in operation.operands]
    if not numbers:
        words = symbols(operation.sign)
    elif operation.sign == "√":
        words = f"√{numbers[0]}"
    else:
        words = f"{numbers[0]} {operation.sign} {_bracketed(numbers[1])}"
    return _row(
        symbols(operation.result),
        words,
        exact(operation.value),
        operation.result in results,
        PLAIN.get(operation.result),
    )


def _row(name: str, words: str, value: str, is_result: bool, plain: str | None = None) -> str:
    kind, beside = ' class="result"' if is_result else "", f" <small>{html.escape(plain)}</small>" if plain else ""
    name, words, value = map(html.escape, (name, words, value))
    return f'<tr{kind}><th scope="row">{name}{beside}</th><td>{words}</td><td>{value}</td></tr>'


def uphill(operations: Sequence[Operation], gradient: float) -> str:
    """Why the weight goes the way in which the loss rises, "" where it does not: what the rule remembers is stronger.

    operations: of the step. gradient: that of the data loss.
    """
    values = {op.result: float(op.value) for op in operations}
    slope = values.get("gradient", float(gradient))
    carrier = next((name for name in ("m", "velocity") if name in values), None)
    if carrier is None:
        return ""
    last = operations[-1]
    move = float(last.operands[1][1]) * (1 if last.sign == "+" else -1)
    if not move * slope > 0:
        return ""
    signs = ("negative", "positive")
    turn = "raises" if move > 0 else "lowers"
    return (
        f"{carrier} is still {signs[values[carrier] > 0]}, by the steps before: so this step {turn} the weight although the "
        f"gradient is {signs[slope > 0]}."
    )


def _bracketed(number: str) -> str:
    return f"({number})" if number.startswith("−") else number


def by_size(shares: Array) -> Array:
    """The pictures (N,) in the order of the size of their shares (N,), the largest first."""
    return np.argsort(-np.nan_to_num(np.abs(shares), nan=np.inf), kind="stable")


def signed(share: float) -> str:
    """A share with its sign and three digits."""
    if not math.isfinite(share):
        return exact(share)
    return ("+" if share > 0 else "") + scientific(share, 3)


def share_list(life: WeightLife, pixels: Array, names: Sequence[str], told_wrong: Array, theme: str) -> str:
    """The pictures with their shares as HTML. pixels (N, C, H, W) in 0..1: as the network saw them. told_wrong (N,): whose label
    is wrong."""
    shown = by_size(life.shares)[:MOST]
    largest = float(np.nan_to_num(np.abs(life.shares)).max(initial=0)) or 1.0
    bytes_ = np.rint(255 * pixels.clip(0, 1)).astype(np.uint8)
    items = []
    for n in shown.tolist():
        share, name = float(life.shares[n]), names[int(life.labels[n])]
        words = f"training picture {life.indices[n]}, {name}" + (", a wrong label" if told_wrong[n] else "")
        url = as_url(np.ascontiguousarray(bytes_[n].transpose(1, 2, 0)))
        wide = 0 if not math.isfinite(share) else round(44 * abs(share) / largest)
        items.append(
            f'<div role="listitem"><img src="{url}" alt="{html.escape(words, quote=True)}">'
            f'<i style="width: {wide}px; background: {ENDS[theme][share > 0]}"></i>'
            f"{signed(share)}<br>{html.escape(name)}{' (wrong)' if told_wrong[n] else ''}</div>"
        )
    first = _list("Pictures of the batch by the size of their share", items[:FIRST])
    more = f"{len(items) - FIRST} more, with smaller shares"
    rest = f"<details><summary>{more}</summary>{_list(more, items[FIRST:])}</details>" if len(items) > FIRST else ""
    return f"{STYLE}{first}{rest}"


def _list(label: str, items: Sequence[str]) -> str:
    return f'<div class="shares" role="list" aria-label="{label}">{"".join(items)}</div>'
