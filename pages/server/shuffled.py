"""Trainings on shuffled labels beside real ones: each made once on this server, for all who ask for it."""

from __future__ import annotations

import atexit
import json
import threading
from collections import OrderedDict

from cnn_core.training import TrainingConfig
from cnn_core.training.shuffled import ShuffledTraining

MOST = 8  # that are kept, those that were asked for longest ago go first
AT_ONCE = 2  # that may be on their way: each takes a processor

_kept: OrderedDict[str, ShuffledTraining] = OrderedDict()
_lock = threading.Lock()


def shuffled(config: TrainingConfig) -> ShuffledTraining:
    """The one beside the training of these settings. The same settings have the same one."""
    name = json.dumps(config.as_dict(), sort_keys=True)
    with _lock:
        if name not in _kept:
            _kept[name] = ShuffledTraining(config)
        _kept.move_to_end(name)
        while len(_kept) > MOST:
            _kept.popitem(last=False)[1].cancel()
        return _kept[name]


def busy() -> bool:
    """Whether as many are on their way as may be."""
    with _lock:
        return sum(one.state == "running" for one in _kept.values()) >= AT_ONCE


def close() -> None:
    """End all of them."""
    with _lock:
        for one in _kept.values():
            one.cancel()
        _kept.clear()


atexit.register(close)
