"""What a plan amounts to (shapes, sizes, memory), held against the network itself; and a step seen from inside."""

import json
import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_core.machine import scratch
from cnn_core.network import (
    ACTIVATIONS,
    NORMS,
    POOLS,
    ConvBlock,
    Network,
    NetworkSpec,
    check_memory,
    layer_statistics,
    layer_table,
    memory_needed,
)
from cnn_core.network.statistics import histogram
from cnn_core.network.table import STATES
from cnn_core.optim import RULES, Optimizer


def batch(shape=(3, 9, 8), n=5, classes=4, dtype=np.float64):
    rng = np.random.default_rng(3)
    return rng.standard_normal((n, *shape)).astype(dtype), rng.integers(0, classes, n)


BLOCKS = st.builds(
    ConvBlock,
    num_filters=st.integers(1, 6),
    kernel_size=st.integers(1, 5),
    stride=st.just(1),
    padding=st.just("same"),
    norm=st.sampled_from(NORMS),
    activation=st.sampled_from(ACTIVATIONS),
    pool=st.sampled_from(POOLS),
    pool_size=st.integers(1, 3),
) | st.builds(ConvBlock, num_filters=st.integers(1, 4), stride=st.integers(1, 3), padding=st.integers(0, 2))
SPECS = st.builds(
    NetworkSpec,
    blocks=st.lists(BLOCKS, min_size=1, max_size=4).map(tuple),
    hidden=st.lists(st.integers(1, 8), max_size=2).map(tuple),
    dropout=st.sampled_from([0.0, 0.5]),
    weight_init=st.sampled_from(["he", "xavier", "fixed"]),
)


@settings(max_examples=60)
@given(SPECS)
def test_the_table_tells_what_the_network_is(spec):
    assert NetworkSpec.from_dict(spec.as_dict()) == spec
    shape = (2, 13, 11)
    try:
        table = layer_table(spec, shape, 3)
    except ValueError as error:
        assert "must be at most the" in str(error) or "must be over more than one number" in str(error)
        with pytest.raises(ValueError):
            Network(spec, shape, 3)
        return
    network = Network(spec, shape, 3)
    maps = network.feature_maps(np.zeros((2, *shape), np.float32))
    assert [row.name for row in table[1:]] == [layer.name for layer in network.layers]
    for row in table[1:]:
        assert maps[row.name].shape == (2, *row.output_shape)
        assert row.memory == maps[row.name][0].nbytes
        assert row.parameters == sum(w.size for n, w in network.params.items() if n.split(".")[0] == row.name)
    weights = sum(w.nbytes for w in network.params.values())
    assert memory_needed(spec, shape, 3, 1, "sgd") >= 2 * weights


def test_multiply_adds_and_receptive_fields_of_a_known_net():
    spec = NetworkSpec((ConvBlock(6, 5, padding=2, pool="avg"), ConvBlock(16, 5, padding=0, pool="avg")), (120, 84))
    rows = {row.name: row for row in layer_table(spec, (1, 28, 28), 10)}  # LeNet-5 (LeCun et al., 1998)
    assert [rows[n].parameters for n in ("conv1", "linear1", "linear2", "linear3")] == [156, 48_120, 10_164, 850]
    assert rows["conv2"].parameters == 2_416
    assert rows["conv1"].multiply_adds == 6 * 25 * 28 * 28
    assert rows["linear3"].multiply_adds == 840
    fields = [rows[n].receptive_field for n in ("conv1", "pool1", "conv2", "pool2", "linear1")]
    assert fields == [(5, 5), (6, 6), (14, 14), (16, 16), None]


def test_what_does_not_fit_says_where_and_what_would():
    small = ConvBlock(4, pool_size=4)
    with pytest.raises(ValueError) as error:
        layer_table(NetworkSpec((small, ConvBlock(4, 5, padding=0))), (1, 8, 8), 10)
    assert str(error.value) == (
        "block 2: kernel_size (=5) must be at most the 2×2 map it gets: use 2 or less, or take out a pooling or a stride "
        "before it"
    )


def test_a_network_beyond_the_memory_is_refused_with_the_estimate():
    spec = NetworkSpec(hidden=(1 << 20,))
    with pytest.raises(ValueError) as error:
        check_memory(spec, (3, 32, 32), 10, 50)
    assert "needs about 81.6 GiB" in str(error.value)
    assert "more than 2.0 GiB" in str(error.value)
    assert "are in linear1; take fewer units or filters" in str(error.value)
    check_memory(NetworkSpec(), (3, 32, 32), 10, 50)


def test_statistics_tell_of_dead_units_and_of_the_step():
    network = Network(NetworkSpec((ConvBlock(4),), (6,), weight_init="he"), (3, 9, 8), 4, dtype=np.float64)
    network.params["conv1.bias"][:2] = -1e3  # two maps that never fire
    x, y = batch()
    before = {name: w.copy() for name, w in network.params.items()}
    watch = {}
    grads = network.loss_parts(x, y, watch=watch).grads
    for name, w in network.params.items():
        w -= 0.1 * grads[name]
    conv, hidden, scores = layer_statistics(network, watch, grads, before)
    assert (conv.name, hidden.name, scores.name) == ("conv1", "linear1", "linear2")
    assert conv.dead == 0.5
    assert scores.dead is None
    for stats in (conv, hidden, scores):
        w, g = before[f"{stats.name}.weight"], grads[f"{stats.name}.weight"]
        assert stats.grad_norm == pytest.approx(np.sqrt(np.sum(g**2)))
        assert stats.update_ratio == pytest.approx(0.1 * np.sqrt(np.sum(g**2)) / np.sqrt(np.sum(w**2)))
        assert sum(stats.weights.counts) == w.size
        assert len(stats.gradients.edges) == len(stats.gradients.counts) + 1
    assert sum(conv.activations.counts) == watch["relu1"].size


@pytest.mark.parametrize(
    "values",
    [
        [1e30] * 5,
        [1e30, np.nextafter(np.float32(1e30), np.float32(2e30))],
        [-3e38, 3e38],
        [1e8] * 4,
        [0, 1e-45],
        [0.0],
        [],
        [np.nan, np.inf, 1, 2],
    ],
)
def test_a_histogram_bears_any_numbers(values):
    values = np.array(values, np.float32)
    found = histogram(values)
    assert sum(found.counts) == np.isfinite(values).sum()
    assert np.isfinite(found.edges).all()
    assert np.all(np.diff(found.edges) > 0)


def test_lengths_are_finite_where_squares_are_not():
    network = Network(NetworkSpec((ConvBlock(4),), (6,)), (3, 9, 8), 4)
    x, y = batch(dtype=np.float32)
    watch = {}
    grads = network.loss_parts(x, y, watch=watch).grads
    before = {name: np.full_like(w, 1e30) for name, w in network.params.items()}
    for stats in layer_statistics(network, watch, grads, before):
        assert stats.update_ratio == pytest.approx(1)
        assert stats.weight_norm == pytest.approx(1e30 * math.sqrt(before[f"{stats.name}.weight"].size))
        json.dumps(stats.as_dict(), allow_nan=False)


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_remembers_as_many_numbers_as_the_estimate_has(rule):
    w, optimizer = np.ones(10), Optimizer(rule, learning_rate=0.1)
    optimizer.step({"w": w}, {"w": w.copy()})
    assert STATES[rule] == sum(isinstance(kept, np.ndarray) for kept in optimizer.state["w"].values())
    assert STATES.keys() == RULES.keys()


@pytest.mark.parametrize(
    ("spec", "images"),
    [
        (NetworkSpec((ConvBlock(8, pool_size=4),), (4000,)), 10),
        (NetworkSpec((ConvBlock(8, norm="batch", pool="avg"), ConvBlock(8, norm="layer"))), 100),
        (NetworkSpec((ConvBlock(8, pool="blur"), ConvBlock(8, pool="blur"))), 100),
        (NetworkSpec((ConvBlock(16, pool="none"), ConvBlock(4, pool="blur", pool_size=3)), ()), 100),
        (NetworkSpec((ConvBlock(1, 15, padding=0),), ()), 100),
        (NetworkSpec((ConvBlock(16, pool="none"), ConvBlock(8, 28, padding=0, pool="none"))), 50),
        (NetworkSpec((ConvBlock(16, pool="none"), ConvBlock(8, 28, pool="none"))), 50),
        (NetworkSpec((ConvBlock(16, pool="none"), ConvBlock(8, 27, padding=0, pool="none"))), 50),
        (NetworkSpec((ConvBlock(4, 1, pool="none"), ConvBlock(64, 1, pool="none"), ConvBlock(4, 1, pool="none"))), 50),
        (NetworkSpec((ConvBlock(32, 5, stride=2, padding=2, pool="none"), ConvBlock(64, pool="none"))), 100),
        (NetworkSpec((ConvBlock(32, 7),), (100,)), 50),
        (NetworkSpec((ConvBlock(32, 1, pool="none"), ConvBlock(1, 28, padding=0, pool="none")), ()), 4),
    ],
    ids=[
        "weights",
        "maps",
        "blur",
        "blur 3",
        "windows",
        "as large as the map",
        "with padding",
        "nearly",
        "1x1",
        "stride",
        "the course's",
        "laid out at once",
    ],
)
def test_the_memory_is_what_was_estimated(spec, images):
    x, y = batch((3, 28, 28), images, dtype=np.float32)
    scratch._buffers.by_name.clear()
    tracemalloc.start()
    try:
        network, optimizer = Network(spec, x.shape[1:], 4), Optimizer("adam", learning_rate=1e-3)
        grads = {name: np.empty_like(w) for name, w in network.params.items()}
        before, watch = {name: w.copy() for name, w in network.params.items()}, {}
        optimizer.step(network.params, network.loss_parts(x, y, into=grads, watch=watch).grads)
        layer_statistics(network, watch, grads, before)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 0.7 < peak / memory_needed(spec, x.shape[1:], 4, images, "adam") < 1.25
