"""A small network that has learned already: it reads handwritten digits. `tools/make_network.py` trains it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from cnn_core.network import ConvBlock, Network, NetworkSpec
from cnn_core.training.checkpoint import load_weights
from cnn_core.training.config import TrainingConfig
from cnn_core.training.data import DataOptions
from cnn_core.training.uploads import begin_with, read_upload

SHIPPED = Path(__file__).parent / "shipped.safetensors"

# It is to read what somebody draws, so it saw its digits moved, with noise and with a piece missing: the sevens among them have a
# bar, and a reader's may have none.
CONFIG = TrainingConfig(
    dataset="digits",
    data=DataOptions(shift=1, noise=0.05, cutout=3),
    network=NetworkSpec(
        blocks=(ConvBlock(12, kernel_size=5, pool="none"), ConvBlock(24, kernel_size=3, pool="max")),
        hidden=(48,),
        dropout=0.3,
        weight_init="he",
    ),
    learning_rate=3e-3,
    lr_decay=0.97,
    num_epochs=100,
)


@cache
def shipped_network(path: Path = SHIPPED) -> tuple[Network, TrainingConfig]:
    """The network, read once and not to be written to (its arrays are read-only), and the training that made it.

    path: of a `weights_file`; default: the one beside this file. Raises ValueError where it is missing or damaged.
    """
    try:
        upload = read_upload(path.name, path.read_bytes())
        if upload.config is None:
            raise ValueError("it does not say how it was trained")
        start = begin_with(upload, upload.config)
    except (OSError, ValueError) as error:
        raise ValueError(f"the trained network ({path.name}) must be whole, get ConvScope anew: {error}") from None
    network = upload.config.model()
    load_weights(network, start.params | start.buffers)
    for array in (*network.params.values(), *network.buffers.values()):
        array.setflags(write=False)
    return network, upload.config
