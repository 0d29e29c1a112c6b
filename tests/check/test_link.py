"""The link of a case: it says all that the page needs, and any other text ends in words."""

import base64
import json
import zlib

import numpy as np
import pytest

from cnn_core.check import link
from cnn_core.check.forms import FORMS
from cnn_core.check.right import pose

SIZES = {
    "N": 1,
    "C": 1,
    "H": 2,
    "W": 3,
    "F": 1,
    "KH": 2,
    "KW": 2,
    "stride": 1,
    "padding": 0,
    "dilation": 1,
    "groups": 1,
}
SIZES["values"] = "plain"


@pytest.fixture(scope="module")
def shared():
    form = next(form for form in FORMS if form.forward == "conv_forward_naive")
    posed = pose("conv2d", SIZES)
    return link.SharedCase(form, True, "dx", posed, posed.right["dx"] + 1.5)


def packed(content):
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(content).encode())).decode().rstrip("=")


def unpacked(text):
    return json.loads(zlib.decompress(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))


def test_a_link_says_it_all(shared):
    address = link.address(shared, "https://convscope.example/")
    assert address.startswith("https://convscope.example/check-your-own?case=")
    found = link.read(address.partition("=")[2].partition("&")[0])
    assert (found.function, found.result) == ("conv_backward_naive", "dx")
    assert np.array_equal(found.theirs, shared.theirs) and np.array_equal(found.right, shared.right)
    for name, array in shared.posed.case.arrays.items():
        assert np.array_equal(found.posed.case.arrays[name], array)


def test_numbers_that_are_not_finite_and_none_at_all(shared):
    posed = shared.posed
    theirs = np.array([np.nan, np.inf])
    found = link.read(link.write(link.SharedCase(shared.form, True, "dx", posed, theirs)))
    assert np.isnan(found.theirs).all() and found.theirs.shape == (2,)
    assert link.read(link.write(link.SharedCase(shared.form, True, "dx", posed, None))).theirs is None


def test_a_case_too_large_for_an_address_has_no_link(shared):
    theirs = np.random.default_rng(0).standard_normal((40, 40))
    assert link.address(link.SharedCase(shared.form, True, "dx", shared.posed, theirs)) == ""


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("version", 2, "copy the whole of it"),
        ("function", "os.system", "function (='os.system' in the link)"),
        ("function", ["x"], "function (="),
        ("result", "out", "result (='out' in the link) must be one of dx, dweight, dbias"),
        ("result", {}, "result (='{}' in the link)"),
        ("sizes", {**SIZES, "H": 10**9}, "H (=1000000000 in the link) must be one of 1, 2"),
        ("sizes", {**SIZES, "H": True}, "H (=True in the link)"),
        ("sizes", {**SIZES, "KH": 3}, "must be one that the layer takes"),
        ("sizes", {"N": 1}, "copy the whole of it"),
        ("sizes", None, "copy the whole of it"),
        ("arrays", {}, "copy the whole of it"),
        ("arrays", {"x": 1}, "copy the whole of it"),
        ("theirs", ["1"], "must be that of their numbers"),
        ("theirs", ["1", 2, 3, 4, 5, 6], "must hold numbers"),
        ("theirs", 5, "copy the whole of it"),
        ("shape", [10**9, 10**9], "must be that of their numbers"),
        ("shape", [-2, -3], "must be that of their numbers"),
        ("backward", "conv", "function (="),
    ],
)
def test_a_link_that_was_tampered_with_ends_in_words(shared, key, value, words):
    with pytest.raises(ValueError) as caught:
        link.read(packed(unpacked(link.write(shared)) | {key: value}))
    assert words in str(caught.value)


@pytest.mark.parametrize("number", [0.5, 10**7, True, "1", None, [1]])
def test_only_whole_numbers_of_a_size_are_taken(shared, number):
    content = unpacked(link.write(shared))
    content["arrays"]["x"][0] = number
    with pytest.raises(ValueError, match="x \\(in the link\\) must hold whole numbers"):
        link.read(packed(content))
    content["arrays"]["x"].pop()
    with pytest.raises(ValueError, match="x \\(in the link\\) must hold 6 numbers"):
        link.read(packed(content))


def test_a_text_that_was_cut_or_changed_anywhere_ends_in_words(shared):
    text = link.write(shared)
    for k in range(0, len(text), 7):
        for broken in (text[:k], text[:k] + ("A" if text[k] != "A" else "B") + text[k + 1 :], text[k:] + "é"):
            with pytest.raises(ValueError):
                link.read(broken)
    bomb = base64.urlsafe_b64encode(zlib.compress(b"[" * 3_000_000, 9)).decode()
    for other in ("", "null", packed([]), packed(None), packed("x" * 50_000), bomb, "=" * 99, "x" * 9000):
        with pytest.raises(ValueError):
            link.read(other)
