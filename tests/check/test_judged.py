"""What is said of functions as students write them, right and wrong: what, where and when."""

import time
from pathlib import Path

import numpy as np
import pytest

from cnn_core.check import compare, examine, report, survey
from cnn_core.mistakes import MISTAKES
from tests.check.students import naive_layers

NAIVE = vars(naive_layers)
POOL = {"max_pool_forward_naive", "max_pool_backward_naive"}
CONV = {"conv_forward_naive", "conv_backward_naive"}
AFFINE = {"affine_forward", "affine_backward"}


def last_column_forgotten(dout, cache):
    """Right, but for the last column where the stride is above 1."""
    dx, dw, db = naive_layers.conv_backward_naive(dout, cache)
    if cache[3]["stride"] > 1:
        dx[..., -1] = 7
    return dx, dw, db


def test_where_and_when(examined):
    found = examined({**NAIVE, "conv_backward_naive": last_column_forgotten}, CONV)
    assert found["conv_forward_naive"].state == "right"
    (finding,) = found["conv_backward_naive"].findings
    assert finding.words == "dx is right except in the last column when stride is above 1"
    assert finding.smallest.posed.case.arrays["x"].shape == (1, 1, 1, 1) and finding.mistake == ""
    assert "your dx    it should be" in report.text("my_layers.py", list(found.values()))


def flat(dout, cache):
    return dout @ cache[1].T, *naive_layers.affine_backward(dout, cache)[1:]


def too_few_axes(dout, cache):
    return *naive_layers.conv_backward_naive(dout, cache)[:2], dout.sum(axis=(0, 2))


def own_score_counted(x, y):
    loss, dx = naive_layers.svm_loss(x, y)
    return loss + 1, dx


@pytest.mark.parametrize(
    ("name", "function", "words"),
    [
        ("affine_backward", flat, "dx has the wrong shape, with the right numbers when x has more than two axes"),
        ("conv_backward_naive", too_few_axes, "db has the wrong shape: it is summed over too few axes"),
        ("svm_loss", own_score_counted, "loss is 1 too large"),
    ],
)
def test_slips_that_the_catalogue_has_not(name, function, words, examined):
    stem = name.partition("_forward")[0].partition("_backward")[0]
    there = {each for each in NAIVE if each.startswith(stem)}
    found = examined({**NAIVE, name: function}, there, seconds=0.2)[name]
    assert [finding.words for finding in found.findings] == [words]


def no_mean(x, y):
    loss, dx = naive_layers.softmax_loss(x, y)
    return loss * len(x), dx


@pytest.mark.parametrize(
    ("name", "function", "words"),
    [
        ("softmax_loss", no_mean, "loss is N times what it should be, for N examples"),
        ("relu_forward", lambda x: (-np.maximum(0, x), x), "out has the wrong sign"),
        ("affine_forward", lambda x, w, b: (x.reshape(len(x), -1) @ w, (x, w, b)), "out is wrong"),
        ("affine_forward", lambda x, w, b: (x @ w + b, (x, w, b)), "raises ValueError"),
        ("affine_forward", lambda x, w, b: x.reshape(len(x), -1) @ w + b, "it must return a pair, (out, cache)"),
        ("affine_forward", lambda x, w, b: ("here", (x, w, b)), "out is a str: it must be an array"),
        ("affine_forward", lambda x, w, b: (np.ones((1, 1, 1)), (x, w, b)), "out has the wrong shape"),
        ("relu_forward", lambda x: (np.maximum(0, x).astype(int), x), "out has the dtype int64"),
        ("relu_forward", lambda x: (np.maximum(0, x).astype(object), x), "out has the dtype object: it must hold real"),
        ("relu_forward", lambda x: (np.ones((300, 300), object), x), "out has the wrong shape"),
        ("relu_forward", lambda x: iter(()), "returns a tuple_iterator: it must return a pair"),
        ("relu_forward", lambda x: ((5).__class__, x), "out is a type: it must be an array"),
        ("relu_forward", lambda x: (np.maximum(0, x, out=x), x), "changes its argument x in place"),
        ("relu_backward", lambda dout, x: (dout, x), "returns 2 values: it must return 1 (dx)"),
        ("relu_backward", lambda dout, x: np.multiply(dout, x > 0, out=dout), "changes its argument dout in place"),
        ("affine_backward", lambda dout, cache: (dout, None, dout), "dw is None"),
        ("relu_backward", lambda dout, x: dout * (x > 0) / (x * 0), "dx holds numbers that are not finite"),
    ],
)
def test_what_is_wrong(name, function, words, examined):
    pair = {f"{name.rpartition('_')[0]}_{end}" for end in ("forward", "backward", "loss")}
    found = examined({**NAIVE, name: function}, pair, seconds=0.2)[name]
    assert found.state == "wrong"
    assert words in " / ".join(finding.words for finding in found.findings)


@pytest.mark.parametrize(
    ("name", "function", "why"),
    [
        (
            "max_pool_forward_naive",
            lambda x, pool_param: (None, (x, pool_param)),
            "returns None: it is not written yet",
        ),
        ("max_pool_backward_naive", lambda dout, cache: None, "returns None: it is not written yet"),
        ("conv_backward_naive", lambda dout, cache: (None, None, None), "returns None: it is not written yet"),
    ],
)
def test_the_stubs_of_the_course_are_unfinished(name, function, why, examined):
    found = examined({**NAIVE, name: function}, POOL | CONV)
    assert (found[name].state, found[name].why) == ("unfinished", why)
    if "forward" in name:
        assert found["max_pool_backward_naive"].state == "unchecked"


def test_a_backward_pass_that_is_right_for_a_wrong_forward_pass(examined):
    wrong = {"affine_forward": twice, "affine_backward": back_of_twice}
    found = examined({**NAIVE, **wrong}, AFFINE)
    assert found["affine_forward"].state == "wrong" and found["affine_backward"].state == "right"
    assert "the gradient of what affine_forward computes" in found["affine_backward"].notes[0]
    found = examined({**NAIVE, "affine_forward": twice}, AFFINE, seconds=0.2)
    assert found["affine_backward"].state == "right"  # of the right forward pass
    found = examined({**NAIVE, "affine_forward": twice, "affine_backward": wrong_anyway}, AFFINE, seconds=0.2)
    assert found["affine_backward"].state == "wrong"


def twice(x, w, b):
    out, cache = naive_layers.affine_forward(x, w, b)
    return 2 * out, cache


def back_of_twice(dout, cache):
    return tuple(2 * gradient for gradient in naive_layers.affine_backward(dout, cache))


def wrong_anyway(dout, cache):
    return tuple(3 * gradient for gradient in naive_layers.affine_backward(dout, cache))


def test_what_is_worth_a_note_is_not_wrong(examined):
    found = examined({**NAIVE, "relu_forward": lambda x: (x[:] if (x > 0).all() else x * (x > 0), x)}, {"relu_forward"})
    assert found["relu_forward"].state == "right"
    assert found["relu_forward"].notes == ["out is a view of x: who changes one of them changes both"]
    found = examined({**NAIVE, "relu_forward": lambda x: (np.maximum(0, x).astype(float), x)}, {"relu_forward"})
    assert found["relu_forward"].notes == ["out is float64 where its arguments are float32"]


def test_slow_functions_are_tried_on_fewer_cases(examined, monkeypatch):
    monkeypatch.setattr(survey, "SECONDS", 0.2)

    def slow(x):
        time.sleep(0.05)
        return naive_layers.relu_forward(x)

    found = examined({**NAIVE, "relu_forward": slow}, {"relu_forward"})["relu_forward"]
    assert found.state == "right" and 1 <= len(found.cases) <= 5


def test_a_result_that_is_changed_later(examined):
    def forward(x):
        out = np.maximum(0, x)
        return out, (x, out)

    def backward(dout, cache):
        cache[1][...] = 0
        return dout * (cache[0] > 0)

    found = examined({"relu_forward": forward, "relu_backward": backward}, seconds=0.2)
    assert found["relu_backward"].findings[0].words.startswith("changes what the forward function has returned")


def test_which_signature_is_meant_where_both_have_the_name():
    forms = {form.layer: form for form in examine.forms_in({"dropout_forward": ["x", "dropout_param"]})}
    assert forms["dropout"].course
    forms = {form.layer: form for form in examine.forms_in({"dropout_forward": ["x", "p", "training", "rng"]})}
    assert not forms["dropout"].course


def test_a_backward_function_alone_is_not_checked(examined):
    found = examined(NAIVE, {"conv_backward_naive"})
    assert found["conv_backward_naive"].why == "it needs the cache of conv_forward_naive, which is not there"


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        (np.s_[:, :, :, -1], "in the last column"),
        (np.s_[:, :, 0], "in the first row"),
        (np.s_[1:], "in the last example"),
        (np.s_[:, 0], "in the first channel"),
        (np.s_[:, :, [0, -1]], "in the first and the last row"),
        (np.s_[:, :, 1:], "in every row but the first"),
        (np.s_[:, :, 1:3, 1], "in some places"),
        (np.s_[...], "everywhere"),
    ],
)
def test_places(wrong, place):
    mask = np.zeros((2, 3, 4, 5), bool)
    mask[wrong] = True
    assert compare.places(mask, compare.IMAGE)[0] == place


def test_places_at_the_border():
    mask = np.ones((1, 1, 4, 4), bool)
    mask[:, :, 1:-1, 1:-1] = False
    assert compare.places(mask, compare.IMAGE)[0] == "at the border"
    mask[:, :, :3, :3] = False
    assert compare.places(mask, compare.IMAGE)[0] == "in the last row and column"


def test_relations():
    right = np.arange(1.0, 10).reshape(1, 1, 3, 3)
    assert compare.relation(right * 2.5, right) == "is 2.5 times what it should be"
    assert compare.relation(right * 4, right, examples=4) == "is N times what it should be, for N examples"
    assert compare.relation(right / 4, right, examples=4) == "is what it should be divided by N, for N examples"
    assert compare.relation(-right, right) == "has the wrong sign"
    assert compare.relation(right * 0, right) == "is 0 everywhere"
    assert compare.relation(right[..., ::-1, ::-1], right) == "is turned by 180 degrees"
    assert compare.relation(right.swapaxes(-1, -2), right) == "has rows and columns exchanged"
    assert compare.relation(right + 1, right) == "is 1 too large"
    assert compare.relation(right**2, right) == ""


def test_when():
    wide, far = {"stride is 2": True, "padding is 1": False}, {"stride is 2": False, "padding is 1": True}
    both, none = dict.fromkeys(wide, True), dict.fromkeys(wide, False)
    fails = [(wide, True)] * 9
    assert compare.when([*fails, (both, True), (far, False), (none, False)]) == "when stride is 2"
    assert compare.when([*[(both, True)] * 9, (wide, False), (far, False)]) == "when padding is 1 and stride is 2"
    assert compare.when([*fails, (both, False), (none, False)]) == "in some cases when stride is 2, never otherwise"
    assert compare.when([(wide, True), (none, True)]) == ""
    assert compare.when([*fails[:3], (none, False)]) == "when stride is 2"
    # What few cases have in common may well be chance: one fact, two together, and one that others have, too.
    assert compare.when([*fails[:2], (none, False)]) == ""
    assert compare.when([*[(both, True)] * 6, (wide, False), (far, False)]) == ""
    assert compare.when([*fails[:5], (both, False), (none, False)]) == ""


STUDENT = (Path(naive_layers.__file__)).read_text(encoding="utf-8")
TEST_MODE = """        std = np.sqrt(running_var + eps)
        x_hat = (x - running_mean) / std"""
KEEPS = ("(dout * x_hat).sum(axis=0)\n    dx_hat", "(dout * x_hat).sum(axis=0, keepdims=True)\n    dx_hat")
OF_BATCH = """        std = np.sqrt(x.var(axis=0) + eps)
        x_hat = (x - x.mean(axis=0)) / std"""


@pytest.mark.parametrize(
    ("function", "line", "slip", "mistake"),
    [
        (
            "batchnorm_backward",
            "(dout * x_hat).sum(axis=0)\n    dx_hat",
            "(dout * x_hat).sum(0, keepdims=True)\n    dx_hat",
            "norm-keepdims",
        ),
        ("batchnorm_backward", "(N * dx_hat - dx_hat.sum(axis=0) - x_hat", "(N * dx_hat - x_hat", "norm-mean-dropped"),
        ("batchnorm_forward", TEST_MODE, OF_BATCH, "norm-batch-in-test"),
        (
            "conv_backward_naive",
            "dxp[:, :, pad : pad + H, pad : pad + W]",
            "dxp[:, :, pad:-pad, pad:-pad]",
            "conv-empty-crop",
        ),
        ("softmax_loss", "x - x.max(axis=1, keepdims=True)", "x", "loss-no-maximum"),
        ("dropout_forward", "< p) / p", "< p)", "train-dropout-not-scaled"),
        ("conv_forward_naive", "Ho, Wo))", "Ho, Wo), dtype=int)", ""),
    ],
)
def test_mistakes_as_students_write_them(function, line, slip, mistake, examined):
    """They are named, though they are written otherwise than in the catalogue, and only what is wrong is called wrong."""
    assert STUDENT.count(line) == 1
    namespace = {}
    exec(STUDENT.replace(line, slip), namespace)
    stem = function.rpartition("_forward")[0] or function.rpartition("_backward")[0]
    pair = {name for name in namespace if name == function or (stem and name.startswith(f"{stem}_"))}
    found = examined(namespace, pair - {"batchnorm_backward_alt"}, seconds=0.3)
    assert {name for name, report in found.items() if report.state != "right"} == {function}
    assert found[function].findings[0].mistake == (MISTAKES[mistake].name if mistake else "")
