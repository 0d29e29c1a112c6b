"""A run as a file for TensorBoard: its scalars, and its first layer's filters as they changed.

Needs the package `tensorboardX`, at run time only: it knows the format (records of protocol buffers with checksums).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from cnn_core.checks import Array
from cnn_core.solver import StepRecord
from cnn_core.training.checkpoint import Checkpoint
from cnn_core.training.history import column
from cnn_core.training.progress import Progress
from cnn_core.training.thinning import telling

MISSING = "a file for TensorBoard needs the package tensorboardX: pip install tensorboardX"
MOST_STEPS = 5000
OF_A_STEP = {  # the tags in TensorBoard, which groups them by what stands before the slash
    "loss/loss": "loss",
    "loss/data": "data_loss",
    "loss/reg": "reg_loss",
    "learning_rate": "learning_rate",
    "accuracy/train": "train_accuracy",
    "accuracy/val": "val_accuracy",
}
OF_A_LAYER = {"gradient norm": "grad_norm", "update to weight": "update_ratio", "dead ReLUs": "dead"}


def has_tensorboard() -> bool:
    """Whether the package is installed."""
    return find_spec("tensorboardX") is not None


def tensorboard_file(run: Progress, draw: Callable[[Array], Array]) -> bytes:
    """The file; TensorBoard opens one whose name contains `tfevents`, in a folder that it is told of.

    draw: makes a picture, (H, W, 3) uint8, of the first layer's weights (F, C, HH, WW). It is made of every checkpoint that
    can be read. Of a long run all ends of epochs and at most MOST_STEPS other steps, among them the last one and every peak
    of the loss: TensorBoard itself draws fewer. On its clock all steps of the run took the same time. Raises ValueError if
    the package is missing.
    """
    if not has_tensorboard():
        raise ValueError(MISSING)
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.record_writer import RecordWriter
    from tensorboardX.summary import Summary, image

    records = run.records[:]  # a training that goes on adds to them meanwhile
    done = records[-1].iteration if records else 0
    said = [
        (step, Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]))
        for step, values in _scalars(run, records)
    ]
    for step, name, weight in _filters(run):
        said.append((step, image(f"filters/{name}", draw(weight), dataformats="HWC")))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "events")
        writer = RecordWriter(str(path))
        writer.write(Event(wall_time=run.created, file_version="brain.Event:2").SerializeToString())
        for step, summary in sorted(said, key=lambda one: one[0]):
            then = run.created + run.seconds * step / max(1, done)
            writer.write(Event(wall_time=then, step=step, summary=summary).SerializeToString())
        writer.close()
        return path.read_bytes()


def _scalars(run: Progress, records: Sequence[StepRecord]) -> Iterator[tuple[int, dict[str, float]]]:
    """By step: its numbers by tag, those that it has."""
    ends = np.flatnonzero(~np.isnan(column(records, "val_accuracy")))
    for place in np.union1d(telling(column(records, "loss"), MOST_STEPS), ends).tolist():
        record = records[place]
        yield record.iteration, _known({tag: getattr(record, name) for tag, name in OF_A_STEP.items()})
    for seen in run.statistics:
        for layer in seen.layers:
            yield seen.iteration, _known({f"{tag}/{layer['name']}": layer[name] for tag, name in OF_A_LAYER.items()})
    yield (records[-1].iteration if records else 0), _known({"accuracy/test": run.test_accuracy})


def _known(values: dict[str, Any]) -> dict[str, float]:
    return {tag: value for tag, value in values.items() if value is not None}


def _filters(run: Progress) -> Iterator[tuple[int, str, Array]]:
    """The first layer's weights at every checkpoint that can be read."""
    name = next(iter(run.config.model().params))
    for step in run.checkpoints.iterations():
        try:
            weight = Checkpoint.read(run.checkpoints.path(step)).params[name]
        except (ValueError, OSError, KeyError):  # damaged, or thinned out meanwhile
            continue
        yield step, name.removesuffix(".weight"), weight
