"""ONNX files: the format's own checker takes them, and onnxruntime gives the same scores as the network."""

import itertools

import numpy as np
import onnx
import onnxruntime
import pytest

from cnn_core.network import ACTIVATIONS, NORMS, POOLS, ConvBlock, Network, NetworkSpec, onnx_export
from cnn_core.network.onnx_export import to_onnx

# Every norm, activation and pool there is; strides; "same" with odd and even kernels; none to two hidden layers.
SPECS = [
    *(
        NetworkSpec(blocks=(ConvBlock(6, norm=norm, activation=activation, pool=pool),), hidden=(7,))
        for norm, activation, pool in itertools.product(NORMS, ACTIVATIONS, POOLS)
    ),
    *(NetworkSpec(hidden_activation=name, hidden=(9, 8)) for name in ACTIVATIONS),
    *(
        NetworkSpec(blocks=(ConvBlock(kernel_size=kernel, pool=pool, pool_size=size),), hidden=())
        for kernel, pool, size in itertools.product((2, 3, 4, 5), POOLS, (2, 3))
    ),
    *(
        NetworkSpec(blocks=(ConvBlock(kernel_size=3, stride=stride, padding=padding),), hidden=(9, 8))
        for stride, padding in ((2, 0), (2, 1), (3, 2), (1, 0))
    ),
    NetworkSpec(
        blocks=(
            ConvBlock(num_filters=6, norm="group", activation="leaky_relu", pool="max"),
            ConvBlock(num_filters=5, kernel_size=2, norm="layer", activation="tanh", pool="avg"),
            ConvBlock(num_filters=4, norm="batch", pool="none"),
        ),
        hidden=(12, 10),
        dropout=0.5,
    ),
]


def trained(spec, shape=(2, 13, 11)):
    """A network whose every array holds numbers that matter."""
    network, rng = Network(spec, shape, 5), np.random.default_rng(1)
    for part in (network.params, network.buffers):
        for name, array in part.items():
            low = 0.5 if name.endswith("running_var") else -0.5
            part[name] = rng.uniform(low, 1.0, array.shape).astype(array.dtype) / max(1, array.ndim - 1)
    return network


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_onnxruntime_gives_the_same_scores_for_any_batch_also_an_empty_one(spec):
    network = trained(spec)
    session = onnxruntime.InferenceSession(to_onnx(network), providers=["CPUExecutionProvider"])
    for count in (0, 1, 3):
        x = np.random.default_rng(count).standard_normal((count, *network.input_shape)).astype(np.float32)
        (scores,) = session.run(["scores"], {"pictures": x})
        expected = network.scores(x)
        assert scores.shape == expected.shape == (count, network.num_classes)
        assert np.abs(scores - expected).max(initial=0) <= 1e-5 * np.abs(expected).max(initial=1)


def test_the_file_says_what_it_is():
    model = onnx.load_from_string(to_onnx(trained(SPECS[0]), doc="How to normalise", about={"mean": "[0.5]"}))
    onnx.checker.check_model(model, full_check=True)
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 17)]
    assert model.doc_string == "How to normalise"
    assert {p.key: p.value for p in model.metadata_props} == {"mean": "[0.5]"}
    (given,) = model.graph.input
    assert given.name == "pictures"
    assert [d.dim_param or d.dim_value for d in given.type.tensor_type.shape.dim] == ["batch", 2, 13, 11]


def test_without_the_package_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr(onnx_export, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="pip install onnx"):
        to_onnx(trained(SPECS[0]))
