"""The pooling page: the player gets the core's numbers, the slip is the slip, and what is dropped is counted right."""

import numpy as np
import pytest

from cnn_core.pool import (
    avg_pool2d_backward_naive,
    avg_pool2d_forward_naive,
    max_pool2d_backward_naive,
    max_pool2d_forward_naive,
)
from cnn_core.shares import percent
from tests.app.lesson import (
    calm,
    change,
    control,
    formula,
    images,
    open_lesson,
    sees_the_windows_cells,
    sent,
    texts,
    unpack,
    values,
    walked,
    window,
)

POOLS = {
    "max": (max_pool2d_forward_naive, max_pool2d_backward_naive),
    "average": (avg_pool2d_forward_naive, avg_pool2d_backward_naive),
}
FEW = {"input": "few_numbers", "input_size": "6"}
APART = {"per_axis": "true", "kernel_size_height": "3", "stride_height": "1", "padding_width": "1"}
SETTINGS = {
    "as it opens": {},
    "overlapping": {"stride": "1", "kernel_size": "3", "dout": "random"},
    "rows never read": {"stride": "3", "input": "gradient", "input_size": "10", "dout": "from_loss"},
    "padded": {"kernel_size": "5", "padding": "2", "input": "shuffled_numbers", "input_size": "7", "dout": "one_cell"},
    "ties": FEW | {"kernel_size": "3", "stride": "2", "padding": "1"},
    "three channels": FEW | {"channels": "3", "kernel_size": "3", "stride": "2", "dout": "random"},
    "four channels": {"input": "digit", "channels": "4", "stride": "3", "dout": "random"},
    "a_photograph": {"input": "fruit", "input_size": "8", "channels": "3", "dout": "from_loss"},
    "axes apart": APART | FEW | {"channels": "2", "dout": "random"},
}


@pytest.fixture(scope="module", params=[(pooling, name) for pooling in POOLS for name in SETTINGS], ids=" ".join)
def page(request):
    pooling, name = request.param
    return open_lesson("pooling", **SETTINGS[name], pooling=pooling)


def given(app):
    """What the layer is called with, from what the player was sent: x, and the settings."""
    geometry = window(app)
    x = geometry.crop(values(app, "x"))
    return x[None], geometry.kernel_size, {"stride": geometry.stride, "padding": [side[0] for side in geometry.padding]}


def test_the_player_makes_what_the_layer_computes(page):
    assert calm(page)
    forward, backward = POOLS[control(page, "pooling").value]
    x, kernel_size, options = given(page)
    out, cache = forward(x, kernel_size, **options)
    made = walked(page)
    np.testing.assert_allclose(made["out"], out[0], rtol=0, atol=1e-9)
    np.testing.assert_array_equal(made["out"], values(page, "out"))
    dx = backward(values(page, "dout")[None], cache)[0]
    np.testing.assert_allclose(window(page).crop(made["dx"]), dx, rtol=0, atol=1e-9)
    assert [(p["name"], p["steps"]) for p in sent(page)["phases"]] == [("forward", out.size), ("backward", out.size)]


def test_the_windows_cells_are_the_geometrys(page):
    assert sees_the_windows_cells(sent(page), window(page), given(page)[0].shape[2:])


def test_the_winner_is_the_first_cell_with_the_output(page):
    if control(page, "pooling").value == "average":
        assert sent(page)["winner"] is None
        return
    data, x = sent(page), values(page, "x")
    x[:, unpack(data["blank"]).reshape(x.shape[1:]) == 1] = -np.inf
    cells = unpack(data["origin"])[:, None] + unpack(data["taps"])
    seen = x.reshape(len(x), -1)[:, cells].reshape(-1, cells.shape[1])
    np.testing.assert_array_equal(unpack(data["winner"]), seen.argmax(axis=1))
    np.testing.assert_array_equal(seen.max(axis=1), values(page, "out").ravel())


def test_activations_dropped_are_counted(page):
    x, (kh, kw), options = given(page)
    (sh, sw), (top, left) = options["stride"], options["padding"]
    kept, read = set(), set()
    for c, row, column in np.ndindex(*values(page, "out").shape):
        cells = [
            (c, row * sh - top + i, column * sw - left + j)
            for i in range(kh)
            for j in range(kw)
            if 0 <= row * sh - top + i < x.shape[2] and 0 <= column * sw - left + j < x.shape[3]
        ]
        read |= set(cells)
        kept.add(max(cells, key=lambda cell: x[0][cell]))  # the first of several
    (metric,) = page.metric
    words = " ".join(texts(page.markdown))
    if control(page, "pooling").value == "max":
        dropped = x.size - len(kept)
        assert f"Of the {x.size:,} numbers, {len(kept):,} are the largest" in words
        assert f"**{dropped:,} are dropped**" in words
    else:
        dropped = x.size - len(read)
        assert f"{len(read):,} numbers are blended into {values(page, 'out').size:,}" in words
    assert (metric.label, metric.value) == ("activations dropped", percent(dropped / x.size))


@pytest.mark.parametrize(
    ("parameters", "share", "dropped"),
    [
        ({}, "75%", 48),
        ({"channels": "4"}, "75%", 192),
        ({"kernel_size": "1", "stride": "1"}, "0%", 0),
        ({"input": "impulse", "input_size": "5", "kernel_size": "3", "stride": "1"}, "96%", 24),  # one wins nine times
        ({"pooling": "average", "kernel_size": "3", "stride": "3"}, "44%", 28),  # 8x8: the last rows are never read
        ({"pooling": "average", "kernel_size": "3", "stride": "3", "channels": "2"}, "44%", 56),
    ],
    ids=str,
)
def test_the_dropped_share_by_hand(parameters, share, dropped):
    app = open_lesson("pooling", **parameters)
    assert app.metric[0].value == share
    words = " ".join(texts(app.markdown))
    cells = window(app).crop(values(app, "x")).size
    assert f"**{dropped} are dropped**" in words or f"{cells - dropped} numbers are blended" in words


BROKEN = {
    "2x2, stride 2": {"dout": "random"},
    "3x3, stride 1": {"kernel_size": "3", "stride": "1", "input": "shuffled_numbers", "input_size": "6"},
    "random": {"kernel_size": "3", "stride": "1", "input": "shuffled_numbers", "input_size": "6", "dout": "random"},
    "channels": FEW | {"kernel_size": "3", "stride": "2", "channels": "3", "dout": "random"},
    "padded": FEW | {"kernel_size": "4", "stride": "2", "padding": "2", "channels": "2"},
    "much padding": FEW | {"kernel_size": "7", "stride": "3", "padding": "3", "dout": "random"},
    "axes apart": APART | FEW | {"dout": "random"},
}


def both_ways(app):
    """dx as it should be, and as `=` for `+=` leaves it, in plain loops."""
    x, dout = values(app, "x"), values(app, "dout")
    geometry = window(app)
    (kh, kw), (sh, sw) = geometry.kernel_size, geometry.stride
    if control(app, "pooling").value == "max":
        x[:, unpack(sent(app)["blank"]).reshape(x.shape[1:]) == 1] = -np.inf
    right, wrong = np.zeros_like(x), np.zeros_like(x)
    for c, row, column in np.ndindex(*dout.shape):
        part = np.s_[c, row * sh : row * sh + kh, column * sw : column * sw + kw]
        share = np.full((kh, kw), dout[c, row, column] / (kh * kw))
        hit = np.ones((kh, kw), dtype=bool)
        if control(app, "pooling").value == "max":
            share *= kh * kw
            hit = np.arange(kh * kw).reshape(kh, kw) == x[part].argmax()
        right[part] += share * hit
        wrong[part] = np.where(hit, share, wrong[part])
    return right, wrong


@pytest.mark.parametrize("pooling", POOLS)
@pytest.mark.parametrize("parameters", BROKEN.values(), ids=BROKEN)
def test_the_wrong_cells_of_the_broken_backward_pass_are_counted_and_named(parameters, pooling):
    app = open_lesson("pooling", **parameters, pooling=pooling, broken="true")
    assert calm(app)
    right, wrong = both_ways(app)
    np.testing.assert_allclose(walked(app)["dx"], wrong, rtol=0, atol=1e-9)
    right, wrong = window(app).crop(right), window(app).crop(wrong)  # dx has no padding
    at = np.argwhere(~np.isclose(right, wrong, rtol=0, atol=1e-9))
    here, there, _ = app.metric
    assert (here.label, here.value) == ("wrong cells of dx, here", str(len(at)))
    assert (there.label, there.value) == ("wrong cells with 2×2 windows, stride 2", "0")
    notes, words = texts(app.caption), " ".join(texts(app.markdown))
    assert "Relative error of dx: 0.0e+00. The usual test passes." in notes
    error = np.abs(right - wrong).max() / (np.abs(right) + np.abs(wrong)).max()
    (told,) = [
        float(note.split()[-1][:-1]) for note in notes if note.startswith("Relative error") and "usual" not in note
    ]
    assert told == pytest.approx(error, rel=0.05, abs=1e-9)
    if len(at):
        named = [f"dx[{', '.join(map(str, cell if len(right) > 1 else cell[1:]))}]" for cell in at.tolist()]
        more = f" and {len(at) - 6} more" if len(at) > 6 else ""
        assert any("The **wrong steps** that the figure counts are all those" in note for note in notes)
        assert f"Wrong: {', '.join(named[:6])}{more}. Each lies under several windows" in words
    else:
        assert "the slip does no harm" in words
    assert len(at) > 0 or "dout" in parameters


def test_the_slip_is_off_at_first_and_changes_the_backward_walk_only():
    app = open_lesson("pooling", preset="overlapping_stride_1")
    assert "Broken on purpose" not in [heading.value for heading in app.subheader]
    out, dx = walked(app)["out"], walked(app)["dx"]
    assert calm(change(app, "broken", True))
    assert "Broken on purpose" in [heading.value for heading in app.subheader]
    np.testing.assert_array_equal(walked(app)["out"], out)
    assert (walked(app)["dx"] != dx).any()


def test_a_walk_too_long_to_compare_says_so():
    app = open_lesson("pooling", input="lake", input_size="128", kernel_size="3", stride="1", broken="true")
    assert calm(app)
    assert "Choose a smaller input to have the wrong cells counted." in texts(app.caption)


def test_the_formula_has_the_readers_numbers():
    app = open_lesson("pooling", input="cross", input_size="11", kernel_size="4", stride="3", padding="1")
    assert r"\frac{11 + 2 \cdot 1 - 4}{3} \right\rfloor + 1 = 4" in formula(app)
    assert sent(app)["titles"] | {"x": "input 11×11, padded 13×13", "out": "output 4×4"} == sent(app)["titles"]


def test_the_whole_picture_is_pooled_too():
    app = open_lesson("pooling", preset="a_photograph", kernel_size="4", stride="3", pooling="average")
    assert list(images(app)) == ["input, 200×200", "after average pooling, 66×66"]
    assert list(images(open_lesson("pooling"))) == [
        "input, 200×200",
        "after max pooling, 100×100",
    ]  # beside a digit, too
