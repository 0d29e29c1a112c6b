"""States of runs that were made again, the latest of them, for all visitors: from step to step nobody waits twice."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from cnn_core.training import Run
from cnn_core.training.checkpoint import Checkpoint
from cnn_core.training.replay import OnStep, checkpoint_before, replay

MOST_BYTES = 64 << 20  # of all that are kept; the latest one stays in any case

_kept: OrderedDict[tuple[Any, ...], Checkpoint] = OrderedDict()
_lock = threading.Lock()


def past(run: Run, iteration: int) -> tuple[Any, ...]:
    """Tells a state of a run from every other one: a run that goes on from an earlier step may change its past."""
    loss = run.records[iteration - 1].loss if iteration else None
    changes = tuple((c.iteration, c.name, c.value) for c in run.changes if c.iteration < iteration)
    return run.id, iteration, loss, changes


def state_before(run: Run, step: int, on_step: OnStep | None = None) -> Checkpoint:
    """The run's state before a step, from 1; nothing may be written to it. on_step: as for `replay`. Raises as that does."""
    lowest = checkpoint_before(run, step)
    with _lock:
        near = [key for key in _kept if key[0] == run.id and lowest < key[1] < step and key == past(run, key[1])]
        begin = _kept[max(near, key=lambda key: key[1])] if near else None
    if begin is None or begin.iteration != step - 1:
        begin = replay(run, step - 1, begin=begin, on_step=on_step)
    with _lock:
        _kept[past(run, step - 1)] = begin
        _kept.move_to_end(past(run, step - 1))
        while len(_kept) > 1 and sum(map(_size, _kept.values())) > MOST_BYTES:
            _kept.popitem(last=False)
    return begin


def _size(state: Checkpoint) -> int:
    arrays = [*state.params.values(), *state.buffers.values()]
    arrays += [a for memory in state.state.values() for a in memory.values() if not isinstance(a, int)]
    return sum(array.nbytes for array in arrays)
