"""Networks as lists of layers: the plan, the network itself, what the plan amounts to, and a step seen from inside."""

from cnn_core.environment import MEMORY_LIMIT
from cnn_core.network.layers import Layer
from cnn_core.network.network import Network
from cnn_core.network.passes import BackwardPass, ForwardPass, backward_pass, forward_pass, in_double, one_score
from cnn_core.network.pytorch import from_pytorch, pytorch_code, to_pytorch
from cnn_core.network.spec import (
    ACTIVATIONS,
    MOST_BLOCKS,
    MOST_HIDDEN,
    NORMS,
    POOLS,
    WEIGHT_INITS,
    ConvBlock,
    NetworkSpec,
    num_groups,
)
from cnn_core.network.statistics import LayerStatistics, layer_statistics
from cnn_core.network.table import LayerRow, check_memory, layer_table, memory_needed

__all__ = [
    "ACTIVATIONS",
    "MEMORY_LIMIT",
    "MOST_BLOCKS",
    "MOST_HIDDEN",
    "NORMS",
    "POOLS",
    "WEIGHT_INITS",
    "BackwardPass",
    "ConvBlock",
    "ForwardPass",
    "Layer",
    "LayerRow",
    "LayerStatistics",
    "Network",
    "NetworkSpec",
    "backward_pass",
    "check_memory",
    "forward_pass",
    "from_pytorch",
    "in_double",
    "layer_statistics",
    "layer_table",
    "memory_needed",
    "num_groups",
    "one_score",
    "pytorch_code",
    "to_pytorch",
]
