"""What the zoom shows of a network at one spot: everything zoom.js needs to draw a depth, and where each thing on it leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from cnn_core.checks import Array
from cnn_core.explorer import INPUT, SOFTMAX, Explanation, Inside, Kind, Sum, Tensor, explain, partial_maps
from pages.figures.written_number import brief
from pages.figures.zoom_sheet import around, is_gradient, maps_of, sheet
from pages.figures.zoom_spot import BACKWARD, Spot, axis_of, first_at, spot_of, up
from pages.figures.zoom_terms import product_block, steps_block, sum_block
from pages.figures.zoom_words import at_words, formula, number_words, size_words, tensor_words

MOST_PARTS = 8  # partial maps that are drawn; the others are drawn as their sum


def zoom_view(inside: Inside, spot: Spot, names: Sequence[str]) -> dict[str, Any]:
    """The depth of a spot. names: of the classes."""
    array = inside.array(spot.tensor)
    seen = {
        "query": spot.query(),
        "gradient": is_gradient(spot.tensor),
        "crumbs": _crumbs(inside, spot, names),
        "up": (above.query() if (above := up(spot)) else f"way={spot.way}"),
        "formula": formula(inside, spot.tensor),
        "links": [],
        "keys": {},
    }
    if spot.term is not None and spot.at is not None:
        return seen | _product(inside, spot, names)
    if spot.at is not None:
        return seen | _number(inside, spot, array, names)
    return seen | (_layer if spot.number is None else _map)(inside, spot, array, names)


def _crumbs(inside: Inside, spot: Spot, names: Sequence[str]) -> list[list[str]]:
    """The way down to here: words and address of each depth."""
    found: list[list[str]] = []
    here: Spot | None = spot
    while here is not None:
        tensor, words = here.tensor, tensor_words(here.tensor)
        if here.term is not None:
            words = f"product {here.term}"
        elif here.at is not None and (len(here.at) > 1 or here.is_param):
            words = (
                f"row {here.at[1]}, column {here.at[2]}" if _is_cell(here) else at_words(inside, tensor, here.at, names)
            )
        elif here.number is not None:
            words = number_words(inside, tensor, here.number, names)
        found.insert(0, [words, here.query()])
        here = up(here)
    return [["network", f"way={spot.way}"], *found]


def _is_cell(spot: Spot) -> bool:
    return spot.at is not None and len(spot.at) == 3 and not spot.is_param


def _facts(array: Array) -> str:
    finite = array[np.isfinite(array)]
    if not finite.size:
        return "no finite number: the training diverged"
    none = int((finite == 0).sum())
    words = f"from {brief(float(finite.min()))} to {brief(float(finite.max()))}; {none} of {array.size} are 0"
    lost = array.size - finite.size
    return words + (f"; {lost} are no finite numbers: the training diverged" if lost else "")


def _layer(inside: Inside, spot: Spot, array: Array, names: Sequence[str]) -> dict[str, Any]:
    planes, choose = maps_of(array, spot)
    units = planes.ndim == 1
    what = {2: "units", 3: "maps", 4: "filters"}.get(array.ndim, "numbers" if spot.is_param else "units")
    labels = [str(k) for k in range(len(planes))] if not units else []
    if spot.tensor.name in (SOFTMAX, inside.layers[-1].name) and units and not spot.is_param:
        labels, what = list(names), "classes"
    several = f"{len(planes)} {what}" if len(planes) > 1 else f"one {what.removesuffix('s')}"
    words = f"{tensor_words(spot.tensor)}: {several}" + ("" if units else f" of {size_words(array.shape[1:])}")
    if (array.ndim == 4 and units) or array.ndim == 2:
        words += ", each shown by the length of its weights"
    unit, each = "cell" if units else "plane", "" if what == "classes" else what.removesuffix("s")
    drawn = sheet(
        planes, spot.tensor, words=words, labels=labels, exact=units, shared=False, choose=choose, unit=unit, each=each
    )
    return {"sheet": drawn, "facts": _facts(array), "links": _neighbours(inside, spot)}


def _neighbours(inside: Inside, spot: Spot) -> list[list[str]]:
    """The layers below and above, the parameters, and the same the other way round."""
    name, kind = spot.tensor.name, spot.tensor.kind
    if spot.is_param:
        turned: Kind = "param" if kind == "dparam" else "dparam"
        way = "forward" if turned == "param" else BACKWARD
        words = "the numbers themselves" if turned == "param" else "its gradient"
        return [] if "running" in name else [[words, replace(spot, way=way, tensor=Tensor(turned, name)).query()]]
    order = [INPUT, *(layer.name for layer in inside.layers), *([SOFTMAX] if kind == "value" else [])]
    place = order.index(name)
    found = [(f"below: {order[place - 1]}", Tensor(kind, order[place - 1]))] if place else []
    found += [(f"above: {one}", Tensor(kind, one)) for one in order[place + 1 : place + 2]]
    params = inside.layer(name).params if name not in (INPUT, SOFTMAX) else {}
    found += [
        (key, Tensor("param", key)) if kind == "value" else (f"gradient of {key}", Tensor("dparam", key))
        for key in params
    ]
    if kind == "gradient":
        found.append(("the numbers themselves", Tensor("value", name)))
    elif name != SOFTMAX:
        found.append(("its gradient", Tensor("gradient", name)))
    return [[words, spot_of(tensor, spot.way).query()] for words, tensor in found]


def _map(inside: Inside, spot: Spot, array: Array, names: Sequence[str]) -> dict[str, Any]:
    planes, choose = maps_of(array, spot)
    number = spot.number or 0
    words = f"{tensor_words(spot.tensor)}, {number_words(inside, spot.tensor, number, names)}"
    if planes.ndim == 3:
        words += f": {size_words(planes.shape[1:] if len(planes) == 1 else planes.shape)}"
    each = "input" if planes.ndim == 1 else "channel" if len(planes) > 1 else ""
    start = list(first_at(inside, spot))
    whole = sheet(planes, spot.tensor, words=words, exact=True, choose=choose, unit="cell", cursor=start, each=each)
    seen = {
        "sheet": whole,
        "facts": f"{_facts(planes)}. Click one to see what it is made of.",
        "links": _neighbours(inside, spot) if spot.is_param else [],
    }
    parts = partial_maps(inside, spot.tensor, number)
    if parts is None:
        return seen | {"source": _source(inside, spot, number, names)}
    size = np.nan_to_num(np.abs(parts.maps), nan=np.inf).sum(axis=(1, 2))
    order = np.argsort(-size, kind="stable")
    shown, rest = order[:MOST_PARTS], order[MOST_PARTS:]
    if len(rest) == 1:
        shown, rest = order, rest[:0]
    with np.errstate(all="ignore"):
        drawn = np.concatenate([parts.maps[shown], parts.maps[rest].sum(axis=0, keepdims=True)[: len(rest)]])
    back = spot.tensor.kind == "gradient"
    labels = [f"filter {k}" if back else number_words(inside, parts.of, int(k), names) for k in shown]
    queries = [replace(spot_of(parts.of, spot.way), number=int(k)).query() for k in shown]
    if len(rest):
        labels.append(f"the other {len(rest)}")
        queries.append(spot_of(parts.of, spot.way).query())
    constant = None if parts.constant is None else [brief(parts.constant.value), np.nan_to_num(parts.constant.value)]
    which = "filter" if back else "input channel"
    sums = sheet(
        drawn,
        spot.tensor,
        words=f"one partial map for each {which}"
        + (", those that are largest over the whole map first" if len(order) > 1 else ""),
        labels=labels,
        exact=True,
        unit="plane",
    )
    return seen | {"parts": sums | {"queries": queries}, "constant": constant}


def _source(inside: Inside, spot: Spot, number: int, names: Sequence[str]) -> dict[str, Any] | None:
    """The map that this one is made of, number by number or window by window."""
    if spot.is_param or (spot.tensor.kind == "value" and spot.tensor.name == INPUT):
        return None
    name = spot.tensor.name
    above = inside.above(name) if spot.tensor.kind == "gradient" else None
    if above is not None and above.kind == "linear":
        return None
    of = Tensor("gradient", above.name) if above is not None else Tensor("value", inside.below(name))
    query = replace(spot_of(of, spot.way), number=number).query()
    words = f"made of {tensor_words(of)}, {number_words(inside, of, number, names)}"
    return sheet(inside.array(of)[number][None], of, words=words, query=query)


def _terms(found: Explanation) -> list[tuple[str, Sum, int]]:
    """Its sums with the number of the first term of each: they are counted through."""
    terms, first = [], 0
    for name, made in found.sums.items():
        terms.append((name, made, first))
        first += len(made.products)
    return terms


def _number(inside: Inside, spot: Spot, array: Array, names: Sequence[str]) -> dict[str, Any]:
    at, tensor = spot.at or (), spot.tensor
    found = explain(inside, tensor, at)
    words = f"{tensor_words(tensor)}, {at_words(inside, tensor, at, names)}"
    terms = _terms(found)
    seen: dict[str, Any] = {
        "number": {"words": words, "shown": brief(found.total)},
        "sums": [
            sum_block(inside, spot, name, made, first, names, windows=not found.steps) for name, made, first in terms
        ],
        "beside": [around(array, tensor, at, np.array([at]), words, spot.way)],
        "keys": _moves(spot, array),
        "links": _neighbours(inside, spot) if spot.is_param else [],
    }
    if found.steps or not found.sums:
        seen["steps"] = steps_block(found, spot, inside, names)
    for _, made, first in terms[:1]:
        if len(made.products):
            best = made.chosen if made.chosen is not None else int(np.nan_to_num(np.abs(made.products)).argmax())
            seen["keys"]["Enter"] = replace(spot, term=first + best).query()
    if not terms and found.knowns and found.steps:
        follow = next(iter(seen["steps"]["knowns"]))
        if follow[3]:
            seen["keys"]["Enter"] = follow[3]
    return seen


def _moves(spot: Spot, array: Array) -> dict[str, str]:
    """Where the arrow keys lead: to the cells beside this one."""
    at = spot.at or ()
    axes = [len(at) - 1] if len(at) < 3 else [len(at) - 2, len(at) - 1]
    if len(at) == 2:
        axes = [axis_of(spot.tensor, 2) ^ 1]
    keys = {}
    for axis, (back, on) in zip(
        axes, [("ArrowUp", "ArrowDown"), ("ArrowLeft", "ArrowRight")][-len(axes) :], strict=True
    ):
        for key, by in ((back, -1), (on, 1)):
            moved = (*at[:axis], at[axis] + by, *at[axis + 1 :])
            if 0 <= moved[axis] < array.shape[axis]:
                number = moved[0] if len(at) == 1 and not spot.is_param else spot.number
                keys[key] = replace(spot, at=moved, number=number).query()
    return keys


def _product(inside: Inside, spot: Spot, names: Sequence[str]) -> dict[str, Any]:
    term, terms = spot.term or 0, _terms(explain(inside, spot.tensor, spot.at or ()))
    made, first = next((made, first) for _, made, first in terms if term < first + len(made.products))
    block = product_block(inside, spot, made, term - first, names)
    count = sum(len(made.products) for _, made, _ in terms)
    keys = {"ArrowLeft": term - 1, "ArrowRight": term + 1}
    moves = {key: replace(spot, term=k).query() for key, k in keys.items() if 0 <= k < count}
    deeper = next((one["query"] for one in block["factors"] if one["query"]), None)
    return {"product": block, "keys": moves | ({"Enter": deeper} if deeper else {})}
