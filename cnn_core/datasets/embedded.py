"""Data sets and pictures stored beside this file. `tools/make_data.py` makes them, README.md says of what."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core.checks import one_of
from cnn_core.datasets.dataset import Dataset, cut

FOLDER = Path(__file__).parent

# SHA-256 of the stored files.
CHECKSUMS = {
    "digits.npz": "cb0bf38971c066e9ba3ac3ee4b6236bc642d31b6f5db586e07fd7438fadc4f55",
    "fashion.npz": "c8b3f41e68b908402798ffe710196e6acdc53d4046c342bd95199ef1a19a635e",
    "pictures.npz": "bccc582a7933f940a1a3ab380fe8d8e5c1a947614a1e6067edc889ad99ce0ca9",
}

PICTURES = ("lake", "boat", "fruit", "cat")

FASHION_CLASSES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)


def load_digits(name: str, title: str) -> Dataset:
    """1,237 digits for training, 200 for validation, 360 for testing; 8x8 pixels in 17 levels of grey."""
    x, y = _read("digits.npz", white=16)
    return Dataset(
        name,
        title,
        tuple("0123456789"),
        *cut(x, y, (1237, 200, 360)),
        source="E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI (by scikit-learn)",
        licence="CC BY 4.0",
    )


def load_fashion(name: str, title: str) -> Dataset:
    """5,000 clothes for training, 500 for validation, 500 for testing; 28x28 pixels in 256 greys."""
    x, y = _read("fashion.npz", white=255)
    return Dataset(
        name,
        title,
        FASHION_CLASSES,
        *cut(x, y, (5000, 500, 500)),
        source="H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST: 6,000 of its 70,000 images",
        licence="MIT, Copyright © 2017 Zalando SE, https://tech.zalando.com",
    )


def pictures() -> tuple[str, ...]:
    """Names of the pictures that filters can act on."""
    return PICTURES


def picture(name: str) -> NDArray[np.float32]:
    """One picture, (3,200,200) float32 in 0..1, planes red, green, blue; read-only and read from disk once.

    name: one of `pictures()`. Raises ValueError for others.
    """
    one_of("name", name, PICTURES)
    return _picture(name)


@cache
def _picture(name: str) -> NDArray[np.float32]:
    with np.load(FOLDER / "pictures.npz") as stored:
        pixels = _unit(stored[name], white=255)
    pixels.setflags(write=False)
    return pixels


def _read(file: str, *, white: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Images (N,1,H,W) in 0..1, where `white` is stored for 1, and their classes (N,)."""
    with np.load(FOLDER / file) as stored:
        return _unit(stored["x"], white)[:, None], stored["y"].astype(np.int64)


def _unit(levels: NDArray[Any], white: int) -> NDArray[np.float32]:
    return levels.astype(np.float32) / np.float32(white)
