"""Make the files in cnn_core/datasets: digits.npz, fashion.npz and pictures.npz.

    python -m tools.make_data [--fashion FOLDER] [--to FOLDER]

Needs scikit-learn (the digits), Pillow (the pictures) and the four idx files of Fashion-MNIST, which Debian's
package dataset-fashion-mnist installs. Everything random is seeded: the same versions of NumPy, Pillow and
zlib make the same files, byte for byte.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from tools.draw_pictures import draw_all

Bytes = NDArray[np.uint8]

DATASETS = Path(__file__).parents[1] / "cnn_core" / "datasets"
DEBIAN = Path("/usr/share/datasets/fashion-mnist")  # where Debian's package puts them

# SHA-256 of the unpacked idx files: distributors pack them differently.
FASHION_MNIST = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}


def balanced(y: Bytes, counts: list[list[int]], rng: np.random.Generator) -> NDArray[np.int64]:
    """Indices of images for consecutive splits; counts[s][k] images of class k in split s, drawn at random.

    In each split the classes take turns, in random order, until their images are used up.
    """
    piles = [rng.permutation(np.flatnonzero(y == k)) for k in range(len(counts[0]))]
    picked = []
    for split in counts:
        turns = np.concatenate([np.arange(count) for count in split])
        chosen = np.concatenate([pile[:count] for pile, count in zip(piles, split, strict=True)])
        piles = [pile[count:] for pile, count in zip(piles, split, strict=True)]
        picked.append(chosen[np.lexsort([rng.random(len(chosen)), turns])])
    return np.concatenate(picked)


def make_digits() -> dict[str, Bytes]:
    """scikit-learn's 1,797 digits: 1,237 for training, 200 for validation, 360 for testing, in this order."""
    digits = load_digits()
    x, y = digits.images.astype(np.uint8), digits.target.astype(np.uint8)
    train = np.bincount(y) - 20 - 36
    order = balanced(y, [train.tolist(), [20] * 10, [36] * 10], np.random.default_rng(0))
    return {"x": x[order], "y": y[order]}


def make_fashion(folder: Path) -> dict[str, Bytes]:
    """Of Fashion-MNIST's training images 5,000 and 500, and 500 of its test images, in this order."""
    rng = np.random.default_rng(0)
    x, y = read_idx(folder, "train-images-idx3-ubyte"), read_idx(folder, "train-labels-idx1-ubyte")
    seen = balanced(y, [[500] * 10, [50] * 10], rng)
    x_test, y_test = read_idx(folder, "t10k-images-idx3-ubyte"), read_idx(folder, "t10k-labels-idx1-ubyte")
    unseen = balanced(y_test, [[50] * 10], rng)
    return {"x": np.concatenate([x[seen], x_test[unseen]]), "y": np.concatenate([y[seen], y_test[unseen]])}


def read_idx(folder: Path, name: str) -> Bytes:
    """The array in one gzipped idx file; a ValueError if it is not the published one."""
    payload = gzip.decompress((folder / f"{name}.gz").read_bytes())
    found = hashlib.sha256(payload).hexdigest()
    if found != FASHION_MNIST[name]:
        raise ValueError(f"{folder / name}.gz (unpacked SHA-256 {found}) must be Fashion-MNIST's own file")
    dimensions = payload[3]
    shape = np.frombuffer(payload, ">u4", count=dimensions, offset=4)
    return np.frombuffer(payload, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def main() -> None:
    """Make the three files and print their checksums."""
    parser = argparse.ArgumentParser(description="Make the files in cnn_core/datasets.")
    parser.add_argument("--fashion", type=Path, default=DEBIAN, help="folder of the idx files (%(default)s)")
    parser.add_argument("--to", type=Path, default=DATASETS, help="where to put the files (%(default)s)")
    options = parser.parse_args()
    for name, arrays in {
        "digits.npz": make_digits(),
        "fashion.npz": make_fashion(options.fashion),
        "pictures.npz": draw_all(),
    }.items():
        file: Path = options.to / name
        np.savez_compressed(file, allow_pickle=False, **arrays)
        content = file.read_bytes()
        print(f"{name} {len(content):,} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
