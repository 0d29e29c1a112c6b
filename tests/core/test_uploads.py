"""Files that a reader brings: what is whole is taken, everything else is refused with a word on why."""

import json
import pickle
import struct
import time
import tomllib
from dataclasses import replace

import numpy as np
import pytest

from cnn_core.network.pytorch import to_pytorch
from cnn_core.training import TrainingConfig, tensors
from cnn_core.training.process import ROOT
from cnn_core.training.uploads import MOST_SETTINGS, MOST_WEIGHTS, Upload, begin_with, read_upload
from tests.trainings import small

CONFIG = small()


def weights(change=None, metadata=None, **others):
    """A weights file in PyTorch's layout, with some arrays changed."""
    arrays = to_pytorch(CONFIG.model()) | others
    if change:
        change(arrays)
    return tensors.pack(arrays, {"convscope": json.dumps({"config": CONFIG.as_dict()})} | (metadata or {}))


def settings(**values):
    return json.dumps(CONFIG.as_dict() | values).encode()


def header(length, text=b"{}"):
    return struct.pack("<Q", length) + text


def same_name_twice():
    entry = '"conv1.bias": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}'
    text = f"{{{entry}, {entry}}}".encode()
    return header(len(text), text) + bytes(4)


def bf16():
    text = json.dumps({"conv1.bias": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}).encode()
    return header(len(text), text) + bytes(4)


def typed(dtype):
    text = json.dumps({"conv1.bias": {"dtype": dtype, "shape": [1], "data_offsets": [0, 4]}}).encode()
    return header(len(text), text) + bytes(4)


WEIGHTS = {
    "a pickle with another name": (pickle.dumps({"weight": [1.0]}), "no safetensors file"),
    "nothing in it": (b"", "no safetensors file"),
    "no numbers in it": (header(2), "holds no numbers"),
    "4 TiB claimed": (header(1 << 42), "claims more|no safetensors"),
    "cut off": (weights()[:-10], "no whole safetensors file"),
    "the same name twice": (same_name_twice(), "twice"),
    "BF16": (bf16(), "BF16"),
    "not finite": (weights(**{"conv1.bias": np.float32([np.nan, 1])}), "NaN or infinity"),
    "a description that is no JSON": (weights(metadata={"convscope": "{"}), "description in x.safetensors"),
    "a description nested too deep": (weights(metadata={"convscope": "[" * 100_000}), "description in x.safetensors"),
    "a description without an object": (weights(metadata={"convscope": "3"}), "must be a JSON object"),
    "settings that there are not": (weights(metadata={"convscope": '{"config": {"colour": 1}}'}), "colour"),
    "a list for a type": (typed([]), r"conv1.bias \(type \[\]\) must hold one of"),
    "an object for a type": (typed({"F32": 1}), "must hold one of"),
    "a number for a type": (typed(32), "must hold one of"),
    "a type of 1,000 characters": (typed("F" * 1000), "must hold one of|^.{400}$"),
    "settings that are no object": (weights(metadata={"convscope": '{"config": 7}'}), "JSON object"),
}


@pytest.mark.parametrize("data, words", WEIGHTS.values(), ids=WEIGHTS)
def test_a_file_of_weights_is_refused(data, words):
    with pytest.raises(ValueError, match=words):
        read_upload("x.safetensors", data)


SETTINGS = {
    "no JSON": (b"\x80\x81", "whole JSON"),
    "cut off": (settings()[:-3], "whole JSON"),
    "nested too deep": (b'{"a":' * 100_000, "whole JSON"),
    "not a number": (settings(learning_rate=float("nan")), "NaN is no number"),
    "a name twice": (b'{"seed": 1, "seed": 2}', "twice"),
    "a list": (b"[1]", "JSON object"),
    "a name it does not know": (settings(colour="red"), "colour"),
    "out of range": (settings(learning_rate=0), "learning_rate"),
    "huge": (settings(batch_size=10**400), "batch_size"),
    "of the wrong kind": (settings(update_rule=["sgd"]), "wrong kind|update_rule"),
    "no stop rules": (settings(stop=[1]), "stop"),
    "a network that is none": (settings(network={"blocks": 3}), "network|blocks"),
    "no data set of ours": (settings(dataset="../../secret"), "dataset"),
}


@pytest.mark.parametrize("data, words", SETTINGS.values(), ids=SETTINGS)
def test_settings_are_refused(data, words):
    with pytest.raises(ValueError, match=words):
        read_upload("x.json", data)


@pytest.mark.parametrize("value", [None, "x", [], {}, -1, 1e400, True, [[[]]]])
@pytest.mark.parametrize("name", CONFIG.as_dict())
def test_any_value_of_any_setting_is_taken_or_refused_in_words(name, value):
    text = json.dumps(CONFIG.as_dict() | {name: value}).encode()
    try:
        read_upload("x.json", text)
    except ValueError as error:
        assert str(error)


def test_other_files_and_large_ones_are_refused():
    with pytest.raises(ValueError, match=r"must end in \.safetensors"):
        read_upload("weights.pt", weights())
    with pytest.raises(ValueError, match="at most 50 MB"):
        read_upload("x.safetensors", bytes(MOST_WEIGHTS + 1))
    with pytest.raises(ValueError, match="at most 1 MB"):
        read_upload("x.json", bytes(MOST_SETTINGS + 1))


def test_the_server_takes_the_largest_weights():
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["server"]["maxUploadSize"] << 20 >= MOST_WEIGHTS


def test_many_names_are_looked_through_quickly():
    entries = [f'"{k}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}' for k in range(18_000)]
    text = f"{{{','.join(entries)}}}".encode()
    began = time.monotonic()
    read_upload("x.safetensors", header(len(text), text))
    assert time.monotonic() - began < 3


def test_weights_of_another_network_are_refused():
    for change, words in (
        (lambda a: a.pop("conv1.bias"), "conv1.bias"),
        (lambda a: a.update(extra=np.zeros(1, np.float32)), "extra"),
        (lambda a: a.update({"conv1.bias": np.zeros(3, np.float32)}), "conv1.bias"),
        (lambda a: a.update({"linear1.weight": np.zeros((), np.float32)}), "linear1.weight"),
        (lambda a: a.update({"conv1.bias": np.zeros(2, np.int32)}), "floating-point"),
        (lambda a: a.update({"conv1.bias": np.full(2, 1e300)}), "float32 can hold"),
    ):
        upload = read_upload("x.safetensors", weights(change))
        with pytest.raises(ValueError, match=words), np.errstate(over="ignore"):
            begin_with(upload, CONFIG)


def test_weights_of_a_module_that_was_wrapped_are_taken():
    arrays = {f"module._orig_mod.{name}": array for name, array in to_pytorch(CONFIG.model()).items()}
    upload = read_upload("x.safetensors", tensors.pack(arrays))
    begun = begin_with(upload, CONFIG)
    for name, array in CONFIG.model().params.items():
        np.testing.assert_array_equal(begun.params[name], array)


@pytest.mark.parametrize("name", ["x" * 4000 + ".safetensors", "\ud800" * 100 + ".json", "a\nb\tc.json"])
def test_a_long_or_strange_name_is_cut_to_be_shown(name):
    data = settings() if name.endswith("json") else weights()
    assert len(read_upload(name, data).name) <= 80
    read_upload(name, data).name.encode()
    for broken in (b"", data[:-3]):
        with pytest.raises(ValueError) as caught:
            read_upload(name, broken)
        assert len(str(caught.value)) <= 400
        str(caught.value).encode()


def test_a_long_name_in_a_file_is_cut_to_be_shown():
    with pytest.raises(ValueError, match="must hold finite numbers") as caught:
        read_upload("x.safetensors", tensors.pack({"x" * 4000: np.full(1, np.nan, np.float32)}))
    assert len(str(caught.value)) <= 400


def test_half_and_double_precision_are_taken():
    expected = CONFIG.model().params["conv1.weight"]
    for dtype in (np.float16, np.float64):
        upload = Upload("x", {name: a.astype(dtype) for name, a in to_pytorch(CONFIG.model()).items()})
        begun = begin_with(upload, CONFIG).params["conv1.weight"]
        assert begun.dtype == np.float32
        np.testing.assert_array_equal(begun, expected.astype(dtype).astype(np.float32))


def test_a_network_that_no_file_can_hold_is_not_even_made(monkeypatch):
    large = replace(CONFIG, network=replace(CONFIG.network, hidden=(1 << 13, 1 << 13)), update_rule="sgd", batch_size=1)
    large.check()
    upload = read_upload("x.safetensors", weights())
    monkeypatch.setattr(TrainingConfig, "model", lambda _: 1 / 0)
    with pytest.raises(
        ValueError, match=r"of another network: this one has [\d,]{10}, more than a file of at most 50 MB"
    ):
        begin_with(upload, large)
