"""Sharing work between threads: what the parts are, that results do not depend on them, that trouble is not lost."""

import os
import signal
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest

from cnn_core import conv, linear
from cnn_core.cs231n import ThreeLayerConvNet
from cnn_core.machine import in_place, plan
from cnn_core.machine.threads import OURS, _pool, share, threads
from cnn_core.network import first_block
from cnn_core.optim import RULES, Optimizer
from cnn_core.window import Window
from tools.browser import ROOT


@pytest.fixture
def use_threads(monkeypatch):
    """A function that sets how many."""

    def use(count):
        monkeypatch.setenv(OURS, str(count))
        threads.cache_clear()
        _pool.cache_clear()

    yield use
    monkeypatch.undo()
    threads.cache_clear()
    _pool.cache_clear()


def test_without_a_word_there_is_one_thread_and_one_part(monkeypatch):
    monkeypatch.delenv(OURS, raising=False)
    threads.cache_clear()
    assert share(lambda part: (part, threading.current_thread()), 7, 1) == [(slice(0, 7), threading.current_thread())]
    assert share(lambda part: part, 0, 1) == [slice(0, 0)]


@pytest.mark.parametrize(
    ("count", "length", "least", "parts"),
    [
        (2, 7, 1, [(0, 3), (3, 7)]),
        (3, 9, 3, [(0, 3), (3, 6), (6, 9)]),
        (3, 8, 3, [(0, 4), (4, 8)]),
        (4, 2, 0, [(0, 1), (1, 2)]),
        (2, 5, 6, [(0, 5)]),
        (2, 0, 1, [(0, 0)]),
    ],
)
def test_parts_cover_all_in_order_and_are_long_enough(use_threads, count, length, least, parts):
    use_threads(count)
    assert share(lambda part: (part.start, part.stop), length, least) == parts


def test_parts_run_at_the_same_time_under_the_callers_errstate(use_threads):
    use_threads(2)
    meet = threading.Barrier(2, timeout=10)

    def overflow(part):
        meet.wait()  # would break if one came after the other
        return threading.current_thread().name, np.float32(1e38) * np.float32(1e38)

    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error")
        names = {name for name, _ in share(overflow, 2, 1)}
    assert len(names) == 2


@pytest.mark.parametrize("bad", [0, 1])
def test_what_a_part_raises_comes_out_after_the_others_have_ended(use_threads, bad):
    use_threads(2)
    ended = []

    def work(part):
        if part.start == bad:
            raise ValueError("this part")
        time.sleep(0.1)
        ended.append(part)

    with pytest.raises(ValueError, match="this part"):
        share(work, 2, 1)
    assert len(ended) == 1


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", "nan", "\u00b2", "9" * 5000])
def test_a_number_of_threads_that_is_none_is_named(use_threads, text):
    use_threads(text)
    with pytest.raises(ValueError, match=f"{OURS} .*{text[:40]}.* must be a whole number, 1 or more"):
        share(lambda part: part, 2, 1)


@pytest.mark.parametrize("count", [2, 3])
def test_a_training_step_in_threads_is_the_one_of_a_single_thread(use_threads, monkeypatch, count):
    monkeypatch.setattr(first_block, "SHARED", 1)
    monkeypatch.setattr(linear, "SHARED", 1)
    monkeypatch.setattr(in_place, "BLOCK", 16)
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((5, 3, 14, 14)), rng.integers(0, 10, 5)

    def train():
        model = ThreeLayerConvNet((3, 14, 14), 4, 3, 6, dtype=np.float64, weight_scale=0.1, reg=0.1, seed=1)
        optimizer = Optimizer("adam", learning_rate=1e-2)
        losses = []
        for _ in range(3):
            parts = model.loss_parts(x, y)
            losses.append(parts.data_loss + parts.reg_loss)
            optimizer.step(model.params, parts.grads)
        return losses, model.params

    use_threads(1)
    expected, params = train()
    use_threads(count)
    losses, ours = train()
    np.testing.assert_allclose(losses, expected, rtol=1e-12)
    for name, w in params.items():
        np.testing.assert_allclose(ours[name], w, rtol=1e-6, atol=1e-9, err_msg=name)
    again, same = train()
    assert again == losses  # to the bit, for one number of threads
    assert all(np.array_equal(same[name], ours[name]) for name in params)


@pytest.mark.parametrize("rule", RULES)
def test_an_update_in_threads_is_the_same_to_the_bit(use_threads, monkeypatch, rule):
    monkeypatch.setattr(in_place, "BLOCK", 8)  # does not divide a part
    rng = np.random.default_rng(2)
    start, dw = rng.standard_normal((2, 9, 11))

    def after(count):
        use_threads(count)
        w, state = start.copy(), {}
        for _ in range(3):
            RULES[rule](w, dw, state, learning_rate=0.1)
        return w

    np.testing.assert_array_equal(after(2), after(1))


def test_the_environment_sets_it_for_a_process():
    code = "from cnn_core.machine.threads import share; print(len(share(lambda part: part, 9, 1)))"
    env = os.environ | {OURS: "3"}
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert found.stdout == "3\n"


FORKED = """
import os, sys
import numpy as np
from cnn_core.conv import conv2d_backward, conv2d_forward

def checksum():
    rng = np.random.default_rng(0)
    x, weight = rng.integers(-4, 5, (8, 8, 64, 64)) * 1.0, rng.integers(-4, 5, (8, 8, 3, 3)) * 1.0
    out, cache = conv2d_forward(x, weight, np.ones(8), padding=1)
    return [float((array * np.arange(array.size).reshape(array.shape)).sum()) for array in (out, *conv2d_backward(out, cache))]

parent = checksum()
child = os.fork()
if child == 0:
    os._exit(checksum() != parent)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), parent)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_a_forked_child_has_threads_of_its_own_and_all_agree():
    def printed(count):
        command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKED]  # from Python 3.12 on fork warns
        with subprocess.Popen(
            command, cwd=ROOT, env=os.environ | {OURS: count}, stdout=subprocess.PIPE, text=True, start_new_session=True
        ) as process:
            try:
                return process.communicate(timeout=60)[0]
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)  # the child that waits, too

    one, two = printed("1"), printed("2")
    assert one.startswith("0 [")
    assert two == one  # whole numbers: no rounding


@pytest.mark.parametrize("kept", [0, 1 << 24])
@pytest.mark.parametrize(
    ("shape", "weight", "options"),
    [
        ((7, 3, 9, 8), (4, 3, 3, 3), {"stride": 2, "padding": 1}),
        ((7, 4, 30, 30), (8, 2, 3, 2), {"groups": 2, "dilation": 2}),  # a matrix for each image
        ((5, 2, 12, 12), (3, 2, 1, 1), {}),  # nothing is copied
        ((1, 2, 5, 5), (3, 2, 3, 3), {}),
    ],
)
def test_a_convolution_in_threads_is_the_one_of_a_single_thread(use_threads, monkeypatch, kept, shape, weight, options):
    monkeypatch.setattr(plan, "BLOCK", 4096)
    monkeypatch.setattr(plan, "SMALL", -(1 << 40))
    monkeypatch.setattr(plan, "KEPT", kept)
    rng = np.random.default_rng(3)
    x, w, b = (rng.integers(-4, 5, size).astype(float) for size in (shape, weight, weight[:1]))

    def run(count):
        use_threads(count)
        out, cache = conv.conv2d_forward(x, w, b, **options)
        dout = np.random.default_rng(4).integers(-4, 5, out.shape).astype(float)
        return out, *conv.conv2d_backward(dout, cache)

    for ours, alone in zip(run(3), run(1), strict=True):  # whole numbers: no rounding
        np.testing.assert_array_equal(ours, alone)


def test_each_thread_gets_as_many_blocks_of_a_batch(use_threads, monkeypatch):
    window = Window.of(3, padding=1)

    def blocks(n):
        return [images for images, _ in plan.plan((n, 1, 10, 10), 1, window, 1, 8).blocks]

    use_threads(1)
    one = plan.plan((11, 1, 10, 10), 1, window, 1, 8).one
    monkeypatch.setattr(plan, "BLOCK", 4 * one)
    monkeypatch.setattr(plan, "WIDE", 1)
    assert blocks(11) == [slice(0, 4), slice(4, 8), slice(8, 11)]
    use_threads(2)
    assert blocks(11) == [slice(0, 3), slice(3, 6), slice(6, 9), slice(9, 11)]
    assert blocks(4) == [slice(0, 4)]  # too little to be shared
    assert blocks(0) == []
