"""The Speed page: useful before the first click; shows what was measured and nothing else; one measurement at a time."""

import math
import re
from itertools import islice

import pytest

from cnn_core import speed
from cnn_core.speed import (
    VERSIONS,
    WORKS,
    Convolution,
    Limits,
    MaxPooling,
    Plan,
    Report,
    Timing,
    data_bytes,
    operations,
)
from pages.figures.speed_charts import growth_curves, roofline, time_bars, time_text, times_text
from pages.sections import measuring
from tests.app.lesson import calm, charts, figure, open_lesson, texts

FORWARD = WORKS[0]


def tiny(dtype, seconds):
    """As `measuring.plan`, on shapes so small that all is done in a moment."""
    layers = Convolution(batch=3, channels=2, size=6, filters=2), MaxPooling(batch=3, channels=2, size=4)
    return Plan(*layers, dtype=dtype, seconds=seconds, growth={"size": (4, 6), "kernel_size": (1, 3), "batch": (1, 2)})


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(measuring, "plan", tiny)


def start(app):
    return app.button(key="start").click().run()


def stop_after(monkeypatch, records):
    """Let the measurement be closed after so many records, as the page's next run does when Stop was pressed."""

    def pieces(plan):
        yield from islice(speed.measure(plan), records)
        measuring.report()
        yield from speed.measure(plan)

    monkeypatch.setattr(measuring, "measure", pieces)


def found(app):
    return app.session_state[measuring.KEY].report


def table(app, number):
    return app.table[number].value.to_dict("records")


def words(app):
    return " ".join(texts(app.markdown))


def test_before_the_start_the_page_says_what_there_is_to_do(monkeypatch):
    monkeypatch.undo()  # the course's shapes
    app = open_lesson("speed", dtype="float32")
    assert calm(app)
    assert not app.button(key="start").disabled
    assert app.button(key="stop").disabled
    rows, plan = table(app, 0), Plan(dtype="float32")
    assert [row["layer"] for row in rows] == [str(work) for work in WORKS]
    assert [row["operations"] for row in rows] == [
        f"{operations(plan.layer(work), work.direction):,}" for work in WORKS
    ]
    assert rows[0]["vectorised: MB"] == f"{data_bytes(Convolution(), 'forward', 'vectorised', 4) / 1e6:.1f}"
    assert "100 pictures of 31×31 in 3 channels under 25 filters of 3×3 (stride 2, padding 1)" in words(app)
    assert charts(app) == {}
    assert app.get("page_link")[0].proto.page == "im2col"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_run_shows_the_numbers_that_it_measured(dtype):
    app = start(open_lesson("speed", dtype=dtype, seconds="0.2"))
    assert calm(app)
    report = found(app)
    assert report.finished
    assert report.plan == tiny(dtype, 0.2)
    assert [(row["layer"], row["version"]) for row in table(app, 0)] == [(str(w), v) for w in WORKS for v in VERSIONS]
    for row, timing in zip(table(app, 0), report.timings.values(), strict=True):
        assert row["a batch"] == time_text(timing.seconds)
        if timing.version == "loops":
            assert (row["speed-up"], row["largest difference"], row["measured on"]) == ("–", "–", "3 pictures")
        else:
            assert row["speed-up"] == times_text(report.speed_up(timing.work, timing.version))
            assert float(row["largest difference"]) == pytest.approx(timing.difference, rel=0.1)
    bars, _ = figure(app, "time_bars")
    for bar in bars:
        assert bar["x"] == [report.seconds(work, bar["name"]) for work in WORKS]
    for axis in speed.AXES:
        curves, _ = figure(app, f"growth_{axis}")
        assert curves[1]["y"] == [point.seconds for point in report.curve(axis, "fast")]
    points, _ = figure(app, "roofline")
    assert points[1]["y"] == [report.rate(work, "loops") / 1e9 for work in WORKS]
    assert f"**{report.limits.operations / 1e9:.3g} billion operations per second**" in words(app)
    assert f"**{report.limits.bytes / 1e9:.3g} GB per second**" in words(app)
    assert not measuring.MEASURING.locked()
    assert app.button(key="start").label == "Start anew"
    assert not app.button(key="start").disabled
    assert app.button(key="stop").disabled


def test_a_result_stays_and_says_with_which_settings_it_was_measured():
    app = start(open_lesson("speed", seconds="0.2"))
    before = table(app, 0)
    assert texts(app.info) == []
    app.radio(key="dtype").set_value("float32").run()
    assert table(app, 0) == before
    assert texts(app.info) == [
        "Measured with other settings (float64, 0.2 s for the loops). **Start anew** uses those of the sidebar."
    ]
    start(app)
    assert found(app).plan.dtype == "float32"
    assert texts(app.info) == []


def test_a_stop_keeps_what_was_measured_and_says_that_the_rest_is_missing(monkeypatch):
    records = list(speed.measure(tiny("float64", 1.0)))
    two = [n for n, record in enumerate(records) if isinstance(record, Timing) and record.version == "fast"][1]
    stop_after(monkeypatch, two + 1)
    app = start(open_lesson("speed"))
    assert calm(app)
    assert list(found(app).timings) == [(work, version) for work in WORKS[:2] for version in VERSIONS]
    assert texts(app.info) == ["Stopped half way: you see what was measured by then; the rest is missing."]
    assert [row["a batch"] for row in table(app, 0)][6:] == ["missing"] * 6
    assert all(len(bar["x"]) == 2 for bar in figure(app, "time_bars")[0])
    assert list(charts(app)) == ["time_bars"]
    assert not measuring.MEASURING.locked()


def test_a_stop_during_the_growth_shows_the_axes_that_were_done(monkeypatch):
    records = list(speed.measure(tiny("float64", 1.0)))
    first = [n for n, record in enumerate(records) if isinstance(record, speed.Growth) and record.axis == "size"]
    stop_after(monkeypatch, first[-1] + 1)
    app = start(open_lesson("speed"))
    assert calm(app)
    assert {"kernel size: missing", "batch: missing"} <= set(texts(app.caption))
    assert figure(app, "growth_size")
    assert figure(app, "roofline")


def test_a_stop_before_the_first_number_says_so(monkeypatch):
    stop_after(monkeypatch, 1)
    app = start(open_lesson("speed"))
    assert calm(app)
    assert texts(app.info) == ["Stopped before anything was measured."]


def test_what_is_shown_no_longer_changes(monkeypatch):
    """The old run's thread may go on for a moment: what it still measures must not mix with what is on the page."""
    app = start(open_lesson("speed"))
    held = app.session_state[measuring.KEY]
    assert held.closed
    stop_after(monkeypatch, 3)  # it goes on with records after that
    start(app)
    assert list(found(app).timings) == [(FORWARD, "loops")]
    assert found(app).timings[FORWARD, "loops"].images == 1


def test_a_wrong_version_is_seen_on_the_page(monkeypatch):
    forward, backward = speed.layers.CONVOLUTION["fast"]
    wrong = (lambda *args, **options: (forward(*args, **options)[0] + 0.5, None)), backward
    monkeypatch.setitem(speed.layers.CONVOLUTION, "fast", wrong)
    monkeypatch.setattr(Convolution, "backward", lambda self, version, dout, cache: (dout,))
    app = start(open_lesson("speed"))
    assert [float(row["largest difference"]) for row in table(app, 0)[1:3]] == [pytest.approx(0, abs=1e-12), 0.5]


def test_whoever_comes_second_waits_and_is_told(monkeypatch):
    monkeypatch.setattr(measuring, "PATIENCE", 0.05)
    monkeypatch.setattr(measuring, "REFRESH", 0.02)
    app = open_lesson("speed")
    with measuring.MEASURING:
        start(app)
        assert not app.exception
        (warning,) = texts(app.warning)
        assert warning.startswith("Others have been measuring on this server for 0.05 s")
        assert warning.endswith("Press Start again later.")
        assert measuring.KEY not in app.session_state
        assert measuring.MEASURING.locked()
    assert not app.button(key="start").disabled
    start(app)
    assert calm(app)
    assert found(app).finished


@pytest.mark.parametrize("problem", [MemoryError("no room for 3 GB"), ValueError("x must be 4")])
def test_an_error_is_told_in_words_and_gives_the_turn_back(monkeypatch, problem):
    def fails(plan):
        yield from islice(speed.measure(plan), 2)
        raise problem

    monkeypatch.setattr(measuring, "measure", fails)
    app = start(open_lesson("speed"))
    assert not app.exception
    assert texts(app.warning) == [str(problem)]
    assert not measuring.MEASURING.locked()
    assert texts(app.run().warning) == []


@pytest.mark.parametrize(
    ("parameter", "value", "remedy"),
    [("dtype", "int8", "must be one of float64, float32"), ("seconds", "3", "must be one of 0.2, 0.5, 1, 2, 5")],
)
def test_a_bad_parameter_is_named_with_its_remedy(parameter, value, remedy):
    app = open_lesson("speed", **{parameter: value})
    (warning,) = texts(app.warning)
    assert warning.startswith(f"{parameter} (={value}) in the link {remedy}")
    assert not app.exception


def test_the_code_of_all_three_versions_is_there():
    app = open_lesson("speed")
    app.toggle(key="code_open").set_value(True).run()
    names = [re.search(r"^def (\w+)\(", block.value, re.MULTILINE)[1] for block in app.code]
    assert names == [
        *("conv2d_forward_naive", "conv2d_backward_naive"),
        *("conv2d_forward_vectorized", "conv2d_backward_vectorized"),
        *("conv2d_forward", "conv2d_backward"),
    ]
    app.radio(key="code_layer").set_value("max_pooling").run()
    assert calm(app)
    assert "\ndef max_pool2d_forward(" in app.code[4].value


def test_times_and_ratios_are_written_in_three_digits():
    seconds = [12.345, 1.0, 0.99949, 0.99951, 0.0521, 0.000999, 0.0000123, 3e-8]
    assert [time_text(s) for s in seconds] == [
        "12.3 s",
        "1 s",
        "999 ms",
        "1 s",
        "52.1 ms",
        "999 µs",
        "12.3 µs",
        "0.03 µs",
    ]
    assert [times_text(r) for r in (1.0, 0.52, 9.96, 52.4, 1239.6, 987654)] == [
        *("1.0×", "0.5×", "10×", "52×", "1,240×", "988,000×")
    ]


def by_hand():
    report = Report(tiny("float64", 1.0))
    for work, seconds in zip(WORKS, (2.0, 4.0, 1.0, 0.5), strict=True):
        for version, part in zip(VERSIONS, (1, 0.01, 0.001), strict=True):
            report.add(Timing(work, version, seconds * part, 3))
    return report


def test_the_bars_carry_their_numbers_and_are_told_apart_without_colours():
    figure = time_bars(by_hand())
    assert [bar["text"][0] for bar in figure["data"]] == ["2 s", "20 ms, 100×", "2 ms, 1,000×"]
    assert len({bar["marker"]["pattern"]["shape"] for bar in figure["data"]}) == 3
    low, high = figure["layout"]["xaxis"]["range"]
    assert low < math.log10(0.0005)
    assert high > math.log10(4.0)


def test_the_points_stand_where_operations_and_bytes_put_them():
    report = by_hand()
    roof, loops, vectorised, fast = roofline(report, Limits(4e9, 2e9))["data"]
    assert roof["x"][1] == 2  # operations per byte at which copying and multiplying take equally long
    assert roof["y"][1:] == [4, 4]
    assert roof["y"][0] == roof["x"][0] * 2
    layer = report.plan.convolution
    done = operations(layer, "forward")
    assert fast["x"][0] == loops["x"][0] == done / data_bytes(layer, "forward", "fast")
    assert vectorised["x"][0] == done / data_bytes(layer, "forward", "vectorised")
    assert fast["y"][0] == pytest.approx(done / 0.002 / 1e9)
    assert len({trace["marker"]["symbol"] for trace in (loops, vectorised, fast)}) == 3


def test_the_dotted_line_grows_as_the_arithmetic():
    report = by_hand()
    for value, seconds in ((4, 1.0), (6, 3.0)):
        report.add(speed.Growth("size", value, "fast", seconds))
    fast, proportion = growth_curves(report, "size")["data"]
    assert (fast["x"], fast["y"]) == ([4, 6], [1.0, 3.0])
    less, more = (operations(report.plan.grown("size", size), "forward") for size in (4, 6))
    assert proportion["y"] == [pytest.approx(3 * less / more), 3]
