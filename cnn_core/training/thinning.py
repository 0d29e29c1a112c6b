"""Which points of a long line to draw, so that it looks as if all of them were drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnn_core.checks import Array


def telling(values: Sequence[float | None] | Array, most: int) -> Array:
    """The indices of at most `most` (8 or more) of the values (n,) that tell of all, in order; of fewer values all.

    The first and the last are among them, and of each of many equally long parts the smallest and the largest, so that no
    peak is lost. Where some are not finite (None counts as such), so are the edges of these gaps: of each part the first and
    the last value beside a gap, and the gap's own. As values are added, those chosen stay until the parts have to be longer.
    """
    y = np.ascontiguousarray(values, dtype=float)  # a column of a table is read several times here
    if len(y) <= most:
        return np.arange(len(y))
    finite = np.isfinite(y)
    turns = finite[1:] != finite[:-1]
    edge = np.append(turns, False) | np.append(False, turns)
    gaps = bool(edge.any())
    each = -(-len(y) // ((most - 2) // (6 if gaps else 2)))  # the length of a part
    starts = np.arange(0, len(y), each)

    def of_parts(wanted: Array, *keys: Array) -> list[Array]:
        """In each part that has one that is wanted: where each key is smallest."""
        room = (0, len(starts) * each - len(y))
        some = np.pad(wanted, room).reshape(-1, each).any(axis=1)
        at = [np.pad(key, room, constant_values=np.inf).reshape(-1, each).argmin(axis=1) for key in keys]
        return [(starts + place)[some] for place in at]

    chosen = of_parts(finite, np.where(finite, y, np.inf), np.where(finite, -y, np.inf))
    if gaps:
        place = np.arange(len(y), dtype=float)
        for beside in (edge & finite, edge & ~finite):
            chosen += of_parts(beside, np.where(beside, place, np.inf), np.where(beside, -place, np.inf))
    return np.unique(np.concatenate([[0, len(y) - 1], *chosen]).astype(int))
