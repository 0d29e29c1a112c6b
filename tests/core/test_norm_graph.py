"""The staged graph of a norm: against the layer, PyTorch and differences, each stage against its own inputs, and rounded."""

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn_core import norm
from cnn_core.cs231n import layers as course
from cnn_core.walks.norm_graph import STAGES, sets_of, trace_norm
from cnn_core.walks.norm_running import MOMENTUM, running_averages

SHAPES = [(4, 6, 4, 4), (1, 6, 3, 5), (2, 6, 1, 2), (5, 6), (3, 6, 20, 21)]  # the last: the layer views it row by row
CASES = [
    *[("batch", shape, 1, training) for shape in SHAPES for training in (True, False)],
    *[("layer", shape, 1, True) for shape in SHAPES],
    *[("group", shape, groups, True) for shape in SHAPES for groups in (1, 2, 3)],
    *[("instance", shape, 1, True) for shape in SHAPES if len(shape) == 4],
]


def make(kind, shape, seed=0, spread=1.0, offset=0.5):
    rng = np.random.default_rng(seed)
    parameters = shape[1:] if kind == "layer" else shape[1:2]
    x = spread * rng.standard_normal(shape) + offset
    gamma, beta = rng.standard_normal((2, *parameters))
    running = rng.standard_normal(shape[1]), rng.uniform(0.5, 2, shape[1])
    return x, gamma, beta, rng.standard_normal(shape), running


def graph_and_layer(kind, shape, groups, training, **options):
    x, gamma, beta, dout, running = make(kind, shape, **options)
    given = None if training else running
    graph = trace_norm(kind, x, gamma, beta, num_groups=groups, dout=dout, running=given)
    if kind == "batch":
        mean, variance = (array.copy() for array in running)
        out, cache = norm.batch_norm_forward(x, gamma, beta, mean, variance, training=training)
    elif kind == "group":
        out, cache = norm.group_norm_forward(x, groups, gamma, beta)
    else:
        out, cache = getattr(norm, f"{kind}_norm_forward")(x, gamma, beta)
    return graph, {"out": out, "cache": cache} | dict(
        zip(("dx", "dgamma", "dbeta"), norm.norm_backward(dout, cache), strict=True)
    )


def check_agreement(graph, layer, room):
    """Forward, and back by the stages and by the closed form, it is what the layer computes."""
    numbers = graph.cells | graph.entries
    pairs = [(numbers[name], layer[name]) for name in ("out", "dx", "dgamma", "dbeta")]
    for ours, theirs in [*pairs, (numbers["closed_out"], layer["out"]), (numbers["closed_dx"], layer["dx"])]:
        np.testing.assert_allclose(ours.ravel(), theirs.ravel(), rtol=0, atol=room)
    cache = layer["cache"]
    for name in ("mean", "variance", "std"):
        np.testing.assert_allclose(graph.sets[name], getattr(cache, name).ravel(), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_stages_end_where_the_layer_does(case):
    check_agreement(*graph_and_layer(*case), 1e-12)


@given(
    case=st.sampled_from(CASES[:-5]),
    seed=st.integers(0, 2**32),
    spread=st.floats(0.05, 100),
    offset=st.floats(-50, 50),
)
def test_the_stages_end_where_the_layer_does_for_any_numbers(case, seed, spread, offset):
    graph, layer = graph_and_layer(*case, seed=seed, spread=spread, offset=offset)
    normalized = np.abs(graph.cells["normalized"]).max()
    large = (1 + abs(offset) + spread) * (1 + normalized) * (1 + np.abs(graph.cells["dx"]).max())
    check_agreement(graph, layer, 1e-12 * large / graph.sets["std"].min())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_pytorch_agrees_at_every_stage(case):
    """Autograd's gradient of every stage, both of what a number goes into and of what it was made of."""
    torch = pytest.importorskip("torch")
    kind, shape, _, training = case
    graph, _ = graph_and_layer(*case)
    x, gamma, beta, dout, running = make(kind, shape)
    labels, m = torch.tensor(graph.set_of.copy()), graph.size
    t = {name: torch.tensor(value, requires_grad=True) for name, value in (("x", x), ("gamma", gamma), ("beta", beta))}
    sums = lambda values: torch.zeros(len(graph.sets["std"]), dtype=values.dtype).index_add(  # noqa: E731
        0, labels.ravel(), values.ravel()
    )
    wide = (1, -1) + (1,) * (len(shape) - 2)
    fit = lambda p: p[None] if kind == "layer" else p.reshape(wide)  # noqa: E731
    t["mean"] = sums(t["x"]) / m if training else torch.tensor(running[0])
    t["centered"] = t["x"] - t["mean"][labels]
    t["squared"] = t["centered"] ** 2
    t["variance"] = sums(t["squared"]) / m if training else torch.tensor(running[1])
    t["std"] = torch.sqrt(t["variance"] + 1e-5)
    t["normalized"] = t["centered"] / t["std"][labels]
    t["scaled"] = fit(t["gamma"]) * t["normalized"]
    t["out"] = t["scaled"] + fit(t["beta"])
    kept = [tensor for tensor in t.values() if tensor.requires_grad]
    for tensor in kept:
        tensor.retain_grad()
    t["out"].backward(torch.tensor(dout))
    ours = graph.cells | graph.sets | graph.entries
    asked = [name for name in t if f"d{name}" in ours and t[name].grad is not None]
    most = {"x", "gamma", "beta", "centered", "normalized", "scaled"} | (
        {"mean", "squared", "variance", "std"} & set(t)
    )
    assert set(asked) | {"out"} >= (most if training else most - {"mean", "squared", "variance", "std"})
    for name in t:
        if name in ours:
            np.testing.assert_allclose(ours[name].ravel(), t[name].detach().numpy().ravel(), atol=1e-12, err_msg=name)
    for name in asked:
        np.testing.assert_allclose(ours[f"d{name}"].ravel(), t[name].grad.numpy().ravel(), atol=1e-11, err_msg=name)


def as_rounded(value):
    return value.quantize(Decimal("0.000001"), ROUND_HALF_UP)  # away from zero, as rounding.py does


def exact(number):
    return Decimal(f"{number:.6f}")


@pytest.mark.parametrize("case", [case for case in CASES if len(case[1]) < 4 or case[1][2] < 20], ids=str)
def test_rounded_every_number_is_made_of_those_that_are_written(case):
    """What one would reckon by hand from the six decimals of the numbers before, and round; no float in between."""
    kind, shape, groups, training = case
    x, gamma, beta, dout, running = make(kind, shape)
    options = {"num_groups": groups, "dout": dout, "running": None if training else running}
    graph = trace_norm(kind, x, gamma, beta, decimals=6, **options)
    names = [*graph.cells, *graph.sets, *graph.entries]
    flat = {name: [exact(value) for value in graph.spread(name).ravel()] for name in names}
    for name in names:
        np.testing.assert_array_equal([float(value) for value in flat[name]], graph.spread(name).ravel(), err_msg=name)
    members = [np.flatnonzero(graph.set_of.ravel() == i) for i in graph.set_of.ravel()]
    sharers = [np.flatnonzero(graph.entry_of.ravel() == i) for i in graph.entry_of.ravel()]
    m, eps = graph.size, Decimal("0.00001")
    for i in range(0, x.size, 7):
        v = {name: flat[name][i] for name in names}
        over = lambda *factors, cells=None, i=i: sum(  # noqa: E731
            np.prod([flat[name][k] for name in factors]) for k in (members[i] if cells is None else cells)
        )
        by_hand = {
            "centered": v["x"] - v["mean"],
            "std": (v["variance"] + eps).sqrt(),
            "normalized": v["centered"] / v["std"],
            "scaled": v["gamma"] * v["normalized"],
            "out": v["scaled"] + v["beta"],
            "closed_out": v["gamma"] * v["centered"] / (v["variance"] + eps).sqrt() + v["beta"],
            "dscaled": v["dout"],
            "dbeta": over("dout", cells=sharers[i]),
            "dgamma": over("dscaled", "normalized", cells=sharers[i]),
            "dnormalized": v["gamma"] * v["dscaled"],
            "dcentered_by_divide": v["dnormalized"] / v["std"],
        }
        if training:
            by_hand |= {
                "sum": over("x"),
                "mean": v["sum"] / m,
                "squared": v["centered"] ** 2,
                "sum_squared": over("squared"),
                "variance": v["sum_squared"] / m,
                "slope": over("dnormalized", "centered"),
                "dstd": -v["slope"] / v["std"] ** 2,
                "dvariance": v["dstd"] / (2 * v["std"]),
                "dsquared": v["dvariance"] / m,
                "dcentered_by_square": 2 * v["centered"] * v["dsquared"],
                "dcentered": v["dcentered_by_divide"] + v["dcentered_by_square"],
                "dx_by_centre": v["dcentered"],
                "dmean": -over("dcentered"),
                "dx_by_mean": v["dmean"] / m,
                "dx": v["dx_by_centre"] + v["dx_by_mean"],
                "sum_shift": over("dnormalized"),
                "shift_part": v["sum_shift"] / m,
                "sum_stretch": over("dnormalized", "normalized"),
                "stretch_part": v["sum_stretch"] / m,
                "closed_dx": (v["dnormalized"] - v["shift_part"] - v["normalized"] * v["stretch_part"]) / v["std"],
            }
        else:
            by_hand |= dict.fromkeys(("dcentered", "dx_by_centre", "dx", "closed_dx"), v["dcentered_by_divide"])
        given_only = {"x", "dout", "gamma", "beta"} | (set() if training else {"mean", "variance"})
        assert by_hand.keys() == set(names) - given_only
        assert {name: as_rounded(value) for name, value in by_hand.items()} == {name: v[name] for name in by_hand}


def test_one_group_is_layer_norm_and_as_many_groups_as_channels_instance_norm():
    x, gamma, beta, dout, _ = make("group", (2, 6, 3, 4))
    whole = [np.broadcast_to(array[:, None, None], x.shape[1:]) for array in (gamma, beta)]
    for groups, kind, parameters in ((1, "layer", whole), (6, "instance", (gamma, beta))):
        ours = trace_norm("group", x, gamma, beta, num_groups=groups, dout=dout)
        theirs = trace_norm(kind, x, *parameters, dout=dout)
        np.testing.assert_array_equal(ours.set_of, theirs.set_of)
        for name, array in theirs.cells.items():
            np.testing.assert_allclose(ours.cells[name], array, rtol=0, atol=1e-12, err_msg=name)


@pytest.mark.parametrize(
    ("kind", "groups", "marked"),
    [
        ("batch", 1, np.s_[:, 2]),
        ("layer", 1, np.s_[1]),
        ("group", 3, np.s_[1, 2:4]),
        ("instance", 1, np.s_[1, 2]),
    ],
)
def test_the_cells_that_share_a_mean(kind, groups, marked):
    x, gamma, beta, *_ = make(kind, (3, 6, 2, 2))
    graph = trace_norm(kind, x, gamma, beta, num_groups=groups)
    expected = np.zeros(x.shape, bool)
    expected[marked] = True
    np.testing.assert_array_equal(graph.set_of == graph.set_of[1, 2, 0, 1], expected)
    assert graph.size == expected.sum()


def test_what_a_stage_reads_and_sends_is_there():
    for training in (True, False):
        x, gamma, beta, dout, running = make("batch", (2, 3, 2, 2))
        graph = trace_norm("batch", x, gamma, beta, dout=dout, running=None if training else running)
        assert [stage.name for stage in graph.stages if not training] == (
            [] if training else ["centre", "root", "divide", "scale", "shift"]
        )
        for stage in graph.stages:
            sent = [name for name in stage.sends if training or name not in ("dmean", "dstd", "dvariance")]
            for name in (*stage.reads, stage.makes, *sent):
                assert graph.spread(name).shape == x.shape
                made = name.removeprefix("d").split("_by_")[0] if name in stage.sends else name
                assert graph.each(name) == graph.each(made)
    assert [stage.name for stage in STAGES] == [
        "mean",
        "centre",
        "square",
        "variance",
        "root",
        "divide",
        "scale",
        "shift",
    ]


def test_constant_numbers_come_out_as_beta():
    x, gamma, beta, dout, _ = make("instance", (2, 3, 2, 2))
    x[0, 1] = 0.7
    graph = trace_norm("instance", x, gamma, beta, dout=dout, decimals=6)
    np.testing.assert_array_equal(graph.cells["out"][0, 1], np.round(beta[1], 6))
    assert graph.spread("std")[0, 1, 0, 0] == 0.003162  # of eps alone: what comes back is 316 times as large


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_groups": 4}, "num_groups (=4) must divide the channels (=6)"),
        ({"norm": "weight"}, "norm (='weight') must be one of batch, layer, group, instance"),
        ({"dout": np.ones((2, 6))}, "dout (shape (2, 6)) must be shaped as the layer's output: (2, 6, 3, 3)"),
        ({"x": np.full((2, 6, 3, 3), np.nan)}, "x must hold finite numbers only"),
        ({"decimals": 5}, "decimals (=5) must be 6 or more"),
        ({"decimals": 13}, "decimals (=13) must be 12 or less"),
        ({"eps": 0}, "eps (=0) must be a finite number above 0"),
        ({"running": (np.zeros(6), np.ones(6))}, "running must be None for group norm: only batch norm keeps averages"),
        ({"norm": "batch", "running": (np.zeros(5), np.ones(6))}, "running_mean (shape (5,), float64) must be"),
        ({"x": np.full((2, 6, 3, 3), 1e12), "decimals": 6}, "must stay below"),
        ({"norm": "batch", "x": np.ones((1, 6))}, "give a larger batch, or training=False"),
        ({"norm": "instance", "x": np.ones((3, 6, 1, 1))}, "give larger maps, or leave the norm out"),
    ],
)
def test_misfits_are_named(change, message):
    given = {
        "norm": "group",
        "x": np.ones((2, 6, 3, 3)),
        "gamma": np.ones(6),
        "beta": np.zeros(6),
        "num_groups": 3,
    } | change
    with pytest.raises(ValueError) as error:
        trace_norm(**given)
    assert message in str(error.value)


def test_a_name_that_is_not_there_is_named():
    graph = trace_norm("group", np.arange(12.0).reshape(2, 6), np.ones(6), np.zeros(6))
    with pytest.raises(ValueError, match=r"name \(='dx'\) must be one of x, centered"):
        graph.spread("dx")


BATCHES = [make("batch", (2 + t % 3, 3, 2, 2), seed=t)[0] for t in range(7)]


def test_running_averages_follow_pytorch():
    torch = pytest.importorskip("torch")
    layer = torch.nn.BatchNorm2d(3, dtype=torch.float64)
    found = running_averages(BATCHES, "pytorch")
    for batch, mean, variance in zip(BATCHES, found.mean[1:], found.variance[1:], strict=True):
        layer(torch.tensor(batch))
        np.testing.assert_allclose(mean, layer.running_mean.numpy(), atol=1e-14)
        np.testing.assert_allclose(variance, layer.running_var.numpy(), atol=1e-14)


def test_running_averages_follow_the_course():
    param = {"mode": "train"}
    found = running_averages(BATCHES, "course")
    for batch, mean in zip(BATCHES, found.mean[1:], strict=True):
        rows = batch.transpose(0, 2, 3, 1).reshape(-1, 3)
        course.batchnorm_forward(rows, np.ones(3), np.zeros(3), param)
        np.testing.assert_allclose(mean, param["running_mean"], atol=1e-14)
    first, last = 0.9**7, running_averages([batch * 0 + [[[1]], [[2]], [[3]]] for batch in BATCHES], "course")
    np.testing.assert_allclose(last.mean[-1], (1 - first) * np.array([1, 2, 3]), atol=1e-14)
    np.testing.assert_allclose(last.variance[-1], first, atol=1e-14)  # from 1 on, of batches that vary not at all


def test_the_two_conventions_differ_in_the_variance_alone_where_their_momenta_mean_the_same():
    theirs, ours = running_averages(BATCHES, "pytorch", 0.3), running_averages(BATCHES, "course", 0.7)
    np.testing.assert_allclose(theirs.mean, ours.mean, atol=1e-14)
    m = np.array([batch[:, 0].size for batch in BATCHES])[:, None]
    steps = [found.variance[1:] - (1 - 0.3) * found.variance[:-1] for found in (theirs, ours)]
    np.testing.assert_allclose(steps[0], steps[1] * m / (m - 1), atol=1e-14)
    np.testing.assert_allclose(steps[1], 0.3 * ours.batch_variance, atol=1e-14)
    np.testing.assert_allclose(ours.batch_mean, [batch.mean(axis=(0, 2, 3)) for batch in BATCHES], atol=1e-14)
    assert MOMENTUM == {"pytorch": 0.1, "course": 0.9}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], "pytorch"), "batches (=none) must hold one batch or more"),
        ((BATCHES, "keras"), "convention (='keras') must be one of pytorch, course"),
        ((BATCHES, "course", 1.5), "momentum (=1.5) must be from 0 to 1: the share of the old value"),
        (([np.ones((1, 3))], "pytorch"), "give a larger batch, or training=False"),
    ],
)
def test_misfits_of_running_averages_are_named(arguments, message):
    with pytest.raises(ValueError) as error:
        running_averages(*arguments)
    assert message in str(error.value)


def test_the_sets_are_the_layers_own():
    from cnn_core import norm_sets

    assert sets_of("batch", (2, 3, 4, 5)) is norm_sets.batch_sets((2, 3, 4, 5))
    assert sets_of("group", (2, 6, 4, 5), 3) is norm_sets.group_sets((2, 6, 4, 5), 3)
