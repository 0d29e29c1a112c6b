"""What the Gradient check page has computed, kept for all visitors: a map takes a tenth of a second, and is asked for again.

All that is kept is small: of a few hundred entries, and of at most so many maps, curves and directions.
"""

from __future__ import annotations

from functools import lru_cache

from cnn_core.gradients import Curve, ErrorMap, Expected, Projected, curve, error_map, expected, projected
from pages.controls.checking import Named, kept_case

KEPT = 256


@lru_cache(maxsize=KEPT)
def map_of(named: Named, tensor: str, h: float, dtype: str) -> ErrorMap:
    """Every entry of a tensor checked. A ValueError, of an h that rounding swallows, is not kept."""
    return error_map(kept_case(*named), tensor, h=h, dtype=dtype)


@lru_cache(maxsize=KEPT)
def curves_of(named: Named, tensor: str, index: tuple[int, ...]) -> tuple[list[Curve], Expected]:
    """The error of one entry over h in both dtypes, and what is expected."""
    case = kept_case(*named)
    return [curve(case, tensor, index, dtype) for dtype in ("float64", "float32")], expected(case, tensor, index)


@lru_cache(maxsize=KEPT)
def along_of(named: Named) -> Projected:
    """All tensors of a case along one random direction."""
    return projected(kept_case(*named))
