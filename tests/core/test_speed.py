"""What the layers cost, counted anew by brute force; and a measurement on tiny layers: honest, in pieces, to be stopped."""

import math
from itertools import islice

import numpy as np
import pytest

from cnn_core.speed import (
    VERSIONS,
    WORKS,
    Convolution,
    Growth,
    Limits,
    MaxPooling,
    Piece,
    Plan,
    Report,
    Timing,
    Work,
    data_bytes,
    intensity,
    layers,
    measure,
    operations,
)
from cnn_core.speed.comparison import largest_difference
from cnn_core.walks.trace import trace_conv2d

TINY = {
    "convolution": Convolution(batch=3, channels=2, size=7, filters=2),
    "pooling": MaxPooling(batch=3, channels=2, size=6),
    "growth": {"size": (4, 6), "kernel_size": (1, 4), "batch": (1, 2)},
}
CONVOLUTIONS = [
    Convolution(batch=2, channels=3, size=7, filters=4),
    Convolution(batch=1, channels=2, size=6, filters=3, kernel_size=2, stride=3, padding=0),
    Convolution(batch=3, channels=1, size=5, filters=1, kernel_size=5, stride=1, padding=2),
]
POOLINGS = [MaxPooling(batch=2, channels=3, size=7), MaxPooling(batch=1, channels=1, size=6, kernel_size=3, stride=1)]
CONV_FORWARD, CONV_BACKWARD, POOL_FORWARD, POOL_BACKWARD = WORKS


def plan(**changes):
    return Plan(**(TINY | {"seconds": 0.001} | changes))


def collected(records, report=None):
    report = report or Report(plan())
    for record in records:
        report.add(record)
    return report


def broken(monkeypatch, layer, version, direction, change):
    """Let one direction of a version go through `change`, which gets its answer."""
    table = layers.CONVOLUTION if layer == "convolution" else layers.MAX_POOLING
    both = list(table[version])
    place = ("forward", "backward").index(direction)
    whole = both[place]
    both[place] = lambda *args, **options: change(whole(*args, **options))
    monkeypatch.setitem(table, version, tuple(both))


def test_the_courses_shapes_by_hand():
    conv, pool = Convolution(), MaxPooling()
    outputs = 100 * 25 * 16 * 16
    assert operations(conv, "forward") == outputs * 2 * 27 == 34_560_000
    assert operations(conv, "backward") == outputs * (4 * 27 + 1) == 69_760_000
    assert operations(pool, "forward") == 100 * 3 * 16 * 16 * 3 == 230_400
    assert operations(pool, "backward") == 76_800
    x, out, weight, columns = 100 * 3 * 31 * 31, outputs, 25 * 27, 27 * 100 * 256
    assert data_bytes(conv, "forward", "fast") == 8 * (x + weight + 25 + out) == 7_432_000
    assert data_bytes(conv, "forward", "vectorised") == 8 * (x + weight + 25 + out + 2 * columns)
    assert data_bytes(conv, "backward", "fast") == 8 * (2 * x + 2 * weight + 25 + out)
    assert data_bytes(conv, "backward", "vectorised") == 8 * (x + 2 * weight + 25 + out + 3 * columns)
    assert data_bytes(pool, "forward", "fast") == 8 * (307_200 + 76_800) == data_bytes(pool, "backward", "fast")
    assert data_bytes(pool, "forward", "vectorised", 4) == 4 * (307_200 + 76_800 + 2 * 307_200)
    assert intensity(pool, "forward", "fast") == 0.075


@pytest.mark.parametrize("layer", CONVOLUTIONS, ids=str)
def test_convolutions_operations_counted_one_by_one(layer):
    """By way of the tables of a walk: each window of each map meets each kernel cell, padding or not."""
    inputs = layer.inputs()
    forward = backward = 0
    walk = trace_conv2d(np.rint(inputs.x[0]), np.ones_like(inputs.parameters[0]), np.zeros(layer.filters), layer.window)
    for _ in range(layer.batch * layer.filters * len(walk.origin)):
        backward += 1  # dbias += dout
        for _ in range(layer.channels * len(walk.taps)):
            forward += 2  # sum += weight * x
            backward += 4  # dx += weight * dout, dweight += x * dout
    assert operations(layer, "forward") == forward
    assert operations(layer, "backward") == backward


@pytest.mark.parametrize("layer", POOLINGS, ids=str)
def test_poolings_operations_counted_one_by_one(layer):
    windows = layer.window.view(layer.inputs().x).reshape(-1, math.prod(layer.window.kernel_size))
    assert operations(layer, "forward") == sum(1 for window in windows for _ in window[1:])
    assert operations(layer, "backward") == len(windows)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("layer", [*CONVOLUTIONS, *POOLINGS], ids=str)
def test_the_bytes_are_those_of_the_arrays(layer, dtype):
    inputs = layer.inputs(dtype)
    out, _ = layer.forward("fast", inputs)
    gradients = layer.backward("fast", inputs.dout, layer.forward("fast", inputs)[1])
    columns = np.ascontiguousarray(layer.window.view(layer.window.pad(inputs.x))).nbytes
    size = np.dtype(dtype).itemsize
    forward = sum(array.nbytes for array in (inputs.x, *inputs.parameters, out))
    written = sum(array.nbytes for array in gradients)
    assert data_bytes(layer, "forward", "loops", size) == data_bytes(layer, "forward", "fast", size) == forward
    assert data_bytes(layer, "forward", "vectorised", size) == forward + 2 * columns
    if isinstance(layer, MaxPooling):
        assert data_bytes(layer, "backward", "fast", size) == inputs.dout.nbytes + written
        assert data_bytes(layer, "backward", "vectorised", size) == inputs.dout.nbytes + written + 2 * columns
    else:
        rest = inputs.dout.nbytes + inputs.parameters[0].nbytes + written
        assert data_bytes(layer, "backward", "fast", size) == inputs.x.nbytes + rest
        assert data_bytes(layer, "backward", "vectorised", size) == 3 * columns + rest


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_measurement_finds_everything_and_the_versions_agree(dtype):
    tiny = plan(dtype=dtype, seconds=5.0)
    records = list(measure(tiny))
    report = collected(records, Report(tiny))
    assert report.finished
    assert list(report.timings) == [(work, version) for work in WORKS for version in VERSIONS]
    for (work, version), timing in report.timings.items():
        assert timing.seconds > 0
        assert timing.images == 3  # the time was enough for all
        assert timing.difference <= (1e-12 if dtype == "float64" else 1e-4)
        assert report.speed_up(work, version) == report.seconds(work, "loops") / timing.seconds
        assert report.rate(work, version) == operations(tiny.layer(work), work.direction) / timing.seconds
    assert {(point.axis, point.value) for point in report.growth} == {
        (axis, value) for axis, values in TINY["growth"].items() for value in values
    }
    assert [point.value for point in report.curve("size", "fast")] == [4, 6]
    assert report.limits.operations > 0
    assert report.limits.bytes > 0
    shares = [record.share for record in records if isinstance(record, Piece)]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (pytest.approx(0, abs=0.01), 1)
    assert all(record.doing for record in records if isinstance(record, Piece))


def test_every_version_computes_in_the_dtype_that_was_asked_for(monkeypatch):
    seen = set()
    for version in VERSIONS:
        for direction in ("forward", "backward"):
            for layer in ("convolution", "max pooling"):

                def note(answer):
                    first = answer[0] if isinstance(answer, tuple) else answer
                    seen.add(first.dtype.name)
                    return answer

                broken(monkeypatch, layer, version, direction, note)
    list(measure(plan(dtype="float32")))
    assert seen == {"float32"}


@pytest.mark.parametrize("version", ["vectorised", "fast"])
@pytest.mark.parametrize(
    ("work", "change"),
    [
        (CONV_FORWARD, lambda answer: (answer[0] + 0.25, answer[1])),
        (CONV_BACKWARD, lambda answer: (answer[0] + 0.25, *answer[1:])),
        (CONV_BACKWARD, lambda answer: (answer[0], answer[1] + 0.25, answer[2])),
        (CONV_BACKWARD, lambda answer: (*answer[:2], answer[2] - 0.25)),
        (POOL_FORWARD, lambda answer: (answer[0] - 0.25, answer[1])),
        (POOL_BACKWARD, lambda answer: answer + 0.25),
    ],
    ids=["out", "dx", "dweight", "dbias", "pooled", "pooled dx"],
)
def test_a_wrong_answer_shows_as_a_difference(monkeypatch, version, work, change):
    broken(monkeypatch, work.layer, version, work.direction, change)
    report = collected(measure(plan()))
    for (other, of), timing in report.timings.items():
        wrong = (other, of) == (work, version)
        assert timing.difference == pytest.approx(0.25 if wrong else 0, abs=1e-12)


def test_a_wrong_loop_shows_as_a_difference_of_the_others(monkeypatch):
    broken(monkeypatch, "max pooling", "loops", "forward", lambda answer: (answer[0] * 0, answer[1]))
    report = collected(measure(plan()))
    assert report.timings[POOL_FORWARD, "fast"].difference > 0.1


def test_the_largest_difference_hides_nothing():
    one, other = np.zeros((2, 3)), np.zeros((2, 3))
    other[1, 1] = -0.5
    assert largest_difference((one, one), (one, other)) == 0.5
    assert math.isnan(largest_difference((one,), (one * np.nan,)))
    assert math.isnan(largest_difference((one, one), (other, one * np.nan)))
    assert largest_difference((one,), (one[:1],)) == math.inf  # they would broadcast
    assert largest_difference((one,), (one, one)) == math.inf


def test_the_loops_end_in_time_and_are_scaled_to_the_batch(monkeypatch):
    tiny = plan(convolution=Convolution(batch=50, channels=1, size=3, filters=1))
    clock = iter(np.arange(0, 1e6))  # each look at the clock is a second later
    monkeypatch.setattr("cnn_core.speed.comparison.perf_counter", lambda: next(clock))
    images = [r for r in measure(tiny) if isinstance(r, Timing) and (r.work, r.version) == (CONV_FORWARD, "loops")]
    assert [timing.images for timing in images] == [1]  # one at least, and no other when the time is up
    assert images[0].seconds == 50  # an image took one second


def test_what_was_measured_before_a_stop_stays():
    tiny = plan()
    everything = list(measure(tiny))
    pieces = measure(tiny)
    report = collected(islice(pieces, everything.index(next(r for r in everything if isinstance(r, Timing))) + 1))
    pieces.close()
    assert list(report.timings) == [(CONV_FORWARD, "loops")]
    assert report.timings[CONV_FORWARD, "loops"].images == 1
    assert not report.finished
    assert report.limits is None
    assert report.speed_up(CONV_FORWARD, "fast") is None
    assert report.rate(CONV_BACKWARD, "loops") is None
    assert report.curve("batch", "fast") == []


def test_a_later_timing_takes_the_place_of_the_earlier():
    report = collected([Timing(CONV_FORWARD, "loops", 3.0, 1), Timing(CONV_FORWARD, "loops", 2.0, 2)])
    assert report.seconds(CONV_FORWARD, "loops") == 2
    report = collected([Growth("size", 9, "fast", 2.0), Growth("size", 4, "fast", 1.0), Limits(1.0, 2.0)])
    assert [point.value for point in report.curve("size", "fast")] == [4, 9]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dtype": "int8"}, r"dtype \(='int8'\) must be \"float64\" or \"float32\""),
        ({"seconds": 0}, r"seconds \(=0\) must be a number above 0"),
        ({"seconds": math.nan}, r"seconds \(=nan\) must be"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Plan(**options)


def test_a_work_names_itself():
    assert str(Work("max pooling", "backward")) == "max pooling, backward"
