"""What a plan amounts to, before anything is allocated: shapes, parameters, multiply-adds, receptive field, memory."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cnn_core.checks import one_of, whole
from cnn_core.environment import memory_limit
from cnn_core.machine.plan import plan
from cnn_core.network.build import build, fused
from cnn_core.network.layers import Layer, Pool, Shape
from cnn_core.network.spec import NetworkSpec
from cnn_core.receptive_field import receptive_fields

FLOAT = 4  # bytes of a number: networks are trained in float32
STATES = {
    "sgd": 0,
    "momentum": 1,
    "nesterov": 1,
    "rmsprop": 1,
    "adam": 2,
    "adamw": 2,
}  # numbers remembered for each weight


@dataclass(frozen=True)
class LayerRow:
    """One layer of a table, for one image. receptive_field: cells of the input that a cell sees, None after the maps
    are taken apart (there it is all). memory: bytes of its output."""

    name: str
    kind: str
    description: str
    output_shape: Shape
    parameters: int
    multiply_adds: int
    receptive_field: tuple[int, int] | None
    memory: int


def layer_table(spec: NetworkSpec, input_shape: tuple[int, int, int], num_classes: int) -> list[LayerRow]:
    """A row for the input and for each layer. Raises ValueError, naming the block, where a layer does not fit."""
    layers = build(spec, input_shape, num_classes)
    windows = [layer.window for layer in layers if layer.window is not None]
    fields = [field.size for field in receptive_fields(windows, (input_shape[1], input_shape[2]))]
    rows = [LayerRow("input", "input", "input", input_shape, 0, 0, (1, 1), FLOAT * math.prod(input_shape))]
    seen = 0
    for layer in layers:
        seen += layer.window is not None
        field = fields[seen] if len(layer.shape) == 3 else None
        parameters = sum(math.prod(shape) for shape in layer.params.values())
        memory = FLOAT * math.prod(layer.shape)
        rows.append(
            LayerRow(
                layer.name, layer.kind, layer.description, layer.shape, parameters, _multiply_adds(layer), field, memory
            )
        )
    return rows


def memory_needed(
    spec: NetworkSpec, input_shape: tuple[int, int, int], num_classes: int, batch_size: int, update_rule: str = "adam"
) -> int:
    """Bytes that a training step needs, about, when it is looked into (`layer_statistics`), which takes the most.

    Those are the weights, their copy from before the step, gradients and the optimizer's memory; every layer's output for
    the batch, the copies that norms and dropout keep, the gradients of the largest map on their way back; what convolutions
    keep of their input, and what the largest lays out at once. On top come some tens of MB whatever the plan.
    Raises ValueError as `layer_table`, for a batch_size below 1 and for an unknown update_rule.
    """
    batch_size = whole("batch_size", batch_size, 1)
    one_of("update_rule", update_rule, STATES)
    layers = build(spec, input_shape, num_classes)
    sizes = [math.prod(shape) for layer in layers for shape in layer.params.values()]
    weights = sum(sizes) * (3 + STATES[update_rule])
    outputs = [math.prod(layer.shape) for layer in layers]
    copies = sum(math.prod(layer.shape) for layer in layers if layer.kind in ("norm", "dropout"))
    maps = batch_size * (math.prod(input_shape) + sum(outputs) + copies + 3 * max(outputs))
    shapes = [input_shape, *(layer.shape for layer in layers)]
    kept, blocks, fast = 0, [0], fused(layers)
    for layer, shape in zip(layers, shapes, strict=False):
        if layer is layers[0] and fast is not layers:
            kept += FLOAT * batch_size * _lowered(layer, input_shape)
        elif isinstance(layer, Pool) and layer.pool == "blur" and layer.window is not None:
            how = plan((batch_size * shape[0], 1, *shape[1:]), 1, layer.window, 1, FLOAT)
            each = how.laid_out if how.keeps else FLOAT * math.prod(shape[1:])
            kept += batch_size * shape[0] * each
            blocks.append(how.block)
        elif layer.kind == "conv" and layer.window is not None:
            how = plan((batch_size, *shape), layer.shape[0], layer.window, 1, FLOAT)
            kept += batch_size * (how.laid_out if how.keeps else FLOAT * math.prod(shape))
            blocks.append(how.block)
    return FLOAT * (weights + maps) + kept + 2 * max(blocks)


def check_memory(
    spec: NetworkSpec,
    input_shape: tuple[int, int, int],
    num_classes: int,
    batch_size: int,
    update_rule: str = "adam",
    limit: int | None = None,
) -> None:
    """Raise ValueError with the estimate if a training would need more memory than `limit` bytes.

    limit: None is what the environment says (`environment.memory_limit`), 2 GiB if it says nothing.
    """
    limit = memory_limit() if limit is None else whole("limit", limit, 0)
    needed = memory_needed(spec, input_shape, num_classes, batch_size, update_rule)
    if needed > limit:
        largest = max(layer_table(spec, input_shape, num_classes), key=lambda row: row.parameters)
        raise ValueError(
            f"the network needs about {needed / 2**30:.1f} GiB of memory to train, more than {limit / 2**30:.1f} GiB: most "
            f"of its weights ({largest.parameters:,}) are in {largest.name}; take fewer units or filters, pool more, or "
            f"make batch_size (={batch_size}) smaller"
        )


def _multiply_adds(layer: Layer) -> int:
    """Multiplications with a weight for one image (as many additions): each weight of a convolution once a position."""
    weight = next((shape for name, shape in layer.params.items() if name.endswith(".weight")), None)
    if weight is None:
        return 0
    positions = math.prod(layer.shape[1:]) if layer.kind == "conv" else 1
    return int(np.prod(weight, dtype=np.int64)) * positions


def _lowered(layer: Layer, input_shape: tuple[int, int, int]) -> int:
    """Numbers of one image laid out along the width (machine/lowering.py), and of the image with its padding."""
    assert layer.window is not None
    channels, *size = input_shape
    height, width = layer.window.padded_size((size[0], size[1]))
    return channels * height * (layer.window.kernel_size[1] * layer.shape[2] + width)
