"""Trainings that take no time: 7 steps an epoch, hardly a millisecond each."""

from cnn_core.network import ConvBlock, NetworkSpec
from cnn_core.training import TrainingConfig
from cnn_core.training.checkpoint import Checkpoint

TINY = NetworkSpec(blocks=(ConvBlock(num_filters=2),), hidden=(4,))


def small(**settings):
    return TrainingConfig(**{"network": TINY, "batch_size": 200, **settings})


SHORT, LONG = small(num_epochs=2), small(num_epochs=1000)


def weights_of(run, iteration=14):
    """What a run has learned, to begin another one with."""
    network = run.network_at(iteration)
    return Checkpoint(0, network.params, network.buffers)
