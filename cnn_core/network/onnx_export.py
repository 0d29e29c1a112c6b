"""A network as an ONNX file, opset 17, which onnxruntime, Netron and others open. Needs the package `onnx`, at run time only.

What the file computes is `Network.scores`: pictures that are normalised already go in, scores come out.
Operators: https://onnx.ai/onnx/operators/. Opset 17 has no group norm; here it is an instance norm whose channels are
whole groups laid out in a row.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np

from cnn_core.activation import LEAK
from cnn_core.checks import Array
from cnn_core.network.blur import blur_kernel
from cnn_core.network.layers import Activation, Layer, Norm, Pool
from cnn_core.network.network import Network

OPSET = 17
INPUT, OUTPUT = "pictures", "scores"
EPS = 1e-5  # of the norms in norm.py
OPERATORS = {"relu": "Relu", "leaky_relu": "LeakyRelu", "tanh": "Tanh", "sigmoid": "Sigmoid"}
MISSING = "an ONNX file needs the package onnx: pip install onnx"


def has_onnx() -> bool:
    """Whether the package is installed."""
    return find_spec("onnx") is not None


def to_onnx(network: Network, *, doc: str = "", about: Mapping[str, str] | None = None) -> bytes:
    """The file. doc: what the reader of the file should know (how to normalise, say); about: texts by name beside it.

    Its input `pictures` is (batch, C, H, W) float32, any batch; its output `scores` (batch, classes).
    Raises ValueError if the package onnx is not installed.
    """
    if not has_onnx():
        raise ValueError(MISSING)
    from onnx import TensorProto, checker, helper

    graph = _Graph(network)
    for layer in network.layers:
        graph.layer(layer)
    graph.nodes[-1].output[0] = OUTPUT
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "convscope",
            [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["batch", *network.input_shape])],
            [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["batch", network.num_classes])],
            initializer=graph.numbers,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=8,  # the one that came with opset 17
        producer_name="ConvScope",
        doc_string=doc,
    )
    helper.set_model_props(model, dict(about or {}))
    checker.check_model(model, full_check=True)
    data: bytes = model.SerializeToString()
    return data


class _Graph:
    """Nodes one after the other, each fed by the one before, and the numbers that they need."""

    def __init__(self, network: Network) -> None:
        self.nodes: list[Any] = []
        self.numbers: list[Any] = []
        self._arrays = {**network.params, **network.buffers}
        self._last, self._flat = INPUT, False

    def add(self, operator: str, name: str, *inputs: str, **attributes: Any) -> None:
        """One more node. inputs: names of arrays of the network, or of those given to `number`, besides what comes in."""
        from onnx import helper

        known = {tensor.name for tensor in self.numbers}
        for array in inputs:
            if array not in known:
                self.number(array, self._arrays[array])
        self.nodes.append(helper.make_node(operator, [self._last, *inputs], [name], name, **attributes))
        self._last = name

    def number(self, name: str, array: Array) -> str:
        """Put an array into the file."""
        from onnx import numpy_helper

        kept = array if array.dtype == np.int64 else array.astype(np.float32)
        self.numbers.append(numpy_helper.from_array(np.ascontiguousarray(kept), name))
        return name

    def layer(self, layer: Layer) -> None:
        """What the layer computes in use, where dropout does nothing."""
        name = layer.name
        if isinstance(layer, Activation):
            leak = {"alpha": LEAK} if layer.activation == "leaky_relu" else {}
            self.add(OPERATORS[layer.activation], name, **leak)
        elif isinstance(layer, Norm):
            self._norm(layer)
        elif isinstance(layer, Pool):
            self._pool(layer)
        elif layer.kind == "conv":
            self.add("Conv", name, f"{name}.weight", f"{name}.bias", **_geometry(layer))
        elif layer.kind == "linear":
            if not self._flat:
                self.add("Flatten", "flatten", axis=1)
                self._flat = True
            self.add("Gemm", name, f"{name}.weight", f"{name}.bias")

    def _pool(self, layer: Pool) -> None:
        if layer.pool != "blur":
            self.add("MaxPool" if layer.pool == "max" else "AveragePool", layer.name, **_geometry(layer))
            return
        assert layer.window is not None
        kernel, channels = blur_kernel(layer.window.stride[0]), layer.shape[0]
        each = self.number(f"{layer.name}.kernel", np.broadcast_to(kernel, (channels, 1, *kernel.shape)))
        self.add("Conv", layer.name, each, group=channels, **_geometry(layer))

    def _norm(self, layer: Norm) -> None:
        name, arrays = layer.name, [f"{layer.name}.gamma", f"{layer.name}.beta"]
        if layer.norm == "batch":
            arrays += [f"{name}.running_mean", f"{name}.running_var"]
            self.add("BatchNormalization", name, *arrays, epsilon=EPS)
        elif layer.norm == "layer":
            self.add("LayerNormalization", name, *arrays, axis=1, epsilon=EPS)
        elif layer.norm == "instance":
            self.add("InstanceNormalization", name, *arrays, epsilon=EPS)
        else:
            self._group_norm(name, layer.shape, layer.num_groups, *(self._arrays[array] for array in arrays))

    def _group_norm(self, name: str, shape: Sequence[int], groups: int, gamma: Array, beta: Array) -> None:
        # 0 stands for the batch as it comes; -1 for the rest would be undefined in an empty one.
        row = np.array([0, groups, math.prod(shape) // groups])
        self.add("Reshape", f"{name}.groups", self.number(f"{name}.groups_shape", row))
        ones = self.number(f"{name}.ones", np.ones(groups)), self.number(f"{name}.zeros", np.zeros(groups))
        self.add("InstanceNormalization", f"{name}.normalized", *ones, epsilon=EPS)
        self.add("Reshape", f"{name}.back", self.number(f"{name}.shape", np.array([0, *shape])))
        self.add("Mul", f"{name}.scaled", self.number(f"{name}.gamma", gamma[:, None, None]))
        self.add("Add", name, self.number(f"{name}.beta", beta[:, None, None]))


def _geometry(layer: Layer) -> dict[str, Sequence[int]]:
    """The window of a layer; padding as top, left, bottom, right."""
    assert layer.window is not None
    (top, bottom), (left, right) = layer.window.padding
    return {
        "kernel_shape": layer.window.kernel_size,
        "strides": layer.window.stride,
        "pads": (top, left, bottom, right),
    }
