"""Where one is inside a network, as an address says it: a layer or parameter, in it a map, in it a number, of that a product."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from cnn_core.explorer import INPUT, SOFTMAX, Inside, Tensor, explain

At = tuple[int, ...]
KEYS = ("way", "layer", "map", "cell", "term", "param", "entry")  # of the address
BACKWARD = "backward"


@dataclass(frozen=True)
class Spot:
    """tensor: what is looked into; kind "param" and "gradient" backward, too. number: of one of its maps, or of the filter (or
    unit) of a weight. at: the place of one number. term: of one product. way: "forward" or "backward".
    """

    way: str
    tensor: Tensor
    number: int | None = None
    at: At | None = None
    term: int | None = None

    @property
    def is_param(self) -> bool:
        """Whether it is a parameter or its gradient, not what goes out of a layer."""
        return self.tensor.kind in ("param", "dparam")

    def query(self) -> str:
        """As the address says it."""
        said: dict[str, object] = {"way": self.way, "param" if self.is_param else "layer": self.tensor.name}
        if self.number is not None:
            said["map"] = self.number
        if self.at is not None and self.is_param:
            said.pop("map", None)
            said["entry"] = "-".join(map(str, self.at))
        elif self.at is not None and len(self.at) == 3:
            said["cell"] = "-".join(map(str, self.at[1:]))
        if self.term is not None:
            said["term"] = self.term
        return urlencode(said)


def spot_of(tensor: Tensor, way: str) -> Spot:
    """The spot of a tensor in a way; what goes out of a layer belongs to the forward way, its gradient to the other one."""
    if not tensor.kind.endswith("param"):
        way = "forward" if tensor.kind == "value" else BACKWARD
    elif tensor.kind == "param" and way == BACKWARD and "running" not in tensor.name:
        tensor = Tensor("dparam", tensor.name)  # there, a weight is shown with its gradient
    return Spot(way, tensor)


def at_spot(tensor: Tensor, at: At, way: str) -> Spot:
    """The spot of one number."""
    spot = spot_of(tensor, way)
    return replace(spot, number=at[axis_of(tensor, len(at))] if len(at) > 1 or not spot.is_param else None, at=at)


def axis_of(tensor: Tensor, axes: int) -> int:
    """Which axis numbers the maps, filters or units: the second of a fully connected layer's weight (D, M), else the first."""
    return 1 if axes == 2 and tensor.kind.endswith("param") else 0


def up(spot: Spot) -> Spot | None:
    """One depth less; None for the whole network."""
    if spot.term is not None:
        return replace(spot, term=None)
    if spot.at is not None:
        single = len(spot.at) == 1
        return replace(spot, at=None, number=None if single else spot.number)
    if spot.number is not None:
        return replace(spot, number=None)
    if spot.is_param:
        owner = spot.tensor.name.split(".")[0]
        return Spot(spot.way, Tensor("gradient" if spot.way == BACKWARD else "value", owner))
    return None


def settled(inside: Inside, said: Mapping[str, str | None]) -> tuple[Spot | None, str | None]:
    """The spot that an address names, by KEYS, and what is wrong with it, if anything: then the depth above what is not there."""
    way = BACKWARD if said.get("way") == BACKWARD else "forward"
    param, layer = said.get("param"), said.get("layer")
    if not param and not layer:
        return None, None
    if param:
        tensor = spot_of(Tensor("param", param), way).tensor
    else:
        layer = inside.layers[-1].name if layer == SOFTMAX and way == BACKWARD else layer
        tensor = Tensor("gradient" if way == BACKWARD else "value", layer or "")
    try:
        shape = inside.array(tensor).shape
    except ValueError as error:
        return Spot(
            way, Tensor("gradient" if way == BACKWARD else "value", INPUT)
        ), f"{error}. Here is the picture instead."
    spot, asked = Spot(way, tensor), ["entry"] if said.get("entry") else ["map", "cell"]
    if param and not said.get("entry"):
        asked = ["map"]
    for key in (*asked, "term"):
        text = said.get(key)
        if not text:
            continue
        found = _deeper(inside, spot, key, text, shape)
        if isinstance(found, str):
            return spot, f"{key} (={text[:40]}) in the link must be {found}; the page shows the depth above it."
        spot = found
    return spot, None


def _deeper(inside: Inside, spot: Spot, key: str, text: str, shape: At) -> Spot | str:
    """The spot with one key more, or what its value must be."""
    parts = text.split("-")
    numbers = tuple(int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 10)
    if key == "term":
        if spot.at is None:
            return "left out where no cell is named"
        sums = list(explain(inside, spot.tensor, spot.at).sums.values())
        count = sum(len(made.products) for made in sums)
        fits = len(numbers) == len(parts) == 1 and numbers[0] < count
        return (
            replace(spot, term=numbers[0])
            if fits
            else f"0 to {count - 1}"
            if count
            else "left out here: there is no product"
        )
    if key == "map":
        size = shape[axis_of(spot.tensor, len(shape))]
        if len(numbers) != len(parts) or len(numbers) != 1 or numbers[0] >= size:
            return f"0 to {size - 1}"
        one = len(shape) == 1
        return replace(spot, number=numbers[0], at=numbers if one else None)
    if key == "cell" and (spot.number is None or len(shape) != 3):
        return "left out here: cells are those of a map"
    at = (spot.number or 0, *numbers) if key == "cell" else numbers
    words = "row-column" if key == "cell" else "-".join("abcd"[: len(shape)])
    if len(numbers) != len(parts) or len(at) != len(shape) or not all(k < n for k, n in zip(at, shape, strict=True)):
        sizes = shape[1:] if key == "cell" else shape
        return f"{words} with numbers below {' and '.join(map(str, sizes))}"
    return at_spot(spot.tensor, at, spot.way)


def first_at(inside: Inside, spot: Spot) -> At:
    """The place of the largest number of a map: where a cursor begins."""
    array = inside.array(spot.tensor)
    part = array if array.ndim == 1 else array.take(spot.number or 0, axis_of(spot.tensor, array.ndim))
    flat = part.ravel()
    sizes = [abs(value) if math.isfinite(value) else -1.0 for value in flat.tolist()]
    k = max(range(len(sizes)), key=sizes.__getitem__)
    at: list[int] = []
    for size in reversed(part.shape):
        k, last = divmod(k, size)
        at.insert(0, last)
    return tuple(at)
