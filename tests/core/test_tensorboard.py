"""A run as a file for TensorBoard: every number and every picture is read back."""

import io
import struct
from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.record_writer import masked_crc32c

from cnn_core.training import Registry, TrainingConfig, tensorboard
from cnn_core.training.tensorboard import tensorboard_file
from tests.trainings import small
from tests.waiting import until


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Two epochs with a change on the way."""
    registry = Registry(tmp_path_factory.mktemp("runs"), slots=2)
    run = registry.start(small(num_epochs=2), advance="epoch")
    until(lambda: run.state == "paused")
    run.change(learning_rate=0.001)
    run.resume()
    until(lambda: run.state == "finished")
    yield run
    registry.close()


def draw(weight):
    """A picture that tells which weights it is of."""
    pixels = np.zeros((4, 5, 3), dtype=np.uint8)
    pixels[0, 0, 0] = fingerprint(weight)
    return pixels


def fingerprint(weight):
    return int(1000 * abs(weight.sum())) % 256


def events(file):
    """What a file holds, record by record: the checksums of length and content are right."""
    found = []
    while file:
        head, content = file[:8], file[12 : 12 + struct.unpack("<Q", file[:8])[0]]
        end = 12 + len(content)
        checks = [struct.unpack("<I", file[at : at + 4])[0] for at in (8, end)]
        assert checks == [masked_crc32c(head), masked_crc32c(content)]
        found.append(Event.FromString(content))
        file = file[end + 4 :]
    return found


def series(file, kind="simple_value"):
    """By tag: the values of that kind by step."""
    found = {}
    for event in events(file):
        for value in event.summary.value:
            if value.WhichOneof("value") == kind:
                found.setdefault(value.tag, {})[event.step] = getattr(value, kind)
    return found


def test_every_number_is_there(run):
    found = series(tensorboard_file(run, draw))
    for tag, name in tensorboard.OF_A_STEP.items():
        kept = {r.iteration: getattr(r, name) for r in run.records if getattr(r, name) is not None}
        assert found.pop(tag) == {step: np.float32(value) for step, value in kept.items()}
    assert found.pop("accuracy/test") == {14: np.float32(run.test_accuracy)}
    for number, layer in enumerate(run.statistics[-1].layers):
        for tag, name in tensorboard.OF_A_LAYER.items():
            kept = {s.iteration: s.layers[number][name] for s in run.statistics}
            expected = {step: np.float32(value) for step, value in kept.items() if value is not None}
            assert found.pop(f"{tag}/{layer['name']}", {}) == expected
    assert not found


def test_a_long_run_is_thinned_but_for_its_epochs_ends(run, monkeypatch):
    monkeypatch.setattr(tensorboard, "MOST_STEPS", 8)
    found = series(tensorboard_file(run, draw))
    losses = [record.loss for record in run.records]
    peaks = {1 + losses.index(min(losses)), 1 + losses.index(max(losses))}
    assert {1, 7, 14} | peaks <= set(found["loss/data"])
    assert len(found["loss/data"]) <= 9
    assert list(found["accuracy/val"]) == [7, 14]


def test_the_filters_of_every_checkpoint_are_there(run):
    found = series(tensorboard_file(run, draw), "image")
    assert list(found) == ["filters/conv1"]
    assert list(found["filters/conv1"]) == run.checkpoints.iterations()
    for step, picture in found["filters/conv1"].items():
        pixels = np.array(Image.open(io.BytesIO(picture.encoded_image_string)))
        assert (picture.height, picture.width) == pixels.shape[:2] == (4, 5)
        assert pixels[0, 0, 0] == fingerprint(run.network_at(step).params["conv1.weight"])


def test_the_clock_goes_on_from_the_start_of_the_run(run):
    first, *others = events(tensorboard_file(run, draw))
    assert (first.wall_time, first.file_version) == (run.created, "brain.Event:2")
    assert max(event.wall_time for event in others) == run.created + run.seconds
    for order in ("step", "wall_time"):
        values = [getattr(event, order) for event in others]
        assert values == sorted(values)


def test_a_damaged_checkpoint_costs_its_own_picture_only(tmp_path):
    registry = Registry(tmp_path)
    run = registry.start(small(num_epochs=1))
    until(lambda: run.state == "finished")
    whole = list(series(tensorboard_file(run, draw), "image")["filters/conv1"])
    run.checkpoints.path(whole[1]).write_bytes(b"broken")
    assert list(series(tensorboard_file(run, draw), "image")["filters/conv1"]) == [whole[0], *whole[2:]]
    registry.close()


def test_a_run_without_a_step_is_an_empty_file(tmp_path):
    registry = Registry(tmp_path, slots=0.1)  # no room: it waits
    run = registry.start(TrainingConfig(), 10.0)
    assert series(tensorboard_file(run, draw)) == {}
    registry.close()


def test_a_missing_package_is_named(run, monkeypatch):
    monkeypatch.setattr(tensorboard, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="pip install tensorboardX"):
        tensorboard_file(run, draw)


@pytest.mark.skipif(find_spec("tensorboard") is None, reason="TensorBoard judges where it is installed")
def test_tensorboard_reads_it(run, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.backend.event_processing.io_wrapper import IsTensorFlowEventsFile

    path = tmp_path / "convscope.tfevents"
    path.write_bytes(tensorboard_file(run, draw))
    assert IsTensorFlowEventsFile(str(path))
    found = EventAccumulator(str(path), size_guidance={"images": 0}).Reload()  # 0: all of them
    assert [(e.step, e.value) for e in found.Scalars("loss/data")] == [
        (r.iteration, np.float32(r.data_loss)) for r in run.records
    ]
    assert [image.step for image in found.Images("filters/conv1")] == run.checkpoints.iterations()
