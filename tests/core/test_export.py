"""What can be taken along from a run: every file is opened, used or run, and brings back what was trained."""

import csv
import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest

from cnn_core.machine.threads import ONE_THREAD
from cnn_core.network import ConvBlock, NetworkSpec
from cnn_core.shares import percent
from cnn_core.training import DataOptions, Registry, TrainingConfig, tensors
from cnn_core.training.checkpoint import Checkpoint
from cnn_core.training.export import checkpoint_file, config_json, describe, history_csv, onnx_file, weights_file
from cnn_core.training.process import ROOT
from cnn_core.training.scripts import pytorch_script, repeat_script, starts_with_given_weights
from cnn_core.training.uploads import begin_with, read_upload
from tests.trainings import small
from tests.waiting import until

# Batch norm has buffers, dropout has luck, momentum has a memory.
NORMED = NetworkSpec(
    blocks=(ConvBlock(num_filters=2, norm="batch", pool="max"), ConvBlock(num_filters=3)), hidden=(4,), dropout=0.25
)


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    registry = Registry(tmp_path_factory.mktemp("runs"), slots=2)
    yield registry
    registry.close()


@pytest.fixture(scope="module")
def run(registry):
    """Two epochs, with the learning rate and the dropout changed after the first."""
    run = registry.start(
        small(network=NORMED, num_epochs=2, update_rule="momentum", learning_rate=0.01), advance="epoch"
    )
    until(lambda: run.state == "paused")
    run.change(learning_rate=0.003, dropout=0.5)
    run.resume()
    until(lambda: run.ended)
    assert (run.state, run.checkpoints.iterations()[-1]) == ("finished", 14)
    return run


def arrays(network):
    return {**network.params, **network.buffers}


def same(some, others):
    return some.keys() == others.keys() and all(np.array_equal(some[name], others[name]) for name in some)


def test_the_history_has_every_step_in_full(run):
    rows = list(csv.DictReader(io.StringIO(history_csv(run.records))))
    assert len(rows) == 14
    for row, record in zip(rows, run.records, strict=True):
        assert int(row["iteration"]) == record.iteration
        for name in ("data_loss", "reg_loss", "loss", "learning_rate"):
            assert float(row[name]) == getattr(record, name)
        for name in ("train_accuracy", "val_accuracy"):
            assert row[name] == ("" if getattr(record, name) is None else repr(getattr(record, name)))
    assert [row["epoch"] for row in rows if row["val_accuracy"]] == ["1", "2"]


def test_the_settings_come_back(run):
    text = config_json(run.config)
    assert TrainingConfig.from_dict(json.loads(text)) == run.config
    assert read_upload("x.json", text.encode()).config == run.config


@pytest.mark.parametrize("iteration", [0, 7, 14])
def test_the_weights_come_back_from_every_checkpoint(run, iteration):
    expected = arrays(run.network_at(iteration))
    for file in (weights_file(run, iteration), checkpoint_file(run, iteration)):
        upload = read_upload("x.safetensors", file)
        assert (upload.config, upload.iteration) == (run.config, iteration)
        begun = begin_with(upload, upload.config)
        assert begun.iteration == 0
        assert same({**begun.params, **begun.buffers}, expected)


@pytest.mark.parametrize("normalise", ["mean", "standard", "none"])
def test_a_file_says_how_pictures_are_normalised(run, normalise):
    other = SimpleNamespace(id="x", config=replace(run.config, data=DataOptions(normalise=normalise)))
    about, data = describe(other, 14), other.config.training_data()
    pixels = data.dataset.test.x[:5]
    normalised = (pixels - np.float32(about["mean"])) / np.float32(about["deviation"])
    np.testing.assert_array_equal(normalised, data.normalised(pixels))
    assert about["class_names"] == [str(k) for k in range(10)]
    _, metadata = tensors.unpack(weights_file(run, 14))
    assert json.loads(metadata["convscope"]) == json.loads(json.dumps(describe(run, 14)))


def test_a_file_that_the_writer_spoilt_is_not_handed_out(run, monkeypatch):
    real = tensors.pack
    monkeypatch.setattr(tensors, "pack", lambda arrays, said: real({n: a + 1 for n, a in arrays.items()}, said))
    with pytest.raises(ValueError, match="read back with other numbers"):
        weights_file(run, 14)


def test_onnxruntime_opens_it_and_gives_the_same_scores(run):
    session = onnxruntime.InferenceSession(onnx_file(run, 7), providers=["CPUExecutionProvider"])
    x, _ = run.config.training_data().test
    (scores,) = session.run(None, {"pictures": x})
    np.testing.assert_allclose(scores, run.network_at(7).scores(x), atol=1e-5)
    said = session.get_modelmeta()
    assert "mean [0." in said.description
    assert json.loads(said.custom_metadata_map["config"]) == json.loads(config_json(run.config))


@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is a judge where it is installed")
def test_pytorch_loads_it_and_gives_the_same_scores(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "w.safetensors").write_bytes(weights_file(run, 14))
    here = {}
    exec(compile(pytorch_script(run, 14, "w.safetensors"), "script.py", "exec"), here)
    import torch

    data = run.config.training_data()
    scores = here["scores"](torch.from_numpy(data.dataset.test.x.copy())).numpy()
    np.testing.assert_allclose(scores, run.network_at(14).scores(data.test[0]), atol=1e-5)


def repeated(run, iteration, folder, start="start.safetensors"):
    """The checkpoint that the script writes, run as its reader runs it."""
    (folder / "again.py").write_text(repeat_script(run, iteration, "again.py", start), encoding="utf-8")
    # As its reader runs it: no number of threads is set. Which of BLAS's kernels is used belongs to the machine.
    environment = {name: value for name, value in os.environ.items() if name not in ONE_THREAD}
    environment |= {"PYTHONPATH": str(ROOT), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "again.py"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return Checkpoint.read(folder / "again.safetensors"), done.stdout


def test_the_script_repeats_the_run_to_the_bit(run, tmp_path):
    assert [(c.iteration, c.name) for c in run.changes] == [(7, "learning_rate"), (7, "dropout")]
    again, said = repeated(run, 14, tmp_path)
    assert same({**again.params, **again.buffers}, arrays(run.network_at(14)))
    assert f"validation accuracy {percent(run.records[-1].val_accuracy, 1)}" in said
    assert not starts_with_given_weights(run)
    first = run.checkpoints.path(0)
    replace(Checkpoint.read(first), given=None).write(first)  # as a file of an older version, which does not say
    assert not starts_with_given_weights(run)


def test_the_script_repeats_a_fork_up_to_any_checkpoint(registry, run, tmp_path):
    fork = registry.fork(run, 7, num_epochs=3, reg=0.1)
    until(lambda: fork.ended)
    assert len(fork.records) == 21
    again, _ = repeated(fork, 21, tmp_path)
    assert same({**again.params, **again.buffers}, arrays(fork.network_at(21)))
    again, _ = repeated(fork, 0, tmp_path)
    assert same({**again.params, **again.buffers}, arrays(run.network_at(0)))


def test_the_script_repeats_a_run_that_began_with_given_weights(registry, run, tmp_path):
    begun = registry.start(
        run.config, begin_with=begin_with(read_upload("w.safetensors", weights_file(run, 14)), run.config)
    )
    until(lambda: begun.ended)
    assert same(arrays(begun.network_at(0)), arrays(run.network_at(14)))
    (tmp_path / "start.safetensors").write_bytes(weights_file(begun, 0))
    again, _ = repeated(begun, 14, tmp_path)
    assert same({**again.params, **again.buffers}, arrays(begun.network_at(14)))


def test_the_script_repeats_a_range_test(registry, tmp_path):
    run = registry.start(small(range_test=True, num_epochs=1, update_rule="sgd"))
    until(lambda: run.ended)
    again, _ = repeated(run, run.latest, tmp_path)
    assert same({**again.params, **again.buffers}, arrays(run.network_at()))
