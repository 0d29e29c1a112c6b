"""Files of visitors, changed in every way: what is read of them is whole, or a sentence says why not; nothing else is raised.

The examples are drawn anew from the code of each test, always the same ones, so that a failure stays one.
"""

import copy
import io
import json
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnn_core.datasets.idx import read_idx
from cnn_core.datasets.own import OwnPictures, read_pictures, save_pictures
from cnn_core.datasets.zips import read_zip
from cnn_core.network.pytorch import to_pytorch
from cnn_core.training import tensors
from cnn_core.training.checkpoint import Checkpoint
from cnn_core.training.uploads import begin_with, read_upload
from tests.sets import idx, zipped
from tests.trainings import small

ALWAYS_THE_SAME = settings(derandomize=True, database=None, max_examples=250, suppress_health_check=list(HealthCheck))
CONFIG = small()
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, 1, -1, 2, 2**31, 2**63, 2**64, 10**400, -(2**63)]),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["F32", "F64", "I8", "BF16", "same", "relu", "digits", "\ud800", "x" * 5000, "../../x", ""]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def places(tree, path=()):
    """The path of every value in a tree of JSON."""
    yield path
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in inner:
        yield from places(value, (*path, key))


@st.composite
def changed(draw, tree):
    """The tree with some values replaced, removed, or put under other names."""
    tree = {"": copy.deepcopy(tree)}
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(tree))[1:] or [("",)]))
        parent = tree
        for key in path[:-1]:
            parent = parent[key]
        what = draw(st.sampled_from(["replace", "replace", "remove", "rename", "add"]))
        if what == "replace" or path == ("",):
            parent[path[-1]] = draw(VALUES)
        elif what == "remove":
            del parent[path[-1]]
        elif isinstance(parent, list):
            parent.append(draw(VALUES))
        else:
            value = parent.pop(path[-1]) if what == "rename" else draw(VALUES)
            parent[draw(st.text(max_size=8))] = value
    return tree[""]


def sentence(error):
    words = str(error)
    assert 10 < len(words) <= 600
    words.encode()  # a page can show it
    assert "codec can't" not in words


def taken_or_refused(name, data):
    """A file is read, and its weights too where it has any; or a sentence is raised."""
    try:
        upload = read_upload(name, data)
        upload.name.encode()
        config = upload.config or CONFIG
        config.check()
        if upload.arrays:
            begin_with(upload, config)
    except ValueError as error:
        sentence(error)


def plain(tree):
    return json.loads(json.dumps(tree))


def packed(header, body):
    text = json.dumps(header).encode() if not isinstance(header, bytes) else header
    return struct.pack("<Q", len(text)) + text + body


WHOLE = tensors.pack(
    to_pytorch(CONFIG.model()), {"convscope": json.dumps({"config": CONFIG.as_dict(), "iteration": 3})}
)
LENGTH = 8 + struct.unpack("<Q", WHOLE[:8])[0]
HEADER, BODY = json.loads(WHOLE[8:LENGTH]), WHOLE[LENGTH:]


@ALWAYS_THE_SAME
@given(changed(plain(CONFIG.as_dict())))
def test_settings_of_any_kind(tree):
    taken_or_refused("x.json", json.dumps(tree).encode())


@ALWAYS_THE_SAME
@given(changed(HEADER))
def test_weights_under_a_header_of_any_kind(header):
    taken_or_refused("x.safetensors", packed(header, BODY))


@ALWAYS_THE_SAME
@given(changed({"config": plain(CONFIG.as_dict()), "iteration": 3}))
def test_weights_with_a_description_of_any_kind(about):
    taken_or_refused("x.safetensors", tensors.pack(to_pytorch(CONFIG.model()), {"convscope": json.dumps(about)}))


def cut_and_bent(whole, reach=None):
    """The bytes with some replaced, within `reach` of the start, and perhaps the end missing."""
    places = st.integers(0, min(len(whole), reach or len(whole)) - 1)

    def bend(change):
        cut, bends = change
        content = bytearray(whole)
        for place, value in bends:
            content[place] = value
        return bytes(content[:cut])

    ends = st.just(len(whole)) | st.integers(0, len(whole))
    return st.tuples(ends, st.lists(st.tuples(places, st.integers(0, 255)), max_size=6)).map(bend)


@ALWAYS_THE_SAME
@given(st.one_of(cut_and_bent(WHOLE, LENGTH), cut_and_bent(WHOLE), st.binary(max_size=60)))
def test_weights_of_any_bytes(data):
    taken_or_refused("x.safetensors", data)


@ALWAYS_THE_SAME
@given(st.one_of(cut_and_bent(json.dumps(CONFIG.as_dict()).encode()), st.binary(max_size=60)))
def test_settings_of_any_bytes(data):
    taken_or_refused("x.json", data)


@pytest.mark.parametrize(
    "data", [b"9" * 5000, b'{"seed": ' + b"9" * 5000 + b"}", b'{"\\ud800": 1}', b"\xff\xfe", b"[" * 9000]
)
@pytest.mark.parametrize("name", ["x.json", "x.safetensors"])
def test_what_json_readers_stumble_over(name, data):
    with pytest.raises(ValueError) as caught:
        read_upload(name, data if name == "x.json" else packed(data, b""))
    sentence(caught.value)


def test_a_name_of_many_parts_costs_no_time():
    name = "a." * 250_000 + "weight"
    taken_or_refused("x.safetensors", tensors.pack({name: np.zeros(1, np.float32)}))


# A zip of pictures, the pictures that are kept, and what is read of a data folder.


def decode(content, path):
    return np.zeros((1, 8, 8), np.uint8)


ZIP = zipped(
    {f"pets/{c}/{n}.png": b"x" * 30 for c in ("ants", "été") for n in range(3)} | {"pets/a.txt": b"1"}
).getvalue()


@ALWAYS_THE_SAME
@given(st.one_of(cut_and_bent(ZIP), cut_and_bent(ZIP[::-1], 500).map(lambda data: data[::-1])))
def test_a_zip_of_any_bytes(data):
    try:
        found = read_zip(io.BytesIO(data), decode)
        assert len(found.x) == len(found.y)
    except ValueError as error:
        sentence(error)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    x = np.random.default_rng(0).integers(0, 256, (8, 1, 8, 8), dtype=np.uint8)
    return folder / f"{save_pictures(folder, x, np.arange(8) % 2, ('a', 'b'), 'title')}.npz"


@ALWAYS_THE_SAME
@given(st.data())
def test_kept_pictures_of_any_bytes(kept, data):
    whole = kept.read_bytes()
    file = kept.with_name("changed.npz")
    members = dict(np.load(io.BytesIO(whole)).items())
    if data.draw(st.booleans()):
        file.write_bytes(data.draw(cut_and_bent(whole)))
    else:
        name = data.draw(st.sampled_from(list(members)))
        other = data.draw(
            st.sampled_from(
                [np.zeros(3), np.array("x"), np.array([2**70]), np.zeros((0, 1, 8, 8), np.uint8), np.array(None)]
            )
            | st.sampled_from(list(members.values()))
        )
        with zipfile.ZipFile(file, "w") as out:
            for member, array in (members | {name: other}).items():
                with out.open(f"{member}.npy", "w") as stream:
                    np.lib.format.write_array(stream, np.asanyarray(array), allow_pickle=True)
    try:
        read_pictures(OwnPictures(file, 0))
    except ValueError as error:
        assert "must hold pictures that ConvScope has kept" in str(error)


@ALWAYS_THE_SAME
@given(st.data())
def test_idx_files_of_any_bytes(kept, data):
    file = kept.with_name("any-idx3-ubyte")
    file.write_bytes(data.draw(cut_and_bent(idx(np.zeros((4, 3, 2), np.uint8)), 30)))
    try:
        assert read_idx(file, 3).ndim == 3
    except ValueError as error:
        assert str(file) in str(error)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("run") / "00000003.safetensors"
    model = CONFIG.model()
    Checkpoint(3, model.params, model.buffers, {"conv1.weight": {"t": 1}}, {"learning_rate": 0.1}).write(path)
    return path


@ALWAYS_THE_SAME
@given(st.data())
def test_checkpoints_of_any_kind(checkpoint, data):
    arrays, texts = tensors.unpack(checkpoint.read_bytes())
    about = data.draw(changed(json.loads(texts["convscope"])))
    path = checkpoint.with_name("changed.safetensors")
    path.write_bytes(tensors.pack(arrays, {"convscope": json.dumps(about)}))
    for read in (Checkpoint.read, Checkpoint.given_in):
        try:
            read(path)
        except ValueError as error:
            assert str(error)
