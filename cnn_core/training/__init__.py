"""Training away from the page: a configuration, a worker process that runs it, and a registry that keeps the runs."""

from cnn_core.training.config import TrainingConfig
from cnn_core.training.registry import Registry
from cnn_core.training.run import Run

__all__ = ["Registry", "Run", "TrainingConfig"]
