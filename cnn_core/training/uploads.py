"""Files that a reader brings: weights (.safetensors) and settings (.json), from here or from elsewhere, checked.

Weights may be laid out as a checkpoint of ours (checkpoint.py) or as PyTorch has them (network/pytorch.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import numpy as np

from cnn_core.checks import Array
from cnn_core.datasets.naming import shown
from cnn_core.network import Network
from cnn_core.network.pytorch import from_pytorch
from cnn_core.training import tensors
from cnn_core.training.checkpoint import Checkpoint, load_weights
from cnn_core.training.config import TrainingConfig
from cnn_core.training.export import ABOUT

MOST_WEIGHTS, MOST_SETTINGS = 50 << 20, 1 << 20  # bytes; no more than the server takes (.streamlit/config.toml)
MOST_STEPS = 10**12
MOST_WORDS = 400  # characters of an error


@dataclass(frozen=True, eq=False)
class Upload:
    """What a file holds. arrays: the weights, none in a file of settings. config: the run's settings, if the file says them.

    iteration: after how many steps the weights were kept, if the file says it.
    """

    name: str
    arrays: dict[str, Array] = field(default_factory=dict)
    config: TrainingConfig | None = None
    iteration: int | None = None

    @property
    def is_checkpoint(self) -> bool:
        """Whether the arrays are those of a checkpoint of ours."""
        return any(name.startswith("params/") for name in self.arrays)


@contextmanager
def _in_short() -> Iterator[None]:
    """What an error says of a file may be as long as the file, and hold what no page can show."""
    try:
        yield
    except ValueError as error:
        raise ValueError(shown(str(error), MOST_WORDS)) from None


@_in_short()
def read_upload(name: str, data: bytes) -> Upload:
    """What the file holds. name: its name, whose ending says what it should be; a long one is cut to be shown.

    Raises ValueError saying what is wrong with it: another kind of file, too large, cut off, damaged, made to deceive,
    settings that there are not or that are out of range.
    """
    name, kind = shown(name), PurePath(name.lower()).suffix
    most = {".safetensors": MOST_WEIGHTS, ".json": MOST_SETTINGS}.get(kind)
    if most is None:
        raise ValueError(f"{name} must end in .safetensors (weights) or .json (settings)")
    if len(data) > most:
        raise ValueError(f"{name} (of {len(data) / 2**20:.0f} MB) must have at most {most >> 20} MB")
    if kind == ".json":
        return Upload(name, config=read_config(_json(data, name), name))
    arrays, metadata = tensors.unpack(data)
    if not arrays:
        raise ValueError(f"{name} must hold the weights of a network: it holds no numbers")
    about = _json(metadata.get(ABOUT, "{}").encode(), f"the description in {name}")
    said, iteration = about.get("config"), about.get("iteration")
    config = None if said is None else read_config(said, name)
    counted = type(iteration) is int and 0 <= iteration < MOST_STEPS
    return Upload(name, arrays, config, iteration if counted else None)


def read_config(values: Any, name: str) -> TrainingConfig:
    """The configuration that values from outside describe. Raises ValueError for whatever is wrong with them."""
    try:
        return TrainingConfig.from_dict(values)
    except (TypeError, AttributeError, KeyError, OverflowError, RecursionError) as error:
        raise ValueError(
            f"{name} must hold settings as ConvScope writes them: one is of the wrong kind ({error})"
        ) from None


@_in_short()
def begin_with(upload: Upload, config: TrainingConfig) -> Checkpoint:
    """The weights of a file as the start of a training. Raises ValueError where they are those of another network.

    A network that no file can hold is not even made: that would take seconds, and as much memory as a training.
    """
    if (numbers := config.num_weights()) > MOST_WEIGHTS // 2:  # float16: two bytes each
        raise ValueError(
            f"the weights are of another network: this one has {numbers:,}, more than a file of at most "
            f"{MOST_WEIGHTS >> 20} MB can hold"
        )
    network = config.model()
    load_weights(network, _own_names(upload, network))
    for part in (network.params, network.buffers):
        for name, array in part.items():
            if not np.isfinite(array).all():  # float64 reaches further than the network's float32
                raise ValueError(f"{name} must hold numbers that float32 can hold: it has larger ones")
    return Checkpoint(0, network.params, network.buffers)


def _own_names(upload: Upload, network: Network) -> Mapping[str, Array]:
    arrays = upload.arrays
    for name, array in arrays.items():
        if array.dtype.kind != "f" and not name.endswith("num_batches_tracked"):
            raise ValueError(f"{name} (type {array.dtype}) must hold floating-point numbers")
    if upload.is_checkpoint:
        named = [name.partition("/") for name in arrays]
        return {name: arrays[f"{part}/{name}"] for part, _, name in named if part in ("params", "buffers")}
    return from_pytorch(arrays, network)


def _json(data: bytes, name: str) -> dict[str, Any]:
    try:
        found = json.loads(data, object_pairs_hook=tensors.no_name_twice, parse_constant=_refuse)
    except UnicodeDecodeError:
        raise ValueError(f"{name} must be whole JSON, as text in UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} must be whole JSON ({shown(str(error), 80)})") from None
    if not isinstance(found, dict):
        raise ValueError(f"{name} must be a JSON object of settings by name")
    return found


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number")
