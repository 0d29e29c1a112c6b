"""The first layer's filters of a run: now, and as they were at every step that is kept."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from cnn_core.checks import Array
from cnn_core.training import Run
from cnn_core.training.tensors import read_one

FIRST = "params/conv1.weight"  # a checkpoint's name for them


def latest_filters(run: Run) -> tuple[Array, int]:
    """Filters (F, C, HH, WW), and after how many steps: as last heard, else as last kept, else before training."""
    if run.filters is not None:
        return run.filters, run.done
    kept = kept_filters(run)
    return (kept[max(kept)], max(kept)) if kept else (run.config.first_filters(), 0)


def kept_filters(run: Run) -> dict[int, Array]:
    """The filters (F, C, HH, WW) by step, of every checkpoint that can be read."""
    found = {}
    for iteration in run.checkpoints.iterations():
        path = run.checkpoints.path(iteration)
        with suppress(ValueError, OSError):  # damaged, or thinned out meanwhile
            found[iteration] = _first(path, path.stat().st_mtime_ns)
    return found


@lru_cache(maxsize=600)  # ten films; a layer of filters takes a few kB
def _first(path: Path, version: int) -> Array:
    """version: a run that goes on from an earlier step may write another file of the same name."""
    return read_one(path, FIRST)
