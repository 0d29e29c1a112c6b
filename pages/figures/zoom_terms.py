"""The terms of one number as the zoom writes them: sums in parts, formulas in steps, one product with where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cnn_core.explorer import Explanation, Factors, Inside, Sum
from pages.figures.written_number import BRIEF, brief, counts, in_unit, unit_words
from pages.figures.written_steps import OF_SUMS, written_steps
from pages.figures.written_sum import WrittenSum, written_sum
from pages.figures.zoom_sheet import around
from pages.figures.zoom_spot import Spot, at_spot
from pages.figures.zoom_words import at_words, number_words, tensor_words

IN_A_LIST = 24  # terms of a part that are not laid out as a window
IN_ALL = 1500  # terms that are sent; of more, each part shows its largest only
FEW = 6
SHOWN = 16  # parts that are in view; the others are folded up together


def sum_block(
    inside: Inside, spot: Spot, name: str, made: Sum, first: int, names: Sequence[str], *, windows: bool = False
) -> dict[str, Any]:
    """A sum: its parts, those that count most first, each with its terms; `first` is the number of its first term. windows: each
    part with the map that its left factors stand in, a frame around them.
    """
    text = written_sum(made, BRIEF if name == "sum" else OF_SUMS)
    head = {
        "name": name,
        "left": made.left.label,
        "right": made.right.label if made.right else "",
        "count": len(made.products),
        "by": made.by,
        "chosen": made.chosen is not None,
        "shape": made.shape,
    }
    if text is None:
        return head | {"broken": _broken(made), "total": brief(made.total), "parts": []}
    groups: dict[int, list[int]] = {}
    for term, group in enumerate(made.group.tolist()):
        groups.setdefault(group, []).append(term)
    order = sorted(groups, key=lambda group: -abs(text.parts[group][1]))
    everything = len(made.products) <= IN_ALL
    parts = [
        _part(inside, spot, made, text, group, groups[group], first, everything or place < FEW, names)
        for place, group in enumerate(order)
    ]
    if windows:
        parts = [
            part | {"window": _window(inside, spot, made, group, names)}
            for part, group in zip(parts, order, strict=True)
        ]
    others = order[SHOWN:] if len(order) > SHOWN + 1 else []
    together = in_unit(sum(text.parts[group][1] for group in others), text.last, text.units[2])
    return head | {
        "parts": parts,
        "others": [len(others), together] if others else None,
        "units": [unit_words(unit) for unit in text.units],
        "constant": text.constant,
        "constant_query": made.constant
        and made.constant.of
        and at_spot(made.constant.of, made.constant.at, spot.way).query(),
        "before": text.before,
        "divided": text.count if text.count > 1 else None,
        "total": text.total,
        "shown": text.shown,
        "noise": text.noise,
        "unrounded": _unrounded(made, text),
    }


def _unrounded(made: Sum, text: WrittenSum) -> str | None:
    """The number itself with a digit more, where the rounded factors make another one of its digits; else None."""
    if text.noise or in_unit(counts(np.array([made.total]), text.last)[0], text.last, text.units[2]) == text.total:
        return None
    return in_unit(counts(np.array([made.total]), text.last - 1)[0], text.last - 1, text.units[2])


def _window(inside: Inside, spot: Spot, made: Sum, group: int, names: Sequence[str]) -> dict[str, Any]:
    """Where the left factors of a part stand, with a frame around their cells."""
    mine = made.left.at[made.group == group]
    real = mine[(mine >= 0).all(axis=1)]
    if not len(real):
        real = np.maximum(mine, 0)
    of, at = made.left.of, real[0].tolist()
    array = inside.array(of)
    words = tensor_words(of) + (f", {number_words(inside, of, int(at[0]), names)}" if array.ndim == 3 else "")
    return around(array, of, at, real, words, spot.way)


def _broken(made: Sum) -> str:
    count = sum(int((~np.isfinite(one.values)).sum()) for one in (made.left, made.right) if one is not None)
    return f"{count} of the factors are no finite numbers: the training diverged, and nothing adds up here."


def _part(
    inside: Inside,
    spot: Spot,
    made: Sum,
    text: WrittenSum,
    group: int,
    terms: list[int],
    first: int,
    whole: bool,
    names: Sequence[str],
) -> dict[str, Any]:
    shown, laid_out = terms, made.shape is not None and len(terms) == made.shape[0] * made.shape[1]
    if not laid_out or not whole:
        most = IN_A_LIST if whole else FEW
        shown = sorted(terms, key=lambda term: -abs(text.whole[term]))[:most]
        shown = [term for term in shown if text.whole[term]] or shown[:1]  # what gives nothing is told together
        laid_out = False
    rest = sorted(set(terms) - set(shown))
    title = f"row {group} of dout"
    if made.by in ("channel", "map", "filter"):
        title = number_words(inside, made.left.of, group, names)
        if made.by == "filter":
            title = f"filter {group}"
    return {
        "title": title if made.by else "",
        "sum": text.parts[group][0],
        "laid_out": laid_out,
        "terms": [_term(inside, spot, made, text, term, first, laid_out, names) for term in shown],
        "rest": [len(rest), text.rest(rest)] if rest else None,
    }


def _term(
    inside: Inside,
    spot: Spot,
    made: Sum,
    text: WrittenSum,
    term: int,
    first: int,
    laid_out: bool,
    names: Sequence[str],
) -> list[Any]:
    """Left, right, product, the number of the term, whether it is the winner, and where the left factor stands."""
    at = made.left.at[term]
    where = "padding" if (at < 0).any() else "" if laid_out else at_words(inside, made.left.of, at.tolist(), names)
    right = text.right[term] if made.right else ""
    return [text.left[term], right, text.products[term], first + term, made.chosen == term, where]


def steps_block(found: Explanation, spot: Spot, inside: Inside, names: Sequence[str]) -> dict[str, Any]:
    """A formula: what is known, each with where it stands, and the steps."""
    text = written_steps(found)
    knowns = []
    for name, known in found.knowns.items():
        where = query = ""
        if known.of is not None:
            where = f"{tensor_words(known.of)}, {at_words(inside, known.of, known.at, names)}"
            query = at_spot(known.of, known.at, spot.way).query()
            query = "" if query == spot.query() else query  # it is the number itself
        knowns.append([name, text.numbers[name], where, query])
    sums = [[name, text.numbers[name], "the sum below", ""] for name in found.sums]
    return {"knowns": knowns + sums, "steps": [list(step) for step in text.steps], "shown": text.shown}


def product_block(inside: Inside, spot: Spot, made: Sum, term: int, names: Sequence[str]) -> dict[str, Any]:
    """One product: its factors, where each stands, and the way there."""
    text = written_sum(made)
    factors = [(made.left, text.left[term] if text else brief(float(made.left.values[term])))]
    if made.right is not None:
        factors.append((made.right, text.right[term] if text else brief(float(made.right.values[term]))))
    units = [unit_words(unit) for unit in text.units] if text else ["", "", ""]
    return {
        "factors": [_factor(inside, spot, one, written, term, names) for one, written in factors],
        "product": text.products[term] if text else brief(float(made.products[term])),
        "units": units,
        "total": text.total if text else brief(made.total),
        "shown": text.shown if text else brief(made.total),
        "count": len(made.products),
        "chosen": made.chosen == term,
        "takes_one": made.chosen is not None,
    }


def _factor(inside: Inside, spot: Spot, one: Factors, text: str, term: int, names: Sequence[str]) -> dict[str, Any]:
    at = tuple(one.at[term].tolist())
    if one.fixed or min(at) < 0:
        return {
            "label": one.label,
            "text": text,
            "where": "a constant of the layer" if one.fixed else "the padding: a zero around the map",
            "query": "",
            "sheet": None,
        }
    where = f"{tensor_words(one.of)}, {at_words(inside, one.of, at, names)}"
    label = one.label if one.label in ("x", "weight", "dout") else f"{one.label}: made of this number"
    spot_there = at_spot(one.of, at, spot.way)
    array = inside.array(one.of)
    drawn = around(array, one.of, at, np.array([at]), tensor_words(one.of), spot.way)
    return {"label": label, "text": text, "where": where, "query": spot_there.query(), "sheet": drawn}
