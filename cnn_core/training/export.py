"""What can be taken along from a run: its history, settings and weights. (Scripts: scripts.py.)

Each function makes the contents of one file. Those about weights take the iteration of any checkpoint.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from cnn_core.network import Network
from cnn_core.network.onnx_export import to_onnx
from cnn_core.network.pytorch import to_pytorch
from cnn_core.solver import StepRecord
from cnn_core.training import tensors
from cnn_core.training.config import TrainingConfig
from cnn_core.training.progress import Progress

ABOUT = "convscope"  # the name in a file's metadata under which the run is described
COLUMNS = ("iteration", "epoch", "data_loss", "reg_loss", "loss", "learning_rate", "train_accuracy", "val_accuracy")


class Trained(Protocol):
    """What is asked of a training whose weights are taken along: a run, or one that is not kept as such."""

    @property
    def id(self) -> str:
        """Its name."""

    @property
    def config(self) -> TrainingConfig:
        """Its settings."""

    def network_at(self, iteration: int) -> Network:
        """The network after so many steps."""


def history_csv(records: Sequence[StepRecord]) -> str:
    """The history, one row a step, numbers as Python writes them, in full; accuracies only where an epoch ends."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([getattr(record, name) for name in COLUMNS] for record in records)
    return file.getvalue()


def config_json(config: TrainingConfig) -> str:
    """The configuration, which `TrainingConfig.from_dict` takes."""
    return json.dumps(config.as_dict(), indent=2) + "\n"


def describe(run: Trained, iteration: int) -> dict[str, Any]:
    """What a weights file says of itself: which run, after how many steps, how its pictures are normalised.

    mean, deviation: by channel, of the training pixels in 0..1; (pixels - mean) / deviation goes into the network.
    """
    data = run.config.training_data()
    mean, deviation = data.mean_pixel.ravel(), data.deviation.ravel()
    if run.config.data.normalise != "standard":
        deviation = np.ones_like(deviation)
    if run.config.data.normalise == "none":
        mean = np.zeros_like(mean)
    return {
        "run": run.id,
        "iteration": iteration,
        "config": run.config.as_dict(),
        "mean": mean.tolist(),
        "deviation": deviation.tolist(),
        "class_names": list(data.dataset.class_names),
    }


def weights_file(run: Trained, iteration: int) -> bytes:
    """The weights as safetensors, named and laid out as PyTorch wants them (`load_state_dict(strict=True)`).

    Raises ValueError or OSError for a checkpoint that is damaged or gone.
    """
    arrays = to_pytorch(run.network_at(iteration))
    metadata = {"format": "pt", ABOUT: json.dumps(describe(run, iteration))}
    data = tensors.pack(arrays, metadata)
    stored, said = tensors.unpack(data)
    if said != metadata or any(not np.array_equal(stored[name], array) for name, array in arrays.items()):
        raise ValueError("the weights were read back with other numbers than were written: try again")
    return data


def checkpoint_file(run: Progress, iteration: int) -> bytes:
    """All that training on needs, as safetensors: weights, running statistics and the optimiser's memory, as in the folder.

    Raises ValueError or OSError for a checkpoint that is damaged or gone.
    """
    arrays, metadata = tensors.unpack(run.checkpoints.path(iteration).read_bytes())
    about = json.loads(metadata[ABOUT]) | {"run": run.id, "config": run.config.as_dict()}
    return tensors.pack(arrays, {ABOUT: json.dumps(about)})


def onnx_file(run: Progress, iteration: int) -> bytes:
    """The network as ONNX; it takes normalised pictures, and says in its own words how to normalise.

    Raises ValueError or OSError for a checkpoint that is damaged or gone, or if the package onnx is missing.
    """
    about = describe(run, iteration)
    doc = (
        f"Trained by ConvScope on {run.config.dataset}, after {iteration} steps. Input: pixels from 0 to 1, float32, "
        f"channel by channel (pixel - mean) / deviation, with mean {about['mean']} and deviation {about['deviation']}. "
        f"Output: a score for each class; softmax makes probabilities of them."
    )
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in about.items()}
    return to_onnx(run.network_at(iteration), doc=doc, about=texts)
