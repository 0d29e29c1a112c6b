"""The network that ships: it is what its settings say, reads digits that it has never seen, and a broken file is told."""

import numpy as np
import pytest

from cnn_core.training.export import ABOUT
from cnn_core.training.shipped import CONFIG, SHIPPED, shipped_network
from cnn_core.training.tensors import pack, unpack


def test_it_is_what_its_training_makes_and_reads_digits():
    network, config = shipped_network()
    assert config == CONFIG
    untrained = config.model()
    assert {n: a.shape for n, a in network.params.items()} == {n: a.shape for n, a in untrained.params.items()}
    assert network.accuracy(*config.training_data().test) >= 0.99
    assert untrained.accuracy(*config.training_data().test) < 0.3
    assert SHIPPED.stat().st_size < 150_000


def test_it_is_read_once_and_cannot_be_written_to():
    network, _ = shipped_network()
    assert shipped_network()[0] is network
    with pytest.raises(ValueError, match="read-only"):
        network.params["conv1.weight"] += 1


def test_a_file_that_is_missing_or_damaged_is_told(tmp_path):
    whole = SHIPPED.read_bytes()
    arrays, texts = unpack(whole)
    nan = np.full_like(arrays["conv1.weight"], np.nan)
    for number, (content, said) in enumerate(
        [
            (None, "No such file"),
            (b"", "no safetensors file"),
            (whole[:-4], "no whole safetensors file"),
            (pack(arrays), "does not say how it was trained"),
            (pack({n: a for n, a in arrays.items() if n != "conv1.bias"}, texts), "lacks conv1.bias"),
            (pack(arrays | {"conv1.weight": nan}, texts), "finite"),
            (pack(arrays, texts | {ABOUT: "{"}), "JSON"),
        ]
    ):
        path = tmp_path / f"{number}.safetensors"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(ValueError, match=f"the trained network .* must be whole, get ConvScope anew.*{said}"):
            shipped_network(path)
