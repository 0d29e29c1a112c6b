"""Small data sets in the formats that the large ones come in."""

import gzip
import io
import zipfile

import numpy as np

from cnn_core.datasets.cifar10 import RECORD

FIRST = {  # the labels by which a set is known
    "mnist": {"train": (5, 0, 4, 1, 9, 2, 1, 3, 1, 4), "t10k": (7, 2, 1, 0, 4, 1, 4, 9, 5, 9)},
    "fashion-full": {"train": (9, 0, 0, 3, 0, 2, 7, 2, 5, 5), "t10k": (9, 2, 1, 1, 6, 1, 4, 6, 5, 7)},
}
IMAGES, LABELS = "images-idx3-ubyte", "labels-idx1-ubyte"


def idx(array):
    """An array of bytes as the content of an IDX file."""
    return bytes((0, 0, 8, array.ndim)) + b"".join(n.to_bytes(4, "big") for n in array.shape) + array.tobytes()


def idx_part(name, part, count=40, size=28):
    """Pictures (count, size, size) and labels of one part of MNIST or Fashion-MNIST: noise, but known by its labels."""
    rng = np.random.default_rng(count)
    first = np.array(FIRST[name][part], dtype=np.uint8)
    labels = np.concatenate([first, np.arange(count - len(first), dtype=np.uint8) % 10])
    return rng.integers(0, 256, (count, size, size), dtype=np.uint8), labels


def idx_files(name, part, count=40, packed=True):
    """The two files of such a part by name."""
    images, labels = idx_part(name, part, count)
    ending, pack = (".gz", gzip.compress) if packed else ("", bytes)
    return {f"{part}-{IMAGES}{ending}": pack(idx(images)), f"{part}-{LABELS}{ending}": pack(idx(labels))}


def cifar_batch(count, seed=0):
    """The content of a binary CIFAR-10 file."""
    records = np.random.default_rng(seed).integers(0, 256, (count, RECORD), dtype=np.uint8)
    records[:, 0] %= 10
    return records.tobytes()


def python2_batch(data, labels):
    """The content of a Python batch of CIFAR-10 as it is published: a dict that Python 2 pickled, with an array in it."""
    count = len(labels)

    def short(text):
        return b"U" + bytes([len(text)]) + text

    def number(n):
        return b"J" + n.to_bytes(4, "little", signed=True)

    return b"".join(
        [
            b"\x80\x02}q\x01(",
            short(b"batch_label") + b"q\x02" + short(b"training batch 1 of 5") + b"q\x03",
            short(b"labels") + b"q\x04]q\x05(" + b"".join(b"K" + bytes([label]) for label in labels) + b"e",
            short(b"data") + b"q\x06cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08",
            b"K\x00\x85" + short(b"b") + b"\x87Rq\t(K\x01" + number(count) + number(data.shape[1]) + b"\x86",
            b"cnumpy\ndtype\nq\n" + short(b"u1") + b"K\x00K\x01\x87Rq\x0b(K\x03" + short(b"|"),
            b"NNN" + number(-1) + number(-1) + b"K\x00tb\x89T" + number(data.size)[1:] + data.tobytes() + b"tb",
            short(b"filenames") + b"q\x0c]q\r(" + short(b"leptodactylus_pentadactylus_s_000004.png") * count + b"e",
            b"u.",
        ]
    )


def write(folder, files):
    """Files by name, into a folder that is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def zipped(files, **options):
    """A zip of files, whose names may be ZipInfo."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **{"compression": zipfile.ZIP_DEFLATED, **options}) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    out.seek(0)
    return out
