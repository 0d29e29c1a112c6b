"""What a number inside a network is made of: the terms add up to the passes' own numbers, for every kind of layer."""

import math

import numpy as np
import pytest

from cnn_core.explorer import Tensor, explain, look_inside, partial_maps
from cnn_core.network import ConvBlock, Network, NetworkSpec

PLANS = {
    "course": (NetworkSpec((ConvBlock(3),), (6,)), (1, 9, 8)),
    "batch norm": (
        NetworkSpec((ConvBlock(3, norm="batch", pool="none"), ConvBlock(4, 2, padding=0, pool="avg")), (5,)),
        (3, 8, 8),
    ),
    "group norm, stride": (
        NetworkSpec((ConvBlock(4, 3, stride=2, padding=2, norm="group", pool="avg", pool_size=3),), (6, 5), "tanh"),
        (2, 11, 12),
    ),
    "layer norm, no hidden layer": (
        NetworkSpec((ConvBlock(2, 5, norm="layer", activation="leaky_relu", pool_size=3),), ()),
        (1, 8, 8),
    ),
    "instance norm, dropout": (
        NetworkSpec((ConvBlock(3, norm="instance", activation="sigmoid"),), (6,), "sigmoid", 0.5),
        (2, 8, 8),
    ),
    "blur": (NetworkSpec((ConvBlock(3, pool="blur"), ConvBlock(2, pool="blur", pool_size=3)), (4,)), (1, 15, 14)),
    "tanh, even kernel": (NetworkSpec((ConvBlock(3, 4, activation="tanh", stride=3, padding=1),), (4,)), (1, 13, 14)),
}
FUNCTIONS = {"max": max, "sqrt": math.sqrt, "exp": math.exp, "tanh": math.tanh, "cosh": math.cosh}


def made(plan):
    spec, shape = PLANS[plan]
    network = Network(spec, shape, 4, seed=3)
    rng = np.random.default_rng(7)
    for name, array in (network.params | network.buffers).items():
        if name.endswith("var"):
            array[...] = rng.uniform(0.5, 2, array.shape)
        elif name.endswith(".weight"):
            array *= 5
        else:
            array += rng.normal(0, 0.4, array.shape)
    return look_inside(network, rng.normal(0, 1, (1, *shape)).astype(np.float32), 2)


def tensors(inside):
    names = ["input", *(layer.name for layer in inside.layers)]
    yield from (Tensor("gradient", name) for name in names)
    yield from (Tensor("value", name) for name in [*names, "softmax"])
    yield from (Tensor(kind, name) for kind in ("dparam", "param") for name in inside.forward.network.params)


def sampled(array, count=14):
    """Places of an array: its corners, and some by luck."""
    rng = np.random.default_rng(array.size)
    flat = {0, array.size - 1, *rng.integers(0, array.size, count).tolist()}
    return [tuple(map(int, np.unravel_index(k, array.shape))) for k in sorted(flat)]


def largest(made):
    """What the rounding of a sum is measured by: all that was added up, without signs."""
    return np.abs(made.products).sum() * made.scale + abs(made.constant.value if made.constant else 0)


@pytest.mark.parametrize("plan", PLANS)
def test_the_terms_of_every_number_come_to_it(plan):
    inside = made(plan)
    kinds = set()
    for tensor in tensors(inside):
        array = inside.array(tensor)
        for at in sampled(array):
            found = explain(inside, tensor, at)
            names = {name: known.value for name, known in found.knowns.items()}
            names |= {name: one.total for name, one in found.sums.items()}
            scale = max([abs(found.total), *map(largest, found.sums.values())])
            assert found.total == pytest.approx(array[at], rel=1e-12, abs=1e-12 * scale), (tensor, at)
            for step in found.steps:  # what is written is what is done
                value = eval(step.expression, {"__builtins__": {}}, FUNCTIONS | names)
                assert step.value == pytest.approx(value, rel=1e-10, abs=1e-13), (tensor, at, step)
                names[step.name] = value
            for one in found.sums.values():
                for factors in filter(None, (one.left, one.right)):
                    check_factors(inside, factors)
                assert len(one.group) == len(one.products)
            for known in found.knowns.values():
                assert known.of is None or inside.array(known.of)[known.at] == known.value
            kinds.add((tensor.kind, bool(found.sums), bool(found.steps)))
    assert {("value", True, False), ("gradient", True, False), ("dparam", True, False)} <= kinds


def check_factors(inside, factors):
    """Each factor is the number that stands where it says, or the padding's 0."""
    array, padding = inside.array(factors.of), (factors.at < 0).any(axis=1)
    if factors.fixed:
        return  # stands nowhere
    assert not factors.values[padding].any()
    if factors.label in ("x", "weight", "dout"):
        np.testing.assert_array_equal(factors.values[~padding], array[tuple(factors.at[~padding].T)])
    assert (factors.at < array.shape).all()


@pytest.mark.parametrize("plan", PLANS)
def test_partial_maps_add_up_to_the_map_and_are_the_groups_of_each_cells_terms(plan):
    inside = made(plan)
    convs = [layer.name for layer in inside.layers if layer.kind == "conv"]
    wanted = [Tensor("value", name) for name in convs] + [Tensor("gradient", inside.below(name)) for name in convs]
    for tensor in wanted:
        for number, whole in enumerate(inside.array(tensor)):
            parts = partial_maps(inside, tensor, number)
            constant = parts.constant.value if parts.constant else 0
            np.testing.assert_allclose(parts.maps.sum(axis=0) + constant, whole, rtol=1e-11, atol=1e-12)
            assert len(parts.maps) == len(inside.array(parts.of))
            for row, column in sampled(whole, 2):
                one = explain(inside, tensor, (number, row, column)).sums["sum"]
                sums = np.bincount(one.group, one.products, len(parts.maps))
                np.testing.assert_allclose(sums, parts.maps[:, row, column], rtol=1e-11, atol=1e-12)
    for name in ("input", inside.layers[-1].name):
        assert partial_maps(inside, Tensor("value", name), 0) is None


def test_the_first_of_equal_cells_wins_a_maximum_and_gets_the_gradient():
    network = Network(NetworkSpec((ConvBlock(1),), ()), (1, 4, 4), 3)
    inside = look_inside(network, np.ones((1, 1, 4, 4)), 0)
    network.params["conv1.weight"][...] = 0  # all numbers of the map are alike
    inside = look_inside(network, np.ones((1, 1, 4, 4)), 0)
    assert explain(inside, Tensor("value", "pool1"), (0, 1, 1)).sums["sum"].chosen == 0
    won = [explain(inside, Tensor("gradient", "relu1"), (0, 2 + i, 2 + j)).sums["sum"] for i in (0, 1) for j in (0, 1)]
    assert [len(one.products) for one in won] == [1, 0, 0, 0]
    assert won[0].total == inside.array(Tensor("gradient", "pool1"))[0, 1, 1] and won[1].total == 0


def test_a_diverged_network_is_shown_as_it_is():
    network = Network(NetworkSpec((ConvBlock(2, norm="batch"),), (3,)), (1, 6, 6), 3)
    network.params["conv1.weight"][0] = np.nan
    network.params["conv1.weight"][1] = np.inf
    inside = look_inside(network, np.ones((1, 1, 6, 6)), 0)
    for tensor in tensors(inside):
        array = inside.array(tensor)
        for at in sampled(array, 3):
            np.testing.assert_equal(np.isfinite(explain(inside, tensor, at).total), np.isfinite(array[at]))


def test_what_is_not_there_is_named():
    inside = made("course")
    with pytest.raises(ValueError, match=r"layer \(='conv9'\) must be one of conv1, relu1"):
        explain(inside, Tensor("value", "conv9"), (0,))
    with pytest.raises(ValueError, match=r"layer \(='softmax'\)"):
        inside.array(Tensor("gradient", "softmax"))
    with pytest.raises(ValueError, match=r"param \(='conv1'\) must be one of conv1.weight"):
        inside.array(Tensor("dparam", "conv1"))
    for at in ((3, 0, 0), (0, -1, 0), (0, 0), (0, 0, 8)):
        with pytest.raises(IndexError, match=r"place in conv1, of shape \(3, 9, 8\)"):
            explain(inside, Tensor("value", "conv1"), at)
    network, shape = inside.forward.network, (1, 9, 8)
    with pytest.raises(ValueError, match=r"label \(=4\) must be 0 to 3"):
        look_inside(network, np.ones((1, *shape)), 4)
    with pytest.raises(ValueError, match="one picture"):
        look_inside(network, np.ones((2, *shape)), 0)
