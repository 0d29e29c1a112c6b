"""Trainings on shuffled labels beside real ones: each made once on this server, for all who ask for it."""

from __future__ import annotations

from cnn_core.training import TrainingConfig
from cnn_core.training.shuffled import ShuffledTraining
from pages.server.asides import Asides

shuffled: Asides[TrainingConfig, ShuffledTraining] = Asides(ShuffledTraining, at_once=2)
