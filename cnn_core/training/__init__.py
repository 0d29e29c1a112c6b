"""Training away from the page: a configuration, a worker process that runs it, and a registry that keeps the runs."""

from cnn_core.training.config import LIVE, TrainingConfig
from cnn_core.training.data import DataOptions, TrainingData
from cnn_core.training.registry import Registry
from cnn_core.training.run import Run
from cnn_core.training.stop import StopRules
from cnn_core.training.store import Row, StoreError

__all__ = [
    "LIVE",
    "DataOptions",
    "Registry",
    "Row",
    "Run",
    "StopRules",
    "StoreError",
    "TrainingConfig",
    "TrainingData",
]
